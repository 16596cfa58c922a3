"""Offers: a discount we may make on some products, and who pays for it."""

from decimal import Decimal

from django.db import models
from django.db.models import F, Q

from pos_integration.models import Category, Product


class Funder(models.Model):
    """Who pays for offers: a maker, or the house itself."""

    name = models.CharField(max_length=60, unique=True)
    handling_fee = models.DecimalField(
        max_digits=6,
        decimal_places=2,
        default=Decimal(0),
        help_text="Paid to the house for each coupon it cleared, store currency",
    )
    reference = models.CharField(max_length=40, blank=True, help_text="Our number in their books")
    address = models.TextField(blank=True, help_text="Where statements go")

    class Meta:
        constraints = [
            models.CheckConstraint(condition=~Q(name=""), name="funder_has_a_name"),
            models.CheckConstraint(condition=Q(handling_fee__gte=0), name="fee_not_negative"),
        ]

    def __str__(self) -> str:
        return self.name


class Offer(models.Model):
    """A discount on any of its products. On paper it becomes one coupon for one household."""

    class Kind(models.TextChoices):
        AMOUNT = "amount", "Amount off one item"
        PERCENT = "percent", "Percent off one item"
        FIXED_PRICE = "fixed_price", "One item at a fixed price"
        FREE_ITEM = "free_item", "One item free"
        MULTI_BUY = "multi_buy", "Several together: 2 for 1, 3 for 5.00, the second at half price"
        THRESHOLD = "threshold", "Amount off when enough is spent"

    class AfterReturn(models.TextChoices):
        GOOD_AGAIN = "good_again", "The coupon is good again"
        USED = "used", "The coupon stays used"

    code = models.CharField(max_length=40, unique=True, help_text="The house's own reference")
    name = models.CharField(max_length=80, help_text="What the shopper reads: the product")
    detail = models.CharField(max_length=80, blank=True, help_text="Maker and size")
    kind = models.CharField(max_length=11, choices=Kind, default=Kind.AMOUNT)
    face_value = models.DecimalField(
        max_digits=8,
        decimal_places=2,
        help_text="Store currency: what it takes off, or for kinds other than an amount and a "
        "threshold the most it may come to",
    )
    percent = models.PositiveSmallIntegerField(
        null=True, blank=True, help_text="1 to 100; of a multi-buy: off the reduced units"
    )
    price = models.DecimalField(
        max_digits=8,
        decimal_places=2,
        null=True,
        blank=True,
        help_text="Fixed price of one item, or of all units of a multi-buy together",
    )
    units = models.PositiveSmallIntegerField(
        default=1, db_default=1, help_text="Units that must be bought; more than 1 for a multi-buy"
    )
    reduced_units = models.PositiveSmallIntegerField(
        default=1, db_default=1, help_text="How many of these, the cheapest, the percent is off"
    )
    threshold = models.DecimalField(
        max_digits=8,
        decimal_places=2,
        null=True,
        blank=True,
        help_text="To be spent on its products; without products, on the whole basket",
    )
    stacking_group = models.SlugField(
        max_length=20,
        default="coupon",
        db_default="coupon",
        help_text="On one item, at most one coupon of each group",
    )
    after_return = models.CharField(
        max_length=10,
        choices=AfterReturn,
        default=AfterReturn.GOOD_AGAIN,
        db_default="good_again",
        help_text="When what it was used on comes back, or its receipt is made void",
    )
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
    funder = models.ForeignKey(
        Funder,
        models.PROTECT,
        to_field="name",
        db_column="funder",
        related_name="offers",
        help_text="Who pays: the maker, or the house",
    )
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
                condition=Q(kind__in=["amount", "free_item"], percent=None, price=None)
                | Q(kind="percent", percent__gte=1, percent__lte=100, price=None)
                | Q(kind="fixed_price", percent=None, price__gte=0)
                | Q(kind="multi_buy", percent=None, price__gte=0)
                | Q(kind="multi_buy", percent__gte=1, percent__lte=100, price=None)
                | Q(kind="threshold", percent=None, price=None),
                name="offer_terms_of_its_kind",
            ),
            models.CheckConstraint(
                condition=Q(kind="threshold", threshold__gt=0)
                | ~Q(kind="threshold") & Q(threshold=None),
                name="threshold_only_on_threshold_offers",
            ),
            models.CheckConstraint(
                condition=Q(
                    kind="multi_buy",
                    units__gte=2,
                    reduced_units__gte=1,
                    reduced_units__lte=F("units"),
                )
                | ~Q(kind="multi_buy") & Q(units=1, reduced_units=1),
                name="units_only_on_multi_buys",
            ),
            models.CheckConstraint(
                condition=Q(funder_share__gte=0, funder_share__lte=1), name="funder_share_0_to_1"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.value_text} {self.name}"

    @property
    def value_text(self) -> str:
        """The worth in a few words: '1.50 off', '2 for 1', '3 for 5.00'."""
        value, suffix = self.value_words
        return f"{value} {suffix}".strip()

    @property
    def value_words(self) -> tuple[str, str]:
        """The worth as paper sets it: what is large, and what stands small beside it."""
        match self.kind:
            case Offer.Kind.PERCENT:
                return f"{self.percent} %", "off"
            case Offer.Kind.FIXED_PRICE:
                return str(self.price), "only"
            case Offer.Kind.FREE_ITEM:
                return "Free", ""
            case Offer.Kind.MULTI_BUY if self.price is not None:
                return f"{self.units} for {self.price}", ""
            case Offer.Kind.MULTI_BUY if self.percent == 100:
                return f"{self.units} for {self.units - self.reduced_units}", ""
            case Offer.Kind.MULTI_BUY:
                return f"{self.percent} %", f"off {self.reduced_units} of {self.units}"
            case Offer.Kind.THRESHOLD:
                return str(self.face_value), f"off {self.threshold}"
        return str(self.face_value), "off"


class OfferProduct(models.Model):
    offer = models.ForeignKey(Offer, models.CASCADE, related_name="offer_products")
    product = models.ForeignKey(Product, models.PROTECT, related_name="offer_products")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["offer", "product"], name="product_once_per_offer")
        ]

    def __str__(self) -> str:
        return f"{self.offer}: {self.product}"
