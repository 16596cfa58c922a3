"""The language a household wants to be written to in."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("loyalty", "0005_household_traits"),
    ]

    operations = [
        migrations.AddField(
            model_name="household",
            name="language",
            field=models.CharField(
                blank=True,
                db_default="",
                default="",
                help_text="That it wants to be written to in, such as de; empty: it did not say",
                max_length=8,
            ),
        ),
    ]
