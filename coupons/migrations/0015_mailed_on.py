"""The day a mailing went to the post."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("coupons", "0014_desk"),
    ]

    operations = [
        migrations.AddField(
            model_name="mailing",
            name="mailed_on",
            field=models.DateField(editable=False, help_text="When it went to the post", null=True),
        ),
    ]
