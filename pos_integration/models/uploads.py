"""What tills handed over: the bytes, and what of them could not be taken."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.formats import date_format

from pos_integration.models.stores import Terminal


class Upload(models.Model):
    """Bytes a till handed over, kept before anything is parsed."""

    class State(models.TextChoices):
        RECEIVED = "received", "Waits to be loaded"
        LOADED = "loaded", "Loaded"
        FAILED = "failed", "Could not be read"

    terminal = models.ForeignKey(Terminal, models.PROTECT, related_name="uploads")
    sha256 = models.CharField(max_length=64)
    media_type = models.CharField(max_length=40)
    body = models.BinaryField(help_text="Its bytes; of a large one the first, the rest in pieces")
    is_packed = models.BooleanField(
        default=False, db_default=False, editable=False, help_text="Body and pieces are gzip"
    )
    size = models.PositiveBigIntegerField(null=True, editable=False, help_text="Bytes, unpacked")
    replay_of = models.ForeignKey(
        "self",
        models.PROTECT,
        null=True,
        editable=False,
        related_name="replays",
        help_text="Reads that one's bytes once more, after what it lacked was put right",
    )
    received_at = models.DateTimeField(auto_now_add=True)
    state = models.CharField(max_length=8, choices=State, default=State.RECEIVED)
    attempts = models.PositiveSmallIntegerField(default=0)
    claimed_until = models.DateTimeField(
        null=True, editable=False, help_text="While a worker loads it, others leave it alone"
    )
    loaded_at = models.DateTimeField(null=True, editable=False)
    # What the load found: the receipt given to the till, the same however often it asks.
    baskets = models.PositiveIntegerField(default=0)
    lines = models.PositiveIntegerField(default=0)
    accepted = models.PositiveIntegerField(default=0)
    duplicates = models.PositiveIntegerField(default=0)
    rejected = models.PositiveIntegerField(default=0)
    skipped = models.PositiveIntegerField(
        default=0, db_default=0, help_text="No sales: training, sign-ons, cash counts"
    )
    next_position = models.PositiveIntegerField(
        default=0, db_default=0, editable=False, help_text="Where a load that was cut off goes on"
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["terminal", "sha256"], name="upload_once_per_terminal")
        ]
        indexes = [
            models.Index(
                fields=["received_at"], condition=~Q(state="loaded"), name="upload_waiting"
            )
        ]

    def __str__(self) -> str:
        at = timezone.localtime(self.received_at)
        return f"{self.terminal}, {date_format(at, 'DATETIME_FORMAT')}"


class UploadPiece(models.Model):
    """The bytes of a large upload beyond its first ones, cut to what memory holds with ease."""

    upload = models.ForeignKey(Upload, models.CASCADE, related_name="pieces")
    number = models.PositiveIntegerField(help_text="From 1; the upload's own body is 0")
    data = models.BinaryField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["upload", "number"], name="piece_once_per_upload")
        ]

    def __str__(self) -> str:
        return f"piece {self.number} of upload {self.upload_id}"


class Reject(models.Model):
    """A basket, or a whole upload, that could not be taken, and why. Its text is kept."""

    upload = models.ForeignKey(Upload, models.CASCADE, related_name="rejects")
    position = models.PositiveIntegerField(help_text="Place in the upload, from 0")
    code = models.CharField(max_length=32, db_index=True)
    detail = models.CharField(max_length=300)
    receipt = models.CharField(max_length=40, blank=True)
    raw = models.TextField(help_text="The basket as the till sent it")
    resolved_by = models.ForeignKey(
        Upload,
        models.SET_NULL,
        null=True,
        editable=False,
        related_name="resolved_rejects",
        db_index=False,
        help_text="The replay that could take it after all",
    )
    closed_at = models.DateTimeField(
        null=True, editable=False, help_text="When staff decided that it stays out"
    )
    closed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.SET_NULL,
        null=True,
        editable=False,
        related_name="+",
        db_index=False,
    )
    closed_why = models.CharField(max_length=200, blank=True, default="", db_default="")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["upload", "position"], name="reject_once_per_position")
        ]

    def __str__(self) -> str:
        return f"{self.code}: {self.detail}"
