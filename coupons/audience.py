"""Who a mailing is for: gathers the households of its segments as its recipients.

A segment is what is believed of households on one night. What is asked of summaries, dates and
words the database answers by itself; what is asked of purchases, every bucket of the history.
Purchases choose nobody who objected to that, and nobody by what is sensitive.
"""

from collections.abc import Callable, Iterable, Sequence
from datetime import date
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from django.db import connection, transaction
from django.db.models import Exists, OuterRef, QuerySet

from coupons.models import Mailing, Recipient, Segment
from loyalty import beliefs, engine, history, voice
from loyalty.models import SLOTS, Consent, Household, ModelRun
from loyalty.shopper import kernel
from pos_integration.models import Category, Product
from pos_integration.said import any_of, stated

Ids = npt.NDArray[np.int64]
Progress = Callable[[int, int], None]
Trigger = Segment.Trigger
Level = Category.Level
OPEN = (Mailing.State.DRAFT, Mailing.State.SELECTED)
"""While a mailing is in one of these, its recipients may change."""
OF_PURCHASES = (Trigger.LAPSED, Trigger.DUE, Trigger.FIRST_PURCHASE)
OF_HISTORY = (Trigger.DUE, Trigger.FIRST_PURCHASE)
HOMES_AT_ONCE = 20_000
# A page waits for its count: more households are estimated from a part, and more lines than these
# are read for whoever asks for it.
HOMES_COUNTED = 20_000
LINES_COUNTED = 5_000_000
CARDS_NAMED = 10
MANY = 10_000
"""So many new recipients PostgreSQL should know of before they are asked for again."""


class AudienceError(Exception):
    """What was found and what was wanted, in a sentence for staff."""


class Size(NamedTuple):
    """How many households there are in it."""

    households: int
    is_estimate: bool  # from a part of them


class Sought(NamedTuple):
    """What a segment asks of purchases, in plain values that travel to workers."""

    segment: int
    trigger: str
    level: str  # of the nodes, where it is due
    nodes: tuple[int, ...]  # Category; any of them counts
    days: int
    least_chance: float


@transaction.atomic
def gather(mailing: Mailing, run: ModelRun, progress: Progress = lambda done, total: None) -> int:
    """Let the mailing's recipients be every household that is in one of its segments, and who was
    added by hand.

    Returns how many are new. The same again adds only newcomers and takes off only who is in no
    segment any more; of two at once the second waits for the first. Raises AudienceError once the
    mailing is approved.
    """
    mailing = locked(mailing, OPEN)
    if mailing.recipients.filter(by_segment=True).exists():
        _strays(mailing, run).delete()
    segments = list(mailing.segments.order_by("pk"))
    sought = [one for segment in segments if (one := _sought(segment))]
    by_pk = {segment.pk: segment for segment in segments}
    plain = [one for one in segments if one.trigger not in OF_HISTORY]
    buckets = history.buckets() if sought else range(0)
    added = done = 0
    total = len(plain) + len(buckets)
    for segment in plain:
        added += _add(mailing, _members(segment, run, mailing))
        done += 1
        progress(done, total)
    for parts in _found(run, buckets, sought):
        for one, homes in zip(sought, parts, strict=True):
            for part in _parts(homes):
                members = _members(by_pk[one.segment], run, mailing)
                added += _add(mailing, members.filter(pk__in=part))
        done += 1
        progress(done, total)
    if added >= MANY:
        with connection.cursor() as cursor:
            cursor.execute("ANALYZE coupons_recipient")
    return added


def size(mailing: Mailing, run: ModelRun) -> Size:
    """How many recipients the mailing would have if it were gathered: of a large house, about."""
    there = Household.objects.filter(
        Exists(Recipient.objects.filter(mailing=mailing, household=OuterRef("pk")))
    )
    return _size(list(mailing.segments.order_by("pk")), run, mailing, [there])


def size_of(segment: Segment, run: ModelRun) -> Size:
    """How many households were in the segment as of the run: of a large house, about."""
    return _size([segment], run, None, [])


def is_quickly_counted(segments: Iterable[Segment], run: ModelRun) -> bool:
    """Whether a page can wait for the count."""
    if not any(segment.trigger in OF_HISTORY for segment in segments):
        return True
    return run.lines * len(counted_buckets(run)) <= LINES_COUNTED * len(history.buckets())


def is_sensitive(category: Category) -> bool:
    """Whether it, or anything above or below it, tells of health, faith or private life."""
    return Category.objects.filter(
        pk__in=[*_above(category), *_below([category.pk])], is_sensitive=True
    ).exists()


@transaction.atomic
def put_list(segment: Segment, cards: Iterable[str]) -> int:
    """Let the segment hold only households of these cards, in place of the list it had.

    Returns how many households that are. Raises AudienceError if there is no card, or one that
    nobody has claimed; then the list is as it was.
    """
    numbers = [number for number in dict.fromkeys(card.strip() for card in cards) if number]
    if not numbers:
        raise AudienceError("There is no card number in it; wanted: one a line")
    Segment.objects.select_for_update().get(pk=segment.pk)
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT number, count(*) OVER () FROM unnest(%s::text[]) AS number "
            "WHERE NOT EXISTS (SELECT FROM loyalty_card AS card "
            "WHERE card.number = number.number AND card.household_id IS NOT NULL) "
            "ORDER BY number LIMIT %s",
            [numbers, CARDS_NAMED],
        )
        if unknown := cursor.fetchall():
            named = ", ".join(f"'{number[:32]}'" for number, _ in unknown)
            count = unknown[0][1]
            raise AudienceError(
                f"{count:,} of {len(numbers):,} are no cards of a household, such as {named}; "
                "the list stays as it was"
            )
        cursor.execute("DELETE FROM coupons_segment_households WHERE segment_id = %s", [segment.pk])
        cursor.execute(
            "INSERT INTO coupons_segment_households (segment_id, household_id) "
            "SELECT DISTINCT %s::bigint, household_id FROM loyalty_card WHERE number = ANY(%s)",
            [segment.pk, numbers],
        )
        count = cursor.rowcount
    return int(count)


def drop_list(segment: Segment) -> None:
    """Let the segment hold whoever fits otherwise."""
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM coupons_segment_households WHERE segment_id = %s", [segment.pk])


def locked(mailing: Mailing, states: Sequence[Mailing.State]) -> Mailing:
    """The mailing's row, held until the transaction ends. Raises AudienceError in other states."""
    # Who adds a recipient by hand only wants the mailing to stay there, and need not wait.
    row = Mailing.objects.select_for_update(no_key=True).get(pk=mailing.pk)
    if row.state not in states:
        wanted = any_of(Mailing.State(state) for state in states)
        raise AudienceError(
            f"'{row}' is {stated(row)}: its recipients stay as they are; wanted: {wanted}"
        )
    return row


def _add(mailing: Mailing, homes: QuerySet[Household]) -> int:
    """Make recipients of those that are none yet; returns how many."""
    sql, parameters = homes.order_by().values("id").query.sql_with_params()
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO coupons_recipient (mailing_id, household_id, outcome, by_segment) "  # noqa: S608 # our own
            f"SELECT %s, member.id, %s, true FROM ({sql}) AS member "
            "ON CONFLICT (mailing_id, household_id) DO NOTHING",
            [mailing.pk, Recipient.Outcome.WAITING, *parameters],
        )
        added: int = cursor.rowcount
    return added


def _members(segment: Segment, run: ModelRun, mailing: Mailing | None) -> QuerySet[Household]:
    """Who is in the segment, by all that needs no purchases; without a mailing, as of the run.

    A household of which nothing is believed yet is in it, if nothing believed is asked. Lapsed
    ones and new ones are counted from the morning of the run; who joins after the mailing is
    issued is no recipient of it.
    """
    homes = Household.objects.filter(
        joined_on__lte=max(run.as_of, mailing.issue_on) if mailing else run.as_of
    )
    believed: dict[str, object] = {}
    if segment.tiers:
        believed["summaries__tier__in"] = segment.tiers
    if stores := list(segment.stores.values_list("pk", flat=True)):
        believed["summaries__home_store__in"] = stores
    if segment.trigger == Trigger.LAPSED:
        believed["summaries__recency_days__gte"] = segment.days
    if believed:
        homes = homes.filter(summaries__run=run, **believed)
    if segment.households.exists():
        homes = homes.filter(
            Exists(
                Segment.households.through.objects.filter(
                    segment=segment.pk, household=OuterRef("pk")
                )
            )
        )
    if segment.trigger == Trigger.NEW_MEMBER:
        homes = homes.filter(joined_on__gte=_days_before(run.as_of, segment.days or 0))
    if segment.trigger == Trigger.BIRTHDAY:
        month = (mailing.valid_from if mailing else run.as_of).month
        agreed = voice.latest(Consent.Purpose.BIRTHDAY, is_granted=True)
        homes = homes.filter(Exists(agreed.filter(household=OuterRef("pk"))), birth_month=month)
    if segment.trigger in OF_PURCHASES:
        objected = voice.latest(Consent.Purpose.PROFILING, is_granted=False)
        homes = homes.filter(~Exists(objected.filter(household=OuterRef("pk"))))
    return homes


def _days_before(day: date, days: int) -> date:
    return history.day_of(history.day_number(day) - days)


def _size(
    segments: list[Segment],
    run: ModelRun,
    mailing: Mailing | None,
    besides: list[QuerySet[Household]],
) -> Size:
    buckets = counted_buckets(run)
    end = counted_slots(run)
    groups = [*besides, *groups_of(segments, run, mailing, buckets)]
    if not groups:
        return Size(0, False)
    first, *others = (group.filter(slot__lt=end).order_by().values("pk") for group in groups)
    count = first.union(*others).count()
    return Size(round(count * SLOTS / end), end < SLOTS)


def _strays(mailing: Mailing, run: ModelRun) -> QuerySet[Recipient]:
    """Recipients that a segment brought and none would bring now."""
    others = Recipient.objects.filter(mailing=mailing, by_segment=True)
    segments = list(mailing.segments.order_by("pk"))
    for group in groups_of(segments, run, mailing, history.buckets()):
        others = others.filter(~Exists(group.filter(pk=OuterRef("household"))))
    return others


def groups_of(
    segments: list[Segment], run: ModelRun, mailing: Mailing | None, buckets: Sequence[int]
) -> list[QuerySet[Household]]:
    """Each segment's households; of those that are sought by purchases only these buckets'."""
    sought = [one for segment in segments if (one := _sought(segment))]
    found: dict[int, list[int]] = {one.segment: [] for one in sought}
    for parts in _found(run, buckets, sought):
        for one, homes in zip(sought, parts, strict=True):
            found[one.segment] += homes.tolist()
    groups = []
    for segment in segments:
        members = _members(segment, run, mailing)
        if segment.trigger in OF_HISTORY:
            members = members.filter(pk__in=found.get(segment.pk, []))
        groups.append(members)
    return groups


def counted_buckets(run: ModelRun) -> range:
    """The buckets that hold as many households as are counted, at least one."""
    every = history.buckets()
    return every[: max(len(every) * HOMES_COUNTED // max(run.households, HOMES_COUNTED), 1)]


def counted_slots(run: ModelRun) -> int:
    """The first slot that is not counted: a bucket may hold more households than are."""
    end = -(-len(counted_buckets(run)) * SLOTS // len(history.buckets()))
    return min(end, max(SLOTS * HOMES_COUNTED // max(run.households, HOMES_COUNTED), 1))


def _parts(homes: Ids) -> Iterable[list[int]]:
    for start in range(0, len(homes), HOMES_AT_ONCE):
        yield homes[start : start + HOMES_AT_ONCE].tolist()


# What is asked of purchases.


def _sought(segment: Segment) -> Sought | None:
    """What the segment asks of purchases; None for nothing, and for what may not be asked."""
    category = segment.category
    if segment.trigger not in OF_HISTORY or category is None or is_sensitive(category):
        return None
    nodes, level = [category.pk], category.level
    if segment.trigger == Trigger.FIRST_PURCHASE:
        nodes = _below(nodes)
    elif category.level == Level.DEPARTMENT:  # nothing is expected of a whole department
        level = Level.CATEGORY.value
        nodes = list(category.children.order_by("pk").values_list("pk", flat=True))
    return Sought(
        segment.pk,
        segment.trigger,
        level,
        tuple(nodes),
        segment.days or 0,
        segment.least_chance,
    )


def _above(category: Category) -> list[int]:
    """The ids of what it lies in."""
    path = []
    node = category.parent
    while node is not None:
        path.append(node.pk)
        node = node.parent
    return path


def _below(nodes: list[int]) -> list[int]:
    """The ids of these and of all that lies in them."""
    every, level = list(nodes), list(nodes)
    while level:
        below = Category.objects.filter(parent__in=level).order_by("pk")
        level = list(below.values_list("pk", flat=True))
        every += level
    return every


def _found(run: ModelRun, buckets: Sequence[int], sought: list[Sought]) -> Iterable[list[Ids]]:
    """Bucket after bucket, the households that each asks for."""
    if not sought:
        return []
    return engine.map_buckets(find, buckets, run.pk, tuple(sought), lines=run.lines)


def find(bucket: int, run_id: int, sought: tuple[Sought, ...]) -> list[Ids]:
    """The bucket's households that each asks for, ascending. Writes nothing."""
    run = ModelRun.objects.get(pk=run_id)
    levels = sorted({one.level for one in sought if one.trigger == Trigger.DUE})
    held = beliefs.of_bucket(run, bucket, tuple(levels)) if levels else None
    if held is not None:
        read = held.bucket
    else:
        kinds, known = beliefs.assortment_of(run), beliefs.learned_by(run)
        read = beliefs.read(kinds, bucket, run.as_of, most_cents=known.usual_most_cents).bucket
    found = []
    for one in sought:
        if one.trigger == Trigger.DUE:
            assert held is not None  # its level was asked for
            rows = _due(held, one)
        else:
            rows = _first_bought(read, run, one)
        found.append(read.households[np.unique(rows)])
    return found


def _due(held: beliefs.Beliefs, one: Sought) -> npt.NDArray[np.int32]:
    believed = held.levels[one.level]
    is_wanted = np.isin(held.assortment.levels[one.level].ids, one.nodes)
    seen = believed.statistics
    likely = is_wanted[seen.item] & (believed.probability >= one.least_chance)
    return seen.household[likely]


def _first_bought(read: history.Bucket, run: ModelRun, one: Sought) -> npt.NDArray[np.int32]:
    """Those whose first purchase of any of its products was within the days."""
    of_it = np.fromiter(
        Product.objects.filter(category__in=one.nodes).values_list("pk", flat=True), np.int64
    )
    item = np.where(np.isin(beliefs.assortment_of(run).products, of_it), 0, -1).astype(np.int32)
    as_of = history.day_number(run.as_of)
    seen = kernel.statistics(
        read.lines, item, households=len(read.households), items=1, as_of=as_of
    )
    return seen.household[seen.first >= as_of - one.days]


def add_recipients(mailing: Mailing, tiers: list[str]) -> int:
    """Add the households of `tiers`, as the published run saw them. Returns how many are new."""
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO coupons_recipient (mailing_id, household_id, outcome) "
            "SELECT %s, s.household_id, %s FROM loyalty_householdsummary s "
            "JOIN loyalty_modelrun r ON r.id = s.run_id "
            "WHERE r.state = %s AND s.tier = ANY(%s) "
            "ON CONFLICT (mailing_id, household_id) DO NOTHING",
            [mailing.pk, Recipient.Outcome.WAITING, ModelRun.State.PUBLISHED, tiers],
        )
        added: int = cursor.rowcount
    return added
