"""Promises: what we offered, to whom, and which promises were kept."""

from coupons.models.audiences import Segment, StandingHoldout
from coupons.models.clearing import CouponLock, Redemption, Refusal, TillAnswer, TillMiss
from coupons.models.mailings import Coupon, FunderBudget, Mailing, PrintRun, Recipient, Sheet
from coupons.models.offers import (
    Funder,
    Offer,
    OfferLevel,
    OfferProduct,
    OfferRule,
    Restriction,
    Terms,
)
from coupons.models.selections import Measurement, OfferFile, Selection, SelectionPiece
from coupons.models.settlement import Dispute, LedgerEntry, Statement, StatementEntry

__all__ = [
    "Coupon",
    "CouponLock",
    "Dispute",
    "Funder",
    "FunderBudget",
    "LedgerEntry",
    "Mailing",
    "Measurement",
    "Offer",
    "OfferFile",
    "OfferLevel",
    "OfferProduct",
    "OfferRule",
    "PrintRun",
    "Recipient",
    "Redemption",
    "Refusal",
    "Restriction",
    "Segment",
    "Selection",
    "SelectionPiece",
    "Sheet",
    "StandingHoldout",
    "Statement",
    "StatementEntry",
    "Terms",
    "TillAnswer",
    "TillMiss",
]
