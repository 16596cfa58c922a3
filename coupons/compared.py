"""Two selections of one mailing side by side: what each would bring, and how far sheets differ."""

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt
from django.utils.translation import gettext as _

from coupons.models import Selection, SelectionPiece
from coupons.pieces import Chosen
from coupons.selection import objective

HOMES_SEEN: Final = 20_000  # of more, whole buckets are looked at until so many are seen
SAME: Final = 0.005  # a smaller share of difference is none worth a word
TAG_WORDS: Final = dict(sorted(objective.TAGS.items()))


@dataclass(frozen=True)
class Sheets:
    """What two selections have chosen for the households of the same buckets.

    homes: how many got a sheet of either; other: of those, how many got other coupons, among them
    who got a sheet of one only. tags: coupons of each tag, of the first and of the second.
    """

    homes: int
    other: int
    tags: dict[str, tuple[int, int]]
    is_part: bool  # not all buckets were looked at

    @property
    def other_share(self) -> float:
        """0 to 1; 0 where nobody got a sheet."""
        return self.other / self.homes if self.homes else 0.0


def sheets_of(first: Selection, second: Selection) -> Sheets:
    """Set what was chosen side by side, household by household: of large mailings of a part."""
    households: dict[int, int] = {}
    keys: dict[tuple[int, int], int] = {}
    for place, one in enumerate((first, second)):
        kept = one.pieces.exclude(chosen=None).values_list("bucket", "pk", "households")
        for bucket, key, size in kept:
            keys[place, bucket] = key
            households[bucket] = max(households.get(bucket, 0), size)
    looked_at = _first_of(households)
    wanted = [key for (_place, bucket), key in keys.items() if bucket in looked_at]
    data = dict(SelectionPiece.objects.filter(pk__in=wanted).values_list("pk", "chosen"))
    homes = differ = 0
    tags = np.zeros((len(TAG_WORDS), 2), np.int64)
    for bucket in looked_at:
        chosen = [_sheets(data.get(keys.get((place, bucket), 0))) for place in (0, 1)]
        both = chosen[0][0].keys() | chosen[1][0].keys()
        homes += len(both)
        differ += sum(chosen[0][0].get(home) != chosen[1][0].get(home) for home in both)
        for at, (_told, tag) in enumerate(chosen):
            tags[:, at] += np.bincount(tag, minlength=len(TAG_WORDS))[: len(TAG_WORDS)]
    return Sheets(
        homes,
        differ,
        {word: (int(tags[tag, 0]), int(tags[tag, 1])) for tag, word in TAG_WORDS.items()},
        len(looked_at) < len(households),
    )


def _first_of(households: dict[int, int]) -> list[int]:
    """The first buckets that together hold as many households as are looked at."""
    taken: list[int] = []
    seen = 0
    for bucket in sorted(households):
        if seen >= HOMES_SEEN:
            break
        taken.append(bucket)
        seen += households[bucket]
    return taken


def _sheets(
    data: bytes | memoryview | None,
) -> tuple[dict[int, frozenset[tuple[int, int]]], npt.NDArray[np.int8]]:
    """Of each household of a piece what is on its sheet, and the tags of all its coupons."""
    if data is None:
        return {}, np.zeros(0, np.int8)
    chosen = Chosen.from_bytes(bytes(data))
    pairs = list(zip(chosen.offer.tolist(), chosen.level.tolist(), strict=True))
    real = np.flatnonzero(~chosen.is_ghost).tolist()
    told = {
        int(chosen.households[at]): frozenset(pairs[chosen.starts[at] : chosen.starts[at + 1]])
        for at in real
    }
    return told, chosen.tag[np.repeat(~chosen.is_ghost, np.diff(chosen.starts))]


def more(was: float, now: float) -> float | None:
    """By what share `now` is more than `was`; None where that is not to be said."""
    return None if was <= 0 else now / was - 1


def sentence(first: Selection, second: Selection) -> str:
    """What the second would bring against the first: 'Selection 2 would bring 4 % more ...'."""
    was, now = first.report["totals"], second.report["totals"]
    has_margin = bool(was["margin"] and now["margin"])
    gain = "margin" if has_margin else "redemptions"
    brings = more(was[gain][0], now[gain][0])
    costs = more(was["cost"][0], now["cost"][0])
    named = {"second": second.pk, "first": first.pk}
    if brings is None or costs is None:
        return (
            _(
                "Selection %(second)s and selection %(first)s cannot be set against each other in "
                "percent: see their figures."
            )
            % named
        )
    if abs(brings) < SAME and abs(costs) < SAME:
        return (
            _("Selection %(second)s would bring and cost about what selection %(first)s would.")
            % named
        )
    what = _("margin") if has_margin else _("redemptions")
    return _(
        "Selection %(second)s would bring %(brings)s %(what)s than selection %(first)s, for "
        "%(costs)s cost."
    ) % (named | {"what": what, "brings": _by(brings), "costs": _by(costs)})


def _by(share: float) -> str:
    if abs(share) < SAME:
        return _("about as much")
    if share > 0:
        return _("%(n)s %% more") % {"n": f"{100 * share:,.1f}"}
    return _("%(n)s %% less") % {"n": f"{-100 * share:,.1f}"}
