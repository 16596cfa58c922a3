"""What is said on paper of when and how often something was bought, in each language. PURE.

Sentences about one item and about one of several differ in more than a word, so both are written
out. Where `{}` stands, what the sentence is about is filled in.
"""

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Phrases:
    """One language's. Pairs are of one item, and of one of several; lists begin with Monday and
    January.
    """

    rhythm: tuple[str, str]  # how often
    last_time: str  # when
    favourite: tuple[str, str]  # weekday
    twice: tuple[str, str]  # when
    tried: tuple[str, str]  # when
    had: tuple[str, str]  # month
    missed: str  # month
    weekdays: tuple[str, ...]
    months: tuple[str, ...]
    daily: str
    every_days: str
    every_weeks: str
    every_months: str
    today: str
    yesterday: str
    days_ago: str
    weeks_ago: str
    months_ago: str

    def how_often(self, gap_days: float) -> str:
        """Say every how many days, weeks or months; the larger the gap, the more roughly."""
        days = max(round(gap_days), 1)
        if days == 1:
            return self.daily
        if days < 45:
            return self.every_days.format(days)
        if days < 75:
            return self.every_weeks.format(round(days / 7))
        return self.every_months.format(max(round(days / 30.4), 2))

    def ago(self, days: int) -> str:
        """Say how long ago something was, never by a single week or month."""
        if days <= 1:
            return self.yesterday if days == 1 else self.today
        if days < 14:
            return self.days_ago.format(days)
        if days < 60:
            return self.weeks_ago.format(round(days / 7))
        return self.months_ago.format(round(days / 30.4))


ENGLISH: Final = Phrases(
    rhythm=("You buy this {}.", "You buy one of these {}."),
    last_time="Last time: {}.",
    favourite=("A {} favourite of yours.", "Among your {} favourites."),
    twice=(
        "You have picked this twice, last time {}.",
        "You have picked one of these twice, last time {}.",
    ),
    tried=("You tried this {}.", "You tried one of these {}."),
    had=("You had this last in {}.", "You had one of these last in {}."),
    missed="We have missed you here since {}.",
    weekdays=tuple("Monday Tuesday Wednesday Thursday Friday Saturday Sunday".split()),
    months=tuple(
        "January February March April May June July August September October November "
        "December".split()
    ),
    daily="almost every day",
    every_days="about every {} days",
    every_weeks="about every {} weeks",
    every_months="about every {} months",
    today="today",
    yesterday="yesterday",
    days_ago="{} days ago",
    weeks_ago="{} weeks ago",
    months_ago="{} months ago",
)
GERMAN: Final = Phrases(
    rhythm=("Das kaufen Sie {}.", "Davon kaufen Sie {} etwas."),
    last_time="Zuletzt {}.",
    favourite=("{} gern in Ihrem Korb.", "Davon ist {} gern etwas in Ihrem Korb."),
    twice=("Schon zweimal in Ihrem Korb, zuletzt {}.",) * 2,
    tried=("Das haben Sie {} probiert.", "Davon haben Sie {} etwas probiert."),
    had=("Das hatten Sie zuletzt im {}.", "Davon hatten Sie zuletzt im {} etwas."),
    missed="Seit {} haben wir Sie hier vermisst.",
    weekdays=tuple(
        "montags dienstags mittwochs donnerstags freitags samstags sonntags".split(),
    ),
    months=tuple(
        "Januar Februar März April Mai Juni Juli August September Oktober November Dezember".split()
    ),
    daily="fast jeden Tag",
    every_days="etwa alle {} Tage",
    every_weeks="etwa alle {} Wochen",
    every_months="etwa alle {} Monate",
    today="heute",
    yesterday="gestern",
    days_ago="vor {} Tagen",
    weeks_ago="vor {} Wochen",
    months_ago="vor {} Monaten",
)
LANGUAGES: Final = {"en": ENGLISH, "de": GERMAN}


def in_language(language: str) -> Phrases:
    """Return a language's phrases; English for one that has none."""
    return LANGUAGES.get(language, ENGLISH)
