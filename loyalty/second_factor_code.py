"""A text as a QR code in the page: SVG drawn on the server, without inline style."""

from typing import Final

import zint
from django.utils.html import format_html
from django.utils.safestring import SafeString

_LEVEL_M: Final = 2  # up to 15 % of it may be hidden by a glare
_QUIET: Final = 4  # modules of white around it
_BYTES_A_ROW: Final = 144  # as zint keeps them
_PX: Final = 5  # a module's side on the screen


def drawn(text: str, says: str) -> SafeString:
    """Return the markup of one <svg>. says: what is heard in its place.

    Raises ValueError if the text is too long for a QR code.
    """
    rows = _modules(text)
    path = "".join(
        f"M{x + _QUIET} {y + _QUIET}h{width}v1h-{width}z"
        for y, row in enumerate(rows)
        for x, width in _runs(row)
    )
    side = len(rows) + 2 * _QUIET
    return format_html(
        '<svg class="qr" xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {0} {0}" width="{1}" '
        'height="{1}" role="img" aria-label="{2}" shape-rendering="crispEdges">'
        '<rect width="{0}" height="{0}" fill="#fff"/><path d="{3}" fill="#000"/></svg>',
        side,
        side * _PX,
        says,
        path,
    )


def _modules(text: str) -> list[list[bool]]:
    """Rows from the top, True where it is dark."""
    symbol = zint.Symbol()
    symbol.symbology = zint.Symbology.QRCODE
    symbol.input_mode = zint.InputMode.UNICODE
    symbol.option_1 = _LEVEL_M
    try:
        symbol.encode(text)
    except RuntimeError as error:
        raise ValueError(f"{len(text)} characters make no QR code") from error
    data = symbol.encoded_data.tobytes()
    return [
        [bool(data[row * _BYTES_A_ROW + x // 8] >> (x % 8) & 1) for x in range(symbol.width)]
        for row in range(symbol.rows)
    ]


def _runs(row: list[bool]) -> list[tuple[int, int]]:
    """Where dark modules begin, and how many there are beside one another."""
    runs: list[tuple[int, int]] = []
    for x, is_dark in enumerate(row):
        if not is_dark:
            continue
        if runs and sum(runs[-1]) == x:
            runs[-1] = (runs[-1][0], runs[-1][1] + 1)
        else:
            runs.append((x, 1))
    return runs
