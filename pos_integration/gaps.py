"""Receipts that did not come: holes in a till's own numbering, and tills that fell silent."""

from dataclasses import dataclass
from datetime import date, timedelta

from django.db import connection
from django.utils import timezone

from pos_integration.models import Store

LEAST_RECEIPTS = 20  # fewer say nothing about how a till numbers them
LEAST_SHARE_OF_ONES = 0.8  # of the steps up; below it, tills share one numbering or have none
# More in one go is a new numbering: no till sells so much before anybody misses a receipt.
MOST_MISSING = 1_000
LOOKED_BACK_DAYS = 7  # for the receipt before the first one asked about
ON_ITS_WAY = timedelta(hours=2)
NEXT_UPLOAD_WITHIN = timedelta(days=1)


@dataclass(frozen=True)
class Gap:
    """Receipts of one till, between two that came, that did not."""

    store_id: int
    store: str  # its number
    till: int
    after: str  # the receipt before the first that is missing
    before: str  # the receipt after the last that is missing
    count: int
    business_date: date  # of `before`
    is_waiting: bool  # they may still be on their way


@dataclass(frozen=True)
class Silence:
    """A till that sold nothing on days on which its store did."""

    store_id: int
    store: str
    till: int
    days: int
    last_on: date  # the latest of them


# First each till's days in short, which the index alone tells: the numbers of a whole day are as
# many as lie between its lowest and its highest, and the next day goes on from there or starts
# anew. Only tills with a day that is not so are read receipt by receipt.
# Within a day receipts go by number: their times may be missing, and one that was set aside ends
# late. Where a numbering turns over (9999, 1) a day holds both its ends: what lies between them
# is not missing if all that the day before had lies there too.
_GAPS = """
    WITH told AS MATERIALIZED (
        SELECT store_id, till, business_date, count(*) AS receipts,
            min(length(receipt)) = max(length(receipt)) AS is_even,
            min(receipt COLLATE "C") AS lowest, max(receipt COLLATE "C") AS highest
        FROM pos_integration_basket
        WHERE business_date BETWEEN %(first)s AND %(until)s
            AND (%(store)s::bigint IS NULL OR store_id = %(store)s)
            AND (%(till)s::int IS NULL OR till = %(till)s)
        GROUP BY store_id, till, business_date
    ), numbered AS MATERIALIZED (
        SELECT *, CASE WHEN is_even AND lowest ~ '^[0-9]{1,18}$' THEN lowest::bigint END AS low,
            CASE WHEN is_even AND highest ~ '^[0-9]{1,18}$' THEN highest::bigint END AS high
        FROM told
    ), followed AS MATERIALIZED (
        SELECT *, lag(high) OVER by_day AS before, row_number() OVER by_day = 1 AS is_first
        FROM numbered WINDOW by_day AS (PARTITION BY store_id, till ORDER BY business_date)
    ), in_doubt AS MATERIALIZED (
        SELECT store_id, till FROM followed GROUP BY store_id, till
        HAVING NOT bool_and(
            coalesce(high - low + 1 = receipts AND (is_first OR low <= before + 1), false)
        )
    ), receipts AS (
        SELECT store_id, till, business_date, receipt::bigint AS number, min(receipt) AS receipt
        FROM pos_integration_basket JOIN in_doubt USING (store_id, till)
        WHERE business_date BETWEEN %(first)s AND %(until)s AND receipt ~ '^[0-9]{1,18}$'
        GROUP BY store_id, till, business_date, receipt::bigint
    ), steps AS (
        SELECT *, lag(number) OVER one_till AS last_number, lag(receipt) OVER one_till AS after
        FROM receipts
        WINDOW one_till AS (PARTITION BY store_id, till ORDER BY business_date, number)
    ), judged AS (
        SELECT store_id, till FROM steps GROUP BY store_id, till
        HAVING count(*) >= %(least)s AND count(*) FILTER (WHERE number = last_number + 1)
            >= %(share)s * count(*) FILTER (WHERE number > last_number)
    ), days AS (
        SELECT store_id, till, business_date, lag(min(number)) OVER by_day AS lowest_before,
            lag(max(number)) OVER by_day AS highest_before
        FROM receipts GROUP BY store_id, till, business_date
        WINDOW by_day AS (PARTITION BY store_id, till ORDER BY business_date)
    )
    SELECT step.store_id, store.number, step.till, step.after, step.receipt,
        step.number - step.last_number - 1, step.business_date, upload.received_at,
        NOT EXISTS (
            SELECT FROM pos_integration_upload later
            WHERE later.terminal_id = upload.terminal_id AND later.id > upload.id
        )
    FROM steps step
    JOIN judged USING (store_id, till)
    JOIN days day USING (store_id, till, business_date)
    JOIN pos_integration_basket basket USING (store_id, till, business_date, receipt)
    JOIN pos_integration_upload upload ON upload.id = basket.upload_id
    JOIN pos_integration_store store ON store.id = step.store_id
    WHERE step.business_date >= %(since)s
        AND step.number - step.last_number - 1 BETWEEN 1 AND %(most)s
        AND NOT coalesce(
            day.lowest_before > step.last_number AND day.highest_before < step.number, false
        )
    ORDER BY step.business_date DESC, store.number, step.till, step.number
"""


def missing(store: Store | None, since: date, until: date, *, till: int | None = None) -> list[Gap]:
    """Return the gaps in the numbering of tills between two trading days, the latest first.

    store: None for every store; till: one of its tills
    Judged are tills whose receipts are numbers that go up by one; leading zeros do not matter,
    and starting anew each day, or after the highest number, is no gap. A receipt that comes
    after all closes its gap. What may come yet is waiting: for ON_ITS_WAY after the upload that
    showed the gap, and until the sender's next one if that comes within NEXT_UPLOAD_WITHIN.
    """
    now = timezone.now()
    with connection.cursor() as cursor:
        cursor.execute(
            _GAPS,
            {
                "first": since - timedelta(days=LOOKED_BACK_DAYS),
                "since": since,
                "until": until,
                "store": store.pk if store else None,
                "till": till,
                "least": LEAST_RECEIPTS,
                "share": LEAST_SHARE_OF_ONES,
                "most": MOST_MISSING,
            },
        )
        rows = cursor.fetchall()
    return [
        Gap(pk, number, place, after, before, count, day, _is_waiting(now - came_at, is_last))
        for pk, number, place, after, before, count, day, came_at, is_last in rows
    ]


def _is_waiting(age: timedelta, is_senders_last: bool) -> bool:
    return age < ON_ITS_WAY or (is_senders_last and age < NEXT_UPLOAD_WITHIN)


_SILENT = """
    WITH sold AS MATERIALIZED (
        SELECT DISTINCT store_id, till, business_date FROM pos_integration_basket
        WHERE business_date >= %(since)s AND business_date < %(today)s
    ), open AS (
        SELECT DISTINCT store_id, business_date FROM sold
    ), begun AS MATERIALIZED (
        SELECT terminal.store_id, terminal.number, (
            SELECT min(basket.business_date) FROM pos_integration_basket basket
            WHERE basket.store_id = terminal.store_id AND basket.till = terminal.number
        ) AS first_on
        FROM pos_integration_terminal terminal
        WHERE terminal.revoked_at IS NULL AND NOT terminal.is_collector
    )
    SELECT store.id, store.number, terminal.number, count(*), max(open.business_date)
    FROM begun terminal
    JOIN pos_integration_store store ON store.id = terminal.store_id
    JOIN open ON open.store_id = terminal.store_id AND open.business_date > terminal.first_on
    LEFT JOIN sold ON sold.store_id = open.store_id AND sold.till = terminal.number
        AND sold.business_date = open.business_date
    WHERE sold.till IS NULL
    GROUP BY store.id, store.number, terminal.number
    ORDER BY max(open.business_date) DESC, count(*) DESC, store.number, terminal.number
"""


def silent(since: date) -> list[Silence]:
    """Return the tills that sold nothing on a day, from `since` to yesterday, on which others of
    their store did; the latest first.

    Not those that were revoked, that never sold anything before, or that only collect.
    """
    with connection.cursor() as cursor:
        cursor.execute(_SILENT, {"since": since, "today": timezone.localdate()})
        return [Silence(*row) for row in cursor.fetchall()]
