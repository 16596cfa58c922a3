"""Fonts to try: one that has Hebrew and Arabic, and what staff might upload by mistake."""

import hashlib
import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import matplotlib
import uharfbuzz as hb  # type: ignore[import-untyped] # ships no types
from fontTools.fontBuilder import FontBuilder  # type: ignore[import-untyped] # ships no types
from fontTools.ttLib import TTFont  # type: ignore[import-untyped] # ships no types

from coupons.sheets.faces import Theme
from coupons.sheets.typefaces import Family

_FOLDER = Path(matplotlib.get_data_path()) / "fonts" / "ttf"
DEJAVU = (_FOLDER / "DejaVuSans.ttf").read_bytes()
DEJAVU_BOLD = (_FOLDER / "DejaVuSans-Bold.ttf").read_bytes()
FILES = {hashlib.sha256(data).hexdigest(): data for data in (DEJAVU, DEJAVU_BOLD)}
SHA256, BOLD_SHA256 = FILES

WITH_MORE = Family.of(Theme(more_fonts=(SHA256,)), FILES)

_some = hb.SubsetInput()
_some.unicode_set.update([*range(32, 127), *map(ord, "€£×·–…’“”")])  # noqa: RUF001 - signs
_SMALL: bytes = _some.subset(hb.Face(DEJAVU)).blob.data


def changed(change: Callable[[Any], None]) -> bytes:
    """Some of DejaVu Sans after `change`, which is given the font."""
    font = TTFont(io.BytesIO(_SMALL))
    change(font)
    out = io.BytesIO()
    font.save(out)
    return out.getvalue()


def variable(font: Any) -> None:
    """Make a font vary in weight."""
    font["name"].setName("Variable", 1, 3, 1, 0x409)
    builder = FontBuilder(font=font)
    builder.setupFvar([("wght", 100, 400, 900, "Weight")], [])
