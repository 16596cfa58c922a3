"""What is sold: the tree of categories, and products."""

from django.db import models
from django.db.models import Q


class Category(models.Model):
    """A node of the product tree: department, category, type."""

    class Level(models.TextChoices):
        DEPARTMENT = "department"
        CATEGORY = "category"
        TYPE = "type"

    class Goods(models.TextChoices):
        ALCOHOL = "alcohol"
        TOBACCO = "tobacco"
        INFANT_FORMULA = "infant_formula", "infant formula"
        MEDICINE = "medicine"
        GAMBLING = "gambling", "lottery and gambling"

    level = models.CharField(max_length=10, choices=Level)
    parent = models.ForeignKey(
        "self", models.PROTECT, null=True, blank=True, related_name="children"
    )
    name = models.CharField(max_length=80)
    is_modelled = models.BooleanField(
        default=True,
        help_text="Says something about what a household needs; not fuel, deposits, gift cards",
    )
    goods = models.CharField(
        max_length=14,
        choices=Goods,
        blank=True,
        default="",
        db_default="",
        help_text="What law restricts; also all below it",
    )
    is_sensitive = models.BooleanField(
        default=False,
        db_default=False,
        help_text="Tells of health, faith or private life: nobody's purchases of it, or of what "
        "is below it, choose a coupon",
    )
    margin_share = models.DecimalField(
        max_digits=4,
        decimal_places=3,
        null=True,
        blank=True,
        help_text="Of the price, 0 to 1, left after buying it; empty: as the one above it",
    )

    class Meta:
        verbose_name_plural = "categories"
        constraints = [
            models.UniqueConstraint(
                fields=["parent", "level", "name"],
                name="category_once_below_its_parent",
                nulls_distinct=False,
            ),
            models.CheckConstraint(
                condition=Q(level="department", parent=None)
                | ~Q(level="department") & ~Q(parent=None),
                name="only_departments_have_no_parent",
            ),
            models.CheckConstraint(
                condition=Q(margin_share=None) | Q(margin_share__gte=0, margin_share__lte=1),
                name="margin_share_0_to_1",
            ),
        ]

    def __str__(self) -> str:
        return self.name


class Product(models.Model):
    """An item that can be sold. One that only a till has named so far is not listed."""

    gtin = models.CharField(
        max_length=14, unique=True, null=True, blank=True, help_text="GTIN-14; prefix 2: in-store"
    )
    code = models.CharField(
        max_length=32, unique=True, null=True, blank=True, help_text="The chain's in-house number"
    )
    name = models.CharField(max_length=120)
    brand = models.CharField(max_length=60, blank=True)
    size = models.CharField(max_length=40, blank=True)
    category = models.ForeignKey(
        Category, models.PROTECT, null=True, blank=True, related_name="products"
    )
    is_listed = models.BooleanField(
        default=True, help_text="Unlisted: sold by a till, not in the catalogue"
    )
    lowest_price = models.DecimalField(
        max_digits=8,
        decimal_places=2,
        null=True,
        blank=True,
        help_text="No coupon brings a unit below this, store currency: fixed and minimum prices",
    )

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(gtin=None) | Q(gtin__regex=r"^[0-9]{14}$"), name="gtin_is_14_digits"
            ),
            models.CheckConstraint(
                condition=~Q(gtin=None) | ~Q(code=None), name="product_has_a_number"
            ),
        ]

    def __str__(self) -> str:
        return self.name
