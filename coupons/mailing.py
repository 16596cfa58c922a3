"""A mailing's way: draft -> selected -> approved -> issued -> printed -> mailed -> closed.

One person selects, another approves. Issuing freezes what was approved: from then on its coupons
are promises.
"""

from collections.abc import Callable
from datetime import date

from django.contrib.auth.models import AbstractBaseUser
from django.db import transaction
from django.utils import timezone

from coupons import issuing, selecting
from coupons.issuing import Issued as Issued
from coupons.models import Mailing, Selection
from pos_integration.said import any_of, stated

Progress = Callable[[int, int], None]


class MailingError(Exception):
    """What was found and what was wanted, in a sentence for staff."""


def select(
    mailing: Mailing,
    user: AbstractBaseUser | None = None,
    progress: Progress = lambda done, total: None,
) -> Selection:
    """Select its coupons, for somebody else to approve. Raises MailingError."""
    try:
        return selecting.select(mailing, by=user, progress=progress)
    except selecting.SelectionError as error:
        raise MailingError(str(error)) from error


@transaction.atomic
def approve(mailing: Mailing, user: AbstractBaseUser | None) -> None:
    """Let the night before its morning issue and print what was selected.

    user: must not be who asked for the selection, or, where a night selected by itself, who
    changed the mailing last; None is the machine's own operator. Raises MailingError.
    """
    locked = _locked(mailing, Mailing.State.SELECTED)
    selection = locked.selection
    if selection is None or selection.state != Selection.State.READY:
        raise MailingError(f"'{locked}' has no selection that is ready: select again")
    asked = selection.asked_by_id or locked.changed_by_id
    if user is not None and user.pk == asked:
        raise MailingError(
            f"You selected '{locked}' yourself: somebody else approves it, that two have looked"
        )
    if selection.run is None:
        raise MailingError(f"The night that '{locked}' was selected by is gone: select again")
    if selection.run.as_of > locked.issue_on:
        raise MailingError(f"'{locked}' was selected after its morning, {locked.issue_on}")
    locked.state = Mailing.State.APPROVED
    locked.approved_by_id = user.pk if user is not None else None
    locked.save(update_fields=["state", "approved_by"])
    mailing.refresh_from_db()


@transaction.atomic
def back_to_draft(mailing: Mailing) -> None:
    """Take an approval, or a selection, back: its terms may be changed again."""
    locked = _locked(mailing, Mailing.State.SELECTED, Mailing.State.APPROVED)
    if locked.sheets.exists():
        raise MailingError(f"'{locked}' is being issued: it cannot go back")
    locked.state, locked.selection, locked.approved_by = Mailing.State.DRAFT, None, None
    locked.save(update_fields=["state", "selection", "approved_by"])
    mailing.refresh_from_db()


def issue(
    mailing: Mailing, on: date | None = None, progress: Progress = lambda done, total: None
) -> Issued:
    """Freeze what was approved as promises; repeated, it changes nothing. Raises MailingError."""
    try:
        return issuing.issue(mailing, on, progress)
    except (issuing.IssueError, selecting.SelectionError) as error:
        raise MailingError(str(error)) from error


def select_and_issue(mailing: Mailing, progress: Progress = lambda done, total: None) -> Issued:
    """What `issue_mailing` does for the machine's operator: all steps that are still to be done."""
    mailing.refresh_from_db()
    if mailing.state == Mailing.State.DRAFT:
        select(mailing, progress=progress)
    if mailing.state == Mailing.State.SELECTED:
        approve(mailing, None)
    return issue(mailing, progress=progress)


@transaction.atomic
def mark_printed(mailing: Mailing) -> None:
    """Note that a mailing that is not printed at all goes on to its shoppers as it is."""
    locked = _locked(mailing, Mailing.State.ISSUED)
    locked.state = Mailing.State.PRINTED
    locked.save(update_fields=["state"])
    mailing.refresh_from_db()


@transaction.atomic
def mark_mailed(mailing: Mailing, on: date | None = None) -> None:
    """Note that the printed sheets have gone to the post, on this day or today."""
    locked = _locked(mailing, Mailing.State.PRINTED)
    locked.state, locked.mailed_on = Mailing.State.MAILED, on or timezone.localdate()
    locked.save(update_fields=["state", "mailed_on"])
    mailing.refresh_from_db()


@transaction.atomic
def close(mailing: Mailing, on: date) -> None:
    """Note that its dates are over and nothing more is expected of it."""
    locked = _locked(mailing, Mailing.State.MAILED)
    if on <= locked.valid_to:
        raise MailingError(f"'{locked}' is good until {locked.valid_to}: close it after that day")
    locked.state = Mailing.State.CLOSED
    locked.save(update_fields=["state"])
    mailing.refresh_from_db()


def _locked(mailing: Mailing, *wanted: Mailing.State) -> Mailing:
    """The mailing's row, held until the transaction ends. Raises MailingError in another state."""
    locked = Mailing.objects.select_for_update().get(pk=mailing.pk)
    if locked.state not in wanted:
        raise MailingError(f"'{locked}' is {stated(locked)}; wanted: {any_of(wanted)}")
    return locked
