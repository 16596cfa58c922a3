"""Glyphs in a PDF file by their numbers in the font: what shaped text is shown with."""

from collections.abc import Iterable
from typing import Final

import uharfbuzz as hb  # type: ignore[import-untyped] # ships no types

from coupons.sheets.fontobjects import to_unicode, write_descriptor
from coupons.sheets.pdf import PdfWriter
from coupons.sheets.shaping import Glyph, shaper
from coupons.sheets.typefaces import Font

_KEPT: Final = frozenset(
    (b"glyf", b"loca", b"head", b"hhea", b"hmtx", b"maxp", b"cvt ", b"fpgm", b"prep")
)


class GlyphFont:
    """One font in one file, for glyphs that shaping has chosen and placed."""

    def __init__(self, font: Font, letter: str) -> None:
        self.font = font
        self._letter = letter
        self._used: dict[int, Glyph] = {}

    def show(self, glyphs: Iterable[Glyph], size: float) -> str:
        """Return PDF operators that show `glyphs` one after the other at `size` points."""
        parts = [f"/{self._letter} {size:g} Tf["]
        rise = 0.0
        for glyph in glyphs:
            if round(glyph.y - rise):
                rise = glyph.y
                parts.append(f"]TJ {rise * size / 1000:.3f} Ts[")
            before, after = round(-glyph.x), round(glyph.own - glyph.advance + glyph.x)
            shown = f"{f' {before}' if before else ''}<{glyph.number:04X}>{after or ''}"
            if self._used.setdefault(glyph.number, glyph).text != glyph.text:
                read = glyph.text.encode("utf-16-be").hex().upper()
                shown = f"]TJ/Span<</ActualText<FEFF{read}>>>BDC[{shown}]TJ EMC["
            parts.append(shown)
        parts.append("]TJ 0 Ts " if rise else "]TJ ")
        return "".join(parts)

    def write(self, pdf: PdfWriter) -> list[tuple[str, int]]:
        """Write the font, if it was used, and return its name and object number."""
        if not self._used:
            return []
        used = sorted(self._used)
        name, descriptor = write_descriptor(pdf, self.font, self._subset(used))
        widths = "".join(f"{number}[{self._used[number].own:g}]" for number in used)
        descendant = pdf.write_small(
            (
                f"<</Type/Font/Subtype/CIDFontType2/BaseFont/{name}/CIDToGIDMap/Identity"
                "/CIDSystemInfo<</Registry(Adobe)/Ordering(Identity)/Supplement 0>>"
                f"/DW 0/W[{widths}]/FontDescriptor {descriptor} 0 R>>"
            ).encode()
        )
        meant = {number: glyph.text for number, glyph in self._used.items() if glyph.text}
        unicode_map = pdf.write_stream(to_unicode(meant, 2))
        font = pdf.write_small(
            (
                f"<</Type/Font/Subtype/Type0/BaseFont/{name}/Encoding/Identity-H"
                f"/DescendantFonts[{descendant} 0 R]/ToUnicode {unicode_map} 0 R>>"
            ).encode()
        )
        return [(self._letter, font)]

    def _subset(self, used: list[int]) -> bytes:
        """Return the font with the outlines of these glyphs alone, under their own numbers."""
        wanted = hb.SubsetInput()
        wanted.glyph_set.update(used)
        wanted.flags = (
            hb.SubsetFlags.RETAIN_GIDS
            | hb.SubsetFlags.NO_HINTING
            | hb.SubsetFlags.NOTDEF_OUTLINE
            | hb.SubsetFlags.NO_LAYOUT_CLOSURE
        )
        face = shaper(self.font).face
        tables = {tag.encode() for tag in face.table_tags}
        wanted.drop_table_tag_set.update(int.from_bytes(tag) for tag in tables - _KEPT)
        program: bytes = wanted.subset(face).blob.data
        return program
