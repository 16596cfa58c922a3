"""Sheets to ourselves: what a seed address gets of every run, frozen before a file is written."""

from collections.abc import Iterator
from decimal import Decimal
from typing import Any, Final

from coupons import payloads, posting
from coupons.looks import CouponRow, SheetRow
from coupons.models import Mailing, PrintRun, SeedAddress
from coupons.sheet_rows import row_of, rows_of
from coupons.sheets import addresses, codes

COPIED: Final = 50  # sheets, so that not all seeds look the same
TEST_ADDRESS: Final = ("Test sheet", "Not for the post")


def seeds_for(mailing: Mailing, last: int) -> list[dict[str, Any]]:
    """A sheet for every active seed address, numbered after the last: plain, for the run to keep.

    Each is a copy of one of the mailing's first sheets, with codes that no till knows.
    """
    addressed = SeedAddress.objects.filter(is_active=True).order_by("pk")
    home = posting.home_country(mailing)
    live = mailing.sheets.filter(voided_at=None).order_by("number")
    numbers = list(live.values_list("number", flat=True)[:COPIED])
    if not numbers or not addressed:
        return []
    copied = list(rows_of(mailing, numbers[0], numbers[-1]))
    return [
        _seed(
            last + at,
            addresses.block(
                name=seed.name,
                street=seed.street,
                city=seed.city,
                region=seed.region,
                postcode=seed.postcode,
                country=seed.country,
                home_country=home,
            ),
            copied[(at - 1) % len(copied)],
        )
        for at, seed in enumerate(addressed, 1)
    ]


def test_sheet_for(mailing: Mailing) -> list[dict[str, Any]]:
    """One sheet for the press to set itself up by; its codes are known to no till."""
    first = mailing.sheets.filter(voided_at=None).order_by("number").first()
    return [] if first is None else [_seed(1, TEST_ADDRESS, row_of(first))]


def _seed(number: int, address: tuple[str, ...], copied: SheetRow) -> dict[str, Any]:
    """A sheet like `copied`, to another address and with coupons of no worth."""
    serials = payloads.serials(len(copied.coupons))
    return {
        "number": number,
        "address": list(address),
        "savings": str(copied.savings),
        "is_generic": copied.is_generic,
        "language": copied.language,
        "coupons": [
            list(one._replace(code=codes.mint(), serial=serial if one.serial else None))
            for one, serial in zip(copied.coupons, serials, strict=True)
        ],
    }


def rows(run: PrintRun, first: int, last: int) -> Iterator[SheetRow]:
    """The run's sheets to ourselves among the numbers `first` to `last`."""
    for seed in run.seeds:
        if first <= seed["number"] <= last:
            yield SheetRow(
                0,
                seed["number"],
                "\n".join(seed["address"]),
                Decimal(seed["savings"]),
                seed["is_generic"],
                seed["language"],
                [CouponRow(*coupon) for coupon in seed["coupons"]],
            )
