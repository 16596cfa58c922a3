"""Code 128 as rectangles of whole modules, looked up rather than computed. ISO/IEC 15417.

A coupon's own code is 13 letters and digits, so code set B is used throughout: set C would save a
symbol only on the one code in thousands that begins or ends in a run of digits, and a symbol of
constant width is worth more to the layout. GS1-128 is mostly digits and is set in gs1_128.py.
"""

from collections.abc import Callable
from functools import cache
from operator import getitem, itemgetter
from typing import Final, NamedTuple

from coupons.sheets.symbols import bars

SYMBOL: Final = 11  # modules in every symbol character but the stop, which has 13
STOP: Final = 106
_START_B: Final = 104

_RUNS: Final = (  # of values 0 to 105: bar, space, bar, space, bar, space
    "212222222122222221121223121322131222122213122312132212221213221312231212112232122132122231"
    "113222123122123221223211221132221231213212223112312131311222321122321221312212322112322211"
    "212123212321232121111323131123131321112313132113132311211313231113231311112133112331132131"
    "113123113321133121313121211331231131213113213311213131311123311321331121312113312311332111"
    "314111221411431111111224111422121124121421141122141221112214112412122114122411142112142211"
    "241211221114413111241112134111111242121142121241114212124112124211411212421112421211212141"
    "214121412121111143111341131141114113114311411113411311113141114131311141411131211412211214"
    "211232"
)
PATTERNS: Final = [_RUNS[at : at + 6] for at in range(0, len(_RUNS), 6)] + ["2331112"]


class _Pairs(dict[str, tuple[str, int]]):
    """For two characters at a place: their rectangles, and what they add to the checksum."""

    def __init__(self, place: int, reduction: float) -> None:
        super().__init__()
        self._place = place
        self._reduction = reduction

    def __missing__(self, characters: str) -> tuple[str, int]:
        drawn = ""
        weight = 0
        for place, character in enumerate(characters, start=self._place):
            value = ord(character) - 32
            if not 0 <= value < 95:
                raise ValueError(f"Code 128 set B has no {character!r}")
            drawn += character_at(value, place, self._reduction)
            weight += place * value
        self[characters] = drawn, weight
        return drawn, weight


@cache
def character_at(value: int, place: int, reduction: float) -> str:
    """Return the rectangles of the symbol character `value`, the start being at place 0."""
    return bars.symbol(PATTERNS[value], place * SYMBOL, reduction)


class _Length(NamedTuple):
    """What symbols of one length share: how a payload is cut, and where each piece is looked up."""

    cut: Callable[[str], tuple[str, ...]]
    tables: list[_Pairs]
    start: str
    endings: list[str]  # check character and stop, by the value of the check character


@cache
def _of_length(length: int, reduction: float) -> _Length:
    pieces = [slice(at, at + 2) for at in range(0, length, 2)]
    stop = character_at(STOP, length + 2, reduction)
    return _Length(
        # Of one piece an itemgetter makes no tuple; of none there is none.
        itemgetter(*pieces) if len(pieces) > 1 else lambda payload: (payload,),
        [_Pairs(piece.start + 1, reduction) for piece in pieces],
        character_at(_START_B, 0, reduction),
        [character_at(check, length + 1, reduction) + stop for check in range(103)],
    )


def width(payload: str) -> int:
    """Return how many modules wide the symbol is, without its quiet zones."""
    return SYMBOL * (len(payload) + 3) + 2


def drawn(payload: str, reduction: float = 0.0) -> str:
    """Return PDF `re` operators for the bars of `payload`, one module to the unit, 1 high.

    Raises ValueError for an empty payload or a character outside ASCII 32 to 126.
    """
    if not payload:
        raise ValueError("a barcode needs at least one character")
    cut, tables, start, endings = _of_length(len(payload), reduction)
    rectangles, weights = zip(*map(getitem, tables, cut(payload)), strict=True)
    return f"{start}{''.join(rectangles)}{endings[(_START_B + sum(weights)) % 103]}"
