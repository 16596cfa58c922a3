"""A mailing is measured against who was held out, on today's cards, with cost counted once."""

from datetime import date, timedelta

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError

from coupons import measuring
from coupons.models import Measurement, Recipient, Selection
from loyalty import history, identify
from tests import make
from tests.coupons.measured_shop import ENDS, FINAL, HOMES, ISSUED, OVER, Shop

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _few_buckets(settings):
    settings.LOYALTY_BUCKETS = 2


def offer(measurement, code):
    return next(one for one in measurement.report["offers"] if one["code"] == code)


def group(measurement, kind, key=""):
    return next(
        one for one in measurement.report["groups"] if (one["kind"], one["key"]) == (kind, key)
    )


def test_an_offer_that_works_is_seen_and_one_that_does_not_costs_what_it_took_off():
    shop = Shop()

    found = measuring.measure(shop.mailing, OVER)

    oats, beans = offer(found, "oats"), offer(found, "beans")
    assert oats["effects"]["sales"]["low"] <= 1.0 <= oats["effects"]["sales"]["high"]
    assert oats["effects"]["sales"]["low"] > 0.5
    assert oats["effects"]["net"]["low"] <= 0.24 <= oats["effects"]["net"]["high"]
    # Beans sell as always: what is given off is lost, every other time 0.50.
    assert beans["effects"]["sales"]["each"] == pytest.approx(0, abs=0.01)
    assert beans["effects"]["net"]["each"] == pytest.approx(-0.25, abs=0.01)
    assert [one["code"] for one in found.report["drop"]] == ["beans"]
    assert "lost" in found.report["drop"][0]["says"]

    # Accounts are exact.
    whole = group(found, "mailing")
    assert found.report["households"] == {
        "sheets": 120, "held_out": 60, "gone": 0, "unsent": 0,
    }  # fmt: skip
    assert (whole["coupons"], whole["redeemed"], whole["breakage"]) == (240, 120, 120)
    assert whole["sheets_used"] == 60
    assert (oats["off_cents"], oats["own_cents"], oats["funded_cents"], oats["fee_cents"]) == (
        3000, 1200, 1800, 480,
    )  # fmt: skip
    assert offer(found, "beans")["own_cents"] == 3000
    assert offer(found, "beans")["fee_cents"] == 0
    assert group(found, "tier", "silver")["coupons"] == 240
    assert group(found, "store", str(shop.store.pk))["sheets"] == 120
    assert group(found, "funder", "Oat Works")["redeemed"] == 120
    assert group(found, "tag", "buy")["coupons"] == 120


def test_what_a_coupon_took_off_is_sold_whether_or_not_the_till_took_it_off_the_line():
    shop = Shop(takes_off_line=False)

    found = measuring.measure(shop.mailing, OVER)

    sales = offer(found, "beans")["effects"]["sales"]
    assert sales["each"] == pytest.approx(0, abs=0.01)
    assert offer(found, "beans")["effects"]["net"]["each"] == pytest.approx(-0.25, abs=0.01)


def test_the_same_facts_give_the_same_figures_even_if_cut_into_other_buckets_since(settings):
    shop = Shop()
    before = measuring.measure(shop.mailing, OVER).report
    assert measuring.measure(shop.mailing, OVER).report == before
    assert Measurement.objects.count() == 1

    settings.LOYALTY_BUCKETS = 5
    history.seal()

    assert measuring.measure(shop.mailing, OVER).report == before


def test_a_held_out_household_that_was_merged_is_left_out_and_its_purchases_follow_the_card():
    shop = Shop()
    held_out, sent = shop.homes[0], shop.homes[1]
    identify.move_card(shop.cards[0], sent, date(2026, 3, 10))
    history.seal()

    found = measuring.measure(shop.mailing, OVER)

    assert found.report["households"]["held_out"] == 59
    assert found.report["households"]["gone"] == 1
    assert any("no card any more" in doubt for doubt in found.report["doubts"])
    assert held_out.cards.count() == 0


def test_a_coupon_that_was_taken_back_was_not_redeemed():
    shop = Shop()
    used = shop.coupons[2].redemptions.first() or shop.coupons[0].redemptions.first()
    assert used is not None
    used.reversed_at = "2026-03-09T12:00Z"
    used.save()

    found = measuring.measure(shop.mailing, OVER)

    assert group(found, "mailing")["redeemed"] == 119


def test_lots_tell_what_an_offer_brings_if_everybody_whom_it_fits_got_it():
    shop = Shop(beans_drawn=0.25)

    lots = measuring.measure(shop.mailing, OVER).report["lots"]

    (beans,) = lots["offers"]
    assert (beans["code"], beans["drawn"], beans["held_out"]) == ("beans", 120, 60)
    assert beans["redeemed"]["each"] == 0.5
    assert beans["net"]["each"] == pytest.approx(-0.25, abs=0.01)
    assert lots["chosen"]["redeemed_chosen"] == lots["chosen"]["redeemed_drawn"] == 0.5
    net = lots["chosen"]["net_more"]
    assert net["low"] <= 0.24 + 0.25 <= net["high"]
    assert net["low"] > 0


def test_how_far_it_gets_says_the_day():
    shop = Shop()

    states = [
        measuring.measure(shop.mailing, day).report["state"]
        for day in (ISSUED + timedelta(days=8), OVER, FINAL)
    ]

    assert states == ["running", "ended", "final"]
    last, early = Measurement.objects.latest(), Measurement.objects.earliest("as_of")
    assert "after_sales" in offer(last, "oats")["effects"]
    assert "after_sales" not in offer(early, "oats")["effects"]
    assert early.report["drop"] == []
    assert early.report["uplift"] == {}


def test_what_cannot_be_told_is_refused_in_a_sentence():
    shop = Shop()
    says = {
        ISSUED: "good from 1 Mar 2026 on: measure it from 8 Mar 2026 on",
        ISSUED + timedelta(days=3): "Only 3 days of 'March' are seen",
        date(2199, 1, 1): "still to come",
    }
    for day, sentence in says.items():
        with pytest.raises(measuring.MeasureError, match=sentence):
            measuring.measure(shop.mailing, day)
    Recipient.objects.filter(outcome="holdout").update(outcome="no_address")
    with pytest.raises(measuring.MeasureError, match="'March' held nobody out: what it changed"):
        measuring.measure(shop.mailing, OVER)
    shop.mailing.selection = None
    with pytest.raises(measuring.MeasureError, match="keeps no selection"):
        measuring.measure(shop.mailing, OVER)
    with pytest.raises(measuring.MeasureError, match="is draft: it is measured once"):
        measuring.measure(make.mailing(), OVER)


def test_held_out_for_good_stands_in_where_nobody_else_was_and_it_is_said():
    shop = Shop()
    Recipient.objects.filter(outcome="holdout").update(outcome="standing")

    found = measuring.measure(shop.mailing, OVER)

    assert found.report["households"]["held_out"] == 60
    assert any("never get mailings" in doubt for doubt in found.report["doubts"])


def test_who_was_left_out_when_it_was_issued_is_compared_with_nobody():
    shop = Shop()
    Recipient.objects.filter(household__in=[home.pk for home in shop.homes[:6]]).update(
        outcome="no_address"
    )

    found = measuring.measure(shop.mailing, OVER).report["households"]

    assert (found["sheets"], found["held_out"], found["unsent"]) == (116, 58, 4)
    assert found["sheets"] + found["held_out"] + 6 == HOMES


def test_a_mailing_is_due_every_week_when_it_is_over_and_once_more_at_the_end():
    mailing = make.mailing(state="mailed")
    mailing.valid_to = ENDS
    mailing.selection = Selection.objects.create(mailing=mailing, seed=1)
    mailing.save()
    measured = []
    for days in range(70):
        day = ISSUED + timedelta(days=days)
        for one in measuring.due(day):
            Measurement.objects.create(mailing=one, as_of=day)
            measured.append(day)

    assert measured[:2] == [ISSUED + timedelta(days=7), ISSUED + timedelta(days=14)]
    assert ENDS + timedelta(days=1) in measured
    assert measured[-1] == ENDS + timedelta(days=29)
    assert len(measured) == 6


def test_the_command_measures_one_mailing_or_all_that_are_due(capsys):
    Shop()

    call_command("measure", "march", "--as-of", "2026-03-15")
    assert "march: The mailing" in capsys.readouterr().out
    call_command("measure", "--as-of", "2026-03-15")
    assert "No mailing is due" in capsys.readouterr().out
    with pytest.raises(CommandError, match="no mailing 'april'"):
        call_command("measure", "april")
    with pytest.raises(CommandError, match="measure it from"):
        call_command("measure", "march", "--as-of", "2026-03-02")
