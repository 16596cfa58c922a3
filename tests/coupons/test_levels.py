"""Levels: a coupon is worth what its own level says, from the paper to the funder's books."""

from datetime import date
from decimal import Decimal

import pypdfium2  # type: ignore[import-untyped] # ships no types
import pytest

from coupons import printing, scanned, settlement, till
from coupons.clearing import clear_redemptions
from coupons.models import Coupon, LedgerEntry, Offer, OfferLevel, Redemption
from coupons.reversing import reverse_undone
from coupons.sheets import codes
from pos_integration.models import Basket, RedemptionRecord, Undoing
from tests import make
from tests.coupons import tills
from tests.coupons.tills import Till, line, said

pytestmark = pytest.mark.django_db

# Of each kind: its own terms, those of its level, what both take off two items at 2.00, and the
# words of the level.
KINDS = [
    ("amount", {}, {"face_value": "0.75"}, "0.50", "0.75", "0.75 off"),
    ("free_item", {"face_value": "1.50"}, {"face_value": "3.00"}, "1.50", "2.00", "Free"),
    (
        "percent",
        {"percent": 10, "face_value": "0.50"},
        {"percent": 50, "face_value": "0.90"},
        *("0.20", "0.90", "50 % off"),
    ),
    ("fixed_price", {"price": "1.60"}, {"price": "1.55"}, "0.40", "0.45", "1.55 only"),
    (
        "multi_buy",
        {"units": 2, "price": "3.75"},
        {"price": "3.00", "face_value": "1.00"},
        *("0.25", "1.00", "2 for 3.00"),
    ),
    (
        "threshold",
        {"threshold": "4.00"},
        {"face_value": "1.25"},
        *("0.50", "1.25", "1.25 off 4.00"),
    ),
]


def plain(terms):
    return {k: Decimal(v) if isinstance(v, str) else v for k, v in terms.items()}


def offer_of(kind, own, raised):
    """An offer and its second level."""
    offer = make.offer()
    Offer.objects.filter(pk=offer.pk).update(kind=kind, **plain(own))
    offer.refresh_from_db()
    worth = {"face_value": offer.face_value, **plain(raised)}
    return offer, OfferLevel.objects.create(offer=offer, number=2, **worth)


def raised(coupon, level):
    Coupon.objects.filter(pk=coupon.pk).update(level=level)
    coupon.refresh_from_db()
    return coupon


@pytest.fixture
def shop():
    return make.store()


@pytest.fixture
def till_(shop):
    return Till(shop)


@pytest.fixture
def dearer(shop):
    """A coupon of an offer of 0.50 off, at its second level of 0.75 off."""
    offer, level = offer_of("amount", {}, {"face_value": "0.75"})
    return raised(tills.coupon(shop, offer), level)


@pytest.mark.parametrize(("kind", "own", "level", "off", "more_off", "words"), KINDS)
def test_a_till_shows_locks_and_redeems_each_coupon_at_its_own_worth(
    shop, till_, kind, own, level, off, more_off, words
):
    offer, second = offer_of(kind, own, level)
    coupons = [tills.coupon(shop, offer), raised(tills.coupon(shop, offer), second)]
    two = (line(), line(2))

    for receipt, (coupon, amount) in enumerate(zip(coupons, (off, more_off), strict=True)):
        answer = till_.lock(coupon, basket=till_.basket(str(receipt), *two))
        assert answer.json()["amount"] == amount
        held = answer.json()["lock"]
        too_much = str(Decimal(amount) + Decimal("0.01"))
        key = till_.key(str(receipt))
        assert said(till_.redeem(coupon, basket_key=key, amount=too_much, lock=held)) == (
            422,
            "over_value",
        )
        answer = till_.redeem(coupon, basket_key=key, amount=amount, lock=held)
        assert answer.status_code == 201

    told = till_.look(coupons[1]).json()
    assert told["offer"]["text"] == words
    assert told["value"] == str(second.face_value)
    assert told["offer"]["percent"] == second.percent
    assert told["offer"]["price"] == (None if second.price is None else str(second.price))
    assert told["offer"]["threshold"] == (None if kind != "threshold" else "4.00")


def test_without_a_lock_the_level_bounds_what_is_taken_off(till_, dearer):
    assert said(till_.redeem(dearer, amount="0.76")) == (422, "over_value")
    assert till_.redeem(dearer, amount="0.75").status_code == 201


def test_a_level_is_found_and_locked_in_the_one_trip_it_took_without(
    shop, dearer, django_assert_num_queries
):
    with django_assert_num_queries(1):
        found = till.find_for_update(dearer.code, shop, scanned.Shown())
        assert found.coupon.terms.value_text == "0.75 off"
        assert found.coupon.level is not None
        assert found.coupon.level.offer is found.coupon.offer
    assert (found.lock, found.is_elsewhere) == (None, False)
    with django_assert_num_queries(1):
        assert till.find(dearer.code, "", date.min).terms.value_text == "0.75 off"


def test_beside_another_coupon_of_the_receipt_each_counts_at_its_own_level(shop, till_, dearer):
    other = tills.coupon(shop, dearer.offer)  # 0.50 off, of the same group, on the same item
    key = till_.lock(dearer).json()["lock"]
    till_.redeem(dearer, amount="0.75", lock=key)

    assert said(till_.lock(other)) == (422, "not_stacked")
    two = till_.basket("1", line(), line(2))
    assert till_.lock(other, basket=two).json()["amount"] == "0.50"


def test_a_card_lists_its_coupons_by_their_own_worth(shop, till_, dearer):
    plain_, dear = tills.coupon(shop, make.offer("0.60")), dearer
    for place, coupon in enumerate((plain_, dear), 1):
        coupon.sheet = plain_.sheet
        coupon.position = place
        coupon.save()
    card = plain_.sheet.household.cards.get().number

    told = till_.get(f"/api/v1/cards/{card}/coupons").json()["coupons"]

    assert [one["value"] for one in told] == ["0.75", "0.60"]
    assert [one["offer"]["text"] for one in told] == ["0.75 off", "0.60 off"]


def used(coupon, amount, *costs):
    basket = make.basket(day=date(2026, 3, 5))
    for cost in costs or ("2.00",):
        make.line(basket, amount=cost)
    return RedemptionRecord.objects.create(
        basket=basket, position=0, code=coupon.code, amount=Decimal(amount)
    )


@pytest.mark.parametrize(("kind", "own", "level", "off", "more_off", "words"), KINDS)
def test_uses_offline_are_cleared_at_the_level_of_their_coupon(
    kind, own, level, off, more_off, words
):
    offer, second = offer_of(kind, own, level)
    first = make.coupon(codes.mint(), offer)
    higher = raised(make.coupon(codes.mint(), offer), second)
    records = [used(first, more_off, "2.00", "2.00"), used(higher, more_off, "2.00", "2.00")]

    assert clear_redemptions() == {"redemption": 1, "refusal": 1}

    assert records[0].refusal.reason == "over_value"
    assert f"{off} was due" in records[0].refusal.detail
    assert records[1].redemption.amount == Decimal(more_off)
    settlement.book()
    assert LedgerEntry.objects.get().face_value == Decimal(more_off)


def test_what_was_kept_must_earn_the_whole_of_the_level():
    """One of two at 1.00 comes back: what is left still is enough spent, for 0.75 off."""
    offer, second = offer_of("threshold", {"threshold": "1.00"}, {"face_value": "0.75"})
    coupon = raised(make.coupon(codes.mint(), offer), second)
    record = used(coupon, "0.75", "1.00", "1.00")
    clear_redemptions()
    back = make.basket()
    Basket.objects.filter(pk=back.pk).update(kind="return")
    item = make.line(back, amount="1.00")
    Undoing.objects.create(
        basket=back,
        line_number=item.number,
        store=record.basket.store,
        till=record.basket.till,
        receipt=record.basket.receipt,
        original_line=2,
        original=record.basket,
    )

    assert reverse_undone() == 0

    Redemption.objects.update(amount="0.76")
    assert reverse_undone() == 1


def words(pdf):
    document = pypdfium2.PdfDocument(pdf)
    text = document[0].get_textpage().get_text_range().replace("\r\n", "\n")
    document.close()
    return text


def test_a_sheet_has_the_worth_of_each_level_and_a_reprint_the_same():
    offer, second = offer_of("amount", {}, {"face_value": "0.75"})
    third = OfferLevel.objects.create(offer=offer, number=3, face_value="1.25")
    sheets = []
    for level in (None, second, third):
        coupon = raised(make.coupon(codes.mint(), offer), level)
        coupon.sheet.mailing.offers.add(offer)
        sheets.append(coupon.sheet)

    papers = [printing.sheet_pdf(sheet) for sheet in sheets]

    for paper, worth in zip(papers, ("0.50", "0.75", "1.25"), strict=True):
        assert f"{worth} off" in words(paper).replace("\n", " ")
    assert [printing.sheet_pdf(sheet) for sheet in sheets] == papers


def test_offers_that_fill_places_are_printed_and_those_of_no_mailing_are_told():
    coupon = make.coupon(codes.mint())
    with pytest.raises(printing.PrintError, match="has no offers"):
        printing.sheet_pdf(coupon.sheet)
    coupon.sheet.mailing.offers.add(make.offer())
    with pytest.raises(printing.PrintError, match="an offer that its mailing does not have"):
        printing.sheet_pdf(coupon.sheet)
    coupon.sheet.mailing.fallback_offers.add(coupon.offer)
    assert "0.50" in words(printing.sheet_pdf(coupon.sheet))
