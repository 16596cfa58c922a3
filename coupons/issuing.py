"""Issue what was selected and approved: sheets in the order of the post, coupons with their codes.

Sheets are numbered and written first, in one transaction; then each bucket's coupons, in one of
its own, on all of the engine's workers. Killed at any moment, it goes on where it was.
"""

from collections.abc import Callable, Iterator
from datetime import date
from decimal import Decimal
from itertools import islice
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from django.db import IntegrityError, connection, transaction
from django.db.models import F, Q
from django.utils import timezone

from coupons import outcomes, payloads, posting, selecting
from coupons.alone import TakenError, alone
from coupons.models import Coupon, Mailing, Recipient, Selection, SelectionPiece, Sheet, Theme
from coupons.pieces import Chosen
from coupons.selection import reasons
from coupons.sheets import codes
from coupons.terms import Terms
from loyalty import engine
from loyalty.models import Address, Household
from pos_integration import bulk
from pos_integration.said import stated

Progress = Callable[[int, int], None]
Outcome = Recipient.Outcome
ROWS_AT_ONCE = 5_000
SERIAL_ONCE = "coupon_serial_once"
TRIES = 3  # until no other coupon has the serial numbers that were drawn
SHEET_COLUMNS = (
    *("mailing_id", "household_id", "number", "address", "savings", "is_generic", "language"),
)
COUPON_COLUMNS = (
    *(
        "code",
        "serial",
        "sheet_id",
        "position",
        "offer_id",
        "level_id",
        "state",
        "valid_from",
        "valid_to",
    ),
    *("chance", "value", "drawn_share", "tag", "reason", "staff_reason"),
)


class IssueError(Exception):
    """What was found and what was wanted, in a sentence for staff."""


class Issued(NamedTuple):
    sheets: int
    coupons: int
    holdout: int
    left_out: int


def issue(
    mailing: Mailing, on: date | None = None, progress: Progress = lambda done, total: None
) -> Issued:
    """Freeze an approved mailing's selection as promises; repeated, it changes nothing.

    on: the day of it, the mailing's own if it is not given. Whoever objected or lost its address
    since is left out. Raises IssueError, SelectionError.
    """
    try:
        with alone(f"coupons.issuing.{mailing.pk}"):
            mailing.refresh_from_db()
            if mailing.state == Mailing.State.APPROVED:
                _issue(mailing, on or mailing.issue_on, progress)
    except TakenError:
        raise IssueError(f"'{mailing}' is being issued already: wait for it to end") from None
    if mailing.state in (Mailing.State.DRAFT, Mailing.State.SELECTED):
        raise IssueError(
            f"'{mailing}' is {stated(mailing)}: it is issued once it is selected and approved"
        )
    return counted(mailing)


def counted(mailing: Mailing) -> Issued:
    """What a mailing has come to; what was lost and replaced counts once."""
    recipients = mailing.recipients
    held_out = recipients.filter(outcome__in=[Outcome.HOLDOUT, Outcome.STANDING]).count()
    sheets = mailing.sheets.filter(replaces=None).count()
    return Issued(
        sheets=sheets,
        coupons=Coupon.objects.filter(sheet__mailing=mailing)
        .exclude(state=Coupon.State.VOID)
        .count(),
        holdout=held_out,
        left_out=recipients.count() - held_out - sheets,
    )


def _issue(mailing: Mailing, on: date, progress: Progress) -> None:
    selection = mailing.selection
    if selection is None or selection.state != Selection.State.READY or selection.run is None:
        raise IssueError(f"'{mailing}' has no selection that is ready: select again")
    if not mailing.sheets.exists():  # else it goes on: some of it may be promised already
        selecting.refuse_old(mailing, selection.run, on)
        _write_sheets(mailing, selection)
    buckets = list(
        selection.pieces.filter(is_issued=False).order_by("bucket").values_list("bucket", flat=True)
    )
    done = engine.map_buckets(issue_piece, buckets, selection.pk, lines=selection.run.lines)
    for at, _ in enumerate(done, 1):
        progress(at, len(buckets))
    mailing.state, mailing.issued_at = Mailing.State.ISSUED, timezone.now()
    mailing.save(update_fields=["state", "issued_at"])


@transaction.atomic
def _write_sheets(mailing: Mailing, selection: Selection) -> None:
    locked = Mailing.objects.select_for_update().get(pk=mailing.pk)
    if (locked.state, locked.selection_id) != (Mailing.State.APPROVED, selection.pk):
        raise IssueError(f"'{mailing}' is {stated(locked)} meanwhile")
    try:
        payloads.freeze(mailing)
    except payloads.PayloadError as error:
        raise IssueError(str(error)) from error
    outcomes.recheck(mailing)
    terms = Terms.from_plain(selection.terms)
    homes, cents = _savings(selection, terms)
    rows = _sheet_rows(mailing, homes, cents)
    while some := list(islice(rows, ROWS_AT_ONCE)):  # a connection reads or copies, not both
        bulk.copy("coupons_sheet", SHEET_COLUMNS, some)
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE coupons_recipient AS recipient SET outcome = %s FROM coupons_sheet AS sheet "
            "WHERE sheet.mailing_id = recipient.mailing_id "
            "AND sheet.household_id = recipient.household_id "
            "AND recipient.mailing_id = %s AND recipient.outcome = %s",
            [Outcome.SHEET, mailing.pk, Outcome.WAITING],
        )


def _savings(
    selection: Selection, terms: Terms
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """The households that get a sheet, ascending, and what each can save at most, in cents."""
    faces = {
        (offer.pk, level.pk): round(level.face * 100)
        for offer in (*terms.offers, *terms.fallback)
        for level in offer.levels
    }
    homes, cents = [np.zeros(0, np.int64)], [np.zeros(0, np.int64)]
    for piece in selection.pieces.order_by("bucket").iterator(chunk_size=1):
        chosen = Chosen.from_bytes(bytes(piece.chosen or b""))
        pairs = zip(chosen.offer.tolist(), chosen.level.tolist(), strict=True)
        face = np.array([faces[pair] for pair in pairs], dtype=np.int64)
        sums = np.add.reduceat(face, chosen.starts[:-1]) if len(face) else face
        homes.append(chosen.households[~chosen.is_ghost])
        cents.append(sums[~chosen.is_ghost])
    every, worth = np.concatenate(homes), np.concatenate(cents)
    order = np.argsort(every)
    return every[order], worth[order]


def _sheet_rows(
    mailing: Mailing, homes: npt.NDArray[np.int64], cents: npt.NDArray[np.int64]
) -> Iterator[str]:
    """Sheets in the order of the post, those abroad last, as COPY wants them."""
    home_country = posting.home_country(mailing)
    due = (
        mailing.recipients.filter(outcome__in=[Outcome.WAITING, Outcome.GENERIC])
        .select_related("household__address")
        .annotate(is_abroad=~Q(household__address__country__iexact=home_country))
        .order_by(
            F("is_abroad").asc(nulls_first=True),
            *(f"household__address__{part}" for part in ("country", "postcode", "city", "street")),
            "household",
        )
    )
    number = 0
    for recipient in due.iterator(chunk_size=ROWS_AT_ONCE):
        home = recipient.household_id
        at = int(np.searchsorted(homes, home))
        if at == len(homes) or homes[at] != home:
            continue
        number += 1
        lines = lines_of(recipient.household, home_country)
        savings = Decimal(int(cents[at])) / 100
        generic = recipient.outcome == Outcome.GENERIC
        language = recipient.household.language
        yield bulk.row((mailing.pk, home, number, "\n".join(lines), savings, generic, language))


def lines_of(home: Household, home_country: str) -> tuple[str, ...]:
    """The lines in the window, as its country's post wants them from the sender's; of a household
    without an address its name.
    """
    address: Address | None = getattr(home, "address", None)
    return (str(home),) if address is None else posting.block_of(address, home_country)


def issue_piece(bucket: int, selection_id: int) -> int:
    """Write the coupons of one bucket, once; returns how many. May run twice."""
    for tries_left in reversed(range(TRIES)):
        try:
            return _issue_piece(bucket, selection_id)
        except IntegrityError as error:
            if not tries_left or SERIAL_ONCE not in str(error):
                raise
    raise AssertionError("every try returns or raises")


@transaction.atomic
def _issue_piece(bucket: int, selection_id: int) -> int:
    piece = (
        SelectionPiece.objects.select_for_update(of=["self"])  # buckets are written side by side
        .select_related("selection__mailing")
        .get(selection=selection_id, bucket=bucket)
    )
    if piece.is_issued:
        return 0
    mailing = piece.selection.mailing
    chosen = Chosen.from_bytes(bytes(piece.chosen or b""))
    terms = Terms.from_plain(piece.selection.terms)
    names = {offer.pk: offer.name for offer in (*terms.offers, *terms.fallback)}
    sheets = {
        home: (pk, language)
        for home, pk, language in Sheet.objects.filter(
            mailing=mailing, household__in=chosen.households[~chosen.is_ghost].tolist()
        ).values_list("household_id", "pk", "language")
    }
    rows = list(_coupon_rows(mailing, chosen, sheets, names, believed_on(piece.selection)))
    with connection.wrap_database_errors:
        bulk.copy("coupons_coupon", COUPON_COLUMNS, rows)
    piece.is_issued, piece.table = True, None
    piece.save(update_fields=["is_issued", "table"])
    return len(rows)


def usual_language(mailing: Mailing) -> str:
    """What households are written to in that did not say: the language of the mailing's theme."""
    theme = mailing.theme or Theme.objects.filter(is_default=True).first() or Theme()
    return theme.language


def believed_on(selection: Selection) -> date:
    """The morning of the beliefs it was made by."""
    return selection.run.as_of if selection.run else selection.mailing.issue_on


def _coupon_rows(
    mailing: Mailing,
    chosen: Chosen,
    sheets: dict[int, tuple[int, str]],
    names: dict[int, str],
    as_of: date,
) -> Iterator[str]:
    usual = usual_language(mailing)
    none = (0, "")
    languages = [sheets.get(home, none)[1] or usual for home in chosen.households.tolist()]
    why = reasons.explain(chosen, names, as_of, languages)
    minted = iter(codes.mint_many(len(chosen.offer)))
    serials = payloads.serials_for(chosen.offer.tolist())
    for at, home in enumerate(chosen.households.tolist()):
        if home not in sheets or chosen.is_ghost[at]:
            continue
        sheet, _ = sheets[home]
        for position, k in enumerate(range(chosen.starts[at], chosen.starts[at + 1]), 1):
            reason, drawn = why[k], float(chosen.drawn_share[k])
            yield bulk.row(
                (
                    next(minted),
                    serials[k],
                    sheet,
                    position,
                    int(chosen.offer[k]),
                    int(chosen.level[k]) or None,
                    Coupon.State.OPEN.value,
                    mailing.valid_from,
                    mailing.valid_to,
                    float(chosen.chance[k]),
                    float(chosen.value[k]),
                    drawn or None,
                    reason.tag,
                    reason.paper,
                    reason.staff,
                )
            )
