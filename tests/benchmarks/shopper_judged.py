"""Tasks A and C as they are judged: every method's lists at every cut, and what came of them."""

import time
from collections import defaultdict
from collections.abc import Callable
from datetime import date

import numpy as np

from tests.benchmarks import shopper_baselines
from tests.benchmarks import shopper_tasks as tasks
from tests.benchmarks.shopper_baselines import Known
from tests.benchmarks.shopper_tasks import Flags, Floats, Found, Ints, Metrics, Ranked, Shop

SLOW = ("tifu_knn", "upcf", "item_cosine", "als")
Ranking = Callable[[Known], Ints]


class Needs:
    """Task A: what a household needs, at two levels, for its next trip and for 28 days."""

    def __init__(self, shop: Shop) -> None:
        self.events = {level: tasks.events(shop, level) for level in ("type", "product")}
        self.ranked: dict[tuple[str, str, str], list[Ranked]] = defaultdict(list)
        self.seconds: dict[str, list[float]] = defaultdict(list)  # of a core, at product level
        self._happened: list[Flags] = []
        self._said: list[Floats] = []

    def judge(self, method: str, level: str, day: date, lists: Ints, next_lists: Ints) -> None:
        """Judge a method's lists for the 28 days and for the next trip, at one cut."""
        known, cut = self.events[level], tasks.day_number(day)
        judged = tasks.regulars(known, cut)
        soon = tasks.bought_within(known, cut, tasks.NEED_DAYS)
        at_next = tasks.bought_next(known, cut)
        self.ranked[method, level, "4wk"].append(tasks.rank(lists, soon, judged))
        self.ranked[method, level, "next"].append(tasks.rank(next_lists, at_next, judged))

    def judge_chances(self, day: date, household: Ints, item: Ints, chance: Floats) -> None:
        """Remember what was said of pairs of households and products, and what came of it."""
        known, cut = self.events["product"], tasks.day_number(day)
        regular = tasks.regulars(known, cut)[household]
        came = tasks.bought_within(known, cut, tasks.NEED_DAYS).holds(household, item)
        self._happened.append(came[regular])
        self._said.append(chance[regular])

    def judge_baselines(self, level: str, day: date, *, slow: bool) -> None:
        known, cut = self.events[level], tasks.day_number(day)
        started = time.process_time()
        past = shopper_baselines.known_before(known, cut)
        counting = time.process_time() - started
        table = shopper_baselines.table_of_rates(known, cut - tasks.NEED_DAYS)
        methods: dict[str, Ranking] = {
            "global_popularity": shopper_baselines.global_popularity,
            "personal_top": shopper_baselines.personal_top,
            "tifu_knn": lambda past: shopper_baselines.tifu_knn(
                past, shopper_baselines.TIFU[level]
            ),
            "upcf": lambda past: shopper_baselines.upcf(past, shopper_baselines.UPCF[level]),
            "item_cosine": shopper_baselines.item_cosine,
            "als": shopper_baselines.als,
            "closed_form": lambda past: shopper_baselines.closed_form(past, table),
        }
        for method, ranking in methods.items():
            if slow or method not in SLOW:
                started = time.process_time()
                lists = ranking(past)
                if level == "product":
                    self.seconds[method].append(counting + time.process_time() - started)
                self.judge(method, level, day, lists, lists)

    def methods(self) -> list[str]:
        return list(dict.fromkeys(method for method, _, _ in self.ranked))

    def figures(self, method: str) -> Metrics:
        found = {}
        for level in self.events:
            soon = tasks.mean_of([each.means() for each in self.ranked[method, level, "4wk"]])
            at_next = tasks.mean_of([each.means() for each in self.ranked[method, level, "next"]])
            found[f"a_{level}_4wk_ndcg10"] = soon["ndcg10"]
            found[f"a_{level}_4wk_p10"] = soon["precision10"]
            found[f"a_{level}_next_r10"] = at_next["recall10"]
            found[f"a_{level}_next_r20"] = at_next["recall20"]
        return {**found, "a_seconds": float(np.mean(self.seconds[method]))}

    def calibration_error(self) -> float:
        return tasks.calibration_error(np.concatenate(self._happened), np.concatenate(self._said))


class Discoveries:
    """Task C: which of the categories that it never bought a household takes up in 56 days."""

    def __init__(self, shop: Shop) -> None:
        self.events = tasks.events(shop, "category")
        self.found: dict[str, list[Found]] = defaultdict(list)

    def judge(self, day: date, ours: Ints | None) -> None:
        """Judge the baselines and, given its lists, the product, at one cut."""
        cut = tasks.day_number(day)
        past = shopper_baselines.known_before(self.events, cut)
        new = shopper_baselines.discoveries(past)
        cells = shopper_baselines.is_new(new, past.households, past.items)
        taken_up = tasks.first_bought(self.events, cut, cells)
        nothing = np.zeros(0, np.int64)
        for method, score in (("popularity", new.popularity), ("user_knn", new.neighbours)):
            lists = tasks.best_of_pairs(new.household, new.item, score, past.households, nothing)
            self.found[method].append(tasks.rank_new(lists, taken_up))
        if ours is not None:
            self.found["ours"].append(tasks.rank_new(ours, taken_up))

    def methods(self) -> list[str]:
        return list(self.found)

    def figures(self, method: str) -> Metrics:
        means = tasks.mean_of([each.means() for each in self.found[method]])
        return {
            "c_r5": means["recall5"],
            "c_r10": means["recall10"],
            "c_ndcg10": means["ndcg10"],
        }
