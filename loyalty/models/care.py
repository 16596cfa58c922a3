"""What staff did for a household: notes, mergers, requests for data, erasures."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from loyalty.models.households import Household


class Note(models.Model):
    """What staff wrote down about a household, or what it told them."""

    class Kind(models.TextChoices):
        NOTE = "note", "Note"
        TALK = "talk", "Talked to us"
        CONCERN = "concern", "Concern to follow up"

    household = models.ForeignKey(Household, models.CASCADE, related_name="notes")
    kind = models.CharField(max_length=7, choices=Kind, default=Kind.NOTE)
    text = models.TextField(max_length=1000)
    written_at = models.DateTimeField(auto_now_add=True)
    written_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+"
    )
    settled_at = models.DateTimeField(null=True, help_text="Of a concern: when it was settled")
    settled_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+"
    )

    class Meta:
        constraints = [
            models.CheckConstraint(condition=~Q(text=""), name="note_says_something"),
            models.CheckConstraint(
                condition=Q(settled_at=None) | Q(kind="concern"), name="only_concerns_are_settled"
            ),
        ]
        indexes = [
            models.Index(
                fields=["written_at"],
                condition=Q(kind="concern", settled_at=None),
                name="concern_open",
            )
        ]

    def __str__(self) -> str:
        return self.text[:60]


class Merger(models.Model):
    """Two households turned out to be one: the cards of `gone` are now those of `kept`."""

    kept = models.ForeignKey(Household, models.CASCADE, related_name="mergers")
    gone = models.ForeignKey(Household, models.CASCADE, related_name="merged_into")
    merged_at = models.DateTimeField(auto_now_add=True)
    merged_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+"
    )
    moved = models.JSONField(help_text="What went over, so that it can go back: ids by kind")
    undone_at = models.DateTimeField(null=True)
    undone_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+"
    )

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=~Q(kept=models.F("gone")), name="merger_of_two_households"
            ),
            models.UniqueConstraint(
                fields=["gone"], condition=Q(undone_at=None), name="household_merged_once"
            ),
        ]

    def __str__(self) -> str:
        return _("%(gone)s into %(kept)s") % {"gone": self.gone, "kept": self.kept}


class DataRequest(models.Model):
    """A household asks for its data, or to be forgotten: the law gives a month."""

    class Kind(models.TextChoices):
        COPY = "copy", "A copy of its data"
        ERASURE = "erasure", "To be erased"

    household = models.ForeignKey(Household, models.CASCADE, related_name="data_requests")
    kind = models.CharField(max_length=7, choices=Kind)
    asked_at = models.DateTimeField(auto_now_add=True)
    source = models.CharField(max_length=40, help_text="Where it was asked: desk, own page, phone")
    due_on = models.DateField()
    done_at = models.DateTimeField(null=True)
    done_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+"
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["household", "kind"],
                condition=Q(done_at=None),
                name="one_open_request_of_a_kind",
            )
        ]
        indexes = [models.Index(fields=["due_on"], condition=Q(done_at=None), name="request_open")]

    def __str__(self) -> str:
        return f"{self.get_kind_display()}, by {date_format(self.due_on)}"


class Erasure(models.Model):
    """That a household was erased, and how much of it: a proof that names nobody."""

    household_number = models.BigIntegerField(unique=True, help_text="The id it had")
    erased_at = models.DateTimeField(auto_now_add=True)
    erased_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+"
    )
    why = models.CharField(max_length=80, help_text="Asked for it, or kept long enough")
    counts = models.JSONField(default=dict, help_text="Rows erased or made anonymous, by kind")

    def __str__(self) -> str:
        said = {"number": self.household_number, "day": f"{self.erased_at:%Y-%m-%d}"}
        return _("household %(number)s, %(day)s") % said
