"""Fonts inside a PDF file: only the glyphs a run has used, under codes given out as they come.

ASCII keeps its own codes, so that most text is copied as it stands; the first 128 other
characters share the same subset, the next 128 a second one, and so on. A file that prints every
European name therefore needs one font object a face, rarely two. Text whose letters join or run
from right to left is shown by glyph numbers, from left to right as it is seen: programs that copy
text expect it so and turn it round.
"""

from itertools import groupby
from typing import Final

from coupons.sheets.fontobjects import to_unicode, write_descriptor
from coupons.sheets.glyphs import GlyphFont
from coupons.sheets.pdf import PdfWriter
from coupons.sheets.shaping import shape
from coupons.sheets.typefaces import Face, Family, Font

_SPECIAL: Final = {code: f"\\{chr(code)}" for code in b"()\\"}
_FIRST: Final = 32
_HIGH: Final = 128  # first code of a subset that characters beyond ASCII may have
_SUBSET_ROOM: Final = 128


class _Codes(dict[int, str]):
    """From characters to the bytes that show them; a character not met before gets a code."""

    def __init__(self) -> None:
        super().__init__({code: chr(code) for code in range(_FIRST, 127)} | _SPECIAL)
        self.subsets: list[list[int]] = [[]]  # those beyond ASCII, in code order
        self.homes: dict[int, int] = {}

    def __missing__(self, character: int) -> str:
        if len(self.subsets[-1]) == _SUBSET_ROOM:
            self.subsets.append([])
        members = self.subsets[-1]
        code = self[character] = chr(_HIGH + len(members))
        members.append(character)
        self.homes[character] = len(self.subsets) - 1
        return code


class PlainFont:
    """One font in one file, for letters that simply follow one another."""

    def __init__(self, font: Font, letter: str) -> None:
        self.font = font
        self._letter = letter
        self._codes = _Codes()
        self._choices: dict[float, str] = {}

    def show(self, text: str, size: float) -> str:
        """Return PDF operators that show `text`, all of whose letters this font has."""
        encoded = text.translate(self._codes)
        if len(self._codes.subsets) == 1 or text.isascii():
            return f"{self.choose(size)}({encoded})Tj "
        shown = self.choose(size, 0)
        at = 0
        for home, characters in groupby(text, lambda character: self._home(ord(character))):
            encoded = "".join(characters).translate(self._codes)
            if home != at:
                shown, at = shown + self.choose(size, home), home
            shown += f"({encoded})Tj "
        return shown

    def choose(self, size: float, subset: int = 0) -> str:
        """Return the operator that chooses a subset of this font; ASCII is in the first."""
        if subset:
            return f"/{self._letter}{subset} {size:g} Tf"
        chosen = self._choices.get(size)
        if chosen is None:
            chosen = self._choices[size] = f"/{self._letter}0 {size:g} Tf"
        return chosen

    def _home(self, character: int) -> int:
        return self._codes.homes.get(character, 0)

    def write(self, pdf: PdfWriter) -> list[tuple[str, int]]:
        """Write the subsets and return the name and object number of each."""
        if not self._choices:
            return []
        return [
            (f"{self._letter}{index}", self._write_subset(pdf, index, beyond))
            for index, beyond in enumerate(self._codes.subsets)
        ]

    def _write_subset(self, pdf: PdfWriter, index: int, beyond: list[int]) -> int:
        ascii_codes = list(range(_FIRST, 127)) if index == 0 else [0] * (127 - _FIRST)
        # A code's place in this list is its code in the font; 0 stands for "no character".
        members = [0] * _FIRST + ascii_codes + [0] + beyond
        name, descriptor = write_descriptor(pdf, self.font, self.font.file.makeSubset(members))
        known = self.font.advances
        widths = " ".join(
            f"{known.get(chr(code), 0) if code else 0:g}" for code in members[_FIRST:]
        )
        pairs = {code: chr(character) for code, character in enumerate(members) if character}
        unicode_map = pdf.write_stream(to_unicode(pairs, 1))
        return pdf.write_small(
            (
                f"<</Type/Font/Subtype/TrueType/BaseFont/{name}/FirstChar {_FIRST}"
                f"/LastChar {len(members) - 1}/Widths[{widths}]/FontDescriptor {descriptor} 0 R"
                f"/ToUnicode {unicode_map} 0 R>>"
            ).encode()
        )


class EmbeddedFace:
    """One face in one file. All text is shown before the fonts are written."""

    def __init__(
        self, face: Face, plain: dict[Font, PlainFont], shaped: dict[Font, GlyphFont]
    ) -> None:
        self.face = face
        self._first = plain[face.fonts[0]]
        self._own = frozenset(face.fonts[0].advances)
        self._plain = plain
        self._shaped = shaped
        self._has_ascii = self._own.issuperset(map(chr, range(_FIRST, 127)))

    def show(self, text: str, size: float) -> str:
        """Return PDF operators that show `text`, settable in this face, at `size` points."""
        if (self._has_ascii and text.isascii()) or self._own.issuperset(text):
            return self._first.show(text, size)
        return "".join(
            self._shaped[run.font].show(run.glyphs, size)
            if run.glyphs
            else self._plain[run.font].show(run.text, size)
            for run in shape(text, self.face)
        )

    def choose(self, size: float) -> str:
        """Return the operator that chooses this face at `size` points, for ASCII to follow.

        That ASCII must be in the face's first font, as all of it is in that of codes.
        """
        return self._first.choose(size)


class Fonts:
    """The faces of one file, and the fonts that they share."""

    def __init__(self, family: Family) -> None:
        self.family = family
        fonts = list(dict.fromkeys(face.fonts[0] for face in family.faces))
        fonts += dict.fromkeys(
            font for face in family.faces for font in face.fonts if font not in fonts
        )
        self._plain = {font: PlainFont(font, _letter(place)) for place, font in enumerate(fonts)}
        self._shaped = {
            font: GlyphFont(font, f"{_letter(place)}x") for place, font in enumerate(fonts)
        }
        self._faces = {face: EmbeddedFace(face, self._plain, self._shaped) for face in family.faces}

    def __getitem__(self, face: Face) -> EmbeddedFace:
        return self._faces[face]

    def all(self) -> list[PlainFont | GlyphFont]:
        """Every font, used or not, in a fixed order."""
        return [*self._plain.values(), *self._shaped.values()]


def _letter(place: int) -> str:
    return chr(ord("A") + place % 26) * (1 + place // 26)
