"""How a mailing looks on paper: its theme, offers and words, put together once and kept by a run.

A run keeps its look as JSON. What is printed again years later, after offers were renamed and the
theme was changed, still looks as it did; pictures, fonts and profiles are found by their SHA-256.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time
from decimal import Decimal
from functools import lru_cache
from typing import Any, Final, NamedTuple

import msgspec
from django.db.models import Exists, OuterRef

from coupons import links, models, payloads, pictures, posting
from coupons.models import (
    Coupon,
    FontFile,
    Mailing,
    Offer,
    OfferBarcode,
    OfferLevel,
    PressProfile,
    Terms,
    ThemeFont,
)
from coupons.models.offers import worth_in
from coupons.sheets import codes, faces
from coupons.sheets.faces import CouponFace, Look, OfferFace, SheetFace, Symbology, Tag
from coupons.sheets.words import Words, in_language
from pos_integration.models import Store

SYMBOLS: Final = {"USD": "$", "EUR": "€", "GBP": "£"}
LINES_OF_TERMS: Final = 2


class LookError(Exception):
    """Why a mailing cannot be put on paper, in a sentence for staff."""


class CouponRow(NamedTuple):
    """What of a coupon is on paper."""

    offer: int
    level: int | None
    code: str
    serial: int | None
    tag: str
    reason: str


class SheetRow(NamedTuple):
    """What of a sheet is on paper; coupons in the order of their places."""

    pk: int
    number: int
    address: str
    savings: Decimal
    is_generic: bool
    language: str
    coupons: list[CouponRow]


@dataclass(frozen=True)
class Said:
    """A mailing's words in one language."""

    headline: str
    explanation: str
    letter: tuple[str, ...]


@dataclass(frozen=True)
class Kept:
    """What a run keeps besides the look: what each sheet's words are made of.

    places has [offer, level or 0, language, place among the look's offers] for each face; plain
    the same of faces in Code 128 for coupons that were issued before their offer had a barcode.
    """

    look: Look
    places: list[tuple[int, int, str, int]]
    said: dict[str, Said]
    language: str  # of sheets that have none
    symbol: str
    valid_to: date
    shows_reasons: bool
    how_chosen: str
    home: str
    imb_mailer: str
    imb_service: str
    sheets_a_file: int
    sheets_checked: int
    plain: list[tuple[int, int, str, int]] = field(default_factory=list)


@dataclass
class Looks:
    """A look, and how sheets become faces in it."""

    kept: Kept
    _terms: dict[tuple[int, int], Terms] = field(default_factory=dict)

    @classmethod
    def of(
        cls, mailing: Mailing, total: int | None = None, languages: Iterable[str] = ()
    ) -> "Looks":
        """The look that a mailing has now. Raises LookError if it has no offers.

        total: sheets of the whole, as each says it; by default the number of the last.
        languages: that sheets speak, besides those that are issued.
        """
        theme = theme_of(mailing)
        if total is None:
            last = mailing.sheets.order_by("-number").values_list("number", flat=True).first()
            total = last or 1
        spoken = _languages(mailing, theme, languages)
        worths = _worths(mailing)
        if not worths:
            raise LookError(f"'{mailing}' has no offers: there is nothing to put on paper.")
        shown, places = _offer_faces(mailing, worths, spoken)
        plain = _plain(mailing, worths, places)
        of_plain = [replace(shown[at], symbology=Symbology.CODE_128) for *_, at in plain]
        look = Look(
            face_of_theme(theme),
            format_of(theme, mailing.coupons_per_sheet, mailing.leaf),
            press_of(theme, _made_at(mailing)),
            (*shown, *of_plain),
            total,
        )
        currency = Store.objects.values_list("currency", flat=True).order_by("pk").first() or "USD"
        kept = Kept(
            look=look,
            places=places,
            said=_said(mailing, spoken),
            language=theme.language,
            symbol=SYMBOLS.get(currency, currency),
            valid_to=mailing.valid_to,
            shows_reasons=mailing.shows_reasons,
            how_chosen=theme.how_chosen,
            home=theme.home,
            imb_mailer=theme.imb_mailer,
            imb_service=theme.imb_service,
            sheets_a_file=theme.sheets_a_file,
            sheets_checked=theme.sheets_checked,
            plain=[
                (offer, level, language, len(shown) + at)
                for at, (offer, level, language, _) in enumerate(plain)
            ],
        )
        return cls(kept, worths)

    @classmethod
    def from_json(cls, mailing: Mailing, plain: dict[str, Any]) -> "Looks":
        """The look that a run of the mailing kept."""
        return cls(msgspec.convert(plain, Kept), _worths(mailing))

    def to_json(self) -> dict[str, Any]:
        """The look as a run keeps it."""
        plain: dict[str, Any] = msgspec.to_builtins(self.kept)
        return plain

    @property
    def look(self) -> Look:
        """What all sheets have in common."""
        return self.kept.look

    def files(self) -> dict[str, bytes]:
        """The pictures, fonts and the profile that the look names, by their SHA-256."""
        theme, press = self.look.theme, self.look.press
        found = pictures.contents({offer.photo for offer in self.look.offers} | {theme.logo})
        fonts = [*theme.fonts.values(), *theme.more_fonts]
        for rows in (
            FontFile.objects.filter(sha256__in=fonts),
            PressProfile.objects.filter(sha256__in=[press.profile] if press.profile else []),
        ):
            named = rows.values_list("sha256", "content")
            found |= {sha256: bytes(content) for sha256, content in named}
        return found

    def faces(self, rows: Iterable[SheetRow]) -> Iterator[SheetFace]:
        """What is on each sheet's paper. Raises LookError for an offer that the look lacks."""
        kept = self.kept
        places = {(offer, level, language): place for offer, level, language, place in kept.places}
        plain = {(offer, level, language): place for offer, level, language, place in kept.plain}
        # Barcodes given since then change nothing of what was printed with the coupon's own code.
        own_code = {
            place
            for place, offer in enumerate(self.look.offers)
            if offer.symbology is Symbology.CODE_128
        }
        theme = models.Theme(imb_mailer=kept.imb_mailer, imb_service=kept.imb_service)

        @lru_cache(maxsize=1024)
        def lines(language: str, count: int, generic: bool) -> tuple[str, str]:
            return in_language(language).savings_lines(count, kept.valid_to, is_generic=generic)

        for row in rows:
            language = row.language if row.language in kept.said else kept.language
            words = in_language(language)
            said = kept.said[language]
            coupons = []
            for coupon in row.coupons:
                key = coupon.offer, coupon.level or 0, language
                place = places.get(key)
                if plain and coupon.serial is None:
                    place = plain.get(key, place)
                if place is None:
                    raise LookError(
                        f"{codes.grouped(coupon.code)} is for an offer that its mailing does not "
                        "have; wanted: one of the mailing's offers, or of those that fill places"
                    )
                if place in own_code:
                    under, payload = codes.grouped(coupon.code), coupon.code
                else:
                    under, payload = self._face(coupon)
                reason = coupon.reason if kept.shows_reasons else ""
                coupons.append(CouponFace(place, under, payload, Tag(coupon.tag), reason))
            address = tuple(row.address.splitlines())
            yield SheetFace(
                sequence=row.number,
                address=address,
                savings=words.sum(row.savings, kept.symbol),
                coupons=tuple(coupons),
                headline=said.headline,
                explanation=words.everybody_explained if row.is_generic else said.explanation,
                savings_lines=lines(language, len(coupons), row.is_generic),
                how_chosen="" if row.is_generic else kept.how_chosen or words.how_chosen,
                language=language,
                greeting=words.greet(address[0] if len(address) > 1 else ""),
                letter=said.letter,
                imb=_imb(theme, row.number, address) if kept.imb_mailer else "",
                link=links.address_of(kept.home, row.pk) if row.pk else "",
            )

    def date_each(self, coupons: Iterable[Coupon]) -> None:
        """Let the faces of one sheet's coupons say each its own days, not the mailing's."""
        until = {coupon.offer_id: (coupon.valid_from, coupon.valid_to) for coupon in coupons}
        faces = list(self.look.offers)
        for offer, _, language, place in (*self.kept.places, *self.kept.plain):
            if offer in until:
                said = in_language(language).dates(*until[offer])
                faces[place] = replace(faces[place], valid=said)
        last = max((end for _, end in until.values()), default=self.kept.valid_to)
        look = replace(self.look, offers=tuple(faces))
        self.kept = replace(self.kept, look=look, valid_to=last)

    def _face(self, coupon: CouponRow) -> tuple[str, str]:
        terms = self._terms[coupon.offer, coupon.level or 0]
        home = self.kept.home
        return payloads.faces_of(coupon.code, coupon.serial, terms, _barcode(terms), home)

    def specimens(self) -> Iterator[tuple[Terms, OfferFace, str]]:
        """Each offer's face with a payload as long as its coupons' are, to try whether it fits."""
        code = codes.mint()
        for offer, level, _, place in self.kept.places:
            terms = self._terms[offer, level]
            longest = payloads.FEWEST_SERIAL
            _, payload = payloads.faces_of(code, longest, terms, _barcode(terms), self.kept.home)
            yield terms, self.look.offers[place], payload
        for offer, level, _, place in self.kept.plain:
            yield self._terms[offer, level], self.look.offers[place], code


def theme_of(mailing: Mailing) -> models.Theme:
    """The mailing's theme, else the default one, else the looks that the software comes with."""
    return mailing.theme or house_theme()


def house_theme() -> models.Theme:
    """The default theme, or until there is one the looks that the software comes with."""
    return models.Theme.objects.filter(is_default=True).first() or models.Theme()


def face_of_theme(theme: models.Theme) -> faces.Theme:
    """A theme as paper knows it."""
    fonts = ThemeFont.objects.filter(theme=theme).order_by("place", "pk") if theme.pk else []
    own = {one.cut: one.font_id for one in fonts if one.cut != ThemeFont.Cut.OTHER}
    return faces.Theme(
        brand=theme.brand,
        tagline=theme.tagline,
        logo=theme.logo.file_id if theme.logo else "",
        sender=theme.sender,
        brand_colour=theme.brand_colour,
        accent_colour=theme.accent_colour,
        savings_lead=theme.savings_lead,
        foot=theme.foot,
        fonts=own,
        more_fonts=tuple(one.font_id for one in fonts if one.cut == ThemeFont.Cut.OTHER),
    )


def format_of(theme: models.Theme, places: int, leaf: str) -> faces.Format:
    """The paper of a theme with room for so many coupons."""
    return faces.Format(
        page=faces.Page(theme.page),
        window=faces.Window(theme.window),
        leaf=faces.Leaf(leaf),
        places=places,
        bleed_mm=float(theme.bleed_mm),
        fold_marks=theme.has_fold_marks,
        inserter_marks=theme.has_inserter_marks,
        match_marks=theme.has_match_marks,
        recycling_mark=theme.has_recycling_mark,
        dots_per_inch=theme.dots_per_inch,
        dots_a_module=theme.dots_a_module,
        bar_reduction_dots=theme.bar_reduction_dots,
    )


def press_of(theme: models.Theme, made_at: datetime) -> faces.Press:
    """The inks of a theme."""
    when = made_at.isoformat(timespec="seconds")
    if theme.colour != models.Theme.Colour.CMYK or theme.profile is None:
        return faces.Press(made_at=when)
    profile = theme.profile
    return faces.Press(faces.Colour.CMYK, profile.sha256, profile.condition, when)


def _made_at(mailing: Mailing) -> datetime:
    """The moment that its files tell: the same whenever they are written."""
    return mailing.issued_at or datetime.combine(mailing.issue_on, time(), UTC)


def _languages(mailing: Mailing, theme: models.Theme, more: Iterable[str]) -> list[str]:
    """The languages of its sheets, the theme's first."""
    issued = mailing.sheets.order_by("language").values_list("language", flat=True).distinct()
    return list(dict.fromkeys([theme.language, *filter(None, (*issued, *sorted(more)))]))


def _said(mailing: Mailing, languages: list[str]) -> dict[str, Said]:
    own = {text.language: text for text in mailing.texts.all()}
    said = {}
    for language in languages:
        words = own.get(language, mailing)
        letter = tuple(filter(None, (part.strip() for part in words.letter.split("\n\n"))))
        said[language] = Said(words.headline, words.explanation, letter)
    return said


def _worths(mailing: Mailing) -> dict[tuple[int, int], Terms]:
    """Every worth that a coupon of the mailing may have, by its offer and level, 0 for none."""
    known = (
        Offer.objects.filter(
            Exists(mailing.offers.filter(pk=OuterRef("pk")))
            | Exists(mailing.fallback_offers.filter(pk=OuterRef("pk")))
        )
        .select_related("barcode", "photo")
        .prefetch_related("levels__offer__barcode", "texts")
        .order_by("pk")
    )
    worths: dict[tuple[int, int], Terms] = {}
    for offer in known:
        worths[offer.pk, 0] = offer
        for level in offer.levels.all():
            worths[offer.pk, level.pk] = level
    return worths


def _barcode(terms: Terms) -> OfferBarcode | None:
    offer = terms.offer if isinstance(terms, OfferLevel) else terms
    found: OfferBarcode | None = getattr(offer, "barcode", None)
    return found


def _offer_faces(
    mailing: Mailing, worths: dict[tuple[int, int], Terms], languages: list[str]
) -> tuple[tuple[OfferFace, ...], list[tuple[int, int, str, int]]]:
    offers = {key[0]: terms for key, terms in worths.items() if isinstance(terms, Offer)}
    photos = pictures.photo_of(offers.values())
    made: list[OfferFace] = []
    places = []
    for language in languages:
        words = in_language(language)
        valid = words.dates(mailing.valid_from, mailing.valid_to)
        for (offer, level), terms in worths.items():
            places.append((offer, level, language, len(made)))
            photo = photos.get(offer, "")
            made.append(_offer_face(terms, offers[offer], words, valid, photo))
    return tuple(made), places


def _offer_face(terms: Terms, offer: Offer, words: Words, valid: str, photo: str) -> OfferFace:
    value, suffix = worth_in(words, terms)
    said = next((text for text in offer.texts.all() if text.language == words.language), offer)
    return OfferFace(
        value=value,
        suffix=suffix,
        product=said.name,
        detail=said.detail,
        picture=offer.picture,
        terms=tuple(said.terms.splitlines()[:LINES_OF_TERMS]),
        valid=valid,
        photo=photo,
        symbology=payloads.symbology_of(offer),
    )


def _plain(
    mailing: Mailing,
    worths: dict[tuple[int, int], Terms],
    places: list[tuple[int, int, str, int]],
) -> list[tuple[int, int, str, int]]:
    """Those of the places whose offer has coupons without the serial that its barcode says."""
    by_serial = {
        key[0]
        for key, terms in worths.items()
        if (barcode := _barcode(terms)) and barcode.content != OfferBarcode.Content.EAN
    }
    without = {
        offer
        for offer in by_serial
        if Coupon.objects.filter(sheet__mailing=mailing, offer=offer, serial=None).exists()
    }
    return [one for one in places if one[0] in without]


def _imb(theme: models.Theme, number: int, address: tuple[str, ...]) -> str:
    postcode = posting.postcode_in(address)
    return posting.imb_of(theme, number, postcode, "US") if postcode else ""
