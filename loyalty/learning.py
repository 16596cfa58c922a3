"""What is learned of all shoppers at once: monthly, or when asked, and never from the future.

One household of eight is never learned from. A new version and the one in use are both asked
about those, and only if the new one does no worse is it put to use. A night computes with what is
in use; `fitted` keeps every version.
"""

import logging
from collections.abc import Callable, Sequence
from datetime import date, timedelta
from typing import Any, NamedTuple, TypeVar

import numpy as np

from loyalty import assortment, beliefs, fitted, history
from loyalty.assortment import Assortment
from loyalty.models import FittedModel
from loyalty.shopper.habits import Receipts
from loyalty.shopper.kernel import Flags, Ints, Ints32, Lines

Kind = FittedModel.Kind
Progress = Callable[[int, int], None]
Plain = dict[str, Any]
Rows = TypeVar("Rows", Lines, Receipts)

SAMPLE_HOUSEHOLDS = 20_000
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
    return _learn(LEARNERS, as_of, progress, use=True)


def learn_if_due(as_of: date, progress: Progress = lambda done, total: None) -> list[FittedModel]:
    """Learn the kinds that were never learned, or more than REFIT_DAYS before `as_of`."""
    latest = as_of - timedelta(days=REFIT_DAYS)
    fresh = set(
        FittedModel.objects.filter(as_of__gt=latest, as_of__lte=as_of).values_list(
            "kind", flat=True
        )
    )
    due = [learner for learner in LEARNERS if learner.kind not in fresh]
    return _learn(due, as_of, progress, use=True) if due else []


def learn_for(as_of: date, progress: Progress = lambda done, total: None) -> list[FittedModel]:
    """Learn every kind from the days before `as_of`, for an export: no night will use it."""
    return _learn(LEARNERS, as_of, progress, use=False)


def _learn(
    learners: Sequence[Learner], as_of: date, progress: Progress, *, use: bool
) -> list[FittedModel]:
    sample = read_sample(as_of, progress)
    held_out = is_held_out(sample.households)
    known, asked = part(sample, ~held_out), part(sample, held_out)
    kept = []
    for learner in learners:
        try:
            kept.append(_learn_one(learner, known, asked, as_of, use=use))
        except ValueError as too_little:
            log.warning("Nothing was learned of '%s': %s", learner.kind.label, too_little)
    return kept


def is_held_out(households: Ints) -> Flags:
    """Which households, by id, are never learned from: one of eight, always the same."""
    mixed = households.astype(np.uint64) * np.uint64(0x9E3779B97F4A7C15)
    return mixed >> np.uint64(61) == 0


def _learn_one(
    learner: Learner, known: Sample, asked: Sample, as_of: date, *, use: bool
) -> FittedModel:
    plain = learner.learn(known)
    new = learner.quality(plain, asked)
    before = fitted.in_use(learner.kind)
    old = learner.quality(fitted.parameters(before), asked) if before else None
    is_better = old is None or new["loss"] <= old["loss"]
    figures: Plain = {
        "households learned from": len(known.households),
        "households asked about": len(asked.households),
        "new": new,
        "before": old,
        "before is version": before.version if before else None,
    }
    return fitted.keep(learner.kind, plain, as_of=as_of, figures=figures, use=use and is_better)


def read_sample(as_of: date, progress: Progress = lambda done, total: None) -> Sample:
    """Read whole buckets, until they hold SAMPLE_HOUSEHOLDS, without what shared cards bought."""
    kinds = assortment.read(assortment.last_product())
    parts: list[history.Bucket] = []
    households = 0
    for bucket in history.buckets():
        if households >= SAMPLE_HOUSEHOLDS:
            break
        parts.append(beliefs.read(kinds, bucket, as_of).bucket)
        households += len(parts[-1].households)
        progress(bucket + 1, len(history.buckets()))
    progress(len(history.buckets()), len(history.buckets()))
    return _joined(kinds, as_of, parts)


def _joined(kinds: Assortment, as_of: date, parts: list[history.Bucket]) -> Sample:
    first = np.cumsum([0, *(len(one.households) for one in parts)]).tolist()
    lines = _together([one.lines for one in parts], first, Lines)
    receipts = _together([one.receipts for one in parts], first, Receipts)
    ids = np.concatenate([one.households for one in parts])
    return Sample(kinds, history.day_number(as_of), ids, lines, receipts)


def _together(parts: Sequence[Rows], first: Sequence[int], kind: type[Rows]) -> Rows:
    """Rows of several buckets as one's: households numbered on, in order of day."""
    if not parts:
        raise ValueError("No purchase is sealed yet.")
    moved = [
        one._replace(household=one.household + np.int32(begin))
        for one, begin in zip(parts, first, strict=False)
    ]
    joined = kind(*(np.concatenate(column) for column in zip(*moved, strict=True)))
    order = np.argsort(joined.day, kind="stable")
    return kind(*(column[order] for column in joined))


def part(sample: Sample, chosen: Flags) -> Sample:
    """The sample of the households that `chosen`, bool[households], marks, numbered anew."""
    number = np.cumsum(chosen, dtype=np.int32) - np.int32(1)
    return sample._replace(
        households=sample.households[chosen],
        lines=_rows(sample.lines, chosen, number),
        receipts=_rows(sample.receipts, chosen, number),
    )


def _rows(rows: Rows, chosen: Flags, number: Ints32) -> Rows:
    keep = chosen[rows.household]
    kept = type(rows)(*(column[keep] for column in rows))
    return kept._replace(household=number[kept.household])
