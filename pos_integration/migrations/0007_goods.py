"""What law restricts, and what tells of private life."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("pos_integration", "0006_margins"),
    ]

    operations = [
        migrations.AddField(
            model_name="category",
            name="goods",
            field=models.CharField(
                blank=True,
                choices=[
                    ("alcohol", "Alcohol"),
                    ("tobacco", "Tobacco"),
                    ("infant_formula", "infant formula"),
                    ("medicine", "Medicine"),
                    ("gambling", "lottery and gambling"),
                ],
                db_default="",
                default="",
                help_text="What law restricts; also all below it",
                max_length=14,
            ),
        ),
        migrations.AddField(
            model_name="category",
            name="is_sensitive",
            field=models.BooleanField(
                db_default=False,
                default=False,
                help_text="Tells of health, faith or private life: nobody's purchases of it, or of what is below it, choose a coupon",
            ),
        ),
    ]
