"""What coupons' barcodes say, and what stands under them, whatever the theme becomes."""

import secrets
from decimal import Decimal

import pytest

from coupons import payloads
from coupons.models import Coupon, OfferBarcode, OfferLevel, Theme
from coupons.sheets import screens
from coupons.sheets.faces import Symbology
from coupons.sheets.symbols import gs1
from coupons.sheets.symbols.offers import NorthAmerican
from tests import make
from tests.coupons import scans, tills

CODE = make.code("7Q4MK2XP9TRD")
GROUPED = f"7Q4M-K2XP-9TRD-{CODE[-1]}"
SERIAL = 123_456_789_012


@pytest.fixture
def offer(db):
    return make.offer("1.50")


@pytest.fixture
def theme(db):
    return Theme.objects.create(
        name="Spring", is_default=True, symbology="datamatrix", company_prefix=scans.PREFIX
    )


def mailing(*offers, **fields):
    made = make.mailing(**fields)
    made.offers.set(offers)
    return made


def says(offer, symbology="gs1_128", content="255", terms=None, home="", **more):
    barcode = OfferBarcode(
        offer=offer,
        symbology=symbology,
        content=content,
        **{"company_prefix": scans.PREFIX, "reference": "00007", **more},
    )
    return payloads.faces_of(CODE, SERIAL, terms or offer, barcode, home)


def test_without_a_barcode_of_the_offer_the_bars_say_the_coupons_own_code(offer):
    assert payloads.symbology_of(offer) is Symbology.CODE_128
    assert payloads.faces_of(CODE, None, offer, None, "") == (GROUPED, CODE)


@pytest.mark.parametrize("symbology", ["gs1_128", "databar", "datamatrix"])
def test_a_coupon_number_is_the_offers_reference_and_the_coupons_serial(offer, symbology):
    assert says(offer, symbology) == (GROUPED, f"(255)9501101000070{SERIAL}")


@pytest.mark.parametrize(
    ("home", "link"),
    [
        ("", f"https://id.gs1.org/255/9501101000070{SERIAL}"),
        ("https://coupons.example/", f"https://coupons.example/255/9501101000070{SERIAL}"),
    ],
)
def test_a_qr_code_leads_below_the_chains_own_address_or_to_gs1(offer, home, link):
    assert says(offer, "qr", home=home) == (GROUPED, link)


def test_a_positive_offer_names_funder_offer_and_serial(offer):
    told = says(offer, "databar", "8112", reference="000007")
    assert told == (GROUPED, f"(8112)01{scans.PREFIX}0000076{SERIAL}")


@pytest.mark.parametrize(
    ("prefix", "reference", "digits"),
    [("982123", "007", "982123007150"), ("981123", "007", "981123007015"), ("990", "7", None)],
)
def test_an_ean_13_says_its_worth_and_stands_under_its_own_bars(offer, prefix, reference, digits):
    if digits is None:
        reference, digits = "000000007", "990000000007"
    under, payload = says(offer, "ean_13", "ean", company_prefix=prefix, reference=reference)
    assert under == payload
    assert payload[:-1] == digits


@pytest.mark.parametrize(
    ("kind", "terms", "save_value", "save_value_code", "requirement", "requirement_code"),
    [
        ("amount", {}, 150, 0, 1, 0),
        ("percent", {"percent": 20}, 20, 5, 1, 0),
        ("free_item", {}, 150, 1, 1, 0),
        ("fixed_price", {"price": Decimal(2)}, 150, 0, 1, 0),
        ("multi_buy", {"price": Decimal(5), "units": 3}, 150, 0, 3, 0),
        ("threshold", {"threshold": Decimal(30)}, 150, 0, 3000, 1),
    ],
)
def test_a_coupon_of_north_america_says_its_terms(
    offer, kind, terms, save_value, save_value_code, requirement, requirement_code
):
    offer.kind = kind
    for name, value in terms.items():
        setattr(offer, name, value)
    _, payload = says(offer, "databar", "8110", reference="000007", family_code="123")
    assert NorthAmerican.from_text(payload.removeprefix("(8110)")) == NorthAmerican(
        company_prefix=scans.PREFIX,
        offer_code="000007",
        save_value=save_value,
        save_value_code=save_value_code,
        requirement=requirement,
        requirement_code=requirement_code,
        family_code="123",
        starts=offer.valid_from,
        expires=offer.valid_to,
        serial=str(SERIAL),
    )


def test_gs1_128_leaves_out_days_that_it_has_no_room_for(offer):
    def days(prefix):
        _, payload = says(offer, "gs1_128", "8110", company_prefix=prefix, reference="000007")
        screens.raster(Symbology.GS1_128, payload)
        told = NorthAmerican.from_text(payload.removeprefix("(8110)"))
        return told.starts, told.expires

    assert days("950110") == (None, offer.valid_to)
    assert days(scans.PREFIX) == (None, None)


@pytest.mark.parametrize(
    ("symbology", "content", "prefix", "reference"),
    [("databar", "8110", scans.PREFIX, "000007"), ("ean_13", "ean", "982123", "007")],
)
def test_what_carries_a_value_tells_an_offers_levels_apart(
    offer, symbology, content, prefix, reference
):
    level = OfferLevel.objects.create(offer=offer, number=2, face_value=Decimal("2.00"))
    more = {"company_prefix": prefix, "reference": reference}
    assert says(offer, symbology, content, **more) != says(offer, symbology, content, level, **more)


def test_a_coupon_issued_before_its_offer_had_a_barcode_keeps_its_own_code(offer):
    coupon = make.coupon(CODE, offer)
    scans.barcode(offer, "datamatrix", "255")
    assert payloads.bars_of(scans.read(coupon), "") == (Symbology.CODE_128, GROUPED, CODE)


def test_a_theme_gives_its_barcode_to_offers_that_have_none(offer, theme):
    own = make.offer()
    kept = scans.barcode(own, "databar", "8112")
    fallback = make.offer()
    spring = mailing(offer, own)
    spring.fallback_offers.add(fallback)

    assert payloads.freeze(spring) == 2

    made = OfferBarcode.objects.get(offer=offer)
    assert (made.symbology, made.content, made.company_prefix, made.reference) == (
        *("datamatrix", "255", scans.PREFIX),
        f"{offer.pk:05}",
    )
    assert OfferBarcode.objects.get(offer=own) == kept
    assert OfferBarcode.objects.filter(offer=fallback).exists()


def test_what_is_printed_stays_whatever_the_theme_becomes(offer, theme):
    spring = mailing(offer, theme=theme)
    payloads.freeze(spring)
    theme.symbology, theme.company_prefix = "qr", "9509999"
    theme.save()
    assert payloads.freeze(spring) == 0
    assert OfferBarcode.objects.get().symbology == "datamatrix"


def test_a_theme_of_own_codes_gives_none(offer, theme):
    theme.symbology = "code_128"
    theme.save()
    assert payloads.freeze(mailing(offer)) == 0
    Theme.objects.all().delete()
    assert payloads.freeze(mailing(offer)) == 0


@pytest.mark.parametrize(
    ("prefix", "content", "taken", "wide"),
    [
        ("", "ean", "99", 10),  # a company's own numbers are of products
        (scans.PREFIX, "ean", "99", 10),
        ("990", "ean", "990", 9),
        ("982123", "ean", "982123", 3),
    ],
)
def test_ean_13_coupons_begin_as_coupons_do(offer, theme, prefix, content, taken, wide):
    theme.symbology, theme.company_prefix = "ean_13", prefix
    theme.save()
    offer.pk = 77
    offer.code = "offer-77"
    offer.save()
    payloads.freeze(mailing(offer))
    made = OfferBarcode.objects.get()
    assert (made.content, made.company_prefix, made.reference) == (content, taken, f"{77:0{wide}}")


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"company_prefix": ""}, "has no GS1 company prefix"),
        ({"company_prefix": "950110100000"}, "0 digits are left"),
        ({"symbology": "ean_13", "company_prefix": "982123456"}, "0 digits are left"),
        ({"symbology": "qr", "home": f"https://{'x' * 50}.example"}, "tills send 80 at most"),
    ],
)
def test_a_barcode_that_cannot_be_is_refused_in_a_sentence(offer, theme, fields, sentence):
    Theme.objects.update(**fields)
    with pytest.raises(payloads.PayloadError, match=sentence):
        payloads.freeze(mailing(offer))
    assert OfferBarcode.objects.count() == 0


def test_nor_may_it_name_another_offer_or_a_worth_that_it_cannot_say(offer, theme):
    other = make.offer()
    taken = scans.barcode(other, "databar", "255", reference=f"{offer.pk:05}")
    with pytest.raises(payloads.PayloadError, match=f"names '{other}' already"):
        payloads.freeze(mailing(offer))
    taken.delete()
    long = scans.barcode(offer, "gs1_128", "8110", prefix="950110100000")
    OfferLevel.objects.create(offer=offer, number=3, face_value=Decimal(150))
    with pytest.raises(payloads.PayloadError, match="GS1-128 carries"):
        payloads.freeze(mailing(offer))
    long.delete()
    offer.levels.all().delete()
    scans.barcode(offer, "ean_13", "ean", prefix="981123", reference="007")
    OfferLevel.objects.create(offer=offer, number=2, face_value=Decimal("1.55"))
    with pytest.raises(payloads.PayloadError, match=r"The barcode of '1\.55 off Oat drink'"):
        payloads.freeze(mailing(offer))


def test_only_what_is_known_by_its_serial_gets_one(offer, django_assert_num_queries):
    own, card = make.offer(), make.offer()
    scans.barcode(offer, "gs1_128", "255")
    scans.barcode(card, "ean_13", "ean")
    asked = [offer.pk, own.pk, offer.pk, card.pk]
    with django_assert_num_queries(2):
        first, none, second, ean = payloads.serials_for(asked)
    assert (none, ean) == (None, None)
    assert len(str(first)) == len(str(second)) == gs1.SERIAL_DIGITS
    assert first != second
    with django_assert_num_queries(1):
        assert payloads.serials_for([own.pk, card.pk]) == [None, None]


def test_a_serial_that_a_coupon_has_is_not_given_again(offer, monkeypatch):
    coupon = tills.coupon(make.store(), offer)
    lot = iter([5, 5, 6, 5, 7])
    Coupon.objects.filter(pk=coupon.pk).update(serial=payloads.FEWEST_SERIAL + 5)
    monkeypatch.setattr(secrets, "randbelow", lambda most: next(lot))
    assert payloads.serials(2) == [payloads.FEWEST_SERIAL + 6, payloads.FEWEST_SERIAL + 7]
