"""A theme seen before it is kept: a sample sheet as PDF, and as pictures for the page beside it."""

import io
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time
from typing import Final

import pypdfium2  # type: ignore[import-untyped] # ships no types

from coupons import links, looks, models, posting, theme_samples
from coupons.models import ThemeFont
from coupons.pictures import contents, photo_of
from coupons.sheet_pictures import rendering
from coupons.sheets import document
from coupons.sheets.faces import Leaf, Look, OfferFace, Press, Symbology, Theme

DOTS_PER_INCH: Final = 90
_SCALE: Final = DOTS_PER_INCH / 72  # from points
_PHOTOS: Final = 2
_OFFERS_ASKED: Final = 40  # the newest; one without a picture shows nothing new
_NO_SHEET: Final = 0  # the link of a sample leads nowhere
_PACKING: Final = 4  # of PNG: quick, and hardly larger than the best


class PreviewError(Exception):
    """Why there is no picture, in a sentence."""


@dataclass(frozen=True)
class Draft:
    """A theme as its form has it, unsaved: fonts by cut in their order, and files by SHA-256.

    logo is a picture's SHA-256; the theme's profile may be unsaved like the theme.
    """

    theme: models.Theme
    fonts: Sequence[tuple[str, str]] = ()
    logo: str = ""
    files: dict[str, bytes] = field(default_factory=dict)


@dataclass(frozen=True)
class Shown:
    """What of a theme to look at."""

    places: int = 8
    leaf: Leaf = Leaf.ONE
    language: str = "en"


def pictures(draft: Draft, shown: Shown, today: date) -> list[bytes]:
    """Return each page of a sample sheet as PNG, in the colours of screens.

    Raises PreviewError in words for a theme that no sheet can be set by.
    """
    pdf = _written(draft, shown, today, Press())
    with rendering:
        sheet = pypdfium2.PdfDocument(pdf)
        try:
            images = [page.render(scale=_SCALE).to_pil() for page in sheet]
        finally:
            sheet.close()
    found = []
    for image in images:
        out = io.BytesIO()
        image.save(out, "PNG", compress_level=_PACKING)
        found.append(out.getvalue())
    return found


def proof(draft: Draft, shown: Shown, today: date) -> bytes:
    """Return a sample sheet as the PDF that goes to the press. Raises PreviewError."""
    made_at = datetime.combine(today, time(), UTC)
    return _written(draft, shown, today, looks.press_of(draft.theme, made_at))


def _written(draft: Draft, shown: Shown, today: date, press: Press) -> bytes:
    theme = draft.theme
    symbology = Symbology(theme.symbology)
    barcodes = theme_samples.Barcodes(symbology, theme.company_prefix, theme.home)
    own, photos = _own_offers()
    out = io.BytesIO()
    number = theme_samples.NUMBER
    try:
        offers = theme_samples.offers(shown.language, shown.places, barcodes, own, today)
        sheet = theme_samples.sheet(shown.language, offers, barcodes, shown.leaf, today)
        sheet = replace(
            sheet,
            how_chosen=theme.how_chosen or sheet.how_chosen,
            imb=posting.imb_of(theme, number, theme_samples.POSTCODE, "US"),
            link=links.address_of(theme.home, _NO_SHEET),
        )
        look = Look(
            _face(draft),
            looks.format_of(theme, shown.places, shown.leaf),
            press,
            offers,
            theme_samples.TOTAL,
        )
        document.write_sheets(out, look, [sheet], {**draft.files, **photos})
    except ValueError as error:
        why = str(error).removeprefix(f"there are no sheets to write: sheet {number}: ")
        raise PreviewError(f"No sheet can be set so: {why}.") from error
    return out.getvalue()


def _own_offers() -> tuple[list[OfferFace], dict[str, bytes]]:
    """The newest offers of this shop that show a photograph, and the photographs."""
    newest = models.Offer.objects.select_related("photo").order_by("-pk")[:_OFFERS_ASKED]
    by_offer = photo_of(newest)
    faces: list[OfferFace] = []
    for offer in newest:
        if (photo := by_offer.get(offer.pk)) is not None and len(faces) < _PHOTOS:
            value, suffix = offer.value_words
            terms = tuple(offer.terms.splitlines()[:2])
            faces.append(
                OfferFace(value, suffix, offer.name, offer.detail, offer.picture, terms, "", photo)
            )
    return faces, contents({face.photo for face in faces})


def _face(draft: Draft) -> Theme:
    return replace(
        looks.face_of_theme(draft.theme),
        logo=draft.logo,
        fonts={cut: sha for cut, sha in draft.fonts if cut != ThemeFont.Cut.OTHER},
        more_fonts=tuple(sha for cut, sha in draft.fonts if cut == ThemeFont.Cut.OTHER),
    )
