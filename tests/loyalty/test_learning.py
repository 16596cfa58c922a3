"""What is learned of all shoppers: from earlier days only, kept if it is no worse, once a month."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import numpy as np
import pytest

from loyalty import fitted, history, learning, rebuild
from loyalty.models import Card, FittedModel, Household, HouseholdSummary, Profile, slot_of
from pos_integration.models import Basket, BasketLine, Category, Product, Upload
from tests import make

MORNING = date(2026, 3, 10)
HOMES, DAYS, PRODUCTS = 150, 150, 24
RESPONSE = FittedModel.Kind.RESPONSE  # any form of it can be read


def open_shop():
    """Households of regular habits: each buys a third of the goods, each at a pace of its own."""
    till, _ = make.terminal()
    upload = Upload.objects.create(terminal=till, sha256="0" * 64, body=b"", state="loaded")
    department = Category.objects.create(level="department", name="Grocery")
    products = []
    for number in range(PRODUCTS):
        shelf, _ = Category.objects.get_or_create(
            level="category", parent=department, name=f"Shelf {number // 2}"
        )
        kind = Category.objects.create(level="type", parent=shelf, name=f"Kind {number}")
        products.append(Product(code=f"P{number}", name=f"Item {number}", category=kind))
    products = Product.objects.bulk_create(products)
    homes = Household.objects.bulk_create(
        [Household(joined_on=MORNING, slot=slot_of(f"card {home}")) for home in range(HOMES)]
    )
    Card.objects.bulk_create(
        [Card(number=f"card {place}", household=home) for place, home in enumerate(homes)]
    )
    baskets: list[Basket] = []
    wanted = []
    draw = np.random.default_rng(1)
    for home in range(HOMES):
        # Its habits: from which day on it knows an item, and every how many days it buys it.
        known = np.flatnonzero(draw.random(PRODUCTS) < 0.4)
        since = draw.integers(0, DAYS, PRODUCTS) * (draw.random(PRODUCTS) < 0.5)
        pace = draw.integers(3, 40, PRODUCTS)
        for day in range(DAYS):
            bought = [p for p in known if day >= since[p] and (day + home) % pace[p] == 0]
            if bought:
                on = MORNING - timedelta(days=DAYS - day)
                baskets.append(basket(till, upload, len(baskets), f"card {home}", on))
                wanted.append(bought)
    baskets = Basket.objects.bulk_create(baskets)
    BasketLine.objects.bulk_create(
        line(basket, number, products[item])
        for basket, items in zip(baskets, wanted, strict=True)
        for number, item in enumerate(items, start=1)
    )
    history.seal()
    return products


def basket(till, upload, receipt, card, day):
    return Basket(
        store=till.store, till=till.number, business_date=day, receipt=str(receipt), kind="sale",
        card_number=card, currency="USD", content_hash=b"", upload=upload,
        ended_at=datetime(day.year, day.month, day.day, 12, tzinfo=UTC),
    )  # fmt: skip


def line(basket, number, product):
    return BasketLine(
        basket=basket, number=number, product=product, code=product.code, kind="sale",
        quantity=Decimal(1), amount=Decimal(2), discount=Decimal(0),
    )  # fmt: skip


def hashes(models):
    return {model.kind: model.sha256 for model in models}


@pytest.mark.django_db
def test_a_shop_learns_from_its_past_alone_and_the_night_computes_with_that():
    products = open_shop()

    first = learning.learn(MORNING)

    assert [model.kind for model in first] == [learner.kind for learner in learning.LEARNERS]
    assert all(model.in_use and model.as_of == MORNING for model in first)
    assert all(model.figures["new"]["loss"] > 0 for model in first)

    # What is sold on the morning itself, or later, teaches nothing.
    for card in range(0, HOMES, 7):
        make.line(make.basket(f"card {card}", MORNING), products[0])
    history.seal()
    again = learning.learn(MORNING)
    assert hashes(again) == hashes(first)
    assert {model.version for model in again} == {2}
    assert all(model.figures["before"] == model.figures["new"] for model in again)

    # The shopper who joined and never came is believed to buy what is popular.
    joined = make.household("card new")
    run = rebuild.rebuild(MORNING)
    assert set(run.learned.all()) == set(again)
    needs = Profile.objects.get(household=joined).needs
    assert needs[0][2:] == [0, None, None]
    assert 0 < needs[-1][1] <= needs[0][1] < 1
    assert not HouseholdSummary.objects.filter(household=joined).exists()
    known = Profile.objects.exclude(household=joined).first()
    assert known is not None
    assert all(0 <= chance <= 1 for _, chance, *_ in known.needs)
    assert all(0 <= chance <= 1 for _, chance, _ in known.discoveries)
    shelves = set(Category.objects.filter(level="category").values_list("pk", flat=True))
    told = [entry for one in Profile.objects.all() for entry in one.discoveries]
    assert {because for *_, because in told} - {None} <= shelves
    assert any(because for *_, because in told)

    # Back to the first version: the same night is another one with it.
    fitted.put_to_use(first[0])
    back = rebuild.rebuild(MORNING)
    assert back != run
    assert first[0] in back.learned.all()

    assert learning.learn_if_due(MORNING + timedelta(days=27)) == []
    later = learning.learn_if_due(MORNING + timedelta(days=28))
    assert {model.as_of for model in later} == {MORNING + timedelta(days=28)}


@pytest.mark.django_db
def test_a_shop_too_young_to_learn_from_goes_on_with_what_is_usual():
    card = make.household("card 0").cards.get()
    for ago in (1, 4, 9):
        make.line(make.basket(card.number, MORNING - timedelta(days=ago)))
    history.seal()

    kept = learning.learn(MORNING)

    assert [model.kind for model in kept] == [FittedModel.Kind.VALUE]  # tiers, all the same
    run = rebuild.rebuild(MORNING)
    assert (run.households, run.summaries.get().frequency) == (1, 3)


@pytest.mark.django_db
def test_an_empty_shop_learns_nothing():
    assert learning.learn(MORNING) == []
    assert not FittedModel.objects.exists()


def learner_of(loss):
    """Learns a figure, and says that its loss is that figure."""
    return learning.Learner(
        RESPONSE, lambda sample: {"loss": loss}, lambda plain, sample: {"loss": plain["loss"]}
    )


@pytest.mark.django_db
def test_what_is_worse_than_the_last_is_kept_aside(monkeypatch):
    def learn(loss):
        monkeypatch.setattr(learning, "LEARNERS", (learner_of(loss),))
        return learning.learn(MORNING)[0]

    make.household("card 0")
    make.line(make.basket("card 0", MORNING - timedelta(days=1)))
    history.seal()
    assert learn(0.5).in_use
    assert not learn(0.6).in_use
    assert FittedModel.objects.get(in_use=True).version == 1
    better = learn(0.4)
    assert better.in_use
    assert (better.version, better.figures["before is version"]) == (3, 1)


@pytest.mark.django_db
def test_what_is_learned_for_an_export_is_used_by_no_night(monkeypatch):
    monkeypatch.setattr(learning, "LEARNERS", (learner_of(0.5),))
    make.household("card 0")
    make.line(make.basket("card 0", MORNING - timedelta(days=1)))
    history.seal()
    model = learning.learn_for(MORNING)[0]
    assert not model.in_use
    assert fitted.known_on(RESPONSE, MORNING) == model
    assert fitted.in_use(RESPONSE) is None


@pytest.mark.django_db
def test_a_version_that_cannot_be_read_is_learned_anew_the_next_night():
    make.household("card 0")
    make.line(make.basket("card 0", MORNING - timedelta(days=1)))
    history.seal()
    old = fitted.keep(
        FittedModel.Kind.VALUE, {"of": "an older release"}, as_of=MORNING, figures={}, use=True
    )

    kept = learning.learn_if_due(MORNING)

    assert [(model.kind, model.version, model.in_use) for model in kept] == [
        (FittedModel.Kind.VALUE, 2, True)
    ]
    old.refresh_from_db()
    assert not old.in_use
    assert learning.learn_if_due(MORNING) == []


def test_versions_are_compared_on_one_household_of_eight_and_always_the_same():
    ids = np.arange(1, 80_001)
    held_out = learning.is_held_out(ids)
    assert 0.12 < held_out.mean() < 0.13
    assert (learning.is_held_out(ids[::-1])[::-1] == held_out).all()
