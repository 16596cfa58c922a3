"""Offers of every kind, funders, locks, reversals, and the ledger with its statements."""

from decimal import Decimal

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("coupons", "0002_schedules"),
        ("pos_integration", "0003_bad_networks"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="CouponLock",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("token", models.CharField(max_length=43, unique=True)),
                ("till", models.PositiveIntegerField()),
                ("business_date", models.DateField()),
                ("receipt", models.CharField(max_length=40)),
                (
                    "amount",
                    models.DecimalField(
                        decimal_places=2, help_text="What it takes off", max_digits=10
                    ),
                ),
                (
                    "line_number",
                    models.PositiveIntegerField(help_text="The first line it is off", null=True),
                ),
                ("expires_at", models.DateTimeField(db_index=True)),
            ],
        ),
        migrations.CreateModel(
            name="Dispute",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "amount",
                    models.DecimalField(
                        decimal_places=2,
                        help_text="Of face value and fee, what is not paid",
                        max_digits=10,
                    ),
                ),
                ("reason", models.CharField(help_text="As the funder gave it", max_length=200)),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("open", "Open"),
                            ("conceded", "Conceded: booked back"),
                            ("upheld", "Upheld: the claim stands"),
                        ],
                        default="open",
                        max_length=8,
                    ),
                ),
                ("raised_at", models.DateTimeField(auto_now_add=True)),
                (
                    "answer",
                    models.CharField(blank=True, help_text="What we told them", max_length=200),
                ),
                ("closed_at", models.DateTimeField(null=True)),
            ],
        ),
        migrations.CreateModel(
            name="Funder",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("name", models.CharField(max_length=60, unique=True)),
                (
                    "handling_fee",
                    models.DecimalField(
                        decimal_places=2,
                        default=Decimal("0"),
                        help_text="Paid to the house for each coupon it cleared, store currency",
                        max_digits=6,
                    ),
                ),
                (
                    "reference",
                    models.CharField(
                        blank=True, help_text="Our number in their books", max_length=40
                    ),
                ),
                ("address", models.TextField(blank=True, help_text="Where statements go")),
            ],
        ),
        migrations.CreateModel(
            name="LedgerEntry",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("redemption", "Coupon cleared"),
                            ("reversal", "Clearing taken back"),
                            ("dispute", "Dispute conceded"),
                        ],
                        max_length=10,
                    ),
                ),
                (
                    "business_date",
                    models.DateField(help_text="Of the receipt the coupon was used on"),
                ),
                (
                    "coupons",
                    models.SmallIntegerField(help_text="1 cleared, -1 taken back, 0 money only"),
                ),
                (
                    "face_value",
                    models.DecimalField(
                        decimal_places=2,
                        help_text="The funder's share of what was taken off",
                        max_digits=10,
                    ),
                ),
                ("handling_fee", models.DecimalField(decimal_places=2, max_digits=8)),
                ("currency", models.CharField(max_length=3)),
                ("note", models.CharField(blank=True, max_length=200)),
                ("booked_at", models.DateTimeField(auto_now_add=True, db_index=True)),
            ],
            options={
                "verbose_name_plural": "ledger entries",
            },
        ),
        migrations.CreateModel(
            name="Statement",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("number", models.CharField(max_length=40, unique=True)),
                ("currency", models.CharField(max_length=3)),
                ("period_from", models.DateField()),
                (
                    "period_to",
                    models.DateField(
                        help_text="Last business day; what came late for earlier days is in it too"
                    ),
                ),
                (
                    "state",
                    models.CharField(
                        choices=[("issued", "Issued"), ("paid", "Paid")],
                        default="issued",
                        max_length=6,
                    ),
                ),
                ("issued_at", models.DateTimeField(auto_now_add=True)),
                ("paid_on", models.DateField(null=True)),
            ],
        ),
        migrations.CreateModel(
            name="TillMiss",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("at", models.DateTimeField(auto_now_add=True)),
            ],
            options={
                "verbose_name_plural": "till misses",
            },
        ),
        migrations.RemoveConstraint(
            model_name="offer",
            name="percent_only_on_percent_offers",
        ),
        migrations.AddField(
            model_name="offer",
            name="after_return",
            field=models.CharField(
                choices=[
                    ("good_again", "The coupon is good again"),
                    ("used", "The coupon stays used"),
                ],
                db_default="good_again",
                default="good_again",
                help_text="When what it was used on comes back, or its receipt is made void",
                max_length=10,
            ),
        ),
        migrations.AddField(
            model_name="offer",
            name="price",
            field=models.DecimalField(
                blank=True,
                decimal_places=2,
                help_text="Fixed price of one item, or of all units of a multi-buy together",
                max_digits=8,
                null=True,
            ),
        ),
        migrations.AddField(
            model_name="offer",
            name="reduced_units",
            field=models.PositiveSmallIntegerField(
                db_default=1,
                default=1,
                help_text="How many of these, the cheapest, the percent is off",
            ),
        ),
        migrations.AddField(
            model_name="offer",
            name="stacking_group",
            field=models.SlugField(
                db_default="coupon",
                default="coupon",
                help_text="On one item, at most one coupon of each group",
                max_length=20,
            ),
        ),
        migrations.AddField(
            model_name="offer",
            name="threshold",
            field=models.DecimalField(
                blank=True,
                decimal_places=2,
                help_text="To be spent on its products; without products, on the whole basket",
                max_digits=8,
                null=True,
            ),
        ),
        migrations.AddField(
            model_name="offer",
            name="units",
            field=models.PositiveSmallIntegerField(
                db_default=1,
                default=1,
                help_text="Units that must be bought; more than 1 for a multi-buy",
            ),
        ),
        migrations.AddField(
            model_name="redemption",
            name="reversal_reason",
            field=models.CharField(blank=True, max_length=40),
        ),
        migrations.AddField(
            model_name="redemption",
            name="reversed_at",
            field=models.DateTimeField(
                help_text="When what it was used on came back, or its receipt was made void",
                null=True,
            ),
        ),
        migrations.AddField(
            model_name="redemption",
            name="reversed_by",
            field=models.ForeignKey(
                db_index=False,
                help_text="The return or void",
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="pos_integration.basket",
            ),
        ),
        migrations.AlterField(
            model_name="offer",
            name="face_value",
            field=models.DecimalField(
                decimal_places=2,
                help_text="Store currency: what it takes off, or for kinds other than an amount and a threshold the most it may come to",
                max_digits=8,
            ),
        ),
        migrations.AlterField(
            model_name="offer",
            name="kind",
            field=models.CharField(
                choices=[
                    ("amount", "Amount off one item"),
                    ("percent", "Percent off one item"),
                    ("fixed_price", "One item at a fixed price"),
                    ("free_item", "One item free"),
                    (
                        "multi_buy",
                        "Several together: 2 for 1, 3 for 5.00, the second at half price",
                    ),
                    ("threshold", "Amount off when enough is spent"),
                ],
                default="amount",
                max_length=11,
            ),
        ),
        migrations.AlterField(
            model_name="offer",
            name="percent",
            field=models.PositiveSmallIntegerField(
                blank=True, help_text="1 to 100; of a multi-buy: off the reduced units", null=True
            ),
        ),
        migrations.AlterField(
            model_name="refusal",
            name="reason",
            field=models.CharField(
                choices=[
                    ("unknown_code", "No coupon has this code"),
                    ("already_redeemed", "The coupon was redeemed before"),
                    ("void", "The coupon was made void"),
                    ("out_of_date", "Used outside its dates"),
                    ("wrong_item", "No item of the offer was on the line or the receipt"),
                    ("over_value", "The till gave more than the coupon is worth"),
                    (
                        "conflict",
                        "Used twice before either till could know: the other use was first",
                    ),
                    ("not_enough", "Too few units, or too little spent"),
                    ("not_stacked", "Another coupon was on the item, and these do not go together"),
                    ("nothing_off", "The till took nothing off: the coupon is good as before"),
                    ("receipt_void", "The receipt it was used on was made void"),
                ],
                max_length=16,
            ),
        ),
        migrations.AddField(
            model_name="couponlock",
            name="coupon",
            field=models.OneToOneField(
                on_delete=django.db.models.deletion.CASCADE,
                related_name="lock",
                to="coupons.coupon",
            ),
        ),
        migrations.AddField(
            model_name="couponlock",
            name="store",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="pos_integration.store",
            ),
        ),
        migrations.AddField(
            model_name="couponlock",
            name="terminal",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE,
                related_name="+",
                to="pos_integration.terminal",
            ),
        ),
        migrations.AddField(
            model_name="dispute",
            name="closed_by",
            field=models.ForeignKey(
                editable=False,
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddConstraint(
            model_name="funder",
            constraint=models.CheckConstraint(
                condition=models.Q(("name", ""), _negated=True), name="funder_has_a_name"
            ),
        ),
        migrations.AddConstraint(
            model_name="funder",
            constraint=models.CheckConstraint(
                condition=models.Q(("handling_fee__gte", 0)), name="fee_not_negative"
            ),
        ),
        migrations.RunSQL(
            "UPDATE coupons_offer SET funder = 'The house' WHERE funder = ''",
            migrations.RunSQL.noop,
        ),
        migrations.RunSQL(
            "INSERT INTO coupons_funder (name, handling_fee, reference, address)"
            " SELECT DISTINCT funder, 0, '', '' FROM coupons_offer",
            migrations.RunSQL.noop,
        ),
        migrations.AlterField(
            model_name="offer",
            name="funder",
            field=models.ForeignKey(
                db_column="funder",
                help_text="Who pays: the maker, or the house",
                on_delete=django.db.models.deletion.PROTECT,
                related_name="offers",
                to="coupons.funder",
                to_field="name",
            ),
        ),
        migrations.AddConstraint(
            model_name="offer",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(
                        ("kind__in", ["amount", "free_item"]), ("percent", None), ("price", None)
                    ),
                    models.Q(
                        ("kind", "percent"),
                        ("percent__gte", 1),
                        ("percent__lte", 100),
                        ("price", None),
                    ),
                    models.Q(("kind", "fixed_price"), ("percent", None), ("price__gte", 0)),
                    models.Q(("kind", "multi_buy"), ("percent", None), ("price__gte", 0)),
                    models.Q(
                        ("kind", "multi_buy"),
                        ("percent__gte", 1),
                        ("percent__lte", 100),
                        ("price", None),
                    ),
                    models.Q(("kind", "threshold"), ("percent", None), ("price", None)),
                    _connector="OR",
                ),
                name="offer_terms_of_its_kind",
            ),
        ),
        migrations.AddConstraint(
            model_name="offer",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("kind", "threshold"), ("threshold__gt", 0)),
                    models.Q(models.Q(("kind", "threshold"), _negated=True), ("threshold", None)),
                    _connector="OR",
                ),
                name="threshold_only_on_threshold_offers",
            ),
        ),
        migrations.AddConstraint(
            model_name="offer",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(
                        ("kind", "multi_buy"),
                        ("reduced_units__gte", 1),
                        ("reduced_units__lte", models.F("units")),
                        ("units__gte", 2),
                    ),
                    models.Q(
                        models.Q(("kind", "multi_buy"), _negated=True),
                        ("reduced_units", 1),
                        ("units", 1),
                    ),
                    _connector="OR",
                ),
                name="units_only_on_multi_buys",
            ),
        ),
        migrations.CreateModel(
            name="StatementEntry",
            fields=[
                (
                    "entry",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        primary_key=True,
                        related_name="statement_entry",
                        serialize=False,
                        to="coupons.ledgerentry",
                    ),
                ),
            ],
            options={
                "verbose_name_plural": "statement entries",
            },
        ),
        migrations.AddField(
            model_name="ledgerentry",
            name="funder",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="entries",
                to="coupons.funder",
            ),
        ),
        migrations.AddField(
            model_name="ledgerentry",
            name="offer",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="+", to="coupons.offer"
            ),
        ),
        migrations.AddField(
            model_name="ledgerentry",
            name="redemption",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="entries",
                to="coupons.redemption",
            ),
        ),
        migrations.AddField(
            model_name="ledgerentry",
            name="store",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="pos_integration.store",
            ),
        ),
        migrations.AddField(
            model_name="dispute",
            name="booked",
            field=models.OneToOneField(
                editable=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="concedes",
                to="coupons.ledgerentry",
            ),
        ),
        migrations.AddField(
            model_name="dispute",
            name="entry",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="disputes",
                to="coupons.ledgerentry",
            ),
        ),
        migrations.AddField(
            model_name="statement",
            name="funder",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="statements",
                to="coupons.funder",
            ),
        ),
        migrations.AddField(
            model_name="statement",
            name="issued_by",
            field=models.ForeignKey(
                editable=False,
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddField(
            model_name="tillmiss",
            name="terminal",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE,
                related_name="+",
                to="pos_integration.terminal",
            ),
        ),
        migrations.AddConstraint(
            model_name="couponlock",
            constraint=models.CheckConstraint(
                condition=models.Q(("amount__gte", 0)), name="lock_amount_not_negative"
            ),
        ),
        migrations.AddField(
            model_name="statemententry",
            name="statement",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="statement_entries",
                to="coupons.statement",
            ),
        ),
        migrations.AddConstraint(
            model_name="ledgerentry",
            constraint=models.UniqueConstraint(
                condition=models.Q(("kind__in", ["redemption", "reversal"])),
                fields=("redemption", "kind"),
                name="booked_once_and_taken_back_once",
            ),
        ),
        migrations.AddConstraint(
            model_name="ledgerentry",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(
                        ("coupons", 1),
                        ("face_value__gte", 0),
                        ("handling_fee__gte", 0),
                        ("kind", "redemption"),
                    ),
                    models.Q(
                        ("coupons__in", [0, -1]),
                        ("face_value__lte", 0),
                        ("handling_fee__lte", 0),
                        ("kind__in", ["reversal", "dispute"]),
                    ),
                    _connector="OR",
                ),
                name="entry_signs_of_its_kind",
            ),
        ),
        migrations.AddConstraint(
            model_name="dispute",
            constraint=models.CheckConstraint(
                condition=models.Q(("amount__gt", 0)), name="dispute_of_something"
            ),
        ),
        migrations.AddConstraint(
            model_name="dispute",
            constraint=models.UniqueConstraint(
                condition=models.Q(("state", "open")),
                fields=("entry",),
                name="one_open_dispute_per_entry",
            ),
        ),
        migrations.AddConstraint(
            model_name="dispute",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("booked__isnull", False), ("state", "conceded")),
                    models.Q(models.Q(("state", "conceded"), _negated=True), ("booked", None)),
                    _connector="OR",
                ),
                name="conceded_dispute_is_booked",
            ),
        ),
        migrations.AddConstraint(
            model_name="statement",
            constraint=models.CheckConstraint(
                condition=models.Q(("period_from__lte", models.F("period_to"))),
                name="statement_dates_in_order",
            ),
        ),
        migrations.AddConstraint(
            model_name="statement",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("paid_on__isnull", False), ("state", "paid")),
                    models.Q(("paid_on__isnull", True), ("state", "issued")),
                    _connector="OR",
                ),
                name="paid_statement_has_its_day",
            ),
        ),
        migrations.AddIndex(
            model_name="tillmiss",
            index=models.Index(fields=["terminal", "at"], name="miss_by_terminal"),
        ),
    ]
