"""What coupons take off a receipt: every kind of offer, floors, stacking, cents.

The rules:

- An amount, a percent, a fixed price and a free item are off one unit. A multi-buy takes as many
  units as it asks for, from all the lines it covers. A threshold coupon is on every unit it
  covers that no coupon of its group is on; these must come to the threshold.
- On one unit is at most one coupon of each stacking group. Coupons of different groups add up:
  each is reckoned from the price without coupons, so two percents never multiply.
- Nothing goes below zero, nor a unit below its lowest price. All in whole cents: the price of
  a line is divided among its units to the cent, percents are rounded half up.
- A weighed item, and any quantity that is not whole, is one unit; its lowest price is that of a
  kilogram (or whatever it is weighed in) and counts for the quantity.
- What costs nothing takes no coupon and counts as no unit: a coupon is not burnt on a gift.
- The best for the shopper wins, in whatever order coupons are laid down. Of equally good
  outcomes it is the one that serves first the coupon worth most by itself, of two the one with
  the lower key, on the earliest line; threshold coupons come after all others, of these first
  those that cover least. More than `stacking.MOST_TRIES` possibilities are not tried: then it
  is the best of those that were.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal
from enum import StrEnum
from itertools import count, pairwise
from typing import Protocol

from coupons import stacking

ONE_UNIT = ("amount", "percent", "fixed_price", "free_item")


class Shortfall(StrEnum):
    """Why a coupon takes nothing off."""

    WRONG_ITEM = "wrong_item"  # nothing that it covers is there
    NOT_ENOUGH = "not_enough"  # too few units, too little spent, or nothing can be taken off
    NOT_STACKED = "not_stacked"  # it would, but other coupons are on these items


@dataclass(frozen=True, slots=True)
class Terms:
    """What an offer takes off. kind: as `Offer.Kind`; money in store currency."""

    kind: str
    face_value: Decimal
    percent: int | None = None
    price: Decimal | None = None
    units: int = 1
    reduced_units: int = 1
    threshold: Decimal | None = None
    stacking_group: str = "coupon"


@dataclass(frozen=True, slots=True)
class Item:
    """One line of the receipt. price: what the whole line costs before coupons."""

    line: int
    product: int
    quantity: Decimal
    price: Decimal
    is_weighed: bool = False
    lowest: Decimal | None = None  # no coupon brings a unit below it


@dataclass(frozen=True, slots=True)
class Claim:
    """A coupon laid down. products: what it covers, on a threshold coupon none for everything.

    line: where the till says it was used. A coupon off one unit is then off that line; of the
    others, that line must be one they cover. taken: what the till took off, if it did already:
    an outcome under which more of what was taken is right goes before one that saves more.
    """

    key: str
    terms: Terms
    products: frozenset[int]
    line: int | None = None
    taken: Decimal | None = None


@dataclass(frozen=True, slots=True)
class Off:
    line: int
    amount: Decimal


@dataclass(frozen=True, slots=True)
class Saving:
    """What a coupon takes off: its lines in order, together exactly `amount`, more than zero."""

    amount: Decimal
    offs: tuple[Off, ...]


class HasTerms(Protocol):
    """An offer, as far as prices go."""

    @property
    def kind(self) -> str: ...
    @property
    def face_value(self) -> Decimal: ...
    @property
    def percent(self) -> int | None: ...
    @property
    def price(self) -> Decimal | None: ...
    @property
    def units(self) -> int: ...
    @property
    def reduced_units(self) -> int: ...
    @property
    def threshold(self) -> Decimal | None: ...
    @property
    def stacking_group(self) -> str: ...


def terms_of(offer: HasTerms) -> Terms:
    return Terms(
        kind=str(offer.kind),
        face_value=offer.face_value,
        percent=offer.percent,
        price=offer.price,
        units=offer.units,
        reduced_units=offer.reduced_units,
        threshold=offer.threshold,
        stacking_group=offer.stacking_group,
    )


def price(
    items: Sequence[Item], claims: Sequence[Claim], places: int = 2
) -> dict[str, Saving | Shortfall]:
    """Say for each coupon, by key, what it takes off these items, or why nothing.

    places: the currency's decimals; what is smaller is left out of prices, never rounded up.
    Raises ValueError where two claims have one key or two items one line.
    """
    if len({claim.key for claim in claims}) < len(claims):
        raise ValueError("two coupons have the same key")
    if len({item.line for item in items}) < len(items):
        raise ValueError("two items are on the same line")
    verdicts: dict[str, Saving | Shortfall] = {}
    covered = {claim.key: covered_by(items, claim) for claim in claims}
    for contenders in _contenders(claims, covered):
        verdicts |= _settle(contenders, covered, places)
    return {claim.key: verdicts[claim.key] for claim in claims}


def covered_by(items: Sequence[Item], claim: Claim) -> list[Item]:
    """The items that the coupon may be on, or counts towards what it asks for."""
    is_threshold = claim.terms.kind == "threshold"
    is_on_all = is_threshold and not claim.products
    on = [item for item in items if is_on_all or item.product in claim.products]
    if claim.line is None:
        return on
    named = [item for item in on if item.line == claim.line]
    return named if claim.terms.kind in ONE_UNIT or not named else on


def _contenders(claims: Sequence[Claim], covered: dict[str, list[Item]]) -> Iterator[list[Claim]]:
    """Coupons that share no line know nothing of each other, and are settled by themselves."""
    groups: list[tuple[set[int], list[Claim]]] = []
    for claim in claims:
        lines = {item.line for item in covered[claim.key]}
        mine = [claim]
        apart = []
        for group in groups:
            if lines.isdisjoint(group[0]):
                apart.append(group)
            else:
                lines |= group[0]
                mine += group[1]
        groups = [*apart, (lines, mine)]
    for _, together in groups:
        yield together


def _settle(
    claims: Sequence[Claim], covered: dict[str, list[Item]], places: int
) -> dict[str, Saving | Shortfall]:
    """Decide among coupons that contend for the same items."""
    verdicts: dict[str, Saving | Shortfall] = {}
    wants = _wants(claims, covered, places)
    for want, way in zip(wants, stacking.best(wants), strict=True):
        if not covered[want.key]:
            verdicts[want.key] = Shortfall.WRONG_ITEM
        elif not want.alone:
            verdicts[want.key] = Shortfall.NOT_ENOUGH
        elif way is None:
            verdicts[want.key] = Shortfall.NOT_STACKED
        else:
            verdicts[want.key] = _saving(way, places)
    return verdicts


def _saving(way: stacking.Way, places: int) -> Saving:
    by_line: dict[int, int] = {}
    for unit, off in way.offs:
        if off:
            by_line[unit.line] = by_line.get(unit.line, 0) + off
    return Saving(
        _money(way.saving, places),
        tuple(Off(line, _money(off, places)) for line, off in sorted(by_line.items())),
    )


def _wants(
    claims: Sequence[Claim], covered: dict[str, list[Item]], places: int
) -> list[stacking.Want]:
    """The coupons in the order in which they are served, with the units they share."""
    units_of = _units_of_lines(claims, covered, places)
    groups: dict[str, int] = {}
    wants = []
    for claim in claims:
        terms = claim.terms
        want = stacking.Want(
            key=claim.key,
            kind=terms.kind,
            units=[u for n in sorted(i.line for i in covered[claim.key]) for u in units_of[n]],
            group=groups.setdefault(terms.stacking_group, 1 << len(groups)),
            face=_cents(terms.face_value, places),
            percent=terms.percent or 0,
            price=None if terms.price is None else _cents(terms.price, places, ROUND_CEILING),
            needed=terms.units,
            reduced=terms.reduced_units,
            threshold=_cents(terms.threshold or Decimal(0), places, ROUND_CEILING),
            taken=None if claim.taken is None else _cents(claim.taken, places, ROUND_CEILING),
        )
        ways = want.ways()
        want.alone = ways[0].saving if ways else 0
        wants.append(want)
    wants.sort(
        key=lambda want: (
            len(covered[want.key]) if want.kind == "threshold" else 0,
            -want.alone,
            want.key,
        )
    )
    without_keys = {claim.key: _without_key(claim) for claim in claims}
    for last, want in pairwise(wants):
        want.is_like_last = without_keys[last.key] == without_keys[want.key]
    return wants


def _without_key(claim: Claim) -> tuple[object, ...]:
    return claim.terms, claim.products, claim.line, claim.taken


def _units_of_lines(
    claims: Sequence[Claim], covered: dict[str, list[Item]], places: int
) -> dict[int, list[stacking.Unit]]:
    lines: dict[int, Item] = {}
    needed: dict[int, int] = {}  # of each line, how many units the coupons can need at most
    for claim in claims:
        for item in covered[claim.key]:
            lines[item.line] = item
            units = 0 if claim.terms.kind == "threshold" else claim.terms.units
            needed[item.line] = needed.get(item.line, 0) + units
    numbers = count()
    return {
        line: [
            stacking.Unit(next(numbers), line, cost, room, is_rest=is_rest)
            for cost, room, is_rest in _units(item, needed[line], places)
            if cost > 0
        ]
        for line, item in sorted(lines.items())
    }


def units_bought(items: Iterable[Item]) -> int:
    """How many units these are, gifts not counted."""
    return sum(_count(item) for item in items if item.price > 0)


def _count(item: Item) -> int:
    return 1 if _is_one(item) else int(item.quantity)


def _is_one(item: Item) -> bool:
    return item.is_weighed or item.quantity < 1 or item.quantity % 1 != 0


def _units(item: Item, needed: int, places: int) -> Iterator[tuple[int, int, bool]]:
    """Price and room of a line's units, dearest first: those that may be needed, the rest as one.

    Cents that cannot be divided go to the first units.
    """
    cost = _cents(item.price, places)
    lowest = (item.lowest or Decimal(0)) * (item.quantity if _is_one(item) else 1)
    floor = _cents(lowest, places, ROUND_CEILING)
    units = _count(item)
    base, dearer = divmod(cost, units)
    for n in range(min(needed, units)):
        each = base + (n < dearer)
        yield each, max(each - floor, 0), False
    if units > needed:
        dearer = max(dearer - needed, 0)
        others = units - needed - dearer
        room = dearer * max(base + 1 - floor, 0) + others * max(base - floor, 0)
        yield dearer * (base + 1) + others * base, room, True


def _cents(amount: Decimal, places: int, rounding: str = ROUND_FLOOR) -> int:
    return int(amount.scaleb(places).to_integral_value(rounding=rounding))


def _money(cents: int, places: int) -> Decimal:
    return Decimal(cents).scaleb(-places)
