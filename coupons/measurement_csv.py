"""A measurement as a table for a spreadsheet: a row a cell and effect."""

import csv
import io
from collections.abc import Iterator
from typing import Any, Final

from coupons.models import Measurement

COLUMNS: Final = (
    "mailing", "as_of", "state", "kind", "key", "name", "sheets", "held_out", "coupons",
    "redeemed", "redeemed_share", "breakage", "given_off", "own_cost", "funder_cost", "fees",
    "effect", "per_household", "per_household_low", "per_household_high", "total", "total_low",
    "total_high",
)  # fmt: skip
# A spreadsheet takes a cell that begins so for a formula, and a formula may send things away.
_FORMULAS: Final = ("=", "+", "-", "@", "\t", "\r", "\n")


def as_csv(measurement: Measurement) -> bytes:
    """Return all cells of the measurement, each effect in a row of its own.

    UTF-8 with the mark that tells a spreadsheet so, lines ended by CR LF, figures as plain decimals
    with a point. An effect that cannot be told is empty. A text that a spreadsheet would run is led
    by an apostrophe.
    """
    out = io.StringIO(newline="")
    rows = csv.writer(out)
    rows.writerow(COLUMNS)
    rows.writerows(_rows(measurement))
    return out.getvalue().encode("utf-8-sig")


def _rows(measurement: Measurement) -> Iterator[list[object]]:
    report = measurement.report
    of_it = [_text(measurement.mailing.code), str(measurement.as_of), report["state"]]
    for cell in (*report["groups"], *({"kind": "offer", **one} for one in report["offers"])):
        key = cell["code"] if cell["kind"] == "offer" else cell["key"]
        named = [cell["kind"], _text(key), _text(cell["name"])]
        counted = [cell["sheets"], cell["held_out"], cell["coupons"], cell["redeemed"]]
        share = "" if cell["redeemed_share"] is None else f"{cell['redeemed_share']:.4f}"
        money = (f"{cell[f'{name}_cents'] / 100:.2f}" for name in ("off", "own", "funded", "fee"))
        before = [*of_it, *named, *counted, share, cell["breakage"], *money]
        for name, effect in cell["effects"].items():
            yield [*before, name, *_estimates(effect)]


def _estimates(effect: dict[str, Any] | None) -> list[str]:
    names = ("each", "low", "high", "total", "total_low", "total_high")
    return ["" if effect is None else f"{effect[name]:.4f}" for name in names]


def _text(said: str) -> str:
    return f"'{said}" if said.startswith(_FORMULAS) else said
