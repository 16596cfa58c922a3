"""CSV: text in one of three encodings, parted by commas, semicolons or tabs.

UTF-8 with or without its mark, UTF-16 with it; what is neither is taken for Windows-1252, and
that is said. Of the separators the one counts that makes most known columns of the header.
Quotes are those of RFC 4180. Excel's own first line, `sep=;`, is understood.
"""

import codecs
import csv
import io
import re
from collections.abc import Callable, Iterator
from typing import Final

from pos_integration.tables.table import Row, Table, TableError, check_count

SEPARATORS: Final = ",;\t"
_NAMED_SEPARATOR = re.compile(r'"?sep=([,;\t])"?\r?\n?', re.IGNORECASE)
_AS_WINDOWS: Final = (
    "This file is not UTF-8: it was read as Windows-1252. Look at letters with accents before "
    "you confirm."
)


def read(body: bytes, is_known: Callable[[str], bool], most_rows: int) -> Table:
    """Return the table in `body`; `is_known` says whether a column of that name exists.

    A row with another number of cells than the header is misread: it is most often a separator
    within a text, or a file cut off. Raises TableError.
    """
    text, notes = _decoded(body)
    named = _NAMED_SEPARATOR.match(text)
    if named:
        text = text[named.end() :]
    separator = named[1] if named else _separator(text, is_known)
    records = enumerate(_records(text, separator), 1)
    header = next((cells for _, cells in records if any(cells)), [])
    while header and not header[-1]:
        header.pop()
    table = Table(header, notes=notes, is_semicolons=separator == ";")
    width = len(header)
    for number, cells in records:
        if not any(cells):
            continue
        if any(cells[width:]) or len(cells) < width:
            table.add_uneven(number, len(cells))
        table.rows.append(Row(number, [*cells[:width], *[""] * (width - len(cells))]))
        check_count(len(table.rows), most_rows)
    return table


def _decoded(body: bytes) -> tuple[str, list[str]]:
    notes: list[str] = []
    is_utf_16 = body.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    try:
        text = body.decode("utf-16" if is_utf_16 else "utf-8-sig")
    except UnicodeDecodeError:
        # Five bytes mean nothing in Windows-1252: they are not let pass for letters.
        text = "\0" if is_utf_16 else body.decode("cp1252", errors="replace")
        notes.append(_AS_WINDOWS)
    if "\0" in text or (notes and "\N{REPLACEMENT CHARACTER}" in text):
        raise TableError(
            "This is no text in UTF-8, UTF-16 or Windows-1252. Save the file as 'CSV UTF-8' or as "
            "XLSX."
        )
    return text, notes


def _separator(text: str, is_known: Callable[[str], bool]) -> str:
    """The separator that parts the header into most known columns, then into most columns."""

    def columns(separator: str) -> tuple[int, int]:
        try:
            header = next((cells for cells in _records(text, separator) if any(cells)), [])
        except TableError:
            return 0, 0
        return sum(map(is_known, header)), len(header)

    return max(SEPARATORS, key=columns)


def _records(text: str, separator: str) -> Iterator[list[str]]:
    rows = csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True)
    number = 0
    try:
        for number, cells in enumerate(rows, 1):  # noqa: B007 - the error names the row after it
            yield [cell.strip() for cell in cells]
    except csv.Error as error:
        raise TableError(
            f"Row {number + 1} is not CSV: {error}. A text with quotes in it stands in quotes "
            "itself, and each of those within is doubled."
        ) from error
