"""What was bought of sensitive goods chooses no coupon: beliefs and uses without them.

Types that tell of health, faith or private life are taken out before anybody is asked what a
household needs. What stays are sums over all it buys: how often it shops, how much it spends.
"""

import numpy as np
from django.db.models import Q

from coupons.selection.response_features import Mix, Past
from loyalty.beliefs import Beliefs, More
from loyalty.shopper.kernel import Flags, Ints, Lines, Statistics
from pos_integration.models import Category


def sensitive(types: Ints) -> Flags:
    """Which types (Category ids) are sensitive, by themselves or by what is above them."""
    says = Q(is_sensitive=True) | Q(parent__is_sensitive=True)
    found = Category.objects.filter(says | Q(parent__parent__is_sensitive=True))
    return np.isin(types, list(found.values_list("pk", flat=True)))


def without(held: Beliefs, types: Flags) -> Beliefs:
    """The beliefs of a bucket as if nothing of these types, bool[types], had been bought.

    held: with the levels "product" and "type" only.
    """
    if not types.any():
        return held
    kind = held.assortment.levels["type"].item_of_product
    product = (kind >= 0) & types[kind]
    out = {"product": product, "type": types}
    levels = {}
    for name, needs in held.levels.items():
        kept = ~out[name][needs.statistics.item]
        levels[name] = needs._replace(
            statistics=_pairs(needs.statistics, kept),
            usual_gaps=needs.usual_gaps[kept],
            expected=needs.expected[kept],
            probability=needs.probability[kept],
            next_trip=needs.next_trip[kept],
        )
    popular, mine = ~product[held.popular.item], ~product[held.bucket.lines.product]
    lines = Lines._make(column[mine] for column in held.bucket.lines)
    return held._replace(
        read=held.read._replace(bucket=held.bucket._replace(lines=lines)),
        levels=levels,
        popular=More._make(column[popular] for column in held.popular),
    )


_OF_ALL = ("as_of", "starts", "households", "items")


def _pairs(seen: Statistics, kept: Flags) -> Statistics:
    """The statistics of some pairs; what is said of households and items stays."""
    before = np.concatenate([np.zeros(1, np.int64), np.cumsum(kept)])
    pairs = {name: column[kept] for name, column in seen._asdict().items() if name not in _OF_ALL}
    return seen._replace(starts=before[seen.starts], **pairs)


def without_uses(past: Past, offers: Mix, types: Flags) -> Past:
    """What households did with coupons, but for offers on any of these types.

    offers: of all offers, the types they are for.
    """
    if not types.any():
        return past
    offer = np.repeat(np.arange(len(offers.starts) - 1), np.diff(offers.starts))
    kept = ~np.isin(past.offer, offer[types[offers.part]])
    return past._replace(household=past.household[kept], offer=past.offer[kept], day=past.day[kept])
