"""Forecasts: intervals that make sense, sums that equal what is promised, limits in words."""

from collections import Counter
from decimal import Decimal

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from coupons import mailing as mailings
from coupons import selecting
from coupons.models import Coupon, FunderBudget, Mailing, Redemption
from coupons.selection.forecast import USUAL_ERROR, counted, earned, error_of
from coupons.terms import Terms
from loyalty import fitted, rebuild
from loyalty.models import FittedModel
from tests import make
from tests.coupons import selecting_shop
from tests.coupons.selecting_shop import HOMES, change, in_use, said
from tests.coupons.test_responding import DAY, TODAY

amounts = st.floats(0.01, 1e7)
errors = st.floats(0.0, 1.5)


@given(amounts, st.floats(0.0, 1e7), errors, errors)
def test_what_is_counted_lies_within_its_interval_and_never_below_nothing(mean, luck, less, more):
    less, more = sorted((less, more))
    told, wider = counted(mean, luck, less), counted(mean, luck, more)
    assert 0 <= wider.low <= told.low <= told.mean == mean <= told.high <= wider.high
    assert told.mean - told.low <= told.high - told.mean + 1e-9 * mean


@given(amounts, errors)
def test_an_interval_of_twice_as_much_is_twice_as_wide_where_luck_is_small(mean, error):
    one, two = counted(mean, 0.0, error), counted(2 * mean, 0.0, error)
    assert two.low == pytest.approx(2 * one.low)
    assert two.high == pytest.approx(2 * one.high)


def test_of_nothing_nothing_comes():
    assert counted(0.0, 0.0, 0.3) == (0.0, 0.0, 0.0)
    assert earned(np.zeros(3), np.ones(3), 0.3) == (0.0, 0.0, 0.0)


def test_by_luck_alone_nineteen_of_twenty_mailings_lie_within():
    rng = np.random.default_rng(1)
    chance = rng.uniform(0.01, 0.1, 4000)
    told = counted(chance.sum(), (chance * (1 - chance)).sum(), 0.0)
    came = (rng.random((2000, 4000)) < chance).sum(axis=1)
    assert 0.93 < ((told.low <= came) & (came <= told.high)).mean() < 0.97


@given(
    st.lists(st.floats(-1e5, 1e5), min_size=3, max_size=3),
    st.lists(errors, min_size=3, max_size=3),
    errors,
)
def test_a_margin_may_be_a_loss_and_lies_in_the_middle_of_its_interval(parts, factors, share):
    told = earned(np.array(parts), np.array(factors), share)
    assert told.mean == pytest.approx(sum(parts), abs=1e-6)
    assert told.low <= told.mean <= told.high
    assert told.high - told.mean == pytest.approx(told.mean - told.low, abs=1e-6)


@given(st.lists(st.tuples(st.floats(0, 1e5), st.integers(0, 100_000)), max_size=20))
def test_errors_of_small_mailings_say_nothing(past):
    expected, came = [mean for mean, _ in past], [real for _, real in past]
    large = [(mean, real) for mean, real in past if mean >= 5]
    assert error_of(expected, came) == error_of([m for m, _ in large], [r for _, r in large])


def test_what_past_mailings_erred_by_takes_over_from_the_usual():
    assert error_of([], []) == pytest.approx(USUAL_ERROR)
    right = [error_of([100.0] * n, [100] * n) for n in range(10)]
    assert right == sorted(right, reverse=True)
    wrong = [error_of([100.0] * n, [300] * n) for n in range(10)]
    assert wrong == sorted(wrong)
    assert error_of([100.0] * 400, [300] * 400) == pytest.approx(np.log(3), abs=0.01)


# On a small shop.


@pytest.fixture(scope="module")
def standing(django_db_setup, django_db_blocker):
    with selecting_shop.standing(django_db_blocker) as shop:
        yield shop


@pytest.fixture
def shop(standing, db):
    return standing


def test_sums_are_those_of_the_coupons_that_are_promised(shop):
    shop.offers[2].levels.create(number=2, face_value=Decimal("0.90"))
    said(shop.homes[0], "profiling", is_granted=False)
    mailing = selecting_shop.mailing(shop, random_slots=1, holdout_share=Decimal("0.200"))
    mailings.select_and_issue(mailing)
    selection = in_use(mailing)
    report, terms = selection.report, Terms.from_plain(selection.terms)
    cost = {(one.pk, level.pk): level.cost for one in terms.offers for level in one.levels}
    printed = list(Coupon.objects.values_list("offer", "level", "chance", "value"))
    by_offer = Counter(offer for offer, *_ in printed)
    assert {one["offer"]: one["coupons"] for one in report["offers"]} == {
        offer.pk: by_offer[offer.pk] for offer in shop.offers
    }
    totals = report["totals"]
    assert totals["coupons"] == len(printed)
    spent = sum(chance * cost[offer, level or 0] for offer, level, chance, _ in printed)
    for name, total in (
        ("redemptions", sum(chance for *_, chance, _ in printed)),
        ("cost", spent),
        ("margin", sum(value or 0.0 for *_, value in printed)),
    ):
        mean, low, high = totals[name]
        assert mean == pytest.approx(total, abs=1e-3)
        assert low < mean < high
        assert sum(one[name][0] for one in report["offers"]) == pytest.approx(mean, abs=0.01)
    for one in report["offers"]:
        assert sum(number for _, number in one["levels"]) == one["coupons"]
    assert sum(sheets for _, sheets, *_ in report["tiers"]) == mailing.sheets.count()


def test_a_mailing_for_redemptions_forecasts_no_margin(shop):
    selection = selecting.select(selecting_shop.mailing(shop, objective="redemptions"))
    assert selection.report["totals"]["margin"] is None
    assert {one["margin"] for one in selection.report["offers"]} == {None}


def test_past_mailings_that_went_as_forecast_make_the_next_forecast_surer(shop):
    next_one = selecting_shop.mailing(shop, code="next")
    before = selecting.select(next_one).report["totals"]["redemptions"]
    for at, ago in enumerate((120, 90, 60)):
        past = selecting_shop.mailing(
            shop, code=f"past {at}", issue_on=TODAY - ago * DAY, valid_from=TODAY - ago * DAY,
            valid_to=TODAY - (ago - 20) * DAY, state="closed",
        )  # fmt: skip
        posted(shop, past)
    after = selecting.select(next_one).report["totals"]["redemptions"]
    assert after[2] / after[0] < before[2] / before[0]


def posted(shop, mailing: Mailing):
    """A sheet of one coupon to each household; half of them were expected, and came, back."""
    for at, home in enumerate(shop.homes):
        sheet = mailing.sheets.create(household=home, number=at + 1, address="", savings="0.50")
        coupon = sheet.coupons.create(
            code=f"{mailing.pk:05}-{at:05}", position=1, offer=shop.offers[at % 12],
            valid_from=mailing.valid_from, valid_to=mailing.valid_to, chance=0.5, tag="buy",
        )  # fmt: skip
        if at % 2:
            Redemption.objects.create(
                offer=coupon.offer, coupon=coupon, amount="0.50", store=shop.till.store, till=1,
                business_date=mailing.valid_from + DAY, receipt=coupon.code,
            )  # fmt: skip


def test_what_was_measured_narrows_the_margin(shop):
    mailing = selecting_shop.mailing(shop)
    before = selecting.select(mailing).report["totals"]["margin"]
    known = {tag: {"factor": factor, "sd": 0.01} for tag, factor in
             (("buy", 0.3), ("back", 0.5), ("new", 0.7))}  # fmt: skip
    fitted.keep(FittedModel.Kind.UPLIFT, known, as_of=TODAY, figures={}, use=True)
    rebuild.rebuild(TODAY)
    selection = selecting.select(mailing)
    assert selection.learned.get().kind == "uplift"
    after = selection.report["totals"]["margin"]
    assert (after[2] - after[1]) / after[0] < (before[2] - before[1]) / before[0]


def test_limits_are_told_in_words_with_what_they_cost(shop):
    mailing = selecting_shop.mailing(shop, fairness="0.400", objective="redemptions")
    free = selecting.select(mailing).report
    assert free["limits"] == [
        "Every tier's and size's coupons are worth within 40.0% of the mean, which costs nothing."
    ]
    assert all(one["limits"] == [] for one in free["offers"])
    liked, *_, spare = sorted(free["offers"], key=lambda one: -one["redemptions"][0])
    change(offer_of(shop, liked), most_coupons=3)
    (capped,) = told(selecting.select(mailing), liked)
    assert capped.startswith("Its cap of 3 coupons binds: one more would bring about 0.")
    assert capped.endswith(" coupons used.")
    change(offer_of(shop, liked), most_coupons=None)
    change(offer_of(shop, spare), least_coupons=HOMES - 6)
    (promised,) = told(selecting.select(mailing), spare)
    assert promised.startswith("The last of the 18 guaranteed coupons costs about 0.")
    change(offer_of(shop, spare), least_coupons=HOMES)
    assert told(selecting.select(mailing), spare) == [
        "Its 24 guaranteed coupons take every household that can get it, whatever it displaces."
    ]


def told(selection, offer):
    return next(one["limits"] for one in selection.report["offers"] if one["code"] == offer["code"])


def test_budgets_are_told_with_what_is_spent_of_them_and_what_more_would_bring(shop):
    mailing = selecting_shop.mailing(shop)
    free = selecting.select(mailing).report["totals"]["cost"][0]
    mailing.budget = Decimal(str(round(free * 0.8, 2)))
    mailing.save()
    FunderBudget.objects.create(mailing=mailing, funder=make.funder(), amount=Decimal("500.00"))
    report = selecting.select(mailing).report
    whole, funder = report["limits"]
    assert whole.startswith("The mailing: ")
    assert f"of {mailing.budget} is expected to be spent; 1.00 more would bring about " in whole
    assert whole.endswith(" of margin.")
    assert funder.startswith("Oat Works: ")
    assert funder.endswith("of 500.00 is expected to be spent.")
    assert report["coupons"] == 4 * HOMES


def offer_of(shop, told):
    return next(offer for offer in shop.offers if offer.pk == told["offer"])
