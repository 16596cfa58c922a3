"""Map a function over buckets, on this machine's cores or in this process.

A bucket function takes a bucket and small arguments, returns something small, may run twice, and
commits what it writes together with its receipt.
"""

import multiprocessing
import os
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor, as_completed
from typing import Any, TypeVar

import django
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.db import connections

Result = TypeVar("Result")
# A process costs two seconds to start (Django, pandas, compiled kernels): fewer lines than this
# are done sooner without one.
LINES_WORTH_A_PROCESS = 10_000_000


def map_buckets(
    function: Callable[..., Result], buckets: Iterable[int], *arguments: Any, lines: int = 0
) -> Iterator[Result]:
    """Yield `function(bucket, *arguments)` for every bucket, as they finish, in any order.

    lines: how much there is to do in all; decides whether more processes are worth it.
    """
    wanted = list(buckets)
    if settings.LOYALTY_ENGINE not in ("", "loop", "processes"):
        raise ImproperlyConfigured(
            f"LOYALTY_ENGINE is {settings.LOYALTY_ENGINE!r}: wanted 'loop', 'processes' or nothing"
        )
    many = lines >= LINES_WORTH_A_PROCESS and (os.cpu_count() or 1) > 1
    if settings.LOYALTY_ENGINE == "loop" or not (many or settings.LOYALTY_ENGINE == "processes"):
        for bucket in wanted:
            yield function(bucket, *arguments)
        return
    # Spawned, not forked: a fork would share sockets with the database and locks of Arrow.
    with ProcessPoolExecutor(
        mp_context=multiprocessing.get_context("spawn"),
        initializer=_begin,
        initargs=(settings.DATABASES["default"],),
    ) as pool:
        for done in as_completed([pool.submit(function, b, *arguments) for b in wanted]):
            yield done.result()


def _begin(database: dict[str, Any]) -> None:
    """Set a worker up on the database of the process that started it."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "loyalty.settings")
    django.setup()
    connections.settings["default"]["NAME"] = database["NAME"]
