"""JSON and NDJSON: the same baskets, however long the body and however it is cut."""

import json
import tracemalloc
from itertools import repeat

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pos_integration import formats
from pos_integration.formats import entries, json_elements
from pos_integration.formats import json as json_feed
from tests.pos_integration.samples import Endless, told
from tests.pos_integration.tills import basket, line

JSON, NDJSON = "application/json", "application/x-ndjson"
GOOD = json.dumps(basket("7")).encode()


class Sips:
    """A source that gives its bytes in pieces of the sizes it is told."""

    def __init__(self, body: bytes, sizes: list[int]) -> None:
        self._body = body
        self._sizes = sizes or [1]
        self._turn = 0

    def read(self, size: int, /) -> bytes:
        wanted = min(size, self._sizes[self._turn % len(self._sizes)])
        self._turn += 1
        given, self._body = self._body[:wanted], self._body[wanted:]
        return given


def cut(body: bytes, key: str = "baskets", sizes: list[int] | None = None) -> list[bytes]:
    source = Sips(body, sizes or [len(body) + 1])
    return [raw for raw, is_whole in json_elements.elements(source, key) if is_whole]


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


@settings(deadline=None)
@given(
    st.lists(VALUES, max_size=5),
    st.dictionaries(st.text().filter(lambda key: key != "baskets"), VALUES, max_size=3),
    st.dictionaries(st.text().filter(lambda key: key != "baskets"), VALUES, max_size=3),
    st.lists(st.integers(1, 20), max_size=5),
    st.booleans(),
    st.sampled_from([None, 1]),
)
def test_a_long_body_is_cut_where_its_baskets_end(found, before, after, sizes, ascii_only, indent):
    after = {key: value for key, value in after.items() if key not in before}
    body = {**before, "baskets": found, **after}
    text = json.dumps(body, ensure_ascii=ascii_only, indent=indent).encode(errors="replace")

    assert [json.loads(raw) for raw in cut(text, sizes=sizes)] == json.loads(text)["baskets"]


@settings(deadline=None, max_examples=200)
@given(st.binary(max_size=40), st.lists(st.integers(1, 5), max_size=3))
def test_no_bytes_upset_the_cutting(noise, sizes):
    body = b'{"baskets":[' + noise + b"]}"
    try:
        raws = cut(body, sizes=sizes)
    except formats.UnreadableError:
        return
    assert raws == cut(body)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[]",
        b"5",
        b'{"baskets":{}}',
        b'{"basket":[]}',
        b'{"baskets":[1,]}',
        b'{"baskets":[,1]}',
        b'{"baskets":[1,,2]}',
        b'{"baskets":[1]',
        b'{"baskets":[1]}}',
        b'{"baskets":[1]} x',
        b'{"baskets":[1],"baskets":[2]}',
        b'{"baskets":[1],"a":NaN}',
        b'{"baskets":[1],"a":"\xff"}',
        b'{"baskets":[{"a":[}]}',
        b'{"baskets":["a',
        b'{"baskets":[' + b"[" * 9_000 + b"]}",
        b'{"note":"' + b"x" * (2 << 20) + b'","baskets":[]}',
    ],
)
def test_a_long_body_that_is_no_list_of_baskets_says_so(body):
    with pytest.raises(formats.UnreadableError):
        cut(body)


def test_a_long_body_is_judged_as_a_short_one(monkeypatch):
    twin = GOOD.replace(b'"till": 1', b'"till": 1, "till": 1')
    bad = [twin, b'{"a":NaN}', b'{"receipt":"\\ud800"}', b'{"receipt":"\\u0000"}', b"5"]
    bad += [b'{"note":' + b"[" * 1500 + b"]" * 1500 + b"}", GOOD.replace(b'"7"', b'"a\\u0000"')]
    body = b'\xef\xbb\xbf{"a":1,"baskets":[' + b",".join([GOOD, *bad, GOOD]) + b'],"z":2}'
    monkeypatch.setattr(json_feed, "_WHOLE", 100)

    first, *middle, last = formats.read(body, JSON)

    assert told(first) == told(last)
    codes = [entry.fault.code for entry in middle if entry.fault]
    assert codes == [
        *("bad_field", "bad_json", "bad_text", "missing_field", "bad_field"),
        *("bad_field", "bad_text"),
    ]
    assert [entry.position for entry in middle] == list(range(1, len(bad) + 1))


def test_a_basket_that_is_too_long_hides_no_neighbour():
    long = GOOD.replace(b'"7"', b'"' + b"7" * (entries.LONGEST_BASKET + 10) + b'"')

    for body, media_type in (
        (b'{"baskets":[' + b",".join([GOOD, long, GOOD]) + b"]}", JSON),
        (b"\n".join([GOOD, long, GOOD]), NDJSON),
    ):
        first, middle, last = formats.read(body, media_type)
        assert told(first) == told(last)
        assert middle.fault is not None
        assert middle.fault.code == "too_long"
        assert len(middle.raw) <= 10_000
        assert middle.text.startswith('{"store"')


@pytest.mark.parametrize("key", ["discount", "kind", "quantity", "line", "description"])
def test_a_field_given_twice_is_found_though_another_line_lacks_it(key):
    value = {"line": "1", "kind": '"sale"'}.get(key, '"0"')
    one = json.dumps(line(1, discount="0", kind="sale", description="x"))
    twice = one.replace("{", f'{{"{key}": {value}, ', 1)
    without = json.dumps({k: v for k, v in line(2).items() if k != key} | {"line": 2})
    text = json.dumps(basket("7", lines=[])).replace("[]", f"[{twice}, {without}]")

    (entry,) = formats.read(f'{{"baskets":[{text}]}}'.encode(), JSON)

    assert entry.fault is not None
    assert entry.fault.detail == f"'{key}' is given twice."


LONG = json.dumps(basket("7", lines=[line(description="x" * 200_000)])).encode()


@pytest.mark.parametrize("colon", [":", "\\u003a", "\\u003A"])
def test_colons_in_a_text_hide_no_twin_and_are_none(colon):
    def entry(text: str) -> formats.Entry:
        (found,) = formats.read(f'{{"baskets":[{text}]}}'.encode(), JSON)
        return found

    said = basket("7", ended_at="2026-03-05T11:53:26", lines=[line(description="1:1")])
    text = json.dumps(said, separators=(",", ":")).replace("11:53:26", f"11{colon}53{colon}26")

    assert told(entry(text))["ended_at"] == "2026-03-05T11:53:26"
    for twins in ('{"till":2,', '{"till":2,"receipt":"8",', '{"till":2,"receipt":"8","store":"1",'):
        assert entry(text.replace("{", twins, 1)).fault is not None
        assert entry(text.replace("{", twins, 1).replace("1:1", "")).fault is not None


@pytest.mark.parametrize("blank", [" ", "\n", "\t", "\r\n"])
def test_a_blank_before_the_colon_hides_no_twin(blank):
    text = json.dumps(basket("7")).replace('"till": 1', f'"till"{blank}: 1, "till": 2')
    (entry,) = formats.read(f'{{"baskets":[{text}]}}'.encode(), JSON)

    assert entry.fault is not None
    assert entry.fault.detail == "'till' is given twice."


@pytest.mark.parametrize(
    ("media_type", "first", "between", "last"),
    [(JSON, b'{"baskets":[' + LONG, b",", b"]}"), (NDJSON, LONG, b"\n", b"\n")],
)
def test_a_body_of_any_length_takes_no_more_memory(media_type, first, between, last):
    source = Endless(first, repeat(between + LONG, 150), last)

    tracemalloc.start()
    count = sum(1 for entry in formats.read(source, media_type) if entry.basket)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert count == 151
    assert source.size > 30_000_000
    assert peak < 30 << 20
