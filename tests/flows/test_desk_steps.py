"""From the desk: a night is started, a mailing goes from draft to post, the first page tells."""

import re
from datetime import UTC, date, datetime, timedelta

import pytest
from django.urls import reverse
from django.utils import timezone
from django_q.models import OrmQ

from coupons.models import Mailing, Redemption, Refusal, Selection
from coupons.sheets import codes
from loyalty.models import HouseholdSummary, ModelRun
from tests import make

pytestmark = pytest.mark.django_db


def step(mailing, name):
    return reverse("admin:coupons_mailing_step", args=[mailing.pk, name])


def queued():
    return [(row.task["func"], row.task["args"]) for row in OrmQ.objects.order_by("pk")]


def said(response):
    return " ".join(str(message) for message in response.context["messages"])


@pytest.fixture
def night():
    return ModelRun.objects.create(
        as_of=date(2017, 10, 30),
        state="published",
        history_hash="0" * 64,
        published_at=datetime(2017, 10, 30, 2, 14, tzinfo=UTC),
        households=2469,
        lines=1_441_000,
        seconds=6.2,
    )


def believe(night, tier):
    home = make.household()
    HouseholdSummary.objects.create(
        run=night,
        household=home,
        first_on=date(2017, 1, 1),
        last_on=date(2017, 10, 1),
        recency_days=29,
        frequency=5,
        monetary=10,
        baskets=5,
        saved=0,
        coupon_share=0,
        tier=tier,
        year_value=10,
        year_margin=1,
        favourite_weekday=0,
        weekly_spend_cents=[0] * 52,
        categories=[],
    )
    return home


def selected(mailing, night, **fields):
    """As the queue leaves a mailing that coupons were selected for."""
    mailing.model_days = 9999  # the night of these tests was long before their mailings
    mailing.selection = Selection.objects.create(
        mailing=mailing, state="ready", run=night, seed=1, **fields
    )
    mailing.state = Mailing.State.SELECTED
    mailing.save()


def test_the_night_is_asked_for_then_put_in_the_queue(admin_client):
    start = reverse("admin:loyalty_modelrun_start")
    listed = admin_client.get(reverse("admin:loyalty_modelrun_changelist")).content.decode()
    assert start in listed
    assert "No night has run yet" in listed

    assert b"Start the night now" in admin_client.get(start).content
    assert not OrmQ.objects.exists(), "looking starts nothing"
    response = admin_client.post(start, follow=True)

    assert queued() == [("coupons.tasks.night", (timezone.localdate().isoformat(),))]
    assert "waits its turn" in said(response)


def test_a_mailing_goes_from_draft_to_post_a_button_a_state(admin_client, admin_user, night):
    mailing = make.mailing()
    mailing.offers.add(make.offer())
    gold = believe(night, "gold")
    believe(night, "bronze")
    recipients = reverse("admin:coupons_mailing_recipients", args=[mailing.pk])
    change = reverse("admin:coupons_mailing_change", args=[mailing.pk])

    response = admin_client.post(recipients, {"tiers": ["gold"]}, follow=True)
    assert "1 household was added" in said(response)
    assert [row.household for row in mailing.recipients.all()] == [gold]
    assert step(mailing, "select") in response.content.decode()
    assert step(mailing, "approve") not in response.content.decode()

    assert b"Nothing is promised yet" in admin_client.get(step(mailing, "select")).content
    admin_client.post(step(mailing, "select"))
    assert queued() == [("coupons.tasks.select", (mailing.pk, admin_user.pk))]
    OrmQ.objects.all().delete()  # the queue took it
    selected(mailing, night)
    assert b"What was selected is what" in admin_client.get(step(mailing, "approve")).content
    admin_client.post(step(mailing, "approve"))
    mailing.refresh_from_db()
    assert mailing.state == Mailing.State.APPROVED
    assert mailing.approved_by == admin_user

    admin_client.post(step(mailing, "issue"))
    Mailing.objects.update(state=Mailing.State.ISSUED)
    mailing.sheets.create(household=gold, number=1, address="Ada\n1 Lane\nEx 00101", savings=1)
    response = admin_client.post(step(mailing, "print"), follow=True)
    run = mailing.print_runs.get()
    assert queued() == [
        ("coupons.tasks.issue", (mailing.pk,)),
        ("coupons.tasks.print_run", (run.pk,)),
    ]
    assert response.redirect_chain[-1][0] == reverse("admin:coupons_printrun_change", args=[run.pk])

    Mailing.objects.update(state=Mailing.State.PRINTED)
    response = admin_client.post(
        step(mailing, "mailed"), {"mailed_on": timezone.localdate().isoformat()}, follow=True
    )
    mailing.refresh_from_db()
    assert mailing.state == Mailing.State.MAILED
    assert mailing.mailed_on == timezone.localdate()
    assert response.redirect_chain[-1][0] == change


def test_a_step_out_of_turn_is_refused_in_a_sentence(admin_client):
    mailing = make.mailing()

    response = admin_client.post(step(mailing, "print"), follow=True)

    assert "is draft; 'Print' wants it sheets issued" in said(response)
    assert not OrmQ.objects.exists()
    assert admin_client.post(step(mailing, "nonsense")).status_code == 404


def test_a_draft_is_not_approved_before_its_coupons_are_selected(admin_client):
    mailing = make.mailing()

    response = admin_client.post(step(mailing, "approve"), follow=True)

    assert "is draft; 'Approve' wants it coupons selected" in said(response)
    assert Mailing.objects.get().state == Mailing.State.DRAFT


def test_who_selected_does_not_approve(admin_client, admin_user, night):
    mailing = make.mailing()
    selected(mailing, night, asked_by=admin_user)

    response = admin_client.post(step(mailing, "approve"), follow=True)

    assert "somebody else approves it" in said(response)
    assert Mailing.objects.get().state == Mailing.State.SELECTED


def test_who_changed_what_a_night_selected_does_not_approve_it(admin_client, admin_user, night):
    mailing = make.mailing(changed_by=admin_user)
    selected(mailing, night)

    response = admin_client.post(step(mailing, "approve"), follow=True)

    assert "somebody else approves it" in said(response)


def test_a_selection_is_put_aside_and_the_mailing_is_a_draft_again(admin_client, night):
    mailing = make.mailing()
    selected(mailing, night)

    admin_client.post(step(mailing, "draft"))

    mailing.refresh_from_db()
    assert (mailing.state, mailing.selection) == (Mailing.State.DRAFT, None)


def test_the_first_page_before_the_first_night_says_what_to_do(
    admin_client, django_assert_max_num_queries
):
    with django_assert_max_num_queries(14):
        body = admin_client.get(reverse("admin:index")).content.decode()

    assert "Welcome. Begin here." in body


def test_the_first_page_tells_the_state_of_things(
    admin_client, night, django_assert_max_num_queries
):
    make.basket(day=date(2026, 3, 4))
    make.basket(day=date(2026, 3, 5))
    Refusal.objects.create(record=make.redemption_record(codes.mint()), reason="unknown_code")
    coupon = make.coupon(codes.mint())
    Redemption.objects.create(
        offer=coupon.offer,
        coupon=coupon,
        amount="0.50",
        store=make.store(),
        till=1,
        business_date=timezone.localdate() - timedelta(days=6),
        receipt="1",
    )
    Mailing.objects.update(state="mailed", valid_to=timezone.localdate())
    ModelRun.objects.update(published_at=timezone.now() - timedelta(hours=1))

    with django_assert_max_num_queries(18):
        response = admin_client.get(reverse("admin:index"))

    body = response.content.decode()
    text = " ".join(re.sub(r"<[^>]+>", " ", body).split())
    for said in (
        "Last night went well.",
        "models of 2,469 households rebuilt",
        "Baskets on the last day 2 Thursday 5 Mar 2026",
        "To look at 1 1 refusal",
        "March favourites mailed 1 1",
    ):
        assert said in text


def test_no_page_of_the_desk_has_inline_style_or_script(admin_client, night):
    coupon = make.coupon(codes.mint())
    pages = [
        reverse("admin:index"),
        reverse("admin:loyalty_household_change", args=[coupon.sheet.household_id]),
        reverse("admin:coupons_mailing_change", args=[coupon.sheet.mailing_id]),
        reverse("admin:coupons_coupon_changelist"),
        reverse("admin:loyalty_modelrun_start"),
    ]

    for page in pages:
        response = admin_client.get(page)
        body = response.content.decode()
        assert " style=" not in body, page
        assert "<style" not in body, page
        assert "<script>" not in body, page
        assert "unsafe-inline" not in response["Content-Security-Policy"]
