"""Offers: a discount we may make on some products, and who pays for it."""

from decimal import Decimal

from django.db import models
from django.db.models import F, Q

from pos_integration.models import Category, Product


class Offer(models.Model):
    """A discount on any of its products. On paper it becomes one coupon for one household."""

    class Kind(models.TextChoices):
        AMOUNT = "amount", "Amount off one item"
        PERCENT = "percent", "Percent off one item"

    code = models.CharField(max_length=40, unique=True, help_text="The house's own reference")
    name = models.CharField(max_length=80, help_text="What the shopper reads: the product")
    detail = models.CharField(max_length=80, blank=True, help_text="Maker and size")
    kind = models.CharField(max_length=7, choices=Kind, default=Kind.AMOUNT)
    face_value = models.DecimalField(
        max_digits=8,
        decimal_places=2,
        help_text="Store currency off one unit; for a percent offer the most it may come to",
    )
    percent = models.PositiveSmallIntegerField(null=True, blank=True, help_text="1 to 100")
    category = models.ForeignKey(
        Category,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        help_text="At most so many coupons of one category are on a sheet",
    )
    picture = models.CharField(max_length=30, default="basket")
    terms = models.TextField(blank=True, help_text="A line each, two at most on paper")
    funder = models.CharField(max_length=60, help_text="Who pays: the maker, or the house")
    funder_share = models.DecimalField(
        max_digits=4, decimal_places=3, default=Decimal(1), help_text="Their share, 0 to 1"
    )
    valid_from = models.DateField()
    valid_to = models.DateField(help_text="Last day it is honoured")
    shared_code = models.CharField(
        max_length=40,
        unique=True,
        null=True,
        blank=True,
        help_text="One code for everybody, as on coupons from a newspaper or a maker",
    )
    circulation = models.PositiveIntegerField(
        default=0, help_text="Copies handed out elsewhere; our own sheets are counted by themselves"
    )
    products = models.ManyToManyField(Product, through="OfferProduct", related_name="offers")

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(valid_from__lte=F("valid_to")), name="offer_dates_in_order"
            ),
            models.CheckConstraint(condition=Q(face_value__gt=0), name="offer_is_worth_something"),
            models.CheckConstraint(
                condition=Q(kind="amount", percent=None)
                | Q(kind="percent", percent__gte=1, percent__lte=100),
                name="percent_only_on_percent_offers",
            ),
            models.CheckConstraint(
                condition=Q(funder_share__gte=0, funder_share__lte=1), name="funder_share_0_to_1"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.value_text} {self.name}"

    @property
    def value_text(self) -> str:
        return f"{self.percent} % off" if self.percent else f"{self.face_value} off"


class OfferProduct(models.Model):
    offer = models.ForeignKey(Offer, models.CASCADE, related_name="offer_products")
    product = models.ForeignKey(Product, models.PROTECT, related_name="offer_products")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["offer", "product"], name="product_once_per_offer")
        ]

    def __str__(self) -> str:
        return f"{self.offer}: {self.product}"
