"""A coupon that is good in other stores only is refused for that; nothing in the tables changes."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("coupons", "0008_coupon_levels")]

    operations = [
        migrations.AlterField(
            model_name="refusal",
            name="reason",
            field=models.CharField(
                choices=[
                    ("unknown_code", "No coupon has this code"),
                    ("already_redeemed", "The coupon was redeemed before"),
                    ("void", "The coupon was made void"),
                    ("out_of_date", "Used outside its dates"),
                    ("wrong_store", "The coupon is good in other stores only"),
                    ("wrong_item", "No item of the offer was on the line or the receipt"),
                    ("over_value", "The till gave more than the coupon is worth"),
                    (
                        "conflict",
                        "Used twice before either till could know: the other use was first",
                    ),
                    ("not_enough", "Too few units, or too little spent"),
                    ("not_stacked", "Another coupon was on the item, and these do not go together"),
                    ("nothing_off", "The till took nothing off: the coupon is good as before"),
                    ("receipt_void", "The receipt it was used on was made void"),
                ],
                max_length=16,
            ),
        ),
    ]
