"""Learning who uses which coupon from a small shop's own mailings, and asking for the next one."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import numpy as np
import pytest

from coupons import exposures, responding
from coupons import mailing as mailings
from coupons.models import (
    Coupon,
    Mailing,
    Offer,
    OfferProduct,
    Recipient,
    Redemption,
)
from loyalty import beliefs, fitted, history, rebuild
from loyalty.models import Address, Card, FittedModel, Household, slot_of
from pos_integration import catalogue
from pos_integration.models import Basket, BasketLine, Category, Product, RedemptionRecord, Upload
from tests import make

pytestmark = pytest.mark.django_db

DAY = timedelta(days=1)
OPENED, TODAY = date(2025, 9, 1), date(2026, 3, 2)
HOMES, GOODS = 60, 12
PAST = [date(2025, 11, 3), date(2025, 12, 1), date(2025, 12, 29), date(2026, 1, 26)]


def likes(home: int) -> list[int]:
    """The three goods that a household buys every week."""
    return [(home + step) % GOODS for step in (0, 4, 5)]


class Shop:
    """Sixty households with a till, six months of weekly shopping, and twelve offers."""

    def __init__(self) -> None:
        catalogue.load_products(
            [
                {
                    "code": str(n), "name": f"Thing {n}", "brand": f"Maker {n % 3}",
                    "department": "Grocery", "category": f"Aisle {n // 3}", "type": f"Type {n}",
                }
                for n in range(GOODS)
            ]
        )  # fmt: skip
        self.products = list(Product.objects.order_by("pk"))
        self.homes = Household.objects.bulk_create(
            Household(name=f"Home {n}", joined_on=OPENED, slot=slot_of(f"card {n}"))
            for n in range(HOMES)
        )
        Card.objects.bulk_create(
            Card(number=f"card {n}", household=home, claimed_on=OPENED)
            for n, home in enumerate(self.homes)
        )
        Address.objects.bulk_create(
            Address(household=home, street="1 Sample Lane", postcode="1", city="Exampleton")
            for home in self.homes
        )
        self.till, _ = make.terminal()
        self.upload = Upload.objects.create(
            terminal=self.till, sha256="1" * 64, body=b"", state="loaded"
        )
        visits = [
            (n, OPENED + DAY * (7 * week + n % 7))
            for week in range((TODAY - OPENED).days // 7)
            for n in range(HOMES)
        ]
        baskets = Basket.objects.bulk_create(self.basket(n, day, "visit") for n, day in visits)
        BasketLine.objects.bulk_create(
            self.line(basket, number, thing)
            for basket, (n, _) in zip(baskets, visits, strict=True)
            for number, thing in enumerate(likes(n), 1)
        )
        history.seal()
        self.offers = Offer.objects.bulk_create(
            Offer(
                code=f"O-{n}", name=f"Thing {n}", face_value=Decimal("0.50"),
                category=Category.objects.get(level="category", name=f"Aisle {n // 3}"),
                funder=make.funder(), valid_from=OPENED, valid_to=date(2026, 12, 31),
                shared_code=f"code-{n}",
            )
            for n in range(GOODS)
        )  # fmt: skip
        OfferProduct.objects.bulk_create(
            OfferProduct(offer=offer, product=product)
            for offer, product in zip(self.offers, self.products, strict=True)
        )

    def basket(self, home: int, day: date, receipt: str) -> Basket:
        return Basket(
            store=self.till.store, till=self.till.number, business_date=day,
            receipt=f"{receipt} {home} {day}", kind="sale", card_number=f"card {home}",
            currency="USD", ended_at=datetime(day.year, day.month, day.day, 12, tzinfo=UTC),
            content_hash=b"", upload=self.upload,
        )  # fmt: skip

    def line(self, basket: Basket, number: int, thing: int) -> BasketLine:
        return BasketLine(
            basket=basket, number=number, product=self.products[thing], code=str(thing),
            kind="sale", quantity=Decimal(1), amount=Decimal(2), discount=Decimal(0),
        )  # fmt: skip

    def mailing(self, begins: date, **fields: object) -> Mailing:
        """One to every household, with every offer."""
        made = Mailing.objects.create(
            code=f"m-{begins}", name="Favourites", issue_on=begins, valid_from=begins,
            valid_to=begins + 20 * DAY, coupons_per_sheet=4, holdout_share=0, **fields,
        )  # fmt: skip
        made.offers.set(self.offers)
        Recipient.objects.bulk_create(
            Recipient(mailing=made, household=home) for home in self.homes
        )
        return made

    def sent_from_elsewhere(self, begins: date) -> Mailing:
        """And three of five households used the coupons for what they like."""
        made = self.mailing(begins, state=Mailing.State.CLOSED)
        made.recipients.update(outcome="sheet")
        self.use(
            [
                (n, thing)
                for n in range(HOMES)
                for thing in likes(n)
                if (n + thing + begins.day) % 5 < 3
            ],
            begins + 5 * DAY,
        )
        return made

    def use(self, pairs: list[tuple[int, int]], day: date) -> list[Redemption]:
        baskets = Basket.objects.bulk_create(
            self.basket(n, day, f"coupon {thing}") for n, thing in pairs
        )
        records = RedemptionRecord.objects.bulk_create(
            RedemptionRecord(
                basket=basket, position=0, line_number=1, code=f"code-{thing}",
                amount=Decimal("0.50"),
            )
            for basket, (_, thing) in zip(baskets, pairs, strict=True)
        )  # fmt: skip
        return Redemption.objects.bulk_create(
            Redemption(
                offer=self.offers[thing], record=record, amount=Decimal("0.50"),
                store=self.till.store, till=self.till.number, business_date=day,
                receipt=record.basket.receipt,
            )
            for record, (_, thing) in zip(records, pairs, strict=True)
        )  # fmt: skip

    def chances(self, run, mailing: Mailing) -> np.ndarray:
        """Every household's and every offer's, in order."""
        ids = [home.pk for home in self.homes]
        table = np.full((HOMES, GOODS), np.nan)
        for bucket in history.buckets():
            told = responding.scores(run, mailing, bucket)
            assert told.offers.tolist() == [offer.pk for offer in self.offers]
            for home, row in zip(told.households.tolist(), told.probability, strict=True):
                table[ids.index(home)] = row
        return table


@pytest.fixture
def shop(settings) -> Shop:
    settings.LOYALTY_BUCKETS = 2
    return Shop()


@pytest.fixture
def known_shop(shop: Shop) -> Shop:
    """After four mailings, and one version learned from them."""
    for begins in PAST:
        shop.sent_from_elsewhere(begins)
    assert responding.learn(TODAY) is not None
    return shop


def liked(table):
    """The chances of what households like, and of all else."""
    mine = np.zeros((HOMES, GOODS), bool)
    for n in range(HOMES):
        mine[n, likes(n)] = True
    return table[mine], table[~mine]


def test_before_anything_was_learned_the_closed_form_answers(shop):
    assert responding.learn(TODAY) is None
    next_one = shop.mailing(TODAY)
    with rebuild.prepared(TODAY) as run:
        assert responding.model_of(run) is None
        likely, unlikely = liked(shop.chances(run, next_one))
    assert likely.min() > unlikely.max() > 0
    assert likely.max() < 0.5
    shop.sent_from_elsewhere(PAST[0])
    assert responding.learn(TODAY) is None  # a hundred coupons used teach nothing


def test_what_past_mailings_taught_answers_for_the_next(known_shop):
    version = FittedModel.objects.get()
    assert (version.kind, version.in_use, version.as_of) == ("response", True, TODAY)
    assert version.figures["coupons used"] == 4 * HOMES * 3 * 3 / 5
    assert version.figures["new"]["loss"] <= version.figures["before"]["loss"]
    next_one = known_shop.mailing(TODAY)
    with rebuild.prepared(TODAY) as run:
        assert responding.model_of(run) == version
        likely, unlikely = liked(known_shop.chances(run, next_one))
    assert likely.mean() == pytest.approx(0.6, abs=0.1)
    assert unlikely.mean() < 0.05
    assert likely.min() > unlikely.max()


def test_it_is_learned_anew_only_after_another_mailing_ended(known_shop):
    assert responding.learn(TODAY + DAY) is None
    known_shop.sent_from_elsewhere(TODAY)
    assert responding.learn(TODAY + 15 * DAY) is None  # it is still good
    second = responding.learn(TODAY + 30 * DAY)
    assert second is not None
    assert second.figures["before is version"] == 1
    assert responding.learn_if_due(TODAY + 40 * DAY) is None
    third = responding.learn(TODAY + 30 * DAY - DAY, use=False)
    assert third is None or not third.in_use


def test_nothing_of_the_morning_or_later_changes_a_chance(known_shop):
    next_one = known_shop.mailing(TODAY)
    with rebuild.prepared(TODAY) as run:
        before = known_shop.chances(run, next_one)
        known_shop.sent_from_elsewhere(TODAY + 5 * DAY)
        known_shop.use([(0, 0), (0, 1)], TODAY)
        assert (known_shop.chances(run, next_one) == before).all()
        known_shop.use([(0, 7), (0, 8)], TODAY - DAY)
        assert (known_shop.chances(run, next_one) != before).any()


def test_a_selection_notes_what_was_asked_and_asked_again_it_chooses_the_same(known_shop):
    next_one = known_shop.mailing(TODAY)
    rebuild.rebuild(TODAY)
    first = mailings.select(next_one)
    assert first.learned.get() == FittedModel.objects.get()
    chosen = [bytes(piece.chosen or b"") for piece in first.pieces.order_by("bucket")]
    again = mailings.select(next_one)
    assert [bytes(piece.chosen or b"") for piece in again.pieces.order_by("bucket")] == chosen
    issued = mailings.select_and_issue(next_one)
    assert issued.sheets == HOMES
    assert all(0 < chance < 1 for chance in Coupon.objects.values_list("chance", flat=True))


def test_damaged_parameters_choose_nothing(known_shop):
    next_one = known_shop.mailing(TODAY)
    with rebuild.prepared(TODAY) as run:
        FittedModel.objects.update(parameters="{}")
        with pytest.raises(fitted.DamagedModelError):
            known_shop.chances(run, next_one)


def test_of_our_own_sheets_only_what_was_printed_counts(shop):
    own = shop.mailing(PAST[0])
    run = rebuild.rebuild(PAST[0])
    mailings.select_and_issue(own)
    first, second, third = Coupon.objects.order_by("pk")[:3]
    for coupon in (first, second):
        Redemption.objects.create(
            offer=coupon.offer, coupon=coupon, amount=coupon.offer.face_value,
            store=shop.till.store, till=1, business_date=PAST[0] + DAY, receipt=coupon.code,
        )  # fmt: skip
    Redemption.objects.filter(coupon=second).update(reversed_at=datetime(2025, 11, 5, tzinfo=UTC))
    homes = np.array([home.pk for home in shop.homes])
    offers = np.array([offer.pk for offer in shop.offers])
    doings = exposures.read_doings(homes, offers, TODAY)
    told = exposures.read_campaign(own, homes, doings, offers)
    printed = {
        int(np.searchsorted(homes, home) * GOODS + np.searchsorted(offers, offer))
        for home, offer in Coupon.objects.values_list("sheet__household_id", "offer_id")
    }
    assert set(told.given.tolist()) == printed
    assert told.pairs == Coupon.objects.count() == HOMES * 4
    assert offers[told.used % GOODS].tolist() == [first.offer_id]
    assert homes[told.used // GOODS].tolist() == [first.sheet.household_id]
    record = exposures.read_record(beliefs.assortment_of(run), TODAY)
    day = history.day_number(TODAY)
    assert record.promised(day).handed_out.sum() == HOMES * 4
    assert record.promised(day).used.sum() == 1
    assert doings.past(day).mailings.tolist() == [1] * HOMES
    assert third.pk not in (first.pk, second.pk)
