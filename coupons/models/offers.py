"""Offers: a discount we may make on some products, and who pays for it."""

from decimal import Decimal

from django.db import models
from django.db.models import F, Q
from django.utils.translation import get_language

from coupons.models.pictures import Picture
from coupons.sheets import words
from pos_integration.models import Category, Product, Store


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
    picture = models.CharField(
        max_length=30, default="basket", help_text="What is drawn where there is no photograph"
    )
    photo = models.ForeignKey(
        Picture,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="offers",
        help_text="Empty: the picture of one of its products, if any has one",
    )
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
    stores = models.ManyToManyField(
        Store, blank=True, related_name="+", help_text="Where it is good; empty: everywhere"
    )
    rivals = models.SlugField(
        max_length=20,
        blank=True,
        default="",
        db_default="",
        help_text="Of offers with the same word here, in one category, a sheet has one at most",
    )
    least_coupons = models.PositiveIntegerField(
        null=True, blank=True, help_text="Coupons guaranteed to its funder, all mailings together"
    )
    most_coupons = models.PositiveIntegerField(
        null=True, blank=True, help_text="Coupons at most, all mailings together"
    )
    per_household = models.PositiveSmallIntegerField(
        null=True, blank=True, help_text="Times one household is given it at most"
    )
    expected_budget = models.DecimalField(
        max_digits=12,
        decimal_places=2,
        null=True,
        blank=True,
        help_text="Most that its coupons may be expected to cost, store currency",
    )
    real_budget = models.DecimalField(
        max_digits=12,
        decimal_places=2,
        null=True,
        blank=True,
        help_text="Most that it may really cost; what is out and good counts as it is expected to",
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
            models.CheckConstraint(
                condition=Q(least_coupons=None)
                | Q(most_coupons=None)
                | Q(least_coupons__lte=F("most_coupons")),
                name="offer_guarantee_below_its_cap",
            ),
            models.CheckConstraint(
                condition=(Q(expected_budget=None) | Q(expected_budget__gte=0))
                & (Q(real_budget=None) | Q(real_budget__gte=0)),
                name="offer_budgets_not_negative",
            ),
            models.CheckConstraint(
                condition=Q(per_household=None) | Q(per_household__gte=1),
                name="offer_per_household_1_or_more",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.worth_text} {self.name}"

    @property
    def value_text(self) -> str:
        """The worth in a few words, for tills and to be kept: '1.50 off', '2 for 1'."""
        return _value_text(self)

    @property
    def worth_text(self) -> str:
        """The same in the reader's language."""
        return _worth_text(self)

    @property
    def value_words(self) -> tuple[str, str]:
        """The worth as paper sets it: what is large, and what stands small beside it."""
        return _value_words(self)


class OfferLevel(models.Model):
    """The same offer at a higher worth, for households that need more to be won.

    What it says of the worth stands in place of the offer's own; all else is the offer's.
    """

    offer = models.ForeignKey(Offer, models.CASCADE, related_name="levels")
    number = models.PositiveSmallIntegerField(help_text="2 or 3; the offer's own worth is level 1")
    face_value = models.DecimalField(max_digits=8, decimal_places=2, help_text="As of the offer")
    percent = models.PositiveSmallIntegerField(null=True, blank=True, help_text="As of the offer")
    price = models.DecimalField(
        max_digits=8, decimal_places=2, null=True, blank=True, help_text="As of the offer"
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["offer", "number"], name="level_once_per_offer"),
            models.CheckConstraint(condition=Q(number__in=[2, 3]), name="level_2_or_3"),
            models.CheckConstraint(condition=Q(face_value__gt=0), name="level_is_worth_something"),
            models.CheckConstraint(
                condition=Q(percent=None) | Q(percent__gte=1, percent__lte=100),
                name="level_percent_1_to_100",
            ),
            models.CheckConstraint(
                condition=Q(price=None) | Q(price__gte=0), name="level_price_not_negative"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.worth_text} {self.offer.name}"

    @property
    def kind(self) -> str:
        return self.offer.kind

    @property
    def units(self) -> int:
        return self.offer.units

    @property
    def reduced_units(self) -> int:
        return self.offer.reduced_units

    @property
    def threshold(self) -> Decimal | None:
        return self.offer.threshold

    @property
    def stacking_group(self) -> str:
        return self.offer.stacking_group

    @property
    def value_text(self) -> str:
        return _value_text(self)

    @property
    def worth_text(self) -> str:
        return _worth_text(self)

    @property
    def value_words(self) -> tuple[str, str]:
        return _value_words(self)


Terms = Offer | OfferLevel
"""What a coupon takes off: its offer's own worth, or that of one of its levels."""


def _value_text(terms: Terms) -> str:
    value, suffix = _value_words(terms)
    return f"{value} {suffix}".strip()


def _worth_text(terms: Terms) -> str:
    value, suffix = worth_in(words.in_language(get_language() or ""), terms)
    return f"{value} {suffix}".strip()


def _value_words(terms: Terms) -> tuple[str, str]:
    return worth_in(words.ENGLISH, terms)


def worth_in(language: words.Words, terms: Terms) -> tuple[str, str]:
    """The worth as paper sets it in a language: what is large, and what is small beside it."""
    return words.worth(
        language,
        terms.kind,
        face_value=terms.face_value,
        percent=terms.percent,
        price=terms.price,
        units=terms.units,
        reduced_units=terms.reduced_units,
        threshold=terms.threshold,
    )


class OfferText(models.Model):
    """An offer's words for households that speak another language."""

    offer = models.ForeignKey(Offer, models.CASCADE, related_name="texts")
    language = models.CharField(max_length=8)
    name = models.CharField(max_length=80, help_text="What the shopper reads: the product")
    detail = models.CharField(max_length=80, blank=True, help_text="Maker and size")
    terms = models.TextField(blank=True, help_text="A line each, two at most on paper")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["offer", "language"], name="offer_text_once_per_language"
            )
        ]

    def __str__(self) -> str:
        return f"{self.language}: {self.name}"


class OfferRule(models.Model):
    """Which products an offer is good on: these in, those out. A night makes products of it."""

    offer = models.ForeignKey(Offer, models.CASCADE, related_name="rules")
    is_excluded = models.BooleanField(default=False, help_text="Not on these, whatever else says")
    category = models.ForeignKey(
        Category,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        help_text="A department, category or type, with all below it",
    )
    brand = models.CharField(max_length=60, blank=True, help_text="As the catalogue writes it")
    product = models.ForeignKey(Product, models.PROTECT, null=True, blank=True, related_name="+")

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(product=None) & (~Q(category=None) | ~Q(brand=""))
                | ~Q(product=None) & Q(category=None, brand=""),
                name="rule_names_products",
            )
        ]

    def __str__(self) -> str:
        words = [str(part) for part in (self.product, self.category, self.brand) if part]
        return f"{'not ' if self.is_excluded else ''}{', '.join(words)}"


class Restriction(models.Model):
    """Where coupons on goods that law restricts are not given, or to adults only."""

    class Verdict(models.TextChoices):
        NEVER = "never", "No coupons"
        OF_AGE = "of_age", "Only to who has shown to be of age"
        FREE = "free", "As any other goods"

    goods = models.CharField(max_length=14, choices=Category.Goods)
    country = models.CharField(max_length=2, blank=True, help_text="ISO 3166; empty: everywhere")
    region = models.CharField(
        max_length=30, blank=True, help_text="State or province, as addresses have it; empty: all"
    )
    verdict = models.CharField(max_length=6, choices=Verdict)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["goods", "country", "region"], name="one_verdict_per_place"
            ),
            models.CheckConstraint(
                condition=Q(region="") | ~Q(country=""), name="a_region_lies_in_a_country"
            ),
        ]

    def __str__(self) -> str:
        place = ", ".join(part for part in (self.region, self.country) if part) or "everywhere"
        return f"{self.get_goods_display()}, {place}: {self.get_verdict_display().lower()}"


class OfferProduct(models.Model):
    offer = models.ForeignKey(Offer, models.CASCADE, related_name="offer_products")
    product = models.ForeignKey(Product, models.PROTECT, related_name="offer_products")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["offer", "product"], name="product_once_per_offer")
        ]

    def __str__(self) -> str:
        return f"{self.offer}: {self.product}"
