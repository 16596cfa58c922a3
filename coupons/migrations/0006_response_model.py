"""A mailing names the model that said how likely its coupons are used."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("coupons", "0005_ledger_only_grows"),
        ("loyalty", "0003_fitted_models"),
    ]

    operations = [
        migrations.AddField(
            model_name="mailing",
            name="response_model",
            field=models.ForeignKey(
                editable=False,
                help_text="What said how likely its coupons are used; empty: the prior did",
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="+",
                to="loyalty.fittedmodel",
            ),
        ),
    ]
