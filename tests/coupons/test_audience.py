"""Who a mailing is for: each trigger finds its households, and gathering again adds newcomers."""

import threading
from datetime import UTC, date, datetime, timedelta

import pytest
from django.db import connection, transaction

from coupons import audience
from coupons.models import Mailing, Recipient, Segment
from loyalty import history, rebuild
from loyalty.models import SLOTS, Consent, Household
from pos_integration.models import Category, Product
from tests import make
from tests.loyalty.believing import night, summary

AS_OF = date(2026, 2, 28)  # the night before the mailing of make.MARCH


def said(household, purpose, is_granted, day=date(2025, 6, 1)):
    Consent.objects.create(
        household=household,
        purpose=purpose,
        is_granted=is_granted,
        said_at=datetime(day.year, day.month, day.day, 12, tzinfo=UTC),
        source="desk",
    )


def gathered(run, **fields):
    """Names of the households that a mailing to such a segment has as recipients."""
    stores = fields.pop("stores", [])
    households = fields.pop("households", [])
    segment = Segment.objects.create(name="Some of them", **fields)
    segment.stores.set(stores)
    segment.households.set(households)
    mailing = make.mailing()
    mailing.segments.add(segment)
    added = audience.gather(mailing, run)
    names = sorted(mailing.recipients.values_list("household__name", flat=True))
    assert added == len(names)
    assert audience.size_of(segment, run) == (added, False)
    assert audience.size(mailing, run) == (added, False)
    return names


@pytest.mark.django_db
def test_anybody_is_also_who_has_bought_nothing_yet():
    run = night(as_of=AS_OF)
    summary(run, make.household(name="Ada"))
    make.household(name="Bo")
    late = make.household(name="Cy")
    Household.objects.filter(pk=late.pk).update(joined_on=make.MARCH[0])
    later = make.household(name="joined after the mailing was issued")
    Household.objects.filter(pk=later.pk).update(joined_on=make.MARCH[1])

    mailing = make.mailing()
    mailing.segments.add(Segment.objects.create(name="All"))

    assert audience.gather(mailing, run) == 3
    assert not mailing.recipients.filter(household=later).exists()


@pytest.mark.django_db
def test_tiers_and_stores_are_those_of_the_night():
    high_street, harbour = make.store(), make.store()
    run, before = night(as_of=AS_OF), night(as_of=date(2026, 1, 31), state="replaced")
    for name, tier, store in (
        ("Ada", "gold", harbour),
        ("Bo", "gold", high_street),
        ("Cy", "silver", harbour),
        ("Di", "platinum", None),
    ):
        home = make.household(name=name)
        summary(run, home, tier=tier, home_store=store)
        summary(before, home, tier="bronze", home_store=high_street)
    make.household(name="not seen yet")

    def both(**fields):
        Segment.objects.all().delete()
        return gathered(run, **fields)

    assert both(tiers=["gold", "platinum"]) == ["Ada", "Bo", "Di"]
    assert both(stores=[harbour]) == ["Ada", "Cy"]
    assert both(tiers=["gold"], stores=[harbour, high_street]) == ["Ada", "Bo"]


@pytest.mark.django_db
def test_a_list_made_elsewhere_is_asked_besides_all_else():
    run = night(as_of=AS_OF)
    homes = [make.household(name=name) for name in ("Ada", "Bo", "Cy")]
    for home in homes:
        summary(run, home, tier="gold" if home.name != "Bo" else "silver")

    assert gathered(run, households=homes[:2], tiers=["gold"]) == ["Ada"]


@pytest.mark.django_db
def test_the_lapsed_are_those_who_came_and_then_did_not():
    run = night(as_of=AS_OF)
    for name, days in (("Ada", 59), ("Bo", 60), ("Cy", 300)):
        summary(run, make.household(name=name), recency_days=days)
    objects = make.household(name="does not want its purchases looked at")
    summary(run, objects, recency_days=90)
    said(objects, "profiling", is_granted=False)
    make.household(name="never came")

    assert gathered(run, trigger="lapsed", days=60) == ["Bo", "Cy"]


@pytest.mark.django_db
def test_new_members_need_not_have_bought_anything():
    run = night(as_of=AS_OF)
    for name, days in (("Ada", 30), ("Bo", 31), ("Cy", 0), ("Di", -1)):
        home = make.household(name=name)
        Household.objects.filter(pk=home.pk).update(joined_on=AS_OF - timedelta(days=days))
    mailing = make.mailing()
    mailing.segments.add(Segment.objects.create(name="New", trigger="new", days=30))

    audience.gather(mailing, run)

    names = sorted(mailing.recipients.values_list("household__name", flat=True))
    assert names == ["Ada", "Cy", "Di"], "also who joined since the night"


@pytest.mark.django_db
def test_birthdays_are_greeted_where_the_last_word_on_it_was_a_yes():
    run = night(as_of=date(2026, 3, 1))
    for name, month, words in (
        ("Ada", 3, [True]),
        ("Bo", 4, [True]),
        ("Cy said nothing", 3, []),
        ("Di thought better of it", 3, [True, False]),
        ("Eve came round", 3, [False, True]),
        ("Flo told no month", None, [True]),
    ):
        home = make.household(name=name)
        Household.objects.filter(pk=home.pk).update(birth_month=month)
        for at, word in enumerate(words):
            said(home, "birthday", is_granted=word, day=date(2025, 6, 1 + at))

    assert gathered(run, trigger="birthday") == ["Ada", "Eve came round"]


@pytest.fixture
def bakery(db, settings):
    """Ada bought oats each week, Bo bought bread lately for the first time, Cy did both and objects
    to profiling; Di's card goes around. Returns the published run.
    """
    settings.LOYALTY_BUCKETS = 2
    oats, bread = make.category("Oats"), make.category("Bread")
    drinks = Category.objects.create(level="type", parent=oats, name="Oat drinks")
    loaves = Category.objects.create(level="type", parent=bread, name="Loaves")
    drink, loaf = make.product(), make.product("04006381333931", "Sourdough loaf")
    Product.objects.filter(pk=drink.pk).update(category=drinks)
    Product.objects.filter(pk=loaf.pk).update(category=loaves)
    for name in ("Ada", "Bo", "Cy"):
        make.household(f"card {name}", name=name)
    said(Household.objects.get(name="Cy"), "profiling", is_granted=False)
    for ago in range(7, 90, 7):
        for name in ("Ada", "Cy"):
            make.line(make.basket(f"card {name}", AS_OF - timedelta(days=ago)), drink)
    for name in ("Bo", "Cy"):
        make.line(make.basket(f"card {name}", AS_OF - timedelta(days=10)), loaf)
    make.line(make.basket("card Ada", AS_OF - timedelta(days=130)), loaf)
    make.line(make.basket("card Bo", AS_OF - timedelta(days=130)), drink)
    history.seal()
    return rebuild.rebuild(AS_OF)


def test_the_due_are_found_by_a_type_a_category_or_a_department_and_a_chance(bakery):
    seen = []
    for of, chance in (("Oat drinks", 0.8), ("Oats", 0.8), ("Grocery", 0.8), ("Oats", 0.001)):
        Segment.objects.all().delete()
        category = Category.objects.get(name=of)
        seen.append(gathered(bakery, trigger="due", category=category, least_chance=chance))

    assert seen == [["Ada"], ["Ada"], ["Ada"], ["Ada", "Bo"]]


def test_the_first_purchase_is_the_first_of_anything_in_the_category(bakery):
    seen = []
    for of, days in (("Loaves", 10), ("Bread", 9), ("Bread", 10), ("Bread", 130), ("Grocery", 60)):
        Segment.objects.all().delete()
        category = Category.objects.get(name=of)
        seen.append(gathered(bakery, trigger="first", days=days, category=category))

    assert seen == [["Bo"], [], ["Bo"], ["Ada", "Bo"], []]


def test_nobody_is_sought_out_by_what_is_sensitive(bakery):
    bread = Category.objects.get(name="Bread")
    segment = Segment.objects.create(name="Bakers", trigger="first", days=60, category=bread)
    seen = []
    for of in ("Oats", "Grocery", "Bread", "Loaves"):
        Category.objects.update(is_sensitive=False)
        Category.objects.filter(name=of).update(is_sensitive=True)
        seen.append(audience.size_of(segment, bakery).households)

    assert seen == [1, 0, 0, 0]


def test_several_segments_of_all_kinds_make_one_list(bakery):
    bread, oats = (Category.objects.get(name=name) for name in ("Bread", "Oats"))
    mailing = make.mailing()
    mailing.segments.add(
        Segment.objects.create(name="Bakers", trigger="first", days=60, category=bread),
        Segment.objects.create(name="Drinkers", trigger="due", category=oats),
        Segment.objects.create(name="All the bronze", tiers=["bronze"]),
    )
    seen = []

    added = audience.gather(mailing, bakery, lambda done, total: seen.append((done, total)))

    assert added == mailing.recipients.count() == 3
    assert audience.size(mailing, bakery) == (3, False)
    assert seen[-1][0] == seen[-1][1] == len(seen) == 1 + len(history.buckets())
    assert set(mailing.recipients.values_list("outcome", flat=True)) == {"waiting"}


@pytest.mark.django_db
def test_gathering_again_adds_newcomers_and_keeps_who_was_added_by_hand():
    run = night(as_of=AS_OF)
    summary(run, make.household(name="Ada"), tier="gold")
    by_hand = make.household(name="Bo")
    mailing = make.mailing()
    mailing.recipients.create(household=by_hand, outcome="no_offers")
    mailing.segments.add(Segment.objects.create(name="Gold", tiers=["gold"]))

    assert audience.gather(mailing, run) == 1
    assert audience.gather(mailing, run) == 0
    summary(run, make.household(name="Cy"), tier="gold")
    assert audience.size(mailing, run) == (3, False)
    assert audience.gather(mailing, run) == 1
    assert mailing.recipients.count() == 3
    assert mailing.recipients.get(household=by_hand).outcome == "no_offers"


def test_gathering_again_takes_off_who_is_in_none_of_the_segments_any_more(bakery):
    bread, oats = (Category.objects.get(name=name) for name in ("Bread", "Oats"))
    bakers = Segment.objects.create(name="Bakers", trigger="first", days=60, category=bread)
    drinkers = Segment.objects.create(name="Drinkers", trigger="due", category=oats)
    mailing = make.mailing()
    mailing.segments.add(bakers, drinkers)
    audience.gather(mailing, bakery)
    mailing.recipients.create(household=make.household(name="Eve, by hand"))
    assert mailing.recipients.count() == 3
    other = make.mailing()
    other.recipients.create(household=make.household(name="of another mailing"))

    mailing.segments.set([bakers])
    assert audience.gather(mailing, bakery) == 0

    names = sorted(mailing.recipients.values_list("household__name", flat=True))
    assert names == ["Bo", "Eve, by hand"]
    assert other.recipients.count() == 1


@pytest.mark.django_db
@pytest.mark.parametrize("state", ["approved", "issued", "printed", "mailed", "closed"])
def test_the_recipients_of_an_approved_mailing_stay_as_they_are(state):
    run = night(as_of=AS_OF)
    mailing = make.mailing(state=state)

    with pytest.raises(audience.AudienceError, match="its recipients stay as they are"):
        audience.gather(mailing, run)


@pytest.mark.django_db
def test_a_mailing_without_segments_has_whom_it_was_given():
    run = night(as_of=AS_OF)
    mailing = make.mailing()
    mailing.recipients.create(household=make.household())

    assert audience.gather(mailing, run) == 0
    assert audience.size(mailing, run) == (1, False)
    assert audience.size(make.mailing(), run) == (0, False)


@pytest.mark.django_db
def test_a_large_house_is_counted_from_a_part(monkeypatch):
    monkeypatch.setattr(audience, "HOMES_COUNTED", 400)
    run = night(as_of=AS_OF, households=1_600)
    Household.objects.bulk_create(
        Household(name=f"{n}", joined_on=date(2025, 1, 1), slot=n * 2 % SLOTS) for n in range(1_600)
    )
    segment = Segment.objects.create(name="All")

    told = audience.size_of(segment, run)

    assert told.is_estimate
    assert told.households == pytest.approx(2_048, rel=0.01), "evenly, of 3,200 slots a half"


@pytest.mark.django_db
def test_only_what_is_asked_of_many_purchases_takes_long_to_count():
    small, large = night(lines=1_000_000), night(state="replaced", lines=1_000_000_000)
    oats = make.category()
    due = Segment(name="Due", trigger="due", category=oats)

    assert audience.is_quickly_counted([due], small)
    assert not audience.is_quickly_counted([due], large)
    assert audience.is_quickly_counted([Segment(name="All")], large)


@pytest.mark.django_db(transaction=True)
def test_of_two_gatherings_at_once_the_second_waits_and_adds_nobody_twice():
    run = night(as_of=AS_OF)
    for name in ("Ada", "Bo"):
        summary(run, make.household(name=name))
    mailing = make.mailing()
    mailing.segments.add(Segment.objects.create(name="All"))
    outcome: list[object] = []

    def other():
        try:
            outcome.append(audience.gather(Mailing.objects.get(pk=mailing.pk), run))
        except Exception as error:
            outcome.append(error)
        finally:
            connection.close()

    with transaction.atomic():
        assert audience.gather(mailing, run) == 2
        thread = threading.Thread(target=other)
        thread.start()
        thread.join(0.3)
        assert thread.is_alive()
        # Who adds one by hand meanwhile does not wait.
        by_hand = threading.Thread(target=_add_by_hand, args=[mailing])
        by_hand.start()
        by_hand.join(5)
        assert not by_hand.is_alive()
    thread.join(10)

    assert outcome == [0]
    assert Recipient.objects.filter(mailing=mailing).count() == 3


def _add_by_hand(mailing):
    mailing.recipients.create(household=make.household(name="Cy"))
    connection.close()
