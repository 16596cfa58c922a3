"""Choose each recipient's coupons: beliefs and past redemptions in, choices with reasons out."""

from collections import Counter
from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from django.db.models import Count, QuerySet

from coupons.models import Coupon, Mailing, Offer, OfferProduct, Recipient, Redemption
from coupons.selection import allocation, reasons, response
from coupons.selection.response import Coverage, Offers
from loyalty import beliefs, engine, history
from loyalty.assortment import Assortment
from loyalty.models import Card, Household, ModelRun, Preference

# What share of coupons is used before we know better: a grocer's mailing of personal coupons,
# believed like 500 of them.
PRIOR_RATE, PRIOR_COUPONS = 0.01, 500
Progress = Callable[[int, int], None]
Flags = npt.NDArray[np.bool_]


class Choice(NamedTuple):
    """One coupon of one sheet."""

    offer: int  # Offer
    chance: float  # of being redeemed
    tag: str  # buy, back or new
    reason: str  # as printed
    staff_reason: str


class Market(NamedTuple):
    """What a selection knows besides the households: offers, and how coupons fared so far."""

    offer_ids: npt.NDArray[np.int64]
    names: list[str]
    sizes: list[int]  # products in each offer
    offers: Offers
    coverage: Coverage
    base_rate: float
    used: dict[int, int]  # coupons used so far, by household
    mailings: dict[int, int]  # mailings received so far, by household


def choose(
    mailing: Mailing, run: ModelRun, homes: set[int], progress: Progress
) -> dict[int, list[Choice]]:
    """Return each home's coupons, best first; a home that no offer fits is left out."""
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


def respond(held: beliefs.Beliefs, market: Market) -> response.Response:
    """How likely each household of the bucket is to use each offer of the market."""
    homes = held.bucket.households.tolist()
    products, types = held.levels["product"], held.levels["type"]
    category = held.assortment.levels["category"]
    return response.respond(
        products.statistics,
        products.expected,
        products.usual_gaps,
        types.statistics,
        types.expected,
        market.offers,
        market.coverage,
        category_of_product=category.item_of_product,
        categories=max(category.items, int(market.offers.category.max(initial=0)) + 1),
        household_rate=response.household_rates(
            np.array([market.used.get(home, 0) for home in homes], dtype=np.int64),
            np.array([market.mailings.get(home, 0) for home in homes], dtype=np.int64),
        ),
        base_rate=market.base_rate,
    )


def read_market(offers: QuerySet[Offer], run: ModelRun, homes: npt.NDArray[np.int64]) -> Market:
    """Read offers and how coupons fared before the run's morning, for these homes."""
    kinds = beliefs.assortment_of(run)
    rows = list(offers.values_list("pk", "name", "category_id", "circulation"))
    ids = np.array([row[0] for row in rows], dtype=np.int64)
    used = _used_by_offer(ids, run)
    printed = _printed_by_offer(ids, run) + np.array([row[3] for row in rows], dtype=np.int64)
    base_rate = _base_rate(run)
    starts, products = _products(ids, kinds)
    described = Offers(
        starts,
        products,
        _categories([row[2] for row in rows], kinds),
        response.offer_rates(used, printed, base_rate=base_rate),
    )
    type_level = kinds.levels["type"]
    return Market(
        offer_ids=ids,
        names=[row[1] for row in rows],
        sizes=np.diff(starts).tolist(),
        offers=described,
        coverage=response.coverage(
            described,
            type_level.item_of_product,
            beliefs.fitted(run).purchases,
            types=type_level.items,
        ),
        base_rate=base_rate,
        used=_used_by_home(homes.tolist(), run),
        mailings=dict(
            Recipient.objects.filter(
                household__in=homes.tolist(),
                outcome=Recipient.Outcome.SHEET,
                mailing__valid_from__lt=run.as_of,
            )
            .values_list("household_id")
            .annotate(Count("pk"))
        ),
    )


def _products(
    ids: npt.NDArray[np.int64], kinds: Assortment
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int32]]:
    """The offers' products as places in the assortment, offer after offer."""
    pairs = np.array(
        list(
            OfferProduct.objects.filter(offer__in=ids.tolist())
            .order_by("offer_id", "product_id")
            .values_list("offer_id", "product_id")
        ),
        dtype=np.int64,
    ).reshape(-1, 2)
    pairs = pairs[np.isin(pairs[:, 1], kinds.products)]
    starts = np.searchsorted(pairs[:, 0], np.append(ids, ids[-1:] + 1))
    return starts.astype(np.int64), np.searchsorted(kinds.products, pairs[:, 1]).astype(np.int32)


def _categories(ids: list[int | None], kinds: Assortment) -> npt.NDArray[np.int32]:
    """Dense categories; one that the assortment does not model, or none, gets its own number."""
    place = {int(pk): at for at, pk in enumerate(kinds.levels["category"].ids)}
    for pk in ids:
        place.setdefault(pk or 0, len(place))
    return np.array([place[pk or 0] for pk in ids], dtype=np.int32)


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


def _used_by_offer(ids: npt.NDArray[np.int64], run: ModelRun) -> npt.NDArray[np.int64]:
    counted = dict(
        Redemption.objects.filter(offer__in=ids.tolist(), business_date__lt=run.as_of)
        .values_list("offer_id")
        .annotate(Count("pk"))
    )
    return np.array([counted.get(offer, 0) for offer in ids.tolist()], dtype=np.int64)


def _printed_by_offer(ids: npt.NDArray[np.int64], run: ModelRun) -> npt.NDArray[np.int64]:
    counted = dict(
        Coupon.objects.filter(offer__in=ids.tolist(), valid_from__lt=run.as_of)
        .values_list("offer_id")
        .annotate(Count("pk"))
    )
    return np.array([counted.get(offer, 0) for offer in ids.tolist()], dtype=np.int64)


def _base_rate(run: ModelRun) -> float:
    """Share of all coupons handed out that was used, pulled to the prior."""
    used = Redemption.objects.filter(business_date__lt=run.as_of).count()
    ours = Coupon.objects.filter(valid_from__lt=run.as_of).count()
    elsewhere = sum(
        Offer.objects.filter(valid_from__lt=run.as_of).values_list("circulation", flat=True)
    )
    return (used + PRIOR_RATE * PRIOR_COUPONS) / (ours + elsewhere + PRIOR_COUPONS)


def _used_by_home(homes: list[int], run: ModelRun) -> dict[int, int]:
    """Coupons used so far: personal ones by the sheet's home, shared ones by the card shown."""
    past = Redemption.objects.filter(business_date__lt=run.as_of)
    counts = Counter(
        past.filter(coupon__sheet__household__in=homes).values_list(
            "coupon__sheet__household_id", flat=True
        )
    )
    home_of = dict(Card.objects.filter(household__in=homes).values_list("number", "household_id"))
    counts.update(
        home_of[card]
        for card in past.filter(
            coupon=None, record__basket__card_number__in=list(home_of)
        ).values_list("record__basket__card_number", flat=True)
    )
    return dict(counts)


def _choices(
    row: int,
    held: beliefs.Beliefs,
    market: Market,
    answer: response.Response,
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
