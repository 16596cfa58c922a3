"""A letter on the front page: greeting and paragraphs, in one column that is easy to read."""

from typing import Final

from coupons.sheets import heads
from coupons.sheets.boxes import paper
from coupons.sheets.drawing import Setter, at, number
from coupons.sheets.faces import Format, Window
from coupons.sheets.fitting import POINTS_PER_MM, face_for, wrap

_LEFT: Final = 25.0
_MEASURE: Final = 142.0  # mm: about 80 letters at the largest size
_SIZES: Final = ((11.0, 16.0), (10.5, 15.2), (10.0, 14.4), (9.5, 13.4), (9.0, 12.4))
_FLOOR: Final = 26.0  # mm kept below the letter
_PARAGRAPH: Final = 0.62  # of a line, between paragraphs


def left(format_: Format) -> float:
    """Return where a letter's lines begin: below the address, where that is at the left."""
    return heads.head(format_).address.x if format_.window is not Window.C5_DL else _LEFT


def draw_letter(format_: Format, setter: Setter, greeting: str, paragraphs: tuple[str, ...]) -> str:
    """Return greeting and paragraphs, smaller if they must be, as text operators.

    A newline within a paragraph begins a line, as in a signature.

    Raises ValueError if there is more than a page at 9 points: a letter is never cut.
    """
    page = paper(format_.page)
    top = heads.head(format_).explanation_baseline + 6
    room = (page.height - _FLOOR - top) * POINTS_PER_MM
    face = setter.fonts.family.regular
    texts = tuple(filter(None, (text.strip() for text in (greeting, *paragraphs))))
    if not texts:
        return ""
    for size, leading in _SIZES:
        set_lines = [
            [
                part
                for line in text.split("\n")
                for part in wrap(line, face_for(line, face), size, _MEASURE)
            ]
            for text in texts
        ]
        gaps = (len(texts) - 1) * _PARAGRAPH * leading
        if (sum(map(len, set_lines)) - 1) * leading + gaps <= room:
            break
    else:
        raise ValueError(
            f"a letter of {sum(map(len, texts))} letters is more than a page at {size:g} points"
        )
    parts = [f"{setter.inks.ink} {at(left(format_), top, page.height)}"]
    step = ""
    for lines in set_lines:
        for text in lines:
            parts.append(step + setter.show(text, face, size))
            step = f"0 {number(-leading)} Td "
        step = f"0 {number(-leading * (1 + _PARAGRAPH))} Td "
    return "".join(parts)
