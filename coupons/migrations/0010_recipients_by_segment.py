"""How a recipient came: by a segment, or by hand."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("coupons", "0009_wrong_store")]

    operations = [
        migrations.AddField(
            model_name="recipient",
            name="by_segment",
            field=models.BooleanField(
                db_default=False, default=False, editable=False, help_text="Not added by hand"
            ),
        ),
    ]
