"""GS1 DataBar, Data Matrix and QR: module matrices from zint, as few rectangles as rows allow.

zint only warns of an element string that breaks GS1's rules; here that is an error.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

import zint

from coupons.sheets.symbols import gs1
from coupons.sheets.symbols.bars import figure

_SQUARE: Final = 100  # Data Matrix: no oblong one
_COLUMNS: Final = 4  # of a stacked DataBar: 200 modules wide, two rows for most coupons
_LEVEL_M: Final = 2  # of QR: up to 15 % of it may be spoilt
_BYTES_A_ROW: Final = 144  # as zint keeps them
_GS1: Final = zint.InputMode.GS1 | zint.InputMode.GS1PARENS

Run = tuple[int, int]  # where dark modules begin, and how many


@dataclass(frozen=True, slots=True)
class Matrix:
    """Dark modules: rows from the top, each with its height in modules.

    linear says that a row is a linear symbol of its own, whose bars only their width matters to.
    """

    width: int
    rows: tuple[tuple[Run, ...], ...]
    heights: tuple[int, ...]
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
    return _matrix(payload, zint.Symbology.QRCODE, zint.InputMode.UNICODE, level=_LEVEL_M)


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
    heights = symbol.row_height[: symbol.rows] if linear else [1] * symbol.rows
    modules = symbol.encoded_data.tobytes()
    used = (symbol.width + 7) // 8
    rows = [
        _runs(modules[start : start + used])
        for start in range(0, symbol.rows * _BYTES_A_ROW, _BYTES_A_ROW)
    ]
    return Matrix(symbol.width, tuple(rows), tuple(map(round, heights)), linear)


@lru_cache(maxsize=4096)
def _runs(row: bytes) -> tuple[Run, ...]:
    """Return the runs of ones in `row`, lowest bit of the first byte first."""
    bits = f"{int.from_bytes(row, 'little'):b}"[::-1]
    return tuple((run.start(), run.end() - run.start()) for run in re.finditer("1+", bits))


def drawn(matrix: Matrix, reduction: float = 0.0) -> str:
    """Return the dark modules as PDF `re` operators, one module to the unit, lower left origin.

    Reduced, the outline of whatever hangs together moves inwards by half the reduction, never
    the seams inside it; the rows of a linear symbol keep their heights.
    """
    if reduction and not matrix.linear:
        return _eroded(matrix, reduction)
    parts = []
    y = matrix.height
    half = reduction / 2
    for row, height in zip(matrix.rows, matrix.heights, strict=True):
        y -= height
        if reduction:
            parts += [
                f"{figure(x + half)} {y} {figure(width - reduction)} {height} re\n"
                for x, width in row
            ]
        else:
            parts += [f"{x} {y} {width} {height} re\n" for x, width in row]
    return "".join(parts)


def _eroded(matrix: Matrix, reduction: float) -> str:
    """Draw rows lowered by the reduction, and bridges where two rows are dark."""
    half = reduction / 2
    narrow = {run: figure(run - reduction) for run in range(1, matrix.width + 1)}
    tall = narrow[1]
    parts = []
    above: Sequence[Run] = ()
    y = matrix.height
    for row in matrix.rows:
        bridge = figure(y - half)
        parts += [
            f"{figure(x + half)} {bridge} {narrow[width]} {figure(reduction)} re\n"
            for x, width in _common(above, row)
        ]
        y -= 1
        low = figure(y + half)
        parts += [f"{figure(x + half)} {low} {narrow[width]} {tall} re\n" for x, width in row]
        above = row
    return "".join(parts)


def _common(first: Sequence[Run], second: Sequence[Run]) -> list[Run]:
    """Return the runs that are dark in both."""
    runs = []
    for x, width in first:
        for other, length in second:
            start = max(x, other)
            end = min(x + width, other + length)
            if start < end:
                runs.append((start, end - start))
    return runs
