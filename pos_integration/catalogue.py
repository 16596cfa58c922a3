"""What can be sold, and where: products with their tree of categories, and stores."""

import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from decimal import Decimal, InvalidOperation
from typing import Any, Literal, TypeAlias
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import msgspec
import pandas as pd
from django.core.exceptions import ValidationError
from django.db import connection, transaction

from pos_integration import bulk, gtin, money
from pos_integration.models import Category, Store
from pos_integration.records import NAME_LENGTH

Rows: TypeAlias = pd.DataFrame | Iterable[Mapping[str, Any]]

_BY_NUMBER = {
    column: f"SELECT {column}, id FROM pos_integration_product WHERE {column} = ANY("  # noqa: S608 - ours
    "ARRAY(SELECT json_array_elements_text(%s)))"
    for column in ("code", "gtin")
}
WIDTHS = {"brand": 60, "size": 40, "department": 80, "category": 80, "type": 80}


# Tills that name a new product wait as long as this is held; nobody else does.
LOCK_PRODUCTS = "LOCK TABLE pos_integration_product IN SHARE ROW EXCLUSIVE MODE"
_MOST_PRICE = Decimal(1_000_000)
_CURRENCY = re.compile(r"[A-Z]{3}")


class CatalogueError(ValueError):
    """A catalogue that contradicts itself or lacks what is needed; nothing of it was taken."""


def known_products(codes: Collection[str]) -> dict[str, int]:
    """Return the product ids of those scanned `codes` that name a product we have.

    The chain's own number comes first, even where it looks like a GTIN with a wrong check digit;
    then the GTIN; then the restricted-circulation number of a short in-house number.
    """
    known = _ids_by("code", codes)
    gtins = {code: number for code in codes if code not in known and (number := _gtin_of(code))}
    by_gtin = _ids_by("gtin", gtins.values()) if gtins else {}
    known.update((code, by_gtin[number]) for code, number in gtins.items() if number in by_gtin)
    return known


def known_items(items: Mapping[str, str]) -> dict[str, int]:
    """Return the product ids of those scale labels that name a product we have.

    items: by the label without its price or weight, the item's digits, as `scales.read` gives
    them. The chain's own number comes first, as it stands on the label and without the zeros
    before it; then the GTIN of the label. `add_unlisted` makes a product of each of the others.
    """
    numbers = {number for item in items.values() for number in (item, item.lstrip("0")) if number}
    by_code = _ids_by("code", numbers)
    known = known_products([*items])
    for label, item in items.items():
        product = by_code.get(item) or by_code.get(item.lstrip("0"))
        if product is not None:
            known[label] = product
    return known


def _ids_by(column: Literal["code", "gtin"], numbers: Collection[str]) -> dict[str, int]:
    """Return the ids of the products that have one of `numbers`, by number."""
    with connection.cursor() as cursor:
        # As one JSON text: thousands of numbers quoted one by one would take longer than finding.
        cursor.execute(_BY_NUMBER[column], [msgspec.json.encode([*numbers]).decode()])
        return dict(cursor.fetchall())


def add_unlisted(names: Mapping[str, str | None]) -> dict[str, int]:
    """Make a product of every scanned code, named by the till or by itself; return their ids.

    Two loads may do so at the same time: the first to commit makes it, the other finds it.
    Codes must have a right check digit where they look like a GTIN.
    """
    products: dict[str, tuple[str | None, str | None, str]] = {}
    for code, said in names.items():
        number = _gtin_of(code)
        in_house = None if gtin.is_shaped(code) else code
        name = (said or "").strip()[:NAME_LENGTH] or f"Unlisted {code}"
        products.setdefault(number or code, (number, in_house, name))  # "007" is "7"
    # In one order, so that two loads which make the same products wait and do not deadlock.
    rows = [products[key] for key in sorted(products)]
    gtins, codes, texts = ([*column] for column in zip(*rows, strict=True))
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO pos_integration_product (gtin, code, name, brand, size, is_listed)"
            " SELECT gtin, code, name, '', '', false"
            " FROM unnest(%s::text[], %s::text[], %s::text[]) AS staged(gtin, code, name)"
            " ON CONFLICT DO NOTHING",
            [gtins, codes, texts],
        )
    return known_products(names)


def _gtin_of(code: str) -> str | None:
    """Return the GTIN-14 that a scanned text stands for, or None."""
    try:
        if gtin.is_shaped(code):
            return gtin.normal_form(code)
        return gtin.in_store(code) if gtin.has_in_store_number(code) else None
    except gtin.GtinError:
        return None


def load_products(rows: Rows) -> int:
    """Bring the catalogue up to date with `rows`; returns how many products they hold.

    rows: a frame or dicts with any of
        code        the chain's own number, up to 32 characters
        gtin        as printed on the pack; without one a short `code` gets an in-store number
        name        wanted
        brand, size
        department, category, type   the tree; it ends at the first that is missing
        lowest_price   store currency; empty: none; where it is not given at all, as it was
    A product is known by its `code`, else by its GTIN; one that only a till had named is listed
    from now on. A GTIN that another product already has stays with that one. May be repeated.
    Raises CatalogueError for a row without number or name, a wrong check digit, a price that
    is none, and for a number given twice.
    """
    staged = list(_staged(rows))
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(LOCK_PRODUCTS)
        cursor.execute(_STAGING)
        bulk.copy("product_staging", _STAGED, map(bulk.row, staged))
        for statement in _MERGE:
            cursor.execute(statement)
        cursor.execute("DROP TABLE product_staging")
    return len(staged)


def _staged(rows: Rows) -> Iterator[tuple[object, ...]]:
    """Yield rows of _STAGED, checked; numbers are unique in what is yielded."""
    records: list[Mapping[Any, Any]] = (
        [*rows.to_dict("records")] if isinstance(rows, pd.DataFrame) else [*rows]
    )
    products = [
        {str(key): text for key, value in record.items() if (text := _text(value))}
        for record in records
    ]
    codes: set[str] = set()
    gtins: set[str] = set()
    for product in products:
        code, number = product.get("code"), product.get("gtin")
        if not (code or number) or not product.get("name"):
            raise CatalogueError(f"A product needs a name and a code or GTIN: {product}")
        if code and (len(code) > 32 or code in codes):
            raise CatalogueError(f"The code '{code}' is given twice or is longer than 32")
        codes.add(code or "")
        if number:
            try:
                product["gtin"] = gtin.normal_form(number)
            except gtin.GtinError as error:
                raise CatalogueError(str(error)) from error
            if product["gtin"] in gtins:
                raise CatalogueError(f"The GTIN '{number}' is given to two products")
            gtins.add(product["gtin"])
    for record, product in zip(records, products, strict=True):
        code, number = product.get("code"), product.get("gtin")
        if number is None and code and gtin.has_in_store_number(code):
            in_store = gtin.in_store(code)
            number = None if in_store in gtins else in_store  # "007" beside "7"
            gtins.add(in_store)
        texts = [(product.get(name) or "")[:width] or None for name, width in WIDTHS.items()]
        price = _price(product.get("lowest_price"))
        says_price = "lowest_price" in record
        yield code, number, product["name"][:NAME_LENGTH], *texts, price, says_price


def _price(said: str | None) -> Decimal | None:
    if said is None:
        return None
    try:
        price = Decimal(said)
    except InvalidOperation:
        price = Decimal("NaN")
    if not (price.is_finite() and 0 <= price < _MOST_PRICE):
        raise CatalogueError(f"'{said}' is no lowest price: an amount from 0 is wanted")
    return price


def _text(value: object) -> str | None:
    """Return a cell as trimmed text; NaN, None and blanks are None."""
    if value is None or value is pd.NA or value != value:
        return None
    return str(value).replace("\0", "").strip() or None


_STAGED = ("code", "gtin", "name", *WIDTHS, "lowest_price", "says_lowest_price")
_STAGING = """
    CREATE TEMPORARY TABLE product_staging (
        code text, gtin text, name text, brand text, size text, department text, category text,
        type text, lowest_price numeric(8, 2), says_lowest_price boolean,
        category_id bigint, product_id bigint
    ) ON COMMIT DROP
"""
_MERGE = (
    "ANALYZE product_staging",
    """
    INSERT INTO pos_integration_category (is_modelled, level, parent_id, name)
    SELECT DISTINCT true, 'department', NULL::bigint, department
    FROM product_staging WHERE department IS NOT NULL ON CONFLICT DO NOTHING
    """,
    """
    UPDATE product_staging AS staged SET category_id = node.id FROM pos_integration_category AS node
    WHERE node.level = 'department' AND node.name = staged.department
    """,
    """
    INSERT INTO pos_integration_category (is_modelled, level, parent_id, name)
    SELECT DISTINCT true, 'category', category_id, category
    FROM product_staging WHERE category_id IS NOT NULL AND category IS NOT NULL
    ON CONFLICT DO NOTHING
    """,
    """
    UPDATE product_staging AS staged SET category_id = node.id FROM pos_integration_category AS node
    WHERE node.level = 'category' AND node.name = staged.category
        AND node.parent_id = staged.category_id
    """,
    """
    INSERT INTO pos_integration_category (is_modelled, level, parent_id, name)
    SELECT DISTINCT true, 'type', category_id, type
    FROM product_staging
    WHERE category_id IS NOT NULL AND category IS NOT NULL AND type IS NOT NULL
    ON CONFLICT DO NOTHING
    """,
    """
    UPDATE product_staging AS staged SET category_id = node.id FROM pos_integration_category AS node
    WHERE node.level = 'type' AND node.name = staged.type
        AND node.parent_id = staged.category_id AND staged.category IS NOT NULL
    """,
    """
    UPDATE product_staging AS staged SET product_id = product.id
    FROM pos_integration_product AS product WHERE product.code = staged.code
    """,
    """
    UPDATE product_staging AS staged SET product_id = product.id
    FROM pos_integration_product AS product
    WHERE staged.product_id IS NULL AND product.gtin = staged.gtin
        AND (product.code IS NULL OR staged.code IS NULL OR NOT product.is_listed)
    """,
    """
    UPDATE product_staging AS staged SET gtin = NULL
    FROM pos_integration_product AS product
    WHERE product.gtin = staged.gtin AND product.id IS DISTINCT FROM staged.product_id
    """,
    """
    UPDATE pos_integration_product AS product SET
        code = coalesce(staged.code, product.code), gtin = coalesce(staged.gtin, product.gtin),
        name = staged.name, brand = coalesce(staged.brand, ''), size = coalesce(staged.size, ''),
        category_id = staged.category_id, is_listed = true, lowest_price =
            CASE WHEN staged.says_lowest_price THEN staged.lowest_price
            ELSE product.lowest_price END
    FROM product_staging AS staged
    WHERE product.id = staged.product_id AND (
        product.code, product.gtin, product.name, product.brand, product.size,
        product.category_id, product.is_listed, product.lowest_price
    ) IS DISTINCT FROM (
        coalesce(staged.code, product.code), coalesce(staged.gtin, product.gtin), staged.name,
        coalesce(staged.brand, ''), coalesce(staged.size, ''), staged.category_id, true,
        CASE WHEN staged.says_lowest_price THEN staged.lowest_price ELSE product.lowest_price END
    )
    """,
    """
    INSERT INTO pos_integration_product
        (code, gtin, name, brand, size, category_id, is_listed, lowest_price)
    SELECT code, gtin, name, coalesce(brand, ''), coalesce(size, ''), category_id, true,
        lowest_price
    FROM product_staging WHERE product_id IS NULL AND (code IS NOT NULL OR gtin IS NOT NULL)
    """,
)


def load_categories(rows: Iterable[tuple[Sequence[str], Mapping[str, Any]]]) -> int:
    """Make or change categories, by path from the department down; returns how many.

    rows: the path, and fields of Category besides its name and place. What is above must be there
        already, or be among `rows` before it. May be repeated. Raises CatalogueError.
    """
    count = 0
    levels = (Category.Level.DEPARTMENT, Category.Level.CATEGORY, Category.Level.TYPE)
    found: dict[tuple[str, ...], Category] = {}
    with transaction.atomic():
        for path, values in rows:
            above: Category | None = None
            for depth, (level, name) in enumerate(zip(levels, path[:-1], strict=False), 1):
                known = found.get((*path[:depth],))
                above = (
                    known or Category.objects.filter(parent=above, level=level, name=name).first()
                )
                if above is None:
                    raise CatalogueError(f"There is no category '{name}' for '{path[-1]}'")
                found[(*path[:depth],)] = above
            found[(*path,)], _is_new = Category.objects.update_or_create(
                parent=above, level=levels[len(path) - 1], name=path[-1], defaults=dict(values)
            )
            count += 1
    return count


def load_stores(rows: Rows) -> int:
    """Bring the stores up to date with `rows`: number, name, and if given currency, time_zone.

    May be repeated; what a row does not say stays as it is. Raises CatalogueError.
    """
    records = rows.to_dict("records") if isinstance(rows, pd.DataFrame) else list(rows)
    with transaction.atomic():
        for record in records:
            said = {str(key): text for key, value in record.items() if (text := _text(value))}
            number = said.pop("number", "")
            store = Store.objects.filter(number=number).first() or Store(number=number)
            for name, value in said.items():
                setattr(store, name, value)
            save_store(store)
    return len(records)


def save_store(store: Store) -> None:
    """Save a store that was checked through: number, ISO currency, IANA time zone."""
    if faults := store_faults(store):
        raise CatalogueError(f"Store {store.number!r}: {' '.join(faults.values())}")
    try:
        store.full_clean()
    except ValidationError as error:
        raise CatalogueError(f"Store {store.number!r}: {' '.join(error.messages)}") from error
    store.save()


def store_faults(store: Store) -> dict[str, str]:
    """Return by field what is wrong with a store, whatever other stores there are."""
    faults: dict[str, str] = {}
    try:
        store.clean_fields()
    except ValidationError as error:
        faults = {name: " ".join(said) for name, said in error.message_dict.items()}
    try:
        money.digits(store.currency)
    except money.MoneyError as error:
        faults["currency"] = str(error)
    if not _CURRENCY.fullmatch(store.currency):
        faults["currency"] = f"{store.currency!r} is not three capital letters such as EUR"
    try:
        ZoneInfo(store.time_zone)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        faults["time_zone"] = f"no time zone is named {store.time_zone!r}"
    return faults
