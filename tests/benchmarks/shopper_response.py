"""Ours in task B: the product asked, on the morning of each campaign, who will use its coupons.

To be imported once Django is set up with a database that took the year in (shopper_product). What
was learned, at most every three weeks, is of campaigns that had ended; the closed form answers
while there were too few of them.
"""

import sys
import time
from datetime import timedelta

import numpy as np

from coupons import responding
from coupons.demo.journey import Journey
from coupons.demo.shop import code_of
from coupons.models import Mailing, Offer, Recipient, Redemption, Refusal
from loyalty import history, rebuild
from loyalty.models import Card, ModelRun
from tests.benchmarks.shopper_coupons import (
    TEST_CAMPAIGNS,
    Campaign,
    campaigns,
    judge,
    judge_chances,
)
from tests.benchmarks.shopper_tasks import Floats, Metrics, Shop, day_number

REFIT = timedelta(weeks=3)
FIRST_KNOWN_DAY = 20  # of campaigns that began before, too little was known
HIGHEST = 500


def run(journey: Journey, shop: Shop, numbers: tuple[int, ...] = TEST_CAMPAIGNS) -> Metrics:
    """Judge the product on these campaigns; every figure by its key."""
    _all_reached_their_households()
    _every_use_counts()
    told = campaigns(journey, shop, numbers)
    began = {campaign.number: campaign.begins for campaign in journey.campaigns}
    chances: dict[int, Floats] = {}
    learned, asked, pairs = None, 0.0, 0
    for campaign in sorted(told, key=lambda campaign: (campaign.begins, campaign.number)):
        morning = began[campaign.number]
        if learned is None or morning - learned >= REFIT:
            learned = morning
            responding.learn(morning)
        with rebuild.prepared(morning) as model_run:
            version = responding.model_of(model_run)
            started = time.process_time()
            chances[campaign.number] = _ask(model_run, campaign, shop)
            asked += time.process_time() - started
        pairs += campaign.used.size
        who = f"version {version.version}" if version else "the closed form"
        print(f"B: campaign {campaign.number}, {who}", file=sys.stderr, flush=True)
    tables = [chances[campaign.number] for campaign in told]
    usual = [_usual(journey, shop, campaign) for campaign in told]
    used = np.concatenate([campaign.used.ravel() for campaign in told])
    chance = np.concatenate([table.ravel() for table in tables])
    highest = np.argsort(-chance, kind="stable")[:HIGHEST]
    return {
        **judge(told, tables),
        **judge_chances(told, tables, usual),
        "b_pairs": float(used.size),
        "b_used": float(used.sum()),
        "b_highest_promised": float(chance[highest].mean()),
        "b_highest_used": float(used[highest].mean()),
        "b_pairs_per_s": pairs / asked,
    }


def _all_reached_their_households() -> None:
    """The later campaigns went out like the earlier; their dates say what is known when."""
    Mailing.objects.update(state=Mailing.State.CLOSED)
    Recipient.objects.update(outcome=Recipient.Outcome.SHEET)


def _every_use_counts() -> None:
    """Clear what clearing refuses: of a quarter of the coupons used, the data set has no line
    that one could have been taken off, or the till took nothing off.
    """
    refused = Refusal.objects.select_related("record__basket")
    offers = Offer.objects.in_bulk(
        list(refused.values_list("record__code", flat=True)), field_name="shared_code"
    )
    Redemption.objects.bulk_create(
        Redemption(
            offer=offers[refusal.record.code],
            record=refusal.record,
            amount=refusal.record.amount,
            store_id=refusal.record.basket.store_id,
            till=refusal.record.basket.till,
            business_date=refusal.record.basket.business_date,
            receipt=refusal.record.basket.receipt,
        )
        for refusal in refused
        if refusal.record.code in offers
    )
    refused.delete()


def _ask(model_run: ModelRun, campaign: Campaign, shop: Shop) -> Floats:
    """The product's chances, float64[households, coupons] in the campaign's order."""
    mailing = Mailing.objects.get(code=code_of(campaign.number))
    place = {where: at for at, where in enumerate(campaign.households.tolist())}
    row = {home: place[where] for home, where in _households(shop).items() if where in place}
    column_of_code = {str(coupon): at for at, coupon in enumerate(campaign.coupons.tolist())}
    column = {
        pk: column_of_code[code]
        for pk, code in Offer.objects.filter(mailings=mailing).values_list("pk", "shared_code")
        if code is not None
    }
    # A coupon for nothing that is in the catalogue is no offer of the product: nobody uses it.
    table = np.zeros(campaign.used.shape, np.float64)
    record = responding.record_of(model_run)
    for bucket in history.buckets():
        told = responding.scores(model_run, mailing, bucket, record)
        columns = [column[offer] for offer in told.offers.tolist()]
        for home, chance in zip(told.households.tolist(), told.probability, strict=True):
            if home in row:
                table[row[home], columns] = chance
    return table


def _households(shop: Shop) -> dict[int, int]:
    """Each household's place in the benchmark, by its id in the database."""
    place = {str(number): at for at, number in enumerate(shop.households.tolist())}
    return {
        home: place[number]
        for number, home in Card.objects.filter(household__isnull=False).values_list(
            "number", "household_id"
        )
        if number in place and home is not None
    }


def _usual(journey: Journey, shop: Shop, campaign: Campaign) -> float:
    """The share of coupons used over all campaigns that had ended."""
    before = tuple(
        each.number
        for each in journey.campaigns
        if day_number(each.ends) < campaign.begins and day_number(each.begins) >= FIRST_KNOWN_DAY
    )
    ended = campaigns(journey, shop, before)
    return float(sum(each.used.sum() for each in ended) / sum(each.used.size for each in ended))
