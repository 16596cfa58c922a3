"""Why a coupon stands on a sheet: its tag, the sentence on paper, and the staff's account. PURE."""

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from math import floor, log10
from typing import TYPE_CHECKING, Final, NamedTuple

from coupons.selection.objective import TAGS as TAGS
from coupons.selection.problem import Row
from coupons.selection.response import NEW
from loyalty.shopper.kernel import EPOCH
from loyalty.shopper.reasons import paper_words

if TYPE_CHECKING:
    from coupons.pieces import Chosen

LIKED, FOR_ALL = -1, -2
"""In place of the days on which it was bought (Evidence.bought): the household said it likes it;
nobody's purchases chose it."""

MOST_STAFF = 250


class Phrases(NamedTuple):
    """What is said on paper where no purchase is told, in one language."""

    liked: str
    for_all: str
    next_shop: str
    new_on_shelf: str
    new: str


PHRASES: Final = {
    "en": Phrases(
        liked="From a shelf you told us you like.",
        for_all="A saving for everyone.",
        next_shop="For your next shop.",
        new_on_shelf="New for you, from a shelf you know.",
        new="Something new to try.",
    ),
    "de": Phrases(
        liked="Sie sagten uns, dass Sie dieses Regal mögen.",
        for_all="Eine Ersparnis für alle.",
        next_shop="Für Ihren nächsten Einkauf.",
        new_on_shelf="Neu für Sie, aus einem Regal, das Sie kennen.",
        new="Etwas Neues zum Probieren.",
    ),
}

_MOVED_FOR = {
    Row.MOST: "its most coupons",
    Row.LEAST: "guaranteed coupons",
    Row.OFFER_BUDGET: "an offer's budget",
    Row.FUNDER_BUDGET: "a funder's budget",
    Row.BUDGET: "the mailing's budget",
    Row.FAIRNESS: "fairness",
    Row.VALUE: "more worth",
}


class Reason(NamedTuple):
    """What is said of one coupon."""

    tag: str  # buy, back or new
    paper: str  # a short sentence for the shopper
    staff: str  # how its worth adds up, and the best offer left out


def explain(
    chosen: "Chosen", names: Mapping[int, str], as_of: date, languages: Sequence[str]
) -> list[Reason]:
    """Explain every coupon of some sheets, in their order.

    names: of offers, by id, for staff. as_of: the morning of the beliefs they were chosen by, from
    which "3 weeks ago" counts. languages: of each household's paper, beside chosen.households; what
    staff read is English.
    """
    coupons = (chosen.starts[1:] - chosen.starts[:-1]).tolist()
    spoken = [lang for lang, n in zip(languages, coupons, strict=True) for _ in range(n)]
    day = (as_of - EPOCH).days
    fields = (
        chosen.offer, chosen.tag, chosen.value, chosen.chance, chosen.drawn_share,
        chosen.circulation, chosen.cost, chosen.fairness, chosen.left_out, chosen.margin,
        chosen.moved_for, *chosen.evidence,
    )  # fmt: skip
    reasons = []
    for (
        offer, tag, value, chance, drawn, circulation, cost, fairness, left_out, margin, moved,
        bought, gap, last, weekday, several, knows, language,
    ) in zip(*(field.tolist() for field in fields), spoken, strict=True):  # fmt: skip
        if drawn > 0:
            paper, staff = _phrases(language).new, drawn_words(value, chance, drawn)
        else:
            paper = _paper(tag, bought, gap, day - last, last, weekday, several, knows, language)
            other = "the same at another worth" if left_out == offer else names.get(left_out)
            staff = staff_words(value, circulation, cost, fairness, chance, other, margin, moved)
        reasons.append(Reason(TAGS[tag], paper, staff))
    return reasons


def _paper(
    tag: int,
    bought: int,
    gap_days: float,
    since_days: int,
    last: int,
    weekday: int,
    several: bool,  # a field of Evidence, beside the others
    knows_category: bool,
    language: str,
) -> str:
    phrases = _phrases(language)
    if bought == LIKED:
        return phrases.liked
    if bought == FOR_ALL:
        return phrases.for_all
    if bought <= 0 and tag != NEW:
        return phrases.next_shop
    if bought <= 0:
        return phrases.new_on_shelf if knows_category else phrases.new
    return paper_words(
        bought,
        gap_days,
        since_days,
        EPOCH + timedelta(days=last),
        favourite_weekday=weekday,
        several=several,
        language=language,
    )


def _phrases(language: str) -> Phrases:
    return PHRASES.get(language, PHRASES["en"])


def drawn_words(value: float, chance: float, share: float) -> str:
    """Account to staff for a coupon that was drawn by lot.

    >>> drawn_words(0.4, 0.02, 0.0125)
    'drawn by lot, with a chance of 1 in 80, to learn from it; value 0.40; chance 0.020'
    """
    return (
        f"drawn by lot, with a chance of 1 in {1 / share:.0f}, to learn from it; "
        f"value {figure(value)}; chance {figure(chance)}"
    )


def staff_words(
    value: float,
    circulation: float,
    cost: float,
    fairness: float,
    chance: float,
    left_out: str | None,
    margin: float,
    moved_for: int = Row.NONE,
) -> str:
    """Account for a choice to staff. moved_for: a problem.Row, or NONE.

    >>> staff_words(1.92, 0.43, 0.11, 0.0, 0.31, "Oat drink", 0.02)
    'value 1.92 - circulation 0.43 - cost 0.11 + fairness 0.00 = 1.38; chance 0.31; best left out: Oat drink by 0.020'
    """  # noqa: E501  # what it returns is one line
    priced = value - circulation - cost + fairness
    words = (
        f"value {figure(value)} {'+' if circulation < 0 else '-'} circulation "
        f"{figure(abs(circulation))} {'+' if cost < 0 else '-'} cost {figure(abs(cost))} "
        f"{'-' if fairness < 0 else '+'} fairness {figure(abs(fairness))} = {figure(priced)}; "
        f"chance {figure(chance)}"
    )
    if left_out is None:
        words += "; no other offer fits in its place"
    elif margin >= 0:
        words += f"; best left out: {left_out} by {figure(margin)}"
    else:
        words += f"; {left_out} would be better by {figure(-margin)}"
    if moved_for != Row.NONE:
        words += f"; balancing swap for {_MOVED_FOR[moved_for]}"
    return words[:MOST_STAFF]


def figure(number: float) -> str:
    """Two decimals, or two digits where that would be nothing."""
    if abs(number) >= 0.1 or abs(number) < 1e-9:
        return f"{number + 0.0:.2f}"
    return f"{number:.{1 - floor(log10(abs(number)))}f}"
