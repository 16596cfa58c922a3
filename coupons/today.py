"""The state of things this morning, for the staff's first page: few queries, none of them long."""

from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from django.db.models import Count, Exists, Max, OuterRef, Q, Sum
from django.utils import timezone

from coupons.models import Mailing, Redemption, Refusal
from loyalty.models import ModelRun
from pos_integration.models import Basket, Reject, Upload

# Baskets have no index by day. The last day's are among the newest, and a chain that sells more
# baskets than this in a day reads "at least".
NEWEST_BASKETS = 250_000
LAST_LOADED = 1_000
REDEEMED_DAYS = 7
LOOKED_AT = 10_000


@dataclass(frozen=True)
class Today:
    """What the page says: figures, and the sentence that comes first."""

    sentence: str
    detail: str
    last_day: date | None
    baskets: int
    redeemed: int
    redeemed_off: Decimal
    redeemed_since: date
    live_mailings: int
    waiting_mailings: int
    rejects: int
    refusals: int
    waiting_uploads: int

    @property
    def to_look_at(self) -> int:
        return self.rejects + self.refusals


def look(today: date) -> Today:
    """The state of things on `today`."""
    last_day, baskets = _last_day()
    # Counted back from the last day that tills told of: theirs may come days late.
    since = min(today, last_day or today) - timedelta(days=REDEEMED_DAYS - 1)
    redeemed = Redemption.objects.filter(business_date__gte=since).aggregate(
        n=Count("pk"), off=Sum("amount")
    )
    states = dict(
        Mailing.objects.filter(valid_to__gte=today)
        .order_by()
        .values_list("state")
        .annotate(Count("pk"))
    )
    sentence, detail = _night()
    return Today(
        sentence=sentence,
        detail=detail,
        last_day=last_day,
        baskets=baskets,
        redeemed=redeemed["n"],
        redeemed_off=redeemed["off"] or Decimal(0),
        redeemed_since=since,
        live_mailings=sum(states.get(state, 0) for state in ("issued", "printed", "mailed")),
        waiting_mailings=sum(states.get(state, 0) for state in ("draft", "selected", "approved")),
        rejects=Reject.objects.filter(resolved_by=None)[:LOOKED_AT].count(),
        refusals=Refusal.objects.all()[:LOOKED_AT].count(),
        waiting_uploads=_waiting_uploads(),
    )


def _waiting_uploads() -> int:
    """How many files are not loaded, or could not be read and were not loaded since."""
    open_rejects = Reject.objects.filter(upload=OuterRef("pk"), resolved_by=None)
    waiting = Upload.objects.exclude(state=Upload.State.LOADED).filter(
        Q(state=Upload.State.RECEIVED) | Exists(open_rejects)
    )
    return waiting[:LOOKED_AT].count()


def _last_day() -> tuple[date | None, int]:
    """The last business day that tills told of, and how many baskets it has."""
    newest = Basket.objects.order_by("-pk").values_list("pk", flat=True).first()
    if newest is None:
        return None, 0
    last: date = Basket.objects.filter(pk__gt=newest - LAST_LOADED).aggregate(
        day=Max("business_date")
    )["day"]
    recent = Basket.objects.filter(pk__gt=newest - NEWEST_BASKETS, business_date=last)
    return last, recent.count()


def _night() -> tuple[str, str]:
    """The sentence on the last night, and the quiet line below it."""
    runs = ModelRun.objects.defer("fitted", "parameters")
    running = runs.filter(state=ModelRun.State.RUNNING).order_by("-pk").first()
    published = runs.filter(state=ModelRun.State.PUBLISHED).first()
    if running is not None:
        detail = f"As of {_words(running.as_of)}. Until it ends, everybody sees the night before."
        return "A night is running, or was cut short.", detail
    if published is None:
        return "No night has run yet: start one, or run manage.py demo.", ""
    sentence = (
        f"Last night went well: {published.households:,} households rebuilt for "
        f"{_words(published.as_of)}."
    )
    detail = f"{published.lines:,} lines read in {published.seconds:,.1f} s"
    if published.published_at is not None:
        at = timezone.localtime(published.published_at)
        detail += f", published {_words(at.date())} {at.year} at {at:%H:%M}"
    return sentence, detail


def _words(day: date) -> str:
    return f"{day.day} {day:%B}"
