"""What baskets are held against: the stores they name, their tills, scale labels and products."""

from collections.abc import Sequence
from decimal import Decimal
from typing import NamedTuple
from zoneinfo import ZoneInfo

from django.utils import timezone

from pos_integration import catalogue, records, scales, shelf
from pos_integration.models import ScaleLabel, Store, StoreAlias, Terminal


class Labelled(NamedTuple):
    """What a label from the scale stands for."""

    product: int
    weight: Decimal | None  # kilograms


def of(
    terminal: Terminal, baskets: Sequence[records.Basket]
) -> tuple[records.Floor, dict[str, int]]:
    """Return the floor for these baskets, as `terminal` sends them, and the products by code.

    What their scale labels stand for is known once they were checked: see `labelled`.
    """
    stores = _stores({basket.store for basket in baskets if basket.store})
    tills = _tills(stores)
    layouts = _layouts()
    now = timezone.now()
    terms = {}
    for name, store in stores.items():
        zone = ZoneInfo(store.time_zone)
        terms[name] = records.StoreTerms(
            id=store.pk,
            number=store.number,
            currency=store.currency,
            zone=zone,
            today=now.astimezone(zone).date(),
            tills=tills[store.pk],
            layouts=(*layouts.get(store.pk, ()), *layouts.get(None, ())),
        )
    # A checked basket names its store by number, whatever it was called by.
    terms |= {store.number: store for store in terms.values()}
    products = shelf.known_products({line.code for basket in baskets for line in basket.lines})
    if terminal.is_collector:
        return records.Floor(terms, None, None, products, {}), products
    number = terminal.store.number
    return records.Floor(terms, number, terminal.number, products, {}), products


def labelled(floor: records.Floor) -> dict[int, dict[str, Labelled]]:
    """Return what the scale labels of the baskets checked against `floor` stand for.

    By store id, then by the label as it was scanned. The product of an item that only scales have
    named so far is made.
    """
    items = {label.code: label.item for label in floor.labels.values()}
    products = catalogue.known_items(items) if items else {}
    if unknown := items.keys() - products.keys():
        products |= catalogue.add_unlisted(dict.fromkeys(unknown))
    found: dict[int, dict[str, Labelled]] = {}
    for (store_id, code), label in floor.labels.items():
        found.setdefault(store_id, {})[code] = Labelled(products[label.code], label.weight)
    return found


def product_of(store: Store, code: str) -> int | None:
    """Return the product that a code scanned at `store` means, by its scales' labels too."""
    layouts = _layouts()
    try:
        label = scales.read(code, [*layouts.get(store.pk, ()), *layouts.get(None, ())])
    except scales.ScaleError:
        return None
    if label is not None:
        return catalogue.known_items({label.code: label.item}).get(label.code)
    return catalogue.known_products([code]).get(code)


def _stores(names: set[str]) -> dict[str, Store]:
    """The stores with these numbers or, where there is none, aliases."""
    stores = {store.number: store for store in Store.objects.filter(number__in=names)}
    if unknown := names - stores.keys():
        aliases = StoreAlias.objects.filter(text__in=unknown).select_related("store")
        stores |= {alias.text: alias.store for alias in aliases}
    return stores


def _tills(stores: dict[str, Store]) -> dict[int, dict[str, int]]:
    """The tills of each store that are not revoked: number, by number as text and by alias."""
    tills: dict[int, dict[str, int]] = {store.pk: {} for store in stores.values()}
    live = Terminal.objects.filter(store__in=tills, revoked_at=None)
    for store_id, number, alias in live.values_list("store_id", "number", "aliases__text"):
        tills[store_id][str(number)] = number
        if alias:
            tills[store_id][alias] = number
    return tills


def _layouts() -> dict[int | None, list[scales.Layout]]:
    """How scales write their labels, by store; None: every store."""
    found: dict[int | None, list[scales.Layout]] = {}
    rows = ScaleLabel.objects.order_by("pk").values_list("store_id", "pattern", "decimals")
    for store_id, pattern, decimals in rows:
        found.setdefault(store_id, []).append(scales.Layout(pattern, decimals))
    return found
