"""Promises: what we offered, to whom, and which promises were kept."""

from coupons.models.clearing import CouponLock, Redemption, Refusal, TillAnswer, TillMiss
from coupons.models.mailings import Coupon, Mailing, PrintRun, Recipient, Sheet
from coupons.models.offers import Funder, Offer, OfferProduct
from coupons.models.settlement import Dispute, LedgerEntry, Statement, StatementEntry

__all__ = [
    "Coupon",
    "CouponLock",
    "Dispute",
    "Funder",
    "LedgerEntry",
    "Mailing",
    "Offer",
    "OfferProduct",
    "PrintRun",
    "Recipient",
    "Redemption",
    "Refusal",
    "Sheet",
    "Statement",
    "StatementEntry",
    "TillAnswer",
    "TillMiss",
]
