"""Fonts inside a PDF file: only the glyphs a run has used, under codes given out as they come.

ASCII keeps its own codes, so that most text is copied as it stands; the first 128 other
characters share the same subset, the next 128 a second one, and so on. A file that prints every
European name therefore needs one font object a face, rarely two.
"""

from itertools import groupby
from typing import Final

from coupons.sheets.pdf import PdfWriter
from coupons.sheets.typefaces import Face, Family

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


class EmbeddedFont:
    """One face in one file. All text is shown before `write` freezes the subsets."""

    def __init__(self, face: Face, letter: str) -> None:
        self.face = face
        self._letter = letter
        self._codes = _Codes()
        self._used = False

    def show(self, text: str, size: float) -> str:
        """Return PDF operators that show `text`, settable in this face, at `size` points."""
        encoded = text.translate(self._codes)
        if len(self._codes.subsets) == 1 or text.isascii():
            return f"{self.choose(size)}({encoded})Tj "
        shown = ""
        for home, characters in groupby(text, lambda character: self._home(ord(character))):
            encoded = "".join(characters).translate(self._codes)
            shown += f"/{self._letter}{home} {size:g} Tf({encoded})Tj "
        return shown

    def choose(self, size: float) -> str:
        """Return the operator that chooses this font at `size` points, for ASCII to follow."""
        self._used = True
        return f"/{self._letter}0 {size:g} Tf"

    def _home(self, character: int) -> int:
        return self._codes.homes.get(character, 0)

    def write(self, pdf: PdfWriter) -> list[tuple[str, int]]:
        """Write the subsets and return the name and object number of each."""
        if not self._used:
            return []
        return [
            (f"{self._letter}{index}", self._write_subset(pdf, index, beyond))
            for index, beyond in enumerate(self._codes.subsets)
        ]

    def _write_subset(self, pdf: PdfWriter, index: int, beyond: list[int]) -> int:
        font = self.face.fonts[0].file
        ascii_codes = list(range(_FIRST, 127)) if index == 0 else [0] * (127 - _FIRST)
        # A code's place in this list is its code in the font; 0 stands for "no character".
        members = [0] * _FIRST + ascii_codes + [0] + beyond
        program = font.makeSubset(members)
        name = f"AAAAA{chr(65 + index)}+{font.name.decode()}"
        file = pdf.write_stream(program, b"/Length1 %d" % len(program))
        box = " ".join(f"{edge:g}" for edge in font.bbox)
        descriptor = pdf.write(
            (
                f"<</Type/FontDescriptor/FontName/{name}/Flags 4/FontBBox[{box}]"
                f"/ItalicAngle {font.italicAngle:g}/Ascent {font.ascent:g}"
                f"/Descent {font.descent:g}/CapHeight {font.capHeight:g}/StemV {font.stemV:g}"
                f"/FontFile2 {file} 0 R>>"
            ).encode()
        )
        known = self.face.fonts[0].advances
        widths = " ".join(
            f"{known.get(chr(code), 0) if code else 0:g}" for code in members[_FIRST:]
        )
        unicode_map = pdf.write_stream(_to_unicode(members))
        return pdf.write(
            (
                f"<</Type/Font/Subtype/TrueType/BaseFont/{name}/FirstChar {_FIRST}"
                f"/LastChar {len(members) - 1}/Widths[{widths}]/FontDescriptor {descriptor} 0 R"
                f"/ToUnicode {unicode_map} 0 R>>"
            ).encode()
        )


class Fonts:
    """The faces of one file."""

    def __init__(self, family: Family) -> None:
        self.family = family
        self._fonts = {
            face: EmbeddedFont(face, letter)
            for face, letter in zip(family.faces, ("R", "I", "S", "B", "H", "C"), strict=True)
        }

    def __getitem__(self, face: Face) -> EmbeddedFont:
        return self._fonts[face]

    def all(self) -> list[EmbeddedFont]:
        """Every face, used or not, in a fixed order."""
        return list(self._fonts.values())


def _to_unicode(members: list[int]) -> bytes:
    """Return the map from codes back to characters, so that text can be copied and searched."""
    pairs = [
        f"<{code:02X}> <{chr(character).encode('utf-16-be').hex().upper()}>"
        for code, character in enumerate(members)
        if character
    ]
    sections = [
        f"{len(part)} beginbfchar\n" + "\n".join(part) + "\nendbfchar"
        for part in (pairs[start : start + 100] for start in range(0, len(pairs), 100))
    ]
    return (
        "/CIDInit /ProcSet findresource begin\n12 dict begin\nbegincmap\n"
        "/CMapName /Sheets def\n/CMapType 2 def\n"
        "1 begincodespacerange\n<00> <FF>\nendcodespacerange\n"
        + "\n".join(sections)
        + "\nendcmap\nCMapName currentdict /CMap defineresource pop\nend\nend\n"
    ).encode()
