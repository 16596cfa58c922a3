"""What a file of offers says, whatever made it; nothing here asks a database."""

import contextlib
import io
import re
import zipfile
from datetime import date, datetime
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from coupons.importing.columns import BY_NAME, COLUMNS, OFFERS
from pos_integration.tables import writing
from pos_integration.tables.cells import CellError, Value
from pos_integration.tables.reading import read
from pos_integration.tables.table import MOST_BYTES, MOST_ROWS, TableError, WritingError
from tests.spreadsheets import OATS, csv_of, xlsx_of


def only(body):
    reading = read(body, OFFERS)
    assert not reading.faults
    [row] = reading.rows
    return row.said


def faults(body):
    return read(body, OFFERS).faults


def sentences(body):
    with pytest.raises(TableError) as refused:
        read(body, OFFERS)
    return " ".join(refused.value.sentences)


SAID: dict[str, Value] = {
    "code": "OATS-1",
    "name": "Oat drink",
    "face_value": Decimal("0.50"),
    "funder": "Oat Works",
    "valid_from": date(2026, 3, 1),
    "valid_to": date(2026, 3, 31),
    "products": ("5012345678900",),
}


@pytest.mark.parametrize("separator", [",", ";", "\t"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_csv_is_read_however_a_spreadsheet_saves_it(separator, encoding):
    assert only(csv_of(OATS, separator=separator, encoding=encoding)) == SAID


def test_a_workbook_says_the_same():
    typed = OATS | {
        "face_value": 0.5,
        "valid_from": date(2026, 3, 1),
        "valid_to": datetime(2026, 3, 31),  # noqa: DTZ001 - a spreadsheet knows no zones
        "products": 5012345678900.0,
    }
    assert only(xlsx_of(typed)) == SAID


def test_columns_come_in_any_order_and_spelling():
    turned = {name.upper().replace("_", " "): OATS[name] for name in reversed(OATS)}
    assert only(csv_of(turned)) == SAID
    assert read(csv_of(turned), OFFERS).columns == tuple(OATS)


def test_the_first_line_of_excel_names_the_separator():
    assert only(b"sep=;\r\n" + csv_of(OATS, separator=";")) == SAID


def test_what_is_not_utf_8_is_read_as_windows_1252_and_said():
    reading = read(csv_of(OATS | {"name": "Müsli"}, encoding="cp1252"), OFFERS)
    assert reading.rows[0].said["name"] == "Müsli"
    assert "Windows-1252" in reading.notes[0]


@pytest.mark.parametrize(
    ("body", "says"),
    [
        (b"", "empty"),
        (b"\xff\xfea", "no text"),
        (b"code\0", "no text"),
        (b"\x81\x8d", "no text"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "before 2007"),
        (b"PK\x03\x04 and nothing", "cannot be read"),
        (b"x" * (MOST_BYTES + 1), "10 MiB is the most"),
        (b'code,name\r\n"A,B\r\n', "quote"),
    ],
)
def test_what_is_no_table_is_refused_in_a_sentence(body, says):
    assert says in sentences(body)


def test_wrong_columns_are_named_with_what_was_meant():
    wrong = {"code": "A", "nmae": "Oats", "face value": "1", "Founder": "F", "colour": "red"}
    said = sentences(csv_of(wrong))
    assert "no column 'nmae'. Is 'name' meant?" in said
    assert "no column 'Founder'. Is 'funder' meant?" in said
    assert "no column 'colour'." in said
    assert "missing: name, funder, valid_from, valid_to" in said


def test_a_column_given_twice_and_one_without_a_name_are_refused():
    assert "'code' stands there 2 times" in sentences(csv_of(OATS | {"Code ": "B"}))
    assert "Column 8 has values but no name" in sentences(csv_of(OATS | {"": "B", "detail": ""}))


def test_empty_rows_and_columns_are_nothing_and_rows_keep_their_numbers():
    blank = dict.fromkeys(OATS, "")
    body = csv_of(OATS, blank, OATS | {"code": "OATS-2"})
    assert [row.number for row in read(body, OFFERS).rows] == [2, 4]
    assert only(csv_of(OATS | {"": ""})) == SAID


def test_a_row_with_another_number_of_cells_is_a_fault():
    body = csv_of(OATS) + b"B,C\r\n" + csv_of(OATS | {"code": "D"}).split(b"\r\n")[1] + b",too,many"
    assert [fault[:2] for fault in faults(body)] == [
        (3, ""), (3, "face_value"), (3, "funder"), (3, "valid_from"), (3, "valid_to"), (4, ""),
    ]  # fmt: skip


def test_a_code_that_stands_twice_is_a_fault_on_both_rows():
    reading = read(csv_of(OATS, OATS, OATS | {"code": "B"}), OFFERS)
    assert [fault[:2] for fault in reading.faults] == [(2, "code"), (3, "code")]
    assert reading.faults[0].sentence == "'OATS-1' stands in row 3 too; one row is wanted."
    assert [row.said["code"] for row in reading.rows] == ["B"]


@pytest.mark.parametrize(
    ("column", "cell", "value"),
    [
        ("face_value", "1.5", Decimal("1.50")),
        ("face_value", ".5", Decimal("0.50")),
        ("funder_share", "50 %", Decimal("0.500")),
        ("funder_share", "", Decimal(1)),
        ("percent", "25%", 25),
        ("percent", "25.0", 25),
        ("kind", "Multi buy", "multi_buy"),
        ("valid_to", "31.3.2026", date(2026, 3, 31)),
        ("valid_to", "2026-03-31 00:00:00", date(2026, 3, 31)),
        ("stores", "0012; 7;0012", ("0012", "7")),
        ("products", "12345678905.0", ("12345678905",)),
        ("brands", '"Ben; Jerry"; Oatly @ Drinks', ("Ben; Jerry", "Oatly @ Drinks")),
        ("terms", "One\nTwo", "One\nTwo"),
    ],
)
def test_a_cell_is_read_as_it_is_meant(column, cell, value):
    assert BY_NAME[column].read(cell) == value


@pytest.mark.parametrize(
    ("column", "cell", "says"),
    [
        ("code", "", "empty"),
        ("code", date(2026, 1, 3), "has made the day 2026-01-03 of this"),
        ("name", "x" * 81, "81 characters; 80 is the most"),
        ("name", "One\nTwo", "more than one line"),
        ("name", "Oat\x07s", "no paper shows"),
        ("face_value", "1,50", "has a comma"),
        ("face_value", "$1", "not a plain number"),
        ("face_value", "-1", "below 0"),
        ("face_value", "1.505", "more than 2 decimals"),
        ("face_value", "1000000", "too much"),
        ("percent", "0.5", "not a whole percent"),
        ("units", "many", "not a whole number"),
        ("units", "40000", "too much"),
        ("kind", "gift", "not one of amount, percent"),
        ("valid_to", "03/04/2026", "two ways"),
        ("valid_to", "31.2.2026", "no day of the calendar"),
        ("valid_to", "1.3.26", "not a day"),
        ("valid_to", "46112", "not a day"),
        ("valid_to", "1926-01-01", "before the year 2000"),
        ("products", "4.00638E+12", "left of a long number"),
        ("stacking_group", "two words", "not one word"),
    ],
)
def test_what_cannot_be_meant_is_refused_with_what_is_wanted(column, cell, says):
    with pytest.raises(CellError, match=says.replace("+", r"\+")):
        BY_NAME[column].read(cell)


def test_a_decimal_comma_is_read_between_semicolons_where_it_cannot_be_thousands():
    money = BY_NAME["face_value"]
    assert money.read("1,50", is_semicolons=True) == Decimal("1.50")
    assert BY_NAME["funder_share"].read("0,125", is_semicolons=True) == Decimal("0.125")
    for doubtful in ("1,500", "1.500", "1.234,50"):
        with pytest.raises(CellError, match="thousands"):
            money.read(doubtful, is_semicolons=True)


def test_the_apostrophe_that_keeps_a_formula_from_running_is_taken_away():
    assert only(csv_of(OATS | {"name": "'=2+2"}))["name"] == "=2+2"
    assert only(csv_of(OATS | {"name": "'S Oats"}))["name"] == "'S Oats"


def test_a_formula_counts_as_what_it_came_to_and_not_at_all_without():
    never_calculated = xlsx_of(OATS | {"name": "=A1"})
    [(row, column, sentence)] = faults(never_calculated)
    assert (row, column) == (2, "name")
    assert "never calculated" in sentence
    calculated = with_sheet(never_calculated, rb"</f><v.*?</c>", b"</f><v>7</v></c>")
    assert only(calculated)["name"] == "7"


def test_an_error_of_the_spreadsheet_is_a_fault():
    [(_, column, sentence)] = faults(xlsx_of(OATS | {"face_value": "#DIV/0!"}))
    assert column == "face_value"
    assert "#DIV/0!" in sentence


def test_merged_cells_are_faults_of_their_rows():
    def merge(book):
        book.active.merge_cells("B2:B3")

    body = xlsx_of(OATS, OATS | {"code": "B"}, OATS | {"code": "C"}, change=merge)
    reading = read(body, OFFERS)
    assert [fault[:2] for fault in reading.faults] == [(2, "name"), (3, "name")]
    assert "B2:B3 are merged" in reading.faults[0].sentence
    assert [row.said["code"] for row in reading.rows] == ["C"]


def test_merged_headings_are_refused():
    def merge(book):
        book.active.merge_cells("A1:B1")

    assert "A1:B1 are merged" in sentences(xlsx_of(OATS, change=merge))


def test_hidden_rows_are_read_and_said():
    def hide(book):
        book.active.row_dimensions[2].hidden = True

    reading = read(xlsx_of(OATS, change=hide), OFFERS)
    assert reading.rows[0].said == SAID
    assert reading.notes == ["Hidden in the spreadsheet, and read all the same: row 2."]


def test_the_sheet_named_offers_is_read_and_the_others_are_named():
    def add(book):
        book.active.title = "Notes"
        sheet = book.create_sheet(" OFFERS ")
        sheet.append(list(OATS))
        sheet.append([*(OATS | {"code": "OURS"}).values()])

    reading = read(xlsx_of(OATS, change=add), OFFERS)
    assert reading.rows[0].said["code"] == "OURS"
    assert reading.notes == ["Only the sheet ' OFFERS ' was read, not 'Notes'."]


def test_a_hidden_sheet_is_not_taken_for_the_offers():
    def hide(book):
        book.create_sheet("Shown")
        book.active.sheet_state = "hidden"

    assert "missing" in sentences(xlsx_of(OATS, change=hide))


def test_what_a_spreadsheet_shows_as_percent_is_percent():
    def show(book):
        book.active["H2"].number_format = "0%"
        book.active["I2"].number_format = "0.0 %"

    shown = OATS | {"percent": 0.25, "funder_share": 0.5}
    said = only(xlsx_of(shown, change=show))
    assert (said["percent"], said["funder_share"]) == (25, Decimal("0.500"))


def test_a_sum_that_floats_cannot_hold_is_what_the_spreadsheet_shows():
    assert only(xlsx_of(OATS | {"face_value": 0.1 + 0.2}))["face_value"] == Decimal("0.30")


def with_sheet(body, pattern, new):
    """The workbook with its sheet's text changed."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(body)) as was, zipfile.ZipFile(out, "w") as now:
        for part in was.infolist():
            text = was.read(part)
            if part.filename.startswith("xl/worksheets/"):
                text, count = re.subn(pattern, new, text, count=1)
                assert count
            now.writestr(part, text)
    return out.getvalue()


def test_entities_in_a_workbook_are_refused():
    laughs = b'<!DOCTYPE x [<!ENTITY a "ha"><!ENTITY b "&a;&a;">]><worksheet'
    assert "entities" in sentences(with_sheet(xlsx_of(OATS), b"<worksheet", laughs))


def test_a_workbook_that_unpacks_to_too_much_is_refused_unread():
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as bomb, bomb.open("a.xml", "w") as part:
        for _ in range(129):
            part.write(bytes(2**20))
    assert "unpacks to 129 MiB" in sentences(out.getvalue())


@pytest.mark.parametrize("cut", [40, 400, 4000])
def test_a_workbook_cut_short_is_refused(cut):
    assert "cannot be read" in sentences(xlsx_of(OATS)[:-cut])


def test_another_zip_is_refused():
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as other:
        other.writestr("readme.txt", "no spreadsheet")
    assert "cannot be read" in sentences(out.getvalue())
    with zipfile.ZipFile(out, "w") as other:
        other.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet")
        other.writestr("content.xml", "")
    assert "OpenDocument" in sentences(out.getvalue())


def test_more_rows_than_may_be_are_refused():
    body = csv_of(OATS) + b"A,,,,,,\r\n" * MOST_ROWS
    assert "more than 50,000 rows" in sentences(body)


TEXT = st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"]), max_size=20).map(
    str.strip
)
DAY = st.dates(date(2000, 1, 1), date(2099, 12, 31))
COUNT = st.none() | st.integers(0, 32_000)
SPECIAL = st.sampled_from(
    ["=1+1", "+A1", "-2", "@x", "'=1", "''-", "_x0041_", "#N/A", "a;b", '"', "1,5"]
)


def a_value(column):
    match type(column).__name__:
        case "TextColumn" if column.is_word:
            return st.from_regex(r"[-a-zA-Z0-9_]{1,20}", fullmatch=True)
        case "TextColumn":
            return (TEXT | SPECIAL).map(
                lambda text: text[: column.longest].strip() or column.empty or "x"
            )
        case "ChoiceColumn":
            return st.sampled_from(column.choices)
        case "AmountColumn":
            return st.decimals(0, 9, places=column.places)
        case "CountColumn":
            return COUNT if column.empty is None else st.integers(0, 32_000)
        case "DayColumn":
            return DAY
    return st.lists((TEXT | SPECIAL).filter(bool), max_size=3, unique=True).map(tuple)


OFFER = st.fixed_dictionaries({column.name: a_value(column) for column in COLUMNS})


@settings(max_examples=40)
@given(OFFER)
def test_whatever_an_offer_says_is_read_back_from_csv_and_xlsx(offer):
    offer = offer | {name: tuple(n.strip() for n in offer[name]) for name in ("products",)}
    for body in (writing.as_csv([offer], OFFERS), writing.as_xlsx([offer], OFFERS)):
        assert only(body) == offer


@given(st.binary(max_size=300))
def test_no_bytes_are_more_than_refused(body):
    with contextlib.suppress(TableError):
        read(body, OFFERS)


@given(st.sampled_from(COLUMNS), st.text(max_size=30), st.booleans())
def test_no_text_in_a_cell_is_more_than_refused(column, text, is_semicolons):
    try:
        value = column.read(text.strip(), is_semicolons=is_semicolons)
    except CellError:
        return
    assert column.read(column.write(value)) == value


def test_no_cell_of_a_written_file_begins_as_a_formula():
    offer = {column.name: column.empty for column in COLUMNS}
    offer |= {"code": "=cmd", "name": "+1", "detail": "-1", "terms": "@sum", "funder": "'=a"}
    offer |= {"face_value": Decimal("1.00"), "valid_from": date(2026, 3, 1)}
    offer |= {"valid_to": date(2026, 3, 1)}
    text = writing.as_csv([offer], OFFERS).decode("utf-8-sig")
    assert "'=cmd,'+1,'-1," in text
    assert "''=a" in text
    with zipfile.ZipFile(io.BytesIO(writing.as_xlsx([offer], OFFERS))) as book:
        assert b"<f>" not in book.read("xl/worksheets/sheet1.xml")


def test_more_products_than_a_cell_holds_are_refused_by_name():
    offer = {column.name: column.empty for column in COLUMNS} | {"code": "BIG"}
    offer["products"] = tuple(f"{number:014}" for number in range(2_100))
    writing.as_csv([offer], OFFERS)
    with pytest.raises(WritingError, match="The products of 'BIG' are too many"):
        writing.as_xlsx([offer], OFFERS)


def test_an_offer_of_many_thousand_products_goes_out_and_comes_in_again_as_csv():
    offer = dict(SAID) | {
        column.name: column.empty for column in COLUMNS if column.name not in SAID
    }
    offer["products"] = tuple(f"{number:014}" for number in range(14_000))
    assert only(writing.as_csv([offer], OFFERS))["products"] == offer["products"]
