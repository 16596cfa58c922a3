"""Promises: what we offered, to whom, and which promises were kept."""

from coupons.models.clearing import Redemption, Refusal, TillAnswer
from coupons.models.mailings import Coupon, Mailing, PrintRun, Recipient, Sheet
from coupons.models.offers import Offer, OfferProduct

__all__ = [
    "Coupon",
    "Mailing",
    "Offer",
    "OfferProduct",
    "PrintRun",
    "Recipient",
    "Redemption",
    "Refusal",
    "Sheet",
    "TillAnswer",
]
