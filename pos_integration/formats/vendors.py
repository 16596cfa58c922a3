"""What the JSON feeds of other systems share: reading them exactly, and telling what is wrong."""

import json
import re
from collections.abc import Callable, Iterable, Iterator
from decimal import Decimal
from typing import Any, TypeVar
from uuid import UUID

import msgspec

from pos_integration.formats.entries import Entry, Source, converted, too_long
from pos_integration.formats.json_elements import TwinError, elements, no_number, without_twins
from pos_integration.records import Fault

_SALE = TypeVar("_SALE")
_CODE_LENGTH = 32
_LONGEST_SALE = 2 << 20  # bytes: these systems say much of each line, but no sale is so long
_LARGEST_POWER = 20  # of ten: no amount or weight in a shop is larger, or finer
TAKEN_BACK = "/v"  # ends the receipt that takes back another of the same number

Said = dict[str, Any]  # a basket under the names of its fields
Told = Said | str  # that, or why it is no sale


def read(
    source: Source, key: str, shape: type[_SALE], tell: Callable[[_SALE], Iterable[Told]]
) -> Iterator[Entry]:
    """Yield what `tell` makes of every element of the list `key`: any number of entries each.

    An element that has not the `shape` is one entry with the fault.
    """
    position = 0
    for raw, is_whole in elements(source, key, _LONGEST_SALE):
        if not is_whole:
            yield too_long(position, raw, f"{_LONGEST_SALE} bytes")
            position += 1
            continue
        found = _parsed(raw, shape)
        if isinstance(found, Fault):
            yield Entry(position, raw, None, found)
            position += 1
            continue
        for told in tell(found):
            if isinstance(told, str):
                yield Entry(position, raw, None, None, told)
            else:
                yield converted(position, raw, told)
            position += 1


def _parsed(raw: bytes, shape: type[_SALE]) -> _SALE | Fault:
    try:
        tree = json.loads(
            raw.decode(),
            object_pairs_hook=without_twins,
            parse_float=_exact,
            parse_constant=no_number,
        )
        if rb"\u" in raw:
            text = json.dumps(tree, ensure_ascii=False, default=str)
            if r"\u0000" in text:
                return Fault("bad_text", "The sale holds a NUL character, which no text can keep.")
            text.encode()
        sale = msgspec.convert(tree, shape)
        for value in _decimals(sale):
            _refuse_beyond_shops(value, str(value))
        return sale
    except UnicodeError:
        return Fault("bad_text", "The sale holds bytes or half characters that are no text.")
    except RecursionError:
        return Fault("bad_field", "The sale is nested too deeply.")
    except TwinError as error:
        return Fault("bad_field", f"{error}.")
    except msgspec.ValidationError as error:
        return _misshapen(error)
    except ValueError as error:
        return Fault("bad_json", f"{error}.")


def _exact(text: str) -> Decimal:
    """Read a number with a fraction as it is written, never through a float."""
    value = Decimal(text)
    _refuse_beyond_shops(value, text)
    return value


def _decimals(said: object) -> Iterator[Decimal]:
    """Every number of a sale, also those that came as texts or as whole numbers of any length."""
    if isinstance(said, Decimal):
        yield said
    elif isinstance(said, list):
        for part in said:
            yield from _decimals(part)
    elif isinstance(said, msgspec.Struct):
        for name in said.__struct_fields__:
            yield from _decimals(getattr(said, name))


def _refuse_beyond_shops(value: Decimal, text: str) -> None:
    exponent = value.as_tuple().exponent
    if (
        len(text) > 60
        or not isinstance(exponent, int)
        or max(abs(exponent), abs(value.adjusted())) > _LARGEST_POWER
    ):
        raise ValueError(f"{text[:40]} is no amount of a shop")


def _misshapen(error: msgspec.ValidationError) -> Fault:
    message, _, path = str(error).partition(" - at `$.")
    where = path.rstrip("`")
    if missing := re.search(r"required field `(\w+)`", message):
        at = f" at {where}" if where else ""
        return Fault("missing_field", f"'{missing[1]}' is missing{at}.")
    return Fault("bad_field", f"{where or 'The sale'}: {message.replace('`', '')}.")


def short_id(text: object) -> str:
    """Return another system's id as text of up to 32 characters: a UUID without its hyphens."""
    said = str(text)
    try:
        return UUID(said).hex
    except ValueError:
        return said[:_CODE_LENGTH]


def code(*candidates: object) -> str:
    """Return the first of an item's names that is there, cut to what a line keeps."""
    return next((short_id(name) for name in candidates if name not in (None, "")), "")


def kind_of(lines: list[Said]) -> str:
    """Return the kind of a receipt: a return if all that is on it comes back."""
    return "return" if lines and all(line["kind"] == "return" for line in lines) else "sale"


def taken_back(said: Said) -> Said:
    """Return the receipt that voids `said`: the same, under a number of its own."""
    names = ("receipt", "store", "till")
    return {
        **said,
        "kind": "void",
        "receipt": f"{said['receipt']}{TAKEN_BACK}",
        "voids": {name: said[name] for name in names if said[name] is not None},
    }
