"""Who of the staff works where: whoever works in stores sees those stores only."""

from typing import Any

from pos_integration.models import StoreStaff


def stores_of(user: Any) -> list[int] | None:
    """Return the ids of the stores that somebody works in, None for who may see every store.

    user: whoever is signed in, or nobody
    """
    if not user.is_active or user.is_superuser:
        return None
    if not hasattr(user, "desk_stores"):  # kept for this call: every list of a page wants it
        stores = StoreStaff.objects.filter(user=user.pk).values_list("store", flat=True)
        user.desk_stores = list(stores) or None
    found: list[int] | None = user.desk_stores
    return found
