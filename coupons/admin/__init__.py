"""The desk for promises: offers, mailings and their steps, sheets and coupons, clearing.

It also completes two pages of `loyalty`, which cannot know of coupons: a household's, and the
list of nights with its button.
"""

import django_q.admin  # registers the queue's tables, and only then can they be taken away
from django.contrib import admin

from coupons.admin import (
    believed,
    clearing,
    funders,
    ledger,
    mailings,
    measurements,
    offer_files,
    offers,
    pictures,
    posted,
    printing,
    promises,
    refusals,
    restrictions,
    seeds,
    segments,
    selections,
    settlement,
    sheets,
    standing_holdout,
    themes,
    till_pages,
)

__all__ = [
    "believed",
    "clearing",
    "funders",
    "ledger",
    "mailings",
    "measurements",
    "offer_files",
    "offers",
    "pictures",
    "posted",
    "printing",
    "promises",
    "refusals",
    "restrictions",
    "seeds",
    "segments",
    "selections",
    "settlement",
    "sheets",
    "standing_holdout",
    "themes",
    "till_pages",
]

# A schedule may name any function there is: whoever may write one may run anything on the server.
_queue = (django_q.admin.Schedule, django_q.admin.Success, django_q.admin.Failure)
for _table in (*_queue, django_q.models.OrmQ):
    if admin.site.is_registered(_table):
        admin.site.unregister(_table)
