"""The desk says what a mailing changed, draws it, and hands it out as a file."""

import csv
import io
import re
from datetime import timedelta

import pytest
from django.urls import reverse

from coupons import measuring, tasks
from coupons.models import Measurement, Offer
from tests.coupons.measured_shop import FINAL, ISSUED, OVER, Shop
from tests.loyalty.believing import staff

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _few_buckets(settings):
    settings.LOYALTY_BUCKETS = 2


def page(name, *args):
    return reverse(f"admin:coupons_measurement_{name}", args=args)


def test_a_measurement_has_a_sentence_plots_tables_and_what_to_drop():
    shop = Shop()
    Offer.objects.filter(code="beans").update(name="Beans <b>")
    shop.selection.terms["offers"][1]["name"] = "Beans <b>"
    shop.selection.save()
    row = measuring.measure(shop.mailing, FINAL)

    text = staff("Marketing").get(page("change", row.pk)).content.decode()

    assert "The mailing brought" in text
    assert "against 60 held out" in text
    assert '<svg class="plot plot-forest at-desk"' in text
    assert "Beans &lt;b&gt;" in text
    assert "<b>" not in text
    assert "leave it out of the next mailing" in text
    assert "four weeks after" in text
    for title in ("Tiers", "Stores", "Funders", "Kinds of coupons", "Who used no coupon"):
        assert title in text
    assert "No coupon was drawn by lot" in text
    assert "Measure again" not in text
    assert "style=" not in text
    assert all("src=" in tag for tag in re.findall("<script[^>]*>", text))

    listed = staff("Store staff").get(page("changelist")).content.decode()
    assert "1 offer" in listed
    assert "Measure a mailing" not in listed


def test_with_too_few_held_out_it_says_so_and_draws_nothing():
    shop = Shop()
    kept = [home.pk for home in shop.homes[:15]]
    shop.mailing.recipients.filter(outcome="holdout").exclude(household__in=kept).update(
        outcome="no_address"
    )
    row = measuring.measure(shop.mailing, ISSUED + timedelta(days=8))

    text = staff("Marketing").get(page("change", row.pk)).content.decode()

    assert "Too few households are compared to tell what it changed" in text
    assert "Too few households were held out to tell for any offer" in text
    assert "Measure again" in text


def test_the_file_has_a_row_an_effect_and_runs_no_formula():
    shop = Shop()
    shop.selection.terms["offers"][0]["name"] = "=cmd()"
    shop.selection.save()
    row = measuring.measure(shop.mailing, OVER)

    answer = staff("Store staff").get(page("csv", row.pk))

    assert answer["Content-Disposition"] == 'attachment; filename="march-2026-03-15.csv"'
    rows = list(csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig"))))
    assert {one["kind"] for one in rows} == {"mailing", "tier", "store", "tag", "funder", "offer"}
    assert all(not one["name"].startswith("=") for one in rows)
    net = next(one for one in rows if (one["key"], one["effect"]) == ("beans", "net"))
    assert (net["coupons"], net["redeemed"], net["own_cost"]) == ("120", "60", "30.00")
    assert float(net["total_high"]) < 0


def test_marketing_measures_a_mailing_and_hears_why_it_cannot():
    shop = Shop()
    marketing = staff("Marketing")

    asked = marketing.get(page("measure") + f"?mailing={shop.mailing.pk}").content.decode()
    done = marketing.post(page("measure"), {"mailing": shop.mailing.pk}, follow=True)
    shop.mailing.recipients.filter(outcome="holdout").update(outcome="no_address")
    refused = marketing.post(page("measure"), {"mailing": shop.mailing.pk}, follow=True)

    assert "Measure a mailing" in asked
    assert "will be measured" in done.content.decode()
    assert "held nobody out" in refused.content.decode()
    assert "It is being measured, or waits for the queue." in done.content.decode()
    listed = marketing.get(reverse("admin:coupons_measurement_changelist")).content.decode()
    assert "from a week after its coupons are good" in listed
    assert staff("Store staff").get(page("measure")).status_code == 403


def test_the_queue_is_told_what_a_mailing_brought_or_why_nobody_knows():
    shop = Shop()

    assert "The mailing" in tasks.measure(shop.mailing.pk, "2026-03-15")
    assert "measure it from" in tasks.measure(shop.mailing.pk, "2026-03-02")
    assert Measurement.objects.count() == 1
