"""How long every page of the desk takes at a large chain.

    python -m tests.benchmarks.desk [--scale 1.0] [--times 5] [--database postgres://...]

At scale 1 a database holds a million households, six million baskets with sixty million lines,
ten mailings with eight million coupons and half a million redemptions. An administrator, then
somebody who works in three stores, opens every page: the first, the search box, each list with
its filters, searches, orders and last page, rows of each in every state, their histories, and
every page that those link to. Each is opened once to warm it, then timed. The database is this
run's own; one that is named is filled if it is empty, and kept. The last line is a JSON object.
"""

import argparse
import contextlib
import json
import logging
import os
import statistics
import sys
import time
from collections.abc import Iterator
from datetime import date
from typing import Any, NamedTuple

PLAIN_FILES = "django.contrib.staticfiles.storage.StaticFilesStorage"
MOST_MS, MOST_QUERIES = 300, 20
STORES = (1, 2, 3)
"""Where the one of the store staff works."""


class Timed(NamedTuple):
    """A page, opened several times. status: 200, or what went wrong."""

    who: str
    name: str
    ms: float
    least_ms: float
    first_ms: float
    queries: int
    status: int


def timed(who: str, user: Any, times: int, only: str) -> list[Timed]:
    """Open every page of the desk that `user` may see: once, then `times` more.

    only: what the names of the pages begin with
    """
    from django.db import connection  # once Django is set up
    from django.test import Client
    from django.test.utils import CaptureQueriesContext

    from tests.benchmarks import desk_pages

    client = Client(raise_request_exception=False, SERVER_NAME="localhost")
    client.force_login(user)
    told: list[Timed] = []

    def opened(name: str, address: str) -> str | None:
        if not name.startswith(only):
            return None
        connection.queries_log.clear()  # it forgets what is older than some thousands
        with CaptureQueriesContext(connection) as asked:
            begun = time.perf_counter()
            response: Any = client.get(address, secure=True)
            first = 1000 * (time.perf_counter() - begun)
        queries = len(asked)  # the log forgets with the next page
        status = response.status_code
        is_page = response.headers.get("Content-Type", "").startswith("text/html")
        if status in (301, 302, 403, 404, 405) or (status == 200 and not is_page):
            return None  # elsewhere, not for this one, or a file
        took = []
        for _ in range(times if first < 10_000 else 1):
            begun = time.perf_counter()
            client.get(address, secure=True)
            took.append(1000 * (time.perf_counter() - begun))
        told.append(Timed(who, name, statistics.median(took), min(took), first, queries, status))
        if first > MOST_MS or status != 200:
            sys.stderr.write(f"{who}: {name} {address[:200]} {first:.0f} ms {status}\n")
        body: str = response.content.decode()
        return body

    desk_pages.every(user, desk_pages.Words(*some_words()), opened)
    return told


def some_words() -> tuple[str, str, int]:
    """A card, a coupon's code that a person could type, and a household of one of STORES."""
    from coupons.models import Coupon
    from coupons.sheets import codes
    from loyalty.models import Card, Household

    household = Household.objects.filter(pk__lte=max(STORES)).first()
    assert household is not None
    coupon = Coupon.objects.filter(sheet__household__in=[0, 1, 2]).last() or Coupon.objects.last()
    assert coupon is not None
    try:
        codes.normalise(coupon.code)
    except codes.CodeError:
        coupon.code = codes.mint_many(1)[0]
        coupon.save(update_fields=["code"])
    return Card.objects.filter(household=household)[0].number, coupon.code, household.pk


def staff() -> Iterator[tuple[str, Any]]:
    """Yield an administrator and one of the store staff."""
    from django.contrib.auth.models import Group, User

    from coupons.groups import ensure_groups
    from pos_integration.models import StoreStaff

    ensure_groups()
    boss, _ = User.objects.get_or_create(
        username="boss", defaults={"is_superuser": True, "is_staff": True}
    )
    yield "administrator", boss
    clerk, _ = User.objects.get_or_create(username="clerk", defaults={"is_staff": True})
    clerk.groups.set([Group.objects.get(name="Store staff")])
    for store in STORES:
        StoreStaff.objects.get_or_create(user=clerk, store_id=store)
    yield "store staff", clerk


@contextlib.contextmanager
def a_database(named: str) -> Iterator[None]:
    """Set Django up on the database that is named, or on one of this run's own."""
    if not named:
        from tests.benchmarks.rebuild import own_postgres

        with own_postgres(16):
            yield
        return
    os.environ |= {
        "DATABASE_URL": named,
        "SECRET_KEY": "of a database for benchmarks",
        "DJANGO_SETTINGS_MODULE": "loyalty.settings",
    }
    import django
    from django.core.management import call_command

    django.setup()
    call_command("migrate", verbosity=0)
    logging.disable(logging.WARNING)  # pages that are not for somebody
    yield


def _say(what: str, seconds: float) -> None:
    sys.stdout.write(f"{what:24} {seconds:8.1f} s\n")
    sys.stdout.flush()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--scale", type=float, default=1.0, help="1: a million households")
    parser.add_argument("--times", type=int, default=5, help="how often a page is timed")
    parser.add_argument("--database", default="", help="one to keep, as a URL; filled if empty")
    parser.add_argument("--only", default="", help="what the names of the pages begin with")
    parser.add_argument("--who", default="", help="administrator or store staff; both otherwise")
    options = parser.parse_args()
    with a_database(options.database):
        from tests.benchmarks import desk_rows

        begun = time.monotonic()
        desk_rows.fill(options.scale, date.today(), _say)  # noqa: DTZ011 - the desk's own day, in UTC
        _say("all of it", time.monotonic() - begun)
        from django.test import override_settings

        from coupons import uses
        from coupons.models import Mailing

        for mailing in Mailing.objects.exclude(issued_at=None):
            uses.keep_lately(mailing.valid_to)  # as the nights after it did

        plain = {"staticfiles": {"BACKEND": PLAIN_FILES}}  # nothing was collected
        with override_settings(STORAGES=plain):
            told = [
                page
                for who, user in staff()
                if options.who in ("", who)
                for page in timed(who, user, options.times, options.only)
            ]
    for page in sorted(told, key=lambda one: -one.ms):
        sys.stdout.write(
            f"{page.who:13} {page.name[:62]:62} {page.ms:8.1f} ms, least {page.least_ms:8.1f}, "
            f"first {page.first_ms:8.1f}, {page.queries:3} queries, {page.status}\n"
        )

    def names(pages: Iterator[Timed]) -> list[str]:
        return [f"{page.who}: {page.name}" for page in pages]

    summary = {
        "scale": options.scale,
        "pages": len(told),
        "slowest_ms": round(max(page.ms for page in told), 1),
        "median_ms": round(statistics.median(page.ms for page in told), 1),
        "over_300": names(page for page in told if page.ms > MOST_MS),
        "most_queries": max(page.queries for page in told),
        "over_20_queries": names(page for page in told if page.queries > MOST_QUERIES),
        "not_200": names(page for page in told if page.status != 200),
    }
    sys.stdout.write(json.dumps(summary) + "\n")


if __name__ == "__main__":
    main()
