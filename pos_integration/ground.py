"""What baskets are held against: the stores they name, their tills, scale labels and products."""

from collections.abc import Sequence
from decimal import Decimal
from typing import NamedTuple
from zoneinfo import ZoneInfo

from django.utils import timezone

from pos_integration import catalogue, records, scales, shelf
from pos_integration.models import ScaleLabel, Store, StoreAlias, Terminal, TerminalAlias


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
    _know_aliases(stores, baskets)
    layouts = _layouts()
    now = timezone.now()
    terms = {}
    for name, (store, tills) in stores.items():
        zone = ZoneInfo(store.time_zone)
        terms[name] = records.StoreTerms(
            id=store.pk,
            number=store.number,
            currency=store.currency,
            zone=zone,
            today=now.astimezone(zone).date(),
            tills=tills,
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


def _stores(names: set[str]) -> dict[str, tuple[Store, dict[str, int]]]:
    """The stores with these numbers or, where there is none, aliases; each with its live tills:
    their numbers, by number as text.
    """
    found: dict[str, tuple[Store, dict[str, int]]] = {}
    live = Terminal.objects.filter(store__number__in=names, revoked_at=None)
    for terminal in live.select_related("store"):
        _, tills = found.setdefault(terminal.store.number, (terminal.store, {}))
        tills[str(terminal.number)] = terminal.number
    if unknown := names - found.keys():
        for store in Store.objects.filter(number__in=unknown):  # without a live till
            found[store.number] = (store, {})
        aliases = StoreAlias.objects.filter(text__in=unknown - found.keys())
        for alias in aliases.select_related("store"):
            there = Terminal.objects.filter(store=alias.store, revoked_at=None)
            numbers = {str(number): number for number in there.values_list("number", flat=True)}
            found[alias.text] = (alias.store, numbers)
    return found


def _know_aliases(
    stores: dict[str, tuple[Store, dict[str, int]]], baskets: Sequence[records.Basket]
) -> None:
    """Let the tills of `stores` be found by the names that `baskets` call them by, too."""
    names = {
        basket.till
        for basket in baskets
        if isinstance(basket.till, str) and not basket.till.isdigit()
    }
    if not names:
        return
    aliases = TerminalAlias.objects.filter(text__in=names, terminal__revoked_at=None)
    for alias in aliases.select_related("terminal"):
        for store, tills in stores.values():
            if store.pk == alias.terminal.store_id:
                tills[alias.text] = alias.terminal.number


def _layouts() -> dict[int | None, list[scales.Layout]]:
    """How scales write their labels, by store; None: every store."""
    found: dict[int | None, list[scales.Layout]] = {}
    rows = ScaleLabel.objects.order_by("pk").values_list("store_id", "pattern", "decimals")
    for store_id, pattern, decimals in rows:
        found.setdefault(store_id, []).append(scales.Layout(pattern, decimals))
    return found
