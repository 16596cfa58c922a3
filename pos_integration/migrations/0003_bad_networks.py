"""What feeds of every make, bad networks, returns and scales need to be kept apart."""

import django.core.validators
import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("pos_integration", "0002_cache_table"),
    ]

    operations = [
        migrations.AddField(
            model_name="product",
            name="lowest_price",
            field=models.DecimalField(
                blank=True,
                decimal_places=2,
                help_text="No coupon brings a unit below this, store currency: fixed and minimum prices",
                max_digits=8,
                null=True,
            ),
        ),
        migrations.AddField(
            model_name="reject",
            name="resolved_by",
            field=models.ForeignKey(
                db_index=False,
                editable=False,
                help_text="The replay that could take it after all",
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="resolved_rejects",
                to="pos_integration.upload",
            ),
        ),
        migrations.AddField(
            model_name="upload",
            name="is_packed",
            field=models.BooleanField(
                db_default=False,
                default=False,
                editable=False,
                help_text="Body and pieces are gzip",
            ),
        ),
        migrations.AddField(
            model_name="upload",
            name="next_position",
            field=models.PositiveIntegerField(
                db_default=0,
                default=0,
                editable=False,
                help_text="Where a load that was cut off goes on",
            ),
        ),
        migrations.AddField(
            model_name="upload",
            name="replay_of",
            field=models.ForeignKey(
                editable=False,
                help_text="Reads that one's bytes once more, after what it lacked was put right",
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="replays",
                to="pos_integration.upload",
            ),
        ),
        migrations.AddField(
            model_name="upload",
            name="size",
            field=models.PositiveBigIntegerField(
                editable=False, help_text="Bytes, unpacked", null=True
            ),
        ),
        migrations.AddField(
            model_name="upload",
            name="skipped",
            field=models.PositiveIntegerField(
                db_default=0, default=0, help_text="No sales: training, sign-ons, cash counts"
            ),
        ),
        migrations.AlterField(
            model_name="upload",
            name="body",
            field=models.BinaryField(
                help_text="Its bytes; of a large one the first, the rest in pieces"
            ),
        ),
        migrations.CreateModel(
            name="ScaleLabel",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "pattern",
                    models.CharField(
                        help_text="Such as 21IIIIIVPPPPC or 22IIIIIWWWWWC; 12 places where the label is a UPC-A",
                        max_length=13,
                        validators=[
                            django.core.validators.RegexValidator(
                                "^2[0-9]{0,3}I+V?(P{3,6}|W{3,6})C$",
                                "13 places, or 12 of a UPC-A: fixed digits beginning with 2, I for the item, V for the verifier of the price, P for the price or W for the weight, C for the check digit.",
                            ),
                            django.core.validators.MinLengthValidator(12),
                        ],
                    ),
                ),
                (
                    "decimals",
                    models.PositiveSmallIntegerField(
                        default=2,
                        help_text="Of the price in store currency, or of the weight in kilograms",
                    ),
                ),
                (
                    "store",
                    models.ForeignKey(
                        blank=True,
                        help_text="Empty: every store without a layout of its own for these digits",
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="scale_labels",
                        to="pos_integration.store",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        fields=("store", "pattern"),
                        name="scale_label_once_per_store",
                        nulls_distinct=False,
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("pattern__regex", "^2[0-9]{0,3}I+V?(P{3,6}|W{3,6})C$")),
                        name="scale_label_pattern_readable",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("decimals__lte", 4)), name="scale_label_decimals"
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="StoreAlias",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "text",
                    models.CharField(help_text="As its feed writes it", max_length=64, unique=True),
                ),
                (
                    "store",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="aliases",
                        to="pos_integration.store",
                    ),
                ),
            ],
            options={
                "verbose_name_plural": "store aliases",
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("text", ""), _negated=True),
                        name="store_alias_says_something",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="TerminalAlias",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "text",
                    models.CharField(help_text="As its feed writes it", max_length=64, unique=True),
                ),
                (
                    "terminal",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="aliases",
                        to="pos_integration.terminal",
                    ),
                ),
            ],
            options={
                "verbose_name_plural": "terminal aliases",
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("text", ""), _negated=True),
                        name="terminal_alias_says_something",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="Undoing",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "line_number",
                    models.PositiveIntegerField(
                        help_text="The line that gives back; empty: the whole receipt is a void",
                        null=True,
                    ),
                ),
                ("till", models.PositiveIntegerField()),
                (
                    "business_date",
                    models.DateField(help_text="Empty: the till did not say which day", null=True),
                ),
                ("receipt", models.CharField(max_length=40)),
                ("original_line", models.PositiveIntegerField(null=True)),
                (
                    "basket",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="undoings",
                        to="pos_integration.basket",
                    ),
                ),
                (
                    "original",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="undone_by",
                        to="pos_integration.basket",
                    ),
                ),
                (
                    "store",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="pos_integration.store",
                    ),
                ),
            ],
            options={
                "indexes": [
                    models.Index(
                        condition=models.Q(("original", None)),
                        fields=["store", "till", "receipt"],
                        name="undoing_waits_for_original",
                    )
                ],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("basket", "line_number"),
                        name="undoing_once_per_line",
                        nulls_distinct=False,
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="UploadPiece",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "number",
                    models.PositiveIntegerField(help_text="From 1; the upload's own body is 0"),
                ),
                ("data", models.BinaryField()),
                (
                    "upload",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="pieces",
                        to="pos_integration.upload",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        fields=("upload", "number"), name="piece_once_per_upload"
                    )
                ],
            },
        ),
        migrations.AlterField(
            model_name="tender",
            name="basket",
            field=models.ForeignKey(
                db_constraint=False,
                db_index=False,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="tenders",
                to="pos_integration.basket",
            ),
        ),
        # Nobody asks for a line by its id, and an index of a billion ids costs as much as the lines.
        migrations.RunSQL(
            "ALTER TABLE pos_integration_basketline"
            " DROP CONSTRAINT IF EXISTS pos_integration_basketline_pkey",
            "ALTER TABLE pos_integration_basketline ADD PRIMARY KEY (id)",
        ),
        # The bytes come packed: PostgreSQL need not try again.
        migrations.RunSQL(
            "ALTER TABLE pos_integration_upload ALTER COLUMN body SET STORAGE EXTERNAL",
            "ALTER TABLE pos_integration_upload ALTER COLUMN body SET STORAGE EXTENDED",
        ),
        migrations.RunSQL(
            "ALTER TABLE pos_integration_uploadpiece ALTER COLUMN data SET STORAGE EXTERNAL",
            migrations.RunSQL.noop,
        ),
    ]
