"""Code 128 as rectangles of whole modules, looked up rather than computed.

Coupon codes are 13 letters and digits, so code set B is used throughout: set C would save a
symbol only on the one code in thousands that begins or ends in a run of digits, and a symbol of
constant width is worth more to the layout. ISO/IEC 15417.
"""

from functools import cache
from typing import Final

MODULE_MM: Final = 6 / 600 * 25.4  # 6 dots of a 600 dpi printer, so that every bar is exact
QUIET_MODULES: Final = 10

_PATTERNS: Final = (
    "212222 222122 222221 121223 121322 131222 122213 122312 132212 221213 221312 231212 112232 "
    "122132 122231 113222 123122 123221 223211 221132 221231 213212 223112 312131 311222 321122 "
    "321221 312212 322112 322211 212123 212321 232121 111323 131123 131321 112313 132113 132311 "
    "211313 231113 231311 112133 112331 132131 113123 113321 133121 313121 211331 231131 213113 "
    "213311 213131 311123 311321 331121 312113 312311 332111 314111 221411 431111 111224 111422 "
    "121124 121421 141122 141221 112214 112412 122114 122411 142112 142211 241211 221114 413111 "
    "241112 134111 111242 121142 121241 114212 124112 124211 411212 421112 421211 212141 214121 "
    "412121 111143 111341 131141 114113 114311 411113 411311 113141 114131 311141 411131 211412 "
    "211214 211232 2331112"
).split()
_START_B: Final = 104
_STOP: Final = 106
_SYMBOL: Final = 11  # modules in every symbol but the stop, which has 13


def _rectangles(value: int, place: int) -> str:
    """Return PDF rectangles for one symbol, in modules across and one unit high."""
    x = place * _SYMBOL
    drawn = ""
    for index, run in enumerate(map(int, _PATTERNS[value])):
        if index % 2 == 0:
            drawn += f"{x} 0 {run} 1 re\n"
        x += run
    return drawn


class _Pairs(dict[str, tuple[str, int]]):
    """For two characters at a place: their rectangles, and what they add to the checksum."""

    def __init__(self, place: int) -> None:
        super().__init__()
        self._place = place

    def __missing__(self, characters: str) -> tuple[str, int]:
        drawn = ""
        weight = 0
        for place, character in enumerate(characters, start=self._place):
            value = ord(character) - 32
            if not 0 <= value < 95:
                raise ValueError(f"Code 128 set B has no {character!r}")
            drawn += _rectangles(value, place)
            weight += place * value
        self[characters] = drawn, weight
        return drawn, weight


_START: Final = _rectangles(_START_B, 0)


@cache
def _tables(length: int) -> list[tuple[slice, _Pairs]]:
    return [(slice(at, at + 2), _Pairs(at + 1)) for at in range(0, length, 2)]


@cache
def _endings(length: int) -> list[str]:
    stop = _rectangles(_STOP, length + 2)
    return [_rectangles(check, length + 1) + stop for check in range(103)]


def modules(payload: str) -> int:
    """Return how many modules wide the symbol is, without its quiet zones."""
    return _SYMBOL * (len(payload) + 3) + 2


def width_mm(payload: str) -> float:
    """Return how wide the symbol is on paper, without its quiet zones."""
    return modules(payload) * MODULE_MM


def bars(payload: str) -> str:
    """Return PDF `re` operators for the bars of `payload`, one module to the unit, 1 high.

    The caller scales them by a `cm` and paints them by one `f`. Raises ValueError for an empty
    payload or a character outside ASCII 32 to 126.
    """
    if not payload:
        raise ValueError("a barcode needs at least one character")
    parts = [_START]
    total = _START_B
    for piece, table in _tables(len(payload)):
        drawn, weight = table[payload[piece]]
        parts.append(drawn)
        total += weight
    parts.append(_endings(len(payload))[total % 103])
    return "".join(parts)
