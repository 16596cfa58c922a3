"""A coupon may be redeemed again after a reversal: one live redemption each, not one for ever.

Built beside the sales: no index keeps a till waiting, however many redemptions there are.
"""

import django.db.models.deletion
from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    atomic = False

    dependencies = [("coupons", "0003_tills_and_settlement")]

    operations = [
        migrations.SeparateDatabaseAndState(
            database_operations=[
                migrations.RunSQL(
                    "CREATE UNIQUE INDEX CONCURRENTLY IF NOT EXISTS coupon_redeemed_once"
                    " ON coupons_redemption (coupon_id) WHERE reversed_at IS NULL",
                    "DROP INDEX CONCURRENTLY IF EXISTS coupon_redeemed_once",
                ),
                migrations.RunSQL(
                    "CREATE INDEX CONCURRENTLY IF NOT EXISTS coupons_redemption_coupon"
                    " ON coupons_redemption (coupon_id)",
                    "DROP INDEX CONCURRENTLY IF EXISTS coupons_redemption_coupon",
                ),
                migrations.RunSQL(
                    "ALTER TABLE coupons_redemption"
                    " DROP CONSTRAINT IF EXISTS coupons_redemption_coupon_id_key",
                    "ALTER TABLE coupons_redemption"
                    " ADD CONSTRAINT coupons_redemption_coupon_id_key UNIQUE (coupon_id)",
                ),
            ],
            state_operations=[
                migrations.AlterField(
                    model_name="redemption",
                    name="coupon",
                    field=models.ForeignKey(
                        help_text="Empty where the offer has one code for everybody",
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="redemptions",
                        to="coupons.coupon",
                    ),
                ),
                migrations.AddConstraint(
                    model_name="redemption",
                    constraint=models.UniqueConstraint(
                        condition=models.Q(("reversed_at", None)),
                        fields=("coupon",),
                        name="coupon_redeemed_once",
                    ),
                ),
            ],
        ),
        AddIndexConcurrently(
            "redemption",
            models.Index(
                fields=["store", "till", "business_date", "receipt"], name="redemption_by_receipt"
            ),
        ),
        AddIndexConcurrently(
            "redemption",
            models.Index(
                condition=models.Q(("reversed_at", None), _negated=True),
                fields=["reversed_at"],
                name="redemption_reversed",
            ),
        ),
    ]
