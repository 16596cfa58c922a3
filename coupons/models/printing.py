"""Print runs: which files a mailing became, what was left out of them, and what was spoiled."""

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.formats import date_format

from coupons.models.mailings import Mailing


class PrintRun(models.Model):
    """Sheets of a mailing as PDF files on disk, with a manifest."""

    class Kind(models.TextChoices):
        WHOLE = "whole", "The whole mailing"
        REPRINT = "reprint", "Some sheets again"
        PROOF = "proof", "The first sheets, to look at"
        TEST = "test", "A test sheet for the press"

    class State(models.TextChoices):
        RUNNING = "running", "Running"
        BLOCKED = "blocked", "Blocked: a barcode read wrong"
        FAILED = "failed", "Failed"
        FINISHED = "finished", "Finished"

    mailing = models.ForeignKey(Mailing, models.PROTECT, related_name="print_runs")
    kind = models.CharField(max_length=7, choices=Kind, default=Kind.WHOLE, db_default="whole")
    state = models.CharField(
        max_length=8, choices=State, default=State.RUNNING, db_default="finished"
    )
    of = models.ForeignKey(
        "self",
        models.PROTECT,
        null=True,
        blank=True,
        related_name="reprints",
        help_text="Of a reprint: the run whose looks it has",
    )
    numbers = models.JSONField(
        default=list, db_default=[], help_text="Ranges of sheets, first and last; empty: all"
    )
    look = models.JSONField(
        default=dict, db_default={}, help_text="Theme, offers and words as they were printed"
    )
    seeds = models.JSONField(
        default=list, db_default=[], help_text="Sheets to ourselves: address, number, codes"
    )
    left_out = models.JSONField(
        default=list, db_default=[], help_text="Sheets that could not be set, and why"
    )
    says = models.CharField(max_length=500, blank=True, default="", db_default="")
    started_at = models.DateTimeField(auto_now_add=True)
    started_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, editable=False, related_name="+"
    )
    finished_at = models.DateTimeField(null=True)
    folder = models.CharField(max_length=500)
    manifest = models.JSONField(default=dict, help_text="Files, sheets, numbers, SHA-256")
    sheets = models.PositiveIntegerField(default=0)
    coupons = models.PositiveIntegerField(default=0)
    checked = models.PositiveIntegerField(default=0, help_text="Barcodes read back from the PDF")

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(kind="reprint") & ~Q(of=None) | ~Q(kind="reprint") & Q(of=None),
                name="a_reprint_is_of_a_run",
            )
        ]

    def __str__(self) -> str:
        at = timezone.localtime(self.started_at)
        return f"{self.mailing}, {date_format(at, 'DATETIME_FORMAT')}"


class PrintFile(models.Model):
    """One file of a run that is whole: written, read back and in its folder."""

    run = models.ForeignKey(PrintRun, models.CASCADE, related_name="files")
    name = models.CharField(max_length=120)
    first = models.PositiveIntegerField(help_text="Number of its first sheet")
    last = models.PositiveIntegerField(help_text="Number of its last sheet")
    sheets = models.PositiveIntegerField()
    pages = models.PositiveIntegerField()
    coupons = models.PositiveIntegerField()
    checked = models.PositiveIntegerField(help_text="Barcodes read back")
    bytes = models.PositiveBigIntegerField()
    sha256 = models.CharField(max_length=64)
    left_out = models.JSONField(default=list, help_text="Sheets that could not be set, and why")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["run", "first"], name="print_file_once"),
            models.CheckConstraint(condition=Q(first__lte=F("last")), name="print_file_in_order"),
        ]

    def __str__(self) -> str:
        return self.name


class Spoilage(models.Model):
    """Sheets that the press or the inserter spoiled, and the reprint that made them good."""

    run = models.ForeignKey(PrintRun, models.PROTECT, related_name="spoilage")
    first = models.PositiveIntegerField(help_text="Number of the first sheet spoiled")
    last = models.PositiveIntegerField(help_text="Number of the last")
    why = models.CharField(max_length=120, blank=True)
    noted_at = models.DateTimeField(auto_now_add=True)
    noted_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, editable=False, related_name="+"
    )
    reprint = models.ForeignKey(
        PrintRun, models.SET_NULL, null=True, blank=True, related_name="made_good"
    )

    class Meta:
        verbose_name_plural = "spoilage"
        constraints = [
            models.CheckConstraint(condition=Q(first__lte=F("last")), name="spoilage_in_order")
        ]

    def __str__(self) -> str:
        return f"{self.first} to {self.last}" if self.last > self.first else str(self.first)


class SeedAddress(models.Model):
    """Somebody of ours who gets a sheet of every run, to see what arrives and when."""

    name = models.CharField(max_length=80)
    street = models.CharField(max_length=80)
    postcode = models.CharField(max_length=12)
    city = models.CharField(max_length=60)
    region = models.CharField(max_length=30, blank=True, help_text="State or province")
    country = models.CharField(max_length=2, default="US", help_text="ISO 3166")
    is_active = models.BooleanField(default=True)

    class Meta:
        verbose_name_plural = "seed addresses"

    def __str__(self) -> str:
        return f"{self.name}, {self.postcode} {self.city}"
