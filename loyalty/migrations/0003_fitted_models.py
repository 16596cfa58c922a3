"""What was learned is kept by version; runs name theirs; summaries say more of a household."""

import django.contrib.postgres.fields
import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("loyalty", "0002_undone_purchases"),
        ("pos_integration", "0006_margins"),
    ]

    operations = [
        migrations.AddField(
            model_name="householdsummary",
            name="favourite_daypart",
            field=models.CharField(
                blank=True,
                help_text="morning, midday, afternoon, evening; empty: none",
                max_length=9,
            ),
        ),
        migrations.AddField(
            model_name="householdsummary",
            name="home_store",
            field=models.ForeignKey(
                db_index=False,
                help_text="Where it shops most",
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="+",
                to="pos_integration.store",
            ),
        ),
        migrations.AddField(
            model_name="householdsummary",
            name="is_shared",
            field=models.BooleanField(
                default=False,
                help_text="A cashier's card, or one that goes around: kept out of the models",
            ),
        ),
        migrations.AddField(
            model_name="householdsummary",
            name="lifetime_margin",
            field=models.DecimalField(
                decimal_places=2,
                help_text="4 of 5 households end within this",
                max_digits=12,
                null=True,
            ),
        ),
        migrations.AddField(
            model_name="householdsummary",
            name="lifetime_value",
            field=models.DecimalField(
                decimal_places=2,
                help_text="Margin expected in three years",
                max_digits=12,
                null=True,
            ),
        ),
        migrations.AddField(
            model_name="householdsummary",
            name="price_sensitivity",
            field=models.FloatField(
                help_text="0: buys at any price; 1: buys offers only; null: not known", null=True
            ),
        ),
        migrations.AddField(
            model_name="householdsummary",
            name="shared_reason",
            field=models.CharField(blank=True, max_length=120),
        ),
        migrations.AddField(
            model_name="householdsummary",
            name="wallet_share",
            field=models.FloatField(
                help_text="Our part of what it spends on groceries, 0 to 1; null: not known",
                null=True,
            ),
        ),
        migrations.AddField(
            model_name="householdsummary",
            name="wallets",
            field=models.JSONField(
                default=list,
                help_text="[department, our part, room in cents a year], most room first",
            ),
        ),
        migrations.AddField(
            model_name="householdsummary",
            name="weekly_trips",
            field=django.contrib.postgres.fields.ArrayField(
                base_field=models.SmallIntegerField(),
                default=list,
                help_text="Shopping days in each of the last 52 weeks, oldest first",
                size=None,
            ),
        ),
        migrations.AddField(
            model_name="modelrun",
            name="report",
            field=models.JSONField(
                default=dict,
                editable=False,
                help_text="Of the night: seconds a step, changes of tier",
            ),
        ),
        migrations.AlterField(
            model_name="modelrun",
            name="state",
            field=models.CharField(
                choices=[
                    ("running", "Running"),
                    ("published", "Published"),
                    ("replaced", "Replaced"),
                    ("trial", "Trial"),
                ],
                default="running",
                max_length=9,
            ),
        ),
        migrations.AddField(
            model_name="profile",
            name="discoveries",
            field=models.JSONField(
                default=list,
                help_text="[category id, chance in 56 days, because it buys category id], likeliest first",
            ),
        ),
        migrations.AlterField(
            model_name="profile",
            name="needs",
            field=models.JSONField(
                help_text="[product id, chance in 28 days, days bought, usual gap in days, last day]; of a newcomer also what others buy there: 0 days, no gap, no day"
            ),
        ),
        migrations.CreateModel(
            name="FittedModel",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("needs", "What a household needs, and when"),
                            ("discovery", "What it may like and does not know"),
                            ("value", "What it is worth"),
                            ("newcomers", "What to think of who is hardly known"),
                            ("response", "Which coupons it uses"),
                        ],
                        max_length=10,
                    ),
                ),
                ("version", models.PositiveIntegerField(help_text="Counted from 1 for each kind")),
                ("as_of", models.DateField(help_text="Only earlier days were learned from")),
                ("fitted_at", models.DateTimeField(auto_now_add=True)),
                (
                    "parameters",
                    models.TextField(help_text="JSON; trees as LightGBM's text within it"),
                ),
                (
                    "sha256",
                    models.CharField(help_text="Of the parameters, as UTF-8", max_length=64),
                ),
                ("in_use", models.BooleanField(default=False, help_text="By the next night")),
                (
                    "figures",
                    models.JSONField(
                        default=dict,
                        help_text="How it did on households it was not fitted on, beside the last",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("kind", "version"), name="model_version_once"),
                    models.UniqueConstraint(
                        condition=models.Q(("in_use", True)),
                        fields=("kind",),
                        name="one_model_of_a_kind_in_use",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("sha256__regex", "^[0-9a-f]{64}$")),
                        name="model_has_its_hash",
                    ),
                ],
            },
        ),
        migrations.AddField(
            model_name="modelrun",
            name="learned",
            field=models.ManyToManyField(
                editable=False,
                help_text="What it was computed with",
                related_name="runs",
                to="loyalty.fittedmodel",
            ),
        ),
    ]
