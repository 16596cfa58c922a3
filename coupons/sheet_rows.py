"""Sheets and their coupons as paper needs them, read in their order and never all at once."""

from collections.abc import Iterator, Sequence
from itertools import groupby
from operator import itemgetter

from coupons.looks import CouponRow, SheetRow
from coupons.models import Coupon, Mailing, Sheet

ROWS_AT_ONCE = 5_000


def rows_of(mailing: Mailing | int, first: int, last: int) -> Iterator[SheetRow]:
    """The sheets `first` to `last` by number, but for those made void."""
    coupons = (
        Coupon.objects.filter(
            sheet__mailing=mailing, sheet__number__range=(first, last), sheet__voided_at=None
        )
        .order_by("sheet__number", "position")
        .values_list("sheet__number", "offer_id", "level_id", "code", "serial", "tag", "reason")
    )
    by_sheet = groupby(coupons.iterator(chunk_size=ROWS_AT_ONCE), itemgetter(0))
    sheets = (
        Sheet.objects.filter(mailing=mailing, number__range=(first, last), voided_at=None)
        .order_by("number")
        .values_list("pk", "number", "address", "savings", "is_generic", "language")
    )
    nobody = last + 1, iter(())
    number, some = next(by_sheet, nobody)
    for sheet in sheets.iterator(chunk_size=ROWS_AT_ONCE):
        while number < sheet[1]:  # made void since the coupons were asked for
            number, some = next(by_sheet, nobody)
        own: list[CouponRow] = []
        if number == sheet[1]:  # else none of its coupons is there
            own = [CouponRow._make(row[1:]) for row in some]
            number, some = next(by_sheet, nobody)
        yield SheetRow(*sheet, own)


def row_of(sheet: Sheet, coupons: Sequence[Coupon] | None = None) -> SheetRow:
    """One sheet, with the coupons it has or those given for one that is not issued."""
    own = list(sheet.coupons.order_by("position")) if coupons is None else coupons
    return SheetRow(
        sheet.pk or 0,
        sheet.number,
        sheet.address,
        sheet.savings,
        sheet.is_generic,
        sheet.language,
        [
            CouponRow(one.offer_id, one.level_id, one.code, one.serial, one.tag, one.reason)
            for one in own
        ],
    )


def last_number(mailing: Mailing) -> int:
    """The number of a mailing's last sheet, 0 if it has none."""
    found = mailing.sheets.order_by("-number").values_list("number", flat=True).first()
    return found or 0
