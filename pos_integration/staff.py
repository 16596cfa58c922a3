"""Who of the staff works where: whoever works in stores sees those stores only."""

from typing import Any, Final

from pos_integration.models import StoreStaff

IN_STORES: Final = "Store staff"
"""The group whose members see their stores only, unless they are in another of ours as well."""
EVERYWHERE: Final = frozenset({"Marketing", "Administrators"})


def stores_of(user: Any) -> list[int] | None:
    """Return the ids of the stores that somebody works in, None for who may see every store.

    user: whoever is signed in, or nobody. Who works in stores and was given none yet sees none.
    """
    if not user.is_active or user.is_superuser:
        return None
    if not hasattr(user, "desk_stores"):  # kept for this call: every list of a page wants it
        groups = set(user.groups.values_list("name", flat=True))
        user.desk_stores = (
            list(StoreStaff.objects.filter(user=user.pk).values_list("store", flat=True))
            if IN_STORES in groups and not groups & EVERYWHERE
            else None
        )
    found: list[int] | None = user.desk_stores
    return found
