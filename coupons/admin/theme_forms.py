"""A theme's form: uploads looked at before they are kept, and what must agree said in words."""

from collections.abc import Iterator
from pathlib import PurePath
from typing import TYPE_CHECKING, Any, Final

from django import forms
from django.conf import settings
from django.forms import inlineformset_factory
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from coupons.models import FontFile, Picture, PressProfile, Symbology, Theme, ThemeFont
from pos_integration.desk import ModelForm, grouped
from pos_integration.said import retold

if TYPE_CHECKING:
    from coupons.sheets.photos import Prepared

    FontRows = forms.BaseInlineFormSet[ThemeFont, Theme, "FontForm"]
else:
    FontRows = forms.BaseInlineFormSet

MM_PER_INCH: Final = 25.4
# The narrowest bar for scanners at tills, mm: GS1 General Specifications, symbol specification
# table 1; of our own Code 128, what hand scanners read from paper.
LEAST_MODULE_MM: Final = {
    Symbology.CODE_128: 0.19,
    Symbology.EAN_13: 0.264,
    Symbology.GS1_128: 0.25,
    Symbology.DATABAR: 0.264,
    Symbology.DATAMATRIX: 0.254,
    Symbology.QR: 0.254,
}
OF_GS1: Final = (Symbology.GS1_128, Symbology.DATABAR, Symbology.DATAMATRIX, Symbology.QR)
LEAST_CONTRAST: Final = 4.5  # WCAG 2, AA, of words; of large ones 3
LEAST_CONTRAST_LARGE: Final = 3.0
LETTER_ENVELOPES: Final = (Theme.Window.US_10,)
CONDITION_HINT: Final = gettext_lazy(
    "The printing condition's name in the registry, such as FOGRA51"
)


class ColourInput(forms.TextInput):
    """A colour to type as #0f6b3e; the page puts a swatch to choose from beside it."""

    def __init__(self) -> None:
        super().__init__({"class": "colour", "size": 9, "maxlength": 7, "spellcheck": "false"})


class WebAddress(forms.URLField):
    """An address on the web; one without `https://` gets it."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**{"assume_scheme": "https", **kwargs})


class ThemeForm(ModelForm[Theme]):
    """A theme, with files that may be uploaded beside it; they are kept by `keep_files`."""

    language = forms.ChoiceField(
        choices=settings.LANGUAGES,
        help_text=gettext_lazy("Of households that did not say theirs"),
        label=gettext_lazy("Language"),
    )
    logo_file = forms.FileField(
        required=False,
        label=gettext_lazy("Upload a logo"),
        widget=forms.FileInput({"accept": "image/*"}),
        help_text=gettext_lazy(
            "JPEG, PNG, WebP, GIF, TIFF or BMP; it takes the place of the one chosen"
        ),
    )
    profile_file = forms.FileField(
        required=False,
        label=gettext_lazy("Upload a profile"),
        widget=forms.FileInput({"accept": ".icc,.icm"}),
        help_text=gettext_lazy("The ICC profile of your press or print shop, of CMYK"),
    )
    profile_condition = forms.CharField(
        required=False, max_length=40, label=gettext_lazy("Its condition"), help_text=CONDITION_HINT
    )
    new_logo: "Prepared | None" = None
    new_profile: PressProfile | None = None

    class Meta:
        model = Theme
        exclude = ("is_default",)
        field_classes: Final = {"home": WebAddress}
        widgets: Final = {
            "brand_colour": ColourInput(),
            "accent_colour": ColourInput(),
            "sender": forms.TextInput({"size": 70}),
            "foot": forms.TextInput({"size": 70}),
            "how_chosen": forms.TextInput({"size": 70}),
            "tagline": forms.TextInput({"size": 40}),
            "savings_lead": forms.TextInput({"size": 40}),
            "home": forms.URLInput({"size": 40}),
        }

        labels: Final = {
            "savings_lead": gettext_lazy("Above the saving"),
            "foot": gettext_lazy("At the foot"),
            "how_chosen": gettext_lazy("How prices are set"),
            "home": gettext_lazy("Our address on the web"),
            "has_fold_marks": gettext_lazy("Fold marks"),
            "has_inserter_marks": gettext_lazy("Inserter marks"),
            "has_match_marks": gettext_lazy("Match marks"),
            "has_recycling_mark": gettext_lazy("Recycling mark"),
            "symbology": gettext_lazy("Barcode"),
            "dots_per_inch": gettext_lazy("Printer dots per inch"),
            "dots_a_module": gettext_lazy("Dots of the narrowest bar"),
            "bar_reduction_dots": gettext_lazy("Dots taken off each bar"),
            "bleed_mm": gettext_lazy("Bleed"),
            "sheets_a_file": gettext_lazy("Sheets in a file"),
            "sheets_checked": gettext_lazy("Sheets read back"),
        }
        help_texts: Final = {
            "savings_lead": gettext_lazy("Empty: as the sheet's language says it"),
            "dots_a_module": gettext_lazy("6 at 600 an inch are 0.254 mm"),
            "bar_reduction_dots": gettext_lazy("Where ink spreads and makes bars wider"),
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name, rows in (
            ("profile", PressProfile.objects.defer("content").order_by("condition", "name")),
            ("logo", Picture.objects.order_by("name")),
        ):
            if isinstance(field := self.fields.get(name), forms.ModelChoiceField):
                field.queryset = rows

    def clean_logo_file(self) -> None:
        from coupons.sheets import photos  # loads readers of pictures: too slow for every command

        if upload := self.cleaned_data["logo_file"]:
            try:
                self.new_logo = photos.prepare(upload.read(photos.MOST_BYTES + 1))
            except photos.PictureError as error:
                raise forms.ValidationError(retold(str(error))) from error

    def clean(self) -> dict[str, Any]:
        given: dict[str, Any] = super().clean() or self.cleaned_data
        self._read_profile(given)
        for field, sentence in _disagreements(given, has_profile=bool(self.new_profile)):
            self.add_error(field, sentence)
        return given

    def _read_profile(self, given: dict[str, Any]) -> None:
        upload, condition = given.get("profile_file"), given.get("profile_condition", "").strip()
        if upload and not condition:
            self.add_error(
                "profile_condition",
                (
                    _("%(condition_hint)s, is wanted with a profile.")
                    % {"condition_hint": CONDITION_HINT}
                ),
            )
        elif condition and not upload:
            self.add_error("profile_file", _("A condition wants the profile it belongs to."))
        elif upload:
            from coupons import theme_files  # as above

            try:
                content = upload.read(theme_files.MOST_BYTES + 1)
                self.new_profile = theme_files.profile_of(content, condition)
            except theme_files.ThemeFileError as error:
                self.add_error("profile_file", retold(str(error)))

    def _get_validation_exclusions(self) -> set[str]:
        # What is uploaded is kept once the whole form is right: until then no row has it.
        without: set[str] = super()._get_validation_exclusions()  # type: ignore[misc] # Django's own
        return without | ({"profile"} if self.new_profile else set())

    def keep_files(self, by: Any) -> None:
        """Keep what was uploaded, and have the theme use it."""
        from coupons import pictures, theme_files  # as above

        if self.new_profile is not None:
            self.instance.profile = theme_files.kept_profile(self.new_profile)
        if self.new_logo is not None:
            file, said = pictures.file_of(self.new_logo), pictures.said_of(self.new_logo)
            self.instance.logo = pictures.show(self._logo_name(), file, said, by)

    def _logo_name(self) -> str:
        upload: Any = self.files[self.add_prefix("logo_file")]
        called = PurePath(upload.name or "logo").stem
        return f"{called} ({self.instance.name})"[:60]


def _disagreements(given: dict[str, Any], *, has_profile: bool) -> Iterator[tuple[str, str]]:
    """What of a theme does not go together: the field, and what is wanted there."""
    if given.get("colour") == Theme.Colour.CMYK and not (given.get("profile") or has_profile):
        yield "profile", _("CMYK wants the profile of a press: choose one, or upload it.")
    symbology = given.get("symbology")
    if symbology in OF_GS1 and not given.get("company_prefix"):
        yield (
            "company_prefix",
            (
                _("%(label)s wants your company prefix from GS1.")
                % {"label": Symbology(symbology).label}
            ),
        )
    if symbology == Symbology.QR and not given.get("home"):
        yield "home", _("A Digital Link leads to this address: it is wanted for QR codes.")
    dots, reduced = given.get("dots_a_module"), given.get("bar_reduction_dots")
    if dots is not None and reduced is not None and reduced >= dots:
        yield (
            "bar_reduction_dots",
            (
                _(
                    "A bar of %(dots)s dots cannot be made %(reduced)s narrower: nothing would be "
                    "left."
                )
                % {"dots": dots, "reduced": reduced}
            ),
        )


def warnings(theme: Theme) -> list[str]:
    """What may go wrong with a theme though it can be printed, a sentence each."""
    return [*_of_colours(theme), *_of_post(theme), *_of_barcodes(theme)]


def _of_colours(theme: Theme) -> Iterator[str]:
    brand, accent = theme.brand_colour, theme.accent_colour
    if (found := contrast_with_white(brand)) < LEAST_CONTRAST_LARGE:
        yield (
            _(
                "The brand's name stands out %(found)s to 1 on white paper in %(brand)s; "
                "%(least_contrast_large)s to 1 is wanted. Words on that colour are set in black."
            )
            % {
                "found": grouped(found, 1),
                "brand": brand,
                "least_contrast_large": f"{LEAST_CONTRAST_LARGE:g}",
            }
        )
    elif found < LEAST_CONTRAST:
        yield (
            _(
                "White words on the brand colour %(brand)s stand out %(found)s to 1; "
                "%(least_contrast)s to 1 is wanted, so that everybody can read them. A darker "
                "colour does it."
            )
            % {"brand": brand, "found": grouped(found, 1), "least_contrast": f"{LEAST_CONTRAST:g}"}
        )
    if (found := contrast_with_white(accent)) < LEAST_CONTRAST_LARGE:
        yield (
            _(
                "What a coupon is worth stands out %(found)s to 1 on white paper in %(accent)s; "
                "%(least_contrast_large)s to 1 is wanted. A darker colour does it."
            )
            % {
                "found": grouped(found, 1),
                "accent": accent,
                "least_contrast_large": f"{LEAST_CONTRAST_LARGE:g}",
            }
        )


def _of_post(theme: Theme) -> Iterator[str]:
    is_us = theme.window in LETTER_ENVELOPES
    if is_us and theme.page == Theme.Page.A4:
        yield (
            _(
                "A4 in a no. 10 envelope slides 30 mm to and fro: the address is kept where the "
                "window shows it all the same. No. 10 is made for US Letter."
            )
        )
    if not is_us and theme.page == Theme.Page.LETTER:
        yield (
            _(
                "US Letter in a European envelope has 4 to 13 mm to slide in, and its folds are "
                "not the usual ones. These windows are made for A4."
            )
        )
    if theme.imb_mailer and not is_us:
        yield _("Intelligent Mail is for post within the US, whose usual window is US no. 10.")


def _of_barcodes(theme: Theme) -> Iterator[str]:
    wide, least = module_mm(theme), LEAST_MODULE_MM[Symbology(theme.symbology)]
    # A printer's dots are whole: what is meant as the least may be a hair below.
    if wide < least - 0.0005:
        yield (
            _(
                "The narrowest bar is %(wide)s mm; %(label)s wants %(least)s mm or more for "
                "scanners at tills."
            )
            % {
                "wide": grouped(wide, 3),
                "label": Symbology(theme.symbology).label,
                "least": grouped(least, 3),
            }
        )


def module_mm(theme: Theme) -> float:
    """How wide the narrowest bar is."""
    return theme.dots_a_module / theme.dots_per_inch * MM_PER_INCH


def contrast_with_white(colour: str) -> float:
    """How much white stands out from a colour, 1 to 21 (WCAG 2)."""
    red, green, blue = (_linear(int(colour[at : at + 2], 16) / 255) for at in (1, 3, 5))
    return 1.05 / (0.2126 * red + 0.7152 * green + 0.0722 * blue + 0.05)


def _linear(part: float) -> float:
    return part / 12.92 if part <= 0.04045 else float(((part + 0.055) / 1.055) ** 2.4)


class FontForm(ModelForm[ThemeFont]):
    """A font of a theme: one that is kept already, or a file to upload."""

    upload = forms.FileField(
        required=False,
        label=gettext_lazy("Upload"),
        widget=forms.FileInput({"accept": ".ttf"}),
        help_text="TrueType (.ttf)",
    )
    new_font: FontFile | None = None
    problem = ""

    class Meta:
        model = ThemeFont
        fields = ("cut", "font", "upload", "place")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        font = self.fields["font"]
        assert isinstance(font, forms.ModelChoiceField)
        font.queryset = FontFile.objects.defer("content").order_by("name")
        font.required = False  # or a file is uploaded
        self.fields["place"].required = False

    def clean_upload(self) -> None:
        from coupons import theme_files  # as above

        if upload := self.cleaned_data["upload"]:
            try:
                content = upload.read(theme_files.MOST_BYTES + 1)
                self.new_font, self.problem = theme_files.font_of(content)
            except theme_files.ThemeFileError as error:
                raise forms.ValidationError(retold(str(error))) from error

    def clean_place(self) -> int:
        return self.cleaned_data["place"] or 0

    def clean(self) -> dict[str, Any]:
        given: dict[str, Any] = super().clean() or self.cleaned_data
        if self.new_font is None and not given.get("font") and "upload" not in self.errors:
            self.add_error("font", _("Choose a font, or upload one."))
        return given

    def _get_validation_exclusions(self) -> set[str]:
        without: set[str] = super()._get_validation_exclusions()  # type: ignore[misc] # Django's own
        return without | {"font"}

    def save(self, commit: bool = True) -> ThemeFont:
        if self.new_font is not None:
            from coupons import theme_files  # as above

            self.instance.font = theme_files.kept_font(self.new_font)
        return super().save(commit)


class FontFormSet(FontRows):
    """The fonts of a theme: one of each cut, any number for letters that these lack."""

    def clean(self) -> None:
        super().clean()
        seen: set[str] = set()
        for form in self.forms:
            cut = form.cleaned_data.get("cut") if hasattr(form, "cleaned_data") else None
            if cut is None or cut == ThemeFont.Cut.OTHER or form.cleaned_data.get("DELETE"):
                continue
            if cut in seen:
                form.add_error(
                    "cut",
                    (
                        _("%(label)s: one font of it is enough.")
                        % {"label": ThemeFont.Cut(cut).label}
                    ),
                )
            seen.add(cut)


def fonts_of(data: Any, files: Any, theme: Theme) -> FontFormSet:
    """The fonts that the theme's form has, from what the page sends."""
    rows = inlineformset_factory(Theme, ThemeFont, FontForm, FontFormSet, extra=0)
    made = rows(data, files, instance=theme)
    assert isinstance(made, FontFormSet)
    return made
