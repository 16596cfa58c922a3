"""What an offer must say to be one: of its kind, its levels, its limits and its dates.

Whoever takes offers in, a form or a file, asks here before the database would refuse. Everything
is decided from what was said alone. That its products are there, that its budget can pay what is
guaranteed and that its discount is below their prices is asked when coupons are selected.
"""

from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any

from coupons.models import Offer

Kind = Offer.Kind
Said = Mapping[str, Any]
Fault = tuple[str, str]
MOST_UNITS = 1000
LEVEL_NUMBERS = (2, 3)
WORTH = ("kind", "face_value", "percent", "price")  # what levels are compared by
_LEVEL_WORTH = WORTH[1:]
PROMISED = (
    *("kind", "face_value", "percent", "price", "units", "reduced_units", "threshold"),
    *("stacking_group", "valid_from", "valid_to", "shared_code"),
)
"""What is printed on coupons already is a promise: it is kept as it was made."""


def faults(said: Said) -> Iterator[Fault]:
    """What is wrong with an offer: the field and, in a sentence, what was found or is wanted.

    said: by field of Offer, values of its types; None is empty. A field that is missing was
        faulty by itself, and nothing is said of it. `levels`, where there are any: of each what
        OfferLevel has: number, face_value, percent, price. A fault of one has as its field
        level_2_face_value and so on.
    """
    yield from _misfits(said)
    yield from out_of_bounds(said)
    yield from _limits(said)
    for number, field, sentence in level_faults(said, said.get("levels") or ()):
        yield f"level_{number}_{field}", sentence


def _misfits(said: Said) -> Iterator[Fault]:
    """Where the terms do not fit the kind."""
    kind = said.get("kind")
    if kind is None:
        return
    name = _name(kind)
    percent, price = said.get("percent"), said.get("price")
    both = percent is not None and price is not None
    if kind == Kind.MULTI_BUY and both:
        yield "percent", "Either the price of all units or a percent off some, not both."
    elif kind == Kind.MULTI_BUY and not {"percent", "price"} - said.keys():
        if percent is None and price is None:
            yield "price", "Say the price of all units together, or the percent off some of them."
    elif kind == Kind.PERCENT and "percent" in said and percent is None:
        yield "percent", "Say how many percent it takes off, from 1 to 100."
    elif kind == Kind.FIXED_PRICE and "price" in said and price is None:
        yield "price", "Say what one item costs with it."
    if percent is not None and kind not in (Kind.PERCENT, Kind.MULTI_BUY):
        yield "percent", f"Leave this empty: '{name}' has no percent."
    if price is not None and kind not in (Kind.FIXED_PRICE, Kind.MULTI_BUY):
        yield "price", f"Leave this empty: '{name}' has no price."
    yield from _misfit_counts(kind, name, said)
    if kind == Kind.THRESHOLD:
        if "threshold" in said and said["threshold"] is None:
            yield "threshold", "Say how much must be spent."
    elif said.get("threshold") is not None:
        yield "threshold", f"Leave this empty: '{name}' asks for no amount to be spent."


def _misfit_counts(kind: str, name: str, said: Said) -> Iterator[Fault]:
    units, reduced = said.get("units"), said.get("reduced_units")
    if kind == Kind.MULTI_BUY:
        if units is not None and units < 2:
            yield "units", f"{units} is too few: 2 or more are bought together."
        elif units is not None and units > MOST_UNITS:
            yield "units", f"{units} is too many: {MOST_UNITS:,} at most are bought together."
        elif units is not None and reduced is not None and reduced > units:
            yield "reduced_units", f"{reduced} of {units} cannot be reduced: {units} at most."
        if reduced is not None and reduced < 1:
            yield "reduced_units", f"{reduced} is too few: 1 or more are reduced."
        return
    for field, count in (("units", units), ("reduced_units", reduced)):
        if count is not None and count != 1:
            yield field, f"'{name}' is about one unit: 1 is wanted, not {count}."


def out_of_bounds(said: Said) -> Iterator[Fault]:
    """What is too low or too high by itself, of an offer or a level."""
    for field in ("face_value", "threshold"):
        if (amount := said.get(field)) is not None and amount <= 0:
            yield field, f"{amount} is not enough: more than 0 is wanted."
    if (percent := said.get("percent")) is not None and not 1 <= percent <= 100:
        yield "percent", f"{percent} is not from 1 to 100."
    if (price := said.get("price")) is not None and price < 0:
        yield "price", f"{price} is below 0."
    if (share := said.get("funder_share")) is not None and not 0 <= share <= 1:
        yield "funder_share", f"{share} is not from 0 to 1, such as 0.5 for one half."
    begins, ends = said.get("valid_from"), said.get("valid_to")
    if begins is not None and ends is not None and ends < begins:
        yield "valid_to", f"{ends} is before the first day, {begins}."


def _limits(said: Said) -> Iterator[Fault]:
    least, most = said.get("least_coupons"), said.get("most_coupons")
    for field, count in (("least_coupons", least), ("most_coupons", most)):
        if count is not None and count < 0:
            yield field, f"{count} is below 0."
    if least is not None and most is not None and least > most:
        yield (
            "most_coupons",
            f"{most:,} at most is less than the {least:,} that are guaranteed.",
        )
    times = said.get("per_household")
    if times is not None and times < 1:
        yield "per_household", f"{times} is too few: 1 or more, or empty for as often as it fits."
    for field in ("expected_budget", "real_budget"):
        if (budget := said.get(field)) is not None and budget < 0:
            yield field, f"{budget} is below 0."


def level_faults(said: Said, levels: Sequence[Said]) -> Iterator[tuple[int, str, str]]:
    """What is wrong with the levels of the offer `said`: number, field and sentence.

    Each must be worth more than the one below it, in the same words: a higher percent, a lower
    price, else a higher face value; and the most it may come to must not be lower.
    """
    below: Said = said
    wanted = 1
    for level in sorted(levels, key=lambda one: one.get("number") or 0):
        number = level.get("number")
        if number is None:
            continue
        if number not in LEVEL_NUMBERS:
            yield number, "number", f"There is no level {number}: 2 and 3 are above the offer."
            continue
        if number == wanted:
            yield number, "number", f"Level {number} is there twice."
            continue
        if number != wanted + 1:
            yield number, "number", f"There is a level {number}, and no level {wanted + 1}."
        wanted = number
        for field, sentence in _level(said, level, below):
            yield number, field, sentence
        below = level


def _level(said: Said, level: Said, below: Said) -> Iterator[Fault]:
    """What is wrong with one level of the offer `said` above `below`."""
    kind = said.get("kind")
    face, face_below = level.get("face_value"), below.get("face_value")
    yield from out_of_bounds({field: level.get(field) for field in _LEVEL_WORTH})
    if "face_value" in level and face is None:
        yield "face_value", "Say the face value of this level, as of the offer."
    if kind is None:
        return
    told = _told(kind, said)
    for field in ("percent", "price"):
        if field != told and level.get(field) is not None:
            yield field, f"Leave this empty: the offer itself has no {field}."
    is_lower = face is not None and face_below is not None and face < face_below
    if told is None:
        if face is not None and face_below is not None and face <= face_below:
            yield "face_value", _not_more("more", face, face_below)
        return
    value, value_below = level.get(told), below.get(told)
    if told in level and value is None:
        yield told, f"Say the {told} of this level, as of the offer."
    elif value is not None and value_below is not None:
        if told == "percent" and value <= value_below:
            yield told, _not_more("more", value, value_below)
        elif told == "price" and value >= value_below:
            yield told, _not_more("less", value, value_below)
    if is_lower:
        yield (
            "face_value",
            f"{face} is the most it may come to, and {face_below} on the level below: "
            "the same or more is wanted.",
        )


def _told(kind: str, said: Said) -> str | None:
    """The field that says the worth, where it is not the face value alone."""
    if kind == Kind.PERCENT or (kind == Kind.MULTI_BUY and said.get("percent") is not None):
        return "percent"
    if kind in (Kind.FIXED_PRICE, Kind.MULTI_BUY):
        return "price"
    return None


def _not_more(wanted: str, value: Decimal | int, below: Decimal | int) -> str:
    return (
        f"{value} is not {wanted} than the {below} of the level below: "
        "each level is worth more than the one before."
    )


def _name(kind: str) -> str:
    return Kind(kind).label.partition(":")[0].lower()
