"""A small shop with a mailing that held every third household out, and what everybody bought."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import numpy as np

from coupons import terms
from coupons.models import (
    Coupon,
    Mailing,
    Offer,
    OfferProduct,
    Recipient,
    Redemption,
    Selection,
    SelectionPiece,
    Sheet,
)
from coupons.pieces import Chosen, Evidence
from coupons.sheets import codes
from loyalty import history
from loyalty.models import Card, Household, slot_of
from pos_integration.models import (
    Basket,
    BasketLine,
    Category,
    Product,
    RedemptionRecord,
    Store,
    Upload,
)
from tests import make

HOMES = 180
ISSUED, ENDS = date(2026, 3, 1), date(2026, 3, 14)
OVER, FINAL = date(2026, 3, 15), date(2026, 4, 12)


class Shop:
    """Households, goods and one mailing of two offers: oats, which work, and beans, which do not.

    Every sheet has both. Every other household with a sheet buys one more oat drink for 2.00 with
    its coupon, 0.50 off, of which the funder pays 60 % and 0.08 for handling; every household buys
    beans as always, and every other uses its coupon on them, which the house pays.
    """

    def __init__(
        self,
        *,
        takes_off_line: bool = True,
        objective: str = "margin",
        beans_drawn: float = 0.0,  # by lot, with this chance
    ) -> None:
        self.takes_off_line = takes_off_line
        self.beans_drawn = beans_drawn
        self.store: Store = make.store("0001")
        self.upload = Upload.objects.create(
            terminal=make.terminal(self.store)[0], sha256="0" * 64, body=b"", state="loaded"
        )
        self._goods()
        self.offers = [
            self._offer("oats", self.oats, "0.600"),
            self._offer("beans", self.beans, "0"),
        ]
        self.mailing = Mailing.objects.create(
            code="march", name="March", issue_on=ISSUED, valid_from=ISSUED, valid_to=ENDS,
            objective=objective,
        )  # fmt: skip
        self.mailing.offers.set(self.offers)
        self.cards = [f"card-{at}" for at in range(HOMES)]
        self.homes = Household.objects.bulk_create(
            Household(name=card, joined_on=date(2025, 1, 1), slot=slot_of(card))
            for card in self.cards
        )
        Card.objects.bulk_create(
            Card(number=card, household=home, claimed_on=date(2025, 1, 1))
            for card, home in zip(self.cards, self.homes, strict=True)
        )
        self.is_held_out = np.arange(HOMES) % 3 == 0
        self._baskets: list[Basket] = []
        self._lines: list[tuple[Basket, Product, str, str]] = []
        self._records: list[tuple[Basket, Coupon]] = []
        self._send()
        self._shop()
        history.seal()

    def _goods(self) -> None:
        grocery = make.category(level="department")
        grocery.margin_share = Decimal("0.300")
        grocery.save()
        self.category = make.category("Drinks")
        self.tins = make.category("Tins")
        kinds = {
            name: Category.objects.create(level="type", parent=parent, name=name)
            for name, parent in (
                ("Oat drinks", self.category), ("Milk", self.category), ("Beans", self.tins)
            )
        }  # fmt: skip
        self.oats, self.other_oats, self.milk, self.beans = (
            Product.objects.create(gtin=gtin, name=name, category=kinds[kind])
            for gtin, name, kind in (
                ("05012345678900", "Oats", "Oat drinks"),
                ("05012345678917", "Other oats", "Oat drinks"),
                ("05012345678924", "Milk", "Milk"),
                ("05012345678931", "Beans", "Beans"),
            )
        )

    def _offer(self, code: str, product: Product, share: str) -> Offer:
        offer = Offer.objects.create(
            code=code, name=code.capitalize(), face_value=Decimal("0.50"),
            category=self.category if code == "oats" else self.tins, funder=make.funder(),
            funder_share=Decimal(share), valid_from=ISSUED, valid_to=ENDS,
        )  # fmt: skip
        OfferProduct.objects.create(offer=offer, product=product)
        return offer

    def _send(self) -> None:
        self.selection = Selection.objects.create(
            mailing=self.mailing, state="ready", seed=1, terms=terms.of(self.mailing).to_plain()
        )
        buckets: dict[int, list[int]] = {}
        for at, home in enumerate(self.homes):
            buckets.setdefault(history.bucket_of(home.slot), []).append(at)
        for bucket, places in buckets.items():
            chosen = self._chosen(places)
            SelectionPiece.objects.create(
                selection=self.selection, bucket=bucket, households=len(places),
                items=2 * len(places), chosen=chosen.to_bytes(), is_issued=True,
            )  # fmt: skip
        Recipient.objects.bulk_create(
            Recipient(mailing=self.mailing, household=home, outcome="holdout" if held else "sheet")
            for home, held in zip(self.homes, self.is_held_out, strict=True)
        )
        sent = [home for home, held in zip(self.homes, self.is_held_out, strict=True) if not held]
        sheets = Sheet.objects.bulk_create(
            Sheet(mailing=self.mailing, household=home, number=at, address="", savings=1)
            for at, home in enumerate(sent, 1)
        )
        self.coupons = Coupon.objects.bulk_create(
            Coupon(
                code=code, sheet=sheet, position=position, offer=offer, valid_from=ISSUED,
                valid_to=ENDS, chance=0.1, tag="buy", reason="", staff_reason="",
            )
            for (sheet, position, offer), code in zip(
                [(s, p, o) for s in sheets for p, o in enumerate(self.offers, 1)],
                codes.mint_many(2 * len(sheets)),
                strict=True,
            )
        )  # fmt: skip
        self.mailing.state, self.mailing.selection = Mailing.State.MAILED, self.selection
        self.mailing.issued_at = datetime(2026, 3, 1, tzinfo=UTC)
        self.mailing.save()

    def _chosen(self, places: list[int]) -> Chosen:
        count = len(places)
        order = sorted(places, key=lambda at: self.homes[at].pk)
        coupons = 2 * count

        def plain(value: float, kind: type, size: int = coupons) -> np.ndarray:
            return np.full(size, value, kind)

        nothing = Evidence(
            *(plain(0, t) for t in (np.int32, np.float32, np.int32, np.int8, np.bool_, np.bool_))
        )
        return Chosen(
            households=np.array([self.homes[at].pk for at in order]),
            is_ghost=self.is_held_out[order],
            tier=plain(1, np.int8, count), size=plain(0, np.int8, count),
            store=plain(self.store.pk, np.int32, count),
            starts=np.arange(0, coupons + 1, 2),
            offer=np.array([offer.pk for offer in self.offers] * count, np.int32),
            level=plain(0, np.int32), value=plain(0.05, np.float32),
            chance=plain(0.1, np.float32), need=plain(0.2, np.float32),
            tag=np.tile(np.array([0, 1], np.int8), count),
            drawn_share=np.tile(np.array([0, self.beans_drawn], np.float32), count),
            circulation=plain(0, np.float32), cost=plain(0, np.float32),
            fairness=plain(0, np.float32), left_out=plain(0, np.int32),
            margin=plain(0, np.float32), moved_for=plain(-1, np.int8), evidence=nothing,
        )  # fmt: skip

    def buys(
        self, at: int, day: date, product: Product, amount: str, coupon: Coupon | None = None
    ) -> None:
        basket = Basket(
            store=self.store, till=1, business_date=day, receipt=str(len(self._baskets)),
            kind="sale", card_number=self.cards[at], currency="USD", content_hash=b"",
            ended_at=datetime(day.year, day.month, day.day, 12, tzinfo=UTC), upload=self.upload,
        )  # fmt: skip
        off = Decimal("0.50") if coupon is not None and self.takes_off_line else Decimal(0)
        self._baskets.append(basket)
        self._lines.append((basket, product, str(Decimal(amount) - off), str(off)))
        if coupon is not None:
            self._records.append((basket, coupon))

    def _shop(self) -> None:
        rng = np.random.default_rng(3)
        mine = iter(self.coupons)
        for at in range(HOMES):
            size = rng.integers(1, 5)
            for days in (-60, -10, 3):
                day = ISSUED + timedelta(days=days)
                spent = size * 5 + rng.integers(0, 3)
                self.buys(at, day, self.milk, f"{spent}.00")
            if rng.random() < 0.3:
                self.buys(at, ISSUED + timedelta(days=5), self.oats, "2.00")
            if self.is_held_out[at]:
                self.buys(at, ISSUED + timedelta(days=4), self.beans, "1.00")
                continue
            oats, beans = next(mine), next(mine)
            uses = at % 2 == 0
            if uses:
                self.buys(at, ISSUED + timedelta(days=6), self.oats, "2.00", oats)
            self.buys(at, ISSUED + timedelta(days=4), self.beans, "1.00", beans if uses else None)
        Basket.objects.bulk_create(self._baskets)
        BasketLine.objects.bulk_create(
            BasketLine(
                basket=basket, number=1, product=product, code=product.gtin or "", kind="sale",
                quantity=1, amount=amount, discount=off,
            )
            for basket, product, amount, off in self._lines
        )  # fmt: skip
        records = RedemptionRecord.objects.bulk_create(
            RedemptionRecord(
                basket=basket, position=0, line_number=1, code=coupon.code, amount="0.50"
            )
            for basket, coupon in self._records
        )
        Redemption.objects.bulk_create(
            Redemption(
                offer=coupon.offer, coupon=coupon, record=record, amount=Decimal("0.50"),
                store=self.store, till=1, business_date=basket.business_date,
                receipt=basket.receipt,
            )
            for record, (basket, coupon) in zip(records, self._records, strict=True)
        )  # fmt: skip
