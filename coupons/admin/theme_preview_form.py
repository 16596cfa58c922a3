"""What of a theme to look at beside its form, and the theme as the form has it just now."""

from typing import TYPE_CHECKING, Any

from django import forms
from django.conf import settings
from django.utils.translation import gettext_lazy

from coupons.admin.theme_forms import FontFormSet, ThemeForm
from coupons.models import FontFile, Mailing, PictureFile, PressProfile
from coupons.sheets.faces import LAYOUTS, Leaf

if TYPE_CHECKING:
    from coupons.theme_preview import Draft, Shown


class PreviewForm(forms.Form):
    """The choices above the preview."""

    prefix = "preview"
    places = forms.TypedChoiceField(
        choices=[(count, f"{count} coupons") for count in LAYOUTS],
        coerce=int,
        initial=8,
        label=gettext_lazy("Coupons on a sheet"),
    )
    leaf = forms.ChoiceField(
        choices=[
            (Mailing.Leaf.ONE, gettext_lazy("One side")),
            (Mailing.Leaf.BLANK_BACK, gettext_lazy("Blank back")),
            (Mailing.Leaf.LETTER, gettext_lazy("Letter in front")),
        ],
        label=gettext_lazy("Sides"),
    )
    language = forms.ChoiceField(choices=settings.LANGUAGES, label=gettext_lazy("Language"))

    def shown(self) -> "Shown":
        from coupons.theme_preview import Shown  # loads the press: too slow for every command

        given = self.cleaned_data
        return Shown(given["places"], Leaf(given["leaf"]), given["language"])


def draft_of(form: ThemeForm, fonts: FontFormSet) -> "Draft":
    """The theme of a valid form, its uploads not kept: with what a sheet needs to be set by it."""
    from coupons.theme_preview import Draft  # as above

    theme = form.instance
    used: list[tuple[int, str, str]] = []
    files: dict[str, bytes] = {}
    wanted: list[str] = []
    for row in fonts.forms:
        given: dict[str, Any] = getattr(row, "cleaned_data", {})
        if not given or given.get("DELETE"):
            continue
        if (font := row.new_font) is not None:
            files[font.sha256] = bytes(font.content)
        else:
            font = given["font"]
            wanted.append(font.sha256)
        used.append((given["place"], given["cut"], font.sha256))
    kept = FontFile.objects.filter(pk__in=wanted) if wanted else []
    files |= {font.sha256: bytes(font.content) for font in kept}
    logo = ""
    if form.new_logo is not None:
        logo = form.new_logo.sha256
        files[logo] = form.new_logo.content
    elif theme.logo is not None:
        logo = theme.logo.file_id
        files[logo] = bytes(PictureFile.objects.get(pk=logo).content)
    if form.new_profile is not None:
        theme.profile = form.new_profile
    elif theme.profile_id:
        theme.profile = PressProfile.objects.get(pk=theme.profile_id)
    if theme.profile is not None:
        files[theme.profile.sha256] = bytes(theme.profile.content)
    return Draft(
        theme=theme,
        fonts=[(cut, sha) for _, cut, sha in sorted(used, key=lambda one: one[0])],
        logo=logo,
        files=files,
    )
