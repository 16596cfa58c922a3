"""Estimates with intervals are drawn below each other, on one scale that has zero."""

import re
from xml.etree import ElementTree

import pytest

from loyalty import plots


def test_what_lies_below_zero_is_told_from_what_lies_above_and_from_what_may_be_either():
    drawn = plots.forest(
        "What each offer brought",
        [("Oats", 10.0, 20.0, 30.0), ("Beans", -9.0, -5.0, -1.0), ("Tea & <b>", -2.0, 1.0, 4.0)],
    )

    ElementTree.fromstring(f"<p>{drawn}</p>")
    assert re.findall(r"forest-(good|bad|open)", drawn) == ["good", "bad", "open"] * 2
    assert "Oats: 20.00, between 10.00 and 30.00" in drawn
    assert "Tea &amp; &lt;b&gt;" in drawn
    assert drawn.count("forest-zero") == 2, "one for a desk's screen, one for a phone's"


def test_marks_lie_on_the_sheet_whatever_the_scale():
    for size in (0.0, 0.004, 3.0, 1_234_567.0):
        drawn = plots.forest(
            "All", [("One", -size, 0.0, size), ("A name longer than fits here", 0, 0, 0)]
        )
        for room, sheet in zip(
            (plots.AT_DESK, plots.ON_PHONE), drawn.split("</svg>"), strict=False
        ):
            places = [float(x) for x in re.findall(r'c?x1?="([0-9.]+)"', sheet)]
            assert all(0 <= x <= room.width for x in places)


def test_without_an_estimate_there_is_no_plot():
    with pytest.raises(ValueError, match="no estimate"):
        plots.forest("All", [])
