"""The staff's first page: what it says of a shop, to whom, and with how few queries."""

import re
from datetime import datetime, timedelta

import pytest
from django.contrib.auth.models import User
from django.db.models import F
from django.utils import timezone
from django_q.models import Task

from coupons import nightly
from coupons.admin.home_cards import heard_pill
from coupons.models import Coupon, Mailing, Offer, Redemption, Selection, Sheet
from coupons.today import answered, count_of, drops
from coupons.today_figures import Heard, Judged, Shop, Till
from loyalty.models import BucketReceipt, ModelRun
from pos_integration.models import Basket, StoreStaff, Tender, Terminal, Upload
from tests import make
from tests.staff import one_of

pytestmark = pytest.mark.django_db
HOME = "/admin/"
TODAY = timezone.localdate()
MOST_QUERIES = 20


def words(response) -> str:
    """The page as somebody reads it."""
    page = response.content.decode()
    assert response.status_code == 200
    assert "style=" not in page
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page))


@pytest.fixture
def run() -> ModelRun:
    return ModelRun.objects.create(
        as_of=TODAY, state="published", households=2469, seconds=6.1, published_at=timezone.now()
    )


@pytest.fixture
def drop(run) -> Mailing:
    """A mailing that is out, forecast, and of which one coupon came back."""
    coupon = make.coupon(make.code("AAAAAAAAAAAA"))
    mailing = coupon.sheet.mailing
    selection = Selection.objects.create(
        mailing=mailing, state="ready", seed=1,
        report={"totals": {"coupons": 8, "redemptions": [4.0, 1.0, 16.0]}},
    )  # fmt: skip
    Mailing.objects.filter(pk=mailing.pk).update(
        name="November favourites", state="mailed", selection=selection, budget=100,
        valid_from=TODAY - timedelta(days=5), valid_to=TODAY + timedelta(days=20),
        issued_at=timezone.now(),
    )  # fmt: skip
    Coupon.objects.filter(pk=coupon.pk).update(state="redeemed")
    record = make.redemption_record(coupon.code, day=TODAY)
    basket = record.basket
    Tender.objects.create(basket=basket, position=0, kind="cash", amount="12.50")
    Redemption.objects.create(
        offer=coupon.offer, coupon=coupon, record=record, amount="25.00", store=basket.store,
        till=1, business_date=TODAY, receipt=basket.receipt,
    )  # fmt: skip
    mailing.refresh_from_db()
    return mailing


def test_a_chain_on_its_first_day_is_told_what_to_do_first(admin_client) -> None:
    page = words(admin_client.get(HOME))
    assert "Welcome. Begin here." in page
    assert "Add your stores" in page
    assert "Make a mailing" in page
    assert "No till has sent any yet." in page


def test_the_page_tells_how_the_night_went_and_when_the_next_one_is(admin_client, run) -> None:
    page = words(admin_client.get(HOME))
    assert "Last night went well." in page
    assert "models of 2,469 households rebuilt" in page
    assert "next run tonight at 02:00" in page


def test_a_mailing_is_drawn_against_its_forecast_and_its_budget_burns(admin_client, drop) -> None:
    response = admin_client.get(HOME)
    page = words(response)
    assert "November favourites: coupons used" in page
    assert "The same as a table" in page
    assert "1 · 12.5 %" in page
    assert "25 / 100" in page
    assert "25.00 off, 12.50 in baskets" in page
    assert b"curve-band" in response.content


def test_a_household_whose_lost_sheet_was_replaced_counts_once(admin_client, drop) -> None:
    first = drop.sheets.get()
    Sheet.objects.filter(pk=first.pk).update(voided_at=timezone.now())
    Sheet.objects.create(
        mailing=drop, household=first.household, number=first.number + 1, replaces=first,
        address=first.address, savings=first.savings,
    )  # fmt: skip
    assert [row.sheets for row in drops(TODAY)] == [1]
    drop.sheets.update(number=F("number") + 7)  # eight households, one of them twice
    assert [row.sheets for row in drops(TODAY)] == [8]


def test_budgets_say_how_many_offers_were_not_looked_at(admin_client, run) -> None:
    def out(many: int) -> None:
        for _ in range(many):
            offer = make.offer("1.00")
            Offer.objects.filter(pk=offer.pk).update(
                valid_from=TODAY, valid_to=TODAY + timedelta(days=offer.pk), real_budget=100
            )

    assert "No offer that is out has a budget" in words(admin_client.get(HOME))
    out(12)
    assert "end soonest" not in words(admin_client.get(HOME))
    out(3)
    page = words(admin_client.get(HOME))
    assert "The most burnt of the 12 that end soonest. 3 more end later" in page


def test_a_mailing_of_goodwill_coupons_is_not_listed(admin_client, drop) -> None:
    Mailing.objects.filter(pk=drop.pk).update(is_goodwill=True)
    assert "November favourites" not in words(admin_client.get(HOME))


def test_the_page_needs_few_queries(admin_client, drop, django_assert_max_num_queries) -> None:
    make.terminal()
    admin_client.get(HOME)
    with django_assert_max_num_queries(MOST_QUERIES):
        admin_client.get(HOME)


def test_a_night_at_work_shows_its_bar_and_only_that_is_asked_for_again(
    admin_client, run, django_assert_max_num_queries
) -> None:
    at_work = ModelRun.objects.create(as_of=TODAY, state="running")
    BucketReceipt.objects.create(
        run=at_work, step="items", bucket=0, households=1, lines=1, seconds=1
    )
    with django_assert_max_num_queries(12):
        response = admin_client.get(HOME, {"part": "night"})
    assert b'<progress class="way" max="32" value="1"' in response.content
    assert "cut short" in words(response)  # nobody holds the night's name
    assert "Mailings" not in words(response).partition("Tonight")[2]


def test_a_silent_till_is_named_in_words(admin_client, run) -> None:
    terminal, _ = make.terminal()
    long_ago = timezone.now() - timedelta(days=3)
    Terminal.objects.filter(pk=terminal.pk).update(last_seen_at=long_ago)
    page = words(admin_client.get(HOME))
    assert "1 till is silent." in page
    assert "silent for 3 days" in page
    assert "1 silent till" in page


def test_who_works_in_a_store_sees_that_store_and_no_mailings(drop) -> None:
    client = one_of("Store staff")
    mine, other = make.terminal()[0].store, make.terminal()[0].store
    StoreStaff.objects.create(user=User.objects.get(username__contains="Store"), store=mine)
    make.basket(day=TODAY, store_=mine)
    page = words(client.get(HOME))
    assert mine.name in page
    assert f"/{other.pk}/change" not in page
    assert "November favourites: coupons used" not in page
    assert Basket.objects.count() == 2
    assert "Baskets today 1 " in page


def test_what_is_counted_is_counted_at_once_and_up_to_a_limit(
    django_assert_num_queries,
) -> None:
    for _ in range(3):
        make.terminal()
    with django_assert_num_queries(1):
        told = answered(count_of(Terminal.objects.all(), 2), count_of(Basket.objects.all()))
    assert told == [2, 0]


def test_a_night_of_weeks_ago_was_not_last_nights(admin_client, run) -> None:
    ModelRun.objects.update(published_at=timezone.now() - timedelta(days=12))
    page = words(admin_client.get(HOME))
    assert "No night has run since" in page
    assert "went well" not in page


def test_a_night_that_stopped_with_a_fault_did_not_go_well_until_one_does(
    admin_client, run
) -> None:
    now = timezone.now()

    def night(name: str, at: datetime, *, went_well: bool) -> None:
        Task.objects.create(
            id=name, name=name, func="coupons.tasks.night", success=went_well, started=at,
            stopped=at,
        )  # fmt: skip

    night("one", now - timedelta(hours=2), went_well=False)  # published since: made good
    ModelRun.objects.update(published_at=now - timedelta(hours=1))
    assert "Last night went well." in words(admin_client.get(HOME))
    night("two", now - timedelta(minutes=30), went_well=False)
    assert "The last night stopped with a fault" in words(admin_client.get(HOME))
    night("three", now - timedelta(minutes=10), went_well=True)
    assert "Last night went well." in words(admin_client.get(HOME))


def test_what_the_night_could_not_do_is_said_with_its_reason(admin_client, run) -> None:
    nightly._note_undone(run, ["autumn: no offer of it is good in its days."])
    page = words(admin_client.get(HOME))
    assert "Last night went well, but 1 thing was not done." in page
    assert "autumn: no offer of it is good in its days." in page
    nightly._note_undone(run, [])
    assert "Last night went well." in words(admin_client.get(HOME))


def test_every_store_tells_how_many_uploads_came_today_and_late_is_red(admin_client, run) -> None:
    till, _token = make.terminal()
    long_ago = timezone.now() - timedelta(days=9)
    Upload.objects.create(terminal=till, sha256="a" * 64, body=b"", media_type="text/csv")
    page = admin_client.get("/admin/pos_integration/store/today/")
    assert f"{till.store.name}" in words(page)
    row = page.content.decode().split("<tbody>")[1]
    assert re.findall(r'<td class="num">([^<]+)</td>', row)[:2] == ["1", "0"]
    judged = Judged(Shop(till.store_id, "Bonn", [Till(1, long_ago)]), Heard.LATE)
    assert "pill-bad" in heard_pill(judged, timezone.localtime())


def test_stores_that_the_first_page_has_no_room_for_are_one_step_away(admin_client, run) -> None:
    for number in range(10):
        Terminal.objects.create(store=make.store(f"9{number}"), number=1)
    page = admin_client.get(HOME)
    assert "2 more stores" in words(page)
    assert 'href="/admin/pos_integration/store/today/"' in page.content.decode()
    assert (
        words(admin_client.get("/admin/pos_integration/store/today/")).count("not heard of yet")
        == 10
    )


@pytest.mark.django_db
def test_who_works_in_no_store_yet_has_a_first_page_with_nothing_of_any():
    make.line(make.basket())
    page = one_of("Store staff").get("/admin/")
    assert page.status_code == 200
    assert "High Street" not in page.content.decode()
