"""What the workbench has to know of a mailing: read in a handful of queries."""

from typing import TYPE_CHECKING, Any

from django.db.models import Count, Sum
from django.db.models.functions import Coalesce
from django.utils import timezone
from django.utils.formats import date_format

from coupons.admin import queued
from coupons.admin.mailing_steps import has_recipients, latest_selections
from coupons.admin.printing_steps import cut_short_of
from coupons.admin.workbench import Known
from coupons.models import Mailing, PrintRun, Selection
from pos_integration.said import retold

if TYPE_CHECKING:
    from django.contrib.auth.models import AnonymousUser, User

State = Mailing.State
BEFORE_ISSUE = (State.DRAFT, State.SELECTED, State.APPROVED)
WITH_SHEETS = (State.ISSUED, State.PRINTED, State.MAILED, State.CLOSED)


def stale(mailing: Mailing) -> list[str]:
    """What changed since its selection, while it may still be selected anew."""
    if mailing.state not in (State.SELECTED, State.APPROVED) or mailing.selection is None:
        return []
    from coupons import staleness  # loads the models of shoppers: too slow for every command

    return staleness.changes(mailing, mailing.selection, timezone.localdate())


def known_of(
    mailing: Mailing, user: "User | AnonymousUser", changed: list[str] | None = None
) -> Known:
    """changed: what stale() said of it."""
    at_work = frozenset(queued.waiting(mailing.pk, among=queued.held_of(mailing)))
    told: dict[str, Any] = {}
    if mailing.state in BEFORE_ISSUE:
        told |= _of_selection(mailing, user)
    else:
        told |= _of_print(mailing)
        told["measured"] = _headline(mailing)
        if mailing.mailed_on is not None:
            told["mailed_on"] = date_format(mailing.mailed_on, "DATE_FORMAT")
    if mailing.state == State.DRAFT:
        told["recipients"] = has_recipients(mailing)
        told["out_of_dates"] = _out_of_dates(mailing)
    totals = mailing.selection.report.get("totals") if mailing.selection else None
    if mailing.state == State.DRAFT:  # a draft comes with them
        segments, offers = len(mailing.segments.all()), len(mailing.offers.all())
    else:
        counted = Mailing.objects.filter(pk=mailing.pk).values_list(
            Count("segments", distinct=True), Count("offers", distinct=True)
        )
        segments, offers = counted.get()
    return Known(
        state=mailing.state,
        segments=segments,
        offers=offers,
        coupons_per_sheet=mailing.coupons_per_sheet,
        is_printed=mailing.channel == Mailing.Channel.PRINT,
        at_work=at_work,
        coupons=totals["coupons"] if totals else 0,
        stale=len(changed or ()),
        issue_on=date_format(mailing.issue_on, "DATE_FORMAT"),
        is_late=mailing.issue_on < timezone.localdate(),
        **told,
    )


def _out_of_dates(mailing: Mailing) -> int:
    """How many of a draft's offers nobody gets; its page has them at hand."""
    return sum(
        not (offer.valid_from <= mailing.valid_from and mailing.valid_to <= offer.valid_to)
        for offer in mailing.offers.all()
    )


def _of_selection(mailing: Mailing, user: "User | AnonymousUser") -> dict[str, Any]:
    if mailing.selection is None:
        last = next(iter(latest_selections(mailing)), None)
        failed = last is not None and last.state == Selection.State.FAILED
        return {"failed": retold(last.error) if failed and last else ""}
    # Where a night selected by itself, who changed the mailing last may not approve it.
    asked = mailing.selection.asked_by or mailing.changed_by
    return {
        "must_differ_from": asked.get_username() if asked is not None else "",
        "is_mine": asked is not None and asked.pk == user.pk,
    }


def _of_print(mailing: Mailing) -> dict[str, Any]:
    run = (
        mailing.print_runs.filter(kind=PrintRun.Kind.WHOLE)
        .only("pk", "mailing", "state", "sheets", "says", "folder")
        .annotate(whole=Coalesce(Sum("files__sheets"), 0))
        .order_by("-pk")
        .first()
    )
    if run is None or run.state == PrintRun.State.FINISHED:
        return {}
    if run.state == PrintRun.State.RUNNING:
        from coupons.print_progress import sheets_done  # reads files: of no use elsewhere

        is_dead = run.pk in cut_short_of(mailing)
        done = min(run.whole + sheets_done(run), run.sheets)
        return {"printing": (done, run.sheets), "print_cut_short": is_dead}
    return {"print_failed": retold(run.says) or run.get_state_display()}


def _headline(mailing: Mailing) -> str:
    last = mailing.measurements.order_by("-as_of").first()
    if last is None:
        return ""
    from coupons.admin.measured_words import more_sales
    from coupons.findings import headline  # loads the models of shoppers, as above

    return f"{more_sales(last.report)} {headline(last.report)}".strip()
