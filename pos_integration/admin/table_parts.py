"""What pages of files are made of: the form that takes one in, what it may hold, its faults."""

from collections.abc import Iterable, Sequence
from typing import Any

from django import forms
from django.contrib import messages
from django.contrib.admin.options import IncorrectLookupParameters
from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.urls import reverse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from pos_integration.desk import NOTHING, Page, Tool, grouped, link, table
from pos_integration.said import retold
from pos_integration.tables.forms import Form

FAULTS_ON_A_PAGE = 100
MEDIA_TYPES = {
    "csv": "text/csv; charset=utf-8",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}


class FileForm(forms.Form):
    """Takes in a file of one kind, no larger than that kind may be."""

    file = forms.FileField(
        label=gettext_lazy("CSV or XLSX file"),
        allow_empty_file=True,  # it is refused in words of its own
        widget=forms.ClearableFileInput(attrs={"accept": ".csv,.tsv,.txt,.xlsx,.xlsm"}),
    )

    def __init__(self, form: Form, *args: Any) -> None:
        super().__init__(*args)
        self._form = form
        self.fields["file"].help_text = _("Up to %(size)s MiB and %(rows)s rows.") % {
            "size": form.most_bytes // 2**20,
            "rows": grouped(form.most_rows),
        }

    def clean_file(self) -> Any:
        file = self.cleaned_data["file"]
        if file.size > self._form.most_bytes:
            raise forms.ValidationError(
                _("This file has %(size)s MiB; %(most)s MiB is the most. Cut it into several.")
                % {
                    "size": grouped(file.size / 2**20, 1),
                    "most": self._form.most_bytes // 2**20,
                }
            )
        return file


class ConfirmForm(forms.Form):
    """Carries what was looked at, so that nothing else is done."""

    digest = forms.CharField(widget=forms.HiddenInput)
    may_leave_faulty = forms.BooleanField(
        required=False,
        label=gettext_lazy("Apply the right rows, and leave the faulty ones as they are"),
        label_suffix="",
    )

    def __init__(self, digest: str, faulty: int, said: Any) -> None:
        super().__init__(said, initial={"digest": digest})
        if not faulty:
            del self.fields["may_leave_faulty"]


def export_tools(request: HttpRequest, view: str) -> list[Tool]:
    """Buttons that save a list as it is filtered, by the `view` that takes the kind of file."""
    asked = request.GET.copy()
    asked.pop("p", None)
    query = f"?{asked.urlencode()}" if asked else ""
    said = _("These as %(kind)s") if query else _("All as %(kind)s")
    return [
        Tool(said % {"kind": kind.upper()}, reverse(view, args=[kind]) + query)
        for kind in MEDIA_TYPES
    ]


def listed(page: Page[Any], request: HttpRequest) -> QuerySet[Any] | None:
    """The rows that the list of `page` has with these filters; None, and said, for wrong ones."""
    try:
        rows = page.get_changelist_instance(request).get_queryset(request)
    except IncorrectLookupParameters:
        messages.error(request, _("There is no such filter: choose one beside the list."))
        return None
    every: QuerySet[Any] = page.model._default_manager.all()
    return every.filter(pk__in=rows.order_by().values("pk"))


def streamed(pieces: Iterable[bytes], name: str) -> StreamingHttpResponse:
    """A CSV file that a browser saves while it is written."""
    answer = StreamingHttpResponse(pieces, content_type=MEDIA_TYPES["csv"])
    answer["Content-Disposition"] = f'attachment; filename="{name}"'
    return answer


def columns_table(form: Form) -> SafeString:
    return table(
        (_("Column"), "", _("What stands in it")),
        (
            (column.name, _("wanted") if column.is_wanted else "", retold(column.says))
            for column in form.columns
        ),
        "",
    )


def faults_table(request: HttpRequest, faults: Sequence[Sequence[Any]]) -> SafeString:
    """A page of faults, each (row, column, sentence); the others by `?faults=`."""
    pages = Paginator(faults, FAULTS_ON_A_PAGE)
    page = pages.get_page(request.GET.get("faults"))
    body = table(
        (_("Row#"), _("Column"), _("Found and wanted")),
        ((row, column or NOTHING, retold(sentence)) for row, column, sentence in page),
        "",
    )
    if pages.num_pages == 1:
        return body
    links = format_html_join(
        " ",
        "{}",
        (
            (number if number == page.number else link(f"?faults={number}", number),)
            for number in pages.page_range
        ),
    )
    return format_html('{}<p class="paginator">{}</p>', body, links)


def before_after(rows: Iterable[tuple[int, str, Sequence[tuple[str, str, str]]]]) -> SafeString:
    """Rows of (number, what it is, [(column, before, after)])."""
    return table(
        (_("Row#"), _("What"), _("Column"), _("Before"), _("After")),
        (
            (
                row if place == 0 else "",
                what if place == 0 else "",
                column,
                before or NOTHING,
                after or NOTHING,
            )
            for row, what, changes in rows
            for place, (column, before, after) in enumerate(changes)
        ),
        "",
    )


def saved(content: bytes | str, name: str, media_type: str) -> HttpResponse:
    """An answer that a browser saves under `name`."""
    response = HttpResponse(content, content_type=media_type)
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    return response
