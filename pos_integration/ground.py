"""What baskets are held against: the stores they name, their tills, scale labels and products."""

from collections.abc import Sequence
from zoneinfo import ZoneInfo

from django.utils import timezone

from pos_integration import records, scales, shelf
from pos_integration.models import ScaleLabel, Store, StoreAlias, Terminal


def of(
    terminal: Terminal, baskets: Sequence[records.Basket]
) -> tuple[records.Floor, dict[str, int]]:
    """Return the floor for these baskets, as `terminal` sends them, and the products by code.

    Products: those of the baskets' codes that are known, and of the codes that their scale labels
    come down to.
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
    codes = {line.code for basket in baskets for line in basket.lines}
    if layouts:
        codes |= {
            code
            for basket in baskets
            if (store_terms := terms.get(basket.store or ""))
            for line in basket.lines
            for code in records.codes_of_label(line.code, store_terms.layouts)
        }
    products = shelf.known_products(codes)
    if terminal.is_collector:
        return records.Floor(terms, None, None, products), products
    return records.Floor(terms, terminal.store.number, terminal.number, products), products


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
    for store_id, pattern, decimals in ScaleLabel.objects.values_list(
        "store_id", "pattern", "decimals"
    ):
        found.setdefault(store_id, []).append(scales.Layout(pattern, decimals))
    return found
