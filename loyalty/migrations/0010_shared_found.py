"""Households whose card goes around are found without reading all the others."""

from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    atomic = False  # readers and the night go on while the index is built

    dependencies = [("loyalty", "0009_changes")]

    operations = [
        AddIndexConcurrently(
            "householdsummary",
            models.Index(
                condition=models.Q(("is_shared", True)), fields=["id"], name="summary_shared"
            ),
        )
    ]
