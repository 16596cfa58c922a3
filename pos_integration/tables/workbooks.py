"""XLSX: the sheet of a wanted name, or the first that is not hidden, as a table."""

import io
import warnings
import zipfile
from typing import Any, Final
from xml.parsers import expat

from openpyxl.reader.excel import ExcelReader
from openpyxl.styles.numbers import BUILTIN_FORMATS, BUILTIN_FORMATS_MAX_SIZE
from openpyxl.styles.stylesheet import apply_stylesheet

from pos_integration.tables import sheet_cells
from pos_integration.tables.sheet_cells import Meaning
from pos_integration.tables.table import Table, TableError

MOST_UNPACKED: Final = 128 * 2**20  # bytes: 50,000 offers with every cell filled need less
_MOST_PARTS: Final = 1_000
_PIECE: Final = 2**16
_UNREADABLE: Final = (
    "This workbook cannot be read: it is damaged, or no XLSX file. Open it in a spreadsheet, save "
    "it anew as XLSX or 'CSV UTF-8', and try that file."
)


def read(body: bytes, sheet: str, most_rows: int) -> Table:
    """Return the table in the workbook `body`. Raises TableError.

    sheet: what its sheet is called, in any case of letters, where there are several.

    A formula that was never calculated, an error value, and cells merged with others are misread.
    """
    try:
        _check_archive(body)
        with warnings.catch_warnings():
            # The library warns of what it leaves out: styles, charts, rules for entering.
            warnings.simplefilter("ignore")
            return _table(body, sheet, most_rows)
    except TableError:
        raise
    except Exception as error:  # whatever a broken workbook makes the library stumble over
        raise TableError(_UNREADABLE) from error


def _check_archive(body: bytes) -> None:
    """Refuse what would fill the memory, and what is another kind of file."""
    with zipfile.ZipFile(io.BytesIO(body)) as archive:
        parts = archive.infolist()
        # No part unpacks to more than it says here: reading stops there.
        unpacked = sum(part.file_size for part in parts)
        if unpacked > MOST_UNPACKED or len(parts) > _MOST_PARTS:
            raise TableError(
                f"This workbook unpacks to {unpacked / 2**20:,.0f} MiB in {len(parts):,} parts; "
                f"{MOST_UNPACKED // 2**20} MiB is the most that is read. Save only the sheet "
                "that is wanted, or save it as 'CSV UTF-8'."
            )
        names = {part.filename for part in parts}
        if "mimetype" in names and "content.xml" in names:
            raise TableError("This is an OpenDocument file. Save it as XLSX or 'CSV UTF-8'.")
        for part in parts:
            if part.filename.endswith((".xml", ".rels", ".vml")):
                with archive.open(part) as source:
                    _check_prolog(source)


class _BegunError(Exception):
    """The first element was reached."""


def _check_prolog(source: Any) -> None:
    """Refuse XML that declares a type of its own, and with it entities: no spreadsheet does."""

    def refuse(*_: object) -> None:
        raise TableError(
            "This workbook declares entities of its own, which no spreadsheet does. "
            "It was not read."
        )

    def begin(*_: object) -> None:
        raise _BegunError

    parser = expat.ParserCreate()
    parser.StartDoctypeDeclHandler = refuse
    parser.StartElementHandler = begin
    try:
        while piece := source.read(_PIECE):
            parser.Parse(piece)
    except _BegunError:
        return


def _table(body: bytes, wanted: str, most_rows: int) -> Table:
    # Step by step, as the library's own way would read every sheet of the workbook twice.
    reader = ExcelReader(io.BytesIO(body), read_only=True, data_only=True, keep_links=False)
    reader.read_manifest()
    reader.read_strings()
    reader.read_workbook()
    apply_stylesheet(reader.archive, reader.wb)
    sheets = [
        (sheet.name, sheet.state, rel.target)
        for sheet, rel in reader.parser.find_sheets()
        if "chartsheet" not in rel.Type
    ]
    visible = [sheet for sheet in sheets if sheet[1] == "visible"]
    named = [sheet for sheet in visible if sheet[0].strip().casefold() == wanted.casefold()]
    chosen = next(iter([*named, *visible]), None)
    if chosen is None:
        raise TableError("This workbook has no sheet of cells that is not hidden.")
    with reader.archive.open(chosen[2]) as source:
        table = sheet_cells.read(source, _meaning(reader), most_rows)
    others = [f"'{name}'" for name, *rest in sheets if [name, *rest] != [*chosen]]
    if others:
        table.notes.insert(
            0, f"Only the sheet '{chosen[0]}' was read, not {', '.join(others[:5])}."
        )
    return table


def _meaning(reader: Any) -> Meaning:
    book = reader.wb
    return Meaning(
        strings=reader.shared_strings,
        epoch=book.epoch,
        # The library keeps these for its own reader, under names of its own.
        days=book._date_formats,
        percents={
            style
            for style, its in enumerate(book._cell_styles)
            if "%" in _format(book, its.numFmtId)
        },
    )


def _format(book: Any, number: int) -> str:
    """The number format of that id: built in, or the workbook's own."""
    if number < BUILTIN_FORMATS_MAX_SIZE:
        return BUILTIN_FORMATS.get(number) or ""
    own: list[str] = book._number_formats
    place = number - BUILTIN_FORMATS_MAX_SIZE
    return own[place] if place < len(own) else ""
