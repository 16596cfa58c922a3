"""The results as tables: every method beside what it was measured at before, ours beside goals."""

from collections.abc import Iterator, Sequence

from tests.benchmarks import shopper_reference as reference
from tests.benchmarks.shopper_tasks import Metrics

OURS = "ours"
_TITLES = {
    "A": "A  what a household needs, next trip and 4 weeks: mean of four cuts; here (before)",
    "B": "B  which coupons it uses: thirteen campaigns; here (before)",
    "C": "C  which categories it takes up: mean of three cuts; here (before)",
}
_MEASURES = {
    "A": (*reference.NEED_MEASURES, "a_seconds"),
    "B": (*reference.COUPON_MEASURES, *reference.COUPON_CHANCE_MEASURES),
    "C": reference.DISCOVERY_MEASURES,
}
_BEFORE = {"A": reference.NEEDS, "B": reference.COUPONS, "C": reference.DISCOVERIES}


def key_of(measure: str, method: str) -> str:
    """What a figure is called in the last line: a baseline's name stands behind its measure."""
    return measure if method == OURS else f"{measure}_{method}"


def of_task(task: str, found: Metrics) -> Iterator[str]:
    """The table of one task, line by line."""
    measures, before = _MEASURES[task], _BEFORE[task]
    yield _TITLES[task]
    yield _line("", [measure[2:] for measure in measures])
    for method in [*before, OURS]:
        known = dict(zip(measures, before.get(method, ()), strict=False))
        cells = [
            _cell(found.get(key_of(measure, method)), known.get(measure)) for measure in measures
        ]
        if any(cells):
            yield _line(method.replace("_", " "), cells)
    script, figures = reference.BEST_SCRIPT[task]
    yield _line(f"{script}, a script", [f"({value:.4f})" for value in figures])
    goals = [reference.GOALS.get(measure) for measure in measures]
    for name in ("floor", "target", "stretch"):
        yield _line(name, [f"{getattr(goal, name):.4f}" if goal else "" for goal in goals])
    yield _line(
        "ours reaches",
        [
            goal.reached(found[measure]) if goal and measure in found else ""
            for goal, measure in zip(goals, measures, strict=True)
        ],
    )
    yield from _besides(task, found)


def _besides(task: str, found: Metrics) -> Iterator[str]:
    if task == "A" and "a_households_per_s" in found:
        speed = found["a_households_per_s"]
        reached = reference.GOALS["a_households_per_s"].reached(speed)
        yield (
            f"   ours: chances of {speed:,.0f} households a second and core (reaches: {reached}); "
            f"{found['a_households_per_s_with_statistics']:,.0f} with statistics, "
            f"{found['a_households_per_s_with_reading']:,.0f} with reading the history, too; "
            f"ECE {found['a_ece']:.4f}"
        )
        for rival in ("personal_top", "tifu_knn"):
            for measure in ("a_product_4wk_ndcg10", "a_product_4wk_p10", "a_product_next_r10"):
                gain = f"{measure}_gain_{rival}"
                if f"{gain}_mean" in found:
                    yield (
                        f"   {measure[2:]}, ours less {rival.replace('_', ' ')} (95 of 100): "
                        f"{found[f'{gain}_mean']:+.4f} "
                        f"[{found[f'{gain}_low']:+.4f}, {found[f'{gain}_high']:+.4f}]"
                    )


def of_differences(found: Metrics) -> Iterator[str]:
    """Which baselines are not, to three decimals, what they were before."""
    differing = reference.differing(found)
    if not differing:
        yield "Every baseline that ran is what it was before, to three decimals."
    for key, (before, here) in differing.items():
        yield f"Not what it was before: {key} {here:.4f}, was {before:.4f}"


def _cell(here: float | None, before: float | None) -> str:
    if here is None:
        return "" if before is None else f"({before:.4f})"
    return f"{here:.4f}" if before is None else f"{here:.4f} ({before:.4f})"


def _line(title: str, cells: Sequence[str]) -> str:
    return f"{title:<26}" + "".join(f"{cell:>19}" for cell in cells)
