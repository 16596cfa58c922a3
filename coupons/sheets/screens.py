"""Barcodes for screens and till printers: SVG and dots, from the rectangles that paper has."""

import re
from functools import lru_cache
from typing import Final

import numpy as np
import numpy.typing as npt

from coupons.sheets.faces import Symbology
from coupons.sheets.symbols.symbol import drawn, extent

_RECTANGLE: Final = re.compile(r"(\S+) (\S+) (\S+) (\S+) re")
_BARS_SHARE: Final = 0.28  # of its width, how high a symbol is drawn whose bars may have any height


def _rectangles(symbology: Symbology, payload: str) -> list[tuple[float, float, float, float]]:
    return [
        (float(x), float(y), float(width), float(height))
        for x, y, width, height in _RECTANGLE.findall(drawn(symbology, payload))
    ]


@lru_cache(maxsize=256)
def svg(symbology: Symbology, payload: str, label: str) -> str:
    """Return the barcode as an SVG image with its quiet zones; `label` is what is read aloud.

    The label must be safe to stand in an attribute. Raises ValueError as the symbology does.
    """
    size = extent(symbology, payload)
    high = size.height or round(size.width * _BARS_SHARE)
    unit = 1 if size.height else high
    path = "".join(
        f"M{x:g} {high - (y + height) * unit:g}h{width:g}v{height * unit:g}h{-width:g}z"
        for x, y, width, height in _rectangles(symbology, payload)
    )
    box = (
        f"{-size.left} {-size.above} {size.left + size.width + size.right} "
        f"{size.above + high + size.below}"
    )
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="{box}" role="img" '
        f'aria-label="{label}" shape-rendering="crispEdges"><path d="{path}"/></svg>'
    )


def raster(symbology: Symbology, payload: str) -> npt.NDArray[np.bool_]:
    """Return the modules as bool[height, width], true where it is black, without quiet zones.

    Symbols whose bars may have any height are one module high.
    """
    size = extent(symbology, payload)
    page = np.zeros((size.height or 1, size.width), dtype=bool)
    for x, y, width, height in _rectangles(symbology, payload):
        low = page.shape[0] - round(y)
        page[low - round(height) : low, round(x) : round(x + width)] = True
    return page
