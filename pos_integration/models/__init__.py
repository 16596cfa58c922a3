"""Facts: what the tills said, kept as they said it."""

from pos_integration.models.baskets import Basket, BasketLine, RedemptionRecord, Tender, Undoing
from pos_integration.models.catalogue import Category, Product
from pos_integration.models.changes import Change
from pos_integration.models.stores import (
    ScaleLabel,
    Store,
    StoreAlias,
    StoreStaff,
    Terminal,
    TerminalAlias,
    TerminalToken,
)
from pos_integration.models.uploads import Reject, Upload, UploadPiece

__all__ = [
    "Basket",
    "BasketLine",
    "Category",
    "Change",
    "Product",
    "RedemptionRecord",
    "Reject",
    "ScaleLabel",
    "Store",
    "StoreAlias",
    "StoreStaff",
    "Tender",
    "Terminal",
    "TerminalAlias",
    "TerminalToken",
    "Undoing",
    "Upload",
    "UploadPiece",
]
