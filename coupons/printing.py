"""Print runs: a mailing's sheets as PDF files with a manifest, read back before they go out.

A run keeps its look and what it is to print before the first file is written. Its files are
written side by side on the engine's workers, each once: what has a row and lies whole in its
folder is not written again, so a run that was killed goes on where it was.
"""

import glob
import hashlib
import io
import json
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

from django.conf import settings
from django.contrib.auth.models import AbstractBaseUser
from django.db import transaction
from django.utils import timezone

from coupons import preflight, print_progress, seeding
from coupons.alone import TakenError, alone
from coupons.looks import LookError, Looks
from coupons.models import Coupon, Mailing, PrintFile, PrintRun, Sheet
from coupons.preflight import MisreadError
from coupons.print_files import BLOCKED, SAID, TRIAL_AT, Range, chunks, own_last, write_file
from coupons.sheet_rows import last_number, row_of
from coupons.sheets import document
from loyalty import engine
from pos_integration.said import stated

Kind, State = PrintRun.Kind, PrintRun.State
Progress = Callable[[int, int], None]
LINES_A_SHEET: Final = 500  # as much work as so many lines of history: the engine's measure
MANIFEST: Final = "manifest.json"


class PrintError(Exception):
    """Why a print run did not come out right, in a sentence for staff."""


def print_mailing(
    mailing: Mailing,
    out: Path | None = None,
    progress: Progress = lambda done, total: None,
    by: AbstractBaseUser | None = None,
) -> PrintRun:
    """Write all of the mailing's sheets as PDF, with `manifest.json`, and read a sample back.

    out: the folder; by default one below PRINT_DIR named after the mailing. A mailing that lies
    there already, file for file as its manifest says, is not printed again. Raises PrintError if
    the mailing has no sheets, an offer cannot be set, or a barcode that was read back is not its
    coupon's.
    """
    folder = (out or settings.PRINT_DIR / mailing.code).resolve()
    if (kept := _printed_already(mailing, folder)) is not None:
        return kept
    run = work(begin(mailing, by=by, out=folder), progress, folder if out else None)
    mailing.refresh_from_db()
    return run


def begin(
    mailing: Mailing,
    *,
    by: AbstractBaseUser | None = None,
    kind: str = Kind.WHOLE,
    numbers: Sequence[Range] = (),
    of: PrintRun | None = None,
    out: Path | None = None,
) -> PrintRun:
    """Keep what is to be printed and how it looks; `work` prints it.

    numbers: ranges of sheets; none: all, and one to each seed address. of: of a reprint, the run
    whose look it has. A run of the same kind and numbers that was begun and not ended is
    returned instead of another. Raises PrintError.
    """
    with transaction.atomic():
        mailing = Mailing.objects.select_for_update().get(pk=mailing.pk)
        if mailing.is_goodwill:  # its sheets have dates of their own, and leave one by one
            raise PrintError(f"'{mailing}' is printed sheet by sheet, from its households' pages")
        last = last_number(mailing)
        if not last:
            raise PrintError(
                f"'{mailing}' is {stated(mailing)} and has no sheets; "
                f"wanted: issued ('manage.py issue_mailing {mailing.code}')"
            )
        asked = [[first, end] for first, end in numbers]
        for run in mailing.print_runs.filter(kind=kind, of=of, state=State.RUNNING):
            if kind == Kind.WHOLE or run.numbers == asked:
                return run
        seeds = []
        if kind == Kind.WHOLE:
            seeds = seeding.seeds_for(mailing, last)
            asked = [[1, last + len(seeds)]]
        elif kind == Kind.TEST:
            seeds, asked = seeding.test_sheet_for(mailing), [[1, TRIAL_AT]]
        looks = _looks(mailing, of, last + len(seeds) if kind == Kind.WHOLE else last)
        if of is None and (wrong := preflight.faults(looks)):
            more = [f"And {len(wrong) - 5} more."] if len(wrong) > 5 else []
            raise PrintError("\n".join([f"'{mailing}' cannot be printed:", *wrong[:5], *more]))
        run = PrintRun.objects.create(
            mailing=mailing,
            kind=kind,
            of=of,
            numbers=asked,
            look=looks.to_json(),
            seeds=seeds,
            started_by_id=getattr(by, "pk", None),
            sheets=sum(end - first + 1 for first, end in asked),
        )
        run.folder = str(out or _folder(run))
        run.save(update_fields=["folder"])
    return run


def proof_first(mailing: Mailing, many: int, out: Path | None = None) -> PrintRun:
    """Begin a file of a mailing's first `many` sheets, to look at. Raises PrintError."""
    if many < 1:
        raise PrintError(f"a proof of {many} sheets shows nothing; wanted: 1 or more")
    last = min(many, last_number(mailing))
    return begin(mailing, kind=Kind.PROOF, numbers=[(1, last)], out=out)


def _looks(mailing: Mailing, of: PrintRun | None, total: int | None = None) -> Looks:
    try:
        if of is not None and of.look:
            return Looks.from_json(mailing, of.look)
        return Looks.of(mailing, total)
    except LookError as error:
        raise PrintError(str(error)) from None


def _folder(run: PrintRun) -> Path:
    folder: Path = settings.PRINT_DIR / run.mailing.code
    return (folder if run.kind == Kind.WHOLE else folder / f"{run.kind}-{run.pk}").resolve()


def work(
    run: PrintRun,
    progress: Progress = lambda done, total: None,
    out: Path | None = None,
) -> PrintRun:
    """Print a run that was begun, or what is left of it; one that ended stays as it is.

    out: where it is wanted now, if it was begun for another folder. Raises PrintError, and says
    why in the run.
    """
    try:
        with alone(f"coupons.printing.{run.mailing_id}"):
            run.refresh_from_db()
            if run.state == State.RUNNING:
                if out is not None:
                    run.folder = str(out)
                    run.save(update_fields=["folder"])
                _work(run, progress)
    except TakenError:
        raise PrintError(f"'{run.mailing}' is being printed: wait for it to end") from None
    return run


def _work(run: PrintRun, progress: Progress) -> None:
    folder = Path(run.folder)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / MANIFEST).unlink(missing_ok=True)  # of a run before: what it lists is written over
    wanted = chunks(run)
    whole = {file.first for file in run.files.all() if _is_whole(folder, file)}
    left = [at for at, (first, _) in enumerate(wanted) if first not in whole]
    total = sum(last - first + 1 for first, last in wanted)
    done = total - sum(wanted[at][1] - wanted[at][0] + 1 for at in left)
    progress(done, total)
    try:
        for sheets in engine.map_buckets(write_file, left, run.pk, lines=total * LINES_A_SHEET):
            done += sheets
            progress(done, total)
        _finish(run, folder, wanted)
    except MisreadError as error:
        _end(run, State.BLOCKED, BLOCKED.format(error))
        raise PrintError(f"'{run.mailing}' was not printed: {error}") from None
    except LookError as error:
        _end(run, State.FAILED, str(error))
        raise PrintError(f"'{run.mailing}' was not printed: {error}") from None
    except PrintError as error:
        _end(run, State.FAILED, str(error))
        raise
    except Exception as error:
        _end(run, State.FAILED, f"{type(error).__name__}: {error}")
        raise


def _end(run: PrintRun, state: str, says: str) -> None:
    run.state, run.says, run.finished_at = state, says[:SAID], timezone.now()
    run.save(update_fields=["state", "says", "finished_at"])


def _finish(run: PrintRun, folder: Path, wanted: Sequence[Range]) -> None:
    """Count what lies there against what is promised, and write the manifest."""
    files = list(run.files.order_by("first"))
    if [(file.first, file.last) for file in files] != list(wanted):
        raise PrintError("its files are not those that were to be written: print it again")
    for file in files:
        path = folder / file.name
        if file.sheets and not (path.is_file() and path.stat().st_size == file.bytes):
            raise PrintError(
                f"{path} is not there as it was written: workers on other machines must have "
                "the same PRINT_DIR"
            )
    left_out = [one for file in files for one in file.left_out]
    there = sum(file.sheets for file in files) + len(left_out)
    if there != (due := _due(run)):
        raise PrintError(
            f"its files hold {there} sheets, and {due} are promised: some were changed "
            "meanwhile; print it again"
        )
    if there == len(left_out):
        why = f": sheet {left_out[0]['number']}: {left_out[0]['why']}" if left_out else ""
        raise PrintError(f"there is nothing on paper{why}")
    run.left_out = left_out
    run.sheets = sum(file.sheets for file in files)
    run.coupons = sum(file.coupons for file in files)
    run.checked = sum(file.checked for file in files)
    run.manifest = {
        "mailing": run.mailing.code,
        "kind": run.kind,
        "sheets": run.sheets,
        "coupons": run.coupons,
        "barcodes_read_back": run.checked,
        "look_sha256": hashlib.sha256(json.dumps(run.look, sort_keys=True).encode()).hexdigest(),
        "files": [
            {
                "name": file.name,
                "sheets": file.sheets,
                "pages": file.pages,
                "first": file.first,
                "last": file.last,
                "bytes": file.bytes,
                "sha256": file.sha256,
            }
            for file in files
            if file.sheets
        ],
        "seeds": [{"number": seed["number"], "address": seed["address"]} for seed in run.seeds],
        "left_out": [{"number": one["number"], "why": one["why"]} for one in left_out],
    }
    _replace(folder / MANIFEST, (json.dumps(run.manifest, indent=2) + "\n").encode())
    _sweep(run, folder)
    run.state, run.says, run.finished_at = State.FINISHED, "", timezone.now()
    with transaction.atomic():
        run.save()
        if run.kind == Kind.WHOLE:
            Mailing.objects.filter(pk=run.mailing_id, state=Mailing.State.ISSUED).update(
                state=Mailing.State.PRINTED
            )


def _sweep(run: PrintRun, folder: Path) -> None:
    """Remove what a worker that was killed left half written, and what whole runs before this one
    left in its folder: nobody is to mail a sheet twice.
    """
    for file in run.files.all():
        print_progress.forget(run, file.first)
    now = {file["name"] for file in run.manifest["files"]}
    if run.kind == Kind.WHOLE:
        before = PrintFile.objects.filter(
            run__mailing=run.mailing_id, run__kind=Kind.WHOLE, run__folder=run.folder
        ).exclude(name__in=now)
        for name in set(before.values_list("name", flat=True)):
            (folder / name).unlink(missing_ok=True)
    for name in now:
        for pattern in ("{}.*.part", "{}.blocked"):
            for path in folder.glob(pattern.format(glob.escape(name))):
                path.unlink(missing_ok=True)


def _due(run: PrintRun) -> int:
    """How many sheets the run is to have: those of its numbers that are not void, and the seeds."""
    if run.kind == Kind.TEST:
        return len(run.seeds) + 1
    live = Sheet.objects.filter(mailing=run.mailing, voided_at=None, number__lte=own_last(run))
    return len(run.seeds) + sum(
        live.filter(number__range=(first, last)).count() for first, last in run.numbers
    )


def _replace(path: Path, content: bytes) -> None:
    part = path.with_name(f"{path.name}.part")
    part.write_bytes(content)
    part.replace(path)


def _printed_already(mailing: Mailing, folder: Path) -> PrintRun | None:
    run = (
        mailing.print_runs.filter(kind=Kind.WHOLE, state=State.FINISHED, folder=str(folder))
        .order_by("pk")
        .last()
    )
    if run is None:
        return None
    for file in run.manifest["files"]:
        path = folder / file["name"]
        if not path.is_file() or _sha256(path) != file["sha256"]:
            return None
    return run


def _is_whole(folder: Path, file: PrintFile) -> bool:
    if not file.sheets:
        return True
    path = folder / file.name
    return path.is_file() and _sha256(path) == file.sha256


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def last_run(mailing: Mailing) -> PrintRun | None:
    """The mailing's last whole run that came out right, whose look its reprints have."""
    runs = mailing.print_runs.filter(kind=Kind.WHOLE, state=State.FINISHED).exclude(look={})
    return runs.order_by("pk").last()


def looks_of(mailing: Mailing) -> Looks:
    """How the mailing was printed, or would be now. Raises PrintError."""
    return _looks(mailing, last_run(mailing))


def sheet_pdf(sheet: Sheet) -> bytes:
    """One sheet as PDF, as it is in its mailing's file. Raises PrintError."""
    looks = looks_of(sheet.mailing)
    if sheet.number > looks.look.total:  # issued since, in the place of a lost one
        looks.kept = replace(looks.kept, look=replace(looks.look, total=sheet.number))
    if sheet.mailing.is_goodwill:
        looks.date_each(sheet.coupons.all())
    return _pdf(looks, [row_of(sheet)])


def proof_pdf(mailing: Mailing, sheets: Sequence[tuple[Sheet, Sequence[Coupon]]]) -> bytes:
    """Sheets that are not issued, for looking at: whatever codes they have, no till knows them."""
    languages = {sheet.language for sheet, _ in sheets}
    looks = Looks.of(mailing, len(sheets), languages)
    return _pdf(looks, [row_of(sheet, coupons) for sheet, coupons in sheets])


def _pdf(looks: Looks, rows: Sequence[Any]) -> bytes:
    out = io.BytesIO()
    try:
        document.write_sheets(out, looks.look, looks.faces(rows), looks.files())
    except (LookError, ValueError) as error:
        raise PrintError(str(error)) from None
    return out.getvalue()
