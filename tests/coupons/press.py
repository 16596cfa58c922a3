"""An issued mailing to print, made without a night, and what is then on paper."""

from decimal import Decimal
from pathlib import Path
from typing import Any

from coupons.models import Coupon, Mailing, PrintRun, Sheet, Theme
from coupons.sheets import codes, layout, verification
from coupons.sheets.faces import Format, Symbology
from tests import make


def issued(sheets: int = 6, coupons: int = 4, **fields: Any) -> Mailing:
    """A mailing whose sheets are promised; every sheet has the same offers."""
    mailing = make.mailing(state="issued", coupons_per_sheet=4, **fields)
    offers = [make.offer(f"{number + 1}.50") for number in range(coupons)]
    for number, offer in enumerate(offers):
        offer.name = f"Good thing {number}"
        offer.save()
    mailing.offers.set(offers)
    homes = [make.household(name=f"Ada Example {number}") for number in range(sheets)]
    made = [
        Sheet(
            mailing=mailing,
            household=home,
            number=number,
            address=f"{home.name}\n{number} Sample Lane\nExampleton, ZZ 00{number:03}",
            savings=Decimal("4.00"),
        )
        for number, home in enumerate(homes, 1)
    ]
    Sheet.objects.bulk_create(made)
    minted = iter(codes.mint_many(sheets * coupons))
    Coupon.objects.bulk_create(
        Coupon(
            code=next(minted),
            sheet=sheet,
            position=position,
            offer=offer,
            valid_from=mailing.valid_from,
            valid_to=mailing.valid_to,
            chance=0.1,
            tag="buy",
            reason="You buy this about every 12 days.",
        )
        for sheet in made
        for position, offer in enumerate(offers, 1)
    )
    return mailing


def theme(**fields: object) -> Theme:
    """The house's theme: two sheets a file, every sheet read back."""
    plain: dict[str, object] = {"sheets_a_file": 2, "sheets_checked": 0}
    return Theme.objects.create(name="House", is_default=True, **plain | fields)


def read(run: PrintRun, file: int, sheet: int) -> list[str | None]:
    """What the barcodes of one sheet of a file say."""
    path = Path(run.folder) / run.manifest["files"][file]["name"]
    boxes = layout.coupon_boxes(Format(places=4))
    asked = verification.Asked(sheet, boxes, (Symbology.CODE_128,) * len(boxes))
    return verification.read_back(path, [asked])[0]


def promised(number: int) -> list[str]:
    coupons = Coupon.objects.filter(sheet__number=number).order_by("position")
    return list(coupons.values_list("code", flat=True))


def files(run: PrintRun) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in Path(run.folder).glob("*.pdf")}
