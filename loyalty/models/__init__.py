"""Beliefs: who our shoppers are and what they are likely to buy. Rebuilt every night."""

from loyalty.models.beliefs import BucketReceipt, FittedModel, HouseholdSummary, ModelRun, Profile
from loyalty.models.care import DataRequest, Erasure, Merger, Note
from loyalty.models.history import PurchaseChunk, SealedUndoing, SealedUpload
from loyalty.models.households import SLOTS, Address, Card, Consent, Household, Preference, slot_of

__all__ = [
    "SLOTS",
    "Address",
    "BucketReceipt",
    "Card",
    "Consent",
    "DataRequest",
    "Erasure",
    "FittedModel",
    "Household",
    "HouseholdSummary",
    "Merger",
    "ModelRun",
    "Note",
    "Preference",
    "Profile",
    "PurchaseChunk",
    "SealedUndoing",
    "SealedUpload",
    "slot_of",
]
