"""The nightly rebuild: seal the history, rebuild every bucket, publish at once.

A run goes through the same steps bucket by bucket. A bucket's work and its receipt are committed
together, so a run that was killed goes on where it stopped; the summaries of a run are seen by
nobody until it is published, in one transaction, in place of the last.
"""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date, timedelta
from typing import Any

import numpy as np
import numpy.typing as npt
from django.db import IntegrityError, transaction
from django.db.models import Sum
from django.utils import timezone

from loyalty import assortment, beliefs, engine, fitted, history, night_report, summaries
from loyalty.beliefs import LEVELS
from loyalty.models import (
    BucketReceipt,
    FittedModel,
    HouseholdSummary,
    ModelRun,
    Profile,
    PurchaseChunk,
)
from loyalty.shopper.kernel import Items

STEPS = ("items", "score")
"""What a run does with every bucket, one after the other; each leaves a receipt a bucket."""
TRIAL_LASTS = timedelta(days=1)
Progress = Callable[[int, int], None]


def rebuild(as_of: date, progress: Progress = lambda done, total: None) -> ModelRun:
    """Believe anew, from every sale before the day `as_of`, and publish it.

    Computes with the models in use. The same facts are not rebuilt twice by the same models: if
    the published run saw just these, it is returned as it is. `progress(done, total)` counts
    buckets over all steps.
    """
    run = _begin(as_of)
    if run.state != ModelRun.State.PUBLISHED:
        _sum_items(run, progress, len(STEPS))
        _score(run, progress)
        _publish(run)
    return run


@contextmanager
def prepared(as_of: date, progress: Progress = lambda done, total: None) -> Iterator[ModelRun]:
    """A run that may be asked about every bucket, and that nobody else sees: for exports.

    Computes with the latest models that knew nothing of `as_of` or later.
    """
    ModelRun.objects.filter(
        state=ModelRun.State.TRIAL, started_at__lt=timezone.now() - TRIAL_LASTS
    ).delete()
    models = [fitted.known_on(kind, as_of) for kind in FittedModel.Kind]
    run = _new(as_of, history.fingerprint(), [m for m in models if m], ModelRun.State.TRIAL)
    try:
        _sum_items(run, progress, 1)
        yield run
    finally:
        run.delete()


def _begin(as_of: date) -> ModelRun:
    """The published run of these very facts, or the one that was cut short, or a new one."""
    seen = history.fingerprint()
    models = list(FittedModel.objects.filter(in_use=True).order_by("pk"))
    same = ModelRun.objects.filter(
        as_of=as_of,
        history_hash=seen,
        state__in=[ModelRun.State.RUNNING, ModelRun.State.PUBLISHED],
    ).order_by("pk")
    for run in reversed(same):
        if list(run.learned.order_by("pk")) == models:
            if run.state == ModelRun.State.RUNNING:
                run.report = {**run.report, "begun": run.report.get("begun", 1) + 1}
                run.save(update_fields=["report"])
            return run
    return _new(as_of, seen, models, ModelRun.State.RUNNING)


@transaction.atomic
def _new(as_of: date, seen: str, models: list[FittedModel], state: ModelRun.State) -> ModelRun:
    run = ModelRun.objects.create(
        as_of=as_of,
        state=state,
        history_hash=seen,
        parameters={
            "last_product": assortment.last_product(),
            "last_store": assortment.last_store(),
        },
    )
    run.learned.set(models)
    return run


def _over_buckets(
    run: ModelRun,
    step: str,
    function: Callable[[int, int], None],
    progress: Progress,
    place: int,
    steps: int,
) -> None:
    """Run one step on the buckets that have no receipt of it yet."""
    started = time.monotonic()
    count = len(history.buckets())
    done = set(run.receipts.filter(step=step).values_list("bucket", flat=True))
    progress(place * count + len(done), steps * count)
    waiting = [bucket for bucket in history.buckets() if bucket not in done]
    lines = PurchaseChunk.objects.aggregate(rows=Sum("rows"))["rows"] or 0
    for more, _ in enumerate(engine.map_buckets(function, waiting, run.pk, lines=lines), 1):
        progress(place * count + len(done) + more, steps * count)
    run.refresh_from_db()
    seconds = run.report.get("seconds", {})
    took = round(seconds.get(step, 0) + time.monotonic() - started, 3)
    run.report = {**run.report, "seconds": {**seconds, step: took}}
    run.save(update_fields=["report"])


def _once(
    bucket: int,
    run_id: int,
    step: str,
    work: Callable[[ModelRun, int], tuple[beliefs.Read, bytes | None]],
) -> None:
    """Do a bucket's work and commit it with its receipt.

    A cluster may give a bucket out again whose worker died with its work done, or is only slow:
    what was committed first stays, and the second attempt changes nothing.
    """
    started = time.monotonic()
    done = BucketReceipt.objects.filter(run=run_id, step=step, bucket=bucket)
    if done.exists():
        return
    run = ModelRun.objects.get(pk=run_id)
    try:
        with transaction.atomic():
            read, sums = work(run, bucket)
            BucketReceipt.objects.create(
                run=run,
                step=step,
                bucket=bucket,
                households=len(read.bucket.households),
                lines=len(read.bucket.lines.day),
                seconds=round(time.monotonic() - started, 4),
                sums=sums,
            )
    except IntegrityError:
        if not done.exists():
            raise


# Step 1: what all households did with each item.


def _sum_items(run: ModelRun, progress: Progress, steps: int) -> None:
    if run.fitted is None:
        _over_buckets(run, "items", _items_of_bucket, progress, 0, steps)
        _add_items_up(run)


def _items_of_bucket(bucket: int, run_id: int) -> None:
    _once(bucket, run_id, "items", _items)


def _items(run: ModelRun, bucket: int) -> tuple[beliefs.Read, bytes | None]:
    kinds = beliefs.assortment_of(run)
    known, as_of = beliefs.learned_by(run), history.day_number(run.as_of)
    read = beliefs.read(kinds, bucket, run.as_of, most_cents=known.usual_most_cents)
    sums: dict[str, npt.NDArray[np.int64]] = {}
    for level in LEVELS:
        seen = beliefs.statistics(read.bucket, kinds, level, as_of)
        # A bucket's households know a small part of the assortment: the rest are zeros.
        there = np.flatnonzero(seen.items.buyers)
        sums[f"{level}.known"] = there
        for field, column in zip(Items._fields, seen.items, strict=True):
            sums[f"{level}.{field}"] = column[there]
    if known.newcomers is not None:
        counts = beliefs.count_newcomers(read.bucket, kinds, known.newcomers, as_of)
        sums |= {f"newcomers.{field}": part for field, part in counts._asdict().items()}
    return read, beliefs.pack(sums)


def _add_items_up(run: ModelRun) -> None:
    kinds = beliefs.assortment_of(run)
    totals = {level: Items.none(kinds.levels[level].items) for level in LEVELS}
    popular: dict[str, npt.NDArray[Any]] = {}
    receipts = run.receipts.filter(step="items").order_by("bucket")
    for packed in receipts.values_list("sums", flat=True).iterator(chunk_size=8):
        sums = beliefs.unpack(bytes(packed or b""))
        for level, total in totals.items():
            known = sums[f"{level}.known"]
            for field, column in zip(Items._fields, total, strict=True):
                column[known] += sums[f"{level}.{field}"]
        for name, part in sums.items():
            if name.startswith("newcomers."):
                popular[name] = part + popular[name] if name in popular else part
    run.fitted = beliefs.pack(
        {
            f"{level}.{field}": column
            for level, total in totals.items()
            for field, column in zip(Items._fields, total, strict=True)
        }
        | popular
    )
    run.save(update_fields=["fitted"])


# Step 2: what is believed of every household.


def _score(run: ModelRun, progress: Progress) -> None:
    _over_buckets(run, "score", _score_bucket, progress, 1, len(STEPS))


def _score_bucket(bucket: int, run_id: int) -> None:
    _once(bucket, run_id, "score", _scores)


def _scores(run: ModelRun, bucket: int) -> tuple[beliefs.Read, bytes | None]:
    held = beliefs.of_bucket(run, bucket, ("product", "category"))
    summaries.write_profiles(run, held)
    summaries.write_summaries(run, held)
    return held.read, None


@transaction.atomic
def _publish(run: ModelRun) -> None:
    """Let everybody see the run, and nobody the one before it: one commit."""
    told = night_report.of(run, published())
    older = ModelRun.objects.exclude(pk=run.pk).exclude(state=ModelRun.State.TRIAL)
    older.exclude(state=ModelRun.State.REPLACED).update(state=ModelRun.State.REPLACED)
    run.state = ModelRun.State.PUBLISHED
    run.published_at = timezone.now()
    run.households, run.lines = told["households"], told["lines"]
    run.report = {**run.report, **told}
    run.seconds = round(sum(run.report["seconds"].values()), 3)
    run.save()
    # What is older than the run can be rebuilt; only the runs themselves are kept, as a record.
    Profile.objects.filter(run__in=older)._raw_delete(Profile.objects.db)
    HouseholdSummary.objects.filter(run__in=older)._raw_delete(HouseholdSummary.objects.db)
    BucketReceipt.objects.filter(run=run).update(sums=None)


def published() -> ModelRun | None:
    """The run that everybody sees, or None before the first night."""
    return ModelRun.objects.filter(state=ModelRun.State.PUBLISHED).first()
