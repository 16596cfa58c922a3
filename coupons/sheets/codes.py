"""Coupon codes: minting them so that nobody can guess one, and reading what a person typed.

A code is 12 characters of 5 random bits each, 60 bits in all, and one check character. The check
is a sum over GF(32) in which the character at place i counts alpha**i times, alpha being a
primitive element. The powers differ from place to place and none is zero, so every single wrong
character and every two characters exchanged, neighbours or not, change the sum. Code 128's own
check does let misreads through; this one is what caught them.
"""

import secrets
from typing import Final

ALPHABET: Final = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"  # no I L O U: they read as 1 1 0 V
BODY_LENGTH: Final = 12
CODE_LENGTH: Final = BODY_LENGTH + 1

_VALUE: Final = {character: value for value, character in enumerate(ALPHABET)}
_AS_MEANT: Final = str.maketrans({"O": "0", "I": "1", "L": "1", "-": None, " ": None})
_REDUCER: Final = 0b100101  # x^5 + x^2 + 1, primitive: alpha = x has order 31


class CodeError(ValueError):
    """What was typed or scanned is no coupon code; the message says why, for staff."""


def _times_alpha(value: int) -> int:
    doubled = value << 1
    return doubled ^ _REDUCER if doubled & 32 else doubled


def _weights() -> list[list[int]]:
    """Return, for each place of the body, what each character adds to the sum."""
    rows = []
    row = list(range(32))
    for _ in range(BODY_LENGTH):
        row = [_times_alpha(value) for value in row]  # place i counts alpha**(i + 1)
        rows.append(row)
    return rows


_WEIGHTED: Final = _weights()


def _pair_tables() -> list[list[tuple[str, int]]]:
    """Return, for each pair of places, the text of 10 bits and what it adds to the sum."""
    return [
        [
            (ALPHABET[bits >> 5] + ALPHABET[bits & 31], first[bits >> 5] ^ second[bits & 31])
            for bits in range(1024)
        ]
        for first, second in zip(_WEIGHTED[::2], _WEIGHTED[1::2], strict=True)
    ]


_PAIRS: Final = _pair_tables()


def check_character(body: str) -> str:
    """Return the check character for the 12 characters of `body`.

    Raises CodeError if `body` is not 12 characters of the alphabet.
    """
    if len(body) != BODY_LENGTH:
        raise CodeError(f"{body!r} has {len(body)} characters, not {BODY_LENGTH}")
    total = 0
    for weights, character in zip(_WEIGHTED, body, strict=True):
        value = _VALUE.get(character)
        if value is None:
            raise CodeError(f"{body!r} contains {character!r}, which no coupon code contains")
        total ^= weights[value]
    return ALPHABET[total]


def mint() -> str:
    """Return a new code of 13 characters that cannot be guessed from any other."""
    bits = secrets.randbits(5 * BODY_LENGTH)
    text = ""
    total = 0
    for table in _PAIRS:
        pair, weight = table[bits & 1023]
        text += pair
        total ^= weight
        bits >>= 10
    return text + ALPHABET[total]


def mint_many(how_many: int) -> list[str]:
    """Return `how_many` new codes, no two of them alike.

    Raises ValueError if `how_many` is negative.
    """
    if how_many < 0:
        raise ValueError(f"cannot mint {how_many} codes")
    codes = dict.fromkeys(mint() for _ in range(how_many))
    while len(codes) < how_many:  # 60 bits hardly ever repeat, but a promise is a promise
        codes[mint()] = None
    return list(codes)


def normalise(text: str) -> str:
    """Return the 13 characters meant by `text`, as typed by a person or read by a scanner.

    Letters may be small, hyphens and spaces stand anywhere, O counts as 0, I and L as 1.
    Raises CodeError for a wrong length, a character no code contains, or a failed check.
    """
    code = text.upper().translate(_AS_MEANT)
    if len(code) != CODE_LENGTH:
        raise CodeError(f"{text!r} has {len(code)} characters, not {CODE_LENGTH}")
    expected = check_character(code[:BODY_LENGTH])
    if code[-1] not in _VALUE:
        raise CodeError(f"{text!r} contains {code[-1]!r}, which no coupon code contains")
    if code[-1] != expected:
        raise CodeError(f"{text!r} ends in {code[-1]}, not {expected}")
    return code


def grouped(code: str) -> str:
    """Return `code` in fours, as it is printed and read aloud: 7Q4M-K2XP-9TRD-A."""
    return f"{code[:4]}-{code[4:8]}-{code[8:12]}-{code[12:]}"
