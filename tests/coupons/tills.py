"""A till of the shop: signed in, with a coupon that is good today and words for its calls."""

from datetime import timedelta
from typing import Any

from rest_framework.test import APIClient

from coupons.models import Coupon, Offer
from coupons.sheets import codes
from coupons.till import store_today
from pos_integration.models import Store
from tests import make

OATS = make.OATS[1:]  # as scanned


class Till(APIClient):
    """A till of a store, number 12 unless said otherwise."""

    def __init__(self, store: Store, number: int = 12, *, collector: bool = False) -> None:
        self.terminal, self.token = make.terminal(store, number=number)
        if collector:
            self.terminal.is_collector = True
            self.terminal.save()
        super().__init__(headers={"Authorization": f"Bearer {self.token}"})

    def key(self, receipt: str = "1", **changes: Any) -> dict[str, Any]:
        """The key of a receipt of today."""
        store = self.terminal.store
        return {
            "store": store.number,
            "till": self.terminal.number,
            "business_date": store_today(store).isoformat(),
            "receipt": receipt,
            **changes,
        }

    def basket(self, receipt: str = "1", *lines: Any, **changes: Any) -> dict[str, Any]:
        """A basket of today: one oat drink at 2.00 unless lines are given."""
        return {**self.key(receipt), "lines": list(lines) or [line()], **changes}

    def say(self, path: str, body: Any, key: str = "", method: str = "post") -> Any:
        headers = {"Idempotency-Key": key} if key else {}
        call = getattr(self, method)
        return call(f"/api/v1/{path}", body, format="json", headers=headers)

    def look(self, coupon: Coupon, **query: str) -> Any:
        return self.get(f"/api/v1/{path_of(coupon)}", query)

    def lock(self, coupon: Coupon, receipt: str = "1", key: str = "", **more: Any) -> Any:
        body = {"basket": self.basket(receipt), **more}
        return self.say(f"{path_of(coupon)}/lock", body, key)

    def redeem(
        self, coupon: Coupon, receipt: str = "1", amount: str = "0.50", key: str = "", **more: Any
    ) -> Any:
        body = {"basket_key": self.key(receipt), "amount": amount, **more}
        return self.say(f"{path_of(coupon)}/redeem", body, key)

    def release(self, coupon: Coupon, lock: str, key: str = "") -> Any:
        return self.say(f"{path_of(coupon)}/release", {"lock": lock}, key)

    def reverse(self, redemption: str, reason: str = "refund", key: str = "") -> Any:
        return self.say(f"redemptions/{redemption}/reverse", {"reason": reason}, key)


def path_of(coupon: Coupon) -> str:
    return f"coupons/{codes.grouped(coupon.code)}"


def line(number: int = 1, code: str = OATS, amount: str = "2.00", **more: Any) -> dict[str, Any]:
    return {"line": number, "code": code, "quantity": "1", "amount": amount, **more}


def coupon(store: Store, offer: Offer | None = None) -> Coupon:
    """0.50 off an oat drink, good at `store` for a week before and after today."""
    made = make.coupon(codes.mint(), offer)
    today = store_today(store)
    made.valid_from, made.valid_to = today - timedelta(days=7), today + timedelta(days=7)
    made.save()
    return made


def said(answer: Any) -> tuple[int, str]:
    """The status and, of a problem, its code."""
    return answer.status_code, answer.json().get("code", "") if answer.status_code >= 400 else ""
