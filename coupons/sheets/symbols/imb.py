"""The Intelligent Mail barcode: 31 digits as 65 bars of four states. USPS-B-3200.

The digits become one number, the number ten characters of 13 bits, and every bit lengthens one bar
upwards or downwards. Which bars a character lengthens is looked up, so that a sheet costs little.
"""

from functools import cache
from typing import Final

BARS: Final = 65
PITCH_POINTS: Final = 72 / 22  # the standard's 20 to 24 bars an inch
BAR_POINTS: Final = 1.44  # 0.020 in; the standard's 0.015 to 0.025
TRACKER_POINTS: Final = 3.456  # 0.048 in; the standard's 0.039 to 0.057
HEIGHT_POINTS: Final = 10.44  # 0.145 in; the standard's 0.125 to 0.165
WIDTH_POINTS: Final = (BARS - 1) * PITCH_POINTS + BAR_POINTS

_STATES: Final = "TDAF"  # by bits: 1 descends, 2 ascends
_ROUTING: Final = {0: 0, 5: 1, 9: 100_001, 11: 1_000_100_001}  # by digits: where its numbers begin
_GENERATOR: Final = 0xF35
_WIDE: Final = 1365  # values of a character
_LAST: Final = 636  # of the last one, which is doubled
_HIGHEST: Final = 659  # the first character says the check sequence's highest bit by this much

# For each bar: the character and bit that descend, the character and bit that ascend.
_PLACES: Final = """
H2E3 B10A0 J12C8 F5G11 I9D1 A1F12 C5B8 E4J11 G3I10 D9H6 F11B4 I5C12 J10A2 H1G7 D6E9 A3I6 G4C7
B1J9 H10F2 E0D8 G2A4 I11B0 J8D12 C6H7 F1E10 B12G9 H3I0 F8J7 E6C10 D4A5 I4F7 H11B9 G0J6 A6E8 C1D2
F9I12 E11G1 J5H4 D3B2 A7C0 B3E1 G10D5 I7J4 C11F6 A8H12 E2I1 F10D0 J3A9 G5C4 H8B7 F0E5 C3A10 G12J2
D11B6 I8H9 F4A11 B5C2 J1E12 I3G6 H0D7 E7H5 A12B11 C9J0 G8F3 D10I2
""".split()


def _characters() -> list[int]:
    """Return the 13 bits of each of the 1365 values: five bits are set in them, then two."""
    found = []
    for bits_set in (5, 2):
        pairs: list[int] = []
        palindromes: list[int] = []
        for bits in range(1 << 13):
            if bits.bit_count() != bits_set:
                continue
            turned = int(f"{bits:013b}"[::-1], 2)
            if turned > bits:
                pairs += bits, turned
            elif turned == bits:
                palindromes.append(bits)
        found += pairs + palindromes[::-1]
    return found


def _lengthened() -> list[list[tuple[int, int]]]:
    """Return which bars each value of each character lengthens, as it is and inverted.

    A bar has two bits of the number: 1 for descending, 2 for ascending.
    """
    of_bit = [[0] * 13 for _ in range(10)]
    for bar, places in enumerate(_PLACES):
        at = next(index for index in range(1, len(places)) if places[index].isalpha())
        for state, place in ((1, places[:at]), (2, places[at:])):
            of_bit[ord(place[0]) - ord("A")][int(place[1:])] = state << 2 * bar
    codes = _characters()
    tables = []
    for bars in of_bit:
        every = sum(bars)
        set_bars = [sum(bars[bit] for bit in range(13) if code >> bit & 1) for code in codes]
        tables.append([(bars_set, every ^ bars_set) for bars_set in set_bars])
    return tables


def _check_tables() -> tuple[list[int], list[int]]:
    """Return what the check sequence becomes by the first 6 bits, and by any 8 after them."""

    def shifted(check: int, data: int, bits: int) -> int:
        for bit in range(bits - 1, -1, -1):
            top = check >> 10 ^ data >> bit & 1
            check = (check << 1 & 0x7FF) ^ (_GENERATOR & 0x7FF if top else 0)
        return check

    first = [shifted(0x7FF, data, 6) for data in range(64)]
    return first, [shifted(data << 3, 0, 8) for data in range(256)]


_TABLES: Final = _lengthened()
_FIRST, _NEXT = _check_tables()


def _bars(digits: str) -> int:
    """Return two bits for each bar, the first bar's lowest."""
    routing = digits[20:]
    start = _ROUTING.get(len(routing)) if len(digits) >= 20 else None
    if start is None or not (digits.isascii() and digits.isdigit()):
        raise ValueError(
            f"{digits!r} is not the 20 digits of an Intelligent Mail barcode and 0, 5, 9 or 11 more"
        )
    if digits[1] > "4":
        raise ValueError(f"the second digit of {digits!r} is {digits[1]}, not 0 to 4")
    number = start + int(routing or 0)
    number = ((number * 10 + int(digits[0])) * 5 + int(digits[1])) * 10**18 + int(digits[2:20])

    data = number.to_bytes(13, "big")
    check = _FIRST[data[0]]
    for byte in data[1:]:
        check = _NEXT[check >> 3 ^ byte] ^ (check & 7) << 8

    number, last = divmod(number, _LAST)
    bars = _TABLES[9][2 * last][check >> 9 & 1]
    for place in range(8, 0, -1):
        number, value = divmod(number, _WIDE)
        bars |= _TABLES[place][value][check >> place & 1]
    return bars | _TABLES[0][number + _HIGHEST * (check >> 10)][check & 1]


@cache
def _letters(four: int) -> str:
    return "".join(_STATES[four >> 2 * bar & 3] for bar in range(4))


def encode(digits: str) -> str:
    """Return the 65 bars as letters: F(ull), A(scending), D(escending), T(racker).

    digits: barcode identifier 2, service type 3, mailer and serial number 15, and a routing code
    of 0, 5, 9 or 11. Raises ValueError for anything else.
    """
    bars = _bars(digits)
    return "".join([_letters(bars >> 8 * group & 255) for group in range(17)])[:BARS]


@cache
def _rectangles(group: int, five: int) -> str:
    """Return the five bars of a group, from the symbol's lower left corner, in points."""
    reach = (HEIGHT_POINTS - TRACKER_POINTS) / 2
    drawn = ""
    for bar in range(5):
        state = five >> 2 * bar & 3
        bottom = 0.0 if state & 1 else reach
        top = HEIGHT_POINTS if state & 2 else HEIGHT_POINTS - reach
        x = (5 * group + bar) * PITCH_POINTS
        drawn += f"{x:.2f} {bottom:.3f} {BAR_POINTS} {top - bottom:.3f} re\n"
    return drawn


def drawn(digits: str) -> str:
    """Return the bars as PDF `re` operators in points, from their lower left corner.

    They are WIDTH_POINTS by HEIGHT_POINTS. Raises ValueError as encode does.
    """
    bars = _bars(digits)
    return "".join([_rectangles(group, bars >> 10 * group & 1023) for group in range(13)])
