"""Payment cards: none is kept, and nothing that only looks like one is touched."""

import csv
import io
import json
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pos_integration.formats import MEDIA_TYPES
from pos_integration.formats.cards import conceal, is_concealed, looks_like_payment_card
from tests.pos_integration.samples import FOLDER
from tests.pos_integration.samples import MEDIA_TYPES as SAMPLES

JSON, XML, CSV = "application/json", "application/xml", "text/csv"
VISA = "4111111111111111"
HIDDEN = "************1111"


def hidden(body: bytes, media_type: str = JSON, prefixes: tuple[str, ...] = ()) -> bytes:
    return b"".join(conceal([body], media_type, prefixes))


@pytest.mark.parametrize(
    ("text", "is_one"),
    [
        (VISA, True),
        ("4111 1111 1111 1111", True),
        ("4111-1111-1111-1111", True),
        (f" {VISA} ", True),
        ("378282246310005", True),  # 15 digits
        ("4222222222222", True),  # 13 digits
        ("6304000000000000000", True),  # 19 digits
        ("4111111111111112", False),
        ("411111111111", False),
        ("42222222222222222222", False),
        ("T220001293", False),
        ("٤١١١١١١١١١١١١١١١", False),
        ("", False),
        (HIDDEN, False),
    ],
)
def test_a_payment_card_is_known_by_its_length_and_check_digit(text, is_one):
    assert looks_like_payment_card(text) is is_one


def test_a_loyalty_number_is_none_whatever_its_check_digit():
    assert looks_like_payment_card("2211111111119")
    assert not looks_like_payment_card("2211111111119", ("29", "22"))
    assert looks_like_payment_card("2211111111119", ("23",))


def luhn(text: str) -> bool:
    total = 0
    for place, digit in enumerate(reversed(text)):
        value = int(digit) * (1 + place % 2)
        total += value - 9 * (value > 9)
    return total % 10 == 0


@given(st.from_regex(r"[0-9]{13,19}", fullmatch=True))
def test_the_check_digit_is_luhns(text):
    assert looks_like_payment_card(text) == luhn(text)


@pytest.mark.parametrize(
    ("media_type", "body", "wanted"),
    [
        (JSON, f'{{"card":"{VISA}"}}', f'{{"card":"{HIDDEN}"}}'),
        (JSON, f'{{"card" :\n "{VISA}" }}', f'{{"card" :\n "{HIDDEN}" }}'),
        (JSON, '{"card":"4111 1111 1111 1111"}', '{"card":"***************1111"}'),
        (JSON, '{"card":"4111 1111 1111 11 1 1 "}', '{"card":"*****************1111 "}'),
        (JSON, f'{{"card":{VISA}}}', '{"card":9999999999991111}'),
        (SAMPLES["square.json"], f'{{"customer_id":"{VISA}"}}', f'{{"customer_id":"{HIDDEN}"}}'),
        (SAMPLES["shopify.json"], f'{{"credit_card_number":"{VISA}"}}',
         f'{{"credit_card_number":"{HIDDEN}"}}'),
        (SAMPLES["lightspeed-x.json"], f'{{"customer_code":"{VISA}"}}',
         f'{{"customer_code":"{HIDDEN}"}}'),
        ("application/x-ndjson", f'{{"card":"{VISA}"}}\n{{"card":"{VISA}"}}\n',
         f'{{"card":"{HIDDEN}"}}\n{{"card":"{HIDDEN}"}}\n'),
        (XML, f"<LoyaltyID>{VISA}</LoyaltyID>", f"<LoyaltyID>{HIDDEN}</LoyaltyID>"),
        (XML, f'<a:CustomerID T="x">\n{VISA} </a:CustomerID>',
         f'<a:CustomerID T="x">\n{HIDDEN} </a:CustomerID>'),
        ("text/xml", f"<PrimaryAccountNumber><![CDATA[{VISA}]]></PrimaryAccountNumber>",
         f"<PrimaryAccountNumber><![CDATA[{HIDDEN}]]></PrimaryAccountNumber>"),
        (CSV, f"receipt,card,code\n{VISA},{VISA},{VISA}\n",
         f"receipt,card,code\n{VISA},{HIDDEN},{VISA}\n"),
        (CSV, f'receipt;"card"\r\n"a;\n{VISA}";"{VISA}"\r\n1;{VISA}',
         f'receipt;"card"\r\n"a;\n{VISA}";"{HIDDEN}"\r\n1;{HIDDEN}'),
        (CSV, f'receipt,card\n"{VISA}', f'receipt,card\n"{HIDDEN}'),  # no CSV: all that looks so
    ],
)  # fmt: skip
def test_a_payment_card_in_a_cards_field_is_made_unreadable(media_type, body, wanted):
    assert hidden(body.encode(), media_type) == wanted.encode()
    assert len(wanted) == len(body)


@pytest.mark.parametrize(
    ("media_type", "body"),
    [
        (JSON, '{"card":"900","receipt":"%s","code":"%s","amount":"%s"}'),
        (JSON, '{"discard":"%s","cards":"%s","note":"card:%s"}'),
        (JSON, '{"note":"\\"card\\":\\"%s\\""}'),
        (XML, "<ItemID>%s</ItemID><ReceiptNumber>%s</ReceiptNumber><NoLoyaltyID>%s</NoLoyaltyID>"),
        (XML, '<LoyaltyID Type="%s">900</LoyaltyID>'),
        (XML, "<LoyaltyID>900</LoyaltyID>%s<x:PAN>900</x:PAN>%s<PAN/>%s"),
        (CSV, "receipt,code\n%s,%s\n"),
        (CSV, 'code,card\n%s,900\n"%s",\n'),
        ("application/gzip", '{"card":"%s"}'),
    ],
)
def test_what_is_no_cards_field_is_not_touched(media_type, body):
    text = body.replace("%s", VISA).encode()
    assert hidden(text, media_type) == text


def test_what_is_left_of_a_payment_card_is_known_for_what_it_is():
    assert is_concealed(HIDDEN)
    assert is_concealed("***************1111 ")
    assert not is_concealed(VISA)
    assert not is_concealed("****")


def test_a_loyalty_card_is_kept_by_its_prefix():
    body = b'{"card":"2211111111119"}'
    assert hidden(body, prefixes=("22",)) == body
    assert hidden(body) == b'{"card":"*********1119"}'


@pytest.mark.parametrize("name", SAMPLES)
def test_no_sample_is_changed(name):
    body = (FOLDER / name).read_bytes()
    assert hidden(body, SAMPLES[name]) == body


TEXTS = st.sampled_from([VISA, "4111 1111 1111 1111", "900", "5012345678900", "", 'a"b\n;,c'])


def as_json(rows: list[tuple[str, str]]) -> tuple[bytes, bytes]:
    def body(hide: bool) -> bytes:
        return json.dumps(
            [{"code": code, "card": masked(card) if hide else card} for code, card in rows]
        ).encode()

    return body(False), body(True)


def as_xml(rows: list[tuple[str, str]]) -> tuple[bytes, bytes]:
    def body(hide: bool) -> bytes:
        shown = [(code, masked(card) if hide else card) for code, card in rows]
        return "".join(
            f'<ItemID>{code}</ItemID> <x:LoyaltyID T="{"y" * 280}">{card}</x:LoyaltyID>'
            for code, card in shown
        ).encode()

    return body(False), body(True)


def as_csv(rows: list[tuple[str, str]]) -> tuple[bytes, bytes]:
    def body(hide: bool) -> bytes:
        text = io.StringIO()
        writer = csv.writer(text)
        writer.writerow(["code", "card", "amount"])
        writer.writerows((code, masked(card) if hide else card, code) for code, card in rows)
        return text.getvalue().encode()

    return body(False), body(True)


def masked(card: str) -> str:
    return "*" * (len(card) - 4) + card[-4:] if looks_like_payment_card(card) else card


@settings(deadline=None, max_examples=150)
@given(
    st.lists(st.tuples(TEXTS, TEXTS), max_size=12),
    st.sampled_from([(as_json, JSON), (as_xml, XML), (as_csv, CSV)]),
    st.lists(st.integers(0, 1 << 30), max_size=30),
)
def test_chunks_may_end_anywhere(rows, form, places):
    make, media_type = form
    body, wanted = make(rows)
    edges = [0, *sorted(place % (len(body) + 1) for place in places), len(body)]
    chunks = [body[a:b] for a, b in pairwise(edges)]

    assert b"".join(conceal(chunks, media_type)) == wanted


@settings(deadline=None)
@given(st.lists(st.binary(max_size=30), max_size=5), st.sampled_from(MEDIA_TYPES))
def test_no_bytes_upset_it_and_their_number_stays(chunks, media_type):
    chunks = [b"code,card\n", *chunks]
    assert len(b"".join(conceal(chunks, media_type))) == sum(map(len, chunks))
