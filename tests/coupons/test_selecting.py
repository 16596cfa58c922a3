"""Selecting a mailing's coupons: limits kept, refusals in words, the same again to the byte."""

from collections import Counter
from datetime import date
from decimal import Decimal

import numpy as np
import pytest

from coupons import issuing, selecting
from coupons import mailing as mailings
from coupons.models import (
    Coupon,
    FunderBudget,
    Mailing,
    Offer,
    OfferProduct,
    Selection,
    SelectionPiece,
    StandingHoldout,
)
from coupons.pieces import Could
from coupons.selection.holdout import in_holdout
from coupons.terms import Terms
from loyalty import history, rebuild
from loyalty.models import ModelRun, Preference
from pos_integration.models import Category
from tests import make
from tests.coupons import selecting_shop
from tests.coupons.selecting_shop import (
    HOMES,
    change,
    chosen,
    in_use,
    pieces,
    refused,
    said,
    written,
)
from tests.coupons.test_responding import DAY, TODAY


@pytest.fixture(scope="module")
def standing(django_db_setup, django_db_blocker):
    with selecting_shop.standing(django_db_blocker) as shop:
        yield shop


@pytest.fixture
def shop(standing, db):
    return standing


def counted(selection):
    """Coupons selected, by offer."""
    return Counter(offer for sheet in chosen(selection).values() for offer, _ in sheet)


def expected_costs(selection):
    """Of the coupons written, by offer."""
    terms = Terms.from_plain(selection.terms)
    cost = {(one.pk, level.pk): level.cost for one in terms.offers for level in one.levels}
    spent: dict[int, float] = {}
    for coupon in Coupon.objects.all():
        worth = coupon.chance * cost[coupon.offer_id, coupon.level_id or 0]
        spent[coupon.offer_id] = spent.get(coupon.offer_id, 0.0) + worth
    return spent


# Limits.


def test_what_is_guaranteed_capped_and_budgeted_is_kept_to_on_paper(shop):
    mailing = selecting_shop.mailing(shop, fairness="0.300", random_slots=1)
    free = selecting.select(mailing)
    before = counted(free)
    popular = [pk for pk, _ in before.most_common()]
    by_pk = {offer.pk: offer for offer in shop.offers}
    rare, capped = by_pk[popular[-1]], by_pk[popular[0]]
    change(rare, least_coupons=before[rare.pk] + 5)
    change(capped, most_coupons=HOMES, expected_budget=Decimal("0.40"))
    totals = free.report["totals"]
    mailing.budget = Decimal(str(totals["cost"][0])).quantize(Decimal("0.01")) * Decimal("0.95")
    mailing.save()
    FunderBudget.objects.create(mailing=mailing, funder=make.funder(), amount=mailing.budget)

    mailings.select_and_issue(_again(mailing))

    mailing.refresh_from_db()
    given = Counter(Coupon.objects.values_list("offer", flat=True))
    assert given == counted(in_use(mailing))
    assert given.total() == HOMES * 4
    assert given[rare.pk] >= before[rare.pk] + 5
    spent = expected_costs(in_use(mailing))
    assert spent.get(capped.pk, 0.0) <= 0.40 + 1e-6
    assert sum(spent.values()) <= float(mailing.budget) + 1e-6
    assert any("is expected to be spent" in words for words in in_use(mailing).report["limits"])
    assert any(
        "fairness" in one or "worth within" in one for one in in_use(mailing).report["limits"]
    )


def _again(mailing):
    mailings.back_to_draft(mailing)
    return mailing


def test_no_sheet_has_more_of_a_category_nor_rivals_than_allowed(shop):
    for offer in shop.offers[:3]:
        change(offer, rivals="cola")
    for offer in shop.offers[3:6]:
        change(offer, rivals="cola")  # of another category: no rivals of the first three
    aisle = {offer.pk: offer.category_id for offer in shop.offers}
    mailing = selecting_shop.mailing(shop, coupons_per_category=1, random_slots=2)
    for sheet in chosen(selecting.select(mailing)).values():
        assert max(Counter(aisle[offer] for offer, _ in sheet).values()) == 1
    mailing.coupons_per_category = 2
    mailing.save()
    rivals = {offer.pk for offer in shop.offers[:3]}
    sheets = chosen(selecting.select(mailing)).values()
    assert {len(sheet) for sheet in sheets} == {4}
    assert all(len(rivals & {offer for offer, _ in sheet}) <= 1 for sheet in sheets)


def test_a_household_gets_an_offer_no_oftener_than_it_may_nor_counts_void_coupons(shop):
    first = selecting_shop.mailing(shop, code="first")
    mailings.select_and_issue(first)
    had = Counter(Coupon.objects.values_list("sheet__household", "offer"))
    home, offer = next(iter(had))
    Coupon.objects.filter(sheet__household=home, offer=offer).update(state="void")
    for one in shop.offers:
        change(one, per_household=1)
    second = selecting_shop.mailing(shop, code="second", short_sheets="shorter")
    mailings.select_and_issue(second)
    now = Coupon.objects.exclude(state="void").values_list("sheet__household", "offer")
    assert max(Counter(now).values()) == 1
    assert (home, offer) in set(now)


def test_all_circulation_of_other_mailings_counts(shop):
    first = selecting_shop.mailing(shop, code="first")
    mailings.select_and_issue(first)
    (offer, given), *_ = Counter(Coupon.objects.values_list("offer", flat=True)).most_common()
    Offer.objects.filter(pk=offer).update(most_coupons=given + 2)
    second = selecting.select(selecting_shop.mailing(shop, code="second"))
    assert counted(second)[offer] <= 2


def test_a_household_that_needs_more_gets_the_higher_level_and_the_coupon_says_it(shop):
    for offer in shop.offers:
        offer.levels.create(number=2, face_value=Decimal("0.90"))
    mailing = selecting_shop.mailing(shop, objective="redemptions")
    mailings.select_and_issue(mailing)
    assert Coupon.objects.exclude(level=None).exists()
    for coupon in Coupon.objects.select_related("offer", "level__offer"):
        assert coupon.level is None or coupon.level.offer_id == coupon.offer_id
        assert coupon.terms.face_value == (Decimal("0.90") if coupon.level else Decimal("0.50"))
    for sheet in mailing.sheets.all():
        worth = sum(c.terms.face_value for c in sheet.coupons.select_related("offer", "level"))
        assert sheet.savings == worth


# Refusals.


def test_contracts_that_nobody_can_keep_are_refused_and_the_failed_selection_says_why(shop):
    change(shop.offers[0], least_coupons=30)
    mailing = selecting_shop.mailing(shop)
    (sentence,) = refused(mailing)
    assert sentence == (
        "Offer Thing 0 (O-0): 30 coupons are guaranteed, but only 24 households can get it. "
        "Lower the guarantee to 24, or let more households have it."
    )
    failed = mailing.selections.get()
    assert (failed.state, failed.error) == ("failed", sentence)
    assert failed.finished_at is not None
    assert not failed.pieces.exists()


def test_a_selection_in_use_stays_in_use_when_the_next_is_refused(shop):
    mailing = selecting_shop.mailing(shop)
    first = selecting.select(mailing)
    before = written(first)
    change(shop.offers[0], least_coupons=100)
    assert refused(mailing)
    mailing.refresh_from_db()
    assert mailing.selection == first
    assert written(first) == before


def test_limits_that_only_together_leave_no_way_are_told_by_name(shop):
    for offer in shop.offers:
        change(offer, expected_budget=Decimal(0))
    sentences = refused(selecting_shop.mailing(shop))
    assert sentences[0].startswith("These limits contradict each other")
    assert any(
        one.startswith("Offer Thing ") and one.endswith("its budget is 0.00.") for one in sentences
    )


def test_what_lots_and_generic_sheets_took_is_said_where_limits_are_told(shop):
    said(shop.homes[0], "profiling", is_granted=False)
    change(shop.offers[0], least_coupons=HOMES)
    *_, last = refused(selecting_shop.mailing(shop))
    assert last == selecting.LESS


def test_offers_on_no_product_are_refused_before_anything_is_worked_out(shop):
    for offer in shop.offers[:2]:
        OfferProduct.objects.filter(offer=offer).delete()
    assert refused(selecting_shop.mailing(shop)) == (
        "'Thing 0' (O-0) is good on no product: give it products or rules.",
        "'Thing 1' (O-1) is good on no product: give it products or rules.",
    )


def test_a_mailing_without_offers_or_without_recipients_is_refused(shop):
    mailing = selecting_shop.mailing(shop)
    mailing.recipients.all().delete()
    assert refused(mailing) == (
        "'Spring' has no recipients: choose segments or add households by hand.",
    )
    mailing.offers.clear()
    assert refused(mailing) == ("'Spring' has no offers: add some.",)


def test_recipients_of_whom_nobody_can_get_a_sheet_are_told_by_reason(shop):
    mailing = selecting_shop.mailing(shop)
    said(shop.homes[0], "post", is_granted=False)
    for home in shop.homes[1:]:
        home.address.is_deliverable = False
        home.address.save()
    assert refused(mailing) == (
        "None of the 24 recipients of 'Spring' gets a sheet: 23 has no deliverable address; "
        "1 does not want post.",
    )
    for home in shop.homes[1:]:
        home.address.is_deliverable = True
        home.address.save()


def test_offers_that_are_not_good_on_all_days_nobody_gets(shop):
    late, early = shop.offers[:2]
    change(late, valid_from=TODAY + DAY)
    change(early, valid_to=TODAY + 19 * DAY)
    selection = selecting.select(selecting_shop.mailing(shop))
    assert not {late.pk, early.pk} & set(counted(selection))
    assert [words for words in selection.report["doubts"] if "on all days" in words] == [
        f"'Thing {n}' (O-{n}) is not good on all days of the mailing, 2 Mar 2026 to "
        "22 Mar 2026: nobody gets it."
        for n in (0, 1)
    ]


def test_where_no_offer_is_in_its_dates_nothing_is_selected(shop):
    for offer in shop.offers:
        change(offer, valid_to=TODAY + 19 * DAY)
    sentences = refused(selecting_shop.mailing(shop))
    assert sentences[0] == "Nobody would get a sheet of 'Spring': look at its offers."
    assert any("'Thing 11' (O-11) is not good on all days" in one for one in sentences)


def test_fewer_offers_than_places_are_listed_and_the_sheets_are_shorter(shop):
    mailing = selecting_shop.mailing(shop)
    mailing.offers.set(shop.offers[::4])
    selection = selecting.select(mailing)
    assert {len(sheet) for sheet in chosen(selection).values()} == {3}
    assert selection.report["doubts"] == [
        "'Spring' has 3 offers for sheets of 4 coupons: add offers or choose a smaller sheet.",
        "24 households get a shorter sheet: too few offers fit them.",
    ]


def test_who_has_too_few_offers_may_get_no_sheet(shop):
    mailing = selecting_shop.mailing(shop, short_sheets="no_sheet")
    for aisle in ("Aisle 0", "Aisle 1", "Aisle 2", "Aisle 3"):
        node = Category.objects.get(level="category", name=aisle)
        Preference.objects.create(household=shop.homes[0], kind="never", category=node)
        if aisle != "Aisle 3":
            Preference.objects.create(household=shop.homes[1], kind="never", category=node)
    selection = selecting.select(mailing)
    outcomes = dict(mailing.recipients.values_list("household", "outcome"))
    assert outcomes[shop.homes[0].pk] == "no_offers"
    assert outcomes[shop.homes[1].pk] == "too_few"
    assert set(chosen(selection)) == {home.pk for home in shop.homes[2:]}
    assert (
        "2 households get no sheet: no offer, or too few, fit them." in (selection.report["doubts"])
    )
    mailing.short_sheets = "shorter"
    mailing.save()
    assert len(chosen(selecting.select(mailing))[shop.homes[1].pk]) == 2


def test_beliefs_older_than_the_mailing_allows_are_refused(shop):
    late = selecting_shop.mailing(shop, issue_on=TODAY + 8 * DAY)
    assert refused(late) == (
        "'Spring' allows beliefs of 7 days at most, and on 2026-03-10 those of 2026-03-02 are 8 "
        "days old: run a night and select again.",
    )
    late.model_days = 8
    late.save()
    assert selecting.select(late).state == "ready"


def test_a_mailing_of_a_day_before_the_last_night_is_refused(shop):
    past = selecting_shop.mailing(shop, issue_on=TODAY - DAY)
    assert refused(past) == (
        "'Spring' is for 2026-03-01, and the last night was that before 2026-03-02: choose later "
        "dates.",
    )


def test_before_the_first_night_nothing_is_selected(shop):
    ModelRun.objects.all().delete()
    assert refused(selecting_shop.mailing(shop)) == (
        "No night has run yet: run 'manage.py nightly' first.",
    )


def test_what_is_approved_or_issued_is_not_selected_for(shop):
    mailing = selecting_shop.mailing(shop)
    selecting.select(mailing)
    mailings.approve(mailing, None)
    (sentence,) = refused(mailing)
    assert "only a draft is selected for" in sentence
    assert mailing.selections.count() == 1


def test_a_selection_that_was_cut_short_is_marked_and_done_anew(shop):
    mailing = selecting_shop.mailing(shop)
    dead = Selection.objects.create(mailing=mailing, seed=1)
    SelectionPiece.objects.create(selection=dead, bucket=0, households=1, items=0, table=b"half")
    anew = selecting.select(mailing)
    dead.refresh_from_db()
    assert (dead.state, dead.error) == ("failed", "It was cut short: select again.")
    assert dead.finished_at is not None
    assert not dead.pieces.exists()
    mailing.refresh_from_db()
    assert (mailing.state, mailing.selection) == (Mailing.State.SELECTED, anew)


def test_what_stops_a_selection_stays_visible(shop, monkeypatch):
    mailing = selecting_shop.mailing(shop)

    def interrupted(done, total):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        selecting.select(mailing, progress=interrupted)
    assert mailing.selections.get().error == "It was cut short: select again."
    assert selecting.select(mailing).state == "ready"


# The same again.


def test_the_same_seed_and_facts_choose_the_same_to_the_byte(shop):
    for offer in shop.offers[::2]:
        change(offer, most_coupons=9)
    mailing = selecting_shop.mailing(
        shop, random_slots=1, holdout_share=Decimal("0.2"), fairness="0.200"
    )
    said(shop.homes[3], "profiling", is_granted=False)
    first = selecting.select(mailing)
    again = selecting.select(mailing)
    assert written(again) == written(first)
    other = selecting.select(mailing, seed=first.seed + 1)
    assert written(other) != written(first)
    assert written(selecting.select(mailing, seed=first.seed)) == written(first)


def test_only_what_is_in_use_keeps_what_could_have_been_chosen(shop):
    mailing = selecting_shop.mailing(shop)
    first = selecting.select(mailing)
    assert not first.pieces.filter(table=None).exists()
    mailings.back_to_draft(mailing)
    second = selecting.select(mailing)
    assert not first.pieces.exclude(table=None).exists()
    assert not second.pieces.filter(table=None).exists()


def test_the_sheets_are_the_same_however_the_history_is_cut(shop, settings):
    for offer in shop.offers[::2]:
        change(offer, most_coupons=7)
    for offer in shop.offers[1::2]:
        change(offer, least_coupons=5)
        offer.levels.create(number=2, face_value=Decimal("0.80"))
    mailing = selecting_shop.mailing(
        shop, random_slots=1, holdout_share=Decimal("0.2"), fairness="0.100"
    )
    said(shop.homes[3], "profiling", is_granted=False)
    first = selecting.select(mailing)
    told = chosen(first), chosen(first, ghosts=True)
    assert len(pieces(first)) > 3
    for buckets in (1, 16):
        settings.LOYALTY_BUCKETS = buckets
        history.seal()
        rebuild.rebuild(TODAY)
        cut = selecting.select(mailing)
        assert (chosen(cut), chosen(cut, ghosts=True)) == told
        for figure in ("value", "bound"):
            assert cut.report[figure] == pytest.approx(first.report[figure])
    settings.LOYALTY_BUCKETS = 4
    history.seal()


# Held out, and by lot.


def test_the_held_out_have_sheets_that_are_never_written(shop):
    StandingHoldout.objects.create(
        share=Decimal("0.200"), salt="for good", begins_on=date(2026, 1, 1)
    )
    mailing = selecting_shop.mailing(shop, holdout_share=Decimal("0.250"))
    mailings.select_and_issue(mailing)
    for_good = {h.pk for h in shop.homes if in_holdout(h.pk, salt="for good", share=0.2)}
    this_time = {h.pk for h in shop.homes if in_holdout(h.pk, salt="spring", share=0.25)}
    assert for_good
    assert this_time - for_good
    outcome = dict(mailing.recipients.values_list("household", "outcome"))
    assert {home for home, one in outcome.items() if one == "standing"} == for_good
    assert {home for home, one in outcome.items() if one == "holdout"} == this_time - for_good
    ghosts = chosen(in_use(mailing), ghosts=True)
    assert set(ghosts) == for_good | this_time
    assert {len(sheet) for sheet in ghosts.values()} == {4}
    posted = set(mailing.sheets.values_list("household", flat=True))
    assert posted == {home.pk for home in shop.homes} - set(ghosts)
    assert Coupon.objects.count() == 4 * len(posted)
    assert in_use(mailing).report["ghosts"] == len(ghosts)


def test_what_the_held_out_would_get_is_as_good_as_what_others_get(shop):
    """Nobody's sheet depends on whether it is held out, where nothing is scarce."""
    mailing = selecting_shop.mailing(shop)
    all_in = chosen(selecting.select(mailing, seed=1))
    mailing.holdout_share = Decimal("0.300")
    mailing.save()
    some_out = selecting.select(mailing, seed=1)
    assert chosen(some_out) | chosen(some_out, ghosts=True) == all_in
    assert chosen(some_out, ghosts=True)


def test_a_place_is_drawn_by_lot_with_a_chance_that_is_written_down(shop):
    mailing = selecting_shop.mailing(shop, random_slots=1)
    mailings.select_and_issue(mailing)
    assert {sheet.coupons.count() for sheet in mailing.sheets.all()} == {4}
    drawn = Coupon.objects.exclude(drawn_share=None)
    assert drawn.count() == HOMES
    assert drawn.values("sheet").distinct().count() == HOMES
    shares = list(drawn.values_list("drawn_share", flat=True))
    assert shares == pytest.approx([1 / 12] * HOMES)
    assert drawn.values("offer").distinct().count() > 4
    assert in_use(mailing).report["drawn"] == HOMES


def test_who_objects_to_profiling_gets_a_sheet_of_about_the_same_worth(shop):
    for offer in shop.offers[::3]:
        change(offer, face_value=Decimal("0.90"))
    quiet = shop.homes[:3]
    for home in quiet:
        said(home, "profiling", is_granted=False)
    never = Category.objects.get(level="category", name="Aisle 1")
    Preference.objects.create(household=quiet[1], kind="never", category=never)
    Category.objects.filter(level="type", name="Type 0").update(goods="alcohol")
    mailing = selecting_shop.mailing(shop)
    mailings.select_and_issue(mailing)
    sheets = {sheet.household_id: sheet for sheet in mailing.sheets.all()}
    mine = [sheets[home.pk] for home in quiet]
    assert all(sheet.is_generic for sheet in mine)
    assert mailing.sheets.filter(is_generic=True).count() == 3
    others = [float(one.savings) for one in mailing.sheets.filter(is_generic=False)]
    assert all(abs(float(one.savings) - np.mean(others)) < 0.41 for one in mine)
    first, second, third = (list(one.coupons.values_list("offer", flat=True)) for one in mine)
    assert first == third  # nothing of what they bought is in it
    assert not {offer.pk for offer in shop.offers[3:6]} & set(second)
    for coupon in Coupon.objects.filter(sheet__in=mine):
        assert coupon.tag == "new"
        assert "You buy" not in coupon.reason
        assert coupon.offer_id != shop.offers[0].pk
    generic = pieces(in_use(mailing))[-1]
    assert set(generic.households.tolist()) == {home.pk for home in quiet}


def test_a_mailing_may_have_only_recipients_who_object(shop):
    for home in shop.homes:
        said(home, "profiling", is_granted=False)
    mailing = selecting_shop.mailing(shop, budget=Decimal("50.00"))
    issued = mailings.select_and_issue(mailing)
    assert (issued.sheets, issued.coupons) == (HOMES, 4 * HOMES)
    assert in_use(mailing).report["tiers"][-1][:2] == ["not looked at", HOMES]


def test_who_objects_and_whom_nothing_fits_is_told_to_get_none(shop):
    said(shop.homes[0], "profiling", is_granted=False)
    for node in Category.objects.filter(level="category"):
        Preference.objects.create(household=shop.homes[0], kind="never", category=node)
    mailing = selecting_shop.mailing(shop)
    mailings.select_and_issue(mailing)
    assert mailing.recipients.get(household=shop.homes[0]).outcome == "no_offers"


def test_what_generic_sheets_use_counts_against_the_limits(shop):
    for home in shop.homes[:6]:
        said(home, "profiling", is_granted=False)
    for offer in shop.offers:
        change(offer, most_coupons=12)
    mailing = selecting_shop.mailing(shop)
    mailings.select_and_issue(mailing)
    assert max(Counter(Coupon.objects.values_list("offer", flat=True)).values()) <= 12


def test_every_piece_knows_what_could_have_been_chosen_until_it_is_issued(shop):
    mailing = selecting_shop.mailing(shop)
    selection = selecting.select(mailing)
    tables = [Could.from_bytes(bytes(piece.table or b"")) for piece in selection.pieces.all()]
    assert sum(len(could.households) for could in tables) == HOMES
    mailings.approve(mailing, None)
    issuing.issue(mailing)
    assert not selection.pieces.exclude(table=None).exists()
