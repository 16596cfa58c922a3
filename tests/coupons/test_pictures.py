"""Pictures are kept once, replaced without loss, and found for each offer that shows one."""

import pytest

from coupons import pictures
from coupons.models import OfferProduct, Picture, PictureFile
from coupons.sheets.photos import PictureError
from tests import make
from tests.coupons.test_sheet_photos import logo, photograph, saved

pytestmark = pytest.mark.django_db
SECOND = "04006381333931"
THIRD = "05012345678917"


def picture(name="oats", image=None):
    return pictures.keep(name, saved(image or logo()))


def test_a_picture_is_kept_by_its_content_and_called_by_its_name():
    kept = pictures.keep("oats", saved(logo().resize((1800, 900))))

    assert (kept.name, kept.file.width, kept.file.height) == ("oats", 900, 450)
    assert kept.changes == "1,800 x 900 pixels made 900 x 450"
    assert pictures.contents([kept.file.sha256, "none"]) == {
        kept.file.sha256: bytes(kept.file.content)
    }


def test_the_same_bytes_under_two_names_are_kept_once():
    assert picture("oats").file == picture("milk").file
    assert PictureFile.objects.count() == 1


def test_what_replaces_a_picture_leaves_the_old_file_for_reprints():
    old = picture("oats")
    new = picture("oats", photograph())

    assert new.pk == old.pk
    assert new.file != old.file
    assert PictureFile.objects.count() == 2


def test_a_bad_picture_and_a_bad_name_keep_nothing():
    for name, data in (("oats", b"no picture"), ("", saved(logo())), ("a" * 61, saved(logo()))):
        with pytest.raises(PictureError):
            pictures.keep(name, data)
    assert not Picture.objects.exists()
    assert not PictureFile.objects.exists()


def test_an_offer_shows_its_own_photo_before_that_of_a_product():
    own, products, plain = (make.offer() for _ in range(3))
    own.photo = picture("own")
    own.save()
    of_product = picture("product", photograph())
    of_product.products.add(make.product())
    OfferProduct.objects.filter(offer=plain).delete()

    shown = pictures.photo_of([own, products, plain])

    assert shown == {own.pk: own.photo.file_id, products.pk: of_product.file_id}


def test_of_its_products_the_first_with_a_picture_is_shown_and_of_its_pictures_the_latest():
    offer = make.offer()
    second, third = make.product(SECOND, "Oat bar"), make.product(THIRD, "Oat flakes")
    OfferProduct.objects.bulk_create(
        [OfferProduct(offer=offer, product=p) for p in (third, second)]
    )
    latest, older = picture("latest"), picture("older", photograph())
    of_third = picture("third", photograph(90, 90))
    of_third.products.add(third)
    for one in (latest, older):
        one.products.add(second)
    pictures.keep("latest", saved(logo()))  # changed after the older one

    assert pictures.photo_of([offer]) == {offer.pk: latest.file_id}


def test_many_offers_take_two_queries(django_assert_num_queries):
    picture().products.add(make.product())
    offers = [make.offer() for _ in range(5)]
    offers[0].photo = picture("own")
    with django_assert_num_queries(2):
        shown = pictures.photo_of(offers)
    assert len(shown) == 5
    with django_assert_num_queries(0):
        assert pictures.photo_of([]) == {}
