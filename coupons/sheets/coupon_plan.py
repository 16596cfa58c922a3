"""A coupon's plan: how large its barcode is printed, and where everything stands.

What would overlap is refused here. Millimetres from the coupon's top left corner, type in points.
"""

import math
from dataclasses import dataclass
from typing import Final

from coupons.sheets.boxes import MM_PER_INCH, Box
from coupons.sheets.faces import Format
from coupons.sheets.symbols.symbol import Extent

_EAN_MODULES: Final = 95
_LEAST_EAN_MODULE: Final = 0.264  # mm: 80 %, the least that GS1 allows at a till
_LARGEST_MODULE: Final = 3  # times the smallest, for symbols read by telephones


class PlanError(ValueError):
    """Why a barcode cannot stand in a coupon, in words that name both sizes."""


@dataclass(frozen=True, slots=True)
class Symbol:
    """A barcode on paper, mm: its bars, and the white it needs around them.

    A long code under it wants a line of its own where there is no room beside the bars.
    """

    width: float
    height: float
    module: float
    left: float
    right: float
    above: float
    below: float
    has_long_code: bool = False

    @property
    def is_square(self) -> bool:
        """Whether it is a matrix about as high as wide."""
        return self.height > 0.6 * self.width

    def room(self, bars: Box) -> Box:
        """Return what must stay clear around bars that stand in `bars`."""
        return Box(
            bars.x - self.left,
            bars.y - self.above,
            bars.width + self.left + self.right,
            bars.height + self.above + self.below,
        )


def symbol_for(
    format_: Format, extent: Extent, cell: Box, *, has_long_code: bool = False
) -> Symbol:
    """Return how large a symbol is printed: in whole dots, matrices as large as look well.

    Bars of any height get none here: the plan decides.
    """
    dot = MM_PER_INCH / format_.dots_per_inch
    dots = format_.dots_a_module
    if extent.height > 0.6 * extent.width:
        share = 0.42 if cell.height < 50 else 0.32
        wanted = max(min(share * cell.height, 0.23 * cell.width), 10)
        most = int(wanted / max(extent.width, extent.height) / dot)
        dots = max(dots, min(most, _LARGEST_MODULE * dots))
    elif extent.width <= _EAN_MODULES:
        dots = max(dots, math.ceil(_LEAST_EAN_MODULE / dot - 1e-9))
    module = dots * dot
    return Symbol(
        width=extent.width * module,
        height=extent.height * module,
        module=module,
        left=extent.left * module,
        right=extent.right * module,
        above=extent.above * module,
        below=extent.below * module,
        has_long_code=has_long_code,
    )


@dataclass(frozen=True, slots=True)
class Words:
    """A column of words: left and right edge, first baseline, last baseline, sizes."""

    left: float
    right: float
    first: float
    last: float
    product: float
    detail: float
    reason: float


@dataclass(frozen=True, slots=True)
class Aside:
    """Validity and terms: a box they fill from below, and where validity stands if elsewhere."""

    box: Box
    valid: float
    terms: float
    leading: float
    valid_left: float = 0  # 0: above the terms
    valid_baseline: float = 0


@dataclass(frozen=True, slots=True, eq=False)
class CouponPlan:
    """Where things stand in one coupon. value_right is where value and suffix must end.

    reason_baseline is where the reason stands if not below the detail (0), and then from the
    cell's left edge on. code_middle is what the code is centred on; None: it begins at code_left.
    Raises PlanError if the barcode or its quiet zones leave the coupon or meet what is beside it.
    """

    cell: Box
    symbol: Symbol
    tile: Box
    tag: Box
    value_left: float
    value_right: float
    value_baseline: float
    value_size: float
    words: Words
    reason_baseline: float
    bars: Box
    code_left: float
    code_middle: float | None
    code_baseline: float
    code_size: float
    aside: Aside

    def __post_init__(self) -> None:
        quiet, cell = self.quiet_zone, self.cell
        size = f"{self.bars.width:.1f} x {self.bars.height:.1f} mm"
        if not cell.holds(quiet):
            raise PlanError(
                f"a barcode of {size} with its quiet zones ({quiet.width:.1f} mm wide, "
                f"{quiet.height:.1f} mm high) leaves a coupon of "
                f"{cell.width:.1f} x {cell.height:.1f} mm"
            )
        words = self.words
        column = Box(
            words.left,
            words.first - 2.5,
            words.right - words.left,
            words.last - words.first + 2.5,
        )
        terms = self.aside.box
        value = Box(self.value_left, self.tag.y, 1, self.value_baseline - self.tag.y)
        near = {"picture": self.tile, "product": column, "terms": terms, "value": value}
        for name, box in near.items():
            if quiet.overlaps(box):
                raise PlanError(
                    f"a barcode of {size} with its quiet zones leaves no room for the {name} in "
                    f"a coupon of {cell.width:.1f} x {cell.height:.1f} mm"
                )
        if (
            self.tile.width < 9
            or self.tile.height < 9
            or words.right - words.left < 20
            or terms.width < 20
            or words.last - words.first < 2
        ):
            raise PlanError(
                f"a barcode of {size} leaves no room for words in a coupon of "
                f"{cell.width:.1f} x {cell.height:.1f} mm"
            )

    @property
    def quiet_zone(self) -> Box:
        """The bars with the white they need around them."""
        return self.symbol.room(self.bars)
