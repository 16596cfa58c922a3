"""A barcode of any symbology: how much room it takes, its rectangles, and what stands under it.

Everything is in modules, so that the printer's dots decide how large a symbol is. Whoever draws
one scales it by a `cm`, paints it by one `f`, and keeps its quiet zones clear.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from coupons.sheets.codes import CODE_LENGTH, grouped
from coupons.sheets.faces import Symbology
from coupons.sheets.symbols import code128, ean, gs1_128, matrix


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


_MATRICES: Final[dict[Symbology, tuple[Callable[[str], matrix.Matrix], int]]] = {
    # With the quiet zone all round. GS1 asks for none around DataBar and for one module around
    # DataMatrix; the one more is for cutters and for dots beside the bars.
    Symbology.DATABAR: (matrix.databar, 1),
    Symbology.DATAMATRIX: (matrix.gs1_datamatrix, 2),
    Symbology.QR: (matrix.qr, 4),
}
_MATCH_MARK_QUIET: Final = 2


def extent(symbology: Symbology, payload: str) -> Extent:
    """Return how much room `payload` takes. Raises ValueError for what cannot be encoded."""
    if symbology is Symbology.CODE_128:
        return Extent(code128.width(payload), 0, 10, 10, 0, 0)
    if symbology is Symbology.GS1_128:
        return Extent(gs1_128.width(payload), 0, 10, 10, 0, 0)
    if symbology is Symbology.EAN_13:
        ean.check(payload)
        return Extent(ean.WIDTH, 0, 11, 7, 0, 0)
    encode, quiet = _MATRICES[symbology]
    return _extent(encode(payload), quiet)


def _extent(modules: matrix.Matrix, quiet: int) -> Extent:
    return Extent(modules.width, modules.height, quiet, quiet, quiet, quiet)


def drawn(symbology: Symbology, payload: str, reduction: float = 0.0) -> str:
    """Return the symbol as PDF `x y w h re` operators, from its lower left corner upwards.

    A module is one unit; bars of any height are one unit high. reduction: modules by which each
    run of dark modules is narrowed (in two-dimensional symbols also lowered), from 0 to below 1.
    Raises ValueError for what cannot be encoded.
    """
    if symbology is Symbology.CODE_128:
        return code128.drawn(payload, reduction)
    if symbology is Symbology.GS1_128:
        return gs1_128.drawn(payload, reduction)
    if symbology is Symbology.EAN_13:
        return ean.drawn(payload, reduction)
    return matrix.drawn(_MATRICES[symbology][0](payload), reduction)


def match_mark(payload: str, reduction: float = 0.0) -> tuple[str, Extent]:
    """Return a Data Matrix that tells a machine which leaf this is: rectangles and extent.

    payload is plain ASCII, such as a run's code and the sheet's number. Raises ValueError.
    """
    modules = matrix.datamatrix(payload)
    return matrix.drawn(modules, reduction), _extent(modules, _MATCH_MARK_QUIET)


def text_of(symbology: Symbology, payload: str) -> str:
    """Return what is printed under the symbol, for a cashier who has to type it.

    A Digital Link is too long for that: under it stands its element string, what comes after
    the host and the identifier.
    """
    if symbology is Symbology.CODE_128 and len(payload) == CODE_LENGTH:
        return grouped(payload)
    if symbology is Symbology.EAN_13:
        return f"{payload[0]} {payload[1:7]} {payload[7:]}"
    if symbology is Symbology.QR:
        _, found, coupon = payload.partition("/255/")
        return f"(255){coupon.partition('?')[0]}" if found else payload
    return payload
