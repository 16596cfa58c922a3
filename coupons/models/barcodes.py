"""What stands in the barcodes of an offer's coupons, where it is not simply the coupon's code."""

from django.core.validators import RegexValidator
from django.db import models
from django.db.models import Q

from coupons.models.offers import Offer


class Symbology(models.TextChoices):
    """How a barcode looks, and whether GS1's rules say what stands in it."""

    CODE_128 = "code_128", "Code 128 with the coupon's own code"
    EAN_13 = "ean_13", "EAN-13, good with the household's card only"
    GS1_128 = "gs1_128", "GS1-128"
    DATABAR = "databar", "GS1 DataBar Expanded Stacked"
    DATAMATRIX = "datamatrix", "GS1 DataMatrix"
    QR = "qr", "QR code with a GS1 Digital Link"


class OfferBarcode(models.Model):
    """An offer's barcode by rules of GS1. Where there is none, coupons carry their own codes.

    A coupon is then known by `reference` and its serial number, in EAN-13 by the card.
    """

    class Content(models.TextChoices):
        EAN = "ean", "EAN-13 coupon: prefix and reference"
        GCN = "255", "AI 255, global coupon number"
        NORTH_AMERICAN = "8110", "AI 8110, North American coupon"
        POSITIVE = "8112", "AI 8112, positive offer file"

    offer = models.OneToOneField(Offer, models.CASCADE, related_name="barcode")
    symbology = models.CharField(max_length=10, choices=Symbology)
    content = models.CharField(max_length=4, choices=Content)
    company_prefix = models.CharField(
        max_length=12,
        validators=[RegexValidator(r"^\d{2,12}\Z", "Digits only.")],
        help_text="Of GS1 for its owner; of an EAN-13 coupon 99, or 981 to 984 and the issuer",
    )
    reference = models.CharField(
        max_length=10,
        validators=[RegexValidator(r"^\d{1,10}\Z", "Digits only.")],
        help_text="With AI 255 it makes 12 digits with the prefix; with 8110 and 8112 it has 6",
    )
    family_code = models.CharField(
        max_length=3,
        default="000",
        validators=[RegexValidator(r"^\d{3}\Z", "Three digits.")],
        help_text="AI 8110: which of the maker's items it is good on",
    )

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(symbology="ean_13", content="ean")
                | Q(
                    symbology__in=["gs1_128", "databar", "datamatrix"],
                    content__in=["255", "8110", "8112"],
                )
                | Q(symbology="qr", content="255"),
                name="symbology_can_carry_it",
            ),
            models.UniqueConstraint(
                fields=["content", "company_prefix", "reference"],
                name="barcode_names_one_offer",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_symbology_display()}, {self.company_prefix} {self.reference}"
