"""Which of the coupons that households truly used would have been among the eight we print.

Of the type A campaigns of the Complete Journey; every household that used any coupon counts the
same. Ours is the product itself on a database of its own, on the morning of each campaign, with
what was learned from earlier days alone; beside it, rules in closed form (shopper_coupons).
"""

from coupons.demo import journey
from tests.benchmarks import shopper_coupons, shopper_model
from tests.benchmarks import shopper_tasks as tasks
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
        f"backtest_recall8_{method}": shopper_coupons.judge(
            told, [getattr(each, method) for each in scored]
        )["b_rec8"]
        for method in shopper_coupons.Baselines._fields
    }
    mornings = {campaign.number: campaign.begins for campaign in data.campaigns}
    with shopper_model.opened(data) as product:
        # Like the product, this needs Django set up.
        from tests.benchmarks import shopper_response

        for number in CAMPAIGNS:
            product.learn(mornings[number])
        ours = shopper_response.run(data, shop, CAMPAIGNS)
    used = sum(int(campaign.used.sum()) for campaign in told)
    return {**found, "backtest_recall8": ours["b_rec8"], "backtest_used": float(used)}
