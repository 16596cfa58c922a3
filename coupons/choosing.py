"""Choose each recipient's coupons: beliefs and past redemptions in, choices with reasons out."""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from coupons import responding
from coupons.models import Mailing, Recipient
from coupons.responding import Market as Market
from coupons.responding import read_market as read_market
from coupons.responding import respond as respond
from coupons.selection import allocation, reasons
from coupons.selection.response import Response
from loyalty import beliefs, engine, history
from loyalty.models import Household, ModelRun, Preference

Progress = Callable[[int, int], None]
Flags = npt.NDArray[np.bool_]


class Choice(NamedTuple):
    """One coupon of one sheet."""

    offer: int  # Offer
    chance: float  # of being redeemed
    tag: str  # buy, back or new
    reason: str  # as printed
    staff_reason: str


def choose(
    mailing: Mailing, run: ModelRun, homes: set[int], progress: Progress
) -> dict[int, list[Choice]]:
    """Return each home's coupons, best first; a home that no offer fits is left out.

    Notes on the mailing which version of what was learned said how likely they are used.
    """
    mailing.response_model = responding.model_of(run)
    mailing.save(update_fields=["response_model"])
    slots = Household.objects.filter(pk__in=homes).values_list("slot", flat=True).distinct()
    buckets = sorted({history.bucket_of(slot) for slot in slots})
    chosen: dict[int, list[Choice]] = {}
    for done, part in enumerate(
        engine.map_buckets(_choose_in_bucket, buckets, mailing.pk, run.pk, lines=run.lines), 1
    ):
        chosen.update((home, choices) for home, choices in part.items() if home in homes)
        progress(done, len(buckets))
    return chosen


def _choose_in_bucket(bucket: int, mailing_id: int, run_id: int) -> dict[int, list[Choice]]:
    mailing = Mailing.objects.get(pk=mailing_id)
    run = ModelRun.objects.get(pk=run_id)
    held = beliefs.of_bucket(run, bucket, ("product", "type"))
    homes = held.bucket.households
    market = read_market(mailing.offers.order_by("pk"), run, homes)
    answer = respond(held, market)
    eligible = _eligible(homes, market, mailing)
    sheets = allocation.allocate(
        answer.probability,
        eligible,
        market.offers.category,
        per_sheet=mailing.coupons_per_sheet,
        per_category=mailing.coupons_per_category,
    )
    wanted = set(
        Recipient.objects.filter(mailing=mailing, household__in=homes.tolist()).values_list(
            "household_id", flat=True
        )
    )
    return {
        home: choices
        for row, home in enumerate(homes.tolist())
        if home in wanted and (choices := _choices(row, held, market, answer, sheets))
    }


def _eligible(homes: npt.NDArray[np.int64], market: Market, mailing: Mailing) -> Flags:
    """What a household never wants is never offered; nor is an offer out of its dates."""
    category_of = dict(mailing.offers.values_list("pk", "category_id"))
    dated = set(
        mailing.offers.filter(
            valid_from__lte=mailing.valid_from, valid_to__gte=mailing.valid_to
        ).values_list("pk", flat=True)
    )
    ids = market.offer_ids.tolist()
    eligible = np.tile(np.array([offer in dated for offer in ids]), (len(homes), 1))
    row_of = {home: row for row, home in enumerate(homes.tolist())}
    never = Preference.objects.filter(
        household__in=list(row_of), kind=Preference.Kind.NEVER
    ).values_list("household_id", "category_id")
    for home, category in never:
        eligible[row_of[home], [category_of[offer] == category for offer in ids]] = False
    return eligible


def _choices(
    row: int,
    held: beliefs.Beliefs,
    market: Market,
    answer: Response,
    sheets: allocation.Chosen,
) -> list[Choice]:
    """The sheet of the bucket's household `row`, best coupon first, with reasons."""
    level = held.levels["product"]
    choices = []
    for place, column in enumerate(sheets.offers[row].tolist()):
        reason = reasons.explain(
            row,
            place,
            chosen=sheets,
            response=answer,
            value=answer.probability,
            products=level.statistics,
            product_gaps=level.usual_gaps,
            products_in_offer=market.sizes,
            names=market.names,
        )
        if reason is not None:
            choices.append(
                Choice(
                    offer=int(market.offer_ids[column]),
                    chance=float(answer.probability[row, column]),
                    tag=reason.tag,
                    reason=reason.paper,
                    staff_reason=reason.staff,
                )
            )
    return choices
