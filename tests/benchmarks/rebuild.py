"""How fast the night rebuilds what is believed of a hundred thousand households.

    python -m tests.benchmarks.rebuild [--households 100000] [--buckets 64] [--rounds 5]

On a PostgreSQL of its own, with the Complete Journey's households copied so often (copies.py says
how). A larger shop has more buckets, all of one size: the first quarter of the buckets is filled,
then half, then all, and each time the night is rebuilt, with models learned from the first
quarter. Learning, once a month, is told apart. CPU seconds are those of this process, of its
children and of PostgreSQL; they say more than the clock does on a machine with other work. The
last line is one JSON object.
"""

import argparse
import contextlib
import json
import os
import shutil
import statistics
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import quote

import numpy as np
import pandas as pd

from loyalty import localpg

AS_OF = date(2018, 1, 1)
PANDAS_HOUSEHOLDS = 40  # at some 30,000 lines a second, more would say the same


# What a line costs.


class Cost(NamedTuple):
    """CPU seconds."""

    reading: float
    serving: float  # by PostgreSQL
    telling: float  # kernel.statistics, by product


def cost_of(buckets: range) -> tuple[int, Cost]:
    """Read the buckets and tell statistics of each; returns the lines, too."""
    from django.db import connection

    from loyalty import assortment, history
    from loyalty.shopper import kernel

    kinds = assortment.read(assortment.last_product(), assortment.last_store())
    goods = kinds.levels["product"]
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        ((backend,),) = cursor.fetchall()
    lines, reading, telling = 0, 0.0, 0.0
    served = cpu_seconds(backend)
    for bucket in buckets:
        began = time.process_time()
        read = history.read(bucket, kinds.products, before=AS_OF, by_household=True)
        between = time.process_time()
        kernel.statistics(
            read.lines,
            goods.item_of_product,
            households=len(read.households),
            items=goods.items,
            as_of=history.day_number(AS_OF),
        )
        telling += time.process_time() - between
        reading += between - began
        lines += len(read.lines.day)
    return lines, Cost(reading, cpu_seconds(backend) - served, telling)


def ratio_to_pandas(bucket: int) -> tuple[float, float]:
    """Lines a CPU second of the kernel and of pandas on one bucket, figures compared."""
    from loyalty import assortment, history
    from loyalty.shopper import kernel

    kinds = assortment.read(assortment.last_product(), assortment.last_store())
    goods = kinds.levels["product"]
    read = history.read(bucket, kinds.products, before=AS_OF, by_household=True)
    as_of = history.day_number(AS_OF)

    def tell() -> kernel.Statistics:
        return kernel.statistics(
            read.lines,
            goods.item_of_product,
            households=len(read.households),
            items=goods.items,
            as_of=as_of,
        )

    took = []
    for _ in range(5):
        began = time.process_time()
        said = tell()
        took.append(time.process_time() - began)
    frame = pd.DataFrame(read.lines._asdict())
    frame = frame[goods.item_of_product[frame["product"]] >= 0]
    few = frame[frame["household"] < PANDAS_HOUSEHOLDS]
    began = time.process_time()
    slowly: Any = few.groupby("household").apply(told_by_pandas, as_of=as_of)
    slow = time.process_time() - began
    mine = said.household < PANDAS_HOUSEHOLDS
    assert slowly.index.tolist() == list(
        zip(said.household[mine].tolist(), said.item[mine].tolist(), strict=True)
    )
    for name in ("n", "first", "last", "last_gap", "discounted_days", "amount_cents", "quantity"):
        assert slowly[name].tolist() == getattr(said, name)[mine].tolist(), name
    assert np.allclose(slowly[["decayed_0", "decayed_1", "decayed_2"]], said.decayed[mine])
    return len(read.lines.day) / statistics.median(took), len(few) / slow


def told_by_pandas(mine: pd.DataFrame, as_of: int) -> Any:
    """A frame of one household's items, and its own figures beside, as an analyst would do it."""
    from loyalty.shopper.kernel import HALF_LIVES_DAYS

    bought = mine[mine["quantity"] >= 0]
    days = bought.drop_duplicates(["product", "day"]).sort_values("day")
    by_item = days.groupby("product")["day"]
    told = by_item.agg(n="size", first="first", last="last")
    told["last_gap"] = by_item.diff().groupby(days["product"]).last()
    told["last_gap"] = told["last_gap"].fillna(0).astype(int)
    discounted = bought[bought["discount_cents"] > 0].drop_duplicates(["product", "day"])
    told["discounted_days"] = discounted.groupby("product").size()
    told["discounted_days"] = told["discounted_days"].fillna(0).astype(int)
    for place, half_life in enumerate(HALF_LIVES_DAYS):
        weight = 0.5 ** ((as_of - days["day"]) / half_life)
        told[f"decayed_{place}"] = weight.groupby(days["product"]).sum()
    told[["amount_cents", "quantity"]] = mine.groupby("product")[["amount_cents", "quantity"]].sum()
    weekdays = pd.crosstab(days["product"], (days["day"] + 5) % 7)
    shopped = bought["day"].drop_duplicates()
    mine.attrs["home"] = {
        "shopping_days": len(shopped),
        "baskets": len(bought[["day", "basket"]].drop_duplicates()),
        "lines": len(bought),
        "coupon_lines": int(bought["coupon"].sum()),
        "amount_cents": int(mine["amount_cents"].sum()),
        "discount_cents": int(mine["discount_cents"].sum()),
        "weekday_days": ((shopped + 5) % 7).value_counts(),
        "week_cents": mine.groupby((as_of - 1 - mine["day"]) // 7)["amount_cents"].sum(),
        "week_days": shopped.groupby((as_of - 1 - shopped) // 7).size(),
        "decayed": [(0.5 ** ((as_of - shopped) / life)).sum() for life in HALF_LIVES_DAYS],
        "weekdays": weekdays,
    }
    return told


# What a night costs.


def cpu_seconds(pid: int, *, with_children: bool = False) -> float:
    """CPU time of a process so far, in steps of a hundredth; of its ended children on request."""
    fields = Path(f"/proc/{pid}/stat").read_text("latin-1").rpartition(")")[2].split()
    return sum(map(int, fields[11 : 15 if with_children else 13])) / os.sysconf("SC_CLK_TCK")


class Memory(threading.Thread):
    """Watches how much memory this process, its children and PostgreSQL use together.

    What PostgreSQL's processes share, its buffers and its program, counts once.
    """

    def __init__(self, postmaster: int) -> None:
        super().__init__(daemon=True)
        self._postmaster = postmaster
        self._over = threading.Event()
        self.peak = 0  # bytes

    def run(self) -> None:
        while not self._over.wait(0.1):
            self.peak = max(self.peak, self._now())

    def stop(self) -> int:
        self._over.set()
        self.join()
        return self.peak

    def _now(self) -> int:
        parents: dict[int, int] = {}
        used: dict[int, tuple[int, int]] = {}  # its own, and mapped: buffers and program
        for folder in Path("/proc").glob("[0-9]*"):
            with contextlib.suppress(OSError, KeyError):  # it ended meanwhile
                rows = (line.split(":") for line in (folder / "status").read_text().splitlines())
                said = {name: value.split() for name, value, *_ in rows}
                own, *mapped = (int(said[f"Rss{kind}"][0]) for kind in ("Anon", "File", "Shmem"))
                parents[int(folder.name)] = int(said["PPid"][0])
                used[int(folder.name)] = own * 1024, sum(mapped) * 1024
        ours, theirs = [], []
        for pid in used:
            line = [pid]
            while line[-1] in parents:
                line.append(parents[line[-1]])
            if self._postmaster in line:
                theirs.append(used[pid])
            elif os.getpid() in line:
                ours.append(used[pid])
        shared = max((mapped for _, mapped in theirs), default=0)
        return sum(own + mapped for own, mapped in ours) + sum(own for own, _ in theirs) + shared


class Night(NamedTuple):
    households: int
    lines: int
    seconds: float
    cpu_seconds: float
    peak_bytes: int
    steps: dict[str, float]


def night(as_of: date, postmaster: int) -> Night:
    """Rebuild, score and publish, with what was learned."""
    from django.db import connection

    from loyalty import rebuild

    def cpu() -> float:
        connection.close()  # its server process is counted once it has ended
        time.sleep(0.2)
        return sum(cpu_seconds(pid, with_children=True) for pid in (os.getpid(), postmaster))

    memory = Memory(postmaster)
    memory.start()
    before, began = cpu(), time.perf_counter()
    run = rebuild.rebuild(as_of)
    took = time.perf_counter() - began
    used = cpu() - before
    peak = memory.stop()
    return Night(run.households, run.lines, took, used, peak, dict(run.report["seconds"]))


@contextlib.contextmanager
def own_postgres(buckets: int) -> Iterator[int]:
    """Set Django up on a fresh, durable PostgreSQL; yields its postmaster's process id."""
    folder = Path(tempfile.mkdtemp(prefix="loyalty-rebuild-"))
    # Passable, though not readable: PostgreSQL runs as nobody where this runs as root.
    folder.chmod(0o711)
    home = folder / "postgres"
    try:
        place = localpg.ensure(home)
        os.environ |= {
            "DATABASE_URL": f"postgres://{place['USER']}@{quote(place['HOST'], safe='')}"
            f"/{place['NAME']}",
            "SECRET_KEY": "of a database that lives for some minutes",
            "DJANGO_SETTINGS_MODULE": "loyalty.settings",
            "LOYALTY_BUCKETS": str(buckets),
            "LOYALTY_ENGINE": "processes",
        }
        import django
        from django.core.management import call_command

        django.setup()
        call_command("migrate", verbosity=0)
        postmaster = localpg.status(home).pid
        assert postmaster is not None
        yield postmaster
    finally:
        with contextlib.suppress(Exception):
            from django.db import connections

            connections.close_all()
        localpg.stop(home)
        if (pointer := home / "elsewhere").exists():
            shutil.rmtree(pointer.read_text().strip(), ignore_errors=True)
        shutil.rmtree(folder, ignore_errors=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--households", type=int, default=100_000)
    parser.add_argument("--buckets", type=int, default=64, help="a power of two, at least 4")
    parser.add_argument("--rounds", type=int, default=5, help="of reading, for the median")
    options = parser.parse_args()
    with own_postgres(options.buckets) as postmaster, tempfile.TemporaryDirectory() as folder:
        from django.db import connection

        from loyalty import engine, learning
        from tests.benchmarks import copies

        copies.open_shop(Path(folder))
        nights: list[Night] = []
        begin, learned, learning_bytes = 0, 0.0, 0
        for share in (4, 2, 1):
            end = options.buckets // share
            began = time.perf_counter()
            lines = sum(
                engine.map_buckets(copies.fill, range(begin, end), folder, options.households)
            )
            begin = end
            with connection.cursor() as cursor:
                cursor.execute("ANALYZE")
                cursor.execute("CHECKPOINT")
            say(f"{lines:,} lines sealed in {time.perf_counter() - began:.0f} s")
            if share == 4:
                memory = Memory(postmaster)
                memory.start()
                began = time.perf_counter()
                learning.learn(AS_OF)
                learned, learning_bytes = time.perf_counter() - began, memory.stop()
                say(f"learned in {learned:.0f} s, {learning_bytes / 2**30:.2f} GiB")
            nights.append(night(AS_OF, postmaster))
            say(f"night: {nights[-1]}")
        few = range(min(8, options.buckets))
        cost_of(few[:1])  # compiled kernels and connections are there
        costs = [cost_of(few) for _ in range(options.rounds)]
        kernel_rate, pandas_rate = ratio_to_pandas(0)
        with connection.cursor() as cursor:
            cursor.execute("SELECT sum(octet_length(data)) FROM loyalty_purchasechunk")
            ((packed,),) = cursor.fetchall()
    parts = [
        statistics.median(part) / costs[0][0] * 1e9
        for part in zip(*(cost for _, cost in costs), strict=True)
    ]
    rate = statistics.median(lines / sum(cost) for lines, cost in costs)
    last = nights[-1]
    print(f"{'a line costs, ns of CPU':<40}{'reading':>10}{'PostgreSQL':>12}{'telling':>10}")
    print(f"{'':<40}{parts[0]:>10.0f}{parts[1]:>12.0f}{parts[2]:>10.0f}")
    print(
        f"{'households':<14}{'lines':>14}{'seconds':>10}{'CPU s':>8}{'s per M lines':>15}"
        f"{'CPU s per M':>13}{'peak GiB':>10}"
    )
    for one in nights:
        print(
            f"{one.households:<14,}{one.lines:>14,}{one.seconds:>10.1f}{one.cpu_seconds:>8.1f}"
            f"{one.seconds / one.lines * 1e6:>15.3f}{one.cpu_seconds / one.lines * 1e6:>13.3f}"
            f"{one.peak_bytes / 2**30:>10.2f}"
        )
    found = {
        "lines_per_cpu_s": round(rate),
        "kernel_lines_per_cpu_s": round(kernel_rate),
        "pandas_lines_per_cpu_s": round(pandas_rate),
        "ratio_pandas": round(kernel_rate / pandas_rate, 1),
        "bytes_per_line": round(int(packed) / last.lines, 2),
        "households": last.households,
        "lines": last.lines,
        "rebuild_s": round(last.seconds, 1),
        "rebuild_cpu_s": round(last.cpu_seconds, 1),
        "steps_s": last.steps,
        "peak_gib": round(last.peak_bytes / 2**30, 2),
        "seconds_per_m_lines": [round(one.seconds / one.lines * 1e6, 3) for one in nights],
        "cpu_seconds_per_m_lines": [round(one.cpu_seconds / one.lines * 1e6, 3) for one in nights],
        "learning_s": round(learned, 1),
        "learning_peak_gib": round(learning_bytes / 2**30, 2),
        "cores": os.cpu_count(),
    }
    print(json.dumps(found))


def say(what: str) -> None:
    print(what, file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()
