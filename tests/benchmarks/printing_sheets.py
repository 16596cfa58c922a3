"""Sheets to print, made up: 200 offers with photographs, households with names from all over."""

import io
import random
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final, NamedTuple

from PIL import Image, ImageDraw, ImageFilter

from coupons.sheets import codes, photos
from coupons.sheets.faces import (
    CouponFace,
    Format,
    Look,
    OfferFace,
    Press,
    SheetFace,
    Symbology,
    Tag,
    Theme,
)
from coupons.sheets.symbols import gs1

OFFERS: Final = 200
COUPONS: Final = 10
MAKERS: Final = (
    "Müller,Łowicz,Président,Ötker,Niño,Bäckerei Groß,Crème d'Or,Żywiec,Åland,Señor,House,Bio Natur"
).split(",")
GOODS: Final = (
    ("Crème fraîche", "30 % fat · 200 g", "milk"),
    ("Fresh spätzle", "400 g", "pasta"),
    ("Żurek soup", "330 ml jar", "soup"),
    ("Jalapeño salsa", "315 g jar", "sauce"),
    ("Smoked salmon", "100 g", "fish"),
    ("Organic bananas", "per kg", "tropical"),
    ("Whole bean coffee", "500 g", "coffee"),
    ("Dish soap, citron", "500 ml", "cleaning"),
    ("Pâté de campagne", "180 g", "meat"),
    ("Sourdough rye bread", "750 g", "bread"),
    ("Extra virgin olive oil", "0.75 l", "oil"),
    ("Laundry liquid", "40 washes", "laundry"),
)
WORTHS: Final = (
    ("0.50", "off"),
    ("1.50", "off"),
    ("25 %", "off"),
    ("2 for 1", ""),
    ("30 %", "off"),
)
FIRST: Final = (
    "Anna Jörg Łukasz Zoë François Øyvind Søren Željko Maria John Chloé Ángel Eva".split()
)
LAST: Final = (
    "Müller Łódźki García Nowák Groß Kowalska O'Brien Ðorđević Smith Lefèvre Çelik".split()
)
STREETS: Final = ("Hauptstraße", "Łąkowa", "Rue de l'Église", "Calle Peñón", "Main Street")
CITIES: Final = ("12345 Köln", "90-001 Łódź", "75001 Paris", "10115 Berlin", "28013 Madrid")
REASONS: Final = (
    "You buy this about every {} days.",
    "About every {} days. It should be time.",
    "You used to buy this; last time {} weeks ago.",
    "Households like yours come back to it.",
)
VALID: Final = "Valid 30 Nov \u2013 24 Dec 2026"
TERMS: Final = ("Once per household, any Greenfield store.", "Not with other offers on this item.")
HEADLINE: Final = "Good things you like, for less."
EXPLANATION: Final = "Chosen from what your household enjoys at our stores."
SAVINGS: Final = (
    "Ten coupons picked for your household.",
    "Use any of them until 24 December.",
)
HOW_CHOSEN: Final = "These prices were set for you by an algorithm using your purchase data."
HOME: Final = "https://coupons.greenfield.example"


def pictures(side: int = 300) -> dict[str, bytes]:
    """A photograph for each offer, as an upload becomes one, by SHA-256."""
    draw = random.Random(3)
    made = {}
    for _ in range(OFFERS):
        image = Image.new("RGB", (side, side))
        pen = ImageDraw.Draw(image)
        base = tuple(draw.randrange(40, 230) for _ in range(3))
        for y in range(side):
            shade = 0.6 + 0.4 * y / side
            pen.line((0, y, side, y), fill=tuple(int(part * shade) for part in base))
        for _ in range(25):
            x, y, size = draw.randrange(side), draw.randrange(side), draw.randrange(10, 70)
            colour = tuple(min(255, part + draw.randrange(-40, 60)) for part in base)
            pen.ellipse((x, y, x + size, y + size), fill=colour, outline="white")
        raw = io.BytesIO()
        image.filter(ImageFilter.GaussianBlur(0.7)).save(raw, "JPEG", quality=90)
        prepared = photos.prepare(raw.getvalue())
        made[prepared.sha256] = prepared.content
    return made


def offers(pictured: dict[str, bytes], symbology: Symbology) -> tuple[OfferFace, ...]:
    draw = random.Random(7)
    names = list(pictured)
    faces = []
    for number in range(OFFERS):
        goods, size, icon = GOODS[number % len(GOODS)]
        value, suffix = draw.choice(WORTHS)
        faces.append(
            OfferFace(
                value=value,
                suffix=suffix,
                product=goods,
                detail=f"{MAKERS[number * 7 % len(MAKERS)]} · {size}",
                picture=icon,
                terms=TERMS,
                valid=VALID,
                photo=names[number] if names else "",
                symbology=symbology,
            )
        )
    return tuple(faces)


def keep_pictures(files: dict[str, bytes], folder: Path) -> None:
    """Write them down, so that no process has to make them again."""
    folder.mkdir()
    for number, (sha256, content) in enumerate(files.items()):
        (folder / f"{number:03}-{sha256}").write_bytes(content)


def kept_pictures(folder: Path) -> dict[str, bytes]:
    """What keep_pictures wrote, in its order."""
    return {path.name[4:]: path.read_bytes() for path in sorted(folder.iterdir())}


def look(files: dict[str, bytes], total: int, symbology: Symbology = Symbology.CODE_128) -> Look:
    """What all sheets have in common."""
    shown = offers(files, symbology)
    return Look(Theme(), Format(places=COUPONS), Press(), shown, total)


class Home(NamedTuple):
    """What is known of a household before anything is printed, the same for every contender."""

    number: int
    name: str
    street: str
    city: str
    savings: str
    offers: list[int]
    codes: list[str]
    serials: list[str]
    reasons: list[str]
    tags: list[Tag]


def households(first: int, last: int, coupons: int = COUPONS) -> Iterator[Home]:
    for number in range(first, last + 1):
        draw = random.Random(number)
        yield Home(
            number,
            f"{draw.choice(FIRST)} {draw.choice(LAST)}",
            f"{draw.choice(STREETS)} {draw.randrange(1, 200)}",
            draw.choice(CITIES),
            f"${draw.randrange(400, 2400) / 100:.2f}",
            draw.sample(range(OFFERS), coupons),
            [_code(draw) for _ in range(coupons)],
            [f"{draw.randrange(10**12):012}" for _ in range(coupons)],
            [draw.choice(REASONS).format(draw.randrange(3, 30)) for _ in range(coupons)],
            [draw.choice(list(Tag)) for _ in range(coupons)],
        )


def _code(draw: random.Random) -> str:
    body = "".join(draw.choices(codes.ALPHABET, k=codes.BODY_LENGTH))
    return body + codes.check_character(body)


def sheets(homes: Iterable[Home], symbology: Symbology = Symbology.CODE_128) -> Iterator[SheetFace]:
    """The same households as sheets."""
    for home in homes:
        of_coupon = zip(home.offers, home.codes, home.serials, home.tags, home.reasons, strict=True)
        yield SheetFace(
            sequence=home.number,
            address=(home.name, home.street, home.city),
            savings=home.savings,
            headline=HEADLINE,
            explanation=EXPLANATION,
            savings_lines=SAVINGS,
            how_chosen=HOW_CHOSEN,
            coupons=tuple(
                CouponFace(
                    offer, codes.grouped(code), payload(symbology, offer, code, serial), tag, why
                )
                for offer, code, serial, tag, why in of_coupon
            ),
        )


def payload(symbology: Symbology, offer: int, code: str, serial: str) -> str:
    """What the barcode of a coupon says."""
    if symbology is Symbology.CODE_128:
        return code
    if symbology is Symbology.EAN_13:
        return gs1.ean13("9950110", f"{offer:05}", None)
    number = gs1.gcn("950110153", f"{offer:03}")
    if symbology is Symbology.QR:
        return gs1.digital_link(HOME, number, serial)
    return gs1.ai_255(number, serial)
