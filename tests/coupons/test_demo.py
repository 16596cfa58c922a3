"""The demo's own doings: made-up people, the data set's shorthand, and the till's view of a day."""

from datetime import date, timedelta

import pytest
from django.core.management import CommandError, call_command

from coupons.demo import journey, people, words
from coupons.sheets.pictures import PICTURES


def test_people_are_made_up_the_same_way_every_time():
    assert people.person(900) == people.person(900)
    assert people.person(900).postcode.startswith("00")  # a range that the post never gave out
    assert len({people.person(n) for n in range(1, 2500)}) > 2490


@pytest.mark.parametrize(
    ("short", "plain"),
    [
        ("FRZN NOVELTIES/WTR ICE", "Frozen novelties or water ice"),
        ("FLUID MILK WHITE ONLY", "Fresh milk"),
        ("BREAD:ITALIAN/FRENCH", "Bread, italian or french"),
        ("", ""),
    ],
)
def test_shorthand_is_written_out(short, plain):
    assert words.plain(short) == plain


def test_a_type_that_says_little_is_named_with_its_category():
    assert words.item_name("PREMIUM", "BACON") == "Bacon, premium"
    assert words.size_text("16 OZ") == "16 oz"
    assert words.size_text("(600) 4 LB") == ""


def test_every_range_has_a_picture_that_there_is():
    for category in words._RANGES:
        name, picture = words.range_of(category)
        assert name
        assert picture in PICTURES
    assert words.range_of("GREETING CARDS") == ("Greeting cards and more", "")


def test_every_date_moves_by_the_same_whole_weeks_and_a_sample_holds_the_smaller_one():
    plain, moved = journey.read(20), journey.read(30, weeks=10)
    assert moved.cut - plain.cut == timedelta(weeks=10)
    assert moved.cut.weekday() == plain.cut.weekday()
    assert set(plain.households) <= set(moved.households)
    assert len(plain.households) == 20
    same = moved.baskets[moved.baskets["household"].isin(plain.households)]
    assert same["amount_cents"].sum() == plain.baskets["amount_cents"].sum()
    assert journey.weeks_to(date(2026, 11, 16)) * 7 == (date(2026, 11, 16) - journey.CUT).days


@pytest.mark.parametrize("households", ["5", "9999"])
def test_a_sample_that_cannot_be_is_refused_in_words(households):
    with pytest.raises(CommandError, match=f"--households is {households}; wanted: 20 to 2469"):
        call_command("demo", "--households", households)
