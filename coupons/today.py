"""The state of things for the staff's first page: few queries, none long however large the chain.

What they mean is said in `today_figures` and `today_forecast`, how it looks in `admin.home`.
"""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from django.db import connection
from django.db.models import Count, Exists, F, Max, OuterRef, Q, QuerySet, Subquery, Sum, Value
from django.db.models.functions import Coalesce
from django.utils import timezone

from coupons import uses
from coupons.models import Mailing, Measurement, Offer, Redemption, Refusal, Sheet
from coupons.today_figures import WATCHED_DAYS, Shop, Till
from loyalty.models import DataRequest, Note
from pos_integration.models import Basket, Reject, Tender, Terminal, Upload

# Baskets have no index by day. The last days' are among the newest, and a chain that sells more
# than this in a week is compared with no earlier day.
NEWEST_BASKETS = 250_000
NEWEST_UPLOADS = 20_000
LAST_LOADED = 1_000
LOOKED_AT = 10_000
MAILINGS, EARLIER, OFFERS, OUT = 8, 3, 6, 12
NOWHERE = 0
"""The id of no store: who works in none yet is asked for like everybody."""


@dataclass(frozen=True)
class Day:
    """The last business day, beside the same weekday a week earlier."""

    on: date | None = None
    until: datetime | None = None  # when the last basket known of it ended
    baskets: int = 0
    baskets_before: int | None = None  # None: not known
    redeemed: int = 0
    off: Decimal = Decimal(0)
    worth: Decimal = Decimal(0)  # of the baskets that coupons were used in


@dataclass(frozen=True)
class LookAt:
    """What waits for somebody; each is LOOKED_AT at most."""

    refusals: int
    rejects: int
    uploads: int
    concerns: int = 0
    requests: int = 0
    requests_late: int = 0


@dataclass
class Drop:
    """A mailing on the first page."""

    mailing: Mailing
    sheets: int = 0
    coupons: int = 0
    used: dict[date, int] = field(default_factory=dict)
    spent: Decimal = Decimal(0)
    forecast: list[float] | None = None  # of coupons used: mean, and its 95 % interval
    is_measured: bool = False

    @property
    def redeemed(self) -> int:
        return sum(self.used.values())


@dataclass(frozen=True)
class Burning:
    """An offer with a budget, and what its coupons took off so far."""

    pk: int
    name: str
    budget: Decimal
    spent: Decimal


Stores = list[int] | None
"""Of somebody who works in stores: their ids. None: all."""
Asked = tuple[str, tuple[Any, ...]]
"""SQL of one value, and its parameters."""


def day(stores: Stores) -> tuple[Day, dict[int, tuple[int, int]]]:
    """The last business day that tills told of; baskets of it and of a week before, by store."""
    latest = Subquery(Basket.objects.order_by("-pk").values("pk")[:1])
    window = Basket.objects.filter(pk__gt=latest - NEWEST_BASKETS)
    last = Basket.objects.filter(pk__gt=latest - LAST_LOADED).aggregate(
        newest=Max("pk"),
        on=Max("business_date"),
        until=Max("ended_at"),
        oldest=Max(Subquery(window.order_by("pk").values("business_date")[:1])),
    )
    newest, on, until = last["newest"], last["on"], last["until"]
    if newest is None:
        return Day(), {}
    is_today = on == timezone.localdate()
    before = Q(business_date=on - timedelta(days=7))
    if is_today and until is not None:
        before &= Q(ended_at__lte=until - timedelta(days=7))
    window = Basket.objects.filter(pk__gt=newest - NEWEST_BASKETS)
    by_store = {
        store: (now, then)
        for store, now, then in _of(window, stores)
        .filter(business_date__in=[on, on - timedelta(days=7)])
        .order_by()
        .values_list("store")
        .annotate(now=Count("pk", filter=Q(business_date=on)), then=Count("pk", filter=before))
    }
    is_known = newest <= NEWEST_BASKETS or last["oldest"] < on - timedelta(days=7)
    used = _of(Redemption.objects.filter(business_date=on, reversed_at=None), stores)
    redeemed, off, worth = answered(
        count_of(used, NEWEST_BASKETS), sum_of(used), sum_of(_paid_where(used))
    )
    then = sum(then for _, then in by_store.values())
    return Day(
        on=on,
        until=until if is_today else None,
        baskets=sum(now for now, _ in by_store.values()),
        baskets_before=(then or None) if is_known else None,
        redeemed=redeemed,
        off=off or Decimal(0),
        worth=worth or Decimal(0),
    ), by_store


def _paid_where(used: QuerySet[Redemption]) -> QuerySet[Tender]:
    """What the baskets were paid with that these coupons were used in, LOOKED_AT of them."""
    baskets = used.exclude(record=None).order_by("pk").values("record__basket")[:LOOKED_AT]
    return Tender.objects.filter(basket__in=baskets)


def shops(stores: Stores, baskets: dict[int, tuple[int, int]], now: datetime) -> list[Shop]:
    """Every store with tills, or with somebody's who hands in for it, as it was heard of."""
    newest = Subquery(Upload.objects.order_by("-pk").values("pk")[:1])
    midnight = now.replace(hour=0, minute=0, second=0, microsecond=0)
    uploads = {
        terminal: (last, lately, today)
        for terminal, last, lately, today in Upload.objects.filter(pk__gt=newest - NEWEST_UPLOADS)
        .order_by()
        .values_list("terminal")
        .annotate(
            last=Max("received_at"),
            lately=Count("pk", filter=Q(received_at__gt=now - timedelta(days=WATCHED_DAYS))),
            today=Count("pk", filter=Q(received_at__gte=midnight)),
        )
    }
    tills: dict[int, list[Till]] = defaultdict(list)
    names: dict[int, str] = {}
    collectors: list[Till] = []
    rows = Terminal.objects.filter(revoked_at=None).order_by("store", "number")
    for pk, store, code, name, number, collects, seen in rows.values_list(
        "pk", "store", "store__number", "store__name", "number", "is_collector", "last_seen_at"
    ):
        sent, lately, today = uploads.get(pk, (None, 0, 0))
        moments = [timezone.localtime(at) for at in (sent, seen) if at is not None]
        till = Till(number, max(moments, default=None), lately, today)
        if collects:
            collectors.append(till)
        if stores is None or store in stores:
            # Stores of a chain may all be called the same.
            names[store] = name if code in name.split() else f"{name} {code}"
            if not collects:
                tills[store].append(till)
    # A collector speaks for stores whose own tills do not: these are as well as it is.
    told = []
    for store, name in names.items():
        own = [till for till in tills[store] if till.last_at is not None]
        is_collected = not own and bool(collectors)
        told.append(
            Shop(
                store,
                name,
                collectors if is_collected else tills[store],
                *baskets.get(store, (0, 0)),
                is_collected,
            )
        )
    return told


def look_at(stores: Stores, today: date) -> LookAt:
    """How much waits for somebody."""
    refusals = Refusal.objects.filter(verdict=None)
    rejects = Reject.objects.filter(resolved_by=None, closed_at=None)
    open_rejects = Reject.objects.filter(upload=OuterRef("pk"), resolved_by=None, closed_at=None)
    uploads = Upload.objects.exclude(state=Upload.State.LOADED).filter(
        Q(state=Upload.State.RECEIVED) | Exists(open_rejects)
    )
    if stores is not None:
        stores = stores or [NOWHERE]
        refusals = refusals.filter(record__basket__store__in=stores)
        rejects = rejects.filter(upload__terminal__store__in=stores)
        uploads = uploads.filter(terminal__store__in=stores)
    requests = DataRequest.objects.filter(done_at=None)
    return LookAt(
        *answered(
            count_of(refusals),
            count_of(rejects),
            count_of(uploads),
            count_of(Note.objects.filter(kind=Note.Kind.CONCERN, settled_at=None)),
            count_of(requests),
            count_of(requests.filter(due_on__lt=today)),
        )
    )


def count_of(rows: QuerySet[Any], most: int = LOOKED_AT) -> Asked:
    """Ask how many rows there are, `most` at most."""
    # A plain column: a row's own could be large, and its order costs.
    sql, params = rows.order_by().values("pk")[:most].query.sql_with_params()
    return f"(SELECT count(*) FROM ({sql}) AS rows_of)", params  # noqa: S608 - Django's own SQL


def sum_of(rows: QuerySet[Any]) -> Asked:
    """Ask what the amounts of these rows come to; None of no row."""
    sql, params = rows.order_by().values("amount").query.sql_with_params()
    return f'(SELECT sum("amount") FROM ({sql}) AS rows_of)', params  # noqa: S608 - as above


def answered(*asked: Asked) -> list[Any]:
    """What several questions of one value each are answered with, in one query."""
    params = [value for _, given in asked for value in given]
    with connection.cursor() as cursor:
        cursor.execute("SELECT " + ", ".join(sql for sql, _ in asked), params)
        return list(cursor.fetchone())


def drops(on: date) -> list[Drop]:
    """Mailings in the making, those whose coupons are good, and one that is over: latest first."""
    # Numbered from 1 without a gap: the last number is how many. A household whose sheet was lost
    # has two; of those there are few, with an index of their own.
    numbered = Sheet.objects.filter(mailing=OuterRef("pk")).order_by()
    last = numbered.order_by("-number").values("number")[:1]
    again = numbered.filter(replaces__isnull=False).values("mailing").annotate(many=Count("pk"))
    rows = (
        Mailing.objects.filter(is_goodwill=False)
        .annotate(
            sheets_sent=Subquery(last) - Coalesce(Subquery(again.values("many")), 0),
            totals=F("selection__report__totals"),
            is_measured=Exists(
                Measurement.objects.filter(mailing=OuterRef("pk"), as_of__gt=OuterRef("valid_to"))
            ),
        )
        .order_by("-valid_to", "-pk")[: 4 * MAILINGS]
    )
    told = []
    for mailing in rows:
        totals = getattr(mailing, "totals", None) or {}
        count = getattr(mailing, "sheets_sent", None) or 0
        told.append(
            Drop(
                mailing,
                sheets=count,
                coupons=totals.get("coupons") or count * mailing.coupons_per_sheet,
                forecast=totals.get("redemptions"),
                is_measured=getattr(mailing, "is_measured", False),
            )
        )
    return told


def fill(rows: Iterable[Drop]) -> None:
    """Add to mailings what came back of them, day by day."""
    issued = [row for row in rows if row.sheets]
    told = uses.of({row.mailing: row.sheets for row in issued})
    for row in issued:
        row.used, row.spent = told[row.mailing.pk].days, told[row.mailing.pk].off


def burning(on: date) -> tuple[list[Burning], int]:
    """Offers whose real budget is most burnt, of those that are out and end soonest.

    Returns also how many end later, and were not looked at: each is to be added up.
    """
    spent = Redemption.objects.filter(offer=OuterRef("pk"), reversed_at=None).order_by()
    out = Offer.objects.filter(valid_from__lte=on, valid_to__gte=on, real_budget__gt=0)
    many = out.order_by().values(all=Value(1)).annotate(many=Count("pk")).values("many")
    rows = list(
        out.annotate(
            spent=Subquery(spent.values("offer").annotate(sum=Sum("amount")).values("sum")),
            many=Subquery(many),
        )
        .order_by("valid_to", "pk")
        .values_list("pk", "name", "real_budget", "spent", "many")[:OUT]
    )
    told = [
        Burning(pk, name, budget or Decimal(0), off or Decimal(0))
        for pk, name, budget, off, _ in rows
    ]
    told.sort(key=lambda one: one.spent / one.budget, reverse=True)
    return told[:OFFERS], rows[0][-1] - len(rows) if rows else 0


def measured() -> Measurement | None:
    """The measurement that looked furthest, of a mailing that was measured at all."""
    return Measurement.objects.select_related("mailing").order_by("-as_of", "-pk").first()


def _of(rows: QuerySet[Any], stores: Stores) -> QuerySet[Any]:
    return rows if stores is None else rows.filter(store__in=stores or [NOWHERE])
