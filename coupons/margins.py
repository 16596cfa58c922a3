"""What is left of each product's price after buying it, as its category says."""

from functools import lru_cache

import numpy as np
import numpy.typing as npt

from loyalty.shopper.value import USUAL_MARGIN_SHARE
from pos_integration.models import Category, Product


def of_products(products: npt.NDArray[np.int64]) -> npt.NDArray[np.float64]:
    """Return the margin share of each product (ids, ascending), 0 to 1.

    Of its type, category or department, the nearest that says one; otherwise the usual share.
    """
    nodes = Category.objects.order_by("pk").values_list("pk", "parent_id", "margin_share")
    shares = {pk: share for pk, _, share in nodes}
    above = {pk: up for pk, up, _ in nodes}
    known: dict[int | None, float] = {None: USUAL_MARGIN_SHARE}

    def nearest(pk: int | None) -> float:
        if pk not in known:
            assert pk is not None
            said = shares[pk]
            known[pk] = nearest(above[pk]) if said is None else float(said)
        return known[pk]

    category = _categories(products.tobytes())
    return np.array([nearest(category.get(pk)) for pk in products.tolist()], dtype=np.float64)


@lru_cache(maxsize=1)
def _categories(products: bytes) -> dict[int, int]:
    """The category of each product that has one."""
    ids = np.frombuffer(products, np.int64)
    rows = Product.objects.filter(pk__lte=int(ids.max(initial=0)), category__isnull=False)
    return {
        pk: category
        for pk, category in rows.values_list("pk", "category_id").iterator(chunk_size=50_000)
        if category is not None
    }
