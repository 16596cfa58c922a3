"""How far what was measured changes what is believed: normal prior, normal evidence. PURE."""

from collections.abc import Sequence
from typing import NamedTuple

BETWEEN_SD = 0.2
"""How far one mailing's true factor is off that of all: seasons, goods, prices."""
MOST = 3.0


class Factor(NamedTuple):
    """What multiplies the predicted benefit."""

    value: float  # 0 to MOST
    sd: float  # > 0


def factor(evidence: Sequence[tuple[float, float, float]], *, prior_sd: float) -> Factor:
    """Pull the prior, a factor of 1, to what mailings showed, each by how surely it did.

    evidence: of each mailing the margin measured, its standard error and the margin predicted,
    > 0. prior_sd: > 0, how far 1 may be off.
    """
    weights, total = 1.0 / prior_sd**2, 1.0 / prior_sd**2
    for measured, error, predicted in evidence:
        if predicted <= 0 or error < 0:
            raise ValueError(f"predicted {predicted} with an error of {error}: wanted > 0 and >= 0")
        weight = 1.0 / ((error / predicted) ** 2 + BETWEEN_SD**2)
        weights += weight
        total += weight * measured / predicted
    return Factor(min(max(total / weights, 0.0), MOST), weights**-0.5)
