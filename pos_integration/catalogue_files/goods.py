"""Products by file: known by the chain's own number, else by the GTIN."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

import msgspec
from django.db import connection
from django.db.models import QuerySet

from pos_integration import catalogue, gtin
from pos_integration.catalogue_files.forms import PRODUCTS
from pos_integration.catalogue_files.plans import Change, Plan, Planned, Values
from pos_integration.catalogue_files.tree import Path, columns_of, gap_in, path_in, paths
from pos_integration.models import Product
from pos_integration.tables.cells import Value
from pos_integration.tables.reading import Fault, Reading

_AT_ONCE = 5_000
_NAMED = 5  # new categories that are named
_KEPT = ("id", "code", "gtin", "name", "brand", "size", "category_id", "lowest_price", "is_listed")
_LOOK = f"""
    SELECT {", ".join(_KEPT)} FROM pos_integration_product
    WHERE code = ANY(ARRAY(SELECT json_array_elements_text(%(codes)s)))
    UNION
    SELECT {", ".join(_KEPT)} FROM pos_integration_product
    WHERE gtin = ANY(ARRAY(SELECT json_array_elements_text(%(gtins)s)))
"""  # noqa: S608 - names of our own


class _Kept(NamedTuple):
    """A product as it is; by the names of _KEPT."""

    id: int
    code: str | None
    gtin: str | None
    name: str
    brand: str
    size: str
    category_id: int | None
    lowest_price: Any
    is_listed: bool


def compare(reading: Reading) -> Plan:
    """Return what a file of products would do now.

    An empty code or GTIN stays as the product has it. A GTIN of another product is a fault, and
    so is a product that two rows name. What only a till had named is listed from now on.
    """
    plan = Plan(reading)
    faults: list[Fault] = []
    gtins = _gtins(reading, faults)
    by_code, by_gtin = _look(
        (str(row.said["code"]) for row in reading.rows if row.said.get("code")), gtins.values()
    )
    places = paths()
    known = set(places.values())
    named: dict[int, list[int]] = defaultdict(list)  # rows by the product they name
    fresh: set[Path] = set()
    for row in reading.rows:
        code, number = row.said.get("code"), gtins.get(row.number)
        if not code and not number:
            if "gtin" not in row.said or row.said["gtin"] is None:
                faults.append(
                    Fault(row.number, "code", "A product wants its code, its GTIN, or both.")
                )
            continue
        holder = by_gtin.get(number or "")
        product = by_code.get(str(code)) if code else None
        if product is None and holder and (not (holder.code and code) or not holder.is_listed):
            product = holder
        if holder is not None and holder is not product:
            faults.append(
                Fault(
                    row.number,
                    "gtin",
                    f"{number} is the number of '{holder.name}'"
                    f"{f', code {holder.code}' if holder.code else ''}: it stays with that one. "
                    "Empty this cell, or put it right there first.",
                )
            )
            continue
        was = _values(product, places) if product else None
        values = {**(was or _empty()), **row.said}
        values["code"] = code or (was["code"] if was else None)
        values["gtin"] = number or (was["gtin"] if was else _in_store(str(code), by_gtin))
        if gap := gap_in(values):
            faults.append(Fault(row.number, *gap))
            continue
        if product is not None:
            named[product.id].append(row.number)
        path = path_in(values)
        fresh |= {path[:depth] for depth in range(1, len(path) + 1)} - known
        plan.add(row.number, values, was)
        if product is not None and not product.is_listed:
            _list(plan, row.number, values)
    for rows in named.values():
        for at in rows if len(rows) > 1 else ():
            others = ", ".join(str(other) for other in rows if other != at)
            faults.append(Fault(at, "", f"Row {others} names the same product: one is wanted."))
    plan.refuse(faults)
    if fresh:
        some = [f"'{' > '.join(path)}'" for path in sorted(fresh)[:_NAMED]]
        more = ", ..." if len(fresh) > _NAMED else ""
        plan.notes.append(
            f"New in the tree of categories ({len(fresh):,}): {', '.join(some)}{more}."
        )
    return plan


def apply(planned: list[Planned]) -> None:
    catalogue.load_products([one.values for one in planned])


def lock() -> None:
    """Let no till and no other file change products until the end of the transaction."""
    with connection.cursor() as cursor:
        cursor.execute(catalogue.LOCK_PRODUCTS)


def written(products: QuerySet[Product]) -> Iterator[dict[str, Value]]:
    """Yield `products`, however many, in the order of their ids."""
    places = paths()
    rows = products.order_by("pk").values_list(*_KEPT)
    for row in rows.iterator(chunk_size=_AT_ONCE):
        yield _values(_Kept(*row), places)


def _gtins(reading: Reading, faults: list[Fault]) -> dict[int, str]:
    """The GTIN-14 of each row that has one; wrong ones, and those of two rows, are faults."""
    found: dict[int, str] = {}
    rows: dict[str, list[int]] = defaultdict(list)
    for row in reading.rows:
        if not (said := row.said.get("gtin")):
            continue
        try:
            found[row.number] = gtin.normal_form(str(said))
        except gtin.GtinError as error:
            faults.append(Fault(row.number, "gtin", f"{error}."))
        else:
            rows[found[row.number]].append(row.number)
    for number, numbers in rows.items():
        for row_number in numbers if len(numbers) > 1 else ():
            others = ", ".join(str(other) for other in numbers if other != row_number)
            faults.append(
                Fault(row_number, "gtin", f"{number} stands in row {others}, too; one is wanted.")
            )
    return found


def _look(codes: Iterable[str], gtins: Iterable[str]) -> tuple[dict[str, _Kept], dict[str, _Kept]]:
    """The products that have one of these numbers, by code and by GTIN."""
    codes = list(codes)
    own = [gtin.in_store(code) for code in codes if gtin.has_in_store_number(code)]
    with connection.cursor() as cursor:
        cursor.execute(
            _LOOK,
            {
                "codes": msgspec.json.encode(codes).decode(),
                "gtins": msgspec.json.encode([*gtins, *own]).decode(),
            },
        )
        kept = [_Kept(*row) for row in cursor.fetchall()]
    return (
        {product.code: product for product in kept if product.code},
        {product.gtin: product for product in kept if product.gtin},
    )


def _in_store(code: str, by_gtin: dict[str, _Kept]) -> str | None:
    """The number that a new product of that short code is given, if nobody has it."""
    if not gtin.has_in_store_number(code):
        return None
    number = gtin.in_store(code)
    return None if number in by_gtin else number


def _list(plan: Plan, row: int, values: Values) -> None:
    """Say that a product which only a till had named is listed from now on."""
    change = Change("listed", "no", "yes")
    if plan.changed and plan.changed[-1].row == row:
        plan.changed[-1].changes.append(change)
    else:
        plan.same_rows.discard(row)
        plan.changed.append(Planned(row, values, [change]))


def _values(product: _Kept, places: dict[int, Path]) -> Values:
    path = places[product.category_id] if product.category_id is not None else ()
    return {
        "code": product.code,
        "gtin": product.gtin,
        "name": product.name,
        "brand": product.brand,
        "size": product.size,
        "lowest_price": product.lowest_price,
        **columns_of(path),
    }


def _empty() -> Values:
    return {column.name: column.empty for column in PRODUCTS.columns}
