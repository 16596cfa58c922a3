"""Many pictures at once, called after products and offers: looked at first, then taken.

A file is called after a product's number, as scanned or the house's own, or after an offer's
code: `04006381333931.jpg`, `oats-10-percent.png`. What is looked at is kept by its content at
once, and shown by nothing before somebody confirms.
"""

import difflib
import hashlib
import io
import zipfile
import zlib
from collections import Counter
from collections.abc import Iterable, Iterator
from enum import StrEnum
from functools import cached_property
from pathlib import PurePosixPath
from typing import Any, BinaryIO, Final, NamedTuple

from django.contrib.admin.models import ADDITION, CHANGE, LogEntry
from django.db import transaction

from coupons import picture_retention, pictures
from coupons.models import Offer, Picture, PictureFile
from coupons.sheets import photos
from coupons.sheets.photos import PictureError
from pos_integration import catalogue, gtin
from pos_integration.models import Product

MOST_FILES: Final = 500
MOST_ARCHIVE: Final = 300 * 2**20  # bytes packed
MOST_UNPACKED: Final = 1000 * 2**20  # bytes
_MOST_LISTED: Final = 2**20  # bytes of a ZIP's own list of its files
_LONGEST_NAME: Final = 60
_MOST_SUGGESTED: Final = 20
_END: Final = b"PK\x05\x06"
_LONG_END: Final = b"PK\x06\x07"


class UploadError(ValueError):
    """Why nothing was taken, in a sentence."""


class Verdict(StrEnum):
    """What confirming would do with a file."""

    NEW = "new"
    REPLACES = "replaces"
    SAME = "same"
    UNKNOWN = "unknown"  # no product, offer or picture is called so
    FAULTY = "faulty"


class Looked(NamedTuple):
    """An uploaded file: what it is called, and the PictureFile it became or why it did not."""

    file: str
    name: str
    sha256: str
    changes: str
    fault: str


class Line(NamedTuple):
    """A file beside what it is of. `says`: of which product or offer, or what is wrong."""

    looked: Looked
    verdict: Verdict
    says: str
    name: str  # of the picture
    product: int | None = None
    offer: int | None = None


class Plan(NamedTuple):
    lines: tuple[Line, ...]

    @property
    def counts(self) -> Counter[str]:
        return Counter(line.verdict.value for line in self.lines)

    @property
    def digest(self) -> str:
        """The same as long as confirming would do the same."""
        said = [(line.name, line.looked.sha256, line.verdict, *line[4:]) for line in self.lines]
        return hashlib.sha256(repr(said).encode()).hexdigest()


def unpacked(archive: BinaryIO) -> Iterator[tuple[str, bytes | PictureError]]:
    """Yield each picture of a ZIP with its file's name, or what is wrong with it.

    Folders do not matter, nor what computers put beside pictures unasked. Raises UploadError for
    what is no ZIP, or one of more files or bytes than the limits above.
    """
    _refuse_long_lists(archive)
    try:
        with zipfile.ZipFile(archive) as files:
            listed = [one for one in files.infolist() if _is_wanted(one.filename)]
            _refuse_too_much(len(listed), sum(one.file_size for one in listed))
            for one in listed:
                yield _last_part(one.filename), _read(files, one)
    except (zipfile.BadZipFile, OSError, ValueError) as error:
        if isinstance(error, UploadError):
            raise
        raise UploadError("This ZIP is broken: pack it anew.") from error


def look(files: Iterable[tuple[str, bytes | PictureError]]) -> list[Looked]:
    """Make files fit for paper and keep them, shown by nothing yet; say what is wrong with others.

    Raises UploadError for too many.
    """
    looked: list[Looked] = []
    for file, data in files:
        if len(looked) == MOST_FILES:
            _refuse_too_much(MOST_FILES + 1, 0)
        looked.append(_looked(file, data))
    return looked


def plan(looked: Iterable[Looked]) -> Plan:
    """Return what confirming would do now."""
    files = list(looked)
    names = {one.name for one in files if not one.fault}
    known = _Known(names)
    taken: dict[str, str] = {}
    lines = []
    for one in files:
        line = Line(one, Verdict.FAULTY, one.fault, one.name) if one.fault else known.line(one)
        if line.verdict != Verdict.FAULTY:
            other = taken.setdefault(line.name, one.file)
            if other != one.file:
                says = f"'{other}' is of the same: leave one of them out."
                line = Line(one, Verdict.FAULTY, says, line.name)
        lines.append(line)
    return Plan(tuple(lines))


def confirm(
    looked: Iterable[Looked],
    by: Any,
    *,
    digest: str,
    may_leave_faulty: bool = False,
    may_keep_unknown: bool = False,
) -> Plan:
    """Take what was looked at, all of it or nothing; returns what was done.

    digest: of the plan that somebody has seen. may_leave_faulty: whether the right files are taken
    though others are faulty. may_keep_unknown: whether files called after nothing are taken too,
    as pictures that offers may choose by name. Raises UploadError.
    """
    with transaction.atomic():
        done = plan(looked)
        if done.digest != digest:
            raise UploadError(
                "Nothing was changed: since you looked, products, offers or pictures changed, and "
                "with them what these files would do. Look once more, then confirm."
            )
        if done.counts[Verdict.FAULTY] and not may_leave_faulty:
            raise UploadError(
                "Nothing was changed: some files are faulty. Put them right, or say that the "
                "others are to be taken without them."
            )
        wanted = {Verdict.NEW, Verdict.REPLACES}
        if may_keep_unknown:
            wanted.add(Verdict.UNKNOWN)
        for line in done.lines:
            if line.verdict in wanted:
                _take(line, by)
    return done


def _looked(file: str, data: bytes | PictureError) -> Looked:
    name = PurePosixPath(file).stem.strip()
    if not name or len(name) > _LONGEST_NAME:
        fault = f"A picture's name has 1 to {_LONGEST_NAME} characters, not {len(name)}."
        return Looked(file, name[:_LONGEST_NAME], "", "", fault)
    try:
        if isinstance(data, PictureError):
            raise data
        prepared = photos.prepare(data)
    except PictureError as error:
        return Looked(file, name, "", "", str(error))
    kept = pictures.file_of(prepared)
    picture_retention.looked_at([kept.pk])
    return Looked(file, name, prepared.sha256, pictures.said_of(prepared), "")


class _Known:
    """Products, offers and pictures that files are called after."""

    def __init__(self, names: set[str]) -> None:
        self._numbers = catalogue.known_products(names)
        rows = Product.objects.filter(pk__in=self._numbers.values())
        self._products = {row.pk: row for row in rows.prefetch_related("pictures")}
        self._offers = {offer.code: offer for offer in Offer.objects.filter(code__in=names)}
        called = {self._called(product) for product in self._products.values()}
        shown = Picture.objects.filter(name__in=names | called)
        self._pictures = {picture.name: picture for picture in shown}
        self._suggested = 0

    def line(self, one: Looked) -> Line:
        product = self._products.get(self._numbers.get(one.name, 0))
        offer = self._offers.get(one.name)
        if product is not None and offer is not None:
            says = f"'{one.name}' is the product {product} and the offer {offer}: rename the file."
            return Line(one, Verdict.FAULTY, says, one.name)
        if product is not None:
            name = self._called(product)
            shown = any(picture.name == name for picture in product.pictures.all())
            return self._known(one, name, f"product {product}", shown, product=product.pk)
        if offer is not None:
            picture = self._pictures.get(one.name)
            shown = picture is not None and picture.pk == offer.photo_id
            return self._known(one, one.name, f"offer {offer}", shown, offer=offer.pk)
        if one.name in self._pictures:
            return self._known(one, one.name, "a picture of this name", True)
        return Line(one, Verdict.UNKNOWN, self._nothing(one.name), one.name)

    def _known(
        self,
        one: Looked,
        name: str,
        says: str,
        is_shown: bool,
        *,
        product: int | None = None,
        offer: int | None = None,
    ) -> Line:
        picture = self._pictures.get(name)
        if picture is None:
            verdict = Verdict.NEW
        elif picture.file_id == one.sha256 and is_shown:
            verdict = Verdict.SAME
        else:
            verdict = Verdict.REPLACES
        return Line(one, verdict, says, name, product, offer)

    @cached_property
    def _codes(self) -> list[str]:
        return [*Offer.objects.values_list("code", flat=True)]

    def _called(self, product: Product) -> str:
        """What the picture of a product is called: the same, whichever number a file has."""
        return product.gtin or product.code or ""

    def _nothing(self, name: str) -> str:
        if gtin.is_shaped(name):
            try:
                gtin.normal_form(name)
            except gtin.GtinError as error:
                return f"{error}: a digit is wrong."
        says = "No product, offer or picture is called so."
        if self._suggested < _MOST_SUGGESTED:
            self._suggested += 1
            near = difflib.get_close_matches(name, self._codes, n=1)
            if near:
                says += f" Is the offer '{near[0]}' meant?"
        return says


def _take(line: Line, by: Any) -> None:
    file = PictureFile.objects.get(pk=line.looked.sha256)
    picture = pictures.show(line.name, file, line.looked.changes, by)
    if line.product is not None:
        picture.products.add(line.product)
    if line.offer is not None:
        Offer.objects.filter(pk=line.offer).update(photo=picture)
    if by is not None:
        flag = CHANGE if line.verdict == Verdict.REPLACES else ADDITION
        says = f"Uploaded as '{line.looked.file}'."
        LogEntry.objects.log_actions(by.pk, [picture], flag, says, single_object=True)


def _refuse_too_much(files: int, size: int) -> None:
    if files > MOST_FILES:
        raise UploadError(f"More than {MOST_FILES} pictures at once: upload them in parts.")
    if size > MOST_UNPACKED:
        raise UploadError(
            f"This ZIP unpacks to {size // 2**20:,} MiB; {MOST_UNPACKED // 2**20:,} MiB are the "
            "most: pack it in parts."
        )


def _refuse_long_lists(archive: BinaryIO) -> None:
    """Refuse, before it is read, a list of files that is longer than any of ours."""
    size = archive.seek(0, io.SEEK_END)
    if size > MOST_ARCHIVE:
        raise UploadError(
            f"This ZIP has {size // 2**20:,} MiB; {MOST_ARCHIVE // 2**20} MiB are the most: pack "
            "it in parts."
        )
    archive.seek(max(0, size - 65_557))  # the end of a ZIP with the longest comment
    tail = archive.read()
    at = tail.rfind(_END)
    if at < 0 or len(tail) < at + 22:
        raise UploadError("This is not a ZIP.")
    if int.from_bytes(tail[at + 12 : at + 16], "little") > _MOST_LISTED or _LONG_END in tail:
        _refuse_too_much(MOST_FILES + 1, 0)
    archive.seek(0)


def _is_wanted(path: str) -> bool:
    parts = PurePosixPath(path.replace("\\", "/")).parts
    is_folder = path.endswith(("/", "\\"))
    return bool(parts) and not (
        is_folder
        or "__MACOSX" in parts
        or parts[-1].startswith(".")
        or parts[-1].casefold() in ("thumbs.db", "desktop.ini")
    )


def _last_part(path: str) -> str:
    return PurePosixPath(path.replace("\\", "/")).name[:200]


def _read(files: zipfile.ZipFile, one: zipfile.ZipInfo) -> bytes | PictureError:
    if one.flag_bits & 1:
        return PictureError("This file is locked by a password: pack it without one.")
    if one.file_size > photos.MOST_BYTES:
        return PictureError(
            f"This picture has {one.file_size / 2**20:.1f} MiB; {photos.MOST_BYTES // 2**20} MiB "
            "is the most."
        )
    try:
        with files.open(one) as packed:
            return packed.read(photos.MOST_BYTES + 1)
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError):
        return PictureError("This file is broken within the ZIP: pack it anew.")
