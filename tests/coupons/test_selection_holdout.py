"""Who sits a mailing out."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coupons.selection.holdout import edge, in_holdout


@given(st.integers(0, 10**9), st.text(max_size=20))
def test_nobody_sits_out_at_none_and_everybody_at_all(household, salt):
    assert not in_holdout(household, salt=salt, share=0.0)
    assert in_holdout(household, salt=salt, share=1.0)


def test_a_tenth_of_the_households_sits_out_and_another_tenth_next_time():
    march = {h for h in range(20_000) if in_holdout(h, salt="march", share=0.1)}
    april = {h for h in range(20_000) if in_holdout(h, salt="april", share=0.1)}
    assert 1_850 < len(march) < 2_150
    assert 130 < len(march & april) < 270


@given(st.integers(0, 10**9), st.floats(0, 1), st.floats(0, 1))
def test_who_sits_out_of_a_small_share_sits_out_of_a_larger(household, one, other):
    low, high = sorted([one, other])
    assert in_holdout(household, salt="x", share=high) >= in_holdout(household, salt="x", share=low)


def test_the_same_homes_sit_out_on_every_machine_and_in_every_year():
    out = [h for h in range(40) if in_holdout(h, salt="mailing 7", share=0.2)]
    assert out == [0, 4, 5, 6, 10, 17, 18, 20, 24, 26, 27, 29]


def test_a_share_is_a_share():
    with pytest.raises(ValueError, match="not within 0 and 1"):
        in_holdout(1, salt="x", share=10)


@given(st.binary(min_size=8, max_size=8), st.one_of(st.just(1.0), st.floats(0, 1)))
def test_bytes_lie_below_the_edge_just_where_their_number_lies_below_the_share(digest, share):
    assert (digest < edge(share)) == (int.from_bytes(digest, "big") < share * 2**64)
