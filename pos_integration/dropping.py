"""Bytes that tills handed over and that are kept no longer: they name cards. Figures stay."""

from collections.abc import Collection, Sequence
from datetime import date

from django.db import transaction
from django.db.models import Q, QuerySet
from django.db.models.functions import Coalesce, Length
from django.utils.translation import gettext_lazy as _

from pos_integration import keeping
from pos_integration.models import Basket, Reject, Upload, UploadPiece

AT_ONCE = 500
_READ_BYTES = 2**20


GONE = _(
    "Its bytes were kept long enough and are gone, so it cannot be loaded again. Ask the till for "
    "the file, and upload that."
)


class GoneError(Exception):
    """The bytes that were to be read once more are kept no longer."""


def is_dropped(upload: Upload) -> bool:
    """Whether its bytes, or those that a replay reads again, are gone: it cannot be replayed."""
    first = upload.replay_of_id or upload.pk
    return Upload.objects.filter(pk=first, size__gt=0, body=b"").exists()


def drop(upload_ids: Collection[int]) -> int:
    """Let go of the bytes of these uploads; returns how many had any.

    Their SHA-256 and figures stay, so a till that sends the same once more is told that it did.
    """
    with transaction.atomic():
        UploadPiece.objects.filter(upload__in=upload_ids).delete()
        held = Upload.objects.filter(pk__in=upload_ids).exclude(body=b"")
        unsized = held.filter(size=None, is_packed=False)
        unsized.update(size=Length("body"))
        return held.update(body=b"", is_packed=False)


def drop_older(than: date) -> int:
    """Drop the bytes of what was loaded and came before the day `than`, a batch at a time."""
    old = Upload.objects.filter(
        ~Q(body=b""), state=Upload.State.LOADED, received_at__date__lt=than, replay_of=None
    ).exclude(replays__state=Upload.State.RECEIVED)
    dropped = 0
    while ids := list(old.order_by("pk").values_list("pk", flat=True)[:AT_ONCE]):
        dropped += drop(ids)
    return dropped


def blank_older(than: date) -> int:
    """Empty the text of rejects that are settled and whose upload came before `than`."""
    settled = Q(closed_at__isnull=False) | Q(resolved_by__isnull=False)
    old = Reject.objects.filter(settled, upload__received_at__date__lt=than).exclude(raw="")
    return old.update(raw="")


def holding(cards: Sequence[str]) -> tuple[set[int], set[int]]:
    """Return the ids of the uploads whose bytes name one of these cards: loaded, not yet loaded.

    Those whose receipts were taken are known by them. Only of uploads with repeats, rejects or
    faults, and of waiting ones, are the bytes looked through.
    """
    first = Coalesce("upload__replay_of", "upload")
    loaded = set(
        Basket.objects.filter(card_number__in=cards)
        .annotate(first=first)
        .order_by()
        .values_list("first", flat=True)
        .distinct()
    )
    doubtful = Upload.objects.filter(
        ~Q(state=Upload.State.LOADED)
        | Q(duplicates__gt=0)
        | Q(rejected__gt=0)
        | Q(skipped__gt=0)
        | Q(replays__isnull=False),
        replay_of=None,
    ).exclude(body=b"")
    waiting: set[int] = set()
    needles = [number.encode() for number in cards]
    for upload in _unread(doubtful.exclude(pk__in=loaded)):
        if _names(upload, needles):
            found = waiting if upload.state == Upload.State.RECEIVED else loaded
            found.add(upload.pk)
    return loaded, waiting


def _unread(uploads: QuerySet[Upload]) -> Sequence[Upload]:
    return list(uploads.distinct().defer("body").order_by("pk"))


def _names(upload: Upload, needles: Sequence[bytes]) -> bool:
    """Whether the bytes have one of the needles, a piece in memory at a time."""
    overlap = max(map(len, needles), default=1)
    tail = b""
    with keeping.opened(upload) as source:
        while piece := source.read(_READ_BYTES):
            text = tail + piece
            if any(needle in text for needle in needles):
                return True
            tail = text[-overlap:]
    return False


def blank_rejects(cards: Sequence[str]) -> int:
    """Empty the text of every reject that names one of the cards, and their numbers in why."""
    blanked = 0
    for number in cards:
        naming = Reject.objects.filter(Q(raw__contains=number) | Q(detail__contains=number))
        for reject in naming.only("raw", "detail"):
            reject.raw = ""
            reject.detail = reject.detail.replace(number, "-")
            reject.save(update_fields=["raw", "detail"])
            blanked += 1
    return blanked
