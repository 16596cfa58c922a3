"""Coupons with barcodes by GS1's rules, and what a till's scanner sends of them."""

import numpy as np
import zxingcpp

from coupons import payloads
from coupons.models import Coupon, Offer, OfferBarcode, OfferLevel
from coupons.sheets import screens
from coupons.sheets.faces import Symbology
from loyalty.models import Household
from pos_integration.models import Store
from tests.coupons import tills

PREFIX = "9501101"
FORMATS = {
    Symbology.CODE_128: zxingcpp.BarcodeFormat.Code128,
    Symbology.GS1_128: zxingcpp.BarcodeFormat.Code128,
    Symbology.EAN_13: zxingcpp.BarcodeFormat.EAN13,
    Symbology.DATABAR: zxingcpp.BarcodeFormat.DataBarExpanded,
    Symbology.DATAMATRIX: zxingcpp.BarcodeFormat.DataMatrix,
    Symbology.QR: zxingcpp.BarcodeFormat.QRCode,
}
KINDS = [
    ("gs1_128", "255"),
    ("databar", "255"),
    ("datamatrix", "255"),
    ("qr", "255"),
    ("gs1_128", "8110"),
    ("databar", "8110"),
    ("datamatrix", "8110"),
    ("gs1_128", "8112"),
    ("databar", "8112"),
    ("datamatrix", "8112"),
]
"""What a coupon with a serial number may be printed in."""


def barcode(
    offer: Offer, symbology: str, content: str, prefix: str = PREFIX, reference: str = ""
) -> OfferBarcode:
    """The offer's barcode; the reference is made of the offer's id where none is given."""
    if content == "ean" and prefix == PREFIX:
        prefix = "982123"
    wide = {"255": 12 - len(prefix), "ean": 9 - len(prefix)}.get(content, 6)
    return OfferBarcode.objects.create(
        offer=offer,
        symbology=symbology,
        content=content,
        company_prefix=prefix,
        reference=reference or f"{offer.pk % 10**wide:0{wide}}",
    )


def coupon(
    store: Store,
    offer: Offer,
    home: Household | None = None,
    level: OfferLevel | None = None,
) -> Coupon:
    """A coupon of the offer, good at `store` today, with the serial that its barcode wants."""
    made = tills.coupon(store, offer)
    made.level = level
    (made.serial,) = payloads.serials_for([offer.pk])
    made.save()
    if home is not None:
        made.sheet.household = home
        made.sheet.save()
    return read(made)


def read(coupon: Coupon) -> Coupon:
    """The coupon as the database has it."""
    return Coupon.objects.select_related("offer__barcode", "level__offer").get(pk=coupon.pk)


def payload(coupon: Coupon, home: str = "") -> str:
    """What the coupon's bars say."""
    return payloads.bars_of(coupon, home).payload


def scan(coupon: Coupon, home: str = "") -> str:
    """Draw the coupon's barcode, read it, and return what a scanner sends, symbology first."""
    symbology, _, said = payloads.bars_of(coupon, home)
    modules = screens.raster(symbology, said)
    if len(modules) == 1:
        modules = np.repeat(modules, 40, axis=0)
    dots = np.kron(np.pad(modules, 12), np.ones((3, 3), dtype=bool))
    found = zxingcpp.read_barcode(
        np.where(dots, 0, 255).astype(np.uint8),
        formats=zxingcpp.BarcodeFormats([FORMATS[symbology]]),
        text_mode=zxingcpp.TextMode.Plain,
    )
    assert found is not None, f"{said} cannot be read"
    return f"{found.symbology_identifier}{found.text}"
