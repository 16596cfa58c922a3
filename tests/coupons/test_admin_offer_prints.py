"""What an offer shows on paper, said at the desk: its picture, its languages, its barcode."""

import re

import pytest
from django.contrib.auth.models import User
from django.test import Client

from coupons import pictures
from coupons.models import OfferBarcode, OfferText
from coupons.sheets.pictures import PICTURES
from tests import make
from tests.coupons.test_admin_offers import form, page, rows, staff
from tests.coupons.test_sheet_photos import logo, saved

pytestmark = pytest.mark.django_db
BARCODE = {
    "symbology": "databar",
    "content": "255",
    "company_prefix": "9501101",
    "reference": "53000",
    "family_code": "000",
}


@pytest.fixture
def desk(db):
    client = Client()
    client.force_login(User.objects.create(username="admin", is_staff=True, is_superuser=True))
    return client


def text(response):
    return re.sub(r"\s+", " ", re.sub(r"<[^>]*>", " ", response.content.decode()))


def change(desk, offer, **said):
    return desk.post(page("offer_change", offer.pk), form(code=offer.code, **said))


def test_an_offer_gets_a_photograph_and_its_page_shows_it(desk):
    offer = make.offer()
    kept = pictures.keep("harvest", saved(logo()))
    assert "Drawn: basket." in text(desk.get(page("offer_change", offer.pk)))

    assert change(desk, offer, photo=kept.pk).status_code == 302

    offer.refresh_from_db()
    assert offer.photo == kept
    shown = desk.get(page("offer_change", offer.pk))
    assert kept.file_id in shown.content.decode()
    assert "Its own photograph, harvest ." in text(shown)


def test_an_offer_without_one_shows_that_of_its_product(desk):
    offer = make.offer()
    pictures.keep("oats", saved(logo())).products.add(make.product())
    assert "The photograph of a product" in text(desk.get(page("offer_change", offer.pk)))


def test_every_drawn_picture_is_there_to_be_chosen(desk):
    offer = make.offer()
    body = desk.get(page("offer_change", offer.pk)).content.decode()
    assert all(f'name="picture" value="{key}"' in body for key in PICTURES)
    assert len(body) < 250_000

    change(desk, offer, picture="cheese")
    offer.refresh_from_db()
    assert offer.picture == "cheese"
    change(desk, offer, picture="")
    offer.refresh_from_db()
    assert offer.picture == "cheese"


def test_an_offer_speaks_other_languages_each_once(desk):
    offer = make.offer()
    german = {"language": "de", "name": "Haferdrink", "detail": "", "terms": "Nur einmal"}
    twice = change(desk, offer, **rows("texts", german, german))
    assert "duplicate" in text(twice)
    klingon = change(desk, offer, **rows("texts", {**german, "language": "tlh"}))
    assert "tlh is not one of the available choices" in text(klingon)

    assert change(desk, offer, **rows("texts", german)).status_code == 302
    assert OfferText.objects.get().name == "Haferdrink"


def test_an_offer_gets_a_barcode_or_a_sentence_why_not(desk):
    offer = make.offer()
    wrong = change(desk, offer, **rows("barcode", {**BARCODE, "reference": "5300"}))
    assert "a global coupon number wants 12" in text(wrong)

    assert change(desk, offer, **rows("barcode", BARCODE)).status_code == 302
    assert OfferBarcode.objects.get().offer == offer

    other = change(desk, make.offer(), **rows("barcode", BARCODE))
    assert f"This names the offer &#x27;{offer}&#x27; already." in text(other)


def test_a_barcode_that_says_the_worth_must_be_able_to(desk):
    ean = {**BARCODE, "symbology": "ean_13", "content": "ean", "company_prefix": "9811"}
    said = rows("barcode", {**ean, "reference": "23456"})
    answer = change(desk, make.offer(), face_value="0.55", **said)
    assert "cannot say 0.55" in text(answer)


def test_the_barcode_of_printed_coupons_stays_as_it_is(desk):
    offer = make.offer()
    made = OfferBarcode.objects.create(offer=offer, **BARCODE)
    make.coupon("99001", offer)
    said = rows("barcode", {**BARCODE, "reference": "53001", "id": made.pk}, there=1)
    change(desk, offer, **said)
    made.refresh_from_db()
    assert made.reference == "53000"


def test_an_offer_whose_coupons_carry_their_own_codes_may_still_get_a_barcode(desk):
    offer = make.offer()
    make.coupon("99001", offer)
    change(desk, offer, **rows("barcode", BARCODE))
    assert OfferBarcode.objects.get().offer == offer


def test_marketing_writes_languages_and_barcodes():
    client = staff("Marketing")
    german = {"language": "de", "name": "Haferdrink", "detail": "", "terms": ""}
    said = form(**rows("texts", german), **rows("barcode", BARCODE))
    answer = client.post(page("offer_add"), said)
    assert answer.status_code == 302
    assert OfferText.objects.exists()
    assert OfferBarcode.objects.exists()
