"""Selections: what was chosen for a mailing, from what, and how good it is; and what it changed."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from coupons.models.mailings import Mailing
from loyalty.models import FittedModel, ModelRun


class Selection(models.Model):
    """One choice of coupons for all recipients of a mailing, with all it was made from."""

    class State(models.TextChoices):
        RUNNING = "running", "At work"
        READY = "ready", "Ready"
        FAILED = "failed", "Failed"

    mailing = models.ForeignKey(Mailing, models.CASCADE, related_name="selections")
    state = models.CharField(max_length=7, choices=State, default=State.RUNNING)
    asked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+"
    )
    run = models.ForeignKey(
        ModelRun,
        models.SET_NULL,
        null=True,
        related_name="+",
        help_text="The beliefs its coupons were chosen by",
    )
    learned = models.ManyToManyField(
        FittedModel, related_name="+", help_text="Of response and of uplift; none: the priors"
    )
    seed = models.PositiveIntegerField(help_text="Of lots; the same seed chooses the same")
    started_at = models.DateTimeField(auto_now_add=True)
    finished_at = models.DateTimeField(null=True)
    terms = models.JSONField(
        default=dict, help_text="The mailing's rules and its offers' worth and limits, as they were"
    )
    prices = models.JSONField(default=dict, help_text="What limits cost at the margin, by limit")
    report = models.JSONField(default=dict, help_text="Figures, forecast, who was left out and why")
    error = models.TextField(blank=True, help_text="Why it failed: sentences, a line each")

    class Meta:
        get_latest_by = "pk"
        constraints = [
            models.UniqueConstraint(
                fields=["mailing"], condition=Q(state="running"), name="one_selection_at_work"
            )
        ]

    def __str__(self) -> str:
        return _("%(mailing)s, selection %(number)s") % {"mailing": self.mailing, "number": self.pk}


class SelectionPiece(models.Model):
    """One bucket's part of a selection: what could be chosen, then what was."""

    selection = models.ForeignKey(Selection, models.CASCADE, related_name="pieces")
    bucket = models.SmallIntegerField()
    households = models.PositiveIntegerField()
    items = models.PositiveBigIntegerField()
    table = models.BinaryField(null=True, help_text="What could be chosen; gone once it is issued")
    chosen = models.BinaryField(null=True, help_text="Sheets, and those of the held out")
    is_issued = models.BooleanField(default=False, help_text="Its coupons are written")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["selection", "bucket"], name="piece_once_per_bucket")
        ]

    def __str__(self) -> str:
        return f"{self.selection}, bucket {self.bucket}"


class Measurement(models.Model):
    """What a mailing changed, as far as purchases before a day show."""

    mailing = models.ForeignKey(Mailing, models.CASCADE, related_name="measurements")
    as_of = models.DateField(help_text="Only earlier days were seen")
    measured_at = models.DateTimeField(auto_now=True)
    report = models.JSONField(default=dict)

    class Meta:
        get_latest_by = "as_of"
        constraints = [
            models.UniqueConstraint(fields=["mailing", "as_of"], name="measured_once_a_day")
        ]

    def __str__(self) -> str:
        return _("%(mailing)s, as of %(day)s") % {
            "mailing": self.mailing,
            "day": date_format(self.as_of),
        }


class OfferFile(models.Model):
    """A file of offers, read and looked at; it changes nothing until somebody confirms."""

    class State(models.TextChoices):
        READ = "read", "Waits to be confirmed"
        APPLIED = "applied", "Applied"
        DROPPED = "dropped", "Dropped"

    name = models.CharField(max_length=200)
    body = models.BinaryField()
    sha256 = models.CharField(max_length=64)
    uploaded_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+"
    )
    uploaded_at = models.DateTimeField(auto_now_add=True)
    state = models.CharField(max_length=7, choices=State, default=State.READ)
    rows = models.PositiveIntegerField(default=0)
    faults = models.JSONField(default=list, help_text="[row, column, sentence], in order")
    changes = models.JSONField(default=dict, help_text="How many offers are new, changed, the same")
    applied_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return self.name
