"""Who may not: every call of the API, by a till of another store, a revoked one, and nobody."""

from datetime import timedelta

import pytest
from django.urls import URLResolver, get_resolver
from django.utils import timezone
from rest_framework.test import APIClient

from coupons.models import Coupon, CouponLock, Redemption
from loyalty.models import Card
from pos_integration import auth
from pos_integration.models import Basket, TerminalToken
from tests import make
from tests.coupons import tills
from tests.coupons.tills import Till


class World:
    """A store with a till, a stranger's store with another, and what the till did."""

    def __init__(self):
        self.home, self.away = make.store(), make.store()
        self.till, self.stranger = Till(self.home, 1), Till(self.away, 1)
        self.coupon = tills.coupon(self.home)
        self.card = Card.objects.get(number=f"card-{self.coupon.code}").number
        self.lock = self.till.lock(self.coupon).json()["lock"]
        used = self.till.redeem(tills.coupon(self.home, make.offer()), "2")
        self.redemption = used.json()["redemption"]
        upload = self.till.say("uploads", {"baskets": [self.till.basket("3")]})
        self.upload = upload.json()["upload"]

    def calls(self):
        """Every call of the API by its route, as the till of the home store would make it."""
        coupon, card = tills.path_of(self.coupon), f"cards/{self.card}"
        key = self.till.key("9")
        return {
            "uploads": ("post", "uploads", {"baskets": [self.till.basket("4")]}),
            "uploads/<int:pk>": ("get", f"uploads/{self.upload}", None),
            "coupons/<path:code>": ("get", coupon, None),
            "coupons/<path:code>/lock": (
                "post",
                f"{coupon}/lock",
                {"basket": self.till.basket("9")},
            ),
            "coupons/<path:code>/redeem": (
                "post",
                f"{coupon}/redeem",
                {"basket_key": key, "amount": "0.50", "lock": self.lock},
            ),
            "coupons/<path:code>/release": ("post", f"{coupon}/release", {"lock": self.lock}),
            "redemptions/<str:redemption>/reverse": (
                "post",
                f"redemptions/{self.redemption}/reverse",
                {"reason": "refund"},
            ),
            "cards/<str:card>/coupons": ("get", f"{card}/coupons", None),
            "cards/<str:card>/preferences": ("put", f"{card}/preferences", {"opt_outs": []}),
        }

    def state(self):
        """All that a call of somebody who may not must leave as it is."""
        return (
            list(Coupon.objects.order_by("pk").values_list("state", flat=True)),
            list(CouponLock.objects.values_list("token", "expires_at")),
            list(Redemption.objects.values_list("pk", "reversed_at")),
            Basket.objects.count(),
        )


@pytest.fixture
def world(db):
    return World()


def make_call(client, call):
    method, path, body = call
    if body is None:
        return getattr(client, method)(f"/api/v1/{path}")
    return getattr(client, method)(f"/api/v1/{path}", body, format="json")


# What a stranger's till is told: a coupon is good everywhere, so its worth; of the rest nothing.
FOREIGN = {
    "uploads": (201, None),  # the upload is kept; its baskets are rejects
    "uploads/<int:pk>": (404, "not_found"),
    "coupons/<path:code>": (200, None),
    "coupons/<path:code>/lock": (422, "foreign_store"),
    "coupons/<path:code>/redeem": (422, "foreign_store"),
    "coupons/<path:code>/release": (200, None),
    "redemptions/<str:redemption>/reverse": (404, "unknown_redemption"),
    "cards/<str:card>/coupons": (200, None),
    "cards/<str:card>/preferences": (200, None),
}


def routes():
    """Every route below /api/v1/ that belongs to tills."""
    found = []
    for entry in get_resolver().url_patterns:
        if isinstance(entry, URLResolver) and str(entry.pattern) == "api/v1/":
            found += [str(route.pattern) for route in entry.url_patterns]
    return found


def test_no_route_is_forgotten_here(world):
    assert sorted(routes()) == sorted(world.calls()) == sorted(FOREIGN)


@pytest.mark.parametrize("route", FOREIGN)
def test_a_till_of_another_store_changes_nothing_of_this_one(world, route):
    before = world.state()
    answer = make_call(world.stranger, world.calls()[route])
    status, code = FOREIGN[route]
    assert answer.status_code == status, answer.content
    if code:
        assert answer.json()["code"] == code
    assert world.state() == before
    if route == "uploads":
        assert [one["code"] for one in answer.json()["rejects"]] == ["foreign_store"]
    if route.endswith("/release"):
        assert answer.json() == {"released": False}


@pytest.mark.parametrize("route", FOREIGN)
def test_nobody_and_a_revoked_till_are_shown_the_door(world, route):
    before = world.state()
    call = world.calls()[route]
    strangers = [
        APIClient(),
        APIClient(headers={"Authorization": "Bearer nonsense"}),
        APIClient(headers={"Authorization": f"Basic {world.till.token}"}),
        APIClient(headers={"Authorization": "Bearer "}),
    ]
    TerminalToken.objects.filter(terminal=world.till.terminal).update(revoked_at=timezone.now())
    for client in (*strangers, world.till):
        answer = make_call(client, call)
        assert answer.status_code == 401
        assert answer["WWW-Authenticate"] == "Bearer"
        assert answer["Content-Type"] == "application/problem+json"
    assert world.state() == before


@pytest.mark.parametrize("route", FOREIGN)
def test_a_till_that_was_taken_out_of_service_is_shown_the_door(world, route):
    terminal = world.till.terminal
    terminal.revoked_at = timezone.now() - timedelta(seconds=1)
    terminal.save()
    assert make_call(world.till, world.calls()[route]).status_code == 401


@pytest.mark.parametrize("route", FOREIGN)
def test_its_own_till_may(world, route):
    answer = make_call(world.till, world.calls()[route])
    if route.endswith(("/lock", "/redeem")):  # held for receipt 1, and this is receipt 9
        assert answer.json()["code"] == "locked"
    else:
        assert answer.status_code in (200, 201), answer.content


def test_two_tokens_are_good_while_one_is_carried_to_the_till_and_a_revoked_one_at_once_not(world):
    terminal, first = world.till.terminal, world.till.token
    second = auth.issue_token(terminal)
    clients = [APIClient(headers={"Authorization": f"Bearer {token}"}) for token in (first, second)]
    path = f"/api/v1/{tills.path_of(world.coupon)}"
    assert [client.get(path).status_code for client in clients] == [200, 200]
    third = APIClient(headers={"Authorization": f"Bearer {auth.issue_token(terminal)}"})
    assert [client.get(path).status_code for client in (*clients, third)] == [401, 200, 200]
    TerminalToken.objects.filter(terminal=terminal).update(revoked_at=timezone.now())
    assert [client.get(path).status_code for client in (*clients, third)] == [401, 401, 401]
