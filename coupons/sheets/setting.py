"""An offer's words set in a coupon's plan: how large, on how many lines, on which baselines.

Only what no reader would miss is shortened, at a word and after it was set smaller; nothing
overlaps and nothing leaves its box.
"""

from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from coupons.sheets.coupon_plan import Aside, CouponPlan
from coupons.sheets.faces import OfferFace
from coupons.sheets.fitting import (
    POINTS_PER_MM,
    Block,
    Line,
    face_for,
    fit,
    fit_block,
    width_mm,
    wrap,
)
from coupons.sheets.typefaces import Face, Family

_MM: Final = 1 / POINTS_PER_MM
_LEADING: Final = 1.2  # of the size, between lines of one text
_SUFFIX: Final = 0.5  # a suffix's size, of its value's
_LEAST_VALUE: Final = 11.0
_TIGHTER: Final = 0.84  # how much closer lines may move so that one more finds room
_CAPITALS: Final = 0.68  # of the size: how high capitals and figures are
_OVERHANG: Final = 0.5  # mm that validity may rise above its box: nothing is that near
_MOST_REASON_LINES: Final = 3
_REMEMBERED: Final = 4_000


@dataclass(frozen=True, slots=True)
class Reason:
    """Where reasons go on an offer's coupon: first baseline, lines, width in mm, size."""

    left: float
    baseline: float
    lines: int
    width: float
    size: float


@dataclass(frozen=True, slots=True)
class OfferSetting:
    """One offer's words, set: what, how large, on which baselines in mm."""

    value: Line
    suffix: Line
    suffix_left: float
    product: Block
    product_baselines: tuple[float, ...]
    detail: Block
    detail_baseline: float
    reason: Reason
    terms: Block
    terms_baselines: tuple[float, ...]
    valid: Line
    valid_left: float
    valid_baseline: float


def set_offer(plan: CouponPlan, family: Family, offer: OfferFace) -> OfferSetting:
    """Set an offer's words in `plan`."""
    value, suffix = _set_value(plan, family, offer)
    value_width = width_mm(value.text, face_for(value.text, family.black), value.size)
    product, baselines = _set_product(plan, family, offer.product)
    *product_baselines, detail_baseline, reason_baseline = baselines
    words = plan.words
    detail = fit_block(
        offer.detail,
        family.regular,
        words.detail,
        words.detail * 0.86,
        words.right - words.left,
        1,
    )
    if not detail.lines and not plan.reason_baseline:
        reason_baseline = detail_baseline
    terms, terms_baselines = _set_terms(plan.aside, family, offer.terms)
    valid_left, valid_baseline = _valid_place(plan.aside, terms, terms_baselines)
    valid = fit(
        offer.valid,
        family.bold,
        plan.aside.valid,
        plan.aside.valid * 0.76,
        plan.aside.box.right - valid_left,
    )
    return OfferSetting(
        value=value,
        suffix=suffix,
        suffix_left=plan.value_left + value_width + _gap(value.size),
        product=product,
        product_baselines=tuple(product_baselines),
        detail=detail,
        detail_baseline=detail_baseline,
        reason=_reason(plan, reason_baseline),
        terms=terms,
        terms_baselines=terms_baselines,
        valid=valid,
        valid_left=valid_left,
        valid_baseline=valid_baseline,
    )


def _gap(size: float) -> float:
    """Return the white between a value and its suffix."""
    return 0.155 * size * _MM


def _set_value(plan: CouponPlan, family: Family, offer: OfferFace) -> tuple[Line, Line]:
    """Set value and suffix side by side: both smaller in step, then the suffix shortened."""
    room = plan.value_right - plan.value_left
    black, bold = face_for(offer.value, family.black), face_for(offer.suffix, family.bold)
    size = plan.value_size
    figure = fit(offer.value, black, size, min(_LEAST_VALUE, size), room)
    while True:
        small = round(max(figure.size * _SUFFIX, 8), 1)
        end = fit(offer.suffix, bold, small, min(7, small), room)
        left = room - width_mm(figure.text, black, figure.size) - _gap(figure.size)
        if not end.text or width_mm(end.text, bold, end.size) <= left:
            return figure, end
        if figure.size <= _LEAST_VALUE + 0.5:
            if left > room / 5:
                return figure, fit(offer.suffix, bold, end.size, min(7, end.size), left)
            return figure, Line("", end.size)
        figure = Line(figure.text, round(figure.size - 0.5, 1))


def _set_product(plan: CouponPlan, family: Family, text: str) -> tuple[Block, tuple[float, ...]]:
    """Set the product on one line, or on two where both and the words below have room.

    Returns it with its baselines, the detail's and the reason's.
    """
    words = plan.words
    room = words.right - words.left
    below = [words.detail * 1.27 * _MM]  # from the product to the detail
    if not plan.reason_baseline:
        below.append(words.reason * 1.27 * _MM)

    def placed(lines: int, size: float) -> tuple[float, ...] | None:
        steps = [size * _LEADING * _MM] * (lines - 1) + below
        steps[lines - 1] = max(steps[lines - 1], size * 1.0 * _MM)
        first = words.first - (0.9 if lines > 1 else 0)
        free = words.last - first
        if free < sum(steps) * _TIGHTER:
            return None
        closer = min(1.0, free / sum(steps))
        baselines = [first]
        for step in steps:
            baselines.append(baselines[-1] + step * closer)
        if plan.reason_baseline:
            baselines.append(plan.reason_baseline)
        return tuple(baselines)

    least = words.product * 0.88
    name = fit_block(text, family.semibold, words.product, least, room, 1)
    if name.lines and name.lines[0].endswith("…"):
        for size in (0.94, 0.88, 0.8):
            size *= words.product
            folded = balanced(text, family.semibold, size, room, 2)
            if len(folded.lines) > 1 and (baselines := placed(2, size)):
                return folded, baselines
    baselines = placed(1, name.size)
    if baselines is None:  # less room than any words want: as close as it gets
        steps = [step * _TIGHTER for step in below]
        baselines = (words.first, words.first + steps[0], words.first + sum(steps))
        if plan.reason_baseline:
            baselines = (*baselines[:2], plan.reason_baseline)
    return name, baselines


def _reason(plan: CouponPlan, baseline: float) -> Reason:
    words = plan.words
    if plan.reason_baseline:
        left = plan.tile.x
        right = (
            plan.bars.x - plan.symbol.left - 1 if plan.symbol.is_square else plan.cell.width - left
        )
        return Reason(left, baseline, 1, right - left, words.reason)
    leading = words.reason * _LEADING * _MM
    lines = 1 + int(max(0.0, words.last + 0.1 - baseline) / leading)
    return Reason(
        words.left,
        baseline,
        min(lines, _MOST_REASON_LINES),
        words.right - words.left,
        words.reason,
    )


def balanced(text: str, face: Face, size: float, room: float, lines: int) -> Block:
    """Return text on as few of `lines` as `room` mm allow, none much shorter than the others."""
    block = fit_block(text, face, size, size, room, lines)
    letters = len("".join(block.lines))
    for share in (0.9, 0.8, 0.7, 0.6):
        narrower = fit_block(text, face, size, size, room * share, lines)
        if len(narrower.lines) > len(block.lines):
            break
        if len("".join(narrower.lines)) != letters:  # cut, or broken within a word
            break
        block = narrower
    return block


@lru_cache(maxsize=_REMEMBERED)
def set_reason(place: Reason, face: Face, text: str) -> Block:
    """Set a reason: a little smaller on one line, then on as many as there are, then shortened."""
    if place.lines > 1:
        one = fit(text, face, place.size, place.size * 0.9, place.width)
        if not one.text.endswith("…"):
            return Block((one.text,), one.size) if one.text else Block((), one.size)
        block = balanced(text, face, place.size, place.width, place.lines)
        if not block.lines[-1].endswith("…"):
            return block
    return fit_block(text, face, place.size, place.size * 0.86, place.width, place.lines)


def _set_terms(
    aside: Aside, family: Family, terms: tuple[str, ...]
) -> tuple[Block, tuple[float, ...]]:
    """Set the terms, each from a new line; then as one paragraph; then smaller; then shortened."""
    box = aside.box
    above = 0.0 if aside.valid_left else aside.valid * _CAPITALS * _MM + 0.4
    most = max(1, int((box.height + _OVERHANG - above) / aside.leading + 0.1))
    face = family.regular
    for size in (aside.terms, aside.terms * 0.94, aside.terms * 0.88):
        lines = [part for term in terms for part in wrap(term, face, size, box.width)]
        if len(lines) <= len(terms) or size < 5:  # each on its own line: no last word alone
            break
    else:
        size = aside.terms
        lines = [part for term in terms for part in wrap(term, face, size, box.width)]
    block = Block(tuple(lines), size)
    if len(lines) > most:
        block = fit_block(" ".join(terms), face, aside.terms, min(5, aside.terms), box.width, most)
    leading = aside.leading * block.size / aside.terms
    count = len(block.lines)
    # Below bars the last line stands on the box's edge, so that it lines up with the code.
    return block, tuple(box.bottom - (count - 1 - line) * leading for line in range(count))


def _valid_place(aside: Aside, terms: Block, baselines: tuple[float, ...]) -> tuple[float, float]:
    if aside.valid_left:
        return aside.valid_left, aside.valid_baseline
    if not terms.lines:
        return aside.box.x, aside.box.bottom
    return aside.box.x, baselines[0] - aside.leading - 0.4
