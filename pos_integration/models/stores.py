"""Where is sold: stores, their tills and what these sign in with, and who works there."""

import hashlib
import secrets

from django.conf import settings
from django.core.validators import MinLengthValidator, RegexValidator
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext as _


class Store(models.Model):
    number = models.CharField(
        max_length=13,
        unique=True,
        validators=[RegexValidator(r"^[0-9A-Za-z-]+$", "Digits, letters and hyphens only.")],
        help_text="GLN or the chain's own number",
    )
    name = models.CharField(max_length=80)
    currency = models.CharField(max_length=3, default="USD", help_text="ISO 4217")
    time_zone = models.CharField(
        max_length=40, default="UTC", help_text="IANA name; tills send local times without a zone"
    )

    class Meta:
        constraints = [
            models.CheckConstraint(condition=~Q(number=""), name="store_has_a_number"),
            models.CheckConstraint(
                condition=Q(currency__regex=r"^[A-Z]{3}$"), name="store_currency_is_iso"
            ),
        ]

    def __str__(self) -> str:
        # Stores of a chain may all be called the same, or by their number.
        return self.name if self.number in self.name.split() else f"{self.number} {self.name}"


class StoreStaff(models.Model):
    """Somebody works in a store: of the stores, sees and changes only such ones."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="store_staff")
    store = models.ForeignKey(Store, models.CASCADE, related_name="staff")

    class Meta:
        verbose_name_plural = "store staff"
        constraints = [
            models.UniqueConstraint(fields=["user", "store"], name="staff_once_per_store")
        ]

    def __str__(self) -> str:
        return f"{self.user} in {self.store}"


class Terminal(models.Model):
    """One till. It speaks for its own store; a collector in a head office speaks for all."""

    store = models.ForeignKey(Store, models.PROTECT, related_name="terminals")
    number = models.PositiveIntegerField(help_text="Till number within the store")
    is_collector = models.BooleanField(
        default=False, help_text="Hands over the sales of every store, not only of its own"
    )
    revoked_at = models.DateTimeField(null=True, blank=True)
    last_seen_at = models.DateTimeField(
        null=True, editable=False, help_text="When it last signed in, to a few minutes"
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["store", "number"], name="terminal_number_once_per_store"
            )
        ]

    def __str__(self) -> str:
        return _("%(store)s till %(number)s") % {"store": self.store, "number": self.number}


class StoreAlias(models.Model):
    """What another system calls a store: Square's location, Lightspeed's outlet."""

    store = models.ForeignKey(Store, models.CASCADE, related_name="aliases")
    text = models.CharField(max_length=64, unique=True, help_text="As its feed writes it")

    class Meta:
        verbose_name_plural = "store aliases"
        constraints = [
            models.CheckConstraint(condition=~Q(text=""), name="store_alias_says_something")
        ]

    def __str__(self) -> str:
        return self.text


class TerminalAlias(models.Model):
    """What another system calls a till: Lightspeed's register, Loyverse's device."""

    terminal = models.ForeignKey(Terminal, models.CASCADE, related_name="aliases")
    text = models.CharField(max_length=64, unique=True, help_text="As its feed writes it")

    class Meta:
        verbose_name_plural = "terminal aliases"
        constraints = [
            models.CheckConstraint(condition=~Q(text=""), name="terminal_alias_says_something")
        ]

    def __str__(self) -> str:
        return self.text


class ScaleLabel(models.Model):
    """How a store's scales write price or weight into a barcode: one row a layout."""

    store = models.ForeignKey(
        Store,
        models.CASCADE,
        null=True,
        blank=True,
        related_name="scale_labels",
        help_text="Empty: every store without a layout of its own for these digits",
    )
    pattern = models.CharField(
        max_length=13,
        validators=[
            RegexValidator(
                r"^2[0-9]{0,3}I+V?(P{3,6}|W{3,6})C$",
                "13 places, or 12 of a UPC-A: fixed digits beginning with 2, I for the item, V for "
                "the verifier of the price, P for the price or W for the weight, C for the check "
                "digit.",
            ),
            MinLengthValidator(12),
        ],
        help_text="Such as 21IIIIIVPPPPC or 22IIIIIWWWWWC; 12 places where the label is a UPC-A",
    )
    decimals = models.PositiveSmallIntegerField(
        default=2, help_text="Of the price in store currency, or of the weight in kilograms"
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["store", "pattern"],
                name="scale_label_once_per_store",
                nulls_distinct=False,
            ),
            models.CheckConstraint(
                condition=Q(pattern__regex=r"^2[0-9]{0,3}I+V?(P{3,6}|W{3,6})C$"),
                name="scale_label_pattern_readable",
            ),
            models.CheckConstraint(condition=Q(decimals__lte=4), name="scale_label_decimals"),
        ]

    def __str__(self) -> str:
        return self.pattern


class TerminalToken(models.Model):
    """What a till signs in with. Shown once; only its hash is kept. Two live while rotating."""

    terminal = models.ForeignKey(Terminal, models.CASCADE, related_name="tokens")
    sha256 = models.CharField(max_length=64, unique=True, editable=False)
    created_at = models.DateTimeField(auto_now_add=True)
    revoked_at = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return f"token of {self.terminal}, {self.created_at:%Y-%m-%d}"

    @staticmethod
    def new_secret() -> tuple[str, str]:
        """Return a new token and the hash to keep of it."""
        token = secrets.token_urlsafe(32)
        return token, hashlib.sha256(token.encode()).hexdigest()
