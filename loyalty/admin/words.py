"""How beliefs read at the desk: days, a household's habits, what is due, worth and prices."""

from datetime import date
from decimal import Decimal

from django.conf import settings
from django.utils.formats import date_format
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from loyalty.models import HouseholdSummary
from loyalty.shopper import reasons
from pos_integration.desk import NOTHING, grouped, in_sentence, money, pill

FEW_TRIPS = 4
"""Shopping days before a household's own habits say more than those of its store."""

WEEKDAYS = (
    gettext_lazy("Mondays"),
    gettext_lazy("Tuesdays"),
    gettext_lazy("Wednesdays"),
    gettext_lazy("Thursdays"),
    gettext_lazy("Fridays"),
    gettext_lazy("Saturdays"),
    gettext_lazy("Sundays"),
)
DAYPARTS = {
    "morning": gettext_lazy("in the morning"),
    "midday": gettext_lazy("around midday"),
    "afternoon": gettext_lazy("in the afternoon"),
    "evening": gettext_lazy("in the evening"),
}
TIER_NAMES = {
    "platinum": gettext_lazy("Platinum"),
    "gold": gettext_lazy("Gold"),
    "silver": gettext_lazy("Silver"),
    "bronze": gettext_lazy("Bronze"),
}
TIER_TONES = {"platinum": "new", "gold": "warn", "silver": "plain", "bronze": "plain"}
DUE_TONES = {"unknown": "plain", "ahead": "good", "today": "good", "late": "warn", "lapsed": "bad"}


def day_text(day: date, today: date | None = None) -> str:
    """`28 Oct`, with the year where it is not this year's, in the desk's language."""
    with_year = today is None or day.year != today.year
    return date_format(day, "DATE_FORMAT" if with_year else "MONTH_DAY_FORMAT")


def language_name(code: str) -> str:
    """What a language is called, in itself: `Deutsch`."""
    return str(dict(settings.LANGUAGES).get(code, code))


def is_newcomer(summary: HouseholdSummary) -> bool:
    """Whether too few trips are known to speak of habits."""
    return summary.frequency < FEW_TRIPS


def habits(summary: HouseholdSummary) -> str:
    """What is believed of a household, in a sentence or two."""
    if summary.is_shared:
        return _("No single household's, as it seems: %(why)s.") % {"why": shared_words(summary)}
    last = day_text(summary.last_on, summary.run.as_of)
    if summary.mean_gap_days is None:
        rhythm = _("Shopped once, on %(last)s") % {"last": last}
    elif (gap := round(summary.mean_gap_days)) <= 1:
        rhythm = _("Shops almost every day, last on %(last)s") % {"last": last}
    else:
        rhythm = _("Shops about every %(gap)s days, last on %(last)s") % {"gap": gap, "last": last}
    spent = _("spent %(money)s in the last 52 weeks") % {"money": money(summary.monetary)}
    said = f"{tier_name(summary.tier)}. {rhythm}; {spent}."
    return f"{said} {newcomer_words(summary)}" if is_newcomer(summary) else said


def shared_words(summary: HouseholdSummary) -> str:
    """What about its baskets is not one household's."""
    return summary.shared_reason.rstrip(".") or _("its baskets are not those of one household")


def newcomer_words(summary: HouseholdSummary) -> str:
    """Why a household that shopped on few days is believed to need what it is: `Known for ...`."""
    days = summary.frequency
    trips = ngettext("%(n)s trip", "%(n)s trips", days) % {"n": days}
    return _("Known for %(trips)s: mostly what others buy at %(summary)s.") % {
        "trips": trips,
        "summary": store_words(summary),
    }


def store_words(summary: HouseholdSummary) -> str:
    """The store it shops most at, the name first: `Greenfield 330`."""
    store = summary.home_store
    if store is None:
        return _("its store")
    return store.name if store.number in store.name else f"{store.name} {store.number}"


def when_words(summary: HouseholdSummary) -> str:
    """`Saturdays, in the morning`, as far as it has favourites."""
    said = [WEEKDAYS[summary.favourite_weekday]] if summary.favourite_weekday >= 0 else []
    said += [DAYPARTS[summary.favourite_daypart]] if summary.favourite_daypart in DAYPARTS else []
    return ", ".join(str(one) for one in said)


def within(middle: Decimal, margin: Decimal) -> tuple[Decimal, Decimal]:
    """The interval around an estimate. Nothing is expected to be worth less than nothing."""
    return max(middle - margin, Decimal(0)), max(middle + margin, Decimal(0))


def within_words(middle: Decimal, margin: Decimal) -> str:
    """`4 of 5 such households end between 1,540 and 2,240`."""
    low, high = within(middle, margin)
    return _("4 of 5 such households end between %(low)s and %(high)s") % {
        "low": about(low, like=middle),
        "high": about(high, like=middle),
    }


def price_words(sensitivity: float) -> str:
    """What a price sensitivity from 0 to 1 means.

    >>> price_words(0.71)
    'Of a usual mix it would buy 7 of 10 on offer'
    """
    return _("Of a usual mix it would buy %(said)s of 10 on offer") % {
        "said": round(10 * sensitivity)
    }


def due_pill(days_bought: int, usual_gap_days: float, last_on: date, as_of: date) -> SafeString:
    """When an item is due again, as the model and the paper have it, on the morning `as_of`."""
    due = reasons.rhythm(days_bought, usual_gap_days, (as_of - last_on).days)
    return pill(due_words(due, last_on), DUE_TONES[due.state])


def due_words(rhythm: reasons.Rhythm, last_on: date) -> str:
    """What is due in two or three words; `last_on` is when it was last bought."""
    match rhythm.state:
        case reasons.State.AHEAD:
            return ngettext("in %(n)s day", "in %(n)s days", rhythm.days) % {"n": rhythm.days}
        case reasons.State.TODAY:
            return _("today")
        case reasons.State.LATE:
            return ngettext("%(n)s day late", "%(n)s days late", rhythm.days) % {"n": rhythm.days}
        case reasons.State.LAPSED:
            return _("lapsed in %(month)s") % {"month": date_format(last_on, "F")}
        case reasons.State.UNKNOWN:
            return _("not known")


def rhythm_words(days_bought: int, gap_days: float, since_days: int) -> str:
    """How often an item is bought: "every 19 days", "was every 21 days", "once"."""
    if days_bought < reasons.RHYTHM_FROM:
        return _("once") if days_bought == 1 else _("twice")
    days = max(round(gap_days), 1)
    often = _("every day") if days == 1 else _("every %(n)s days") % {"n": days}
    lapsed = reasons.is_lapsed(gap_days, since_days)
    return _("was %(often)s") % {"often": often} if lapsed else often


def pace_words(trips_a_week: float) -> str:
    """How often a household comes: "Comes 2 times a week", "Comes every 3 weeks"."""
    if trips_a_week <= 0:
        return _("Has not come for a quarter")
    if trips_a_week >= 1.5:
        return _("Comes %(n)s times a week") % {"n": round(trips_a_week)}
    weeks = round(1 / trips_a_week)
    return _("Comes once a week") if weeks <= 1 else _("Comes every %(n)s weeks") % {"n": weeks}


def room_words(goods: str, part: float, room_cents: int) -> str:
    """What a household buys elsewhere, `part` of it here: "Buys about a third of its dairy ..."."""
    elsewhere = 1.0 - part
    if elsewhere < 0.1 or room_cents < 10_00:
        return _("Buys nearly all of its %(goods)s here") % {"goods": goods}
    units = room_cents / 100
    step = 10 if units >= 100 else 5
    return _("Buys %(part)s of its %(goods)s elsewhere: some %(room)s a year") % {
        "part": _fraction(elsewhere),
        "goods": goods,
        "room": grouped(max(round(units / step), 1) * step),
    }


def share_words(share: float) -> str:
    """Which part of all its groceries it buys here: "Buys about half of its groceries here"."""
    return _("Buys %(part)s of its groceries here") % {"part": _fraction(share)}


def _fraction(part: float) -> str:
    names = (
        (0.15, _("a small part")), (0.29, _("about a quarter")), (0.42, _("about a third")),
        (0.58, _("about half")), (0.71, _("about two thirds")), (0.85, _("about three quarters")),
    )  # fmt: skip
    return next((name for least, name in names if part < least), _("nearly all"))


def worth_words(cents: int, margin_cents: int) -> str:
    """What a household is worth in margin, and between what such households end."""
    if cents <= 0:
        return _("Nothing is expected of it")
    # Two or three figures: more would claim too much.
    step = 10 if cents >= 200_00 else 5 if cents >= 50_00 else 1
    worth, least, most = (
        grouped(round(amount / 100 / step) * step)
        for amount in (cents, max(cents - margin_cents, 0), cents + margin_cents)
    )
    return _(
        "Worth about %(about)s in margin over three years; 4 of 5 such households end between "
        "%(least)s and %(most)s"
    ) % {"about": worth, "least": least, "most": most}


def tier_name(tier: str) -> str:
    """Of what is no tier of today's, what it was called."""
    return str(TIER_NAMES.get(tier, tier.capitalize()))


def tier_pill(tier: str) -> SafeString:
    return pill(in_sentence(tier_name(tier)), TIER_TONES.get(tier, "plain"))


def about(value: Decimal | None, *, like: Decimal | None = None) -> str:
    """An estimate of money to two or three figures: more would claim too much.

    A dash if it is not known. like: the estimate whose step it shares, a margin's or a bound's.
    """
    if value is None:
        return NOTHING
    size = value if like is None else like
    step = 10 if size >= 200 else 5 if size >= 50 else 1
    return grouped(round(value / step) * step)
