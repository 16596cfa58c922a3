"""A sheet of nobody's, to see a theme by: offers of every kind, and every reason to get one."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Final, TypeVar

from coupons.sheets import codes
from coupons.sheets.faces import CouponFace, Leaf, OfferFace, SheetFace, Symbology, Tag
from coupons.sheets.symbols import gs1
from coupons.sheets.words import Words, in_language, worth

T = TypeVar("T")
NUMBER: Final = 1_204  # of the sample among the sheets of its mailing
TOTAL: Final = 4_816
POSTCODE: Final = "00101"
_PREFIX: Final = "9501101"  # GS1's own, for examples
_HOME: Final = "https://coupons.example"
_BODY: Final = "7Q4MK2XP9R3V"  # of codes that no till knows


@dataclass(frozen=True, slots=True)
class _Sample:
    """An offer: how it is worth what, and its words by language: product, size, reason."""

    kind: str
    face_value: str
    tag: Tag
    picture: str
    words: dict[str, tuple[str, str, str]]
    percent: int | None = None
    price: str | None = None
    units: int = 1
    reduced_units: int = 1
    threshold: str | None = None


_SAMPLES: Final = (
    _Sample(
        "amount", "1.50", Tag.BUY, "cheese",
        {
            "en": ("Hillside mature cheddar", "Dairyman · 350 g", "You buy this about every two "
                   "weeks."),
            "de": ("Bergkäse, würzig", "Dairyman · 350 g", "Den kaufen Sie etwa alle zwei Wochen."),
        },
    ),
    _Sample(
        "percent", "0.90", Tag.NEW, "coffee",
        {
            "en": ("Ground coffee, dark roast", "Harbour · 500 g", "Goes with what you like."),
            "de": ("Röstkaffee, kräftig", "Harbour · 500 g", "Passt zu dem, was Sie mögen."),
        },
        percent=30,
    ),
    _Sample(
        "multi_buy", "2.40", Tag.BUY, "yogurt",
        {
            "en": ("Fruit yogurt, all kinds", "Meadow · 150 g", "You buy these most weeks."),
            "de": ("Fruchtjoghurt, alle Sorten", "Meadow · 150 g", "Die kaufen Sie fast jede "
                   "Woche."),
        },
        percent=100, units=2,
    ),
    _Sample(
        "fixed_price", "0.80", Tag.BACK, "bread",
        {
            "en": ("Stone oven bread", "From our bakery · 750 g", "It has been a while."),
            "de": ("Steinofenbrot", "Aus unserer Bäckerei · 750 g", "Das ist schon eine Weile "
                   "her."),
        },
        price="1.99",
    ),
    _Sample(
        "free_item", "1.20", Tag.NEW, "juice",
        {
            "en": ("Apple juice, cloudy", "Orchard · 1 l", "New at our stores."),
            "de": ("Apfelsaft, naturtrüb", "Orchard · 1 l", "Neu in unseren Märkten."),
        },
    ),
    _Sample(
        "threshold", "5.00", Tag.BUY, "basket",
        {
            "en": ("Your whole basket", "Gift cards and tobacco excepted", "A thank-you for "
                   "shopping with us."),
            "de": ("Ihr ganzer Einkauf", "Ohne Gutscheinkarten und Tabak", "Ein Dank für Ihren "
                   "Einkauf."),
        },
        threshold="50.00",
    ),
    _Sample(
        "amount", "0.75", Tag.BACK, "laundry",
        {
            "en": ("Laundry liquid for colours", "Clearwater · 20 washes", "Due again about now."),
            "de": ("Flüssigwaschmittel Color", "Clearwater · 20 Wäschen", "Wird wohl gerade "
                   "alle."),
        },
    ),
    _Sample(
        "percent", "0.60", Tag.BUY, "apple",
        {
            "en": ("Apples from the region", "Loose · per kg", "You buy these most weeks."),
            "de": ("Äpfel aus der Region", "Lose · je kg", "Die kaufen Sie fast jede Woche."),
        },
        percent=20,
    ),
    _Sample(
        "multi_buy", "1.00", Tag.BUY, "noodles",
        {
            "en": ("Durum wheat pasta", "Casa Bruna · 500 g", "You often buy two."),
            "de": ("Nudeln aus Hartweizen", "Casa Bruna · 500 g", "Oft kaufen Sie zwei."),
        },
        price="3.00", units=3,
    ),
    _Sample(
        "amount", "2.00", Tag.NEW, "fish",
        {
            "en": ("Smoked salmon, sliced", "North Quay · 200 g", "Something for the weekend."),
            "de": ("Räucherlachs in Scheiben", "North Quay · 200 g", "Etwas fürs Wochenende."),
        },
    ),
    _Sample(
        "amount", "0.40", Tag.BUY, "milk",
        {
            "en": ("Fresh milk, 3.5 % fat", "Meadow · 1 l", "You buy this every week."),
            "de": ("Frische Milch, 3,5 % Fett", "Meadow · 1 l", "Die kaufen Sie jede Woche."),
        },
    ),
    _Sample(
        "percent", "1.10", Tag.BACK, "ice cream",
        {
            "en": ("Vanilla ice cream", "Polar · 900 ml", "It has been a while."),
            "de": ("Vanilleeis", "Polar · 900 ml", "Das ist schon eine Weile her."),
        },
        percent=25,
    ),
)  # fmt: skip
_TERMS: Final = {
    "en": "One per household. Not with other offers.",
    "de": "Ein Coupon je Haushalt. Nicht mit anderen Aktionen.",
}
_HEADS: Final = {
    "en": (
        "Good things you like, for less.",
        "Chosen from what your household enjoys at our stores.",
        "thank you for shopping with us. On the back of this letter are coupons that we picked "
        "for you: for what you buy often, and for something new.\n\nJust hand them in at the "
        "till.\n\nYour store",
    ),
    "de": (
        "Gutes, das Sie mögen, für weniger.",
        "Ausgewählt nach dem, was Ihr Haushalt bei uns gern kauft.",
        "danke, dass Sie bei uns einkaufen. Auf der Rückseite dieses Briefs finden Sie Coupons, "
        "die wir für Sie ausgesucht haben: für das, was Sie oft kaufen, und für Neues.\n\nGeben "
        "Sie sie einfach an der Kasse ab.\n\nIhr Markt",
    ),
}
_ADDRESSES: Final = {
    "en": ("Ada Example", "1 Sample Lane", f"Exampleton, ZZ {POSTCODE}"),
    "de": ("Ada Beispiel", "Musterweg 1", "10115 Berlin"),
}


@dataclass(frozen=True, slots=True)
class Barcodes:
    """What a theme says of its barcodes."""

    symbology: Symbology
    company_prefix: str
    home: str


def offers(
    language: str, places: int, barcodes: Barcodes, own: Sequence[OfferFace], begin: date
) -> tuple[OfferFace, ...]:
    """Return `places` offers, good from `begin` for four weeks; the first are the shop's `own`."""
    words = in_language(language)
    valid = words.dates(begin, begin + timedelta(days=27))
    faces = [_face(sample, words, valid) for sample in _SAMPLES[:places]]
    for place, face in zip(_PLACES_OF_OWN, own, strict=False):
        faces[place] = replace(face, valid=valid)
    return tuple(replace(face, symbology=barcodes.symbology) for face in faces)


_PLACES_OF_OWN: Final = (1, 2)  # so that drawn pictures stand beside photographs


def sheet(
    language: str, faces: Sequence[OfferFace], barcodes: Barcodes, leaf: Leaf, begin: date
) -> SheetFace:
    """Return the sheet of `faces`, each with a barcode of the theme's kind."""
    words = in_language(language)
    headline, explanation, letter = _in(_HEADS, words)
    address = _in(_ADDRESSES, words)
    until = begin + timedelta(days=27)
    return SheetFace(
        sequence=NUMBER,
        address=address,
        savings=words.sum(Decimal("17.35"), "€" if words.decimal_comma else "$"),
        coupons=tuple(_coupon(place, words, barcodes) for place in range(len(faces))),
        headline=headline,
        explanation=explanation,
        savings_lines=words.savings_lines(len(faces), until, is_generic=False),
        how_chosen=words.how_chosen,
        language=words.language,
        greeting=words.greet(address[0]),
        letter=tuple(letter.split("\n\n")) if leaf is Leaf.LETTER else (),
    )


def _in(table: dict[str, T], words: Words) -> T:
    return table.get(words.language, table["en"])


def _face(sample: _Sample, words: Words, valid: str) -> OfferFace:
    value, suffix = worth(
        words,
        sample.kind,
        face_value=Decimal(sample.face_value),
        percent=sample.percent,
        price=Decimal(sample.price) if sample.price else None,
        units=sample.units,
        reduced_units=sample.reduced_units,
        threshold=Decimal(sample.threshold) if sample.threshold else None,
    )
    product, detail, _ = _in(sample.words, words)
    return OfferFace(value, suffix, product, detail, sample.picture, (_in(_TERMS, words),), valid)


def _coupon(place: int, words: Words, barcodes: Barcodes) -> CouponFace:
    sample = _SAMPLES[place]
    code, payload = _CONTENTS[barcodes.symbology](place, barcodes)
    return CouponFace(place, code, payload, sample.tag, _in(sample.words, words)[2])


def _own_code(place: int, barcodes: Barcodes) -> tuple[str, str]:
    body = _BODY[place % 12 :] + _BODY[: place % 12]
    code = body + codes.check_character(body)
    return codes.grouped(code), code


def _ean(place: int, barcodes: Barcodes) -> tuple[str, str]:
    digits = gs1.ean13("99", f"{4_711_000_000 + 137 * place}")
    return digits, digits


def _number(place: int, barcodes: Barcodes) -> tuple[str, str]:
    prefix = barcodes.company_prefix or _PREFIX
    reference = f"{place + 1:0{max(0, 12 - len(prefix))}}" if len(prefix) < 12 else ""
    return gs1.gcn(prefix, reference), f"{910_000_000_000 + 7_919 * place}"


def _element(place: int, barcodes: Barcodes) -> tuple[str, str]:
    text = gs1.ai_255(*_number(place, barcodes))
    return text, text


def _link(place: int, barcodes: Barcodes) -> tuple[str, str]:
    number = _number(place, barcodes)
    return gs1.ai_255(*number), gs1.digital_link(barcodes.home or _HOME, *number)


_CONTENTS: Final[dict[Symbology, Callable[[int, Barcodes], tuple[str, str]]]] = {
    Symbology.CODE_128: _own_code,
    Symbology.EAN_13: _ean,
    Symbology.GS1_128: _element,
    Symbology.DATABAR: _element,
    Symbology.DATAMATRIX: _element,
    Symbology.QR: _link,
}
