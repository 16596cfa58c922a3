"""What the households of a bucket could get: written by bucket, the same however it is cut."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

import numpy as np
import pytest

from coupons import economics, permitting, responding, tabling
from coupons import terms as frozen
from coupons.models import Coupon, Mailing, Selection, Sheet
from coupons.pieces import DRAWN, FREE, TAKEN, Could
from coupons.selection import lots, objective, reasons, response_learning
from coupons.selection.response import BUY, NEW
from loyalty import fitted, history, rebuild
from loyalty.models import FittedModel, Household, ModelRun, Preference, slot_of
from pos_integration.models import Category
from tests import make
from tests.coupons import test_responding
from tests.coupons.test_responding import DAY, PAST, TODAY, Shop, likes

pytestmark = pytest.mark.django_db
SEED, HOMES = 7, 24


@pytest.fixture
def shop(settings, monkeypatch) -> Shop:
    settings.LOYALTY_BUCKETS = 2
    monkeypatch.setattr(test_responding, "HOMES", HOMES)
    return Shop()


def tabled(
    mailing: Mailing, run: ModelRun, seed: int = SEED, learned: Sequence[FittedModel] = ()
) -> dict[int, Could]:
    """Table a mailing; what could be chosen, by bucket."""
    terms, _ = economics.price_up(frozen.of(mailing), run)
    selection = Selection.objects.create(
        mailing=mailing, run=run, seed=seed, terms=terms.to_plain(), state="ready"
    )
    selection.learned.set(learned)
    for bucket in history.buckets():
        tabling.table(bucket, selection.pk)
    return {
        piece.bucket: Could.from_bytes(bytes(piece.table or b""))
        for piece in selection.pieces.all()
    }


def by_household(pieces: dict[int, Could]) -> dict[int, dict[Any, Any]]:
    """Everything that is said of each household; its items by column."""
    told = {}
    for could in pieces.values():
        for at, home in enumerate(could.households.tolist()):
            mine = slice(could.starts[at], could.starts[at + 1])
            one = {name: getattr(could, name)[at].item() for name in could._fields[1:6]}
            names = could._fields[could._fields.index("column") : -1]
            items = {name: getattr(could, name)[mine].tolist() for name in names}
            items |= {
                name: array[mine].tolist() for name, array in could.evidence._asdict().items()
            }
            told[home] = one | {
                column: {name: values[k] for name, values in items.items()}
                for k, column in enumerate(items["column"])
            }
    return told


def offered(said: dict[Any, Any]) -> list[int]:
    """The columns that a household could get; with one level each they are the shop's goods."""
    return [column for column in said if isinstance(column, int)]


def test_every_recipient_is_told_what_it_could_get(shop):
    mailing, run = shop.mailing(TODAY), rebuild.rebuild(TODAY)
    mailing.recipients.filter(household=shop.homes[3]).update(outcome="holdout")
    mailing.recipients.filter(household=shop.homes[4]).update(outcome="no_consent")
    told = by_household(tabled(mailing, run))
    assert len(told) == HOMES - 1
    assert [home for home, said in told.items() if said["is_ghost"]] == [shop.homes[3].pk]
    assert {said["places"] for said in told.values()} == {4}
    assert {said["store"] for said in told.values()} == {shop.till.store.pk}
    one = told[shop.homes[0].pk]
    assert offered(one) == list(range(12))
    assert [column for column in offered(one) if one[column]["tag"] == BUY] == likes(0)
    assert all(one[column]["chance"] > one[1]["chance"] for column in likes(0))
    assert all(one[column]["need"] > 0.8 for column in likes(0))
    assert [column for column in offered(one) if one[column]["is_new"]] == list(range(6, 12))


def test_it_is_the_same_however_the_history_is_cut(shop, settings):
    mailing = shop.mailing(TODAY, random_slots=1)
    shop.offers[5].levels.create(number=2, face_value=Decimal("0.90"))
    run = rebuild.rebuild(TODAY)
    whole = tabled(mailing, run)
    again = tabled(mailing, run)
    assert [one.to_bytes() for one in again.values()] == [one.to_bytes() for one in whole.values()]
    settings.LOYALTY_BUCKETS = 16
    history.seal()
    assert by_household(tabled(mailing, rebuild.rebuild(TODAY))) == by_household(whole)


def test_a_mailing_may_want_coupons_used_rather_than_margin(shop):
    mailing, run = shop.mailing(TODAY, objective="redemptions"), rebuild.rebuild(TODAY)
    for could in tabled(mailing, run).values():
        assert (could.value == could.chance).all()


def test_what_was_learned_of_coupons_used_answers_here_too(shop, monkeypatch):
    monkeypatch.setattr(response_learning, "LEAST_USED", 50)
    for begins in PAST:
        shop.sent_from_elsewhere(begins)
    assert responding.learn(TODAY) is not None
    Category.objects.filter(level="type", name="Type 0").update(is_sensitive=True)
    mailing, run = shop.mailing(TODAY), rebuild.rebuild(TODAY)
    assert responding.model_of(run) is not None
    told = by_household(tabled(mailing, run))
    liked = [told[home.pk][c]["chance"] for n, home in enumerate(shop.homes) for c in likes(n) if c]
    assert 0.3 < np.mean(liked) < 0.9
    assert len({said[0]["chance"] for said in told.values()}) == 1
    scored = responding.scores(run, mailing, 0)
    number = {home.pk: n for n, home in enumerate(shop.homes)}
    at, home = next(
        (at, home)
        for at, home in enumerate(scored.households.tolist())
        if 0 not in likes(number[home])
    )
    mine = likes(number[home])[0]
    assert told[home][mine]["chance"] == pytest.approx(scored.probability[at, mine])


def test_measured_uplift_pulls_the_worth(shop):
    mailing, run = shop.mailing(TODAY), rebuild.rebuild(TODAY)
    before = by_household(tabled(mailing, run))[shop.homes[0].pk]
    measured = fitted.keep(
        FittedModel.Kind.UPLIFT, {"buy": {"factor": 0.0, "sd": 0.1}}, as_of=TODAY, figures={},
        use=True,
    )  # fmt: skip
    after = by_household(tabled(mailing, run, learned=[measured]))[shop.homes[0].pk]
    funded = 0.08  # what is left of a reward that changes nothing: the funder's fee
    assert after[0]["value"] == pytest.approx(after[0]["chance"] * funded)
    assert before[0]["value"] > after[0]["value"]
    assert after[1] == before[1]


def test_a_bucket_given_out_twice_is_written_once(shop):
    mailing, run = shop.mailing(TODAY), rebuild.rebuild(TODAY)
    terms, _ = economics.price_up(frozen.of(mailing), run)
    selection = Selection.objects.create(
        mailing=mailing, run=run, seed=SEED, terms=terms.to_plain(), state="ready"
    )
    assert tabling.table(0, selection.pk) == tabling.table(0, selection.pk)
    assert selection.pieces.count() == 1


def test_who_never_bought_anything_is_served_too(shop):
    mailing = shop.mailing(TODAY)
    run = rebuild.rebuild(TODAY)
    new = Household.objects.create(name="New", joined_on=TODAY, slot=slot_of("new"), members=9)
    mailing.recipients.create(household=new)
    said = by_household(tabled(mailing, run))[new.pk]
    assert (said["places"], said["store"], said["tier"], said["size"]) == (4, 0, 0, 4)
    assert {said[column]["tag"] for column in offered(said)} == {NEW}


def test_never_is_never_offered_and_a_favourite_is_worth_a_place(shop):
    home = shop.homes[0]  # it buys 0, 4 and 5
    aisle = Category.objects.get(level="category", name="Aisle 0")
    liked = Category.objects.get(level="type", name="Type 8")
    Preference.objects.create(household=home, category=aisle, kind="never")
    mailing, run = shop.mailing(TODAY, discovery_slots=0), rebuild.rebuild(TODAY)
    before = by_household(tabled(mailing, run))[home.pk]
    Preference.objects.create(household=home, category=liked, kind="favourite")
    said = by_household(tabled(mailing, run))[home.pk]
    assert offered(said) == list(range(3, 12))
    assert said[8]["value"] >= sorted(said[column]["value"] for column in offered(said))[-4]
    assert said[8]["chance"] > before[8]["chance"]
    assert (said[8]["bought"], said[8]["tag"]) == (reasons.LIKED, NEW)
    assert {c: said[c] for c in offered(said) if c != 8} == {
        c: before[c] for c in offered(before) if c != 8
    }


def test_a_lot_takes_its_category_and_its_chance_is_kept(shop):
    shop.offers[5].levels.create(number=2, face_value=Decimal("0.90"))
    mailing, run = shop.mailing(TODAY, random_slots=1), rebuild.rebuild(TODAY)
    mailing.recipients.filter(household=shop.homes[3]).update(outcome="standing")
    told = by_household(tabled(mailing, run))
    other = by_household(tabled(mailing, run, seed=SEED + 1))
    drawn = {}
    for home, said in told.items():
        columns = offered(said)
        (drawn[home],) = (c for c in columns if said[c]["state"] == DRAWN)
        assert said[drawn[home]]["drawn_share"] == pytest.approx(1 / 12)
        category = [0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 3, 3, 3]  # offer 5 has two columns
        for column in columns:
            in_category = category[column] == category[drawn[home]]
            wanted = TAKEN if in_category and column != drawn[home] else FREE
            assert said[column]["state"] in (wanted, DRAWN)
        assert said["places"] == 3
    assert 6 not in drawn.values()  # a lot is of the offer's own worth
    assert len(set(drawn.values())) > 4
    assert any(other[home][column]["state"] != DRAWN for home, column in drawn.items())


def test_purchases_of_what_is_sensitive_choose_nothing(shop):
    """Type 0 is; households 0, 7, 8 and so on buy it every week."""
    Category.objects.filter(level="type", name="Type 0").update(is_sensitive=True)
    mailing, run = shop.mailing(TODAY, random_slots=2), rebuild.rebuild(TODAY)
    told = by_household(tabled(mailing, run))
    items = {home: said[0] for home, said in told.items()}
    same = ("chance", "need", "tag", "bought", "last_day", "gap_days", "weekday", "knows_category")
    (one,) = {tuple(item[name] for name in same) for item in items.values()}
    assert one[2:4] == (NEW, reasons.FOR_ALL)
    assert {item["state"] for item in items.values()} <= {FREE, TAKEN}
    # Only the lot tells one household's value from another's.
    homes = np.array(list(items))
    lot = lots.lots(SEED, homes, np.array([lots.MOST_LOTS + shop.offers[0].pk]))[:, 0]
    values = np.array([item["value"] for item in items.values()])
    assert values == pytest.approx(
        objective.mixed(np.full(HOMES, 1.0), lot)
        * values[0]
        / objective.mixed(np.array([1.0]), lot[:1]),
        rel=1e-5,
    )
    assert len(set(values.tolist())) == HOMES


def test_what_was_bought_of_it_opens_no_other_shelf(shop):
    """Who buys Things 0, 4 and 5 knows Aisle 0 by what is sensitive only: it is new to it."""
    mailing, run = shop.mailing(TODAY), rebuild.rebuild(TODAY)
    home = shop.homes[0].pk
    assert not by_household(tabled(mailing, run))[home][1]["is_new"]
    Category.objects.filter(level="type", name="Type 0").update(is_sensitive=True)
    said = by_household(tabled(mailing, run))[home]
    assert [said[column]["is_new"] for column in (0, 1, 2)] == [True] * 3
    assert not said[1]["knows_category"]


def test_restricted_goods_and_other_stores_and_enough_of_an_offer(shop):
    Category.objects.filter(level="type", name="Type 6").update(goods="alcohol")
    Household.objects.filter(pk=shop.homes[0].pk).update(is_of_age=True)
    elsewhere = make.store()
    shop.offers[7].stores.add(elsewhere)
    shop.offers[8].stores.add(elsewhere, shop.till.store)
    shop.offers[9].per_household = 1
    shop.offers[9].save()
    sheet = Sheet.objects.create(
        mailing=shop.mailing(TODAY - 40 * DAY),
        household=shop.homes[1], number=1, address="x", savings=1,
    )  # fmt: skip
    Coupon.objects.create(
        code="c", sheet=sheet, position=1, offer=shop.offers[9], valid_from=TODAY, valid_to=TODAY,
        chance=0.1, tag="buy", reason="", staff_reason="",
    )  # fmt: skip
    mailing, run = shop.mailing(TODAY), rebuild.rebuild(TODAY)
    told = by_household(tabled(mailing, run))
    first, second = (set(offered(told[home.pk])) for home in shop.homes[:2])
    assert set(range(12)) - first == {7}
    assert set(range(12)) - second == {6, 7, 9}
    homes = np.array([shop.homes[0].pk])
    terms = frozen.of(mailing)
    (row,) = permitting.unprofiled(homes, terms)
    assert np.flatnonzero(~row).tolist() == [7, 8]


def test_an_offer_on_whatever_is_bought_is_for_everyone_who_shops(shop):
    offer = shop.offers[3]
    offer.kind, offer.threshold, offer.category = "threshold", Decimal(6), None
    offer.save()
    offer.offer_products.all().delete()
    mailing, run = shop.mailing(TODAY), rebuild.rebuild(TODAY)
    said = by_household(tabled(mailing, run))[shop.homes[0].pk]
    mine = said[0]  # without a category it comes first
    assert (mine["tag"], mine["is_new"], mine["bought"]) == (BUY, False, 0)
    assert mine["need"] > 0.9  # every week's basket comes to 6.00
    assert 0.1 < mine["chance"] < 0.5
