"""Offers by file at the desk: uploaded, looked at, confirmed by who may; exported."""

import re

import pytest
from django.contrib.auth.models import Permission, User
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from coupons.models import Offer, OfferFile
from tests import make
from tests.spreadsheets import OATS, csv_of, xlsx_of

pytestmark = pytest.mark.django_db
IMPORT = ("add_offer", "change_offer")


@pytest.fixture(autouse=True)
def _oats():
    make.product()
    make.funder()


def staff(*permissions):
    """Somebody at the desk who may do just this."""
    user = User.objects.create_user(f"one of {len(permissions)}", is_staff=True)
    user.user_permissions.set(Permission.objects.filter(codename__in=permissions))
    client = Client()
    client.force_login(user)
    return client


@pytest.fixture
def desk():
    return staff(*IMPORT, "view_offer")


def page(name, *args):
    return reverse(f"admin:coupons_offerfile_{name}", args=args)


def upload(desk, body, name="offers.csv"):
    return desk.post(page("import"), {"file": SimpleUploadedFile(name, body)}, follow=True)


def confirm(desk, file, **said):
    return desk.post(
        page("step", file.pk, "confirm"), {"digest": file.changes["digest"], **said}, follow=True
    )


def text(response):
    return re.sub(r"\s+", " ", re.sub(r"<[^>]*>", " ", response.content.decode()))


@pytest.mark.parametrize(
    ("name", "body"), [("offers.csv", csv_of(OATS)), ("offers.xlsx", xlsx_of(OATS))]
)
def test_a_file_is_uploaded_looked_at_and_confirmed(desk, name, body):
    looked_at = upload(desk, body, name)
    file = OfferFile.objects.get()
    assert looked_at.redirect_chain[-1][0] == page("change", file.pk)
    assert "Nothing is changed yet. Once you confirm: 1 new, 0 changed" in text(looked_at)
    assert "0.50 off" in text(looked_at)
    assert file.uploaded_by is not None
    assert not Offer.objects.exists()

    asked = desk.get(page("step", file.pk, "confirm"))
    assert "All of it is done, or nothing" in text(asked)
    assert not Offer.objects.exists()

    assert "Applied: 1 new, 0 changed, 0 the same" in text(confirm(desk, file))
    assert Offer.objects.get().code == "OATS-1"
    assert "is applied already" in text(confirm(desk, file))


def test_faults_are_shown_by_row_and_refuse_until_staff_leave_them_out(desk):
    rows = [OATS | {"code": f"OATS-{number}"} for number in range(300)]
    for row in rows[:150]:
        row["face_value"] = "much"
    shown = upload(desk, csv_of(*rows))
    file = OfferFile.objects.get()
    assert "150 in 150 of 300 rows" in text(shown)
    assert "2 face_value &#x27;much&#x27; is not a plain number" in text(shown)
    assert "102 face_value" in text(desk.get(f"{page('change', file.pk)}?faults=2"))

    assert "150 rows are faulty" in text(desk.get(page("step", file.pk, "confirm")))
    assert "Nothing was changed: 150 of 300 rows are faulty" in text(confirm(desk, file))
    assert not Offer.objects.exists()
    confirm(desk, file, may_leave_faulty="on")
    assert Offer.objects.count() == 150

    faults = desk.get(page("faults", file.pk)).content.decode("utf-8-sig").splitlines()
    assert len(faults) == 151
    assert faults[1].startswith("2,face_value,'much' is not")


def test_what_cannot_be_read_is_refused_where_it_was_chosen(desk):
    refused = upload(desk, csv_of({"code": "A", "nmae": "Oats"}))
    assert "Is &#x27;name&#x27; meant?" in text(refused)
    assert "missing: name, face_value, funder" in text(refused)
    assert "This file is no" not in text(refused)
    assert "This file is empty." in text(upload(desk, b""))
    assert not OfferFile.objects.exists()


def test_how_a_file_was_read_is_said(desk):
    shown = upload(desk, csv_of(OATS | {"name": "Müsli"}, encoding="cp1252"))
    assert "read as Windows-1252" in text(shown)


def test_before_and_after_of_a_change_are_shown(desk):
    upload(desk, csv_of(OATS))
    confirm(desk, OfferFile.objects.get())
    shown = text(upload(desk, csv_of(OATS | {"face_value": "0.75"})))
    assert "OATS-1 Oat drink face_value 0.50 0.75" in shown


def test_the_same_bytes_lead_to_the_file_that_waits(desk):
    upload(desk, csv_of(OATS))
    assert "wait here already" in text(upload(desk, csv_of(OATS)))
    assert OfferFile.objects.count() == 1


def test_a_file_is_compared_again_after_what_it_lacked_was_added(desk):
    upload(desk, csv_of(OATS | {"funder": "Rice Works"}))
    file = OfferFile.objects.get()
    assert "nothing to apply" in text(desk.get(page("change", file.pk)))
    make.funder("Rice Works")
    assert "Compare again" in text(desk.get(page("step", file.pk, "again")))
    compared = desk.post(page("step", file.pk, "again"), follow=True)
    assert "Once you confirm: 1 new" in text(compared)


def test_a_dropped_file_is_over(desk):
    upload(desk, csv_of(OATS))
    file = OfferFile.objects.get()
    assert "put aside" in text(desk.get(page("step", file.pk, "drop")))
    dropped = desk.post(page("step", file.pk, "drop"), follow=True)
    assert "Dropped: it changed nothing." in text(dropped)
    assert "is dropped already" in text(confirm(desk, file))


def test_only_who_may_add_and_change_offers_imports_them(desk):
    upload(desk, csv_of(OATS))
    file = OfferFile.objects.get()
    for codename in (*IMPORT, "view_offer"):
        other = Client()
        user = User.objects.create_user(codename, is_staff=True)
        user.user_permissions.add(Permission.objects.get(codename=codename))
        other.force_login(user)
        assert upload(other, csv_of(OATS)).status_code == 403
        assert confirm(other, file).status_code == 403
        for name in ("change", "file", "faults"):
            assert other.get(page(name, file.pk)).status_code == 403
        may_export = codename != "add_offer"
        assert (other.get(page("export", "csv")).status_code == 200) is may_export
    assert Client().get(page("import")).status_code == 302
    assert not Offer.objects.exists()


def test_offers_are_exported_and_come_back_as_the_same(desk):
    chosen, _ = make.offer(), make.offer()
    for kind in ("csv", "xlsx"):
        response = desk.get(page("export", kind))
        assert f'filename="offers.{kind}"' in response["Content-Disposition"]
        assert "0 new, 0 changed, 2 the same" in text(upload(desk, response.content))
    one = desk.get(f"{page('export', 'csv')}?id={chosen.pk}").content.decode()
    assert one.count("offer-") == 1
    assert desk.get(page("export", "pdf")).status_code == 404


def test_the_bytes_are_given_back_to_save_and_not_to_show(desk):
    upload(desk, csv_of(OATS), "../<b>.csv")
    file = OfferFile.objects.get()
    response = desk.get(page("file", file.pk))
    assert b"".join(response.streaming_content) == csv_of(OATS)
    assert response["Content-Type"] == "application/octet-stream"
    assert response["Content-Disposition"].startswith("attachment")


def test_pages_hold_no_script_of_their_own_and_nothing_unescaped(desk):
    upload(desk, csv_of(OATS | {"name": "<script>x</script>", "funder": "<b>"}))
    upload(desk, csv_of(OATS | {"name": "<script>x</script>"}))
    pages = [page("import"), page("changelist")]
    pages += [page("change", file.pk) for file in OfferFile.objects.all()]
    for url in pages:
        html = desk.get(url).content.decode()
        assert not re.search(r"<script(?![^>]*\bsrc=)|\son\w+=|<b>", html)
        assert " style=" not in html
    assert "Import offers" in text(desk.get(page("changelist")))
    assert "Nothing is changed" in text(desk.get(page("import")))
