"""What cannot be taken, and what staff are told."""

from datetime import timedelta

import pytest
from django.utils import timezone

from pos_integration import keeping
from pos_integration.models import Basket, Reject, Terminal
from tests import make
from tests.pos_integration.tills import basket, line, open_store, outcome, send, send_bytes

pytestmark = pytest.mark.django_db

TOO_LATE = (timezone.now() + timedelta(days=3)).date().isoformat()
LINES = "lines"


@pytest.mark.parametrize(
    ("changes", "code", "sentence"),
    [
        ({"store": None}, "missing_store", "'store' is missing: the number of a store is wanted."),
        ({"store": ""}, "missing_store", "'store' is missing"),
        ({"store": "999"}, "unknown_store", "No store has the number '999'."),
        ({"store": "331"}, "foreign_store", "speaks for store 330, not for store 331."),
        ({"till": 9}, "unknown_terminal", "Store 330 has no till 9, or it was revoked."),
        ({"till": "eins"}, "bad_field", "till is 'eins'"),
        ({"till": -1}, "bad_field", "till is '-1'"),
        ({"till": 10**30}, "bad_field", "till is"),
        ({"till": None}, "missing_field", "'till' is missing."),
        ({"receipt": None}, "missing_field", "'receipt' is missing."),
        ({"receipt": "9" * 41}, "bad_field", "receipt is"),
        ({"receipt": 1001}, "bad_field", "receipt is 1001: text is wanted."),
        ({"business_date": None}, "missing_field", "'business_date' is missing."),
        ({"business_date": "5.3.2026"}, "bad_date", 'business_date is "5.3.2026": a date such as'),
        ({"business_date": "2026-02-30"}, "bad_date", "a date such as"),
        ({"business_date": TOO_LATE}, "future_date", f"The business date is {TOO_LATE}, but at"),
        ({"ended_at": "noon"}, "bad_date", 'ended_at is "noon": a time such as'),
        ({"ended_at": "9999-12-31T23:59:59-05:00"}, "bad_date", "a time of our age"),
        ({"currency": "EUR"}, "wrong_currency", "in EUR, the store sells in USD."),
        ({"kind": "gift"}, "bad_field", "kind is \"gift\": 'sale', 'return' or 'void' is wanted."),
        ({"card": "x" * 33}, "bad_field", "card is"),
        ({"lines": None}, "missing_field", "'lines' is missing."),
        ({"lines": {}}, "bad_field", "lines is {}: a list is wanted."),
        ({LINES: [line(amount=None)]}, "bad_amount", "lines[0].amount is null"),
        ({LINES: [line(amount=0.5)]}, "bad_amount", "lines[0].amount is 0.5: a decimal string"),
        ({LINES: [line(amount="0.505")]}, "bad_amount", "'0.505' has 3 decimals"),
        ({LINES: [line(amount="1e2")]}, "bad_amount", "'1e2' is not a decimal number."),
        ({LINES: [line(discount=1)]}, "bad_amount", "lines[0].discount is 1"),
        ({LINES: [line(amount="12345678901")]}, "bad_amount", "more than 10 digits"),
        ({LINES: [line(quantity="-1")]}, "negative_quantity", "line 1 is -1.000"),
        ({LINES: [line(quantity="one")]}, "bad_field", "'one' is not a decimal number."),
        ({LINES: [line(quantity=2)]}, "bad_field", "lines[0].quantity is 2"),
        ({LINES: [line(code="4006381333932")]}, "bad_check_digit", "ends in 2, not 1."),
        ({LINES: [line(code="12345678")]}, "bad_check_digit", "Line 1: '12345678' ends in 8"),
        ({LINES: [line(code=" ")]}, "bad_field", "The code of line 1 is blank."),
        ({LINES: [line(code="")]}, "bad_field", "lines[0].code"),
        ({LINES: [line(code="7" * 33)]}, "bad_field", "length <= 32 is wanted."),
        ({LINES: [line(1), line(1)]}, "bad_field", "Two lines have the number 1."),
        ({LINES: [line(2**31)]}, "bad_field", "lines[0].line"),
        ({LINES: [{"line": 1}]}, "missing_field", "'code' is missing at lines[0]."),
        ({"coupons": [{"code": "A", "amount": "-1"}]}, "bad_amount", "less than nothing."),
        ({"coupons": [{"code": "A", "amount": 1.0}]}, "bad_amount", "coupons[0].amount is 1.0"),
        ({"tenders": [{"kind": "cash", "amount": "x"}]}, "bad_amount", "'x' is not a decimal"),
        ({"voids": "1000"}, "bad_field", "an object"),
        ({"card": "a\0b"}, "bad_text", "NUL character"),
    ],
)
def test_one_bad_basket_is_set_aside_and_its_neighbours_are_taken(changes, code, sentence):
    till = open_store()
    make.store("331")

    upload = send(till, basket("1"), basket(**{"receipt": "2", **changes}), basket("3"))

    assert outcome(upload) == (2, 0, 1)
    reject = Reject.objects.get()
    assert (reject.code, reject.position) == (code, 1)
    assert sentence in reject.detail
    assert reject.raw.startswith("{")
    assert set(Basket.objects.values_list("receipt", flat=True)) == {"1", "3"}


def test_a_revoked_till_sells_nothing():
    till = open_store(tills=2)
    Terminal.objects.filter(number=2).update(revoked_at=timezone.now())

    assert outcome(send(till, basket(till=2))) == (0, 0, 1)
    assert Reject.objects.get().code == "unknown_terminal"


def test_a_collector_speaks_for_every_store():
    collector = open_store(collector=True)
    make.terminal(make.store("331"), number=7)

    upload = send(collector, basket(), basket(store="331", till=7))

    assert outcome(upload) == (2, 0, 0)


def test_tomorrow_at_the_store_is_not_yet_the_future():
    till = open_store(time_zone="Pacific/Kiritimati")
    tomorrow = (timezone.now() + timedelta(hours=14)).date() + timedelta(days=1)

    assert outcome(send(till, basket(business_date=tomorrow.isoformat()))) == (1, 0, 0)


@pytest.mark.parametrize(
    ("raw", "code"),
    [
        (b"5", "bad_field"),
        (b'{"store":"330","store":"330","till":1,"business_date":"2026-03-05","receipt":"1",'
         b'"lines":[]}', "bad_field"),
        (b'{"receipt":"\xff"}', "bad_text"),
        (b'{"receipt":"\\ud800"}', "bad_text"),
        (b'{"lines":[],"note":' + b"[" * 900 + b"]" * 900 + b"}", "missing_field"),
    ],
)  # fmt: skip
def test_what_is_no_basket_at_all_hides_no_neighbour(raw, code):
    till = open_store()
    good = b'{"store":"330","till":1,"business_date":"2026-03-05","receipt":"7","lines":[]}'

    upload = send_bytes(till, b'{"baskets":[' + raw + b"," + good + b"]}")

    assert outcome(upload) == (1, 0, 1)
    assert Reject.objects.get().code == code


def test_a_field_given_twice_is_refused_even_deep_in_a_line():
    till = open_store()
    text = (
        b'{"baskets":[{"store":"330","till":1,"business_date":"2026-03-05","receipt":"1","lines":['
        b'{"line":1,"code":"77","amount":"1.00","discount" : "0","discount" : "1"}]}]}'
    )
    send_bytes(till, text)

    assert Reject.objects.get().detail == "'discount' is given twice."


def test_a_colon_after_a_quote_in_a_text_is_not_a_field():
    till = open_store()

    said = basket(lines=[line(description='the "big": one'), line(2, description="\\u0000")])
    assert outcome(send(till, said)) == (1, 0, 0)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"hello",
        b"[]",
        b"{}",
        b'{"baskets":5}',
        b'{"baskets":[{"a":NaN}]}',
        b'{"baskets":[{"a":1}',
        b'{"baskets":[],"baskets":[]}',
        b'{"baskets":[' + b"[" * 100_000,
        b'{"baskets":[' + b"[" * 100_000 + b"]" * 100_000 + b"]}",
        b"\x00\xff",
    ],
)
def test_a_body_that_cannot_be_read_is_kept_for_staff(content):
    till = open_store()

    upload = send_bytes(till, content)

    assert upload.state == "failed"
    assert keeping.opened(upload).read() == content
    reject = upload.rejects.get()
    assert (reject.position, reject.code) == (0, "unreadable")
    assert Basket.objects.count() == 0
    assert send_bytes(till, content) == upload


def test_a_broken_line_of_ndjson_hides_no_other():
    till = open_store()
    good = b'{"store":"330","till":"1","business_date":"2026-03-05","receipt":"%d","lines":[]}'
    content = b"\xef\xbb\xbf" + good % 1 + b'\r\n\n{"store":"330","till":\n' + good % 2

    upload = send_bytes(till, content, "application/x-ndjson")

    assert outcome(upload) == (2, 0, 1)
    assert Reject.objects.values_list("code", "position").get() == ("bad_json", 1)
