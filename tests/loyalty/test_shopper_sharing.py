"""Which cards are no household's, and in which words that is told."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from loyalty.shopper import sharing
from loyalty.shopper.sharing import Visits

AS_OF = 1000


def visits(rows) -> Visits:
    """From rows of (card, day, minute, store, lines, cents), put in order of day."""
    rows = sorted(rows, key=lambda row: row[1])
    types = (np.int32, np.int32, np.int16, np.int32, np.int32, np.int64)
    columns = zip(*rows, strict=True) if rows else [()] * 6
    return Visits(*(np.array(c, t) for c, t in zip(columns, types, strict=True)))


def weekly(card, *, cents=5_000):
    return [(card, day, 600 + card, 1, 9, cents) for day in range(600, AS_OF, 7)]


def judged(rows, *, cards, **more):
    return sharing.shared(visits(rows), cards=cards, as_of=AS_OF, **more)


FAMILIES = [row for card in range(20) for row in weekly(card)]


def test_families_keep_their_cards():
    answer = judged(FAMILIES, cards=21)
    assert not answer.flags.any()
    assert answer.why == [""] * 21


def test_a_cashiers_card_is_found_and_told_in_words():
    swiped = [(20, day, 480 + 15 * n, 3, 5, 900) for day in range(972, 1000) for n in range(41)]
    answer = judged(FAMILIES + swiped, cards=21)
    assert answer.flags.nonzero()[0].tolist() == [20]
    assert answer.why[20] == "41 receipts a day on 28 of the 28 days to 2002-09-26"


def test_one_day_behind_the_till_is_enough():
    answer = judged([(0, 990, -1, 1, 3, 100)] * 15, cards=1)
    assert answer.why == ["15 receipts a day on 1 of the 28 days to 2002-09-17"]
    assert not judged([(0, 990, -1, 1, 3, 100)] * 9, cards=1).flags[0]


def test_a_cashiers_card_stays_out_when_it_has_gone_quiet():
    old = [(20, day, -1, 3, 5, 900) for day in range(100, 120) for _ in range(30)]
    assert judged(FAMILIES + old, cards=21).flags[20]


def test_two_stores_within_minutes_day_after_day_are_two_people():
    rows = []
    for day in (980, 985, 990, 995):
        rows += [(0, day, 700, 1, 4, 900), (0, day, 706, 2, 4, 900)]
        rows += [(1, day, 700, 1, 4, 900), (1, day, 706, 1, 4, 900)]  # one store: went back in
        rows += [(2, day, 700, 1, 4, 900), (2, day, 760, 2, 4, 900)]  # an hour: drove there
        rows += [(3, day, -1, 1, 4, 900), (3, day, -1, 2, 4, 900)]  # nobody knows when
    answer = judged(rows, cards=4)
    assert answer.flags.tolist() == [True, False, False, False]
    assert answer.why[0] == "at two stores within 10 minutes on 4 of the 28 days to 2002-09-22"


def test_two_stores_within_minutes_now_and_then_tell_within_a_year():
    days = (640, 700, 760, 800, 900, 990)
    rows = [(0, day, m, s, 4, 900) for day in days for m, s in ((60, 1), (69, 2))]
    answer = judged(rows, cards=1)
    assert answer.why == ["at two stores within 10 minutes on 6 of the 364 days to 2002-09-17"]
    assert not judged(rows[2:], cards=1).flags[0]


def test_three_stores_a_day_again_and_again_are_not_one_household():
    days = (972, 976, 980, 985, 990)
    rows = [(0, day, 60 * s, s, 4, 900) for day in days for s in (10, 12, 14)]
    answer = judged(rows, cards=1)
    assert answer.why == ["at 3 stores or more a day on 5 of the 28 days to 2002-09-17"]


def test_receipts_from_morning_to_night_day_after_day_are_not_one_household():
    rows = [(0, day, m, 1, 4, 900) for day in range(977, 990) for m in (480, 700, 1100)]
    answer = judged(rows, cards=1)
    assert answer.why == [
        "receipts through 10 hours and more of the day on 13 of the 28 days to 2002-09-16"
    ]


def test_spending_beyond_all_others_with_hundreds_of_receipts_is_told():
    rows = FAMILIES + [(20, day, 600, 1, 9, 5_000) for day in range(640, 1000)]
    answer = judged(rows, cards=21)
    assert answer.why[20] == (
        "360 receipts and 18,000.00 spent in the 364 days to 2002-09-26,"
        " more than 2 times what hardly any household spends"
    )
    most = sharing.usual_most_cents(visits(FAMILIES), cards=20, as_of=AS_OF)
    assert most == 52 * 5_000
    assert judged(rows, cards=21, usual_most_cents=most).flags[20]
    assert not judged(rows, cards=21, usual_most_cents=2_000_000).flags[20]


def test_whoever_comes_thrice_a_day_for_two_weeks_is_a_customer():
    rows = [(0, day, m, 1, 4, 900) for day in range(980, 997) for m in (480, 700, 900)]
    assert not judged(rows, cards=1).flags[0]
    assert judged(rows + [(0, 997, 500, 1, 4, 900)] * 3, cards=1).flags[0]


def test_a_card_does_not_come_and_go_with_the_morning_on_which_it_is_judged():
    busy = [(0, day, -1, 1, 4, 900) for day in range(900, 912) for _ in range(4)]
    others = weekly(0)
    told = [
        sharing.shared(visits(others + busy), cards=1, as_of=morning).why[0]
        for morning in range(905, AS_OF)
    ]
    assert told == [""] * 7 + ["4 receipts a day on 12 of the 28 days to 2002-06-30"] * 88


def test_receipts_without_lines_and_from_tomorrow_do_not_count():
    rows = [(0, 990, -1, 1, 0, 100)] * 40 + [(0, AS_OF, -1, 1, 3, 100)] * 40
    assert not judged(rows, cards=1).flags[0]


A_VISIT = st.tuples(
    st.integers(0, 3),
    st.sampled_from([640, 970, 985, 990, 991, 999, 1000, 1200]),
    st.sampled_from([-1, 0, 600, 605, 1300]),
    st.integers(0, 3),
    st.integers(0, 3),
    st.sampled_from([-500, 0, 100, 10**9]),
)


@settings(max_examples=60, deadline=None)
@given(st.lists(A_VISIT, max_size=90), st.randoms(use_true_random=False))
def test_the_order_within_a_day_and_the_other_cards_change_nothing(rows, shuffle):
    answer = judged(rows, cards=4, usual_most_cents=1_000)
    shuffle.shuffle(rows)
    assert judged(rows, cards=4, usual_most_cents=1_000).why == answer.why
    for card in range(4):
        alone = judged([(0, *row[1:]) for row in rows if row[0] == card], cards=1,
                       usual_most_cents=1_000)  # fmt: skip
        assert alone.why == [answer.why[card]]
    assert [bool(why) for why in answer.why] == answer.flags.tolist()


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.tuples(st.integers(900, 999), st.integers(1, 16)), max_size=60, unique_by=lambda x: x[0]
    )
)
def test_any_four_weeks_are_judged(busy):
    rows = [(0, day, -1, 1, 1, 100) for day, receipts in busy for _ in range(receipts)]
    limits = {15: 1, 10: 2, 6: 6, 4: 12, 3: 18}
    is_shared = any(
        sum(receipts >= so_many and begin <= day < begin + 28 for day, receipts in busy) >= days
        for so_many, days in limits.items()
        for begin in range(873, 1000)
    )
    assert judged(rows, cards=1, usual_most_cents=10**9).flags.tolist() == [is_shared]


@settings(max_examples=60, deadline=None)
@given(st.lists(A_VISIT, max_size=90))
def test_who_is_kept_out_stays_out_on_later_mornings(rows):
    before = np.zeros(4, np.bool_)
    for morning in (980, 986, 991, 992, 1000, 1001, 1201, 2000):
        flags = sharing.shared(visits(rows), cards=4, as_of=morning, usual_most_cents=1_000).flags
        assert (flags >= before).all()
        before = flags


def test_no_cards_no_receipts_and_wrong_ones():
    assert judged([], cards=0).why == []
    assert judged([], cards=2).why == ["", ""]
    assert sharing.usual_most_cents(visits([]), cards=0, as_of=AS_OF) == 0
    with pytest.raises(ValueError, match="card runs from 2 to 2"):
        judged([(2, 1, 1, 1, 1, 1)], cards=2)
    good = visits([(0, 1, 1, 1, 1, 1), (0, 2, 1, 1, 1, 1)])
    with pytest.raises(ValueError, match="ascending order of day"):
        sharing.shared(good._replace(day=good.day[::-1]), cards=1, as_of=AS_OF)
    with pytest.raises(ValueError, match="unequal length"):
        sharing.shared(good._replace(store=good.store[:1]), cards=1, as_of=AS_OF)
