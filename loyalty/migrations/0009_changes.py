"""What staff change of households, and of second factors, is noted by the database."""

from django.db import migrations

from pos_integration.watching import watch

HOUSEHOLD = ("loyalty_household", "household_id")
# What each sign-in changes, and nobody by themselves.
ON_SIGN_IN = "throttling_failure_timestamp throttling_failure_count last_used_at"


class Migration(migrations.Migration):
    atomic = False  # a lock on each table for itself, and not longer than it takes

    dependencies = [
        ("loyalty", "0008_household_name_search"),
        ("pos_integration", "0010_changes_noted"),
        ("otp_totp", "0003_add_timestamps"),
        ("otp_static", "0003_add_timestamps"),
    ]

    operations = [
        watch("loyalty_household", left_out="slot"),
        watch("loyalty_address", about=HOUSEHOLD),
        watch("loyalty_card", about=HOUSEHOLD, left_out="sealed_slot"),
        watch("loyalty_consent", about=HOUSEHOLD),
        watch("loyalty_preference", about=HOUSEHOLD),
        watch("loyalty_note", about=HOUSEHOLD),
        watch("loyalty_datarequest", about=HOUSEHOLD),
        watch("loyalty_merger", about=("loyalty_household", "kept_id"), left_out="moved"),
        watch("loyalty_fittedmodel", left_out="parameters figures sha256"),
        watch(
            "otp_totp_totpdevice",
            about=("auth_user", "user_id"),
            unseen="key",
            left_out=f"{ON_SIGN_IN} last_t drift step t0 digits tolerance",
        ),
        watch("otp_static_staticdevice", about=("auth_user", "user_id"), left_out=ON_SIGN_IN),
        watch(
            "otp_static_statictoken",
            about=("otp_static_staticdevice", "device_id"),
            unseen="token",
        ),
    ]
