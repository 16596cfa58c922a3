"""How long every page of the desk takes at a large chain.

    python -m tests.benchmarks.desk [--scale 1.0] [--times 5]

At scale 1 a database of its own holds a million households, six million baskets with sixty
million lines, ten mailings with eight million coupons and half a million redemptions. Somebody
who may do everything opens every page that has an address: the first, the search box, each list,
one row of each. Each is opened once to warm it, then timed. The last line is one JSON object.
"""

import argparse
import json
import statistics
import sys
import time
from collections.abc import Iterator
from datetime import date
from typing import NamedTuple
from urllib.parse import quote

from tests.benchmarks import desk_rows
from tests.benchmarks.rebuild import own_postgres

MOST_MS, MOST_QUERIES = 300, 20


class Timed(NamedTuple):
    """A page, opened several times. status: 200, or what went wrong."""

    name: str
    ms: float
    first_ms: float
    queries: int
    status: int


def pages() -> Iterator[tuple[str, str]]:
    """Yield every page's name and address, once the database is filled."""
    from django.contrib import admin  # once Django is set up
    from django.urls import NoReverseMatch, reverse

    yield "home", reverse("admin:index")
    for model in sorted(admin.site._registry, key=lambda one: one._meta.label):
        label = f"{model._meta.app_label}_{model._meta.model_name}"
        try:
            yield f"list {model._meta.label}", reverse(f"admin:{label}_changelist")
        except NoReverseMatch:
            continue
        row = model._default_manager.order_by("pk").values_list("pk", flat=True).last()
        if row is not None:
            yield f"one {model._meta.label}", reverse(f"admin:{label}_change", args=[row])
    household = reverse("admin:loyalty_household_changelist")
    coupon = reverse("admin:coupons_coupon_changelist")
    words = {
        "card": "210000000042", "name": "Castro", "whole name": "Cleo Castroaa",
        "postcode": "00042", "code": a_typed_code(), "nothing": "'; --",
    }  # fmt: skip
    for kind, word in words.items():
        yield f"search box: {kind}", f"{reverse('admin:search')}?q={quote(word)}"
        yield f"households by {kind}", f"{household}?q={quote(word)}"
    yield "coupons by code", f"{coupon}?q={words['code']}"


def a_typed_code() -> str:
    """Give one coupon a code that a person could type, and return it."""
    from coupons.models import Coupon
    from coupons.sheets import codes

    code = codes.mint_many(1)[0]
    Coupon.objects.filter(pk=Coupon.objects.order_by("pk").values("pk")[:1]).update(code=code)
    return code


def timed(times: int) -> list[Timed]:
    """Open every page once, then `times` more, as somebody who may do everything."""
    from django.contrib.auth.models import User
    from django.db import connection
    from django.test import Client
    from django.test.utils import CaptureQueriesContext

    client = Client(raise_request_exception=False, SERVER_NAME="localhost")
    client.force_login(User.objects.create_superuser("boss"))
    told = []
    for name, address in pages():
        took = []
        connection.queries_log.clear()  # it forgets what is older than some thousands
        with CaptureQueriesContext(connection) as asked:
            begun = time.perf_counter()
            status = client.get(address, secure=True).status_code
            first = 1000 * (time.perf_counter() - begun)
        for _ in range(times):
            begun = time.perf_counter()
            client.get(address, secure=True)
            took.append(1000 * (time.perf_counter() - begun))
        told.append(Timed(name, statistics.median(took), first, len(asked), status))
    return told


def _say(what: str, seconds: float) -> None:
    sys.stdout.write(f"{what:24} {seconds:8.1f} s\n")
    sys.stdout.flush()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--scale", type=float, default=1.0, help="1: a million households")
    parser.add_argument("--times", type=int, default=5, help="how often a page is timed")
    options = parser.parse_args()
    with own_postgres(16):
        begun = time.monotonic()
        desk_rows.fill(options.scale, date.today(), _say)  # noqa: DTZ011 - the desk's own day, in UTC
        _say("all of it", time.monotonic() - begun)
        told = timed(options.times)
    for page in sorted(told, key=lambda one: -one.ms):
        sys.stdout.write(
            f"{page.name:44} {page.ms:8.1f} ms, first {page.first_ms:8.1f} ms, "
            f"{page.queries:3} queries, {page.status}\n"
        )
    summary = {
        "scale": options.scale,
        "pages": len(told),
        "slowest_ms": round(max(page.ms for page in told), 1),
        "over_300ms": [page.name for page in told if page.ms > MOST_MS],
        "most_queries": max(page.queries for page in told),
        "over_20_queries": [page.name for page in told if page.queries > MOST_QUERIES],
        "not_200": [page.name for page in told if page.status != 200],
    }
    sys.stdout.write(json.dumps(summary) + "\n")


if __name__ == "__main__":
    main()
