"""What is on paper: looks, offers, coupons and sheets, as words and names ready to be set.

Nothing here knows a price or a household: whoever prints has already turned those into text.
Everything but the sheets is plain and small, so that a print run can keep it beside its files.
Pictures, fonts and profiles are named by the SHA-256 of their bytes.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

_COLOUR: Final = re.compile(r"#[0-9a-fA-F]{6}")
LAYOUTS: Final = (4, 6, 8, 10, 12)  # coupons a sheet may have room for


class Tag(StrEnum):
    """Why a coupon is on this sheet."""

    BUY = "buy"
    BACK = "back"
    NEW = "new"


class Symbology(StrEnum):
    """How a coupon's barcode looks."""

    CODE_128 = "code_128"
    EAN_13 = "ean_13"
    GS1_128 = "gs1_128"
    DATABAR = "databar"
    DATAMATRIX = "datamatrix"
    QR = "qr"


class Page(StrEnum):
    """The paper."""

    A4 = "a4"
    LETTER = "letter"


class Window(StrEnum):
    """Through which window of which envelope the address is read."""

    DIN_A = "din_a"
    DIN_B = "din_b"
    US_10 = "us_10"
    C5_DL = "c5_dl"


class Leaf(StrEnum):
    """What stands on the two sides of the paper."""

    ONE = "one"  # address and coupons in front; the file has one page a sheet
    BLANK_BACK = "blank"  # the same, and a blank page behind it
    LETTER = "letter"  # address and letter in front, coupons on the back


class Colour(StrEnum):
    """In which inks the file is written."""

    RGB = "rgb"
    CMYK = "cmyk"


@dataclass(frozen=True, slots=True)
class OfferFace:
    """An offer as every household of one language sees it.

    value and suffix stand side by side ("1.50" "off", "2 for 1" ""); picture is a key of
    `pictures.PICTURES`, drawn where photo names no uploaded picture; each of the terms begins a
    new line; valid is when it is good, in words.
    """

    value: str
    suffix: str
    product: str
    detail: str
    picture: str
    terms: tuple[str, ...]
    valid: str
    photo: str = ""
    symbology: Symbology = Symbology.CODE_128


@dataclass(frozen=True, slots=True)
class CouponFace:
    """A coupon on one household's sheet: which offer, its code, and why.

    code is what stands under the bars, payload what they say: the same 13 characters without
    hyphens for Code 128, 13 digits for EAN-13, a GS1 element string such as
    "(255)9501101531000123456789012" or a Digital Link for the others.
    """

    offer: int
    code: str
    payload: str
    tag: Tag
    reason: str


@dataclass(frozen=True, slots=True)
class SheetFace:
    """One household's sheet. sequence counts from 1 through the whole mailing."""

    sequence: int
    address: tuple[str, ...]
    savings: str
    coupons: tuple[CouponFace, ...]
    headline: str
    explanation: str
    savings_lines: tuple[str, ...]
    how_chosen: str = ""  # what law wants said of prices made for one household
    language: str = "en"
    greeting: str = ""  # "Dear Ada Example,": above a letter
    letter: tuple[str, ...] = ()  # its paragraphs
    imb: str = ""  # the digits of an Intelligent Mail barcode; none: no such barcode
    link: str = ""  # where a QR code leads; none: no such code


@dataclass(frozen=True, slots=True)
class Theme:
    """What makes a sheet the chain's own. Colours are written #rrggbb.

    fonts names a font for cuts ("regular", "italic", "semibold", "bold", "black"); a cut without
    one is set in Source Sans. more_fonts are asked, in order, for letters that these lack.
    Raises ValueError for a colour written otherwise.
    """

    brand: str = "Greenfield"
    tagline: str = "your grocer since 1954"
    logo: str = ""
    sender: str = "Greenfield Markets · Lange Straße 1 · 10115 Berlin"
    brand_colour: str = "#0f6b3e"
    accent_colour: str = "#c8102e"
    savings_lead: str = ""
    foot: str = (
        "Prefer other offers, or none at all? Ask at any service desk or visit "
        "greenfield.example/me"
    )
    fonts: Mapping[str, str] = field(default_factory=dict)
    more_fonts: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        for colour in (self.brand_colour, self.accent_colour):
            if not _COLOUR.fullmatch(colour):
                raise ValueError(f"{colour!r} is not a colour like #0f6b3e")


@dataclass(frozen=True, slots=True)
class Format:
    """The paper, what stands where on it, and the dots that barcodes are made of.

    places is how many coupons the sheet has room for, one of LAYOUTS; a sheet may have fewer.
    Raises ValueError for anything that no sheet has.
    """

    page: Page = Page.A4
    window: Window = Window.DIN_B
    leaf: Leaf = Leaf.ONE
    places: int = 8
    bleed_mm: float = 0
    fold_marks: bool = True
    inserter_marks: bool = False
    match_marks: bool = False
    recycling_mark: bool = False
    dots_per_inch: int = 600
    dots_a_module: int = 6
    bar_reduction_dots: int = 0

    def __post_init__(self) -> None:
        if self.places not in LAYOUTS:
            raise ValueError(f"a sheet has room for {LAYOUTS} coupons, not for {self.places}")
        if not 0 <= self.bleed_mm <= 10:
            raise ValueError(f"a bleed of {self.bleed_mm} mm makes no sense; wanted: 0 to 10")
        if self.dots_per_inch < 1 or not 0 <= self.bar_reduction_dots < self.dots_a_module:
            raise ValueError(
                f"bars of {self.dots_a_module} dots, made {self.bar_reduction_dots} narrower, at "
                f"{self.dots_per_inch} an inch make no sense"
            )

    @property
    def module_mm(self) -> float:
        """How wide a barcode's narrowest bar is."""
        return self.dots_a_module / self.dots_per_inch * 25.4


@dataclass(frozen=True, slots=True)
class Press:
    """The inks. CMYK names an ICC profile and the printing condition it describes."""

    colour: Colour = Colour.RGB
    profile: str = ""
    condition: str = ""
    made_at: str = "2000-01-01T00:00:00+00:00"  # said in the file; the clock is not asked

    def __post_init__(self) -> None:
        if self.colour is Colour.CMYK and not (self.profile and self.condition):
            raise ValueError("CMYK wants an ICC profile and the printing condition it describes")


@dataclass(frozen=True, slots=True)
class Look:
    """Everything that the sheets of a run have in common; offers are named by their place."""

    theme: Theme
    format: Format
    press: Press
    offers: tuple[OfferFace, ...]
    total: int  # sheets of the whole mailing
