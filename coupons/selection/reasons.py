"""Why a coupon stands on a sheet: its tag, the sentence on paper, and the staff's account."""

from collections.abc import Sequence
from datetime import timedelta
from math import isclose
from typing import NamedTuple

from coupons.selection.allocation import Chosen
from coupons.selection.response import BACK, BUY, NEW, Response
from loyalty.shopper.kernel import EPOCH, Floats, Statistics, weekday_counts
from loyalty.shopper.reasons import paper_words
from loyalty.shopper.value import favourite_weekdays

TAGS = {BUY: "buy", BACK: "back", NEW: "new"}

_WEEKDAY_SHARE = 0.6


class Reason(NamedTuple):
    """What is said of one coupon."""

    tag: str  # buy, back or new
    paper: str  # a short sentence for the shopper
    staff: str  # value, chance, and the best offer left out


def explain(
    household: int,
    place: int,
    *,
    chosen: Chosen,
    response: Response,
    value: Floats,
    products: Statistics,
    product_gaps: Floats,
    products_in_offer: Sequence[int],
    names: Sequence[str],
) -> Reason | None:
    """Explain the coupon at `place` of the sheet of `household`, or None where there is none.

    household: row of the bucket. products, product_gaps: as given to respond(). value: as given to
    allocate(). products_in_offer, names: one an offer.
    """
    offer = int(chosen.offers[household, place])
    if offer < 0:
        return None
    tag = int(response.tag[household, offer])
    if tag == NEW:
        paper = new_words(knows_category=bool(response.knows_category[household, offer]))
    else:
        paper = _bought_words(
            products,
            product_gaps,
            int(response.best[household, offer]),
            several=products_in_offer[offer] > 1,
        )
    left_out = int(chosen.left_out[household, place])
    staff = staff_words(
        float(value[household, offer]),
        float(response.probability[household, offer]),
        names[left_out] if left_out >= 0 else None,
        float(chosen.margin[household, place]),
    )
    return Reason(TAGS[tag], paper, staff)


def new_words(*, knows_category: bool) -> str:
    """Say on paper why an offer the household never bought stands there."""
    if knows_category:
        return "New for you, from a shelf you know."
    return "Something new to try."


def staff_words(value: float, chance: float, left_out: str | None, margin: float) -> str:
    """Account for a choice to staff.

    >>> staff_words(0.31, 0.31, "Oat drink", 0.02)
    'value 0.31 = chance 0.31; best left out: Oat drink by 0.020'
    """
    joint = " = " if isclose(value, chance) else ", "
    words = f"value {_figure(value)}{joint}chance {_figure(chance)}"
    if left_out is None:
        return f"{words}; no other offer fits in its place"
    return f"{words}; best left out: {left_out} by {_figure(margin)}"


def _bought_words(products: Statistics, product_gaps: Floats, row: int, *, several: bool) -> str:
    last = int(products.last[row])
    counts = weekday_counts(products.weekdays[row : row + 1])
    return paper_words(
        int(products.n[row]),
        float(product_gaps[row]),
        products.as_of - last,
        EPOCH + timedelta(days=last),
        favourite_weekday=int(favourite_weekdays(counts, least_share=_WEEKDAY_SHARE)[0]),
        several=several,
    )


def _figure(number: float) -> str:
    """Two decimals, or two digits where that would be nothing."""
    return f"{number:.2f}" if abs(number) >= 0.1 or number == 0 else f"{number:#.2g}"
