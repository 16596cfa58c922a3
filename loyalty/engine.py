"""Map a function over buckets: in this process, on this machine's cores, or on a Dask cluster.

A bucket function stands at the top of a module. It takes a bucket and small arguments, returns
something small, may run twice, and commits what it writes together with its receipt.

LOYALTY_ENGINE says where: `loop` here, `processes` on every core, unset whichever of the two is
sooner done, and `dask://host:port` on the workers of that scheduler. For a cluster, put the same
release of this software, with the same Python and packages, on every machine, and in its folder

    python -m dask scheduler --port 8786 --no-dashboard           # on one of them
    export DATABASE_URL=... SECRET_KEY=...                        # on each
    python -m dask worker tcp://host:8786 --nworkers 8 --nthreads 1 --nanny --death-timeout 60

Whoever reaches the scheduler's port can run anything on the workers: it belongs into a private
network. A bucket whose worker dies is given to another one.
"""

import multiprocessing
import os
import platform
import queue
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from importlib import import_module
from importlib.metadata import PackageNotFoundError, version
from multiprocessing.process import BaseProcess
from typing import Any, TypeVar
from urllib.parse import urlsplit

import django
from django.apps import apps
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.db import connections

Result = TypeVar("Result")
# A process costs two seconds to start (Django, pandas, compiled kernels): fewer lines than this
# are done sooner without one.
LINES_WORTH_A_PROCESS = 10_000_000
# How long a scheduler may take to answer, and then to have a first worker.
PATIENCE_SECONDS = 10.0
# How long work waits for workers once all are gone; a nanny or an operator may bring some back.
WORKERLESS_SECONDS = 300.0
# Figures are the same to the bit only where these are the same.
PACKAGES = ("Django", "lightgbm", "numba", "numpy", "pandas", "pyarrow", "scikit-learn", "scipy")
SPOKEN = ("cloudpickle", "dask", "distributed", "msgpack")  # with the scheduler, too


class ClusterError(Exception):
    """The cluster cannot do the work, for a reason that lies with it and not with the work."""


def map_buckets(
    function: Callable[..., Result], buckets: Iterable[int], *arguments: Any, lines: int = 0
) -> Iterator[Result]:
    """Yield `function(bucket, *arguments)` for every bucket, as they finish, in any order.

    lines: how much there is to do in all; decides whether more processes are worth it.
    What the function raises is raised here. Raises ImproperlyConfigured if LOYALTY_ENGINE cannot
    be understood, ClusterError if the cluster does not answer, runs other versions or loses
    worker after worker over the same bucket.
    """
    wanted = list(buckets)
    engine = settings.LOYALTY_ENGINE
    if engine.startswith("dask:"):
        yield from _on_cluster(_scheduler(engine), function, wanted, arguments)
        return
    if engine not in ("", "loop", "processes"):
        raise ImproperlyConfigured(
            f"LOYALTY_ENGINE is {engine!r}: wanted 'loop', 'processes' or nothing, or "
            "'dask://host:port' for a cluster"
        )
    many = lines >= LINES_WORTH_A_PROCESS and (os.cpu_count() or 1) > 1
    if engine == "loop" or not (many or engine == "processes"):
        for bucket in wanted:
            yield function(bucket, *arguments)
        return
    # Spawned, not forked: a fork would share sockets with the database and locks of Arrow.
    with ProcessPoolExecutor(
        mp_context=multiprocessing.get_context("spawn"),
        initializer=_begin_beside,
        initargs=(settings.DATABASES["default"]["NAME"],),
    ) as pool:
        try:
            for done in as_completed([pool.submit(function, b, *arguments) for b in wanted]):
                yield done.result()
        except BaseException:  # what is begun ends; what is not is not begun
            pool.shutdown(cancel_futures=True)
            raise


def _begin_beside(database: str) -> None:
    """Set a worker of this machine up; it ends with the process that started it."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        threading.Thread(target=_end_with, args=(parent,), daemon=True).start()
    _begin(database)


def _end_with(parent: BaseProcess) -> None:
    """Whoever was killed cannot tell its workers, who would wait for work for ever."""
    parent.join()
    os._exit(1)


def _begin(database: str) -> None:
    """Set a worker up on the database of the process that started it."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "loyalty.settings")
    if not apps.ready:
        django.setup()
    connections.settings["default"]["NAME"] = database


def _scheduler(engine: str) -> str:
    """The address that a Dask client wants for dask://host:port."""
    try:
        address = urlsplit(engine)
        host, port = address.hostname, address.port
    except ValueError:  # the port is no number
        host = port = None
    if not host or not port or engine.lower() != f"dask://{address.netloc}".lower():
        raise ImproperlyConfigured(
            f"LOYALTY_ENGINE is {engine!r}: wanted a scheduler's host and port, as in "
            "'dask://10.0.0.5:8786'"
        )
    return f"tcp://{address.netloc}"


def _on_cluster(
    address: str,
    function: Callable[..., Result],
    buckets: Sequence[int],
    arguments: tuple[Any, ...],
) -> Iterator[Result]:
    # Only a cluster needs it, and it takes half a second to import.
    import distributed

    try:
        client: Any = distributed.Client(  # type: ignore[no-untyped-call]  # it says no types
            address, timeout=PATIENCE_SECONDS, set_as_default=False
        )
    except OSError as error:
        raise ClusterError(
            f"no Dask scheduler answers at {address} within {PATIENCE_SECONDS:g} seconds: {error}"
        ) from error
    with client:
        ours = versions()
        theirs = client.get_versions()["scheduler"]["packages"]
        _refuse_others("the scheduler", {name: ours[name] for name in SPOKEN}, theirs)
        try:
            client.wait_for_workers(1, timeout=PATIENCE_SECONDS)
        except TimeoutError as error:
            raise ClusterError(
                f"the Dask scheduler at {address} has no worker, nor got one within "
                f"{PATIENCE_SECONDS:g} seconds"
            ) from error
        # A retry repeats what the function itself raises. A bucket whose worker was killed needs
        # none: the scheduler gives it to another, until the fourth in a row is killed.
        futures = client.map(
            run_on_worker,
            buckets,
            path=f"{function.__module__}:{function.__qualname__}",
            arguments=arguments,
            database=settings.DATABASES["default"]["NAME"],
            wanted=ours,
            pure=False,
            retries=0,
        )
        done: queue.SimpleQueue[Any] = queue.SimpleQueue()
        for future in futures:
            future.add_done_callback(done.put)
        try:
            for _ in futures:
                future = _next_done(client, done)
                try:
                    result = future.result()
                except distributed.scheduler.KilledWorker as error:
                    raise ClusterError(
                        f"{error.allowed_failures + 1} workers died one after the other over "
                        "the same bucket; more memory for each, or a larger LOYALTY_BUCKETS, "
                        "may help"
                    ) from error
                except distributed.CancelledError as error:
                    raise ClusterError(f"the Dask scheduler at {address} went away") from error
                future.release()
                yield result
        finally:
            client.cancel(futures)


def _next_done(client: Any, done: "queue.SimpleQueue[Any]") -> Any:
    """Wait for the next finished future, as long as there is a worker now and then."""
    alone = 0.0
    while alone < WORKERLESS_SECONDS:
        try:
            return done.get(timeout=PATIENCE_SECONDS)
        except queue.Empty:
            alone = 0.0 if client.ncores() else alone + PATIENCE_SECONDS
    raise ClusterError(f"the cluster has had no worker for {WORKERLESS_SECONDS:g} seconds")


def run_on_worker(
    bucket: int,
    *,
    path: str,
    arguments: tuple[Any, ...],
    database: str,
    wanted: Mapping[str, str],
) -> Any:
    """Run a bucket function, named as module:function, in a worker of a cluster.

    Nothing but names and small values travels, so a worker runs what is installed beside it. The
    database is the worker's own DATABASE_URL, with the name that the caller's has.
    """
    _refuse_others(f"the worker on {platform.node()}", wanted, versions())
    _begin(database)
    module, _, name = path.partition(":")
    try:
        return getattr(import_module(module), name)(bucket, *arguments)
    finally:
        connections.close_all()


def versions() -> dict[str, str]:
    """Of Python and of the packages on which figures and talk with a cluster depend."""
    found = {"python": platform.python_version()}
    for name in (*PACKAGES, *SPOKEN):
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            found[name] = "none"
    return found


def _refuse_others(who: str, ours: Mapping[str, str], theirs: Mapping[str, str | None]) -> None:
    """Raise ClusterError unless `who` has the versions we have."""
    other = [
        f"{name} {theirs.get(name) or 'none'}, not {wanted}"
        for name, wanted in ours.items()
        if theirs.get(name) != wanted
    ]
    if other:
        raise ClusterError(f"{who} has {'; '.join(other)}")
