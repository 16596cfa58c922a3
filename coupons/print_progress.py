"""How many sheets of files that are not whole yet are written: noted beside them, read by pages.

A note is a hint for who waits. It is lost without harm, and gone when its file is whole.
"""

from pathlib import Path
from typing import Final

from coupons.models import PrintRun

EVERY: Final = 25  # sheets between two notes: some fifty milliseconds of work
_NOTE: Final = "{first:07}.sheets"


def note(run: PrintRun, first: int, sheets: int) -> None:
    """Say that so many sheets of the file that begins with sheet `first` are written."""
    (Path(run.folder) / _NOTE.format(first=first)).write_text(str(sheets))


def forget(run: PrintRun, first: int) -> None:
    """The file is whole, or will never be."""
    (Path(run.folder) / _NOTE.format(first=first)).unlink(missing_ok=True)


def sheets_done(run: PrintRun) -> int:
    """The sheets of all files at work. 0 where another machine's folder cannot be seen."""
    total = 0
    folder = Path(run.folder)
    if not run.folder or not folder.is_dir():
        return 0
    for path in folder.glob(_NOTE.format(first=0).replace("0000000", "*")):
        try:
            total += int(path.read_text() or 0)
        except (OSError, ValueError):  # it became whole meanwhile, or is being written
            continue
    return total
