"""A million households in a process of its own, so that its memory is what is measured.

    python -m tests.benchmarks.selection_million [--households 1000000] [--offers 200]

Prints one JSON object. Needs Linux, which says how much memory a process had at most.
"""

import argparse
import json
from pathlib import Path

from tests.benchmarks import selection_instances, selection_runs


def peak_gib() -> float:
    """The most memory that this process had so far."""
    status = Path("/proc/self/status").read_text()
    (kib,) = [line.split()[1] for line in status.splitlines() if line.startswith("VmHWM")]
    return int(kib) / 2**20


def forget_peak() -> None:
    """Count from here on: reading the data set takes memory that no selection needs."""
    Path("/proc/self/clear_refs").write_text("5")


def main() -> None:
    words = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    words.add_argument("--households", type=int, default=1_000_000)
    words.add_argument("--offers", type=int, default=200)
    said = words.parse_args()
    tastes = selection_instances.read_tastes()
    selection_runs.warm_up(tastes)
    forget_peak()
    problem = selection_instances.problem(said.households, said.offers, tastes)
    drawn = peak_gib()
    first = selection_runs.ours(problem)
    peak = peak_gib()
    later = selection_instances.next_mailing(problem)
    again = selection_runs.ours(later, start=first.solution.prices)
    found = {
        "households": first.households,
        "items": first.items,
        "gap": first.solution.gap,
        "violations": first.broken + again.broken,
        "seconds": round(first.seconds, 2),
        "cpu_seconds": round(first.cpu_seconds, 2),
        "passes": first.solution.passes,
        "peak_gib": round(peak, 3),
        "peak_gib_of_drawing": round(drawn, 3),
        "warm_seconds": round(again.seconds, 2),
        "warm_cpu_seconds": round(again.cpu_seconds, 2),
        "warm_passes": again.solution.passes,
        "warm_gap": again.solution.gap,
    }
    print(json.dumps(found))


if __name__ == "__main__":
    main()
