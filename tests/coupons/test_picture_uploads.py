"""Pictures called after products and offers are looked at, confirmed, and shown by them."""

import io
import zipfile

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import User

from coupons import picture_uploads, pictures
from coupons.models import Picture
from coupons.picture_uploads import UploadError, Verdict, confirm, look, plan, unpacked
from tests import make
from tests.coupons.test_sheet_photos import logo, photograph, saved

pytestmark = pytest.mark.django_db
LOGO, PHOTOGRAPH = saved(logo()), saved(photograph(), "JPEG")


@pytest.fixture
def ada():
    return User.objects.create_user("ada")


def packed(files, **options):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", **options) as archive:
        for name, data in files:
            archive.writestr(name, data)
    out.seek(0)
    return out


def verdicts(planned):
    return {line.looked.file: line.verdict for line in planned.lines}


def test_a_picture_called_after_a_product_is_shown_by_its_offers(ada):
    offer = make.offer()
    looked = look(unpacked(packed([("5012345678900.png", LOGO)])))
    planned = plan(looked)

    assert verdicts(planned) == {"5012345678900.png": Verdict.NEW}
    assert not Picture.objects.exists()
    confirm(looked, ada, digest=planned.digest)

    kept = Picture.objects.get()
    assert (kept.name, kept.uploaded_by) == (make.OATS, ada)
    assert pictures.photo_of([offer]) == {offer.pk: kept.file_id}
    assert verdicts(plan(looked)) == {"5012345678900.png": Verdict.SAME}


def test_in_house_numbers_and_codes_of_offers_are_names_too(ada):
    offer = make.offer()
    product = make.product()
    product.code = "0042"
    product.save()
    looked = look([("0042.png", LOGO), (f"{offer.code}.jpg", PHOTOGRAPH)])

    confirm(looked, ada, digest=plan(looked).digest)

    offer.refresh_from_db()
    assert offer.photo is not None
    assert offer.photo.name == offer.code
    assert product.pictures.get().name == make.OATS


def test_a_new_file_replaces_and_the_old_one_stays_for_reprints(ada):
    kept = pictures.keep("harvest", LOGO)
    looked = look([("harvest.jpg", PHOTOGRAPH)])
    planned = plan(looked)

    assert verdicts(planned) == {"harvest.jpg": Verdict.REPLACES}
    confirm(looked, ada, digest=planned.digest)

    assert Picture.objects.get().file != kept.file
    assert pictures.contents([kept.file.sha256])


def test_what_is_called_after_nothing_is_taken_only_if_somebody_says_so(ada):
    offer = make.offer()
    near = f"{offer.code}x"
    looked = look([(f"{near}.png", LOGO), ("4006381333932.png", LOGO)])
    planned = plan(looked)

    assert set(verdicts(planned).values()) == {Verdict.UNKNOWN}
    assert f"Is the offer '{offer.code}' meant?" in planned.lines[0].says
    assert "ends in 2, not 1" in planned.lines[1].says
    confirm(looked, ada, digest=planned.digest)
    assert not Picture.objects.exists()

    confirm(looked, ada, digest=planned.digest, may_keep_unknown=True)
    assert Picture.objects.filter(name=near).exists()


def test_faulty_files_are_named_and_hold_the_others_back_until_somebody_says_so(ada):
    make.product()
    looked = look(
        unpacked(
            packed(
                [
                    ("5012345678900.png", LOGO),
                    ("05012345678900.jpg", PHOTOGRAPH),
                    ("broken.png", LOGO[:60]),
                    (f"{'a' * 61}.png", LOGO),
                ]
            )
        )
    )
    planned = plan(looked)

    assert [line.verdict for line in planned.lines] == [Verdict.NEW, *[Verdict.FAULTY] * 3]
    assert "'5012345678900.png' is of the same" in planned.lines[1].says
    with pytest.raises(UploadError, match="some files are faulty"):
        confirm(looked, ada, digest=planned.digest)
    assert not Picture.objects.exists()

    confirm(looked, ada, digest=planned.digest, may_leave_faulty=True)
    assert Picture.objects.count() == 1


def test_a_name_of_a_product_and_of_an_offer_is_faulty():
    offer, product = make.offer(), make.product()
    product.code = offer.code
    product.save()
    (line,) = plan(look([(f"{offer.code}.png", LOGO)])).lines
    assert line.verdict == Verdict.FAULTY
    assert "rename the file" in line.says


def test_what_changed_since_somebody_looked_is_not_done(ada):
    looked = look([("harvest.png", LOGO)])
    digest = plan(looked).digest
    pictures.keep("harvest", PHOTOGRAPH)

    with pytest.raises(UploadError, match="Look once more"):
        confirm(looked, ada, digest=digest, may_keep_unknown=True)


def test_many_files_take_few_queries(django_assert_max_num_queries):
    make.product()
    looked = look([(f"{number}.png", LOGO) for number in (5012345678900, "a", "b", "c")])
    with django_assert_max_num_queries(7):
        plan(looked)


def test_folders_and_what_computers_add_do_not_matter():
    files = [
        ("pictures/", b""),
        ("pictures/oats.png", LOGO),
        ("__MACOSX/pictures/._oats.png", b"x"),
        ("pictures/.DS_Store", b"x"),
        ("pictures/Thumbs.db", b"x"),
        ("../../etc/milk.png", LOGO),
    ]
    assert [name for name, _ in unpacked(packed(files))] == ["oats.png", "milk.png"]


def test_a_zip_that_is_none_is_broken_or_locked_is_refused_in_words():
    for data in (b"", b"PK\x03\x04 no zip", LOGO, b"PK\x05\x06" + b"\xff" * 18):
        with pytest.raises(UploadError):
            list(unpacked(io.BytesIO(data)))

    body = bytearray(packed([("oats.png", b"a" * 2000)]).getvalue())
    body[100] ^= 0xFF
    ((_, fault),) = unpacked(io.BytesIO(bytes(body)))
    assert "broken within the ZIP" in str(fault)

    body = bytearray(packed([("oats.png", LOGO)]).getvalue())
    body[body.index(b"PK\x01\x02") + 8] |= 1  # as the list of files has it
    ((_, fault),) = unpacked(io.BytesIO(bytes(body)))
    assert "password" in str(fault)


def test_a_zip_that_unpacks_to_far_too_much_is_refused(monkeypatch):
    monkeypatch.setattr(picture_uploads, "MOST_UNPACKED", 10_000_000)
    bomb = packed([("a.png", bytes(11_000_000))], compression=zipfile.ZIP_DEFLATED)
    assert len(bomb.getvalue()) < 20_000
    with pytest.raises(UploadError, match="unpacks to"):
        list(unpacked(bomb))


def test_one_picture_of_a_zip_that_is_far_too_large_is_a_fault_of_that_one():
    bomb = packed([("a.png", bytes(22 * 2**20))], compression=zipfile.ZIP_DEFLATED)
    ((_, fault),) = unpacked(bomb)
    assert "20 MiB is the most" in str(fault)


def test_too_many_pictures_are_refused():
    many = [(f"{number}.png", b"x") for number in range(501)]
    with pytest.raises(UploadError, match="More than 500"):
        list(unpacked(packed(many)))
    with pytest.raises(UploadError, match="More than 500"):
        look(many)
    long = packed([(f"{'a' * 3000}{number}.png", b"") for number in range(400)])
    with pytest.raises(UploadError, match="More than 500"):
        list(unpacked(long))


def test_the_log_says_who_brought_a_picture(ada):
    looked = look([("harvest.png", LOGO)])
    confirm(looked, ada, digest=plan(looked).digest, may_keep_unknown=True)
    assert LogEntry.objects.get().user == ada
