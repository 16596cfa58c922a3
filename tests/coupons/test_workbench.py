"""The steps of a mailing's workbench: which is next, what it says, and to whom."""

from coupons.admin.paired_plots import paired_bars
from coupons.admin.workbench import LATER, NAMES, NOW, STUCK, Known, drawn, next_says, steps


def at(known):
    return [(one.name, one.state) for one in steps(known) if one.state in (NOW, STUCK)]


def test_a_draft_asks_for_an_audience_then_for_offers_then_for_a_selection():
    assert at(Known("draft")) == [("audience", NOW)]
    assert "choose segments" in next_says(Known("draft"))
    assert at(Known("draft", segments=1)) == [("offers", NOW)]
    ready = Known("draft", segments=1, offers=9)
    assert at(ready) == [("selection", NOW)]
    assert "select its coupons" in next_says(ready)
    assert "fewer offers than a sheet has places" in next_says(
        Known("draft", recipients=True, offers=3)
    )


def test_offers_that_are_over_before_its_coupons_are_said_before_anything_is_selected():
    known = Known("draft", segments=1, offers=9, out_of_dates=9)
    assert "none of its offers is good on all days" in next_says(known)
    some = next_says(Known("draft", segments=1, offers=9, out_of_dates=3))
    assert "sheets will be short" in some
    assert "3 of its offers are not good on all days" in some
    assert "not good" not in next_says(Known("draft", segments=1, offers=9))


def test_an_approved_mailing_whose_night_is_over_asks_for_somebody_and_waits_for_the_next():
    late = Known("approved", issue_on="4 Jan", is_late=True)
    assert "is over: press 'Issue now'" in next_says(late)
    assert "by itself" in next_says(Known("approved", issue_on="4 Jan"))


def test_every_state_has_one_step_that_is_next_and_what_follows_is_later():
    for state, name in (
        ("selected", "review"),
        ("approved", "issued"),
        ("issued", "printed"),
        ("printed", "mailed"),
        ("mailed", "measured"),
    ):
        told = steps(Known(state))
        assert [one.name for one in told if one.state == NOW] == [name]
        place = list(NAMES).index(name)
        assert all(one.state == LATER for one in told[place + 1 :])
    assert at(Known("closed")) == []


def test_who_selected_is_told_that_somebody_else_approves():
    mine = next_says(Known("selected", must_differ_from="ann", is_mine=True))
    assert "somebody else approves it" in mine
    others = next_says(Known("selected", must_differ_from="ann"))
    assert "Anybody of marketing but ann may" in others


def test_what_failed_or_changed_needs_somebody_and_says_what_to_do():
    failed = Known("draft", segments=1, offers=9, failed="No night has run yet.")
    assert at(failed) == [("selection", STUCK)]
    assert "No night has run yet. Mend that, then select again." in next_says(failed)
    stale = Known("selected", stale=2)
    assert at(stale) == [("review", STUCK)]
    assert "select again" in next_says(stale)
    unprinted = Known("issued", print_failed="A barcode read wrong")
    assert at(unprinted) == [("printed", STUCK)]
    assert "A barcode read wrong. Mend that" in next_says(unprinted)


def test_work_under_way_is_said_and_may_be_left_alone():
    busy = Known("draft", segments=1, offers=9, at_work=frozenset({"coupons.tasks.select"}))
    assert "You may leave this page" in next_says(busy)
    printing = Known("issued", printing=(40, 100))
    assert "40 of 100 sheets" in [one.says for one in steps(printing)]


def test_the_list_marks_the_step_it_stands_at_for_screen_readers_and_escapes_names():
    body = drawn(steps(Known("selected")), {"audience": "/a?b=<c>"})
    assert body.count('aria-current="step"') == 1
    assert body.count("<li") == len(NAMES)
    assert 'href="/a?b=&lt;c&gt;"' in body


def test_paired_bars_share_a_scale_and_say_each_row_in_words():
    plot = paired_bars("Coupons", ("one", "two"), [("Oats <b>", 10, 20), ("Milk", 0, -1)])
    assert "Oats &lt;b&gt;: one 10, two 20" in plot
    assert "style=" not in plot
    assert plot.count("<rect") == 2 * 4, "for a desk's screen and for a phone's"
