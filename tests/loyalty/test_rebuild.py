"""The nightly rebuild: the same every time, resumed after a crash, published at once."""

from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta
from decimal import Decimal

import pytest
from django.db import connection

from loyalty import engine, history, rebuild
from loyalty.models import BucketReceipt, HouseholdSummary, ModelRun, Profile
from pos_integration.models import Category, Product
from tests import make

MORNING = date(2026, 3, 10)


def shop(homes=6, days=80):
    """Households that buy oats every 4, 5, 6 ... days, and bread every week."""
    kind = Category.objects.create(level="type", parent=make.category("Oats"), name="Oat drinks")
    loaf = Category.objects.create(level="type", parent=make.category("Bread"), name="Loaves")
    oats, bread = make.product(), make.product("04006381333931", "Sourdough loaf")
    Product.objects.filter(pk=oats.pk).update(category=kind)
    Product.objects.filter(pk=bread.pk).update(category=loaf)
    for home in range(homes):
        make.household(f"card {home}", name=f"Household {home}")
        for ago in range(1, days, 4 + home):
            basket = make.basket(f"card {home}", MORNING - timedelta(days=ago))
            make.line(basket, oats, amount=f"{2 + home}.00")
            if ago % 7 == 1:
                make.line(basket, bread)
    history.seal()


def believed():
    """Everything published, without the keys that a new run must have."""
    summaries = HouseholdSummary.objects.order_by("household").values()
    profiles = Profile.objects.order_by("household").values()
    return [
        {name: value for name, value in row.items() if name not in ("id", "run_id")}
        for row in [*summaries, *profiles]
    ]


@pytest.mark.django_db
def test_rebuilding_a_night_again_changes_nothing():
    shop()
    first = rebuild.rebuild(MORNING)
    before = believed()
    again = rebuild.rebuild(MORNING)
    assert again == first
    assert believed() == before
    assert ModelRun.objects.count() == 1
    assert first.households == 6


@pytest.mark.django_db
def test_the_morning_itself_is_not_seen():
    shop(homes=1)
    make.line(make.basket("card 0", MORNING), amount="99.00")
    history.seal()
    rebuild.rebuild(MORNING)
    assert HouseholdSummary.objects.get().last_on == MORNING - timedelta(days=1)


@pytest.mark.django_db
def test_what_is_believed_can_be_checked_by_hand():
    shop(homes=1)
    run = rebuild.rebuild(MORNING)
    told = HouseholdSummary.objects.get()
    assert (told.recency_days, told.frequency, told.baskets) == (1, 20, 20)
    assert told.mean_gap_days == 4.0
    assert told.monetary == Decimal("46.00")  # 20 x oats at 2.00, 3 x bread at 2.00
    assert told.categories == [["Grocery", 1.0]]
    assert sum(told.weekly_spend_cents) == 4600
    needs = Profile.objects.get(run=run).needs
    oats = Product.objects.get(gtin=make.OATS)
    assert needs[0][0] == oats.pk
    assert needs[0][2:] == [20, 4.0, (MORNING - timedelta(days=1)).isoformat()]
    assert 0.9 < needs[0][1] <= 1


@pytest.mark.django_db
def test_a_night_that_broke_off_goes_on_where_it_stopped(monkeypatch):
    shop()
    real = rebuild._score_bucket
    done: list[int] = []

    def fails_on_the_third(bucket, run_id):
        if len(done) == 2:
            raise OSError("the disk is full")
        real(bucket, run_id)
        done.append(bucket)

    monkeypatch.setattr(rebuild, "_score_bucket", fails_on_the_third)
    with pytest.raises(OSError, match="disk is full"):
        rebuild.rebuild(MORNING)
    assert rebuild.published() is None  # nobody sees half a model
    kept = set(BucketReceipt.objects.values_list("pk", flat=True))

    monkeypatch.setattr(rebuild, "_score_bucket", real)
    run = rebuild.rebuild(MORNING)
    assert run.state == ModelRun.State.PUBLISHED
    assert kept <= set(BucketReceipt.objects.values_list("pk", flat=True))
    assert run.summaries.count() == 6
    assert run.receipts.filter(step="score").count() == len(history.buckets())


@pytest.mark.django_db(transaction=True)
def test_a_bucket_that_two_workers_do_at_the_same_time_is_done_once():
    shop()
    run = rebuild.rebuild(MORNING)
    before = believed()
    run.receipts.all().delete()
    Profile.objects.all().delete()
    HouseholdSummary.objects.all().delete()

    def one(bucket):
        try:
            rebuild._score_bucket(bucket, run.pk)
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(one, [*history.buckets(), *history.buckets()]))

    assert believed() == before
    assert run.receipts.count() == len(history.buckets())


@pytest.mark.django_db
def test_a_new_night_takes_the_place_of_the_last_at_once():
    shop(homes=2)
    first = rebuild.rebuild(MORNING)
    make.line(make.basket("card 0", MORNING))
    history.seal()
    second = rebuild.rebuild(MORNING + timedelta(days=1))
    first.refresh_from_db()
    assert first.state == ModelRun.State.REPLACED
    assert rebuild.published() == second
    assert not first.summaries.exists()


@pytest.mark.django_db
def test_a_shop_without_history_gets_an_empty_run():
    run = rebuild.rebuild(MORNING)
    assert (run.households, run.state) == (0, ModelRun.State.PUBLISHED)


@pytest.mark.django_db
def test_the_number_of_buckets_does_not_change_what_is_believed(settings):
    shop()
    rebuild.rebuild(MORNING)
    before = believed()
    settings.LOYALTY_BUCKETS = 32
    history.seal()
    rebuild.rebuild(MORNING)
    assert believed() == before


@pytest.mark.django_db(transaction=True)
def test_worker_processes_believe_the_same_to_the_bit(settings):
    shop()
    settings.LOYALTY_ENGINE = "loop"
    rebuild.rebuild(MORNING)
    before = believed()
    ModelRun.objects.all().delete()
    settings.LOYALTY_ENGINE = "processes"
    rebuild.rebuild(MORNING)
    assert believed() == before


def test_an_engine_that_is_not_there_is_named(settings):
    settings.LOYALTY_ENGINE = "abacus"
    with pytest.raises(Exception, match="'abacus': wanted 'loop', 'processes' or nothing"):
        list(engine.map_buckets(print, [1]))
