"""How far the night is, and whether the queue that runs it is well: for the first page."""

from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from django.conf import settings
from django.db.models import Count, Exists, F, OuterRef, Q, Sum
from django.utils import timezone
from django_q.models import OrmQ, Task
from django_q.status import Stat

from coupons.alone import IS_HELD
from coupons.models import Mailing, PrintRun, Selection
from coupons.print_progress import sheets_done
from coupons.today import answered, count_of
from loyalty.models import BucketReceipt, ModelRun
from loyalty.rebuild import STEPS
from pos_integration.models import Upload

LOOKED_AT = 1_000
NIGHT = "coupons.tasks.night"


@dataclass(frozen=True)
class Due:
    """A mailing that this night takes a step further: select, or print."""

    mailing: Mailing
    step: str
    done: int = 0
    whole: int = 0  # 0: not begun, or nobody can tell


@dataclass(frozen=True)
class Night:
    """The last night, or the one that runs."""

    is_running: bool
    uploads: int  # that wait to be loaded
    published: ModelRun | None = None
    running: ModelRun | None = None  # also of a night that was cut short
    done: int = 0  # pieces of the rebuild
    whole: int = 0
    due: list[Due] = field(default_factory=list)
    waiting: int = 0  # tasks of the queue that may begin
    oldest: datetime | None = None  # when the first of them might have
    failed: int = 0  # tasks, in the last day
    has_failed: bool = False  # the last night of the queue, and none was published since
    not_done: list[str] = field(default_factory=list)  # why a mailing was not taken further

    @property
    def was_cut_short(self) -> bool:
        return self.running is not None and not self.is_running

    @property
    def is_at_work(self) -> bool:
        """Whether the page should look again soon."""
        return self.is_running or any(one.whole for one in self.due)


def night(today: date) -> Night:
    """How far the night is."""
    runs = {
        run.state: run
        for run in ModelRun.objects.filter(
            state__in=[ModelRun.State.RUNNING, ModelRun.State.PUBLISHED]
        )
        .defer("fitted", "parameters", "report")
        .annotate(not_done=F("report__not_done"))
        .order_by("pk")
    }
    running = runs.get(ModelRun.State.RUNNING)
    now = timezone.now()
    # A task that waits is locked until the moment it may begin; one at work, far beyond.
    waiting = OrmQ.objects.filter(lock__lte=now)
    oldest, lock = waiting.order_by("lock").values("lock")[:1].query.sql_with_params()
    published = runs.get(ModelRun.State.PUBLISHED)
    since_then = published.published_at if published else None
    # Nights of the queue that ended after the one that counts was published.
    nights = Task.objects.filter(func=NIGHT, success=False)
    if since_then is not None:
        nights = nights.filter(stopped__gt=since_then)
    went_well = Task.objects.filter(func=NIGHT, success=True, stopped__gt=OuterRef("stopped"))
    nights = nights.filter(~Exists(went_well), stopped__gt=now - timedelta(days=2))
    is_running, uploads, done, waits, since, failed, bad_nights = answered(
        (IS_HELD, ("coupons.nightly",)),
        count_of(Upload.objects.filter(state=Upload.State.RECEIVED), LOOKED_AT),
        count_of(BucketReceipt.objects.filter(run__state=ModelRun.State.RUNNING)),
        count_of(waiting, LOOKED_AT),
        (f"({oldest})", lock),
        count_of(Task.objects.filter(success=False, stopped__gt=now - timedelta(days=1))),
        count_of(nights, 1),
    )
    return Night(
        is_running=is_running,
        uploads=uploads,
        published=published,
        running=running,
        done=done,
        whole=max(len(STEPS) * settings.LOYALTY_BUCKETS, done) if running else 0,
        due=_due(today + timedelta(days=1)),
        waiting=waits,
        oldest=since,
        failed=failed,
        has_failed=bool(bad_nights) and not is_running,
        not_done=list(getattr(published, "not_done", None) or []),
    )


def _due(morning: date) -> list[Due]:
    """Mailings at work, and those that the night before `morning` is to take further."""
    select = Q(state=Mailing.State.DRAFT, select_on__lte=morning, issue_on__gte=morning)
    issue = Q(state__in=[Mailing.State.APPROVED, Mailing.State.ISSUED], issue_on__lte=morning)
    at_work = Q(selections__state=Selection.State.RUNNING)
    rows = (
        Mailing.objects.filter(select | issue | at_work, is_goodwill=False)
        .annotate(
            begun=Count("selections__pieces", filter=at_work),
            chosen=Count(
                "selections__pieces", filter=at_work & Q(selections__pieces__chosen__isnull=False)
            ),
        )
        .order_by("issue_on", "pk")[:5]
    )
    told = []
    for mailing in rows:
        begun, chosen = getattr(mailing, "begun", 0), getattr(mailing, "chosen", 0)
        is_selecting = mailing.state == Mailing.State.DRAFT
        if is_selecting and begun:
            # Its pieces are made first, then chosen from: two halves of the way.
            whole = 2 * max(settings.LOYALTY_BUCKETS, begun)
            told.append(Due(mailing, "select", begun + chosen, whole))
        else:
            told.append(Due(mailing, "select" if is_selecting else "print"))
    return told


def print_runs(most: int = 4) -> list[tuple[PrintRun, int]]:
    """The latest print runs, each with how many sheets are whole."""
    rows = (
        PrintRun.objects.select_related("mailing")
        .defer("manifest", "look", "seeds", "left_out", "numbers")
        .annotate(written=Sum("files__sheets"))
        .order_by("-pk")[:most]
    )
    return [
        (
            run,
            (getattr(run, "written", 0) or 0)
            + (sheets_done(run) if run.state == PrintRun.State.RUNNING else 0),
        )
        for run in rows
    ]


def clusters() -> int:
    """How many clusters of the queue told lately that they run."""
    return len(Stat.get_all())
