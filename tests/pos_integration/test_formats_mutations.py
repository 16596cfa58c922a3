"""Whatever happens to a file on its way, it is read as entries or found unreadable."""

import tracemalloc
from datetime import date
from itertools import repeat

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pos_integration import formats
from pos_integration.records import Basket, Fault
from tests.pos_integration import tills
from tests.pos_integration.samples import MEDIA_TYPES, Endless, read, sample

OWN = tills.body(tills.basket("1"), tills.basket("2", card="900", tenders=[]))
KINDS = {
    **MEDIA_TYPES,
    "baskets.json": "application/json",
    "baskets.ndjson": "application/x-ndjson",
}


def body_of(name: str) -> bytes:
    return OWN if name.startswith("baskets") else sample(name)


def check(body: bytes, media_type: str) -> int:
    """Read all of `body`; returns how many entries there were before it ended or broke."""
    count = 0
    try:
        for entry in formats.read(body, media_type):
            assert entry.position == count
            assert entry.text
            found = [entry.basket is not None, entry.fault is not None, bool(entry.skipped)]
            assert found.count(True) == 1
            if entry.basket is not None:
                check_basket(entry.basket)
            if entry.fault is not None:
                assert isinstance(entry.fault, Fault)
                assert entry.fault.code
                assert entry.fault.detail
            count += 1
    except formats.UnreadableError:
        pass
    return count


def check_basket(basket: Basket) -> None:
    assert 1 <= len(basket.receipt) <= 40
    assert basket.business_date is None or isinstance(basket.business_date, date)
    for line in basket.lines:
        assert 1 <= len(line.code) <= 32
        assert 1 <= len(line.unit) <= 3
        assert {type(line.amount), type(line.quantity), type(line.discount)} == {str}
    texts = [basket.receipt, basket.store or "", *(line.code for line in basket.lines)]
    assert "\0" not in "".join(texts)
    "".join(texts).encode()


CHANGES = st.lists(
    st.tuples(
        st.sampled_from(["flip", "cut", "double", "nest", "insert"]),
        st.integers(0, 1 << 30),
        st.integers(0, 1 << 30),
        st.sampled_from(
            [b"\0", b"\xff", b'"', b"<", b">", b"{", b"}", b"[", b"]", b",", b"-", b"9" * 40,
             b"\\u0000", b"\\ud800", b"null", b"1e400", b"&#0;", b"<!DOCTYPE a>", b"\n", b"true"]
        ),
    ),
    min_size=1,
    max_size=4,
)  # fmt: skip


def changed(body: bytes, changes: list[tuple[str, int, int, bytes]]) -> bytes:
    for what, one, other, text in changes:
        if not body:
            break
        begin, end = sorted((one % len(body), other % len(body)))
        part = body[begin:end][:2_000]
        if what == "flip":
            body = body[:begin] + bytes([body[begin] ^ (1 + other % 255)]) + body[begin + 1 :]
        elif what == "cut":
            body = body[:begin] + body[begin + len(part) :]
        elif what == "double":
            body = body[:begin] + part + body[begin:]
        elif what == "nest":
            body = body[:begin] + text * (other % 300) + body[begin:]
        else:
            body = body[:begin] + text + body[end if other % 2 else begin :]
    return body


@pytest.mark.parametrize("name", KINDS)
@settings(deadline=None, max_examples=50)
@given(changes=CHANGES)
def test_a_damaged_file_upsets_nothing(name, changes):
    check(changed(body_of(name), changes), KINDS[name])


@pytest.mark.parametrize("name", MEDIA_TYPES)
@pytest.mark.parametrize("as_kind", [*KINDS.values(), "application/x-ndjson"])
def test_a_file_sent_as_another_kind_upsets_nothing(name, as_kind):
    check(sample(name), as_kind)


@pytest.mark.parametrize("name", KINDS)
def test_a_file_cut_anywhere_gives_what_came_before(name):
    body = body_of(name)
    whole = check(body, KINDS[name])
    for end in range(0, len(body), max(1, len(body) // 60)):
        assert check(body[:end], KINDS[name]) <= whole + 1


@pytest.mark.parametrize("name", MEDIA_TYPES)
def test_reading_in_sips_is_reading(name):
    body = sample(name)
    source = Endless(b"", iter([body[i : i + 7] for i in range(0, len(body), 7)]), b"")

    assert list(formats.read(source, MEDIA_TYPES[name])) == read(name)


WRAPS = {
    "poslog-2.xml": (b"<POSLog>", b"</POSLog>"),
    "square.json": (b'{"orders":[', b"]}"),
    "shopify.json": (b'{"orders":[', b"]}"),
}


@pytest.mark.parametrize("name", WRAPS)
def test_a_file_of_any_length_takes_no_more_memory(name):
    entry = max(read(name), key=lambda entry: len(entry.raw))
    first, last = WRAPS[name]
    comma = b"," if name.endswith("json") else b""
    text = bytes(entry.raw) + b" " * 200_000  # few sales, for speed
    source = Endless(first + text, repeat(comma + text, 100), last)

    tracemalloc.start()
    count = sum(1 for entry in formats.read(source, MEDIA_TYPES[name]) if entry.basket)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert count >= 101
    assert source.size > 20_000_000
    assert peak < 12 << 20
