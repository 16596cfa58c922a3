"""How a mailing looks on paper: each sheet in its language, kept as it was by JSON."""

from decimal import Decimal

import pytest

from coupons.looks import LookError, Looks, theme_of
from coupons.models import Coupon, Mailing, OfferText, Theme
from coupons.sheet_rows import rows_of
from coupons.sheets.faces import Leaf, SheetFace, Symbology
from tests import make
from tests.coupons import press

pytestmark = pytest.mark.django_db


def faces(mailing: Mailing, looks: Looks) -> list[SheetFace]:
    return list(looks.faces(rows_of(mailing, 1, 99)))


def in_two_languages() -> Mailing:
    """Two sheets of a mailing in English, the second of which wants German."""
    mailing = press.issued(2)
    mailing.headline, mailing.explanation = "Good things", "Picked for you"
    mailing.save()
    mailing.sheets.filter(number=2).update(language="de")
    mailing.texts.create(language="de", headline="Gutes", explanation="Ausgesucht")
    OfferText.objects.create(
        offer=mailing.offers.get(name="Good thing 0"), language="de", name="Gutes Ding"
    )
    return mailing


def test_each_sheet_speaks_its_language_and_offers_without_words_in_it_their_own():
    press.theme()
    mailing = in_two_languages()
    looks = Looks.of(mailing)
    english, german = faces(mailing, looks)

    def products(sheet: SheetFace) -> list[str]:
        return [looks.look.offers[coupon.offer].product for coupon in sheet.coupons]

    assert (english.language, english.headline) == ("en", "Good things")
    assert (german.language, german.headline) == ("de", "Gutes")
    assert products(english)[:2] == ["Good thing 0", "Good thing 1"]
    assert products(german)[:2] == ["Gutes Ding", "Good thing 1"]
    assert (english.savings, german.savings) == ("$4.00", "4,00\u00a0$")
    assert looks.look.offers[german.coupons[0].offer].value == "1,50"
    assert english.greeting == "Dear Ada Example 0,"
    assert german.greeting.startswith("Guten Tag Ada Example 1")


def test_a_sheet_in_a_language_that_the_mailing_did_not_have_when_it_was_printed_gets_the_themes():
    press.theme()
    mailing = in_two_languages()
    looks = Looks.of(mailing)
    mailing.sheets.filter(number=1).update(language="fr")
    assert faces(mailing, looks)[0].language == "en"


def test_a_kept_look_is_the_look():
    press.theme(home="https://shop.example", imb_mailer="123456", imb_service="301")
    mailing = in_two_languages()
    looks = Looks.of(mailing, 7)
    kept = Looks.from_json(mailing, looks.to_json())
    assert kept == looks
    assert kept.look.total == 7
    assert faces(mailing, kept) == faces(mailing, looks)
    assert all(face.link.startswith("https://shop.example/") for face in faces(mailing, kept))


def test_reasons_are_on_paper_only_where_the_mailing_shows_them():
    press.theme()
    mailing = press.issued(1)
    assert faces(mailing, Looks.of(mailing))[0].coupons[0].reason
    mailing.shows_reasons = False
    assert not faces(mailing, Looks.of(mailing))[0].coupons[0].reason


def test_a_letters_paragraphs_stand_apart():
    press.theme()
    mailing = press.issued(1)
    mailing.leaf, mailing.letter = Leaf.LETTER, "We thank you.\n\n\n Come again. \n\n"
    assert faces(mailing, Looks.of(mailing))[0].letter == ("We thank you.", "Come again.")


def test_a_mailing_without_a_theme_has_the_houses_and_else_the_softwares():
    mailing = press.issued(1)
    assert theme_of(mailing).pk is None
    house = press.theme()
    assert theme_of(mailing) == house
    mailing.theme = Theme.objects.create(name="Its own")
    assert theme_of(mailing) == mailing.theme


def test_what_is_of_none_of_its_offers_is_refused_in_words():
    mailing = press.issued(1)
    looks = Looks.of(mailing)
    Coupon.objects.filter(position=1).update(offer=make.offer())
    with pytest.raises(LookError, match="an offer that its mailing does not have"):
        faces(mailing, looks)
    mailing.offers.clear()
    with pytest.raises(LookError, match="has no offers"):
        Looks.of(mailing)


def test_everybodys_sheet_is_said_to_be_nobodys_in_particular():
    press.theme()
    mailing = press.issued(1)
    mailing.sheets.update(is_generic=True, savings=Decimal("3.00"))
    (face,) = faces(mailing, Looks.of(mailing))
    assert face.how_chosen == ""
    assert face.explanation != mailing.explanation
    assert all(offer.symbology is Symbology.CODE_128 for offer in Looks.of(mailing).look.offers)
