"""A small shop with a history, its staff, its tills' own calls, and the queue worked off.

Dates hang on today: a mailing of these tests is issued, used and measured on the day they run.
"""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from importlib import import_module
from typing import Any
from urllib.error import HTTPError
from urllib.request import Request, urlopen

from django.contrib.auth.models import Group, User
from django_q.models import OrmQ
from rest_framework.test import APIClient

from coupons import mailing as mailings
from coupons import nightly
from coupons.groups import ensure_groups
from coupons.models import Mailing, Offer, Recipient, Theme
from loyalty.models import Address, Card, Household, slot_of
from pos_integration import catalogue
from pos_integration.models import Category, Product, Store, StoreStaff
from tests import make

TODAY = date.today()  # noqa: DTZ011 - the shop's day, as the test's own clock has it
PASSWORD = "correct-horse-battery"
AISLES = {
    "Oats": ("1001", "Oat drink 1 l"),
    "Bread": ("1002", "Sourdough loaf"),
    "Coffee": ("1003", "Dark roast coffee"),
    "Apples": ("1004", "Elstar apples"),
    "Cheese": ("1005", "Mountain cheese"),
    "Laundry": ("1006", "Laundry liquid"),
}
FIRST = ("Ada", "Ben", "Cleo", "Dora", "Emil", "Finn", "Greta", "Hugo", "Ida", "Jonas")
LAST = ("Example", "Sample", "Muster", "Modell", "Probe", "Groß-Łuk")


@dataclass
class Shop:
    """Store 330 and its households, oldest first: the household at `n` has the card `card n`.

    `away` is one that shops at store 331.
    """

    store: Store
    homes: list[Household]
    token: str  # of its till 12
    away: Household


def build(households: int) -> Shop:
    """Goods of six aisles, two stores, and households with 90 days of shopping; the night has run.

    The last household shops at the other store, the rest at the first.
    """
    ensure_groups()
    catalogue.load_products(
        [
            {"code": code, "name": name, "department": "Grocery", "category": aisle, "type": name}
            for aisle, (code, name) in AISLES.items()
        ]
    )
    store = make.store("330")
    _, token = make.terminal(store, number=12)
    homes = _households(households)
    other, others_token = make.terminal(make.store("331"), number=12)
    Store.objects.filter(pk=other.store_id).update(name="Station Square")
    last = households - 1
    sells(token, [sale for n in range(last) for sale in _shopping(n)])
    sells(others_token, [{**sale, "store": "331"} for sale in _shopping(last)])
    nightly.night(TODAY)
    return Shop(store, homes, token, homes[last])


def sells(token: str, sales: list[dict[str, Any]], rejected: int = 0) -> None:
    """Sales as the till with this token sends them, of which so many cannot be read."""
    till = APIClient(headers={"Authorization": f"Bearer {token}"})
    told = till.post("/api/v1/uploads", {"baskets": sales}, format="json").json()
    assert (told["accepted"], told["rejected"]) == (len(sales) - rejected, rejected), told


def invite(mailing: Mailing) -> None:
    """Every household there is, by hand."""
    homes = Household.objects.order_by("pk")
    Recipient.objects.bulk_create(Recipient(mailing=mailing, household=one) for one in homes)


def mailed(home: str = "", **fields: Any) -> Mailing:
    """A mailing as `issued` makes it, which the post has taken."""
    mailing = issued(home, **fields)
    mailings.mark_printed(mailing)
    mailings.mark_mailed(mailing)
    return mailing


def issued(home: str = "", **fields: Any) -> Mailing:
    """A mailing to every household there is, an offer an aisle, whose coupons are promised.

    home: the address below which its sheets' own pages are; "" for none on paper.
    """
    mailing = Mailing.objects.create(
        **{
            "code": "favourites",
            "name": "Favourites",
            "issue_on": TODAY,
            "valid_from": TODAY,
            "valid_to": TODAY + timedelta(days=28),
            "coupons_per_sheet": 4,
            "objective": "redemptions",
            "holdout_share": 0,
            "theme": Theme.objects.create(name="Ours", home=home, is_default=True),
            **fields,
        }
    )
    for code, name in AISLES.values():
        goods = Product.objects.select_related("category").get(code=code)
        offer = Offer.objects.create(
            code=f"O-{code}",
            name=name,
            face_value=Decimal("0.50"),
            category=Category.objects.get(level="category", children=goods.category),
            terms="Once per household, at any of our stores.",
            funder=make.funder("Greenfield"),
            valid_from=mailing.valid_from,
            valid_to=TODAY + timedelta(days=60),
        )
        offer.products.add(goods)
        mailing.offers.add(offer)
    invite(mailing)
    mailings.select_and_issue(mailing)
    return mailing


def _households(count: int) -> list[Household]:
    names = [f"{FIRST[n % len(FIRST)]} {LAST[n // len(FIRST) % len(LAST)]}" for n in range(count)]
    homes = Household.objects.bulk_create(
        Household(name=name, joined_on=date(2025, 1, 1), slot=slot_of(f"card {n}"))
        for n, name in enumerate(names)
    )
    Card.objects.bulk_create(
        Card(household=home, number=f"card {n}", claimed_on=date(2025, 1, 1))
        for n, home in enumerate(homes)
    )
    Address.objects.bulk_create(
        Address(
            household=home, street=f"{n} Sample Lane", postcode=f"{70 + n:05}", city="Exampleton"
        )
        for n, home in enumerate(homes)
    )
    return homes


def basket(
    card: str, day: date, receipt: str, codes: Iterable[str], coupons: Iterable[Any] = ()
) -> dict[str, Any]:
    """A sale at till 12, every item at 3.00."""
    return {
        "store": "330",
        "till": 12,
        "business_date": day.isoformat(),
        "receipt": receipt,
        "ended_at": f"{day.isoformat()}T00:00:26",
        "kind": "sale",
        "card": card,
        "currency": "USD",
        "lines": [
            {"line": n, "code": code, "quantity": "1", "amount": "3.00"}
            for n, code in enumerate(codes, 1)
        ],
        "coupons": list(coupons),
    }


def _shopping(n: int) -> Iterable[dict[str, Any]]:
    """Two aisles at a household's pace, a third once a month."""
    codes = [code for code, _ in AISLES.values()]
    for ago in range(1 + n % 3, 90, 4 + n % 9):
        bought = [codes[n % 6], codes[(n + 1) % 6]] + ([codes[(n + 2) % 6]] if ago % 4 == 1 else [])
        yield basket(f"card {n}", TODAY - timedelta(days=ago), f"{n}-{ago}", bought)


def staff(name: str, group: str, *, email: str = "", store: Store | None = None) -> User:
    """Somebody of one group, and of no other; of one store, where it is named."""
    user = User.objects.create_user(name, email, PASSWORD, is_staff=True)
    user.groups.add(Group.objects.get(name=group))
    if store is not None:
        StoreStaff.objects.create(user=user, store=store)
    return user


def work_off() -> list[str]:
    """Do what waits in the queue, each once, as its workers would; returns what was done."""
    done = []
    for row in OrmQ.objects.order_by("pk"):
        task = row.task
        module, _, name = task["func"].rpartition(".")
        getattr(import_module(module), name)(*task["args"], **task["kwargs"])
        done.append(task["func"])
        row.delete()
    return done


def call(server: str, token: str, path: str, body: Any = None) -> tuple[int, Any]:
    """A till's call over HTTP: POST where there is a body, else GET. Its status and answer."""
    said = json.dumps(body).encode() if body is not None else None
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
    asked = Request(f"{server}/api/v1/{path}", said, headers)
    try:
        with urlopen(asked, timeout=20) as answer:
            return answer.status, json.load(answer)
    except HTTPError as refused:
        with refused:
            return refused.code, json.load(refused)
