"""Uploads: load what was kept; their baskets are written, each exactly once."""

import contextlib
import logging
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

from django.conf import settings
from django.db import DatabaseError, reset_queries, transaction
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext_noop

from pos_integration import dropping, facts, formats, ground, keeping, records, undoing
from pos_integration.formats import cards
from pos_integration.models import Reject, Upload

MOST_ATTEMPTS = 3
LINES_AT_ONCE = 10_000  # of a large upload, in one transaction
DETAIL_LENGTH = 300
LOADED_AGAIN = gettext_noop("It was loaded again, and stands with the later upload.")

log = logging.getLogger(__name__)
Progress = Callable[[int], None]  # is told how many entries were read so far


def load(
    upload_id: int, progress: Progress = lambda entries: None, *, is_claimed: bool = False
) -> Upload:
    """Write the baskets of an upload that waits, and return it; another is returned as it is.

    is_claimed: `keeping.accept` has claimed it for the caller already.

    May run any number of times and beside itself. It claims the upload for keeping.LEASE, in a
    transaction of its own, and gives it up after MOST_ATTEMPTS that came no further. Baskets are
    written in batches; each commits with the upload's counters and the place where the next one
    begins, so that a killed load goes on there and counts nothing twice.
    """
    if is_claimed or _claim(upload_id):
        try:
            upload = Upload.objects.select_related("terminal__store").get(pk=upload_id)
            for batch in _batches(upload):
                _write(upload, batch)
                progress(upload.next_position)
            return upload
        except _TakenOverError:
            pass
        except Exception:
            with contextlib.suppress(DatabaseError):
                Upload.objects.filter(pk=upload_id).update(claimed_until=None)
            raise
    return Upload.objects.select_related("terminal__store").defer("body").get(pk=upload_id)


def load_waiting() -> Counter[str]:
    """Load every upload that waits, oldest first; returns how many ended in which state.

    One that was begun MOST_ATTEMPTS times and never ended has failed. A bug in one is logged,
    counted as "broken" and does not keep the others waiting.
    """
    free = Q(claimed_until=None) | Q(claimed_until__lt=timezone.now())
    waiting = Upload.objects.filter(free, state=Upload.State.RECEIVED).defer("body")
    counts: Counter[str] = Counter()
    with transaction.atomic():
        given_up = waiting.filter(attempts__gte=MOST_ATTEMPTS).select_for_update(skip_locked=True)
        for upload in given_up:
            detail = f"Loading was begun {upload.attempts} times and never ended."
            _set_aside(upload, records.Fault("gave_up", detail))
            counts[Upload.State.FAILED.value] += 1
    for pk in list(waiting.order_by("received_at", "pk").values_list("pk", flat=True)):
        try:
            counts[load(pk).state] += 1
        except Exception:
            log.exception("Upload %s could not be loaded", pk)
            counts["broken"] += 1
    return counts


def replay(upload_id: int, progress: Progress = lambda entries: None) -> Upload:
    """Load a kept upload once more, after what it lacked was put right; return the replay.

    The replay is an upload of its own that reads the first one's bytes: what was taken then is a
    duplicate now and stays as it was; what could not be taken is, if it can be now, and its
    Reject names the replay. One that still waits is simply loaded. Raises dropping.GoneError
    when the bytes are kept no longer.
    """
    with transaction.atomic():
        upload = Upload.objects.select_for_update().defer("body").get(pk=upload_id)
        first = Upload.objects.defer("body").get(pk=upload.replay_of_id or upload.pk)
        if dropping.is_dropped(first):
            raise dropping.GoneError(dropping.GONE)
        again = first if first.state == Upload.State.RECEIVED else keeping.again(first)
    again = load(again.pk, progress)
    if again.pk != first.pk:
        _take_over_rejects(first, again)
    return again


@transaction.atomic
def _take_over_rejects(first: Upload, again: Upload) -> None:
    """Leave of what an upload and its replays could not take one open Reject at most.

    What could be taken now names the replay. What still cannot stands with the replay alone, and
    stays closed there where somebody had closed it.
    """
    still = again.rejects.values("position")
    earlier = Reject.objects.filter(
        Q(upload=first) | Q(upload__replay_of=first), upload__lt=again.pk, resolved_by=None
    )
    if again.state == Upload.State.LOADED:
        earlier.exclude(position__in=still).update(resolved_by=again)
    same = earlier.filter(position__in=still)
    for one in same.exclude(closed_at=None).exclude(closed_why=LOADED_AGAIN).order_by("pk"):
        again.rejects.filter(position=one.position).update(
            closed_at=one.closed_at, closed_by=one.closed_by_id, closed_why=one.closed_why
        )
    same.filter(closed_at=None).update(closed_at=timezone.now(), closed_why=LOADED_AGAIN)


def _claim(upload_id: int) -> bool:
    now = timezone.now()
    return bool(
        Upload.objects.filter(
            Q(claimed_until=None) | Q(claimed_until__lt=now),
            pk=upload_id,
            state=Upload.State.RECEIVED,
            attempts__lt=MOST_ATTEMPTS,
        ).update(claimed_until=now + keeping.LEASE, attempts=F("attempts") + 1)
    )


class _TakenOverError(Exception):
    """Another worker held us to be dead and went on in our place."""


class _Batch(NamedTuple):
    """Entries that are written together, in order; the last batch ends the upload."""

    entries: Sequence[formats.Entry]
    is_last: bool
    fault: records.Fault | None  # why nothing after them can be read
    raw: str  # what the bytes say where they cannot be read


def _batches(upload: Upload) -> Iterator[_Batch]:
    """Read the upload's bytes from where an earlier load ended; at least one batch comes."""
    entries: list[formats.Entry] = []
    lines = 0
    fault, raw = None, ""
    begin = upload.next_position
    try:
        for entry in formats.read(keeping.opened(upload), upload.media_type):
            if entry.position < begin:
                continue
            # One entry is kept back, so that the last batch is known to be the last.
            if lines >= LINES_AT_ONCE:
                yield _Batch(entries, False, None, "")
                entries, lines = [], 0
            entries.append(entry)
            lines += len(entry.basket.lines) if entry.basket else 1
    except formats.UnreadableError as error:
        fault = records.Fault("unreadable", f"{error}.")
        raw = keeping.beginning(upload)
    yield _Batch(entries, True, fault, raw)


@transaction.atomic
def _write(upload: Upload, batch: _Batch) -> None:
    """Write what is in `batch`: facts, rejects, and how far the upload has come."""
    # Locked to the end: a worker that believes us dead waits, then finds it further on.
    locked = Upload.objects.select_for_update().only("state", "next_position").get(pk=upload.pk)
    if (locked.state, locked.next_position) != (Upload.State.RECEIVED, upload.next_position):
        raise _TakenOverError
    entries = batch.entries
    baskets = [entry.basket for entry in entries if entry.basket]
    floor, products = ground.of(upload.terminal, baskets)
    faults: dict[int, records.Fault] = {}
    sales = []
    for entry in entries:
        if entry.basket is not None:
            fault = records.check(entry.basket, floor) or _payment_card(entry.basket)
            if fault is None:
                store_id = floor.stores[entry.basket.store or ""].id
                content_hash = records.content_hash(entry.basket)
                sales.append(facts.Sale(entry.position, store_id, entry.basket, content_hash))
                continue
            faults[entry.position] = fault
        elif entry.fault is not None:
            faults[entry.position] = entry.fault
    new, conflicts = facts.insert_baskets(upload, sales)
    for sale in conflicts:
        faults[sale.position] = records.Fault(
            "conflicting_receipt",
            f"Receipt {sale.basket.receipt} of store {sale.basket.store}, till "
            f"{sale.basket.till}, {sale.basket.business_date} came before with another content.",
        )
    facts.insert_lines(new, products, ground.labelled(floor))
    facts.insert_coupons_and_tenders(new)
    undoing.note([(pk, sale.store_id, sale.basket) for pk, sale in new])
    _reject(upload, entries, faults)
    upload.baskets += sum(not entry.skipped for entry in entries)
    upload.lines += sum(len(basket.lines) for basket in baskets)
    upload.accepted += len(new)
    upload.duplicates += len(sales) - len(new) - len(conflicts)
    upload.rejected += len(faults)
    upload.skipped += sum(bool(entry.skipped) for entry in entries)
    if entries:
        upload.next_position = entries[-1].position + 1
    if batch.fault:
        _set_aside(upload, batch.fault, batch.raw)
    elif batch.is_last:
        _end(upload, Upload.State.LOADED)
    else:
        upload.attempts = 0  # it comes on
        upload.claimed_until = timezone.now() + keeping.LEASE
        upload.save(update_fields=_PROGRESS)
        reset_queries()  # DEBUG keeps their text, and theirs is as long as the upload


def _payment_card(basket: records.Basket) -> records.Fault | None:
    """Refuse a basket whose card is a payment card's, concealed in what was kept or not."""
    card = basket.card or ""
    if len(card) < cards.SHORTEST:
        return None
    if cards.is_concealed(card) or cards.looks_like_payment_card(
        card, settings.LOYALTY_CARD_PREFIXES
    ):
        return records.Fault(
            "payment_card",
            f"The card ends in {card[-4:]} and looks like a payment card; a loyalty card is "
            "wanted. The number was not kept.",
        )
    return None


def _reject(
    upload: Upload, entries: Sequence[formats.Entry], faults: dict[int, records.Fault]
) -> None:
    """Keep, in order, what could not be taken, why, and its text."""
    Reject.objects.bulk_create(
        [
            Reject(
                upload=upload,
                position=entry.position,
                code=fault.code,
                detail=fault.detail[:DETAIL_LENGTH],
                receipt=entry.basket.receipt if entry.basket else "",
                raw="" if fault.code == "payment_card" else entry.text,
            )
            for entry in entries
            if (fault := faults.get(entry.position))
        ],
        batch_size=1_000,
    )


def _set_aside(upload: Upload, fault: records.Fault, raw: str = "") -> None:
    """Set `upload` aside for staff: nothing more of it can be read."""
    Reject.objects.create(
        upload=upload,
        position=upload.next_position,
        code=fault.code,
        detail=fault.detail[:DETAIL_LENGTH],
        raw=raw,
    )
    upload.rejected += 1
    _end(upload, Upload.State.FAILED)


_PROGRESS = [
    "next_position",
    "attempts",
    "claimed_until",
    "baskets",
    "lines",
    "accepted",
    "duplicates",
    "rejected",
    "skipped",
]


def _end(upload: Upload, state: Upload.State) -> None:
    upload.state = state
    upload.loaded_at = timezone.now()
    upload.claimed_until = None
    upload.save(update_fields=["state", "loaded_at", *_PROGRESS])
