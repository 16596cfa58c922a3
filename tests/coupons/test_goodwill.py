"""Goodwill: given at the desk at once, honoured like any coupon, and no lesson for any model."""

import threading
from collections import Counter
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pypdfium2  # type: ignore[import-untyped] # ships no types
import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Permission, User
from django.db import connection
from django.utils import timezone

from coupons import (
    exposures,
    forecasting,
    goodwill,
    measuring,
    nightly,
    outcomes,
    payloads,
    replacing,
    voiding,
    wallet,
)
from coupons.clearing import clear_redemptions
from coupons.goodwill import GoodwillError
from coupons.models import (
    Coupon,
    CouponLock,
    Goodwill,
    Mailing,
    Offer,
    OfferBarcode,
    Restriction,
    Sheet,
)
from coupons.printing import PrintError, begin, sheet_pdf
from coupons.selection import forecast
from loyalty import merging
from loyalty.models import Household, ModelRun
from pos_integration.models import Category
from tests import make
from tests.coupons.tills import Till

pytestmark = pytest.mark.django_db
TODAY = timezone.localdate()
DAY = timedelta(days=1)


def offer(worth="0.50", **fields):
    made = make.offer(worth)
    good = {"valid_from": TODAY - DAY, "valid_to": TODAY + 100 * DAY, **fields}
    Offer.objects.filter(pk=made.pk).update(**good)
    made.refresh_from_db()
    return made


@pytest.fixture
def clerk():
    return User.objects.create(username="clerk", is_staff=True)


@pytest.fixture
def home():
    return make.household("1001")


def test_a_goodwill_coupon_is_good_at_once_and_its_sheet_grows(home, clerk):
    first = goodwill.give(home, offer(), "Milk was sour", clerk)
    second = goodwill.give(home, offer("1.00"), "And again", clerk, good_days=7)

    assert (first.state, first.valid_from, first.valid_to) == ("open", TODAY, TODAY + 27 * DAY)
    assert second.valid_to == TODAY + 6 * DAY
    assert (first.sheet, first.position, second.position) == (second.sheet, 1, 2)
    sheet = Sheet.objects.get()
    assert (sheet.household, sheet.savings) == (home, Decimal("1.50"))
    month = sheet.mailing
    assert (month.code, month.is_goodwill) == (f"goodwill-{TODAY:%Y-%m}", True)
    assert first.goodwill.why == "Milk was sour"
    assert goodwill.mailing_of(TODAY) == month
    assert sheet_pdf(sheet).startswith(b"%PDF")
    with pytest.raises(PrintError, match="sheet by sheet"):
        begin(month)
    till = Till(make.store())
    assert len(wallet.live_of(till.terminal, home)) == 2


def test_its_paper_says_the_days_of_each_coupon(home, clerk):
    goodwill.give(home, offer(), "Milk was sour", clerk, good_days=3)
    text = pypdfium2.PdfDocument(sheet_pdf(Sheet.objects.get()))[0].get_textpage()
    end = TODAY + 2 * DAY

    assert f"{end.day} {end:%b}" in text.get_text_bounded()


def test_what_cannot_be_given_is_refused_in_a_sentence(home, clerk):
    mild = offer()
    goodwill.give(home, mild, "Milk was sour", clerk)
    over, dear, gone = (
        offer(valid_to=TODAY - DAY, valid_from=TODAY - 2 * DAY),
        offer("5.01"),
        offer(most_coupons=0),
    )
    for what, why, days, wanted in (
        (mild, "again", 28, "this month already"),
        (over, "sour", 28, "not good today"),
        (dear, "sour", 28, "up to 5.00"),
        (gone, "sour", 28, "given out"),
        (offer(), "  ", 28, "Say why"),
        (offer(), "x" * 201, 28, "200 letters"),
        (offer(), "sour", 61, "1 to 60 days"),
    ):
        with pytest.raises(GoodwillError, match=wanted):
            goodwill.give(home, what, why, clerk, good_days=days)
    assert Coupon.objects.count() == 1


def test_what_law_restricts_is_given_as_law_allows(home, clerk):
    beer = offer()
    Category.objects.update(goods=Category.Goods.ALCOHOL)
    with pytest.raises(GoodwillError, match="Law restricts"):
        goodwill.give(home, beer, "Broken bottle", clerk)
    Household.objects.update(is_of_age=True)
    home.refresh_from_db()
    goodwill.give(home, beer, "Broken bottle", clerk)
    Restriction.objects.create(goods="alcohol", verdict="never")
    with pytest.raises(GoodwillError, match="Law restricts"):
        goodwill.give(home, offer(), "Broken bottle", clerk)


def test_store_staff_give_so_much_a_day_and_marketing_more(home, clerk, monkeypatch):
    monkeypatch.setattr(goodwill, "A_DAY", 1)
    goodwill.give(home, offer(), "sour", clerk)
    with pytest.raises(GoodwillError, match="You gave 1"):
        goodwill.give(make.household(), offer(), "sour", clerk)
    clerk.user_permissions.add(Permission.objects.get(codename="change_offer"))
    clerk = User.objects.get(pk=clerk.pk)

    goodwill.give(home, offer("5.01"), "sour", clerk)

    assert offer("25.00") in goodwill.offers_on(TODAY, clerk)


def test_a_serial_number_is_given_where_the_barcode_says_one(home, clerk):
    good = offer()
    OfferBarcode.objects.create(
        offer=good, symbology="gs1_128", content="255", company_prefix="9501101", reference="53000"
    )
    assert goodwill.give(home, good, "sour", clerk).serial >= payloads.FEWEST_SERIAL


def test_it_clears_and_is_used_like_any(home, clerk):
    coupon = goodwill.give(home, offer(), "sour", clerk)
    make.redemption_record(coupon.code, day=TODAY)

    assert clear_redemptions() == {"redemption": 1}
    with pytest.raises(voiding.VoidError, match="used already"):
        voiding.void(coupon, clerk, "twice")


def test_nothing_is_learned_of_it_and_no_night_touches_it(home, clerk):
    coupon = goodwill.give(home, offer(), "sour", clerk)
    month = coupon.sheet.mailing
    make.redemption_record(coupon.code, day=TODAY)
    clear_redemptions()
    tomorrow = TODAY + DAY
    later = tomorrow + 200 * DAY
    next_one = make.mailing(most_contacts=1)
    Mailing.objects.filter(pk=next_one.pk).update(issue_on=later, valid_from=later, valid_to=later)
    next_one.recipients.create(household=home)
    told: Any = nightly.Night(0, [], ModelRun(), Counter(), [], [], [], [], [])

    nightly._select_due(tomorrow, lambda _: lambda done, total: None, told)
    nightly._issue_due(tomorrow, lambda _: lambda done, total: None, told)

    assert (told.selected, told.issued, told.printed, told.refused) == ([], [], [], [])
    assert list(measuring.due(later)) == []
    assert list(exposures.ended(later, TODAY - 40 * DAY)) == []
    assert list(exposures.from_elsewhere(Mailing.objects.filter(pk=month.pk))) == []
    assert forecasting._error(Mailing(issue_on=later)) == forecast.error_of([], [])
    next_one.refresh_from_db()
    assert not list(outcomes._joined(next_one, tomorrow)["contacts"])


def test_a_lost_goodwill_sheet_is_replaced_as_goodwill(home, clerk):
    coupon = goodwill.give(home, offer(), "sour", clerk)

    instead = replacing.replace(coupon.sheet, clerk, "lost")

    assert instead.coupons.get().goodwill.why == "sour"
    replacing.void(instead, clerk, "lost again")
    assert goodwill.give(home, coupon.offer, "sour", clerk).sheet.replaces == instead


def test_a_coupon_is_made_void_once_with_its_reason_unless_a_till_holds_it(home, clerk):
    coupon = goodwill.give(home, offer(), "sour", clerk)
    till = Till(make.store())
    lock = CouponLock.objects.create(
        coupon=coupon, token="t", terminal=till.terminal, store=till.terminal.store, till=1,
        business_date=TODAY, receipt="1", amount="0.50", line_number=1,
        expires_at=timezone.now() + DAY,
    )  # fmt: skip
    with pytest.raises(voiding.VoidError, match="A till holds it"):
        voiding.void(coupon, clerk, "wrong household")
    lock.delete()
    with pytest.raises(voiding.VoidError, match="Say why"):
        voiding.void(coupon, clerk, " ")

    assert [voiding.void(coupon, clerk, "wrong household") for _ in range(2)] == [True, False]
    assert "wrong household" in LogEntry.objects.get().change_message


def test_after_a_merger_the_gone_household_s_coupons_stay_good(home, clerk):
    gone = make.household("1002")
    coupon = goodwill.give(gone, offer(), "sour", clerk)
    OfferBarcode.objects.create(
        offer=coupon.offer,
        symbology="ean_13",
        content="ean",
        company_prefix="99",
        reference="7700000001",
    )
    ean = payloads.ean_of(coupon.offer.barcode, coupon.terms)
    merging.merge(home, gone, clerk)
    from coupons import scanned

    assert scanned.code_of(ean, scanned.Shown("1001", TODAY)) == coupon.code
    assert scanned.code_of(ean, scanned.Shown("1002", TODAY)) == coupon.code
    assert scanned.code_of(coupon.code, scanned.Shown()) == coupon.code
    assert wallet.live_of(Till(make.store()).terminal, home) == [coupon]
    with pytest.raises(GoodwillError, match="give it there"):
        goodwill.give(gone, offer(), "sour", clerk)


@pytest.mark.django_db(transaction=True)
def test_two_at_once_make_one_mailing_and_one_sheet():
    clerk = User.objects.create(username="clerk")
    home, offers = make.household(), [offer(), offer("0.75")]
    begin_, came = threading.Barrier(2), []

    def run(one):
        begin_.wait()
        try:
            came.append(goodwill.give(home, one, "sour", clerk).position)
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=(one,)) for one in offers]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(10)

    assert sorted(came) == [1, 2]
    assert (Mailing.objects.count(), Sheet.objects.count(), Goodwill.objects.count()) == (1, 1, 2)
