"""The assortment as arrays: which products there are, and what each is at every level."""

from itertools import pairwise
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from django.db.models import Max

from pos_integration.models import Category, Product, Store

Ints32 = npt.NDArray[np.int32]
Floats = npt.NDArray[np.float64]
Tree = dict[int, tuple[int | None, str, bool]]  # category -> parent, level, is it modelled


class Level(NamedTuple):
    """Products seen as items: themselves, their types, categories or departments."""

    item_of_product: Ints32  # -1: left out, since its purchases say nothing of a household's needs
    ids: npt.NDArray[np.int64]  # Product or Category of each item, ascending
    parent: Ints32  # of each item, its item one level up; all 0 where there is no such level
    parents: int  # how many items that level has, at least 1

    @property
    def items(self) -> int:
        return len(self.ids)


class Assortment(NamedTuple):
    products: npt.NDArray[np.int64]  # Product ids, ascending
    levels: dict[str, Level]  # product, type, category: modelled products only
    department: Level  # of every product; the last item, id 0, is "without"
    stores: npt.NDArray[np.int64]  # Store ids, ascending
    margin_shares: Floats  # of each department: what is left of a cent, 0 to 1; NaN: not known


def last_product() -> int:
    """The newest product's id: names the assortment of this moment, since none is ever deleted."""
    return Product.objects.aggregate(last=Max("pk"))["last"] or 0


def last_store() -> int:
    """The newest store's id: it names the stores of this moment."""
    return Store.objects.aggregate(last=Max("pk"))["last"] or 0


def read(last: int, store: int) -> Assortment:
    """Return the assortment of products up to the id `last`, and stores up to the id `store`."""
    rows = np.array(
        [
            (product, category or 0)
            for product, category in Product.objects.filter(pk__lte=last)
            .order_by("pk")
            .values_list("pk", "category_id")
            .iterator(chunk_size=50_000)
        ],
        dtype=np.int64,
    ).reshape(-1, 2)
    nodes_of_tree = list(
        Category.objects.values_list("pk", "parent_id", "level", "is_modelled", "margin_share")
    )
    tree: Tree = {pk: (up, level, modelled) for pk, up, level, modelled, _ in nodes_of_tree}
    margins = {pk: float(share) for pk, *_, share in nodes_of_tree if share is not None}
    above = {pk: _ancestors(pk, tree) for pk in tree}
    modelled = {pk: all(tree[node][2] for node in path.values()) for pk, path in above.items()}
    products = rows[:, 0]
    used = {int(pk) for pk in np.unique(rows[:, 1]) if pk}
    at: dict[str, dict[int, int]] = {
        level: {pk: above[pk].get(level, 0) for pk in used}
        for level in ("type", "category", "department")
    }
    # A product is modelled where its whole line is known, down to the type, and wanted.
    keeps = {pk: modelled[pk] and len(above[pk]) == 3 for pk in used}
    wanted = np.array([bool(pk) and keeps[int(pk)] for pk in rows[:, 1]], dtype=np.bool_)
    nodes = {
        level: np.array([at[level].get(int(pk), 0) for pk in rows[:, 1]], dtype=np.int64)
        for level in ("type", "category", "department")
    }
    above_all = np.append(np.unique(nodes["department"][nodes["department"] > 0]), 0)
    place = np.searchsorted(above_all[:-1], nodes["department"]).astype(np.int32)
    place[nodes["department"] == 0] = len(above_all) - 1
    item = np.where(wanted, np.arange(len(products)), -1).astype(np.int32)
    items = {"product": (item, products)}
    for level in ("type", "category"):
        node = np.where(wanted, nodes[level], 0)
        ids = np.unique(node[node > 0])
        of_product = np.where(node > 0, np.searchsorted(ids, node), -1).astype(np.int32)
        items[level] = (of_product, ids)
    items["department"] = (place, above_all)
    order = ("product", "type", "category", "department")
    levels = {
        level: Level(
            *items[level], _parents(*items[level], items[up][0]), max(len(items[up][1]), 1)
        )
        for level, up in pairwise(order)
    }
    top = Level(place, above_all, np.zeros(len(above_all), np.int32), 1)
    kept = {pk: _nearest(above[pk], margins) for pk in used}
    margin = np.array([kept.get(int(pk), np.nan) for pk in rows[:, 1]], dtype=np.float64)
    stores = Store.objects.filter(pk__lte=store).order_by("pk").values_list("pk", flat=True)
    there = np.fromiter(stores, np.int64)
    return Assortment(products, levels, top, there, _means(place, margin, len(above_all)))


def _nearest(path: dict[str, int], margins: dict[int, float]) -> float:
    """The margin of the node itself, or of the first one above it that has one; NaN of none."""
    for level in ("type", "category", "department"):
        if path.get(level) in margins:
            return margins[path[level]]
    return np.nan


def _means(place: Ints32, value: Floats, places: int) -> Floats:
    """The mean of the known values at each place; NaN where there are none."""
    known = ~np.isnan(value)
    count = np.bincount(place[known], minlength=places)
    total = np.bincount(place[known], value[known], places)
    return np.where(count > 0, total / np.maximum(count, 1), np.nan)


def _parents(item_of_product: Ints32, ids: npt.NDArray[np.int64], above: Ints32) -> Ints32:
    """Each item's item one level up, from any product of both; 0 for one without products."""
    parent = np.zeros(len(ids), np.int32)
    known = (item_of_product >= 0) & (above >= 0)
    parent[item_of_product[known]] = above[known]
    return parent


def _ancestors(pk: int, tree: Tree) -> dict[str, int]:
    """The node and all above it, by level."""
    path: dict[str, int] = {}
    node: int | None = pk
    while node is not None:
        parent, level, _ = tree[node]
        path[level] = node
        node = parent
    return path
