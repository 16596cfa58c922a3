"""What the households of a bucket could get, and what it is worth: the table a selection solves.

Runs on any worker of the engine. The same selection gives the same bytes, into however many
buckets the history is cut.
"""

from functools import lru_cache
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from coupons import discretion, economics, exposures, households, permitting, responding
from coupons import terms as frozen
from coupons.exposures import Record
from coupons.households import Households
from coupons.models import Mailing, Offer, Recipient, Selection, SelectionPiece
from coupons.pieces import DRAWN, FREE, TAKEN, Could, Evidence
from coupons.responding import Market
from coupons.selection import eligibility, keeping, lots, objective, reasons, response
from coupons.selection.eligibility import Nodes, Said
from coupons.selection.objective import Economics, Need
from coupons.selection.problem import Columns, Rules
from coupons.selection.response import BUY, NEW, Response
from coupons.terms import Terms
from loyalty import beliefs, fitted, history
from loyalty.beliefs import Beliefs
from loyalty.models import FittedModel, ModelRun
from loyalty.shopper import kernel, value
from loyalty.shopper.kernel import Flags, Floats, Ints, Ints32

Outcome = Recipient.Outcome
GHOSTS = (Outcome.HOLDOUT, Outcome.STANDING)
_WEEKDAY_SHARE = 0.6
_MIXED = lots.MOST_LOTS
"""Counters from here on are those of sensitive offers."""


class Tabled(NamedTuple):
    """What came of one bucket."""

    bucket: int
    households: int  # ghosts among them
    ghosts: int
    items: int
    places: int
    eligible: int  # pairs of household and offer, before the best were kept


class _Plan(NamedTuple):
    """What all buckets of a selection share."""

    selection: Selection
    mailing: Mailing
    run: ModelRun
    terms: Terms
    columns: Columns
    rules: Rules
    economics: Economics
    factors: Floats
    record: Record
    market: Market
    order: Ints  # of the terms' offers among the market's, which are in order of their ids
    products: tuple[Ints, Ints32]  # of the market's offers, as exposures.read_products() has them
    first: Ints  # [offers] each one's first column
    category: Ints  # [offers] as the columns have it
    mean_need: Floats  # [offers] over all households
    nodes: Nodes
    has_room: Flags
    is_sensitive: Flags
    is_for_all: Flags  # thresholds on the whole basket
    sensitive_types: Flags  # [types]


def table(bucket: int, selection_id: int) -> Tabled:
    """Write what the mailing's recipients in the bucket could get. May run twice."""
    plan = _plan(selection_id)
    held = beliefs.of_bucket(plan.run, bucket, ("product", "type"))
    rows, is_ghost = _recipients(plan.mailing, held.bucket.households)
    could, eligible = _could(plan, held, rows, is_ghost)
    SelectionPiece.objects.update_or_create(
        selection=plan.selection,
        bucket=bucket,
        defaults={
            "households": len(rows),
            "items": len(could.column),
            "table": could.to_bytes(),
        },
    )
    ghosts, places = int(is_ghost.sum()), int(could.places.sum())
    return Tabled(bucket, len(rows), ghosts, len(could.column), places, eligible)


# What all buckets share.


@lru_cache(maxsize=1)
def _plan(selection_id: int) -> _Plan:
    """Read once in every process: what does not depend on the bucket."""
    selection = Selection.objects.select_related("mailing", "run").get(pk=selection_id)
    run, terms = selection.run, Terms.from_plain(selection.terms)
    assert run is not None  # a selection is tabled by what a run believes
    record = responding.record_of(run)
    ids = [offer.pk for offer in terms.offers]
    nobody = np.zeros(0, np.int64)
    market = responding.read_market(Offer.objects.filter(pk__in=ids), run, nobody, record)
    order = np.searchsorted(market.offer_ids, np.array(ids, np.int64))
    learned = selection.learned.filter(kind=FittedModel.Kind.UPLIFT).first()
    columns = frozen.columns(terms)
    first = np.searchsorted(columns.offer, np.arange(len(ids)))
    waiting = Recipient.objects.filter(mailing=selection.mailing_id, outcome=Outcome.WAITING)
    return _Plan(
        selection=selection,
        mailing=selection.mailing,
        run=run,
        terms=terms,
        columns=columns,
        rules=frozen.rules(terms),
        economics=economics.per_redemption(terms.offers),
        factors=objective.factors(fitted.parameters(learned) if learned else None),
        record=record,
        market=market,
        order=order,
        products=(market.offers.starts, market.offers.products),
        first=first,
        category=columns.category[first],
        mean_need=_mean_need(run, market, terms.days)[order],
        nodes=permitting.nodes(terms.offers),
        has_room=eligibility.has_room(
            [offer.most for offer in terms.offers],
            [offer.budget for offer in terms.offers],
            market.offers.rate[order] * columns.cost[first],
            lots=terms.random_slots * waiting.count(),
        ),
        is_sensitive=np.array([offer.is_sensitive for offer in terms.offers], np.bool_),
        is_for_all=np.array([offer.products == 0 for offer in terms.offers], np.bool_),
        sensitive_types=discretion.sensitive(beliefs.assortment_of(run).levels["type"].ids),
    )


def _mean_need(run: ModelRun, market: Market, days: int) -> Floats:
    """The chance that a household buys of each of the market's offers, over all households."""
    starts, products = market.offers.starts, market.offers.products
    offer = np.repeat(np.arange(len(starts) - 1), np.diff(starts))
    decayed = beliefs.facts(run, "product").decayed[products, 1] / 1e6
    pace = np.bincount(offer, decayed, len(starts) - 1) * objective.DECAY_45_PER_DAY
    return -np.expm1(-pace * days / max(run.households, 1))


# One bucket.


def _recipients(mailing: Mailing, homes: Ints) -> tuple[Ints, Flags]:
    """Rows of the bucket's households that coupons are chosen for, and which are held out."""
    wanted = Recipient.objects.filter(
        mailing=mailing, household__in=homes.tolist(), outcome__in=[Outcome.WAITING, *GHOSTS]
    )
    found = sorted(wanted.values_list("household_id", "outcome"))
    rows = np.searchsorted(homes, np.array([home for home, _ in found], np.int64))
    return rows, np.array([outcome in GHOSTS for _, outcome in found], np.bool_)


def _market(plan: _Plan, homes: Ints) -> Market:
    """The market, with what the bucket's households did with coupons."""
    past = exposures.read_doings(homes, plan.record.offers, plan.run.as_of).past(
        history.day_number(plan.run.as_of)
    )
    kept = discretion.without_uses(past, plan.record.types, plan.sensitive_types)
    return plan.market._replace(past=kept)


def _could(plan: _Plan, held: Beliefs, rows: Ints, is_ghost: Flags) -> tuple[Could, int]:
    """What the households in these rows of the bucket could get, and how many offers in all."""
    terms, columns, rules = plan.terms, plan.columns, plan.rules
    homes = households.describe(plan.run, held, terms, rows)
    market = _market(plan, held.bucket.households)
    held = discretion.without(held, plan.sensitive_types)
    answer = _in_order(responding.respond(held, market), rows, plan.order)
    said = permitting.said_by(homes.ids, plan.nodes)
    said.favourite[:, plan.is_sensitive] = False  # who gets one says nothing of anybody
    is_shared = np.isin(rows, list(held.read.shared))
    may = permitting.permitted(homes.ids, terms, said, store=homes.store, is_shared=is_shared)
    need = _need(plan, held, homes, rows)
    chance = _chances(plan, held, market, rows, answer, need, said, homes)
    tag = np.where(plan.is_sensitive, NEW, np.where(plan.is_for_all, BUY, answer.tag))
    is_new = eligibility.new_categories(
        answer.knows_category, tag != NEW, plan.category, plan.is_sensitive, plan.is_for_all
    )
    every, worth = _worths(plan, homes, tag, chance, need.need)
    places = rules.per_sheet - rules.new_at_least
    keeping.raise_favourites(worth, may, said.favourite, columns, places)
    may_draw = may & plan.has_room & ~plan.is_sensitive
    seed = plan.selection.seed
    drawn = lots.random_slots(seed, homes.ids, may_draw, plan.category, terms.random_slots)
    state, share = _states(plan, drawn)
    must = np.array([offer.least > 0 for offer in terms.offers], np.bool_) | said.favourite
    must |= state == DRAWN
    kept = keeping.keep(worth, may, must, is_new, columns, rules, is_free=state == FREE)
    # A lot is drawn at an offer's own worth: it takes the place of the other levels, too.
    lot = np.where(plan.first[columns.offer] == np.arange(len(columns.offer)), DRAWN, TAKEN)
    states = np.where(state[:, columns.offer] == DRAWN, lot, state[:, columns.offer])
    home, column = np.nonzero(kept.items)
    offer = columns.offer[column]
    is_drawn = states[home, column] == DRAWN
    could = Could(
        households=homes.ids,
        is_ghost=is_ghost,
        places=kept.places,
        tier=homes.tier,
        size=homes.size,
        store=homes.store,
        starts=np.searchsorted(home, np.arange(len(rows) + 1)).astype(np.int64),
        column=column.astype(np.uint16),
        is_new=is_new[home, offer],
        value=worth[home, column].astype(np.float32),
        chance=every[home, column].astype(np.float32),
        need=need.need[home, offer].astype(np.float32),
        tag=tag[home, offer].astype(np.int8),
        state=states[home, column].astype(np.int8),
        drawn_share=np.where(is_drawn, share[home, offer], 0.0).astype(np.float32),
        evidence=_evidence(plan, held, answer, said, home, offer),
    )
    return could, int(may.sum())


def _in_order(answer: Response, rows: Ints, order: Ints) -> Response:
    """The answer for some rows of the bucket, offers as the terms have them."""
    return Response._make(each[rows][:, order] for each in answer)


def _need(plan: _Plan, held: Beliefs, homes: Households, rows: Ints) -> Need:
    """How far each household needs each offer without a coupon.

    Of a sensitive offer all households need the same: the mean of all. Of one on whatever is
    bought, as their receipts of the last quarter reach its threshold.
    """
    starts, products = plan.products
    believed, popular = held.levels["product"], held.popular
    by_product, product_starts = kernel.group(products, len(held.assortment.products))
    offer = np.repeat(np.arange(len(starts) - 1, dtype=np.int32), np.diff(starts))
    found = objective.need_of_offers(
        believed.statistics.starts, believed.statistics.item,
        believed.probability, believed.expected,
        (popular.household, popular.item, popular.probability),
        product_starts, offer[by_product],
        offers=len(starts) - 1, days=plan.terms.days,
    )  # fmt: skip
    need, expected, more = (each[rows][:, plan.order] for each in found)
    pace = -np.expm1(-homes.baskets * plan.terms.days / objective.HORIZON_DAYS)
    need = np.where(plan.is_for_all, pace, np.where(plan.is_sensitive, plan.mean_need, need))
    return Need(need, expected, more)


def _chances(
    plan: _Plan, held: Beliefs, market: Market, rows: Ints, answer: Response, need: Need,
    said: Said, homes: Households,
) -> Floats:  # fmt: skip
    """Chances of redemption at the offers' own worth, [homes, offers]."""
    chance = answer.probability
    if plan.is_for_all.any():
        used = np.bincount(market.past.household, minlength=len(held.bucket.households))
        shares = response.coupon_shares(held.levels["product"].statistics.households)
        odds = np.exp(
            response.log_odds(
                homes.baskets,
                np.zeros(1),
                household_rate=response.household_rates(used, market.past.mailings)[rows, None],
                coupon_share=shares[rows, None],
                offer_rate=market.offers.rate[plan.order],
                base_rate=market.base_rate,
            )
        )
        chance = np.where(plan.is_for_all, odds / (1 + odds / response.MOST), chance)
    wished = np.maximum(objective.FAVOURITE_NEED - need.expected, need.more)
    more = np.where(said.favourite, wished, need.more)
    chance = objective.wanted_more(chance, need.expected, more)
    return np.where(plan.is_sensitive, market.offers.rate[plan.order], chance)


def _worths(
    plan: _Plan, homes: Households, tag: npt.NDArray[np.int8], chance: Floats, need: Floats
) -> tuple[Floats, Floats]:
    """The chance and the worth of every column for every household, [homes, columns]."""
    columns, figures = plan.columns, plan.economics
    every = objective.at_level(chance[:, columns.offer], figures.step[None, :])
    if plan.terms.objective == Mailing.Objective.MARGIN:
        # Who uses a sensitive offer mostly buys it already; trips would tell of the household.
        gained = objective.benefit(
            np.where(plan.is_sensitive, BUY, tag),
            need,
            figures.margin[plan.first][None, :],
            np.where(plan.is_sensitive, 0.0, homes.trip[:, None]),
            plan.factors,
        )
        worth = objective.value(every, gained[:, columns.offer], figures.ours[None, :])
    else:
        worth = every.copy()
    for at in np.flatnonzero(plan.is_sensitive).tolist():
        counter = np.array([_MIXED + plan.terms.offers[at].pk])
        lot = lots.lots(plan.selection.seed, homes.ids, counter)
        mine = columns.offer == at
        worth[:, mine] = objective.mixed(worth[:, mine], lot)
    return every, worth


def _states(plan: _Plan, drawn: lots.Drawn) -> tuple[npt.NDArray[np.int8], Floats]:
    """What lots make of each offer, and the chance with which they drew it: [homes, offers]."""
    state = np.full((len(drawn.offer), len(plan.terms.offers)), FREE, np.int8)
    share = np.zeros(state.shape)
    for draw in range(drawn.offer.shape[1]):
        home = np.flatnonzero(drawn.offer[:, draw] >= 0)
        offer = drawn.offer[home, draw]
        state[home] |= np.where(
            plan.category[None, :] == plan.category[offer][:, None], TAKEN, FREE
        ).astype(np.int8)
        share[home, offer] = drawn.share[home, draw]
    state[share > 0] = DRAWN
    return state, share


def _evidence(
    plan: _Plan,
    held: Beliefs,
    answer: Response,
    said: Said,
    home: Ints,
    offer: Ints,
) -> Evidence:
    """What speaks for each item; of sensitive offers and of favourites, only that they are."""
    level = held.levels["product"]
    seen = level.statistics
    row = np.where(
        plan.is_sensitive[offer] | said.favourite[home, offer], -1, answer.best[home, offer]
    )
    there = row >= 0
    speaks, place = np.unique(row[there], return_inverse=True)
    n, gap = np.zeros(len(row), np.int32), np.zeros(len(row), np.float32)
    last, weekday = np.full(len(row), -1, np.int32), np.full(len(row), -1, np.int8)
    n[there], gap[there] = seen.n[row[there]], level.usual_gaps[row[there]]
    last[there] = seen.last[row[there]]
    days = kernel.weekday_counts(seen.weekdays[speaks])
    weekday[there] = value.favourite_weekdays(days, least_share=_WEEKDAY_SHARE)[place]
    n[said.favourite[home, offer]] = reasons.LIKED
    n[plan.is_sensitive[offer]] = reasons.FOR_ALL
    several = np.array([each.products > 1 for each in plan.terms.offers], np.bool_)
    return Evidence(
        bought=n,
        gap_days=gap,
        last_day=last,
        weekday=weekday,
        is_several=several[offer],
        knows_category=answer.knows_category[home, offer] & ~plan.is_sensitive[offer],
    )
