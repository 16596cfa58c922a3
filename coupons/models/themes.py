"""Themes: a chain's own looks on paper, its barcodes, and how its print room prints."""

from django.core.validators import MaxValueValidator, MinValueValidator, RegexValidator
from django.db import models
from django.db.models import Q

from coupons.models.barcodes import Symbology
from coupons.models.pictures import FontFile, Picture, PressProfile

COLOUR = RegexValidator(r"^#[0-9a-fA-F]{6}\Z", "Write a colour as #0f6b3e.")


class Theme(models.Model):
    """How sheets look and are printed. A print run keeps a copy: reprints look as it did."""

    class Page(models.TextChoices):
        A4 = "a4", "A4, 210 x 297 mm"
        LETTER = "letter", "US Letter, 8.5 x 11 in"

    class Window(models.TextChoices):
        DIN_A = "din_a", "DIN 5008 A: 27 mm from the top"
        DIN_B = "din_b", "DIN 5008 B: 45 mm from the top"
        US_10 = "us_10", "US no. 10"
        C5_DL = "c5_dl", "C5 and DL, address at the right"

    class Colour(models.TextChoices):
        RGB = "rgb", "RGB, for digital presses and office printers"
        CMYK = "cmyk", "CMYK by a press profile, PDF/X-4 and PDF/VT-1"

    name = models.CharField(max_length=60, unique=True)
    is_default = models.BooleanField(
        default=False, help_text="For every mailing that names no theme of its own"
    )
    language = models.CharField(
        max_length=8, default="en", help_text="Of households that did not say theirs"
    )

    brand = models.CharField(max_length=40, default="Greenfield")
    tagline = models.CharField(max_length=80, blank=True, default="your grocer since 1954")
    logo = models.ForeignKey(
        Picture,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        help_text="Stands in place of the brand's name and the tagline",
    )
    sender = models.CharField(
        max_length=120,
        default="Greenfield Markets · 1 Long Lane · Exampleton, ZZ 00101",
        help_text="One line above the address",
    )
    brand_colour = models.CharField(max_length=7, default="#0f6b3e", validators=[COLOUR])
    accent_colour = models.CharField(
        max_length=7, default="#c8102e", validators=[COLOUR], help_text="Of what a coupon is worth"
    )
    savings_lead = models.CharField(
        max_length=60, blank=True, help_text="Above the saving; empty: in the sheet's language"
    )
    foot = models.CharField(
        max_length=160,
        blank=True,
        default="Prefer other offers, or none at all? Ask at any service desk or visit "
        "greenfield.example/me",
        help_text="Where to choose or object; empty: none",
    )
    how_chosen = models.CharField(
        max_length=160,
        blank=True,
        help_text="What law wants said of prices set for one household; empty: in the sheet's "
        "language",
    )
    home = models.URLField(
        blank=True,
        help_text="Where shoppers reach this system, such as https://coupons.example: a QR code "
        "on each sheet leads to its page; empty: none",
    )

    page = models.CharField(max_length=6, choices=Page, default=Page.A4)
    window = models.CharField(max_length=5, choices=Window, default=Window.DIN_B)
    has_fold_marks = models.BooleanField(default=True)
    has_inserter_marks = models.BooleanField(
        default=False, help_text="Bars at the edge that tell an inserter where a household ends"
    )
    has_match_marks = models.BooleanField(
        default=False, help_text="A Data Matrix on each side, to match pages and envelopes"
    )
    has_recycling_mark = models.BooleanField(default=False)
    imb_mailer = models.CharField(
        max_length=9,
        blank=True,
        validators=[RegexValidator(r"^(\d{6}|\d{9})\Z", "A mailer id has 6 or 9 digits.")],
        verbose_name="Intelligent Mail mailer id",
        help_text="6 or 9 digits, for post within the US; empty: no Intelligent Mail barcode",
    )
    imb_service = models.CharField(
        max_length=3,
        default="300",
        validators=[RegexValidator(r"^\d{3}\Z", "A service type has 3 digits.")],
        verbose_name="Intelligent Mail service type",
    )

    symbology = models.CharField(
        max_length=10,
        choices=Symbology,
        default=Symbology.CODE_128,
        help_text="Of offers that say nothing of their own",
    )
    company_prefix = models.CharField(
        max_length=12,
        blank=True,
        validators=[RegexValidator(r"^\d{3,12}\Z", "A company prefix has 3 to 12 digits.")],
        verbose_name="GS1 company prefix",
        help_text="Wanted for GS1 barcodes",
    )
    dots_per_inch = models.PositiveSmallIntegerField(
        default=600, validators=[MinValueValidator(200), MaxValueValidator(2400)]
    )
    dots_a_module = models.PositiveSmallIntegerField(
        default=6,
        validators=[MinValueValidator(2), MaxValueValidator(48)],
        help_text="Printer dots of a barcode's narrowest bar; 6 at 600 an inch are 0.254 mm",
    )
    bar_reduction_dots = models.PositiveSmallIntegerField(
        default=0, help_text="Printer dots that each bar is made narrower by, where ink spreads"
    )

    colour = models.CharField(max_length=4, choices=Colour, default=Colour.RGB)
    profile = models.ForeignKey(
        PressProfile, models.PROTECT, null=True, blank=True, related_name="+"
    )
    bleed_mm = models.DecimalField(
        max_digits=3,
        decimal_places=1,
        default=0,
        validators=[MaxValueValidator(10)],
        help_text="Room beyond the cut edge, mm",
    )
    sheets_a_file = models.PositiveIntegerField(
        default=10_000, validators=[MinValueValidator(1), MaxValueValidator(100_000)]
    )
    sheets_checked = models.PositiveIntegerField(
        default=100, help_text="Of each run, rendered and read back; 0: every sheet"
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["is_default"], condition=Q(is_default=True), name="one_default_theme"
            ),
            models.CheckConstraint(
                condition=~Q(colour="cmyk") | Q(profile__isnull=False), name="cmyk_has_a_profile"
            ),
            models.CheckConstraint(
                condition=Q(bleed_mm__gte=0, bleed_mm__lte=10), name="bleed_0_to_10_mm"
            ),
            models.CheckConstraint(condition=Q(sheets_a_file__gte=1), name="a_file_holds_a_sheet"),
        ]

    def __str__(self) -> str:
        return self.name


class ThemeFont(models.Model):
    """A font of a theme: one for each cut, and more for letters that these lack."""

    class Cut(models.TextChoices):
        REGULAR = "regular", "Regular"
        ITALIC = "italic", "Italic, for reasons"
        SEMIBOLD = "semibold", "Semibold, for products"
        BOLD = "bold", "Bold"
        BLACK = "black", "Black, for what is saved"
        OTHER = "other", "For letters that the others lack"

    theme = models.ForeignKey(Theme, models.CASCADE, related_name="fonts")
    cut = models.CharField(max_length=8, choices=Cut)
    font = models.ForeignKey(FontFile, models.PROTECT, related_name="+")
    place = models.PositiveSmallIntegerField(default=0, help_text="Which is asked first")

    class Meta:
        ordering = ["cut", "place"]
        constraints = [
            models.UniqueConstraint(
                fields=["theme", "cut"], condition=~Q(cut="other"), name="one_font_for_each_cut"
            )
        ]

    def __str__(self) -> str:
        return f"{self.get_cut_display()}: {self.font}"
