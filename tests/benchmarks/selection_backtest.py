"""Which of the coupons that households truly used would have been among the eight we print.

    python -m tests.benchmarks.selection_backtest [--households 2469]

Of the type A campaigns of the Complete Journey; every household that used any coupon counts the
same. Ours is the product itself on a database of its own, on the morning of each campaign, with
what it learned from earlier days alone, anew every three weeks of campaigns (shopper_response);
beside it, rules in closed form (shopper_coupons). One thread. Prints one JSON object.
"""

import argparse
import json

from threadpoolctl import (  # type: ignore[import-untyped]  # it brings no types
    threadpool_limits,
)

from coupons.demo import journey
from tests.benchmarks import shopper_coupons, shopper_model
from tests.benchmarks import shopper_tasks as tasks
from tests.benchmarks.shopper_coupons import TEST_CAMPAIGNS, TYPE_A
from tests.benchmarks.shopper_tasks import Metrics

CAMPAIGNS = (8, 13, 18)


def run(households: int | None = None) -> Metrics:
    """Recall of the best eight, by key; of a sample of so many households, if a number is given."""
    data = journey.read(households)
    shop = tasks.read(data)
    told = shopper_coupons.campaigns(data, shop, CAMPAIGNS)
    rules = shopper_coupons.Rules(data, shop)
    scored = [rules.score(campaign) for campaign in told]
    found = {
        f"recall8_{method}": shopper_coupons.judge(
            told, [getattr(each, method) for each in scored]
        )["b_rec8"]
        for method in shopper_coupons.Baselines._fields
    }
    # The others are gone through to learn from; only those of type A are judged by their eight.
    judged = [each.number for each in data.campaigns if each.kind == TYPE_A]
    assert set(judged) & set(TEST_CAMPAIGNS) == set(CAMPAIGNS)
    with shopper_model.opened(data):
        # Like the product, this needs Django set up.
        from tests.benchmarks import shopper_response

        ours = shopper_response.run(data, shop)
    used = sum(int(campaign.used.sum()) for campaign in told)
    return {**found, "recall8": ours["b_rec8"], "used": float(used)}


def main() -> None:
    words = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    words.add_argument("--households", type=int, help="a sample of so many, rather than all")
    said = words.parse_args()
    with threadpool_limits(1):
        print(json.dumps(run(said.households)))


if __name__ == "__main__":
    main()
