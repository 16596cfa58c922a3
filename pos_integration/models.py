"""Facts: what the tills said, kept as they said it. Rows here are never edited."""

import hashlib
import secrets

from django.conf import settings
from django.contrib.postgres.indexes import BrinIndex
from django.core.validators import MinLengthValidator, RegexValidator
from django.db import models
from django.db.models import Q


class Store(models.Model):
    number = models.CharField(
        max_length=13,
        unique=True,
        validators=[RegexValidator(r"^[0-9A-Za-z-]+$", "Digits, letters and hyphens only.")],
        help_text="GLN or the chain's own number",
    )
    name = models.CharField(max_length=80)
    currency = models.CharField(max_length=3, default="USD", help_text="ISO 4217")
    time_zone = models.CharField(
        max_length=40, default="UTC", help_text="IANA name; tills send local times without a zone"
    )

    class Meta:
        constraints = [
            models.CheckConstraint(condition=~Q(number=""), name="store_has_a_number"),
            models.CheckConstraint(
                condition=Q(currency__regex=r"^[A-Z]{3}$"), name="store_currency_is_iso"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.number} {self.name}"


class StoreStaff(models.Model):
    """Somebody works in a store: of the stores, sees and changes only such ones."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="store_staff")
    store = models.ForeignKey(Store, models.CASCADE, related_name="staff")

    class Meta:
        verbose_name_plural = "store staff"
        constraints = [
            models.UniqueConstraint(fields=["user", "store"], name="staff_once_per_store")
        ]

    def __str__(self) -> str:
        return f"{self.user} in {self.store}"


class Terminal(models.Model):
    """One till. It speaks for its own store; a collector in a head office speaks for all."""

    store = models.ForeignKey(Store, models.PROTECT, related_name="terminals")
    number = models.PositiveIntegerField(help_text="Till number within the store")
    is_collector = models.BooleanField(
        default=False, help_text="Hands over the sales of every store, not only of its own"
    )
    revoked_at = models.DateTimeField(null=True, blank=True)
    last_seen_at = models.DateTimeField(
        null=True, editable=False, help_text="When it last signed in, to a few minutes"
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["store", "number"], name="terminal_number_once_per_store"
            )
        ]

    def __str__(self) -> str:
        return f"{self.store} till {self.number}"


class StoreAlias(models.Model):
    """What another system calls a store: Square's location, Lightspeed's outlet."""

    store = models.ForeignKey(Store, models.CASCADE, related_name="aliases")
    text = models.CharField(max_length=64, unique=True, help_text="As its feed writes it")

    class Meta:
        verbose_name_plural = "store aliases"
        constraints = [
            models.CheckConstraint(condition=~Q(text=""), name="store_alias_says_something")
        ]

    def __str__(self) -> str:
        return self.text


class TerminalAlias(models.Model):
    """What another system calls a till: Lightspeed's register, Loyverse's device."""

    terminal = models.ForeignKey(Terminal, models.CASCADE, related_name="aliases")
    text = models.CharField(max_length=64, unique=True, help_text="As its feed writes it")

    class Meta:
        verbose_name_plural = "terminal aliases"
        constraints = [
            models.CheckConstraint(condition=~Q(text=""), name="terminal_alias_says_something")
        ]

    def __str__(self) -> str:
        return self.text


class ScaleLabel(models.Model):
    """How a store's scales write price or weight into a barcode: one row a layout."""

    store = models.ForeignKey(
        Store,
        models.CASCADE,
        null=True,
        blank=True,
        related_name="scale_labels",
        help_text="Empty: every store without a layout of its own for these digits",
    )
    pattern = models.CharField(
        max_length=13,
        validators=[
            RegexValidator(
                r"^2[0-9]{0,3}I+V?(P{3,6}|W{3,6})C$",
                "13 places, or 12 of a UPC-A: fixed digits beginning with 2, I for the item, V for "
                "the verifier of the price, P for the price or W for the weight, C for the check "
                "digit.",
            ),
            MinLengthValidator(12),
        ],
        help_text="Such as 21IIIIIVPPPPC or 22IIIIIWWWWWC; 12 places where the label is a UPC-A",
    )
    decimals = models.PositiveSmallIntegerField(
        default=2, help_text="Of the price in store currency, or of the weight in kilograms"
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["store", "pattern"],
                name="scale_label_once_per_store",
                nulls_distinct=False,
            ),
            models.CheckConstraint(
                condition=Q(pattern__regex=r"^2[0-9]{0,3}I+V?(P{3,6}|W{3,6})C$"),
                name="scale_label_pattern_readable",
            ),
            models.CheckConstraint(condition=Q(decimals__lte=4), name="scale_label_decimals"),
        ]

    def __str__(self) -> str:
        return self.pattern


class TerminalToken(models.Model):
    """What a till signs in with. Shown once; only its hash is kept. Two live while rotating."""

    terminal = models.ForeignKey(Terminal, models.CASCADE, related_name="tokens")
    sha256 = models.CharField(max_length=64, unique=True, editable=False)
    created_at = models.DateTimeField(auto_now_add=True)
    revoked_at = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return f"token of {self.terminal}, {self.created_at:%Y-%m-%d}"

    @staticmethod
    def new_secret() -> tuple[str, str]:
        """Return a new token and the hash to keep of it."""
        token = secrets.token_urlsafe(32)
        return token, hashlib.sha256(token.encode()).hexdigest()


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


class Upload(models.Model):
    """Bytes a till handed over, kept before anything is parsed."""

    class State(models.TextChoices):
        RECEIVED = "received", "Waits to be loaded"
        LOADED = "loaded", "Loaded"
        FAILED = "failed", "Could not be read"

    terminal = models.ForeignKey(Terminal, models.PROTECT, related_name="uploads")
    sha256 = models.CharField(max_length=64)
    media_type = models.CharField(max_length=40)
    body = models.BinaryField(help_text="Its bytes; of a large one the first, the rest in pieces")
    is_packed = models.BooleanField(
        default=False, db_default=False, editable=False, help_text="Body and pieces are gzip"
    )
    size = models.PositiveBigIntegerField(null=True, editable=False, help_text="Bytes, unpacked")
    replay_of = models.ForeignKey(
        "self",
        models.PROTECT,
        null=True,
        editable=False,
        related_name="replays",
        help_text="Reads that one's bytes once more, after what it lacked was put right",
    )
    received_at = models.DateTimeField(auto_now_add=True)
    state = models.CharField(max_length=8, choices=State, default=State.RECEIVED)
    attempts = models.PositiveSmallIntegerField(default=0)
    claimed_until = models.DateTimeField(
        null=True, editable=False, help_text="While a worker loads it, others leave it alone"
    )
    loaded_at = models.DateTimeField(null=True, editable=False)
    # What the load found: the receipt given to the till, the same however often it asks.
    baskets = models.PositiveIntegerField(default=0)
    lines = models.PositiveIntegerField(default=0)
    accepted = models.PositiveIntegerField(default=0)
    duplicates = models.PositiveIntegerField(default=0)
    rejected = models.PositiveIntegerField(default=0)
    skipped = models.PositiveIntegerField(
        default=0, db_default=0, help_text="No sales: training, sign-ons, cash counts"
    )
    next_position = models.PositiveIntegerField(
        default=0, db_default=0, editable=False, help_text="Where a load that was cut off goes on"
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["terminal", "sha256"], name="upload_once_per_terminal")
        ]
        indexes = [
            models.Index(
                fields=["received_at"], condition=~Q(state="loaded"), name="upload_waiting"
            )
        ]

    def __str__(self) -> str:
        return f"{self.terminal} {self.received_at:%Y-%m-%d %H:%M}"


class UploadPiece(models.Model):
    """The bytes of a large upload beyond its first ones, cut to what memory holds with ease."""

    upload = models.ForeignKey(Upload, models.CASCADE, related_name="pieces")
    number = models.PositiveIntegerField(help_text="From 1; the upload's own body is 0")
    data = models.BinaryField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["upload", "number"], name="piece_once_per_upload")
        ]

    def __str__(self) -> str:
        return f"piece {self.number} of upload {self.upload_id}"


class Reject(models.Model):
    """A basket, or a whole upload, that could not be taken, and why. Its text is kept."""

    upload = models.ForeignKey(Upload, models.CASCADE, related_name="rejects")
    position = models.PositiveIntegerField(help_text="Place in the upload, from 0")
    code = models.CharField(max_length=32, db_index=True)
    detail = models.CharField(max_length=300)
    receipt = models.CharField(max_length=40, blank=True)
    raw = models.TextField(help_text="The basket as the till sent it")
    resolved_by = models.ForeignKey(
        Upload,
        models.SET_NULL,
        null=True,
        editable=False,
        related_name="resolved_rejects",
        db_index=False,
        help_text="The replay that could take it after all",
    )
    closed_at = models.DateTimeField(
        null=True, editable=False, help_text="When staff decided that it stays out"
    )
    closed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.SET_NULL,
        null=True,
        editable=False,
        related_name="+",
        db_index=False,
    )
    closed_why = models.CharField(max_length=200, blank=True, default="", db_default="")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["upload", "position"], name="reject_once_per_position")
        ]

    def __str__(self) -> str:
        return f"{self.code}: {self.detail}"


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
        return f"{self.code} {self.amount}"


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
