"""GS1-128: Code 128 that carries element strings, digits two to a symbol character.

Code set C says two digits at a time, code set B one character. Which of them says what is chosen
so that the symbol is as short as it can be. GS1 General Specifications 5.4.
"""

from functools import cache, lru_cache
from typing import Final

from coupons.sheets.symbols import gs1
from coupons.sheets.symbols.code128 import STOP, SYMBOL, character_at

MOST_CHARACTERS: Final = 48  # identifiers, values and separators, without the FNC1 in front
_START: Final = {"B": 104, "C": 105}
_SWITCH: Final = {"B": 100, "C": 99}  # said in the other set
_FNC1: Final = 102
_PAIRS: Final = {f"{number:02}": number for number in range(100)}


def values(payload: str) -> list[int]:
    """Return the symbol characters of an element string, from the start to the check character.

    Raises ValueError for what is no element string or too long.
    """
    text = gs1.unbracketed(payload)
    if len(text) > MOST_CHARACTERS:
        raise ValueError(
            f"{payload!r} has {len(text)} characters; GS1-128 carries {MOST_CHARACTERS}"
        )
    said = _in_pairs(text) if text.isdigit() else _shortest(text)
    weighted = sum(place * value for place, value in enumerate(said[1:], 1))
    return [*said, (said[0] + weighted) % 103]


def _in_pairs(text: str) -> list[int]:
    """Return start and symbol characters of digits alone: an odd one is said at the end."""
    pairs = [_PAIRS[text[at : at + 2]] for at in range(0, len(text) - 1, 2)]
    odd = [_SWITCH["B"], ord(text[-1]) - 32] if len(text) % 2 else []
    return [_START["C"], _FNC1, *pairs, *odd]


def _shortest(text: str) -> list[int]:
    """Return start and symbol characters, found from the end: the fewest left to say in each set.

    Sets do not matter to the separator, which is FNC1 in both.
    """
    best: dict[str, tuple[int, ...]] = {"B": (), "C": ()}
    after = best  # what was best one character further on
    for at in range(len(text) - 1, -1, -1):
        character = text[at]
        if character == gs1.SEPARATOR:
            in_b: tuple[int, ...] = (_FNC1, *best["B"])
            in_c: tuple[int, ...] | None = (_FNC1, *best["C"])
        else:
            in_b = (ord(character) - 32, *best["B"])
            pair = _PAIRS.get(text[at : at + 2])
            in_c = None if pair is None else (pair, *after["C"])
        now = {"B": in_b, "C": (_SWITCH["B"], *in_b) if in_c is None else in_c}
        if len(now["C"]) > len(in_b) + 1:
            now["C"] = (_SWITCH["B"], *in_b)
        if in_c is not None and len(in_b) > len(in_c) + 1:
            now["B"] = (_SWITCH["C"], *in_c)
        after, best = best, now
    first = "C" if len(best["C"]) <= len(best["B"]) else "B"
    return [_START[first], _FNC1, *best[first]]


@lru_cache(maxsize=64)  # a layout asks for the room of one and the same coupon
def width(payload: str) -> int:
    """Return how many modules wide the symbol is, without its quiet zones. Raises ValueError."""
    return SYMBOL * (len(values(payload)) + 1) + 2


@cache
def _places(length: int, reduction: float) -> list[list[str]]:
    """Return, for each place of a symbol, the rectangles of every symbol character."""
    return [
        [character_at(value, place, reduction) for value in range(STOP + 1)]
        for place in range(length)
    ]


def drawn(payload: str, reduction: float = 0.0) -> str:
    """Return the bars as PDF `re` operators, one module to the unit, 1 high. Raises ValueError."""
    said = values(payload)
    said.append(STOP)
    places = _places(len(said), reduction)
    return "".join([place[value] for place, value in zip(places, said, strict=True)])
