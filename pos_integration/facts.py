"""Facts are written: baskets under their natural key, each once; lines by COPY."""

from collections.abc import Iterable, Sequence
from datetime import date
from typing import NamedTuple

import msgspec
from django.db import connection

from pos_integration import bulk, catalogue, ground, records
from pos_integration.models import Upload


class Sale(NamedTuple):
    """A basket that keeps the rules, and what it is known by."""

    position: int
    store_id: int
    basket: records.Basket
    content_hash: bytes

    @property
    def key(self) -> tuple[int, int, date, str]:
        basket = self.basket
        assert isinstance(basket.till, int)
        assert basket.business_date is not None
        return self.store_id, basket.till, basket.business_date, basket.receipt


_STAGING = """
    CREATE TEMPORARY TABLE IF NOT EXISTS basket_staging (
        position int, store_id bigint, till int, business_date date, receipt text, kind text,
        ended_at timestamptz, card_number text, currency text, voids jsonb, content_hash bytea
    ) ON COMMIT DELETE ROWS;
    DELETE FROM basket_staging
"""
_STAGED = (
    "position",
    "store_id",
    "till",
    "business_date",
    "receipt",
    "kind",
    "ended_at",
    "card_number",
    "currency",
    "voids",
    "content_hash",
)
# In the order of the natural key: loads of overlapping batches wait for each other in one order
# and cannot deadlock. Of two with the same key in one upload the first is written.
_INSERT_NEW = """
    INSERT INTO pos_integration_basket (
        store_id, till, business_date, receipt, kind, ended_at, card_number, currency, voids,
        content_hash, upload_id
    )
    SELECT store_id, till, business_date, receipt, kind, ended_at, card_number, currency, voids,
        content_hash, %s
    FROM basket_staging ORDER BY store_id, till, business_date, receipt, position
    ON CONFLICT (store_id, till, business_date, receipt) DO NOTHING
    RETURNING id, store_id, till, business_date, receipt
"""
_COMPARE = """
    SELECT position FROM basket_staging AS staged
    JOIN pos_integration_basket AS kept USING (store_id, till, business_date, receipt)
    WHERE kept.content_hash <> staged.content_hash
"""


def insert_baskets(
    upload: Upload, sales: Sequence[Sale]
) -> tuple[list[tuple[int, Sale]], list[Sale]]:
    """Write the baskets not yet known; return them with their ids, and those that conflict."""
    if not sales:
        return [], []
    first: dict[tuple[int, int, date, str], Sale] = {}
    for sale in sales:
        first.setdefault(sale.key, sale)
    with connection.cursor() as cursor:
        cursor.execute(_STAGING)
        bulk.copy("basket_staging", _STAGED, map(_staging_row, sales))
        cursor.execute(_INSERT_NEW, [upload.pk])
        new = [(int(pk), first[tuple(key)]) for pk, *key in cursor.fetchall()]
        new.sort(key=lambda item: item[0])
        if len(new) == len(sales):
            return new, []
        cursor.execute(_COMPARE)
        differing = {position for (position,) in cursor.fetchall()}
    return new, [sale for sale in sales if sale.position in differing]


def _staging_row(sale: Sale) -> str:
    basket = sale.basket
    voids = bulk.NULL if basket.voids is None else bulk.field(_json(basket.voids))
    return (
        f"{sale.position}\t{sale.store_id}\t{basket.till}\t{basket.business_date}"
        f"\t{bulk.escape(basket.receipt)}\t{basket.kind}\t{basket.ended_at or bulk.NULL}"
        f"\t{bulk.escape(basket.card or '')}\t{basket.currency}\t{voids}"
        f"\t{bulk.field(sale.content_hash)}\n"
    )


_LINE = (
    "basket_id",
    "number",
    "product_id",
    "code",
    "kind",
    "quantity",
    "unit",
    "amount",
    "discount",
    "returns",
)


def insert_lines(
    new: Sequence[tuple[int, Sale]],
    products: dict[str, int],
    labelled: dict[int, dict[str, ground.Labelled]],
) -> None:
    """Write the lines of the `new` baskets, and the products that only these have named."""
    names: dict[str, str | None] = {}
    for _, sale in new:
        labels = labelled.get(sale.store_id, {})
        for line in sale.basket.lines:
            code = line.code
            if code not in products and code not in labels and not names.get(code):
                names[code] = line.description
    if names:
        products = products | catalogue.add_unlisted(names)
    items: dict[str, str] = {}  # code -> its two fields: thousands of lines share a few hundred
    rows = []
    for pk, sale in new:
        labels = labelled.get(sale.store_id, {})
        for line in sale.basket.lines:
            code = line.code
            quantity, unit = line.quantity, line.unit
            if label := labels.get(code):
                item = f"{label.product}\t{bulk.escape(code)}"
                # The weight counts where the till said no more than one piece.
                if label.weight is not None and (quantity, unit) == ("1.000", "EA"):
                    quantity, unit = f"{label.weight:.3f}", "KGM"
            elif not (item := items.get(code, "")):
                item = items[code] = f"{products[code]}\t{bulk.escape(code)}"
            if unit != "EA":
                unit = bulk.escape(unit)
            returns = bulk.NULL if line.returns is None else bulk.field(_json(line.returns))
            rows.append(
                f"{pk}\t{line.line}\t{item}\t{line.kind}\t{quantity}\t{unit}"
                f"\t{line.amount}\t{line.discount}\t{returns}\n"
            )
    bulk.copy("pos_integration_basketline", _LINE, rows)


def insert_coupons_and_tenders(new: Iterable[tuple[int, Sale]]) -> None:
    coupons, tenders = [], []
    for pk, sale in new:
        for place, coupon in enumerate(sale.basket.coupons or ()):
            coupons.append(bulk.row((pk, place, coupon.line, coupon.code, coupon.amount)))
        for place, tender in enumerate(sale.basket.tenders or ()):
            kind = bulk.escape(tender.kind)
            tenders.append(f"{pk}\t{place}\t{kind}\t{tender.amount}\n")
    if coupons:
        columns = ["basket_id", "position", "line_number", "code", "amount"]
        bulk.copy("pos_integration_redemptionrecord", columns, coupons)
    if tenders:
        columns = ["basket_id", "position", "kind", "amount"]
        bulk.copy("pos_integration_tender", columns, tenders)


def _json(reference: records.Reference | None) -> str | None:
    return None if reference is None else msgspec.json.encode(reference).decode()
