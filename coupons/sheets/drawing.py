"""What sheets share, drawn once in a file: the page's ground, cut lines, tags, offers.

Each becomes a form. Nothing is filled white: paper is white already. Greys and black are
DeviceGray, so that a press prints text and barcodes in black ink alone.
"""

from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from coupons.sheets.embedding import Fonts
from coupons.sheets.faces import OfferFace, Tag, Theme
from coupons.sheets.fitting import (
    POINTS_PER_MM,
    fit,
    width_mm,
)
from coupons.sheets.icons import GRID, outline
from coupons.sheets.layout import (
    ADDRESS_LEFT,
    COLUMNS,
    FOLDS,
    GRID_LEFT,
    GRID_TOP,
    PAGE,
    PANEL,
    TEXT_LEFT,
    TEXT_RIGHT,
    WINDOW,
    Box,
    CouponPlan,
    coupon_boxes,
    set_offer,
)
from coupons.sheets.pictures import PICTURES
from coupons.sheets.typefaces import Face

INK: Final = "0.11"
SOFT: Final = "0.36"
FAINT: Final = "0.62"
_TAG_COLOURS: Final = {
    Tag.BUY: ("#dff1e6", "#0b5a34"),
    Tag.BACK: ("#fdebd2", "#8a4a00"),
    Tag.NEW: ("#ebe5fb", "#4f2fb0"),
}
FOOT_SIZE: Final = 6.6
FOOT_BASELINE: Final = 288.6
_TAG_SIZE: Final = 6.3
_TAG_PADDING: Final = 1.7
_CIRCLE: Final = 0.5523  # control points of a quarter circle


def points(mm: float) -> str:
    """Return a length in PDF points, as written in a file."""
    return number(mm * POINTS_PER_MM)


def number(value: float) -> str:
    """Return a number as PDF writes it, to a thousandth."""
    return f"{value + 0.0:.3f}".rstrip("0").rstrip(".")


def fill(colour: str) -> str:
    """Return the operator that fills in a colour written #rrggbb."""
    return " ".join(number(int(colour[at : at + 2], 16) / 255) for at in (1, 3, 5)) + " rg"


@lru_cache(maxsize=4096)
def at(x: float, y: float, height: float) -> str:
    """Return the text matrix that puts text at (x, y) mm from the top left of `height` mm."""
    return f"1 0 0 1 {points(x)} {points(height - y)} Tm "


def rounded(box: Box, radius: float, height: float) -> str:
    """Return the path of a rectangle with round corners, mm from the top left of `height` mm."""
    left, right = box.x, box.right
    low, high = height - box.bottom, height - box.y
    r, k = radius, radius * (1 - _CIRCLE)

    def p(*values: float) -> str:
        return " ".join(points(value) for value in values)

    return (
        f"{p(left + r, low)} m {p(right - r, low)} l "
        f"{p(right - k, low, right, low + k, right, low + r)} c {p(right, high - r)} l "
        f"{p(right, high - k, right - k, high, right - r, high)} c {p(left + r, high)} l "
        f"{p(left + k, high, left, high - k, left, high - r)} c {p(left, low + r)} l "
        f"{p(left, low + k, left + k, low, left + r, low)} c h"
    )


def _icon(name: str, x: float, y: float, size: float, stroke: float, height: float) -> str:
    """Return an icon stroked in the current colour, `size` mm square, lines `stroke` mm thick."""
    scale = size / GRID
    return (
        f"q {points(scale)} 0 0 -{points(scale)} {points(x)} {points(height - y)} cm "
        f"1 J 1 j {number(stroke / scale)} w {outline(name)} S Q\n"
    )


def draw_base(theme: Theme, fonts: Fonts) -> str:
    """Return what stands on every sheet of a mailing: brand, sender, panel, foot, fold marks."""
    height, family = PAGE.height, fonts.family
    parts = [f"q {fill(theme.brand_colour)} {rounded(PANEL, 3.2, height)} f Q\n"]

    def right(text: str, face: Face, size: float, least: float, y: float) -> str:
        line = fit(text, face, size, least, TEXT_RIGHT - 110)
        x = TEXT_RIGHT - width_mm(line.text, face, line.size)
        return at(x, y, height) + fonts[face].show(line.text, line.size)

    parts.append(f"BT {fill(theme.brand_colour)} ")
    parts.append(right(theme.brand, family.black, 29, 16, 20.6))
    parts.append(f"{SOFT} g ")
    parts.append(right(theme.tagline, family.regular, 9.5, 7, 26.2))
    sender = fit(theme.sender, family.regular, 6.5, 5, WINDOW.width - 6)
    parts.append(at(ADDRESS_LEFT, 47.6, height))
    parts.append(fonts[family.regular].show(sender.text, sender.size))
    foot_width = TEXT_RIGHT - TEXT_LEFT - 25  # the sheet number stands at the right
    foot = fit(theme.foot, family.regular, FOOT_SIZE, 5.4, foot_width)
    parts.append(at(TEXT_LEFT, FOOT_BASELINE, height))
    parts.append(fonts[family.regular].show(foot.text, foot.size))
    parts.append(f"ET\nq {FAINT} G 0.4 w ")
    rule = points(height - 48.9)
    parts.append(
        f"{points(ADDRESS_LEFT)} {rule} m {points(ADDRESS_LEFT + WINDOW.width - 5)} {rule} l S "
    )
    for fold in FOLDS:
        y = points(height - fold)
        parts.append(f"{points(3.5)} {y} m {points(7)} {y} l S ")
    parts.append("Q\n")
    return "".join(parts)


def draw_cuts(count: int) -> str:
    """Return the lines to cut along for `count` coupons: each edge once, none round nothing."""
    boxes = coupon_boxes(count)
    edges = set()
    for box in boxes:
        edges |= {
            (box.x, box.y, box.right, box.y),
            (box.x, box.bottom, box.right, box.bottom),
            (box.x, box.y, box.x, box.bottom),
            (box.right, box.y, box.right, box.bottom),
        }
    height = PAGE.height
    parts = [f"q {FAINT} G 0.5 w [2.2 2.2] 1.1 d\n"]
    for x1, y1, x2, y2 in sorted(edges):
        parts.append(
            f"{points(x1)} {points(height - y1)} m {points(x2)} {points(height - y2)} l S\n"
        )
    parts.append(f"[] 0 d {FAINT} G\n")
    # Scissors where the first cut begins: down the middle, or along the side of a lone coupon.
    x = GRID_LEFT + (boxes[0].width if count >= COLUMNS else 0)
    scale = 3.4 / GRID * POINTS_PER_MM
    parts.append(
        f"q 0 {number(-scale)} {number(-scale)} 0 "
        f"{points(x + 1.7)} {points(height - GRID_TOP + 3.9)} cm "
        f"1 J 1 j 1.5 w {outline('scissors')} S Q\nQ\n"
    )
    return "".join(parts)


def draw_tag(tag: Tag, words: str, plan: CouponPlan, fonts: Fonts) -> str:
    """Return a tag, in a coupon's own coordinates."""
    ground, ink = _TAG_COLOURS[tag]
    height, family = plan.cell.height, fonts.family
    size = _TAG_SIZE * plan.tag.height / 3.5
    width = width_mm(words, family.bold, size) + len(words) * 0.25 / POINTS_PER_MM
    pill = Box(plan.tag.x, plan.tag.y, width + 2 * _TAG_PADDING, plan.tag.height)
    baseline = pill.y + pill.height / 2 + 0.33 * size / POINTS_PER_MM
    return (
        f"q {fill(ground)} {rounded(pill, pill.height / 2, height)} f "
        f"BT {fill(ink)} 0.25 Tc {at(pill.x + _TAG_PADDING, baseline, height)}"
        f"{fonts[family.bold].show(words, size)}ET Q\n"
    )


@dataclass(frozen=True, slots=True)
class OfferForm:
    """An offer's form in a file, and where the variable layer sets the reason on it."""

    name: str
    plan: CouponPlan
    drawn: str
    reason_at: str


def draw_offer(
    name: str, offer: OfferFace, plan: CouponPlan, accent: str, fonts: Fonts
) -> OfferForm:
    """Draw picture, value, product, maker and terms, in a coupon's own coordinates.

    Raises ValueError if the offer's picture is not one of PICTURES.
    """
    family = fonts.family
    setting = set_offer(
        plan, family, offer.value, offer.suffix, offer.product, offer.detail, offer.terms
    )
    picture = PICTURES.get(offer.picture)
    if picture is None:
        raise ValueError(f"there is no picture {offer.picture!r} for {offer.product!r}")
    height = plan.cell.height
    tile = plan.tile
    size = tile.width * 0.68
    inset = (tile.width - size) / 2
    parts = [
        f"q {fill(picture.tint)} {rounded(tile, tile.width * 0.11, height)} f ",
        fill(picture.line).replace(" rg", " RG "),
        _icon(picture.icon, tile.x + inset, tile.y + inset, size, size * 0.072, height),
        f"Q\nBT {fill(accent)} ",
        at(plan.text_left, plan.value_baseline, height),
        fonts[family.black].show(setting.value, setting.value_size),
    ]
    if setting.suffix:
        parts.append(at(setting.suffix_left, plan.value_baseline, height))
        parts.append(fonts[family.bold].show(setting.suffix, setting.suffix_size))

    def lines(texts: tuple[str, ...], baselines: tuple[float, ...], x: float) -> list[str]:
        return [
            at(x, baseline, height) + shown
            for shown, baseline in zip(texts, baselines, strict=False)
        ]

    semibold, regular = fonts[family.semibold], fonts[family.regular]
    product, detail, terms = setting.product, setting.detail, setting.terms
    parts.append(f"{INK} g ")
    shown = tuple(semibold.show(text, product.size) for text in product.lines)
    parts += lines(shown, setting.product_baselines, plan.text_left)
    parts.append(f"{SOFT} g ")
    shown = tuple(regular.show(text, detail.size) for text in detail.lines)
    parts += lines(shown, (setting.detail_baseline,), plan.text_left)
    shown = tuple(regular.show(text, terms.size) for text in terms.lines)
    parts += lines(shown, setting.terms_baselines, plan.aside_left)
    room = plan.text_right - plan.aside_left
    valid = fit(offer.valid, family.bold, plan.valid_size, plan.valid_size - 1.4, room)
    parts.append(f"{INK} g {at(plan.aside_left, setting.valid_baseline, height)}")
    parts.append(fonts[family.bold].show(valid.text, valid.size))
    parts.append("ET\n")
    return OfferForm(
        name=name,
        plan=plan,
        drawn="".join(parts),
        reason_at=f"{SOFT} g {at(plan.text_left, setting.reason_baseline, height)}",
    )
