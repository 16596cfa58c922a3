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
_REMEMBERED: Final = 64  # letters, in their sizes
_PARAGRAPH: Final = 0.62  # of a line, between paragraphs


def left(format_: Format) -> float:
    """Return where a letter's lines begin: below the address, where that is at the left."""
    return heads.head(format_).address.x if format_.window is not Window.C5_DL else _LEFT


class Letter:
    """Sets the letters of a run: paragraphs that many households get are broken only once."""

    def __init__(self, format_: Format, setter: Setter) -> None:
        page = paper(format_.page)
        self._setter = setter
        self._face = setter.fonts.family.regular
        self._left = left(format_)
        self._top = heads.head(format_).explanation_baseline + 6
        self._room = (page.height - _FLOOR - self._top) * POINTS_PER_MM
        self._paragraphs: dict[tuple[tuple[str, ...], float], tuple[float, str]] = {}

    def drawn(self, greeting: str, paragraphs: tuple[str, ...]) -> str:
        """Return greeting and paragraphs, smaller if they must be, as text operators.

        A newline within a paragraph begins a line, as in a signature. Raises ValueError if there
        is more than a page at 9 points: a letter is never cut.
        """
        texts = tuple(filter(None, (text.strip() for text in paragraphs)))
        greeting = greeting.strip()
        for size, leading in _SIZES:
            above, greeted = self._set((greeting,) if greeting else (), size, leading)
            below, written = self._remembered(texts, size, leading)
            # Both begin by a step down; the first is taken back.
            down = leading * (1 + _PARAGRAPH)
            if above + below - down <= self._room:
                place = at(self._left, self._top, self._setter.height)
                back = f"0 {number(down)} Td "
                return f"{self._setter.inks.ink} {place} {back}{greeted}{written}"
        raise ValueError(
            f"a letter of {sum(map(len, texts))} letters is more than a page at {size:g} points"
        )

    def _remembered(self, texts: tuple[str, ...], size: float, leading: float) -> tuple[float, str]:
        known = self._paragraphs.get((texts, size))
        if known is None:
            if len(self._paragraphs) >= _REMEMBERED:
                self._paragraphs.clear()
            known = self._paragraphs[texts, size] = self._set(texts, size, leading)
        return known

    def _set(self, texts: tuple[str, ...], size: float, leading: float) -> tuple[float, str]:
        """Return paragraphs, a step down before each line, and how far down they go in all."""
        parts = []
        depth = 0.0
        for text in texts:
            step = leading * (1 + _PARAGRAPH)
            for line in text.split("\n"):
                for part in wrap(line, face_for(line, self._face), size, _MEASURE):
                    parts.append(
                        f"0 {number(-step)} Td {self._setter.show(part, self._face, size)}"
                    )
                    depth += step
                    step = leading
        return depth, "".join(parts)
