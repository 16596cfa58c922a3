"""Does the measurement find what a mailing changed? `python -m tests.benchmarks.measurement`.

Mailings to simulated chains whose effects are known, through the product's own comparison; how
often the 95 % intervals hold the truth, how often an offer that changes nothing is said to change
something, and how much narrower what was bought before makes the intervals. The last line is JSON.
"""

import argparse
import json
import time
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from coupons.proof import effects
from coupons.proof.comparing import By, Of, Sums, compare
from coupons.proof.effects import Effects
from tests.benchmarks import measurement_chain as chain

Floats = npt.NDArray[np.float64]
HOUSEHOLDS, HELD_OUT = 5_000, 0.15


class Measured(NamedTuple):
    """[runs, offers] each."""

    covered: npt.NDArray[np.bool_]
    all_told_covered: npt.NDArray[np.bool_]
    alarm: npt.NDArray[np.bool_]  # the interval leaves zero out
    narrower: Floats  # width with what was bought before, of the width without
    bias: Floats  # in standard errors
    whole_narrower: Floats  # [runs] of the whole basket


def run(number: int, households: int, held_out: float) -> tuple[Sums, chain.Mailing]:
    """Let the chain get one mailing, and sum up what came of it."""
    mailing = chain.mail(number, households, held_out)
    return compare(mailing.homes, mailing.sold, chain.shelves(), chain.FUNDER, chain.CELLS), mailing


def measure(runs: int, households: int = HOUSEHOLDS, held_out: float = HELD_OUT) -> Measured:
    """Measure so many mailings, each to a chain of its own."""
    rows = [_judge(*run(number, households, held_out)) for number in range(runs)]
    return Measured(*(np.array(column) for column in zip(*rows, strict=True)))


def _judge(sums: Sums, mailing: chain.Mailing) -> tuple[object, ...]:
    known = (Of.PRE_DIRECT, Of.PRE_WHOLE)
    found = effects.difference(*sums.offers, Of.DIRECT_S, known)
    plain = effects.difference(*sums.offers, Of.DIRECT_S)
    told = effects.difference(*sums.offers, Of.ALL_TOLD, (*known, Of.PRE_NEIGHBOURS, Of.PRE_HALO))
    whole = effects.difference(*sums.groups, By.SALES, (By.PRE, By.PRE_MORE))
    bare = effects.difference(*sums.groups, By.SALES)
    return (
        _holds(found, mailing.direct),
        _holds(told, mailing.all_told),
        ~_holds(found, np.zeros(chain.OFFERS)),
        found.half / plain.half,
        (found.value - mailing.direct) / found.se,
        whole.half[0] / bare.half[0],
    )


def _holds(found: Effects, truth: Floats) -> npt.NDArray[np.bool_]:
    return (found.low <= truth) & (truth <= found.high)


def main() -> None:
    """Print the table and the line."""
    asked = argparse.ArgumentParser()
    asked.add_argument("--runs", type=int, default=200)
    asked.add_argument("--households", type=int, default=HOUSEHOLDS)
    asked.add_argument("--held-out", type=float, default=HELD_OUT)
    said = asked.parse_args()
    started = time.process_time()
    found = measure(said.runs, said.households, said.held_out)
    idle = chain.MORE == 0
    print(f"{'offer':>6} {'adds':>6} {'covered':>8} {'all told':>9} {'alarms':>7} {'narrower':>9}")
    for o in range(chain.OFFERS):
        print(
            f"{o:>6} {chain.MORE[o]:>6.2f} {found.covered[:, o].mean():>8.1%} "
            f"{found.all_told_covered[:, o].mean():>9.1%} {found.alarm[:, o].mean():>7.1%} "
            f"{1 - np.median(found.narrower[:, o]):>9.1%}"
        )
    figures = {
        "runs": said.runs,
        "households": said.households,
        "held_out": said.held_out,
        "coverage": round(float(found.covered.mean()), 4),
        "coverage_all_told": round(float(found.all_told_covered.mean()), 4),
        "false_alarms": round(float(found.alarm[:, idle].mean()), 4),
        "narrower": round(float(1 - np.median(found.narrower)), 4),
        "narrower_whole_basket": round(float(1 - np.median(found.whole_narrower)), 4),
        "mean_bias_in_se": round(float(found.bias.mean()), 4),
        "cpu_seconds": round(time.process_time() - started, 1),
    }
    print(json.dumps(figures))


if __name__ == "__main__":
    main()
