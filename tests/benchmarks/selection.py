"""How good and how fast a mailing's sheets are chosen, beside greedy rules and HiGHS.

    python -m tests.benchmarks.selection [--households 500,2500,25000,100000,25000x1000]
        [--simplex-seconds 60] [--million] [--skip-backtest]

Mailings are generated with the tastes of the Complete Journey's households (selection_instances).
The gap is the share of the bound, which no choice can exceed, that is missing; violations are
what the product's verifier counts. Everything is compiled, and loaded once, before the clock. Times
go from a mailing in memory to verified sheets, without any earlier prices, on all cores unless it
is said otherwise: households a second and core are households / seconds / cores. What is compared
runs in turn in one run. The backtest asks the product which coupons of past campaigns its
households use (selection_backtest). The last line is one JSON object.
"""

import argparse
import json
import os
import subprocess
import sys
from typing import Any, NamedTuple

import numba

from coupons.selection.problem import Problem
from tests.benchmarks import selection_instances, selection_runs
from tests.benchmarks.selection_instances import LOOSE, Tastes
from tests.benchmarks.selection_runs import Ours, Rival

SIZES = "500,2500,25000,100000,25000x1000"
OFFERS = 200
SIMPLEX_UP_TO = 2_500  # households; HiGHS finds nothing in time for more
GREEDY_UP_TO = 25_000

Found = dict[str, Any]


class Size(NamedTuple):
    households: int
    offers: int

    def __str__(self) -> str:
        if self.offers == OFFERS:
            return f"{self.households}"
        return f"{self.households}x{self.offers}"


class Goal(NamedTuple):
    """What a figure has to come to, or to stay below."""

    key: str
    limit: float
    is_a_ceiling: bool

    def told(self, found: Found) -> str | None:
        if found.get(self.key) is None:
            return None
        value = float(found[self.key])
        reached = value <= self.limit if self.is_a_ceiling else value >= self.limit
        wanted = f"{'at most' if self.is_a_ceiling else 'at least'} {self.limit:g}"
        return f"{self.key:<34}{value:>14.6g}  {wanted:<20}{'reached' if reached else 'MISSED'}"


GOALS = (
    Goal("violations", 0, is_a_ceiling=True),
    Goal("gap_2500", 1e-3, is_a_ceiling=True),
    Goal("gap_25000", 1e-4, is_a_ceiling=True),
    Goal("gap_100000", 1e-4, is_a_ceiling=True),
    Goal("households_per_s_100000", 5_000, is_a_ceiling=False),
    Goal("seconds_to_simplex", 1, is_a_ceiling=True),
    Goal("gap_to_simplex", 1e-3, is_a_ceiling=True),
    Goal("greedy_lead", 0.10, is_a_ceiling=False),
    Goal("identical", 1, is_a_ceiling=False),
    Goal("million_seconds", 120, is_a_ceiling=True),
    Goal("million_peak_gib", 5, is_a_ceiling=True),
    Goal("backtest_recall8", 0.535, is_a_ceiling=False),
)


def judge(size: Size, tastes: Tastes, *, simplex_seconds: float) -> Found:
    """Choose one mailing's sheets in every way that is for its size; figures by key."""
    say(f"{size.households} households, {size.offers} offers")
    problem = selection_instances.problem(size.households, size.offers, tastes)
    first = selection_runs.ours(problem)
    row(size, "ours", first)
    found = figures(size, first)
    if size.households <= SIMPLEX_UP_TO:
        found |= beside_simplex(size, problem, first, simplex_seconds)
    if size.households <= GREEDY_UP_TO:
        found |= beside_greedy(size, problem, first)
    if size.offers == OFFERS:
        with selection_runs.threads(1):
            alone = selection_runs.ours(problem)
        row(size, "ours, one thread", alone)
        found[f"identical_{size}"] = selection_runs.same(first.solution, alone.solution)
        found[f"households_per_s_one_thread_{size}"] = alone.households / alone.seconds
        found[f"violations_one_thread_{size}"] = alone.broken
    later = selection_instances.next_mailing(problem)
    warm = selection_runs.ours(later, start=first.solution.prices)
    row(size, "ours, next mailing", warm)
    return found | {
        f"warm_seconds_{size}": warm.seconds,
        f"warm_cpu_seconds_{size}": warm.cpu_seconds,
        f"warm_passes_{size}": warm.solution.passes,
        f"warm_gap_{size}": warm.solution.gap,
        f"violations_warm_{size}": warm.broken,
    }


def figures(size: Size, first: Ours) -> Found:
    return {
        f"gap_{size}": first.solution.gap,
        f"violations_{size}": first.broken,
        f"seconds_{size}": first.seconds,
        f"cpu_seconds_{size}": first.cpu_seconds,
        f"households_per_s_{size}": first.households / first.seconds / numba.get_num_threads(),
        f"households_per_cpu_s_{size}": first.households / first.cpu_seconds,
        f"passes_{size}": first.solution.passes,
        f"steps_{size}": first.solution.seconds,
    }


def beside_simplex(size: Size, problem: Problem, first: Ours, seconds: float) -> Found:
    told = selection_runs.simplex(problem, first, seconds=seconds)
    key = f"simplex_seconds_{size}"
    if told.optimum is None:
        print(f"{'   HiGHS simplex':<42}none in {told.seconds:.0f} s")
        return {key: None, f"simplex_gave_up_after_{size}": told.seconds}
    gap = 1 - first.solution.value / told.optimum
    above = first.solution.bound / told.optimum - 1
    print(
        f"{'   HiGHS simplex, items in part':<42}{told.seconds:>9.2f} s"
        f"{told.cpu_seconds:>9.2f} CPU s; ours is {100 * gap:.4f} % below its optimum, "
        f"our bound {100 * above:.4f} % above it"
    )
    return {
        key: told.seconds,
        f"gap_to_simplex_{size}": gap,
        f"seconds_to_simplex_{size}": first.seconds / told.seconds,
        f"simplex_cpu_seconds_{size}": told.cpu_seconds,
    }


def beside_greedy(size: Size, problem: Problem, first: Ours) -> Found:
    """Greedy rules at these budgets; at the usual number of offers, at loose budgets, too."""
    found = greedily(f"{size}", problem, first)
    if size.offers != OFFERS:
        return found
    limits = problem.limits
    loose = problem._replace(
        limits=limits._replace(
            offer_budget=limits.offer_budget * LOOSE,
            funder_budget=limits.funder_budget * LOOSE,
            budget=limits.budget * LOOSE,
        )
    )
    ours = selection_runs.ours(loose)
    row(size, f"ours, {LOOSE:g} times the budgets", ours)
    found[f"gap_loose_{size}"] = ours.solution.gap
    found[f"violations_loose_{size}"] = ours.broken
    return found | greedily(f"loose_{size}", loose, ours)


def greedily(name: str, problem: Problem, first: Ours) -> Found:
    rivals = list(selection_runs.greedy(problem, first.solution.bound))
    for rival in rivals:
        print(rival_line(rival))
    *greedy, top_k = rivals
    best = max(greedy, key=lambda rival: rival.share)
    return {
        f"greedy_share_{name}": best.share,
        f"greedy_best_{name}": best.name,
        f"greedy_lead_{name}": first.share - best.share,
        f"greedy_shares_{name}": {rival.name: rival.share for rival in greedy},
        f"greedy_empty_{name}": {rival.name: rival.empty for rival in greedy},
        f"top_k_share_{name}": top_k.share,
        f"top_k_broken_limits_{name}": top_k.broken,
    }


def told_by(module: str, prefix: str) -> Found:
    """The figures that another benchmark prints last, run in a process of its own."""
    say(module)
    words = [sys.executable, "-m", f"tests.benchmarks.{module}"]
    done = subprocess.run(words, stdout=subprocess.PIPE, text=True, check=True)
    told = json.loads(done.stdout.splitlines()[-1])
    return {f"{prefix}_{key}": value for key, value in told.items()}


def summed_up(found: Found, sizes: list[Size]) -> Found:
    """The figures that speak for the run: of 100,000 households, or of as many as there were."""
    usual = [size for size in sizes if size.offers == OFFERS] or sizes
    largest = max(usual)
    greedy = max((size for size in usual if size.households <= GREEDY_UP_TO), default=None)
    exact = [size for size in usual if found.get(f"simplex_seconds_{size}") is not None]
    best = min(exact, default=None)
    return {
        "gap": found[f"gap_{largest}"],
        "violations": sum(
            value for key, value in found.items() if "violations" in key and "top_k" not in key
        ),
        "households_per_s": found[f"households_per_s_{largest}"],
        "greedy_share": found.get(f"greedy_share_{greedy}"),
        "greedy_lead": found.get(f"greedy_lead_{greedy}"),
        "seconds_to_simplex": found.get(f"seconds_to_simplex_{best}"),
        "gap_to_simplex": found.get(f"gap_to_simplex_{best}"),
        "identical": all(value for key, value in found.items() if key.startswith("identical_")),
        "largest": f"{largest}",
    }


def row(size: Size, name: str, ours: Ours) -> None:
    rate = ours.households / ours.seconds / numba.get_num_threads()
    print(
        f"{f'{size.households:,} x {size.offers:,}':<16}{name:<26}{ours.seconds:>9.2f} s"
        f"{ours.cpu_seconds:>9.2f} CPU s{100 * ours.solution.gap:>10.5f} % gap"
        f"{ours.broken:>4} broken"
        f"{ours.solution.passes:>5} passes{rate:>12,.0f} /s/thread",
        flush=True,
    )


def rival_line(rival: Rival) -> str:
    return (
        f"   {rival.name.replace('_', ' '):<32}{rival.seconds:>8.2f} s{100 * rival.share:>9.2f} % "
        f"of the bound{rival.empty:>9,} empty places{rival.broken:>6} limits broken"
    )


def say(what: str) -> None:
    print(what, file=sys.stderr, flush=True)


def sizes_of(text: str) -> list[Size]:
    """Sizes such as 2500 or 25000x1000: households, and offers unless there are 200."""
    parts = [each.partition("x") for each in text.split(",")]
    return [Size(int(homes), int(offers or OFFERS)) for homes, _, offers in parts]


def main() -> None:
    words = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    words.add_argument("--households", default=SIZES, type=sizes_of, metavar=SIZES)
    words.add_argument("--simplex-seconds", default=60.0, type=float, help="for HiGHS, at most")
    words.add_argument("--million", action="store_true", help="and a million households")
    words.add_argument("--skip-backtest", action="store_true")
    said = words.parse_args()
    threads, cores = numba.get_num_threads(), selection_runs.cores()
    tastes = selection_instances.read_tastes()
    found: Found = {"threads": threads, "cores": cores, "load": os.getloadavg()[0]}
    found["compiling_seconds"] = selection_runs.warm_up(tastes)
    print(
        f"{threads} threads on {cores} cores, load {found['load']:.1f}; compiled or loaded, before "
        f"the clock, in {found['compiling_seconds']:.1f} s",
        flush=True,
    )
    for size in said.households:
        found |= judge(size, tastes, simplex_seconds=said.simplex_seconds)
    if said.million:
        found |= told_by("selection_million", "million")
    if not said.skip_backtest:
        found |= told_by("selection_backtest", "backtest")
    found |= summed_up(found, said.households)
    print("", *filter(None, (goal.told(found) for goal in GOALS)), "", sep="\n")
    for method in ("popularity", "personal_top", "closed_form"):
        if f"backtest_recall8_{method}" in found:
            print(
                f"   recall of the best eight, {method}: {found[f'backtest_recall8_{method}']:.4f}"
            )
    print(json.dumps({key: rounded(value) for key, value in found.items()}))


def rounded(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: rounded(each) for key, each in value.items()}
    return float(f"{value:.6g}") if isinstance(value, float) else value


if __name__ == "__main__":
    main()
