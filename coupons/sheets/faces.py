"""What is on paper: offers, coupons, sheets and the chain's theme, as words ready to be set.

Nothing here knows a price or a household: whoever prints has already turned those into text.
"""

import re
from dataclasses import dataclass
from enum import StrEnum

_COLOUR = re.compile(r"#[0-9a-fA-F]{6}")


class Tag(StrEnum):
    """Why a coupon is on this sheet."""

    BUY = "buy"
    BACK = "back"
    NEW = "new"

    @property
    def words(self) -> str:
        """The words on the tag."""
        return _TAG_WORDS[self]


_TAG_WORDS = {
    Tag.BUY: "YOU BUY THIS",
    Tag.BACK: "WELCOME BACK",
    Tag.NEW: "TRY SOMETHING NEW",
}


@dataclass(frozen=True, slots=True)
class OfferFace:
    """An offer as every household sees it.

    value and suffix stand side by side ("1.50" "off", "2 for 1" ""); picture is a key of
    `pictures.PICTURES`; each of the terms begins a new line.
    """

    value: str
    suffix: str
    product: str
    detail: str
    picture: str
    terms: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class CouponFace:
    """A coupon on one household's sheet: which offer, its 13-character code, and why."""

    offer: int
    code: str
    tag: Tag
    reason: str
    valid: str


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


@dataclass(frozen=True, slots=True)
class Theme:
    """What makes a sheet the chain's own. Colours are written #rrggbb.

    Raises ValueError for a colour written otherwise.
    """

    brand: str = "Greenfield"
    tagline: str = "your grocer since 1954"
    sender: str = "Greenfield Markets · Lange Straße 1 · 10115 Berlin"
    brand_colour: str = "#0f6b3e"
    accent_colour: str = "#c8102e"
    savings_lead: str = "Your savings this time, up to"
    foot: str = (
        "Prefer other offers, or none at all? Ask at any service desk or visit "
        "greenfield.example/me"
    )

    def __post_init__(self) -> None:
        for colour in (self.brand_colour, self.accent_colour):
            if not _COLOUR.fullmatch(colour):
                raise ValueError(f"{colour!r} is not a colour like #0f6b3e")
