"""From selected to promised: two people, what changed meanwhile, and going on after a stop."""

from collections import Counter
from datetime import timedelta

import numpy as np
import pytest
from django.contrib.auth.models import User
from django.core.management import CommandError, call_command
from django.utils import timezone

from coupons import (
    exposures,
    forecasting,
    issuing,
    nightly,
    outcomes,
    permitting,
    replacing,
    selecting,
    terms,
)
from coupons import mailing as mailings
from coupons.mailing import MailingError
from coupons.models import (
    Coupon,
    Mailing,
    OfferBarcode,
    PrintRun,
    Redemption,
    Selection,
    Sheet,
    Theme,
)
from loyalty import beliefs, rebuild
from loyalty.models import Address, Household
from tests.coupons import selecting_shop
from tests.coupons.selecting_shop import HOMES, change, chosen, in_use, said
from tests.coupons.test_responding import DAY, TODAY


@pytest.fixture(scope="module")
def standing(django_db_setup, django_db_blocker):
    with selecting_shop.standing(django_db_blocker) as shop:
        yield shop


@pytest.fixture
def shop(standing, db):
    return standing


@pytest.fixture
def approved(shop) -> Mailing:
    mailing = selecting_shop.mailing(shop)
    selecting.select(mailing)
    mailings.approve(mailing, None)
    return mailing


def user(name):
    return User.objects.create(username=name)


def promised():
    """By household, what its coupons are of, in the order of its sheet."""
    told: dict[int, list[tuple[int, int]]] = {}
    for home, offer, level in Coupon.objects.order_by("sheet", "position").values_list(
        "sheet__household", "offer", "level"
    ):
        told.setdefault(home, []).append((offer, level or 0))
    return told


# Two people.


def test_who_selected_does_not_approve_and_somebody_else_does(shop):
    mailing, ada, bo = selecting_shop.mailing(shop), user("ada"), user("bo")
    selecting.select(mailing, by=ada)
    with pytest.raises(MailingError, match="somebody else approves it, that two have looked"):
        mailings.approve(mailing, ada)
    mailings.approve(mailing, bo)
    assert (mailing.state, mailing.approved_by) == (Mailing.State.APPROVED, bo)


def test_who_changed_last_does_not_approve_what_a_night_selected(shop):
    ada, bo = user("ada"), user("bo")
    mailing = selecting_shop.mailing(shop, changed_by=ada, select_on=TODAY)
    assert nightly.night(TODAY).selected == ["spring"]
    with pytest.raises(MailingError, match="somebody else approves it"):
        mailings.approve(mailing, ada)
    mailings.approve(mailing, bo)
    assert mailing.approved_by == bo


def test_an_approval_is_of_one_selection_only(shop):
    mailing, bo = selecting_shop.mailing(shop), user("bo")
    selecting.select(mailing)
    mailings.approve(mailing, bo)
    mailings.back_to_draft(mailing)
    assert (mailing.state, mailing.selection, mailing.approved_by) == ("draft", None, None)
    with pytest.raises(MailingError, match="is draft; wanted: coupons selected"):
        mailings.approve(mailing, bo)
    selecting.select(mailing)
    assert mailing.approved_by is None
    assert mailing.selections.count() == 2


def test_what_is_not_ready_or_was_made_by_a_night_that_is_gone_is_not_approved(shop):
    mailing = selecting_shop.mailing(shop)
    selection = selecting.select(mailing)
    Selection.objects.update(run=None)
    with pytest.raises(MailingError, match="is gone: select again"):
        mailings.approve(mailing, None)
    Selection.objects.filter(pk=selection.pk).update(state="failed")
    with pytest.raises(MailingError, match="has no selection that is ready: select again"):
        mailings.approve(mailing, None)


# What is promised.


def test_what_was_selected_is_what_is_promised(approved):
    issued = mailings.issue(approved)
    assert issued == mailings.Issued(sheets=HOMES, coupons=4 * HOMES, holdout=0, left_out=0)
    assert promised() == chosen(in_use(approved))
    assert set(approved.recipients.values_list("outcome", flat=True)) == {"sheet"}
    assert sorted(Sheet.objects.values_list("number", flat=True)) == list(range(1, HOMES + 1))
    assert set(Coupon.objects.values_list("valid_from", "valid_to", "state")) == {
        (TODAY, TODAY + 20 * DAY, "open")
    }
    assert mailings.issue(approved) == issued
    assert Coupon.objects.count() == 4 * HOMES


# Barcodes by GS1's rules.


@pytest.fixture
def by_gs1(approved):
    Theme.objects.update_or_create(
        is_default=True, defaults={"symbology": "databar", "company_prefix": "9501101"}
    )
    return approved


def test_coupons_get_serial_numbers_where_their_barcodes_want_them(by_gs1):
    mailings.issue(by_gs1)
    serials = Coupon.objects.values_list("serial", flat=True)
    assert len(set(serials)) == 4 * HOMES
    assert {len(str(serial)) for serial in serials} == {12}
    assert set(OfferBarcode.objects.values_list("content", flat=True)) == {"255"}


def test_an_offer_that_no_barcode_fits_stops_the_issue_in_words(by_gs1):
    Theme.objects.update(company_prefix="")
    with pytest.raises(MailingError, match="has no GS1 company prefix"):
        mailings.issue(by_gs1)
    assert not Sheet.objects.exists()


# In their own words, by the post's own order.


def test_each_household_is_written_to_in_its_language(shop, approved):
    german, english = shop.homes[:2]
    Household.objects.filter(pk=german.pk).update(language="de")
    Household.objects.filter(pk=english.pk).update(language="en")
    mailings.issue(approved)
    assert dict(Sheet.objects.values_list("household", "language")) == {
        home.pk: {german: "de", english: "en"}.get(home, "") for home in shop.homes
    }
    told = set(Coupon.objects.filter(sheet__household=german).values_list("reason", flat=True))
    assert told
    assert not told & set(
        Coupon.objects.exclude(sheet__household=german).values_list("reason", flat=True)
    )


def test_who_did_not_say_is_written_to_in_the_themes_language(shop, approved):
    Theme.objects.update_or_create(is_default=True, defaults={"language": "de"})
    mailings.issue(approved)
    assert not Coupon.objects.filter(reason__icontains="you").exists()
    assert set(Sheet.objects.values_list("language", flat=True)) == {""}


def test_sheets_are_in_the_order_of_the_post_and_those_abroad_come_last(shop, approved):
    abroad, near, far = shop.homes[:3]
    places = ((abroad, "AT", "1010"), (near, "US", "00001"), (far, "US", "99999"))
    for home, country, postcode in places:
        Address.objects.filter(household=home).update(country=country, postcode=postcode)
    mailings.issue(approved)
    order = list(Sheet.objects.order_by("number").values_list("household", flat=True))
    assert (order[0], *order[-2:]) == (near.pk, far.pk, abroad.pk)
    address = Sheet.objects.get(household=abroad).address.splitlines()
    assert address[-2:] == [f"1010 {abroad.address.city}", "AUSTRIA"]


def test_what_was_lost_and_replaced_counts_once_for_all_who_count(shop, approved):
    issued = mailings.issue(approved)
    for offer in shop.offers:
        change(offer, per_household=2, most_coupons=1_000, expected_budget=1_000, real_budget=1_000)
    later = selecting_shop.mailing(
        shop, code="later", issue_on=TODAY + DAY, most_contacts=2, valid_from=TODAY + 30 * DAY,
        valid_to=TODAY + 40 * DAY,
    )  # fmt: skip
    homes = np.array([home.pk for home in shop.homes])
    offers = np.array([offer.pk for offer in shop.offers])
    run = in_use(approved).run
    assert run is not None

    def all_who_count():
        record = exposures.read_record(beliefs.assortment_of(run), TODAY + 30 * DAY)
        doings = exposures.read_doings(homes, offers, TODAY + 30 * DAY)
        campaign = exposures.read_campaign(approved, homes, doings, offers)
        told = terms.of(later)
        outcomes.decide(later, run, on=later.issue_on)
        return {
            "issued": issuing.counted(approved),
            "handed out": sorted(record.handed_out.number.tolist()),
            "given": (campaign.given.tolist(), campaign.pairs),
            "used": campaign.used.tolist(),
            "left to give": [
                (one.most, one.least, round(one.budget or 0, 6)) for one in told.offers
            ],
            "below limit": permitting._below_limit(homes, told).tolist(),
            "error of forecasts": round(forecasting._error(later), 6),
            "outcomes": sorted(later.recipients.values_list("household", "outcome")),
        }

    Mailing.objects.filter(pk=approved.pk).update(valid_to=TODAY)
    used = Coupon.objects.order_by("pk")[0]
    Redemption.objects.create(
        offer=used.offer, coupon=used, amount=used.offer.face_value, store=shop.till.store, till=1,
        business_date=TODAY, receipt="1",
    )  # fmt: skip
    Coupon.objects.filter(pk=used.pk).update(state="redeemed")
    before = all_who_count()
    Mailing.objects.filter(pk=approved.pk).update(valid_to=timezone.localdate() + DAY)
    for sheet in (used.sheet, Sheet.objects.exclude(pk=used.sheet_id).latest("number")):
        replacing.replace(sheet, user("ada"), "lost")
        User.objects.all().delete()
    Mailing.objects.filter(pk=approved.pk).update(valid_to=TODAY)
    assert Sheet.objects.count() == HOMES + 2
    assert all_who_count() == before
    assert before["issued"] == issued
    assert before["given"][1] == 4 * HOMES
    assert before["error of forecasts"] > 0


def test_who_said_no_or_moved_since_the_approval_is_left_out(shop, approved):
    post, profile, moved, late = shop.homes[:4]
    said(post, "post", is_granted=False)
    said(profile, "profiling", is_granted=False)
    type(moved.address).objects.filter(household=moved).update(is_deliverable=False)
    approved.recipients.filter(household=late).delete()
    issued = mailings.issue(approved)
    assert (issued.sheets, issued.coupons, issued.left_out) == (HOMES - 4, 4 * (HOMES - 4), 3)
    outcomes = dict(approved.recipients.values_list("household", "outcome"))
    assert outcomes[post.pk] == outcomes[profile.pk] == "no_consent"
    assert outcomes[moved.pk] == "no_address"
    assert not Sheet.objects.filter(household__in=shop.homes[:4]).exists()
    assert sorted(Sheet.objects.values_list("number", flat=True)) == list(range(1, HOMES - 3))


def test_beliefs_too_old_on_the_day_are_refused_and_the_mailing_may_go_back(approved):
    with pytest.raises(MailingError, match="are 8 days old: run a night and select again"):
        mailings.issue(approved, TODAY + 8 * DAY)
    assert not Sheet.objects.exists()
    mailings.back_to_draft(approved)
    assert approved.state == Mailing.State.DRAFT


def test_what_is_changed_after_the_selection_changes_no_coupon(shop, approved):
    wanted = chosen(in_use(approved))
    change(shop.offers[0], most_coupons=0)
    approved.offers.remove(shop.offers[1])
    mailings.issue(approved)
    assert promised() == wanted


def test_a_draft_and_what_waits_for_approval_are_not_issued(shop):
    mailing = selecting_shop.mailing(shop)
    with pytest.raises(MailingError, match="it is issued once it is selected and approved"):
        mailings.issue(mailing)
    selecting.select(mailing)
    with pytest.raises(MailingError, match="it is issued once it is selected and approved"):
        mailings.issue(mailing)


# Stopped, and gone on.


def test_issuing_that_stopped_after_some_buckets_goes_on_without_doubling(approved):
    selection = in_use(approved)

    def stops(done, total):
        if done == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        issuing.issue(approved, progress=stops)
    some = Counter(Coupon.objects.values_list("code", flat=True))
    assert 0 < len(some) < 4 * HOMES
    assert selection.pieces.filter(is_issued=True).count() == 2
    approved.refresh_from_db()
    assert approved.state == Mailing.State.APPROVED
    with pytest.raises(MailingError, match="is being issued: it cannot go back"):
        mailings.back_to_draft(approved)
    # Part of it is promised: however long that was ago, the rest is, too.
    issued = mailings.issue(approved, TODAY + 30 * DAY)
    assert (issued.sheets, issued.coupons) == (HOMES, 4 * HOMES)
    assert promised() == chosen(selection)
    assert not some - Counter(Coupon.objects.values_list("code", flat=True))


def test_a_bucket_given_out_twice_writes_its_coupons_once(approved):
    selection = in_use(approved)
    issuing._write_sheets(approved, selection)
    piece = selection.pieces.filter(households__gt=0).earliest("bucket")
    first = issuing.issue_piece(piece.bucket, selection.pk)
    assert first > 0
    assert issuing.issue_piece(piece.bucket, selection.pk) == 0
    mailings.issue(approved)
    assert Coupon.objects.count() == 4 * HOMES


def test_what_was_taken_back_while_issuing_began_is_not_issued(approved):
    """Sheets are written by who holds the mailing, as it is then."""
    selection = in_use(approved)
    mailings.back_to_draft(Mailing.objects.get())
    with pytest.raises(issuing.IssueError, match="is draft meanwhile"):
        issuing._write_sheets(approved, selection)
    assert not Sheet.objects.exists()


# By night, by command.


def test_a_night_selects_what_is_due_and_a_refusal_stops_no_other_mailing(shop):
    bad = selecting_shop.mailing(shop, code="bad", name="Bad", select_on=TODAY)
    bad.offers.clear()
    selecting_shop.mailing(shop, code="due", select_on=TODAY - DAY, issue_on=TODAY + DAY)
    selecting_shop.mailing(shop, code="later", select_on=TODAY + DAY, issue_on=TODAY + 3 * DAY)
    selecting_shop.mailing(shop, code="by-hand")
    selecting_shop.mailing(shop, code="over", select_on=TODAY - 9 * DAY, issue_on=TODAY - DAY)
    night = nightly.night(TODAY)
    assert night.selected == ["due"]
    assert night.refused == ["bad: 'Bad' has no offers: add some."]
    states = dict(Mailing.objects.values_list("code", "state"))
    assert states == {
        "bad": "draft", "due": "selected", "later": "draft", "by-hand": "draft", "over": "draft",
    }  # fmt: skip
    again = nightly.night(TODAY)
    assert (again.selected, again.issued, again.refused) == ([], [], night.refused)


def test_a_night_issues_only_what_is_approved_and_of_its_morning(shop):
    for code, days in (("today", 0), ("tomorrow", 1), ("unseen", 0)):
        mailing = selecting_shop.mailing(
            shop, code=code, channel="none", issue_on=TODAY + days * DAY
        )
        selecting.select(mailing)
        if code != "unseen":
            mailings.approve(mailing, None)
    assert nightly.night(TODAY).issued == ["today"]
    states = dict(Mailing.objects.values_list("code", "state"))
    assert states == {"today": "mailed", "tomorrow": "approved", "unseen": "selected"}


def test_what_is_too_old_by_night_is_told_and_others_are_issued(shop, monkeypatch):
    for code, days in (("old", 1), ("new", 7)):
        mailing = selecting_shop.mailing(
            shop, code=code, channel="none", model_days=days, issue_on=TODAY
        )
        selecting.select(mailing)
        mailings.approve(mailing, None)
    night = nightly.night(TODAY + timedelta(days=3))
    assert night.issued == ["new"]
    assert len(night.refused) == 1
    assert night.refused[0].startswith("old: 'Spring' allows beliefs of 1 days at most")


def test_what_is_not_printed_goes_to_its_shoppers_as_it_is(shop):
    home = shop.homes[0]
    type(home.address).objects.filter(household=home).update(is_deliverable=False)
    mailing = selecting_shop.mailing(shop, channel="none")
    selecting.select(mailing)
    mailings.approve(mailing, None)
    night = nightly.night(TODAY)
    assert (night.issued, night.printed) == (["spring"], [])
    mailing.refresh_from_db()
    assert mailing.state == Mailing.State.MAILED
    assert not PrintRun.objects.exists()
    assert Sheet.objects.filter(household=home).exists()
    assert nightly.night(TODAY).issued == []


def test_the_command_takes_a_draft_all_the_way_and_says_what_is_wrong(shop, capsys):
    mailing = selecting_shop.mailing(shop)
    call_command("issue_mailing", "spring")
    assert "24 sheets with 96 coupons; 0 households held out, 0 left out" in capsys.readouterr().out
    mailing.refresh_from_db()
    assert mailing.state == Mailing.State.ISSUED
    call_command("issue_mailing", "spring")
    assert Coupon.objects.count() == 4 * HOMES
    empty = selecting_shop.mailing(shop, code="empty", name="Empty")
    empty.recipients.all().delete()
    with pytest.raises(CommandError, match="'Empty' has no recipients"):
        call_command("issue_mailing", "empty")


def test_a_sheet_selected_last_night_is_issued_by_this_one_with_new_beliefs(approved):
    wanted = chosen(in_use(approved))
    rebuild.rebuild(TODAY + DAY)
    mailings.issue(approved, TODAY + DAY)
    assert promised() == wanted
