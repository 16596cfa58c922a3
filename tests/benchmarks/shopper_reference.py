"""Figures to compare with: what the baselines were measured at before, and what to reach.

The baselines' figures come from a script of its own, written before the product's models; a
harness is right when it finds them again, to three decimals.
"""

from typing import NamedTuple

NEED_MEASURES = (
    "a_type_next_r10",
    "a_type_4wk_ndcg10",
    "a_product_next_r10",
    "a_product_next_r20",
    "a_product_4wk_ndcg10",
    "a_product_4wk_p10",
)
COUPON_MEASURES = ("b_auc", "b_ap", "b_rec8", "b_ndcg8", "b_within_auc")
COUPON_CHANCE_MEASURES = ("b_skill", "b_ece")
DISCOVERY_MEASURES = ("c_r5", "c_r10", "c_ndcg10")

Figures = dict[str, tuple[float, ...]]  # by method, in the order of the measures

NEEDS: Figures = {
    "global_popularity": (0.1382, 0.3701, 0.0459, 0.0657, 0.1796, 0.1418),
    "personal_top": (0.2426, 0.5457, 0.1373, 0.1844, 0.3991, 0.3501),
    "tifu_knn": (0.2458, 0.5560, 0.1371, 0.1836, 0.4096, 0.3584),
    "upcf": (0.2421, 0.5471, 0.1338, 0.1785, 0.3982, 0.3487),
    "item_cosine": (0.1169, 0.3754, 0.0481, 0.0703, 0.2003, 0.1690),
    "als": (0.1225, 0.2689, 0.0646, 0.0973, 0.2039, 0.1815),
    "closed_form": (0.2471, 0.5544, 0.1422, 0.1907, 0.4159, 0.3643),
}
COUPONS: Figures = {
    "popularity": (0.788, 0.0140, 0.352, 0.252, 0.808),
    "personal_top": (0.8952, 0.0361, 0.509, 0.370, 0.895),
    "closed_form": (0.9235, 0.0707, 0.495, 0.361, 0.896),
}
DISCOVERIES: Figures = {
    "popularity": (0.1266, 0.2186, 0.2294),
    "user_knn": (0.1363, 0.2320, 0.2454),
}

# The best of the scripts that no product ran, for the measures of each task.
BEST_SCRIPT: dict[str, tuple[str, tuple[float, ...]]] = {
    "A": ("compact logistic", (0.2491, 0.5629, 0.1450, 0.1940, 0.4247, 0.3725)),
    "B": ("logit blend", (0.9277, 0.0817, 0.539, 0.386, 0.900, 0.288, 0.0005)),
    "C": ("logistic", (0.1410, 0.2389, 0.2495)),
}


class Goal(NamedTuple):
    """What a measure has to come to; a calibration error has to stay below."""

    floor: float
    target: float
    stretch: float

    @property
    def is_a_ceiling(self) -> bool:
        return self.stretch < self.floor

    def reached(self, value: float) -> str:
        """The best of stretch, target and floor that `value` reaches, or 'none'."""
        sign = -1 if self.is_a_ceiling else 1
        for name in ("stretch", "target", "floor"):
            if sign * value >= sign * float(getattr(self, name)):
                return name
        return "none"


GOALS = {
    "a_product_4wk_ndcg10": Goal(0.415, 0.425, 0.435),
    "a_product_4wk_p10": Goal(0.364, 0.372, 0.382),
    "a_product_next_r10": Goal(0.142, 0.145, 0.150),
    "a_type_4wk_ndcg10": Goal(0.554, 0.563, 0.570),
    "b_auc": Goal(0.920, 0.927, 0.935),
    "b_ap": Goal(0.065, 0.081, 0.095),
    "b_rec8": Goal(0.51, 0.535, 0.56),
    "b_within_auc": Goal(0.895, 0.902, 0.915),
    "b_skill": Goal(0.23, 0.285, 0.31),
    "b_ece": Goal(0.0012, 0.0005, 0.0003),
    "c_r5": Goal(0.132, 0.141, 0.148),
    "a_households_per_s": Goal(2_000, 5_000, 15_000),
}
TO_THREE_DECIMALS = 0.0005


def differing(found: dict[str, float]) -> dict[str, tuple[float, float]]:
    """Measures of baselines that are not what they were: (before, found), by key."""
    tables = (
        (NEED_MEASURES, NEEDS),
        (COUPON_MEASURES, COUPONS),
        (DISCOVERY_MEASURES, DISCOVERIES),
    )
    before = {
        f"{measure}_{method}": value
        for measures, table in tables
        for method, values in table.items()
        for measure, value in zip(measures, values, strict=True)
    }
    return {
        key: (value, found[key])
        for key, value in before.items()
        # Both were rounded, or will be, at the fourth decimal.
        if key in found and abs(round(found[key], 4) - value) > TO_THREE_DECIMALS + 1e-9
    }
