"""The queue's guard: when a worker is killed, another is soon at what it was at.

django-q notices that a worker died and starts another, but what it was at would wait until the
longest that a task may take is over. And a worker that is killed while it waits for work would
keep the others from theirs for ever.
"""

import fcntl
import logging
import tempfile
import uuid
from multiprocessing import Value
from typing import Any, Final

from django.db import DatabaseError
from django.db.backends.signals import connection_created
from django_q import cluster
from django_q.signals import post_execute_in_worker, pre_execute
from django_q.worker import worker

from pos_integration import taking_up

log = logging.getLogger(__name__)
NOTHING: Final = 0
TIMED_OUT, RECYCLED = 0, -2  # what a worker's timer says when it was ended on purpose
NOTICED_S: Final = 2
"""So soon the database ends what a dead worker had asked of it, and lets go of its locks."""


class Lock:
    """Held by one process at a time; the kernel lets it go when that one dies."""

    def __init__(self) -> None:
        self._file = tempfile.TemporaryFile()  # noqa: SIM115 # as long as the queue

    def acquire(self) -> bool:
        fcntl.lockf(self._file, fcntl.LOCK_EX)
        return True

    def release(self) -> None:
        fcntl.lockf(self._file, fcntl.LOCK_UN)

    def __enter__(self) -> bool:
        return self.acquire()

    def __exit__(self, *error: object) -> None:
        self.release()


class Sentinel(cluster.Sentinel):  # type: ignore[misc] # django-q2 ships no types
    """Knows what each of its workers is at."""

    def __init__(self, *given: Any, **named: Any) -> None:
        super().__init__(*given, **named, start=False)
        for queue in (self.task_queue, self.result_queue):
            queue._rlock, queue._wlock = Lock(), Lock()
        self.start()

    def guard(self) -> None:
        """As django-q does; should it fail, workers end with it, and the queue is started anew."""
        try:
            super().guard()
        except BaseException:
            for process in self.pool:
                process.terminate()
            raise

    def spawn_worker(self) -> None:
        """As django-q does, but not as a daemon, which may have no processes of its own."""
        timer, at_work = Value("f", -1), Value("q", NOTHING)
        process = cluster.get_mp_context().Process(
            target=work,
            args=(self.task_queue, self.result_queue, timer, self.timeout, at_work),
            name=f"Process-{uuid.uuid4().hex}",
        )
        process.timer, process.at_work = timer, at_work
        self.pool.append(process)
        process.start()

    def reincarnate(self, process: Any) -> None:
        task = NOTHING
        if process in self.pool and int(process.timer.value) not in (TIMED_OUT, RECYCLED):
            task = process.at_work.value
        super().reincarnate(process)
        if task == NOTHING:
            return
        try:
            taking_up.take_up_from_dead(task, after_s=2 * NOTICED_S)
        except DatabaseError:
            log.exception("What a worker that was killed was at is not taken up yet")


def work(task_queue: Any, result_queue: Any, timer: Any, timeout: Any, at_work: Any) -> None:
    """A worker that says in `at_work` which task it is at."""

    def begin(task: dict[str, Any], **_: Any) -> None:
        at_work.value = task.get("ack_id", NOTHING)

    def end(**_: Any) -> None:
        at_work.value = NOTHING

    def connected(connection: Any, **_: Any) -> None:
        with connection.cursor() as cursor:
            cursor.execute(f"SET client_connection_check_interval = '{NOTICED_S}s'")

    pre_execute.connect(begin)
    post_execute_in_worker.connect(end)
    connection_created.connect(connected)
    worker(task_queue, result_queue, timer, timeout)
