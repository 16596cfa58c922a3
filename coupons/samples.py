"""Sheets of a selection to look at before it is approved: as they would be, kept nowhere."""

from collections.abc import Iterator
from decimal import Decimal

import numpy as np

from coupons import forecasting, issuing, posting
from coupons.models import Coupon, OfferLevel, Selection, Sheet
from coupons.pieces import Chosen
from coupons.selection import reasons
from coupons.sheets import codes
from coupons.terms import Terms
from loyalty.models import Household


def sheets(selection: Selection, count: int) -> list[tuple[Sheet, list[Coupon]]]:
    """Up to `count` sheets of households from all over; their codes are known to no till."""
    terms = Terms.from_plain(selection.terms)
    names = {offer.pk: offer.name for offer in forecasting.every(terms)}
    offers = selection.mailing.offers.in_bulk() | selection.mailing.fallback_offers.in_bulk()
    levels = OfferLevel.objects.filter(offer__in=list(offers)).select_related("offer").in_bulk()
    picked = list(_spread(selection, count))
    ids = [int(chosen.households[at]) for chosen, at in picked]
    homes = Household.objects.select_related("address").in_bulk(ids)
    as_of = issuing.believed_on(selection)
    usual = issuing.usual_language(selection.mailing)
    home_country = posting.home_country(selection.mailing)
    found = []
    for number, (chosen, at) in enumerate(picked, 1):
        home = homes[int(chosen.households[at])]
        languages = [home.language or usual] * len(chosen.households)
        why = reasons.explain(chosen, names, as_of, languages)
        sheet = Sheet(
            mailing=selection.mailing, household=home, number=number, language=home.language
        )
        coupons = [
            Coupon(
                code=codes.mint(),
                sheet=sheet,
                position=position,
                offer=offers[int(chosen.offer[k])],
                level=levels.get(int(chosen.level[k])),
                chance=float(chosen.chance[k]),
                value=float(chosen.value[k]),
                tag=why[k].tag,
                reason=why[k].paper,
                staff_reason=why[k].staff,
            )
            for position, k in enumerate(range(chosen.starts[at], chosen.starts[at + 1]), 1)
        ]
        sheet.savings = sum((coupon.terms.face_value for coupon in coupons), Decimal(0))
        sheet.address = "\n".join(issuing.lines_of(home, home_country))
        found.append((sheet, coupons))
    return found


def _spread(selection: Selection, count: int) -> Iterator[tuple[Chosen, int]]:
    """The pieces and places of households, from buckets far apart."""
    pieces = selection.pieces.filter(bucket__gte=0, households__gt=0).exclude(chosen=None)
    buckets = list(pieces.order_by("bucket").values_list("pk", flat=True))
    taken = min(count, len(buckets))
    first = [buckets[step * len(buckets) // taken] for step in range(taken)]
    # The others only where those hold too few: a small bucket may be all hold-outs.
    rest = [pk for pk in buckets if pk not in set(first)]
    owed = 0  # of a bucket that has fewer the next ones give more
    for step, pk in enumerate(first + rest):
        if step < taken:
            owed += count // taken + (step < count % taken)
        elif not owed:
            return
        data = pieces.values_list("chosen", flat=True).get(pk=pk)
        chosen = Chosen.from_bytes(bytes(data or b""))
        real = np.flatnonzero(~chosen.is_ghost)
        wanted = min(owed, len(real))
        owed -= wanted
        for part in range(wanted):
            yield chosen, int(real[(2 * part + 1) * len(real) // (2 * wanted)])
