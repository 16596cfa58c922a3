"""What a night or a fit reported, whatever it reported: plain values as rows of a table."""

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from django.utils.formats import number_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from pos_integration.desk import NOTHING, grouped

# Of what is measured: in which direction it improves, by a word of its name.
_LESS_IS_BETTER = {"loss", "error", "ece"}
_MORE_IS_BETTER = {"auc", "recall", "ndcg", "precision", "skill", "correlation"}


class Compared(NamedTuple):
    """A figure on households that nothing was fitted on, beside the version before."""

    measure: str
    new: float | None
    before: float | None

    @property
    def is_better(self) -> bool | None:
        """None: there is nothing to compare with, or nobody knows which way is better."""
        if self.new is None or self.before is None or self.new == self.before:
            return None
        names = set(re.findall("[a-z]+", self.measure.lower()))
        if names & _LESS_IS_BETTER:
            return self.new < self.before
        if names & _MORE_IS_BETTER:
            return self.new > self.before
        return None


def value_text(value: Any) -> str:
    """A plain value as staff read it.

    >>> value_text(0.12345678), value_text(12000), value_text(["a", 1])
    ('0.1235', '12,000', 'a, 1')
    """
    if value is None or value == "":
        return NOTHING
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    if isinstance(value, int):
        return grouped(value)
    if isinstance(value, float):
        text = f"{value:.1f}" if abs(value) >= 1000 else f"{value:.4g}"
        return text if "e" in text else number_format(text, force_grouping=True)
    if isinstance(value, list) and not any(isinstance(item, list | dict) for item in value):
        return ", ".join(value_text(item) for item in value)
    return value if isinstance(value, str) else json.dumps(value)


# What the models measure, in words; what is not here is told by its own name.
_MEASURES = {
    "loss": gettext_lazy("loss, by which versions are compared"),
    "log_loss": "log-loss",
    "ece": gettext_lazy("calibration error"),
    "ndcg10": gettext_lazy("NDCG of the first 10"),
    "precision10": gettext_lazy("precision of the first 10"),
    "next_recall10": gettext_lazy("recall on the next trip, first 10"),
    "recall5": gettext_lazy("recall of the first 5"),
    "pairs": gettext_lazy("pairs of household and item"),
    "error_of_mean": gettext_lazy("error, as a share of the mean"),
}


def label(key: str) -> str:
    """`started again` -> `Started again`, `log_loss` -> `Log-loss`."""
    words = key.split(": ")
    words[-1] = str(_MEASURES.get(words[-1], words[-1]))
    said = ": ".join(words).replace("_", " ").strip()
    return said[:1].upper() + said[1:]


def rows_of(values: Mapping[str, Any], above: str = "") -> Iterator[tuple[str, str]]:
    """Every value with its name, what lies within a mapping by both names."""
    for key, value in values.items():
        name = f"{above}: {key.replace('_', ' ')}" if above else label(key)
        if isinstance(value, Mapping):
            yield from rows_of(value, name)
        else:
            yield name, value_text(value)


def comparisons(figures: Mapping[str, Any], above: str = "") -> Iterator[Compared]:
    """Whatever was measured on the holdout: each mapping with a `new`, at any depth.

    What is new and what was before are each a figure, or figures by name in mappings alike.
    """
    if "new" in figures:
        measure = str(figures.get("measure") or above)
        yield from _side_by_side(measure, figures["new"], figures.get("before"))
    for key, value in figures.items():
        if isinstance(value, Mapping) and not ("new" in figures and key in ("new", "before")):
            yield from comparisons(value, key)


def _side_by_side(measure: str, new: Any, before: Any) -> Iterator[Compared]:
    if not isinstance(new, Mapping):
        yield Compared(label(measure or "figure"), _number(new), _number(before))
        return
    for key, value in new.items():
        name = f"{measure}: {key}" if measure else key
        yield from _side_by_side(name, value, before.get(key) if isinstance(before, dict) else None)


def others(figures: Mapping[str, Any]) -> dict[str, Any]:
    """What `comparisons` leaves."""
    left = {
        key: others(value) if isinstance(value, Mapping) else value
        for key, value in figures.items()
        if not ("new" in figures and key in ("measure", "new", "before"))
    }
    return {key: value for key, value in left.items() if value != {}}


def _number(value: Any) -> float | None:
    return value if isinstance(value, int | float) and not isinstance(value, bool) else None
