"""Lists of millions of rows at the desk: turned page by page, by the key of their rows."""

import re
from datetime import date, timedelta
from html import unescape
from itertools import chain

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from coupons.models import Sheet
from loyalty.models import DataRequest, Household
from pos_integration.long_lists import beyond
from pos_integration.models import Reject, Upload
from tests import make

pytestmark = pytest.mark.django_db
REJECTS = reverse("admin:pos_integration_reject_changelist")
_TURN = re.compile(r'<span class="turns">(.*?)</span>', re.DOTALL)


@pytest.fixture
def rejects():
    """A hundred and thirty rejects, so that a list of them has three pages."""
    terminal, _ = make.terminal()
    upload = Upload.objects.create(terminal=terminal, sha256="0" * 64, body=b"")
    return Reject.objects.bulk_create(
        Reject(upload=upload, position=n, code="unknown_store", receipt=f"R{n}", raw="{}")
        for n in range(130)
    )


def looked(client, address):
    """The rows of a list's page, and where its turns lead."""
    answer = client.get(address)
    assert answer.status_code == 200
    body = answer.content.decode()
    turns = _TURN.search(body)
    links = re.findall(r'<a href="([^"]*)">([^<]*)</a>', turns[1]) if turns else []
    path = address.split("?")[0]
    return (
        [row.pk for row in answer.context["cl"].result_list],
        {name: path + unescape(url) for url, name in links},
    )


def walked(client, address, turn):
    """Every page from `address` on, by one turn."""
    pages = []
    while address:
        rows, turns = looked(client, address)
        pages.append(rows)
        address = turns.get(turn)
    return pages


def test_pages_are_turned_forward_and_back_and_every_row_is_seen_once(admin_client, rejects):
    newest_first = [reject.pk for reject in reversed(rejects)]

    forward = walked(admin_client, REJECTS, "Next page")
    last = looked(admin_client, REJECTS)[1]["Last page"]
    back = walked(admin_client, last, "Previous page")

    assert [len(page) for page in forward] == [50, 50, 30]
    assert [*chain.from_iterable(forward)] == newest_first
    assert back[0] == newest_first[-50:]
    assert back[-1] == newest_first[:50], "the first page is whole, however one came to it"
    assert set(chain.from_iterable(back)) == set(newest_first)


def test_the_first_page_leads_nowhere_before_it_and_the_last_nowhere_after(admin_client, rejects):
    _, first = looked(admin_client, REJECTS)
    _, second = looked(admin_client, first["Next page"])
    _, last = looked(admin_client, first["Last page"])

    assert list(first) == ["Next page", "Last page"]
    assert list(second) == ["First page", "Previous page", "Next page", "Last page"]
    assert list(last) == ["First page", "Previous page"]


def test_a_list_of_one_page_has_nothing_to_turn(admin_client, rejects):
    assert looked(admin_client, f"{REJECTS}?q=R7")[1] == {}


def test_rows_that_come_in_meanwhile_move_nothing(admin_client, rejects):
    _, turns = looked(admin_client, REJECTS)
    before, _ = looked(admin_client, turns["Next page"])

    upload = rejects[0].upload
    for n in range(200, 220):
        Reject.objects.create(upload=upload, position=n, code="unknown_store", raw="{}")

    assert looked(admin_client, turns["Next page"])[0] == before


def test_a_page_that_began_after_a_row_that_is_gone_begins_where_it_did(admin_client, rejects):
    _, turns = looked(admin_client, REJECTS)
    before, _ = looked(admin_client, turns["Next page"])

    rejects[80].delete()

    assert looked(admin_client, turns["Next page"])[0] == before


def test_a_page_after_everything_is_the_first_again(admin_client, rejects):
    rows, turns = looked(admin_client, f"{REJECTS}?after=0")

    assert rows == [reject.pk for reject in reversed(rejects)][:50]
    assert list(turns) == ["Next page", "Last page"]


@pytest.mark.parametrize("said", ["after=x", "before=1~2", "after=~", "before=1e9"])
def test_an_address_that_names_no_row_is_answered_with_the_list(admin_client, rejects, said):
    answer = admin_client.get(f"{REJECTS}?{said}", follow=True)

    assert answer.status_code == 200
    assert answer.redirect_chain[-1][0].endswith("?e=1")


def test_a_row_beyond_every_number_is_no_error(admin_client, rejects):
    assert len(looked(admin_client, f"{REJECTS}?before={10**30}")[0]) == 50


def test_a_search_and_a_filter_stay_while_pages_are_turned(admin_client, rejects):
    address = f"{REJECTS}?code=unknown_store"
    pages = walked(admin_client, address, "Next page")
    _, turns = looked(admin_client, address)

    assert len([*chain.from_iterable(pages)]) == 130
    assert all("code=unknown_store" in url for url in turns.values())


def test_choosing_a_filter_begins_at_the_first_page_again(admin_client, rejects):
    _, turns = looked(admin_client, REJECTS)
    body = admin_client.get(turns["Next page"]).content.decode()
    filters = body[body.index('id="changelist-filter"') :]

    assert "after=" not in filters


def test_no_page_is_reached_by_counting_rows_before_it(admin_client, rejects):
    last = looked(admin_client, REJECTS)[1]["Last page"]
    with CaptureQueriesContext(connection) as asked:
        admin_client.get(last)

    assert not [query["sql"] for query in asked if " OFFSET " in query["sql"]]


def test_an_action_on_every_row_of_a_list_takes_those_of_other_pages_too(admin_client, rejects):
    _, turns = looked(admin_client, REJECTS)
    changes = admin_client.get(turns["Next page"])
    listed = changes.context["cl"]

    assert listed.get_queryset(changes.wsgi_request).count() == 130


def test_sheets_of_a_mailing_are_turned_by_their_numbers(admin_client):
    mailing, other = make.mailing(), make.mailing()
    homes = [make.household(card=f"2100000{n:05}") for n in range(60)]
    for of in (mailing, other):
        Sheet.objects.bulk_create(
            Sheet(mailing=of, household=home, number=60 - n, address="A", savings=1)
            for n, home in enumerate(homes)
        )
    address = reverse("admin:coupons_sheet_changelist") + f"?mailing__id__exact={mailing.pk}"

    pages = walked(admin_client, address, "Next page")

    numbers = [Sheet.objects.get(pk=pk).number for pk in [*chain.from_iterable(pages)]]
    assert numbers == list(range(60, 0, -1))
    assert "after=11" in looked(admin_client, address)[1]["Next page"], "by the number alone"


@pytest.mark.parametrize(
    ("state", "order"), [("", ("due_on", "pk")), ("done", ("-done_at", "-pk"))]
)
def test_requests_of_one_day_are_told_apart(admin_client, state, order):
    homes = [make.household(card=f"2100000{n:05}") for n in range(120)]
    now = timezone.now()
    DataRequest.objects.bulk_create(
        DataRequest(
            household=home,
            kind="copy",
            asked_at=now,
            source="letter",
            due_on=date(2026, 12, 1) + timedelta(days=n % 3),
            done_at=now - timedelta(hours=n % 2) if state else None,
        )
        for n, home in enumerate(homes)
    )
    address = reverse("admin:loyalty_datarequest_changelist") + f"?state={state}"

    pages = walked(admin_client, address, "Next page")

    assert [len(page) for page in pages] == [50, 50, 20]
    assert [*chain.from_iterable(pages)] == list(
        DataRequest.objects.order_by(*order).values_list("pk", flat=True)
    )


@pytest.mark.parametrize("backward", [False, True])
@pytest.mark.parametrize("columns", [("name", "-joined_on", "pk"), ("-joined_on", "-name", "-pk")])
def test_whichever_row_a_page_begins_after_it_is_followed_by_all_that_come_later(columns, backward):
    for n in range(24):
        Household.objects.create(name="ABC"[n % 3], joined_on=date(2026, 1, 1 + n % 2), slot=n)
    rows = list(Household.objects.order_by(*columns))
    if backward:
        rows.reverse()
    in_order = Household.objects.order_by(*columns)

    for place, row in enumerate(rows):
        edge = [getattr(row, column.removeprefix("-")) for column in columns]
        later = (in_order.reverse() if backward else in_order).filter(
            beyond(list(columns), edge, backward=backward)
        )
        assert list(later) == rows[place + 1 :]


def test_rows_of_other_pages_are_chosen_by_no_count_that_is_a_guess(admin_client, rejects):
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE pg_class SET reltuples = 7000 WHERE oid = 'pos_integration_reject'::regclass"
        )

    body = admin_client.get(f"{REJECTS}?open=all").content.decode()

    assert "Select those on other pages, too (about 7,000)" in body
    assert "7000" not in body
