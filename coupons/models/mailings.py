"""Mailings, and what each household was promised: sheets of coupons."""

from decimal import Decimal
from typing import TYPE_CHECKING

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from coupons.models.offers import Offer
from loyalty.models import FittedModel, Household, ModelRun

if TYPE_CHECKING:
    from coupons.models.clearing import Redemption


class Mailing(models.Model):
    """One drop of sheets to chosen households."""

    class State(models.TextChoices):
        DRAFT = "draft", "Draft"
        APPROVED = "approved", "Approved, waits for its night"
        ISSUED = "issued", "Sheets issued"
        PRINTED = "printed", "Printed"
        MAILED = "mailed", "Mailed"
        CLOSED = "closed", "Closed"

    code = models.SlugField(max_length=40, unique=True, help_text="Used by commands and folders")
    name = models.CharField(max_length=80)
    state = models.CharField(max_length=8, choices=State, default=State.DRAFT)
    issue_on = models.DateField(help_text="The night before this morning selects and prints it")
    valid_from = models.DateField()
    valid_to = models.DateField(help_text="Last day its coupons are honoured")
    offers = models.ManyToManyField(Offer, related_name="mailings")
    coupons_per_sheet = models.PositiveSmallIntegerField(default=8)
    coupons_per_category = models.PositiveSmallIntegerField(default=2, help_text="At most")
    holdout_share = models.DecimalField(
        max_digits=4,
        decimal_places=3,
        default=Decimal("0.1"),
        help_text="Share of recipients that gets no sheet, so that its effect can be measured",
    )
    headline = models.CharField(max_length=60, default="Good things you like, for less.")
    explanation = models.CharField(
        max_length=90, default="Chosen from what your household enjoys at our stores."
    )
    run = models.ForeignKey(
        ModelRun,
        models.SET_NULL,
        null=True,
        editable=False,
        related_name="+",
        help_text="The beliefs its coupons were chosen by",
    )
    response_model = models.ForeignKey(
        FittedModel,
        models.SET_NULL,
        null=True,
        editable=False,
        related_name="+",
        help_text="What said how likely its coupons are used; empty: the prior did",
    )
    approved_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, editable=False, related_name="+"
    )
    issued_at = models.DateTimeField(null=True, editable=False)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(valid_from__lte=F("valid_to")), name="mailing_dates_in_order"
            ),
            models.CheckConstraint(
                condition=Q(coupons_per_sheet__in=[4, 6, 8, 10]), name="sheet_layout_exists"
            ),
            models.CheckConstraint(
                condition=Q(coupons_per_category__gte=1), name="a_category_may_have_one"
            ),
            models.CheckConstraint(
                condition=Q(holdout_share__gte=0, holdout_share__lt=1), name="holdout_share_0_to_1"
            ),
        ]

    def __str__(self) -> str:
        return self.name


class Recipient(models.Model):
    """A household a mailing is meant for, and, once issued, whether it got a sheet or why not."""

    class Outcome(models.TextChoices):
        WAITING = "waiting", "Not yet selected"
        SHEET = "sheet", "Got a sheet"
        HOLDOUT = "holdout", "Held out, to measure against"
        NO_CONSENT = "no_consent", "Does not want post, or no profiling"
        NO_ADDRESS = "no_address", "Has no deliverable address"
        NO_OFFERS = "no_offers", "No offer fits"

    mailing = models.ForeignKey(Mailing, models.CASCADE, related_name="recipients")
    household = models.ForeignKey(Household, models.PROTECT, related_name="+")
    outcome = models.CharField(max_length=10, choices=Outcome, default=Outcome.WAITING)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["mailing", "household"], name="recipient_once_per_mailing"
            )
        ]

    def __str__(self) -> str:
        return f"{self.household}: {self.get_outcome_display()}"


class Sheet(models.Model):
    """One household's sheet in one mailing, addressed as it was when it was issued."""

    mailing = models.ForeignKey(Mailing, models.PROTECT, related_name="sheets")
    household = models.ForeignKey(Household, models.PROTECT, related_name="sheets")
    number = models.PositiveIntegerField(help_text="Order in the post, from 1")
    address = models.TextField(help_text="The lines in the window, frozen for reprints")
    savings = models.DecimalField(max_digits=10, decimal_places=2)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["mailing", "household"], name="sheet_once_per_household"
            ),
            models.UniqueConstraint(fields=["mailing", "number"], name="sheet_number_once"),
        ]

    def __str__(self) -> str:
        return f"{self.mailing}, sheet {self.number}"


class Coupon(models.Model):
    """One offer printed for one household; honoured at most once."""

    class State(models.TextChoices):
        OPEN = "open", "Open"
        REDEEMED = "redeemed", "Redeemed"
        VOID = "void", "Void"

    class Tag(models.TextChoices):
        BUY = "buy", "You buy this"
        BACK = "back", "Welcome back"
        NEW = "new", "Try something new"

    code = models.CharField(max_length=13, unique=True)
    sheet = models.ForeignKey(Sheet, models.PROTECT, related_name="coupons")
    position = models.PositiveSmallIntegerField(help_text="Place on the sheet, from 1")
    offer = models.ForeignKey(Offer, models.PROTECT, related_name="coupons")
    state = models.CharField(max_length=8, choices=State, default=State.OPEN)
    valid_from = models.DateField()
    valid_to = models.DateField(help_text="Last day it is honoured")
    chance = models.FloatField(help_text="Of being redeemed, as believed when chosen, 0 to 1")
    tag = models.CharField(max_length=4, choices=Tag)
    reason = models.CharField(max_length=120, help_text="Why this household, as printed")
    staff_reason = models.CharField(max_length=250, help_text="Why this household, in figures")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["sheet", "position"], name="one_coupon_per_place"),
            models.UniqueConstraint(fields=["sheet", "offer"], name="offer_once_per_sheet"),
            models.CheckConstraint(
                condition=Q(valid_from__lte=F("valid_to")), name="coupon_dates_in_order"
            ),
            models.CheckConstraint(
                condition=Q(state__in=["open", "redeemed", "void"]), name="coupon_state_known"
            ),
        ]

    def __str__(self) -> str:
        return self.code

    @property
    def live_redemption(self) -> "Redemption | None":
        """Its use that was not taken back; prefetch `redemptions` where there are many."""
        return next((one for one in self.redemptions.all() if one.reversed_at is None), None)


class PrintRun(models.Model):
    """A mailing's sheets as PDF files on disk, with a manifest."""

    mailing = models.ForeignKey(Mailing, models.PROTECT, related_name="print_runs")
    started_at = models.DateTimeField(auto_now_add=True)
    finished_at = models.DateTimeField(null=True)
    folder = models.CharField(max_length=500)
    manifest = models.JSONField(default=dict, help_text="Files, sheets, numbers, SHA-256")
    sheets = models.PositiveIntegerField(default=0)
    coupons = models.PositiveIntegerField(default=0)
    checked = models.PositiveIntegerField(default=0, help_text="Barcodes read back from the PDF")

    def __str__(self) -> str:
        return f"{self.mailing}, {self.started_at:%Y-%m-%d %H:%M}"
