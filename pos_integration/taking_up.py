"""What a queue, or one of its workers, was killed over, taken up by the next."""

import time
from datetime import timedelta
from typing import Final

from django.utils import timezone
from django_q.brokers import get_broker
from django_q.models import OrmQ
from django_q.monitor import save_task
from django_q.status import Stat

from pos_integration.models import Upload

PATIENCE: Final = 5.0
"""Seconds. A queue that lives says so every second; what it said is forgotten after three."""
DIED: Final = "Its worker was killed: the machine may have too little memory."
_LOAD: Final = "pos_integration.tasks.load"


def take_up(patience: float = PATIENCE) -> int:
    """Put back the tasks that are marked as at work, unless a queue is there that may be at them.

    Without it they would be begun again only after the longest that a task may take. Every task
    may run twice, and the long ones go on where they were.

    Returns how many were put back.
    """
    broker = get_broker()
    at_work = OrmQ.objects.filter(key=broker.list_key, lock__gt=timezone.now())
    if not at_work.exists():
        return 0
    until = time.monotonic() + patience
    while Stat.get_all(broker):
        if time.monotonic() > until:
            return 0
        time.sleep(0.2)
    put_back: int = at_work.update(lock=timezone.now())
    return put_back


def take_up_from_dead(pk: int, after_s: float) -> None:
    """Put back a task whose worker died, to be begun again after so many seconds.

    It counts as an attempt that failed, so that one which kills every worker is given up like any
    other that fails too often; once it goes well, nothing of it is left.
    """
    row = OrmQ.objects.filter(pk=pk).first()
    if row is None:
        return
    now = timezone.now()
    task = {**row.task, "ack_id": pk}
    save_task({**task, "stopped": now, "result": DIED, "success": False}, get_broker())
    OrmQ.objects.filter(pk=pk).update(lock=now + timedelta(seconds=after_s))
    if task["func"] == _LOAD:  # it would wait for the dead one's claim; two at it do no harm
        Upload.objects.filter(pk=task["args"][0]).update(claimed_until=None)
