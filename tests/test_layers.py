"""Imports point one way: coupons -> loyalty -> pos_integration. Pure files stay pure."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
MAY_IMPORT = {
    "pos_integration": {"pos_integration"},
    "loyalty": {"loyalty", "pos_integration"},
    "coupons": {"coupons", "loyalty", "pos_integration"},
}
# The project package routes to all three: it is the chain's front door, not a belief.
FRONT_DOOR = {ROOT / "loyalty" / name for name in ("settings.py", "urls.py", "wsgi.py")}
PURE = [
    "pos_integration/gtin.py",
    "pos_integration/money.py",
    "pos_integration/records.py",
    "pos_integration/formats",
    "pos_integration/tables",
    "loyalty/shopper",
    "coupons/importing",
    "coupons/proof",
    "coupons/selection",
    "coupons/sheets",
]
IMPURE = {"django", "rest_framework", "django_q", "psycopg2"}


def imported(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: write imports in full"
            yield node.module or ""


@pytest.mark.parametrize("app", MAY_IMPORT)
def test_apps_import_one_way(app):
    for path in (ROOT / app).rglob("*.py"):
        if path in FRONT_DOOR:
            continue
        ours = {name.split(".")[0] for name in imported(path)} & MAY_IMPORT.keys()
        assert ours <= MAY_IMPORT[app], f"{path.relative_to(ROOT)} imports {ours - MAY_IMPORT[app]}"


@pytest.mark.parametrize("place", PURE)
def test_pure_files_know_no_framework(place):
    path = ROOT / place
    files = [path] if path.suffix else list(path.rglob("*.py"))
    assert files, f"{place} is named here and is not there"
    for file in files:
        names = set(imported(file))
        assert not {name.split(".")[0] for name in names} & IMPURE, file
        assert not {name for name in names if ".models" in name}, file
