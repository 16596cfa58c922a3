"""What staff decided by hand, and trials of offers: kept with who, when and why."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext as _

from coupons.models.clearing import Refusal
from coupons.models.mailings import Coupon
from coupons.models.offers import Offer


class Goodwill(models.Model):
    """Why a coupon was given outside any selection: to make up for something."""

    coupon = models.OneToOneField(Coupon, models.CASCADE, related_name="goodwill")
    why = models.CharField(max_length=200)
    given_at = models.DateTimeField(auto_now_add=True)
    given_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+"
    )

    class Meta:
        verbose_name_plural = "goodwill"
        constraints = [models.CheckConstraint(condition=~Q(why=""), name="goodwill_has_a_reason")]

    def __str__(self) -> str:
        return f"{self.coupon}: {self.why}"


class RefusalVerdict(models.Model):
    """What staff decided about a refusal. The refusal itself stays as clearing wrote it."""

    class Verdict(models.TextChoices):
        STANDS = "stands", "It stands: the store bears it"
        HOUSE = "house", "The house bears it"
        TRAINED = "trained", "It stands, and the store was told why"

    refusal = models.OneToOneField(Refusal, models.CASCADE, related_name="verdict")
    verdict = models.CharField(max_length=7, choices=Verdict)
    note = models.CharField(max_length=200, blank=True)
    decided_at = models.DateTimeField(auto_now_add=True)
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+"
    )

    def __str__(self) -> str:
        return f"{self.refusal}: {self.get_verdict_display()}"


class OfferTrial(models.Model):
    """What an offer would have met in the last weeks, had it been out: worked out by the queue."""

    class State(models.TextChoices):
        WAITING = "waiting", "Waits for the queue"
        RUNNING = "running", "Is being worked out"
        DONE = "done", "Done"
        FAILED = "failed", "Could not be worked out"

    offer = models.ForeignKey(Offer, models.CASCADE, related_name="trials")
    weeks = models.PositiveSmallIntegerField(default=8)
    until = models.DateField(help_text="Only earlier days were looked at")
    state = models.CharField(max_length=7, choices=State, default=State.WAITING)
    figures = models.JSONField(default=dict, help_text="Money in cents")
    error = models.CharField(max_length=300, blank=True)
    asked_at = models.DateTimeField(auto_now_add=True)
    asked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+"
    )
    done_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(weeks__gte=1, weeks__lte=52), name="trial_weeks"),
            models.UniqueConstraint(
                fields=["offer"],
                condition=Q(state__in=["waiting", "running"]),
                name="one_trial_of_an_offer_at_once",
            ),
        ]

    def __str__(self) -> str:
        said = {"offer": self.offer, "n": self.weeks, "day": self.until}
        return _("%(offer)s, %(n)s weeks until %(day)s") % said
