"""What stands where on a sheet, and whether it can: the coupons' boxes, faults in words.

Coupons touch so that one cut serves two, and every barcode keeps its quiet zones: what would
overlap is an error here, not a surprise on paper. Millimetres from the top left of the trimmed
page.
"""

from functools import cache, lru_cache
from typing import Final

from coupons.sheets import heads
from coupons.sheets.boxes import Box, paper
from coupons.sheets.coupon_plan import CouponPlan, PlanError, symbol_for
from coupons.sheets.faces import Format, Leaf, OfferFace, Symbology
from coupons.sheets.fitting import ELLIPSIS
from coupons.sheets.plans import plan
from coupons.sheets.setting import set_offer
from coupons.sheets.symbols.symbol import Extent, extent, text_of
from coupons.sheets.typefaces import Family

__all__ = [
    "Box",
    "check_address",
    "check_offer",
    "columns",
    "coupon_boxes",
    "coupon_page",
    "pages_a_sheet",
    "plan_for",
]

_SIDE: Final = 10.0  # mm of white left and right of the coupons
_COLUMNS: Final = {4: 2, 6: 2, 8: 2, 10: 2, 12: 3}
_SHORT_CODE: Final = 18  # letters that stand beside the validity


def columns(format_: Format) -> int:
    """Return how many coupons stand side by side."""
    return _COLUMNS[format_.places]


def pages_a_sheet(format_: Format) -> int:
    """Return how many pages each sheet has in the file."""
    return 1 if format_.leaf is Leaf.ONE else 2


def coupon_page(format_: Format) -> int:
    """Return which page of a sheet carries its coupons, from 0."""
    return 1 if format_.leaf is Leaf.LETTER else 0


@cache
def coupon_boxes(format_: Format) -> tuple[Box, ...]:
    """Return the box of each place, row by row; a sheet of fewer coupons leaves the last empty."""
    page = paper(format_.page)
    across = columns(format_)
    top = heads.grid_top(format_)
    width = (page.width - 2 * _SIDE) / across
    height = (page.height - heads.FOOT - top) / (format_.places // across)
    return tuple(
        Box(_SIDE + place % across * width, top + place // across * height, width, height)
        for place in range(format_.places)
    )


@lru_cache(maxsize=1024)
def plan_for(format_: Format, size: Extent, code_letters: int = 16) -> CouponPlan:
    """Return the plan of a coupon whose barcode takes `size`, and its code so many letters.

    Raises PlanError if there is no room for them.
    """
    cell = coupon_boxes(format_)[0]
    has_long_code = code_letters > _SHORT_CODE
    return plan(cell, symbol_for(format_, size, cell, has_long_code=has_long_code))


def check_offer(format_: Format, family: Family, face: OfferFace, payload: str) -> list[str]:
    """Return why an offer with such a payload cannot be set in this format; empty if it can.

    family: the faces it is set in. Each fault is a sentence that names sizes and what would help.
    """
    try:
        size = extent(face.symbology, payload)
    except ValueError as error:
        return [f"{face.product}: {error}"]
    letters = len(text_of(face.symbology, payload))
    try:
        chosen = plan_for(format_, size, letters)
    except PlanError as error:
        return [f"{face.product}: {error}. {_remedies(format_, face, payload)}"]
    setting = set_offer(chosen, family, face)
    faults = []
    if not face.product.strip():
        faults.append("an offer has no product's name")
    if not face.value.strip():
        faults.append(f"{face.product}: nothing says what the coupon is worth")
    fewer = "" if format_.places == min(_COLUMNS) else ", or fewer coupons a sheet"
    for kind, wanted, lines in (
        ("value", face.value, (setting.value.text,)),
        ("what stands beside the value", face.suffix, (setting.suffix.text,)),
        ("validity", face.valid, (setting.valid.text,)),
        ("terms", " ".join(face.terms), setting.terms.lines),
    ):
        shown = lines[-1] if lines else ""
        if wanted.strip() and (not shown or shown.endswith(ELLIPSIS) > wanted.endswith(ELLIPSIS)):
            faults.append(
                f"{face.product}: {kind}, {len(wanted)} letters, would be cut short in a coupon "
                f"of {chosen.cell.width:.0f} x {chosen.cell.height:.0f} mm. What would help: "
                f"fewer words{fewer}"
            )
    return faults


def _remedies(format_: Format, face: OfferFace, payload: str) -> str:
    """Return what would help, tried out: fewer coupons, fewer dots, another symbology."""

    def fits(places: int, dots: int) -> bool:
        other = Format(
            page=format_.page,
            window=format_.window,
            leaf=format_.leaf,
            places=places,
            match_marks=format_.match_marks,
            dots_per_inch=format_.dots_per_inch,
            dots_a_module=dots,
        )
        try:
            plan_for(other, extent(face.symbology, payload), len(text_of(face.symbology, payload)))
        except ValueError:
            return False
        return True

    found = []
    fewer = [places for places in _COLUMNS if places < format_.places]
    if best := [places for places in fewer if fits(places, format_.dots_a_module)]:
        found.append(f"at most {max(best)} coupons a sheet")
    least = max(2, round(0.19 / 25.4 * format_.dots_per_inch))
    if dots := [n for n in range(least, format_.dots_a_module) if fits(format_.places, n)]:
        found.append(f"{max(dots)} dots a module instead of {format_.dots_a_module}")
    if face.symbology is not Symbology.DATAMATRIX:
        found.append("a GS1 DataMatrix")
    return f"What would help: {', or '.join(found)}" if found else "Nothing but larger paper helps"


def check_address(format_: Format, family: Family, lines: tuple[str, ...]) -> str:
    """Return why an address cannot be set in its window; "" if it can."""
    try:
        heads.set_address(heads.head(format_), family, lines)
    except ValueError as error:
        return str(error)
    return ""
