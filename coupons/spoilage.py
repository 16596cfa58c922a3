"""Sheets that the press or the inserter spoiled, and the reprint that makes them good."""

from collections.abc import Sequence

from django.contrib.auth.models import AbstractBaseUser
from django.db import transaction

from coupons.models import PrintRun, Spoilage
from coupons.print_files import Range
from coupons.printing import PrintError
from coupons.reprinting import joined, reprint


@transaction.atomic
def note(
    run: PrintRun, ranges: Sequence[Range], why: str = "", by: AbstractBaseUser | None = None
) -> list[Spoilage]:
    """Note sheets of a run as spoiled; what is noted and not made good yet is not noted again.

    Raises PrintError for sheets that the run does not have.
    """
    run = PrintRun.objects.select_for_update().get(pk=run.pk)
    end = max((last for _, last in run.numbers), default=0)
    open_ = set(run.spoilage.filter(reprint=None).values_list("first", "last"))
    noted = []
    for first, last in joined(ranges):
        if not any(begin <= first and last <= stop for begin, stop in run.numbers):
            raise PrintError(f"Sheets {first} to {last} are not in '{run}', which ends at {end}.")
        if (first, last) not in open_:
            noted.append(
                Spoilage.objects.create(
                    run=run, first=first, last=last, why=why, noted_by_id=getattr(by, "pk", None)
                )
            )
    return noted


@transaction.atomic
def make_good(run: PrintRun, by: AbstractBaseUser | None = None) -> PrintRun:
    """Begin a reprint of all that is spoiled and not made good; `printing.work` prints it.

    Asked twice, there is one reprint. Raises PrintError if nothing is spoiled.
    """
    run = PrintRun.objects.select_for_update().get(pk=run.pk)
    spoiled = list(run.spoilage.filter(reprint=None))
    if not spoiled:
        raise PrintError("Nothing is spoiled that was not printed again.")
    made = reprint(run, [(one.first, one.last) for one in spoiled], by)
    run.spoilage.filter(pk__in=[one.pk for one in spoiled]).update(reprint=made)
    return made
