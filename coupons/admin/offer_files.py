"""Offers by file: taken in, looked at, confirmed; and written for a spreadsheet."""

import csv
import io
from collections.abc import Callable
from pathlib import PurePath
from typing import Any, Final

from django.contrib import admin, messages
from django.contrib.auth.models import AbstractBaseUser
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import FileResponse, HttpRequest, HttpResponse, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from coupons.admin.offer_file_parts import changed_table, new_table
from coupons.importing.columns import OFFERS
from coupons.models import Offer, OfferFile
from pos_integration.admin.table_parts import (
    MEDIA_TYPES,
    ConfirmForm,
    FileForm,
    columns_table,
    faults_table,
    listed,
    saved,
    streamed,
)
from pos_integration.desk import Panel, ReadOnlyAdmin, Tool, grouped, in_sentence, pill
from pos_integration.said import retold
from pos_integration.tables.table import TableError, WritingError

State = OfferFile.State
TONES: Final = {State.READ: "busy", State.APPLIED: "good", State.DROPPED: "plain"}


def may_import(request: HttpRequest) -> bool:
    return request.user.has_perms(["coupons.add_offer", "coupons.change_offer"])


def may_export(request: HttpRequest) -> bool:
    may = request.user.has_perm
    return may("coupons.view_offer") or may("coupons.change_offer")


@admin.action(description=gettext_lazy("Export as CSV"), permissions=["view"])
def export_as_csv(page: Any, request: HttpRequest, chosen: QuerySet[Offer]) -> HttpResponse | None:
    return _exported(request, chosen, "csv")


@admin.action(description=gettext_lazy("Export as XLSX"), permissions=["view"])
def export_as_xlsx(page: Any, request: HttpRequest, chosen: QuerySet[Offer]) -> HttpResponse | None:
    return _exported(request, chosen, "xlsx")


def _exported(request: HttpRequest, offers: QuerySet[Offer], kind: str) -> HttpResponse | None:
    from coupons import offer_files  # loads the spreadsheet's library: too slow for every command

    try:
        content = offer_files.written(offers, kind)
    except WritingError as error:
        messages.error(request, retold(str(error)))
        return None
    return saved(content, f"offers.{kind}", MEDIA_TYPES[kind])


def filtered_view(page: Any, request: HttpRequest, kind: str) -> HttpResponseBase:
    """The list of offers as it is filtered, in the columns that an import reads."""
    if not may_export(request):
        raise PermissionDenied
    if kind not in MEDIA_TYPES:
        return HttpResponse(f"Offers are written as {' or '.join(MEDIA_TYPES)}.", status=404)
    back = HttpResponseRedirect(reverse("admin:coupons_offer_changelist"))
    offers = listed(page, request)
    if offers is None:
        return back
    from coupons import offer_files  # as above

    if kind == "csv" and not offer_files.has_long(offers):
        return streamed(offer_files.csv_pieces(offers), "offers.csv")
    return _exported(request, offers, kind) or back


def _export_tools(request: HttpRequest) -> list[Tool]:
    if not may_export(request):
        return []
    return [
        Tool(
            (_("All offers as %(upper)s") % {"upper": kind.upper()}),
            reverse("admin:coupons_offerfile_export", args=[kind]),
        )
        for kind in MEDIA_TYPES
    ]


@admin.register(OfferFile)
class OfferFileAdmin(ReadOnlyAdmin[OfferFile]):
    list_display = ("name", "state_pill", "rows", "does", "uploaded_by", "uploaded_at")
    list_select_related = ("uploaded_by",)
    list_filter = ("state",)
    date_hierarchy = "uploaded_at"
    search_fields = ("name",)
    ordering = ("-pk",)
    fields = (
        ("name", "state_pill"),
        ("uploaded_by", "uploaded_at", "applied_at"),
        ("rows", "sha256"),
    )
    empty_hint = gettext_lazy(
        "No file of offers yet: 'Import offers' reads one, and changes nothing before you confirm."
    )

    def has_view_permission(self, request: HttpRequest, obj: OfferFile | None = None) -> bool:
        return may_import(request) or super().has_view_permission(request, obj)

    def has_module_permission(self, request: HttpRequest) -> bool:
        return self.has_view_permission(request)

    def get_queryset(self, request: HttpRequest) -> QuerySet[OfferFile]:
        return super().get_queryset(request).defer("body", "faults")

    def get_urls(self) -> list[URLPattern]:
        def named(route: str, view: Callable[..., Any], name: str) -> URLPattern:
            return path(route, self.admin_site.admin_view(view), name=f"coupons_offerfile_{name}")

        return [
            named("import/", self.import_view, "import"),
            named("export/<slug:kind>/", self.export_view, "export"),
            named("<int:pk>/do/<slug:name>/", self.step_view, "step"),
            named("<int:pk>/file/", self.file_view, "file"),
            named("<int:pk>/faults/", self.faults_view, "faults"),
            *super().get_urls(),
        ]

    @admin.display(description=gettext_lazy("State"), ordering="state")
    def state_pill(self, file: OfferFile) -> SafeString:
        return pill(in_sentence(file.get_state_display()), TONES[State(file.state)])

    @admin.display(description=gettext_lazy("New, changed, same, faulty"))
    def does(self, file: OfferFile) -> str:
        counts = (file.changes.get(name, 0) for name in ("new", "changed", "same", "faulty"))
        return " / ".join(grouped(count) for count in counts)

    def sentence(self, row: OfferFile) -> str:
        counts, faulty = _counts(row), row.changes.get("faulty", 0)
        if row.state == State.APPLIED:
            left = (
                (_(" %(faulty)s faulty and left out.") % {"faulty": _rows(faulty)})
                if faulty
                else ""
            )
            return _("Applied: %(counts)s.%(left)s") % {"counts": counts, "left": left}
        if row.state == State.DROPPED:
            return _("Dropped: it changed nothing.")
        wrong = (
            (_(" %(faulty)s faulty: see which below.") % {"faulty": _rows(faulty)})
            if faulty
            else ""
        )
        if not _does_something(row):
            return _("There is nothing to apply: %(counts)s.%(wrong)s") % {
                "counts": counts,
                "wrong": wrong,
            }
        by = row.uploaded_by or _("somebody who is here no longer")
        only = _("Only who imported it may confirm it: %(who)s.") % {"who": by}
        return _("Nothing is changed yet. Once you confirm: %(counts)s.%(wrong)s %(only)s") % {
            "counts": counts,
            "wrong": wrong,
            "only": only,
        }

    def list_tools(self, request: HttpRequest) -> list[Tool]:
        tools = _export_tools(request)
        if may_import(request):
            url = reverse("admin:coupons_offerfile_import")
            tools.append(Tool(_("Import offers"), url, is_main=True))
        return tools

    def row_tools(self, request: HttpRequest, row: OfferFile) -> list[Tool]:
        tools = [Tool(_("The file"), reverse("admin:coupons_offerfile_file", args=[row.pk]))]
        if row.changes.get("faulty"):
            url = reverse("admin:coupons_offerfile_faults", args=[row.pk])
            tools.append(Tool(_("Faults as CSV"), url))
        if row.state == State.READ and may_import(request):
            tools += [
                _step_tool(row, "again", _("Compare again")),
                _step_tool(row, "drop", _("Drop")),
            ]
            if _does_something(row) and row.uploaded_by_id == request.user.pk:
                tools.append(_step_tool(row, "confirm", _("Confirm"), is_main=True))
        return tools

    def panels(self, request: HttpRequest, row: OfferFile) -> list[Panel]:
        notes = row.changes.get("notes", [])
        panels = []
        if notes:
            lines = format_html_join("", "<p>{}</p>", ((retold(note),) for note in notes))
            panels.append(Panel(_("How it was read"), lines, is_wide=True))
        if row.changes.get("faults"):
            panels.append(self._faults(request, row))
        for key, title, draw in (
            ("changed", _("Changed offers"), changed_table),
            ("new", _("New offers"), new_table),
        ):
            if count := row.changes.get(key, 0):
                shown = row.changes.get(f"first_{key}", [])
                note = (
                    (_("the first %(n)s of %(count)s") % {"n": len(shown), "count": grouped(count)})
                    if count > len(shown)
                    else grouped(count)
                )
                panels.append(Panel(title, draw(shown), note, is_wide=True))
        return panels

    def _faults(self, request: HttpRequest, file: OfferFile) -> Panel:
        count = file.changes["faults"]
        kept_count = len(file.faults)
        kept = (
            (_(", the first %(kept_count)s of them here") % {"kept_count": grouped(kept_count)})
            if count > kept_count
            else ""
        )
        note = _("%(count)s in %(said)s of %(rows)s rows%(kept)s") % {
            "count": grouped(count),
            "said": grouped(file.changes["faulty"]),
            "rows": grouped(file.rows),
            "kept": kept,
        }
        return Panel(_("Faults"), faults_table(request, file.faults), note, is_wide=True)

    def import_view(self, request: HttpRequest) -> HttpResponse:
        """Take a file in and go where it says what it would do."""
        if not may_import(request):
            raise PermissionDenied
        from coupons import offer_files  # as above

        form = FileForm(OFFERS, request.POST or None, request.FILES or None)
        if request.method == "POST" and form.is_valid():
            assert isinstance(request.user, AbstractBaseUser)
            upload = form.cleaned_data["file"]
            try:
                file, is_new = offer_files.accept(
                    PurePath(upload.name).name, upload.read(), request.user
                )
            except TableError as error:
                form.add_error("file", [retold(one) for one in error.sentences])
            else:
                if is_new:
                    self.log_addition(request, file, _("Read."))
                else:
                    messages.info(request, _("These very bytes wait here already: compared again."))
                return HttpResponseRedirect(_page(file))
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": _("Import offers"),
            "says": [
                _(
                    "The file is read and compared with the offers there are. Nothing is changed "
                    "before you have seen what it would do, and confirmed."
                )
            ],
            "form": form,
            "columns": columns_table(OFFERS),
            "tools": _export_tools(request),
            "back": reverse("admin:coupons_offerfile_changelist"),
        }
        return TemplateResponse(request, "admin/import_table.html", context)

    def export_view(self, request: HttpRequest, kind: str) -> HttpResponse:
        """Every offer, or those of the ids in the query."""
        if not may_export(request):
            raise PermissionDenied
        if kind not in MEDIA_TYPES:
            return HttpResponse(f"Offers are written as {' or '.join(MEDIA_TYPES)}.", status=404)
        keys = [key for key in request.GET.getlist("id") if key.isdecimal()]
        offers = Offer.objects.filter(pk__in=keys) if keys else Offer.objects.all()
        written = _exported(request, offers, kind)
        return written or HttpResponseRedirect(reverse("admin:coupons_offer_changelist"))

    def step_view(self, request: HttpRequest, pk: int, name: str) -> HttpResponse:
        """Ask, then confirm, drop or compare again."""
        if not may_import(request):
            raise PermissionDenied
        file = get_object_or_404(OfferFile.objects.defer("body"), pk=pk)
        steps = {"confirm": self._confirm, "drop": self._drop, "again": self._again}
        if name not in steps:
            return HttpResponse(f"A file has the steps {', '.join(steps)}.", status=404)
        from coupons.offer_files import OfferFileError  # as above

        if file.state != State.READ:
            messages.warning(
                request,
                (
                    _("'%(file)s' is %(state)s already.")
                    % {"file": file, "state": in_sentence(file.get_state_display())}
                ),
            )
            return HttpResponseRedirect(_page(file))
        try:
            return steps[name](request, file)
        except OfferFileError as error:
            messages.error(request, retold(str(error)))
        return HttpResponseRedirect(_page(file))

    def _confirm(self, request: HttpRequest, file: OfferFile) -> HttpResponse:
        if file.uploaded_by_id != request.user.pk:
            messages.error(
                request,
                _(
                    "Only who imported a file may confirm it. Import it yourself to see what it "
                    "would do, and confirm that."
                ),
            )
            return HttpResponseRedirect(_page(file))
        form = ConfirmForm(
            file.changes.get("digest", ""), file.changes.get("faulty", 0), request.POST or None
        )
        if not form.is_valid():
            faulty = file.changes.get("faulty", 0)
            says = [
                (
                    _("Once you confirm: %(file)s. All of it is done, or nothing.")
                    % {"file": _counts(file)}
                )
            ]
            if faulty:
                says.append(
                    _(
                        "%(faulty)s faulty. Put them right in the file and import it "
                        "anew, or apply the "
                        "right rows without them."
                    )
                    % {"faulty": _rows(faulty)}
                )
            page = self.ask(
                request,
                title=(_("Confirm: %(file)s") % {"file": file}),
                says=says,
                button=_("Confirm"),
                back=_page(file),
            )
            assert page.context_data is not None
            page.context_data["form"] = form
            return page
        from coupons import offer_files  # as above

        assert isinstance(request.user, AbstractBaseUser)
        done = offer_files.confirm(
            file,
            request.user,
            digest=form.cleaned_data["digest"],
            may_leave_faulty=form.cleaned_data.get("may_leave_faulty", False),
        )
        self.log_change(request, done, _("Applied."))
        messages.success(request, (_("Applied: %(done)s.") % {"done": _counts(done)}))
        return HttpResponseRedirect(_page(file))

    def _drop(self, request: HttpRequest, file: OfferFile) -> HttpResponse:
        if request.method != "POST":
            return self.ask(
                request,
                title=(_("Drop: %(file)s") % {"file": file}),
                says=[_("It is put aside and changes nothing. Its bytes stay here.")],
                button=_("Drop"),
                back=_page(file),
            )
        from coupons import offer_files  # as above

        offer_files.drop(file)
        self.log_change(request, file, _("Dropped."))
        return HttpResponseRedirect(_page(file))

    def _again(self, request: HttpRequest, file: OfferFile) -> HttpResponse:
        if request.method != "POST":
            return self.ask(
                request,
                title=(_("Compare again: %(file)s") % {"file": file}),
                says=[
                    _(
                        "It is compared with the offers, products and funders as they "
                        "are now: after "
                        "what was missing was added, for instance. No offer changes."
                    )
                ],
                button=_("Compare again"),
                back=_page(file),
            )
        from coupons import offer_files  # as above

        offer_files.look_again(file)
        return HttpResponseRedirect(_page(file))

    def file_view(self, request: HttpRequest, pk: int) -> HttpResponseBase:
        """The bytes as they came, to save: never to show, for anything may stand in them."""
        file = get_object_or_404(OfferFile, pk=pk)
        if not self.has_view_permission(request, file):
            raise PermissionDenied
        return FileResponse(
            io.BytesIO(bytes(file.body)),
            as_attachment=True,
            filename=file.name,
            content_type="application/octet-stream",
        )

    def faults_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        file = get_object_or_404(OfferFile.objects.defer("body"), pk=pk)
        if not self.has_view_permission(request, file):
            raise PermissionDenied
        out = io.StringIO(newline="")
        writer = csv.writer(out)
        writer.writerow(("row", "column", "fault"))
        writer.writerows(file.faults)
        content = out.getvalue().encode("utf-8-sig")
        return saved(content, f"faults-{file.pk}.csv", "text/csv; charset=utf-8")


def _page(file: OfferFile) -> str:
    return reverse("admin:coupons_offerfile_change", args=[file.pk])


def _step_tool(file: OfferFile, name: str, label: str, *, is_main: bool = False) -> Tool:
    return Tool(label, reverse("admin:coupons_offerfile_step", args=[file.pk, name]), is_main)


def _does_something(file: OfferFile) -> bool:
    return bool(file.changes.get("new") or file.changes.get("changed"))


def _counts(file: OfferFile) -> str:
    new, changed, same = (file.changes.get(name, 0) for name in ("new", "changed", "same"))
    return _("%(new)s new, %(changed)s changed, %(same)s the same") % {
        "new": grouped(new),
        "changed": grouped(changed),
        "same": grouped(same),
    }


def _rows(count: int) -> str:
    return _("1 row is") if count == 1 else (_("%(count)s rows are") % {"count": grouped(count)})
