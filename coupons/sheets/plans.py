"""How a coupon is laid out, derived from its cell and the size of its barcode.

Five ways, chosen by what there is room for: words beside the picture (wide cells); the same with
the reason and all terms across the width (three columns); the value beside the picture and the
words below both (large cells); the picture across the whole width (tall ones); and words in a
column beside a stacked barcode. Millimetres from the cell's top left corner, type in points.
"""

from dataclasses import dataclass
from typing import Final

from coupons.sheets.boxes import Box
from coupons.sheets.coupon_plan import Aside, CouponPlan, PlanError, Symbol, Words

_PAD: Final = 3.2  # mm of white at a cell's sides
_LEAST_BARS: Final = 5.0  # mm: lower bars are missed by a scanner held at an angle
_LEAST_ASIDE: Final = 26.0  # mm that validity and terms want beside the bars


def plan(cell: Box, symbol: Symbol) -> CouponPlan:
    """Lay out a coupon of the size of `cell`. Raises PlanError if the barcode has no room."""
    cell = Box(0, 0, cell.width, cell.height)
    if cell.width < 80:
        return _small(cell, symbol) if cell.height < 54 else _large(cell, symbol)
    if cell.height > 1.12 * cell.width:
        return _tall(cell, symbol)
    if cell.height > 0.7 * cell.width:
        return _large(cell, symbol)
    if symbol.height and not symbol.is_square and cell.height - symbol.height < 36:
        return _split(cell, symbol)
    return _wide(cell, symbol)


def _between(small: float, standard: float, t: float) -> float:
    """Return what lies between two sizes, or beyond them, in proportion."""
    return small + (standard - small) * t


@dataclass(frozen=True, slots=True)
class _Foot:
    """The lower part of a coupon, and from where on nothing else may stand."""

    top: float
    bars: Box
    code_left: float
    code_middle: float | None
    code_baseline: float
    code_size: float
    aside: Aside
    right: float  # where words above must end, because a matrix rises beside them


def _foot(
    cell: Box, symbol: Symbol, *, bars: float, below: float, margin: float, pad: float, t: float
) -> _Foot:
    """Lay out bars, code, validity and terms.

    bars: how high bars of any height are; below: from them to the code's baseline; margin: from
    that to the cut; t: how large the type is, 0 as in the smallest coupons, 1 as in standard ones.
    """
    code, valid = _between(6.5, 6.8, t), _between(6.9, 7.4, t)
    terms = _between(5.7, 6, t)
    leading = terms * 0.41
    right = cell.width - pad
    if symbol.is_square:
        x = cell.width - max(pad, symbol.right) - symbol.width
        y = cell.height - max(pad, symbol.below) - symbol.height
        end = x - symbol.left - 1
        baseline = cell.height - margin
        bottom = baseline - code * 0.353 - 0.9
        top = bottom - 2 * leading - valid * 0.353 - 0.9
        box = Box(pad, top, end - pad, bottom - top)
        aside = Aside(box, valid, terms, leading)
        return _Foot(
            top, Box(x, y, symbol.width, symbol.height), pad, None, baseline, code, aside, end
        )
    height = symbol.height or max(bars, _LEAST_BARS)
    x = max(pad, symbol.left)
    aside_left = x + symbol.width + max(symbol.right, 2.5) + 0.8
    if right - aside_left >= _LEAST_ASIDE:
        baseline = cell.height - margin
        top = baseline - below - height
        box = Box(aside_left, top, right - aside_left, baseline - top)
        standing = Box(x, top, symbol.width, height)
        return _Foot(
            top,
            standing,
            x,
            x + symbol.width / 2,
            baseline,
            code,
            Aside(box, valid, terms, leading),
            right,
        )
    # No room beside the bars: code and validity below them, on one line if they can, then terms.
    bottom = cell.height - margin + 0.5
    rise = 2 * leading + (valid * 0.353 + 0.9 if symbol.has_long_code else 0)
    box = Box(pad, bottom - rise, right - pad, rise)
    baseline = box.y - 0.75
    top = baseline - below - height
    valid_left = pad + 16 * 0.66 * code * 0.3528 + 2.6
    place = (0.0, 0.0) if symbol.has_long_code else (valid_left, baseline)
    aside = Aside(box, valid - 0.2, terms, leading, *place)
    return _Foot(
        top, Box(x, top, symbol.width, height), pad, None, baseline, code - 0.1, aside, right
    )


def _made(
    cell: Box,
    symbol: Symbol,
    foot: _Foot,
    tile: Box,
    tag: Box,
    value: tuple[float, float, float, float],
    words: Words,
    reason_baseline: float = 0,
) -> CouponPlan:
    return CouponPlan(
        cell,
        symbol,
        tile,
        tag,
        *value,
        words,
        reason_baseline,
        foot.bars,
        foot.code_left,
        foot.code_middle,
        foot.code_baseline,
        foot.code_size,
        foot.aside,
    )


def _wide(cell: Box, symbol: Symbol) -> CouponPlan:
    """Picture at the left, all words beside it, bars below. Between 34 and 43 mm and beyond."""
    t = (cell.height - 34) / 9
    foot = _foot(
        cell,
        symbol,
        bars=_between(7.4, 9, t),
        below=_between(2.5, 2.7, t),
        margin=_between(2.2, 2.9, t),
        pad=_PAD,
        t=t,
    )
    t = min(t, (foot.top - 21.9) / 6.5)  # what is above bars of a given height has less room
    top = _between(2.8, 3.4, t)
    side = min(_between(17, 23, t), foot.top - 1.9 - top)
    reason = 0.0
    if symbol.is_square:
        side = min(side, 0.3 * cell.width)
        if cell.height > 50:
            side = min(side, foot.bars.y - symbol.above - 0.9 - top)
        elif foot.bars.y - symbol.above < top + side + 0.9 and foot.top - 4.7 - top >= 16:
            # The matrix rises beside the words: the reason gets the whole width below them.
            reason = foot.top - 1.5
            side = min(side, reason - 3.2 - top)
    tile = Box(_PAD, top, side, side)
    left = tile.right + _between(3.2, 3.4, t)
    right = cell.width - _PAD
    tag = Box(left, top - 0.2, right - left, _between(3.2, 3.5, t))
    first = _between(14.4, 17.9, t)
    last = max(tile.bottom + 0.1, first + 2)
    words = Words(
        left,
        _right(symbol, foot, right, last),
        first,
        last,
        _between(9.4, 10.6, t),
        _between(7.4, 8, t),
        _between(7, 7.4, t),
    )
    value = (left, right, _between(10.5, 12.9, t), _between(18, 22, t))
    return _made(cell, symbol, foot, tile, tag, value, words, reason)


def _right(symbol: Symbol, foot: _Foot, right: float, last: float) -> float:
    """Return where words must end that go down to `last`: at the cell's edge, or at a matrix."""
    return right if foot.bars.y - symbol.above >= last + 0.8 else min(right, foot.right)


def _small(cell: Box, symbol: Symbol) -> CouponPlan:
    """Three columns: picture, words beside it, the reason across the width, bars, terms below."""
    t = (cell.height - 38.5) / 4.5
    pad = 3.0
    foot = _foot(
        cell,
        symbol,
        bars=_between(5.7, 6.6, t),
        below=_between(2.5, 2.7, t),
        margin=_between(2.3, 2.5, t),
        pad=pad,
        t=min(t, 1.5) * 0.5 - 0.5,
    )
    top = _between(2.7, 3, t)
    reason = foot.top - 1.5
    side = min(reason - 3.1 - top, 0.32 * cell.width)
    tile = Box(pad, top, side, side)
    left = tile.right + 2.6
    right = cell.width - pad
    k = side / 18  # everything beside the picture keeps its proportion to it
    tag = Box(left, top, right - left, 3.0)
    words = Words(
        left,
        _right(symbol, foot, right, tile.bottom),
        top + 13.4 * k,
        tile.bottom,
        min(9.2, 8.8 * k + 0.2),
        min(7.4, 7 * k + 0.2),
        6.6,
    )
    value = (left, right, top + 9.4 * k, min(20, 18 * k))
    return _made(cell, symbol, foot, tile, tag, value, words, reason)


def _large(cell: Box, symbol: Symbol) -> CouponPlan:
    """Picture with the value beside it, words below both across the width, bars at the foot."""
    t = (cell.width - 63) / 32
    pad = _between(3, 4.4, t)
    foot = _large_foot(cell, symbol, pad, t)
    product = _between(10.2, 14, t)
    gap = product * 0.353
    words_height = gap * 2.2 + _between(7.4, 9.4, t)  # two lines of product, detail, reason
    last = foot.top - _between(2, 2.6, t)
    side = min(last - words_height - pad, 0.46 * cell.width)
    tile = Box(pad, pad, side, side)
    first = tile.bottom + gap * 1.55
    left, right = tile.right + _between(3, 4.4, t), cell.width - pad
    size = _between(21, 35, t)
    cap = size * 0.66 * 0.353
    tag_height = _between(3.3, 4.1, t)
    tag_top = tile.y + max(0.0, (side - tag_height - cap - 2.6) / 2)
    tag = Box(left, tag_top, right - left, tag_height)
    words = Words(pad, foot.right, first, last, product, _between(7.8, 9.6, t), _between(7, 8.6, t))
    value = (left, right, tag_top + tag_height + 2.6 + cap, size)
    return _made(cell, symbol, foot, tile, tag, value, words)


def _large_foot(cell: Box, symbol: Symbol, pad: float, t: float) -> _Foot:
    return _foot(
        cell,
        symbol,
        bars=_between(8, 12, t),
        below=_between(2.6, 3, t),
        margin=_between(2.6, 4.2, t),
        pad=pad,
        t=_between(0.4, 2.4, t),
    )


def _tall(cell: Box, symbol: Symbol) -> CouponPlan:
    """Picture across the whole width, everything else below it."""
    t = (cell.width - 63) / 32
    pad = _between(3, 4.4, t)
    foot = _large_foot(cell, symbol, pad, t)
    size = _between(22, 35, t)
    cap = size * 0.66 * 0.353
    last = foot.top - _between(2, 3, t)
    baseline = last - _between(15, 22, t)
    tag_height = _between(3.3, 4.1, t)
    tag = Box(pad, baseline - cap - 2.8 - tag_height, cell.width - 2 * pad, tag_height)
    tile = Box(pad, pad, cell.width - 2 * pad, tag.y - 3.2 - pad)
    words = Words(
        pad,
        foot.right,
        baseline + _between(4.6, 6.4, t),
        last,
        _between(10.4, 14, t),
        _between(7.8, 9.6, t),
        _between(7.1, 8.6, t),
    )
    value = (pad, cell.width - pad, baseline, size)
    return _made(cell, symbol, foot, tile, tag, value, words)


def _split(cell: Box, symbol: Symbol) -> CouponPlan:
    """A stacked barcode at the right, all words in a column at the left, terms where room is."""
    t = (cell.height - 34) / 9
    top = _between(2.4, 3, t)
    margin = _between(2.1, 2.4, t)
    x = cell.width - max(_PAD, symbol.right) - symbol.width
    y = max(top, symbol.above)
    bars = Box(x, y, symbol.width, symbol.height)
    code = _between(6.5, 6.8, t)
    code_baseline = bars.bottom + max(symbol.below, _between(2.5, 2.6, t))
    if code_baseline > cell.height - margin:
        raise PlanError(
            f"a barcode of {bars.width:.1f} x {bars.height:.1f} mm leaves no room for its code in "
            f"a coupon of {cell.width:.1f} x {cell.height:.1f} mm"
        )
    end = x - max(symbol.left, 3)
    valid, terms = _between(6.9, 7.4, t), _between(5.7, 6, t)
    leading = terms * 0.41
    bottom = cell.height - margin
    last = bottom
    height = valid * 0.24 + 0.4 + leading  # validity and a line of terms
    if bottom - code_baseline - 1 >= height:
        box = Box(x, code_baseline + 1, symbol.width, bottom - code_baseline - 1)
    else:
        box = Box(_PAD, bottom - height, end - _PAD, height)
        last = box.y - 1.4
    aside = Aside(box, valid, terms, leading)
    foot = _Foot(last, bars, x, x + symbol.width / 2, code_baseline, code, aside, end)
    tag = Box(_PAD, top, end - _PAD, _between(3.1, 3.5, t))
    product = _between(8.6, 10.2, t)
    gap = product * 0.353
    words_height = gap * (2.2 if box.x == x else 1.2) + _between(5, 7.5, t)
    side = min(last - words_height - tag.bottom - 1.4, 0.45 * (end - _PAD))
    tile = Box(_PAD, tag.bottom + 1.4, side, side)
    left = tile.right + 2.2
    size = _between(15, 20, t)
    baseline = tile.y + side / 2 + size * 0.33 * 0.353
    words = Words(
        _PAD,
        end,
        tile.bottom + gap * 1.35,
        last,
        product,
        _between(7, 7.8, t),
        _between(6.6, 7.2, t),
    )
    return _made(cell, symbol, foot, tile, tag, (left, end, baseline, size), words)
