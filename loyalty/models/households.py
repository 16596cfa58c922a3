"""Who shops: households, their cards, where their post goes, what they said."""

import hashlib

from django.contrib.postgres.indexes import GinIndex, OpClass
from django.db import models
from django.db.models import Q
from django.db.models.functions import Upper
from django.utils.translation import gettext as _

from pos_integration.models import Category

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
            # Serves `name__icontains`, which asks for upper(name).
            GinIndex(OpClass(Upper("name"), name="gin_trgm_ops"), name="household_name_search"),
        ]

    def __str__(self) -> str:
        return self.name or _("Household %(number)s") % {"number": self.pk}


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
