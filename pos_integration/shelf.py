"""Which product a scanned code means, remembered from upload to upload."""

from collections.abc import Collection
from threading import Lock

from django.db import connection

from pos_integration import catalogue

MOST_CODES = 200_000  # of the order of 20 MB; then it is forgotten and learned anew

_products: dict[str, int] = {}
_version = -1
_lock = Lock()


def known_products(codes: Collection[str]) -> dict[str, int]:
    """Return what `catalogue.known_products` does, asking only for what was not asked before.

    A change of the catalogue makes every process forget: the database counts changes in the
    transaction that makes them. Unknown codes are never remembered. Products that only tills have
    named come uncounted: ask before the transaction that makes them, as a load does, or `forget`.
    """
    version = _catalogue_version()
    with _lock:
        _forget(version)
        known = {code: _products[code] for code in codes if code in _products}
    if len(known) < len(codes):
        found = catalogue.known_products([code for code in codes if code not in known])
        with _lock:
            # Read after `version`, so at least as new: at worst it is forgotten needlessly.
            if _version == version:
                _products.update(found)
        known |= found
    return known


def forget() -> None:
    """Forget everything: for a caller that rolls back what it has let be looked up."""
    with _lock:
        _products.clear()


def _forget(version: int) -> None:
    global _version
    if version != _version or len(_products) > MOST_CODES:
        _products.clear()
        _version = version


def _catalogue_version() -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT version FROM pos_integration_catalogueversion")
        return int(cursor.fetchone()[0])
