"""A barcode of any symbology: how much room it takes, its rectangles, and what stands under it.

Everything is in modules, so that the printer's dots decide how large a symbol is. Whoever draws
one scales it by a `cm`, paints it by one `f`, and keeps its quiet zones clear.
"""

from dataclasses import dataclass

from coupons.sheets.faces import Symbology
from coupons.sheets.symbols import code128


@dataclass(frozen=True, slots=True)
class Extent:
    """How large a symbol is and how much white it needs around it, in modules.

    height 0 means bars of any height; left, right, above and below are the quiet zones.
    """

    width: int
    height: int
    left: int
    right: int
    above: int
    below: int


def extent(symbology: Symbology, payload: str) -> Extent:
    """Return how much room `payload` takes. Raises ValueError for what cannot be encoded."""
    if symbology is Symbology.CODE_128:
        return Extent(code128.width(payload), 0, 10, 10, 0, 0)
    raise ValueError(f"{symbology} cannot carry {payload!r}")


def drawn(symbology: Symbology, payload: str, reduction: float = 0.0) -> str:
    """Return the symbol as PDF `x y w h re` operators, from its lower left corner upwards.

    A module is one unit; bars of any height are one unit high. reduction: modules by which each
    run of dark modules is narrowed (in two-dimensional symbols also lowered), from 0 to below 1.
    Raises ValueError for what cannot be encoded.
    """
    if symbology is Symbology.CODE_128:
        return code128.drawn(payload, reduction)
    raise ValueError(f"{symbology} cannot carry {payload!r}")


def text_of(symbology: Symbology, payload: str) -> str:
    """Return what is printed under the symbol, for a cashier who has to type it."""
    return payload
