"""The shape of a basket as tills send it, whatever the feed, and the rules it must keep."""

import re
from collections.abc import Collection, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from hashlib import blake2b
from typing import Annotated, Any, Literal, NamedTuple
from zoneinfo import ZoneInfo

import msgspec
from msgspec import Meta

from pos_integration import gtin, money, scales

LARGEST_INTEGER = 2**31 - 1
NAME_LENGTH = 120
COUPON_CODE_LENGTH = 80
ALIAS_LENGTH = 64
FAST_CLOCK = timedelta(days=2)  # a till's clock may be ahead by so much; its sales are still sales

Kind = Literal["sale", "return", "void"]
WholeNumber = Annotated[int, Meta(ge=0, le=LARGEST_INTEGER)]


class Reference(msgspec.Struct, omit_defaults=True):
    """An earlier receipt, or a line of one, as far as the till knows it."""

    receipt: Annotated[str, Meta(max_length=40)]
    store: Annotated[str, Meta(max_length=ALIAS_LENGTH)] | None = None
    till: int | Annotated[str, Meta(max_length=ALIAS_LENGTH)] | None = None
    business_date: date | None = None
    line: int | None = None


class Line(msgspec.Struct, gc=False):
    line: WholeNumber
    code: Annotated[str, Meta(min_length=1, max_length=32)]
    amount: str
    quantity: str = "1"
    unit: Annotated[str, Meta(min_length=1, max_length=3)] = "EA"
    discount: str = "0"
    kind: Kind = "sale"
    description: str | None = None
    returns: Reference | None = None


class Coupon(msgspec.Struct, gc=False):
    code: str
    amount: str
    line: WholeNumber | None = None


class Tender(msgspec.Struct, gc=False):
    kind: Annotated[str, Meta(min_length=1, max_length=20)]
    amount: str


class Basket(msgspec.Struct):
    """One receipt. Numbers with decimals are decimal strings; `check` brings them to one form.

    Feeds of other systems may name stores and tills by those systems' own names, have no till
    (None: the terminal that hands the receipt over) and no trading day (None: the day of
    `ended_at` at the store).
    """

    till: int | str | None
    business_date: date | None
    receipt: Annotated[str, Meta(min_length=1, max_length=40)]
    lines: Annotated[list[Line], Meta(max_length=100_000)]
    store: str | None = None
    kind: Kind = "sale"
    ended_at: datetime | None = None
    card: Annotated[str, Meta(max_length=32)] | None = None
    currency: str | None = None
    coupons: Annotated[list[Coupon], Meta(max_length=10_000)] | None = None
    tenders: Annotated[list[Tender], Meta(max_length=10_000)] | None = None
    voids: Reference | None = None


class Fault(NamedTuple):
    """Why a basket cannot be taken: a code for machines and a sentence for staff."""

    code: str
    detail: str


class StoreTerms(NamedTuple):
    """What a store's baskets are held against."""

    id: int
    number: str
    currency: str
    zone: ZoneInfo
    today: date
    tills: Mapping[str, int]  # of the terminals not revoked: number, by number as text or alias
    layouts: Sequence[scales.Layout] = ()  # of its scales' labels, its own first


class Floor(NamedTuple):
    """What is known, on loading, about where the baskets come from."""

    stores: Mapping[str, StoreTerms]  # by number or alias
    speaks_for: str | None  # the store of the terminal that sent them; None: a collector, for all
    own_till: int | None  # of the terminal that sent them; None: a collector stands at no till
    known_codes: Collection[str]  # scanned texts that name a product we have: no check digit asked
    labels: dict[tuple[int, str], scales.ScaleCode]  # filled by `check`: by store id and code


_read_quantity = money.reader(3, 9)


def check(basket: Basket, floor: Floor) -> Fault | None:
    """Return the first rule that `basket` breaks, or None and leave it in normal form.

    Normal form: `store` and `till` the chain's own numbers, `business_date` and `currency` filled
    in, `ended_at` in UTC, `card` without blanks around it, amounts with their currency's decimals
    and quantities with three, so that baskets which say the same have the same `content_hash`.
    """
    if not basket.store:
        return Fault("missing_store", "'store' is missing: the number of a store is wanted.")
    store = floor.stores.get(basket.store)
    if store is None:
        return Fault("unknown_store", f"No store has the number '{_short(basket.store)}'.")
    if floor.speaks_for not in (None, store.number):
        return Fault(
            "foreign_store",
            f"This terminal speaks for store {floor.speaks_for}, not for store {basket.store}.",
        )
    basket.store = store.number
    try:
        return _check_terms(basket, store, floor.own_till) or _check_lines(basket, store, floor)
    except money.MoneyError as error:
        return Fault("bad_amount", f"{error}.")


def content_hash(basket: Basket) -> bytes:
    """Return 16 bytes that tell a repeat of a checked basket from a conflicting one."""
    return blake2b(msgspec.json.encode(basket), digest_size=16).digest()


def _check_terms(basket: Basket, store: StoreTerms, own_till: int | None) -> Fault | None:
    """Check what is said once per basket."""
    if basket.till is None:
        if own_till is None:
            return Fault("missing_field", "'till' is missing: the number of a till is wanted.")
        basket.till = own_till
    till = str(basket.till)
    number = store.tills.get(till)
    if number is None and till.isascii() and till.isdigit():
        if int(till[:11]) > LARGEST_INTEGER:
            return Fault("bad_field", f"till is '{_short(till)}': the number of a till is wanted.")
        number = store.tills.get(str(int(till)))
        if number is None:
            return Fault(
                "unknown_terminal",
                f"Store {basket.store} has no till {int(till)}, or it was revoked.",
            )
    if number is None:
        return Fault("bad_field", f"till is '{_short(till)}': the number of a till is wanted.")
    basket.till = number
    if basket.ended_at is not None:
        ended_at = basket.ended_at
        try:
            zoned = ended_at if ended_at.tzinfo else ended_at.replace(tzinfo=store.zone)
            basket.ended_at = zoned.astimezone(UTC)
            local = zoned.astimezone(store.zone)
        except OverflowError:
            return Fault("bad_date", f"ended_at is {ended_at}: a time of our age is wanted.")
        if basket.business_date is None:
            basket.business_date = local.date()
    if basket.business_date is None:
        return Fault("missing_field", "'business_date' is missing, and 'ended_at' is too.")
    if basket.business_date > store.today + FAST_CLOCK:
        return Fault(
            "future_date",
            f"The business date is {basket.business_date}, but at the store it is {store.today}.",
        )
    if basket.currency not in (None, store.currency):
        return Fault(
            "wrong_currency",
            f"The basket is in {_short(basket.currency)}, the store sells in {store.currency}.",
        )
    basket.currency = store.currency
    basket.card = (basket.card or "").strip()
    return None


def _check_lines(basket: Basket, store: StoreTerms, floor: Floor) -> Fault | None:
    """Check the lines, coupons and tenders; MoneyError is an amount that is none."""
    places = money.digits(store.currency)
    read_amount = money.reader(places, 10)
    numbers: set[int] = set()
    for line in basket.lines:
        if line.line in numbers:
            return Fault("bad_field", f"Two lines have the number {line.line}.")
        numbers.add(line.line)
        if store.layouts and scales.is_shaped(line.code):
            try:
                label = scales.read(line.code, store.layouts)
            except scales.ScaleError as error:
                return Fault("bad_scale_label", f"Line {line.line}: {error}.")
            if label is not None:
                floor.labels[store.id, line.code] = label
        if line.code not in floor.known_codes:
            if not line.code.strip():
                return Fault("bad_field", f"The code of line {line.line} is blank.")
            if gtin.is_shaped(line.code):
                try:
                    gtin.normal_form(line.code)
                except gtin.GtinError as error:
                    return Fault("bad_check_digit", f"Line {line.line}: {error}.")
        try:
            line.quantity = _read_quantity(line.quantity)
        except money.MoneyError as error:
            return Fault("bad_field", f"The quantity of line {line.line}: {error}.")
        if line.quantity[0] == "-":
            return Fault(
                "negative_quantity",
                f"The quantity of line {line.line} is {line.quantity}; what comes back is "
                "told by the kind 'return'.",
            )
        line.amount = read_amount(line.amount)
        line.discount = read_amount(line.discount)
    for coupon in basket.coupons or ():
        coupon.code = coupon.code.strip()[:COUPON_CODE_LENGTH]
        coupon.amount = money.normal_form(coupon.amount, places, 8)
        if coupon.amount[0] == "-":
            return Fault("bad_amount", f"A coupon took off {coupon.amount}, less than nothing.")
    for tender in basket.tenders or ():
        tender.amount = read_amount(tender.amount)
    return None


_PLACE = re.compile(r"(?s)(.*?)(?: - at `\$\.?(.*)`)?")
_STEP = re.compile(r"([^.\[\]]+)|\[(\d+)\]")
_WANTED = {
    "amount": ("bad_amount", 'a decimal string such as "0.50" is wanted'),
    "discount": ("bad_amount", 'a decimal string such as "0.50" is wanted'),
    "quantity": ("bad_field", 'a decimal string such as "1" is wanted'),
    "business_date": ("bad_date", 'a date such as "2017-01-01" is wanted'),
    "ended_at": ("bad_date", 'a time such as "2017-01-01T11:53:26" is wanted'),
    "kind": ("bad_field", "'sale', 'return' or 'void' is wanted"),
}
_NAMES = {"str": "text", "int": "a whole number", "object": "an object", "array": "a list"}


def explain(error: msgspec.ValidationError, tree: Any) -> Fault:
    """Return, for a basket that has not the shape, what was found in `tree` and is wanted."""
    match = _PLACE.fullmatch(str(error))
    assert match is not None
    message, path = match[1], match[2] or ""
    if missing := re.search(r"required field `(\w+)`", message):
        where = f" at {path}" if path else ""
        return Fault("missing_field", f"'{missing[1]}' is missing{where}.")
    name, found = path or "The basket", tree
    for step in _STEP.finditer(path):
        found = found[step[1] if step[1] else int(step[2])]
    last = re.sub(r"\[\d+\]$", "", path).rpartition(".")[2]
    wanted = message.partition(", got ")[0].removeprefix("Expected ")
    wanted = wanted.replace("`", "").replace(" | null", "").replace(" | ", " or ")
    wanted = re.sub(r"\w+", lambda word: _NAMES.get(word[0], word[0]), wanted)
    code, wish = _WANTED.get(last, ("bad_field", f"{wanted} is wanted"))
    return Fault(code, f"{name} is {_short(msgspec.json.encode(found).decode())}: {wish}.")


def _short(text: str | None) -> str:
    return text if text is not None and len(text) <= 60 else f"{(text or '')[:57]}..."
