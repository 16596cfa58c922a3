"""Tables of any kind are read safely, and written so that no spreadsheet runs them."""

import io
import zipfile
from decimal import Decimal

import pytest

from pos_integration.tables import writing
from pos_integration.tables.cells import AmountColumn, NumberColumn, TextColumn, YesNoColumn
from pos_integration.tables.forms import Form
from pos_integration.tables.reading import read
from pos_integration.tables.table import TableError, WritingError
from tests.spreadsheets import csv_of, xlsx_of

FORM = Form(
    "things",
    (
        NumberColumn(name="number", says="", longest=14, is_wanted=True),
        TextColumn(name="name", says="", empty="", longest=40),
        YesNoColumn(name="is_fresh", says="", empty=False),
        AmountColumn(name="price", says=""),
    ),
    key="number",
    unique=("number",),
    most_rows=3,
    most_bytes=2**20,
)
OATS = {"number": "00123", "name": "Oats", "is_fresh": "yes", "price": "1.50"}


def said(body):
    reading = read(body, FORM)
    assert not reading.faults
    return [row.said for row in reading.rows]


def refusal(body):
    with pytest.raises(TableError) as refused:
        read(body, FORM)
    return str(refused.value)


@pytest.mark.parametrize("of", [csv_of, xlsx_of])
def test_a_number_keeps_its_zeros_and_yes_is_yes(of):
    assert said(of(OATS)) == [
        {"number": "00123", "name": "Oats", "is_fresh": True, "price": Decimal("1.50")}
    ]


@pytest.mark.parametrize(
    ("word", "value"), [("Yes", True), ("TRUE", True), ("1", True), ("no", False), ("", False)]
)
def test_yes_and_no_are_read_however_a_spreadsheet_says_them(word, value):
    assert said(csv_of(OATS | {"is_fresh": word}))[0]["is_fresh"] is value
    assert "neither yes nor no" in read(csv_of(OATS | {"is_fresh": "x"}), FORM).faults[0].sentence


def test_what_a_spreadsheet_left_of_a_long_number_is_a_fault():
    [fault] = read(csv_of(OATS | {"number": "5.01E+12"}), FORM).faults
    assert (fault.row, fault.column) == (2, "number")
    assert "enter all digits" in fault.sentence


@pytest.mark.parametrize(
    ("body", "says"),
    [
        (b"%PDF-1.4\n1 0 obj", "This is a PDF"),
        (b"\x89PNG\r\n\x1a\n", "This is a picture"),
        (b"\xff\xd8\xff\xe0JFIF", "This is a picture"),
        (b"\x1f\x8b\x08\0", "This is a packed file"),
        (b" \r\n", "This file is empty"),
        (b"x" * (2**20 + 1), "1 MiB is the most"),
        (csv_of(OATS, OATS, OATS, OATS), "more than 3 rows"),
        (xlsx_of(OATS, OATS, OATS, OATS), "more than 3 rows"),
    ],
)
def test_a_wrong_file_is_refused_in_words(body, says):
    assert says in refusal(body)


def test_a_workbook_that_would_fill_the_memory_is_refused_unread():
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as bomb:
        for number in range(1_001):
            bomb.writestr(f"{number}.xml", b"")
    assert "parts" in refusal(out.getvalue())


def test_formulas_are_written_harmless_and_read_back_the_same():
    rows = [
        {"number": str(at), "name": name, "is_fresh": None, "price": None}
        for at, name in enumerate(("=cmd|' /C calc'!A0", "+1", "@sum"))
    ]
    text = writing.as_csv(rows, FORM).decode("utf-8-sig")
    assert all(not line.split(",")[1].startswith(("=", "+", "@")) for line in text.splitlines())
    with zipfile.ZipFile(io.BytesIO(writing.as_xlsx(rows, FORM))) as book:
        assert b"<f>" not in book.read("xl/worksheets/sheet1.xml")
    for body in (writing.as_csv(rows, FORM), writing.as_xlsx(rows, FORM)):
        assert [row["name"] for row in said(body)] == [row["name"] for row in rows]


def test_more_rows_than_a_workbook_is_read_with_are_not_written():
    rows = [{"number": str(at), "name": "", "is_fresh": None, "price": None} for at in range(4)]
    with pytest.raises(WritingError, match="take CSV"):
        writing.as_xlsx(rows, FORM)
    assert len(writing.as_csv(rows, FORM).splitlines()) == 5
