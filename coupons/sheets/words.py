"""What sheets say by themselves, in each language they are printed in."""

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Words:
    """One language's words. `{}` stand for what is filled in; months are January first."""

    tags: tuple[str, str, str]  # of what it buys, has left off, and has not tried
    savings_lead: str
    sheet: str


ENGLISH: Final = Words(
    tags=("YOU BUY THIS", "WELCOME BACK", "TRY SOMETHING NEW"),
    savings_lead="Your savings this time, up to",
    sheet="Sheet {} / {}",
)
GERMAN: Final = Words(
    tags=("KAUFEN SIE OFT", "WILLKOMMEN ZURÜCK", "NEU FÜR SIE"),
    savings_lead="Ihre Ersparnis, bis zu",
    sheet="Blatt {} / {}",
)
LANGUAGES: Final = {"en": ENGLISH, "de": GERMAN}


def in_language(language: str) -> Words:
    """Return a language's words; English for one that has none."""
    return LANGUAGES.get(language, ENGLISH)
