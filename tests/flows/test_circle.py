"""The whole circle in a small shop: sales in, beliefs, a printed sheet, and the coupon used."""

import json
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path

import pypdfium2  # type: ignore[import-untyped] # ships no types
import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone
from rest_framework.test import APIClient

from coupons import mailing as mailings
from coupons import nightly, printing
from coupons.models import Coupon, Mailing, Offer, PrintRun, Recipient, Redemption, Sheet
from coupons.selection.holdout import in_holdout
from coupons.sheets import layout, verification
from coupons.sheets.faces import Format, Symbology
from loyalty.models import Consent, HouseholdSummary, ModelRun, Preference, PurchaseChunk
from pos_integration import catalogue
from pos_integration.models import Basket, Category, Product, Reject
from tests import make

pytestmark = pytest.mark.django_db(transaction=True)
TODAY = date.today()  # noqa: DTZ011 - the shop's day, as the test's own clock has it
AISLES = {
    "Oats": ("1001", "Oat drink 1 l"),
    "Bread": ("1002", "Sourdough loaf"),
    "Coffee": ("1003", "Dark roast coffee"),
    "Apples": ("1004", "Elstar apples"),
    "Cheese": ("1005", "Mountain cheese"),
    "Laundry": ("1006", "Laundry liquid"),
}


@pytest.fixture
def till():
    catalogue.load_products(
        [
            {"code": code, "name": name, "department": "Grocery", "category": aisle, "type": name}
            for aisle, (code, name) in AISLES.items()
        ]
    )
    _, token = make.terminal(make.store("330"), number=12)
    return APIClient(headers={"Authorization": f"Bearer {token}"})


def basket(card, day, receipt, codes, coupons=()):
    return {
        "store": "330",
        "till": 12,
        "business_date": day.isoformat(),
        "receipt": receipt,
        "ended_at": f"{day.isoformat()}T11:53:26",
        "kind": "sale",
        "card": card,
        "currency": "USD",
        "lines": [
            {"line": n, "code": code, "quantity": "1", "amount": "3.00"}
            for n, code in enumerate(codes, 1)
        ],
        "coupons": list(coupons),
    }


def shopping(card, every):
    """A household's baskets of the last 90 days: oats and bread at its pace, coffee monthly."""
    for ago in range(1, 90, every):
        codes = ["1001", "1002"] + (["1003"] if ago % 28 == 1 else [])
        yield basket(card, TODAY - timedelta(days=ago), f"{card}-{ago}", codes)


def upload(till, baskets):
    return till.post("/api/v1/uploads", {"baskets": list(baskets)}, format="json")


def favourites(**fields):
    """A mailing with an offer an aisle for every household there is."""
    mailing = Mailing.objects.create(
        code="favourites",
        name="Favourites",
        issue_on=TODAY,
        valid_from=TODAY,
        valid_to=TODAY + timedelta(days=28),
        coupons_per_sheet=4,
        objective="redemptions",
        **{"holdout_share": 0, **fields},
    )
    for aisle, (code, name) in AISLES.items():
        offer = Offer.objects.create(
            code=f"O-{code}",
            name=name,
            face_value=Decimal("0.50"),
            category=Category.objects.get(level="category", name=aisle),
            terms="Once per household, any Greenfield store.",
            funder=make.funder("Greenfield"),
            valid_from=TODAY,
            valid_to=TODAY + timedelta(days=60),
        )
        offer.products.add(Product.objects.get(code=code))
        mailing.offers.add(offer)
    return mailing


def recipients(mailing, homes):
    Recipient.objects.bulk_create([Recipient(mailing=mailing, household=home) for home in homes])


def codes_on(pdf: Path | bytes, pages: int) -> list[list[str | None]]:
    """What the barcodes of so many sheets of four coupons say."""
    boxes = layout.coupon_boxes(Format(places=4))
    code_128 = (Symbology.CODE_128,) * 4
    return verification.read_back(
        pdf, [verification.Asked(page, boxes, code_128) for page in range(pages)]
    )


def test_from_the_first_receipt_to_the_coupon_used(till, settings):
    homes = [make.household(f"card {n}", name=f"Zoë Groß-Łuk {n}") for n in range(5)]
    sales = [sale for n in range(5) for sale in shopping(f"card {n}", 3 + n)]
    answer = upload(till, sales)
    assert answer.status_code == 201
    assert answer.json()["accepted"] == len(sales)
    mailing = favourites(select_on=TODAY)
    recipients(mailing, homes)
    assert nightly.night(TODAY).selected == ["favourites"]
    mailing.refresh_from_db()
    assert mailing.state == Mailing.State.SELECTED
    mailings.approve(mailing, None)

    night = nightly.night(TODAY)

    assert night.issued == night.printed == ["favourites"]
    assert night.run.households == 5
    mailing.refresh_from_db()
    assert mailing.state == Mailing.State.PRINTED
    assert Sheet.objects.count() == 5
    sheet = Coupon.objects.filter(sheet__household=homes[0]).order_by("position")
    assert {coupon.offer.code for coupon in sheet[:2]} == {"O-1001", "O-1002"}
    mine = sorted(sheet, key=lambda coupon: coupon.offer.code)
    assert {coupon.tag for coupon in mine[:2]} == {"buy"}
    assert mine[0].reason == "You buy this about every 3 days."

    # The paper: what is printed decodes to what the till knows.
    folder = Path(settings.PRINT_DIR) / "favourites"
    manifest = json.loads((folder / "manifest.json").read_text())
    assert (manifest["sheets"], manifest["coupons"]) == (5, 20)
    (file,) = manifest["files"]
    pdf = folder / file["name"]
    read = codes_on(pdf, 5)
    printed = {code for page in read for code in page}
    assert printed == set(Coupon.objects.values_list("code", flat=True))
    text = pypdfium2.PdfDocument(pdf)[0].get_textpage().get_text_range()
    assert "Zoë Groß-Łuk" in text
    told = till.get(f"/api/v1/coupons/{mine[0].code}").json()
    assert (told["state"], told["offer"]["code"]) == ("good", "O-1001")

    # The shopper comes, and the till tells of the coupon with the basket.
    used = {"code": mine[0].code, "line": 1, "amount": "0.50"}
    assert upload(till, [basket("card 0", TODAY, "b1", ["1001"], [used])]).status_code == 201
    next_night = nightly.night(TODAY + timedelta(days=1))
    assert next_night.cleared == {"redemption": 1}
    assert Redemption.objects.get().coupon == mine[0]
    assert till.get(f"/api/v1/coupons/{mine[0].code}").json()["state"] == "redeemed"
    assert next_night.printed == []


def test_the_night_again_changes_nothing(till):
    homes = [make.household("card 0")]
    upload(till, shopping("card 0", 4))
    mailing = favourites(select_on=TODAY)
    recipients(mailing, homes)
    nightly.night(TODAY)
    mailing.refresh_from_db()
    mailings.approve(mailing, None)
    nightly.night(TODAY)
    tables = [
        table.objects.order_by("pk")
        for table in (Basket, PurchaseChunk, ModelRun, HouseholdSummary, Sheet, Coupon, PrintRun)
    ]
    before = [list(rows.values()) for rows in tables]
    nightly.night(TODAY)
    assert [list(rows.values()) for rows in tables] == before


def test_a_reprint_is_the_same_file_and_one_sheet_can_be_had_alone(till, tmp_path):
    homes = [make.household(f"card {n}") for n in range(3)]
    upload(till, (sale for n in range(3) for sale in shopping(f"card {n}", 4)))
    mailing = favourites()
    recipients(mailing, homes)
    nightly.night(TODAY)
    issued = mailings.select_and_issue(mailing)
    assert issued == mailings.issue(mailing) == mailings.select_and_issue(mailing)
    first = printing.print_mailing(mailing, tmp_path / "first")
    again = printing.print_mailing(mailing, tmp_path / "again")
    assert first.manifest["files"] == again.manifest["files"]
    assert printing.print_mailing(mailing, tmp_path / "first") == first
    name = first.manifest["files"][0]["name"]
    (tmp_path / "first" / name).write_bytes(b"spoilt")
    assert printing.print_mailing(mailing, tmp_path / "first").manifest == first.manifest
    sheet = Sheet.objects.get(number=2)
    (codes,) = codes_on(printing.sheet_pdf(sheet), 1)
    assert codes == list(sheet.coupons.order_by("position").values_list("code", flat=True))


def test_who_gets_no_sheet_is_written_down_with_the_reason(till):
    homes = {name: make.household(f"card {name}") for name in ("post", "profile", "moved", "fine")}
    upload(till, (sale for name in homes for sale in shopping(f"card {name}", 4)))
    for name, purpose in (("post", "post"), ("profile", "profiling")):
        for granted in (True, False):
            Consent.objects.create(
                household=homes[name], purpose=purpose, is_granted=granted,
                said_at=timezone.now(), source="desk",
            )  # fmt: skip
    homes["moved"].address.is_deliverable = False
    homes["moved"].address.save()
    mailing = favourites()
    recipients(mailing, homes.values())
    nightly.night(TODAY)
    assert mailings.select_and_issue(mailing) == mailings.Issued(
        sheets=2, coupons=8, holdout=0, left_out=2
    )
    outcomes = dict(Recipient.objects.values_list("household__cards__number", "outcome"))
    assert outcomes == {
        "card post": "no_consent",
        "card profile": "generic",
        "card moved": "no_address",
        "card fine": "sheet",
    }


def test_the_hold_out_gets_no_sheet(till):
    homes = [make.household(f"card {n}") for n in range(12)]
    upload(till, (sale for n in range(12) for sale in shopping(f"card {n}", 9)))
    mailing = favourites(holdout_share=Decimal("0.5"))
    recipients(mailing, homes)
    nightly.night(TODAY)
    mailings.select_and_issue(mailing)
    held = {home.pk for home in homes if in_holdout(home.pk, salt="favourites", share=0.5)}
    assert held
    assert (
        set(Sheet.objects.values_list("household", flat=True)) == {home.pk for home in homes} - held
    )
    assert (
        set(Recipient.objects.filter(outcome="holdout").values_list("household", flat=True)) == held
    )


def test_what_a_household_never_wants_is_never_offered(till):
    home = make.household("card 0")
    upload(till, shopping("card 0", 3))
    Preference.objects.create(
        household=home, kind="never", category=Category.objects.get(level="category", name="Oats")
    )
    mailing = favourites()
    recipients(mailing, [home])
    nightly.night(TODAY)
    mailings.select_and_issue(mailing)
    offered = set(Coupon.objects.values_list("offer__code", flat=True))
    assert len(offered) == 4
    assert "O-1001" not in offered


def test_a_draft_that_lacks_something_says_what(till):
    mailing = favourites()
    with pytest.raises(mailings.MailingError, match="No night has run yet"):
        mailings.select(mailing)
    nightly.night(TODAY)
    with pytest.raises(mailings.MailingError, match="has no recipients"):
        mailings.select(mailing)
    with pytest.raises(mailings.MailingError, match="is draft; wanted: coupons selected"):
        mailings.approve(mailing, None)
    with pytest.raises(mailings.MailingError, match="is draft: it is issued once it is selected"):
        mailings.issue(mailing)
    with pytest.raises(mailings.MailingError, match="is draft; wanted: printed"):
        mailings.mark_mailed(mailing)
    with pytest.raises(CommandError, match=r"there is no mailing .spring.; .*favourites"):
        call_command("issue_mailing", "spring")
    with pytest.raises(CommandError, match="is draft and has no sheets; wanted: issued"):
        call_command("print_mailing", "favourites")
    with pytest.raises(CommandError, match="'tomorrow' is not a date; wanted: YYYY-MM-DD"):
        call_command("nightly", "--as-of", "tomorrow")


def test_bad_baskets_are_kept_beside_the_good_ones(till):
    good = basket("card 0", TODAY, "1", ["1001", "unheard-of"])
    bad = [
        {**good, "receipt": "2", "store": None},
        {**good, "receipt": "3", "till": 99},
        {**good, "receipt": "4", "business_date": (TODAY + timedelta(days=9)).isoformat()},
        {**good, "receipt": "5", "currency": "EUR"},
        basket("card 0", TODAY, "6", ["4006381333932"]),
    ]
    answer = upload(till, [*bad, good]).json()
    assert (answer["accepted"], answer["rejected"]) == (1, 5)
    assert [reject["code"] for reject in answer["rejects"]] == [
        "missing_store",
        "unknown_terminal",
        "future_date",
        "wrong_currency",
        "bad_check_digit",
    ]
    assert Reject.objects.count() == 5
    assert Basket.objects.get().card_number == "card 0"  # nobody's card: a fact all the same
    assert Product.objects.get(code="unheard-of").is_listed is False
