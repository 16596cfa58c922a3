"""Sheets of a selection to look at before it is approved: as they would be, kept nowhere."""

from collections.abc import Iterator, Sequence
from decimal import Decimal

import numpy as np
from django.db.models import QuerySet, Sum

from coupons import forecasting, generic_sheets, issuing, posting
from coupons.models import Coupon, OfferLevel, Selection, SelectionPiece, Sheet
from coupons.pieces import Chosen
from coupons.selection import reasons
from coupons.sheets import codes
from coupons.terms import Terms
from loyalty import history
from loyalty.models import Household


def sheets(selection: Selection, count: int) -> list[tuple[Sheet, list[Coupon]]]:
    """Up to `count` sheets of households from all over; their codes are known to no till."""
    return _made(selection, list(_spread(selection, count)))


def pages(selection: Selection, size: int, most: int) -> int:
    """How many pages of `size` different sheets there are to look at: `most` at most."""
    held = _pieces(selection).aggregate(Sum("households"))["households__sum"] or 0
    return min(max(-(-held // size), 1), most)


def page(
    selection: Selection, number: int, *, size: int, most: int
) -> list[tuple[Sheet, list[Coupon]]]:
    """Up to `size` sheets for the page `number`, from 1, of those that pages() counts.

    Together the pages go through all of it at even steps: small selections are seen whole.
    """
    of = pages(selection, size, most)
    held = list(_pieces(selection).order_by("bucket").values_list("pk", "households"))
    ends = np.cumsum([count for _, count in held])
    total = int(ends[-1]) if len(ends) else 0
    wanted: dict[int, list[int]] = {}
    for at in range(size):
        place = (at * of + number - 1) * total // (size * of) if total > size * of else None
        place = at + (number - 1) * size if place is None else place
        if place < total:
            piece = int(np.searchsorted(ends, place, side="right"))
            wanted.setdefault(piece, []).append(place - int(ends[piece] - held[piece][1]))
    picked = []
    for piece, places in wanted.items():
        chosen = _chosen(selection, held[piece][0])
        real = np.flatnonzero(~chosen.is_ghost)
        # Who was held out has no sheet: the next one has. Of a short piece some come to nobody.
        found = np.unique(np.searchsorted(real, places))
        picked += [(chosen, int(real[at])) for at in found if at < len(real)]
    return _made(selection, picked)


def of_household(selection: Selection, home: Household) -> tuple[Sheet, list[Coupon]] | None:
    """The sheet the household would get; None: it would get none."""
    buckets = [history.bucket_of(home.slot), generic_sheets.BUCKET]
    for pk in selection.pieces.filter(bucket__in=buckets).exclude(chosen=None).values_list("pk"):
        chosen = _chosen(selection, pk[0])
        there = np.flatnonzero((chosen.households == home.pk) & ~chosen.is_ghost)
        if len(there):
            (found,) = _made(selection, [(chosen, int(there[0]))])
            return found
    return None


def _made(
    selection: Selection, picked: Sequence[tuple[Chosen, int]]
) -> list[tuple[Sheet, list[Coupon]]]:
    if not picked:
        return []
    terms = Terms.from_plain(selection.terms)
    names = {offer.pk: offer.name for offer in forecasting.every(terms)}
    offers = selection.mailing.offers.in_bulk() | selection.mailing.fallback_offers.in_bulk()
    levels = OfferLevel.objects.filter(offer__in=list(offers)).select_related("offer").in_bulk()
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
    pieces = _pieces(selection)
    buckets = list(pieces.order_by("bucket").values_list("pk", flat=True))
    taken = min(count, len(buckets))
    first = [buckets[step * len(buckets) // taken] for step in range(taken)]
    # The others only where those hold too few: of a small bucket all may be held out.
    rest = [pk for pk in buckets if pk not in set(first)]
    owed = 0  # of a bucket that has fewer the next ones give more
    for step, pk in enumerate(first + rest):
        if step < taken:
            owed += count // taken + (step < count % taken)
        elif not owed:
            return
        chosen = _chosen(selection, pk)
        real = np.flatnonzero(~chosen.is_ghost)
        wanted = min(owed, len(real))
        owed -= wanted
        for part in range(wanted):
            yield chosen, int(real[(2 * part + 1) * len(real) // (2 * wanted)])


def _pieces(selection: Selection) -> QuerySet[SelectionPiece]:
    return selection.pieces.filter(bucket__gte=0, households__gt=0).exclude(chosen=None)


def _chosen(selection: Selection, piece: int) -> Chosen:
    data = selection.pieces.values_list("chosen", flat=True).get(pk=piece)
    return Chosen.from_bytes(bytes(data or b""))
