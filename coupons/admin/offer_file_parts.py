"""What the pages of offer files are made of: two forms and three tables."""

from typing import Any

from django import forms
from django.http import QueryDict
from django.utils.safestring import SafeString

from coupons.importing.columns import COLUMNS, GOOD_ON
from coupons.models import OfferFile
from pos_integration.desk import NOTHING, table
from pos_integration.tables.table import MOST_BYTES, MOST_ROWS


class FileForm(forms.Form):
    file = forms.FileField(
        label="CSV or XLSX file",
        widget=forms.ClearableFileInput(attrs={"accept": ".csv,.tsv,.txt,.xlsx,.xlsm"}),
        help_text=f"Up to {MOST_BYTES // 2**20} MiB and {MOST_ROWS:,} rows.",
    )

    def clean_file(self) -> Any:
        file = self.cleaned_data["file"]
        if file.size > MOST_BYTES:
            raise forms.ValidationError(
                f"This file has {file.size / 2**20:.1f} MiB; {MOST_BYTES // 2**20} MiB is the "
                "most. Cut it into several."
            )
        return file


class ConfirmForm(forms.Form):
    """Carries what was looked at, so that nothing else is done."""

    digest = forms.CharField(widget=forms.HiddenInput)
    may_leave_faulty = forms.BooleanField(
        required=False,
        label="Apply the right rows, and leave the faulty ones as they are",
        label_suffix="",
    )

    def __init__(self, file: OfferFile, said: QueryDict | None) -> None:
        super().__init__(said, initial={"digest": file.changes.get("digest", "")})
        if not file.changes.get("faulty"):
            del self.fields["may_leave_faulty"]


def columns_table() -> SafeString:
    return table(
        ("Column", "", "What stands in it"),
        ((column.name, "wanted" if column.is_wanted else "", column.says) for column in COLUMNS),
        "",
    )


def changed_table(shown: list[dict[str, Any]]) -> SafeString:
    return table(
        ("Row#", "Offer", "Column", "Before", "After"),
        (
            (
                one["row"] if place == 0 else "",
                f"{one['code']} {one['name']}" if place == 0 else "",
                column,
                before or NOTHING,
                after or NOTHING,
            )
            for one in shown
            for place, (column, before, after) in enumerate(one["changes"])
        ),
        "",
    )


def new_table(shown: list[dict[str, Any]]) -> SafeString:
    return table(
        ("Row#", "Code", "Offer", "Worth", "Dates", "Good on"),
        (
            (
                one["row"],
                one["code"],
                one["name"],
                one["worth"],
                " to ".join(one["dates"]),
                "; ".join(after for column, _, after in one["changes"] if column in GOOD_ON)
                or "the whole basket",
            )
            for one in shown
        ),
        "",
    )
