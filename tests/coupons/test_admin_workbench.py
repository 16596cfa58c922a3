"""The workbench at the desk: compare and choose, approve by a second person, nothing twice."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.contrib.auth.models import User
from django.urls import reverse
from django.utils import timezone
from django_q.models import OrmQ

from coupons import choosing, samples, selecting, staleness
from coupons.models import Mailing, Recipient
from tests import make
from tests.coupons import selecting_shop
from tests.coupons.selecting_shop import change, chosen, in_use
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
def two(shop):
    """A mailing with a generous selection and a mean one, which is in use."""
    mailing = selecting_shop.mailing(shop, budget=Decimal("400.00"))
    generous = selecting.select(mailing)
    Mailing.objects.filter(pk=mailing.pk).update(budget=Decimal("0.40"))
    mailing.refresh_from_db()
    mean = selecting.select(mailing)
    mailing.refresh_from_db()
    return mailing, generous, mean


def url(name, *args):
    return reverse(f"admin:coupons_mailing_{name}", args=args)


def said(response):
    return " ".join(str(message) for message in response.context["messages"])


def test_two_selections_stand_side_by_side_and_a_sentence_says_which_brings_more(
    admin_client, two, django_assert_max_num_queries
):
    mailing, generous, mean = two
    with django_assert_max_num_queries(20):
        body = admin_client.get(url("compare", mailing.pk)).content.decode()

    assert f"Selection {mean.pk} would bring" in body
    assert f"% less margin than selection {generous.pk}" in body
    assert "households would get other coupons" in body
    assert body.count("plot-pairs at-desk") == 3
    assert url("use", mailing.pk, generous.pk) in body
    assert url("use", mailing.pk, mean.pk) not in body
    same = {"first": mean.pk, "second": mean.pk}
    assert "Choose two that differ." in (
        admin_client.get(url("compare", mailing.pk), same).content.decode()
    )
    odd = admin_client.get(url("compare", mailing.pk), {"first": "'; --", "second": "0"})
    assert odd.status_code == 200


def test_an_earlier_selection_is_put_in_use_with_the_terms_it_was_made_by(admin_client, two):
    mailing, generous, _ = two
    page = url("use", mailing.pk, generous.pk)
    assert "Use this one" in admin_client.get(page).content.decode()
    first = admin_client.post(page, follow=True)
    second = admin_client.post(page, follow=True)
    assert "will be put in use" in said(first)
    assert "under way already" in said(second)
    (task,) = OrmQ.objects.all()

    said_of_it = choosing.use_by_ids(*task.task["args"])

    assert said_of_it.endswith("is in use")
    assert in_use(mailing) == generous
    assert mailing.budget == Decimal("400.00")
    waiting = mailing.recipients.filter(outcome=Recipient.Outcome.WAITING)
    assert set(waiting.values_list("household", flat=True)) == set(chosen(generous))


def test_what_is_approved_is_not_exchanged_for_another_selection(two):
    mailing, generous, mean = two
    Mailing.objects.update(state=Mailing.State.APPROVED)
    mailing.refresh_from_db()

    assert "take the approval back first" in choosing.use_by_ids(mailing.pk, generous.pk, 0)
    assert in_use(mailing) == mean


def test_a_changed_offer_and_old_beliefs_are_said_and_stop_an_approval(admin_client, two, shop):
    mailing, _, mean = two
    assert staleness.changes(mailing, mean, TODAY) == []
    change(shop.offers[0], face_value=Decimal("9.00"))
    assert "is worth 9.00 off now" in " ".join(staleness.changes(mailing, mean, TODAY))

    body = admin_client.get(url("change", mailing.pk)).content.decode()
    refused = admin_client.post(url("step", mailing.pk, "approve"), follow=True)

    assert "Changed since" in body
    assert url("step", mailing.pk, "approve") not in body
    assert "is worth 9.00 off now" in said(refused)
    mailing.refresh_from_db()
    assert mailing.state == Mailing.State.SELECTED
    later = TODAY + (mailing.model_days + 1) * DAY
    assert "days old" in " ".join(staleness.changes(mailing, mean, later))


def test_who_selected_sees_no_button_to_approve_and_a_second_person_does(client, shop):
    marketing = one_of("Marketing")
    me = User.objects.get(username="one of Marketing")
    mailing = selecting_shop.mailing(shop)
    selecting.select(mailing, by=me)
    page, approve = url("change", mailing.pk), url("step", mailing.pk, "approve")

    mine = marketing.get(page).content.decode()
    second = User.objects.create_superuser("second")
    client.force_login(second)
    theirs = client.get(page).content.decode()

    assert approve not in mine
    assert "somebody else approves it" in mine
    assert approve in theirs
    assert "Anybody of marketing but one of Marketing may" in theirs


def test_store_staff_see_the_steps_and_get_no_button(shop):
    mailing = selecting_shop.mailing(shop)
    selecting.select(mailing)
    staff = one_of("Store staff")

    body = staff.get(url("change", mailing.pk)).content.decode()

    assert 'aria-current="step"' in body
    assert "/do/" not in body
    for name in ("audience", "offers", "compare", "progress"):
        assert staff.get(url(name, mailing.pk)).status_code == 200
    assert staff.post(url("step", mailing.pk, "select")).status_code == 403
    assert staff.post(url("use", mailing.pk, mailing.selections.get().pk)).status_code == 403


def test_a_step_that_somebody_else_took_meanwhile_is_not_taken_twice(admin_client, two):
    mailing, _, _ = two
    form = admin_client.get(url("step", mailing.pk, "draft")).context["form"]
    Mailing.objects.filter(pk=mailing.pk).update(selection=two[1])

    late = admin_client.post(
        url("step", mailing.pk, "draft"), {"seen": form["seen"].value()}, follow=True
    )

    assert "Somebody was faster" in said(late)
    mailing.refresh_from_db()
    assert mailing.state == Mailing.State.SELECTED


def test_a_double_click_selects_once_and_the_page_follows_it(admin_client, shop):
    mailing = selecting_shop.mailing(shop)
    select = url("step", mailing.pk, "select")
    for _ in range(2):
        response = admin_client.post(select, follow=True)

    assert OrmQ.objects.count() == 1
    assert "under way already" in said(response)
    told = admin_client.get(url("progress", mailing.pk)).json()
    assert told["state"] == "running"
    assert "waits for the queue" in told["says"]
    assert "run-progress" in response.content.decode()
    OrmQ.objects.all().delete()
    assert admin_client.get(url("progress", mailing.pk)).json()["state"] == "ended"


def test_nothing_is_approved_while_a_new_selection_is_under_way(admin_client, two):
    mailing, _, mean = two
    admin_client.post(url("step", mailing.pk, "select"))

    refused = admin_client.post(url("step", mailing.pk, "approve"), follow=True)

    assert "A new selection of it is under way" in said(refused)
    mailing.refresh_from_db()
    assert (mailing.state, mailing.selection) == (Mailing.State.SELECTED, mean)


def test_a_draft_says_that_its_offers_are_over_before_its_coupons_are(admin_client, shop):
    mailing = selecting_shop.mailing(shop)
    Mailing.objects.filter(pk=mailing.pk).update(valid_to=mailing.valid_to + 365 * DAY)

    body = admin_client.get(url("change", mailing.pk)).content.decode()

    assert "none of its offers is good on all days" in body


def test_sample_sheets_are_pictures_of_everybody_once_and_private(
    admin_client, two, django_assert_max_num_queries
):
    _, _, mean = two
    pages = samples.pages(mean, 6, 20)
    seen = [
        sheet.household_id
        for number in range(1, pages + 1)
        for sheet, _ in samples.page(mean, number, size=6, most=20)
    ]
    assert sorted(seen) == sorted(chosen(mean))

    sheets = reverse("admin:coupons_selection_sheets", args=[mean.pk])
    with django_assert_max_num_queries(20):
        body = admin_client.get(sheets, {"page": "2"}).content.decode()
    assert body.count("<figure>") == 6
    assert 'loading="lazy"' in body
    assert admin_client.get(sheets, {"page": "'; --"}).status_code == 200
    image = admin_client.get(reverse("admin:coupons_selection_picture", args=[mean.pk, seen[0]]))
    assert image.content.startswith(b"\x89PNG")
    assert image["Cache-Control"].startswith("private")
    stranger = make.household()
    nobody = reverse("admin:coupons_selection_picture", args=[mean.pk, stranger.pk])
    assert admin_client.get(nobody).status_code == 404


def test_the_audience_is_told_before_anything_is_selected_with_who_is_left_out(
    admin_client, shop, django_assert_max_num_queries
):
    mailing = selecting_shop.mailing(shop, holdout_share=Decimal("0.250"))
    selecting_shop.said(shop.homes[0], "post", is_granted=False)

    with django_assert_max_num_queries(20):
        body = admin_client.get(url("audience", mailing.pk)).content.decode()
        admin_client.get(url("offers", mailing.pk))

    assert f"{len(shop.homes)} households are meant; of them:" in body
    assert "Does not want post" in body
    assert "Held out by lot" in body
    assert set(mailing.recipients.values_list("outcome", flat=True)) == {"waiting"}


def test_the_day_it_was_mailed_is_asked_for_neither_to_come_nor_before_its_sheets_were_issued(
    admin_client, shop
):
    mailing = selecting_shop.mailing(shop, state=Mailing.State.PRINTED)
    step, today = url("step", mailing.pk, "mailed"), timezone.localdate()

    early = admin_client.post(step, {"mailed_on": (today + timedelta(days=1)).isoformat()})
    assert "is still to come" in early.content.decode()
    Mailing.objects.filter(pk=mailing.pk).update(issued_at=timezone.now() - 3 * DAY)
    before = {"mailed_on": (today - timedelta(days=4)).isoformat()}
    assert "no post took them" in said(admin_client.post(step, before, follow=True))
    admin_client.post(step, {"mailed_on": (today - timedelta(days=2)).isoformat()})

    mailing.refresh_from_db()
    assert mailing.state == Mailing.State.MAILED
    assert mailing.mailed_on == today - timedelta(days=2)


def test_what_is_refused_in_a_folded_part_of_a_new_mailing_is_unfolded(admin_client, shop):
    add = reverse("admin:coupons_mailing_add")
    wrong = {"name": "Spring", "code": "spring", "budget": "-5"}

    fresh, refused = admin_client.get(add), admin_client.post(add, wrong)

    def folded(response):
        form = response.context["adminform"]
        return [part.name for part in form if part.is_collapsible]

    assert "Selection: how coupons are chosen" in folded(fresh)
    assert "Selection: how coupons are chosen" not in folded(refused)


def test_odd_terms_are_refused_in_sentences(admin_client, shop):
    mailing = selecting_shop.mailing(shop)
    page = url("change", mailing.pk)
    form = admin_client.get(page).context["adminform"].form
    given = {name: form[name].value() for name in form.fields}
    given = {name: "" if value is None else value for name, value in given.items()}
    given |= {
        f"{prefix}-{part}": "0"
        for prefix in ("texts", "funder_budgets")
        for part in ("TOTAL_FORMS", "INITIAL_FORMS")
    }

    body = admin_client.post(
        page,
        given
        | {
            "name": "x" * 200,
            "valid_from": "2026-03-20",
            "valid_to": "2026-03-02",
            "holdout_share": "1.5",
            "random_slots": "4",
        },
    ).content.decode()

    for words in (
        "at most 80 characters (it has 200)",
        "Its last day is before its first: 20 Mar 2026.",
        "It is a share: 0.1 is 10 percent",
        "at most 3 can be drawn by lot",
    ):
        assert words in body
