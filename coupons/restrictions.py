"""Goods that law restricts: which households may be given coupons on them, by where they live.

What staff said of the most specific place counts: a region before its country, a country before
everywhere. Where nobody said anything it is as most laws and codes have it: no coupons on tobacco
(promotions are banned with advertising in most countries) and on infant formula (the WHO's
International Code of Marketing of Breast-milk Substitutes, article 5.3); on alcohol, gambling and
medicine only for who has shown to be of age.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from coupons.models import Restriction
from pos_integration.models import Category

Goods = Category.Goods
Verdict = Restriction.Verdict
UNLESS_SAID = {
    Goods.INFANT_FORMULA: Verdict.NEVER,
    Goods.TOBACCO: Verdict.NEVER,
    Goods.ALCOHOL: Verdict.OF_AGE,
    Goods.GAMBLING: Verdict.OF_AGE,
    Goods.MEDICINE: Verdict.OF_AGE,
}


@dataclass(frozen=True)
class Restrictions:
    """What was said, by goods, country and region; it can be sent to other processes.

    Countries and regions are written as in addresses; capitals make no difference.
    """

    said: Mapping[tuple[str, str, str], str]

    def verdict(self, goods: str, country: str = "", region: str = "") -> Verdict:
        """What counts for one kind of goods. Raises ValueError for goods that no law restricts."""
        for place in _places(country, region):
            if (verdict := self.said.get((goods, *place))) is not None:
                return Verdict(verdict)
        return UNLESS_SAID[Goods(goods)]

    def allowed(
        self, goods: Iterable[str], country: str, region: str, is_of_age: bool | None
    ) -> bool:
        """Whether a household may be given a coupon that is good on all these kinds of goods.

        Each of them must be allowed. is_of_age: None, not known, counts as no.
        """
        return all(
            verdict == Verdict.FREE or (verdict == Verdict.OF_AGE and bool(is_of_age))
            for verdict in (self.verdict(kind, country, region) for kind in goods)
        )

    def blocked(
        self,
        offers_goods: Sequence[tuple[str, ...]],
        country: Sequence[str],
        region: Sequence[str],
        is_of_age: Sequence[bool | None],
    ) -> npt.NDArray[np.bool_]:
        """Which offers which households may not be given: [households, offers].

        offers_goods: the kinds of goods among each offer's products, none for most offers.
        The others say of each household where it lives and whether it has shown to be of age.
        Raises ValueError where they are not equally many.
        """
        kinds = {goods: at for at, goods in enumerate(dict.fromkeys(offers_goods))}
        homes = [
            (land, part, bool(adult))
            for land, part, adult in zip(country, region, is_of_age, strict=True)
        ]
        places = {home: at for at, home in enumerate(dict.fromkeys(homes))}
        small = np.array(
            [[not self.allowed(goods, *place) for goods in kinds] for place in places], np.bool_
        ).reshape(len(places), len(kinds))
        rows = np.fromiter((places[home] for home in homes), np.intp, len(homes))
        columns = np.fromiter((kinds[goods] for goods in offers_goods), np.intp, len(offers_goods))
        return small[np.ix_(rows, columns)]


def _places(country: str, region: str) -> Iterable[tuple[str, str]]:
    """The most specific first."""
    if country and region:
        yield country.strip().upper(), region.strip().casefold()
    if country:
        yield country.strip().upper(), ""
    yield "", ""


def verdicts(goods: Collection[str] | None = None) -> Restrictions:
    """Read what was said of these kinds of goods, by default of all; of none nothing is read."""
    rows = (
        Restriction.objects.all() if goods is None else Restriction.objects.filter(goods__in=goods)
    )
    return Restrictions(
        {
            (row.goods, row.country.strip().upper(), row.region.strip().casefold()): row.verdict
            for row in (() if goods is not None and not goods else rows)
        }
    )


def allowed(goods: Sequence[str], country: str, region: str, is_of_age: bool | None) -> bool:
    """As Restrictions.allowed, by what is said now."""
    return verdicts(goods).allowed(goods, country, region, is_of_age)


def blocked(
    offers_goods: Sequence[tuple[str, ...]],
    country: Sequence[str],
    region: Sequence[str],
    is_of_age: Sequence[bool | None],
) -> npt.NDArray[np.bool_]:
    """As Restrictions.blocked, by what is said now."""
    goods = {kind for some in offers_goods for kind in some}
    return verdicts(goods).blocked(offers_goods, country, region, is_of_age)
