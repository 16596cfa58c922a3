"""The whole way of a coupon with a barcode of GS1: drawn, scanned, held, burnt, cleared."""

from datetime import timedelta
from decimal import Decimal
from urllib.parse import quote

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from coupons import guessing
from coupons.clearing import clear_redemptions
from coupons.models import Coupon, OfferLevel, Redemption, Refusal, TillMiss
from coupons.sheets import codes
from coupons.sheets.symbols import gs1
from coupons.till import store_today
from loyalty.models import Card
from pos_integration.models import RedemptionRecord
from tests import make
from tests.coupons import scans, tills
from tests.coupons.test_guessing import asked
from tests.coupons.tills import Till, said


@pytest.fixture
def shop(db):
    return make.store()


@pytest.fixture
def till(shop):
    return Till(shop)


@pytest.fixture
def home(db):
    return make.household("900")


@pytest.fixture
def gcn(shop):
    """A coupon in a DataMatrix with a global coupon number."""
    offer = make.offer()
    scans.barcode(offer, "datamatrix", "255")
    return scans.coupon(shop, offer)


@pytest.fixture
def ean(shop, home):
    """A coupon of the home in EAN-13."""
    offer = make.offer()
    scans.barcode(offer, "ean_13", "ean")
    return scans.coupon(shop, offer, home)


def look(till, text, **query):
    return till.get(f"/api/v1/coupons/{quote(text, safe='')}", query)


def act(till, text, what, **body):
    return till.say(f"coupons/{quote(text, safe='')}/{what}", body)


def lock(till, text, receipt="1", **more):
    basket = till.basket(receipt, **more.pop("basket", {}))
    return act(till, text, "lock", basket=basket, **more)


def redeem(till, text, receipt="1", amount="0.50", **more):
    return act(till, text, "redeem", basket_key=till.key(receipt), amount=amount, **more)


def offline(shop, text, card="", receipt=None, till=12):
    """What a basket that came in later says: `text` was taken off its oat drink."""
    sold = make.basket(card, store_today(shop), shop)
    if receipt is not None:
        sold.till, sold.receipt = till, receipt
        sold.save()
    make.line(sold)
    return RedemptionRecord.objects.create(
        basket=sold, position=0, line_number=1, code=text, amount=Decimal("0.50")
    )


@pytest.mark.parametrize(("symbology", "content"), scans.KINDS)
def test_what_was_drawn_is_scanned_held_and_burnt(shop, till, symbology, content):
    offer = make.offer()
    scans.barcode(offer, symbology, content)
    coupon = scans.coupon(shop, offer)
    text = scans.scan(coupon, "https://coupons.example")

    seen = look(till, text).json()
    assert (seen["state"], seen["code"]) == ("good", codes.grouped(coupon.code))
    held = lock(till, text)
    assert held.status_code == 200
    assert held.json()["amount"] == "0.50"
    assert act(till, text, "release", lock=held.json()["lock"]).json() == {"released": True}
    token = lock(till, text).json()["lock"]
    assert redeem(till, text, lock=token).status_code == 201
    assert said(redeem(till, text, "2")) == (409, "already_redeemed")
    assert said(till.redeem(coupon, "2")) == (409, "already_redeemed")
    assert Redemption.objects.get().coupon == coupon


@pytest.mark.parametrize(("symbology", "content"), [*scans.KINDS, ("ean_13", "ean")])
def test_what_was_taken_off_offline_is_cleared(shop, home, symbology, content):
    offer = make.offer()
    scans.barcode(offer, symbology, content)
    coupon = scans.coupon(shop, offer, home)
    text = scans.scan(coupon, "https://coupons.example")
    first, second = offline(shop, text, "900"), offline(shop, codes.grouped(coupon.code))
    assert clear_redemptions() == {"redemption": 1, "refusal": 1}
    assert first.redemption.coupon == coupon
    assert second.refusal.reason == Refusal.Reason.CONFLICT


def test_a_void_coupon_stays_void_however_it_is_scanned(shop, till, gcn):
    Coupon.objects.filter(pk=gcn.pk).update(state="void")
    text = scans.scan(gcn)
    assert look(till, text).json()["state"] == "void"
    assert said(redeem(till, text)) == (410, "expired")
    record = offline(shop, text)
    clear_redemptions()
    assert record.refusal.reason == Refusal.Reason.VOID


def test_the_right_serial_beside_a_wrong_reference_is_as_good_as_any_unknown_code(shop, till, gcn):
    text = scans.payload(gcn)
    serial = str(gcn.serial)
    foreign = gs1.ai_255(gs1.gcn("9509999", "00001"), serial)
    unknown = text.replace(serial, f"{gcn.serial - 1}")
    body = {"basket_key": till.key(), "amount": "0.50", "basket": till.basket(), "lock": "x"}
    till.say("coupons/malformed/lock", body)  # what the items are is asked for once
    for call in (
        lambda said: look(till, said),
        lambda said: look(till, said, card="nobody"),
        lambda said: act(till, said, "redeem", **body),
        lambda said: act(till, said, "lock", **body),
        lambda said: act(till, said, "release", **body),
    ):
        answers = [asked(lambda call=call, said=said: call(said)) for said in (foreign, unknown)]
        assert answers[0] == answers[1]
        assert answers[0][:2] == asked(lambda call=call: call("malformed"))[:2]
        assert answers[0][0] == 404
        TillMiss.objects.all().delete()
    for said_ in (foreign, unknown):
        record = offline(shop, said_)
        clear_redemptions()
        assert record.refusal.reason == Refusal.Reason.UNKNOWN_CODE


def test_a_coupon_of_another_home_than_the_card_shown_is_unknown(till, home, gcn):
    text = scans.payload(gcn)
    assert look(till, text, card=f"card-{gcn.code}").status_code == 200
    assert said(look(till, text, card="900")) == (404, "unknown_coupon")


def test_guessing_serials_locks_a_till_out(till, gcn, ean):
    serial = str(gcn.serial)
    text = scans.payload(gcn)
    for number in range(guessing.MISSES - 1):
        wrong = text.replace(serial, f"{gcn.serial - 1 - number}")
        assert redeem(till, wrong).status_code == 404
    assert redeem(till, scans.payload(ean), card="somebody").status_code == 404
    assert said(redeem(till, text)) == (429, "locked_out")
    assert Redemption.objects.count() == 0


def test_an_ean_13_is_good_with_the_households_card_only(till, home, ean):
    text = scans.scan(ean)
    make.household("901")
    for query in ({}, {"card": "901"}, {"card": "nobody"}):
        assert said(look(till, text, **query)) == (404, "unknown_coupon")
        assert said(lock(till, text, **query)) == (404, "unknown_coupon")
        assert said(redeem(till, text, **query)) == (404, "unknown_coupon")
        TillMiss.objects.all().delete()
    assert look(till, text, card="900").json()["state"] == "good"
    token = lock(till, text, card="900").json()["lock"]
    assert act(till, text, "release", lock=token, card="900").json() == {"released": True}
    token = lock(till, text, basket={"card": "900"}).json()["lock"]
    assert redeem(till, text, lock=token, card="900").status_code == 201
    assert said(redeem(till, text, "2", card="900")) == (409, "already_redeemed")
    assert Redemption.objects.get().coupon == ean


def test_not_even_the_queries_tell_whose_an_ean_13_is(till, home, ean):
    text = scans.payload(ean)
    make.household("901")
    body = {"basket_key": till.key(), "amount": "0.50"}
    for call in (
        lambda card: look(till, text, card=card),
        lambda card: act(till, text, "redeem", card=card, **body),
    ):
        foreign, nobody, nul = [
            asked(lambda call=call, card=card: call(card)) for card in ("901", "nobody", "%00")
        ]
        assert foreign[0] == 404
        assert foreign == nobody == nul
        TillMiss.objects.all().delete()


def test_every_card_of_the_household_will_do(till, home, ean):
    Card.objects.create(household=home, number="902")
    assert redeem(till, scans.payload(ean), card="902").status_code == 201


def test_while_one_is_held_for_another_receipt_the_next_like_it_is_used(shop, till, home, ean):
    text = scans.payload(ean)
    like = scans.coupon(shop, ean.offer, home)
    held = lock(till, text, "1", card="900").json()["lock"]
    assert lock(till, text, "1", card="900").json()["lock"] == held
    assert redeem(till, text, "2", card="900").status_code == 201
    assert said(redeem(till, text, "3", card="900")) == (409, "locked")
    assert redeem(till, text, "1", card="900", lock=held).status_code == 201
    assert {one.coupon_id: one.receipt for one in Redemption.objects.all()} == {
        ean.pk: "1",
        like.pk: "2",
    }


def test_a_basket_lists_its_coupons_as_they_were_scanned(shop, till, home, ean):
    other = make.offer("1.00")
    other.stacking_group = "more"
    other.save()
    scans.barcode(other, "datamatrix", "255")
    more = scans.coupon(shop, other)
    listed = [
        {"code": scans.scan(ean), "amount": "0.50", "line": 1},
        {"code": scans.scan(more), "amount": "1.00", "line": 2},
    ]
    lines = [tills.line(), tills.line(2, amount="1.20")]
    basket = till.basket("1", *lines, coupons=listed, card="900")
    answer = act(till, scans.scan(more), "lock", basket=basket)
    assert answer.status_code == 200, answer.content
    assert (answer.json()["amount"], answer.json()["line"]) == ("1.00", 2)
    answer = act(till, scans.scan(ean), "lock", basket=basket)
    assert (answer.json()["amount"], answer.json()["line"]) == ("0.50", 1)


def test_without_a_card_an_ean_13_of_a_basket_is_refused_and_says_what_is_missing(shop, ean):
    make.household("901")
    text = scans.payload(ean)
    without, foreign = offline(shop, text), offline(shop, text, "901")
    clear_redemptions()
    assert without.refusal.detail == f"no coupon or offer has {text!r} together with no card"
    assert foreign.refusal.detail == f"no coupon or offer has {text!r} together with the card 901"


def test_a_receipt_that_was_redeemed_online_is_that_use(shop, till, home, ean):
    text = scans.payload(ean)
    like = scans.coupon(shop, ean.offer, home)
    assert redeem(till, text, "7", card="900").status_code == 201
    online = Redemption.objects.get()
    later, same = offline(shop, text, "900"), offline(shop, text, "900", "7")
    assert clear_redemptions() == {"redemption": 2}
    assert same.redemption == online
    assert {online.coupon_id, later.redemption.coupon_id} == {ean.pk, like.pk}


def test_each_use_offline_takes_another_of_the_homes_like_coupons(shop, home, ean):
    text = scans.payload(ean)
    like = scans.coupon(shop, ean.offer, home)
    old = scans.coupon(shop, ean.offer, home)
    Coupon.objects.filter(pk=old.pk).update(valid_to=store_today(shop) - timedelta(days=1))
    void = scans.coupon(shop, ean.offer, home)
    Coupon.objects.filter(pk=void.pk).update(state="void")
    records = [offline(shop, text, "900") for _ in range(3)]
    assert clear_redemptions() == {"redemption": 2, "refusal": 1}
    assert [records[n].redemption.coupon_id for n in (0, 1)] == [ean.pk, like.pk]
    assert records[2].refusal.reason == Refusal.Reason.CONFLICT


def test_a_code_for_everybody_may_be_an_ean_13(shop, home):
    offer = make.offer(shared_code="9912345678908")
    record = offline(shop, "9912345678908", "900")
    record.basket.business_date = offer.valid_from
    record.basket.save()
    assert clear_redemptions() == {"redemption": 1}
    assert record.redemption.coupon is None


def test_levels_of_an_ean_13_are_told_by_its_value(shop, till, home, ean):
    level = OfferLevel.objects.create(offer=ean.offer, number=2, face_value=Decimal("0.75"))
    high = scans.coupon(shop, ean.offer, home, level)
    for coupon, value in ((high, "0.75"), (ean, "0.50")):
        assert look(till, scans.payload(coupon), card="900").json()["value"] == value


def test_a_screen_is_told_what_to_draw(shop, till, home, gcn, ean):
    gcn.sheet.household = home
    gcn.sheet.save()
    own = tills.coupon(shop)
    own.sheet.household = home
    own.sheet.save()
    wanted = {
        codes.grouped(own.code): ("code_128", own.code),
        codes.grouped(gcn.code): ("datamatrix", scans.payload(gcn)),
        codes.grouped(ean.code): ("ean_13", scans.payload(ean)),
    }
    told = till.get("/api/v1/cards/900/coupons").json()["coupons"]
    assert {
        one["code"]: (one["barcode"]["symbology"], one["barcode"]["payload"]) for one in told
    } == wanted
    seen = till.look(gcn).json()
    assert tuple(seen["barcode"].values()) == wanted[seen["code"]]


def test_the_description_of_the_api_names_the_card_and_the_barcode(till):
    schema = till.get("/api/v1/schema/?format=json").json()
    paths = schema["paths"]
    for what in ("lock", "redeem", "release"):
        post = paths[f"/api/v1/coupons/{{code}}/{what}"]["post"]
        body = post["requestBody"]["content"]["application/json"]["schema"]
        assert "EAN-13" in body["properties"]["card"]["anyOf"][0]["description"]
    terms = schema["components"]["schemas"]["CouponTerms"]
    assert "barcode" in terms["required"]


def test_a_code_of_our_own_costs_no_query_more_than_before(shop, till, gcn, ean):
    def queries(text, receipt):
        with CaptureQueriesContext(connection) as made:
            assert redeem(till, text, receipt, card="900").status_code == 201
        return sum(not one["sql"].startswith(("SAVEPOINT", "RELEASE")) for one in made)

    own = tills.coupon(shop)
    redeem(till, codes.mint())  # what is asked for once
    first = queries(codes.grouped(own.code), "1")
    assert queries(scans.payload(gcn), "2") == first + 1
    assert queries(scans.payload(ean), "3") == first + 3
    assert first == 4  # who asks, what it asked before, the coupon, the redemption
