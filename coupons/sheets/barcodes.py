"""Code 128 at six dots a module, for layouts that know no other symbology."""

from typing import Final

from coupons.sheets.symbols import code128

MODULE_MM: Final = 6 / 600 * 25.4  # 6 dots of a 600 dpi printer, so that every bar is exact
QUIET_MODULES: Final = 10

modules = code128.width
bars = code128.drawn


def width_mm(payload: str) -> float:
    """Return how wide the symbol is on paper, without its quiet zones."""
    return modules(payload) * MODULE_MM
