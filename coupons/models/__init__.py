"""Promises: what we offered, to whom, and which promises were kept."""

from coupons.models.audiences import Segment, StandingHoldout
from coupons.models.barcodes import OfferBarcode, Symbology
from coupons.models.clearing import CouponLock, Redemption, Refusal, TillAnswer, TillMiss
from coupons.models.desk import Goodwill, OfferTrial, RefusalVerdict
from coupons.models.mailings import (
    Coupon,
    FunderBudget,
    Mailing,
    MailingText,
    Recipient,
    Sheet,
)
from coupons.models.offers import (
    Funder,
    Offer,
    OfferLevel,
    OfferProduct,
    OfferRule,
    OfferText,
    Restriction,
    Terms,
)
from coupons.models.pictures import FontFile, Picture, PictureFile, PressProfile
from coupons.models.printing import PrintFile, PrintRun, SeedAddress, Spoilage
from coupons.models.selections import Measurement, OfferFile, Selection, SelectionPiece
from coupons.models.settlement import Dispute, LedgerEntry, Statement, StatementEntry
from coupons.models.themes import Theme, ThemeFont

__all__ = [
    "Coupon",
    "CouponLock",
    "Dispute",
    "FontFile",
    "Funder",
    "FunderBudget",
    "Goodwill",
    "LedgerEntry",
    "Mailing",
    "MailingText",
    "Measurement",
    "Offer",
    "OfferBarcode",
    "OfferFile",
    "OfferLevel",
    "OfferProduct",
    "OfferRule",
    "OfferText",
    "OfferTrial",
    "Picture",
    "PictureFile",
    "PressProfile",
    "PrintFile",
    "PrintRun",
    "Recipient",
    "Redemption",
    "Refusal",
    "RefusalVerdict",
    "Restriction",
    "SeedAddress",
    "Segment",
    "Selection",
    "SelectionPiece",
    "Sheet",
    "Spoilage",
    "StandingHoldout",
    "Statement",
    "StatementEntry",
    "Symbology",
    "Terms",
    "Theme",
    "ThemeFont",
    "TillAnswer",
    "TillMiss",
]
