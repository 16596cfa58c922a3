"""Where everything stands on a sheet: A4, millimetres from the top left corner.

The address stands in the DIN 5008 B window, coupons touch so that one cut serves two, and every
barcode keeps its quiet zones. What would overlap is an error here, not a surprise on paper.
"""

from dataclasses import dataclass
from functools import cache
from typing import Final

from coupons.sheets import barcodes
from coupons.sheets.codes import CODE_LENGTH
from coupons.sheets.fitting import Block, Line, fit, fit_block, settable, wrap
from coupons.sheets.fitting import width_mm as text_width_mm
from coupons.sheets.typefaces import Family


@dataclass(frozen=True, slots=True)
class Box:
    """A rectangle in mm; y grows downwards."""

    x: float
    y: float
    width: float
    height: float

    @property
    def right(self) -> float:
        """The right edge."""
        return self.x + self.width

    @property
    def bottom(self) -> float:
        """The lower edge."""
        return self.y + self.height

    def moved(self, x: float, y: float) -> "Box":
        """Return the same box, `x` mm further right and `y` mm further down."""
        return Box(self.x + x, self.y + y, self.width, self.height)

    def overlaps(self, other: "Box") -> bool:
        """Whether the two share more than an edge."""
        return (
            self.x < other.right
            and other.x < self.right
            and self.y < other.bottom
            and other.y < self.bottom
        )


PAGE: Final = Box(0, 0, 210, 297)
WINDOW: Final = Box(20, 45, 85, 45)
PANEL: Final = Box(136, 45, 62, 34)
TEXT_LEFT: Final = 12.0
TEXT_RIGHT: Final = 198.0
GRID_TOP: Final = 107.0
GRID_LEFT: Final = 10.0
COLUMNS: Final = 2
FOLDS: Final = (105.0, 210.0)  # DIN 5008 B

_SYMBOL_WIDTH: Final = barcodes.width_mm("0" * CODE_LENGTH)


@dataclass(frozen=True, slots=True, eq=False)
class CouponPlan:
    """Where things stand in one coupon, mm from its top left corner; sizes in points.

    Raises ValueError if a barcode's quiet zone leaves the coupon or meets the text beside it, or
    if the code under the barcode or the picture above it would touch the bars.
    """

    name: str
    cell: Box
    tile: Box
    tag: Box
    text_left: float
    text_right: float
    value_baseline: float
    value_size: float
    suffix_size: float
    product_size: float
    product_baselines: tuple[float, ...]  # of a product on one line
    folded_baselines: tuple[float, ...]  # of a product on two lines; none: never two
    detail_size: float
    reason_size: float
    barcode: Box
    code_baseline: float
    code_size: float
    aside_left: float
    valid_size: float
    terms_size: float
    terms_leading: float
    terms_lines: int

    def __post_init__(self) -> None:
        quiet = self.quiet_zone
        inside = quiet.x >= 0 and quiet.right <= self.cell.width
        if not inside or self.barcode.bottom > self.cell.height:
            raise ValueError(f"the barcode's quiet zone, {quiet}, leaves the coupon")
        aside = Box(self.aside_left, 0, self.text_right - self.aside_left, self.cell.height)
        if quiet.overlaps(aside):
            raise ValueError(
                f"text begins at {self.aside_left} mm, inside the barcode's quiet zone, "
                f"which ends at {quiet.right:.2f} mm"
            )
        if quiet.overlaps(self.tile) or self.code_baseline < self.barcode.bottom + 1.7:
            raise ValueError("something touches the bars from above or below")

    @property
    def quiet_zone(self) -> Box:
        """The barcode with the 10 modules of white it needs on either side."""
        margin = barcodes.QUIET_MODULES * barcodes.MODULE_MM
        bars = self.barcode
        return Box(bars.x - margin, bars.y, bars.width + 2 * margin, bars.height)


STANDARD: Final = CouponPlan(
    name="Standard",
    cell=Box(0, 0, 95, 43),
    tile=Box(3.2, 3.4, 23, 23),
    tag=Box(29.6, 3.3, 0, 3.5),
    text_left=29.6,
    text_right=92,
    value_baseline=12.9,
    value_size=22,
    suffix_size=12,
    product_size=10.6,
    product_baselines=(17.9, 21.6, 25.0),
    folded_baselines=(16.9, 20.3, 23.5, 26.5),
    detail_size=8,
    reason_size=7.4,
    barcode=Box(3.2, 28.4, _SYMBOL_WIDTH, 9),
    code_baseline=40.1,
    code_size=6.8,
    aside_left=52,
    valid_size=7.4,
    terms_size=6,
    terms_leading=2.45,
    terms_lines=4,
)
COMPACT: Final = CouponPlan(
    name="Compact",
    cell=Box(0, 0, 95, 34),
    tile=Box(3.2, 2.8, 17, 17),
    tag=Box(23.4, 2.5, 0, 3.2),
    text_left=23.4,
    text_right=92,
    value_baseline=10.5,
    value_size=18,
    suffix_size=10.5,
    product_size=9.4,
    product_baselines=(14.4, 17.3, 20.1),
    folded_baselines=(),
    detail_size=7.4,
    reason_size=7,
    barcode=Box(3.2, 21.9, _SYMBOL_WIDTH, 7.4),
    code_baseline=31.8,
    code_size=6.6,
    aside_left=52,
    valid_size=7.2,
    terms_size=5.8,
    terms_leading=2.3,
    terms_lines=3,
)
_LARGEST_STANDARD: Final = 8
LARGEST: Final = 10


def plan_for(count: int) -> CouponPlan:
    """Return the plan of a sheet of `count` coupons: up to 8 stand 43 mm high, 9 and 10 34 mm.

    Raises ValueError if a sheet cannot hold that many.
    """
    if not 1 <= count <= LARGEST:
        raise ValueError(f"a sheet holds 1 to {LARGEST} coupons, not {count}")
    return STANDARD if count <= _LARGEST_STANDARD else COMPACT


@cache
def coupon_boxes(count: int) -> tuple[Box, ...]:
    """Return the box of each of `count` coupons, row by row. Raises ValueError as plan_for."""
    cell = plan_for(count).cell
    return tuple(
        cell.moved(
            GRID_LEFT + place % COLUMNS * cell.width, GRID_TOP + place // COLUMNS * cell.height
        )
        for place in range(count)
    )


def barcode_box(count: int, place: int) -> Box:
    """Return where the bars of coupon `place` (from 0) of `count` stand, without quiet zones."""
    box = coupon_boxes(count)[place]
    return plan_for(count).barcode.moved(box.x, box.y)


@dataclass(frozen=True, slots=True)
class Address:
    """An address as set: lines, their size and the distance of their baselines in points."""

    lines: tuple[str, ...]
    size: float
    leading: float


ADDRESS_LEFT: Final = WINDOW.x
ADDRESS_TOP: Final = 55.4  # first baseline
_ADDRESS_SIZES: Final = ((11.5, 15.0, 6), (10.5, 13.5, 7), (9.5, 12.0, 8), (8.5, 10.5, 9))


def set_address(address: tuple[str, ...], family: Family) -> Address:
    """Set `address` in the window: smaller if it must be, then on more lines, never shortened.

    Raises ValueError if even the smallest size leaves no room for it.
    """
    width = WINDOW.width - 2
    wanted = tuple(filter(None, (settable(line, family.regular) for line in address)))
    widest = max((text_width_mm(line, family.regular, 1) for line in wanted), default=0)
    for size, leading, room in _ADDRESS_SIZES:
        if len(wanted) <= room and widest * size <= width:
            return Address(wanted, size, leading)
    for size, leading, room in _ADDRESS_SIZES:
        lines = [part for line in wanted for part in wrap(line, family.regular, size, width)]
        if len(lines) <= room:
            return Address(tuple(lines), size, leading)
    raise ValueError(f"an address of {len(wanted)} lines does not fit its window: {wanted}")


@dataclass(frozen=True, slots=True)
class OfferSetting:
    """One offer's words, set in a coupon: what, how large, on which baseline."""

    value: str
    value_size: float
    suffix: str
    suffix_size: float
    suffix_left: float
    product: Block
    product_baselines: tuple[float, ...]
    detail: Block
    detail_baseline: float
    reason_baseline: float
    terms: Block
    terms_baselines: tuple[float, ...]
    valid_baseline: float


def set_offer(
    plan: CouponPlan,
    family: Family,
    value: str,
    suffix: str,
    product: str,
    detail: str,
    terms: tuple[str, ...],
) -> OfferSetting:
    """Set an offer's words in `plan`. Only what no reader would miss may be shortened."""
    room = plan.text_right - plan.text_left
    figure, end = _set_value(plan, family, value, suffix, room)
    figure_width = text_width_mm(figure.text, family.black, figure.size)

    name = fit_block(product, family.semibold, plan.product_size, plan.product_size - 1.2, room, 1)
    baselines = plan.product_baselines
    if plan.folded_baselines and name.lines and name.lines[0].endswith("…"):
        name = fit_block(product, family.semibold, plan.product_size - 1, 8.4, room, 2)
        baselines = plan.folded_baselines
    *name_baselines, detail_baseline, reason_baseline = baselines
    maker = fit_block(detail, family.regular, plan.detail_size, plan.detail_size - 1.2, room, 1)

    conditions = _set_terms(plan, family, terms)
    count = len(conditions.lines)
    leading = plan.terms_leading * conditions.size / plan.terms_size
    return OfferSetting(
        value=figure.text,
        value_size=figure.size,
        suffix=end.text,
        suffix_size=end.size,
        suffix_left=plan.text_left + figure_width + _SUFFIX_GAP,
        product=name,
        product_baselines=tuple(name_baselines),
        detail=maker,
        detail_baseline=detail_baseline,
        reason_baseline=reason_baseline,
        terms=conditions,
        terms_baselines=tuple(
            plan.code_baseline - (count - 1 - line) * leading for line in range(count)
        ),
        valid_baseline=plan.code_baseline - count * leading - (0.5 if count else 0),
    )


_SUFFIX_GAP: Final = 1.2


def _set_value(
    plan: CouponPlan, family: Family, value: str, suffix: str, room: float
) -> tuple[Line, Line]:
    """Set value and suffix side by side: both smaller in step, then the suffix shortened."""
    figure = fit(value, family.black, plan.value_size, 11, room)
    while True:
        scale = max(figure.size, 14) / plan.value_size  # below that a suffix is too small to read
        end = fit(suffix, family.bold, round(plan.suffix_size * scale, 1), 7, room)
        left = room - text_width_mm(figure.text, family.black, figure.size) - _SUFFIX_GAP
        if not end.text or text_width_mm(end.text, family.bold, end.size) <= left:
            return figure, end
        if figure.size <= 11.5:
            if left > room / 5:
                return figure, fit(suffix, family.bold, end.size, min(7, end.size), left)
            return figure, Line("", end.size)
        figure = Line(figure.text, figure.size - 0.5)


def _set_terms(plan: CouponPlan, family: Family, terms: tuple[str, ...]) -> Block:
    """Set the terms, each from a new line; then as one paragraph; then smaller; then shortened."""
    room = plan.text_right - plan.aside_left
    size = plan.terms_size
    lines = [part for term in terms for part in wrap(term, family.regular, size, room)]
    if len(lines) <= plan.terms_lines:
        return Block(tuple(lines), size)
    return fit_block(" ".join(terms), family.regular, size, 5, room, plan.terms_lines)
