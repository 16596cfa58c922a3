"""What a measurement found, as plain values for `Measurement.report`, and in sentences.

Estimates are floats, rounded to a hundredth of a cent: what was given off is an account, in cents.
"""

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from django.utils.translation import gettext as _

from coupons.comparing import Asked, Part, cells, offers_of
from coupons.models import Mailing
from coupons.proof import effects, principal
from coupons.proof.comparing import Account, By, Cells, Lot, Of, Policy
from coupons.proof.effects import Effects
from coupons.proof.moments import Ints, Moments
from coupons.selection import objective
from coupons.terms import Terms
from loyalty.shopper.value import TIERS
from pos_integration.desk import grouped
from pos_integration.models import Store

LEAST_HELD_OUT = 20
"""Households held out, below which a figure is shown without an effect."""
_UNLIKELY = 3.3
"""Standard errors that chance exceeds once in a thousand."""
_MORE_UNLIKELY = 4.5
"""The same for any of hundreds of offers."""
Plain = dict[str, Any]
TAG_NAMES = {"buy": "What it buys", "back": "Win-backs", "new": "Discoveries"}

# Of each effect: its column, and the columns known before the mailing that are taken off.
_WHOLE = {
    "sales": By.SALES,
    "margin": By.MARGIN,
    "net": By.NET,
    "after_sales": By.AFTER_S,
    "after_margin": By.AFTER_M,
}
_OFFER = {
    "sales": (Of.DIRECT_S, (Of.PRE_DIRECT, Of.PRE_WHOLE)),
    "margin": (Of.DIRECT_M, (Of.PRE_DIRECT, Of.PRE_WHOLE)),
    "net": (Of.NET, (Of.PRE_DIRECT, Of.PRE_WHOLE)),
    "neighbours_sales": (Of.NEIGHBOURS_S, (Of.PRE_NEIGHBOURS, Of.PRE_WHOLE)),
    "neighbours_margin": (Of.NEIGHBOURS_M, (Of.PRE_NEIGHBOURS, Of.PRE_WHOLE)),
    "halo_sales": (Of.HALO_S, (Of.PRE_HALO, Of.PRE_WHOLE)),
    "halo_margin": (Of.HALO_M, (Of.PRE_HALO, Of.PRE_WHOLE)),
    "after_sales": (Of.AFTER_S, (Of.PRE_DIRECT, Of.PRE_WHOLE)),
    "after_margin": (Of.AFTER_M, (Of.PRE_DIRECT, Of.PRE_WHOLE)),
    "all_told": (
        Of.ALL_TOLD,
        (Of.PRE_DIRECT, Of.PRE_NEIGHBOURS, Of.PRE_HALO, Of.PRE_WHOLE),
    ),
}


def report(mailing: Mailing, terms: Terms, asked: Asked, part: Part, *, state: str) -> Plain:
    """Everything that is kept of a measurement. state: running, ended or final."""
    sums = part.sums
    knows_after = state == "final"
    groups = list(_groups(terms, asked, part, knows_after=knows_after))
    offers = list(_offers(terms, part, knows_after=knows_after))
    never = principal.not_redeemed(*sums.strata, By.MARGIN, (By.PRE, By.PRE_MORE))
    not_redeemed = int(sums.strata[0].rows.sum())
    whole = effects.difference(*sums.groups, By.NET, (By.PRE, By.PRE_MORE))
    bare = effects.difference(*sums.groups, By.NET)
    return {
        "state": state,
        "against": asked.against,
        "households": {
            "sheets": int(sums.groups[0].rows[0]),
            "held_out": int(sums.groups[1].rows[0]),
            "gone": part.gone,
            "unsent": part.unsent,
        },
        "narrower": _rounded(1 - float(whole.half[0] / bare.half[0])) if bare.half[0] > 0 else None,
        "groups": groups,
        "offers": offers,
        "not_redeemed": {
            "households": not_redeemed,
            "margin": _effect(never, 0, not_redeemed, int(sums.strata[1].rows.sum())),
        },
        "lots": _lots(terms, part),
        "uplift": _uplift(part, cells(terms, asked.stores)) if _teaches(mailing, state) else {},
        "drop": list(_proposals(offers)) if state != "running" else [],
        "doubts": list(_doubts(offers, part, asked)),
    }


def headline(report: Plain) -> str:
    """What the mailing brought, in a sentence or two."""
    told = report["groups"][0]["effects"]["net"] if report["groups"] else None
    homes = report["households"]
    if told is None:
        return _(
            "Too few households are compared to tell what it changed: %(sheets)s with a sheet, "
            "%(held_out)s held out; %(least)s of each at least are wanted."
        ) % {
            "sheets": grouped(homes["sheets"]),
            "held_out": grouped(homes["held_out"]),
            "least": LEAST_HELD_OUT,
        }
    low, high = told["total_low"], told["total_high"]
    brought = (
        _("The mailing brought %(total)s margin so far, what its coupons cost taken off")
        if report["state"] == "running"
        else _("The mailing brought %(total)s margin, what its coupons cost taken off")
    ) % {"total": grouped(told["total"], 2)}
    against = _(
        "(95 %%: %(low)s to %(high)s), at %(sheets)s households against %(held_out)s held out."
    ) % {
        "low": grouped(low, 2),
        "high": grouped(high, 2),
        "sheets": grouped(homes["sheets"]),
        "held_out": grouped(homes["held_out"]),
    }
    doubt = [_("It cannot be told from nothing.")] if low <= 0 <= high else []
    return " ".join([brought, against, *doubt])


def _groups(terms: Terms, asked: Asked, part: Part, *, knows_after: bool) -> Iterator[Plain]:
    """The mailing as a whole, then tiers, stores, tags and funders."""
    sums = part.sums
    named = cells(terms, asked.stores)
    numbers = Store.objects.in_bulk(asked.stores)
    keys: list[tuple[str, str, str]] = [("mailing", "", "All of it")]
    keys += [("tier", tier, tier.capitalize()) for tier in TIERS]
    keys += [("store", str(pk), str(numbers.get(pk, pk))) for pk in asked.stores]
    keys += [("tag", word, TAG_NAMES[word]) for _, word in sorted(objective.TAGS.items())]
    keys += [("funder", name, name) for name in terms.funders]
    assert len(keys) == named.groups
    found = {
        name: effects.difference(*sums.groups, column, (By.PRE, By.PRE_MORE))
        for name, column in _WHOLE.items()
        if knows_after or not name.startswith("after")
    }
    for at, (kind, key, name) in enumerate(keys):
        sent, kept = (int(group.rows[at]) for group in sums.groups)
        moments = sums.groups[1]
        if sent or kept:
            yield {
                "kind": kind,
                "key": key,
                "name": name,
                **_account(sums.accounts[at]),
                "held_out": kept,
                # What a household bought that was held out: what effects are a share of.
                "usual_sales": _rounded(float(moments.sums[at, By.SALES]) / kept) if kept else None,
                "effects": {what: _effect(e, at, sent, kept) for what, e in found.items()},
            }


def _offers(terms: Terms, part: Part, *, knows_after: bool) -> Iterator[Plain]:
    sums = part.sums
    found = {
        name: effects.difference(*sums.offers, column, before)
        for name, (column, before) in _OFFER.items()
        if knows_after or not name.startswith("after")
    }
    for at, offer in enumerate(offers_of(terms)):
        sent, kept = (int(moments.rows[at]) for moments in sums.offers)
        if sent or kept:
            yield {
                "offer": offer.pk,
                "code": offer.code,
                "name": offer.name,
                "funder": terms.funders[offer.funder],
                **_account(sums.offer_accounts[at]),
                "held_out": kept,
                "effects": {what: _effect(e, at, sent, kept) for what, e in found.items()},
            }


def _account(row: Ints) -> Plain:
    """What was sent, what came back, and what it cost; money in cents."""
    coupons, used = int(row[Account.COUPONS]), int(row[Account.USED])
    off, funded, fees = (
        round(int(row[column]) / 1000) for column in (Account.OFF, Account.FUNDED, Account.FEES)
    )
    return {
        "sheets": int(row[Account.SHEETS]),
        "sheets_used": int(row[Account.SHEETS_USED]),
        "coupons": coupons,
        "redeemed": used,
        "redeemed_share": _rounded(used / coupons) if coupons else None,
        "breakage": coupons - used,
        "off_cents": off,
        "funded_cents": funded,
        "own_cents": off - funded,
        "fee_cents": fees,
    }


def _effect(found: Effects, at: int, sent: int, held_out: int) -> Plain | None:
    """One estimate: of each household, and times those that got a sheet. None: too few."""
    if min(sent, held_out) < LEAST_HELD_OUT or not np.isfinite(found.half[at]):
        return None
    each = {
        "each": float(found.value[at]),
        "low": float(found.low[at]),
        "high": float(found.high[at]),
    }
    totals = {"total": each["each"] * sent} | {
        f"total_{key}": each[key] * sent for key in ("low", "high")
    }
    return {key: _rounded(value) for key, value in (each | totals).items()}


def _lots(terms: Terms, part: Part) -> Plain:
    """What lots tell: of each offer if everybody it fits got it, and of choosing against lots."""
    sums = part.sums
    drawn, kept = sums.lots
    used = effects.mean(drawn, Lot.USED)
    net = effects.difference(drawn, kept, Lot.NET, (Lot.PRE,))
    offers = [
        {
            "offer": offer.pk,
            "code": offer.code,
            "name": offer.name,
            "drawn": int(drawn.rows[at]),
            "held_out": int(kept.rows[at]),
            "redeemed": _share(used, at),
            "net": _effect(net, at, int(drawn.rows[at]), int(kept.rows[at])),
        }
        for at, offer in enumerate(offers_of(terms))
        if drawn.rows[at] >= LEAST_HELD_OUT
    ]
    if not offers:
        return {"offers": [], "chosen": None}
    sent, others = sums.policy
    chosen_used, drawn_used = (
        _ratio(sent, top, below)
        for top, below in (
            (Policy.CHOSEN_USED, Policy.CHOSEN),
            (Policy.DRAWN_USED, Policy.DRAWN),
        )
    )
    more_used = effects.contrast(
        sent, None, (Policy.CHOSEN_USED, Policy.CHOSEN), (Policy.DRAWN_USED, Policy.DRAWN)
    )
    more_net = effects.contrast(
        sent, others, (Policy.CHOSEN_NET, Policy.CHOSEN), (Policy.DRAWN_NET, Policy.DRAWN)
    )
    return {
        "offers": offers,
        "chosen": {
            "redeemed_chosen": _rounded(chosen_used),
            "redeemed_drawn": _rounded(drawn_used),
            "redeemed_more": _share(more_used, 0),
            "net_more": _share(more_net, 0) if others.rows[0] >= LEAST_HELD_OUT else None,
        },
    }


def _ratio(moments: Moments, top: int, below: int) -> float:
    weight = float(moments.sums[0, below])
    return float(moments.sums[0, top]) / weight if weight else 0.0


def _share(found: Effects, at: int) -> Plain | None:
    if not np.isfinite(found.half[at]):
        return None
    return {
        "each": _rounded(float(found.value[at])),
        "low": _rounded(float(found.low[at])),
        "high": _rounded(float(found.high[at])),
    }


def _teaches(mailing: Mailing, state: str) -> bool:
    """Whether it can be set against the margin that was predicted."""
    return state != "running" and mailing.objective == Mailing.Objective.MARGIN


def _uplift(part: Part, named: Cells) -> Plain:
    """The margin that coupons of each tag brought before their cost, beside what was predicted."""
    sums = part.sums
    first = named.first[3]
    found = effects.difference(*sums.groups, By.TOLD, (By.PRE, By.PRE_MORE))
    plain = {}
    for tag, word in sorted(objective.TAGS.items()):
        sent, kept = (int(moments.rows[first + tag]) for moments in sums.groups)
        if _effect(found, first + tag, sent, kept) is not None and sums.predicted[tag] > 0:
            plain[word] = {
                "measured": _rounded(float(found.value[first + tag]) * sent),
                "error": _rounded(float(found.se[first + tag]) * sent),
                "predicted": _rounded(float(sums.predicted[tag])),
                "held_out": kept,
            }
    return plain


def _proposals(offers: Sequence[Plain]) -> Iterator[Plain]:
    """Offers that surely cost more than they bring, with all that goes along."""
    for offer in offers:
        told = offer["effects"]["all_told"]
        if told is not None and told["high"] < 0:
            yield {
                "offer": offer["offer"],
                "code": offer["code"],
                "name": offer["name"],
                "says": f"'{offer['name']}' ({offer['code']}) lost {-told['total']:,.2f} (95 %: "
                f"{-told['total_high']:,.2f} to {-told['total_low']:,.2f}) on {offer['coupons']:,} "
                "coupons, all told: leave it out of the next mailing.",
            }


def _doubts(offers: Sequence[Plain], part: Part, asked: Asked) -> Iterator[str]:
    """What speaks against taking figures at their word."""
    sums = part.sums
    if asked.against == "standing":
        yield (
            "It is measured against households that never get mailings: what earlier mailings "
            "changed is in these figures as well."
        )
    before = effects.difference(*sums.groups, By.PRE)
    if before.se[0] > 0 and abs(before.value[0]) > _UNLIKELY * before.se[0]:
        yield (
            "Households with a sheet and those held out bought differently before the mailing "
            f"already, by {abs(before.value[0]):,.2f} each: chance does this once in a thousand "
            "times. Find out whether everybody who was selected for got the sheet."
        )
    sent, kept = (int(moments.rows[0]) for moments in sums.groups)
    for offer in offers:
        mine, its = offer["sheets"], offer["held_out"]
        if min(sent, kept) == 0:
            continue
        pooled = (mine + its) / (sent + kept)
        error = (pooled * (1 - pooled) * (1 / sent + 1 / kept)) ** 0.5
        if error > 0 and abs(mine / sent - its / kept) > _MORE_UNLIKELY * error:
            yield (
                f"'{offer['name']}' ({offer['code']}) was chosen for {mine / sent:.1%} of the "
                f"sheets and for {its / kept:.1%} of those held out: its limits sorted households, "
                "so take its own figures with care."
            )
    if part.gone:
        yield (
            f"{part.gone:,} households have no card any more: they were merged or erased, and "
            "are left out."
        )


def _rounded(value: float) -> float:
    return round(value, 4)
