"""Who owes whom for coupons: a ledger that only grows, statements over it, and disputes."""

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from coupons.models.clearing import Redemption
from coupons.models.offers import Funder, Offer
from pos_integration.models import Store


class LedgerEntry(models.Model):
    """One booking, in the funder's debt. The database refuses to change or delete it: what was
    wrong is put right by another entry.
    """

    class Kind(models.TextChoices):
        REDEMPTION = "redemption", "Coupon cleared"
        REVERSAL = "reversal", "Clearing taken back"
        DISPUTE = "dispute", "Dispute conceded"

    kind = models.CharField(max_length=10, choices=Kind)
    funder = models.ForeignKey(Funder, models.PROTECT, related_name="entries")
    store = models.ForeignKey(Store, models.PROTECT, related_name="+")
    offer = models.ForeignKey(Offer, models.PROTECT, related_name="+")
    redemption = models.ForeignKey(Redemption, models.PROTECT, related_name="entries")
    business_date = models.DateField(help_text="Of the receipt the coupon was used on")
    coupons = models.SmallIntegerField(help_text="1 cleared, -1 taken back, 0 money only")
    face_value = models.DecimalField(
        max_digits=10, decimal_places=2, help_text="The funder's share of what was taken off"
    )
    handling_fee = models.DecimalField(max_digits=8, decimal_places=2)
    currency = models.CharField(max_length=3)
    note = models.CharField(max_length=200, blank=True)
    booked_at = models.DateTimeField(auto_now_add=True, db_index=True)

    class Meta:
        verbose_name_plural = "ledger entries"
        constraints = [
            models.UniqueConstraint(
                fields=["redemption", "kind"],
                condition=Q(kind__in=["redemption", "reversal"]),
                name="booked_once_and_taken_back_once",
            ),
            models.CheckConstraint(
                condition=Q(kind="redemption", coupons=1, face_value__gte=0, handling_fee__gte=0)
                | Q(
                    kind__in=["reversal", "dispute"],
                    coupons__in=[0, -1],
                    face_value__lte=0,
                    handling_fee__lte=0,
                ),
                name="entry_signs_of_its_kind",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()}, {self.face_value} {self.currency}"


class Statement(models.Model):
    """What one funder owes for one period, store by store and offer by offer."""

    class State(models.TextChoices):
        ISSUED = "issued", "Issued"
        PAID = "paid", "Paid"

    number = models.CharField(max_length=40, unique=True)
    funder = models.ForeignKey(Funder, models.PROTECT, related_name="statements")
    currency = models.CharField(max_length=3)
    period_from = models.DateField()
    period_to = models.DateField(
        help_text="Last business day; what came late for earlier days is in it too"
    )
    state = models.CharField(max_length=6, choices=State, default=State.ISSUED)
    issued_at = models.DateTimeField(auto_now_add=True)
    issued_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, editable=False, related_name="+"
    )
    paid_on = models.DateField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(period_from__lte=F("period_to")), name="statement_dates_in_order"
            ),
            models.CheckConstraint(
                condition=Q(state="paid", paid_on__isnull=False)
                | Q(state="issued", paid_on__isnull=True),
                name="paid_statement_has_its_day",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.number} {self.funder}"


class StatementEntry(models.Model):
    """A ledger entry in its statement: in one, and never in another."""

    entry = models.OneToOneField(
        LedgerEntry, models.PROTECT, primary_key=True, related_name="statement_entry"
    )
    statement = models.ForeignKey(Statement, models.PROTECT, related_name="statement_entries")

    class Meta:
        verbose_name_plural = "statement entries"

    def __str__(self) -> str:
        return f"{self.statement}: {self.entry}"


class Dispute(models.Model):
    """A funder will not pay for an entry of a statement, and what became of that."""

    class State(models.TextChoices):
        OPEN = "open", "Open"
        CONCEDED = "conceded", "Conceded: booked back"
        UPHELD = "upheld", "Upheld: the claim stands"

    entry = models.ForeignKey(LedgerEntry, models.PROTECT, related_name="disputes")
    amount = models.DecimalField(
        max_digits=10, decimal_places=2, help_text="Of face value and fee, what is not paid"
    )
    reason = models.CharField(max_length=200, help_text="As the funder gave it")
    state = models.CharField(max_length=8, choices=State, default=State.OPEN)
    raised_at = models.DateTimeField(auto_now_add=True)
    answer = models.CharField(max_length=200, blank=True, help_text="What we told them")
    closed_at = models.DateTimeField(null=True)
    closed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, editable=False, related_name="+"
    )
    booked = models.OneToOneField(
        LedgerEntry, models.PROTECT, null=True, editable=False, related_name="concedes"
    )

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(amount__gt=0), name="dispute_of_something"),
            models.UniqueConstraint(
                fields=["entry"], condition=Q(state="open"), name="one_open_dispute_per_entry"
            ),
            models.CheckConstraint(
                condition=Q(state="conceded", booked__isnull=False)
                | ~Q(state="conceded") & Q(booked=None),
                name="conceded_dispute_is_booked",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.entry}: {self.get_state_display()}"
