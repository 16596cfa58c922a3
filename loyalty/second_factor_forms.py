"""What is typed for a second factor: six digits, a recovery code, or once more the password."""

import re
from typing import Any, Final

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

_BETWEEN: Final = re.compile(r"[\s-]+")  # as people write groups


class Digits(forms.CharField):
    """Six digits, in groups or not; what is no six digits is not tried."""

    def __init__(self, *, is_first: bool = True, **how: Any) -> None:
        attributes = {
            "autocomplete": "one-time-code",
            "inputmode": "numeric",
            "maxlength": 12,
            "spellcheck": "false",
            **({"autofocus": True} if is_first else {}),
        }
        super().__init__(widget=forms.TextInput(attrs=attributes), **how)

    def clean(self, value: Any) -> str:
        typed = _BETWEEN.sub("", super().clean(value))
        if typed and not re.fullmatch("[0-9]{6}", typed):
            raise ValidationError(_("Type six digits, as the app shows them, and nothing else."))
        return typed


class DigitsForm(forms.Form):
    digits = Digits(label=gettext_lazy("The six digits that your app shows"))


class FirstDigitsForm(forms.Form):
    """Below the code to scan, which is to be seen first; only what was wrong has the keyboard."""

    digits = Digits(label=gettext_lazy("The six digits that your app shows"), is_first=False)

    def __init__(self, *args: Any, **how: Any) -> None:
        super().__init__(*args, **how)
        if self.is_bound:
            self.fields["digits"].widget.attrs["autofocus"] = True


class CodeForm(forms.Form):
    code = forms.CharField(
        label=gettext_lazy("One of your recovery codes"),
        max_length=40,
        widget=forms.TextInput(
            attrs={"autocomplete": "off", "autocapitalize": "none", "spellcheck": "false"}
        ),
    )

    def clean_code(self) -> str:
        return _BETWEEN.sub("", self.cleaned_data["code"]).lower()


class ProofForm(forms.Form):
    """Who it is, before something is changed: one of the two."""

    digits = Digits(label=gettext_lazy("The six digits that your app shows"), required=False)
    password = forms.CharField(
        label=gettext_lazy("Or your password"),
        required=False,
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}),
    )

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        if not self.errors and not cleaned.get("digits") and not cleaned.get("password"):
            raise ValidationError(_("Type the digits or your password."))
        return cleaned
