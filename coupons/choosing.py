"""Put an earlier selection of a mailing in use again, with the terms it was made by."""

from decimal import Decimal
from typing import Any

import numpy as np
from django.db import transaction
from django.utils import timezone

from coupons import audience, outcomes, staleness
from coupons.alone import TakenError, alone
from coupons.generic_sheets import note
from coupons.models import Funder, FunderBudget, Mailing, Offer, Recipient, Selection
from coupons.pieces import Chosen
from coupons.terms import Terms
from pos_integration.said import stated

Outcome = Recipient.Outcome
STATES = (Mailing.State.DRAFT, Mailing.State.SELECTED)


class ChoosingError(Exception):
    """Why a selection cannot be put in use, in a sentence for staff."""


def use(mailing: Mailing, selection: Selection, by: int | None = None) -> None:
    """Let this selection be the one that is approved; repeated, it changes nothing more.

    by: the id of who chose it. The mailing's rules become those the selection was made by, and
    its recipients' outcomes what they come to with it. Raises ChoosingError; then all is as it
    was.
    """
    try:
        with alone(f"coupons.selecting.{mailing.pk}"):
            _use(mailing, selection, by)
    except TakenError:
        raise ChoosingError(
            f"Coupons for '{mailing}' are being selected: wait for it to end."
        ) from None
    except audience.AudienceError as error:
        raise ChoosingError(f"{error}.") from error
    mailing.refresh_from_db()


def refuse(mailing: Mailing, selection: Selection) -> None:
    """Raise ChoosingError if the selection cannot be put in use as things stand."""
    if mailing.state not in STATES:
        raise ChoosingError(
            f"'{mailing}' is {stated(mailing)}: another selection is chosen "
            "for a draft, or one that waits for approval; take the approval back first."
        )
    if selection.mailing_id != mailing.pk or selection.state != Selection.State.READY:
        raise ChoosingError(f"This selection of '{mailing}' is not ready: choose another.")
    if selection.run is None:
        raise ChoosingError("The night it was selected by is gone: select again.")


@transaction.atomic
def _use(mailing: Mailing, selection: Selection, by: int | None) -> None:
    locked = Mailing.objects.select_for_update().get(pk=mailing.pk)
    refuse(locked, selection)
    terms = Terms.from_plain(selection.terms)
    for name, value in rules_of(terms).items():
        setattr(locked, name, value)
    locked.offers.set(Offer.objects.filter(pk__in=[one.pk for one in terms.offers]))
    locked.fallback_offers.set(Offer.objects.filter(pk__in=[one.pk for one in terms.fallback]))
    _set_budgets(locked, terms)
    if changed := staleness.changes(locked, selection, timezone.localdate()):
        raise ChoosingError(" ".join([*changed, "Select again."]))
    assert selection.run is not None  # refused else
    locked.state, locked.selection, locked.run = Mailing.State.SELECTED, selection, selection.run
    locked.approved_by = None
    if by is not None:
        locked.changed_by_id = by
    locked.save()
    outcomes.decide(locked, selection.run, on=locked.issue_on)
    _note_who_gets_none(locked, selection)


def rules_of(terms: Terms) -> dict[str, Any]:
    """The fields of a mailing that a selection was made by, as the mailing keeps them."""
    return {
        "valid_from": terms.valid_from,
        "valid_to": terms.valid_to,
        "objective": terms.objective,
        "coupons_per_sheet": terms.per_sheet,
        "coupons_per_category": terms.per_category,
        "discovery_slots": terms.discovery_slots,
        "random_slots": terms.random_slots,
        "fairness": None if terms.fairness is None else Decimal(f"{terms.fairness:.3f}"),
        "budget": None if terms.budget is None else Decimal(f"{terms.budget:.2f}"),
        "short_sheets": terms.short_sheets,
    }


def _set_budgets(mailing: Mailing, terms: Terms) -> None:
    wanted = {
        name: Decimal(f"{budget:.2f}")
        for name, budget in zip(terms.funders, terms.funder_budgets, strict=True)
        if budget is not None
    }
    mailing.funder_budgets.exclude(funder__name__in=wanted).delete()
    for funder in Funder.objects.filter(name__in=wanted):
        FunderBudget.objects.update_or_create(
            mailing=mailing, funder=funder, defaults={"amount": wanted[funder.name]}
        )


def _note_who_gets_none(mailing: Mailing, selection: Selection) -> None:
    """Write down who has no sheet in it, and who was held out when it was made."""
    sheets = [np.zeros(0, np.int64)]
    for (data,) in selection.pieces.order_by("bucket").values_list("chosen").iterator(1):
        chosen = Chosen.from_bytes(bytes(data or b""))
        held = mailing.recipients.filter(
            outcome=Outcome.WAITING, household__in=chosen.households[chosen.is_ghost].tolist()
        )
        held.update(outcome=Outcome.HOLDOUT)
        sheets.append(chosen.households[~chosen.is_ghost])
    due = mailing.recipients.filter(outcome__in=[Outcome.WAITING, Outcome.GENERIC])
    homes = np.fromiter(due.values_list("household_id", flat=True), np.int64)
    note(mailing, Outcome.NO_OFFERS, np.setdiff1d(homes, np.concatenate(sheets)))


def use_by_ids(mailing_id: int, selection_id: int, user_id: int) -> str:
    """What the queue runs: arguments are ids, the answer is a sentence."""
    mailing = Mailing.objects.get(pk=mailing_id)
    selection = Selection.objects.select_related("run").get(pk=selection_id)
    try:
        use(mailing, selection, user_id)
    except ChoosingError as error:
        return str(error)
    return f"{selection} is in use"
