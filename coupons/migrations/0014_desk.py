"""Goodwill coupons, verdicts on refusals, trials of offers."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("coupons", "0013_sheets_replaced"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddField(
            model_name="mailing",
            name="is_goodwill",
            field=models.BooleanField(
                db_default=False,
                default=False,
                editable=False,
                help_text="Holds a month's goodwill coupons: chosen by staff, neither mailed nor measured",
            ),
        ),
        migrations.CreateModel(
            name="RefusalVerdict",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "verdict",
                    models.CharField(
                        choices=[
                            ("stands", "It stands: the store bears it"),
                            ("house", "The house bears it"),
                            ("trained", "It stands, and the store was told why"),
                        ],
                        max_length=7,
                    ),
                ),
                ("note", models.CharField(blank=True, max_length=200)),
                ("decided_at", models.DateTimeField(auto_now_add=True)),
                (
                    "decided_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "refusal",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="verdict",
                        to="coupons.refusal",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Goodwill",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("why", models.CharField(max_length=200)),
                ("given_at", models.DateTimeField(auto_now_add=True)),
                (
                    "coupon",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="goodwill",
                        to="coupons.coupon",
                    ),
                ),
                (
                    "given_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "verbose_name_plural": "goodwill",
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("why", ""), _negated=True), name="goodwill_has_a_reason"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="OfferTrial",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("weeks", models.PositiveSmallIntegerField(default=8)),
                ("until", models.DateField(help_text="Only earlier days were looked at")),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("waiting", "Waits for the queue"),
                            ("running", "Is being worked out"),
                            ("done", "Done"),
                            ("failed", "Could not be worked out"),
                        ],
                        default="waiting",
                        max_length=7,
                    ),
                ),
                ("figures", models.JSONField(default=dict, help_text="Money in cents")),
                ("error", models.CharField(blank=True, max_length=300)),
                ("asked_at", models.DateTimeField(auto_now_add=True)),
                ("done_at", models.DateTimeField(null=True)),
                (
                    "asked_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "offer",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="trials",
                        to="coupons.offer",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("weeks__gte", 1), ("weeks__lte", 52)),
                        name="trial_weeks",
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(("state__in", ["waiting", "running"])),
                        fields=("offer",),
                        name="one_trial_of_an_offer_at_once",
                    ),
                ],
            },
        ),
    ]
