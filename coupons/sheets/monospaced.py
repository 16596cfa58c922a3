"""The letters of coupon codes: Source Sans, each in the middle of a cell as wide as the next.

A code in such a font is one short string in a file, and characters that are compared or typed
one by one stand apart. Source Sans may be changed under the SIL Open Font License, if the result
has another name.
"""

from collections.abc import Mapping
from functools import cache
from io import BytesIO
from typing import Any, Final

from fontTools.fontBuilder import FontBuilder  # type: ignore[import-untyped] # ships no types
from fontTools.misc.transform import Transform  # type: ignore[import-untyped] # ships no types
from fontTools.pens.recordingPen import DecomposingRecordingPen  # type: ignore[import-untyped] # ships no types
from fontTools.pens.transformPen import TransformPen  # type: ignore[import-untyped] # ships no types
from fontTools.pens.ttGlyphPen import TTGlyphPen  # type: ignore[import-untyped] # ships no types
from fontTools.ttLib import TTFont  # type: ignore[import-untyped] # ships no types
from fontTools.ttLib.tables._g_l_y_f import Glyph  # type: ignore[import-untyped] # ships no types

NAME: Final = "SheetCode"
CELL: Final = 660  # thousandths of the size
_AIR: Final = 20  # at least, left and right: W is made narrower
_LICENSE: Final = (
    "This Font Software is licensed under the SIL Open Font License, Version 1.1. It is made from "
    "Source Sans Pro, Copyright 2010, 2012, 2014 Adobe Systems Incorporated."
)


@cache
def monospaced(data: bytes) -> bytes:
    """Return a TrueType font of ASCII made from the one in `data`: the same bytes each time."""
    source = TTFont(BytesIO(data), lazy=True)
    scale = 1000 / source["head"].unitsPerEm
    shapes = source.getGlyphSet()
    names = {code: source.getBestCmap()[code] for code in range(32, 127)}
    glyphs = {".notdef": Glyph()} | {
        name: _centred(name, shapes, scale) for name in dict.fromkeys(names.values())
    }
    font = FontBuilder(1000, isTTF=True)
    font.setupGlyphOrder(list(glyphs))
    font.setupCharacterMap(names)
    font.setupGlyf(glyphs)
    table = font.font["glyf"]
    font.setupHorizontalMetrics({name: (CELL, getattr(table[name], "xMin", 0)) for name in glyphs})
    head, lines, weight = source["head"], source["hhea"], source["OS/2"]
    ascent, descent = round(lines.ascent * scale), round(lines.descent * scale)
    font.setupHorizontalHeader(ascent=ascent, descent=descent)
    font.setupNameTable({"familyName": NAME, "styleName": "Regular", "psName": NAME})
    font.font["name"].setName(_LICENSE, 13, 3, 1, 0x409)
    font.setupOS2(
        version=4,
        sTypoAscender=round(weight.sTypoAscender * scale),
        sTypoDescender=round(weight.sTypoDescender * scale),
        sCapHeight=round(weight.sCapHeight * scale),
        usWeightClass=weight.usWeightClass,
        fsType=0,
    )
    font.setupPost(isFixedPitch=1, keepGlyphNames=False)
    font.updateHead(created=head.created, modified=head.modified)
    out = BytesIO()
    font.save(out)
    return out.getvalue()


def _centred(name: str, shapes: Mapping[str, Any], scale: float) -> Glyph:
    """Return a glyph in the middle of its cell, narrower if it is wider than that."""
    recorded = DecomposingRecordingPen(shapes)
    shapes[name].draw(recorded)
    plain = TTGlyphPen(None)
    recorded.replay(plain)
    glyph = plain.glyph()
    if not glyph.numberOfContours:
        return glyph
    glyph.recalcBounds(None)
    left, right = glyph.xMin * scale, glyph.xMax * scale
    narrower = min(1.0, (CELL - 2 * _AIR) / (right - left))
    shift = (CELL - (left + right) * narrower) / 2
    pen = TTGlyphPen(None)
    recorded.replay(TransformPen(pen, Transform(scale * narrower, 0, 0, scale, shift, 0)))
    return pen.glyph()
