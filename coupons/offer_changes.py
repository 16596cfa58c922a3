"""Changes of several offers at once: seen before, refused where coupons are out, all or none."""

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any, Final

from django.contrib.auth.models import AbstractBaseUser
from django.db.models import Exists, OuterRef, Q, QuerySet

from coupons import offering
from coupons.models import Coupon, Offer, Redemption
from pos_integration import together
from pos_integration.together import Planned

FROZEN: Final = ("valid_from", "valid_to", "stores")
"""What is printed on coupons, of what may be changed here."""
_CHECKED = ("valid_from", "valid_to", "funder_share", "least_coupons", "most_coupons",
            "per_household", "expected_budget", "real_budget")  # fmt: skip


def plan(offers: QuerySet[Offer], wanted: Mapping[str, Any]) -> list[Planned]:
    """Say of each offer what would change and what stands against it; writes nothing.

    wanted: by field of Offer only what is to be changed; None empties it. `days` moves both dates
        by so many instead. `stores` is a list of Store; empty: everywhere.
    Raises ChangeError.
    """
    rows = together.few(offers.prefetch_related("stores").order_by("valid_from", "name", "pk"))
    promised = _promised([offer.pk for offer in rows])
    return [_of(offer, wanted, is_promised=offer.pk in promised) for offer in rows]


def change(offers: QuerySet[Offer], wanted: Mapping[str, Any], by: AbstractBaseUser) -> int:
    """Change all of these or none; returns how many did. Repeated, it changes nothing more
    unless `days` moves them again. Raises ChangeError.
    """
    # Coupons of these offers are printed before this or after it: none meanwhile.
    return together.change(
        offers, by, lambda locked: plan(locked, wanted), lambda offer: _write(offer, wanted)
    )


def _write(offer: Offer, wanted: Mapping[str, Any]) -> None:
    values = _values(offer, wanted)
    if "stores" in values:
        offer.stores.set(values.pop("stores"))
    if values:
        together.write(offer, values)


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
