"""Where the night's work runs: here, on all cores, or on a cluster that loses a worker."""

import contextlib
import hashlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from urllib.parse import quote

import numpy as np
import pytest
from django.core.exceptions import ImproperlyConfigured
from django.db import connection, transaction

from loyalty import engine, history, rebuild
from loyalty.models import BucketReceipt, ModelRun
from loyalty.shopper import kernel
from pos_integration.models import Product
from tests import make
from tests.loyalty import test_rebuild as a_night

ROOT = Path(__file__).parent.parent.parent
MORNING = date(2026, 3, 10)


def tell(bucket: int, run_id: int, pause_seconds: float = 0.0) -> tuple[int, str]:
    """A bucket function: what one pass says of the bucket, as a hash, with its receipt."""
    products = np.array(sorted(Product.objects.values_list("pk", flat=True)), np.int64)
    read = history.read(bucket, products, before=MORNING)
    items = np.arange(len(products), dtype=np.int32)
    said = kernel.statistics(
        read.lines,
        items,
        households=len(read.households),
        items=len(items),
        as_of=history.day_number(MORNING),
    )
    time.sleep(pause_seconds)
    with transaction.atomic():
        BucketReceipt.objects.get_or_create(
            run_id=run_id,
            step="told",
            bucket=bucket,
            defaults={"households": len(read.households), "lines": len(said.n), "seconds": 0},
        )
    seen = hashlib.sha256(said.decayed.tobytes())
    for column in (said.household, said.item, said.n, said.amount_cents, *said.households):
        seen.update(np.ascontiguousarray(column).tobytes())
    return bucket, seen.hexdigest()


def refuse(bucket: int) -> None:
    """A bucket function that finds something wrong."""
    raise LookupError(f"bucket {bucket} holds nothing")


def where_am_i(bucket: int) -> int:
    return os.getpid()


def stay(bucket: int, folder: str) -> None:
    """A bucket function that says where it runs, and has more to do than anybody waits for."""
    (Path(folder) / str(os.getpid())).touch()
    time.sleep(60)


class Cluster:
    """A scheduler and workers on this machine, a process each."""

    def __init__(self, folder: Path, database_url: str) -> None:
        self._folder = folder
        self._environment = {
            **os.environ,
            "DATABASE_URL": database_url,
            "SECRET_KEY": "of a worker that lives for a test",
            "DJANGO_SETTINGS_MODULE": "loyalty.settings",
            "DASK_LOGGING__DISTRIBUTED": "warning",
        }
        self._contact = folder / "scheduler.json"
        self._scheduler = self._start("scheduler", "--host", "127.0.0.1", "--port", "0")
        self.workers: list[subprocess.Popen[bytes]] = []

    def _start(self, kind: str, *words: str) -> "subprocess.Popen[bytes]":
        with (self._folder / f"{kind}.log").open("ab") as log:
            return subprocess.Popen(
                [
                    *(sys.executable, "-m", "dask", kind, "--no-dashboard"),
                    *("--scheduler-file", str(self._contact), *words),
                ],
                cwd=ROOT,
                env=self._environment,
                stdout=log,
                stderr=subprocess.STDOUT,
            )

    def hire(self, count: int) -> None:
        self.workers += [
            self._start(
                *("worker", "--no-nanny", "--nthreads", "1", "--memory-limit", "0"),
                *("--death-timeout", "30", "--local-directory", str(self._folder)),
            )
            for _ in range(count)
        ]

    @property
    def engine(self) -> str:
        import distributed

        with distributed.Client(scheduler_file=str(self._contact), set_as_default=False) as client:
            client.wait_for_workers(len(self.workers), timeout=60)
            return str(client.scheduler.address).replace("tcp://", "dask://")

    def kill_worker(self) -> None:
        worker = self.workers.pop()
        worker.send_signal(signal.SIGKILL)
        worker.wait()

    def stop(self) -> None:
        for process in (*self.workers, self._scheduler):
            process.kill()
            process.wait()


@contextlib.contextmanager
def cluster(folder: Path) -> Iterator[Cluster]:
    place = connection.settings_dict
    user = ":".join(quote(place[key]) for key in ("USER", "PASSWORD") if place[key])
    host = ":".join([quote(place["HOST"], safe=""), *filter(None, [str(place["PORT"])])])
    # The tests' own database has another name, which must reach the workers.
    made = Cluster(folder, f"postgres://{user}@{host}/postgres")
    try:
        yield made
    finally:
        made.stop()


def shop() -> ModelRun:
    """Twenty households' purchases of some weeks."""
    for home in range(20):
        make.household(f"card {home}", name=f"Household {home}")
        for ago in range(1, 30, 5 + home):
            make.line(make.basket(f"card {home}", MORNING - timedelta(days=ago)))
    history.seal()
    return ModelRun.objects.create(as_of=MORNING, history_hash="")


@pytest.mark.django_db(transaction=True)
def test_a_night_on_a_cluster_that_loses_a_worker_believes_what_one_machine_believes(
    settings, tmp_path
):
    a_night.shop()
    settings.LOYALTY_ENGINE = "loop"
    rebuild.rebuild(MORNING)
    expected = a_night.believed()
    ModelRun.objects.all().delete()
    with cluster(tmp_path) as made:
        made.hire(2)
        settings.LOYALTY_ENGINE = made.engine

        def one_dies(done: int, total: int) -> None:
            if done >= total // 3 and len(made.workers) == 2:
                made.kill_worker()

        run = rebuild.rebuild(MORNING, one_dies)

    assert len(made.workers) == 1
    assert a_night.believed() == expected
    assert run.receipts.count() == len(rebuild.STEPS) * len(history.buckets())


@pytest.mark.django_db(transaction=True)
def test_a_cluster_that_loses_workers_says_what_one_machine_says_and_each_bucket_once(
    settings, tmp_path
):
    run = shop()
    with cluster(tmp_path) as made:
        made.hire(3)
        settings.LOYALTY_ENGINE = "loop"
        expected = dict(engine.map_buckets(tell, history.buckets(), run.pk))
        assert len(set(expected.values())) > 5
        run.receipts.all().delete()

        settings.LOYALTY_ENGINE = made.engine
        assert dict(engine.map_buckets(tell, history.buckets(), run.pk)) == expected
        pids = set(engine.map_buckets(where_am_i, history.buckets()))
        assert pids <= {worker.pid for worker in made.workers}

        while len(made.workers) > 1:  # three work and one is killed, then two
            run.receipts.all().delete()
            told = {}
            for bucket, said in engine.map_buckets(tell, history.buckets(), run.pk, 0.05):
                assert bucket not in told
                told[bucket] = said
                if len(told) == 4:  # with others under way
                    made.kill_worker()
            assert told == expected
            receipts = run.receipts.filter(step="told").values_list("bucket", flat=True)
            assert sorted(receipts) == list(history.buckets())

        assert dict(engine.map_buckets(tell, history.buckets(), run.pk)) == expected
        with pytest.raises(LookupError, match="holds nothing"):
            list(engine.map_buckets(refuse, [1, 2, 3]))
    assert run.receipts.count() == len(history.buckets())


def test_a_scheduler_that_does_not_answer_is_named(settings, monkeypatch):
    monkeypatch.setattr(engine, "PATIENCE_SECONDS", 0.3)
    settings.LOYALTY_ENGINE = "dask://127.0.0.1:1"
    with pytest.raises(
        engine.ClusterError, match=r"no Dask scheduler answers at tcp://127.0.0.1:1"
    ):
        list(engine.map_buckets(where_am_i, [1]))


def test_a_worker_with_other_versions_works_on_nothing():
    wanted = {**engine.versions(), "numpy": "1.0"}
    with pytest.raises(engine.ClusterError, match=r"the worker on .* has numpy .*, not 1.0"):
        engine.run_on_worker(
            1, path="tests.loyalty.test_engine:tell", arguments=(), database="", wanted=wanted
        )


@pytest.mark.parametrize("name", ["dask://", "dask://host", "dask://host:port", "dask://h:1/x"])
def test_a_cluster_without_host_and_port_is_refused(settings, name):
    settings.LOYALTY_ENGINE = name
    with pytest.raises(ImproperlyConfigured, match="wanted a scheduler's host and port"):
        list(engine.map_buckets(where_am_i, [1]))


def test_a_small_night_stays_in_this_process(settings):
    settings.LOYALTY_ENGINE = ""
    assert set(engine.map_buckets(where_am_i, range(3), lines=1000)) == {os.getpid()}


STAY = """
import sys, django
from django.conf import settings
settings.LOYALTY_ENGINE = "processes"
settings.DATABASES["default"]["NAME"] = sys.argv[1]
django.setup()
from loyalty import engine
from tests.loyalty.test_engine import stay
list(engine.map_buckets(stay, range(2), sys.argv[2]))
"""


@pytest.mark.django_db(transaction=True)
def test_workers_end_with_the_process_that_was_killed(tmp_path):
    chief = subprocess.Popen(
        [sys.executable, "-c", STAY, connection.settings_dict["NAME"], str(tmp_path)],
        cwd=ROOT,
        env={**os.environ, "DJANGO_SETTINGS_MODULE": "loyalty.settings"},
    )
    for _ in range(1200):
        if workers := [int(path.name) for path in tmp_path.iterdir()]:
            break
        assert chief.poll() is None
        time.sleep(0.05)
    chief.send_signal(signal.SIGKILL)
    chief.wait()
    for _ in range(200):
        if not any(Path(f"/proc/{worker}").exists() for worker in workers):
            return
        time.sleep(0.05)
    pytest.fail(f"workers {workers} live on")
