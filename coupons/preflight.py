"""Before and after a file is written: what cannot be printed, and whether every barcode reads."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

from coupons import payloads
from coupons.looks import Looks
from coupons.models import Coupon, Mailing, Terms
from coupons.sheets import heads, layout, verification
from coupons.sheets.faces import Look, OfferFace, SheetFace, Symbology
from coupons.sheets.symbols import gs1
from coupons.sheets.typefaces import Family

DOTS_PER_INCH = 300
MARK_AROUND_MM = 5.0


class MisreadError(Exception):
    """A barcode that does not say what it should, in a sentence for staff."""


class Expected(NamedTuple):
    """A coupon on paper: how its barcode looks, and what it is to say."""

    symbology: Symbology
    payload: str


def faults(looks: Looks) -> list[str]:
    """What of the offers cannot be put on paper, in sentences that name them; none: print it."""
    look, files = looks.look, looks.files()
    family = Family.of(look.theme, files)
    found: dict[str, None] = {}
    for terms, face, payload in _specimens(looks, found):
        for fault in layout.check_offer(look.format, family, face, payload):
            found[f"'{terms}': {fault}"] = None
        if face.photo and face.photo not in files:
            found[f"'{terms}': its picture is gone; give it another"] = None
    if look.theme.logo and look.theme.logo not in files:
        found["The logo's picture is gone; give the theme another"] = None
    return list(found)


def _specimens(looks: Looks, found: dict[str, None]) -> Iterator[tuple[Terms, OfferFace, str]]:
    try:
        yield from looks.specimens()
    except (payloads.PayloadError, ValueError) as error:
        found[str(error)] = None


def sample(first: int, last: int, total: int, many: int) -> frozenset[int]:
    """Which of the sheets `first` to `last` are read back: `many` of `total`, spread; 0: all."""
    if not many or many >= total:
        return frozenset(range(first, last + 1))
    spread = (1 + place * total // many for place in range(many))
    return frozenset(number for number in spread if first <= number <= last)


def expected_of(look: Look, sheet: SheetFace) -> list[Expected]:
    """What the barcodes of a sheet are to say."""
    return [
        Expected(look.offers[coupon.offer].symbology, coupon.payload) for coupon in sheet.coupons
    ]


def read_back(pdf: Path, look: Look, pages: Mapping[int, tuple[int, list[Expected]]]) -> int:
    """Render sheets, decode every coupon in its place, and compare with what it is to say.

    pages: by a sheet's number its place among the file's sheets, from 0, and what is expected.
    Returns how many barcodes were right; raises MisreadError on the first that is not.
    """
    boxes = layout.coupon_boxes(look.format)
    per_sheet, page = layout.pages_a_sheet(look.format), layout.coupon_page(look.format)
    asked = [
        verification.Asked(
            at * per_sheet + page,
            tuple(boxes[: len(expected)]),
            tuple(one.symbology for one in expected),
        )
        for at, expected in pages.values()
    ]
    found = verification.read_back(pdf, asked, DOTS_PER_INCH)
    checked = 0
    for (number, (_, expected)), read in zip(pages.items(), found, strict=True):
        for place, (wanted, said) in enumerate(zip(expected, read, strict=True), 1):
            if said != wanted.payload:
                raise MisreadError(
                    f"sheet {number}, coupon {place}: its barcode reads {said or 'nothing'}, not "
                    f"{wanted.payload}"
                )
            checked += 1
    if look.format.match_marks:
        _read_match_marks(pdf, look, pages)
    return checked


def _read_match_marks(
    pdf: Path, look: Look, pages: Mapping[int, tuple[int, list[Expected]]]
) -> None:
    """Read the mark on each side of the sheets. Raises MisreadError."""
    sides = layout.pages_a_sheet(look.format)
    # What stands round it is white: a scanner that looks there sees nothing else.
    box = heads.head(look.format).match_mark.grown(MARK_AROUND_MM, MARK_AROUND_MM)
    wanted = {
        at * sides + side: f"{number}/{side + 1}/{look.total}"
        for number, (at, _) in pages.items()
        for side in range(sides)
    }
    found = verification.read_match_marks(pdf, list(wanted), box, DOTS_PER_INCH)
    for said, read in zip(wanted.values(), found, strict=True):
        if read != said:
            raise MisreadError(f"the match mark {said} reads {read or 'nothing'}")


def compare(mailing: Mailing, pages: Mapping[int, tuple[int, list[Expected]]]) -> None:
    """Compare what the barcodes say with the coupons that tills know. Raises MisreadError."""
    promised: dict[int, list[tuple[str, int | None]]] = {number: [] for number in pages}
    for number, code, serial in (
        Coupon.objects.filter(sheet__mailing=mailing, sheet__number__in=list(pages))
        .order_by("sheet__number", "position")
        .values_list("sheet__number", "code", "serial")
    ):
        promised[number].append((code, serial))
    for number, known in promised.items():
        printed = pages[number][1]
        if known and len(known) != len(printed):
            raise MisreadError(
                f"sheet {number} has {len(printed)} coupons on paper, and {len(known)} are promised"
            )
        for place, ((code, serial), one) in enumerate(zip(known, printed, strict=False), 1):
            if not _is(one, code, serial):
                raise MisreadError(
                    f"sheet {number}, coupon {place}: on paper it is {one.payload}, which is not "
                    f"the coupon {code} that was promised"
                )


def _is(one: Expected, code: str, serial: int | None) -> bool:
    if one.symbology is Symbology.CODE_128:
        return one.payload == code
    if one.symbology is Symbology.EAN_13:
        return True  # says the offer; the card says whose it is
    scanned = gs1.parse(one.payload)
    return scanned is not None and scanned.serial == serial
