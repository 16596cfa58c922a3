"""Copies of offers: the same worth, words, rules and limits, on days that follow on."""

import re
from datetime import timedelta
from typing import Any

from django.contrib.admin.models import ADDITION, LogEntry
from django.contrib.auth.models import AbstractBaseUser
from django.db import transaction

from coupons.models import (
    Offer,
    OfferLevel,
    OfferProduct,
    OfferRule,
    OfferText,
)

_AT_ONCE = 2_000
_LONGEST = 40  # characters of a code
_OWN = ("code", "valid_from", "valid_to", "shared_code", "circulation")
"""What a copy does not take over as it is."""


@transaction.atomic
def copy(offer: Offer, by: AbstractBaseUser, code: str = "") -> tuple[Offer, bool]:
    """Make a copy and return it, and whether it is new: of one code there is one copy.

    Its days begin where the offer's end, as many of them. Levels, words, rules or products,
    stores and the photograph come along; coupons, the code for everybody, the copies handed out
    elsewhere and the barcode's reference, which names one offer, do not.

    code: of the copy; empty for the next that is free. One that is taken by an offer with the
        same name is that copy; by another: ValueError.
    """
    wanted = code or next_code(offer.code)
    # Whoever asks twice, even at once, gets one copy: the second waits here.
    Offer.objects.select_for_update().get(pk=offer.pk)
    before = Offer.objects.filter(code=wanted).first()
    if before is not None:
        if before.name != offer.name or before.pk == offer.pk:
            raise ValueError(f"The code {wanted} is taken by '{before}': choose another.")
        return before, False
    days = (offer.valid_to - offer.valid_from).days + 1
    made = Offer(
        **{
            field.attname: getattr(offer, field.attname)
            for field in Offer._meta.concrete_fields
            if not field.primary_key and field.name not in _OWN
        },
        code=wanted,
        valid_from=offer.valid_from + timedelta(days=days),
        valid_to=offer.valid_to + timedelta(days=days),
    )
    made.save(force_insert=True)
    _copy_rows(offer, made)
    LogEntry.objects.log_actions(by.pk, [made], ADDITION, f"Copied from {offer.code}.")
    return made, True


def _copy_rows(offer: Offer, made: Offer) -> None:
    models: tuple[type[Any], ...] = (OfferLevel, OfferText, OfferRule, OfferProduct)
    for model in models:
        names = [
            field.attname
            for field in model._meta.concrete_fields
            if not field.primary_key and field.name != "offer"
        ]
        rows = model._default_manager.filter(offer=offer).order_by("pk").values(*names)
        model._default_manager.bulk_create(
            [model(offer=made, **row) for row in rows], batch_size=_AT_ONCE
        )
    made.stores.set(offer.stores.all())


def next_code(code: str) -> str:
    """The first free code of the row that `code` is in: oats, oats-2, oats-3.

    A number that the code ends in by itself, as of a week, is left: `w12` becomes `w12-2`.
    """
    found = re.fullmatch(r"(.+)-(\d{1,3})", code)
    stem, number = (found[1], int(found[2])) if found else (code, 1)
    stem = stem[: _LONGEST - 5]
    taken = set(Offer.objects.filter(code__startswith=f"{stem}-").values_list("code", flat=True))
    while (wanted := f"{stem}-{number + 1}") in taken:
        number += 1
    return wanted
