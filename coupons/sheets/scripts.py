"""Which characters simply follow one another on a line, and which must be shaped together."""

import unicodedata
from functools import cache
from typing import Final

JOINERS: Final = "\u200c\u200d"
DIRECTIONS: Final = "\u200e\u200f"  # left to right, right to left
# Scripts whose letters join, stack, change places or run from right to left.
_SHAPED: Final = (
    (0x0590, 0x109F),  # Hebrew, Arabic, the scripts of India, Thai, Tibetan, Burmese
    (0x1100, 0x11FF),
    (0x1700, 0x18AF),
    (0x1900, 0x1C7F),
    (0xA800, 0xABFF),
    (0xFB1D, 0xFDFF),
    (0xFE00, 0xFE0F),  # variants of what precedes
    (0xFE70, 0xFEFE),
    (0x10800, 0x11FFF),
    (0x1E800, 0x1EFFF),
    (0x1F3FB, 0x1F3FF),
)
_AFTER: Final = frozenset("\u0e33\u0eb3")  # letters that stand with the one before
_BEFORE: Final = frozenset("\u0e40\u0e41\u0e42\u0e43\u0e44\u0ec0\u0ec1\u0ec2\u0ec3\u0ec4")
_VIRAMA: Final = 9  # the class of marks that bind a letter to the next


@cache
def is_plain(character: str) -> bool:
    """Whether a character needs nothing but its own glyph, to the right of the one before."""
    code = ord(character)
    if any(first <= code <= last for first, last in _SHAPED):
        return False
    return unicodedata.category(character)[0] not in "CM" and not is_rightward(character)


@cache
def is_rightward(character: str) -> bool:
    """Whether a character makes what is around it run from right to left."""
    return unicodedata.bidirectional(character) in ("R", "AL", "AN")


def base_level(text: str) -> int:
    """Return 1 if `text` begins at the right, as its first letter with a direction says, else 0."""
    for character in text:
        direction = unicodedata.bidirectional(character)
        if direction in ("R", "AL"):
            return 1
        if direction == "L":
            return 0
    return 0


def clusters(text: str) -> list[str]:
    """Return `text` in the smallest pieces that a reader takes for one letter."""
    pieces: list[str] = []
    is_open = False  # the last piece binds whatever comes next
    for character in text:
        if pieces and (_is_extending(character) or (is_open and character.isalpha())):
            pieces[-1] += character
        else:
            pieces.append(character)
        is_open = character in _BEFORE or character == "\u200d" or _is_virama(character)
    return pieces


@cache
def _is_extending(character: str) -> bool:
    return (
        unicodedata.category(character)[0] == "M"
        or character in JOINERS
        or character in _AFTER
        or "\u1160" <= character <= "\u11ff"
        or "\U0001f3fb" <= character <= "\U0001f3ff"
    )


@cache
def _is_virama(character: str) -> bool:
    return unicodedata.combining(character) == _VIRAMA
