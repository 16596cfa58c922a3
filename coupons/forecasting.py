"""What a selection is expected to bring, offer by offer, and what its limits cost, in words."""

from typing import Any, NamedTuple

import numpy as np
from django.db.models import Count, Exists, OuterRef, Sum

from coupons.models import Coupon, Mailing, Redemption, Selection, Sheet
from coupons.pieces import Chosen
from coupons.selection import accounting
from coupons.selection.accounting import Offers
from coupons.selection.forecast import OFFER_ERROR, counted, earned, error_of
from coupons.selection.objective import PRIOR_FACTOR_SD
from coupons.selection.problem import Floats, Problem, Solution
from coupons.selection.reasons import TAGS
from coupons.terms import OfferTerms, Terms
from loyalty import fitted
from loyalty.models import FittedModel
from loyalty.shopper.value import TIERS

PAST_MAILINGS = 20
UNPROFILED = "not looked at"
"""Stands for the tier of who gets the generic sheet."""
_NOTHING = 0.005
"""A price is called none below this: worth of a coupon, or of a unit of budget."""


class _Sums(NamedTuple):
    """Of what is to be printed, by column (an offer at a level) and tag: float64[columns, tags]."""

    coupons: Floats
    chance: Floats
    luck: Floats  # p (1 - p)
    value: Floats
    # [tiers, and generic sheets, 4] sheets, coupons, face value, redemptions expected
    tiers: Floats


def forecast(
    selection: Selection, terms: Terms, problem: Problem, solution: Solution
) -> dict[str, Any]:
    """Totals, offers, tiers and limits, as plain values for `Selection.report`."""
    sums, error = _sum(selection, terms), _error(selection.mailing)
    factors = _factor_errors(selection)
    offered = every(terms)
    cost = np.array([level.cost for offer in offered for level in offer.levels])[:, None]
    of_offer = np.repeat(np.arange(len(offered)), [len(offer.levels) for offer in offered])
    account = accounting.offers(problem, solution)
    own = float(np.hypot(error, OFFER_ERROR))
    offers = [
        {
            "offer": offer.pk,
            "code": offer.code,
            "name": offer.name,
            "funder": terms.funders[offer.funder],
            "eligible": int(account.eligible[at]) if at < len(terms.offers) else None,
            "levels": [
                [level.text, int(number)]
                for level, number in zip(
                    offer.levels, sums.coupons[of_offer == at].sum(axis=1), strict=True
                )
            ],
            **_expected(sums, cost, of_offer == at, factors, own, terms.objective),
            "limits": limit_words(offer, account, at, terms.objective)
            if at < len(terms.offers)
            else [],
        }
        for at, offer in enumerate(offered)
    ]
    whole = np.ones(len(of_offer), np.bool_)
    return {
        "offers": offers,
        "totals": _expected(sums, cost, whole, factors, error, terms.objective),
        "tiers": [
            [tier, int(sheets), round(face / max(coupons, 1.0), 4), round(redeemed, 2)]
            for tier, (sheets, coupons, face, redeemed) in zip(
                (*TIERS, UNPROFILED), sums.tiers.tolist(), strict=True
            )
            if tier != UNPROFILED or sheets
        ],
        "limits": shared_limit_words(terms, sums.chance, cost, solution),
    }


def every(terms: Terms) -> list[OfferTerms]:
    """All offers that may stand on a sheet, the mailing's own first."""
    known = {offer.pk for offer in terms.offers}
    return [*terms.offers, *(offer for offer in terms.fallback if offer.pk not in known)]


def _expected(
    sums: _Sums, cost: Floats, mine: Any, factors: Floats, error: float, objective: str
) -> dict[str, Any]:
    chance, luck, cost = sums.chance[mine], sums.luck[mine], cost[mine]
    redeemed = counted(chance.sum(), luck.sum(), error)
    spent = counted((chance * cost).sum(), (luck * cost**2).sum(), error)
    margin = earned(sums.value[mine].sum(axis=0), factors, error)
    return {
        "coupons": int(sums.coupons[mine].sum()),
        "redemptions": redeemed.to_plain(),
        "cost": spent.to_plain(),
        # Chosen for redemptions, a coupon's worth is its chance: that is no margin.
        "margin": margin.to_plain() if objective == Mailing.Objective.MARGIN else None,
    }


def _sum(selection: Selection, terms: Terms) -> _Sums:
    levels = [(offer, level) for offer in every(terms) for level in offer.levels]
    column = {(offer.pk, level.pk): at for at, (offer, level) in enumerate(levels)}
    faces = np.array([level.face for _, level in levels])
    shape = (len(column), len(TAGS))
    sums = _Sums(
        np.zeros(shape),
        np.zeros(shape),
        np.zeros(shape),
        np.zeros(shape),
        np.zeros((len(TIERS) + 1, 4)),
    )
    for piece in selection.pieces.order_by("bucket").iterator(chunk_size=1):
        chosen = Chosen.from_bytes(bytes(piece.chosen or b""))
        home = np.repeat(np.arange(len(chosen.households)), np.diff(chosen.starts))
        real = ~chosen.is_ghost[home]
        pairs = zip(chosen.offer[real].tolist(), chosen.level[real].tolist(), strict=True)
        at = np.array([column[pair] for pair in pairs], dtype=np.int64)
        cell = at * len(TAGS) + chosen.tag[real]
        chance = chosen.chance[real].astype(np.float64)
        for total, weight in (
            (sums.coupons, np.ones(len(at))),
            (sums.chance, chance),
            (sums.luck, chance * (1 - chance)),
            (sums.value, chosen.value[real].astype(np.float64)),
        ):
            total += np.bincount(cell, weight, total.size).reshape(shape)
        row = chosen.tier if piece.bucket >= 0 else np.full_like(chosen.tier, len(TIERS))
        tier = row[home][real]
        sheets = np.bincount(row[~chosen.is_ghost], minlength=len(TIERS) + 1)
        sums.tiers[:, 0] += sheets
        for place, weight in enumerate((np.ones(len(at)), faces[at], chance), 1):
            sums.tiers[:, place] += np.bincount(tier, weight, len(TIERS) + 1)
    return sums


def _error(mailing: Mailing) -> float:
    """How far forecasts of mailings whose coupons are over went off."""
    over = list(
        Mailing.objects.filter(
            Exists(Sheet.objects.filter(mailing=OuterRef("pk"))),
            valid_to__lt=mailing.issue_on,
            is_goodwill=False,  # staff chose them: nothing was forecast
        )
        .order_by("-valid_to", "-pk")
        .values_list("pk", flat=True)[:PAST_MAILINGS]
    )
    expected = dict(
        Coupon.objects.filter(sheet__mailing__in=over)
        .exclude(state=Coupon.State.VOID)
        .order_by()
        .values_list("sheet__mailing")
        .annotate(Sum("chance"))
    )
    came = dict(
        Redemption.objects.filter(coupon__sheet__mailing__in=over, reversed_at=None)
        .order_by()
        .values_list("coupon__sheet__mailing")
        .annotate(Count("pk"))
    )
    return error_of(
        [float(expected[pk]) for pk in expected], [float(came.get(pk, 0)) for pk in expected]
    )


def _factor_errors(selection: Selection) -> Floats:
    """How far what a coupon changes may be off, by tag, as a share."""
    model = selection.learned.filter(kind=FittedModel.Kind.UPLIFT).first()
    known = fitted.parameters(model) if model is not None else {}
    return np.array(
        [float(known.get(TAGS[tag], {}).get("sd", PRIOR_FACTOR_SD)) for tag in sorted(TAGS)]
    )


def limit_words(offer: OfferTerms, account: Offers, at: int, objective: str) -> list[str]:
    """What an offer's own limits cost at the margin, a sentence each: local estimates."""
    words = []
    if account.most_price[at] > _NOTHING and offer.most is not None:
        more = step_of(offer.most)
        words.append(
            f"Its cap of {offer.most:,} coupons binds: {more if more > 1 else 'one'} more would "
            f"bring about {_brought(more * account.most_price[at], objective)}."
        )
    if account.least_price[at] > _NOTHING and account.coupons[at] >= account.eligible[at]:
        # There is no last one that could be left off: its price may be any.
        words.append(
            f"Its {offer.least:,} guaranteed coupons take every household that can get it, "
            "whatever it displaces."
        )
    elif account.least_price[at] > _NOTHING:
        words.append(
            f"The last of the {offer.least:,} guaranteed coupons costs about "
            f"{_brought(account.least_price[at], objective)}: it displaces something better."
        )
    if account.budget_price[at] > _NOTHING and offer.budget is not None:
        more = step_of(float(offer.budget))
        words.append(
            f"Its budget of {offer.budget:,.2f} is used: {more:,.2f} more would bring about "
            f"{_brought(more * account.budget_price[at], objective)}."
        )
    return words


def shared_limit_words(terms: Terms, chance: Floats, cost: Floats, solution: Solution) -> list[str]:
    """The same of what all offers, or all of a funder, share."""
    words = []
    spent = (chance * cost).sum(axis=1)
    offered = every(terms)
    funder = np.repeat(
        [offer.funder for offer in offered], [len(offer.levels) for offer in offered]
    ).astype(np.int64)
    by_funder = np.bincount(funder, spent, len(terms.funders))
    prices = solution.prices
    if terms.budget is not None:
        words.append(_budget_words("The mailing", terms, spent.sum(), terms.budget, prices.budget))
    for name, budget, used, price in zip(
        terms.funders, terms.funder_budgets, by_funder, prices.funder_budget, strict=True
    ):
        if budget is not None:
            words.append(_budget_words(name, terms, used, budget, price))
    if terms.fairness is not None:
        binds = max(prices.fair_most.max(initial=0.0), prices.fair_least.max(initial=0.0))
        words.append(
            f"Every tier's and size's coupons are worth within {terms.fairness:.1%} of the mean"
            + ("; that costs something." if binds > _NOTHING else ", which costs nothing.")
        )
    return words


def _budget_words(who: str, terms: Terms, used: float, budget: float, price: float) -> str:
    says = f"{who}: {used:,.2f} of {budget:,.2f} is expected to be spent"
    if price <= _NOTHING:
        return f"{says}."
    more = step_of(budget)
    return f"{says}; {more:,.2f} more would bring about {_brought(more * price, terms.objective)}."


def step_of(limit: float) -> int:
    """By how much more of a limit its price is told: 100 where that is a little of it, else less.

    A price holds for a little more only: a tenth of the limit at most, but 1 at least.
    """
    return next((step for step in (100, 10) if limit >= 10 * step), 1)


def _brought(price: float, objective: str) -> str:
    """A price in what the mailing is chosen for."""
    number = f"{price:,.2f}" if price >= 0.01 else f"{price:.1g}"
    unit = "of margin" if objective == Mailing.Objective.MARGIN else "coupons used"
    return f"{number} {unit}"
