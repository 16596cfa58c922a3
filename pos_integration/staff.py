"""Who of the staff works where: whoever works in stores sees those stores only."""

from typing import Any, Final

from django.contrib.auth.backends import ModelBackend
from django.contrib.auth.models import Permission, User
from django.contrib.postgres.aggregates import ArrayAgg
from django.db.models import Q, QuerySet

from pos_integration.models import StoreStaff

IN_STORES: Final = "Store staff"
"""The group whose members see their stores only, unless they are in another of ours as well."""
EVERYWHERE: Final = frozenset({"Marketing", "Administrators"})


class StaffBackend(ModelBackend):
    """Signs staff in as Django does, and asks for less: every page of the desk pays for it.

    Somebody comes with the names of their groups, and what they and their groups may is one
    question, where Django has three.
    """

    def staff(self) -> QuerySet[User]:
        """Whoever may sign in, with what every page asks of them."""
        names = ArrayAgg("groups__name", filter=Q(groups__isnull=False), default=[])
        return User.objects.annotate(group_names=names)

    def get_user(self, user_id: int) -> User | None:
        user = self.staff().filter(pk=user_id).first()
        return user if user is not None and self.user_can_authenticate(user) else None

    def get_all_permissions(self, user_obj: Any, obj: Any = None) -> set[str]:
        if not user_obj.is_active or user_obj.is_superuser or obj is not None:
            return super().get_all_permissions(user_obj, obj)
        if not hasattr(user_obj, "_perm_cache"):  # Django's own name: it empties it, too
            own, of_groups = (
                Permission.objects.filter(**{whose: user_obj.pk}).order_by()
                for whose in ("user", "group__user")
            )
            names = ("content_type__app_label", "codename")
            found = own.values_list(*names).union(of_groups.values_list(*names))
            user_obj._perm_cache = {f"{app}.{name}" for app, name in found}
        may: set[str] = user_obj._perm_cache
        return may


def stores_of(user: Any) -> list[int] | None:
    """Return the ids of the stores that somebody works in, None for who may see every store.

    user: whoever is signed in, or nobody. Who works in stores and was given none yet sees none.
    """
    if not user.is_active or user.is_superuser:
        return None
    if not hasattr(user, "desk_stores"):  # kept for this call: every list of a page wants it
        groups = set(
            user.group_names
            if hasattr(user, "group_names")
            else user.groups.values_list("name", flat=True)
        )
        user.desk_stores, user.desk_store_names = None, []
        if IN_STORES in groups and not groups & EVERYWHERE:
            rows = StoreStaff.objects.filter(user=user.pk).order_by("store__number")
            told = list(rows.values_list("store", "store__name"))
            user.desk_stores = [store for store, _ in told]
            user.desk_store_names = [name for _, name in told]
    found: list[int] | None = user.desk_stores
    return found


def store_names_of(user: Any) -> list[str] | None:
    """The names of these stores, by their numbers."""
    if stores_of(user) is None:
        return None
    names: list[str] = user.desk_store_names
    return names
