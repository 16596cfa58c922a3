"""Voids and returns take the purchase out of the history, in whatever order they come."""

from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal

import numpy as np
import pyarrow as pa
import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from loyalty import chunks, history, identify, purchases
from loyalty.models import Card, PurchaseChunk, SealedUndoing, SealedUpload
from pos_integration import undoing
from pos_integration.models import Basket, BasketLine, Undoing
from tests import make
from tests.loyalty.test_history import bought

pytestmark = pytest.mark.django_db
DAY = date(2026, 3, 20)
APPLE, BREAD = make.OATS, "04006381333931"


@dataclass(frozen=True)
class Line:
    """Sold, or given back: then of the other receipt's line `of`, or of any (None)."""

    gtin: str = APPLE
    quantity: int = 1
    cents: int = 200
    kind: str = "sale"
    of: int | None = None


@dataclass(frozen=True)
class Receipt:
    lines: tuple[Line, ...] = (Line(),)
    card: str = ""
    day: date = DAY
    kind: str = "sale"
    of: int | None = None  # place of the receipt that it takes back
    uses_coupons: int = 0


@dataclass
class Shop:
    """Receipts come in by place, in any order, each in an upload of its own."""

    receipts: list[Receipt]
    come: dict[int, Basket] = field(default_factory=dict)

    def arrive(self, *places: int) -> None:
        if not hasattr(self, "store"):
            self.store = make.store()
        for place in places:
            said = self.receipts[place]
            basket = make.basket(said.card, said.day, self.store)
            Basket.objects.filter(pk=basket.pk).update(kind=said.kind, till=1, receipt=f"r{place}")
            BasketLine.objects.bulk_create(
                BasketLine(
                    basket=basket,
                    number=number,
                    product=make.product(line.gtin),
                    code=line.gtin,
                    kind=line.kind,
                    quantity=line.quantity,
                    amount=Decimal(line.cents).scaleb(-2),
                    discount=Decimal("0.10") * line.quantity,
                )
                for number, line in enumerate(said.lines, 1)
            )
            for position in range(said.uses_coupons):
                basket.tenders.create(position=position, kind="coupon", amount="0.50")
            if said.of is not None:
                self._note(basket, said)
            self.come[place] = basket

    def _note(self, basket: Basket, said: Receipt) -> None:
        assert said.of is not None
        takes: list[tuple[int | None, int | None]] = [(None, None)]
        if said.kind != "void":
            takes = [(n, line.of) for n, line in enumerate(said.lines, 1) if line.kind == "return"]
        for number, original_line in takes:
            Undoing.objects.create(
                basket=basket,
                line_number=number,
                store=self.store,
                till=1,
                business_date=self.receipts[said.of].day,
                receipt=f"r{said.of}",
                original_line=original_line,
            )

    def night(self) -> int:
        undoing.find_originals()
        return history.seal()

    def purchases(self) -> list[tuple[str, int, str, int, int]]:
        """(receipt, line, card, units, cents) of all that the history holds."""
        receipts = dict(Basket.objects.values_list("pk", "receipt"))
        cards = {0: "", **dict(Card.objects.values_list("pk", "number"))}
        return sorted(
            (
                receipts[row["basket"]],
                row["number"],
                cards[row["card"]],
                row["quantity"] // 1000,
                row["amount_cents"],
            )
            for row in rows()
        )


def rows():
    sealed = list(PurchaseChunk.objects.order_by("bucket", "month"))
    tables = [chunks.table(chunk.data) for chunk in sealed]
    assert [table.num_rows for table in tables] == [chunk.rows for chunk in sealed]
    return [row for table in tables for row in table.to_pylist()]


def hashes():
    return set(PurchaseChunk.objects.values_list("bucket", "month", "sha256"))


def given_back(quantity=1, cents=200, gtin=APPLE, of=None):
    return Line(gtin, quantity, cents, "return", of)


def test_a_voided_receipt_is_no_purchase_the_night_after():
    shop = Shop([Receipt(card="900"), Receipt(kind="void", of=0)])
    home = make.household("900")
    shop.arrive(0)
    assert shop.night() == 1
    assert bought(home) == [(DAY, 200)]
    before = history.fingerprint()

    shop.arrive(1)
    assert shop.night() == 0
    assert bought(home) == []
    assert not PurchaseChunk.objects.exists()
    assert history.fingerprint() != before
    assert SealedUndoing.objects.count() == 1


def test_what_is_given_back_in_part_leaves_the_rest():
    sale = Receipt((Line(quantity=3, cents=600), Line(BREAD)), "900")
    back = Receipt((given_back(1, 200, of=1),), "900", DAY + timedelta(days=20), "return", 0)
    shop = Shop([sale, back])
    shop.arrive(0, 1)
    shop.night()
    assert shop.purchases() == [("r0", 1, "900", 2, 400), ("r0", 2, "900", 1, 200)]


def test_a_return_without_a_card_or_with_another_is_netted_where_each_lies():
    sale = Receipt((Line(quantity=3, cents=600),), "900")
    shop = Shop(
        [
            sale,
            Receipt((given_back(), given_back(gtin=BREAD)), "", DAY, "return", 0),
            Receipt((given_back(), Line(BREAD)), "901", DAY, "return", 0),
        ]
    )
    shop.arrive(0)
    shop.night()
    shop.arrive(1, 2)
    shop.night()
    assert shop.purchases() == [
        ("r0", 1, "900", 1, 200),
        ("r1", 2, "", -1, -200),  # bread was not sold on the receipt it names
        ("r2", 2, "901", -1, -200),  # named no line: a return as such
    ]


def test_a_return_that_names_no_receipt_stays_a_return():
    shop = Shop([Receipt(card="900"), Receipt((given_back(),), "900", DAY, "return")])
    shop.arrive(0, 1)
    shop.night()
    assert shop.purchases() == [("r0", 1, "900", 1, 200), ("r1", 1, "900", -1, -200)]


def test_more_than_was_sold_cannot_be_given_back():
    lines = (Line(cents=200), Line(cents=300), Line(quantity=2, cents=400))
    back = Receipt((given_back(2, 500, of=2), given_back(7, 900)), "", DAY, "return", 0)
    shop = Shop([Receipt(lines), back])
    shop.arrive(0, 1)
    shop.night()
    assert shop.purchases() == []


def test_a_line_number_that_names_another_product_is_not_believed():
    sale = Receipt((Line(BREAD), Line(APPLE)))
    shop = Shop([sale, Receipt((given_back(of=1),), "", DAY, "return", 0)])
    shop.arrive(0, 1)
    shop.night()
    assert shop.purchases() == [("r0", 1, "", 1, 200)]


def test_a_return_that_is_voided_gives_the_purchase_back():
    shop = Shop(
        [
            Receipt((Line(quantity=2, cents=400),), "900", uses_coupons=1),
            Receipt((given_back(),), "901", DAY, "return", 0),
            Receipt(kind="void", of=1),
        ]
    )
    shop.arrive(0)
    shop.night()
    before = hashes()
    shop.arrive(1)
    shop.night()
    assert shop.purchases() == [("r0", 1, "900", 1, 200)]
    shop.arrive(2)
    shop.night()
    assert shop.purchases() == [("r0", 1, "900", 2, 400)]
    assert [row["coupon"] for row in rows()] == [True]
    assert hashes() == before  # the very same bytes as if nothing had been given back


def test_the_rest_of_a_receipt_keeps_its_coupons_discounts_and_minutes():
    lines = (Line(), Line(BREAD, quantity=2), Line(BREAD))
    shop = Shop([Receipt(lines, uses_coupons=2), Receipt((given_back(),), "", DAY, "return", 0)])
    shop.arrive(0, 1)
    shop.night()
    assert [(r["number"], r["coupon"], r["discount_cents"], r["minute"]) for r in rows()] == [
        (2, True, 20, 720),
        (3, False, 10, 720),
    ]


def test_a_card_that_changed_hands_before_the_void_loses_the_purchase_where_it_lies_now(settings):
    shop = Shop([Receipt(card="900"), Receipt(card="900"), Receipt(kind="void", of=0)])
    make.household("900")
    other = make.household("901")
    shop.arrive(0, 1)
    shop.night()
    identify.move_card("900", other, on=DAY)
    shop.arrive(2)
    shop.night()  # undone where the card's purchases lay, moved afterwards
    assert bought(other) == [(DAY, 200)]

    settings.LOYALTY_BUCKETS = 64
    shop.receipts.append(Receipt(kind="void", of=1))
    shop.arrive(3)
    shop.night()
    assert bought(other) == []


def test_a_night_cut_short_is_made_up_for_and_a_repeat_changes_nothing():
    shop = Shop([Receipt(card="900"), Receipt((given_back(),), "", DAY, "return", 0)])
    shop.arrive(0, 1)
    history.seal()  # nobody has looked for the original yet
    assert len(rows()) == 2
    shop.night()
    assert rows() == []
    SealedUndoing.objects.all().delete()
    shop.night()
    assert rows() == []
    assert SealedUndoing.objects.count() == 1


PRODUCTS = st.sampled_from([APPLE, BREAD])
SOLD = st.builds(Line, PRODUCTS, st.integers(1, 3), st.integers(1, 900))
CARDS = st.sampled_from(["", "900", "901"])
DAYS = st.sampled_from([DAY, DAY + timedelta(days=20)])


@st.composite
def returns(draw, sales):
    """A receipt that gives back lines of one of `sales`, most of which were sold there."""
    place = draw(st.integers(0, len(sales) - 1))
    sold = sales[place].lines
    lines = []
    for _ in range(draw(st.integers(1, 2))):
        number = draw(st.integers(1, len(sold)))
        lines.append(
            given_back(
                draw(st.integers(1, 3)),
                draw(st.integers(1, 900)),
                draw(st.just(sold[number - 1].gtin) | PRODUCTS),
                draw(st.sampled_from([number, None])),
            )
        )
    return Receipt(tuple(lines), draw(CARDS), draw(DAYS), "return", place)


@st.composite
def days_of_a_shop(draw):
    """Receipts, the order in which they come, and after which of them there is a night."""
    receipts = []
    for _ in range(draw(st.integers(1, 2))):
        lines = draw(st.lists(SOLD, min_size=1, max_size=3))
        receipts.append(Receipt(tuple(lines), draw(CARDS), draw(DAYS)))
    receipts += draw(st.lists(returns(receipts), min_size=1, max_size=4))
    # The last first: those are returns.
    places = st.sampled_from(range(len(receipts) - 1, -1, -1))
    taken_back = draw(st.lists(places, max_size=2, unique=True))
    receipts += [Receipt(kind="void", of=place) for place in taken_back]
    order = draw(st.permutations(range(len(receipts))))
    nights = draw(st.lists(st.sampled_from(order), max_size=3, unique=True))
    return receipts, order, nights


def expected(receipts):
    """The purchases, from all receipts at once, units and cents in plain sums."""
    voided = {r.of for r in receipts if r.kind == "void"}
    units = {
        (place, n): [line.gtin, line.quantity, line.cents]
        for place, r in enumerate(receipts)
        for n, line in enumerate(r.lines, 1)
        if r.kind == "sale" and place not in voided
    }
    kept = []
    named: dict[tuple[int, int], list[int]] = {}
    unnamed: dict[tuple[int, str], list[int]] = {}
    for place, r in enumerate(receipts):
        if r.kind != "return":
            continue
        for n, line in enumerate(r.lines, 1):
            sold = [
                number for number, x in enumerate(receipts[r.of].lines, 1) if x.gtin == line.gtin
            ]
            if not sold:
                if place not in voided:
                    kept.append((f"r{place}", n, r.card, -line.quantity, -line.cents))
            elif place not in voided:
                if line.of in sold:
                    sums = named.setdefault((r.of, line.of), [0, 0])
                else:
                    sums = unnamed.setdefault((r.of, line.gtin), [0, 0])
                sums[0] += line.quantity
                sums[1] += line.cents
    for (place, n), (quantity, cents) in named.items():
        gtin = receipts[place].lines[n - 1].gtin
        sums = unnamed.setdefault((place, gtin), [0, 0])
        if (place, n) not in units:
            continue
        have = units[place, n]
        if quantity >= have[1]:
            if quantity > have[1]:
                sums[0] += quantity - have[1]
                sums[1] += cents - have[2]
            del units[place, n]
        else:
            have[1] -= quantity
            have[2] = max(have[2] - cents, 0)
    for (place, gtin), (quantity, cents) in unnamed.items():
        for key in [k for k in sorted(units) if k[0] == place and units[k][0] == gtin]:
            if quantity <= 0:
                break
            _, have, price = units[key]
            if quantity >= have:
                del units[key]
                quantity, cents = quantity - have, cents - price
            else:
                units[key] = [gtin, have - quantity, max(price - cents, 0)]
                break
    left = [(f"r{p}", n, receipts[p].card, q, c) for (p, n), (_, q, c) in units.items()]
    return sorted(left + kept)


def netted(receipts):
    """The same by the rule alone, receipts numbered by their places."""
    products = {APPLE: 1, BREAD: 2}
    rows, returned, undoings = [], [], []
    for place, r in enumerate(receipts):
        for n, line in enumerate(r.lines if r.kind != "void" else (), 1):
            sign = -1 if line.kind == "return" else 1
            row = dict.fromkeys(purchases.SCHEMA.names, 0) | {
                "basket": place,
                "number": n,
                "product": products[line.gtin],
                "quantity": sign * line.quantity,
                "amount_cents": sign * line.cents,
                "coupon": False,
            }
            rows.append(row)
            returned.append(sign < 0)
            if sign < 0:
                undoings.append(purchases.GivenBack(place, n, r.of, line.of))
    lines, keep = purchases.net(
        pa.Table.from_pylist(rows, purchases.SCHEMA),
        np.array(returned),
        undoings,
        {r.of for r in receipts if r.kind == "void"},
    )
    return sorted(
        (
            f"r{row['basket']}",
            row["number"],
            receipts[row["basket"]].card,
            row["quantity"],
            row["amount_cents"],
        )
        for row in lines.filter(pa.array(keep)).to_pylist()
    )


@settings(max_examples=100, deadline=None)
@given(plan=days_of_a_shop())
def test_the_rule_leaves_what_plain_sums_leave(plan):
    receipts, _, _ = plan
    assert netted(receipts) == expected(receipts)


@settings(
    max_examples=10,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(plan=days_of_a_shop())
def test_any_order_of_sales_returns_voids_and_nights_ends_in_the_same_purchases(db, plan):
    receipts, order, nights = plan
    with transaction.atomic():
        shop = Shop(receipts)
        for place in order:
            shop.arrive(place)
            if place in nights:
                shop.night()
        shop.night()
        assert shop.purchases() == expected(receipts)

        seen = history.fingerprint()
        for model in (PurchaseChunk, SealedUndoing, SealedUpload):
            model.objects.all().delete()
        shop.night()  # once more from all facts at once
        assert history.fingerprint() == seen
        transaction.set_rollback(True)
