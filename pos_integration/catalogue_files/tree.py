"""Categories by file: known by their path from the department down."""

from collections.abc import Iterator
from typing import Any

from django.db.models import QuerySet

from pos_integration import catalogue
from pos_integration.catalogue_files.forms import CATEGORIES, TREE
from pos_integration.catalogue_files.plans import Plan, Planned, Values
from pos_integration.models import Category
from pos_integration.tables.cells import Value
from pos_integration.tables.reading import Fault, Reading

Path = tuple[str, ...]
FIELDS = ("is_modelled", "goods", "is_sensitive", "margin_share")


def paths() -> dict[int, Path]:
    """Return what each category is called, with all above it, from the department down."""
    rows = {
        pk: (parent, name)
        for pk, parent, name in Category.objects.values_list("pk", "parent_id", "name")
    }
    found: dict[int, Path] = {}

    def path(pk: int) -> Path:
        if pk not in found:
            parent, name = rows[pk]
            found[pk] = (*(path(parent) if parent is not None else ()), name)
        return found[pk]

    return {pk: path(pk) for pk in rows}


def path_in(values: Values) -> Path:
    """Return the path that the columns of TREE say; it ends at the first that is empty."""
    path: list[str] = []
    for name in TREE:
        if not values.get(name):
            break
        path.append(values[name])
    return tuple(path)


def gap_in(values: Values) -> tuple[str, str] | None:
    """The column with a name below none, and a sentence; None where there is no gap."""
    for above, below in ((TREE[0], TREE[1]), (TREE[1], TREE[2])):
        if values.get(below) and not values.get(above):
            return above, f"'{values[below]}' stands below no {above}: fill this cell, too."
    return None


def columns_of(path: Path) -> dict[str, str]:
    return dict(zip(TREE, (*path, "", "", "")[: len(TREE)], strict=True))


def compare(reading: Reading) -> Plan:
    """Return what a file of categories would do now."""
    plan = Plan(reading)
    by_path = {path: pk for pk, path in paths().items()}
    kept = Category.objects.in_bulk()
    faults: list[Fault] = []
    rows: dict[Path, int] = {}
    # From the top down, so that what one row makes is there for those below it.
    ordered = sorted(reading.rows, key=lambda row: len(path_in(row.said)))
    for row in ordered:
        gap = gap_in(row.said)
        path = path_in(row.said)
        if gap:
            faults.append(Fault(row.number, *gap))
        elif path in rows:
            faults.append(Fault(row.number, "", f"It stands in row {rows[path]}, too."))
        elif len(path) > 1 and path[:-1] not in by_path and path[:-1] not in rows:
            above = " > ".join(path[:-1])
            faults.append(
                Fault(
                    row.number,
                    TREE[len(path) - 2],
                    f"There is no '{above}' yet: give it a row of its own.",
                )
            )
        else:
            rows[path] = row.number
            was = _values(path, kept[by_path[path]]) if path in by_path else None
            values = {**(was or _empty()), **columns_of(path), **row.said}
            if values["margin_share"] is not None and values["margin_share"] > 1:
                said = f"{values['margin_share']} is more than the whole price: 0 to 1 is wanted."
                faults.append(Fault(row.number, "margin_share", said))
            else:
                plan.add(row.number, values, was)
    plan.refuse(faults)
    return plan


def apply(planned: list[Planned]) -> None:
    """Make and change categories, in the order of `compare`."""
    catalogue.load_categories(
        (path_in(one.values), {name: one.values[name] for name in FIELDS}) for one in planned
    )


def written(categories: QuerySet[Category]) -> Iterator[dict[str, Value]]:
    every = paths()
    rows = [(every[category.pk], category) for category in categories]
    for path, category in sorted(rows, key=lambda row: row[0]):
        yield _values(path, category)


def _values(path: Path, category: Category) -> dict[str, Any]:
    return {**columns_of(path), **{name: getattr(category, name) for name in FIELDS}}


def _empty() -> dict[str, Any]:
    return {column.name: column.empty for column in CATEGORIES.columns}
