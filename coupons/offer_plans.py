"""What a file of offers would do to the offers there are: new, changed, the same, or faulty.

What a file does not have a column for stays as it is; a new offer gets what an empty cell means.
An offer that stays as it is is not judged; one that is new or changes must be right, and what is
printed on coupons already stays as it was promised.
"""

import difflib
import hashlib
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import NamedTuple

from django.db.models import Exists, OuterRef

from coupons import barcode_rules, offering
from coupons.importing.columns import BARCODE, BY_NAME, COLUMNS, RULES
from coupons.models import Coupon, Offer, OfferBarcode, Redemption
from coupons.offer_values import (
    LEVEL_COLUMNS,
    PRODUCTS,
    Names,
    Values,
    barcode_of,
    empty_values,
    fill_barcode,
    fill_levels,
    keep_barcode,
    levels_of,
    values_of,
)
from coupons.sheets.pictures import PICTURES
from pos_integration.tables.cells import CellError
from pos_integration.tables.reading import Fault, Reading, SaidRow, drop_faulty


class Change(NamedTuple):
    column: str
    before: str  # in full, as a file has it
    after: str


class Planned(NamedTuple):
    """An offer as it will be."""

    row: int
    offer: Offer  # not saved yet if it is new; else as it was
    values: Values
    changes: list[Change]  # of a new one: all in which it is not empty


@dataclass
class Plan:
    """What a file would do now. True if that is anything."""

    reading: Reading  # its faults are all there are, its rows those without
    new: list[Planned] = field(default_factory=list)
    changed: list[Planned] = field(default_factory=list)
    same: int = 0

    def __bool__(self) -> bool:
        return bool(self.new or self.changed)

    @property
    def digest(self) -> str:
        """The same as long as the file would do the same."""
        said = [(one.values["code"], one.changes) for one in (*self.new, *self.changed)]
        return hashlib.sha256(repr(said).encode()).hexdigest()

    @property
    def faulty(self) -> int:
        return len({fault.row for fault in self.reading.faults})


@dataclass
class _Draft:
    """A row beside the offer it is about, if there is one."""

    row: int
    offer: Offer | None
    was: Values
    values: Values

    @property
    def differing(self) -> list[str]:
        return [
            column.name for column in COLUMNS if self.values[column.name] != self.was[column.name]
        ]


def compare(reading: Reading) -> Plan:
    """Return what the file that says `reading` would do now; its faults join those there are."""
    names = Names()
    rows = [*_meant(reading, names)]
    offers = Offer.objects.in_bulk([said["code"] for _, said in rows], field_name="code")
    were = values_of(offers.values())
    judge = _Judge(rows, offers.values())
    plan = Plan(reading)
    drafts = []
    for row, said in rows:
        offer = offers.get(said["code"])
        was = were[offer.pk] if offer else empty_values()
        draft = _Draft(row.number, offer, was, was | said)
        fill_levels(draft.values)
        if offer is not None and offer.pk in judge.promised:
            keep_barcode(draft.values, was)
        fill_barcode(draft.values)
        if offer is not None and not draft.differing:
            plan.same += 1
        elif faults := [*judge.faults(draft)]:
            reading.faults.extend(faults)
        else:
            drafts.append(draft)
    drop_faulty(reading)
    names.learn_numbers(
        product
        for draft in drafts
        for name in PRODUCTS
        for product in (*draft.was[name], *draft.values[name])
    )
    for draft in drafts:
        changes = [
            Change(name, names.text(name, draft.was[name]), names.text(name, draft.values[name]))
            for name in draft.differing
        ]
        offer = draft.offer or Offer(code=draft.values["code"])
        planned = Planned(draft.row, offer, draft.values, changes)
        (plan.changed if draft.offer else plan.new).append(planned)
    return plan


def _meant(reading: Reading, names: Names) -> Iterator[tuple[SaidRow, Values]]:
    """Each row with what it names found; one that names what is not there gets a fault."""
    said_of = (row.said.get(name) for row in reading.rows for name in PRODUCTS)
    names.learn_products({n for numbers in said_of if isinstance(numbers, tuple) for n in numbers})
    for row in reading.rows:
        said: Values = {}
        for name, value in row.said.items():
            try:
                said[name] = names.meant(name, value)
            except CellError as error:
                reading.faults.append(Fault(row.number, name, str(error)))
        if len(said) == len(row.said):
            yield row, said


class _Judge:
    """Says what is wrong with an offer as it would be."""

    def __init__(self, rows: Collection[tuple[SaidRow, Values]], offers: Collection[Offer]) -> None:
        shared = [code for _, said in rows if (code := said.get("shared_code"))]
        self._owners = dict(
            Offer.objects.filter(shared_code__in=shared).values_list("shared_code", "code")
        )
        # Those of the file join them one by one.
        barcodes = OfferBarcode.objects.filter(
            reference__in={said["reference"] for _, said in rows if said.get("reference")}
        ).select_related("offer")
        self._barcodes = {_key(vars(barcode)): barcode.offer.code for barcode in barcodes}
        coupons = Coupon.objects.filter(offer=OuterRef("pk"))
        used = Redemption.objects.filter(offer=OuterRef("pk"))
        keys = [offer.pk for offer in offers]
        self.promised = set(
            Offer.objects.filter(Exists(coupons) | Exists(used), pk__in=keys).values_list(
                "pk", flat=True
            )
        )

    def faults(self, draft: _Draft) -> Iterator[Fault]:
        for column, sentence in self._sentences(draft):
            yield Fault(draft.row, column, sentence)

    def _sentences(self, draft: _Draft) -> Iterator[tuple[str, str]]:
        values, differing = draft.values, draft.differing
        for place, sentence in offering.faults({**values, "levels": levels_of(values)}):
            # A level that is there without the one below it has no column of its own.
            yield place if place in BY_NAME else f"{place[:7]}_face_value", sentence
        yield from self._good_on(draft)
        yield from self._barcode(draft)
        if "picture" in differing and values["picture"] not in PICTURES:
            near = difflib.get_close_matches(values["picture"], PICTURES, n=1)
            meant = f" Is '{near[0]}' meant?" if near else ""
            yield "picture", f"There is no picture '{values['picture']}'.{meant}"
        owner = self._owners.get(values["shared_code"], values["code"])
        if owner != values["code"]:
            yield "shared_code", f"'{values['shared_code']}' is the code of the offer '{owner}'."
        if draft.offer is not None and draft.offer.pk in self.promised:
            for name in (*offering.PROMISED, *LEVEL_COLUMNS, *BARCODE):
                if name in differing and not _is_added(name, draft.was):
                    yield (
                        name,
                        f"Coupons of this offer are out: this stays {_said(draft.was[name])}, "
                        f"not {_said(values[name])}.",
                    )

    def _barcode(self, draft: _Draft) -> Iterator[tuple[str, str]]:
        said = barcode_of(draft.values)
        if said is None:
            return
        missing = [name for name in ("symbology", "content") if not said[name]]
        for name in missing:
            yield name, "A barcode wants it: fill it in, or leave all of its columns empty."
        if not missing:
            yield from barcode_rules.faults(said, _worths(draft.values))
        owner = self._barcodes.setdefault(_key(said), draft.values["code"])
        if owner != draft.values["code"]:
            yield "reference", f"This barcode names the offer '{owner}'."

    def _good_on(self, draft: _Draft) -> Iterator[tuple[str, str]]:
        values, had = draft.values, any(draft.was[name] for name in RULES)
        if any(values[name] for name in RULES) or (draft.offer is not None and not had):
            return
        if values["kind"] != Offer.Kind.THRESHOLD:
            yield "products", "It is good on nothing: name products, categories or brands."
        elif draft.offer is not None and draft.offer.pk in self.promised:
            yield "products", "Coupons of this offer are out: no product is taken from it."


def _is_added(name: str, was: Values) -> bool:
    """Whether the column `name` is of a level or barcode that no coupon is printed with."""
    if name in BARCODE:
        return barcode_of(was) is None
    return name in LEVEL_COLUMNS and was[f"{name[:7]}_face_value"] is None


def _key(barcode: Mapping[str, str]) -> tuple[str, str, str]:
    """What no two offers' barcodes have in common."""
    return barcode["content"], barcode["company_prefix"], barcode["reference"]


def _worths(values: Values) -> list[Decimal]:
    """What coupons may take off, at each level, as far as barcodes say it."""
    if values["kind"] == Offer.Kind.FREE_ITEM:
        return []
    levels = (level["face_value"] for level in levels_of(values))
    return [worth for worth in (values["face_value"], *levels) if worth is not None]


def _said(value: object) -> str:
    return "empty" if value is None else f"'{value}'"
