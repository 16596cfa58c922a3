"""Void coupons, few among many millions, are listed by an index of their own."""

from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    atomic = False  # the index is built while the desk and the tills go on

    dependencies = [("coupons", "0016_changes")]

    operations = [
        # A build that was cut off leaves an index that is never used.
        migrations.RunSQL("DROP INDEX CONCURRENTLY IF EXISTS coupon_void", migrations.RunSQL.noop),
        AddIndexConcurrently(
            model_name="coupon",
            index=models.Index(fields=["id"], condition=models.Q(state="void"), name="coupon_void"),
        ),
    ]
