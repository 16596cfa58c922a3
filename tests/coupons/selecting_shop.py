"""A small shop that coupons are selected for, and what came of a selection, by household."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

from django.db import transaction
from django.test import override_settings

from coupons import selecting
from coupons.models import Mailing, Offer, Recipient, Selection
from coupons.pieces import Chosen
from coupons.selecting import SelectionError
from loyalty import rebuild
from loyalty.models import Consent, Household
from tests.coupons import test_responding
from tests.coupons.test_responding import DAY, TODAY, Shop

HOMES = 24


@contextmanager
def built(homes: int = HOMES) -> Iterator[Shop]:
    """The shop of test_responding with fewer households, after the night before TODAY."""
    usual, test_responding.HOMES = test_responding.HOMES, homes
    try:
        with override_settings(LOYALTY_BUCKETS=4, LOYALTY_ENGINE="loop"):
            shop = Shop()
            rebuild.rebuild(TODAY)
            yield shop
    finally:
        test_responding.HOMES = usual


@contextmanager
def standing(blocker: Any, homes: int = HOMES) -> Iterator[Shop]:
    """The same for all tests of a module: what each of them does is undone after it."""
    whole: Any = transaction.atomic()
    whole._from_testcase = True  # work that asks for a transaction of its own gets it
    with blocker.unblock(), whole, built(homes) as shop:
        yield shop
        transaction.set_rollback(True)


def mailing(shop: Shop, **fields: Any) -> Mailing:
    """A draft to every household, with every offer, unless it is said otherwise."""
    usual: dict[str, Any] = {
        "code": "spring", "name": "Spring", "issue_on": TODAY, "valid_from": TODAY,
        "valid_to": TODAY + 20 * DAY, "coupons_per_sheet": 4, "holdout_share": 0,
    }  # fmt: skip
    made = Mailing.objects.create(**usual | fields)
    made.offers.set(shop.offers)
    Recipient.objects.bulk_create(Recipient(mailing=made, household=home) for home in shop.homes)
    return made


def change(offer: Offer, **fields: Any) -> None:
    Offer.objects.filter(pk=offer.pk).update(**fields)


def said(home: Household, purpose: str, *, is_granted: bool) -> None:
    Consent.objects.create(
        household=home, purpose=purpose, is_granted=is_granted,
        said_at=datetime(2026, 2, 1, 12, tzinfo=UTC), source="desk",
    )  # fmt: skip


def in_use(mailing: Mailing) -> Selection:
    mailing.refresh_from_db()
    assert mailing.selection is not None
    return mailing.selection


def pieces(selection: Selection) -> dict[int, Chosen]:
    found = selection.pieces.order_by("bucket")
    return {piece.bucket: Chosen.from_bytes(bytes(piece.chosen or b"")) for piece in found}


def chosen(selection: Selection, *, ghosts: bool = False) -> dict[int, list[tuple[int, int]]]:
    """By household, offers and levels in the order of its sheet."""
    told = {}
    for piece in pieces(selection).values():
        pairs = list(zip(piece.offer.tolist(), piece.level.tolist(), strict=True))
        for at, home in enumerate(piece.households.tolist()):
            if piece.is_ghost[at] == ghosts:
                told[home] = pairs[piece.starts[at] : piece.starts[at + 1]]
    return told


def written(selection: Selection) -> list[bytes]:
    return [bytes(piece.chosen or b"") for piece in selection.pieces.order_by("bucket")]


def refused(mailing: Mailing, **fields: Any) -> tuple[str, ...]:
    """The sentences with which a selection is refused; the mailing is as it was."""
    before = Mailing.objects.values().get(pk=mailing.pk)
    try:
        selecting.select(mailing, **fields)
    except SelectionError as error:
        assert Mailing.objects.values().get(pk=mailing.pk) == before
        return error.sentences
    raise AssertionError("it was not refused")
