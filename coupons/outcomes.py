"""Who of a mailing's recipients gets a sheet, who is held out, and why others get none.

All of it follows from what was said, posted and believed, and from salts: asked again, it is the
same again, and a hold-out is never drawn anew.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, timedelta
from typing import Any, NamedTuple

from django.db import connection, transaction
from django.db.models import Count, Q, QuerySet

from coupons import audience
from coupons.models import Mailing, Recipient, Sheet, StandingHoldout
from coupons.selection import holdout
from loyalty import voice
from loyalty.models import Address, Consent, HouseholdSummary, ModelRun

Outcome = Recipient.Outcome
DUE = (Outcome.WAITING, Outcome.GENERIC, Outcome.HOLDOUT, Outcome.STANDING)
"""Whom a mailing is still for when it is issued: those it goes to, and those held out of it."""
NOT_ISSUED = (*audience.OPEN, Mailing.State.APPROVED)

# The same as coupons.selection.holdout.in_holdout, to the byte.
_HELD_OUT = (
    "substring(sha256(convert_to(%s::text || ':' || one.household_id, 'UTF8')) "
    f"for {holdout.BYTES}) < %s"
)


class _Case(NamedTuple):
    """What gives a recipient, `one`, its outcome, unless a case before it did."""

    condition: str
    outcome: Recipient.Outcome
    parameters: tuple[Any, ...] = ()


Joined = Mapping[str, QuerySet[Any, Any]]  # what cases speak of; a household once at most


@transaction.atomic
def decide(mailing: Mailing, run: ModelRun, *, on: date) -> Counter[Recipient.Outcome]:
    """Give every recipient its outcome before coupons are chosen; returns how many have which.

    on: the day of the mailing, up to which contacts count. The first of these that holds: wants
    no post; has no deliverable address (both of printed mailings only); its card goes around; had
    enough post in the days before; objects to profiling, and gets the generic sheet; is held out
    for good, or of this mailing; else it waits for its coupons. Who objects to profiling is in no
    hold-out: it would go without coupons to measure what it does not want looked at. Raises
    AudienceError once the mailing is approved.
    """
    mailing = audience.locked(mailing, audience.OPEN)
    cases = [
        *_of_the_post(mailing),
        _Case("shared.household_id IS NOT NULL", Outcome.SHARED),
        *_of_contacts(mailing),
        _Case("unprofiled.household_id IS NOT NULL", Outcome.GENERIC),
        *(
            _Case(_HELD_OUT, Outcome.STANDING, (one.salt, holdout.edge(float(one.share))))
            for one in standing(on).order_by("pk")
        ),
        _Case(
            _HELD_OUT,
            Outcome.HOLDOUT,
            (mailing.code, holdout.edge(float(mailing.holdout_share))),
        ),
    ]
    shared = _homes(HouseholdSummary.objects.filter(run=run, is_shared=True))
    _write(mailing, cases, f"'{Outcome.WAITING}'", _joined(mailing, on) | {"shared": shared})
    counts = mailing.recipients.order_by().values_list("outcome").annotate(Count("pk"))
    return Counter({Outcome(outcome): count for outcome, count in counts})


@transaction.atomic
def recheck(mailing: Mailing, *, on: date | None = None) -> dict[Recipient.Outcome, list[int]]:
    """Leave out, when a mailing is issued, who may not get it any more; returns these households.

    on: by default the mailing's day of issue. Of those it goes to and of those held out alike, so
    that both stay comparable: who wants no post since, has lost its address, or had enough post
    by other mailings. Who objected to profiling since gets nothing this time, for its coupons are
    chosen already. Nobody is let in, and no hold-out is drawn. Raises AudienceError once the
    mailing is issued.
    """
    mailing = audience.locked(mailing, NOT_ISSUED)
    others = [outcome for outcome in Outcome if outcome not in DUE]
    cases = [
        *_of_the_post(mailing),
        *_of_contacts(mailing),
        _Case(
            f"unprofiled.household_id IS NOT NULL AND one.outcome <> '{Outcome.GENERIC}'",
            Outcome.NO_CONSENT,
        ),
    ]
    changed = _write(
        mailing,
        cases,
        "one.outcome",
        _joined(mailing, on or mailing.issue_on),
        but=others,
        returning=True,
    )
    left_out: dict[Recipient.Outcome, list[int]] = {}
    for household, outcome in sorted(changed):
        left_out.setdefault(Outcome(outcome), []).append(household)
    return left_out


def standing(on: date) -> QuerySet[StandingHoldout]:
    """The hold-outs that stand on the day."""
    return StandingHoldout.objects.filter(Q(ends_on=None) | Q(ends_on__gte=on), begins_on__lte=on)


def _of_the_post(mailing: Mailing) -> list[_Case]:
    if mailing.channel != Mailing.Channel.PRINT:
        return []
    return [
        _Case("no_post.household_id IS NOT NULL", Outcome.NO_CONSENT),
        _Case("address.household_id IS NULL", Outcome.NO_ADDRESS),
    ]


def _of_contacts(mailing: Mailing) -> list[_Case]:
    if mailing.most_contacts is None:
        return []
    enough = "coalesce(contacts.sheets, 0) >= %s"
    return [_Case(enough, Outcome.CONTACTED, (mailing.most_contacts,))]


def _joined(mailing: Mailing, on: date) -> dict[str, QuerySet[Any, Any]]:
    """What all cases speak of but what is believed."""
    printed = Sheet.objects.filter(
        replaces=None,  # what stands in for a lost sheet is no further contact
        mailing__channel=Mailing.Channel.PRINT,
        mailing__is_goodwill=False,
        mailing__issue_on__gt=on - timedelta(days=mailing.contact_days),
        mailing__issue_on__lte=on,
    ).exclude(mailing=mailing)
    return {
        "no_post": _homes(voice.latest(Consent.Purpose.POST, is_granted=False)),
        "unprofiled": _homes(voice.latest(Consent.Purpose.PROFILING, is_granted=False)),
        "address": _homes(Address.objects.filter(is_deliverable=True)),
        "contacts": printed.order_by().values("household_id").annotate(sheets=Count("pk")),
    }


def _homes(rows: QuerySet[Any, Any]) -> QuerySet[Any, Any]:
    return rows.order_by().values("household_id")


def _write(
    mailing: Mailing,
    cases: Sequence[_Case],
    otherwise: str,
    joined: Joined,
    *,
    but: Iterable[Recipient.Outcome] = (),
    returning: bool = False,
) -> list[tuple[int, str]]:
    """Write what the cases come to, where that is another outcome than there was, in one go.

    Recipients whose outcome is one of `but` are passed over. Returns the households whose outcome
    changed, if these are wanted, and what it is now.
    """
    spoken_of = " ".join(case.condition for case in cases)
    parameters: list[Any] = [value for case in cases for value in case.parameters]
    joins = []
    for name, rows in joined.items():
        if f"{name}." in spoken_of:
            sql, values = rows.query.sql_with_params()
            joins.append(f"LEFT JOIN ({sql}) AS {name} ON {name}.household_id = one.household_id")
            parameters += values
    when = " ".join(f"WHEN {case.condition} THEN '{case.outcome}'" for case in cases)
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE coupons_recipient AS recipient SET outcome = decided.outcome FROM ("  # noqa: S608 # our own
            f"SELECT one.id, CASE {when} ELSE {otherwise} END AS outcome "
            f"FROM coupons_recipient AS one {' '.join(joins)} "
            "WHERE one.mailing_id = %s AND NOT one.outcome = ANY(%s)) AS decided "
            "WHERE recipient.id = decided.id AND recipient.outcome <> decided.outcome "
            + ("RETURNING recipient.household_id, recipient.outcome" if returning else ""),
            [*parameters, mailing.pk, [str(outcome) for outcome in but]],
        )
        changed: list[tuple[int, str]] = cursor.fetchall() if returning else []
    return changed
