"""Who works in which store; when a till was last seen; rejects that staff closed."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("pos_integration", "0007_goods"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddField(
            model_name="reject",
            name="closed_at",
            field=models.DateTimeField(
                editable=False, help_text="When staff decided that it stays out", null=True
            ),
        ),
        migrations.AddField(
            model_name="reject",
            name="closed_by",
            field=models.ForeignKey(
                db_index=False,
                editable=False,
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddField(
            model_name="reject",
            name="closed_why",
            field=models.CharField(blank=True, db_default="", default="", max_length=200),
        ),
        migrations.AddField(
            model_name="terminal",
            name="last_seen_at",
            field=models.DateTimeField(
                editable=False, help_text="When it last signed in, to a few minutes", null=True
            ),
        ),
        migrations.CreateModel(
            name="StoreStaff",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "store",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="staff",
                        to="pos_integration.store",
                    ),
                ),
                (
                    "user",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="store_staff",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "verbose_name_plural": "store staff",
                "constraints": [
                    models.UniqueConstraint(fields=("user", "store"), name="staff_once_per_store")
                ],
            },
        ),
    ]
