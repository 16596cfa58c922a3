"""Lost sheets and what replaces them, languages, and serial numbers of coupons by GS1's rules.

Made beside the sales, however many sheets and coupons there are: columns come without a rewrite,
keys are checked after they are there, and indexes are built without keeping a till waiting.
"""

import django.db.models.deletion
from django.db import migrations, models

UNIQUE = (
    ("coupon_serial_once", "coupons_coupon (serial) WHERE serial IS NOT NULL"),
    (
        "first_sheet_once_per_household",
        "coupons_sheet (mailing_id, household_id) WHERE replaces_id IS NULL",
    ),
    ("sheet_replaced_once", "coupons_sheet (replaces_id) WHERE replaces_id IS NOT NULL"),
)


def one(sql: str, back: str) -> migrations.RunSQL:
    return migrations.RunSQL(sql, back)


class Migration(migrations.Migration):
    atomic = False

    dependencies = [("coupons", "0012_print")]

    operations = [
        migrations.SeparateDatabaseAndState(
            database_operations=[
                one(
                    "ALTER TABLE coupons_coupon ADD COLUMN IF NOT EXISTS serial bigint NULL",
                    "ALTER TABLE coupons_coupon DROP COLUMN IF EXISTS serial",
                ),
                one(
                    "ALTER TABLE coupons_sheet"
                    " ADD COLUMN IF NOT EXISTS language varchar(8) NOT NULL DEFAULT '',"
                    " ADD COLUMN IF NOT EXISTS voided_at timestamptz NULL,"
                    " ADD COLUMN IF NOT EXISTS replaces_id bigint NULL",
                    "ALTER TABLE coupons_sheet DROP COLUMN IF EXISTS language,"
                    " DROP COLUMN IF EXISTS voided_at, DROP COLUMN IF EXISTS replaces_id",
                ),
                one(
                    "ALTER TABLE coupons_sheet DROP CONSTRAINT IF EXISTS replaced_sheet_exists,"
                    " ADD CONSTRAINT replaced_sheet_exists FOREIGN KEY (replaces_id)"
                    " REFERENCES coupons_sheet (id) DEFERRABLE INITIALLY DEFERRED NOT VALID",
                    "ALTER TABLE coupons_sheet DROP CONSTRAINT IF EXISTS replaced_sheet_exists",
                ),
                migrations.RunSQL(
                    "ALTER TABLE coupons_sheet VALIDATE CONSTRAINT replaced_sheet_exists",
                    migrations.RunSQL.noop,
                ),
                *(
                    operation
                    for name, what in UNIQUE
                    for operation in (
                        # What an interrupted build left behind is no index.
                        migrations.RunSQL(
                            f"DROP INDEX CONCURRENTLY IF EXISTS {name}", migrations.RunSQL.noop
                        ),
                        one(
                            f"CREATE UNIQUE INDEX CONCURRENTLY {name} ON {what}",
                            f"DROP INDEX CONCURRENTLY IF EXISTS {name}",
                        ),
                    )
                ),
                one(
                    "ALTER TABLE coupons_sheet DROP CONSTRAINT IF EXISTS sheet_once_per_household",
                    "ALTER TABLE coupons_sheet ADD CONSTRAINT sheet_once_per_household"
                    " UNIQUE (mailing_id, household_id)",
                ),
            ],
            state_operations=[
                migrations.RemoveConstraint(
                    model_name="sheet",
                    name="sheet_once_per_household",
                ),
                migrations.AddField(
                    model_name="coupon",
                    name="serial",
                    field=models.BigIntegerField(
                        help_text="12 digits in a barcode by GS1's rules; empty: it carries the code",
                        null=True,
                    ),
                ),
                migrations.AddField(
                    model_name="sheet",
                    name="language",
                    field=models.CharField(
                        db_default="", default="", help_text="Empty: the theme's", max_length=8
                    ),
                ),
                migrations.AddField(
                    model_name="sheet",
                    name="replaces",
                    field=models.ForeignKey(
                        db_index=False,
                        help_text="The lost sheet in whose place it stands",
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="replacements",
                        to="coupons.sheet",
                    ),
                ),
                migrations.AddField(
                    model_name="sheet",
                    name="voided_at",
                    field=models.DateTimeField(
                        help_text="When it was lost and made void", null=True
                    ),
                ),
                migrations.AddConstraint(
                    model_name="coupon",
                    constraint=models.UniqueConstraint(
                        condition=models.Q(("serial", None), _negated=True),
                        fields=("serial",),
                        name="coupon_serial_once",
                    ),
                ),
                migrations.AddConstraint(
                    model_name="sheet",
                    constraint=models.UniqueConstraint(
                        condition=models.Q(("replaces", None)),
                        fields=("mailing", "household"),
                        name="first_sheet_once_per_household",
                    ),
                ),
                migrations.AddConstraint(
                    model_name="sheet",
                    constraint=models.UniqueConstraint(
                        condition=models.Q(("replaces", None), _negated=True),
                        fields=("replaces",),
                        name="sheet_replaced_once",
                    ),
                ),
            ],
        ),
    ]
