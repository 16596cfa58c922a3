"""The purchase history: nothing lost, nothing doubled, and it follows its cards."""

import io
from datetime import UTC, date, datetime

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from loyalty import chunks, history, identify, purchases
from loyalty.models import Card, PurchaseChunk
from pos_integration.models import BasketLine, Product, Tender, Upload
from tests import make

pytestmark = pytest.mark.django_db


def bought(home, before=date(2030, 1, 1)):
    """(day, cents) of every line that the history holds for the household."""
    products = np.array(sorted(Product.objects.values_list("pk", flat=True)), dtype=np.int64)
    bucket = history.read(history.bucket_of(home.slot), products, before=before)
    (row,) = np.flatnonzero(bucket.households == home.pk)
    mine = bucket.lines.household == row
    days = [history.day_of(int(day)) for day in bucket.lines.day[mine]]
    return list(zip(days, bucket.lines.amount_cents[mine].tolist(), strict=True))


def sale(card, day, amount="2.00", **fields):
    basket = make.basket(card, day)
    line = make.line(basket, amount=amount)
    BasketLine.objects.filter(pk=line.pk).update(**fields)
    return basket


def test_sealing_again_adds_nothing_and_a_late_basket_finds_its_month():
    home = make.household("900")
    sale("900", date(2026, 3, 5))
    sale("900", date(2026, 4, 2))

    assert history.seal() == 2
    assert history.seal() == 0
    sale("900", date(2026, 3, 1), amount="1.50")  # three weeks late
    assert history.seal() == 1

    assert bought(home) == [
        (date(2026, 3, 1), 150),
        (date(2026, 3, 5), 200),
        (date(2026, 4, 2), 200),
    ]
    assert PurchaseChunk.objects.count() == 2


def test_only_days_before_the_morning_are_read():
    home = make.household("900")
    sale("900", date(2026, 3, 5))
    sale("900", date(2026, 3, 6))
    history.seal()
    assert bought(home, before=date(2026, 3, 6)) == [(date(2026, 3, 5), 200)]


def test_a_card_claimed_today_brings_its_purchases_along():
    sale("777", date(2026, 3, 5))
    history.seal()
    home = identify.join("777", "Ada Example", on=date(2026, 5, 1))
    history.seal()
    assert bought(home) == [(date(2026, 3, 5), 200)]


def test_a_card_that_changes_hands_takes_its_purchases_to_the_other_bucket_and_back():
    first, second = make.household("900"), make.household("901")
    assert history.bucket_of(first.slot) != history.bucket_of(second.slot)
    sale("900", date(2026, 3, 5), amount="1.00")
    sale("901", date(2026, 3, 6), amount="2.00")
    history.seal()
    before = history.fingerprint()

    identify.move_card("901", first, on=date(2026, 5, 1))
    history.seal()
    assert bought(first) == [(date(2026, 3, 5), 100), (date(2026, 3, 6), 200)]
    assert history.fingerprint() != before

    identify.move_card("901", second, on=date(2026, 5, 2))
    history.seal()
    assert bought(first) == [(date(2026, 3, 5), 100)]
    assert bought(second) == [(date(2026, 3, 6), 200)]
    assert history.fingerprint() == before  # the very same bytes as if nothing had happened


def test_another_number_of_buckets_deals_the_history_anew(settings):
    home = make.household("900")
    sale("900", date(2026, 3, 5))
    sale("", date(2026, 3, 5))  # no card shown
    history.seal()
    settings.LOYALTY_BUCKETS = 64
    assert history.seal() == 0
    assert bought(home) == [(date(2026, 3, 5), 200)]
    assert set(PurchaseChunk.objects.values_list("of_buckets", "bucket")) == {
        (64, history.bucket_of(home.slot)),
        (64, history.WITHOUT_CARD),
    }


def test_what_is_given_back_counts_against_and_what_is_void_not_at_all():
    home = make.household("900")
    sale("900", date(2026, 3, 5), amount="5.00")
    sale("900", date(2026, 3, 6), amount="5.00", kind="return")
    sale("900", date(2026, 3, 7), amount="9.00", kind="void")
    history.seal()
    assert bought(home) == [(date(2026, 3, 5), 500), (date(2026, 3, 6), -500)]


def test_as_many_lines_carry_a_coupon_as_the_receipt_used():
    home = make.household("900")
    basket = sale("900", date(2026, 3, 5))
    make.line(basket)
    make.line(basket)
    for position in range(2):
        Tender.objects.create(basket=basket, position=position, kind="coupon", amount="0.50")
    history.seal()
    products = np.array(sorted(Product.objects.values_list("pk", flat=True)), dtype=np.int64)
    bucket = history.read(history.bucket_of(home.slot), products, before=date(2030, 1, 1))
    assert bucket.lines.coupon.tolist() == [True, True, False]


def test_a_card_that_nobody_claimed_is_kept_and_not_modelled():
    sale("555", date(2026, 3, 5))
    assert history.seal() == 1
    assert Card.objects.get(number="555").household is None


def test_a_file_cut_off_in_its_middle_counts_as_far_as_it_could_be_read():
    home = make.household("900")
    sold = sale("900", date(2026, 3, 5))
    Upload.objects.filter(pk=sold.upload_id).update(state=Upload.State.FAILED)

    assert history.seal() == 1
    assert bought(home) == [(date(2026, 3, 5), 200)]


def listed():
    return np.array(sorted(Product.objects.values_list("pk", flat=True)), dtype=np.int64)


def test_months_sealed_as_parquet_are_read_and_grow_on():
    home = make.household("900")
    sale("900", date(2026, 3, 5))
    sale("900", date(2026, 4, 2))
    history.seal()
    for chunk in PurchaseChunk.objects.all():
        old = io.BytesIO()
        pq.write_table(chunks.table(chunk.data), old, compression="zstd")
        PurchaseChunk.objects.filter(pk=chunk.pk).update(data=old.getvalue())
    assert bought(home) == [(date(2026, 3, 5), 200), (date(2026, 4, 2), 200)]

    sale("900", date(2026, 3, 1), amount="1.50")
    history.seal()
    assert bought(home) == [
        (date(2026, 3, 1), 150),
        (date(2026, 3, 5), 200),
        (date(2026, 4, 2), 200),
    ]


def test_the_receipts_say_where_and_when_a_household_shopped():
    home = make.household("900")
    make.household("901")  # never shops
    late = sale("900", date(2026, 3, 6), amount="3.00")
    early = sale("900", date(2026, 3, 5), amount="1.00")
    make.line(early, amount="0.50")
    make.line(late, make.product("04006381333931", "Sourdough loaf"), amount="9.00")
    sale("900", date(2026, 3, 7))
    type(late).objects.filter(pk=late.pk).update(ended_at=datetime(2026, 3, 6, 12, 30, tzinfo=UTC))
    type(late).objects.filter(pk=early.pk).update(ended_at=None)
    history.seal()

    bucket = history.read(
        history.bucket_of(home.slot), listed()[:1], before=date(2026, 3, 7), with_receipts=True
    )
    told = bucket.receipts
    assert told is not None
    assert bucket.households[told.household].tolist() == [home.pk, home.pk]
    assert bucket.cards[told.card].tolist() == [home.cards.get().pk] * 2
    assert [history.day_of(int(day)) for day in told.day] == [date(2026, 3, 5), date(2026, 3, 6)]
    assert told.minute[0] == -1
    assert told.minute[1] > 0
    assert told.store.tolist() == [early.store_id, late.store_id]
    assert told.lines.tolist() == [2, 1]  # the loaf is not listed
    assert told.amount_cents.tolist() == [150, 300]


def test_lines_lie_by_day_or_by_household_and_are_the_same_ones():
    homes = [make.household(f"card {number}") for number in range(12)]
    oats, bread = make.product(), make.product("04006381333931", "Sourdough loaf")
    for day in (3, 1, 2):
        for number in range(12):
            basket = make.basket(f"card {number}", date(2026, 3, day))
            make.line(basket, oats, amount=f"{number + 1}.00")
            make.line(basket, bread)
    history.seal()
    for bucket in {history.bucket_of(home.slot) for home in homes}:
        for products in (listed(), listed()[1:]):
            end = date(2026, 3, 3)
            by_day = history.read(bucket, products, before=end).lines
            by_home = history.read(bucket, products, before=end, by_household=True).lines
            assert (np.diff(by_day.day) >= 0).all()
            assert (np.diff(by_home.household) >= 0).all()
            order = np.argsort(by_day.household, kind="stable")
            for name in by_day._fields:
                one, other = getattr(by_day, name), getattr(by_home, name)
                assert one.dtype == other.dtype
                assert one[order].tolist() == other.tolist()


A_RECEIPT = st.tuples(
    st.integers(1, 2**40),
    st.integers(0, 40),
    st.integers(-1, 1439),
    st.integers(1, 70_000),
    st.lists(
        st.tuples(
            st.integers(1, 2**40),
            st.integers(-(2**40), 2**40),
            st.integers(-(2**40), 2**40),
            st.integers(0, 300),
            st.booleans(),
        ),
        min_size=1,
        max_size=5,
    ),
)


@given(st.lists(A_RECEIPT, max_size=6))
def test_what_is_packed_into_a_chunk_comes_out_of_it(receipts):
    rows = [
        {
            "card": card,
            "basket": place * 3_000_000_000,
            "number": number,
            "day": 9_000 + day,
            "minute": minute,
            "store": store,
            "product": product,
            "quantity": quantity,
            "amount_cents": cents,
            "discount_cents": off,
            "coupon": coupon,
        }
        for place, (card, day, minute, store, lines) in enumerate(
            sorted(receipts, key=lambda receipt: receipt[1])
        )
        for number, (product, quantity, cents, off, coupon) in enumerate(lines, 1)
    ]
    lines = pa.Table.from_pylist(rows, purchases.SCHEMA)
    data = chunks.pack(lines)
    assert chunks.table(data).equals(lines)
    assert chunks.pack(chunks.table(data)) == data


@pytest.mark.parametrize("step", [1, 100_000_000])
def test_a_place_among_ids_is_found_however_far_apart_they_are(step):
    place = history._Places(np.array([3, 5, 6]) * step)
    wanted = np.array([6, 2, 3, 7, 4, 5, 0]) * step
    assert place(wanted).tolist() == [2, -1, 0, -1, -1, 1, -1]
    assert history._Places(np.zeros(0, np.int64))(wanted).tolist() == [-1] * 7
