"""Which voids and returns have been taken out of the sealed history."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("loyalty", "0001_beliefs"),
        ("pos_integration", "0003_bad_networks"),
    ]

    operations = [
        migrations.CreateModel(
            name="SealedUndoing",
            fields=[
                (
                    "undoing",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="+",
                        serialize=False,
                        to="pos_integration.undoing",
                    ),
                ),
            ],
        ),
    ]
