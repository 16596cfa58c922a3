"""What the queue holds for a mailing: asked for twice, a thing is put there once."""

from collections.abc import Sequence
from typing import Any, Final

from django.db import transaction
from django_q.models import OrmQ
from django_q.tasks import async_task

from coupons.models import Mailing
from pos_integration.desk import kept

MOST: Final = 500  # a queue that is longer than this stands still, and is to be looked at


Held = Sequence[tuple[str, list[Any]]]
"""Tasks that wait, or are at work, by name and arguments."""


def held() -> Held:
    """What the queue holds, read once."""
    tasks = [row.task for row in OrmQ.objects.order_by("-pk")[:MOST]]
    return [(str(task["func"]), [*(task.get("args") or ())]) for task in tasks if "func" in task]


def held_of(mailing: Mailing) -> Held:
    """The same, read once for a mailing's page."""
    return kept(mailing, "desk_tasks", held)


def waiting(*arguments: int, among: Held | None = None) -> set[str]:
    """The names of tasks that wait, or are at work, with `arguments` as their first.

    among: what `held` returned, where it was asked already.
    """
    wanted = list(arguments)
    tasks = held() if among is None else among
    return {name for name, told in tasks if told[: len(wanted)] == wanted}


@transaction.atomic
def put_once(task: str, mailing: Mailing, *others: int) -> bool:
    """Put a task for a mailing in the queue, unless it waits there or is at work already.

    Returns whether it is new. Of two at once the second waits for the first. One that fails is
    not tried again by itself: it said why, and is asked for again.
    """
    Mailing.objects.select_for_update().get(pk=mailing.pk)
    if task in waiting(mailing.pk):
        return False
    async_task(task, mailing.pk, *others, ack_failure=True)
    return True
