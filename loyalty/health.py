"""Is the system well: for a load balancer, and in figures for Prometheus."""

from collections.abc import Iterable, Iterator
from datetime import datetime

from django.db import DatabaseError
from django.db.models import Count, Max, Sum
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils import timezone
from django.views.decorators.http import require_safe
from django_q.models import OrmQ, Task
from django_q.status import Stat

from loyalty.models import ModelRun
from pos_integration.models import Reject, Upload

Sample = tuple[dict[str, str], float]


@require_safe
def healthz(request: HttpRequest) -> JsonResponse:
    """200 while the database answers, otherwise 503; the rest is there to be read.

    queue.heartbeats are the clusters this process can see, waiting the tasks not yet begun.
    Ages are in seconds, null where there was none yet.
    """
    try:
        run = ModelRun.objects.filter(state=ModelRun.State.PUBLISHED).first()
        queue = {
            "heartbeats": len(Stat.get_all()),
            "waiting": OrmQ.objects.count(),
            "last_task_age_s": _age_s(Task.objects.aggregate(last=Max("stopped"))["last"]),
        }
    except DatabaseError:
        return JsonResponse({"status": "down", "database": "down"}, status=503)
    return JsonResponse(
        {
            "status": "ok",
            "database": "ok",
            "queue": queue,
            "model_run": {
                "as_of": run.as_of if run else None,
                "age_s": _age_s(run.published_at if run else None),
            },
        }
    )


@require_safe
def metrics(request: HttpRequest) -> HttpResponse:
    """Counts in Prometheus' text format. No names, no cards, no money: it needs no sign-in."""
    uploads = Upload.objects.values_list("state").annotate(Count("pk")).order_by("state")
    states: list[Sample] = [({"state": state}, count) for state, count in uploads]
    waiting = sum(count for state, count in uploads if state == Upload.State.RECEIVED)
    totals = Upload.objects.aggregate(
        lines=Sum("lines", default=0),
        accepted=Sum("accepted", default=0),
        duplicates=Sum("duplicates", default=0),
        rejected=Sum("rejected", default=0),
    )
    lines = totals.pop("lines")
    rejects = Reject.objects.values_list("code").annotate(Count("pk")).order_by("code")
    run = ModelRun.objects.filter(state=ModelRun.State.PUBLISHED).first()
    age_s = _age_s(run.published_at) if run else None
    text = [
        *_family("loyalty_uploads", "Uploads kept, by state", states),
        *_family("loyalty_uploads_waiting", "Uploads not yet loaded", [({}, waiting)]),
        *_family("loyalty_upload_lines", "Basket lines in loaded uploads", [({}, lines)]),
        *_family(
            "loyalty_baskets",
            "Baskets handed over, by what became of them",
            [({"outcome": name}, count) for name, count in totals.items()],
        ),
        *_family("loyalty_rejects", "Rejects, by code", [({"code": c}, n) for c, n in rejects]),
        *_family("loyalty_queue_waiting", "Tasks not yet begun", [({}, OrmQ.objects.count())]),
        *_family(
            "loyalty_model_run_age_seconds",
            "Since the published model run",
            [] if age_s is None else [({}, age_s)],
        ),
    ]
    return HttpResponse("".join(text), content_type="text/plain; version=0.0.4; charset=utf-8")


def _family(name: str, meaning: str, samples: Iterable[Sample]) -> Iterator[str]:
    """Yield the lines of one metric: all are gauges, counted afresh on every scrape."""
    yield f"# HELP {name} {meaning}\n# TYPE {name} gauge\n"
    for labels, value in samples:
        inside = ",".join(f'{key}="{text}"' for key, text in labels.items())
        yield f"{name}{{{inside}}} {value}\n" if inside else f"{name} {value}\n"


def _age_s(moment: datetime | None) -> int | None:
    return None if moment is None else int((timezone.now() - moment).total_seconds())
