"""What is believed: what was learned of all shoppers, each night, and of each household."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from loyalty.models.households import Household
from pos_integration.models import Store


class FittedModel(models.Model):
    """What was learned of all shoppers at once, in plain numbers; one version of a kind is used.

    `fitted.py` keeps and reads them, `learning.py` and its like make them.
    """

    class Kind(models.TextChoices):
        NEEDS = "needs", "What a household needs, and when"
        DISCOVERY = "discovery", "What it may like and does not know"
        VALUE = "value", "What it is worth"
        NEWCOMERS = "newcomers", "What to think of who is hardly known"
        RESPONSE = "response", "Which coupons it uses"
        UPLIFT = "uplift", "What a coupon changes"

    kind = models.CharField(max_length=10, choices=Kind)
    version = models.PositiveIntegerField(help_text="Counted from 1 for each kind")
    as_of = models.DateField(help_text="Only earlier days were learned from")
    fitted_at = models.DateTimeField(auto_now_add=True)
    parameters = models.TextField(help_text="JSON; trees as LightGBM's text within it")
    sha256 = models.CharField(max_length=64, help_text="Of the parameters, as UTF-8")
    in_use = models.BooleanField(default=False, help_text="By the next night")
    figures = models.JSONField(
        default=dict, help_text="How it did on households it was not fitted on, beside the last"
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["kind", "version"], name="model_version_once"),
            models.UniqueConstraint(
                fields=["kind"], condition=Q(in_use=True), name="one_model_of_a_kind_in_use"
            ),
            models.CheckConstraint(
                condition=Q(sha256__regex="^[0-9a-f]{64}$"), name="model_has_its_hash"
            ),
        ]

    def __str__(self) -> str:
        return _("%(kind)s, version %(n)s") % {"kind": self.kind, "n": self.version}


class ModelRun(models.Model):
    """One nightly rebuild: every summary of a run saw the same history, before `as_of`."""

    class State(models.TextChoices):
        RUNNING = "running"
        PUBLISHED = "published"
        REPLACED = "replaced"
        TRIAL = "trial"  # for an export: nobody sees it, and it goes with the export

    as_of = models.DateField(help_text="The morning after: only earlier days were seen")
    state = models.CharField(max_length=9, choices=State, default=State.RUNNING)
    history_hash = models.CharField(max_length=64, help_text="Of the chunks it saw")
    started_at = models.DateTimeField(auto_now_add=True)
    published_at = models.DateTimeField(null=True, editable=False)
    households = models.PositiveIntegerField(default=0)
    lines = models.PositiveBigIntegerField(default=0)
    seconds = models.FloatField(default=0)
    parameters = models.JSONField(default=dict, help_text="What was fitted, in plain numbers")
    fitted = models.BinaryField(
        null=True, editable=False, help_text="Figures of every item over all households, as .npz"
    )
    learned = models.ManyToManyField(
        FittedModel, related_name="runs", editable=False, help_text="What it was computed with"
    )
    report = models.JSONField(
        default=dict, editable=False, help_text="Of the night: seconds a step, changes of tier"
    )

    class Meta:
        get_latest_by = "published_at"
        constraints = [
            models.UniqueConstraint(
                fields=["state"], condition=Q(state="published"), name="one_run_is_published"
            )
        ]

    def __str__(self) -> str:
        return f"{date_format(self.as_of)} ({self.get_state_display().lower()})"


class BucketReceipt(models.Model):
    """A step of a run finished one bucket. Committed together with what the step wrote."""

    run = models.ForeignKey(ModelRun, models.CASCADE, related_name="receipts")
    step = models.CharField(max_length=12)
    bucket = models.SmallIntegerField()
    households = models.PositiveIntegerField()
    lines = models.PositiveBigIntegerField()
    seconds = models.FloatField()
    sums = models.BinaryField(null=True, help_text="Partial sums for the next step")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["run", "step", "bucket"], name="receipt_once")
        ]

    def __str__(self) -> str:
        return f"{self.run} {self.step} bucket {self.bucket}"


class HouseholdSummary(models.Model):
    """What we believe of one household, for staff and for selections. Money: store currency."""

    run = models.ForeignKey(ModelRun, models.CASCADE, related_name="summaries")
    household = models.ForeignKey(
        Household, models.CASCADE, related_name="summaries", db_index=False
    )
    first_on = models.DateField()
    last_on = models.DateField()
    recency_days = models.PositiveIntegerField(help_text="Days since the last basket")
    frequency = models.PositiveIntegerField(help_text="Shopping days, all told")
    monetary = models.DecimalField(
        max_digits=12, decimal_places=2, help_text="Spent in the last 52 weeks"
    )
    baskets = models.PositiveIntegerField()
    mean_gap_days = models.FloatField(null=True, help_text="Between two shopping days")
    saved = models.DecimalField(max_digits=12, decimal_places=2, help_text="Discounts, all told")
    coupon_share = models.FloatField(help_text="Share of lines with a coupon, 0 to 1")
    tier = models.CharField(max_length=10)
    year_value = models.DecimalField(
        max_digits=12, decimal_places=2, help_text="Spend expected in the next 52 weeks"
    )
    year_margin = models.DecimalField(
        max_digits=12, decimal_places=2, help_text="4 of 5 households end within this of it"
    )
    favourite_weekday = models.SmallIntegerField(help_text="0 = Monday; -1 = none")
    weekly_spend_cents = ArrayField(
        models.IntegerField(), help_text="The last 52 weeks, oldest first"
    )
    categories = models.JSONField(help_text="[name, share of spend], the largest first")
    weekly_trips = ArrayField(
        models.SmallIntegerField(),
        default=list,
        help_text="Shopping days in each of the last 52 weeks, oldest first",
    )
    home_store = models.ForeignKey(
        Store,
        models.SET_NULL,
        null=True,
        related_name="+",
        db_index=False,
        help_text="Where it shops most",
    )
    favourite_daypart = models.CharField(
        max_length=9, blank=True, help_text="morning, midday, afternoon, evening; empty: none"
    )
    lifetime_value = models.DecimalField(
        max_digits=12, decimal_places=2, null=True, help_text="Margin expected in three years"
    )
    lifetime_margin = models.DecimalField(
        max_digits=12, decimal_places=2, null=True, help_text="4 of 5 households end within this"
    )
    wallet_share = models.FloatField(
        null=True, help_text="Our part of what it spends on groceries, 0 to 1; null: not known"
    )
    wallets = models.JSONField(
        default=list, help_text="[department, our part, room in cents a year], most room first"
    )
    price_sensitivity = models.FloatField(
        null=True, help_text="0: buys at any price; 1: buys offers only; null: not known"
    )
    is_shared = models.BooleanField(
        default=False, help_text="A cashier's card, or one that goes around: kept out of the models"
    )
    shared_reason = models.CharField(max_length=120, blank=True)

    class Meta:
        verbose_name_plural = "household summaries"
        constraints = [
            models.UniqueConstraint(fields=["household", "run"], name="one_summary_per_run")
        ]
        # Few, and looked for among all: whose cards go around.
        indexes = [
            models.Index(fields=["id"], condition=models.Q(is_shared=True), name="summary_shared")
        ]

    def __str__(self) -> str:
        said = {"household": self.household, "day": self.run.as_of}
        return _("%(household)s as of %(day)s") % said


class Profile(models.Model):
    """What one household is likely to need, likeliest first; at most 60 products."""

    run = models.ForeignKey(ModelRun, models.CASCADE, related_name="profiles")
    household = models.ForeignKey(
        Household, models.CASCADE, related_name="profiles", db_index=False
    )
    needs = models.JSONField(
        help_text="[product id, chance in 28 days, days bought, usual gap in days, last day];"
        " of a newcomer also what others buy there: 0 days, no gap, no day"
    )
    discoveries = models.JSONField(
        default=list,
        help_text="[category id, chance in 56 days, because it buys category id], likeliest first",
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["household", "run"], name="one_profile_per_run")
        ]

    def __str__(self) -> str:
        return f"needs of {self.household} as of {self.run.as_of}"
