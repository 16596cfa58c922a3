"""Reading printed sheets back: each page is rendered and each coupon's own barcode is decoded.

A coupon is looked for where the layout put it, and only as the symbology it should be. Decoding
whole pages let rows of neighbouring symbols mix; a crop per coupon cannot.
"""

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Protocol

import numpy as np
import numpy.typing as npt
import pypdfium2  # type: ignore[import-untyped] # ships no types
import zxingcpp

from coupons.sheets.codes import normalise
from coupons.sheets.faces import Symbology
from coupons.sheets.symbols import ean, gs1

Pixels = npt.NDArray[np.uint8]
Understand = Callable[[zxingcpp.Barcode], str]

_MM_PER_INCH: Final = 25.4
_MM_PER_POINT: Final = _MM_PER_INCH / 72


class Place(Protocol):
    """A rectangle in mm; y grows downwards."""

    @property
    def x(self) -> float:
        """The left edge."""

    @property
    def y(self) -> float:
        """The upper edge."""

    @property
    def width(self) -> float:
        """How wide it is."""

    @property
    def height(self) -> float:
        """How high it is."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What should be read from one page: a barcode of each symbology in each box.

    page is an index, from 0; boxes are in mm from the top left corner of the page as trimmed.
    Raises ValueError if boxes and symbologies differ in length.
    """

    page: int
    boxes: tuple[Place, ...]
    symbologies: tuple[Symbology, ...]

    def __post_init__(self) -> None:
        if len(self.boxes) != len(self.symbologies):
            raise ValueError(f"{len(self.boxes)} boxes but {len(self.symbologies)} symbologies")


def read_back(pdf: Path | bytes, asked: Sequence[Asked], dpi: int = 300) -> list[list[str | None]]:
    """Return what every barcode asked for says, or None where it could not be read.

    dpi is the resolution rendered. The answer has a list for each page asked for, in its boxes'
    order. Texts are as payloads are written: 13 characters normalised for Code 128, 13 digits for
    EAN-13, element strings for GS1's symbologies, and the link of a QR code.
    """
    document = pypdfium2.PdfDocument(pdf)
    try:
        return [
            read_page(*_rendered(document, page.page, dpi), page.boxes, page.symbologies, dpi)
            for page in asked
        ]
    finally:
        document.close()


def read_match_marks(
    pdf: Path | bytes, pages: Sequence[int], box: Place, dpi: int = 300
) -> list[str | None]:
    """Return what the Data Matrix in `box` of each page says, or None where there is none."""
    document = pypdfium2.PdfDocument(pdf)
    try:
        return [
            _read(_crop(*_rendered(document, page, dpi), box, dpi), *_MATCH_MARK) for page in pages
        ]
    finally:
        document.close()


def read_page(
    image: Pixels,
    corner: tuple[float, float],
    boxes: Sequence[Place],
    symbologies: Sequence[Symbology],
    dpi: int,
) -> list[str | None]:
    """Return what the barcode in every box of a page says, as read_back does.

    image: grey pixels, rows x columns, uint8; corner: where in it the trimmed page begins, mm.
    """
    return [
        _read(_crop(image, corner, box, dpi), *_READERS[symbology])
        for box, symbology in zip(boxes, symbologies, strict=True)
    ]


def _rendered(
    document: pypdfium2.PdfDocument, index: int, dpi: int
) -> tuple[Pixels, tuple[float, float]]:
    """Return a page in grey, and where in it the trimmed page begins, mm."""
    page = document[index]
    try:
        # Unsmoothed, as a printer's dots are: at two dots a module, grey edges hide thin bars.
        bitmap = page.render(scale=dpi / 72, grayscale=True, no_smoothpath=True)
        pixels: Pixels = bitmap.to_numpy().copy()  # the bitmap's own memory goes with it
        left, _, _, top = page.get_cropbox()
        trim_left, _, _, trim_top = page.get_trimbox()
        return pixels, ((trim_left - left) * _MM_PER_POINT, (top - trim_top) * _MM_PER_POINT)
    finally:
        page.close()


def _crop(image: Pixels, corner: tuple[float, float], box: Place, dpi: int) -> Pixels:
    x, y = box.x + corner[0], box.y + corner[1]
    top, bottom, left, right = (
        max(0, round(edge / _MM_PER_INCH * dpi)) for edge in (y, y + box.height, x, x + box.width)
    )
    return np.ascontiguousarray(image[top:bottom, left:right])


def _read(crop: Pixels, formats: zxingcpp.BarcodeFormats, understood: Understand) -> str | None:
    """Return the one payload in `crop`; a symbol that fails our own checks is none."""
    if not crop.size:
        return None
    sought: dict[str, Any] = {
        "formats": formats,
        "try_rotate": False,  # the layout says which way up, how large and how dark
        "try_downscale": False,
        "try_invert": False,
        "text_mode": zxingcpp.TextMode.Plain,
    }
    first = zxingcpp.read_barcode(crop, **sought)
    if first is None:
        return None
    try:
        return understood(first)
    except ValueError:  # seldom: looking for more takes three times as long
        for symbol in zxingcpp.read_barcodes(crop, **sought):
            with suppress(ValueError):
                return understood(symbol)
    return None


def _code(symbol: zxingcpp.Barcode) -> str:
    return normalise(symbol.text)


def _ean(symbol: zxingcpp.Barcode) -> str:
    ean.check(symbol.text)
    return symbol.text


def _elements(symbol: zxingcpp.Barcode) -> str:
    if symbol.content_type != zxingcpp.ContentType.GS1:
        raise ValueError(f"{symbol.text!r} is not marked as an element string of GS1")
    return gs1.bracketed(symbol.text)


def _text(symbol: zxingcpp.Barcode) -> str:
    return symbol.text


def _formats(*formats: zxingcpp.BarcodeFormat) -> zxingcpp.BarcodeFormats:
    return zxingcpp.BarcodeFormats(list(formats))


_FORMAT: Final = zxingcpp.BarcodeFormat
_READERS: Final[dict[Symbology, tuple[zxingcpp.BarcodeFormats, Understand]]] = {
    Symbology.CODE_128: (_formats(_FORMAT.Code128), _code),
    Symbology.EAN_13: (_formats(_FORMAT.EAN13), _ean),
    Symbology.GS1_128: (_formats(_FORMAT.Code128), _elements),
    Symbology.DATABAR: (_formats(_FORMAT.DataBarExpStk), _elements),
    Symbology.DATAMATRIX: (_formats(_FORMAT.DataMatrix), _elements),
    Symbology.QR: (_formats(_FORMAT.QRCode), _text),
}
_MATCH_MARK: Final = (_formats(_FORMAT.DataMatrix), _text)
