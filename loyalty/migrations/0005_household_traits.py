"""What a household says of itself: how many, of age, the month of its birthday."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("loyalty", "0004_found_by_slot"),
    ]

    operations = [
        migrations.AddField(
            model_name="household",
            name="birth_month",
            field=models.PositiveSmallIntegerField(
                blank=True,
                help_text="1 to 12, of who agreed to a greeting; no day, no year",
                null=True,
            ),
        ),
        migrations.AddField(
            model_name="household",
            name="is_of_age",
            field=models.BooleanField(
                help_text="Has shown that an adult holds the card, for goods the law restricts",
                null=True,
            ),
        ),
        migrations.AddField(
            model_name="household",
            name="members",
            field=models.PositiveSmallIntegerField(
                blank=True, help_text="People who live there; empty: not known", null=True
            ),
        ),
        migrations.AlterField(
            model_name="consent",
            name="purpose",
            field=models.CharField(
                choices=[
                    ("post", "Coupons by post"),
                    ("profiling", "Offers chosen from its purchases"),
                    ("birthday", "A greeting in the month of its birthday"),
                ],
                max_length=9,
            ),
        ),
        migrations.AlterField(
            model_name="fittedmodel",
            name="kind",
            field=models.CharField(
                choices=[
                    ("needs", "What a household needs, and when"),
                    ("discovery", "What it may like and does not know"),
                    ("value", "What it is worth"),
                    ("newcomers", "What to think of who is hardly known"),
                    ("response", "Which coupons it uses"),
                    ("uplift", "What a coupon changes"),
                ],
                max_length=10,
            ),
        ),
        migrations.AddConstraint(
            model_name="household",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("birth_month", None),
                    models.Q(("birth_month__gte", 1), ("birth_month__lte", 12)),
                    _connector="OR",
                ),
                name="birth_month_1_to_12",
            ),
        ),
        migrations.AddConstraint(
            model_name="household",
            constraint=models.CheckConstraint(
                condition=models.Q(("members", None), ("members__gte", 1), _connector="OR"),
                name="somebody_lives_there",
            ),
        ),
    ]
