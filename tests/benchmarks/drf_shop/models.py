"""Sales as plain Django models, with the keys and indexes that Django makes of its own accord."""

from django.db import models

from pos_integration.models import Product, Store


class Basket(models.Model):
    store = models.ForeignKey(Store, models.PROTECT, related_name="+")
    till = models.PositiveIntegerField()
    business_date = models.DateField()
    receipt = models.CharField(max_length=40)
    kind = models.CharField(max_length=6)
    ended_at = models.DateTimeField(null=True)
    card_number = models.CharField(max_length=32, blank=True)
    currency = models.CharField(max_length=3)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["store", "till", "business_date", "receipt"], name="drf_receipt_once"
            )
        ]

    def __str__(self) -> str:
        return self.receipt


class BasketLine(models.Model):
    basket = models.ForeignKey(Basket, models.CASCADE, related_name="lines")
    number = models.PositiveIntegerField()
    product = models.ForeignKey(Product, models.PROTECT, related_name="+")
    code = models.CharField(max_length=32)
    kind = models.CharField(max_length=6)
    quantity = models.DecimalField(max_digits=12, decimal_places=3)
    unit = models.CharField(max_length=3, default="EA")
    amount = models.DecimalField(max_digits=12, decimal_places=2)
    discount = models.DecimalField(max_digits=12, decimal_places=2)

    def __str__(self) -> str:
        return f"{self.quantity} x {self.code}"


class Tender(models.Model):
    basket = models.ForeignKey(Basket, models.CASCADE, related_name="tenders")
    position = models.PositiveSmallIntegerField()
    kind = models.CharField(max_length=20)
    amount = models.DecimalField(max_digits=12, decimal_places=2)

    def __str__(self) -> str:
        return f"{self.kind} {self.amount}"
