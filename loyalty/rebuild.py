"""The nightly rebuild: seal the history, rebuild every bucket, publish at once.

A run goes through the same steps bucket by bucket. A bucket's work and its receipt are committed
together, so a run that was killed goes on where it stopped; the summaries of a run are seen by
nobody until it is published, in one transaction, in place of the last.
"""

import csv
import io
import time
from collections.abc import Callable
from datetime import date
from functools import reduce
from typing import Any

import msgspec
import numpy as np
from django.db import connection, transaction
from django.db.models import Sum
from django.utils import timezone

from loyalty import assortment, beliefs, engine, history
from loyalty.beliefs import LEVELS
from loyalty.models import BucketReceipt, HouseholdSummary, ModelRun, Profile, PurchaseChunk
from loyalty.shopper import kernel, needs, value
from loyalty.shopper.kernel import Items
from loyalty.shopper.needs import Observed
from pos_integration.models import Category

FITTED_DAYS = needs.HORIZON_DAYS
NEEDS_KEPT = 60
CATEGORIES_KEPT = 8
Progress = Callable[[int, int], None]


def rebuild(as_of: date, progress: Progress = lambda done, total: None) -> ModelRun:
    """Believe anew, from every sale before the day `as_of`, and publish it.

    The same facts are not rebuilt twice: if the published run saw just these, it is returned as
    it is. `progress(done, total)` counts buckets over all steps.
    """
    run = _begin(as_of)
    if run.state == ModelRun.State.PUBLISHED:
        return run
    started = time.monotonic()
    lines = PurchaseChunk.objects.aggregate(rows=Sum("rows"))["rows"] or 0
    steps: list[tuple[str, Callable[[int, int], None], Callable[[ModelRun], None]]] = [
        ("gaps", _gaps_of_bucket, _fit_gaps),
        ("observe", _observe_bucket, _fit_tables),
        ("score", _score_bucket, _publish),
    ]
    total = len(steps) * len(history.buckets())
    for place, (step, function, finish) in enumerate(steps):
        before = place * len(history.buckets())
        done = set(run.receipts.filter(step=step).values_list("bucket", flat=True))
        progress(before + len(done), total)
        waiting = [bucket for bucket in history.buckets() if bucket not in done]
        for count, _ in enumerate(engine.map_buckets(function, waiting, run.pk, lines=lines), 1):
            progress(before + len(done) + count, total)
        run.refresh_from_db()
        if step == "score":
            run.seconds = round(run.seconds + time.monotonic() - started, 3)
        finish(run)
    return run


def _begin(as_of: date) -> ModelRun:
    """The published run of these very facts, or the one that was cut short, or a new one."""
    seen = history.fingerprint()
    same = ModelRun.objects.filter(as_of=as_of, history_hash=seen)
    return same.exclude(state=ModelRun.State.REPLACED).order_by(
        "pk"
    ).last() or ModelRun.objects.create(
        as_of=as_of,
        history_hash=seen,
        parameters={"last_product": assortment.last_product()},
    )


def _read(bucket: int, run: ModelRun) -> history.Bucket:
    kinds = beliefs.assortment_of(run)
    return history.read(bucket, kinds.products, before=run.as_of)


def _receipt(
    run: ModelRun, step: str, bucket: int, started: float, read: history.Bucket, sums: bytes | None
) -> None:
    BucketReceipt.objects.create(
        run=run,
        step=step,
        bucket=bucket,
        households=len(read.households),
        lines=len(read.lines.day),
        seconds=round(time.monotonic() - started, 4),
        sums=sums,
    )


# Step 1: how long it takes to buy each item again, over all households.


def _gaps_of_bucket(bucket: int, run_id: int) -> None:
    started = time.monotonic()
    run = ModelRun.objects.get(pk=run_id)
    kinds, read = beliefs.assortment_of(run), _read(bucket, run)
    as_of = history.day_number(run.as_of)
    sums: dict[str, Any] = {}
    for level in LEVELS:
        for name, day in (("then", as_of - FITTED_DAYS), ("now", as_of)):
            items = beliefs.statistics(read, kinds, level, day).items
            # A bucket's households know a small part of the assortment: the rest are zeros.
            known = np.flatnonzero(items.buyers)
            columns = (known, items.purchases[known], items.gap_sum[known], items.gap_count[known])
            sums[f"{name}.{level}"] = np.vstack(columns).astype(np.int32)
    _receipt(run, "gaps", bucket, started, read, beliefs.pack(sums))


def _fit_gaps(run: ModelRun) -> None:
    """Add the buckets' items up, as they were 28 days ago and as they are."""
    kinds = beliefs.assortment_of(run)
    parts = _sums(run, "gaps")
    fitted: dict[str, Any] = {}
    for level in LEVELS:
        for name, prefix in (("then", "gaps_then"), ("now", "gaps")):
            nothing = np.zeros((len(Items._fields), kinds.levels[level].items), dtype=np.int64)
            total = Items(*nothing)
            for part in parts:
                known, purchases, gap_sum, gap_count = part[f"{name}.{level}"]
                total.purchases[known] += purchases
                total.gap_sum[known] += gap_sum
                total.gap_count[known] += gap_count
            fitted[f"{prefix}.{level}"] = needs.item_gaps(total)
            if level == "product":  # the later of the two stays: as it is now
                fitted["purchases"] = total.purchases
    run.fitted = beliefs.pack(fitted)
    run.save(update_fields=["fitted"])


def _sums(run: ModelRun, step: str) -> list[dict[str, Any]]:
    rows = run.receipts.filter(step=step).order_by("bucket").values_list("sums", flat=True)
    return [beliefs.unpack(bytes(sums)) for sums in rows if sums is not None]


# Step 2: how far to believe a rate, from what was expected of the last 28 days and what came.


def _observe_bucket(bucket: int, run_id: int) -> None:
    started = time.monotonic()
    run = ModelRun.objects.get(pk=run_id)
    kinds, read = beliefs.assortment_of(run), _read(bucket, run)
    as_of = history.day_number(run.as_of)
    gaps_then = beliefs.unpack(bytes(run.fitted or b""))
    sums: dict[str, Any] = {}
    for level in LEVELS:
        then, now = (
            beliefs.statistics(read, kinds, level, day) for day in (as_of - FITTED_DAYS, as_of)
        )
        observed = needs.observe(then, now, gaps_then[f"gaps_then.{level}"].astype(np.float64))
        sums[f"{level}.bought"], sums[f"{level}.expected"] = observed
    sums["spend"] = value.last_year_cents(_everything(read, kinds, as_of).households)
    _receipt(run, "observe", bucket, started, read, beliefs.pack(sums))


def _everything(
    read: history.Bucket, kinds: assortment.Assortment, as_of: int
) -> kernel.Statistics:
    """By department, and with what the model of needs leaves out: the money side."""
    return kernel.statistics(
        read.lines,
        kinds.department.item_of_product,
        households=len(read.households),
        items=kinds.department.items,
        as_of=as_of,
    )


def _fit_tables(run: ModelRun) -> None:
    sums = _sums(run, "observe")
    tables = {
        level: needs.table(
            reduce(
                Observed.plus,
                (Observed(each[f"{level}.bought"], each[f"{level}.expected"]) for each in sums),
            )
        )
        for level in LEVELS
    }
    spend = np.concatenate([each["spend"] for each in sums])
    run.parameters = {
        **run.parameters,
        "tables": {level: table.tolist() for level, table in tables.items()},
        "tier_thresholds_cents": value.tier_thresholds(spend),
    }
    run.save(update_fields=["parameters"])


# Step 3: what is believed of every household.


@transaction.atomic
def _score_bucket(bucket: int, run_id: int) -> None:
    started = time.monotonic()
    run = ModelRun.objects.get(pk=run_id)
    held = beliefs.of_bucket(run, bucket, ("product",))
    _copy(Profile, ["run_id", "household_id", "needs"], _profiles(run, held))
    _copy(HouseholdSummary, _SUMMARY_COLUMNS, _summaries(run, held))
    _receipt(run, "score", bucket, started, held.bucket, None)


def _profiles(run: ModelRun, held: beliefs.Beliefs) -> list[list[Any]]:
    level = held.levels["product"]
    seen = level.statistics
    best = needs.top(seen, level.probability, k=NEEDS_KEPT)
    owner = seen.household[best]
    ids = held.assortment.products[seen.item[best]].tolist()
    entries = [
        [product, round(chance, 4), n, round(gap, 1), history.day_of(last).isoformat()]
        for product, chance, n, gap, last in zip(
            ids,
            level.probability[best].tolist(),
            seen.n[best].tolist(),
            level.usual_gaps[best].tolist(),
            seen.last[best].tolist(),
            strict=True,
        )
    ]
    begins = np.searchsorted(owner, np.arange(len(held.bucket.households) + 1)).tolist()
    return [
        [run.pk, household, msgspec.json.encode(entries[begins[h] : begins[h + 1]]).decode()]
        for h, household in enumerate(held.bucket.households.tolist())
        if begins[h] < begins[h + 1]
    ]


_SUMMARY_COLUMNS = [
    "run_id", "household_id", "first_on", "last_on", "recency_days", "frequency", "monetary",
    "baskets", "mean_gap_days", "saved", "coupon_share", "tier", "year_value", "year_margin",
    "favourite_weekday", "weekly_spend_cents", "categories",
]  # fmt: skip


def _summaries(run: ModelRun, held: beliefs.Beliefs) -> list[list[Any]]:
    kinds, as_of = held.assortment, history.day_number(run.as_of)
    seen = _everything(held.bucket, kinds, as_of)
    homes = seen.households
    names = dict(Category.objects.filter(level="department").values_list("pk", "name"))
    thresholds = run.parameters["tier_thresholds_cents"]
    three = value.recency_frequency_monetary(homes, as_of=as_of)
    year = value.year_ahead(homes, as_of=as_of)
    coupon_shares = value.coupon_line_shares(homes)
    weekdays = value.favourite_weekdays(homes.weekday_days)
    rows = []
    for h, household in enumerate(held.bucket.households.tolist()):
        if not homes.shopping_days[h]:
            continue
        span = slice(seen.starts[h], seen.starts[h + 1])
        spent = seen.amount_cents[span]
        order = np.argsort(-spent, kind="stable")[:CATEGORIES_KEPT]
        all_spent = max(int(spent.sum()), 1)
        shares = [
            [names.get(int(kinds.department.ids[item]), "Other"), round(int(cents) / all_spent, 4)]
            for item, cents in zip(seen.item[span][order], spent[order], strict=True)
            if cents > 0
        ]
        rows.append(
            [
                run.pk,
                household,
                history.day_of(int(homes.first[h])),
                history.day_of(int(homes.last[h])),
                int(three.recency_days[h]),
                int(three.frequency[h]),
                _money(three.monetary_cents[h]),
                int(homes.baskets[h]),
                _mean_gap(homes, h),
                _money(homes.discount_cents[h]),
                round(float(coupon_shares[h]), 4),
                value.tier(int(three.monetary_cents[h]), thresholds),
                _money(year.cents[h]),
                _money(year.margin_cents[h]),
                int(weekdays[h]),
                "{" + ",".join(map(str, homes.week_cents[h].tolist())) + "}",
                msgspec.json.encode(shares).decode(),
            ]
        )
    return rows


def _mean_gap(homes: kernel.Households, h: int) -> float | None:
    """Days between two shopping days; None (empty, in COPY) before the second."""
    days = int(homes.shopping_days[h])
    return round(int(homes.gap_sum[h]) / (days - 1), 2) if days > 1 else None


def _money(cents: np.integer[Any]) -> str:
    return f"{'-' if cents < 0 else ''}{abs(int(cents)) // 100}.{abs(int(cents)) % 100:02}"


def _copy(model: type[Profile | HouseholdSummary], columns: list[str], rows: list[Any]) -> None:
    text = io.StringIO()
    csv.writer(text).writerows(rows)
    text.seek(0)
    with connection.cursor() as cursor:
        cursor.copy_expert(
            f"COPY {model._meta.db_table} ({', '.join(columns)}) FROM STDIN WITH (FORMAT csv)", text
        )


@transaction.atomic
def _publish(run: ModelRun) -> None:
    """Let everybody see the run, and nobody the one before it: one commit."""
    counted = run.receipts.filter(step="score").aggregate(Sum("households"), Sum("lines"))
    older = ModelRun.objects.exclude(pk=run.pk)
    older.exclude(state=ModelRun.State.REPLACED).update(state=ModelRun.State.REPLACED)
    run.state = ModelRun.State.PUBLISHED
    run.published_at = timezone.now()
    run.households = counted["households__sum"] or 0
    run.lines = counted["lines__sum"] or 0
    run.save()
    # What is older than the run can be rebuilt; only the runs themselves are kept, as a record.
    Profile.objects.filter(run__in=older)._raw_delete(Profile.objects.db)
    HouseholdSummary.objects.filter(run__in=older)._raw_delete(HouseholdSummary.objects.db)
    BucketReceipt.objects.filter(run=run).update(sums=None)


def published() -> ModelRun | None:
    """The run that everybody sees, or None before the first night."""
    return ModelRun.objects.filter(state=ModelRun.State.PUBLISHED).first()
