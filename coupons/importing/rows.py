"""A file of offers read into rows, each with what it says of an offer, and every fault by place.

Nothing here knows which offers, products or funders there are.
"""

import difflib
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

from coupons.importing import csv_text, workbooks
from coupons.importing.cells import CellError, Value
from coupons.importing.columns import BY_NAME, COLUMNS, is_known, name_of
from coupons.importing.table import FORMULAS, MOST_BYTES, Row, Table, TableError

_ZIP = b"PK\x03\x04"
_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_UNIQUE = ("code", "shared_code")


class Fault(NamedTuple):
    """Something that cannot be meant: where it stands, what was found and what is wanted."""

    row: int
    column: str  # empty: the whole row
    sentence: str


class OfferRow(NamedTuple):
    number: int
    said: dict[str, Value]  # by the names of the file's columns


@dataclass
class Reading:
    """What a file says."""

    columns: tuple[str, ...]  # those it has, in the order of COLUMNS
    rows: list[OfferRow] = field(default_factory=list)  # without the faulty ones
    faults: list[Fault] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    count: int = 0  # of all rows, faulty ones too


def read(body: bytes) -> Reading:
    """Return what the file `body`, CSV or XLSX by its first bytes, says of offers.

    Raises TableError for a file that cannot be read at all or that has other columns.
    """
    table = _table(body)
    names = _names(table)
    reading = Reading(
        tuple(column.name for column in COLUMNS if column.name in names),
        notes=table.notes,
        count=len(table.rows),
    )
    reading.faults = [
        Fault(row, names[place] if place is not None else "", sentence)
        for row, place, sentence in table.misread
        if place is None or names[place]
    ]
    misread = {(fault.row, fault.column) for fault in reading.faults}
    for row in table.rows:
        said = {}
        for name, value in _values(row, names, table.is_semicolons):
            if (row.number, name) in misread:
                continue
            if isinstance(value, CellError):
                reading.faults.append(Fault(row.number, name, str(value)))
            else:
                said[name] = value
        reading.rows.append(OfferRow(row.number, said))
    reading.faults.extend(_repeated(reading.rows))
    drop_faulty(reading)
    return reading


def drop_faulty(reading: Reading) -> None:
    """Take the rows with a fault out of `reading`, and put its faults in order."""
    order = {name: place for place, name in enumerate(("", *BY_NAME))}
    reading.faults = sorted(
        dict.fromkeys(reading.faults), key=lambda fault: (fault.row, order[fault.column])
    )
    faulty = {fault.row for fault in reading.faults}
    reading.rows = [row for row in reading.rows if row.number not in faulty]


def _table(body: bytes) -> Table:
    if len(body) > MOST_BYTES:
        raise TableError(
            f"This file has {len(body) / 2**20:.1f} MiB; {MOST_BYTES // 2**20} MiB is the most. "
            "Cut it into several."
        )
    if not body.strip():
        raise TableError("This file is empty.")
    if body.startswith(_OLE):
        raise TableError(
            "This is an Excel file of before 2007, or one with a password. Save it as XLSX "
            "without a password, or as 'CSV UTF-8'."
        )
    if body.startswith(_ZIP):
        return workbooks.read(body)
    return csv_text.read(body, is_known)


def _names(table: Table) -> list[str]:
    """The column each heading names; empty where heading and column are.

    Raises TableError that names each column that is unknown, given twice, or missing.
    """
    names = [name_of(heading) for heading in table.header]
    wanted = [column.name for column in COLUMNS if column.is_wanted]
    missing = [name for name in wanted if name not in names]
    free = [name for name in BY_NAME if name not in names]
    sentences = []
    for place, name in enumerate(names):
        if not name:
            if any(row.cells[place] for row in table.rows):
                sentences.append(f"Column {place + 1} has values but no name above them.")
        elif name not in BY_NAME:
            near = difflib.get_close_matches(name, free, n=1)
            meant = f" Is '{near[0]}' meant?" if near else ""
            sentences.append(f"There is no column '{table.header[place][:60]}'.{meant}")
    sentences.extend(
        f"The column '{name}' stands there {names.count(name)} times; once is wanted."
        for name in dict.fromkeys(names)
        if name in BY_NAME and names.count(name) > 1
    )
    if missing:
        word = "column is" if len(missing) == 1 else "columns are"
        sentences.append(f"The {word} missing: {', '.join(missing)}.")
    if sentences:
        raise TableError(*sentences)
    if not table.rows:
        raise TableError("This file has a header and no row below it.")
    return names


def _values(
    row: Row, names: list[str], is_semicolons: bool
) -> Iterator[tuple[str, Value | CellError]]:
    for name, cell in zip(names, row.cells, strict=True):
        if not name:
            continue
        text = _unescaped(cell) if isinstance(cell, str) else cell
        try:
            yield name, BY_NAME[name].read(text, is_semicolons=is_semicolons)
        except CellError as error:
            yield name, error


def _unescaped(cell: str) -> str:
    """Take away the apostrophe that kept a spreadsheet from running the text after it."""
    is_kept = cell.startswith("'") and cell.lstrip("'")[:1] in FORMULAS
    return cell[1:] if is_kept else cell


def _repeated(rows: list[OfferRow]) -> Iterator[Fault]:
    """A fault on every row whose code another one has: nobody can know which of them is meant."""
    for name in _UNIQUE:
        places = defaultdict(list)
        for row in rows:
            if value := row.said.get(name):
                places[value].append(row.number)
        for value, numbers in places.items():
            for number in numbers if len(numbers) > 1 else ():
                others = [str(other) for other in numbers if other != number]
                word = "row" if len(others) == 1 else "rows"
                yield Fault(
                    number,
                    name,
                    f"'{value}' stands in {word} {', '.join(others[:5])} too; one row is wanted.",
                )
