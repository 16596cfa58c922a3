"""EAN-13 as rectangles of whole modules. GS1 General Specifications 5.2."""

import re
from functools import lru_cache
from typing import Final

from coupons.sheets.symbols.bars import bar
from pos_integration.gtin import check_digit

WIDTH: Final = 95  # modules, without quiet zones
_A: Final = (
    "0001101 0011001 0010011 0111101 0100011 0110001 0101111 0111011 0110111 0001011".split()
)
_C: Final = [code.translate(str.maketrans("01", "10")) for code in _A]
_B: Final = [code[::-1] for code in _C]
_SETS: Final = (  # which the first digit chooses for the six after it: it is said by nothing else
    "AAAAAA AABABB AABBAB AABBBA ABAABB ABBAAB ABBBAA ABABAB ABABBA ABBABA".split()
)


def check(payload: str) -> None:
    """Raise ValueError unless `payload` is 13 digits with the right check digit."""
    if not (len(payload) == 13 and payload.isascii() and payload.isdigit()):
        raise ValueError(f"EAN-13 has 13 digits, unlike {payload!r}")
    wanted = check_digit(payload[:-1])
    if payload[-1] != wanted:
        raise ValueError(f"{payload!r} ends in {payload[-1]}, not {wanted}")


@lru_cache(maxsize=1024)  # every coupon of an offer has the same
def drawn(payload: str, reduction: float = 0.0) -> str:
    """Return the bars as PDF `re` operators, one module to the unit, 1 high. Raises ValueError."""
    check(payload)
    sets = _SETS[int(payload[0])]
    left = [
        (_A if letter == "A" else _B)[int(digit)]
        for letter, digit in zip(sets, payload[1:7], strict=True)
    ]
    right = [_C[int(digit)] for digit in payload[7:]]
    modules = "".join(("101", *left, "01010", *right, "101"))
    return "".join(
        bar(run.start(), run.end() - run.start(), reduction) for run in re.finditer("1+", modules)
    )
