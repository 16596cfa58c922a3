"""What became of a promise: redeemed, or refused, and the answers given to tills."""

from django.db import models
from django.db.models import Q
from django.utils.formats import date_format

from coupons.models.mailings import Coupon
from coupons.models.offers import Offer
from pos_integration.models import Basket, RedemptionRecord, Store, Terminal


class Redemption(models.Model):
    """A discount we stand by. No record has two, and no coupon two that were not reversed."""

    offer = models.ForeignKey(Offer, models.PROTECT, related_name="redemptions")
    coupon = models.ForeignKey(
        Coupon,
        models.PROTECT,
        null=True,
        related_name="redemptions",
        help_text="Empty where the offer has one code for everybody",
    )
    record = models.OneToOneField(
        RedemptionRecord,
        models.PROTECT,
        null=True,
        related_name="redemption",
        help_text="Empty until the till's basket has come",
    )
    amount = models.DecimalField(max_digits=10, decimal_places=2)
    redeemed_at = models.DateTimeField(auto_now_add=True)
    # Where: the basket's key, known to a till that redeems before its basket is uploaded.
    store = models.ForeignKey(Store, models.PROTECT, related_name="+")
    till = models.PositiveIntegerField()
    business_date = models.DateField(db_index=True)
    receipt = models.CharField(max_length=40)
    reversed_at = models.DateTimeField(
        null=True, help_text="When what it was used on came back, or its receipt was made void"
    )
    reversal_reason = models.CharField(max_length=40, blank=True)
    reversed_by = models.ForeignKey(
        Basket,
        models.PROTECT,
        null=True,
        related_name="+",
        db_index=False,
        help_text="The return or void",
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["coupon"], condition=Q(reversed_at=None), name="coupon_redeemed_once"
            ),
            models.CheckConstraint(
                condition=~Q(coupon=None) | ~Q(record=None), name="redemption_of_something"
            ),
            models.CheckConstraint(condition=Q(amount__gte=0), name="redemption_amount_positive"),
        ]
        indexes = [
            models.Index(
                fields=["store", "till", "business_date", "receipt"], name="redemption_by_receipt"
            ),
            models.Index(
                fields=["reversed_at"], condition=~Q(reversed_at=None), name="redemption_reversed"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.offer}, {date_format(self.business_date)}"


class Refusal(models.Model):
    """A till's record we will not clear, and why. Staff work through these in the admin."""

    class Reason(models.TextChoices):
        UNKNOWN_CODE = "unknown_code", "No coupon has this code"
        ALREADY_REDEEMED = "already_redeemed", "The coupon was redeemed before"
        VOID = "void", "The coupon was made void"
        OUT_OF_DATE = "out_of_date", "Used outside its dates"
        WRONG_STORE = "wrong_store", "The coupon is good in other stores only"
        WRONG_ITEM = "wrong_item", "No item of the offer was on the line or the receipt"
        OVER_VALUE = "over_value", "The till gave more than the coupon is worth"
        CONFLICT = "conflict", "Used twice before either till could know: the other use was first"
        NOT_ENOUGH = "not_enough", "Too few units, or too little spent"
        NOT_STACKED = "not_stacked", "Another coupon was on the item, and these do not go together"
        NOTHING_OFF = "nothing_off", "The till took nothing off: the coupon is good as before"
        RECEIPT_VOID = "receipt_void", "The receipt it was used on was made void"

    record = models.OneToOneField(RedemptionRecord, models.PROTECT, related_name="refusal")
    reason = models.CharField(max_length=16, choices=Reason)
    detail = models.CharField(max_length=200, help_text="What was found and what was wanted")

    def __str__(self) -> str:
        return f"{self.record}: {self.get_reason_display()}"


class TillAnswer(models.Model):
    """The answer a till got under its Idempotency-Key; asked again, it gets the same bytes."""

    terminal = models.ForeignKey(Terminal, models.CASCADE, related_name="+")
    key = models.CharField(max_length=80)
    request_sha256 = models.CharField(max_length=64)
    status = models.PositiveSmallIntegerField()
    body = models.BinaryField()
    answered_at = models.DateTimeField(auto_now_add=True, db_index=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["terminal", "key"], name="answer_once_per_key")
        ]

    def __str__(self) -> str:
        return f"{self.terminal} {self.key}"


class CouponLock(models.Model):
    """A coupon held for one basket at one till, until it is redeemed, released or timed out."""

    coupon = models.OneToOneField(Coupon, models.CASCADE, related_name="lock")
    token = models.CharField(max_length=43, unique=True)
    terminal = models.ForeignKey(Terminal, models.CASCADE, related_name="+")
    store = models.ForeignKey(Store, models.PROTECT, related_name="+")
    till = models.PositiveIntegerField()
    business_date = models.DateField()
    receipt = models.CharField(max_length=40)
    amount = models.DecimalField(max_digits=10, decimal_places=2, help_text="What it takes off")
    line_number = models.PositiveIntegerField(null=True, help_text="The first line it is off")
    expires_at = models.DateTimeField(db_index=True)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(amount__gte=0), name="lock_amount_not_negative")
        ]

    def __str__(self) -> str:
        return f"{self.coupon} until {self.expires_at:%H:%M:%S}"


class TillMiss(models.Model):
    """A till asked for a coupon or card it may know nothing of. Too many, and it is locked out."""

    terminal = models.ForeignKey(Terminal, models.CASCADE, related_name="+")
    at = models.DateTimeField(auto_now_add=True)

    class Meta:
        verbose_name_plural = "till misses"
        indexes = [models.Index(fields=["terminal", "at"], name="miss_by_terminal")]

    def __str__(self) -> str:
        return f"{self.terminal} {self.at:%Y-%m-%d %H:%M:%S}"
