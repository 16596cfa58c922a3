"""Plots are markup that a strict content security policy lets through."""

from datetime import date
from xml.etree import ElementTree

import pytest

from loyalty import plots

UNTIL = date(2017, 10, 30)


def bars(svg):
    return ElementTree.fromstring(svg).findall("g[@class='plot-bars']/rect")


def test_a_year_is_52_bars_and_the_weeks_say_what_was_spent():
    svg = plots.weekly_spend([100 * week for week in range(52)], until=UNTIL)

    assert len(bars(svg)) == 52
    assert bars(svg)[-1].find("title").text == "Week of 23 Oct 2017: 51.00"
    assert "25.50 on average" in svg


def test_the_highest_week_stays_below_the_top_line_and_a_returned_one_is_flat():
    svg = plots.weekly_spend([-500, 12_345], until=UNTIL)

    assert [float(bar.get("height")) for bar in bars(svg)] == [0.0, pytest.approx(132.1, abs=0.1)]
    assert ">200<" in svg


def test_a_household_that_bought_nothing_has_a_plot_all_the_same():
    assert len(bars(plots.weekly_spend([0] * 52, until=UNTIL))) == 52


def test_no_week_is_an_error():
    with pytest.raises(ValueError, match="no week"):
        plots.weekly_spend([], until=UNTIL)


def test_nothing_drawn_has_inline_style_or_script():
    drawn = plots.weekly_spend([1, 2, 3], until=UNTIL) + plots.share_bar(0.5)

    assert "style=" not in drawn
    assert "<script" not in drawn


def test_a_share_bar_never_leaves_its_frame():
    assert 'width="100.0"' in plots.share_bar(1.7)
    assert 'width="0.0"' in plots.share_bar(-0.2)
