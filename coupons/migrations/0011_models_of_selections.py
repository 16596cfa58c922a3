"""What said how likely coupons are used is noted by the selection, not by the mailing as well."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("coupons", "0010_recipients_by_segment")]

    operations = [migrations.RemoveField(model_name="mailing", name="response_model")]
