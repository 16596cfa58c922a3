"""The page on which staff hand in the file of a till that was offline."""

from collections.abc import Collection
from typing import Any

from django import forms
from django.conf import settings
from django.template.defaultfilters import filesizeformat
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from pos_integration import handing_in
from pos_integration.models import Terminal
from pos_integration.said import retold

TILLS_OFFERED = 300
_LARGEST = 2**31 - 1

KINDS = [
    ("", gettext_lazy("As its name says")),
    ("text/csv", "CSV"),
    ("application/xml", "XML (POSLog)"),
    ("application/json", "JSON"),
    ("application/x-ndjson", "NDJSON"),
    ("application/vnd.square+json", "Square, JSON"),
    ("application/vnd.lightspeed-x+json", "Lightspeed X, JSON"),
    ("application/vnd.loyverse+json", "Loyverse, JSON"),
    ("application/vnd.shopify+json", "Shopify, JSON"),
]


class HandInForm(forms.Form):
    """A till by `330/4`, and its file. `terminal` and `media_type` are set by `clean`.

    stores: ids of the stores whose tills may be named; None: of every store
    """

    till = forms.CharField(
        max_length=30,
        label=gettext_lazy("Till"),
        help_text=gettext_lazy("Store and till, such as 330/4"),
        widget=forms.TextInput(attrs={"list": "tills", "autocomplete": "off"}),
    )
    file = forms.FileField(label=gettext_lazy("File"), allow_empty_file=True)
    kind = forms.ChoiceField(choices=KINDS, required=False, label=gettext_lazy("What it is"))

    def __init__(self, *args: Any, stores: Collection[int] | None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        tills = Terminal.objects.filter(revoked_at=None).select_related("store")
        self._tills = tills if stores is None else tills.filter(store__in=list(stores))
        self.media_type = ""

    @property
    def offered(self) -> list[str]:
        """What the browser proposes while a till is typed."""
        tills = self._tills.order_by("store__number", "number")[:TILLS_OFFERED]
        return [f"{till.store.number}/{till.number}" for till in tills]

    def clean_till(self) -> Terminal:
        typed: str = self.cleaned_data["till"].strip()
        store, _slash, number = typed.rpartition("/")
        is_number = number.isascii() and number.isdigit() and len(number) <= 10
        found = None
        if is_number and int(number) <= _LARGEST and "\0" not in store:
            found = self._tills.filter(store__number=store.strip(), number=int(number)).first()
        if found is None:
            raise forms.ValidationError(
                _("There is no till '%(typed)s'. Write store and till, such as 330/4.")
                % {"typed": typed}
            )
        return found

    def clean_file(self) -> Any:
        file = self.cleaned_data["file"]
        if (file.size or 0) > settings.UPLOAD_MAX_BYTES:
            raise forms.ValidationError(
                _("It has %(size)s; at most %(most)s are read. Cut it in parts.")
                % {
                    "size": filesizeformat(file.size or 0),
                    "most": filesizeformat(settings.UPLOAD_MAX_BYTES),
                }
            )
        return file

    def clean(self) -> dict[str, Any]:
        said: dict[str, Any] = super().clean() or self.cleaned_data
        if file := said.get("file"):
            head = file.read(handing_in.HEAD_BYTES)
            file.seek(0)
            try:
                self.media_type = handing_in.media_type_of(
                    file.name or "", head, said.get("kind", "")
                )
            except handing_in.WrongFileError as error:
                self.add_error("file", retold(str(error)))
        return said
