"""The catalogue by file at the desk: taken in, looked at, confirmed; and written."""

import csv
import io
from collections.abc import Callable
from pathlib import PurePath
from typing import TYPE_CHECKING, Any, TypeVar

from django.contrib import messages
from django.contrib.auth.models import AbstractBaseUser
from django.core.exceptions import PermissionDenied
from django.db.models import Model
from django.http import (
    HttpRequest,
    HttpResponse,
    HttpResponseRedirect,
)
from django.http.response import HttpResponseBase
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html_join
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from pos_integration import staff
from pos_integration.admin.table_parts import (
    MEDIA_TYPES,
    ConfirmForm,
    FileForm,
    before_after,
    columns_table,
    export_tools,
    faults_table,
    listed,
    saved,
    streamed,
)
from pos_integration.desk import Page, Panel, Tool, table
from pos_integration.said import retold

if TYPE_CHECKING:
    from pos_integration.catalogue_files.waiting import Waiting

M = TypeVar("M", bound=Model)


class ByFile(Page[M]):
    """A list of the catalogue that is brought in and taken out as a file."""

    file_kind: str
    """A key of `catalogue_files.waiting.KINDS`."""

    def get_urls(self) -> list[URLPattern]:
        def named(route: str, view: Callable[..., Any], name: str) -> URLPattern:
            whole = self.admin_site.admin_view(view)
            return path(route, whole, name=f"{self._prefix}_{name}")

        return [
            named("import/", self.import_view, "import"),
            named("import/<str:token>/", self.waiting_view, "waiting"),
            named("import/<str:token>/faults/", self.faults_view, "faults"),
            named("import/<str:token>/do/<slug:name>/", self.step_view, "step"),
            named("export/<slug:kind>/", self.export_view, "export"),
            *super().get_urls(),
        ]

    @property
    def _prefix(self) -> str:
        return f"{self.opts.app_label}_{self.opts.model_name}"

    def _url(self, name: str, *args: object) -> str:
        return reverse(f"admin:{self._prefix}_{name}", args=args)

    def may_import(self, request: HttpRequest) -> bool:
        """Whoever may add and change all of them: not of some stores alone."""
        rights = [f"{self.opts.app_label}.{verb}_{self.opts.model_name}" for verb in _BOTH]
        return request.user.has_perms(rights) and staff.stores_of(request.user) is None

    def list_tools(self, request: HttpRequest) -> list[Tool]:
        tools = [
            *super().list_tools(request),
            *export_tools(request, f"admin:{self._prefix}_export"),
        ]
        if self.may_import(request):
            tools.append(Tool(_("Import"), self._url("import")))
        return tools

    def export_view(self, request: HttpRequest, kind: str) -> HttpResponseBase:
        """The list as it is filtered, in the columns that an import reads."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        if kind not in MEDIA_TYPES:
            return HttpResponse(f"It is written as {' or '.join(MEDIA_TYPES)}.", status=404)
        back = HttpResponseRedirect(self._url("changelist"))
        chosen = listed(self, request)
        if chosen is None:
            return back
        from pos_integration.catalogue_files import waiting  # loads the spreadsheet's library
        from pos_integration.tables import writing
        from pos_integration.tables.table import WritingError

        its = waiting.KINDS[self.file_kind]
        name = f"{self.file_kind}.{kind}"
        rows = its.written(chosen)
        if kind == "csv":
            return streamed(writing.csv_pieces(rows, its.form), name)
        try:
            return saved(writing.as_xlsx(rows, its.form), name, MEDIA_TYPES[kind])
        except WritingError as error:
            messages.error(request, retold(str(error)))
            return back

    def import_view(self, request: HttpRequest) -> HttpResponse:
        """Take a file in and go where it says what it would do."""
        if not self.may_import(request):
            raise PermissionDenied
        from pos_integration.catalogue_files import waiting  # as above
        from pos_integration.tables.table import TableError

        its = waiting.KINDS[self.file_kind]
        form = FileForm(its.form, request.POST or None, request.FILES or None)
        if request.method == "POST" and form.is_valid():
            upload = form.cleaned_data["file"]
            assert isinstance(request.user, AbstractBaseUser)
            try:
                file = waiting.accept(
                    self.file_kind, PurePath(upload.name).name, upload.read(), request.user
                )
            except TableError as error:
                form.add_error("file", [retold(one) for one in error.sentences])
            else:
                return HttpResponseRedirect(self._url("waiting", file.token))
        return TemplateResponse(
            request,
            "admin/import_table.html",
            {
                **self.admin_site.each_context(request),
                "opts": self.opts,
                "title": _("Import %(what)s") % {"what": self.opts.verbose_name_plural},
                "says": [
                    _(
                        "The file is read and compared with what there is. Nothing is changed "
                        "before you have seen what it would do, and confirmed. A column that is "
                        "not in the file stays as it is."
                    )
                ],
                "form": form,
                "columns": columns_table(its.form),
                "tools": [
                    Tool(_("All as %(kind)s") % {"kind": kind.upper()}, self._url("export", kind))
                    for kind in MEDIA_TYPES
                ],
                "back": self._url("changelist"),
            },
        )

    def waiting_view(self, request: HttpRequest, token: str) -> HttpResponse:
        """What a file would do, or did: new, changed with before and after, faulty."""
        file = self._waiting(request, token)
        if file is None:
            return self._gone(request)
        return TemplateResponse(
            request,
            "admin/waiting_table.html",
            {
                **self.admin_site.each_context(request),
                "opts": self.opts,
                "title": file.name,
                "sentence": _sentence(file),
                "tools": self._steps(file),
                "panels": _panels(request, file),
                "back": self._url("changelist"),
            },
        )

    def step_view(self, request: HttpRequest, token: str, name: str) -> HttpResponse:
        """Ask, then confirm or drop."""
        file = self._waiting(request, token)
        if file is None:
            return self._gone(request)
        back = self._url("waiting", token)
        if file.state != "read" or name not in ("confirm", "drop"):
            messages.warning(request, _sentence(file))
            return HttpResponseRedirect(back)
        from pos_integration.catalogue_files import waiting  # as above

        form = ConfirmForm(file.digest, file.counts["faulty"], request.POST or None)
        if request.method == "POST" and name == "drop":
            waiting.drop(file)
            messages.success(request, _("Dropped: it changed nothing."))
            return HttpResponseRedirect(self._url("changelist"))
        if name == "confirm" and form.is_valid():
            assert isinstance(request.user, AbstractBaseUser)
            try:
                done = waiting.confirm(
                    file,
                    request.user,
                    digest=form.cleaned_data["digest"],
                    may_leave_faulty=form.cleaned_data.get("may_leave_faulty", False),
                )
            except waiting.WaitingError as error:
                messages.error(request, retold(str(error)))
            else:
                messages.success(request, _sentence(done))
            return HttpResponseRedirect(back)
        return self._asked(request, file, name, form)

    def _asked(
        self, request: HttpRequest, file: "Waiting", name: str, form: ConfirmForm
    ) -> HttpResponse:
        back = self._url("waiting", file.token)
        if name == "drop":
            return self.ask(
                request,
                title=_("Drop: %(file)s") % {"file": file.name},
                says=[_("It is put aside and changes nothing.")],
                button=_("Drop"),
                back=back,
            )
        says = [_("Once you confirm: %(counts)s. All of it is done, or nothing.") % _said(file)]
        if file.counts["faulty"]:
            says.append(
                _(
                    "%(faulty)s faulty. Put them right in the file and import it anew, or apply "
                    "the right rows without them."
                )
                % _said(file)
            )
        page = self.ask(
            request,
            title=_("Confirm: %(file)s") % {"file": file.name},
            says=says,
            button=_("Confirm"),
            back=back,
        )
        assert page.context_data is not None
        page.context_data["form"] = form
        return page

    def faults_view(self, request: HttpRequest, token: str) -> HttpResponse:
        file = self._waiting(request, token)
        if file is None:
            return self._gone(request)
        out = io.StringIO(newline="")
        writer = csv.writer(out)
        writer.writerow(("row", "column", "fault"))
        writer.writerows(file.faults)
        content = out.getvalue().encode("utf-8-sig")
        return saved(content, f"faults-{self.file_kind}.csv", MEDIA_TYPES["csv"])

    def _waiting(self, request: HttpRequest, token: str) -> "Waiting | None":
        if not self.may_import(request):
            raise PermissionDenied
        from pos_integration.catalogue_files import waiting  # as above

        assert isinstance(request.user, AbstractBaseUser)
        return waiting.waiting(token, self.file_kind, request.user)

    def _gone(self, request: HttpRequest) -> HttpResponse:
        messages.error(
            request,
            _(
                "This file waits here no longer, or somebody else sent it: only who imports a "
                "file may look at it and confirm it, within a day. Import it once more."
            ),
        )
        return HttpResponseRedirect(self._url("import"))

    def _steps(self, file: "Waiting") -> list[Tool]:
        tools = []
        if file.counts["faulty"]:
            tools.append(Tool(_("Faults as CSV"), self._url("faults", file.token)))
        if file.state == "read":
            tools.insert(0, Tool(_("Drop"), self._url("step", file.token, "drop")))
            if file.counts["new"] or file.counts["changed"]:
                url = self._url("step", file.token, "confirm")
                tools.insert(0, Tool(_("Confirm"), url, is_main=True))
        return tools


_BOTH = ("add", "change")


def _said(file: "Waiting") -> dict[str, str]:
    counts = {name: f"{count:,}" for name, count in file.counts.items()}
    return {
        "counts": _("%(new)s new, %(changed)s changed, %(same)s the same") % counts,
        "faulty": ngettext("%(n)s row is", "%(n)s rows are", file.counts["faulty"])
        % {"n": counts["faulty"]},
    }


def _sentence(file: "Waiting") -> str:
    said = _said(file)
    if file.state == "dropped":
        return _("Dropped: it changed nothing.")
    if file.state == "applied":
        says = _("Applied: %(counts)s.") % said
        left = _("%(faulty)s faulty and left out.") % said
    else:
        is_any = file.counts["new"] or file.counts["changed"]
        says = (
            _("Nothing is changed yet. Once you confirm: %(counts)s.")
            if is_any
            else _("There is nothing to apply: %(counts)s.")
        ) % said
        left = _("%(faulty)s faulty: see which below.") % said
    return f"{says} {left}" if file.counts["faulty"] else says


def _panels(request: HttpRequest, file: "Waiting") -> list[Panel]:
    panels = []
    if file.notes:
        lines = format_html_join("", "<p>{}</p>", ((retold(note),) for note in file.notes))
        panels.append(Panel(_("How it was read"), lines, is_wide=True))
    if file.faults:
        note = _("%(faults)s in %(faulty)s of %(rows)s rows") % {
            "faults": f"{file.fault_count:,}",
            "faulty": f"{file.counts['faulty']:,}",
            "rows": f"{file.rows:,}",
        }
        panels.append(Panel(_("Faults"), faults_table(request, file.faults), note, is_wide=True))
    if file.first_changed:
        body = before_after((one.row, _name(one.values), one.changes) for one in file.first_changed)
        note = _note(len(file.first_changed), file.counts["changed"])
        panels.append(Panel(_("Changed"), body, note, is_wide=True))
    if file.first_new:
        from pos_integration.catalogue_files import waiting  # as above

        form = waiting.KINDS[file.kind].form
        body = table(
            (_("Row#"), *(capfirst(name.replace("_", " ")) for name in form.by_name)),
            (
                (
                    one.row,
                    *(column.write(one.values[column.name]) for column in form.columns),
                )
                for one in file.first_new
            ),
            "",
        )
        note = _note(len(file.first_new), file.counts["new"])
        panels.append(Panel(_("New"), body, note, is_wide=True))
    return panels


def _name(values: dict[str, Any]) -> str:
    """What a row is about: the number and name, or the place in the tree."""
    if "name" in values:
        number = values.get("code") or values.get("gtin") or values.get("number") or ""
        return f"{number} {values['name']}"
    return " > ".join(filter(None, (values[name] for name in ("department", "category", "type"))))


def _note(shown: int, count: int) -> str:
    if shown == count:
        return f"{count:,}"
    return _("the first %(shown)s of %(count)s") % {"shown": shown, "count": f"{count:,}"}
