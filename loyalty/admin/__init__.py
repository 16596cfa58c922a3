"""The desk for beliefs: households and what is believed of them, the nights, what was learned."""

from loyalty.admin import care, households, learned, requests, runs, summaries, users
from loyalty.admin.households import HouseholdAdmin
from loyalty.admin.learned import FittedModelAdmin
from loyalty.admin.runs import ModelRunAdmin

__all__ = [
    "FittedModelAdmin",
    "HouseholdAdmin",
    "ModelRunAdmin",
    "care",
    "households",
    "learned",
    "requests",
    "runs",
    "summaries",
    "users",
]
