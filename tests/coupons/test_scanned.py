"""Whatever a scanner sends or a person types comes to the coupon's own code, or to none."""

import threading
from collections import Counter
from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from coupons import scanned
from coupons.calls import BasketKey
from coupons.models import Coupon, CouponLock, OfferLevel
from coupons.scanned import Shown, code_of
from coupons.sheets import codes
from coupons.till import store_today
from pos_integration.gtin import check_digit
from tests import make
from tests.coupons import scans
from tests.coupons.tills import Till

FNC1 = "\x1d"
NOBODYS = "982999999999" + check_digit("982999999999")


@pytest.fixture
def shop(db):
    return make.store()


@pytest.fixture
def home(db):
    return make.household("900")


@pytest.fixture
def shown(shop):
    return Shown("900", store_today(shop))


@pytest.fixture
def ean(shop, home):
    """A coupon of the home in EAN-13."""
    offer = make.offer()
    scans.barcode(offer, "ean_13", "ean", reference="007")  # no digits that are also an own code
    return scans.coupon(shop, offer, home)


@pytest.fixture
def gcn(shop):
    """A coupon with a global coupon number."""
    offer = make.offer()
    scans.barcode(offer, "gs1_128", "255")
    return scans.coupon(shop, offer)


def another(ean, shop, home, **fields):
    """Another of the home's coupons with the same EAN-13."""
    made = scans.coupon(shop, ean.offer, home)
    Coupon.objects.filter(pk=made.pk).update(**fields)
    return made


def queries(text, shown, **more):
    with CaptureQueriesContext(connection) as asked:
        found = code_of(text, shown, **more)
    return found, len(asked)


def test_a_code_of_our_own_is_read_without_asking(shop, shown, django_assert_num_queries):
    code = make.code("7Q4MK2XP9TRD")
    with django_assert_num_queries(0):
        for text in (code, codes.grouped(code).lower(), f" {code}\r", f"]C0{code}"):
            assert code_of(text, shown) == code
        for text in ("", "malformed", code[:-1] + "Z", "]", "\0", "]C1(255)", "https://x.example/"):
            assert code_of(text, shown) == ""


@pytest.mark.parametrize(("symbology", "content"), scans.KINDS)
def test_a_coupon_of_gs1_is_found_as_it_is_scanned(shop, shown, symbology, content):
    offer = make.offer()
    scans.barcode(offer, symbology, content)
    coupon = scans.coupon(shop, offer)
    assert queries(scans.scan(coupon), shown) == (coupon.code, 1)


def test_a_coupon_of_gs1_is_found_however_it_is_sent(gcn, shown):
    bare = scans.payload(gcn).replace("(", "").replace(")", "")
    number = bare[3:]
    for text in (
        f"(255){number}",
        bare,
        f"]C1{bare}",
        f"]e0{bare}",
        f"]d2{bare}",
        f"{FNC1}{bare}{FNC1}",
        f"]C117260331{bare}{FNC1}3902150",
        f"]Q1https://id.gs1.org/255/{number}",
        f"https://coupons.example/255/{number}?17=260331",
        f"https:/coupons.example/below/255/{number}",  # servers on the way lose a slash
        codes.grouped(gcn.code),
    ):
        assert code_of(text, shown) == gcn.code, text


@pytest.mark.parametrize("content", ["255", "8110", "8112"])
def test_the_right_serial_with_another_reference_names_none(shop, shown, content):
    offer, other = make.offer(), make.offer()
    barcode = scans.barcode(offer, "gs1_128", content)
    coupon = scans.coupon(shop, offer)
    text = scans.payload(coupon)
    assert queries(text, shown) == (coupon.code, 1)
    barcode.delete()
    scans.barcode(other, "gs1_128", content)
    assert queries(text, shown) == ("", 1)
    barcode = scans.barcode(offer, "gs1_128", content, prefix="9509999")
    assert queries(text, shown) == ("", 1)
    barcode.delete()
    scans.barcode(offer, "gs1_128", "8112" if content != "8112" else "255")
    assert queries(text, shown) == ("", 1)


def test_a_serial_that_no_coupon_has_names_none_and_takes_as_many_queries(gcn, shown):
    serial = str(gcn.serial)
    unknown = scans.payload(gcn).replace(serial, f"{gcn.serial - 1}")
    without = scans.payload(gcn).replace(serial, "")
    assert queries(unknown, shown) == queries(without, shown) == ("", 1)


def test_another_level_is_another_coupon_where_the_bars_say_the_worth(shop, shown):
    offer = make.offer()
    scans.barcode(offer, "databar", "8110")
    level = OfferLevel.objects.create(offer=offer, number=2, face_value=Decimal("0.75"))
    low, high = scans.coupon(shop, offer), scans.coupon(shop, offer, level=level)
    assert code_of(scans.payload(high), shown) == high.code
    forged = scans.payload(low).replace("250", "275", 1)
    assert forged != scans.payload(low)
    assert code_of(forged, shown) == ""


@pytest.mark.parametrize(("for_update", "count"), [(False, 2), (True, 3)])
def test_an_ean_13_is_the_coupon_of_the_home_whose_card_is_shown(ean, shown, for_update, count):
    text = scans.scan(ean)
    assert text.startswith("]E0982123")
    make.household("901")
    with_card = queries(text, shown, for_update=for_update)
    assert with_card == (ean.code, count)
    for card in ("901", "nobody", "", "\0", " "):
        other = shown._replace(card=card)
        assert queries(text[3:], other, for_update=for_update) == ("", count)
    assert queries(NOBODYS, shown, for_update=for_update) == ("", count)


def test_of_like_coupons_the_one_that_is_good_and_worth_most_is_meant(ean, shop, home, shown):
    text = scans.payload(ean)
    day = timedelta(days=1)
    another(ean, shop, home, state="void")
    another(ean, shop, home, state="redeemed")
    another(ean, shop, home, valid_to=shown.day - day)
    another(ean, shop, home, valid_from=shown.day + day)
    sooner = another(ean, shop, home, valid_to=shown.day)
    assert code_of(text, shown) == sooner.code
    Till(shop).redeem(sooner)
    assert code_of(text, shown) == ean.code
    Coupon.objects.filter(pk=ean.pk).update(state="redeemed")
    assert Coupon.objects.get(code=code_of(text, shown)).state == "redeemed"


def test_levels_of_an_ean_13_without_a_value_are_told_by_what_the_home_has(shop, home, shown):
    offer = make.offer()
    scans.barcode(offer, "ean_13", "ean", prefix="99", reference=f"{offer.pk:010}")
    level = OfferLevel.objects.create(offer=offer, number=2, face_value=Decimal("0.75"))
    low = scans.coupon(shop, offer, home)
    assert code_of(scans.payload(low), shown) == low.code
    high = scans.coupon(shop, offer, home, level)
    assert scans.payload(high) == scans.payload(low)
    assert code_of(scans.payload(low), shown) == high.code


def test_the_receipt_or_the_lock_that_has_one_keeps_it(ean, shop, home, shown):
    other = another(ean, shop, home, valid_to=shown.day)
    till = Till(shop)
    token = till.lock(ean).json()["lock"]
    text = scans.payload(ean)
    held = CouponLock.objects.get()
    key = BasketKey(shop.number, held.till, held.business_date, held.receipt)
    mine = shown._replace(store=shop.pk, key=key)
    assert code_of(text, shown) == other.code
    assert code_of(text, mine) == ean.code
    assert code_of(text, shown._replace(token=token)) == ean.code
    Coupon.objects.filter(pk=other.pk).update(state="redeemed")
    assert code_of(text, shown) == ean.code


def test_thirteen_digits_that_are_also_an_own_code_are_tried_as_both(ean, shop, home, shown):
    body = next(
        body
        for body in (f"982123{number:03}050" for number in range(1000))
        if codes.check_character(body) == check_digit(body)
    )
    text = body + check_digit(body)
    assert queries(text, shown) == (text, 2)
    ean.offer.barcode.reference = body[6:9]
    ean.offer.barcode.save()
    assert queries(text, shown) == (ean.code, 2)
    assert queries(text, shown._replace(card="")) == (text, 2)


def test_the_coupons_of_a_receipt_are_found_together(ean, gcn, shown, django_assert_num_queries):
    own = codes.mint()
    texts = [own, scans.payload(gcn), scans.payload(ean), "a leaflet", NOBODYS]
    with django_assert_num_queries(3):
        found = scanned.codes_of(texts, shown)
    assert [found[text] for text in texts] == [own, gcn.code, ean.code, "", ""]
    with django_assert_num_queries(0):
        assert scanned.codes_of([own, "a leaflet"], shown) == {own: own, "a leaflet": ""}
    with django_assert_num_queries(0):
        assert scanned.codes_of([], shown) == {}


def test_receipts_of_many_cards_are_looked_up_at_once(
    ean, gcn, shop, home, django_assert_num_queries
):
    like = another(ean, shop, home)
    theirs = scans.coupon(shop, ean.offer, make.household("901"))
    text = scans.payload(ean)
    asked = [(text, "900"), (text, "901"), (text, ""), (scans.payload(gcn), ""), ("x", "900")]
    with django_assert_num_queries(3):
        found = scanned.candidates(asked)
    assert found == [[ean.code, like.code], [theirs.code], [], [gcn.code], []]


def test_staff_may_scan_what_has_a_serial(gcn, ean):
    assert scanned.own_code(scans.payload(gcn)) == gcn.code
    assert scanned.own_code(codes.grouped(gcn.code)) == gcn.code
    for text in ("x", scans.payload(ean)):
        with pytest.raises(codes.CodeError):
            scanned.own_code(text)


@pytest.mark.parametrize("page", ["coupons_coupon", "loyalty_household"])
def test_the_desk_finds_what_staff_scan(gcn, ean, admin_client, page):
    path = reverse(f"admin:{page}_changelist")
    listed = admin_client.get(path, {"q": scans.scan(gcn)}).context["cl"].result_list
    assert [*listed] == [gcn if page == "coupons_coupon" else gcn.sheet.household]


@pytest.mark.django_db(transaction=True)
def test_two_tills_at_once_are_given_two_of_a_homes_like_coupons(ean, shop, home):
    like = another(ean, shop, home)
    text = scans.payload(ean)
    answers: Counter[int] = Counter()
    clients = [Till(shop, 100 + number) for number in range(6)]
    start = threading.Barrier(len(clients))

    def redeem(client):
        try:
            start.wait()
            body = {"basket_key": client.key(), "amount": "0.50", "card": "900"}
            answers[client.say(f"coupons/{text}/redeem", body).status_code] += 1
        finally:
            connection.close()

    threads = [threading.Thread(target=redeem, args=[client]) for client in clients]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert answers == {201: 2, 409: 4}
    assert {one.state for one in Coupon.objects.filter(pk__in=[ean.pk, like.pk])} == {"redeemed"}
