"""What is learned once a month of what households are worth, from a sample of them. PURE.

Every fifth household is kept out of the fit; how the model does on those is what `figures` holds.
"""

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np

from loyalty.shopper import kernel, lifetime, prices, value, wallet
from loyalty.shopper.kernel import Flags, Floats, Ints, Ints32, Lines, Statistics

_KEPT_OUT = 5
_SEED = 20170101


class Sample(NamedTuple):
    """A sample of households and everything they bought before a day."""

    lines: Lines  # in ascending order of day
    households: int
    department_of_product: Ints32  # every product's department, a place in department_ids
    department_ids: Ints  # database ids
    margin_shares: Floats  # of each department, 0 to 1; NaN: not known
    item_of_product: Ints32  # -1: says nothing of what a household needs
    items: int


def learn(sample: Sample, *, as_of: int) -> value.Model:
    """Learn from the days before `as_of`; deterministic.

    The lifetime needs twelve weeks of a hundred households. What households buy elsewhere needs a
    hundred that come nearly every week, and the use of offers a hundred with 15 purchases: where
    these are missing, nobody's is known or the usual is assumed, and `figures` says so. Raises
    ValueError with a sentence for staff if even the lifetime cannot be learned.
    """
    sample = sample._replace(lines=_part(sample.lines, sample.lines.day < as_of))
    kept_out = np.arange(sample.households) % _KEPT_OUT == _KEPT_OUT - 1
    fitted = sample._replace(lines=_part(sample.lines, ~kept_out[sample.lines.household]))
    asked = sample._replace(lines=_part(sample.lines, kept_out[sample.lines.household]))
    model = start(sample, as_of=as_of)
    model = model._replace(lifetime=_lifetime(fitted, as_of))
    missing = []
    try:
        model = model._replace(wallets=_wallets(fitted, as_of))
    except ValueError as error:
        missing.append(str(error))
    goods = _goods(fitted, as_of)
    try:
        model = model._replace(prices=prices.fit(goods, goods.items))
    except ValueError as error:
        missing.append(str(error))
    figures = quality(model, asked, as_of=as_of)
    return model._replace(figures={**figures, "not_learned": missing})


def start(sample: Sample, *, as_of: int) -> value.Model:
    """The model of a shop too young to learn from: tiers by what was spent, the rest as usual."""
    seen = _everything(sample, as_of)
    sold = np.bincount(seen.item, np.maximum(seen.amount_cents, 0), len(sample.department_ids))
    told = ~np.isnan(sample.margin_shares) & (sold > 0)
    usual = value.USUAL_MARGIN_SHARE
    if told.any():
        usual = float((sold * np.nan_to_num(sample.margin_shares))[told].sum() / sold[told].sum())
    spend = value.last_year_cents(seen.households)
    kept = value.household_margins(seen, sample.margin_shares, usual=usual)
    margin = np.rint(spend * kept).astype(np.int64)
    return value.Model(
        tiers=value.Tiers(value.tier_thresholds(spend), value.tier_thresholds(margin)),
        margin_share=usual,
        lifetime=lifetime.DEFAULT,
        wallets=wallet.NOTHING,
        prices=prices.DEFAULT,
        figures={},
    )


def quality(model: value.Model, sample: Sample, *, as_of: int) -> dict[str, Any]:
    """Tell in plain values how a model does on households it was not fitted on.

    spend: what they spent in the last weeks before `as_of` (as many as are known before those, at
    most 26), beside the forecast of the day before them and beside the same number of weeks
    before. wallets: complete-looking households with trips, or one department's lines, taken away:
    how often the model puts a thinned one below an intact one (.5 is chance). prices: how the
    scores of the first and second half of the time agree. A figure is absent where there is
    nothing to measure.
    """
    sample = sample._replace(lines=_part(sample.lines, sample.lines.day < as_of))
    return {
        "households": int((np.bincount(sample.lines.household) > 0).sum()),
        "spend": _spend_figures(model, sample, as_of),
        "wallets": _wallet_figures(model, sample, as_of),
        "prices": _price_figures(model, sample, as_of),
    }


def to_plain(model: value.Model) -> dict[str, Any]:
    """The model as values that JSON knows."""
    plain = {name: part._asdict() for name, part in _parts(model).items()}
    return {**plain, "margin_share": model.margin_share, "figures": model.figures}


def from_plain(plain: Mapping[str, Any]) -> value.Model:
    """The model that `to_plain` wrote."""
    return value.Model(
        tiers=value.Tiers(**_tuples(plain["tiers"])),
        margin_share=plain["margin_share"],
        lifetime=lifetime.Parameters(**_tuples(plain["lifetime"])),
        wallets=wallet.References(**_tuples(plain["wallets"])),
        prices=prices.Norms(**_tuples(plain["prices"])),
        figures=dict(plain["figures"]),
    )


def _parts(model: value.Model) -> dict[str, Any]:
    names = ("tiers", "lifetime", "wallets", "prices")
    return {name: getattr(model, name) for name in names}


def _tuples(fields: Mapping[str, Any]) -> dict[str, Any]:
    return {
        name: tuple(field) if isinstance(field, list) else field for name, field in fields.items()
    }


def _part(lines: Lines, wanted: Flags) -> Lines:
    return Lines._make(column[wanted] for column in lines)


def _everything(sample: Sample, as_of: int, lines: Lines | None = None) -> Statistics:
    return kernel.statistics(
        sample.lines if lines is None else lines,
        sample.department_of_product,
        households=sample.households,
        items=len(sample.department_ids),
        as_of=as_of,
    )


def _goods(sample: Sample, as_of: int, lines: Lines | None = None) -> Statistics:
    return kernel.statistics(
        sample.lines if lines is None else lines,
        sample.item_of_product,
        households=sample.households,
        items=sample.items,
        as_of=as_of,
    )


def _weeks_to_ask(sample: Sample, as_of: int) -> int:
    if not len(sample.lines.day):
        return 0
    return min(int(as_of - sample.lines.day[0]) // 14, lifetime.MOST_HORIZON_WEEKS)


def _spent(sample: Sample, begins: int, ends: int) -> Floats:
    lines = sample.lines
    wanted = (lines.day >= begins) & (lines.day < ends)
    sums = np.bincount(lines.household[wanted], lines.amount_cents[wanted], sample.households)
    return sums.astype(np.float64)


def _came(sample: Sample, begins: int, ends: int) -> Flags:
    wanted = (sample.lines.day >= begins) & (sample.lines.day < ends)
    came: Flags = np.bincount(sample.lines.household[wanted], minlength=sample.households) > 0
    return came


def _lifetime(sample: Sample, as_of: int) -> lifetime.Parameters:
    weeks = _weeks_to_ask(sample, as_of)
    cut, absence = as_of - 7 * weeks, 7 * lifetime.absence_weeks(weeks)
    return lifetime.fit(
        _everything(sample, cut).households,
        as_of=cut,
        cents=_spent(sample, cut, as_of),
        early=_came(sample, cut, cut + absence),
        late=_came(sample, as_of - absence, as_of),
        weeks=weeks,
    )


def _wallets(sample: Sample, as_of: int) -> wallet.References:
    """Half of the households lose 10 to 80 % of their trips, for their rhythm to be learned."""
    random = np.random.default_rng(_SEED)
    kept = np.ones(sample.households)
    thin = random.random(sample.households) < 0.5
    kept[thin] = random.uniform(0.2, 0.9, int(thin.sum()))
    thinned = _everything(sample, as_of, _without_trips(sample.lines, kept, random)).households
    return wallet.fit(
        _everything(sample, as_of), sample.department_ids, _eligible(sample), thinned, kept
    )


def _eligible(sample: Sample) -> Flags:
    """Departments where more than half of the spend is on what households need."""
    department = sample.department_of_product[sample.lines.product]
    needed = sample.item_of_product[sample.lines.product] >= 0
    many, cents = len(sample.department_ids), np.maximum(sample.lines.amount_cents, 0)
    sold = np.bincount(department, cents, many)
    eligible: Flags = np.bincount(department[needed], cents[needed], many) > 0.5 * sold
    return eligible & (sample.department_ids > 0)


def _without_trips(lines: Lines, kept: Floats, random: np.random.Generator) -> Lines:
    trip = lines.household.astype(np.int64) * 100_000 + lines.day
    trips, of_line = np.unique(trip, return_inverse=True)
    stays = random.random(len(trips)) < kept[trips // 100_000]
    return _part(lines, stays[of_line])


def _spend_figures(model: value.Model, sample: Sample, as_of: int) -> dict[str, Any]:
    weeks = _weeks_to_ask(sample, as_of)
    cut = as_of - 7 * weeks
    then = _everything(sample, cut).households if weeks else None
    if then is None or not (then.first >= 0).any():
        return {}
    there = then.first >= 0
    came = _spent(sample, cut, as_of)[there]
    ahead = lifetime.forecast(model.lifetime, then, as_of=cut, weeks=weeks)
    guess, margin = ahead.cents[there], ahead.margin_cents[there]
    before = _spent(sample, cut - 7 * weeks, cut)[there]
    mean = max(float(came.mean()), 1.0)
    order = np.argsort(guess, kind="stable")
    return {
        "weeks": weeks,
        "households": int(there.sum()),
        "mean_cents": round(mean),
        "error_of_mean": _rounded(np.abs(guess - came).mean() / mean),
        "error_of_mean_as_before": _rounded(np.abs(before - came).mean() / mean),
        "bias": _rounded((guess.mean() - came.mean()) / mean),
        "within_margin": _rounded((np.abs(guess - came) <= margin).mean()),
        "tenths_cents": [
            [round(float(guess[tenth].mean())), round(float(came[tenth].mean()))]
            for tenth in np.array_split(order, 10)
            if len(tenth)
        ],
    }


def _wallet_figures(model: value.Model, sample: Sample, as_of: int) -> dict[str, Any]:
    whole = _everything(sample, as_of)
    rows = wallet.complete(whole.households, as_of)
    if not rows.any() or not model.wallets.departments:
        return {}
    random = np.random.default_rng(_SEED + 1)
    ours = sample._replace(lines=_part(sample.lines, rows[sample.lines.household]))
    kept = np.ones(sample.households)
    thin = random.random(sample.households) < 0.5
    kept[thin] = random.uniform(0.3, 0.7, int(thin.sum()))
    thinned = _everything(ours, as_of, _without_trips(ours.lines, kept, random))
    found = wallet.wallets(model.wallets, thinned, sample.department_ids)
    rows = rows & found.known
    intact = wallet.wallets(model.wallets, whole, sample.department_ids)
    return {
        "households": int(rows.sum()),
        "share_of_complete": _rounded(np.median(intact.share[rows])) if rows.any() else None,
        "trips_taken_found": _rounded(_first_of_two(-found.share[rows], thin[rows])),
        "trips_taken_correlation": _rounded(_correlation(found.share[rows], kept[rows])),
        **_department_figures(model, ours, whole, as_of, random),
    }


def _department_figures(
    model: value.Model,
    sample: Sample,
    whole: Statistics,
    as_of: int,
    random: np.random.Generator,
) -> dict[str, Any]:
    """Take 80 to 100 % of one department's lines from each household, and look for it."""
    ids = np.array(model.wallets.departments, np.int64)
    bought = wallet.yearly_cents(whole, sample.department_ids, ids)
    any_order = random.random(bought.shape)
    target = np.where(bought > 0, any_order, -1.0).argmax(axis=1)
    taken = random.uniform(0.8, 1.0, sample.households)
    lines = sample.lines
    department = sample.department_ids[sample.department_of_product[lines.product]]
    goes = (department == ids[target][lines.household]) & (
        random.random(len(lines.day)) < taken[lines.household]
    )
    seen = _everything(sample, as_of, _part(lines, ~goes))
    found = wallet.wallets(model.wallets, seen, sample.department_ids)
    before = wallet.wallets(model.wallets, whole, sample.department_ids)
    rows = np.flatnonzero(found.known & (bought > 0).any(axis=1))
    part, room = _by_department(found, ids, rows)
    _, room_before = _by_department(before, ids, rows)
    is_target = np.arange(len(ids)) == target[rows][:, None]
    counted = bought[rows] > 0
    left = wallet.yearly_cents(seen, sample.department_ids, ids)[rows]
    missing = np.maximum(bought[rows] - left, 0.0)[is_target]
    more = (room - room_before)[is_target]
    lowest = np.where(counted, part, 2.0).argmin(axis=1) == target[rows]
    return {
        "department_taken_found": _rounded(_first_of_two(-part[counted], is_target[counted])),
        "department_taken_is_lowest": _rounded(lowest.mean()) if len(rows) else None,
        "room_correlation": _rounded(
            _correlation(np.log1p(np.maximum(more, 0)), np.log1p(missing))
        ),
        "room_of_missing": _rounded(more.sum() / max(float(missing.sum()), 1.0)),
    }


def _by_department(found: wallet.Wallets, ids: Ints, rows: Ints) -> tuple[Floats, Floats]:
    """Parts and rooms in the order of `ids`."""
    order = np.argsort(found.department[rows], axis=1)
    part = np.take_along_axis(found.part[rows], order, axis=1)
    room = np.take_along_axis(found.room_cents[rows], order, axis=1).astype(np.float64)
    return part, room


def _price_figures(model: value.Model, sample: Sample, as_of: int) -> dict[str, Any]:
    if not len(sample.lines.day):
        return {}
    middle = (int(sample.lines.day[0]) + as_of) // 2
    first = _goods(sample, middle)
    second = _goods(sample, as_of, _part(sample.lines, sample.lines.day >= middle))
    one, other = (prices.sensitivity(model.prices, half, half.items) for half in (first, second))
    rows = one.known & other.known
    whole = _goods(sample, as_of)
    now = prices.sensitivity(model.prices, whole, whole.items)
    return {
        "households": int(rows.sum()),
        "halves_correlation": _rounded(_correlation(one.score[rows], other.score[rows])),
        "tenth_half_nine_tenths": [
            _rounded(np.percentile(now.score[now.known], percent)) if now.known.any() else None
            for percent in (10, 50, 90)
        ],
    }


def _first_of_two(score: Floats, is_sought: Flags) -> float | None:
    """How often a sought one scores above another (AUC), or None if there are no two to compare."""
    sought = int(is_sought.sum())
    others = len(score) - sought
    if not sought or not others:
        return None
    _, place, count = np.unique(score, return_inverse=True, return_counts=True)
    rank = (np.cumsum(count) - (count - 1) / 2)[place]
    return float((rank[is_sought].sum() - sought * (sought + 1) / 2) / (sought * others))


def _correlation(one: Floats, other: Floats) -> float | None:
    if len(one) < 3 or one.std() == 0 or other.std() == 0:
        return None
    away, its = one - one.mean(), other - other.mean()
    return float((away * its).sum() / np.sqrt((away**2).sum() * (its**2).sum()))


def _rounded(figure: float | None) -> float | None:
    return None if figure is None else round(float(figure), 4)
