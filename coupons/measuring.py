"""Measure what a mailing changed, against the households it held out.

Every bucket of households is read and compared by itself and returns sums; they are added up in
the order of buckets, so that the same facts give the same figures to the last digit.
"""

from collections.abc import Callable, Iterator
from datetime import date, timedelta

import numpy as np
from django.utils import timezone
from django.utils.formats import date_format

from coupons import findings
from coupons.comparing import (
    AFTER_DAYS,
    STEPS,
    Asked,
    Outline,
    Part,
    cells,
    compare_piece,
    days_of,
    outline,
    span_of,
)
from coupons.models import Mailing, Measurement, Recipient, Selection
from coupons.proof import principal
from coupons.proof.comparing import BANDS, Sums
from coupons.terms import Terms
from loyalty import assortment, engine
from pos_integration.said import stated

Progress = Callable[[int, int], None]
Outcome = Recipient.Outcome
LEAST_DAYS = 7
"""Days its coupons were good, before a mailing is measured; or all of them, if they are fewer."""
AGAIN_DAYS = 7
ISSUED = (
    Mailing.State.ISSUED,
    Mailing.State.PRINTED,
    Mailing.State.MAILED,
    Mailing.State.CLOSED,
)
RUNNING, ENDED, FINAL = "running", "ended", "final"


class MeasureError(Exception):
    """Why a mailing cannot be measured, in a sentence for staff that says what would mend it."""


def measure(
    mailing: Mailing,
    as_of: date | None = None,
    progress: Progress = lambda done, total: None,
) -> Measurement:
    """Measure from the days before `as_of`, by default today, and keep it; again, it is replaced.

    While coupons are good its state is running, then ended, and final once the four weeks after
    are over. Raises MeasureError.
    """
    day = as_of or timezone.localdate()
    selection, against = check(mailing, day)
    terms = Terms.from_plain(selection.terms)
    buckets = list(selection.pieces.order_by("bucket").values_list("bucket", flat=True))
    lines = selection.run.lines if selection.run is not None else 0
    asked = _asked(selection, buckets, day, against, lines)
    named = cells(terms, asked.stores)
    whole = Part(Sums.none(named), 0, 0)
    for at, part in enumerate(_in_order(buckets, asked, lines), 1):
        whole = whole.plus(part)
        progress(at, len(buckets))
    report = findings.report(mailing, terms, asked, whole, state=state_on(mailing, day))
    report["days"] = days_of(span_of(selection))
    measurement, _ = Measurement.objects.update_or_create(
        mailing=mailing, as_of=day, defaults={"report": report}
    )
    return measurement


def state_on(mailing: Mailing, day: date) -> str:
    """How far a measurement of the days before `day` gets."""
    if day <= mailing.valid_to:
        return RUNNING
    return FINAL if day > mailing.valid_to + timedelta(days=AFTER_DAYS) else ENDED


def due(as_of: date) -> Iterator[Mailing]:
    """The mailings to measure on the morning `as_of`.

    Once a week from when enough of its days are seen, once its coupons are over, and for the last
    time when the weeks after are.
    """
    candidates = Mailing.objects.filter(
        state__in=ISSUED, selection__isnull=False, valid_from__lt=as_of
    )
    for mailing in candidates.order_by("pk"):
        if as_of < first_day(mailing):
            continue
        last = mailing.measurements.filter(as_of__lte=as_of).order_by("as_of").last()
        if last is None or (
            state_on(mailing, last.as_of) != FINAL
            and (
                state_on(mailing, as_of) != state_on(mailing, last.as_of)
                or (as_of - last.as_of).days >= AGAIN_DAYS
            )
        ):
            yield mailing


def measure_due(
    as_of: date, progress: Progress = lambda done, total: None
) -> tuple[list[Measurement], list[str]]:
    """Measure what is due; returns the measurements, and why others could not be made."""
    kept, refused = [], []
    mailings = list(due(as_of))
    for at, mailing in enumerate(mailings, 1):
        try:
            kept.append(measure(mailing, as_of))
        except MeasureError as error:
            refused.append(str(error))
        progress(at, len(mailings))
    return kept, refused


def first_day(mailing: Mailing) -> date:
    """The first morning on which the mailing can be measured."""
    enough = mailing.valid_from + timedelta(days=LEAST_DAYS)
    return min(enough, mailing.valid_to + timedelta(days=1))


def check(mailing: Mailing, as_of: date | None = None) -> tuple[Selection, str]:
    """The selection to measure, and the outcome of those it is measured against.

    Raises MeasureError if nothing can be told on the morning `as_of`, by default today's.
    """
    day = as_of or timezone.localdate()
    if mailing.state not in ISSUED:
        raise MeasureError(
            f"'{mailing}' is {stated(mailing)}: it is measured once its coupons are issued."
        )
    selection = mailing.selection
    if selection is None or not selection.pieces.exclude(chosen=None).exists():
        raise MeasureError(
            f"'{mailing}' keeps no selection: what those held out would have got is not known, "
            "so what it changed cannot be told."
        )
    if day > timezone.localdate():
        raise MeasureError(
            f"{date_format(day)} is still to come: measure until today at the latest."
        )
    if day <= mailing.valid_from:
        raise MeasureError(
            f"The coupons of '{mailing}' are good from {date_format(mailing.valid_from)} on: "
            f"measure it from {date_format(first_day(mailing))} on."
        )
    if day < first_day(mailing):
        raise MeasureError(
            f"Only {(day - mailing.valid_from).days} days of '{mailing}' are seen: "
            f"measure it from {date_format(first_day(mailing))} on."
        )
    outcomes = set(mailing.recipients.order_by().values_list("outcome", flat=True).distinct())
    for outcome in (Outcome.HOLDOUT, Outcome.STANDING):
        if outcome in outcomes:
            return selection, outcome.value
    raise MeasureError(f"'{mailing}' held nobody out: what it changed cannot be told.")


def _asked(selection: Selection, buckets: list[int], day: date, against: str, lines: int) -> Asked:
    counts = np.zeros(STEPS, np.int64)
    stores: set[int] = set()
    piece: Outline
    for piece in engine.map_buckets(outline, buckets, selection.pk, lines=lines):
        counts += piece.sheets
        stores.update(piece.stores)
    return Asked(
        selection=selection.pk,
        before=day,
        last_product=assortment.last_product(),
        last_store=assortment.last_store(),
        against=against,
        edges=tuple(principal.edges(counts, BANDS).tolist()),
        stores=tuple(sorted(stores)),
    )


def _in_order(buckets: list[int], asked: Asked, lines: int) -> Iterator[Part]:
    """Each bucket's part in the order of buckets, in whatever order they are done."""
    done: dict[int, Part] = {}
    following = iter(buckets)
    wanted = next(following, None)
    for bucket, part in engine.map_buckets(compared, buckets, asked, lines=lines):
        done[bucket] = part
        while wanted in done:
            yield done.pop(wanted)
            wanted = next(following, None)


def compared(bucket: int, asked: Asked) -> tuple[int, Part]:
    """A bucket's part and whose it is: parts are done in any order."""
    return bucket, compare_piece(bucket, asked)
