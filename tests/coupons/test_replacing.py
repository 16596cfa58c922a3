"""Lost sheets: made void, replaced once, and never at odds with a till."""

import secrets
import threading
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import User
from django.db import connection, transaction
from django.utils import timezone

from coupons import replacing
from coupons.clearing import clear_redemptions
from coupons.models import Coupon, CouponLock, Mailing, OfferBarcode, Redemption, Refusal, Sheet
from coupons.replacing import ReplaceError
from tests import make
from tests.coupons import tills
from tests.coupons.tills import Till, said

DAY = timedelta(days=1)


class Lost:
    """A mailing that is out, with a sheet of three coupons that got lost."""

    def __init__(self, state: str = "mailed") -> None:
        self.store = make.store()
        self.till = Till(self.store)
        self.desk = User.objects.create(username="desk")
        today = timezone.localdate()
        self.mailing = make.mailing(state=state)
        Mailing.objects.update(valid_from=today - 3 * DAY, valid_to=today + 3 * DAY)
        self.coupons = []
        for position, worth in enumerate(("0.50", "1.00", "0.25"), 1):
            coupon = tills.coupon(self.store, make.offer(worth))
            if position == 1:
                self.sheet = coupon.sheet
            old = coupon.sheet
            coupon.sheet, coupon.position = self.sheet, position
            coupon.chance, coupon.value, coupon.tag = position / 10, 0.5, "back"
            coupon.reason = f"Reason {position}"
            coupon.save()
            if old != self.sheet:
                old.delete()
            self.coupons.append(coupon)
        self.sheet.mailing, self.sheet.number = self.mailing, 7
        self.sheet.savings, self.sheet.language = Decimal("1.75"), "de"
        self.sheet.save()
        self.home = self.sheet.household

    def replace(self, sheet: Sheet | None = None, why: str = "lost in the post") -> Sheet:
        return replacing.replace(sheet or self.sheet, self.desk, why)


@pytest.fixture
def lost(db) -> Lost:
    return Lost()


def states(sheet: Sheet) -> list[str]:
    return list(sheet.coupons.order_by("position").values_list("state", flat=True))


def test_a_lost_sheet_is_void_and_another_stands_in_its_place(lost):
    made = lost.replace()

    assert states(lost.sheet) == ["void"] * 3
    assert states(made) == ["open"] * 3
    assert lost.sheet.voided_at is not None
    assert (made.replaces, made.number, made.household) == (lost.sheet, 8, lost.home)
    assert (made.savings, made.language, made.mailing) == (Decimal("1.75"), "de", lost.mailing)
    kept = (
        *("position", "offer", "level", "valid_from", "valid_to", "chance", "value"),
        *("drawn_share", "tag", "reason", "staff_reason"),
    )
    old, new = (sheet.coupons.order_by("position") for sheet in (lost.sheet, made))
    assert list(new.values(*kept)) == list(old.values(*kept))
    assert not {one.code for one in old} & {one.code for one in new}


def test_what_was_used_before_is_not_given_again(lost):
    assert lost.till.redeem(lost.coupons[1]).status_code == 201
    made = lost.replace()
    assert states(lost.sheet) == ["void", "redeemed", "void"]
    assert made.savings == Decimal("0.75")
    assert list(made.coupons.order_by("position").values_list("position", "reason")) == [
        (1, "Reason 1"),
        (2, "Reason 3"),
    ]


def test_a_till_is_told_that_the_lost_coupon_is_void_and_honours_the_new_one(lost):
    held = lost.till.lock(lost.coupons[0]).json()["lock"]
    new = lost.replace().coupons.get(offer=lost.coupons[0].offer)
    assert not CouponLock.objects.exists()
    refused = lost.till.redeem(lost.coupons[0], lock=held)
    assert said(refused) == (410, "expired")
    assert "now void" in refused.json()["detail"]
    assert lost.till.look(lost.coupons[0]).json()["state"] == "void"
    assert lost.till.redeem(new).status_code == 201


def test_a_lost_coupon_that_comes_in_later_is_refused(lost):
    lost.replace()
    record = make.redemption_record(lost.coupons[0].code, day=timezone.localdate())
    assert clear_redemptions() == {"refusal": 1}
    assert record.refusal.reason == Refusal.Reason.VOID


def test_a_new_sheet_goes_to_where_the_household_lives_now(lost):
    assert lost.replace().address == "Ada Example\n1 Sample Lane\nExampleton 00000"
    lost.home.address.street = "2 New Road"
    lost.home.address.region = "ZZ"
    lost.home.address.save()
    again = lost.replace(Sheet.objects.latest("number"))
    assert again.address == "Ada Example\n2 New Road\nExampleton, ZZ 00000"
    lost.home.address.delete()
    last = lost.replace(again)
    assert last.address == again.address


def test_a_sheet_is_replaced_once_and_its_replacement_may_be_lost_too(lost):
    made = lost.replace()
    with pytest.raises(ReplaceError, match="sheet 7' was replaced by sheet 8 already"):
        lost.replace()
    third = lost.replace(made)
    assert (third.number, third.replaces) == (9, made)
    assert Coupon.objects.filter(state="open").count() == 3


def test_what_was_made_void_first_is_replaced_later(lost):
    assert replacing.void(lost.sheet, lost.desk, "stolen") == 3
    assert replacing.void(lost.sheet, lost.desk, "stolen") == 0
    since = lost.sheet.voided_at
    made = lost.replace(why="has called")
    assert states(made) == ["open"] * 3
    lost.sheet.refresh_from_db()
    assert lost.sheet.voided_at == since


def test_who_did_it_and_why_is_in_the_history(lost):
    made = lost.replace(why="  eaten by the dog ")
    told = LogEntry.objects.order_by("pk").values_list("user", "object_id", "change_message")
    assert list(told) == [
        (lost.desk.pk, str(lost.sheet.pk), "Lost, sheet 8 stands in its place: eaten by the dog"),
        (lost.desk.pk, str(made.pk), "In place of sheet 7: eaten by the dog"),
    ]


@pytest.mark.parametrize("why", ["", "  ", "x" * 201])
def test_nothing_is_replaced_without_a_word_why(lost, why):
    with pytest.raises(ReplaceError, match="Say why"):
        lost.replace(why=why)
    assert states(lost.sheet) == ["open"] * 3


def test_a_sheet_of_which_everything_was_used_is_not_replaced(lost):
    lost.sheet.coupons.update(state="redeemed")
    with pytest.raises(ReplaceError, match="was used: nothing is left to replace"):
        lost.replace()
    lost.sheet.refresh_from_db()
    assert lost.sheet.voided_at is None


@pytest.mark.parametrize("state", ["draft", "selected", "approved", "closed"])
def test_only_sheets_that_are_out_are_replaced(lost, state):
    Mailing.objects.update(state=state)
    for act in (replacing.void, replacing.replace):
        with pytest.raises(ReplaceError, match="from when they are issued until it is closed"):
            act(lost.sheet, lost.desk, "lost")


def test_nothing_is_replaced_after_its_last_day(lost):
    Mailing.objects.update(valid_to=timezone.localdate() - DAY)
    with pytest.raises(ReplaceError, match="was good until"):
        lost.replace()


# At once, with real threads and real locks.


def at_once(*acts):
    """What each of these came to, begun together, each on a connection of its own."""
    start = threading.Barrier(len(acts))
    came: list[Any] = [None] * len(acts)

    def act(place, do):
        try:
            start.wait(5)
            came[place] = do()
        except Exception as error:
            came[place] = error
        finally:
            connection.close()

    threads = [threading.Thread(target=act, args=one) for one in enumerate(acts)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    return came


@pytest.mark.django_db(transaction=True)
def test_two_people_at_once_make_one_replacement():
    lost = Lost()
    came = at_once(*[lambda: lost.replace(Sheet.objects.get(number=7))] * 4)
    made = Sheet.objects.get(replaces=lost.sheet)
    assert [one for one in came if isinstance(one, Sheet)] == [made]
    assert sum(isinstance(one, ReplaceError) for one in came) == 3
    assert Coupon.objects.filter(state="open").count() == 3


@pytest.mark.django_db(transaction=True)
def test_two_sheets_of_one_mailing_at_once_get_numbers_of_their_own():
    lost = Lost()
    other = tills.coupon(lost.store, make.offer()).sheet
    Sheet.objects.filter(pk=other.pk).update(mailing=lost.mailing, number=6)
    other.refresh_from_db()
    came = at_once(lost.replace, lambda: lost.replace(other))
    assert sorted(one.number for one in came) == [8, 9]


@pytest.mark.django_db(transaction=True)
def test_a_serial_number_that_another_took_at_the_same_moment_is_drawn_again(monkeypatch):
    lost = Lost()
    OfferBarcode.objects.create(
        offer=lost.coupons[0].offer, symbology="databar", content="255",
        company_prefix="9501101", reference="00001",
    )  # fmt: skip
    theirs = tills.coupon(lost.store)
    draws = iter([7, 8])
    monkeypatch.setattr(secrets, "randbelow", lambda end: next(draws))
    came = []

    def desk():
        try:
            came.append(lost.replace())
        finally:
            connection.close()

    with transaction.atomic():
        Coupon.objects.filter(pk=theirs.pk).update(serial=10**11 + 7)
        thread = threading.Thread(target=desk)
        thread.start()
        thread.join(0.3)
        assert thread.is_alive()  # it drew the same, and waits to see whether that stays
    thread.join(10)
    serials = came[0].coupons.order_by("position").values_list("serial", flat=True)
    assert list(serials) == [10**11 + 8, None, None]


@pytest.mark.django_db(transaction=True)
def test_a_coupon_that_a_till_is_honouring_is_used_and_not_replaced():
    lost = Lost()
    came = []

    def desk():
        try:
            came.append(lost.replace())
        finally:
            connection.close()

    with transaction.atomic():
        coupon = Coupon.objects.select_for_update().get(pk=lost.coupons[0].pk)
        thread = threading.Thread(target=desk)
        thread.start()
        thread.join(0.3)
        assert thread.is_alive()  # it waits for the till
        coupon.state = Coupon.State.REDEEMED
        coupon.save()
    thread.join(10)
    assert states(lost.sheet) == ["redeemed", "void", "void"]
    assert came[0].coupons.count() == 2


@pytest.mark.django_db(transaction=True)
def test_a_till_at_the_same_moment_finds_the_coupon_used_or_void():
    lost = Lost()
    till = lost.till.redeem
    answers = at_once(lost.replace, *[lambda c=c: till(c, amount="0.25") for c in lost.coupons])[1:]
    used = [answer.status_code == 201 for answer in answers]
    assert {said(one) for one, good in zip(answers, used, strict=True) if not good} <= {
        (410, "expired")
    }
    assert states(lost.sheet) == ["redeemed" if good else "void" for good in used]
    assert Redemption.objects.count() == sum(used)
    assert Coupon.objects.filter(state="open").count() == 3 - sum(used)
