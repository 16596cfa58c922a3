"""Mailings to choose sheets for: small ones told in full, drawn ones with limits to be kept."""

from typing import Any, NamedTuple

import numpy as np

from coupons.selection import best_response
from coupons.selection.problem import (
    NO_LIMIT,
    Columns,
    Ints,
    Limits,
    Problem,
    Rules,
    Table,
    no_prices,
)


def mailing(
    value,
    *,
    chance=0.5,
    face=1.0,
    category=None,
    rivals=None,
    is_new=False,
    funder=None,
    places=None,
    band=None,
    per_sheet=2,
    per_category=9,
    new_at_least=0,
    tiers=1,
    sizes=1,
    **limits,
):
    """A mailing of offers of one level, from value[households][offers]; nan: may not get it.

    Every offer is a category of its own, and nothing is limited, unless it is said otherwise.
    """
    value = np.array(value, np.float32)
    households, offers = value.shape
    eligible = ~np.isnan(value)

    def spread(figures):
        return np.broadcast_to(np.asarray(figures), value.shape)[eligible]

    number = np.arange(offers)
    columns = Columns(
        offer=number,
        rivals=number if rivals is None else np.array(rivals),
        category=number if category is None else np.array(category),
        face=np.broadcast_to(face, offers).astype(np.float64),
        cost=np.broadcast_to(face, offers).astype(np.float64),
        funder=np.zeros(offers, np.int64) if funder is None else np.array(funder),
    )
    starts = np.concatenate([[0], np.cumsum(eligible.sum(axis=1))])
    column = np.broadcast_to(number, value.shape)[eligible].astype(np.uint16)
    rules = Rules(per_sheet, per_category, new_at_least)
    new = spread(is_new).astype(np.bool_)
    table = Table(
        starts=starts,
        column=column,
        is_new=new,
        value=value[eligible],
        chance=spread(chance).astype(np.float32),
        places=best_response.places(starts, column, new, columns, rules)
        if places is None
        else np.array(places, np.uint8),
        band=np.zeros(households, np.int16) if band is None else np.array(band, np.int16),
    )
    open_ended = Limits(
        least=np.zeros(offers),
        most=np.full(offers, NO_LIMIT),
        offer_budget=np.full(offers, NO_LIMIT),
        funder_budget=np.full(int(columns.funder.max(initial=0)) + 1, NO_LIMIT),
        budget=NO_LIMIT,
        fairness=NO_LIMIT,
        tiers=tiers,
        sizes=sizes,
    )
    told: dict[str, Any] = {
        name: limit if np.isscalar(limit) else np.array(limit, np.float64)
        for name, limit in limits.items()
    }
    return Problem(columns, table, rules, open_ended._replace(**told))


class Drawn(NamedTuple):
    problem: Problem
    kept: Ints  # sheets that keep all limits


def drawn(seed, *, households=30, offers=10, slack=0.1):
    """A mailing drawn by lot, with limits that some sheets keep and `slack` more than these use."""
    random = np.random.default_rng(seed)
    tiers, sizes, funders = (int(random.integers(1, most)) for most in (4, 3, 4))
    category = np.sort(random.integers(0, 1 + offers // 3, offers))
    rivals = np.zeros(offers, np.int64)
    for at in range(1, offers):
        is_rival = category[at] == category[at - 1] and random.random() < 0.3
        rivals[at] = rivals[at - 1] + (not is_rival)
    levels = random.integers(1, 4, offers)
    face = random.integers(1, 9, levels.sum()) / 4
    columns = Columns(
        np.repeat(np.arange(offers), levels),
        np.repeat(rivals, levels),
        np.repeat(category, levels),
        face,
        face * random.uniform(0.3, 1.0, len(face)),
        random.integers(0, funders, offers),
    )
    per_sheet = int(random.integers(1, 6))
    rules = Rules(per_sheet, int(random.integers(1, 4)), int(random.integers(0, per_sheet + 1)))
    may = random.random((households, len(face))) < random.uniform(0.3, 1.0)
    new = random.random((households, 1 + category.max())) < random.random()
    starts = np.concatenate([[0], np.cumsum(may.sum(axis=1))])
    household, column = np.nonzero(may)
    is_new = new[household, columns.category[column]]
    places = best_response.places(starts, column.astype("u2"), is_new, columns, rules)
    if random.random() < 0.3:
        places = np.minimum(places, random.integers(0, per_sheet + 1, households)).astype("u1")
    value = random.normal(1, 1, len(column)).astype("f4")
    table = Table(
        starts,
        column.astype("u2"),
        is_new,
        value,
        random.uniform(0.01, 0.6, len(column)).astype("f4"),
        places,
        random.integers(0, tiers * sizes, households).astype("i2"),
    )
    free = Limits(
        np.zeros(offers), np.full(offers, NO_LIMIT), np.full(offers, NO_LIMIT),
        np.full(funders, NO_LIMIT), NO_LIMIT, NO_LIMIT, tiers, sizes,
    )  # fmt: skip
    other = table._replace(value=(value / 2 + random.normal(0, 1, len(value))).astype("f4"))
    response = best_response.respond(
        Problem(columns, other, rules, free), no_prices(free), keep=True
    )
    limits = _limits_around(random, response.usage, columns.funder, free, 1 + slack)
    assert response.chosen is not None
    return Drawn(Problem(columns, table, rules, limits), response.chosen)


def _limits_around(random, usage, funder, free, room):
    """Limits on some of everything, which this usage keeps."""

    def some(limits, share, otherwise=NO_LIMIT):
        return np.where(random.random(len(limits)) < share, limits, otherwise)

    by_funder = np.bincount(funder, usage.cost, len(free.funder_budget))
    grid = (free.tiers, free.sizes)
    face, places = usage.face.reshape(grid), usage.places.reshape(grid)
    fairness = NO_LIMIT
    if random.random() < 0.4 and places.any():
        own, of = (np.concatenate([a.sum(axis=1), a.sum(axis=0)]) for a in (face, places))
        off = own[of > 0] / of[of > 0] / (face.sum() / places.sum()) - 1
        fairness = float(np.abs(off).max()) * room + 1e-4
    return free._replace(
        most=some(np.ceil(usage.coupons * room), 0.5),
        least=some(np.floor(usage.coupons * (2 - room)), 0.5, 0.0),
        offer_budget=some(usage.cost * room + 1e-4, 0.3),
        funder_budget=some(by_funder * room + 1e-4, 0.5),
        budget=float(usage.cost.sum() * room + 1e-4) if random.random() < 0.5 else NO_LIMIT,
        fairness=fairness,
    )
