"""Beliefs: who our shoppers are and what they are likely to buy. Rebuilt every night."""

import hashlib

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q

from pos_integration.models import Category, Store, Undoing, Upload

SLOTS = 4096


def slot_of(text: str) -> int:
    """Return the fixed place, 0 to 4095, of a household or a card in the purchase history."""
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:2], "big") % SLOTS


class Household(models.Model):
    """Who shops together: one kitchen, one or more cards."""

    name = models.CharField(max_length=80, blank=True, help_text="As it is addressed in a letter")
    joined_on = models.DateField()
    slot = models.PositiveSmallIntegerField(editable=False, help_text="Place in the history")
    members = models.PositiveSmallIntegerField(
        null=True, blank=True, help_text="People who live there; empty: not known"
    )
    is_of_age = models.BooleanField(
        null=True, help_text="Has shown that an adult holds the card, for goods the law restricts"
    )
    birth_month = models.PositiveSmallIntegerField(
        null=True, blank=True, help_text="1 to 12, of who agreed to a greeting; no day, no year"
    )
    language = models.CharField(
        max_length=8,
        blank=True,
        default="",
        db_default="",
        help_text="That it wants to be written to in, such as de; empty: it did not say",
    )

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(slot__lt=SLOTS), name="household_slot_in_range"),
            models.CheckConstraint(
                condition=Q(birth_month=None) | Q(birth_month__gte=1, birth_month__lte=12),
                name="birth_month_1_to_12",
            ),
            models.CheckConstraint(
                condition=Q(members=None) | Q(members__gte=1), name="somebody_lives_there"
            ),
        ]
        indexes = [
            models.Index(fields=["name"], name="household_by_name"),
            models.Index(fields=["slot"], name="household_by_slot"),
        ]

    def __str__(self) -> str:
        return self.name or f"Household {self.pk}"


class Address(models.Model):
    """Where a household's post goes."""

    household = models.OneToOneField(Household, models.CASCADE, related_name="address")
    street = models.CharField(max_length=80)
    postcode = models.CharField(max_length=12, db_index=True)
    city = models.CharField(max_length=60)
    region = models.CharField(max_length=30, blank=True, help_text="State or province")
    country = models.CharField(max_length=2, default="US", help_text="ISO 3166")
    is_deliverable = models.BooleanField(default=True)

    class Meta:
        verbose_name_plural = "addresses"

    def __str__(self) -> str:
        return f"{self.street}, {self.postcode} {self.city}"


class Card(models.Model):
    """A number that is scanned. Unclaimed until it is known whose it is."""

    number = models.CharField(max_length=32, unique=True)
    household = models.ForeignKey(
        Household, models.SET_NULL, null=True, blank=True, related_name="cards"
    )
    claimed_on = models.DateField(null=True, blank=True)
    sealed_slot = models.PositiveSmallIntegerField(
        null=True, editable=False, help_text="Where its purchases lie in the history"
    )

    class Meta:
        indexes = [models.Index(fields=["sealed_slot"], name="card_by_sealed_slot")]

    def __str__(self) -> str:
        return self.number


class Consent(models.Model):
    """What a household agreed or objected to. The latest word for a purpose counts."""

    class Purpose(models.TextChoices):
        POST = "post", "Coupons by post"
        PROFILING = "profiling", "Offers chosen from its purchases"
        BIRTHDAY = "birthday", "A greeting in the month of its birthday"

    household = models.ForeignKey(Household, models.CASCADE, related_name="consents")
    purpose = models.CharField(max_length=9, choices=Purpose)
    is_granted = models.BooleanField()
    said_at = models.DateTimeField()
    source = models.CharField(max_length=40, help_text="Where it was said: desk, form, phone")

    class Meta:
        indexes = [models.Index(fields=["household", "purpose", "-said_at"], name="consent_latest")]

    def __str__(self) -> str:
        return f"{self.get_purpose_display()}: {'yes' if self.is_granted else 'no'}"


class Preference(models.Model):
    """What a household said it likes, or never wants: it beats whatever we infer."""

    class Kind(models.TextChoices):
        FAVOURITE = "favourite"
        NEVER = "never"

    household = models.ForeignKey(Household, models.CASCADE, related_name="preferences")
    category = models.ForeignKey(Category, models.CASCADE, related_name="+")
    kind = models.CharField(max_length=9, choices=Kind)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["household", "category"], name="one_preference_per_category"
            )
        ]

    def __str__(self) -> str:
        return f"{self.kind}: {self.category}"


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
        return f"{self.gone} into {self.kept}"


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
        return f"{self.get_kind_display()}, by {self.due_on}"


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
        return f"household {self.household_number}, {self.erased_at:%Y-%m-%d}"


class SealedUpload(models.Model):
    """An upload whose lines lie in the sealed history."""

    upload = models.OneToOneField(Upload, models.CASCADE, primary_key=True, related_name="+")

    def __str__(self) -> str:
        return str(self.upload)


class SealedUndoing(models.Model):
    """A void or return whose purchase has been taken out of the sealed history."""

    undoing = models.OneToOneField(Undoing, models.CASCADE, primary_key=True, related_name="+")

    def __str__(self) -> str:
        return str(self.undoing)


class PurchaseChunk(models.Model):
    """One bucket's purchase lines of one month, as `chunks.py` packs them for `history.py`."""

    bucket = models.SmallIntegerField(help_text="-1: baskets without a card")
    month = models.DateField(help_text="Its first day")
    of_buckets = models.SmallIntegerField(help_text="Into how many the history was cut")
    rows = models.PositiveIntegerField()
    data = models.BinaryField()
    sha256 = models.CharField(max_length=64)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["bucket", "month"], name="chunk_per_bucket_and_month")
        ]

    def __str__(self) -> str:
        return f"bucket {self.bucket}, {self.month:%Y-%m}: {self.rows} lines"


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
        return f"{self.kind}, version {self.version}"


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
        return f"{self.as_of} ({self.get_state_display()})"


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

    def __str__(self) -> str:
        return f"{self.household} as of {self.run.as_of}"


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
