"""How well the shopper model foresees what households do, beside what people would use instead.

    python -m tests.benchmarks.shopper_model [--only A,B,C] [--skip-slow]

A: what a household needs, at four cuts of the Complete Journey. B: which coupons of thirteen
campaigns it uses. C: which categories it takes up, at three cuts. The baselines are computed anew
beside what they were measured at before; ours is the product itself, on a PostgreSQL of its own
that took the year in as uploads, and at every cut learned and believed from earlier days alone.
One core, one thread. The last line is one JSON object.
"""

import argparse
import json
import os
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType

import django
from threadpoolctl import (  # type: ignore[import-untyped]  # it brings no types
    threadpool_limits,
)

from coupons.demo import journey
from coupons.demo.journey import Journey
from tests.benchmarks import servers, shopper_coupons, shopper_reference, shopper_tables
from tests.benchmarks import shopper_tasks as tasks
from tests.benchmarks.shopper_judged import Discoveries, Needs
from tests.benchmarks.shopper_tasks import Metrics, Shop

OURS = "ours"


@contextmanager
def opened(data: Journey) -> Iterator[ModuleType]:
    """The product with the whole year in a database of its own."""
    with servers.running(workers=1) as server:
        # Settings are read once, so what reads them can be imported only now.
        os.environ.update(server.environment)
        django.setup()
        from tests.benchmarks import shopper_product

        shopper_product.take_in(data)
        yield shopper_product


def judge_needs(shop: Shop, product: ModuleType, folder: Path, *, slow: bool) -> Metrics:
    needs = Needs(shop)
    speeds = []
    for day in tasks.NEED_CUTS:
        say(f"A: {day}")
        for level in needs.events:
            needs.judge_baselines(level, day, slow=slow)
            believed = product.needs(shop, day, level, folder)
            needs.judge(OURS, level, day, believed.lists, believed.next_lists)
            if level == "product":
                needs.judge_chances(day, believed.household, believed.item, believed.probability)
        speeds.append(product.scoring(day))
        needs.seconds[OURS].append(speeds[-1].telling_seconds + speeds[-1].scoring_seconds)
    found = by_method({method: needs.figures(method) for method in needs.methods()})
    found["a_ece"] = needs.calibration_error()
    households = sum(speed.households for speed in speeds)
    scoring = sum(speed.scoring_seconds for speed in speeds)
    telling = sum(speed.telling_seconds for speed in speeds)
    reading = sum(speed.reading_seconds for speed in speeds)
    found["a_households_per_s"] = households / scoring
    found["a_households_per_s_with_statistics"] = households / (scoring + telling)
    found["a_households_per_s_with_reading"] = households / (scoring + telling + reading)
    for rival in ("personal_top", "tifu_knn"):
        if (rival, "product", "4wk") in needs.ranked:
            found |= gains(needs, rival)
    return found


def gains(needs: Needs, rival: str) -> Metrics:
    """How far ours is ahead of a baseline at product level, and how sure that is."""
    found: Metrics = {}
    for key, target, measure in (
        ("a_product_4wk_ndcg10", "4wk", "ndcg10"),
        ("a_product_4wk_p10", "4wk", "precision10"),
        ("a_product_next_r10", "next", "recall10"),
    ):
        ours, theirs = (needs.ranked[each, "product", target] for each in (OURS, rival))
        gain = tasks.paired_bootstrap(ours, theirs, measure)
        found |= {f"{key}_gain_{rival}_{end}": value for end, value in gain._asdict().items()}
    return found


def judge_coupons(data: Journey, shop: Shop) -> Metrics:
    # Like the product, this needs Django set up.
    from tests.benchmarks import shopper_response

    say("B")
    told = shopper_coupons.campaigns(data, shop, shopper_coupons.TEST_CAMPAIGNS)
    rules = shopper_coupons.Rules(data, shop)
    scored = [rules.score(campaign) for campaign in told]
    rivals = {
        method: shopper_coupons.judge(told, [getattr(each, method) for each in scored])
        for method in shopper_coupons.Baselines._fields
    }
    return by_method(rivals) | shopper_response.run(data, shop)


def judge_discoveries(shop: Shop, product: ModuleType, folder: Path) -> Metrics:
    discoveries = Discoveries(shop)
    for day in tasks.DISCOVERY_CUTS:
        say(f"C: {day}")
        discoveries.judge(day, product.discoveries(shop, day, folder).lists)
    return by_method({each: discoveries.figures(each) for each in discoveries.methods()})


def by_method(figures: dict[str, Metrics]) -> Metrics:
    """Every method's measures, each under its key."""
    return {
        shopper_tables.key_of(measure, method): value
        for method, measures in figures.items()
        for measure, value in measures.items()
    }


def say(what: str) -> None:
    print(what, file=sys.stderr, flush=True)


def run(only: list[str], *, slow: bool) -> Metrics:
    """Run the tasks; return every figure by its key."""
    data = journey.read()
    shop = tasks.read(data)
    found: Metrics = {}
    with opened(data) as product, tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for day in tasks.NEED_CUTS:
            if {"A", "C"} & set(only):
                say(f"learn from the days before {day}")
                found[f"learn_seconds_{day}"] = product.learn(day)
        if "A" in only:
            found |= judge_needs(shop, product, folder, slow=slow)
        if "B" in only:
            found |= judge_coupons(data, shop)
        if "C" in only:
            found |= judge_discoveries(shop, product, folder)
    return found


def main() -> None:
    words = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    words.add_argument("--only", default="A,B,C", metavar="A,B,C", help="these tasks")
    words.add_argument(
        "--skip-slow", action="store_true", help="without TIFU-KNN, UP-CF, item cosine and ALS"
    )
    said = words.parse_args()
    only = said.only.upper().split(",")
    if not set(only) <= set("ABC"):
        words.error(f"--only {said.only}: wanted some of A,B,C")
    with threadpool_limits(1):
        found = run(only, slow=not said.skip_slow)
    for task in sorted(only):
        print(*shopper_tables.of_task(task, found), "", sep="\n")
    print(*shopper_tables.of_differences(found), sep="\n")
    differing = sorted(shopper_reference.differing(found))
    rounded = {key: round(value, 5) for key, value in found.items()}
    print(json.dumps({**rounded, "baselines_differing": differing}))


if __name__ == "__main__":
    main()
