"""Fonts inside a PDF file: only the glyphs a run has used, under codes given out as they come.

ASCII keeps its own codes, so that most text is copied as it stands; the first 128 other
characters share the same subset, the next 128 a second one, and so on. A file that prints every
European name therefore needs one font object a face, rarely two.
"""

from typing import Final

from coupons.sheets.fitting import Typeface, advances, font_file, settable
from coupons.sheets.pdf import PdfWriter

_SPECIAL: Final = {code: f"\\{chr(code)}" for code in b"()\\"}
_FIRST: Final = 32
_HIGH: Final = 128  # first code of a subset that characters beyond ASCII may have
_SUBSET_ROOM: Final = 128


class EmbeddedFont:
    """One face in one file. All text is shown before `write` freezes the subsets."""

    def __init__(self, face: Typeface, letter: str) -> None:
        self.face = face
        self._letter = letter
        self._characters: list[list[int]] = [[]]  # by subset, those beyond ASCII in code order
        self._codes: dict[int, tuple[int, str]] = {}
        self._used = False

    def show(self, text: str, size: float) -> str:
        """Return PDF operators that show `text` at the current place, at `size` points."""
        self._used = True
        text = settable(text, self.face)
        if text.isascii():
            return f"/{self._letter}0 {size:g} Tf({text.translate(_SPECIAL)})Tj "
        shown = ""
        run = ""
        subset = 0
        for character in text:
            home, code = self._place(character)
            if home != subset:
                if run:
                    shown += f"/{self._letter}{subset} {size:g} Tf({run})Tj "
                subset, run = home, ""
            run += code
        return f"{shown}/{self._letter}{subset} {size:g} Tf({run})Tj "

    def show_spaced(self, size: float) -> str:
        """Return the operator that chooses this font for text the caller encodes in ASCII."""
        self._used = True
        return f"/{self._letter}0 {size:g} Tf"

    def _place(self, character: str) -> tuple[int, str]:
        if character.isascii():
            return 0, _SPECIAL.get(ord(character), character)
        place = self._codes.get(ord(character))
        if place is None:
            if len(self._characters[-1]) == _SUBSET_ROOM:
                self._characters.append([])
            members = self._characters[-1]
            place = len(self._characters) - 1, chr(_HIGH + len(members))
            members.append(ord(character))
            self._codes[ord(character)] = place
        return place

    def write(self, pdf: PdfWriter) -> list[tuple[str, int]]:
        """Write the subsets and return the name and object number of each."""
        if not self._used:
            return []
        return [
            (f"{self._letter}{index}", self._write_subset(pdf, index, beyond))
            for index, beyond in enumerate(self._characters)
        ]

    def _write_subset(self, pdf: PdfWriter, index: int, beyond: list[int]) -> int:
        font = font_file(self.face)
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
        known = advances(self.face)
        widths = " ".join(f"{known.get(code, 0) if code else 0:g}" for code in members[_FIRST:])
        unicode_map = pdf.write_stream(_to_unicode(members))
        return pdf.write(
            (
                f"<</Type/Font/Subtype/TrueType/BaseFont/{name}/FirstChar {_FIRST}"
                f"/LastChar {len(members) - 1}/Widths[{widths}]/FontDescriptor {descriptor} 0 R"
                f"/ToUnicode {unicode_map} 0 R>>"
            ).encode()
        )


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
