"""A mailing's way: draft -> approved -> issued -> printed -> mailed -> closed.

Issuing selects each recipient's coupons and freezes them: from then on they are promises.
"""

from collections.abc import Callable, Iterable
from decimal import Decimal
from typing import NamedTuple

from django.contrib.auth.models import AbstractBaseUser
from django.db import transaction
from django.db.models import OuterRef, Subquery
from django.utils import timezone

from coupons import choosing
from coupons.choosing import Choice
from coupons.models import Coupon, Mailing, Offer, Recipient, Sheet
from coupons.selection.holdout import in_holdout
from coupons.sheets import codes
from loyalty import rebuild
from loyalty.models import Address, Consent

ROWS_AT_ONCE = 5_000
Progress = Callable[[int, int], None]
Outcome = Recipient.Outcome


class MailingError(Exception):
    """What was found and what was wanted, in a sentence for staff."""


class Issued(NamedTuple):
    sheets: int
    coupons: int
    holdout: int
    left_out: int


@transaction.atomic
def approve(mailing: Mailing, user: AbstractBaseUser | None) -> None:
    """Let the night before its morning select and print the mailing."""
    locked = _locked(mailing, Mailing.State.DRAFT)
    if not locked.offers.exists():
        raise MailingError(f"'{locked}' has no offers: add some before it is approved")
    if not locked.recipients.exists():
        raise MailingError(f"'{locked}' has no recipients: add some before it is approved")
    locked.state = Mailing.State.APPROVED
    locked.approved_by_id = user.pk if user is not None else None
    locked.save(update_fields=["state", "approved_by"])
    mailing.refresh_from_db()


@transaction.atomic
def mark_mailed(mailing: Mailing) -> None:
    """Note that the printed sheets have gone to the post."""
    locked = _locked(mailing, Mailing.State.PRINTED)
    locked.state = Mailing.State.MAILED
    locked.save(update_fields=["state"])
    mailing.refresh_from_db()


def _locked(mailing: Mailing, *wanted: Mailing.State) -> Mailing:
    """The mailing's row, held until the transaction ends. Raises MailingError in another state."""
    locked = Mailing.objects.select_for_update().get(pk=mailing.pk)
    if locked.state not in wanted:
        names = " or ".join(state.label.lower() for state in wanted)
        raise MailingError(f"'{locked}' is {locked.get_state_display().lower()}; wanted: {names}")
    return locked


@transaction.atomic
def issue(mailing: Mailing, progress: Progress = lambda done, total: None) -> Issued:
    """Select every recipient's coupons and freeze them as sheets; repeated, it changes nothing.

    All of it is one transaction: a crash leaves the mailing as it was. Raises MailingError if no
    night has run yet, or if there is nothing to choose from.
    """
    locked = Mailing.objects.select_for_update().get(pk=mailing.pk)
    if locked.state not in (Mailing.State.DRAFT, Mailing.State.APPROVED):
        return _issued(locked)
    run = rebuild.published()
    if run is None:
        raise MailingError("no night has run yet: run 'manage.py nightly' first")
    if not locked.offers.exists() or not locked.recipients.exists():
        raise MailingError(
            f"'{locked}' has {locked.offers.count()} offers and {locked.recipients.count()} "
            "recipients; wanted: some of each"
        )
    outcomes = _outcomes(locked)
    wanted = {home for home, outcome in outcomes.items() if outcome == Outcome.SHEET}
    choices = choosing.choose(locked, run, wanted, progress)
    for home in wanted - choices.keys():
        outcomes[home] = Outcome.NO_OFFERS
    _write_sheets(locked, choices)
    _write_outcomes(locked, outcomes)
    locked.state, locked.run, locked.issued_at = Mailing.State.ISSUED, run, timezone.now()
    locked.save(update_fields=["state", "run", "issued_at"])
    mailing.refresh_from_db()
    return _issued(locked)


def _issued(mailing: Mailing) -> Issued:
    recipients = mailing.recipients
    return Issued(
        sheets=mailing.sheets.count(),
        coupons=Coupon.objects.filter(sheet__mailing=mailing).count(),
        holdout=recipients.filter(outcome=Outcome.HOLDOUT).count(),
        left_out=recipients.exclude(outcome__in=[Outcome.HOLDOUT, Outcome.SHEET]).count(),
    )


def _outcomes(mailing: Mailing) -> dict[int, Recipient.Outcome]:
    """Decide who gets a sheet, before any coupon is chosen, and why the others do not."""
    latest = Consent.objects.filter(household=OuterRef("household")).order_by("-said_at", "-pk")
    rows = mailing.recipients.annotate(
        post=Subquery(latest.filter(purpose="post").values("is_granted")[:1]),
        profiling=Subquery(latest.filter(purpose="profiling").values("is_granted")[:1]),
        deliverable=Subquery(
            Address.objects.filter(household=OuterRef("household")).values("is_deliverable")[:1]
        ),
    ).values_list("household_id", "post", "profiling", "deliverable")
    share = float(mailing.holdout_share)
    outcomes = {}
    for home, post, profiling, deliverable in rows.iterator(chunk_size=ROWS_AT_ONCE):
        # Silence is no objection to post; a no to either is final.
        if post is False or profiling is False:
            outcomes[home] = Outcome.NO_CONSENT
        elif not deliverable:
            outcomes[home] = Outcome.NO_ADDRESS
        elif in_holdout(home, salt=mailing.code, share=share):
            outcomes[home] = Outcome.HOLDOUT
        else:
            outcomes[home] = Outcome.SHEET
    return outcomes


def _write_outcomes(mailing: Mailing, outcomes: dict[int, Recipient.Outcome]) -> None:
    by_outcome: dict[Recipient.Outcome, list[int]] = {}
    for home, outcome in outcomes.items():
        by_outcome.setdefault(outcome, []).append(home)
    for outcome, homes in by_outcome.items():
        for start in range(0, len(homes), ROWS_AT_ONCE):
            mailing.recipients.filter(household__in=homes[start : start + ROWS_AT_ONCE]).update(
                outcome=outcome
            )


def _write_sheets(mailing: Mailing, choices: dict[int, list[Choice]]) -> None:
    """Number the sheets in the order of the post and give every coupon its code."""
    offers = mailing.offers.in_bulk()
    order = (
        Address.objects.filter(household__in=list(choices))
        .select_related("household")
        .order_by("country", "postcode", "city", "street", "household_id")
    )
    sheets = [
        Sheet(
            mailing=mailing,
            household_id=address.household_id,
            number=number,
            address="\n".join(address_lines(address)),
            savings=_savings(choices[address.household_id], offers),
        )
        for number, address in enumerate(order.iterator(chunk_size=ROWS_AT_ONCE), 1)
    ]
    Sheet.objects.bulk_create(sheets, batch_size=ROWS_AT_ONCE)
    Coupon.objects.bulk_create(_coupons(mailing, sheets, choices), batch_size=ROWS_AT_ONCE)


def _coupons(
    mailing: Mailing, sheets: Iterable[Sheet], choices: dict[int, list[Choice]]
) -> list[Coupon]:
    chosen = [
        (sheet, position, choice)
        for sheet in sheets
        for position, choice in enumerate(choices[sheet.household_id], 1)
    ]
    return [
        Coupon(
            code=code,
            sheet=sheet,
            position=position,
            offer_id=choice.offer,
            valid_from=mailing.valid_from,
            valid_to=mailing.valid_to,
            chance=choice.chance,
            tag=choice.tag,
            reason=choice.reason,
            staff_reason=choice.staff_reason,
        )
        for code, (sheet, position, choice) in zip(
            codes.mint_many(len(chosen)), chosen, strict=True
        )
    ]


def _savings(choices: list[Choice], offers: dict[int, Offer]) -> Decimal:
    return sum((offers[choice.offer].face_value for choice in choices), Decimal(0))


def address_lines(address: Address) -> list[str]:
    """The lines in the window, by the country's rule for the last one."""
    place = (
        f"{address.city}, {address.region} {address.postcode}"
        if address.country == "US"
        else f"{address.postcode} {address.city}"
    )
    return [address.household.name, address.street, place]
