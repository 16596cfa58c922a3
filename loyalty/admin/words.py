"""How beliefs read at the desk: days, a household's habits, what is due, worth and prices."""

from datetime import date
from decimal import Decimal

from django.utils.safestring import SafeString

from loyalty.models import HouseholdSummary
from loyalty.shopper import reasons
from pos_integration.desk import NOTHING, money, pill

FEW_TRIPS = 4
"""Shopping days before a household's own habits say more than those of its store."""

WEEKDAYS = ("Mondays", "Tuesdays", "Wednesdays", "Thursdays", "Fridays", "Saturdays", "Sundays")
DAYPARTS = {
    "morning": "in the morning",
    "midday": "around midday",
    "afternoon": "in the afternoon",
    "evening": "in the evening",
}
TIER_TONES = {"platinum": "new", "gold": "warn", "silver": "plain", "bronze": "plain"}
DUE_TONES = {"unknown": "plain", "ahead": "good", "today": "good", "late": "warn", "lapsed": "bad"}
# From where on a share of offers among what is bought earns which words.
_PRICE_WORDS = (
    (0.2, "buys at any price"),
    (0.4, "takes an offer now and then"),
    (0.6, "watches its prices"),
    (0.8, "buys much of it on offer"),
)


def day_text(day: date, today: date | None = None) -> str:
    """`28 Oct`, with the year where it is not this year's."""
    with_year = today is None or day.year != today.year
    return f"{day.day} {day:%b}" + (f" {day.year}" if with_year else "")


def is_newcomer(summary: HouseholdSummary) -> bool:
    """Whether too few trips are known to speak of habits."""
    return summary.frequency < FEW_TRIPS


def habits(summary: HouseholdSummary) -> str:
    """What is believed of a household, in a sentence or two."""
    last = day_text(summary.last_on, summary.run.as_of)
    if summary.mean_gap_days is None:
        rhythm = f"Shopped once, on {last}"
    else:
        gap = round(summary.mean_gap_days)
        often = "almost every day" if gap <= 1 else f"about every {gap} days"
        rhythm = f"Shops {often}, last on {last}"
    spent = f"spent {money(summary.monetary)} in the last 52 weeks"
    said = f"{summary.tier.capitalize()}. {rhythm}; {spent}."
    return f"{said} {newcomer_words(summary)}" if is_newcomer(summary) else said


def newcomer_words(summary: HouseholdSummary) -> str:
    """Why a household that shopped on few days is believed to need what it is: `Known for ...`."""
    trips = "1 trip" if summary.frequency == 1 else f"{summary.frequency} trips"
    return f"Known for {trips}: mostly what others buy at {store_words(summary)}."


def store_words(summary: HouseholdSummary) -> str:
    """The store it shops most at, the name first: `Greenfield 330`."""
    store = summary.home_store
    return f"{store.name} {store.number}" if store else "its store"


def when_words(summary: HouseholdSummary) -> str:
    """`Saturdays, in the morning`, as far as it has favourites."""
    said = [WEEKDAYS[summary.favourite_weekday]] if summary.favourite_weekday >= 0 else []
    said += [DAYPARTS[summary.favourite_daypart]] if summary.favourite_daypart in DAYPARTS else []
    return ", ".join(said)


def within(middle: Decimal, margin: Decimal) -> tuple[Decimal, Decimal]:
    """The interval around an estimate. Nothing is expected to be worth less than nothing."""
    return max(middle - margin, Decimal(0)), max(middle + margin, Decimal(0))


def within_words(middle: Decimal, margin: Decimal) -> str:
    """`4 of 5 such households end between 1,540.00 and 2,240.00`."""
    low, high = within(middle, margin)
    return f"4 of 5 such households end between {money(low)} and {money(high)}"


def price_words(sensitivity: float) -> str:
    """What a price sensitivity from 0 to 1 means."""
    for below, words in _PRICE_WORDS:
        if sensitivity < below:
            return words
    return "buys offers almost only"


def due_pill(days_bought: int, usual_gap_days: float, last_on: date, as_of: date) -> SafeString:
    """When an item is due again, as the model and the paper have it, on the morning `as_of`."""
    due = reasons.rhythm(days_bought, usual_gap_days, (as_of - last_on).days)
    return pill(reasons.due_words(due, last_on), DUE_TONES[due.state])


def tier_pill(tier: str) -> SafeString:
    return pill(tier, TIER_TONES.get(tier, "plain"))


def amount(value: Decimal | None) -> str:
    """Money, or a dash where it is not known."""
    return NOTHING if value is None else money(value)
