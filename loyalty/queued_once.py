"""The queue asked for one thing of the whole chain, such as a night: it is put there once."""

from typing import Final

from django.db import connection, transaction
from django_q.models import OrmQ
from django_q.tasks import async_task

_MOST: Final = 500  # a queue that is longer than this stands still, and is to be looked at


@transaction.atomic
def put_once(task: str, *arguments: str) -> bool:
    """Put `task` in the queue unless it waits there or is at work; returns whether it is new.

    Of two who click at once the second waits for the first, and then finds its task there.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtext(%s))", [f"queue {task}"])
    for row in OrmQ.objects.order_by("-pk")[:_MOST]:
        waiting = row.task
        if waiting.get("func") == task and tuple(waiting.get("args") or ()) == arguments:
            return False
    async_task(task, *arguments)
    return True
