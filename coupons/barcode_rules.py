"""What an offer's barcode may say by rules of GS1, told in sentences before the database refuses.

Nothing here asks the database.
"""

import re
from collections.abc import Collection, Iterator, Mapping
from decimal import Decimal
from typing import Final

from coupons.models.barcodes import OfferBarcode, Symbology

Content = OfferBarcode.Content

# What each content may be carried by.
CARRIERS: Final[dict[str, tuple[Symbology, ...]]] = {
    Content.EAN: (Symbology.EAN_13,),
    Content.GCN: (Symbology.GS1_128, Symbology.DATABAR, Symbology.DATAMATRIX, Symbology.QR),
    Content.NORTH_AMERICAN: (Symbology.GS1_128, Symbology.DATABAR, Symbology.DATAMATRIX),
    Content.POSITIVE: (Symbology.GS1_128, Symbology.DATABAR, Symbology.DATAMATRIX),
}
_EAN: Final = re.compile(r"99|98[1-4]")
_STEPS: Final = {
    "981": (Decimal("0.10"), Decimal("99.90")),
    "982": (Decimal("0.01"), Decimal("9.99")),
}
_DIGITS: Final = {"company_prefix": (2, 12), "reference": (1, 10), "family_code": (3, 3)}


def faults(said: Mapping[str, str], worths: Collection[Decimal] = ()) -> Iterator[tuple[str, str]]:
    """Yield the field and the sentence of everything that is wrong with a barcode.

    said: the fields of OfferBarcode, by name. worths: what the offer takes off at most, at each
        level, unless goods are free: EAN-13 coupons that begin with 981 or 982 say it.
    """
    carriers = CARRIERS.get(said["content"], ())
    if said["symbology"] not in carriers:
        names = " or ".join(str(carrier.label) for carrier in carriers)
        yield "symbology", f"{Content(said['content']).label} stands in {names} only."
    wrong = [*_not_digits(said)]
    yield from wrong
    if wrong:
        return
    prefix, reference = said["company_prefix"], said["reference"]
    match said["content"]:
        case Content.EAN:
            yield from _ean(prefix, reference, worths)
        case Content.GCN:
            if len(prefix + reference) != 12:
                yield (
                    "reference",
                    f"Prefix and reference have {len(prefix + reference)} digits together; a "
                    "global coupon number wants 12.",
                )
        case _:
            if len(prefix) < 6:
                yield "company_prefix", f"'{prefix}' has {len(prefix)} digits; 6 to 12 are wanted."
            if len(reference) != 6:
                yield "reference", f"'{reference}' has {len(reference)} digits; 6 are wanted."


def _not_digits(said: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    for name, (least, most) in _DIGITS.items():
        text = said[name]
        if not (text.isascii() and text.isdigit() and least <= len(text) <= most):
            wanted = f"{least}" if least == most else f"{least} to {most}"
            yield name, f"'{text}' is not {wanted} digits."


def _ean(prefix: str, reference: str, worths: Collection[Decimal]) -> Iterator[tuple[str, str]]:
    if not _EAN.match(prefix):
        yield (
            "company_prefix",
            f"'{prefix}' begins no EAN-13 coupon: those begin with 99 or 981-984.",
        )
        return
    step, most = _STEPS.get(prefix[:3], (None, None))
    wanted = 12 if step is None else 9
    if len(prefix + reference) != wanted:
        rest = "" if step is None else ", before three that say what it is worth"
        yield (
            "reference",
            f"Prefix and reference have {len(prefix + reference)} digits together; an EAN-13 "
            f"coupon that begins with {prefix[:3]} wants {wanted}{rest}.",
        )
    if step is not None and most is not None:
        for worth in worths:
            if worth > most or worth % step:
                yield (
                    "company_prefix",
                    f"A coupon that begins with {prefix[:3]} cannot say {worth}: it says up to "
                    f"{most}, in steps of {step}.",
                )
