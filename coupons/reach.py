"""Whom a mailing would reach and whom not, before anything is selected: estimated from a part of a
large house, and nothing is written.
"""

from datetime import timedelta
from typing import NamedTuple

from django.db.models import (
    Case,
    CharField,
    Count,
    Exists,
    OuterRef,
    QuerySet,
    Subquery,
    Value,
    When,
)

from coupons import audience, outcomes
from coupons.models import Mailing, Recipient, Sheet
from loyalty import voice
from loyalty.models import SLOTS, Address, Consent, Household, HouseholdSummary, ModelRun

Outcome = Recipient.Outcome


class Reach(NamedTuple):
    """households: by outcome, the largest first; lots are not drawn here, only their share told."""

    households: dict[Recipient.Outcome, int]
    is_estimate: bool  # from a part of them
    held_out_share: float  # of those that are left, 0 to 1


def of(mailing: Mailing, run: ModelRun) -> Reach:
    """What `outcomes.decide` would come to for whoever is in its segments or was added by hand.

    Of a house of more than audience.HOMES_COUNTED households a part is counted.
    """
    buckets = audience.counted_buckets(run)
    end = audience.counted_slots(run)
    by_hand = Household.objects.filter(
        Exists(Recipient.objects.filter(mailing=mailing, household=OuterRef("pk")))
    )
    segments = list(mailing.segments.order_by("pk"))
    first, *others = (
        group.filter(slot__lt=end).order_by().values("pk")
        for group in [by_hand, *audience.groups_of(segments, run, mailing, buckets)]
    )
    members = first.union(*others) if others else first
    counts = dict(
        Household.objects.filter(slot__lt=end, pk__in=Subquery(members))
        .annotate(told=Case(*_cases(mailing, run), default=_word(Outcome.WAITING)))
        .order_by()
        .values_list("told")
        .annotate(Count("pk"))
    )
    scaled = {
        Outcome(word): round(count * SLOTS / end)
        for word, count in sorted(counts.items(), key=lambda one: -one[1])
    }
    return Reach(scaled, end < SLOTS, _held_out_share(mailing))


def _word(outcome: Recipient.Outcome) -> Value:
    return Value(outcome.value, output_field=CharField())


def _cases(mailing: Mailing, run: ModelRun) -> list[When]:
    """As `outcomes.decide` has them, in its order."""
    me = OuterRef("pk")
    cases = []
    if mailing.channel == Mailing.Channel.PRINT:
        no_post = voice.latest(Consent.Purpose.POST, is_granted=False)
        cases += [
            When(Exists(no_post.filter(household=me)), then=_word(Outcome.NO_CONSENT)),
            When(
                ~Exists(Address.objects.filter(household=me, is_deliverable=True)),
                then=_word(Outcome.NO_ADDRESS),
            ),
        ]
    shared = HouseholdSummary.objects.filter(run=run, household=me, is_shared=True)
    cases.append(When(Exists(shared), then=_word(Outcome.SHARED)))
    if mailing.most_contacts is not None:
        had = _contacts(mailing).values("household").annotate(n=Count("pk"))
        enough = had.filter(n__gte=mailing.most_contacts)
        cases.append(
            When(Exists(enough), then=_word(Outcome.CONTACTED))
            if mailing.most_contacts
            else When(pk__isnull=False, then=_word(Outcome.CONTACTED))
        )
    unprofiled = voice.latest(Consent.Purpose.PROFILING, is_granted=False)
    cases.append(When(Exists(unprofiled.filter(household=me)), then=_word(Outcome.GENERIC)))
    return cases


def _contacts(mailing: Mailing) -> QuerySet[Sheet]:
    return (
        Sheet.objects.filter(
            household=OuterRef("pk"),
            replaces=None,
            mailing__channel=Mailing.Channel.PRINT,
            mailing__is_goodwill=False,
            mailing__issue_on__gt=mailing.issue_on - timedelta(days=mailing.contact_days),
            mailing__issue_on__lte=mailing.issue_on,
        )
        .exclude(mailing=mailing)
        .order_by()
    )


def _held_out_share(mailing: Mailing) -> float:
    """Of those a mailing could go to: who is held out for good, and of this mailing."""
    reached = 1 - float(mailing.holdout_share)
    for one in outcomes.standing(mailing.issue_on):
        reached *= 1 - float(one.share)
    return 1 - reached
