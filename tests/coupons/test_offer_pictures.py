"""An offer's picture is uploaded on its page; files that nothing shows go after days."""

import re
from datetime import date, timedelta

import pytest
from django.contrib.auth.models import User
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from coupons import picture_retention, pictures
from coupons.models import Mailing, Offer, Picture, PictureFile, PrintRun
from coupons.sheets import photos
from tests import make
from tests.coupons.test_sheet_photos import logo, photograph, saved
from tests.staff import one_of

pytestmark = pytest.mark.django_db
NIGHT = date(2026, 3, 1)


@pytest.fixture
def desk():
    return one_of("Marketing")


def page(offer):
    return reverse("admin:coupons_offer_picture", args=[offer.pk])


def look(desk, offer, data, name="oats.png"):
    return desk.post(page(offer), {"picture": SimpleUploadedFile(name, data)})


def said(response):
    found = re.search(r'name="looked" value="([^"]+)"', response.content.decode())
    assert found
    return {"looked": found[1]}


def test_a_picture_is_looked_at_and_then_shown_on_the_offer(desk):
    offer = make.offer()
    assert (
        page(offer)
        in desk.get(reverse("admin:coupons_offer_change", args=[offer.pk])).content.decode()
    )
    shown = look(desk, offer, saved(logo()))
    assert "As it will be printed" in shown.content.decode()
    assert not Picture.objects.exists()

    done = desk.post(page(offer), said(shown), follow=True)
    assert "from now on" in done.content.decode()
    offer.refresh_from_db()
    assert offer.photo is not None
    assert offer.photo.name == offer.code
    again = desk.post(page(offer), said(shown), follow=True)
    assert "shows this picture already" in again.content.decode()


def test_a_picture_of_others_is_left_to_them():
    offer, other = make.offer(), make.offer()
    theirs = pictures.keep(offer.code, saved(logo()))
    Offer.objects.filter(pk=other.pk).update(photo=theirs)
    file = pictures.keep("new", saved(photograph())).file
    picture = pictures.show_on(offer.pk, file.pk, "")
    assert picture is not None
    assert picture.name == f"{offer.code} 2"
    theirs.refresh_from_db()
    assert theirs.file != file


@pytest.mark.parametrize("data", [b"", b"%PDF-1.7", b"GIF89a broken"])
def test_what_is_no_picture_is_refused_in_words(desk, data):
    shown = look(desk, make.offer(), data)
    assert "errorlist" in shown.content.decode()
    assert "As it will be printed" not in shown.content.decode()
    assert not PictureFile.objects.exists()


def test_only_who_looked_confirms(desk):
    offer = make.offer()
    looked = said(look(desk, offer, saved(logo())))
    client = Client()
    client.force_login(User.objects.create_superuser("another"))
    for client_, value in ((client, looked), (desk, {"looked": "made up"})):
        answer = client_.post(page(offer), value, follow=True)
        assert "upload the picture once more" in answer.content.decode()
    assert not Picture.objects.exists()
    assert one_of("Store staff").get(page(offer)).status_code == 403


def file_kept():
    return pictures.file_of(photos.prepare(saved(logo())))


def test_a_file_that_nothing_shows_is_deleted_after_a_week_of_nights():
    file = file_kept()
    for day in range(7):
        assert picture_retention.delete_unused(NIGHT + timedelta(days=day)) == 0
    # Looked at once more: its days begin anew.
    picture_retention.looked_at([file.pk])
    assert picture_retention.delete_unused(NIGHT + timedelta(days=7)) == 0
    assert picture_retention.delete_unused(NIGHT + timedelta(days=14)) == 1
    assert not PictureFile.objects.exists()
    assert picture_retention.delete_unused(NIGHT + timedelta(days=15)) == 0


def test_what_is_shown_or_was_printed_stays():
    pictures.keep("oats", saved(logo()))
    printed = pictures.file_of(photos.prepare(saved(photograph())))
    mailing = make.mailing()
    Mailing.objects.filter(pk=mailing.pk).update(state="printed")
    PrintRun.objects.create(mailing=mailing, look={"offers": [{"photo": printed.pk}]})
    for day in (0, 8):
        assert picture_retention.delete_unused(NIGHT + timedelta(days=day)) == 0
    assert PictureFile.objects.count() == 2
