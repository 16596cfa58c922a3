"""A household's page: what staff do there, each by a small form, and what a store's staff see."""

import re
from datetime import UTC, date, datetime, timedelta

import pytest
from django.contrib.auth.models import Group, Permission, User
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from coupons import goodwill
from coupons.models import Coupon, Offer, Recipient
from coupons.sheets import codes
from loyalty import merging, notes
from loyalty.models import Card, Consent, Erasure, Merger, Note, Preference, Profile
from pos_integration.models import StoreStaff, Tender
from tests import make
from tests.loyalty.believing import night, page, summary

pytestmark = pytest.mark.django_db


def step(home, slug):
    return reverse("admin:loyalty_household_step", args=[home.pk, slug])


def said(response):
    text = " ".join(re.sub(r"<[^>]+>", " ", response.content.decode()).split())
    return text.replace("&#x27;", "'").replace("&quot;", '"')


def clerk(*codenames, store=None):
    """Somebody who may look at everything and do these things, in this store or in all."""
    user = User.objects.create(username=f"clerk {User.objects.count()}", is_staff=True)
    look = Permission.objects.filter(codename__startswith="view_")
    user.user_permissions.set([*look, *Permission.objects.filter(codename__in=codenames)])
    if store is not None:
        StoreStaff.objects.create(user=user, store=store)
        user.groups.add(Group.objects.get_or_create(name="Store staff")[0])
        user.groups.get().permissions.clear()
    client = Client()
    client.force_login(user)
    return client


def good_offer(worth="0.50"):
    offer = make.offer(worth)
    today = timezone.localdate()
    Offer.objects.filter(pk=offer.pk).update(valid_from=today, valid_to=today + timedelta(days=40))
    offer.refresh_from_db()
    return offer


@pytest.fixture
def home():
    return make.household("1001", "Ada")


def test_the_page_begins_with_who_it_is_and_leads_to_every_step(admin_client, home):
    body = admin_client.get(page("household_change", home.pk)).content.decode()

    for wanted in ("00000 Exampleton", "with us since January 2025", "card 1001", "gets post"):
        assert wanted in body
    for slug in ("note", "goodwill", "consent", "wish", "merge"):
        assert step(home, slug) in body
    assert step(home, "split") not in body, "its only card stays"
    assert "?edit=1" in body
    form = admin_client.get(page("household_change", home.pk), {"edit": 1}).content.decode()
    assert 'name="_save"' in form
    assert "Back to its page" in form


def test_a_note_is_kept_once_however_often_the_button_is_pressed(admin_client, home):
    for _ in range(2):
        told = admin_client.post(
            step(home, "note"), {"text": "Bread was stale", "kind": "concern"}, follow=True
        )
    assert "Bread was stale" in said(told)
    concern = Note.objects.get()
    listed = said(admin_client.get(page("note_changelist")))
    assert "Bread was stale" in listed

    told = admin_client.post(reverse("admin:loyalty_note_settle", args=[concern.pk]), follow=True)

    assert "The concern is settled." in said(told)
    assert "Bread was stale" not in said(admin_client.get(page("note_changelist")))
    assert "Bread was stale" in said(admin_client.get(page("note_changelist"), {"what": "all"}))


def test_concerns_are_settled_from_their_list(admin_client, admin_user, home):
    for text in ("One", "Two"):
        notes.write(home, "concern", text, admin_user)
    chosen = {
        "action": "settle_chosen",
        "_selected_action": list(Note.objects.values_list("pk", flat=True)),
    }

    told = admin_client.post(page("note_changelist"), chosen, follow=True)

    assert "2 concerns are settled." in said(told)
    assert not Note.objects.filter(settled_at=None).exists()

    chosen |= {"action": "reopen_chosen"}  # one settled by mistake waits again
    listed = f"{page('note_changelist')}?what=settled"
    assert "2 concerns are open again." in said(admin_client.post(listed, chosen, follow=True))
    assert not Note.objects.exclude(settled_at=None, settled_by=None).exists()


def test_an_objection_is_recorded_once_and_shown_with_its_day(admin_client, home):
    answer = {"purpose": "post", "answer": "no", "source": "phone"}
    for _ in range(2):
        told = said(admin_client.post(step(home, "consent"), answer, follow=True))

    assert "Recorded: Coupons by post, it objected." in told
    assert "no post" in told
    assert Consent.objects.get().source == "phone"


def test_wishes_are_said_changed_and_taken_away(admin_client, home):
    beer = make.category("Beer")
    for wish, wanted in (
        ("favourite", "Beer is a favourite."),
        ("never", "Beer is never offered."),
        ("none", "Nothing is said of Beer any more."),
    ):
        sent = {"category": beer.pk, "wish": wish}
        assert wanted in said(admin_client.post(step(home, "wish"), sent, follow=True))
    assert not Preference.objects.exists()


def test_the_page_says_what_the_model_may_be_wrong_about(admin_client, home):
    run = night()
    oats = make.product()
    summary(run, home)
    Profile.objects.create(run=run, household=home, needs=[[oats.pk, 0.4, 9, 7.0, "2017-10-01"]])
    home.preferences.create(category=make.category("Oats"), kind="never")
    home.preferences.create(category=make.category("Tea"), kind="favourite")

    told = said(admin_client.get(page("household_change", home.pk)))

    assert "never wants Oats, yet Oat drink 1 l counts as a need (40 %)" in told
    assert "likes Tea, of which nothing counts as a need" in told


def test_two_households_are_merged_after_a_look_at_both_and_parted_again(admin_client, home):
    other = make.household("1002", "Bo")
    make.mailing().recipients.create(household=other)
    out = make.mailing(state="issued").recipients.create(household=other)
    asked = said(admin_client.post(step(home, "merge"), {"other": "1002"}))
    assert "Look at both, then tick this." in asked
    assert f"The other: Bo (#{other.pk}), 1 Sample Lane, 00000 Exampleton; 1002" in asked
    assert not Merger.objects.exists()
    for wrong, why in (("#0", "no household #0"), ("x", "No household has"), ("1001", "itself")):
        sent = {"other": wrong, "is_sure": "on"}
        assert why in said(admin_client.post(step(home, "merge"), sent))

    sent = {"other": f"#{other.pk}", "is_sure": "on"}
    told = said(admin_client.post(step(home, "merge"), sent, follow=True))

    assert "'Bo' is now part of 'Ada'." in told
    assert list(Recipient.objects.all()) == [out], "what waits is not for who is gone"
    gone = said(admin_client.get(page("household_change", other.pk)))
    assert "its cards are now those of Ada" in gone
    merger = Merger.objects.get()
    assert "Bo into Ada" in said(admin_client.get(page("merger_changelist")))
    assert "Undo" in said(admin_client.get(page("merger_change", merger.pk)))
    undo = reverse("admin:loyalty_merger_undo", args=[merger.pk])
    assert "Undo the merger" in said(admin_client.get(undo))
    assert "'Bo' stands by itself again." in said(admin_client.post(undo, follow=True))
    assert "undone already" in said(admin_client.post(undo, follow=True))


def test_some_cards_are_split_off(admin_client, home):
    Card.objects.create(number="1009", household=home)
    sent = {"cards": ["1009"], "name": "Cy"}

    assert "'Cy' is a household of its own now" in said(
        admin_client.post(step(home, "split"), sent, follow=True)
    )
    assert "keeps one card" in said(
        admin_client.post(step(home, "split"), {"cards": ["1001"], "name": "Cy"})
    )


def test_a_goodwill_coupon_is_given_shown_and_made_void(admin_client, home):
    empty = said(admin_client.get(step(home, "goodwill")))
    assert "No offer is good today" in empty
    assert "Give it" not in empty, "there is nothing to give"
    sent = {"offer": good_offer().pk, "why": "Milk was sour", "good_days": 14}
    told = admin_client.post(step(home, "goodwill"), sent, follow=True)
    coupon = Coupon.objects.get()
    assert codes.grouped(coupon.code) in said(told)
    assert "goodwill Milk was sour" in said(told)
    assert "this month already" in said(admin_client.post(step(home, "goodwill"), sent))
    slip = admin_client.get(reverse("admin:coupons_coupon_slip", args=[coupon.pk]))
    assert slip["Content-Type"] == "application/vnd.escpos"
    assert "no-store" in slip["Cache-Control"]
    picture = admin_client.get(reverse("admin:coupons_sheet_thumbnail", args=[coupon.sheet_id]))
    assert picture.content.startswith(b"\x89PNG")
    assert picture["Cache-Control"] == "private, max-age=3600"

    void = reverse("admin:coupons_coupon_void", args=[coupon.pk])
    assert "cannot be taken back" in said(admin_client.get(void))
    assert "required" in said(admin_client.post(void, {"why": ""}))
    told = said(admin_client.post(void, {"why": "given by mistake"}, follow=True))
    assert "tills refuse it from now on" in told
    coupon.refresh_from_db()
    assert coupon.state == "void"


def test_an_erased_household_says_so_and_nothing_is_done_for_it_any_more(admin_client, home):
    Erasure.objects.create(household_number=home.pk, why="Asked for it")

    body = admin_client.get(page("household_change", home.pk)).content.decode()

    assert "It was erased on" in body
    for slug in ("note", "goodwill", "merge"):
        assert step(home, slug) not in body
        assert admin_client.post(step(home, slug)).status_code == 404


def test_who_may_not_do_a_step_is_not_shown_it_and_not_let_do_it(home):
    client = clerk("change_household")
    coupon = make.coupon(codes.mint())
    body = client.get(page("household_change", home.pk)).content.decode()

    for slug in ("note", "goodwill", "consent", "wish", "merge", "split"):
        assert step(home, slug) not in body
        assert client.post(step(home, slug)).status_code == 403
    void = reverse("admin:coupons_coupon_void", args=[coupon.pk])
    assert client.post(void, {"why": "x"}).status_code == 403
    assert client.get(step(home, "nonsense")).status_code == 404


def test_store_staff_see_households_of_their_stores_and_those_of_no_store_yet(home):
    run = night()
    here, there = make.store(), make.store()
    mine, theirs = make.household("2001", "Mine"), make.household("2002", "Theirs")
    summary(run, mine, home_store=here)
    summary(run, theirs, home_store=there)
    client = clerk("change_household", "add_note", "add_consent", store=here)
    hidden = make.coupon(codes.mint())
    hidden.sheet.household = theirs
    hidden.sheet.save()

    rows = client.get(page("household_changelist")).context["cl"].result_list
    cards = client.get(page("card_changelist")).context["cl"].result_list
    believed = client.get(page("householdsummary_changelist")).context["cl"].result_list

    assert {row.name for row in rows} == {"Ada", "Mine", "Ada Example"}
    assert "2002" not in {card.number for card in cards}
    assert [row.household for row in believed] == [mine]
    assert client.get(page("household_change", theirs.pk)).status_code == 302
    for url in (
        step(theirs, "note"),
        reverse("admin:coupons_sheet_pdf", args=[hidden.sheet_id]),
        reverse("admin:coupons_sheet_thumbnail", args=[hidden.sheet_id]),
        reverse("admin:coupons_coupon_slip", args=[hidden.pk]),
    ):
        assert client.get(url).status_code in (403, 404)
    for name in ("coupons_sheet_changelist", "coupons_coupon_changelist"):
        listed = client.get(reverse(f"admin:{name}")).context["cl"].result_list
        assert not list(listed)


def test_the_full_page_of_a_household_takes_twenty_queries_at_most(
    admin_user, django_assert_max_num_queries
):
    run, store = night(), make.store()
    coupon = make.coupon(codes.mint())
    home = coupon.sheet.household
    oats = make.product()
    summary(run, home, home_store=store, wallet_share=0.5, wallets=[["Meat", 0.3, 100]])
    Profile.objects.create(
        run=run,
        household=home,
        needs=[[oats.pk, 0.4, 9, 7.0, "2017-10-01"]],
        discoveries=[[oats.category_id, 0.2, oats.category_id]],
    )
    home.preferences.create(category=make.category("Oats"), kind="never")
    home.consents.create(
        purpose="post", is_granted=True, said_at=datetime(2026, 3, 1, tzinfo=UTC), source="form"
    )
    home.data_requests.create(kind="copy", source="desk", due_on=date(2026, 4, 1))
    for text in ("One", "Two", "Three"):
        notes.write(home, "talk", text, admin_user)
    goodwill.give(home, good_offer(), "sour", admin_user)
    merging.merge(home, make.household("3001"), admin_user)
    client = clerk(
        *("change_household", "add_note", "change_note", "add_consent", "add_preference"),
        *("add_goodwill", "change_sheet", "change_coupon", "add_merger"),
        store=store,
    )

    with django_assert_max_num_queries(20):
        assert client.get(page("household_change", home.pk)).status_code == 200


def test_nothing_is_done_for_a_household_that_is_part_of_another(admin_client, admin_user, home):
    other = make.household("1002", "Bo")
    merger = merging.merge(home, other, admin_user)

    gone = admin_client.get(page("household_change", other.pk)).content.decode()
    for slug in ("note", "goodwill", "consent", "wish", "merge"):
        assert step(other, slug) not in gone
    assert page("household_change", home.pk) in gone
    assert reverse("admin:loyalty_merger_undo", args=[merger.pk]) in gone

    told = said(admin_client.post(step(other, "note"), {"text": "x", "kind": "note"}, follow=True))
    assert "'Bo' is part of another household now: do it there." in told
    assert not Note.objects.exists()


def test_its_last_receipts_are_shown_the_latest_first_with_what_was_paid(admin_client, home):
    empty = said(admin_client.get(page("household_change", home.pk)))
    assert "No receipt yet with one of its cards." in empty
    for day in (3, 9):
        basket = make.basket("1001", day=date(2026, 3, day))
        Tender.objects.create(basket=basket, position=0, kind="cash", amount=f"{1200 + day}.50")
    make.basket("4711", day=date(2026, 3, 20))  # somebody else's

    body = said(admin_client.get(page("household_change", home.pk)))
    receipts = body.partition("Last receipts")[2].partition("All its receipts")[0]

    assert re.findall(r"\d Mar 2026", receipts) == ["9 Mar 2026", "3 Mar 2026"]
    assert "1,209.50" in receipts
    assert "20 Mar" not in receipts


def test_contacts_tell_of_goodwill_and_of_a_sheet_in_a_lost_ones_place(
    admin_client, admin_user, home
):
    lost, instead = (make.coupon(codes.mint()).sheet for _ in range(2))
    lost.household = instead.household = home
    lost.mailing.state = "mailed"
    lost.mailing.save()
    lost.voided_at = timezone.now()
    lost.save()
    instead.mailing, instead.number, instead.replaces = lost.mailing, lost.number + 1, lost
    instead.save()
    goodwill.give(home, good_offer(), "milk was sour", admin_user)

    body = said(admin_client.get(page("household_change", home.pk)))
    contacts = body.partition(" Contacts ")[2].partition(" Coupons ")[0]

    assert contacts.count("in a lost one's place") == 1
    assert contacts.count("by post") == 1, "the mailing reached it once"
    assert "0.50 off Oat drink: milk was sour" in contacts


def test_store_staff_are_not_led_to_a_receipt_of_another_store(home):
    basket = make.basket("1001")
    shown = clerk(store=make.store()).get(page("household_change", home.pk)).content.decode()
    link = reverse("admin:pos_integration_basket_change", args=[basket.pk])
    assert link not in shown
    there = clerk(store=basket.store).get(page("household_change", home.pk)).content.decode()
    assert link in there
