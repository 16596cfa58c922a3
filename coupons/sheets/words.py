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
        "gone_do": "To choose what you get, or to ask about your data, come to any service desk "
        "with your card.",
        "forgotten": "Nothing is kept here any more",
        "forgotten_says": "We were asked to forget the household of this sheet, and did. Its "
        "coupons are no longer good.",
        "replaced": "This sheet was reported lost, and another took its place. Its coupons are no "
        "longer good.",
        "more": "More like this",
        "never": "Never again",
        "undo": "Undo",
        "is_favourite": "You said: more like this.",
        "is_never": "You said: never again.",
        "choices": "What you wish",
        "language": "Language of our post",
        "keep": "Keep",
        "any_language": "I do not mind",
        "post": "Post",
        "post_on": "You get coupons by post.",
        "post_off": "You get no post from us.",
        "post_stop": "No post, please",
        "post_start": "Post is fine again",
        "profiling": "How coupons are chosen",
        "profiling_on": "We choose coupons from what you bought. If you object, you get a sheet "
        "that is the same for everybody: nothing you bought is looked at.",
        "profiling_off": "You objected: your sheets are the same for everybody, and nothing you "
        "bought is looked at.",
        "profiling_stop": "I object",
        "profiling_start": "Choose from my purchases again",
        "data": "Your data",
        "data_says": "We answer within a month. So that nobody else gets your data, we first ask "
        "you for your card at the service desk of your store.",
        "copy": "I want a copy of my data",
        "copy_open": "You asked for a copy: it waits for you at the service desk by {}.",
        "erasure": "I want to be forgotten",
        "erasure_says": "If we forget you, your coupons end, and your card counts as nobody's.",
        "erasure_open": "You asked to be forgotten: come to the service desk with your card. It "
        "is done by {}.",
        "said": "We have noted it.",
        "said_undone": "It is undone.",
        "said_copy": "We have noted that you want a copy. Nothing else is to be done today.",
        "said_erasure": "We have noted that you want to be forgotten. Nothing is erased before we "
        "have seen your card.",
        "too_many": "That was a lot at once",
        "too_many_says": "What you chose before is kept. Come back in ten minutes to choose more.",
        "unclear": "We did not understand that",
        "unclear_says": "Nothing was changed. Go back to your coupons and choose again.",
        "back": "Back to your coupons",
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
        "gone_do": "Wenn Sie bestimmen möchten, was Sie bekommen, oder nach Ihren Daten fragen, "
        "kommen Sie mit Ihrer Karte an eine Servicetheke.",
        "forgotten": "Hier ist nichts mehr gespeichert",
        "forgotten_says": "Wir wurden gebeten, den Haushalt dieses Blatts zu vergessen, und haben "
        "es getan. Die Coupons gelten nicht mehr.",
        "replaced": "Dieses Blatt wurde als verloren gemeldet und ersetzt. Seine Coupons gelten "
        "nicht mehr.",
        "more": "Mehr davon",
        "never": "Nie wieder",
        "undo": "Rückgängig",
        "is_favourite": "Sie sagten: mehr davon.",
        "is_never": "Sie sagten: nie wieder.",
        "choices": "Was Sie möchten",
        "language": "Sprache unserer Post",
        "keep": "Speichern",
        "any_language": "Ist mir gleich",
        "post": "Post",
        "post_on": "Sie bekommen Coupons mit der Post.",
        "post_off": "Sie bekommen keine Post von uns.",
        "post_stop": "Bitte keine Post",
        "post_start": "Wieder mit der Post",
        "profiling": "Wie Coupons ausgesucht werden",
        "profiling_on": "Wir suchen Coupons nach Ihren Einkäufen aus. Wenn Sie widersprechen, "
        "bekommen Sie ein Blatt, das für alle gleich ist: Ihre Einkäufe werden nicht betrachtet.",
        "profiling_off": "Sie haben widersprochen: Ihre Blätter sind für alle gleich, Ihre "
        "Einkäufe werden nicht betrachtet.",
        "profiling_stop": "Ich widerspreche",
        "profiling_start": "Wieder nach meinen Einkäufen aussuchen",
        "data": "Ihre Daten",
        "data_says": "Wir antworten innerhalb eines Monats. Damit niemand sonst Ihre Daten "
        "bekommt, fragen wir Sie zuerst an der Servicetheke Ihres Markts nach Ihrer Karte.",
        "copy": "Ich möchte eine Kopie meiner Daten",
        "copy_open": "Sie haben um eine Kopie gebeten: Sie liegt bis {} an der Servicetheke.",
        "erasure": "Ich möchte vergessen werden",
        "erasure_says": "Wenn wir Sie vergessen, enden Ihre Coupons, und Ihre Karte gehört "
        "niemandem mehr.",
        "erasure_open": "Sie möchten vergessen werden: Kommen Sie mit Ihrer Karte an die "
        "Servicetheke. Es geschieht bis {}.",
        "said": "Wir haben es notiert.",
        "said_undone": "Es ist rückgängig gemacht.",
        "said_copy": "Wir haben notiert, dass Sie eine Kopie möchten. Heute ist sonst nichts zu "
        "tun.",
        "said_erasure": "Wir haben notiert, dass Sie vergessen werden möchten. Nichts wird "
        "gelöscht, bevor wir Ihre Karte gesehen haben.",
        "too_many": "Das war viel auf einmal",
        "too_many_says": "Was Sie vorher gewählt haben, gilt. Kommen Sie in zehn Minuten wieder.",
        "unclear": "Das haben wir nicht verstanden",
        "unclear_says": "Nichts wurde geändert. Gehen Sie zu Ihren Coupons zurück und wählen Sie "
        "noch einmal.",
        "back": "Zurück zu Ihren Coupons",
    },
)
LANGUAGES: Final = {"en": ENGLISH, "de": GERMAN}


def in_language(language: str) -> Words:
    """Return a language's words; English for one that has none."""
    return LANGUAGES.get(language, ENGLISH)
