"""Sheets printed again: single ones or ranges, byte for byte as they were."""

import re
from collections.abc import Iterable, Sequence
from typing import Final

from django.contrib.auth.models import AbstractBaseUser

from coupons.models import PrintRun
from coupons.print_files import Range
from coupons.printing import PrintError, begin

_PART: Final = re.compile(r"(\d{1,9})(?:\s*(?:-|\u2013|to)\s*(\d{1,9}))?")


def ranges_in(text: str) -> list[Range]:
    """Return the ranges that '17, 40-60' names, in order and put together where they meet.

    Raises PrintError, in words, for what names no sheets.
    """
    found = []
    for part in filter(None, (part.strip() for part in re.split(r"[,;\n]", text))):
        match = _PART.fullmatch(part)
        if match is None:
            raise PrintError(f"'{part}' names no sheets: write numbers and ranges, as 17, 40-60.")
        first = int(match[1])
        last = int(match[2] or match[1])
        if not 1 <= first <= last:
            raise PrintError(f"'{part}' is no range of sheets: the smaller number comes first.")
        found.append((first, last))
    if not found:
        raise PrintError("No sheets are named: write numbers and ranges, as 17, 40-60.")
    return joined(found)


def joined(ranges: Iterable[Range]) -> list[Range]:
    """Return the same sheets as ranges in order that neither meet nor overlap."""
    result: list[Range] = []
    for first, last in sorted(ranges):
        if result and first <= result[-1][1] + 1:
            result[-1] = (result[-1][0], max(last, result[-1][1]))
        else:
            result.append((first, last))
    return result


def reprint(run: PrintRun, ranges: Sequence[Range], by: AbstractBaseUser | None = None) -> PrintRun:
    """Begin a reprint of some of a run's sheets; `printing.work` prints it.

    It looks as the run did, whatever became of offers and theme. Raises PrintError for sheets
    that the run does not have.
    """
    of = run.of or run
    has = sum(last - first + 1 for first, last in of.numbers)
    wanted = joined(ranges)
    end = max((last for _, last in of.numbers), default=0)
    if not wanted or wanted[-1][1] > end or not has:
        raise PrintError(f"'{of}' has sheets 1 to {end}: no others can be printed again.")
    seeds = [
        seed for seed in of.seeds if any(first <= seed["number"] <= last for first, last in wanted)
    ]
    made = begin(of.mailing, by=by, kind=PrintRun.Kind.REPRINT, numbers=wanted, of=of)
    if seeds and made.seeds != seeds:
        made.seeds = seeds
        made.save(update_fields=["seeds"])
    return made
