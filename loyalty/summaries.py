"""What is stored of every household: its summary for staff, and the likeliest of its needs."""

import csv
import io
from typing import Any

import msgspec
import numpy as np
from django.db import connection

from loyalty import history
from loyalty.beliefs import Beliefs
from loyalty.models import HouseholdSummary, ModelRun, Profile
from loyalty.shopper import discovery, kernel, needs
from loyalty.shopper.kernel import Ints
from pos_integration.models import Category

NEEDS_KEPT = 60
DISCOVERIES_KEPT = 10
CATEGORIES_KEPT = 8


def write_profiles(run: ModelRun, held: Beliefs) -> None:
    """Write what each household of the bucket is likely to need, and what it may discover."""
    level = held.levels["product"]
    seen = level.statistics
    best = needs.top(seen, level.probability, k=NEEDS_KEPT)
    ids = held.assortment.products[seen.item[best]].tolist()
    columns = (
        ids,
        np.round(level.probability[best], 4).tolist(),
        seen.n[best].tolist(),
        np.round(level.usual_gaps[best], 1).tolist(),
        _iso_days(seen.last[best]),
    )
