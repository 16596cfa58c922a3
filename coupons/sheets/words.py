"""What sheets say by themselves, in each language they are written in.

Every language is one table; what differs in more than words (decimal commas, where the currency
stands, how a date is written) is in the table as well. `{}` stands for what is filled in.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Final


@dataclass(frozen=True, slots=True)
class Words:
    """One language's words. Months are January first, numbers none first."""

    language: str
    decimal_comma: bool
    money: str  # symbol and amount
    tags: Mapping[str, str]  # by the value of a Tag
    off: str
    only: str
    free: str
    several: str  # units, then for how many or for how much
    off_some: str  # reduced units, units
    off_spent: str  # what is to be spent
    savings_lead: str
    months: tuple[str, ...]
    short_months: tuple[str, ...]
    day: str  # day, month
    valid: str  # from, to with its year
    numbers: tuple[str, ...]
    coupon: str
    coupons: str
    picked: str  # "Eight", "coupons"
    for_everybody: str  # the same of a sheet that asks nothing of purchases
    use_until: str
    everybody_explained: str
    how_chosen: str
    greeting: str
    greeting_nobody: str
    sheet: str  # number, total
    scan: str  # beside the code that leads to the sheet's own page
    page: Mapping[str, str]  # the sheet's page and receipts, by name

    def figure(self, amount: Decimal | int) -> str:
        """A number as this language writes it: 1.50 or 1,50."""
        text = f"{amount}"
        return text.replace(".", ",") if self.decimal_comma else text

    def sum(self, amount: Decimal, symbol: str) -> str:
        """Money as this language writes it: $12.40 or 12,40 €."""
        narrow = "" if len(symbol) == 1 and not self.decimal_comma else "\u00a0"
        return self.money.format(symbol=symbol, gap=narrow, amount=self.figure(amount))

    def day_of(self, day: date, *, short: bool = False) -> str:
        """A day without its year: 24 December, 24 Dec."""
        months = self.short_months if short else self.months
        return self.day.format(day=day.day, month=months[day.month - 1])

    def dates(self, begin: date, end: date) -> str:
        """When something is good: 'Valid 30 Oct - 24 Dec 2017', with both years if they differ."""
        year = f" {begin.year}" if begin.year != end.year else ""
        first = self.day_of(begin, short=True) + year
        return self.valid.format(first, f"{self.day_of(end, short=True)} {end.year}")

    def savings_lines(self, count: int, until: date, *, is_generic: bool) -> tuple[str, str]:
        """The lines below what is saved: how many coupons, and until when."""
        number = self.numbers[count] if count < len(self.numbers) else str(count)
        noun = self.coupon if count == 1 else self.coupons
        line = self.for_everybody if is_generic else self.picked
        return line.format(number, noun), self.use_until.format(self.day_of(until))

    def greet(self, name: str) -> str:
        """The line above a letter."""
        return self.greeting.format(name) if name else self.greeting_nobody


def worth(
    words: Words,
    kind: str,
    *,
    face_value: Decimal,
    percent: int | None,
    price: Decimal | None,
    units: int,
    reduced_units: int,
    threshold: Decimal | None,
) -> tuple[str, str]:
    """What an offer takes off: what is set large, and what stands small beside it.

    kind and the figures are those of an Offer.
    """
    figure = words.figure
    match kind:
        case "percent":
            return f"{percent} %", words.off
        case "fixed_price":
            return figure(price or Decimal(0)), words.only
        case "free_item":
            return words.free, ""
        case "multi_buy" if price is not None:
            return words.several.format(units, figure(price)), ""
        case "multi_buy" if percent == 100:
            return words.several.format(units, units - reduced_units), ""
        case "multi_buy":
            return f"{percent} %", words.off_some.format(reduced_units, units)
        case "threshold":
            return figure(face_value), words.off_spent.format(figure(threshold or Decimal(0)))
    return figure(face_value), words.off


ENGLISH: Final = Words(
    language="en",
    decimal_comma=False,
    money="{symbol}{gap}{amount}",
    tags={"buy": "YOU BUY THIS", "back": "WELCOME BACK", "new": "TRY SOMETHING NEW"},
    off="off",
    only="only",
    free="Free",
    several="{} for {}",
    off_some="off {} of {}",
    off_spent="off {}",
    savings_lead="Your savings this time, up to",
    months=tuple(
        "January February March April May June July August September October November "
        "December".split()
    ),
    short_months=tuple("Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split()),
    day="{day} {month}",
    valid="Valid {} – {}",  # noqa: RUF001 - the dash that dates want
    numbers=tuple(
        "No One Two Three Four Five Six Seven Eight Nine Ten Eleven Twelve".split(),
    ),
    coupon="coupon",
    coupons="coupons",
    picked="{} {} picked for your household.",
    for_everybody="{} {} picked for everybody.",
    use_until="Use any of them until {}.",
    everybody_explained="The same for everybody: nothing you bought was looked at.",
    how_chosen="These prices were set for you by an algorithm using your purchase data.",
    greeting="Dear {},",
    greeting_nobody="Hello,",
    sheet="Sheet {} / {}",
    scan="Large print and\nscreen readers",
    page={
        "title": "Your coupons",
        "for": "For {}",
        "show": "Show a code at the till, on paper or on this screen.",
        "code": "Code",
        "used": "Used on {}",
        "void": "No longer good",
        "not_yet": "Good from {}",
        "expired": "Expired on {}",
        "why": "Why you",
        "terms": "Terms",
        "barcode": "Barcode of {}",
        "picture": "As a picture",
        "till": "A coupon for our tills",
        "till_says": "Hand it over with your shopping: the till reads its code.",
        "gone": "This link has expired",
        "gone_says": "Its coupons are no longer good. The next ones come by post.",
    },
)
GERMAN: Final = Words(
    language="de",
    decimal_comma=True,
    money="{amount}{gap}{symbol}",
    tags={"buy": "DAS KAUFEN SIE", "back": "SCHÖN, SIE WIEDERZUSEHEN", "new": "NEU FÜR SIE"},
    off="Rabatt",
    only="nur",
    free="Gratis",
    several="{} für {}",
    off_some="auf {} von {}",
    off_spent="ab {}",
    savings_lead="Ihre Ersparnis diesmal, bis zu",
    months=tuple(
        "Januar Februar März April Mai Juni Juli August September Oktober November Dezember".split()
    ),
    short_months=tuple("Jan. Feb. März April Mai Juni Juli Aug. Sept. Okt. Nov. Dez.".split()),
    day="{day}. {month}",
    valid="Gültig {} – {}",  # noqa: RUF001 - as above
    numbers=tuple(
        "Keine Ein Zwei Drei Vier Fünf Sechs Sieben Acht Neun Zehn Elf Zwölf".split(),
    ),
    coupon="Coupon",
    coupons="Coupons",
    picked="{} {}, für Ihren Haushalt ausgesucht.",
    for_everybody="{} {}, für alle dieselben.",
    use_until="Einlösbar bis zum {}.",
    everybody_explained="Für alle gleich: Ihre Einkäufe wurden dafür nicht betrachtet.",
    how_chosen="Diese Preise hat ein Algorithmus mit Ihren Einkaufsdaten für Sie festgelegt.",
    greeting="Guten Tag {},",
    greeting_nobody="Guten Tag,",
    sheet="Blatt {} / {}",
    scan="Großdruck und\nzum Vorlesen",
    page={
        "title": "Ihre Coupons",
        "for": "Für {}",
        "show": "Zeigen Sie einen Code an der Kasse, auf Papier oder auf diesem Bildschirm.",
        "code": "Code",
        "used": "Eingelöst am {}",
        "void": "Nicht mehr gültig",
        "not_yet": "Gültig ab {}",
        "expired": "Abgelaufen am {}",
        "why": "Warum Sie",
        "terms": "Bedingungen",
        "barcode": "Strichcode zu {}",
        "picture": "Als Bild",
        "till": "Ein Coupon für unsere Kassen",
        "till_says": "Geben Sie ihn mit Ihrem Einkauf ab: Die Kasse liest den Code.",
        "gone": "Dieser Link ist abgelaufen",
        "gone_says": "Die Coupons gelten nicht mehr. Die nächsten kommen mit der Post.",
    },
)
LANGUAGES: Final = {"en": ENGLISH, "de": GERMAN}


def in_language(language: str) -> Words:
    """Return a language's words; English for one that has none."""
    return LANGUAGES.get(language, ENGLISH)
