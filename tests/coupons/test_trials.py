"""Trials: what an offer would have met in the last weeks, by the rules of the till."""

from collections import Counter
from datetime import timedelta
from decimal import Decimal

import numpy as np
import pytest
from django.contrib.auth.models import User
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format

from coupons import pricing, trials
from coupons.models import Offer, OfferProduct, OfferTrial
from loyalty import history
from loyalty.lately import NOTHING_BOUGHT, Bought
from loyalty.shopper.value import TIERS
from tests import make
from tests.staff import one_of

UNTIL = 10_000


def lines(*rows):
    """(household, basket, days before UNTIL, product, units, cents) as Bought."""
    columns = np.array(rows, np.int64).T
    home, basket, ago, product, units, cents = columns
    store = np.ones_like(home)
    return Bought(home, basket, UNTIL - ago, store, product, 1000 * units, cents)


def terms(kind="amount", face="1.00", **more):
    return pricing.Terms(kind, Decimal(face), **more)


def meet(bought, offer, *, lowest=None, tiers=None):
    return trials.meet(bought, offer, lowest or {}, weeks=8, until=UNTIL, tiers=tiers or {})


BASKETS = lines(
    (1, 10, 1, 5, 2, 500),  # 2 units at 2.50
    (1, 11, 8, 5, 1, 80),  # cheaper than the coupon is worth
    (2, 12, 8, 5, 1, 250),
    (2, 12, 8, 6, 1, 300),
)


@pytest.mark.parametrize(
    ("offer", "cents"),
    [
        (terms(), 100 + 80 + 100),
        (terms("percent", "5.00", percent=20), 50 + 16 + 60),
        (terms("fixed_price", "5.00", price=Decimal("2.00")), 50 + 100),
        (terms("free_item", "5.00"), 250 + 80 + 300),
        (terms("multi_buy", "9.00", units=2, percent=100), 250 + 250),
        (terms("multi_buy", "9.00", units=2, price=Decimal("4.00")), 100 + 150),
        (terms("threshold", "1.00", threshold=Decimal("5.00")), 100 + 100),
    ],
)
def test_every_kind_takes_off_what_the_till_would(offer, cents):
    assert meet(BASKETS, offer).cost_cents == cents


def test_it_counts_who_bought_how_often_and_what_one_cost():
    met = meet(BASKETS, terms(), tiers={1: TIERS.index("gold")})

    assert (met.households, met.purchases, met.units, met.spend_cents) == (2, 3, 5, 1130)
    assert met.by_week.tolist()[-2:] == [[2, 3, 630, 180], [1, 2, 500, 100]]
    assert met.by_tier[TIERS.index("gold")].tolist() == [1, 2, 180]
    assert met.by_tier[-1].tolist() == [1, 1, 100]
    assert met.prices == Counter({250: 3, 80: 1, 300: 1})
    assert trials.quartiles(met.prices) == [80, 250, 250, 250, 300]


def test_no_coupon_goes_below_the_lowest_price():
    met = meet(lines((1, 10, 1, 5, 1, 250)), terms(), lowest={5: Decimal("2.00")})

    assert met.cost_cents == 50


def test_buckets_add_up_to_the_whole():
    def of(home):
        return Bought(*(column[BASKETS.household == home] for column in BASKETS))

    whole = meet(BASKETS, terms())
    both = trials.add(meet(of(1), terms()), meet(of(2), terms()))

    for one, other in zip(whole, both, strict=True):
        assert np.array_equal(np.asarray(one), np.asarray(other))


def test_nothing_sold_is_no_purchase():
    met = meet(NOTHING_BOUGHT, terms())

    assert (met.households, met.cost_cents) == (0, 0)
    assert trials.told(met, trials.rate_of(0, 0, 0.01), since=timezone.localdate())["prices"] == []


def test_a_kind_that_was_never_out_has_the_usual_rate_and_a_wide_range():
    unknown, known = trials.rate_of(0, 0, 0.01), trials.rate_of(1000, 100_000, 0.01)

    assert unknown.usual == pytest.approx(0.01) == known.usual
    assert unknown.low < known.low < 0.01 < known.high < unknown.high


@pytest.fixture
def offer(db):
    """One household bought it twice lately, once long ago; somebody without a card once."""
    make.household("900")
    today = timezone.localdate()
    for card, days in (("900", 3), ("900", 10), ("900", 100), ("", 3)):
        make.line(make.basket(card, today - timedelta(days=days)), amount="2.00")
    history.seal()
    return make.offer("0.50")


def test_a_trial_reads_the_history_and_is_shown_on_the_offers_page(
    offer, admin_client, django_assert_max_num_queries
):
    trial, is_new = trials.begin(offer, User.objects.get())
    assert is_new
    assert trials.begin(offer, User.objects.get()) == (trial, False)

    done = trials.work(trial.pk)
    assert trials.work(trial.pk).figures == done.figures  # it may be run twice

    assert done.state == OfferTrial.State.DONE
    assert (done.figures["households"], done.figures["purchases"]) == (1, 2)
    assert done.figures["cost"] == 100
    url = reverse("admin:coupons_offer_change", args=[offer.pk])
    admin_client.get(url)  # what is looked up once for all pages
    with django_assert_max_num_queries(20):
        page = admin_client.get(url)
    body = page.content.decode()
    assert "1 household bought it 2 times: 2 units for 4.00" in body
    assert f"before {date_format(done.until)}" in body
    assert f">{date_format(done.until - timedelta(weeks=8))}<" in body


def test_a_trial_whose_worker_was_killed_is_worked_out_by_the_next_one(offer, admin_user):
    trial, _ = trials.begin(offer, admin_user)
    OfferTrial.objects.update(state=OfferTrial.State.RUNNING)
    assert trials.work(trial.pk).state == OfferTrial.State.DONE


def test_the_desk_asks_before_and_queues_one_trial(offer, admin_client):
    url = reverse("admin:coupons_offer_try", args=[offer.pk])
    assert "Nobody gets a coupon" in admin_client.get(url).content.decode()

    for _ in range(2):
        admin_client.post(url, {"confirmed": "yes"})

    page = admin_client.get(reverse("admin:coupons_offer_change", args=[offer.pk]))
    assert OfferTrial.objects.count() == 1
    assert "The queue has not begun yet" in page.content.decode()


def test_what_cannot_be_tried_says_why(offer, admin_client):
    OfferProduct.objects.all().delete()
    url = reverse("admin:coupons_offer_try", args=[offer.pk])

    page = admin_client.post(url, {"confirmed": "yes"}, follow=True)

    assert "good on nothing yet" in page.content.decode()
    assert not OfferTrial.objects.exists()


def test_without_a_history_nothing_can_be_tried(admin_user):
    with pytest.raises(trials.TrialError, match="no history yet"):
        trials.begin(make.offer(), admin_user)


def test_an_offer_nobody_bought_says_what_to_check(offer, admin_client):
    OfferProduct.objects.update(product=make.product("04006381333931", "Pens"))
    trials.work(trials.begin(offer, User.objects.get())[0].pk)

    page = admin_client.get(reverse("admin:coupons_offer_change", args=[offer.pk]))

    assert "Nobody with a card bought" in page.content.decode()


def test_who_may_only_look_cannot_try(offer):
    client = one_of("Store staff")
    assert client.post(reverse("admin:coupons_offer_try", args=[offer.pk])).status_code == 403
    assert Offer.objects.count() == 1
