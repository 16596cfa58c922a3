"""What staff decide about refusals, what each wants of them, and where many come from one till."""

from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import Max, OuterRef, QuerySet, Subquery
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from coupons.models import Refusal
from coupons.models.desk import RefusalVerdict
from pos_integration.models import RedemptionRecord

Reason = Refusal.Reason
SEARCHED: Final = 20_000  # of the latest refusals, for those of few stores
LOOKED_AT: Final = 1_000  # of the latest refusals, for what many of them have in common
HINT_DAYS: Final = 7
LEAST_FOR_A_HINT: Final = 5
HINTS_SHOWN: Final = 5

TO_DO: Final[dict[str, str | Promise]] = {
    Reason.UNKNOWN_CODE: _(
        "Was it keyed in wrongly, or is it another house's coupon? Look at the paper if the store "
        "kept it."
    ),
    Reason.ALREADY_REDEEMED: _(
        "The till should have refused it: does it ask before it takes a coupon? If it was a copy, "
        "the store bears it."
    ),
    Reason.VOID: _(
        "Its sheet was lost and made void. If the shopper has no other, give a goodwill coupon."
    ),
    Reason.OUT_OF_DATE: _("Tell the store until when coupons are good; some days' grace is yours."),
    Reason.WRONG_STORE: _("See on the offer's page in which stores it is good: tell the store."),
    Reason.WRONG_ITEM: _(
        "Compare what is on the receipt with the products of the offer: is one missing there, or "
        "does the till take the coupon on anything?"
    ),
    Reason.OVER_VALUE: _("See how the till works out what a coupon takes off."),
    Reason.CONFLICT: _(
        "Neither till could know of the other. The house usually bears it; tills that ask before "
        "they take a coupon have none."
    ),
    Reason.NOT_ENOUGH: _("Does the till count the units, and what was spent, before it takes it?"),
    Reason.NOT_STACKED: _("Does the till know which coupons do not go together on one item?"),
    Reason.NOTHING_OFF: _("Nothing is owed: the coupon is good as before. It may stand."),
    Reason.RECEIPT_VOID: _("Nothing was sold on that receipt, so nothing is owed. It may stand."),
}

ADVICE: Final[dict[str, str | Promise]] = {
    Reason.UNKNOWN_CODE: _("look at its scanner"),
    Reason.ALREADY_REDEEMED: _("see whether it asks before it takes a coupon"),
    Reason.OUT_OF_DATE: _("see whether its clock is right and whether it asks"),
    Reason.WRONG_STORE: _("see whether it is set to the right store"),
    Reason.WRONG_ITEM: _("look at its labels and at the products of these offers"),
    Reason.OVER_VALUE: _("look at how it works out what a coupon takes off"),
    Reason.NOTHING_OFF: _("see whether it takes coupons off at all"),
}
ELSE_ADVICE: Final = _("have a look at it")


@dataclass(frozen=True)
class Hint:
    """Many refusals of one till for one reason, in the last days."""

    store: str  # its number
    till: int
    reason: str
    count: int


@dataclass(frozen=True)
class Seen:
    """What of a refusal tells where many come from."""

    store: str
    store_name: str
    till: int
    reason: str
    day: date


def hints(seen: Iterable[Seen]) -> list[Hint]:
    """Return which tills were refused most for one reason, in the HINT_DAYS up to the last day."""
    rows = list(seen)
    if not rows:
        return []
    since = max(row.day for row in rows) - timedelta(days=HINT_DAYS)
    counts = Counter((row.store, row.till, row.reason) for row in rows if row.day > since)
    return [
        Hint(store, till, reason, count)
        for (store, till, reason), count in counts.most_common(HINTS_SHOWN)
        if count >= LEAST_FOR_A_HINT
    ]


def of_verdict(rows: QuerySet[Refusal], verdict: str | None) -> QuerySet[Refusal]:
    """Those of the rows that have this verdict; None: that nobody has decided.

    Asked of one row after the other, by an index, as where() does: who reads wants the latest few
    of many, and a join would put together all of them first.
    """
    given = RefusalVerdict.objects.filter(refusal=OuterRef("pk")).values("verdict")[:1]
    return rows.alias(given=Subquery(given)).filter(given=verdict)


def where(rows: QuerySet[Refusal], **basket: object) -> QuerySet[Refusal]:
    """Those of the rows whose basket is so: `store__in=[1, 2]`, or `store__number="12", till=4`."""
    asked = {f"basket__{name}": wanted for name, wanted in basket.items()}
    records = RedemptionRecord.objects.filter(pk=OuterRef("record"), **asked)
    alias = "_".join(["where", *basket]).replace("__", "_")
    # Not exclude(): of no store at all, that excludes nothing.
    there = rows.alias(**{alias: Subquery(records.values("pk")[:1])})
    return there.filter(**{f"{alias}__isnull": False})


def lately(stores: Collection[int] | None) -> list[Seen]:
    """Return the latest refusals that nobody has decided, of these stores or of all.

    Of stores, those among the chain's SEARCHED latest: few stores may have had none for years.
    """
    rows = of_verdict(Refusal.objects.order_by("-pk"), None)
    if stores is not None:
        newest = Refusal.objects.aggregate(Max("pk"))["pk__max"] or 0
        rows = where(rows.filter(pk__gt=newest - SEARCHED), store__in=list(stores))
    keys = list(rows.values_list("pk", flat=True)[:LOOKED_AT])
    found = (
        Refusal.objects.filter(pk__in=keys)
        .order_by("-pk")
        .values_list(
            "record__basket__store__number",
            "record__basket__store__name",
            "record__basket__till",
            "reason",
            "record__basket__business_date",
        )
    )
    return [Seen(*row) for row in found]


@transaction.atomic
def decide(refusals: Sequence[Refusal], verdict: str, note: str, by: User) -> list[Refusal]:
    """Note a verdict for each refusal that has none yet; return those that have it now.

    Two people who decide at once decide once: the first one's word stands until it is taken back.
    """
    keys = [refusal.pk for refusal in refusals]
    # Locked, so that of two at once the second finds what the first decided.
    list(Refusal.objects.select_for_update(of=("self",)).filter(pk__in=keys).order_by("pk"))
    decided = set(RefusalVerdict.objects.filter(refusal__in=keys).values_list("refusal", flat=True))
    fresh = [refusal for refusal in refusals if refusal.pk not in decided]
    RefusalVerdict.objects.bulk_create(
        RefusalVerdict(refusal=refusal, verdict=verdict, note=note, decided_by=by)
        for refusal in fresh
    )
    return fresh


def take_back(refusals: Sequence[Refusal]) -> int:
    """Take the verdicts on `refusals` back, so that they wait again; returns how many had one."""
    keys = [refusal.pk for refusal in refusals]
    return RefusalVerdict.objects.filter(refusal__in=keys).delete()[0]
