"""A chain of two stores, with a row of everything in each, for tests of who may see what."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import numpy as np
from django.contrib.auth.models import User
from django.utils import timezone

from coupons import measuring, offer_files, pictures, settlement, terms
from coupons.models import (
    Coupon,
    Dispute,
    FontFile,
    Funder,
    LedgerEntry,
    Mailing,
    Measurement,
    Offer,
    OfferFile,
    OfferProduct,
    Picture,
    PressProfile,
    PrintFile,
    PrintRun,
    Recipient,
    Redemption,
    Refusal,
    Restriction,
    SeedAddress,
    Segment,
    Selection,
    SelectionPiece,
    Sheet,
    StandingHoldout,
    Statement,
    Theme,
)
from coupons.pieces import Chosen, Evidence
from coupons.sheets import codes
from loyalty import history, merging
from loyalty.models import (
    Address,
    Card,
    DataRequest,
    FittedModel,
    Household,
    HouseholdSummary,
    Merger,
    ModelRun,
    Note,
    PurchaseChunk,
    slot_of,
)
from pos_integration import changes
from pos_integration.models import (
    Basket,
    Category,
    Change,
    Product,
    RedemptionRecord,
    Reject,
    ScaleLabel,
    Store,
    StoreStaff,
    Terminal,
    TerminalToken,
    Upload,
)
from tests import make
from tests.coupons.test_sheet_photos import logo, saved
from tests.loyalty.believing import night, summary
from tests.spreadsheets import OATS, csv_of

SLOT = slot_of("Heron")  # of all households: one piece of a selection holds them
FIGURE = [1.0, 0.5, 2.0]
REPORT: dict[str, Any] = {
    "totals": {"coupons": 2, "redemptions": FIGURE, "cost": FIGURE, "margin": FIGURE},
    "gap": 0.001,
    "doubts": [],
    "offers": [],
    "limits": [],
    "tiers": [],
}


@dataclass
class OneStore:
    """What came of one store: its tills' rows, and a household that shops there with all it has.

    Everything that could be read by a person has `word` in it.
    """

    word: str
    store: Store
    till: Terminal
    token: TerminalToken
    upload: Upload
    reject: Reject
    basket: Basket
    label: ScaleLabel
    household: Household
    merged: Household
    card: Card
    summary: HouseholdSummary
    note: Note
    request: DataRequest
    merger: Merger
    recipient: Recipient
    sheet: Sheet
    coupon: Coupon
    record: RedemptionRecord
    redemption: Redemption
    refused: Refusal
    change: Change
    entry: LedgerEntry
    dispute: Dispute


@dataclass
class Chain:
    """What all stores share, and the two of them."""

    run: ModelRun
    fitted: FittedModel
    chunk: PurchaseChunk
    offer: Offer
    offer_product: OfferProduct
    product: Product
    category: Category
    funder: Funder
    mailing: Mailing
    draft: Mailing
    selection: Selection
    segment: Segment
    print_run: PrintRun
    print_file: PrintFile
    measurement: Measurement
    offer_file: OfferFile
    picture: Picture
    theme: Theme
    font: FontFile
    press: PressProfile
    restriction: Restriction
    seed: SeedAddress
    standing: StandingHoldout
    statement: Statement
    user: User
    ours: OneStore
    theirs: OneStore


def build(clerk: User) -> Chain:
    """Fill an empty database: `clerk` works in the first store, somebody else in the other."""
    user = User.objects.create_user("somebody", is_staff=True)
    run = night()
    offer = make.offer()
    today = timezone.localdate()
    mailing = make.mailing("drop")
    mailing.offers.add(offer)
    made: dict[str, Any] = {
        "run": run,
        "fitted": FittedModel.objects.create(
            kind="needs", version=1, as_of=run.as_of, parameters="{}", sha256="0" * 64
        ),
        "chunk": PurchaseChunk.objects.create(
            bucket=0, month=date(2026, 3, 1), of_buckets=16, rows=0, data=b"", sha256="0" * 64
        ),
        "offer": offer,
        "offer_product": OfferProduct.objects.get(),
        "product": make.product(),
        "category": make.category(),
        "funder": make.funder(),
        "mailing": mailing,
        "draft": make.mailing("draft"),
        "segment": Segment.objects.create(name="Everybody"),
        "print_run": PrintRun.objects.create(
            mailing=mailing, state="finished", folder="/nowhere", sheets=2, coupons=2, checked=2
        ),
        "offer_file": offer_files.accept("offers.csv", csv_of(OATS), user)[0],
        "picture": pictures.keep("Oats", saved(logo()), user),
        "theme": Theme.objects.create(name="Ours", is_default=True),
        "font": FontFile.objects.create(sha256="1" * 64, name="Sans", content=b""),
        "press": PressProfile.objects.create(
            sha256="2" * 64, name="Press", condition="FOGRA51", content=b""
        ),
        "restriction": Restriction.objects.create(goods="alcohol", verdict="of_age"),
        "seed": SeedAddress.objects.create(
            name="Ourselves", street="1 Seed Lane", postcode="00000", city="Exampleton"
        ),
        "standing": StandingHoldout.objects.create(share=Decimal("0.01"), begins_on=today),
        "user": user,
    }
    made["print_file"] = PrintFile.objects.create(
        run=made["print_run"], name="a.pdf", first=1, last=2, sheets=2, pages=2, bytes=1,
        coupons=2, checked=2, sha256="0" * 64,
    )  # fmt: skip
    stores = [_store(place, word, made) for place, word in enumerate(("Heron", "Zebra"), 1)]
    settlement.book()
    made["statement"] = settlement.settle(offer.funder, today - timedelta(days=1))
    StoreStaff.objects.create(user=clerk, store=stores[0]["store"])
    for one, by in zip(stores, (clerk, user), strict=True):
        note = one["note"]
        with changes.acting(by, f"/admin/loyalty/note/{note.pk}/"):
            Note.objects.filter(pk=note.pk).update(text=f"{one['word']} is very cross")
        one["change"] = Change.objects.latest("pk")
        entry = LedgerEntry.objects.get(redemption=one["redemption"])
        one["entry"] = entry
        one["dispute"] = settlement.dispute(entry, Decimal("0.10"), f"{one['word']} says no")
    ours, theirs = (OneStore(**one) for one in stores)
    made["selection"] = mailing.selection = _selected(mailing, offer, run, (ours, theirs))
    mailing.state, mailing.issued_at = Mailing.State.MAILED, timezone.now()
    mailing.save()
    made["measurement"] = measuring.measure(mailing, date(2026, 4, 12))
    return Chain(**made, ours=ours, theirs=theirs)


def _selected(
    mailing: Mailing, offer: Offer, run: ModelRun, stores: Sequence[OneStore]
) -> Selection:
    """What was chosen for the mailing: the offer for each household that is not held out."""
    selection = Selection.objects.create(
        mailing=mailing, state="ready", run=run, seed=1, report=REPORT,
        terms=terms.of(mailing).to_plain(),
    )  # fmt: skip
    homes = [home for one in stores for home in (one.household, one.merged)]
    count = len(homes)

    def of(value: float, kind: type) -> "np.ndarray[Any, Any]":
        return np.full(count, value, kind)

    nothing = Evidence(
        *(of(0, kind) for kind in (np.int32, np.float32, np.int32, np.int8, np.bool_, np.bool_))
    )
    chosen = Chosen(
        households=np.array([home.pk for home in homes]), is_ghost=np.arange(count) % 2 == 1,
        tier=of(1, np.int8), size=of(0, np.int8), store=of(stores[0].store.pk, np.int32),
        starts=np.arange(count + 1), offer=of(offer.pk, np.int32), level=of(0, np.int32),
        value=of(0.05, np.float32), chance=of(0.1, np.float32), need=of(0.2, np.float32),
        tag=of(0, np.int8), drawn_share=of(0, np.float32), circulation=of(0, np.float32),
        cost=of(0, np.float32), fairness=of(0, np.float32), left_out=of(0, np.int32),
        margin=of(0, np.float32), moved_for=of(-1, np.int8), evidence=nothing,
    )  # fmt: skip
    SelectionPiece.objects.create(
        selection=selection, bucket=history.bucket_of(SLOT), households=count, items=count,
        chosen=chosen.to_bytes(), is_issued=True,
    )  # fmt: skip
    return selection


def _household(word: str, place: int) -> Household:
    number = f"{word}-{place}"
    home = Household.objects.create(
        name=f"{word} Family {place}", joined_on=date(2025, 1, 1), slot=SLOT
    )
    Card.objects.create(household=home, number=number, claimed_on=date(2025, 1, 1))
    Address.objects.create(
        household=home, street=f"1 {word} Lane", postcode=f"{word[0]}0000", city=f"{word} Town"
    )
    return home


def _store(place: int, word: str, chain: dict[str, Any]) -> dict[str, Any]:
    """The rows of OneStore but those that the books make."""
    today = timezone.localdate()
    yesterday = today - timedelta(days=1)
    store = Store.objects.create(
        number=f"33{place}", name=f"{word} Street", currency="USD", time_zone="UTC"
    )
    till, _ = make.terminal(store, place)
    home, merged = _household(word, 1), _household(word, 2)
    believed = summary(chain["run"], home, home_store=store)
    summary(chain["run"], merged, home_store=store)
    mailing = chain["mailing"]
    sheet = Sheet.objects.create(
        mailing=mailing, household=home, number=place, address=f"{word}", savings=Decimal("0.50")
    )
    coupon = Coupon.objects.create(
        code=codes.mint(), sheet=sheet, position=1, offer=chain["offer"],
        valid_from=mailing.valid_from, valid_to=today + timedelta(days=30), chance=0.1,
        tag="buy", reason=f"{word} buys this.", staff_reason="chance 0.10",
    )  # fmt: skip
    basket = make.basket(f"{word}-1", yesterday, store)
    Basket.objects.filter(pk=basket.pk).update(receipt=f"{word}-77")
    basket.refresh_from_db()
    make.line(basket)
    upload = basket.upload
    Upload.objects.filter(pk=upload.pk).update(body=word.encode(), rejected=1)
    used, refused = (
        RedemptionRecord.objects.create(
            basket=basket, position=at, line_number=1, code=code, amount=Decimal("0.50")
        )
        for at, code in enumerate((coupon.code, f"{word}-no"))
    )
    redemption = Redemption.objects.create(
        offer=chain["offer"], coupon=coupon, record=used, amount=Decimal("0.50"), store=store,
        till=place, business_date=yesterday, receipt=basket.receipt,
    )  # fmt: skip
    recipient, _ = (
        Recipient.objects.create(mailing=mailing, household=one, outcome=outcome)
        for one, outcome in ((home, "sheet"), (merged, "holdout"))
    )
    return {
        "word": word,
        "store": store,
        "till": till,
        "token": till.tokens.get(),
        "upload": upload,
        "reject": Reject.objects.create(
            upload=upload, position=1, code="unreadable", detail=f"{word} is no number",
            receipt=f"{word}-78", raw=f"{word} raw",
        ),
        "basket": basket,
        "label": ScaleLabel.objects.create(store=store, pattern=f"2{place}IIIIIPPPPPC", decimals=2),
        "household": home,
        "merged": merged,
        "card": home.cards.get(),
        "summary": believed,
        "note": Note.objects.create(household=home, kind="concern", text=f"{word} is cross"),
        "request": DataRequest.objects.create(
            household=home, kind="copy", source=f"{word} desk", due_on=today
        ),
        "merger": merging.merge(home, merged, chain["user"]),
        "recipient": recipient,
        "sheet": sheet,
        "coupon": coupon,
        "record": used,
        "redemption": redemption,
        "refused": Refusal.objects.create(
            record=refused, reason="unknown_code", detail=f"{word}-no is no coupon"
        ),
    }  # fmt: skip
