"""Make one valid row, whatever the test does not care about filled in."""

from datetime import UTC, date, datetime
from decimal import Decimal
from itertools import count

from django.utils import timezone

from coupons.models import Coupon, Funder, Mailing, Offer, OfferProduct, Sheet
from coupons.sheets import codes
from loyalty.models import Address, Card, Household, slot_of
from pos_integration import auth
from pos_integration.models import (
    Basket,
    BasketLine,
    Category,
    Product,
    RedemptionRecord,
    Store,
    Terminal,
    Upload,
)

_serial = count(1)
OATS = "05012345678900"
MARCH = (date(2026, 3, 1), date(2026, 3, 31))


def store(number: str | None = None, *, time_zone: str = "UTC") -> Store:
    return Store.objects.create(
        number=number or f"{next(_serial):04}",
        name="High Street",
        currency="USD",
        time_zone=time_zone,
    )


def terminal(store_: Store | None = None, number: int | None = None) -> tuple[Terminal, str]:
    """A till, which has called just now, and the token it signs in with."""
    terminal = Terminal.objects.create(
        store=store_ or store(), number=number or next(_serial), last_seen_at=timezone.now()
    )
    return terminal, auth.issue_token(terminal)


def category(name: str = "Oats", level: str = "category") -> Category:
    if level == "department":
        return Category.objects.get_or_create(level=level, parent=None, name="Grocery")[0]
    return Category.objects.get_or_create(
        level=level, parent=category(level="department"), name=name
    )[0]


def product(gtin: str = OATS, name: str = "Oat drink 1 l") -> Product:
    return Product.objects.get_or_create(
        gtin=gtin, defaults={"name": name, "category": category()}
    )[0]


def household(card: str | None = None, name: str = "Ada Example") -> Household:
    number = card or f"card-{next(_serial)}"
    household = Household.objects.create(
        name=name, joined_on=date(2025, 1, 1), slot=slot_of(number)
    )
    Card.objects.create(household=household, number=number, claimed_on=date(2025, 1, 1))
    Address.objects.create(
        household=household, street="1 Sample Lane", postcode="00000", city="Exampleton"
    )
    return household


def basket(card: str = "", day: date = date(2026, 3, 5), store_: Store | None = None) -> Basket:
    till, _ = terminal(store_)
    serial = next(_serial)
    return Basket.objects.create(
        store=till.store,
        till=till.number,
        business_date=day,
        receipt=str(serial),
        kind="sale",
        card_number=card,
        currency="USD",
        ended_at=datetime(day.year, day.month, day.day, 12, tzinfo=UTC),
        content_hash=b"",
        upload=Upload.objects.create(
            terminal=till, sha256=f"{serial:064}", body=b"", state="loaded"
        ),
    )


def line(basket_: Basket, product_: Product | None = None, amount: str = "2.00") -> BasketLine:
    product_ = product_ or product()
    return BasketLine.objects.create(
        basket=basket_,
        number=basket_.lines.count() + 1,
        product=product_,
        code=product_.gtin or product_.code or "",
        kind="sale",
        quantity=Decimal(1),
        amount=Decimal(amount),
        discount=Decimal(0),
    )


def funder(name: str = "Oat Works", handling_fee: str = "0.08") -> Funder:
    return Funder.objects.get_or_create(
        name=name, defaults={"handling_fee": Decimal(handling_fee)}
    )[0]


def offer(face_value: str = "0.50", *, shared_code: str | None = None) -> Offer:
    """Off OATS, good for March 2026."""
    made = Offer.objects.create(
        code=f"offer-{next(_serial)}",
        name="Oat drink",
        face_value=Decimal(face_value),
        category=category(),
        funder=funder(),
        valid_from=MARCH[0],
        valid_to=MARCH[1],
        shared_code=shared_code,
    )
    OfferProduct.objects.create(offer=made, product=product())
    return made


def mailing(code: str | None = None, **fields: object) -> Mailing:
    return Mailing.objects.create(
        code=code or f"mailing-{next(_serial)}",
        name="March favourites",
        issue_on=MARCH[0],
        valid_from=MARCH[0],
        valid_to=MARCH[1],
        **fields,
    )


def code(body: str) -> str:
    """A coupon code of these 12 characters and the right check character."""
    return body + codes.check_character(body)


def coupon(code: str, offer_: Offer | None = None) -> Coupon:
    """0.50 off OATS, good for March 2026."""
    home = household(card=f"card-{code}")
    sheet = Sheet.objects.create(
        mailing=mailing(), household=home, number=1, address="Ada", savings=Decimal("0.50")
    )
    return Coupon.objects.create(
        code=code,
        sheet=sheet,
        position=1,
        offer=offer_ or offer(),
        valid_from=MARCH[0],
        valid_to=MARCH[1],
        chance=0.1,
        tag="buy",
        reason="You buy this about every 9 days.",
        staff_reason="chance 0.10",
    )


def redemption_record(
    code: str,
    *,
    day: date = date(2026, 3, 5),
    gtin: str = OATS,
    amount: str = "0.50",
) -> RedemptionRecord:
    """A till's claim: `code` taken off the first line, an item `gtin`, of a basket on `day`."""
    sold = basket(day=day)
    line(sold, product(gtin))
    return RedemptionRecord.objects.create(
        basket=sold, position=0, line_number=1, code=code, amount=Decimal(amount)
    )
