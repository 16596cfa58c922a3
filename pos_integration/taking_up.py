"""What a queue that was killed left at work, taken up by the next one that is started."""

import time
from typing import Final

from django.utils import timezone
from django_q.brokers import get_broker
from django_q.models import OrmQ
from django_q.status import Stat

PATIENCE: Final = 5.0
"""Seconds. A queue that lives says so every second; what it said is forgotten after three."""


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
