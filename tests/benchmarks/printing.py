"""How fast are sheets, and does each barcode read? `python -m tests.benchmarks.printing`.

Each contender prints in a process of its own, alone: CPU time with set-up, file size, peak memory.
Then every symbology's sheets are rendered, each coupon decoded and compared with what was to be
printed. The last line is JSON.
"""

import argparse
import hashlib
import json
import multiprocessing
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import Any, Final

from coupons.sheets import verification
from coupons.sheets.document import write_sheets
from coupons.sheets.faces import SheetFace, Symbology
from coupons.sheets.layout import coupon_boxes, coupon_page, pages_a_sheet
from tests.benchmarks import printing_sheets as made

SHEETS: Final = 10_000
MANY: Final = 50_000
PEER_SHEETS: Final = {"platypus": 150, "canvas": 400, "fpdf2": 300, "pikepdf stamps": 3_000}
DECODED: Final = 200
RUNS: Final = 3
AT_ONCE: Final = 500


def print_ours(out: Path, first: int, last: int, files: dict[str, bytes]) -> float:
    """Write the sheets and return the CPU seconds it took, fonts and pictures included.

    Households come a few hundred at a time, as they do from a database; what it takes to make
    them up is not counted.
    """
    aside = 0.0

    def made_up() -> Iterator[SheetFace]:
        nonlocal aside
        source = made.sheets(made.households(first, last))
        while True:
            begun = time.process_time()
            some = list(islice(source, AT_ONCE))
            aside += time.process_time() - begun
            if not some:
                return
            yield from some

    look = made.look(files, last)
    begun = time.process_time()
    with out.open("wb") as file:
        write_sheets(file, look, made_up(), files)
    return time.process_time() - begun - aside


def one(name: str, sheets: int, out: Path, pictures: Path) -> dict[str, float]:
    """Run one contender in this process; what others would count as set-up is counted."""
    files = made.kept_pictures(pictures)  # uploads are prepared once, on another day
    if name == "ours":
        seconds = print_ours(out, 1, sheets, files)
    else:
        from tests.benchmarks.printing_peers import PEERS

        homes = list(made.households(1, sheets))
        faces = made.offers(files, Symbology.CODE_128)
        begun = time.process_time()
        PEERS[name](out, homes, faces, files)
        seconds = time.process_time() - begun
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return {
        "sheets": sheets,
        "cpu_s": seconds,
        "per_s": sheets / seconds,
        "bytes": out.stat().st_size / sheets,
        "peak_mib": peak,
    }


def alone(name: str, sheets: int, out: Path, pictures: Path) -> dict[str, float]:
    """Run one contender in a process of its own."""
    command = [sys.executable, "-m", "tests.benchmarks.printing", "--one", name]
    command += ["--sheets", str(sheets), "--out", str(out), "--pictures", str(pictures)]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    told: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return told


def _part(out: str, first: int, last: int, pictures: str, start: Any, ends: Any) -> None:
    files = made.kept_pictures(Path(pictures))
    start.wait()
    begun = time.monotonic()
    print_ours(Path(out), first, last, files)
    ends.put((begun, time.monotonic()))


def side_by_side(folder: Path, sheets: int, pictures: Path) -> float:
    """How many times as fast two processes are as one, from when both are up, look and all."""
    spawn = multiprocessing.get_context("spawn")

    def wall(ranges: Sequence[tuple[int, int]]) -> float:
        start, ends = spawn.Barrier(len(ranges)), spawn.Queue()
        workers = [
            spawn.Process(
                target=_part,
                args=(f"{folder}/part-{first}.pdf", first, last, str(pictures), start, ends),
            )
            for first, last in ranges
        ]
        for worker in workers:
            worker.start()
        times = [ends.get() for _ in workers]
        for worker in workers:
            worker.join()
        return float(max(end for _, end in times) - min(begun for begun, _ in times))

    half = sheets // 2
    whole = statistics.median(wall([(1, sheets)]) for _ in range(RUNS))
    halves = statistics.median(wall([(1, half), (half + 1, sheets)]) for _ in range(RUNS))
    return whole / halves


def decoded(folder: Path, symbology: Symbology, dpi: int, files: dict[str, bytes]) -> float:
    """The share of coupons on DECODED sheets that read as what was to be printed."""
    look = made.look(files, DECODED, symbology)
    format_ = look.format
    sheets = list(made.sheets(made.households(1, DECODED), symbology))
    out = folder / f"{symbology}-{dpi}.pdf"
    with out.open("wb") as file:
        written = write_sheets(file, look, iter(sheets), files)
    if written.left_out:
        raise SystemExit(f"{symbology}: {written.left_out[0].why}")
    boxes = tuple(coupon_boxes(format_))
    asked = [
        verification.Asked(
            at * pages_a_sheet(format_) + coupon_page(format_),
            boxes[: len(sheet.coupons)],
            (symbology,) * len(sheet.coupons),
        )
        for at, sheet in enumerate(sheets)
    ]
    found = verification.read_back(out, asked, dpi)
    right = sum(
        read == coupon.payload
        for sheet, page in zip(sheets, found, strict=True)
        for coupon, read in zip(sheet.coupons, page, strict=True)
    )
    return right / sum(len(sheet.coupons) for sheet in sheets)


def check(path: Path) -> list[str]:
    """What qpdf finds wrong."""
    import pikepdf

    with pikepdf.open(path) as pdf:
        return [str(problem) for problem in pdf.check_pdf_syntax()]


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sheets", type=int, default=SHEETS)
    parser.add_argument("--many", type=int, default=MANY, help="sheets of the memory run; 0: none")
    parser.add_argument("--one", help="run one contender only, here")
    parser.add_argument("--out", type=Path)
    parser.add_argument("--pictures", type=Path)
    asked = parser.parse_args()
    if asked.one:
        print(json.dumps(one(asked.one, asked.sheets, asked.out, asked.pictures)))
        return
    with tempfile.TemporaryDirectory() as name:
        _compare(Path(name), asked.sheets, asked.many)


def _compare(folder: Path, sheets: int, many: int) -> None:
    print(f"{sheets:,} sheets of {made.COUPONS} coupons, {made.OFFERS} offers with photographs")
    print(f"load {os.getloadavg()[0]:.1f}; every contender alone, CPU time with set-up\n")
    print(f"{'':16}{'sheets/CPU s':>14}{'bytes/sheet':>13}{'peak MiB':>10}{'sheets':>9}")
    out, pictures = folder / "ours.pdf", folder / "pictures"
    files = made.pictures()
    made.keep_pictures(files, pictures)
    runs = [alone("ours", sheets, out, pictures) for _ in range(RUNS)]
    first = _sha256(out)
    alone("ours", sheets, out, pictures)
    identical = _sha256(out) == first
    problems = check(out)
    ours = sorted(runs, key=lambda run: run["per_s"])[RUNS // 2]
    _row("ours", ours)
    others = {}
    for name, count in PEER_SHEETS.items():
        took = [alone(name, count, folder / "peer.pdf", pictures) for _ in range(RUNS)]
        others[name] = sorted(took, key=lambda run: run["per_s"])[RUNS // 2]
        _row(name, others[name])
    much = alone("ours", many, folder / "many.pdf", pictures) if many else {}
    if much:
        _row(f"ours, {many:,}", much)
    twice = side_by_side(folder, sheets, pictures)
    print(f"\ntwo processes: {twice:.2f} times one; qpdf: {problems or 'nothing wrong'}")
    print(f"the same run twice: {'the same bytes' if identical else 'OTHER BYTES'}\n")
    print(f"{DECODED} sheets, coupons that read right")
    shares = {}
    for symbology, dpi in READ:
        share = decoded(folder, symbology, dpi, files)
        shares[f"{symbology}_{dpi}"] = share
        print(f"{symbology:14}{dpi:>5} dpi: {share:.2%}")
    print(
        json.dumps(
            {
                "sheets_per_cpu_s": round(ours["per_s"], 1),
                "ratio_platypus": round(ours["per_s"] / others["platypus"]["per_s"], 1),
                "ratio_canvas": round(ours["per_s"] / others["canvas"]["per_s"], 1),
                "ratio_fpdf2": round(ours["per_s"] / others["fpdf2"]["per_s"], 1),
                "ratio_stamps": round(ours["per_s"] / others["pikepdf stamps"]["per_s"], 2),
                "peak_mib": round(ours["peak_mib"], 1),
                "peak_mib_many": round(much.get("peak_mib", 0), 1),
                "bytes_per_sheet": round(ours["bytes"]),
                "two_processes": round(twice, 2),
                "identical": identical,
                "qpdf_problems": len(problems),
                "decoded_share": min(shares.values()),
                **{f"decoded_{name}": share for name, share in shares.items()},
            }
        )
    )


READ: Final = (  # at 300 dots an inch each; Code 128 on a thermal printer's 203 as well
    *((symbology, 300) for symbology in Symbology),
    (Symbology.CODE_128, 203),
)


def _row(name: str, run: dict[str, float]) -> None:
    print(
        f"{name:16}{run['per_s']:>14,.1f}{run['bytes']:>13,.0f}{run['peak_mib']:>10,.0f}"
        f"{run['sheets']:>9,.0f}"
    )


if __name__ == "__main__":
    main()
