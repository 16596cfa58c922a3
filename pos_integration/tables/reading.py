"""A file read into rows, each with what it says of one thing, and every fault by its place.

Nothing here knows which offers, products or stores there are.
"""

import difflib
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

from pos_integration.tables import csv_text, workbooks
from pos_integration.tables.cells import CellError, Value
from pos_integration.tables.forms import Form, name_of
from pos_integration.tables.table import FORMULAS, Row, Table, TableError

_ZIP = b"PK\x03\x04"
_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_OTHERS = {
    b"%PDF": "a PDF",
    b"\x89PNG": "a picture",
    b"\xff\xd8\xff": "a picture",
    b"GIF8": "a picture",
    b"\x1f\x8b": "a packed file",
    b"{\\rtf": "a text document",
}


class Fault(NamedTuple):
    """Something that cannot be meant: where it stands, what was found and what is wanted."""

    row: int
    column: str  # empty: the whole row
    sentence: str


class SaidRow(NamedTuple):
    number: int
    said: dict[str, Value]  # by the names of the file's columns


@dataclass
class Reading:
    """What a file says."""

    form: Form
    columns: tuple[str, ...]  # those it has, in the order of its form
    rows: list[SaidRow] = field(default_factory=list)  # without the faulty ones
    faults: list[Fault] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    count: int = 0  # of all rows, faulty ones too


def read(body: bytes, form: Form) -> Reading:
    """Return what the file `body`, CSV or XLSX by its first bytes, says.

    Raises TableError for a file that cannot be read at all or that has other columns.
    """
    table = _table(body, form)
    names = _names(table, form)
    reading = Reading(
        form,
        tuple(column.name for column in form.columns if column.name in names),
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
        for name, value in _values(row, names, form, table.is_semicolons):
            if (row.number, name) in misread:
                continue
            if isinstance(value, CellError):
                reading.faults.append(Fault(row.number, name, str(value)))
            else:
                said[name] = value
        reading.rows.append(SaidRow(row.number, said))
    reading.faults.extend(_repeated(reading.rows, form))
    drop_faulty(reading)
    return reading


def drop_faulty(reading: Reading) -> None:
    """Take the rows with a fault out of `reading`, and put its faults in order."""
    order = {name: place for place, name in enumerate(("", *reading.form.by_name))}
    reading.faults = sorted(
        dict.fromkeys(reading.faults), key=lambda fault: (fault.row, order[fault.column])
    )
    faulty = {fault.row for fault in reading.faults}
    reading.rows = [row for row in reading.rows if row.number not in faulty]


def _table(body: bytes, form: Form) -> Table:
    if len(body) > form.most_bytes:
        raise TableError(
            f"This file has {len(body) / 2**20:.1f} MiB; {form.most_bytes // 2**20} MiB is the "
            "most. Cut it into several."
        )
    if not body.strip():
        raise TableError("This file is empty.")
    if body.startswith(_OLE):
        raise TableError(
            "This is an Excel file of before 2007, or one with a password. Save it as XLSX "
            "without a password, or as 'CSV UTF-8'."
        )
    if body.startswith(_ZIP):
        return workbooks.read(body, form.sheet, form.most_rows)
    _refuse_others(body)
    return csv_text.read(body, form.is_known, form.most_rows)


def _refuse_others(body: bytes) -> None:
    """Say what a file is that is no text at all, where its first bytes tell."""
    for begins, what in _OTHERS.items():
        if body.startswith(begins):
            raise TableError(
                f"This is {what}, not a table. Save the table as XLSX or 'CSV UTF-8' and choose "
                "that file."
            )


def _names(table: Table, form: Form) -> list[str]:
    """The column each heading names; empty where heading and column are.

    Raises TableError that names each column that is unknown, given twice, or missing.
    """
    names = [name_of(heading) for heading in table.header]
    wanted = [column.name for column in form.columns if column.is_wanted]
    missing = [name for name in wanted if name not in names]
    free = [name for name in form.by_name if name not in names]
    sentences = []
    for place, name in enumerate(names):
        if not name:
            if any(row.cells[place] for row in table.rows):
                sentences.append(f"Column {place + 1} has values but no name above them.")
        elif name not in form.by_name:
            near = difflib.get_close_matches(name, free, n=1)
            meant = f" Is '{near[0]}' meant?" if near else ""
            sentences.append(f"There is no column '{table.header[place][:60]}'.{meant}")
    sentences.extend(
        f"The column '{name}' stands there {names.count(name)} times; once is wanted."
        for name in dict.fromkeys(names)
        if name in form.by_name and names.count(name) > 1
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
    row: Row, names: list[str], form: Form, is_semicolons: bool
) -> Iterator[tuple[str, Value | CellError]]:
    for name, cell in zip(names, row.cells, strict=True):
        if not name:
            continue
        text = _unescaped(cell) if isinstance(cell, str) else cell
        try:
            yield name, form.by_name[name].read(text, is_semicolons=is_semicolons)
        except CellError as error:
            yield name, error


def _unescaped(cell: str) -> str:
    """Take away the apostrophe that kept a spreadsheet from running the text after it."""
    is_kept = cell.startswith("'") and cell.lstrip("'")[:1] in FORMULAS
    return cell[1:] if is_kept else cell


def _repeated(rows: list[SaidRow], form: Form) -> Iterator[Fault]:
    """A fault on every row whose code another one has: nobody can know which of them is meant."""
    for name in form.unique:
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
