"""One file of a print run: written, read back, and noted once it is whole."""

import io
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import chain
from pathlib import Path
from typing import Any, Final

from coupons import preflight, print_progress, seeding
from coupons.looks import Looks, SheetRow
from coupons.models import Mailing, PrintFile, PrintRun, Sheet
from coupons.preflight import Expected, MisreadError
from coupons.sheet_rows import rows_of
from coupons.sheets import document, trial
from coupons.sheets.document import LeftOut, Written
from coupons.sheets.faces import SheetFace

Range = tuple[int, int]
SAID: Final = 500  # characters of what a run says of itself
BLOCKED: Final = "{}. Nothing of this run is to be mailed."
TRIAL_AT: Final = 2  # the place of a test's page behind its sheet
TRIAL: Final = "{code}-test-page.pdf"
NUMBERED: Final = "{code}-{first:07}-{last:07}.pdf"


def chunks(run: PrintRun) -> list[Range]:
    """The sheets of each file, first and last: whole runs cut at the same numbers as reprints.

    A test is a sheet, and a page of rulers, patches and bars.
    """
    if run.kind == PrintRun.Kind.TEST:
        return [(1, 1), (TRIAL_AT, TRIAL_AT)]
    size = run.look["sheets_a_file"]
    return [
        (begin, min(begin - (begin - 1) % size + size - 1, last))
        for first, last in run.numbers
        for begin in _begins(first, last, size)
    ]


def _begins(first: int, last: int, size: int) -> Iterator[int]:
    yield first
    yield from range(first - (first - 1) % size + size, last + 1, size)


def write_file(place: int, run_id: int) -> int:
    """Write the run's file of this place, read it back, and note that it is whole.

    Returns how many sheets it was to have; a file of none is noted and not written. May run
    twice. Raises MisreadError and leaves the file beside its name for a look at it; LookError for
    a coupon that is of none of the mailing's offers.
    """
    run = PrintRun.objects.select_related("mailing").get(pk=run_id)
    if run.state != PrintRun.State.RUNNING:  # another file was read wrong meanwhile
        return 0
    first, last = chunks(run)[place]
    looks = Looks.from_json(run.mailing, run.look)
    is_trial = run.kind == PrintRun.Kind.TEST and first == TRIAL_AT
    named = TRIAL if is_trial else NUMBERED
    name = named.format(code=run.mailing.code, first=first, last=last)
    path = Path(run.folder) / name
    # Of this process alone: one that was orphaned by a kill may still be at the same file.
    part = path.with_name(f"{name}.{os.getpid()}.part")
    sampled: dict[int, list[Expected]] = {}
    wanted = _sampled(run, first, last, looks.kept.sheets_checked)
    coupons: dict[int, int] = {}  # of each sheet, in their order

    def watched(faces: Iterable[SheetFace]) -> Iterator[SheetFace]:
        for face in faces:
            coupons[face.sequence] = len(face.coupons)
            if len(coupons) % print_progress.EVERY == 0:
                print_progress.note(run, first, len(coupons))
            if face.sequence in wanted:
                sampled[face.sequence] = preflight.expected_of(looks.look, face)
            yield face

    files = looks.files()
    with part.open("wb") as out:
        try:
            if is_trial:
                written, _ = trial.write_trial(out, looks.look, files)
            else:
                faces = looks.faces(_rows(run, first, last))
                written = document.write_sheets(out, looks.look, watched(faces), files)
        except ValueError:  # not one of them could be set
            written = _nothing(looks, files, _rows(run, first, last))
        out.flush()
        os.fsync(out.fileno())
    for one in written.left_out:
        coupons.pop(one.sequence, None)
    places = {number: at for at, number in enumerate(coupons)}
    pages = {n: (places[n], expected) for n, expected in sampled.items() if n in places}
    try:
        checked = preflight.read_back(part, looks.look, pages) if pages else 0
        if run.kind != PrintRun.Kind.TEST:
            seeds = {seed["number"] for seed in run.seeds}
            preflight.compare(run.mailing, {n: page for n, page in pages.items() if n not in seeds})
    except MisreadError as error:
        print_progress.forget(run, first)
        part.replace(path.with_name(f"{name}.blocked"))
        says = f"{name}: {error}"
        PrintRun.objects.filter(pk=run_id, state=PrintRun.State.RUNNING).update(
            state=PrintRun.State.BLOCKED, says=BLOCKED.format(says)[:SAID]
        )
        raise MisreadError(says) from None
    if written.sheets:
        part.replace(path)  # whoever sees the name sees the whole file
        _sync(path.parent)
    else:
        part.unlink()
    PrintFile.objects.update_or_create(
        run=run,
        first=first,
        defaults={
            "name": name,
            "last": last,
            "sheets": written.sheets,
            "pages": written.pages,
            "coupons": sum(coupons.values()),
            "checked": checked,
            "bytes": written.bytes,
            "sha256": written.sha256,
            "left_out": _left_out(run.mailing, written.left_out),
        },
    )
    print_progress.forget(run, first)
    return last - first + 1


def _sampled(run: PrintRun, first: int, last: int, many: int) -> frozenset[int]:
    """Which sheets of a file are read back: spread over a whole run, else over each file."""
    if run.kind == PrintRun.Kind.WHOLE:
        return preflight.sample(first, last, run.numbers[0][1], many)
    among = preflight.sample(1, last - first + 1, last - first + 1, many)
    return frozenset(first - 1 + number for number in among)


def _sync(folder: Path) -> None:
    """Let the new names of a folder's files outlast a power cut."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _rows(run: PrintRun, first: int, last: int) -> Iterator[SheetRow]:
    """The sheets of a run among these numbers: the mailing's, and those to ourselves behind them.

    A sheet that replaced a lost one since then has a number that a sheet to ourselves has here.
    """
    if run.kind == PrintRun.Kind.TEST:
        return seeding.rows(run, first, last)
    own = rows_of(run.mailing, first, min(last, own_last(run)))
    return chain(own, seeding.rows(run, first, last))


def own_last(run: PrintRun) -> int:
    """The number of the last sheet that is the mailing's own, when the run was begun."""
    whole = run.of or run
    end: int = max(last for _, last in whole.numbers)
    return min((seed["number"] - 1 for seed in whole.seeds), default=end)


def _nothing(looks: Looks, files: Mapping[str, bytes], rows: Iterable[SheetRow]) -> Written:
    """A file of no sheets, and why each was left out."""
    missing = []
    for face in looks.faces(rows):
        try:
            document.write_sheets(io.BytesIO(), looks.look, [face], files)
        except ValueError as error:
            why = str(error).removeprefix(f"there are no sheets to write: sheet {face.sequence}: ")
            missing.append(LeftOut(face.sequence, why))
    return Written(0, 0, 0, "", 0, 0, tuple(missing))


def _left_out(mailing: Mailing, missing: Sequence[LeftOut]) -> list[dict[str, Any]]:
    homes = dict(
        Sheet.objects.filter(
            mailing=mailing, number__in=[one.sequence for one in missing]
        ).values_list("number", "household")
    )
    return [
        {"number": one.sequence, "household": homes.get(one.sequence), "why": one.why}
        for one in missing
    ]
