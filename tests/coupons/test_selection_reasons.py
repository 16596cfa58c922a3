"""Why a coupon stands on a sheet, in words."""

import numpy as np

from coupons.selection.allocation import allocate
from coupons.selection.reasons import explain, new_words, staff_words
from loyalty.shopper import needs_features
from loyalty.shopper.kernel import statistics
from tests.coupons.test_selection_response import AS_OF, answer, buys, lines, offers_of

NAMES = ["Coffee", "Filter coffee", "Oat drink", "Milk"]


def explained(rows, *products, **rules):
    """The reasons on the first household's sheet, by the offer's name."""
    said = answer(rows, offers_of(*products), households=1)
    bought = statistics(
        lines(rows), np.arange(4, dtype=np.int32), households=1, items=4, as_of=AS_OF
    )
    eligible = np.ones(said.probability.shape, bool)
    category = np.arange(len(products), dtype=np.int32)
    chosen = allocate(said.probability, eligible, category, **rules)
    reasons = [
        explain(
            0, place, chosen=chosen, response=said, value=said.probability, products=bought,
            product_gaps=needs_features.pace(bought, bought.items).usual_gap,
            products_in_offer=[len(some) for some in products], names=NAMES,
        )
        for place in range(chosen.offers.shape[1])
    ]  # fmt: skip
    return {
        NAMES[offer]: reason
        for offer, reason in zip(chosen.offers[0], reasons, strict=True)
        if reason
    }, reasons


def test_each_coupon_says_why_it_is_here():
    rows = buys(0, 0, 12) + buys(0, 1, 12, until=200)
    reasons, _ = explained(rows, [0], [1], [3])
    assert (reasons["Coffee"].tag, reasons["Coffee"].paper) == (
        "buy", "You buy this about every 12 days.",
    )  # fmt: skip
    assert (reasons["Filter coffee"].tag, reasons["Filter coffee"].paper) == (
        "back", "We have missed you here since July.",
    )  # fmt: skip
    assert (reasons["Oat drink"].tag, reasons["Oat drink"].paper) == (
        "new", "Something new to try.",
    )  # fmt: skip


def test_what_is_bought_on_saturdays_is_a_saturday_favourite():
    rows = [(0, 0, day, False) for day in range(0, 399, 7)]  # 2000-01-01 was a Saturday
    reasons, _ = explained(rows, [0])
    assert reasons["Coffee"].paper == "A Saturday favourite of yours."


def test_a_wide_offer_speaks_of_one_of_these():
    reasons, _ = explained(buys(0, 0, 12), [0, 1])
    assert reasons["Coffee"].paper == "You buy one of these about every 12 days."


def test_staff_see_the_chance_and_what_was_left_out():
    reasons, places = explained(buys(0, 0, 12) + buys(0, 1, 30), [0], [1], [3], per_sheet=1)
    assert list(reasons) == ["Coffee"]
    assert "best left out: Filter coffee by 0." in reasons["Coffee"].staff
    assert len(places) == 1


def test_an_empty_place_has_no_reason():
    reasons, places = explained(buys(0, 0, 12), [0], per_sheet=2)
    assert places[1] is None
    assert reasons["Coffee"].staff.endswith("; no other offer fits in its place")


def test_small_chances_keep_two_digits():
    assert staff_words(0.0042, 0.0042, None, 0.0) == (
        "value 0.0042 = chance 0.0042; no other offer fits in its place"
    )
    assert staff_words(0.93, 0.31, "Milk", 0.0) == (
        "value 0.93, chance 0.31; best left out: Milk by 0.00"
    )


def test_a_new_offer_near_what_they_know_says_so():
    assert new_words(knows_category=True) == "New for you, from a shelf you know."
