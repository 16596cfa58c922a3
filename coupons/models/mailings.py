"""Mailings, and what each household was promised: sheets of coupons."""

from decimal import Decimal
from typing import TYPE_CHECKING

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext as _

from coupons.models.audiences import Segment
from coupons.models.offers import Funder, Offer, OfferLevel, Terms
from coupons.models.themes import Theme
from loyalty.models import Household, ModelRun

if TYPE_CHECKING:
    from coupons.models.clearing import Redemption


class Mailing(models.Model):
    """One drop of sheets to chosen households."""

    class State(models.TextChoices):
        DRAFT = "draft", "Draft"
        SELECTED = "selected", "Coupons selected, wait for approval"
        APPROVED = "approved", "Approved, waits for its night"
        ISSUED = "issued", "Sheets issued"
        PRINTED = "printed", "Printed"
        MAILED = "mailed", "Mailed"
        CLOSED = "closed", "Closed"

    class Channel(models.TextChoices):
        PRINT = "print", "Printed and posted"
        NONE = "none", "Not printed: at tills, kiosks and on phones only"

    class Leaf(models.TextChoices):
        ONE = "one", "One side: address and coupons"
        BLANK_BACK = "blank", "One side, its back blank, for duplex presses"
        LETTER = "letter", "A letter in front, the coupons on its back"

    class Objective(models.TextChoices):
        MARGIN = "margin", "Margin that would not come otherwise"
        REDEMPTIONS = "redemptions", "Coupons used"

    class Short(models.TextChoices):
        SHORTER = "shorter", "A shorter sheet"
        NO_SHEET = "no_sheet", "No sheet"

    code = models.SlugField(max_length=40, unique=True, help_text="Used by commands and folders")
    name = models.CharField(max_length=80)
    state = models.CharField(max_length=8, choices=State, default=State.DRAFT)
    select_on = models.DateField(
        null=True,
        blank=True,
        help_text="The night before this morning selects its coupons, for approval by day",
    )
    issue_on = models.DateField(help_text="The night before this morning issues and prints it")
    valid_from = models.DateField()
    valid_to = models.DateField(help_text="Last day its coupons are honoured")
    offers = models.ManyToManyField(Offer, related_name="mailings")
    segments = models.ManyToManyField(
        Segment,
        blank=True,
        related_name="mailings",
        help_text="Who gets it: whoever is in one of them, besides recipients added by hand",
    )
    channel = models.CharField(
        max_length=5, choices=Channel, default=Channel.PRINT, db_default="print"
    )
    objective = models.CharField(
        max_length=11, choices=Objective, default=Objective.MARGIN, db_default="margin"
    )
    theme = models.ForeignKey(
        Theme,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="mailings",
        help_text="How it looks; empty: the default theme",
    )
    leaf = models.CharField(
        max_length=6, choices=Leaf, default=Leaf.ONE, db_default="one", verbose_name="sides"
    )
    letter = models.TextField(
        max_length=2000, blank=True, default="", db_default="", help_text="Where it has a front"
    )
    coupons_per_sheet = models.PositiveSmallIntegerField(
        default=8, choices=[(count, str(count)) for count in (4, 6, 8, 10, 12)]
    )
    coupons_per_category = models.PositiveSmallIntegerField(default=2, help_text="At most")
    discovery_slots = models.PositiveSmallIntegerField(
        default=1,
        db_default=0,
        help_text="Coupons of a sheet, at least, from categories the household has not bought",
    )
    random_slots = models.PositiveSmallIntegerField(
        default=0,
        db_default=0,
        help_text="Coupons of a sheet that are drawn by lot, to learn from what comes of them",
    )
    fairness = models.DecimalField(
        max_digits=4,
        decimal_places=3,
        null=True,
        blank=True,
        help_text="The mean worth of a tier's, and of a household size's coupons differs from all "
        "others' by this share at most: 0.05 is 5 percent; empty: it may differ",
    )
    budget = models.DecimalField(
        max_digits=12,
        decimal_places=2,
        null=True,
        blank=True,
        help_text="Most that its coupons may be expected to cost, store currency",
    )
    short_sheets = models.CharField(
        max_length=8,
        choices=Short,
        default=Short.SHORTER,
        db_default="shorter",
        help_text="For a household that fewer offers fit than a sheet has places",
    )
    fallback_offers = models.ManyToManyField(
        Offer,
        blank=True,
        related_name="+",
        help_text="Fill places that no other offer fits; they have no limits of number or money",
    )
    most_contacts = models.PositiveSmallIntegerField(
        null=True,
        blank=True,
        help_text="Who got this many sheets in the days before gets none; empty: no cap",
    )
    contact_days = models.PositiveSmallIntegerField(default=28, db_default=28)
    model_days = models.PositiveSmallIntegerField(
        default=7, db_default=7, help_text="Days after which what was believed is too old for it"
    )
    shows_reasons = models.BooleanField(
        default=True, db_default=True, help_text="Each coupon says on paper why it is there"
    )
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
    changed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, editable=False, related_name="+"
    )
    approved_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, editable=False, related_name="+"
    )
    selection = models.ForeignKey(
        "Selection",
        models.SET_NULL,
        null=True,
        editable=False,
        related_name="+",
        help_text="What is approved and issued",
    )
    issued_at = models.DateTimeField(null=True, editable=False)
    mailed_on = models.DateField(null=True, editable=False, help_text="When it went to the post")
    is_goodwill = models.BooleanField(
        default=False,
        db_default=False,
        editable=False,
        help_text="Holds a month's goodwill coupons: chosen by staff, neither mailed nor measured",
    )

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(valid_from__lte=F("valid_to")), name="mailing_dates_in_order"
            ),
            models.CheckConstraint(
                condition=Q(coupons_per_sheet__in=[4, 6, 8, 10, 12]), name="sheet_layout_exists"
            ),
            models.CheckConstraint(
                condition=Q(coupons_per_category__gte=1), name="a_category_may_have_one"
            ),
            models.CheckConstraint(
                condition=Q(holdout_share__gte=0, holdout_share__lt=1), name="holdout_share_0_to_1"
            ),
            models.CheckConstraint(
                condition=Q(random_slots__lt=F("coupons_per_sheet"))
                & Q(discovery_slots__lte=F("coupons_per_sheet")),
                name="slots_fit_the_sheet",
            ),
            models.CheckConstraint(
                condition=Q(fairness=None) | Q(fairness__gte=0, fairness__lt=1),
                name="fairness_0_to_1",
            ),
            models.CheckConstraint(
                condition=Q(budget=None) | Q(budget__gte=0), name="mailing_budget_not_negative"
            ),
        ]

    def __str__(self) -> str:
        return self.name


class MailingText(models.Model):
    """A mailing's words for households that speak another language."""

    mailing = models.ForeignKey(Mailing, models.CASCADE, related_name="texts")
    language = models.CharField(max_length=8)
    headline = models.CharField(max_length=60)
    explanation = models.CharField(max_length=90)
    letter = models.TextField(max_length=2000, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["mailing", "language"], name="mailing_text_once_per_language"
            )
        ]

    def __str__(self) -> str:
        return f"{self.language}: {self.headline}"


class FunderBudget(models.Model):
    """What a funder's coupons in one mailing may be expected to cost."""

    mailing = models.ForeignKey(Mailing, models.CASCADE, related_name="funder_budgets")
    funder = models.ForeignKey(Funder, models.CASCADE, related_name="+")
    amount = models.DecimalField(max_digits=12, decimal_places=2, help_text="Store currency")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["mailing", "funder"], name="budget_once_per_funder_and_mailing"
            ),
            models.CheckConstraint(condition=Q(amount__gte=0), name="funder_budget_not_negative"),
        ]

    def __str__(self) -> str:
        return f"{self.funder}: {self.amount}"


class Recipient(models.Model):
    """A household a mailing is meant for, and, once issued, whether it got a sheet or why not."""

    class Outcome(models.TextChoices):
        WAITING = "waiting", "Not yet selected"
        SHEET = "sheet", "Got a sheet"
        GENERIC = "generic", "Got the sheet that asks nothing of its purchases"
        HOLDOUT = "holdout", "Held out, to measure against"
        STANDING = "standing", "Held out for good"
        NO_CONSENT = "no_consent", "Does not want post"
        NO_ADDRESS = "no_address", "Has no deliverable address"
        CONTACTED = "contacted", "Had enough post lately"
        NO_OFFERS = "no_offers", "No offer fits"
        TOO_FEW = "too_few", "Too few offers fit"
        SHARED = "shared", "Its card goes around"

    mailing = models.ForeignKey(Mailing, models.CASCADE, related_name="recipients")
    household = models.ForeignKey(Household, models.PROTECT, related_name="+")
    outcome = models.CharField(max_length=10, choices=Outcome, default=Outcome.WAITING)
    by_segment = models.BooleanField(
        default=False, db_default=False, editable=False, help_text="Not added by hand"
    )

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
    is_generic = models.BooleanField(
        default=False, db_default=False, help_text="Chosen without its purchases, as it wished"
    )
    language = models.CharField(
        max_length=8, default="", db_default="", help_text="Empty: the theme's"
    )
    voided_at = models.DateTimeField(null=True, help_text="When it was lost and made void")
    replaces = models.ForeignKey(
        "self",
        models.PROTECT,
        null=True,
        db_index=False,
        related_name="replacements",
        help_text="The lost sheet in whose place it stands",
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["mailing", "household"],
                condition=Q(replaces=None),
                name="first_sheet_once_per_household",
            ),
            models.UniqueConstraint(
                fields=["replaces"], condition=~Q(replaces=None), name="sheet_replaced_once"
            ),
            models.UniqueConstraint(fields=["mailing", "number"], name="sheet_number_once"),
        ]

    def __str__(self) -> str:
        return _("%(mailing)s, sheet %(number)s") % {"mailing": self.mailing, "number": self.number}


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
    serial = models.BigIntegerField(
        null=True, help_text="12 digits in a barcode by GS1's rules; empty: it carries the code"
    )
    sheet = models.ForeignKey(Sheet, models.PROTECT, related_name="coupons")
    position = models.PositiveSmallIntegerField(help_text="Place on the sheet, from 1")
    offer = models.ForeignKey(Offer, models.PROTECT, related_name="coupons")
    level = models.ForeignKey(
        OfferLevel,
        models.PROTECT,
        null=True,
        db_index=False,
        related_name="coupons",
        help_text="Empty: at the offer's own worth",
    )
    state = models.CharField(max_length=8, choices=State, default=State.OPEN)
    valid_from = models.DateField()
    valid_to = models.DateField(help_text="Last day it is honoured")
    chance = models.FloatField(help_text="Of being redeemed, as believed when chosen, 0 to 1")
    value = models.FloatField(
        null=True, help_text="Margin that printing it was expected to bring, store currency"
    )
    drawn_share = models.FloatField(
        null=True, help_text="Drawn by lot: the chance with which it was; empty: it was chosen"
    )
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
            models.UniqueConstraint(
                fields=["serial"], condition=~Q(serial=None), name="coupon_serial_once"
            ),
        ]
        indexes = [
            models.Index(fields=["level"], condition=~Q(level=None), name="coupon_by_level"),
            # Few among millions: whoever lists them would read them all.
            models.Index(fields=["id"], condition=Q(state="void"), name="coupon_void"),
        ]

    def __str__(self) -> str:
        return self.code

    @property
    def terms(self) -> Terms:
        """What it takes off; `select_related("offer", "level__offer")` where there are many."""
        return self.level or self.offer

    @property
    def live_redemption(self) -> "Redemption | None":
        """Its use that was not taken back; prefetch `redemptions` where there are many."""
        return next((one for one in self.redemptions.all() if one.reversed_at is None), None)
