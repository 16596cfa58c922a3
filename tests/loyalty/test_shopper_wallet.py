"""What households buy elsewhere, told in the shop's words."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from loyalty.admin.words import room_words, share_words
from loyalty.shopper import kernel, wallet
from loyalty.shopper.wallet import References
from tests.loyalty.test_shopper_kernel import line, lines_of

AS_OF = 400
IDS = np.array([10, 20, 30, 40, 0])
OF_PRODUCT = np.arange(5, dtype=np.int32)  # a department each
USUAL = np.array([60_00, 30_00, 20_00, 10_00])  # what a week's trip costs there

MODEL = References(
    departments=(10, 20, 30, 40),
    level=tuple(np.log(USUAL * 52.0).tolist()),
    slope=(1.0, 1.0, 1.0, 1.0),
    spread=(0.4, 0.4, 0.4, 0.4),
    bought=(0.98, 0.98, 0.98, 0.5),
    weight=(0.25, 0.25, 0.25, 0.25),
    rhythm=(-2.0, 6.0, 0.0, 0.0),
)


def seen(rows, *, households=3, as_of=AS_OF):
    return kernel.statistics(
        lines_of(rows), OF_PRODUCT, households=households, items=5, as_of=as_of
    )


def shops(household=0, *, every=7, times=1.0, but=None):
    """A trip every so many days to every department, but one perhaps."""
    return [
        line(household=household, product=d, day=day, cents=int(times * USUAL[d]))
        for day in range(36, AS_OF, every)
        for d in range(4)
        if d != but
    ]


def told(rows, *, model=MODEL, households=3, as_of=AS_OF):
    return wallet.wallets(model, seen(rows, households=households, as_of=as_of), IDS)


def at(found, household, department):
    place = found.department[household].tolist().index(department)
    return found.part[household, place], int(found.room_cents[household, place])


def test_who_buys_as_similar_households_do_buys_nearly_all_here():
    found = told(shops())
    assert found.known.tolist() == [True, False, False]
    assert found.share[0] > 0.85
    assert found.part[0].min() > 0.8


def test_a_department_bought_elsewhere_stands_first():
    found = told(shops(but=1))
    assert found.department[0, 0] == 20
    part, room = at(found, 0, 20)
    assert part == 0.0
    assert room > 52 * 30_00 / 2
    assert found.room_cents[0].tolist() == sorted(found.room_cents[0].tolist(), reverse=True)


def test_a_department_that_half_of_them_never_enter_is_missed_less():
    _, entered_by_all = at(told(shops(but=2)), 0, 30)
    _, entered_by_half = at(told(shops(but=3)), 0, 40)
    assert entered_by_half / USUAL[3] < 0.5 * entered_by_all / USUAL[2]


def test_a_large_family_and_a_small_one_may_both_buy_everything_here():
    found = told(shops() + shops(1, times=3.0) + shops(2, times=0.4))
    assert found.share.tolist() == pytest.approx([found.share[0]] * 3, abs=0.01)


def test_who_skips_most_weeks_buys_elsewhere_too():
    found = told(shops() + shops(1, every=28))
    assert found.share[1] < 0.6 * found.share[0]


def test_seven_trips_are_too_few_to_tell():
    rows = [line(product=d, day=day) for day in range(100, 107) for d in range(4)]
    assert not told(rows).known[0]
    assert told([*rows, line(day=108)]).known[0]
    assert told(rows).share[0] == 0.0


def test_who_buys_nothing_that_others_need_is_not_known():
    assert not told([line(product=4, day=day) for day in range(100, 200)]).known[0]
    assert not told([line(day=day, cents=0) for day in range(100, 200)]).known[0]


def test_without_references_nothing_is_known():
    found = told(shops(), model=wallet.NOTHING)
    assert not found.known.any()
    assert found.part.shape == (3, 0)


def test_a_new_department_has_no_norm_and_changes_nothing():
    rows = shops()
    ids = np.array([10, 20, 30, 40, 99])
    found = wallet.wallets(MODEL, seen([*rows, line(product=4, day=20)]), ids)
    assert 99 not in found.department
    assert found.share[0] == pytest.approx(told(rows).share[0], abs=0.02)


A_PURCHASE = st.tuples(
    st.integers(0, 2),
    st.integers(0, 4),
    st.integers(0, 450),
    st.sampled_from([-500, 0, 1, 2500, 10**9]),
)


@settings(max_examples=60, deadline=None)
@given(st.lists(A_PURCHASE, max_size=120), st.randoms(use_true_random=False))
def test_no_share_is_above_1_whatever_company_the_household_is_in(purchases, random):
    rows = [
        line(household=h, product=p, day=day, cents=cents, quantity=-1000 if cents < 0 else 1000)
        for h, p, day, cents in purchases
    ]
    together = told(rows)
    for column in together:
        assert np.isfinite(column).all()
    assert ((together.share >= 0) & (together.share <= 1)).all()
    assert ((together.part >= 0) & (together.part <= 1)).all()
    assert (together.room_cents >= 0).all()
    random.shuffle(rows)
    for h in range(3):
        alone = [(0, *row[1:]) for row in rows if row[0] == h and row[2] < AS_OF]
        apart = told(alone, households=1)
        for mine, ours in zip(apart, together, strict=True):
            assert np.array_equal(mine[0], ours[h])


def families(households=240, seed=3):
    """Households of very different size that come every week; the last 20 now and then."""
    random = np.random.default_rng(seed)
    rows = []
    for h in range(households):
        size, tastes = random.lognormal(0, 0.7), random.lognormal(0, 0.3, 4)
        for day in range(h % 7, 280, 7 if h < 220 else 28):
            rows += [
                line(household=h, product=d, day=day, cents=int(size * tastes[d] * USUAL[d]))
                for d in range(4)
            ]
    return rows


def test_what_similar_households_spend_is_learned():
    rows = families()
    random = np.random.default_rng(5)
    kept = np.where(random.random(240) < 0.5, random.uniform(0.2, 0.8, 240), 1.0)
    goes = random.random((240, 280)) < kept[:, None]
    thinned = seen([row for row in rows if goes[row[0], row[2]]], households=240, as_of=280)
    whole = seen(rows, households=240, as_of=280)
    model = wallet.fit(whole, IDS, IDS > 0, thinned.households, kept)
    assert model.departments == (10, 20, 30, 40)
    assert np.exp(model.level) / 52 == pytest.approx(USUAL, rel=0.3)
    assert all(0.2 <= spread < 0.7 for spread in model.spread)

    found = wallet.wallets(model, thinned, IDS)
    often = np.arange(240) < 220
    assert np.corrcoef(found.share[often], kept[often])[0, 1] > 0.8
    cut = [row for row in rows if row[1] != row[0] % 3]  # each lacks one department
    lacking = wallet.wallets(model, seen(cut, households=240, as_of=280), IDS)
    assert (lacking.department[often, 0] == IDS[np.arange(220) % 3]).mean() > 0.9


def test_what_households_buy_elsewhere_cannot_be_learned_from_rare_guests():
    rare = seen(shops(every=21))
    with pytest.raises(ValueError, match="here are 0"):
        wallet.fit(rare, IDS, IDS > 0, rare.households, np.ones(3))
    whole = seen(families(), households=240, as_of=280)
    one = IDS == 10
    with pytest.raises(ValueError, match="3 departments that they buy in; here are 1"):
        wallet.fit(whole, IDS, one, whole.households, np.ones(240))


def test_parts_in_words():
    assert room_words("bread", 0.05, 95_00) == (
        "Buys nearly all of its bread elsewhere: some 95 a year"
    )
    assert room_words("bread", 0.5, 2_00) == "Buys nearly all of its bread here"
    assert share_words(0.95) == "Buys nearly all of its groceries here"
