"""Which level of its offer a coupon is of; added beside the sales, however many coupons there are.

The key is checked after it is there, and the index built, without keeping a till waiting.
"""

import django.db.models.deletion
from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    atomic = False

    dependencies = [("coupons", "0007_selection")]

    operations = [
        migrations.SeparateDatabaseAndState(
            database_operations=[
                migrations.RunSQL(
                    "ALTER TABLE coupons_coupon ADD COLUMN IF NOT EXISTS level_id bigint NULL",
                    "ALTER TABLE coupons_coupon DROP COLUMN IF EXISTS level_id",
                ),
                migrations.RunSQL(
                    "ALTER TABLE coupons_coupon DROP CONSTRAINT IF EXISTS coupon_level_exists,"
                    " ADD CONSTRAINT coupon_level_exists FOREIGN KEY (level_id)"
                    " REFERENCES coupons_offerlevel (id) DEFERRABLE INITIALLY DEFERRED NOT VALID",
                    "ALTER TABLE coupons_coupon DROP CONSTRAINT IF EXISTS coupon_level_exists",
                ),
                migrations.RunSQL(
                    "ALTER TABLE coupons_coupon VALIDATE CONSTRAINT coupon_level_exists",
                    migrations.RunSQL.noop,
                ),
            ],
            state_operations=[
                migrations.AddField(
                    model_name="coupon",
                    name="level",
                    field=models.ForeignKey(
                        db_index=False,
                        help_text="Empty: at the offer's own worth",
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="coupons",
                        to="coupons.offerlevel",
                    ),
                ),
            ],
        ),
        AddIndexConcurrently(
            "coupon",
            models.Index(
                condition=models.Q(("level", None), _negated=True),
                fields=["level"],
                name="coupon_by_level",
            ),
        ),
    ]
