"""Changes of several offers at once: seen before, refused where coupons are out, all or none."""

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import Any, Final, NamedTuple

from django.contrib.admin.models import CHANGE, LogEntry
from django.contrib.auth.models import AbstractBaseUser
from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet

from coupons import offering
from coupons.models import Coupon, Offer, Redemption

MOST: Final = 500
"""Offers at once: what a page can show."""
FROZEN: Final = ("valid_from", "valid_to", "stores")
"""What is printed on coupons, of what may be changed here."""
_CHECKED = ("valid_from", "valid_to", "funder_share", "least_coupons", "most_coupons",
            "per_household", "expected_budget", "real_budget")  # fmt: skip


class ChangeError(Exception):
    """Why nothing was changed, a sentence an offer."""

    def __init__(self, sentences: Sequence[str]) -> None:
        super().__init__(" ".join(sentences))
        self.sentences = sentences


class Planned(NamedTuple):
    """What would become of one offer."""

    offer: Offer
    changes: list[tuple[str, str, str]]  # field, before, after
    faults: list[str]


def plan(offers: QuerySet[Offer], wanted: Mapping[str, Any]) -> list[Planned]:
    """Say of each offer what would change and what stands against it; writes nothing.

    wanted: by field of Offer only what is to be changed; None empties it. `days` moves both dates
        by so many instead. `stores` is a list of Store; empty: everywhere.
    """
    rows = list(offers.prefetch_related("stores").order_by("valid_from", "name", "pk")[: MOST + 1])
    if len(rows) > MOST:
        raise ChangeError([f"More than {MOST} offers are too many at once: choose fewer."])
    promised = _promised([offer.pk for offer in rows])
    return [_of(offer, wanted, is_promised=offer.pk in promised) for offer in rows]


@transaction.atomic
def change(offers: QuerySet[Offer], wanted: Mapping[str, Any], by: AbstractBaseUser) -> int:
    """Change all of these or none; returns how many did. Repeated, it changes nothing more
    unless `days` moves them again. Raises ChangeError.
    """
    # Coupons of these offers are printed before this or after it: none meanwhile.
    keys = list(offers.order_by("pk").values_list("pk", flat=True)[: MOST + 1])
    list(Offer.objects.select_for_update().filter(pk__in=keys).order_by("pk").values_list("pk"))
    planned = plan(Offer.objects.filter(pk__in=keys), wanted)
    faults = [f"{one.offer}: {fault}" for one in planned for fault in one.faults]
    if faults:
        raise ChangeError(faults)
    changed = [one for one in planned if one.changes]
    for one in changed:
        names = []
        for name, value in _values(one.offer, wanted).items():
            if name == "stores":
                one.offer.stores.set(value)
            else:
                setattr(one.offer, name, value)
                names.append(name)
        if names:
            one.offer.save(update_fields=names)
        says = "; ".join(f"{name}: {before} -> {after}" for name, before, after in one.changes)
        LogEntry.objects.log_actions(by.pk, [one.offer], CHANGE, f"Changed together: {says}.")
    return len(changed)


def _promised(keys: list[int]) -> set[int]:
    """Those of the offers that coupons were printed for, or that were redeemed."""
    has = [
        Exists(Coupon.objects.filter(offer=OuterRef("pk"))),
        Exists(Redemption.objects.filter(offer=OuterRef("pk"))),
    ]
    rows = Offer.objects.filter(Q(has[0]) | Q(has[1]), pk__in=keys)
    return {*rows.values_list("pk", flat=True)}


def _values(offer: Offer, wanted: Mapping[str, Any]) -> dict[str, Any]:
    values = {name: value for name, value in wanted.items() if name != "days"}
    if days := wanted.get("days"):
        for name in ("valid_from", "valid_to"):
            values[name] = getattr(offer, name) + timedelta(days=days)
    return values


def _of(offer: Offer, wanted: Mapping[str, Any], *, is_promised: bool) -> Planned:
    values = _values(offer, wanted)
    changes = []
    for name, value in values.items():
        before = list(offer.stores.all()) if name == "stores" else getattr(offer, name)
        after = list(value) if name == "stores" else value
        if name == "stores":
            before, after = (sorted(some, key=lambda store: store.pk) for some in (before, after))
        if before != after:
            changes.append((name, _said(name, before), _said(name, after)))
    faults = []
    frozen = [name for name, _, _ in changes if name in FROZEN]
    if is_promised and frozen:
        faults.append(
            "coupons of it are out, or were used: its dates and its stores stay as they are."
        )
    said = {name: getattr(offer, name) for name in _CHECKED} | {
        name: value for name, value in values.items() if name in _CHECKED
    }
    faults += [sentence for _, sentence in offering.faults(said)]
    return Planned(offer, changes, faults)


def _said(name: str, value: Any) -> str:
    if name == "stores":
        return ", ".join(str(store) for store in value) or "everywhere"
    if name == "after_return":
        return str(Offer.AfterReturn(value).label)
    if value is None:
        return "no limit"
    return value.isoformat() if isinstance(value, date) else str(value)
