"""What is learned of all shoppers at once: monthly, or when asked, and never from the future.

One household of eight is never learned from. A new version and the one in use are both asked
about those, so that neither has seen the answers, and only if the new one does no worse is it put
to use. A night computes with what is in use; `fitted` keeps every version.
"""

import logging
from collections.abc import Callable, Iterator, Sequence
from datetime import date, timedelta
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from loyalty import assortment, beliefs, fitted, history
from loyalty.assortment import Assortment
from loyalty.chunks import Receipts
from loyalty.models import FittedModel
from loyalty.shopper import (
    discovery,
    discovery_learning,
    needs,
    needs_learning,
    newcomers,
    newcomers_learning,
    sharing,
    value_learning,
)
from loyalty.shopper.kernel import Flags, Floats, Ints, Ints32, Lines, Statistics

Kind = FittedModel.Kind
Progress = Callable[[int, int], None]
Plain = dict[str, Any]

SAMPLE_HOUSEHOLDS = 10_000
"""How many households are learned from, at least one bucket: more would not say more."""
REFIT_DAYS = 28
"""Frozen for three months, the models lose a hundredth: a month is often enough."""

log = logging.getLogger(__name__)


class Sample(NamedTuple):
    """Households to learn from, as if they were one bucket."""

    kinds: Assortment
    as_of: int  # day number: their lines end before it
    households: Ints  # ids; household i of `lines` and `receipts` is households[i]
    lines: Lines
    receipts: Receipts


class Learner(NamedTuple):
    """How one kind of model is learned, and how well it then tells the latest weeks.

    learn: raises ValueError, in a sentence, where there is too little to go by.
    quality: plain figures, of which "loss" decides: the lower the better.
    """

    kind: Kind
    learn: Callable[[Sample], Plain]
    quality: Callable[[Plain, Sample], Plain]


def learn(as_of: date, progress: Progress = lambda done, total: None) -> list[FittedModel]:
    """Learn every kind anew from the days before `as_of`; put to use what is no worse.

    Returns the versions kept. A kind with too little to go by is left as it is; the others are
    learned all the same.
    """
    return _each(LEARNERS, _compared, as_of, progress)


def learn_if_due(as_of: date, progress: Progress = lambda done, total: None) -> list[FittedModel]:
    """Learn the kinds that were never learned, or more than REFIT_DAYS before `as_of`, or whose
    version in use cannot be read: an earlier release's, or a damaged one.
    """
    latest = as_of - timedelta(days=REFIT_DAYS)
    lately = FittedModel.objects.filter(as_of__gt=latest, as_of__lte=as_of)
    unreadable = {
        model.kind
        for model in FittedModel.objects.filter(in_use=True)
        if not beliefs.is_readable(model)
    }
    fresh = set(lately.values_list("kind", flat=True)) - unreadable
    due = [learner for learner in LEARNERS if learner.kind not in fresh]
    return _each(due, _compared, as_of, progress) if due else []


def learn_for(as_of: date, progress: Progress = lambda done, total: None) -> list[FittedModel]:
    """Learn every kind from the days before `as_of`, for an export: no night will use it, so it
    is compared with nothing, and no household is held out.
    """

    def keep(learner: Learner, sample: Sample) -> FittedModel:
        plain = learner.learn(sample)
        figures: Plain = {"households learned from": len(sample.households)}
        return fitted.keep(learner.kind, plain, as_of=as_of, figures=figures, use=False)

    return _each(LEARNERS, keep, as_of, progress)


def _compared(learner: Learner, sample: Sample) -> FittedModel:
    """Learn a kind, and put it to use unless it is worse than the version in use."""
    held_out = is_held_out(sample.households)
    known, asked = part(sample, ~held_out), part(sample, held_out)
    plain = learner.learn(known)
    new = learner.quality(plain, asked)
    before = fitted.in_use(learner.kind)
    if before is not None and not beliefs.is_readable(before):
        before = None  # of an earlier release, or damaged: anything is better
    old = learner.quality(fitted.parameters(before), asked) if before else None
    figures: Plain = {
        "households learned from": len(known.households),
        "households asked about": len(asked.households),
        "new": new,
        "before": old,
        "before is version": before.version if before else None,
    }
    return fitted.keep(
        learner.kind,
        plain,
        as_of=history.day_of(sample.as_of),
        figures=figures,
        use=old is None or new["loss"] <= old["loss"],
    )


def _each(
    learners: Sequence[Learner],
    keep: Callable[[Learner, Sample], FittedModel],
    as_of: date,
    progress: Progress,
) -> list[FittedModel]:
    """Read a sample and let every learner keep what it learns; too little to go by is no error."""
    read, steps = len(history.buckets()), len(history.buckets()) + len(learners)
    sample = read_sample(as_of, lambda done, total: progress(done, steps))
    kept = []
    for done, learner in enumerate(learners if len(sample.lines.day) else (), 1):
        try:
            kept.append(keep(learner, sample))
        except ValueError as too_little:
            log.info("Nothing was learned of '%s': %s", learner.kind.label, too_little)
        progress(read + done, steps)
    progress(steps, steps)
    return kept


def is_held_out(households: Ints) -> Flags:
    """Which households, by id, versions are compared on: one of eight, always the same."""
    mixed = households.astype(np.uint64) * np.uint64(0x9E3779B97F4A7C15)
    held_out: Flags = mixed >> np.uint64(61) == 0
    return held_out


def read_sample(as_of: date, progress: Progress = lambda done, total: None) -> Sample:
    """Read whole buckets, until they hold SAMPLE_HOUSEHOLDS, without what shared cards bought."""
    kinds = assortment.read(assortment.last_product(), assortment.last_store())
    worth = fitted.in_use(Kind.VALUE)
    most = beliefs.NO_LIMIT_CENTS
    if worth is not None and beliefs.is_readable(worth):
        most = fitted.parameters(worth)["usual_most_cents"]
    parts: list[history.Bucket] = []
    households = 0
    for bucket in history.buckets():
        if households >= SAMPLE_HOUSEHOLDS:
            break
        read = beliefs.read(kinds, bucket, as_of, most_cents=most, by_household=False)
        parts.append(read.bucket)
        households += len(parts[-1].households)
        progress(bucket + 1, len(history.buckets()))
    progress(len(history.buckets()), len(history.buckets()))
    return _joined(kinds, as_of, parts)


def _joined(kinds: Assortment, as_of: date, parts: list[history.Bucket]) -> Sample:
    """Buckets as one: households numbered on, in order of day."""
    first = np.cumsum([0, *(len(one.households) for one in parts)]).tolist()
    lines = [
        one.lines._replace(household=one.lines.household + np.int32(begin))
        for one, begin in zip(parts, first, strict=False)
    ]
    receipts = [
        one.receipts._replace(household=one.receipts.household + np.int32(begin))
        for one, begin in zip(parts, first, strict=False)
        if one.receipts is not None
    ]
    return Sample(
        kinds,
        history.day_number(as_of),
        np.concatenate([one.households for one in parts]),
        Lines._make(_by_day(lines)),
        Receipts._make(_by_day(receipts)),
    )


def _by_day(parts: Sequence[Lines] | Sequence[Receipts]) -> Iterator[npt.NDArray[Any]]:
    order = np.argsort(np.concatenate([one.day for one in parts]), kind="stable")
    for column in zip(*parts, strict=True):
        yield np.concatenate(column)[order]


def part(sample: Sample, chosen: Flags) -> Sample:
    """The sample of the households that `chosen`, bool[households], marks, numbered anew."""
    number = np.cumsum(chosen, dtype=np.int32) - np.int32(1)
    lines, receipts = sample.lines, sample.receipts
    mine, theirs = chosen[lines.household], chosen[receipts.household]
    lines = Lines._make(column[mine] for column in lines)
    receipts = Receipts._make(column[theirs] for column in receipts)
    return sample._replace(
        households=sample.households[chosen],
        lines=lines._replace(household=number[lines.household]),
        receipts=receipts._replace(household=number[receipts.household]),
    )


# Needs: the chance of buying an item again, at every level.


def _learn_needs(sample: Sample) -> Plain:
    return {
        level: needs_learning.learn(sample.lines, **_level(sample, level)).to_plain()
        for level in beliefs.LEVELS
    }


def _needs_quality(plain: Plain, sample: Sample) -> Plain:
    told = {
        level: needs_learning.quality(
            needs.Model.from_plain(plain[level]), sample.lines, **_level(sample, level)
        )._asdict()
        for level in beliefs.LEVELS
    }
    return {"loss": float(np.mean([one["log_loss"] for one in told.values()])), **told}


def _level(sample: Sample, level: str) -> dict[str, Any]:
    items = sample.kinds.levels[level]
    return {
        "item_of_product": items.item_of_product,
        "parent_of_item": items.parent,
        "parents": items.parents,
        "households": len(sample.households),
        "items": items.items,
        "as_of": sample.as_of,
    }


# Discovery: the chance of a first purchase in a category.


def _learn_discovery(sample: Sample) -> Plain:
    return discovery_learning.learn(sample.lines, **_categories(sample)).to_plain()


def _discovery_quality(plain: Plain, sample: Sample) -> Plain:
    model = discovery.Model.from_plain(plain)
    told = discovery_learning.quality(model, sample.lines, **_categories(sample))
    return {"loss": told.log_loss, **told._asdict()}


def _categories(sample: Sample) -> dict[str, Any]:
    items = sample.kinds.levels["category"]
    return {
        "category_of_product": items.item_of_product,
        "ids": items.ids,
        "households": len(sample.households),
        "as_of": sample.as_of,
    }


# Value: tiers, lifetime, wallets, prices; and what one card spends at most.


def _learn_value(sample: Sample) -> Plain:
    receipts = sample.receipts
    visits = sharing.Visits(
        receipts.household, receipts.day, receipts.minute, receipts.store, receipts.lines,
        receipts.amount_cents,
    )  # fmt: skip
    bought = _bought(sample)
    try:
        model = value_learning.learn(bought, as_of=sample.as_of)
    except ValueError:  # a young shop has tiers all the same
        model = value_learning.start(bought, as_of=sample.as_of)
    most = sharing.usual_most_cents(visits, cards=len(sample.households), as_of=sample.as_of)
    return {**value_learning.to_plain(model), "usual_most_cents": most}


def _value_quality(plain: Plain, sample: Sample) -> Plain:
    told = value_learning.quality(
        value_learning.from_plain(plain), _bought(sample), as_of=sample.as_of
    )
    return {"loss": told["spend"].get("error_of_mean", 0.0), **told}


def _bought(sample: Sample) -> value_learning.Sample:
    kinds = sample.kinds
    goods = kinds.levels["product"]
    return value_learning.Sample(
        lines=sample.lines,
        households=len(sample.households),
        department_of_product=kinds.department.item_of_product,
        department_ids=kinds.department.ids,
        margin_shares=kinds.margin_shares,
        item_of_product=goods.item_of_product,
        items=goods.items,
    )


# Newcomers: what to think of who is hardly known.


def _learn_newcomers(sample: Sample) -> Plain:
    return newcomers_learning.learn(
        *_newcomers(sample), stores=len(sample.kinds.stores), as_of=sample.as_of
    ).to_plain()


def _newcomers_quality(plain: Plain, sample: Sample) -> Plain:
    told = newcomers_learning.quality(
        newcomers.Model.from_plain(plain),
        *_newcomers(sample),
        stores=len(sample.kinds.stores),
        as_of=sample.as_of,
    )
    return {"loss": 1.0 - told.ndcg10, **told._asdict()}


def _newcomers(sample: Sample) -> tuple[Lines, Ints32, Ints, Ints32, Callable[..., Floats]]:
    goods = sample.kinds.levels["product"]
    known = fitted.known_on(Kind.NEEDS, history.day_of(sample.as_of))
    judge = needs.Model.from_plain(fitted.parameters(known)["product"]) if known else None
    stores = beliefs.stores_of(
        sample.receipts, sample.kinds, households=len(sample.households), as_of=sample.as_of
    )

    def chances(seen: Statistics) -> Floats:
        told = needs.believe(seen, seen.items, goods.parent, goods.parents, judge)
        return told.probability / told.comes[seen.household]  # if they come: these did

    return sample.lines, goods.item_of_product, goods.ids, stores, chances


LEARNERS = (
    Learner(Kind.NEEDS, _learn_needs, _needs_quality),
    Learner(Kind.DISCOVERY, _learn_discovery, _discovery_quality),
    Learner(Kind.VALUE, _learn_value, _value_quality),
    Learner(Kind.NEWCOMERS, _learn_newcomers, _newcomers_quality),  # after the needs it builds on
)
