"""The list of offers at the desk: how each stands, found by day and payer, saved as filtered."""

import re
from datetime import date, timedelta
from decimal import Decimal

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from coupons import offer_figures
from coupons.importing.columns import OFFERS
from coupons.models import Mailing, Offer, OfferFile, OfferRule, Redemption, Selection
from coupons.offer_files import written
from coupons.offer_plans import compare
from pos_integration.tables.reading import read
from tests import make
from tests.spreadsheets import OATS, csv_of
from tests.staff import one_of

pytestmark = pytest.mark.django_db
LIST = "admin:coupons_offer_changelist"


@pytest.fixture
def desk():
    return one_of("Marketing")


def text(response):
    return re.sub(r"\s+", " ", re.sub(r"<[^>]*>", " ", response.content.decode()))


def offer_called(code):
    offer = make.offer()
    offer.code = code
    offer.save()
    return offer


def redeemed(coupon, amount):
    return Redemption.objects.create(
        offer=coupon.offer,
        coupon=coupon,
        record=make.redemption_record(coupon.code),
        amount=Decimal(amount),
        store=make.store(),
        till=1,
        business_date=date(2026, 3, 5),
        receipt="1",
    )


def export(desk, kind, **query):
    return desk.get(reverse("admin:coupons_offer_export", args=[kind]), query)


def test_a_row_tells_what_is_out_redeemed_and_burnt(desk):
    coupon = make.coupon("99001")
    make.coupon("99002", coupon.offer)
    Offer.objects.filter(pk=coupon.offer_id).update(real_budget=Decimal(10))
    redeemed(coupon, "2.50")
    shown = text(desk.get(reverse(LIST)))
    assert "2 50.0 % 1 25 % 2.50 / 10.00 Copy" in shown


def test_what_was_taken_back_is_not_counted(desk):
    coupon = make.coupon("99001")
    used = redeemed(coupon, "2.50")
    Redemption.objects.filter(pk=used.pk).update(reversed_at="2026-03-09T10:00Z")
    assert offer_figures.figures_of([coupon.offer_id])[coupon.offer_id] == offer_figures.Figures(1)


def test_more_coupons_than_are_counted_are_told_by_the_selections_printed(monkeypatch):
    monkeypatch.setattr(offer_figures, "COUNTED", 2)
    offer = make.offer()
    coupons = [make.coupon(f"9900{number}", offer) for number in range(3)]
    mailing = coupons[0].sheet.mailing
    mailing.offers.add(offer)
    for state, count in (("ready", 5), ("ready", 700), ("failed", 9)):
        report = {"offers": [{"offer": offer.pk, "coupons": count}]} if state == "ready" else {}
        Selection.objects.create(mailing=mailing, state=state, seed=1, report=report)
    Mailing.objects.filter(pk=mailing.pk).update(state="printed")
    assert offer_figures.figures_of([offer.pk])[offer.pk].coupons == 700


def test_the_list_asks_the_database_little_however_many_offers(desk):
    for number in range(60):
        offer_called(f"O{number}")
    with CaptureQueriesContext(connection) as asked:
        desk.get(reverse(LIST))
    assert len(asked) <= 20


def test_offers_are_found_by_a_day_they_run_on(desk):
    offer = offer_called("spring")
    day = offer.valid_to
    for said, is_there in (
        (day, True),
        (day + timedelta(days=1), False),
        ("no day", True),
        ("2026-02-31", True),
    ):
        shown = desk.get(reverse(LIST), {"on": str(said)})
        assert ("spring" in text(shown)) is is_there


def test_the_list_is_saved_as_it_is_filtered(desk):
    offer_called("spring")
    other = offer_called("autumn")
    Offer.objects.filter(pk=other.pk).update(valid_from=date(2031, 9, 1), valid_to=date(2031, 9, 9))
    shown = desk.get(reverse(LIST), {"on": "2031-09-02"}).content.decode()
    assert "export/csv/?on=2031-09-02" in shown
    body = export(desk, "csv", on="2031-09-02").getvalue()
    assert [row.said["code"] for row in read(body, OFFERS).rows] == ["autumn"]
    assert len(read(export(desk, "xlsx").getvalue(), OFFERS).rows) == 2
    assert export(desk, "pdf").status_code == 404


def test_an_offer_of_very_many_products_is_refused_as_csv_in_words(desk, monkeypatch):
    offer = offer_called("big")
    OfferRule.objects.create(offer=offer, product=make.product())
    monkeypatch.setattr("coupons.offer_files._LONG_LIST", 0)
    assert not export(desk, "csv").streaming


def test_store_staff_copy_no_offers():
    make.offer()
    shown = text(one_of("Store staff").get(reverse(LIST)))
    assert "Copy" not in shown


def test_only_who_imported_offers_confirms_them(desk):
    make.product()
    make.funder()
    upload = {"file": SimpleUploadedFile("offers.csv", csv_of(OATS))}
    desk.post(reverse("admin:coupons_offerfile_import"), upload)
    file = OfferFile.objects.get()
    other = one_of("Administrators")
    url = reverse("admin:coupons_offerfile_step", args=[file.pk, "confirm"])
    said = {"digest": file.changes["digest"]}
    assert "Only who imported a file may confirm it" in text(other.post(url, said, follow=True))
    assert not Offer.objects.exists()
    # The same bytes, sent by somebody else, are theirs to confirm.
    upload = {"file": SimpleUploadedFile("offers.csv", csv_of(OATS))}
    other.post(reverse("admin:coupons_offerfile_import"), upload)
    assert OfferFile.objects.count() == 2
    desk.post(url, said)
    assert Offer.objects.count() == 1


NAMES = st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"]), max_size=30)
SPECIAL = st.sampled_from(["=1+1", "+A1", "-2", "@x", "'=1", "''-", '"', "a;b", "1,5"])


@settings(
    max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    (NAMES | SPECIAL).map(str.strip).filter(bool),
    (NAMES | SPECIAL).map(str.strip),
    st.none() | st.integers(0, 9_999),
    st.none() | st.decimals(0, 9_999, places=2),
)
def test_exported_edited_and_imported_again_an_offer_is_what_was_edited(name, detail, most, budget):
    Offer.objects.all().delete()
    offer = offer_called("round")
    OfferRule.objects.create(offer=offer, product=make.product())
    for kind in ("csv", "xlsx"):
        plan = compare(read(written(Offer.objects.all(), kind), OFFERS))
        assert (plan.same, plan.new, plan.changed, plan.reading.faults) == (1, [], [], [])
    edited = {"name": name, "detail": detail, "most_coupons": most, "expected_budget": budget}
    Offer.objects.update(**edited)
    files = {kind: written(Offer.objects.all(), kind) for kind in ("csv", "xlsx")}
    Offer.objects.update(name="Oats", detail="", most_coupons=None, expected_budget=None)
    for body in files.values():
        plan = compare(read(body, OFFERS))
        assert not plan.reading.faults
        changed = plan.changed[0].values if plan.changed else {}
        assert {key: changed[key] for key in edited if changed} == (edited if changed else {})
