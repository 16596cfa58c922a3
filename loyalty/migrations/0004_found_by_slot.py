"""A bucket's households and cards are found by index, built beside the sales."""

from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    atomic = False

    dependencies = [("loyalty", "0003_fitted_models")]

    operations = [
        AddIndexConcurrently(
            model_name="household",
            index=models.Index(fields=["slot"], name="household_by_slot"),
        ),
        AddIndexConcurrently(
            model_name="card",
            index=models.Index(fields=["sealed_slot"], name="card_by_sealed_slot"),
        ),
    ]
