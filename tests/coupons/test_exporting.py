"""What the models believe, as Parquet: the columns, best first, and nothing from the day itself."""

from datetime import date, timedelta
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from django.core.management import CommandError, call_command

from coupons.models import OfferProduct, Recipient
from loyalty import beliefs
from loyalty.models import Card, FittedModel, Household
from pos_integration import catalogue
from pos_integration.models import Category, Product
from tests import make
from tests.pos_integration import tills

MORNING = date(2026, 3, 10)
HOMES, MANY_HOMES = 12, 72  # of many, there is something to learn
GOODS = "Oats Bread Milk Eggs Tea Rice Soap Cake Jam Ham Fish Leek".split()


def code_of(name):
    return str(100 + GOODS.index(name))


def open_shop(till, homes):
    """The goods, and households with a card each."""
    catalogue.load_products(
        [
            {"code": code_of(name), "name": name, "department": "Food", "category": name}
            | {"type": f"{name}, all kinds"}
            for name in GOODS
        ]
    )
    for home in range(homes):
        make.household(f"card {home}", name=f"Household {home}")


def sell(card, day, *names):
    """A receipt of one of each of these goods."""
    lines = [tills.line(number, code=code_of(name)) for number, name in enumerate(names, 1)]
    return tills.basket(f"{card} {day}", card=card, business_date=day.isoformat(), lines=lines)


@pytest.fixture
def till(db, settings):
    settings.LOYALTY_BUCKETS = 4
    return tills.open_store()


@pytest.fixture
def shop(till):
    """Households that shop every 4, 5, 6 or 7 days, and buy some of the goods every so often."""
    open_shop(till, HOMES)
    baskets = []
    for home in range(HOMES):
        for trip, ago in enumerate(range(1, 170, 4 + home % 4)):
            names = [
                name
                for place, name in enumerate(GOODS[:8])
                if (trip + home) % (place + 1) == 0 and (home + place) % 5
            ]
            if names:
                baskets.append(sell(f"card {home}", MORNING - timedelta(days=ago), *names))
    assert tills.send(till, *baskets).rejected == 0
    return till


@pytest.fixture
def large_shop(till):
    """Many households, which take up one of the goods after the other, some to buy them seldom."""
    open_shop(till, MANY_HOMES)
    baskets = []
    for home in range(MANY_HOMES):
        for ago in range(1, 127, 7):
            day = 127 - ago
            names = [
                name
                for place, name in enumerate(GOODS)
                if (home * 37 + place * 29) % 190 <= day  # it has taken it up by now
                and (home + place + ago // 7) % (2 + place) < 2
            ]
            if names:
                baskets.append(sell(f"card {home}", MORNING - timedelta(days=ago), *names))
    assert tills.send(till, *baskets).rejected == 0
    return till


@pytest.fixture
def export(tmp_path):
    def write(kind="needs", as_of=MORNING, out="scores.parquet", **options):
        path = tmp_path / out
        call_command("export_scores", as_of=str(as_of), kind=kind, out=path, **options)
        return pq.read_table(path)

    return write


def rows(table):
    """Household -> its rows, in the file's order."""
    found: dict[int, list[dict[str, Any]]] = {}
    for row in table.to_pylist():
        found.setdefault(row["household"], []).append(row)
    return found


def assert_best_first(table):
    for told in rows(table).values():
        chances = [row["probability"] for row in told]
        assert chances == sorted(chances, reverse=True)
        assert all(0 <= chance <= 1 for chance in chances)


@pytest.mark.usefixtures("shop")
def test_needs_are_told_by_household_card_and_in_house_number(export):
    table = export(level="product", top=3)
    assert table.schema.equals(
        pa.schema(
            [
                ("household", pa.int64()),
                ("card", pa.string()),
                ("item", pa.string()),
                ("probability", pa.float64()),
                ("next_trip", pa.float64()),
            ]
        )
    )
    assert_best_first(table)
    told = rows(table)
    assert set(told) == set(Household.objects.values_list("pk", flat=True))
    for household, its in told.items():
        assert {row["card"] for row in its} == {Card.objects.get(household=household).number}
        assert len({row["item"] for row in its}) == len(its) <= 3
        assert all(0 <= row["next_trip"] <= 1 for row in its)
    assert set(table["item"].to_pylist()) <= {code_of(name) for name in GOODS}


@pytest.mark.usefixtures("shop")
def test_a_household_with_two_cards_is_told_by_its_first(export):
    home = Household.objects.order_by("pk")[0]
    Card.objects.create(household=home, number="0 a second card", claimed_on=MORNING)
    assert {row["card"] for row in rows(export())[home.pk]} == {"card 0"}


@pytest.mark.usefixtures("shop")
def test_types_and_categories_are_told_by_their_names(export):
    kinds, categories = export(level="type"), export(level="category")
    assert set(kinds["item"].to_pylist()) <= {f"{name}, all kinds" for name in GOODS}
    assert set(categories["item"].to_pylist()) <= set(GOODS)
    assert_best_first(kinds)
    assert_best_first(categories)


@pytest.mark.usefixtures("shop")
def test_a_product_without_an_in_house_number_is_told_by_its_gtin(export):
    Product.objects.filter(name="Oats").update(code=None, gtin=make.OATS)
    assert make.OATS in export()["item"].to_pylist()


@pytest.mark.usefixtures("shop")
def test_nodes_of_one_name_are_one_item(export):
    """A tree may have the type 'Other' in many categories: an analyst reads one name, once."""
    apart = export(level="type")
    Category.objects.filter(level="type", name__in=["Oats, all kinds", "Bread, all kinds"]).update(
        name="Other"
    )
    together = export(level="type")
    for household, its in rows(together).items():
        assert len({row["item"] for row in its}) == len(its)
        before = {row["item"]: row["probability"] for row in rows(apart)[household]}
        parts = [before.pop(f"{name}, all kinds", 0.0) for name in ("Oats", "Bread")]
        either = 1 - np.prod([1 - part for part in parts])
        after = {row["item"]: row["probability"] for row in its}
        assert after.pop("Other", 0.0) == pytest.approx(either)
        assert after == before
    assert_best_first(together)


def test_discoveries_are_categories_that_the_household_never_bought(large_shop, export):
    table = export("discovery", level="category")
    assert table.column_names == ["household", "card", "item", "probability"]
    assert_best_first(table)
    known = {(row["household"], row["item"]) for row in export(level="category").to_pylist()}
    told = {(row["household"], row["item"]) for row in table.to_pylist()}
    assert told
    assert not told & known

    tills.send(large_shop, sell("card 1", MORNING, *GOODS))
    assert export("discovery", out="after.parquet").equals(table)


@pytest.mark.usefixtures("large_shop")
def test_models_are_learned_once_a_month_and_never_from_later_days(export):
    before = export(out="before.parquet")
    assert set(FittedModel.objects.values_list("as_of", "in_use")) == {(MORNING, False)}
    learned = FittedModel.objects.count()
    export(as_of=MORNING + timedelta(days=31), out="a month later.parquet")
    assert FittedModel.objects.count() == learned
    export(as_of=MORNING - timedelta(days=3), out="earlier.parquet")
    assert FittedModel.objects.filter(as_of=MORNING - timedelta(days=3)).count() == learned
    assert export(out="after.parquet").equals(before)


@pytest.mark.usefixtures("shop")
def test_where_too_little_happened_to_tell_discoveries_it_is_said(export):
    with pytest.raises(CommandError, match="too little happened before 2026-03-10"):
        export("discovery")


@pytest.fixture
def mailing(shop):
    """A mailing of two offers, one with a code of its own, to the first five households."""
    one, other = make.offer(shared_code="55001"), make.offer()
    OfferProduct.objects.create(offer=one, product=Product.objects.get(name="Oats"))
    OfferProduct.objects.create(offer=other, product=Product.objects.get(name="Soap"))
    made = make.mailing("march")
    made.offers.set([one, other])
    for home in Household.objects.order_by("pk")[:5]:
        Recipient.objects.create(mailing=made, household=home)
    return made


def test_responses_are_told_for_every_recipient_and_coupon(mailing, export):
    table = export("response", mailing="march")
    assert table.column_names == ["household", "card", "coupon", "probability"]
    assert_best_first(table)
    codes = {offer.shared_code or str(offer.pk) for offer in mailing.offers.all()}
    sent_to = set(mailing.recipients.values_list("household_id", flat=True))
    told = [(row["household"], row["coupon"]) for row in table.to_pylist()]
    assert sorted(told) == sorted((home, code) for home in sent_to for code in codes)


@pytest.mark.parametrize("kind", ["needs", "response"])
def test_a_sale_of_the_day_itself_changes_nothing(shop, mailing, export, kind):
    options = {"mailing": "march"} if kind == "response" else {}
    before = export(kind, out="before.parquet", **options)
    never_seen = tills.basket(
        "1", card="card 1", business_date=str(MORNING), lines=[tills.line(code="4006381333931")]
    )
    later = sell("card 1", MORNING + timedelta(days=3), "Soap", "Cake")
    assert tills.send(shop, never_seen, later).accepted == 2
    after = export(kind, out="after.parquet", **options)
    assert after.equals(before)


def test_an_earlier_sale_that_comes_late_counts(shop, export):
    before = export(out="before.parquet")
    tills.send(shop, sell("card 1", MORNING - timedelta(days=2), "Cake"))
    assert not export(out="after.parquet").equals(before)


@pytest.mark.usefixtures("shop")
def test_the_same_question_gets_the_same_bytes(export, tmp_path):
    export(out="one.parquet")
    export(out="two.parquet")
    assert (tmp_path / "one.parquet").read_bytes() == (tmp_path / "two.parquet").read_bytes()


@pytest.mark.usefixtures("shop")
def test_what_cannot_be_exported_is_said_in_words(export, tmp_path):
    with pytest.raises(CommandError, match=r"before 2024-01-01: the first is of 2025-09-"):
        export(as_of=date(2024, 1, 1))
    with pytest.raises(CommandError, match="there is no mailing 'june'"):
        export("response", mailing="june")
    make.mailing("empty")
    with pytest.raises(CommandError, match="the mailing 'empty' has no offers"):
        export("response", mailing="empty")
    with pytest.raises(CommandError, match="cannot be written: No such file or directory"):
        export(out="nowhere/scores.parquet")
    with pytest.raises(CommandError, match="is a folder"):
        export(out="")
    with pytest.raises(CommandError, match="'soon' is not a date"):
        export(as_of="soon")
    with pytest.raises(CommandError, match="--top is 0"):
        export(top=0)
    with pytest.raises(CommandError, match="--level type does not go with --kind discovery"):
        export("discovery", level="type")
    with pytest.raises(CommandError, match="go together"):
        export("response")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.django_db
def test_a_shop_without_a_sale_is_told_so(export, tmp_path):
    with pytest.raises(CommandError, match="there is none at all"):
        export()
    assert list(tmp_path.iterdir()) == []


@pytest.mark.usefixtures("shop")
def test_a_file_is_there_whole_or_as_it_was(export, tmp_path, monkeypatch):
    kept = export()
    real = beliefs.of_bucket

    def breaks(run, bucket, levels):
        if bucket:
            raise RuntimeError("the power went")
        return real(run, bucket, levels)

    monkeypatch.setattr(beliefs, "of_bucket", breaks)
    with pytest.raises(RuntimeError, match="the power went"):
        export(level="type")
    assert pq.read_table(tmp_path / "scores.parquet").equals(kept)
    assert [path.name for path in tmp_path.iterdir()] == ["scores.parquet"]
