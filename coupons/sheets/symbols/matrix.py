"""GS1 DataBar, Data Matrix and QR: module matrices from zint, as few rectangles as rows allow.

zint only warns of an element string that breaks GS1's rules; here that is an error.
"""

from dataclasses import dataclass
from functools import cache, lru_cache
from typing import Final

import numpy as np
import numpy.typing as npt
import zint

from coupons.sheets.symbols import gs1
from coupons.sheets.symbols.bars import figure

_SQUARE: Final = 100  # Data Matrix: no oblong one
_COLUMNS: Final = 4  # of a stacked DataBar: 200 modules wide, two rows for most coupons
_DATABAR_HEIGHT: Final = 34  # of a row, modules; between two stand three separators, one high each
_LEVEL_M: Final = 2  # of QR: up to 15 % of it may be spoilt
_BYTES_A_ROW: Final = 144  # as zint keeps them
_LONGEST_RUN: Final = 1024  # more than a row has modules
_GS1: Final = zint.InputMode.GS1 | zint.InputMode.GS1PARENS
_TEXT: Final = zint.InputMode.UNICODE | zint.InputMode.FAST  # fewer of the eight masks are tried

Modules = npt.NDArray[np.uint8]


@dataclass(frozen=True, slots=True, eq=False)
class Matrix:
    """Dark modules and how high their rows are.

    modules: uint8, 1 where it is dark, rows from the top one after another, each followed by
    white up to `stride` columns, so that no run of dark modules goes on in the next row. heights
    are those of the rows in modules. linear says that every row is a linear symbol of its own,
    whose bars matter by their width alone.
    """

    width: int
    stride: int
    heights: tuple[int, ...]
    modules: Modules
    linear: bool = False

    @property
    def height(self) -> int:
        """All rows together, in modules."""
        return sum(self.heights)


@lru_cache(maxsize=64)  # a layout asks for the room of one and the same coupon
def databar(payload: str) -> Matrix:
    """Return an element string as GS1 DataBar Expanded Stacked. Raises ValueError."""
    return _matrix(payload, zint.Symbology.DBAR_EXPSTK, _gs1_mode(payload), columns=_COLUMNS)


@lru_cache(maxsize=64)
def gs1_datamatrix(payload: str) -> Matrix:
    """Return an element string as a square GS1 DataMatrix. Raises ValueError."""
    return _matrix(payload, zint.Symbology.DATAMATRIX, _gs1_mode(payload), shape=_SQUARE)


@lru_cache(maxsize=64)
def datamatrix(payload: str) -> Matrix:
    """Return ASCII text as a square Data Matrix, not of GS1. Raises ValueError."""
    return _matrix(payload, zint.Symbology.DATAMATRIX, zint.InputMode.UNICODE, shape=_SQUARE)


@lru_cache(maxsize=64)
def qr(payload: str) -> Matrix:
    """Return text as a QR code of error correction level M. Raises ValueError."""
    return _matrix(payload, zint.Symbology.QRCODE, _TEXT, level=_LEVEL_M)


def _gs1_mode(payload: str) -> zint.InputMode:
    """Return how zint shall read an element string that it does not know all of.

    It refuses the format digit 2 that some issuers of positive offers print.
    """
    if payload.startswith("(8112)2"):
        gs1.elements(payload)
        return _GS1 | zint.InputMode.GS1NOCHECK
    return _GS1


def _matrix(
    payload: str,
    symbology: zint.Symbology,
    mode: zint.InputMode,
    *,
    level: int = -1,
    columns: int = 0,
    shape: int = 0,
) -> Matrix:
    # A new one for every symbol: what was asked of the last one cannot stick to it.
    symbol = zint.Symbol()
    symbol.symbology = symbology
    symbol.input_mode = mode
    symbol.warn_level = zint.WarningLevel.FAIL_ALL
    symbol.show_text = False
    symbol.option_1 = level
    symbol.option_2 = columns
    symbol.option_3 = shape
    try:
        symbol.encode(payload)
    except RuntimeError as error:
        raise ValueError(f"{payload!r} cannot be encoded: {error}") from None
    linear = symbology is zint.Symbology.DBAR_EXPSTK
    rows = symbol.rows
    heights = [_DATABAR_HEIGHT if linear and row % 4 == 0 else 1 for row in range(rows)]
    kept = symbol.encoded_data.tobytes()
    used = symbol.width // 8 + 1
    modules = b"".join(
        [kept[start : start + used] for start in range(0, rows * _BYTES_A_ROW, _BYTES_A_ROW)]
    )
    dark = np.unpackbits(np.frombuffer(modules, dtype=np.uint8), bitorder="little")
    return Matrix(symbol.width, used * 8, tuple(heights), dark, linear)


def drawn(matrix: Matrix, reduction: float = 0.0) -> str:
    """Return the dark modules as PDF `re` operators, one module to the unit, lower left origin.

    Reduced, the outline of whatever hangs together moves inwards by half the reduction, never
    the seams inside it; the rows of a linear symbol keep their heights.
    """
    narrowed_rows = _Rectangles.of(matrix.stride, matrix.heights, reduction, matrix.linear)
    rectangles = narrowed_rows.drawn(matrix.modules)
    if reduction and not matrix.linear:
        # Rows that were lowered no longer touch: where both are dark, bridges join them again.
        bridges = _Rectangles.of(
            matrix.stride, matrix.heights, reduction, linear=False, bridge=True
        )
        rectangles += bridges.drawn(
            matrix.modules[: -matrix.stride] & matrix.modules[matrix.stride :]
        )
    return rectangles


class _Rectangles(dict[int, str]):
    """The rectangle of every run of dark modules, by where it begins and how long it is.

    bridge: of runs dark in two rows, the upper one's given.
    """

    def __init__(
        self, stride: int, heights: tuple[int, ...], reduction: float, linear: bool, bridge: bool
    ) -> None:
        super().__init__()
        self._stride = stride
        self._reduction = reduction
        half = 0.0 if linear else reduction / 2
        bottoms = [sum(heights[row + 1 :]) for row in range(len(heights))]
        if bridge:
            self._rows = [(figure(y - half), figure(reduction)) for y in bottoms]
        else:
            self._rows = [
                (figure(y + half), figure(height - 2 * half))
                for y, height in zip(bottoms, heights, strict=True)
            ]

    @classmethod
    @cache  # one for every size of symbol that a run draws
    def of(
        cls,
        stride: int,
        heights: tuple[int, ...],
        reduction: float,
        linear: bool,
        bridge: bool = False,
    ) -> "_Rectangles":
        return cls(stride, heights, reduction, linear, bridge)

    def __missing__(self, run: int) -> str:
        start, width = divmod(run, _LONGEST_RUN)
        row, x = divmod(start, self._stride)
        y, height = self._rows[row]
        left = figure(x + self._reduction / 2)
        self[run] = f"{left} {y} {figure(width - self._reduction)} {height} re\n"
        return self[run]

    def drawn(self, modules: Modules) -> str:
        """Return the rectangles of all runs."""
        edges = np.flatnonzero(modules[1:] != modules[:-1]) + 1
        if modules[0]:
            edges = np.concatenate(([0], edges))
        starts, ends = edges[::2], edges[1::2]
        runs: list[int] = (starts * _LONGEST_RUN + (ends - starts)).tolist()
        return "".join([self[run] for run in runs])
