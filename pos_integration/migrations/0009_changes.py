"""Where the database notes what staff change: the table, and what its triggers do."""

from django.db import migrations, models

from pos_integration.watching import functions


class Migration(migrations.Migration):
    dependencies = [("pos_integration", "0008_desk")]

    operations = [
        migrations.CreateModel(
            name="Change",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("at", models.DateTimeField(verbose_name="when")),
                ("by_id", models.BigIntegerField(verbose_name="user's id")),
                (
                    "by_name",
                    models.CharField(
                        help_text="As they were called then", max_length=150, verbose_name="who"
                    ),
                ),
                ("page", models.CharField(blank=True, max_length=200, verbose_name="page")),
                (
                    "kind",
                    models.CharField(
                        choices=[("made", "Made"), ("changed", "Changed"), ("deleted", "Deleted")],
                        max_length=7,
                        verbose_name="what",
                    ),
                ),
                ("table_name", models.CharField(max_length=63)),
                (
                    "row_id",
                    models.CharField(blank=True, help_text="Empty: of many rows", max_length=64),
                ),
                (
                    "label",
                    models.CharField(
                        blank=True, help_text="What the row was called", max_length=80
                    ),
                ),
                (
                    "about_table",
                    models.CharField(help_text="On whose page it is told", max_length=63),
                ),
                ("about_id", models.CharField(max_length=64)),
                ("rows", models.PositiveIntegerField(default=1)),
                ("before", models.JSONField(default=dict)),
                ("after", models.JSONField(default=dict)),
            ],
            options={
                "verbose_name": "change",
                "verbose_name_plural": "changes",
                "indexes": [
                    models.Index(fields=["about_table", "about_id"], name="change_about"),
                    models.Index(fields=["table_name", "row_id"], name="change_of"),
                    models.Index(fields=["by_id"], name="change_by"),
                    models.Index(fields=["at"], name="change_at"),
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("kind__in", ["made", "changed", "deleted"])),
                        name="change_kind",
                    )
                ],
            },
        ),
        *functions(),
    ]
