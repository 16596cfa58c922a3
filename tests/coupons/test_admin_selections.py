"""The desk before an approval: forecast, limits, doubts, who is left out, sheets to look at."""

from decimal import Decimal

import pypdfium2  # type: ignore[import-untyped] # ships no types
import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse
from rest_framework.test import APIClient

from coupons import samples, selecting
from coupons.alone import alone
from coupons.models import Coupon, Mailing, Selection, Sheet
from tests import make
from tests.coupons import selecting_shop
from tests.coupons.selecting_shop import change, chosen, in_use, said
from tests.coupons.test_responding import DAY, TODAY
from tests.staff import one_of


@pytest.fixture(scope="module")
def standing(django_db_setup, django_db_blocker):
    with selecting_shop.standing(django_db_blocker) as shop:
        yield shop


@pytest.fixture
def shop(standing, db):
    return standing


@pytest.fixture
def selection(shop) -> Selection:
    """With something in every panel."""
    change(shop.offers[0], most_coupons=3)
    change(shop.offers[1], valid_to=TODAY + DAY)
    shop.offers[2].levels.create(number=2, face_value=Decimal("0.90"))
    said(shop.homes[0], "post", is_granted=False)
    said(shop.homes[1], "profiling", is_granted=False)
    mailing = selecting_shop.mailing(
        shop, random_slots=1, budget=Decimal("400.00"), fairness="0.400",
        holdout_share=Decimal("0.200"),
    )  # fmt: skip
    mailing.fallback_offers.add(make.offer())
    return selecting.select(mailing)


def page(selection):
    return reverse("admin:coupons_selection_change", args=[selection.pk])


def proof(selection):
    return reverse("admin:coupons_selection_proof", args=[selection.pk])


def step(mailing, name):
    return reverse("admin:coupons_mailing_step", args=[mailing.pk, name])


def test_the_page_tells_what_it_brings_costs_doubts_and_leaves_out(
    admin_client, selection, django_assert_max_num_queries
):
    with django_assert_max_num_queries(20):
        body = admin_client.get(page(selection)).content.decode()
    totals = selection.report["totals"]
    assert f"{totals['coupons']} coupons for " in body
    assert "Expected to be used" in body
    assert "No selection within these limits is better by more than 0." in body
    assert "is not good on all days of the mailing, " in body
    assert "2026-03-02 to" not in body
    assert "The mailing: " in body
    assert "of 400.00 is expected to be spent" in body
    assert "coupons are worth within 40.0% of the mean" in body
    for words in ("Does not want post", "Held out, to measure against", "Gets a sheet"):
        assert words in body
    assert "Not looked at" in body
    assert body.count("<h3>") == 6
    assert "In full" in body
    assert "at 0.90 off" in body


def test_lists_and_the_mailings_page_ask_few_questions(
    admin_client, selection, django_assert_max_num_queries
):
    for _ in range(3):
        selecting.select(selection.mailing)
    with django_assert_max_num_queries(7):
        body = admin_client.get(reverse("admin:coupons_selection_changelist")).content.decode()
    assert "at most" in body
    change_page = reverse("admin:coupons_mailing_change", args=[selection.mailing_id])
    with django_assert_max_num_queries(20):
        body = admin_client.get(change_page).content.decode()
    assert "the one in use" in body


def test_a_refused_selection_says_why_on_its_page_and_the_mailings(admin_client, shop):
    change(shop.offers[0], least_coupons=30)
    mailing = selecting_shop.mailing(shop)
    selecting_shop.refused(mailing)
    body = admin_client.get(page(mailing.selections.get())).content.decode()
    assert "Nothing was selected." in body
    assert "30 coupons are guaranteed, but only 24 households can get it." in body
    assert "Sample sheets as PDF" not in body
    change_page = reverse("admin:coupons_mailing_change", args=[mailing.pk])
    assert "30 coupons are guaranteed" in admin_client.get(change_page).content.decode()
    assert admin_client.get(proof(mailing.selections.get())).status_code == 404


def test_many_reasons_of_a_refusal_are_told_with_the_first_few_and_the_others_folded(
    admin_client, shop
):
    mailing = selecting_shop.mailing(shop)
    why = "\n".join(f"'Offer {n}' is good on no product: give it products." for n in range(40))
    failed = Selection.objects.create(mailing=mailing, seed=1, state="failed", error=why)
    shown, folded = admin_client.get(page(failed)).content.decode().split("34 more</summary>")
    assert "Nothing was selected.</p>" in shown
    assert "Offer 5&#x27;" in shown
    assert "Offer 6&#x27;" not in shown
    assert "Offer 39&#x27;" in folded
    its = reverse("admin:coupons_mailing_change", args=[mailing.pk])
    body = admin_client.get(its).content.decode()
    assert "And for 39 more reasons, which stand below." in body
    shown, folded = body.split("39 more</summary>")
    assert "Offer 0&#x27;" in shown
    assert "Offer 1&#x27;" not in shown
    assert "Offer 1&#x27;" in folded


def test_a_selection_at_work_says_so(admin_client, shop):
    running = Selection.objects.create(mailing=selecting_shop.mailing(shop), seed=1)
    its = reverse("admin:coupons_mailing_change", args=[running.mailing_id])
    with alone(f"coupons.selecting.{running.mailing_id}"):
        assert b"At work: come back in a minute." in admin_client.get(page(running)).content
        assert b"run-progress" in admin_client.get(its).content
    # Its worker was killed.
    assert b"It was cut short" in admin_client.get(page(running)).content
    assert b"run-progress" not in admin_client.get(its).content
    assert admin_client.get(proof(running)).status_code == 404


def test_sample_sheets_are_those_selected_of_different_households(selection):
    wanted = chosen(selection)
    for count in (1, 5, 12, 50):
        sheets = samples.sheets(selection, count)
        homes = [sheet.household_id for sheet, _ in sheets]
        assert len(set(homes)) == len(homes) <= count
        assert count == 50 or len(homes) >= min(count, 5)
        for sheet, coupons in sheets:
            told = [(coupon.offer_id, coupon.level_id or 0) for coupon in coupons]
            assert told == wanted[sheet.household_id]
            assert sheet.savings == sum(coupon.terms.face_value for coupon in coupons)
            assert all(coupon.reason and coupon.staff_reason for coupon in coupons)
    assert not Sheet.objects.exists()


def test_the_proof_opens_and_no_till_knows_its_codes(admin_client, shop, selection):
    response = admin_client.get(proof(selection))
    assert response["Content-Type"] == "application/pdf"
    document = pypdfium2.PdfDocument(response.content)
    count = len(document)
    document.close()
    assert 0 < count <= 12
    assert not Coupon.objects.exists()
    _, token = make.terminal(shop.till.store)
    (_, (first, *_)), *_ = samples.sheets(selection, 1)
    till = APIClient(headers={"Authorization": f"Bearer {token}"})
    assert till.get(f"/api/v1/coupons/{first.code}").status_code == 404


def test_store_staff_look_and_neither_select_nor_approve(selection):
    staff, mailing = one_of("Store staff"), selection.mailing
    assert staff.get(page(selection)).status_code == 200
    assert staff.get(proof(selection)).status_code == 403  # of households from all over
    body = staff.get(reverse("admin:coupons_mailing_change", args=[mailing.pk])).content.decode()
    for name in ("select", "approve", "draft"):
        assert step(mailing, name) not in body
        assert staff.post(step(mailing, name)).status_code == 403
    assert Mailing.objects.get().state == Mailing.State.SELECTED


def test_marketing_approves_what_somebody_else_selected(selection):
    marketing, mailing = one_of("Marketing"), selection.mailing
    body = marketing.get(reverse("admin:coupons_mailing_change", args=[mailing.pk]))
    assert step(mailing, "approve") in body.content.decode()
    Selection.objects.update(asked_by=User.objects.get(username="one of Marketing"))
    marketing.post(step(mailing, "approve"))
    assert Mailing.objects.get().state == Mailing.State.SELECTED
    Selection.objects.update(asked_by=None)
    marketing.post(step(mailing, "approve"))
    mailing.refresh_from_db()
    assert mailing.state == Mailing.State.APPROVED
    assert mailing.approved_by == User.objects.get(username="one of Marketing")


def test_who_may_not_see_sheets_sees_no_sample(selection):
    nobody = User.objects.create_user("visitor", is_staff=True)
    client = Client()
    client.force_login(nobody)
    assert client.get(proof(selection)).status_code == 403
    assert client.get(page(selection)).status_code == 403


def test_terms_of_what_is_selected_cannot_be_changed_until_it_is_a_draft_again(
    admin_client, selection
):
    url = reverse("admin:coupons_mailing_change", args=[selection.mailing_id])
    assert 'name="budget"' not in admin_client.get(url).content.decode()
    admin_client.post(step(selection.mailing, "draft"))
    assert 'name="budget"' in admin_client.get(url).content.decode()


def test_what_is_not_printed_has_no_print_button_and_goes_on_as_it_is(admin_client, shop):
    mailing = selecting_shop.mailing(shop, channel="none", state="issued")
    url = reverse("admin:coupons_mailing_change", args=[mailing.pk])
    assert step(mailing, "print") not in admin_client.get(url).content.decode()
    assert b"there is nothing to print" in admin_client.get(url).content
    response = admin_client.post(step(mailing, "print"), follow=True)
    assert "is not printed: its channel says so." in response.content.decode()


def test_in_use_is_told_apart_from_those_before(admin_client, selection):
    again = selecting.select(selection.mailing)
    assert in_use(selection.mailing) == again
    body = admin_client.get(reverse("admin:coupons_mailing_change", args=[again.mailing_id]))
    assert body.content.decode().count("the one in use") == 1
