"""What coupons of one offer share, drawn once in a file: picture, words, validity, its tag.

All is in a coupon's own coordinates. What differs from household to household, the reason, the
code and the bars, is prepared here as far as it goes.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from typing import Final

from coupons.sheets.boxes import Box
from coupons.sheets.coupon_plan import CouponPlan
from coupons.sheets.drawing import (
    Setter,
    at,
    cover,
    icon,
    image,
    number,
    rounded,
    snapped,
)
from coupons.sheets.faces import Format, OfferFace, Symbology, Tag
from coupons.sheets.fitting import POINTS_PER_MM, face_for, width_mm
from coupons.sheets.paint import Paint
from coupons.sheets.pictures import FALLBACK, PICTURES
from coupons.sheets.setting import OfferSetting, Reason, set_reason
from coupons.sheets.symbols import code128, symbol

_TAG_COLOURS: Final = {
    Tag.BUY: ("#dff1e6", "#0b5a34"),
    Tag.BACK: ("#fdebd2", "#8a4a00"),
    Tag.NEW: ("#ebe5fb", "#4f2fb0"),
}
_TAG_SIZE: Final = 6.3 / 3.5  # points of type for a mm of pill
_TAG_PADDING: Final = 0.49  # of the pill's height
_TAG_SPACING: Final = 0.25  # points between letters
_ROUND: Final = 0.11  # of a picture's shorter side
_ROUNDEST: Final = 4.2  # mm
_LEAST_CODE: Final = 4.5  # points


@dataclass(slots=True)
class OfferForm:
    """An offer's form in a file, and how the rest of its coupons begins.

    draw gives a payload's bars, reason is where reasons are set, reason_at and bars_at are
    operators that go before a reason and before the bars; codes are the operators before a code
    of so many characters, reasons those already set, shared by all offers that set them in the
    same place.
    """

    name: str
    plan: CouponPlan
    drawn: str
    draw: Callable[[str], str]
    reason: Reason
    reason_at: str
    bars_at: str
    reasons: dict[str, str]
    codes: dict[int, str] = field(default_factory=dict)


def photo_box(plan: CouponPlan, width: int, height: int) -> Box:
    """Return where a photograph of so many pixels lies to cover its place."""
    return cover(plan.tile, width, height)


def draw_offer(
    name: str,
    offer: OfferFace,
    plan: CouponPlan,
    setting: OfferSetting,
    setter: Setter,
    format_: Format,
    accent: str,
    photo: tuple[str, int, int] | None,
    reasons: dict[str, str],
) -> OfferForm:
    """Draw picture, value, product, maker, validity and terms.

    photo: the name, width and height of the image to show instead of a vector picture; reasons:
    where those that are set are remembered.
    """
    family, height, inks = setter.fonts.family, plan.cell.height, setter.inks
    parts = [_picture(offer, plan, inks.paint, photo, height), f"BT {inks.paint.fill(accent)} "]
    parts.append(
        setter.put(
            setting.value.text,
            family.black,
            setting.value.size,
            plan.value_left,
            plan.value_baseline,
        )
    )
    parts.append(
        setter.put(
            setting.suffix.text,
            family.bold,
            setting.suffix.size,
            setting.suffix_left,
            plan.value_baseline,
        )
    )
    parts.append(f"{inks.ink} ")
    left = plan.words.left
    for text, baseline in zip(setting.product.lines, setting.product_baselines, strict=False):
        parts.append(setter.put(text, family.semibold, setting.product.size, left, baseline))
    valid = setting.valid
    parts.append(
        setter.put(valid.text, family.bold, valid.size, setting.valid_left, setting.valid_baseline)
    )
    parts.append(f"{inks.soft} ")
    for text in setting.detail.lines:
        parts.append(
            setter.put(text, family.regular, setting.detail.size, left, setting.detail_baseline)
        )
    for text, baseline in zip(setting.terms.lines, setting.terms_baselines, strict=True):
        parts.append(
            setter.put(text, family.regular, setting.terms.size, plan.aside.box.x, baseline)
        )
    parts.append("ET")
    bars = plan.bars
    dots = format_.dots_per_inch
    module, bar_height = plan.symbol.module, bars.height
    is_matrix = bool(plan.symbol.height)
    reason = setting.reason
    up = plan.symbol.module if is_matrix else bar_height
    return OfferForm(
        name=name,
        plan=plan,
        drawn="".join(parts),
        draw=_drawer(offer.symbology, format_.bar_reduction_dots / round(module / 25.4 * dots)),
        reason=reason,
        reason_at=f"BT {inks.soft} {at(reason.left, reason.baseline, height)}",
        bars_at=f"ET q {_exact(module)} 0 0 {_exact(up)} "
        f"{_exact(snapped(bars.x, dots) / POINTS_PER_MM)} "
        f"{_exact(snapped(height - bars.bottom, dots) / POINTS_PER_MM)} cm ",
        reasons=reasons,
    )


def _drawer(symbology: Symbology, reduction: float) -> Callable[[str], str]:
    """Return what draws payloads of a symbology, without asking each time which it is."""
    if symbology is Symbology.CODE_128:
        return partial(code128.drawn, reduction=reduction)
    return partial(symbol.drawn, symbology, reduction=reduction)


def _exact(mm: float) -> str:
    """Return a length in points as bars want it: dots of 1200 an inch need three decimals."""
    return f"{mm * POINTS_PER_MM:.4f}".rstrip("0").rstrip(".")


def code_at(form: OfferForm, length: int, setter: Setter) -> str:
    """Return the operators before a code of `length` characters: under the bars, as they go.

    Raises ValueError for one that is longer than there is room.
    """
    plan, face = form.plan, setter.fonts.family.code
    size = plan.code_size
    one = width_mm("0", face, 1)
    room = plan.bars.width + 2
    if plan.code_middle is None:
        end = plan.aside.valid_left - 2 if plan.aside.valid_left else plan.aside.box.right
        room = end - plan.code_left
    if length * one * size > room:
        size = int(room / (length * one) * 10) / 10
        if size < _LEAST_CODE:
            raise ValueError(f"a code of {length} letters does not fit on {room:.0f} mm")
    x = plan.code_left
    if plan.code_middle is not None:
        x = max(1.5, plan.code_middle - length * one * size / 2)
    place = at(x, plan.code_baseline, plan.cell.height)
    return f"{setter.inks.bars} {place}{setter.fonts[face].choose(size)}"


def shown_reason(form: OfferForm, text: str, setter: Setter) -> str:
    """Return a reason's lines, the first where the text matrix stands."""
    face = face_for(text, setter.fonts.family.italic)
    block = set_reason(form.reason, face, text)
    step = number(-block.size * 1.2)
    return f"0 {step} Td ".join(setter.show(part, face, block.size) for part in block.lines)


def _picture(
    offer: OfferFace,
    plan: CouponPlan,
    paint: Paint,
    photo: tuple[str, int, int] | None,
    height: float,
) -> str:
    tile = plan.tile
    radius = min(min(tile.width, tile.height) * _ROUND, _ROUNDEST)
    outline = rounded(tile, radius, height)
    if photo is not None:
        name, width, high = photo
        return f"q {outline} W n {image(name, cover(tile, width, high), height)}Q "
    picture = PICTURES.get(offer.picture, PICTURES[FALLBACK])
    size = min(tile.width, tile.height) * 0.68
    x, y = tile.x + (tile.width - size) / 2, tile.y + (tile.height - size) / 2
    return (
        f"q {paint.fill(picture.tint)} {outline} f {paint.stroke(picture.line)} "
        f"{icon(picture.icon, x, y, size, size * 0.072, height)}Q "
    )


def draw_tag(tag: Tag, words: str, plan: CouponPlan, setter: Setter) -> str:
    """Return a tag's pill, as small as its words must be to stay in the room there is."""
    (ground, ink), paint = _TAG_COLOURS[tag], setter.inks.paint
    box, height, face = plan.tag, plan.cell.height, setter.fonts.family.bold
    size = _TAG_SIZE * box.height
    spacing = len(words) * _TAG_SPACING / POINTS_PER_MM
    padding = _TAG_PADDING * box.height
    room = box.width - 2 * padding
    width = width_mm(words, face, size) + spacing
    if width > room:
        size *= room / width
        width, spacing = room, spacing * room / width
    pill = Box(box.x, box.y, width + 2 * padding, box.height)
    baseline = pill.y + pill.height / 2 + 0.33 * size / POINTS_PER_MM
    return (
        f"q {paint.fill(ground)} {rounded(pill, pill.height / 2, height)} f "
        f"BT {paint.fill(ink)} {number(spacing / max(1, len(words)) * POINTS_PER_MM)} Tc "
        f"{at(pill.x + padding, baseline, height)}"
        f"{setter.fonts[face].show(words, round(size, 2))}ET Q"
    )
