"""Plots are markup that a strict content security policy lets through."""

from datetime import date
from itertools import pairwise
from typing import Any
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loyalty import plots

UNTIL = date(2017, 10, 30)
LONG_AGO = date(2015, 1, 1)


def read(svg) -> Any:
    return ElementTree.fromstring(svg)


def bars(svg, band="spend") -> Any:
    return read(svg).findall(f"g[@class='plot-bars plot-{band}']/rect")


def texts(svg):
    return [text.text for text in read(svg).iter("text")]


def test_a_year_is_52_bars_of_spend_and_52_of_trips_and_the_weeks_say_what_they_were():
    svg = plots.weeks(
        [100 * week for week in range(52)], [1] * 51 + [2], until=UNTIL, since=LONG_AGO
    )

    assert len(bars(svg)) == len(bars(svg, "trips")) == 52
    for band in ("spend", "trips"):
        assert bars(svg, band)[-1].find("title").text == "Week of 23 Oct 2017: 51.00, 2 trips"
        assert bars(svg, band)[0].find("title").text == "Week of 31 Oct 2016: 0.00, 1 trip"


def test_the_plot_says_in_words_what_it_shows():
    svg = plots.weeks([0, 4500, 9000, 0], [0, 1, 3, 0], until=UNTIL, since=LONG_AGO)
    root = read(svg)

    assert root.get("role") == "img"
    assert root.get("aria-labelledby").split() == [root.find("title").get("id"), "weeks-words"]
    assert root.find("title").text == "Spend and trips in each of 4 weeks"
    assert root.find("desc").text == (
        "33.75 spent a week on average, at most 90.00 in the week of 16 Oct 2017. "
        "Nothing in 2 of 4 weeks. 1.0 trips a week on average, at most 3."
    )


@pytest.mark.parametrize(
    ("since", "known"),
    [
        (date(2017, 10, 29), 1),
        (date(2017, 10, 23), 1),
        (date(2017, 10, 22), 2),
        (date(2016, 1, 1), 4),
        (date(2018, 1, 1), 1),
    ],
)
def test_a_household_is_known_from_the_week_of_its_first_basket(since, known):
    assert plots.weeks_known(4, until=UNTIL, since=since) == known


def test_weeks_before_the_first_basket_pull_no_mean_down():
    words = plots.weeks_words([0, 0, 0, 4500], [0, 0, 0, 2], until=UNTIL, since=date(2017, 10, 25))

    assert words == (
        "Known since 25 Oct 2017. 45.00 spent a week on average, at most 45.00 in the week of "
        "23 Oct 2017. 2.0 trips a week on average, at most 2."
    )


def test_every_month_has_its_name_and_every_year_its_number():
    months = texts(plots.weeks([100] * 52, [1] * 52, until=UNTIL, since=LONG_AGO))

    assert months[-14:] == [
        "Nov", "2016", "Dec", "Jan", "2017", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug",
        "Sep", "Oct",
    ]  # fmt: skip
    assert (
        len(texts(plots.weeks([100] * 52, [1] * 52, until=date(2017, 10, 8), since=LONG_AGO)))
        <= len(months) + 7
    )


def test_without_trips_there_is_one_band():
    svg = plots.weeks([100, 200], [], until=UNTIL, since=LONG_AGO)

    assert len(bars(svg)) == 2
    assert bars(svg, "trips") == []
    assert "Trips a week" not in texts(svg)


def test_the_highest_week_stays_below_the_top_line_and_a_returned_one_is_flat():
    svg = plots.weeks([-500, 12_345], [], until=UNTIL, since=LONG_AGO)

    low, high = (float(bar.get("height")) for bar in bars(svg))
    assert low == 0
    assert 0.6 * 180 < high < 180
    assert "200" in texts(svg)


def test_a_household_that_bought_nothing_has_a_plot_all_the_same():
    assert len(bars(plots.weeks([0] * 52, [0] * 52, until=UNTIL, since=LONG_AGO))) == 52


def test_no_week_is_an_error_and_so_are_trips_of_other_weeks():
    with pytest.raises(ValueError, match="no week"):
        plots.weeks([], [], until=UNTIL, since=LONG_AGO)
    with pytest.raises(ValueError, match="trips of 1 weeks, spend of 2"):
        plots.weeks([1, 2], [1], until=UNTIL, since=LONG_AGO)


cents = st.lists(st.integers(-(10**9), 10**9), min_size=1, max_size=60)


@given(cents, st.randoms(use_true_random=False))
def test_whatever_was_spent_the_plot_is_sound_and_inside_its_frame(spend, random):
    svg = plots.weeks(spend, [random.randint(0, 7) for _ in spend], until=UNTIL, since=LONG_AGO)

    root = read(svg)
    _, _, width, height = map(float, root.get("viewBox").split())
    for bar in (*bars(svg), *bars(svg, "trips")):
        x, y, wide, high = (float(bar.get(key)) for key in ("x", "y", "width", "height"))
        assert 0 <= x <= x + wide <= width
        assert 0 <= y <= y + high <= height
    for name in ("nan", "inf", "style=", "<script"):
        assert name not in svg.replace('class="plot-name"', "")


@given(st.floats(-10, 10), st.floats(0, 1e7), st.floats(0, 1e7))
def test_gauges_and_intervals_never_leave_their_frames(share, middle, margin):
    drawn = [
        plots.gauge(share),
        plots.share_bar(share),
        plots.interval(max(middle - margin, 0), middle, middle + margin, top=middle + margin),
    ]
    for svg in drawn:
        root = read(svg)
        width = float(root.get("viewBox").split()[2])
        assert root.find("title").text
        for part in root.iter("rect"):
            assert 0 <= float(part.get("x", 0)) + float(part.get("width")) <= width + 0.11
            assert float(part.get("width")) >= 0
        for part in root.iter("circle"):
            assert 6 <= float(part.get("cx")) <= width - 6
        assert "nan" not in svg
        assert "style=" not in svg


def test_a_gauge_moves_from_left_to_right():
    marks = [
        float(read(plots.gauge(share)).find("circle").get("cx")) for share in (0, 0.25, 0.5, 1)
    ]

    assert all(left < right for left, right in pairwise(marks))


def test_a_share_bar_never_leaves_its_frame():
    assert 'width="100.0"' in plots.share_bar(1.7)
    assert 'width="0.0"' in plots.share_bar(-0.2)
