"""Stores by file: known by their numbers."""

from collections.abc import Iterator
from typing import Any

from django.db.models import QuerySet

from pos_integration import catalogue
from pos_integration.catalogue_files.forms import STORES
from pos_integration.catalogue_files.plans import Plan, Planned
from pos_integration.models import Store
from pos_integration.tables.cells import Value
from pos_integration.tables.reading import Fault, Reading

FIELDS = tuple(STORES.by_name)


def compare(reading: Reading) -> Plan:
    """Return what a file of stores would do now."""
    plan = Plan(reading)
    numbers = [str(row.said["number"]) for row in reading.rows]
    kept = Store.objects.in_bulk(numbers, field_name="number")
    faults: list[Fault] = []
    for row in reading.rows:
        store = kept.get(str(row.said["number"]))
        was = _values(store) if store else None
        values: dict[str, Any] = {**(was or _empty()), **row.said}
        wrong = catalogue.store_faults(Store(**values)) if values != was else {}
        if wrong:
            faults += [Fault(row.number, column, said) for column, said in wrong.items()]
        else:
            plan.add(row.number, values, was)
    plan.refuse(faults)
    return plan


def apply(planned: list[Planned]) -> None:
    catalogue.load_stores([one.values for one in planned])


def written(stores: QuerySet[Store]) -> Iterator[dict[str, Value]]:
    for store in stores.order_by("number"):
        yield _values(store)


def _values(store: Store) -> dict[str, Any]:
    return {name: getattr(store, name) for name in FIELDS}


def _empty() -> dict[str, Any]:
    return {column.name: column.empty for column in STORES.columns}
