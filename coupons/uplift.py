"""What coupons of each kind change, learned from measured mailings: factors on the prior's benefit.

Of each tag (buy, back, new) the margin that mailings brought is set beside what was predicted of
the same coupons. A factor of 1 is the prior; it moves as far as the measurements are sure.
"""

from collections.abc import Iterator
from datetime import date
from typing import Any

from coupons.models import Measurement
from coupons.proof import shrinking
from coupons.selection.objective import PRIOR_FACTOR_SD, TAGS
from loyalty import fitted
from loyalty.models import FittedModel, ModelRun

KIND = FittedModel.Kind.UPLIFT
ENOUGH_HELD_OUT = 200
"""Households held out with coupons of a tag, in one mailing, before its factor is put to use."""


def model_of(run: ModelRun) -> FittedModel | None:
    """The version that the run was computed with, or None: then the prior stands."""
    return run.learned.filter(kind=KIND).first()


def learn(as_of: date, *, use: bool = True) -> FittedModel | None:
    """Learn from the mailings measured until the day, and keep it as the next version.

    It is put to use by itself only where at least one mailing held ENOUGH_HELD_OUT households out;
    use: False keeps it without. Returns None where no mailing teaches anything, or none anew since
    the last version.
    """
    measured = list(_latest(as_of))
    seen = sorted(one.pk for one in measured)
    last = FittedModel.objects.filter(kind=KIND).order_by("version").last()
    if not seen or (last is not None and last.figures.get("measurements") == seen):
        return None
    parameters: dict[str, Any] = {}
    most = 0
    for _, word in sorted(TAGS.items()):
        told = [one.report["uplift"][word] for one in measured if word in one.report["uplift"]]
        most = max([most, *(one["held_out"] for one in told)])
        found = shrinking.factor(
            [(one["measured"], one["error"], one["predicted"]) for one in told],
            prior_sd=PRIOR_FACTOR_SD,
        )
        parameters[word] = {"factor": round(found.value, 4), "sd": round(found.sd, 4)}
    return fitted.keep(
        KIND,
        parameters,
        as_of=as_of,
        figures={
            "mailings learned from": len(measured),
            "households held out, most of one": most,
            "measurements": seen,
        },
        use=use and most >= ENOUGH_HELD_OUT,
    )


def _latest(as_of: date) -> Iterator[Measurement]:
    """The last measurement of every mailing that says something of tags."""
    rows = Measurement.objects.filter(as_of__lte=as_of).order_by("mailing", "-as_of")
    for one in rows.distinct("mailing"):
        if one.report.get("uplift"):
            yield one
