"""Payment cards: told from loyalty cards, and made unreadable before anything is kept."""

import csv
import re
from collections.abc import Iterable, Iterator, Sequence

SHORTEST = 13  # digits of a payment card, legible or not
_DIGITS = re.compile(r"[0-9](?:[ -]*[0-9]){12,18}", re.ASCII)
_CONCEALED = re.compile(r"\*{9,}[0-9]{4}", re.ASCII)
_DOUBLED = bytes.maketrans(b"0123456789", b"0246813579")  # its digits added where there are two


def looks_like_payment_card(text: str, loyalty_prefixes: Sequence[str] = ()) -> bool:
    """Whether `text` is 13 to 19 digits with the check digit that payment cards have.

    Blanks and hyphens between the digits count for nothing. Of loyalty numbers every tenth has
    that check digit by chance: those that begin with one of `loyalty_prefixes` are none.

    >>> looks_like_payment_card("4111 1111-1111 1111"), looks_like_payment_card("41111111111111112")
    (True, False)
    """
    text = text.strip()
    if not _DIGITS.fullmatch(text):
        return False
    digits = text.replace(" ", "").replace("-", "")
    if digits.startswith(tuple(loyalty_prefixes)):
        return False
    number = digits.encode()
    total = sum(number[-1::-2]) + sum(number[-2::-2].translate(_DOUBLED)) - ord("0") * len(number)
    return total % 10 == 0


def is_concealed(text: str) -> bool:
    """Whether `text` is what `conceal` leaves of a payment card."""
    return _CONCEALED.fullmatch(text.strip()) is not None


def conceal(
    chunks: Iterable[bytes], media_type: str, loyalty_prefixes: Sequence[str] = ()
) -> Iterator[bytes]:
    """Yield the bytes of `chunks` with every payment card in a card's field made unreadable.

    Such a value becomes as many asterisks, with its last four digits kept. (A JSON number stays
    one: its digits become nines.) Nothing else changes: item codes and receipts may look like
    payment cards. Chunks may end anywhere, and come out cut differently. What the field's name
    or value says in escapes is left; the basket that is read from it has to be asked again.
    """
    prefixes = tuple(loyalty_prefixes)
    if media_type == "text/csv":
        return _conceal_csv(chunks, prefixes)
    if media_type.endswith("/xml"):
        return _conceal_fields(chunks, _XML_NAMES, _XML_VALUE, _XML_BEFORE, prefixes)
    names = _JSON_NAMES.get(media_type)
    if names is None:
        return iter(chunks)
    return _conceal_fields(chunks, names, _JSON_VALUE, None, prefixes)


# Where a card may stand. In JSON with the quotes, since a shorter name may end a longer one.
_JSON_NAMES = {
    "application/json": (b'"card"',),
    "application/x-ndjson": (b'"card"',),
    "application/vnd.square+json": (b'"customer_id"', b'"card"'),
    "application/vnd.lightspeed-x+json": (b'"customer_code"', b'"customer_id"', b'"card"'),
    "application/vnd.loyverse+json": (b'"customer_id"', b'"customer_code"'),
    "application/vnd.shopify+json": (b'"credit_card_number"', b'"card_number"'),
}
_JSON_VALUE = re.compile(
    rb'\s{0,64}:\s{0,64}(?:"([0-9 -]{13,60})"|([0-9]{13,19})(?=[,}\]\s]))', re.ASCII
)
_XML_NAMES = (
    *(b"LoyaltyID", b"LoyaltyCardNumber", b"MembershipID", b"HouseholdID", b"CustomerID"),
    *(b"PrimaryAccountNumber", b"AccountNumber", b"CardNumber", b"CardID", b"PAN"),
)
_XML_VALUE = re.compile(
    rb"(?:\s[^<>]{0,300})?>\s{0,64}(?:<!\[CDATA\[)?([0-9 -]{13,60})(?:\]\]>)?\s{0,64}<", re.ASCII
)
_PREFIX = 64  # bytes of a namespace's prefix
_XML_BEFORE = re.compile(rb"<(?:[\w.-]{1,60}:)?\Z")
_LONGEST_FIELD = 1024  # bytes; more than any name and value above together


def _conceal_fields(
    chunks: Iterable[bytes],
    names: Sequence[bytes],
    value: re.Pattern[bytes],
    before: re.Pattern[bytes] | None,
    prefixes: tuple[str, ...],
) -> Iterator[bytes]:
    """Conceal what `value` finds behind one of `names`, if `before` ends right before that.

    The end of each chunk is held back, as long as a field may be, and looked at once more with
    the next: what was concealed keeps its length, and is not concealed twice.
    """
    held = b""
    for chunk in chunks:
        held = _concealed(held + chunk, names, value, before, prefixes)
        if len(held) > 2 * _LONGEST_FIELD:
            yield held[:-_LONGEST_FIELD]
            held = held[-_LONGEST_FIELD:]
    yield held


def _concealed(
    text: bytes,
    names: Sequence[bytes],
    value: re.Pattern[bytes],
    before: re.Pattern[bytes] | None,
    prefixes: tuple[str, ...],
) -> bytes:
    changed: bytearray | None = None
    for name in names:
        length = len(name)
        at = text.find(name)
        while at >= 0:
            behind = at + length
            match = value.match(text, behind)
            if match and (before is None or before.search(text, max(0, at - _PREFIX), at)):
                group = match.lastindex or 1
                if _is_card(match[group], prefixes):
                    changed = bytearray(text) if changed is None else changed
                    start, end = match.span(group)
                    changed[start:end] = _stars(match[group], b"9" if group == 2 else b"*")
            at = text.find(name, behind)
    return text if changed is None else bytes(changed)


def _is_card(number: bytes, prefixes: tuple[str, ...]) -> bool:
    return looks_like_payment_card(number.decode("ascii"), prefixes)


def _stars(number: bytes, sign: bytes = b"*") -> bytes:
    """Return `number` with `sign` for all before its last four digits, and no less long."""
    number, blanks = number.rstrip(b" -"), number[len(number.rstrip(b" -")) :]
    last = number.replace(b" ", b"").replace(b"-", b"")[-4:]
    return sign * (len(number) - 4) + last + blanks


# CSV: the field is known by its column, so records have to be followed.
_LONGEST_RECORD = 1 << 20
_LOOSE_CARD = re.compile(rb"(?<![0-9])[0-9](?:[ -]{0,3}[0-9]){12,18}(?![0-9])")
_LINE_END = re.compile(rb"[\r\n]")


def _conceal_csv(chunks: Iterable[bytes], prefixes: tuple[str, ...]) -> Iterator[bytes]:
    """Conceal the fields of the column `card`. A record that is no CSV loses whatever looks so."""
    held = b""
    record: re.Pattern[bytes] | None = None  # matches one with a number in the card's place
    other: re.Pattern[bytes] | None = None  # matches any one
    source = iter(chunks)
    for chunk in source:
        held += chunk
        if record is None:
            header = _header(held)
            if header is None:
                if len(held) > _LONGEST_RECORD:
                    break
                continue
            patterns = _record_patterns(held[:header])
            if patterns is None:
                break
            record, other = patterns
            yield held[:header]
            held = held[header:]
        assert other is not None
        done, held = _conceal_records(held, record, other, prefixes)
        yield done
    if record is None:
        yield held
        yield from source
        return
    assert other is not None
    done, held = _conceal_records(held + b"\n", record, other, prefixes)
    yield (done + _conceal_loosely(held, prefixes))[:-1]


def _header(text: bytes) -> int | None:
    """Return where the first line ends, or None if it has not yet."""
    end = _LINE_END.search(text)
    return end.end() if end else None


def _record_patterns(header: bytes) -> tuple[re.Pattern[bytes], re.Pattern[bytes]] | None:
    text = header.decode("utf-8-sig", errors="replace")
    delimiter = max(",;\t", key=text.count)
    try:
        names = [name.strip() for name in next(csv.reader([text], delimiter=delimiter), [])]
    except csv.Error:
        return None
    if "card" not in names:
        return None
    sign = re.escape(delimiter.encode())
    field = rb'(?:"[^"]*(?:""[^"]*)*"|[^"\r\n%s]*)' % sign
    rest = rb"(?:%s%s)*(?:\r\n|\r|\n)" % (sign, field)
    before = rb"(?:%s%s){%d}" % (field, sign, names.index("card"))
    card = rb'(?:"([0-9 -]{13,60})"|([0-9 -]{13,60}))'
    return re.compile(before + card + rest), re.compile(field + rest)


def _conceal_records(
    text: bytes,
    record: re.Pattern[bytes],
    other: re.Pattern[bytes],
    prefixes: tuple[str, ...],
) -> tuple[bytes, bytes]:
    """Return the whole records of `text`, concealed, and the one that is not whole yet."""
    changed: bytearray | None = None
    at = 0
    while at < len(text):
        match = record.match(text, at)
        if match is not None:
            group = match.lastindex or 1
            if _is_card(match[group], prefixes):
                changed = bytearray(text) if changed is None else changed
                start, end = match.span(group)
                changed[start:end] = _stars(match[group])
        else:
            match = other.match(text, at)
        if match is not None:
            at = match.end()
            continue
        if len(text) - at < _LONGEST_RECORD:
            break
        end_of_line = _LINE_END.search(text, at)
        end = end_of_line.end() if end_of_line else len(text)
        changed = bytearray(text) if changed is None else changed
        changed[at:end] = _conceal_loosely(text[at:end], prefixes)
        at = end
    done = text if changed is None else bytes(changed)
    return done[:at], text[at:]


def _conceal_loosely(text: bytes, prefixes: tuple[str, ...]) -> bytes:
    def stars(match: re.Match[bytes]) -> bytes:
        return _stars(match[0]) if _is_card(match[0], prefixes) else match[0]

    return _LOOSE_CARD.sub(stars, text)
