"""What promises hold of a household: as a copy shows it, erased, and kept how long."""

from collections import Counter
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any, Final

from django.conf import settings
from django.db import connection, transaction
from django.db.models import Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from coupons.models import (
    Coupon,
    CouponLock,
    Goodwill,
    Mailing,
    PrintFile,
    PrintRun,
    Recipient,
    Redemption,
    Refusal,
    Segment,
    Sheet,
)
from loyalty import privacy, privacy_held
from loyalty.models import Household
from loyalty.privacy import Part, Row, Subject

ERASED: Final = "-"
FILES_GONE: Final = (
    "Its files showed addresses and were deleted when they were kept long enough; a reprint "
    "renders them anew."
)
_SENT: Final = (Mailing.State.MAILED, Mailing.State.CLOSED)
_OURS = _("Our own record of what we sent you")
_PROMISED = _("To honour your coupons, and to settle with whoever pays for them")
_STAYS = _("As the accounts ask; once you are erased it leads to nobody")


def _sheets_of(subject: Subject) -> QuerySet[Sheet]:
    return Sheet.objects.filter(household__in=subject.ids)


def _rows(query: QuerySet[Any], *names: str) -> Iterator[Row]:
    yield from query.order_by("pk").values(*names).iterator(chunk_size=2_000)


def _sheets(subject: Subject) -> Iterator[Row]:
    yield from _rows(
        _sheets_of(subject),
        *("mailing__name", "mailing__issue_on", "number", "address", "savings", "is_generic"),
        *("language", "voided_at"),
    )


def _coupons(subject: Subject) -> Iterator[Row]:
    yield from _rows(
        Coupon.objects.filter(sheet__household__in=subject.ids),
        *("sheet__mailing__name", "position", "code", "offer__name", "offer__detail", "state"),
        *("valid_from", "valid_to", "chance", "value", "drawn_share", "tag", "reason"),
        "staff_reason",
    )


def _redemptions(subject: Subject) -> Iterator[Row]:
    used = Redemption.objects.filter(
        Q(coupon__sheet__household__in=subject.ids)
        | Q(record__basket__card_number__in=subject.cards)
    )
    yield from _rows(
        used,
        *("offer__name", "coupon__code", "amount", "redeemed_at", "store__name", "till"),
        *("business_date", "receipt", "reversed_at", "reversal_reason"),
    )


def _refusals(subject: Subject) -> Iterator[Row]:
    yield from _rows(
        Refusal.objects.filter(record__basket__card_number__in=subject.cards),
        *("record__code", "record__amount", "record__basket__business_date", "reason", "detail"),
    )


def _goodwill(subject: Subject) -> Iterator[Row]:
    given = Goodwill.objects.filter(coupon__sheet__household__in=subject.ids)
    yield from _rows(given, "coupon__code", "why", "given_at")


def _recipients(subject: Subject) -> Iterator[Row]:
    for one in (
        Recipient.objects.filter(household__in=subject.ids).select_related("mailing").order_by("pk")
    ):
        yield {"mailing": one.mailing.name, "outcome": one.get_outcome_display()}


def _segments(subject: Subject) -> Iterator[Row]:
    yield from _rows(Segment.objects.filter(households__in=subject.ids).distinct(), "name")


PARTS = (
    Part("sheets", _("Sheets we made for you"), _PROMISED, _OURS, _STAYS, _sheets, {}),
    Part(
        "coupons",
        _("Coupons on them"),
        _PROMISED,
        _("Chosen from what we believe you need, unless you object"),
        _STAYS,
        _coupons,
        {
            "chance": _("How likely we believed you were to use it, 0 to 1"),
            "value": _("What we expected to earn by printing it; empty: not worked out"),
            "drawn_share": _("Drawn by lot with this chance; empty: it was chosen"),
            "reason": _("Why it was chosen for you, as printed"),
            "staff_reason": _("The same, in figures"),
        },
    ),
    Part(
        "redemptions",
        _("Coupons you used"),
        _PROMISED,
        _("Our tills"),
        _STAYS,
        _redemptions,
        {},
    ),
    Part(
        "refusals",
        _("Coupons that a till took and we did not clear"),
        _PROMISED,
        _("Our tills"),
        _STAYS,
        _refusals,
        {},
    ),
    Part(
        "goodwill",
        _("Coupons given to make up for something"),
        _PROMISED,
        _("Our staff"),
        _STAYS,
        _goodwill,
        {},
    ),
    Part(
        "mailings",
        _("Mailings you were meant for, or kept out of to compare"),
        _("To measure whether coupons change anything: a part gets none"),
        _("A lot, or who is meant by a mailing"),
        _STAYS,
        _recipients,
        {},
    ),
    Part(
        "segments",
        _("Lists you are on"),
        _("To tell who a mailing is for"),
        _("Our staff"),
        _("Until the list is deleted"),
        _segments,
        {},
    ),
)


def erase(subject: Subject) -> dict[str, int]:
    """Make open coupons void, empty sheets of address and reasons, take what is not yet issued."""
    sheets = _sheets_of(subject)
    coupons = Coupon.objects.filter(sheet__household__in=subject.ids)
    ids = {
        Sheet: list(sheets.values_list("pk", flat=True)),
        Coupon: list(coupons.values_list("pk", flat=True)),
        Recipient: list(
            Recipient.objects.filter(household__in=subject.ids).values_list("pk", flat=True)
        ),
    }
    counts = Counter(
        sheets=len(ids[Sheet]),
        coupons=coupons.filter(state=Coupon.State.OPEN).update(state=Coupon.State.VOID),
    )
    files = _files_with(sheets)
    CouponLock.objects.filter(coupon__sheet__household__in=subject.ids).delete()
    coupons.update(reason=ERASED, staff_reason=ERASED)
    sheets.update(address="", language="")
    sheets.filter(voided_at=None).update(voided_at=timezone.now())
    counts["goodwill"] = Goodwill.objects.filter(coupon__in=coupons).update(why=ERASED)
    counts["lists"] = Segment.households.through.objects.filter(
        household_id__in=subject.ids
    ).delete()[0]
    counts["recipients"] = Recipient.objects.filter(
        household__in=subject.ids,
        mailing__state__in=[Mailing.State.DRAFT, Mailing.State.SELECTED, Mailing.State.APPROVED],
    ).delete()[0]
    for number in subject.cards:
        counts["refusals"] += _blank_refusals(number)
        counts["answers"] += _forget_answers(number)
    names = set(Household.objects.filter(pk__in=subject.ids).values_list("name", flat=True))
    for name in names - {""}:
        counts["answers"] += _forget_answers(name)
    counts["log"] = privacy_held.forget_in_logs(ids)
    counts["print_files"] = len(files)
    counts["print_files_on_the_way"] = PrintFile.objects.filter(
        _around(sheets), ~Q(run__mailing__state__in=_SENT)
    ).count()
    transaction.on_commit(lambda: _delete(files))
    return dict(counts)


def _around(sheets: QuerySet[Sheet]) -> Q:
    """Print files among whose numbers one of the sheets is."""
    wanted = Q(pk__in=[])
    for mailing, number in sheets.values_list("mailing", "number"):
        wanted |= Q(run__mailing=mailing, first__lte=number, last__gte=number)
    return wanted


def _files_with(sheets: QuerySet[Sheet]) -> list[Path]:
    """The files that show these sheets, of mailings that went out: they can be printed anew."""
    files = PrintFile.objects.filter(_around(sheets), run__mailing__state__in=_SENT)
    return [Path(folder) / name for folder, name in files.values_list("run__folder", "name")]


def _delete(files: list[Path]) -> None:
    for path in files:
        path.unlink(missing_ok=True)


def retain(today: date) -> dict[str, int]:
    """Delete the print files of mailings that ended PRINT_DAYS ago; a reprint renders anew."""
    days = settings.PRINT_DAYS
    if not days:
        return {}
    over = PrintRun.objects.filter(
        mailing__valid_to__lt=today - timedelta(days=days),
        state__in=[PrintRun.State.FINISHED, PrintRun.State.BLOCKED, PrintRun.State.FAILED],
    ).exclude(says=FILES_GONE)
    deleted = 0
    for run in over.order_by("pk"):
        for name in run.files.values_list("name", flat=True):
            for path in (Path(run.folder) / name, Path(run.folder) / f"{name}.blocked"):
                deleted += path.exists()
                path.unlink(missing_ok=True)
        run.says = FILES_GONE
        run.save(update_fields=["says"])
    return {"print_files": deleted}


def _blank_refusals(number: str) -> int:
    naming = Refusal.objects.filter(record__basket__card_number=number, detail__contains=number)
    return naming.update(detail=ERASED)


def _forget_answers(text: str) -> int:
    """Delete answers to tills that name a card or a household: kept for some days at most."""
    with connection.cursor() as cursor:
        cursor.execute(
            "DELETE FROM coupons_tillanswer WHERE position(convert_to(%s, 'UTF8') IN body) > 0",
            [text],
        )
        return int(cursor.rowcount)


privacy.register("coupons", privacy.Keeper(PARTS, erase, retain))
