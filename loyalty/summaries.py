"""What is stored of every household: its summary for staff, and the likeliest of its needs."""

import csv
import io
from typing import Any

import msgspec
import numpy as np
from django.db import connection

from loyalty import beliefs, history
from loyalty.beliefs import Beliefs, KeptOut
from loyalty.models import HouseholdSummary, ModelRun, Profile
from loyalty.shopper import discovery, habits, kernel, lifetime, needs, prices, value, wallet
from loyalty.shopper.kernel import Ints, Ints32, Statistics
from loyalty.shopper.wallet import Wallets
from pos_integration.models import Category

NEEDS_KEPT = 60
DISCOVERIES_KEPT = 10
CATEGORIES_KEPT = 8
WALLETS_KEPT = 8
_OUT_OF_REACH = (1 << 60,) * 3
UNLEARNED = value.Model(
    tiers=value.Tiers(_OUT_OF_REACH, _OUT_OF_REACH),
    margin_share=value.USUAL_MARGIN_SHARE,
    lifetime=lifetime.DEFAULT,
    wallets=wallet.NOTHING,
    prices=prices.DEFAULT,
    figures={},
)
"""Before the first night has learned: nobody is more than bronze, and no wallet is known."""


def write_profiles(run: ModelRun, held: Beliefs) -> None:
    """Write what each household of a bucket is likely to need, and what it may discover.

    held: with the levels "product" and "category". A household nothing is believed of has none.
    """
    wanted = _needs(held)
    new = _discoveries(run, held)
    rows = [
        [run.pk, household, _json(needed), _json(found)]
        for household, needed, found in zip(
            held.bucket.households.tolist(), wanted, new, strict=True
        )
        if needed or found
    ]
    _copy(Profile, ["run_id", "household_id", "needs", "discoveries"], rows)


def _needs(held: Beliefs) -> list[list[Any]]:
    level = held.levels["product"]
    seen = level.statistics
    best = needs.top(seen, level.probability, k=NEEDS_KEPT)
    iso = {day: history.day_of(day).isoformat() for day in np.unique(seen.last[best]).tolist()}
    entries = [
        [product, chance, n, gap, iso[last]]
        for product, chance, n, gap, last in zip(
            held.assortment.products[seen.item[best]].tolist(),
            np.round(level.probability[best], 4).tolist(),
            seen.n[best].tolist(),
            np.round(level.usual_gaps[best], 1).tolist(),
            seen.last[best].tolist(),
            strict=True,
        )
    ]
    households = len(held.bucket.households)
    own = _dealt(entries, seen.household[best], households)
    popular = _popular(held, households)
    return [
        sorted(mine + others, key=lambda entry: -entry[1])[:NEEDS_KEPT] if others else mine
        for mine, others in zip(own, popular, strict=True)
    ]


def _popular(held: Beliefs, households: int) -> list[list[Any]]:
    """What households of few trips have not bought and may: bought on 0 days, no gap, no day."""
    more = held.popular
    entries = [
        [product, chance, 0, None, None]
        for product, chance in zip(
            held.assortment.products[more.item].tolist(),
            np.round(more.probability, 4).tolist(),
            strict=True,
        )
    ]
    return _dealt(entries, more.household, households)


def _discoveries(run: ModelRun, held: Beliefs) -> list[list[Any]]:
    model, chances = beliefs.learned_by(run).discovery, held.discoveries
    if model is None:
        return [[] for _ in held.bucket.households]
    categories = held.assortment.levels["category"].ids
    best = discovery.top(chances, k=DISCOVERIES_KEPT)
    reason = discovery.because(held.levels["category"].statistics, categories, model, best)
    home, place = np.nonzero(best >= 0)
    item, why = best[home, place], reason[home, place]
    entries = [
        [category, chance, because if is_told else None]
        for category, chance, because, is_told in zip(
            categories[item].tolist(),
            np.round(chances[home, item], 4).tolist(),
            categories[why].tolist(),
            (why >= 0).tolist(),
            strict=True,
        )
    ]
    return _dealt(entries, home, len(chances))


def _dealt(entries: list[Any], owner: Ints | Ints32, households: int) -> list[list[Any]]:
    """Deal entries, in order of their owner, out to the households."""
    begins = np.searchsorted(owner, np.arange(households + 1)).tolist()
    return [entries[begins[h] : begins[h + 1]] for h in range(households)]


_COLUMNS = [
    "run_id", "household_id", "first_on", "last_on", "recency_days", "frequency", "monetary",
    "baskets", "mean_gap_days", "saved", "coupon_share", "tier", "year_value", "year_margin",
    "favourite_weekday", "weekly_spend_cents", "categories", "weekly_trips", "home_store_id",
    "favourite_daypart", "lifetime_value", "lifetime_margin", "wallet_share", "wallets",
    "price_sensitivity", "is_shared", "shared_reason",
]  # fmt: skip


def write_summaries(run: ModelRun, held: Beliefs) -> None:
    """Write what is believed of each household of a bucket that ever bought anything.

    held: with the level "product". Of one that is kept out only that, and why, is told.
    """
    kinds, as_of = held.assortment, history.day_number(run.as_of)
    everything = beliefs.statistics(held.bucket, kinds, "department", as_of)
    model = beliefs.learned_by(run).value
    homes = everything.households
    worth = value.worth(
        model or UNLEARNED,
        everything,
        held.levels["product"].statistics,
        beliefs.facts(run, "product"),
        department_ids=kinds.department.ids,
        margin_shares=kinds.margin_shares,
    )
    ways = habits.habits(
        habits.Receipts(*(getattr(held.bucket.receipts, name) for name in habits.Receipts._fields)),
        households=len(held.bucket.households),
        as_of=as_of,
    )
    weekdays = value.favourite_weekdays(homes.weekday_days)
    names = dict(Category.objects.filter(level="department").values_list("pk", "name"))
    shares = _shares(everything, kinds.department.ids, names)
    rows = []
    for h, household in enumerate(held.bucket.households.tolist()):
        if h in held.read.shared:
            rows.append(_kept_out(run, household, held.read.shared[h]))
            continue
        if not homes.shopping_days[h]:
            continue
        daypart = int(ways.daypart[h])
        store = int(ways.home_store[h])
        rows.append(
            [
                run.pk,
                household,
                history.day_of(int(homes.first[h])),
                history.day_of(int(homes.last[h])),
                int(worth.recency_days[h]),
                int(worth.frequency[h]),
                _money(worth.monetary_cents[h]),
                int(homes.baskets[h]),
                _mean_gap(homes, h),
                _money(homes.discount_cents[h]),
                round(float(worth.coupon_shares[h]), 4),
                value.TIERS[worth.tier[h]],
                _money(worth.year.cents[h]),
                _money(worth.year.margin_cents[h]),
                int(weekdays[h]),
                _array(homes.week_cents[h]),
                _json(shares[h]),
                _array(homes.week_days[h]),
                store if store >= 0 else None,
                habits.DAYPARTS[daypart] if daypart >= 0 else "",
                _money(worth.lifetime.cents[h]),
                _money(worth.lifetime.margin_cents[h]),
                round(float(worth.wallets.share[h]), 4) if worth.wallets.known[h] else None,
                _json(_wallets(worth.wallets, h, names)),
                round(float(worth.prices.score[h]), 4) if worth.prices.known[h] else None,
                False,
                "",
            ]
        )
    # Elsewhere what is empty is not known; of these two it is an empty text.
    texts = "FORMAT csv, FORCE_NOT_NULL (favourite_daypart, shared_reason)"
    _copy(HouseholdSummary, _COLUMNS, rows, options=texts)


def _kept_out(run: ModelRun, household: int, told: KeptOut) -> list[Any]:
    """The row of a household whose card is shared: facts, and no belief."""
    as_of = history.day_number(run.as_of)
    nothing = _array([0] * kernel.WEEKS)
    return [
        run.pk, household, history.day_of(told.first), history.day_of(told.last),
        as_of - told.last, told.days, _money(told.year_cents), told.receipts, None, "0.00", 0.0,
        value.TIERS[0], "0.00", "0.00", -1, nothing, "[]", nothing, None, "", None, None, None,
        "[]", None, True, told.why[:120],
    ]  # fmt: skip


def _shares(everything: Statistics, ids: Ints, names: dict[int, str]) -> list[list[Any]]:
    """Of each household, the departments that get most of its money, and which share of it."""
    spent = np.maximum(everything.amount_cents, 0)
    total = np.bincount(everything.household, spent, len(everything.starts) - 1)
    order = np.lexsort((everything.item, -spent, everything.household))
    order = order[spent[order] > 0]
    owner = everything.household[order]
    share = np.round(spent[order] / total[owner], 4)
    entries = [
        [names.get(department, "Other"), part]
        for department, part in zip(
            ids[everything.item[order]].tolist(), share.tolist(), strict=True
        )
    ]
    dealt = _dealt(entries, owner, len(everything.starts) - 1)
    return [mine[:CATEGORIES_KEPT] for mine in dealt]


def _wallets(found: Wallets, h: int, names: dict[int, str]) -> list[list[Any]]:
    if not found.known[h]:
        return []
    return [
        [names[department], round(part, 4), room]
        for department, part, room in zip(
            found.department[h].tolist(),
            found.part[h].tolist(),
            found.room_cents[h].tolist(),
            strict=True,
        )
        if department in names and (part > 0 or room > 0)
    ][:WALLETS_KEPT]


def _mean_gap(homes: kernel.Households, h: int) -> float | None:
    """Days between two shopping days; None (empty, in COPY) before the second."""
    days = int(homes.shopping_days[h])
    return round(int(homes.gap_sum[h]) / (days - 1), 2) if days > 1 else None


def _money(cents: int | np.integer[Any]) -> str:
    return f"{'-' if cents < 0 else ''}{abs(int(cents)) // 100}.{abs(int(cents)) % 100:02}"


def _array(values: list[int] | Ints) -> str:
    return "{" + ",".join(map(str, np.asarray(values).tolist())) + "}"


def _json(value: list[Any]) -> str:
    return msgspec.json.encode(value).decode()


def _copy(
    model: type[Profile | HouseholdSummary],
    columns: list[str],
    rows: list[Any],
    *,
    options: str = "FORMAT csv",
) -> None:
    text = io.StringIO()
    csv.writer(text).writerows(rows)
    text.seek(0)
    with connection.cursor() as cursor:
        cursor.copy_expert(
            f"COPY {model._meta.db_table} ({', '.join(columns)}) FROM STDIN WITH ({options})", text
        )
