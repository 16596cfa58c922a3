"""What was sold: receipts, their lines, tenders and coupons. Rows here are never edited."""

from django.contrib.postgres.indexes import BrinIndex
from django.db import models
from django.db.models import Q
from django.utils.formats import number_format

from pos_integration.models.catalogue import Product
from pos_integration.models.stores import Store
from pos_integration.models.uploads import Upload


class Basket(models.Model):
    """One receipt. `card_number` is what was scanned, known to us or not."""

    class Kind(models.TextChoices):
        SALE = "sale"
        RETURN = "return"
        VOID = "void"

    # Triggers keep these two true, once a batch: see the migration 0005_baskets_belong.
    store = models.ForeignKey(Store, models.PROTECT, related_name="baskets", db_constraint=False)
    till = models.PositiveIntegerField()
    business_date = models.DateField(help_text="The store's trading day, local time")
    receipt = models.CharField(max_length=40)
    kind = models.CharField(max_length=6, choices=Kind)
    ended_at = models.DateTimeField(null=True)
    card_number = models.CharField(max_length=32, blank=True)
    currency = models.CharField(max_length=3)
    voids = models.JSONField(null=True, help_text="The receipt that this one cancels")
    upload = models.ForeignKey(
        Upload, models.PROTECT, related_name="loaded_baskets", db_constraint=False
    )
    content_hash = models.BinaryField(max_length=16, help_text="Tells a repeat from a conflict")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["store", "till", "business_date", "receipt"],
                name="receipt_once_per_till_and_day",
            ),
            models.CheckConstraint(
                condition=Q(kind__in=["sale", "return", "void"]), name="basket_kind_known"
            ),
        ]
        indexes = [
            models.Index(
                fields=["card_number", "business_date"],
                condition=~Q(card_number=""),
                name="basket_by_card",
            )
        ]

    def __str__(self) -> str:
        return f"{self.store.number}/{self.till}/{self.business_date}/{self.receipt}"


class BasketLine(models.Model):
    """One item on a receipt. No unique key: baskets have it, and lines come only with theirs.

    The two keys are plain numbers to the database: a foreign key would be asked for every one of
    a billion lines, and lines are written in the transaction that wrote their basket, by
    `facts.insert_lines` alone. The index on `basket` is BRIN, since lines lie in their baskets'
    order; `id` counts them and has no index at all.
    """

    class Kind(models.TextChoices):
        SALE = "sale"
        RETURN = "return"
        VOID = "void"

    basket = models.ForeignKey(
        Basket, models.DO_NOTHING, related_name="lines", db_constraint=False, db_index=False
    )
    number = models.PositiveIntegerField(help_text="Line number on the receipt")
    product = models.ForeignKey(
        Product, models.DO_NOTHING, related_name="+", db_constraint=False, db_index=False
    )
    code = models.CharField(max_length=32, help_text="What was scanned")
    kind = models.CharField(max_length=6, choices=Kind)
    quantity = models.DecimalField(max_digits=12, decimal_places=3)
    unit = models.CharField(max_length=3, default="EA")
    amount = models.DecimalField(
        max_digits=12, decimal_places=2, help_text="Paid for the line, after `discount`"
    )
    discount = models.DecimalField(max_digits=12, decimal_places=2)
    returns = models.JSONField(null=True, help_text="The line that this one gives back")

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(quantity__gte=0), name="quantity_not_negative"),
        ]
        indexes = [
            BrinIndex(
                fields=["basket"], autosummarize=True, pages_per_range=16, name="line_by_basket"
            )
        ]

    def __str__(self) -> str:
        return f"{self.quantity} x {self.code}"


class Tender(models.Model):
    """How a basket was paid. Like its lines, written with it and never by itself."""

    basket = models.ForeignKey(
        Basket, models.CASCADE, related_name="tenders", db_constraint=False, db_index=False
    )
    position = models.PositiveSmallIntegerField()
    kind = models.CharField(max_length=20)
    amount = models.DecimalField(max_digits=12, decimal_places=2)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["basket", "position"], name="tender_once_per_position")
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.amount}"


class RedemptionRecord(models.Model):
    """A coupon honoured at a till, as the till reported it."""

    basket = models.ForeignKey(Basket, models.PROTECT, related_name="redemption_records")
    position = models.PositiveSmallIntegerField(help_text="Place among the basket's coupons")
    line_number = models.PositiveIntegerField(
        null=True, help_text="The line it was taken off, where the till said so"
    )
    code = models.CharField(max_length=80, db_index=True)
    amount = models.DecimalField(
        max_digits=10, decimal_places=2, help_text="Taken off, store currency"
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["basket", "position"], name="redemption_record_once"),
            models.CheckConstraint(condition=Q(amount__gte=0), name="redemption_not_negative"),
        ]

    def __str__(self) -> str:
        return f"{self.code} {number_format(self.amount)}"


class Undoing(models.Model):
    """A receipt says that it takes back another, or a line of another: void, return.

    Written with the receipt, as the till named the other; `original` is filled in once that has
    come, which may be later.
    """

    basket = models.ForeignKey(Basket, models.CASCADE, related_name="undoings")
    line_number = models.PositiveIntegerField(
        null=True, help_text="The line that gives back; empty: the whole receipt is a void"
    )
    # What was named; what the till left out was filled in from its own receipt.
    store = models.ForeignKey(Store, models.PROTECT, related_name="+")
    till = models.PositiveIntegerField()
    business_date = models.DateField(null=True, help_text="Empty: the till did not say which day")
    receipt = models.CharField(max_length=40)
    original_line = models.PositiveIntegerField(null=True)
    original = models.ForeignKey(Basket, models.CASCADE, null=True, related_name="undone_by")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["basket", "line_number"],
                name="undoing_once_per_line",
                nulls_distinct=False,
            )
        ]
        indexes = [
            models.Index(
                fields=["store", "till", "receipt"],
                condition=Q(original=None),
                name="undoing_waits_for_original",
            )
        ]

    def __str__(self) -> str:
        return f"{self.basket} takes back {self.receipt}"
