"""Print runs: a mailing's sheets as PDF files with a manifest, read back before they go out."""

import hashlib
import io
import json
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import Exists, OuterRef
from django.utils import timezone

from coupons.models import Coupon, Mailing, Offer, OfferLevel, PrintRun, Sheet, Terms
from coupons.sheets import codes, document, verification
from coupons.sheets.faces import (
    CouponFace,
    Format,
    Look,
    OfferFace,
    Press,
    SheetFace,
    Tag,
    Theme,
)
from pos_integration.models import Store

SHEETS_PER_FILE = 10_000
SHEETS_CHECKED = 100
FOR_EVERYBODY = "The same for everybody: nothing you bought was looked at."
BY_PURCHASES = "These prices were set for you by an algorithm using your purchase data."
Progress = Callable[[int, int], None]


class PrintError(Exception):
    """Why a print run did not come out right, in a sentence for staff."""


def print_mailing(
    mailing: Mailing, out: Path | None = None, progress: Progress = lambda done, total: None
) -> PrintRun:
    """Write the mailing's sheets as PDF, with `manifest.json`, and read a sample back.

    out: the folder; by default one below PRINT_DIR named after the mailing. A mailing that lies
    there already, file for file as its manifest says, is not printed again. Raises PrintError if
    the mailing has no sheets, or if a barcode that was read back is not its coupon's.
    """
    total = mailing.sheets.count()
    if not total:
        raise PrintError(
            f"'{mailing}' is {mailing.get_state_display().lower()} and has no sheets; "
            f"wanted: issued ('manage.py issue_mailing {mailing.code}')"
        )
    folder = (out or settings.PRINT_DIR / mailing.code).resolve()
    if (kept := _printed_already(mailing, folder)) is not None:
        return kept
    folder.mkdir(parents=True, exist_ok=True)
    run = PrintRun.objects.create(mailing=mailing, folder=str(folder))
    offers = _Offers(mailing)
    files = []
    for first in range(1, total + 1, SHEETS_PER_FILE):
        last = min(first + SHEETS_PER_FILE - 1, total)
        files.append(_write_file(mailing, folder, offers, first, last, total, progress))
    checked = _read_back(mailing, folder, files)
    run.manifest = {
        "mailing": mailing.code,
        "sheets": total,
        "coupons": Coupon.objects.filter(sheet__mailing=mailing).count(),
        "files": files,
    }
    _replace(folder / "manifest.json", (json.dumps(run.manifest, indent=2) + "\n").encode())
    run.sheets, run.coupons = total, run.manifest["coupons"]
    run.checked, run.finished_at = checked, timezone.now()
    with transaction.atomic():
        run.save()
        Mailing.objects.filter(pk=mailing.pk, state=Mailing.State.ISSUED).update(
            state=Mailing.State.PRINTED
        )
    mailing.refresh_from_db()
    return run


def sheet_pdf(sheet: Sheet) -> bytes:
    """One sheet as PDF, as it is in its mailing's file."""
    out = io.BytesIO()
    mailing = sheet.mailing
    offers = _Offers(mailing)
    faces = _faces(mailing, offers, sheet.number, sheet.number)
    document.write_sheets(out, offers.look(mailing.sheets.count()), faces, {})
    return out.getvalue()


def proof_pdf(mailing: Mailing, sheets: Sequence[tuple[Sheet, Sequence[Coupon]]]) -> bytes:
    """Sheets that are not issued, for looking at: whatever codes they have, no till knows them."""
    out = io.BytesIO()
    offers = _Offers(mailing)
    look = _Look(mailing, offers)
    faces = (look.face(sheet, coupons) for sheet, coupons in sheets)
    document.write_sheets(out, offers.look(len(sheets)), faces, {})
    return out.getvalue()


def _printed_already(mailing: Mailing, folder: Path) -> PrintRun | None:
    run = (
        mailing.print_runs.filter(folder=str(folder), finished_at__isnull=False)
        .order_by("pk")
        .last()
    )
    if run is None:
        return None
    for file in run.manifest["files"]:
        path = folder / file["name"]
        if not path.is_file() or _sha256(path) != file["sha256"]:
            return None
    return run


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _write_file(
    mailing: Mailing,
    folder: Path,
    offers: "_Offers",
    first: int,
    last: int,
    total: int,
    progress: Progress,
) -> dict[str, Any]:
    name = f"{mailing.code}-{first:07}-{last:07}.pdf"
    part = folder / f"{name}.part"

    def counted() -> Iterator[SheetFace]:
        for done, face in enumerate(_faces(mailing, offers, first, last), first):
            yield face
            progress(done, total)

    with part.open("wb") as out:
        written = document.write_sheets(out, offers.look(total), counted(), {})
    part.replace(folder / name)  # whoever sees the name sees the whole file
    return {
        "name": name,
        "sheets": written.sheets,
        "first": written.first,
        "last": written.last,
        "bytes": written.bytes,
        "sha256": written.sha256,
    }


def _replace(path: Path, content: bytes) -> None:
    part = path.with_name(f"{path.name}.part")
    part.write_bytes(content)
    part.replace(path)


def _read_back(mailing: Mailing, folder: Path, files: list[dict[str, Any]]) -> int:
    """Render sheets spread over the run, decode every coupon on them, and compare with what we
    promised. Returns how many barcodes were right; raises PrintError on the first that is not.
    """
    total = files[-1]["last"]
    many = min(SHEETS_CHECKED, total)
    wanted = {1 + place * total // many for place in range(many)}
    checked = 0
    for file in files:
        numbers = sorted(n for n in wanted if file["first"] <= n <= file["last"])
        promised: dict[int, list[str]] = {number: [] for number in numbers}
        for number, code in (
            Coupon.objects.filter(sheet__mailing=mailing, sheet__number__in=numbers)
            .order_by("sheet__number", "position")
            .values_list("sheet__number", "code")
        ):
            promised[number].append(code)
        found = verification.read_back(
            folder / file["name"],
            [number - file["first"] for number in numbers],
            [len(promised[number]) for number in numbers],
        )
        for number, read in zip(numbers, found, strict=True):
            if read != promised[number]:
                raise PrintError(
                    f"sheet {number} of {file['name']} reads {read}, not {promised[number]}"
                )
            checked += len(read)
    return checked


# The faces: what of a promise is on paper.

THEME = Theme(sender="Greenfield Markets · 1 Long Lane · Exampleton, ZZ 00101")
_SYMBOLS = {"USD": "$", "EUR": "€ ", "GBP": "£"}


class _Offers:
    """What a mailing's offers look like: one face for each worth that a coupon may have."""

    def __init__(self, mailing: Mailing) -> None:
        known = Offer.objects.filter(
            Exists(mailing.offers.filter(pk=OuterRef("pk")))
            | Exists(mailing.fallback_offers.filter(pk=OuterRef("pk")))
        )
        worths: list[Terms] = []
        for offer in known.order_by("pk").prefetch_related("levels__offer"):
            worths += [offer, *offer.levels.all()]
        valid = dates_in_words(mailing)
        self.faces = tuple(offer_face(terms, valid) for terms in worths)
        self._format = Format(places=max(4, mailing.coupons_per_sheet))
        self._places: dict[tuple[int, int | None], int] = {
            (terms.offer_id, terms.pk) if isinstance(terms, OfferLevel) else (terms.pk, None): place
            for place, terms in enumerate(worths)
        }

    def look(self, total: int) -> Look:
        """What all sheets of the mailing have in common."""
        return Look(THEME, self._format, Press(), self.faces, total)

    def face_of(self, coupon: Coupon) -> int:
        """Which of the faces the coupon has. Raises PrintError for an offer of no such mailing."""
        place = self._places.get((coupon.offer_id, coupon.level_id))
        if place is None:
            raise PrintError(
                f"{codes.grouped(coupon.code)} is for an offer that its mailing does not have; "
                "wanted: one of the mailing's offers, or of those that fill places"
            )
        return place


def offer_face(terms: Terms, valid: str) -> OfferFace:
    """What the shopper reads of an offer, at its own worth or at that of one of its levels."""
    value, suffix = terms.value_words
    offer = terms.offer if isinstance(terms, OfferLevel) else terms
    return OfferFace(
        value=value,
        suffix=suffix,
        product=offer.name,
        detail=offer.detail,
        picture=offer.picture,
        terms=tuple(offer.terms.splitlines()[:2]),
        valid=valid,
    )


def _faces(mailing: Mailing, offers: _Offers, first: int, last: int) -> Iterator[SheetFace]:
    """The sheets `first` to `last`, in order."""
    rows = (
        mailing.sheets.filter(number__gte=first, number__lte=last)
        .order_by("number")
        .prefetch_related("coupons")
    )
    look = _Look(mailing, offers)
    for sheet in rows.iterator(chunk_size=1_000):
        yield look.face(sheet, sorted(sheet.coupons.all(), key=lambda coupon: coupon.position))


class _Look:
    """What all sheets of a mailing have alike."""

    def __init__(self, mailing: Mailing, offers: _Offers) -> None:
        currency = Store.objects.values_list("currency", flat=True).order_by("pk").first() or "USD"
        self._mailing, self._offers = mailing, offers
        self._symbol = _SYMBOLS.get(currency, f"{currency} ")

    def face(self, sheet: Sheet, coupons: Sequence[Coupon]) -> SheetFace:
        """What is on one sheet's paper."""
        mailing, count = self._mailing, len(coupons)
        return SheetFace(
            sequence=sheet.number,
            address=tuple(sheet.address.splitlines()),
            savings=f"{self._symbol}{sheet.savings}",
            headline=mailing.headline,
            explanation=FOR_EVERYBODY if sheet.is_generic else mailing.explanation,
            how_chosen="" if sheet.is_generic else BY_PURCHASES,
            savings_lines=(
                f"{_NUMBERS.get(count, str(count))} {'coupon' if count == 1 else 'coupons'} "
                f"picked for {'everybody' if sheet.is_generic else 'your household'}.",
                f"Use any of them until {mailing.valid_to.day} {mailing.valid_to:%B}.",
            ),
            coupons=tuple(
                CouponFace(
                    offer=self._offers.face_of(coupon),
                    code=codes.grouped(coupon.code),
                    payload=coupon.code,
                    tag=Tag(coupon.tag),
                    reason=coupon.reason if mailing.shows_reasons else "",
                )
                for coupon in coupons
            ),
        )


_NUMBERS = {
    1: "One", 2: "Two", 3: "Three", 4: "Four", 5: "Five",
    6: "Six", 7: "Seven", 8: "Eight", 9: "Nine", 10: "Ten",
}  # fmt: skip


def dates_in_words(mailing: Mailing) -> str:
    """The validity as printed: 'Valid 30 Oct - 24 Dec 2017', with years where they differ."""
    begin, end = mailing.valid_from, mailing.valid_to
    year = f" {begin.year}" if begin.year != end.year else ""
    return f"Valid {begin.day} {begin:%b}{year} – {end.day} {end:%b} {end.year}"  # noqa: RUF001 - the dash that dates want
