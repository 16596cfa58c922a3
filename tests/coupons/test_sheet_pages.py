"""A sheet without paper: what its page says, to whom, and how long."""

import io
import re
from datetime import timedelta

import pytest
import zxingcpp
from django.test import Client
from django.utils import timezone
from PIL import Image

from coupons import links
from coupons.models import OfferText, Theme
from coupons.sheets import codes
from tests import make

pytestmark = pytest.mark.django_db
CODE = make.code("7Q4MK2XP9TRD")


@pytest.fixture
def coupon():
    """Good from yesterday for three weeks."""
    made = make.coupon(CODE)
    today = timezone.localdate()
    made.valid_from, made.valid_to = today - timedelta(days=1), today + timedelta(days=20)
    made.reason = "You buy this about every 12 days."
    made.save()
    mailing = made.sheet.mailing
    mailing.valid_from, mailing.valid_to = made.valid_from, made.valid_to
    mailing.save()
    return made


def page(sheet, part: str = ""):
    return Client().get(f"/s/{links.token_of(sheet.pk)}/{part}")


def test_a_sheet_can_be_read_in_large_print_without_signing_in(coupon):
    answer = page(coupon.sheet)

    body = answer.content.decode()
    assert answer.status_code == 200
    assert '<html lang="en">' in body
    assert "0.50 off" in body
    assert "You buy this about every 12 days." in body
    assert codes.grouped(CODE) in body
    assert "7 Q 4 M" in body  # as a screen reader says it
    assert 'role="img" aria-label="Barcode of Oat drink"' in body
    assert "Dear Ada Example," in body


def test_nobody_keeps_lists_or_passes_on_what_a_link_shows(coupon):
    answer = page(coupon.sheet)

    assert "no-store" in answer["Cache-Control"]
    assert answer["Referrer-Policy"] == "same-origin"
    assert "noindex" in answer["X-Robots-Tag"]
    assert "<script" not in answer.content.decode()
    assert not re.search(r"\bstyle=", answer.content.decode())


def test_it_speaks_the_households_language(coupon):
    coupon.sheet.language = "de"
    coupon.sheet.save()
    OfferText.objects.create(offer=coupon.offer, language="de", name="Haferdrink")

    body = page(coupon.sheet).content.decode()
    assert '<html lang="de">' in body
    assert "0,50 Rabatt" in body
    assert "Haferdrink" in body
    assert "Guten Tag Ada Example," in body


def test_a_link_of_another_sheet_cannot_be_made_up(coupon):
    token = links.token_of(coupon.sheet_id)
    other = token.replace(str(coupon.sheet_id), str(coupon.sheet_id + 1), 1)

    assert Client().get(f"/s/{other}/").status_code == 404
    assert Client().get("/s/1:nothing/").status_code == 404
    assert Client().get("/s/nothing/").status_code == 404
    assert links.sheet_of(links.token_of(10**12)) == 10**12
    assert Client().get(f"/s/{links.token_of(10**12)}/").status_code == 404


def test_a_new_key_ends_links_unless_the_old_one_is_named(coupon, settings):
    address = f"/s/{links.token_of(coupon.sheet_id)}/"
    old, settings.SECRET_KEY = settings.SECRET_KEY, "another-long-and-random-key"
    assert Client().get(address).status_code == 404
    settings.SECRET_KEY_FALLBACKS = [old]
    assert Client().get(address).status_code == 200


def test_what_is_used_over_or_void_shows_no_barcode_but_says_so(coupon):
    coupon.state = "void"
    coupon.save()

    body = page(coupon.sheet).content.decode()
    assert "No longer good" in body
    assert codes.grouped(CODE) not in body
    assert "<svg" not in body


def test_a_link_is_gone_weeks_after_its_last_coupon(coupon):
    mailing = coupon.sheet.mailing
    mailing.valid_to = timezone.localdate() - timedelta(days=29)
    mailing.valid_from = mailing.valid_to
    mailing.save()

    answer = page(coupon.sheet)
    assert answer.status_code == 410
    assert "This link has expired" in answer.content.decode()
    assert "Ada" not in answer.content.decode()
    assert page(coupon.sheet, "coupons.png").status_code == 410


def test_a_picture_for_mail_shows_the_coupons_and_no_address(coupon):
    Theme.objects.create(name="House", is_default=True, home="https://coupons.example")
    assert page(coupon.sheet, "coupons.png").status_code == 404  # its mailing has no offers
    coupon.sheet.mailing.offers.add(coupon.offer)
    answer = page(coupon.sheet, "coupons.png")

    assert answer.status_code == 200
    assert answer["Content-Type"] == "image/png"
    picture = Image.open(io.BytesIO(answer.content))
    assert 790 < picture.width < 810  # one coupon of 95 mm and the white round it
    assert [symbol.text for symbol in zxingcpp.read_barcodes(picture)] == [CODE]
    assert len(answer.content) < 400_000


def test_a_telephone_that_reads_a_coupons_link_learns_what_to_do_and_nothing_else(coupon):
    known = Client().get("/255/9501101530003123456789012")
    assert known.status_code == 200
    assert "the till reads its code" in known.content.decode()
    assert Client().get("/255/9501101530003999999999999").content == known.content
    assert Client().get("/255/12").status_code == 404
