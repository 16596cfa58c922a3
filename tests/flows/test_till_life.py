"""The life of coupons at the tills: whatever tills do in whatever order, the rows agree.

A model of one page says what each call must answer; hypothesis looks for calls in an order that
makes the real API disagree.
"""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest
from django.db import transaction
from django.utils import timezone
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from coupons.models import Coupon, CouponLock, Offer, Redemption, TillAnswer, TillMiss
from coupons.till import store_today
from tests import make
from tests.coupons import tills
from tests.coupons.tills import Till, said

TILLS = st.integers(0, 2)  # two of one store, and one of another
COUPONS = st.integers(0, 2)  # two that come back after a return, and one that stays used
RECEIPTS = st.sampled_from(["1", "2"])

Receipt = tuple[int, str]  # till and number


@dataclass
class Promise:
    """What the model knows of a coupon."""

    coupon: Coupon
    comes_back: bool
    is_open: bool = True
    in_date: bool = True
    held_for: Receipt | None = None
    lock: str = ""  # the last token, whoever holds it
    redemption: str = ""
    redeemed_at: int = 0  # till
    uses: int = 0

    @property
    def state(self) -> str:
        if not self.is_open:
            return "redeemed"
        if not self.in_date:
            return "expired"
        return "locked" if self.held_for else "good"


class TillLife(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.example = transaction.atomic()
        self.example.__enter__()

    def teardown(self) -> None:
        try:
            for promise in getattr(self, "promises", []):
                self.last = promise
                self.the_rows_agree()
            assert TillAnswer.objects.count() == len(getattr(self, "kept", {}))
        finally:
            transaction.set_rollback(True)
            self.example.__exit__(None, None, None)

    @initialize()
    def open_shop(self) -> None:
        home, away = make.store(), make.store()
        self.tills = [Till(home, 1), Till(home, 2), Till(away, 3)]
        # Each of a stacking group of its own, so that they go together on one item.
        self.promises = []
        for number in range(3):
            offer = make.offer("0.50")
            offer.stacking_group = f"group-{number}"
            offer.after_return = Offer.AfterReturn.USED if number == 2 else "good_again"
            offer.save()
            self.promises.append(Promise(tills.coupon(home, offer), number != 2))
        self.kept: dict[tuple[int, str], tuple[Any, bytes]] = {}
        self.keys = 0

    def say(self, till: int, act: str, number: int, *words: Any, **more: Any) -> Any:
        """Make a call under a new key, and again under it: the answers must be the same."""
        self.keys += 1
        key = f"k{self.keys}"
        call = getattr(self.tills[till], act)
        promise = self.last = self.promises[number]
        target = promise.redemption if act == "reverse" else promise.coupon

        def again() -> Any:
            return call(target, *words, key=key, **more)

        first = again()
        second = again()
        assert (second.status_code, second.content) == (first.status_code, first.content)
        self.kept[till, key] = (again, first.content)
        return first

    @rule(till=TILLS, number=COUPONS, receipt=RECEIPTS)
    def lock(self, till: int, number: int, receipt: str) -> None:
        promise = self.promises[number]
        answer = self.say(till, "lock", number, receipt)
        if not promise.is_open:
            assert said(answer) == (409, "already_redeemed")
        elif not promise.in_date:
            assert said(answer) == (410, "expired")
        elif promise.held_for not in (None, (till, receipt)):
            assert said(answer) == (409, "locked")
        else:
            assert answer.status_code == 200, answer.content
            told = answer.json()
            assert (told["amount"], told["line"]) == ("0.50", 1)
            assert promise.held_for is None or told["lock"] == promise.lock
            promise.held_for, promise.lock = (till, receipt), told["lock"]

    @rule(
        till=TILLS,
        number=COUPONS,
        receipt=RECEIPTS,
        with_token=st.booleans(),
        amount=st.sampled_from(["0.00", "0.50", "0.51"]),
    )
    def redeem(self, till: int, number: int, receipt: str, with_token: bool, amount: str) -> None:
        promise = self.promises[number]
        token = promise.lock if with_token else ""
        answer = self.say(till, "redeem", number, receipt, amount, lock=token)
        if not promise.is_open:
            assert said(answer) == (409, "already_redeemed")
        elif not promise.in_date:
            assert said(answer) == (410, "expired")
        elif promise.held_for not in (None, (till, receipt)):
            assert said(answer) == (409, "locked")
        elif amount == "0.51":
            assert said(answer) == (422, "over_value")
        else:
            assert answer.status_code == 201, answer.content
            promise.redemption, promise.redeemed_at = answer.json()["redemption"], till
            promise.is_open, promise.held_for = False, None
            promise.uses += 1

    @rule(till=TILLS, number=COUPONS)
    def release(self, till: int, number: int) -> None:
        promise = self.promises[number]
        answer = self.say(till, "release", number, promise.lock or "none")
        is_ours = promise.held_for is not None and (promise.held_for[0] == 2) == (till == 2)
        assert answer.json() == {"released": is_ours}
        if is_ours:
            promise.held_for = None

    @precondition(lambda self: any(one.redemption for one in self.promises))
    @rule(till=TILLS, number=COUPONS)
    def reverse(self, till: int, number: int) -> None:
        promise = self.promises[number]
        if not promise.redemption:
            return
        answer = self.say(till, "reverse", number)
        if (till == 2) != (promise.redeemed_at == 2):
            assert said(answer) == (404, "unknown_redemption")
            TillMiss.objects.all().delete()  # or this till would soon be locked out
            return
        assert answer.status_code == 200, answer.content
        row = Redemption.objects.get(pk=promise.redemption)
        assert row.reversed_at is not None
        if promise.uses and promise.comes_back:
            promise.is_open = True
        promise.uses = 0
        assert answer.json()["coupon_state"] == ("open" if promise.is_open else "redeemed")

    @rule(number=COUPONS)
    def time_out(self, number: int) -> None:
        promise = self.last = self.promises[number]
        CouponLock.objects.filter(coupon=promise.coupon).update(
            expires_at=timezone.now() - timedelta(seconds=1)
        )
        promise.held_for = None

    @rule(number=COUPONS, in_date=st.booleans())
    def move_the_calendar(self, number: int, in_date: bool) -> None:
        promise = self.last = self.promises[number]
        today = store_today(self.tills[0].terminal.store)
        Coupon.objects.filter(pk=promise.coupon.pk).update(
            valid_to=today + timedelta(days=7 if in_date else -2)
        )
        promise.in_date = in_date

    @precondition(lambda self: bool(self.kept))
    @rule(data=st.data())
    def ask_again_much_later(self, data: st.DataObject) -> None:
        again, content = self.kept[data.draw(st.sampled_from(sorted(self.kept)))]
        assert again().content == content

    @invariant()
    def the_rows_agree(self) -> None:
        promise = getattr(self, "last", None)
        if promise is None:
            return
        uses = Redemption.objects.filter(coupon=promise.coupon, reversed_at=None).count()
        assert uses == promise.uses <= 1
        assert self.tills[0].look(promise.coupon).json()["state"] == promise.state
        now = timezone.now()
        tokens = CouponLock.objects.filter(coupon=promise.coupon, expires_at__gt=now)
        held = [promise.lock] if promise.held_for else []
        assert list(tokens.values_list("token", flat=True)) == held


@pytest.mark.django_db
def test_whatever_tills_do_in_whatever_order_the_rows_agree():
    run_state_machine_as_test(
        TillLife, settings=settings(max_examples=10, stateful_step_count=20, deadline=None)
    )
