"""Files of offers: kept when they come in, applied once somebody has confirmed, and written."""

import hashlib
from collections.abc import Iterator, Sequence
from typing import Any, Final

from django.contrib.admin.models import ADDITION, CHANGE, LogEntry
from django.contrib.auth.models import AbstractBaseUser
from django.db import IntegrityError, connection, transaction
from django.db.models import Count, QuerySet
from django.utils import timezone

from coupons import covering
from coupons.importing.columns import BARCODE, COLUMNS, OFFERS, RULES
from coupons.models import Offer, OfferBarcode, OfferFile, OfferLevel, OfferProduct, OfferRule
from coupons.offer_plans import Change, Plan, Planned, compare
from coupons.offer_values import (
    FIELDS,
    LEVEL_COLUMNS,
    LEVEL_FIELDS,
    PRODUCTS,
    Names,
    barcode_of,
    levels_of,
    rules_of,
    values_of,
)
from pos_integration.tables import reading as tables
from pos_integration.tables import writing
from pos_integration.tables.cells import Value

State = OfferFile.State
FAULTS_KEPT: Final = 10_000
SHOWN: Final = 20  # new and changed offers of which more is kept than their number
_AT_ONCE: Final = 1_000
_MANY: Final = 100
_LONG_LIST: Final = 50_000  # products; a cell of CSV holds some 65,000
_LONG: Final = 80  # characters of a value that are shown


class OfferFileError(Exception):
    """Why nothing was changed, in a sentence."""


def accept(name: str, body: bytes, by: AbstractBaseUser | None) -> tuple[OfferFile, bool]:
    """Keep a file, read and compared; changes no offer. Returns it and whether it is new.

    Bytes of the same person that wait already are compared anew and not kept twice. Raises
    TableError for a file that is no table of offers.
    """
    reading = tables.read(body, OFFERS)
    sha256 = hashlib.sha256(body).hexdigest()
    own = OfferFile.objects.filter(uploaded_by=by.pk if by is not None else None)
    file = own.filter(sha256=sha256, state=State.READ).order_by("pk").first()
    is_new = file is None
    if file is None:
        file = OfferFile(name=name[-200:], body=body, sha256=sha256, rows=reading.count)
        file.uploaded_by_id = by.pk if by is not None else None
    _keep(file, compare(reading))
    return file, is_new


def look_again(file: OfferFile) -> None:
    """Compare a file that waits with the offers as they are now, and keep what was found."""
    if file.state == State.READ:
        _keep(file, compare(tables.read(bytes(file.body), OFFERS)))


def confirm(
    file: OfferFile, by: AbstractBaseUser, *, digest: str, may_leave_faulty: bool = False
) -> OfferFile:
    """Do what `file` would do, all of it or nothing; returns it as it is then.

    digest: of what was looked at before confirming, as `changes` has it. If the file would do
        something else by now, it is compared anew and nothing is done.
    may_leave_faulty: whether the right rows are taken though others are faulty.
    A file that was applied before is left alone. Raises OfferFileError.
    """
    try:
        with transaction.atomic():
            return _confirmed(file.pk, by, digest, may_leave_faulty=may_leave_faulty)
    except (_StaleError, IntegrityError) as error:
        # An offer made by hand at this moment breaks a rule of the database: look again, too.
        look_again(OfferFile.objects.get(pk=file.pk))
        raise OfferFileError(
            "Nothing was changed: since you looked, offers or the catalogue changed, and with "
            "them what this file would do. Look at it once more, then confirm."
        ) from error


def drop(file: OfferFile) -> None:
    """Put a file that waits aside. Raises OfferFileError if it was applied."""
    with transaction.atomic():
        kept = OfferFile.objects.select_for_update().get(pk=file.pk)
        if kept.state == State.APPLIED:
            raise OfferFileError(f"'{kept}' was applied already.")
        kept.state = State.DROPPED
        kept.save(update_fields=["state"])


def written(offers: QuerySet[Offer], kind: str) -> bytes:
    """Return `offers` as a file, "csv" or "xlsx", that reads as the same. Raises WritingError."""
    write = {"csv": writing.as_csv, "xlsx": writing.as_xlsx}[kind]
    return write(_values(offers), OFFERS)


def csv_pieces(offers: QuerySet[Offer]) -> Iterator[bytes]:
    """The same as CSV, some offers at a time; none of them may be long."""
    return writing.csv_pieces(_values(offers), OFFERS)


def has_long(offers: QuerySet[Offer]) -> bool:
    """Whether one of `offers` names so many products that a cell may not hold them."""
    named = (
        OfferRule.objects.filter(offer__in=offers).exclude(product=None),
        OfferProduct.objects.filter(offer__in=offers),
    )
    return any(
        rows.order_by().values("offer").annotate(n=Count("pk")).filter(n__gt=_LONG_LIST).exists()
        for rows in named
    )


class _StaleError(Exception):
    pass


def _confirmed(key: int, by: AbstractBaseUser, digest: str, *, may_leave_faulty: bool) -> OfferFile:
    file = OfferFile.objects.select_for_update().get(pk=key)
    if file.state == State.APPLIED:
        return file
    if file.state == State.DROPPED:
        raise OfferFileError(f"'{file}' was dropped. Import it once more to apply it.")
    reading = tables.read(bytes(file.body), OFFERS)
    # Coupons of these offers are printed before this or after it: none meanwhile.
    codes = [str(row.said["code"]) for row in reading.rows]
    locked = Offer.objects.select_for_update().filter(code__in=codes).order_by("pk")
    list(locked.values_list("pk"))
    plan = compare(reading)
    if plan.digest != digest:
        raise _StaleError
    if plan.reading.faults and not may_leave_faulty:
        raise OfferFileError(
            f"Nothing was changed: {plan.faulty:,} of {file.rows:,} rows "
            f"{'is' if plan.faulty == 1 else 'are'} faulty. Put right what is wrong in the file, "
            "or say that the right rows are to be applied without them."
        )
    _apply(plan, by, file)
    file.state = State.APPLIED
    file.applied_at = timezone.now()
    _keep(file, plan)
    return file


def _keep(file: OfferFile, plan: Plan) -> None:
    reading = plan.reading
    file.faults = [[*fault] for fault in reading.faults[:FAULTS_KEPT]]
    file.changes = {
        "new": len(plan.new),
        "changed": len(plan.changed),
        "same": plan.same,
        "faulty": plan.faulty,
        "faults": len(reading.faults),
        "notes": reading.notes,
        "digest": plan.digest,
        "first_new": [_in_short(one) for one in plan.new[:SHOWN]],
        "first_changed": [_in_short(one) for one in plan.changed[:SHOWN]],
    }
    file.save()


def _in_short(planned: Planned) -> dict[str, Any]:
    values = planned.values
    worth = Offer(**{name: values[name] for name in FIELDS if name != "funder"}).value_text
    return {
        "row": planned.row,
        "code": values["code"],
        "name": values["name"],
        "worth": worth,
        "dates": [str(values["valid_from"]), str(values["valid_to"])],
        "changes": [[change.column, *_cut_short(change)] for change in planned.changes],
    }


def _cut_short(change: Change) -> tuple[str, str]:
    """Before and after, from shortly before where they begin to differ."""
    before, after = change.before, change.after
    if max(len(before), len(after)) <= _LONG:
        return before, after
    pairs = enumerate(zip(before, after, strict=False))
    same = next((place for place, (a, b) in pairs if a != b), min(len(before), len(after)))
    begin = max(0, same - _LONG // 4)
    return _from(before, begin), _from(after, begin)


def _from(text: str, begin: int) -> str:
    """As much of `text` from `begin` as is shown, with dots where more is."""
    led, followed = "..." if begin else "", "..." if len(text) > begin + _LONG else ""
    return f"{led}{text[begin : begin + _LONG]}{followed}"


def _apply(plan: Plan, by: AbstractBaseUser, file: OfferFile) -> None:
    planned = [*plan.new, *plan.changed]
    for one in planned:
        for name in FIELDS:
            setattr(one.offer, "funder_id" if name == "funder" else name, one.values[name])
        one.offer.category_id = one.values["category"]
        one.offer.photo_id = one.values["photo"]
    Offer.objects.bulk_create([one.offer for one in plan.new], batch_size=_AT_ONCE)
    # Far quicker than an UPDATE with a case for each offer and field; these are locked and there.
    Offer.objects.bulk_create(
        [one.offer for one in plan.changed],
        batch_size=_AT_ONCE,
        update_conflicts=True,
        unique_fields=["code"],
        update_fields=[*FIELDS, "category", "photo"],
    )
    _set_levels([one for one in planned if _touches(one, LEVEL_COLUMNS)])
    _set_barcodes([one for one in planned if _touches(one, BARCODE)])
    _set_stores([one for one in planned if _touches(one, ("stores",))])
    _set_rules([one for one in planned if _touches(one, RULES)])
    for offers, flag, word in (
        (plan.new, ADDITION, "Added"),
        (plan.changed, CHANGE, "Changed"),
    ):
        if offers:
            LogEntry.objects.log_actions(
                by.pk, [one.offer for one in offers], flag, f"{word} by the file {file}."
            )


def _touches(planned: Planned, columns: Sequence[str]) -> bool:
    return any(change.column in columns for change in planned.changes)


def _set_levels(planned: list[Planned]) -> None:
    levels = [
        OfferLevel(offer=one.offer, **level) for one in planned for level in levels_of(one.values)
    ]
    kept = {(level.offer_id, level.number) for level in levels}
    were = OfferLevel.objects.filter(offer__in=[one.offer for one in planned])
    gone = [
        key
        for key, offer, number in were.values_list("pk", "offer_id", "number")
        if (offer, number) not in kept
    ]
    OfferLevel.objects.filter(pk__in=gone).delete()
    OfferLevel.objects.bulk_create(
        levels,
        batch_size=_AT_ONCE,
        update_conflicts=True,
        unique_fields=["offer", "number"],
        update_fields=LEVEL_FIELDS,
    )


def _set_barcodes(planned: list[Planned]) -> None:
    OfferBarcode.objects.filter(offer__in=[one.offer for one in planned]).delete()
    said = ((one.offer, barcode_of(one.values)) for one in planned)
    OfferBarcode.objects.bulk_create(
        [OfferBarcode(offer=offer, **barcode) for offer, barcode in said if barcode],
        batch_size=_AT_ONCE,
    )


def _set_stores(planned: list[Planned]) -> None:
    through = Offer.stores.through
    through.objects.filter(offer__in=[one.offer for one in planned]).delete()
    through.objects.bulk_create(
        [
            through(offer_id=one.offer.pk, store_id=store)
            for one in planned
            for store in one.values["stores"]
        ],
        batch_size=_AT_ONCE,
    )


def _set_rules(planned: list[Planned]) -> None:
    offers = [one.offer for one in planned]
    OfferRule.objects.filter(offer__in=offers).delete()
    OfferRule.objects.bulk_create(
        [OfferRule(offer=one.offer, **rule) for one in planned for rule in rules_of(one.values)],
        batch_size=_AT_ONCE,
    )
    # What has no rules keeps its products: here it is to be good on the whole basket.
    whole_basket = [one.offer for one in planned if not rules_of(one.values)]
    OfferProduct.objects.filter(offer__in=whole_basket).delete()
    _cover(offers)


def _cover(offers: list[Offer]) -> None:
    """Make products of the rules of `offers`."""
    if len(offers) > _MANY:  # not while the planner still believes that there are hardly any rules
        with connection.cursor() as cursor:
            cursor.execute("ANALYZE coupons_offerrule")
    covering.cover_some(offers)


def _values(offers: QuerySet[Offer]) -> Iterator[dict[str, Value]]:
    names = Names()
    keys = [*offers.order_by("code").values_list("pk", flat=True)]
    for begin in range(0, len(keys), _AT_ONCE):
        some = [*Offer.objects.filter(pk__in=keys[begin : begin + _AT_ONCE]).order_by("code")]
        values = values_of(some)
        names.learn_numbers(
            product for its in values.values() for name in PRODUCTS for product in its[name]
        )
        for offer in some:
            its = values[offer.pk]
            yield {column.name: names.written(column.name, its[column.name]) for column in COLUMNS}
