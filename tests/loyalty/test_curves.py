"""Lines over days: the plot says in words what it draws, and holds every figure."""

from datetime import date, timedelta
from xml.etree import ElementTree

import pytest

from loyalty.curves import levels, line_with_band

DAYS = [date(2026, 11, 1) + timedelta(days=n) for n in range(10)]


def test_a_plot_is_well_formed_and_says_what_came_and_what_was_expected() -> None:
    svg = line_with_band(
        "Redemptions of <November>",
        DAYS,
        [3, 9, 20],
        dashed=[2 * n for n in range(10)],
        low=[float(n) for n in range(10)],
        high=[3.0 * n for n in range(10)],
    )
    root = ElementTree.fromstring(svg)
    assert root[0].text == "Redemptions of <November>"
    assert root[1].text == ("20 until 3 Nov 2026. 18 expected until 10 Nov 2026, between 9 and 27.")
    assert "style=" not in svg


def test_what_came_alone_is_drawn_without_a_band() -> None:
    svg = line_with_band("Extra sales", DAYS, [-2.5, 1.0, 4.0])
    assert "curve-band" not in svg
    assert "curve-expected" not in svg
    assert "curve-zero" in svg


def test_one_day_and_nothing_but_zero_can_be_drawn() -> None:
    assert "<polyline" in line_with_band("Nothing yet", DAYS[:1], [0])


@pytest.mark.parametrize(("least", "most"), [(0, 721), (-3.4, 5.1), (0, 0), (0, 1e6), (-9, 0)])
def test_levels_hold_what_is_drawn_and_zero(least: float, most: float) -> None:
    drawn = levels(least, most)
    assert drawn[0] <= least <= most <= drawn[-1]
    assert 0 in drawn
    assert 2 <= len(drawn) <= 8


def test_a_line_of_other_days_is_refused() -> None:
    with pytest.raises(ValueError, match="3 figures over 10 days"):
        line_with_band("x", DAYS, [], dashed=[1, 2, 3])
