"""A need in words."""

import re
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loyalty.admin.words import due_words, rhythm_words
from loyalty.shopper.reasons import (
    Rhythm,
    State,
    paper_words,
    rhythm,
)

TODAY = date(2026, 11, 30)


def paper(n, gap, since, **rest):
    return paper_words(n, gap, since, TODAY - timedelta(days=since), **rest)


@pytest.mark.parametrize(
    ("n", "gap", "since", "words"),
    [
        (20, 4.0, 3, "You buy this about every 4 days."),
        (20, 1.2, 1, "You buy this almost every day."),
        (9, 12.4, 5, "You buy this about every 12 days."),
        (9, 19.2, 21, "You buy this about every 19 days. Last time: 3 weeks ago."),
        (5, 61.0, 20, "You buy this about every 9 weeks."),
        (4, 90.0, 120, "You buy this about every 3 months. Last time: 4 months ago."),
        (9, 20.0, 190, "We have missed you here since May."),
        (9, 20.0, 400, "We have missed you here since October 2025."),
        (1, 30.0, 190, "You had this last in May."),
        (1, 30.0, 8, "You tried this 8 days ago."),
        (1, 30.0, 1, "You tried this yesterday."),
        (2, 30.0, 22, "You have picked this twice, last time 3 weeks ago."),
    ],
)
def test_a_rhythm_is_told_in_one_warm_sentence(n, gap, since, words):
    assert paper(n, gap, since) == words


@pytest.mark.parametrize(
    ("n", "gap", "since", "words"),
    [
        (20, 1.2, 1, "Das kaufen Sie fast jeden Tag."),
        (9, 19.2, 21, "Das kaufen Sie etwa alle 19 Tage. Zuletzt vor 3 Wochen."),
        (5, 61.0, 20, "Das kaufen Sie etwa alle 9 Wochen."),
        (4, 90.0, 120, "Das kaufen Sie etwa alle 3 Monate. Zuletzt vor 4 Monaten."),
        (9, 20.0, 400, "Seit Oktober 2025 haben wir Sie hier vermisst."),
        (1, 30.0, 190, "Das hatten Sie zuletzt im Mai."),
        (1, 30.0, 8, "Das haben Sie vor 8 Tagen probiert."),
        (1, 30.0, 1, "Das haben Sie gestern probiert."),
        (2, 30.0, 22, "Schon zweimal in Ihrem Korb, zuletzt vor 3 Wochen."),
    ],
)
def test_the_same_is_told_in_german(n, gap, since, words):
    assert paper(n, gap, since, language="de") == words


def test_a_weekday_favourite_is_called_so():
    assert paper(9, 7.0, 3, favourite_weekday=5) == "A Saturday favourite of yours."
    assert paper(9, 7.0, 3, favourite_weekday=5, several=True) == "Among your Saturday favourites."


def test_a_coupon_for_several_items_does_not_say_this():
    assert paper(9, 12.0, 3, several=True) == "You buy one of these about every 12 days."


@given(
    st.integers(1, 900),
    st.floats(0.5, 2000),
    st.integers(1, 3000),
    st.booleans(),
    st.sampled_from(["en", "de"]),
)
def test_no_sentence_shouts_or_outgrows_its_line(n, gap, since, several, language):
    words = paper(n, gap, since, several=several, language=language)
    assert words.endswith(".")
    assert "!" not in words
    assert not re.search(r"\b1 (days|weeks|months)", words)
    assert len(words) <= 75


@pytest.mark.parametrize(
    ("n", "gap", "since", "state", "words"),
    [
        (9, 19.0, 19, Rhythm(State.TODAY), "today"),
        (9, 19.0, 21, Rhythm(State.TODAY), "today"),
        (9, 4.0, 3, Rhythm(State.AHEAD, 1), "in 1 day"),
        (9, 7.0, 3, Rhythm(State.AHEAD, 4), "in 4 days"),
        (9, 19.0, 25, Rhythm(State.LATE, 6), "6 days late"),
        (9, 20.0, 190, Rhythm(State.LAPSED), "lapsed in May"),
        (2, 20.0, 9, Rhythm(State.UNKNOWN), "not known"),
    ],
)
def test_staff_see_what_is_due(n, gap, since, state, words):
    assert rhythm(n, gap, since) == state
    assert due_words(state, TODAY - timedelta(days=since)) == words


def test_staff_see_how_often():
    assert rhythm_words(9, 19.2, 5) == "every 19 days"
    assert rhythm_words(9, 1.0, 1) == "every day"
    assert rhythm_words(9, 21.0, 190) == "was every 21 days"
    assert rhythm_words(1, 30.0, 5) == "once"
    assert rhythm_words(2, 30.0, 5) == "twice"
