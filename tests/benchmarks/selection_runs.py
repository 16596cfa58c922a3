"""One mailing's sheets chosen and measured: how good, how fast, and the same on any threads."""

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple

import numba

from coupons.selection import solving, verifying
from coupons.selection.problem import Prices, Problem, Solution
from tests.benchmarks import selection_greedy, selection_highs, selection_instances
from tests.benchmarks.selection_highs import Relaxed
from tests.benchmarks.selection_instances import Tastes


class Ours(NamedTuple):
    """The product's sheets for one mailing, chosen from the problem in memory and verified."""

    households: int
    items: int
    solution: Solution
    seconds: float
    cpu_seconds: float  # of all threads
    broken: int  # rules and limits

    @property
    def share(self) -> float:
        """Of the bound."""
        return self.solution.value / self.solution.bound


class Rival(NamedTuple):
    """Another method's sheets for the same mailing."""

    name: str
    seconds: float  # for the greedy ones of one thread
    share: float  # of our bound
    empty: int  # places without a coupon
    broken: int  # limits of all households together


def ours(problem: Problem, *, start: Prices | None = None, sample: int = 25_000) -> Ours:
    began, cpu = time.perf_counter(), time.process_time()
    solution = solving.solve(problem, start=start, sample=sample)
    seconds, cpu = time.perf_counter() - began, time.process_time() - cpu
    found = verifying.verify(problem, solution.chosen)
    table = problem.table
    worth = selection_greedy.worth_of(table, solution.chosen)
    if abs(worth - solution.value) > 1e-6 * abs(worth):
        raise AssertionError(f"sheets said to be worth {solution.value} are worth {worth}")
    return Ours(len(table.places), len(table.column), solution, seconds, cpu, found.total)


@contextmanager
def threads(count: int) -> Iterator[None]:
    before = numba.get_num_threads()
    numba.set_num_threads(count)
    try:
        yield
    finally:
        numba.set_num_threads(before)


def same(one: Solution, other: Solution) -> bool:
    """Whether two answers are the same to the last bit, their times aside."""
    return (
        one.chosen.tobytes() == other.chosen.tobytes()
        and one.moved_for.tobytes() == other.moved_for.tobytes()
        and (one.bound, one.value, one.passes) == (other.bound, other.value, other.passes)
    )


def greedy(problem: Problem, bound: float) -> Iterator[Rival]:
    """The greedy rules and, last, every household's best sheet whatever the limits say."""
    methods = selection_greedy.methods(problem)
    while True:
        began = time.perf_counter()
        try:
            name, chosen = next(methods)
        except StopIteration:
            break
        yield _rival(name, problem, chosen, time.perf_counter() - began, bound)
    began = time.perf_counter()
    chosen = selection_greedy.best_of_each(problem)
    yield _rival("top_k", problem, chosen, time.perf_counter() - began, bound)


def _rival(name: str, problem: Problem, chosen: Any, seconds: float, bound: float) -> Rival:
    found = verifying.verify(problem, chosen)
    return Rival(
        name,
        seconds,
        selection_greedy.worth_of(problem.table, chosen) / bound,
        int(problem.table.places.sum()) - int((chosen >= 0).sum()),
        found.most + found.least + found.offer_budget + found.funder_budget + found.budget
        + found.fairness,
    )  # fmt: skip


def simplex(problem: Problem, ours: Ours, *, seconds: float) -> Relaxed:
    """HiGHS on the same mailing; raises AssertionError if it contradicts our bound or sheets."""
    found = selection_highs.relaxed(problem, seconds=seconds)
    if found.optimum is not None:
        value, bound = ours.solution.value, ours.solution.bound
        slack = 1e-6 * abs(found.optimum)
        if not value - slack <= found.optimum <= bound + slack:
            raise AssertionError(f"HiGHS: {found.optimum}, ours {value}, at most {bound}")
    return found


def warm_up(tastes: Tastes) -> float:
    """Compile or load what is compiled, on small mailings; returns the seconds it took."""
    began = time.perf_counter()
    problem = selection_instances.problem(600, 60, tastes, fairness=0.1)
    first = ours(problem)
    bound = first.solution.bound
    for _ in greedy(problem, bound):
        pass
    later = selection_instances.next_mailing(problem)
    ours(later, start=first.solution.prices)
    ours(later, sample=200)
    return time.perf_counter() - began


def cores() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
