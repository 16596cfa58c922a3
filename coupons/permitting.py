"""Which offers households may be given: what they said, what law says, and limits, as read."""

from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt
from django.db.models import Count

from coupons import restrictions
from coupons.models import Coupon, OfferProduct
from coupons.selection import eligibility
from coupons.selection.eligibility import Nodes, Said
from coupons.terms import OfferTerms, Terms
from loyalty.models import Household, Preference
from loyalty.shopper.kernel import Flags, Ints
from pos_integration.models import Category


def permitted(
    homes: Ints,
    terms: Terms,
    said: Said,
    *,
    store: npt.NDArray[np.int32],
    is_shared: Flags,
) -> Flags:
    """Tell what each household may be given of the terms' offers, bool[households, offers].

    homes: ids. said: as said_by() tells. store: where each household shops most, 0: not known.
    is_shared: whose cards go around.
    """
    offers = terms.offers
    return eligibility.eligible(
        _in_dates(offers),
        said,
        _blocked(homes, offers),
        eligibility.good_at(store, [offer.stores for offer in offers]),
        _below_limit(homes, terms),
        is_shared,
    )


def unprofiled(homes: Ints, terms: Terms) -> Flags:
    """The same for who does not want its purchases looked at: by the law and its own word only.

    Nor is it looked at where it shops: offers of certain stores are not for it.
    """
    nowhere, nobody = np.zeros(len(homes), np.int32), np.zeros(len(homes), np.bool_)
    said = said_by(homes, nodes(terms.offers))
    return permitted(homes, terms, said, store=nowhere, is_shared=nobody)


def nodes(offers: Sequence[OfferTerms]) -> Nodes:
    """Where the offers lie in the tree of categories."""
    tree = dict(Category.objects.values_list("pk", "parent_id"))
    ids = [offer.pk for offer in offers]
    counts: dict[int, dict[int, int]] = {pk: {} for pk in ids}
    rows = OfferProduct.objects.filter(offer__in=ids).order_by()
    for pk, category, count in rows.values_list("offer", "product__category").annotate(Count("pk")):
        counts[pk][category or 0] = count
    return eligibility.nodes(
        [offer.category for offer in offers],
        [counts[pk] for pk in ids],
        {pk: _path(pk, tree) for pk in tree},
    )


def _path(pk: int, tree: Mapping[int, int | None]) -> list[int]:
    """The category and all above it."""
    path, node = [], pk
    while node:
        path.append(node)
        node = tree[node] or 0
    return path


def said_by(homes: Ints, nodes: Nodes) -> Said:
    """What the households (ids) said that they like and never want, as it meets the offers."""
    rows = {pk: row for row, pk in enumerate(homes.tolist())}
    spoken: dict[str, list[tuple[int, int]]] = {kind: [] for kind in Preference.Kind.values}
    found = Preference.objects.filter(household__in=list(rows)).order_by("household", "category")
    for home, category, kind in found.values_list("household_id", "category_id", "kind"):
        spoken[kind].append((rows[home], category))
    return eligibility.said(
        nodes, len(homes), spoken[Preference.Kind.NEVER], spoken[Preference.Kind.FAVOURITE]
    )


def _in_dates(offers: Sequence[OfferTerms]) -> Flags:
    """Which offers anybody can get: good on all days, on something, and not all given out."""
    return np.array(
        [
            offer.is_in_dates
            and (offer.products > 0 or offer.threshold is not None)
            and offer.most != 0
            for offer in offers
        ],
        np.bool_,
    )


def _blocked(homes: Ints, offers: Sequence[OfferTerms]) -> Flags:
    """What law forbids, by where each household lives and whether it has shown to be of age."""
    if not len(homes) or not any(offer.goods for offer in offers):
        return np.zeros((len(homes), len(offers)), np.bool_)
    fields = ("address__country", "address__region", "is_of_age")
    rows = Household.objects.filter(pk__in=homes.tolist()).values_list("pk", *fields)
    lives = {pk: (country or "", region or "", adult) for pk, country, region, adult in rows}
    country, region, adult = zip(*(lives[pk] for pk in homes.tolist()), strict=True)
    return restrictions.blocked([offer.goods for offer in offers], country, region, adult)


def _below_limit(homes: Ints, terms: Terms) -> Flags:
    """Which offers each household did not get too often already, in other mailings."""
    limits = [offer.per_household for offer in terms.offers]
    place = {offer.pk: at for at, offer in enumerate(terms.offers) if offer.per_household}
    given: list[tuple[int, int, int]] = []
    if place and len(homes):
        rows = {pk: row for row, pk in enumerate(homes.tolist())}
        coupons = (
            Coupon.objects.filter(offer__in=list(place), sheet__household__in=list(rows))
            .exclude(sheet__mailing=terms.mailing)
            .exclude(state=Coupon.State.VOID)
            .order_by()
        )
        counted = coupons.values_list("sheet__household_id", "offer_id").annotate(Count("pk"))
        given = [(rows[home], place[offer], count) for home, offer, count in counted]
    return eligibility.below_limit((len(homes), len(limits)), limits, given)
