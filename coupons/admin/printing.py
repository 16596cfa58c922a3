"""Print runs: how far one is, its files, what was left out of it and what the press spoiled."""

import hashlib
import json
from collections.abc import Callable, Collection, Iterable
from pathlib import Path
from typing import Any

from django.contrib import admin, messages
from django.contrib.admin.views.main import ChangeList
from django.core.exceptions import PermissionDenied
from django.db.models import Count, QuerySet, Sum
from django.http import (
    FileResponse,
    HttpRequest,
    HttpResponse,
    HttpResponseBase,
    HttpResponseRedirect,
    JsonResponse,
)
from django.shortcuts import get_object_or_404
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from coupons import print_progress
from coupons.admin.folding import followed
from coupons.admin.printing_steps import PrintSteps, at_work, cut_short, page_of, run_state
from coupons.models import Mailing, PrintFile, PrintRun
from pos_integration.desk import (
    NOTHING,
    Panel,
    ReadOnlyAdmin,
    Tool,
    grouped,
    kept,
    link,
    pill,
    table,
)
from pos_integration.said import retold

State, Kind = PrintRun.State, PrintRun.Kind
MAY = "coupons.change_printrun"
"""What it takes to fetch files with names and addresses, and to print again."""
SHOWN = 100  # rows of a list that may be long
LARGE = ("look", "manifest", "seeds", "left_out")


@admin.register(PrintRun)
class PrintRunAdmin(PrintSteps, ReadOnlyAdmin[PrintRun]):
    list_display = (
        "mailing",
        "kind",
        "state_pill",
        "sheets",
        "checked",
        "started_at",
        "started_by",
    )
    list_select_related = ("mailing", "started_by")
    list_filter = ("kind", "state", "mailing")
    date_hierarchy = "started_at"
    ordering = ("-pk",)
    fields = (
        ("mailing", "kind", "state_pill"),
        ("started_at", "started_by", "finished_at"),
        ("sheets", "coupons", "checked"),
        "folder",
    )
    empty_hint = gettext_lazy("Nothing is printed yet: open an issued mailing and 'Print'.")

    class Media:
        css = {"all": ("coupons/printing.css",)}
        js = ("coupons/printing.js",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[PrintRun]:
        rows = super().get_queryset(request).select_related("mailing", "started_by", "of__mailing")
        return rows.defer(*LARGE, *(f"of__{name}" for name in LARGE))

    def get_urls(self) -> list[URLPattern]:
        def named(route: str, view: Callable[..., Any], name: str) -> URLPattern:
            return path(route, self.admin_site.admin_view(view), name=f"coupons_printrun_{name}")

        return [
            named("begin/<int:mailing_pk>/<slug:kind>/", self.begin_view, "begin"),
            named("<int:pk>/do/<slug:name>/", self.step_view, "step"),
            named("<int:pk>/progress/", self.progress_view, "progress"),
            named("<int:pk>/manifest/", self.manifest_view, "manifest"),
            named("<int:pk>/files/<int:file_pk>/", self.file_view, "file"),
            *super().get_urls(),
        ]

    def get_changelist_instance(self, request: HttpRequest) -> ChangeList:
        listed = super().get_changelist_instance(request)
        dead = cut_short(listed.result_list)
        for run in listed.result_list:
            run.dead = dead
        return listed

    @admin.display(description=gettext_lazy("State"), ordering="state")
    def state_pill(self, run: PrintRun) -> SafeString:
        # Of a list asked for all of its rows at once.
        return run_state(run, kept(run, "dead", lambda: cut_short([run])))

    @admin.display(description=gettext_lazy("Kind"), ordering="kind")
    def kind_word(self, run: PrintRun) -> str:
        return run.kind

    def sentence(self, row: PrintRun) -> str:
        if row.state == State.RUNNING:
            return at_work(row)
        if row.state != State.FINISHED:
            return f"{row.get_state_display()}. {retold(row.says) or _('It came to no end.')}"
        files, left_out = row.files.count(), len(row.left_out)
        said = _("%(sheets)s in %(files)s; %(codes)s read back from the PDF, and right.") % {
            "sheets": _sheets(row.sheets),
            "files": ngettext("%(n)s file", "%(n)s files", files) % {"n": grouped(files)},
            "codes": ngettext("%(n)s barcode", "%(n)s barcodes", row.checked)
            % {"n": grouped(row.checked)},
        }
        if not left_out:
            return said
        return f"{said} {_('%(sheets)s left out.') % {'sheets': _sheets(left_out)}}"

    def row_tools(self, request: HttpRequest, row: PrintRun) -> list[Tool]:
        page = reverse("admin:coupons_mailing_change", args=[row.mailing_id])
        # A run that came to no end is begun again where it began.
        has_ended_badly = row.state in (State.FAILED, State.BLOCKED)
        tools = [Tool(_("The mailing"), page, is_main=has_ended_badly)]
        if row.of is not None:
            tools.append(Tool(_("The run it is of"), page_of(row.of)))
        if not request.user.has_perm(MAY):
            return tools
        if row.state == State.FINISHED:
            if row.kind == Kind.WHOLE and row.mailing.state == Mailing.State.PRINTED:
                step = reverse("admin:coupons_mailing_step", args=[row.mailing_id, "mailed"])
                tools.append(Tool(_("Mark as mailed"), step, is_main=True))
            tools.append(
                Tool(_("Manifest"), reverse("admin:coupons_printrun_manifest", args=[row.pk]))
            )
        return tools + self.step_tools(row)

    def panels(self, request: HttpRequest, row: PrintRun) -> list[Panel]:
        may = request.user.has_perm(MAY)
        panels = []
        if row.state == State.RUNNING:
            panels.append(Panel(_("How far it is"), _progress(row), is_wide=True))
        panels.append(Panel(_("Files"), _files(row, may_fetch=may), is_wide=True))
        if row.left_out and may:  # names, from all over
            note = _("each household with why; nothing of it is on paper")
            panels.append(Panel(_("Left out"), _left_out(row), note, is_wide=True))
        if row.kind != Kind.PROOF and row.state == State.FINISHED:
            panels.append(Panel(_("Spoiled"), _spoiled(row)))
        if row.seeds:
            panels.append(Panel(_("To ourselves"), _seeds(row), _("codes that no till knows")))
        again = row.reprints.defer(*LARGE).order_by("-pk")[:SHOWN]
        if again:
            panels.append(Panel(_("Reprints"), runs_table(again, cut_short(again))))
        return panels

    def progress_view(self, request: HttpRequest, pk: int) -> JsonResponse:
        """How far a run is, for its page to follow."""
        run = get_object_or_404(PrintRun.objects.defer(*LARGE), pk=pk)
        if not self.has_view_permission(request, run):
            raise PermissionDenied
        files, done = _done(run)
        return JsonResponse(
            {"state": run.state, "done": done, "sheets": run.sheets, "says": _far(run, files, done)}
        )

    def manifest_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        run = get_object_or_404(PrintRun.objects.select_related("mailing"), pk=pk)
        if not request.user.has_perm(MAY):
            raise PermissionDenied
        response = HttpResponse(_manifest(run), content_type="application/json")
        name = f"{run.mailing.code}-{run.pk}-manifest.json"
        response["Content-Disposition"] = f'attachment; filename="{name}"'
        return response

    def file_view(self, request: HttpRequest, pk: int, file_pk: int) -> HttpResponseBase:
        """One of the run's files, as it was read back: one that was changed since is not given."""
        if not request.user.has_perm(MAY):
            raise PermissionDenied
        file = get_object_or_404(PrintFile.objects.select_related("run"), pk=file_pk, run=pk)
        folder = Path(file.run.folder).resolve()
        found = (folder / file.name).resolve()
        if found.parent != folder or not found.is_file():
            messages.error(request, f"{file.name} is not in {folder} any more: print it again.")
        elif not _is_as_written(found, file):
            messages.error(request, f"{file.name} was changed since it was read back: it is kept.")
        else:
            return FileResponse(
                found.open("rb"),
                as_attachment=True,
                filename=file.name,
                content_type="application/pdf",
            )
        return HttpResponseRedirect(reverse("admin:coupons_printrun_change", args=[pk]))


def _manifest(run: PrintRun) -> bytes:
    """The manifest as it lies beside the files; as it is kept, once a later run lies there."""
    path = Path(run.folder) / "manifest.json"
    written = path.read_bytes() if path.is_file() else b""
    try:
        if json.loads(written) == run.manifest:
            return written
    except ValueError:
        pass  # nothing there, or no manifest of ours
    return (json.dumps(run.manifest, indent=2) + "\n").encode()


def _is_as_written(path: Path, file: PrintFile) -> bool:
    with path.open("rb") as content:
        return hashlib.file_digest(content, "sha256").hexdigest() == file.sha256


def _sheets(count: int) -> str:
    return ngettext("%(n)s sheet", "%(n)s sheets", count) % {"n": grouped(count)}


def runs_table(runs: Iterable[PrintRun], dead: Collection[int]) -> SafeString:
    """Print runs, each a link to its page. dead: those that nobody is at"""
    return table(
        (_("Started"), _("Kind"), _("State"), _("Sheets") + "#", _("Read back") + "#"),
        (
            (
                link(
                    reverse("admin:coupons_printrun_change", args=[run.pk]),
                    date_format(timezone.localtime(run.started_at), "DATETIME_FORMAT"),
                ),
                run.get_kind_display(),
                run_state(run, dead),
                grouped(run.sheets),
                grouped(run.checked),
            )
            for run in runs
        ),
        _("Nothing is printed yet."),
    )


def _done(run: PrintRun) -> tuple[int, int]:
    """How many of its files are whole, and how many sheets these and those at work hold."""
    found = run.files.aggregate(sheets=Sum("sheets"), files=Count("pk"))
    written = (found["sheets"] or 0) + print_progress.sheets_done(run)
    return found["files"], min(written, run.sheets)


def _far(run: PrintRun, files: int, done: int) -> str:
    if run.state != State.RUNNING:
        return run.get_state_display()
    if not files and not done:
        return ngettext(
            "%(n)s sheet is to be printed; no file is whole yet.",
            "%(n)s sheets are to be printed; no file is whole yet.",
            run.sheets,
        ) % {"n": grouped(run.sheets)}
    said = _("%(done)s of %(sheets)s written") % {
        "done": grouped(done),
        "sheets": _sheets(run.sheets),
    }
    if not files:
        return said
    whole = ngettext("%(n)s whole file", "%(n)s whole files", files) % {"n": grouped(files)}
    return f"{said}, {whole}"


def _progress(run: PrintRun) -> SafeString:
    files, done = _done(run)
    return format_html(
        '<div class="run-progress" data-url="{}" data-ended="{}" data-silent="{}">'
        '<progress max="{}" value="{}" aria-label="{}"></progress>'
        '<p role="status">{}</p></div><p class="quiet">{} <a href="">{}</a></p>',
        reverse("admin:coupons_printrun_progress", args=[run.pk]),
        *followed(),
        str(max(run.sheets, 1)),
        str(done),
        _("How far it is"),
        _far(run, files, done),
        _("You may leave this page: it goes on."),
        _("Look again"),
    )


def _files(run: PrintRun, *, may_fetch: bool) -> SafeString:
    return table(
        (
            _("File"),
            _("From") + "#",
            _("To") + "#",
            _("Sheets") + "#",
            _("Pages") + "#",
            "MB#",
            _("Read back") + "#",
            "SHA-256",
        ),
        (
            (
                link(reverse("admin:coupons_printrun_file", args=[run.pk, file.pk]), file.name)
                if may_fetch
                else file.name,
                grouped(file.first),
                grouped(file.last),
                grouped(file.sheets),
                grouped(file.pages),
                grouped(file.bytes / 1e6, 2),
                grouped(file.checked),
                format_html('<code class="digest">{}</code>', file.sha256),
            )
            for file in run.files.defer("left_out").order_by("first")
        ),
        _("No file is whole yet."),
    )


def _left_out(run: PrintRun) -> SafeString:
    def home(household: int | None) -> SafeString | str:
        if household is None:
            return NOTHING
        page = reverse("admin:loyalty_household_change", args=[household])
        return link(page, _("Household %(n)s") % {"n": household})

    rows = run.left_out[:SHOWN]
    more = len(run.left_out) - len(rows)
    shown = table(
        (_("Sheet") + "#", _("Household"), _("Why")),
        ((grouped(one["number"]), home(one.get("household")), one["why"]) for one in rows),
        "",
    )
    return format_html("{}<p>And {} more.</p>", shown, grouped(more)) if more else shown


def _spoiled(run: PrintRun) -> SafeString:
    return table(
        (_("Sheets"), _("Why"), _("Noted"), _("Printed again")),
        (
            (
                str(one),
                one.why or NOTHING,
                f"{date_format(timezone.localtime(one.noted_at), 'DATETIME_FORMAT')} "
                f"{one.noted_by or ''}".strip(),
                link(
                    reverse("admin:coupons_printrun_change", args=[one.reprint_id]),
                    _("run %(n)s") % {"n": one.reprint_id},
                )
                if one.reprint_id
                else pill(_("not yet"), "warn"),
            )
            for one in run.spoilage.select_related("noted_by").order_by("-pk")[:SHOWN]
        ),
        _("Nothing. What the press or the inserter spoils is noted by its sheet numbers."),
    )


def _seeds(run: PrintRun) -> SafeString:
    return table(
        ("Sheet#", "To"),
        ((grouped(one["number"]), ", ".join(one["address"])) for one in run.seeds[:SHOWN]),
        "",
    )
