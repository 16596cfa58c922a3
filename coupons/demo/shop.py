"""Set the demo's shop up: stores and tills, catalogue, households, campaigns with their offers."""

from collections import Counter
from collections.abc import Callable
from datetime import UTC, date, datetime, time
from decimal import Decimal
from typing import Any

import pandas as pd
from django.core.management.color import no_style
from django.db import connection, transaction

from coupons.demo import people, words
from coupons.demo.journey import CAMPAIGN, COUPONS_OF_A_TYPE_A_HOUSEHOLD, Journey
from coupons.demo.receipts import TILL
from coupons.models import Funder, Mailing, Offer, OfferProduct, Recipient, Theme
from coupons.sheets.pictures import picture_for
from loyalty.models import Address, Card, Consent, Household, slot_of
from pos_integration import bulk, catalogue
from pos_integration.models import Category, Product, Store, Terminal

HEAD_OFFICE = "HQ"
BATCH = 5_000
# Departments whose purchases say nothing of a household's needs, and one such category.
NOT_MODELLED = ("FUEL", "MISCELLANEOUS", "COUPON")
NOT_MODELLED_CATEGORY = "COUPON/MISC ITEMS"
MANY_PRODUCTS = 300  # a coupon for more than these is for a whole range: a percentage
Progress = Callable[[int, int], None]


def code_of(campaign: int) -> str:
    return f"campaign-{campaign}"


def open_shop(journey: Journey, progress: Progress) -> Terminal:
    """Make what is not there yet, and return the head office's collector, who sends the sales."""
    steps: list[Callable[[Journey], None]] = [
        *(_stores, _catalogue, _households, _offers, _theme, _mailings),
    ]
    for done, step in enumerate(steps):
        progress(done, len(steps))
        step(journey)
    progress(len(steps), len(steps))
    return Terminal.objects.get(store__number=HEAD_OFFICE, is_collector=True)


@transaction.atomic
def _stores(journey: Journey) -> None:
    numbers = sorted(journey.baskets["store"].unique().tolist())
    stores = [Store(number=HEAD_OFFICE, name="Head office", time_zone="America/New_York")]
    stores += [
        Store(number=str(number), name=f"Greenfield {number}", time_zone="America/New_York")
        for number in numbers
    ]
    Store.objects.bulk_create(stores, ignore_conflicts=True)
    Terminal.objects.bulk_create(
        [
            Terminal(store=store, number=TILL, is_collector=store.number == HEAD_OFFICE)
            for store in Store.objects.filter(number__in=[store.number for store in stores])
        ],
        ignore_conflicts=True,
    )


@transaction.atomic
def _catalogue(journey: Journey) -> None:
    table = journey.products
    if Product.objects.filter(is_listed=True).count() >= len(table):
        return
    text = table.fillna("")
    catalogue.load_products(
        pd.DataFrame(
            {
                "code": text["product_id"].astype(str),
                "name": [
                    words.item_name(kind, category) or words.plain(department) or "Item"
                    for kind, category, department in zip(
                        text["product_type"],
                        text["product_category"],
                        text["department"],
                        strict=True,
                    )
                ],
                "brand": [
                    "Greenfield" if brand == "Private" else f"Maker {maker}"
                    for brand, maker in zip(text["brand"], text["manufacturer_id"], strict=True)
                ],
                "size": [words.size_text(size) for size in text["package_size"]],
                "department": text["department"],
                "category": text["product_category"],
                "type": text["product_type"],
            }
        )
    )
    Category.objects.filter(level="department", name__in=NOT_MODELLED).update(is_modelled=False)
    Category.objects.filter(level="category", name=NOT_MODELLED_CATEGORY).update(is_modelled=False)


@transaction.atomic
def _households(journey: Journey) -> None:
    """Every card of the data is a household's; each gets a made-up name, address and its yes.

    In an empty database a household's id is its number in the data, so that whoever exports scores
    can compare them with the data.
    """
    has_numbers = not Household.objects.exists()
    first_day = journey.baskets.groupby("household")["day"].min()
    known = set(Card.objects.filter(household__isnull=False).values_list("number", flat=True))
    new = [number for number in journey.households if str(number) not in known]
    homes = Household.objects.bulk_create(
        [
            Household(
                pk=number if has_numbers else None,
                name=people.person(number).name,
                joined_on=first_day[number].date(),
                slot=slot_of(str(number)),
            )
            for number in new
        ],
        batch_size=BATCH,
    )
    if has_numbers:  # the next household is numbered after them
        with connection.cursor() as cursor:
            for sql in connection.ops.sequence_reset_sql(no_style(), [Household]):
                cursor.execute(sql)
    pairs = list(zip(new, homes, strict=True))
    Card.objects.bulk_create(
        [
            Card(number=str(number), household=home, claimed_on=home.joined_on)
            for number, home in pairs
        ],
        batch_size=BATCH,
        update_conflicts=True,
        unique_fields=["number"],
        update_fields=["household", "claimed_on"],
    )
    Address.objects.bulk_create(
        [
            Address(
                household=home,
                street=person.street,
                postcode=person.postcode,
                city=person.city,
                region=person.region,
                country="US",
            )
            for person, home in ((people.person(number), home) for number, home in pairs)
        ],
        batch_size=BATCH,
    )
    Consent.objects.bulk_create(
        [
            Consent(
                household=home,
                purpose=purpose,
                is_granted=True,
                said_at=datetime.combine(home.joined_on, time(9), UTC),
                source="form for the card",
            )
            for _, home in pairs
            for purpose in Consent.Purpose
        ],
        batch_size=BATCH,
    )


@transaction.atomic
def _offers(journey: Journey) -> None:
    """An offer a coupon of the data: what it is good for, and a worth learned from before the cut.

    The data has no face values. Where the coupon was seen taking money off a line before the
    cut, that is its worth; elsewhere a fifth of what its products cost, in steps of ten cents.
    """
    known = set(Offer.objects.values_list("code", flat=True))
    # Some coupons name products that the catalogue does not have: the others remain.
    coupons = journey.coupons.merge(journey.products, on="product_id")
    dates = _dates(journey)
    circulation = _circulation(journey)
    sold = _sold_before_cut(journey)
    coupons = coupons.assign(
        sold=coupons["product_id"].map(sold["lines"]).fillna(0) + 0.001,
        price=coupons["product_id"].map(sold["price"]),
    )
    seen = _worth_seen(journey)
    category_of = {
        (department, name): pk
        for pk, department, name in Category.objects.filter(level="category").values_list(
            "pk", "parent__name", "name"
        )
    }
    product_of = dict(Product.objects.filter(code__isnull=False).values_list("code", "pk"))
    offers, members = [], []
    for key, rows in coupons.drop_duplicates(["coupon_upc", "product_id"]).groupby("coupon_upc"):
        upc = int(str(key))
        code = f"CJ-{upc}"
        if code in known:
            continue
        offers.append(
            Offer(
                code=code,
                shared_code=str(upc),
                valid_from=dates[upc][0],
                valid_to=dates[upc][1],
                circulation=circulation.get(upc, 0),
                **_described(rows, seen.get(upc), category_of),
            )
        )
        members.append([product_of[str(number)] for number in rows["product_id"]])
    Funder.objects.bulk_create(
        [Funder(name=name) for name in sorted({offer.funder_id for offer in offers})],
        ignore_conflicts=True,
    )
    Offer.objects.bulk_create(offers, batch_size=BATCH)
    bulk.copy(
        OfferProduct._meta.db_table,
        ("offer_id", "product_id"),
        (
            bulk.row((str(offer.pk), str(product)))
            for offer, products in zip(offers, members, strict=True)
            for product in products
        ),
    )


def _dates(journey: Journey) -> dict[int, tuple[date, date]]:
    """First and last day of each coupon, over all the campaigns that it was part of."""
    found: dict[int, tuple[date, date]] = {}
    for campaign in journey.campaigns:
        for upc in _coupons_of(journey, campaign.number):
            begins, ends = found.get(upc, (campaign.begins, campaign.ends))
            found[upc] = (min(begins, campaign.begins), max(ends, campaign.ends))
    return found


def _coupons_of(journey: Journey, campaign: int) -> list[int]:
    rows = journey.coupons[journey.coupons["campaign_id"] == campaign]
    return [int(upc) for upc in rows["coupon_upc"].unique().tolist()]


def _described(
    rows: pd.DataFrame, worth_cents: float | None, category_of: dict[tuple[str, str], int]
) -> dict[str, Any]:
    """Words, worth, category and picture of an offer, from its products weighted by sales."""
    department, category, kind = (
        _main(rows, column) for column in ("department", "product_category", "product_type")
    )
    priced = rows[rows["price"] > 0]
    cents = 50.0  # where nothing of it was ever sold, there is no price to take a fifth of
    if worth_cents is not None:
        cents = worth_cents
    elif len(priced):
        cents = 20 * float((priced["price"] * priced["sold"]).sum() / priced["sold"].sum())
    many = len(rows) > MANY_PRODUCTS
    name = words.item_name(kind, category) if kind else words.plain(category or department)
    makers = rows["manufacturer_id"].nunique()
    private = (rows["brand"] == "Private").all()
    maker = "Our own brand" if private else f"Maker {rows['manufacturer_id'].mode().iloc[0]}"
    sizes = {size for size in rows["package_size"].dropna().map(words.size_text) if size}
    picture = picture_for(department, category, kind)
    if many:
        name, of_range = words.range_of(category or department)
        picture = of_range or picture
        detail = f"Any one of {len(rows):,} items"
    elif len(rows) == 1:
        detail = " · ".join([maker, *sizes])
    else:
        made = maker if makers == 1 else f"{makers} makers"
        size = f" · {sizes.pop()}" if len(sizes) == 1 else ""
        detail = f"{made}{size} · any of {len(rows)}"
    tens = min(max(round(cents / 10), 3), 50)
    return {
        "name": name[:80],
        "detail": detail[:80],
        "kind": Offer.Kind.PERCENT if many else Offer.Kind.AMOUNT,
        "percent": 20 if many else None,
        "face_value": Decimal(30 if many else tens) / 10,
        "category_id": category_of.get((department, category)),
        "picture": picture,
        "terms": "Once per household, any Greenfield store.\nNot with other offers on this item.",
        "funder_id": "Greenfield" if private or makers > 1 else maker,
    }


def _main(rows: pd.DataFrame, column: str) -> str:
    """The value of `column` that most of the sales have."""
    sales: Counter[str] = Counter()
    for name, sold in zip(rows[column].tolist(), rows["sold"].tolist(), strict=True):
        if isinstance(name, str):  # what is missing is not a number
            sales[name] += sold
    return max(sorted(sales), key=lambda name: sales[name], default="")


def _sold_before_cut(journey: Journey) -> pd.DataFrame:
    """Lines and mean unit price in dollars of each product, before the cut."""
    past = journey.before_cut(journey.baskets)
    units = past["quantity"].clip(lower=1)
    unit = (past["amount_cents"] + past["discount_cents"]) / units / 100
    return pd.DataFrame(
        {"lines": past.groupby("product").size(), "price": unit.groupby(past["product"]).mean()}
    )


def _worth_seen(journey: Journey) -> dict[int, float]:
    """The usual cents that each coupon took off a line, where the line shows it, before the cut."""
    past = journey.before_cut(journey.redemptions)
    taken = past.merge(journey.coupons, on=["coupon_upc", "campaign_id"]).merge(
        journey.baskets[journey.baskets["coupon_cents"] > 0],
        left_on=["household_id", "day", "product_id"],
        right_on=["household", "day", "product"],
    )
    medians = taken.groupby("coupon_upc")["coupon_cents"].median()
    return dict(zip(medians.index.tolist(), medians.tolist(), strict=True))


def _circulation(journey: Journey) -> dict[int, int]:
    """Copies of each coupon that households got on paper before the cut, from the campaigns."""
    recipients = Counter(journey.recipients["campaign_id"].tolist())
    copies: Counter[int] = Counter()
    for campaign in journey.campaigns:
        if campaign.begins >= journey.cut:
            continue
        upcs = _coupons_of(journey, campaign.number)
        share = 1.0
        if campaign.kind == "Type A":
            share = min(1.0, COUPONS_OF_A_TYPE_A_HOUSEHOLD / max(len(upcs), 1))
        copies.update(dict.fromkeys(upcs, round(recipients[campaign.number] * share)))
    return dict(copies)


def _theme(journey: Journey) -> None:
    """The chain's looks, to be changed at the desk."""
    if not Theme.objects.filter(is_default=True).exists():
        Theme.objects.create(name="Greenfield", is_default=True)


@transaction.atomic
def _mailings(journey: Journey) -> None:
    """The campaigns as mailings: before the cut they went out from elsewhere and are closed."""
    offer_of = {
        int(code or 0): pk
        for code, pk in Offer.objects.filter(shared_code__isnull=False).values_list(
            "shared_code", "pk"
        )
    }
    home_of = dict(
        Card.objects.filter(household__isnull=False).values_list("number", "household_id")
    )
    for campaign in journey.campaigns:
        past = campaign.begins < journey.cut
        mailing, is_new = Mailing.objects.get_or_create(
            code=code_of(campaign.number),
            defaults={
                "name": f"Campaign {campaign.number}"
                + (", autumn favourites" if campaign.number == CAMPAIGN else ""),
                "state": Mailing.State.CLOSED if past else Mailing.State.DRAFT,
                "select_on": campaign.begins if campaign.number == CAMPAIGN else None,
                "issue_on": campaign.begins,
                # Without a hold-out the data can tell what was used, and not what came of it.
                "objective": Mailing.Objective.REDEMPTIONS,
                "valid_from": campaign.begins,
                "valid_to": campaign.ends,
            },
        )
        if not is_new:
            continue
        mailing.offers.set(
            [offer_of[upc] for upc in _coupons_of(journey, campaign.number) if upc in offer_of]
        )
        members = journey.recipients[journey.recipients["campaign_id"] == campaign.number]
        Recipient.objects.bulk_create(
            [
                Recipient(
                    mailing=mailing,
                    household_id=home_of[str(number)],
                    outcome=Recipient.Outcome.SHEET if past else Recipient.Outcome.WAITING,
                )
                for number in members["household_id"]
                if str(number) in home_of
            ],
            batch_size=BATCH,
        )
