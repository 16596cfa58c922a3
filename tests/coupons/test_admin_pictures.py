"""Pictures at the desk: uploaded, looked at, confirmed by who may, shown, replaced, deleted."""

import io
import re

import pytest
from django.contrib.auth.models import Permission, User
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from PIL import Image

from coupons import pictures
from coupons.models import Picture, PictureFile, Theme
from tests import make
from tests.coupons.test_picture_uploads import packed
from tests.coupons.test_sheet_photos import logo, photograph, saved

pytestmark = pytest.mark.django_db
LOGO, PHOTOGRAPH = saved(logo()), saved(photograph(800, 600), "JPEG")
MAY = ("add_picture", "change_picture", "delete_picture", "view_picture", "view_product")


def staff(*permissions):
    """Somebody at the desk who may do just this."""
    user = User.objects.create_user(f"one of {len(permissions)}", is_staff=True)
    user.user_permissions.set(Permission.objects.filter(codename__in=permissions))
    client = Client()
    client.force_login(user)
    return client


@pytest.fixture
def desk():
    return staff(*MAY)


def page(name, *args):
    return reverse(f"admin:coupons_picture_{name}", args=args)


def upload(desk, *files):
    some = [SimpleUploadedFile(name, data) for name, data in files]
    return desk.post(page("upload"), {"pictures": some})


def confirm(desk, looked, **said):
    form = looked.context["form"]
    return desk.post(page("upload"), {**form.initial, **said}, follow=True)


def text(response):
    return re.sub(r"\s+", " ", re.sub(r"<[^>]*>", " ", response.content.decode()))


def test_a_picture_is_added_and_says_what_was_done_to_it(desk):
    exif = Image.Exif()
    exif[0x0112] = 6
    file = SimpleUploadedFile("harvest.jpg", saved(photograph(), "JPEG", exif=exif))
    response = desk.post(page("add"), {"upload": file, "name": ""}, follow=True)

    assert response.status_code == 200
    kept = Picture.objects.get()
    assert (kept.name, kept.changes) == ("harvest", "turned upright")
    assert kept.uploaded_by is not None
    shown = text(desk.get(page("change", kept.pk)))
    assert "What was done to it: turned upright." in shown
    assert "No offer shows it" in shown


@pytest.mark.parametrize(
    ("name", "data", "said"),
    [
        ("a.png", b"no picture", "not a picture"),
        ("a.svg", b"<svg/>", "upload a PNG"),
        ("taken.png", LOGO, "There is a picture &#x27;taken&#x27;"),
    ],
)
def test_what_cannot_be_printed_or_has_a_taken_name_is_refused_beside_the_field(
    desk, name, data, said
):
    pictures.keep("taken", LOGO)
    response = desk.post(page("add"), {"upload": SimpleUploadedFile(name, data), "name": ""})
    assert said in response.content.decode()
    assert Picture.objects.count() == 1


def test_another_file_replaces_it_and_the_old_one_stays(desk):
    kept = pictures.keep("harvest", LOGO)
    product = make.product()
    said = {"name": "harvest", "products": [product.pk]}
    desk.post(page("change", kept.pk), said)
    desk.post(
        page("change", kept.pk), {**said, "upload": SimpleUploadedFile("new.jpg", PHOTOGRAPH)}
    )

    kept.refresh_from_db()
    assert kept.file.width == 800
    assert [*kept.products.all()] == [product]
    assert PictureFile.objects.count() == 2


def test_the_page_names_the_offers_that_show_it(desk):
    own, by_product, other = make.offer("0.10"), make.offer("0.20"), make.offer("0.30")
    kept = pictures.keep("harvest", LOGO)
    own.photo = kept
    own.save()
    other.photo = pictures.keep("other", PHOTOGRAPH)
    other.save()
    kept.products.add(make.product())

    shown = text(desk.get(page("change", kept.pk)))

    assert f"{own} its own photograph" in shown
    assert f"{by_product} of a product it is good on" in shown
    assert str(other) not in shown
    assert "1 offer, 1 product" in text(desk.get(page("changelist")))


def test_a_picture_in_use_is_not_deleted_and_the_page_says_why(desk):
    kept, free = pictures.keep("harvest", LOGO), pictures.keep("free", LOGO)
    offer = make.offer()
    offer.photo = kept
    offer.save()
    Theme.objects.create(name="Autumn", logo=kept)

    response = desk.get(page("delete", kept.pk))
    said = text(response)
    assert f"The offer {offer} shows &#x27;harvest&#x27;" in said
    assert "is the logo of the theme Autumn" in said
    desk.post(page("delete", kept.pk), {"post": "yes"})
    desk.post(page("delete", free.pk), {"post": "yes"})
    assert [*Picture.objects.all()] == [kept]


def test_an_image_is_served_small_strictly_and_for_good(desk):
    kept = pictures.keep("harvest", PHOTOGRAPH)
    response = desk.get(page("image", kept.file_id, 96))

    assert response["Content-Type"] == "image/jpeg"
    assert response["X-Content-Type-Options"] == "nosniff"
    assert "immutable" in response["Cache-Control"]
    assert "default-src 'none'" in response["Content-Security-Policy"]
    assert Image.open(io.BytesIO(response.content)).size == (96, 72)
    large = desk.get(page("image", kept.file_id, 400))
    assert Image.open(io.BytesIO(large.content)).size == (400, 300)
    assert desk.get(page("image", "0" * 64, 96)).status_code == 404
    assert staff("view_household").get(page("image", kept.file_id, 96)).status_code == 403


def test_a_zip_is_looked_at_and_confirmed(desk):
    make.product()
    archive = packed([("5012345678900.png", LOGO), ("broken.png", LOGO[:50])]).getvalue()
    looked = upload(desk, ("all.zip", archive), ("harvest.jpg", PHOTOGRAPH))

    said = text(looked)
    assert "Once you confirm: 1 new, 1 of an unknown name, 1 faulty." in said
    assert "product Oat drink 1 l" in said
    assert not Picture.objects.exists()

    refused = confirm(desk, looked)
    assert "some files are faulty" in text(refused)
    assert not Picture.objects.exists()
    done = confirm(desk, refused, may_leave_faulty="on", may_keep_unknown="on")
    assert "2 pictures taken." in text(done)
    assert {*Picture.objects.values_list("name", flat=True)} == {make.OATS, "harvest"}


def test_what_is_unknown_is_left_out_unless_said_otherwise(desk):
    looked = upload(desk, ("harvest.jpg", PHOTOGRAPH))
    assert "0 pictures taken." in text(confirm(desk, looked))
    assert not Picture.objects.exists()


def test_what_somebody_else_looked_at_or_nobody_did_is_not_taken(desk):
    looked = upload(desk, ("harvest.jpg", PHOTOGRAPH))
    forged = {**looked.context["form"].initial, "looked": "nothing"}
    assert "looked at too long ago" in text(desk.post(page("upload"), forged, follow=True))
    other = staff(*MAY, "view_offer")
    assert "Somebody else" in text(confirm(other, looked, may_keep_unknown="on"))
    assert not Picture.objects.exists()


def test_where_nothing_may_be_taken_nothing_is_asked(desk):
    file = SimpleUploadedFile("text.png", b"no picture at all")
    told = desk.post(page("upload"), {"pictures": file}).content.decode()
    assert "There is nothing to take" in told
    assert "leave the faulty ones" not in told


def test_a_broken_zip_is_refused_in_words(desk):
    assert "This is not a ZIP." in text(upload(desk, ("all.zip", b"nothing")))


def test_who_may_only_look_uploads_nothing():
    desk = staff("view_picture")
    assert desk.get(page("changelist")).status_code == 200
    assert desk.get(page("upload")).status_code == 403
    assert desk.get(page("add")).status_code == 403
