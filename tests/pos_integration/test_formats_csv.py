"""CSV: whoever can export a table can send its sales."""

import tracemalloc
from itertools import repeat

import pytest

from pos_integration import formats
from pos_integration.formats import entries
from tests.pos_integration.samples import Endless, read, sample, told

CSV = "text/csv"
HEADER = "store,till,business_date,receipt,line,code,amount,card,description"


def rows(*lines: str, header: str = HEADER, end: str = "\r\n") -> list[formats.Entry]:
    return list(formats.read(end.join([header, *lines]).encode(), CSV))


def test_a_table_of_sales_is_read_row_by_row():
    sale, void = map(told, read("sales.csv"))

    lines = sale.pop("lines")
    assert sale == {
        "store": "330",
        "till": "12",
        "business_date": "2026-03-05",
        "receipt": "1001",
        "ended_at": "2026-03-05T11:53:26",
        "kind": "sale",
        "card": "900",
        "currency": "USD",
        "coupons": [
            {"code": "7Q4M-2222", "line": 1, "amount": "0.50"},
            {"code": "SECOND", "line": 1, "amount": "0.25"},
        ],
        "tenders": [{"kind": "cash", "amount": "1.50"}, {"kind": "coupon", "amount": "0.50"}],
    }
    assert lines == [
        {"line": 1, "code": "1095275", "description": 'ROLLS, "soft"', "quantity": "2",
         "unit": "EA", "amount": "1.00", "discount": "0.10", "kind": "sale"},
        {"line": 2, "code": "5012345678900", "description": "OATS\nin two lines",
         "quantity": "0.455", "unit": "KGM", "amount": "2.00", "discount": "0", "kind": "sale"},
        {"line": 3, "code": "1095275", "quantity": "1", "unit": "EA", "amount": "0.50",
         "discount": "0", "kind": "return", "returns": {"receipt": "998", "line": 4}},
    ]  # fmt: skip
    assert (void["kind"], void["voids"]) == ("void", {"receipt": "1001", "till": "12"})


@pytest.mark.parametrize("sign", [";", "\t"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_any_of_three_signs_may_part_the_fields(sign, end):
    usual = rows("330,12,2026-03-05,1,1,77,1.00,900,oats")
    other = rows(
        "330,12,2026-03-05,1,1,77,1.00,900,oats".replace(",", sign),
        header="\ufeff" + HEADER.replace(",", sign),
        end=end,
    )

    assert list(map(told, other)) == list(map(told, usual))


def test_a_receipt_that_comes_again_later_is_a_basket_of_its_own():
    a, b = "330,12,2026-03-05,1,1,77,1.00,900,", "330,12,2026-03-05,2,1,77,1.00,900,"
    found = rows(a, a.replace(",1,77", ",2,77"), b, "", a)

    assert [told(entry)["receipt"] for entry in found] == ["1", "2", "1"]
    assert [len(told(entry)["lines"]) for entry in found] == [2, 1, 1]
    assert [entry.position for entry in found] == [0, 1, 2]
    assert found[1].text == f"{HEADER}\r\n{b}\r\n"


@pytest.mark.parametrize(
    ("row", "code", "sentence"),
    [
        ("330,12,2026-03-05,1,2,77,1.00,901,", "bad_field", "card is '900' in one row and '901'"),
        ("330,12,2026-03-05,1,2,77,1.00", "bad_field", "more or fewer fields"),
        ("330,12,2026-03-05,1,2,77,1.00,900,,x", "bad_field", "more or fewer fields"),
        ("330,12,2026-03-05,1,two,77,1.00,900,", "bad_field", 'lines[1].line is "two"'),
        ("330,12,2026-03-05,1,2,,1.00,900,", "bad_field", "lines[1].code"),
        ("330,12,2026-03-05,1,2,77,1.00,900,a\0b", "bad_text", "NUL"),
    ],
)
def test_a_bad_row_is_the_fault_of_its_basket_alone(row, code, sentence):
    good = "330,12,2026-03-05,%d,1,77,1.00,900,"
    before, bad, after = rows(good % 0, good % 1, row, good % 2)

    assert [told(entry)["receipt"] for entry in (before, after)] == ["0", "2"]
    assert bad.fault is not None
    assert bad.fault.code == code
    assert sentence in bad.fault.detail


@pytest.mark.parametrize(
    ("body", "sentence"),
    [
        (b"", "The column 'receipt' is missing"),
        (b"receipt,line,code,amount,colour\n", "No column is called 'colour'; known are store,"),
        (b"receipt,line,code\n", "The column 'amount' is missing"),
        (b"receipt,line,code,amount,code\n", "'code' is there twice"),
        (b"receipt,line,code,amount\n\xff,1,2,3\n", "not UTF-8"),
        (b'receipt,line,code,amount\n1,1,"77,1\n', "not CSV: unexpected end of data"),
        (b'receipt,line,code,amount\n1,1,"77"x"",1\n', "not CSV"),
        (b'receipt,line,code,amount\n"' + b"x" * 2_000_000, "a million characters"),
        (b"receipt,line,code,amount\n1,1," + b"x" * 200_000 + b",1\n", "not CSV"),
    ],
)
def test_a_table_that_cannot_be_read_says_why(body, sentence):
    with pytest.raises(formats.UnreadableError, match=sentence):
        list(formats.read(body, CSV))


def test_a_basket_with_too_many_rows_hides_no_neighbour():
    row = "330,12,2026-03-05,%d,1,77,1.00,900,"
    before, long, after = rows(row % 1, *[row % 2] * 10_001, row % 3)

    assert [told(entry)["receipt"] for entry in (before, after)] == ["1", "3"]
    assert long.fault is not None
    assert long.fault.code == "too_long"
    assert len(long.raw) <= entries.SHOWN_BYTES


def test_a_table_of_any_length_takes_no_more_memory():
    header, row = HEADER.encode() + b"\n", b"330,12,2026-03-05,%d,1,77,1.00,900,%s\n"
    pieces = [row % (number % 2, b"x" * 100_000) for number in range(2)]
    source = Endless(header, repeat(b"".join(pieces), 150), b"")

    tracemalloc.start()
    count = sum(1 for entry in formats.read(source, CSV) if entry.basket)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert count == 300
    assert source.size > 30_000_000
    assert peak < 20 << 20


def test_the_sample_is_the_same_with_another_sign():
    body = sample("sales.csv").replace(b"ROLLS, ", b"ROLLS; ").replace(b",", b";")
    sale, _ = map(told, read("sales.csv", body.replace(b"ROLLS; ", b"ROLLS, ")))

    assert sale == told(read("sales.csv")[0])
