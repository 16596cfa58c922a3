"""What a category leaves of its price."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("pos_integration", "0005_baskets_belong"),
    ]

    operations = [
        migrations.AddField(
            model_name="category",
            name="margin_share",
            field=models.DecimalField(
                blank=True,
                decimal_places=3,
                help_text="Of the price, 0 to 1, left after buying it; empty: as the one above it",
                max_digits=4,
                null=True,
            ),
        ),
        migrations.AddConstraint(
            model_name="category",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("margin_share", None),
                    models.Q(("margin_share__gte", 0), ("margin_share__lte", 1)),
                    _connector="OR",
                ),
                name="margin_share_0_to_1",
            ),
        ),
    ]
