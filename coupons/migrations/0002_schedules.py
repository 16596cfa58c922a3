"""What the queue does by the clock: the night once a day, waiting uploads every few minutes."""

from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db import migrations

NIGHT = "The night"
WAITING = "Load what waits"


def add(apps, schema_editor):
    Schedule = apps.get_model("django_q", "Schedule")
    zone = ZoneInfo(settings.TIME_ZONE)
    now = datetime.now(zone)
    night = datetime.combine(now.date(), time.fromisoformat(settings.NIGHT_AT), zone)
    Schedule.objects.get_or_create(
        name=NIGHT,
        defaults={
            "func": "coupons.tasks.night",
            "schedule_type": "D",
            "next_run": night if night > now else night + timedelta(days=1),
            "repeats": -1,
        },
    )
    Schedule.objects.get_or_create(
        name=WAITING,
        defaults={
            "func": "pos_integration.tasks.load_waiting",
            "schedule_type": "I",
            "minutes": 5,
            "next_run": now,
            "repeats": -1,
        },
    )


def remove(apps, schema_editor):
    apps.get_model("django_q", "Schedule").objects.filter(name__in=[NIGHT, WAITING]).delete()


class Migration(migrations.Migration):
    dependencies = [
        ("coupons", "0001_promises"),
        ("django_q", "0019_alter_task_options_alter_ormq_key_alter_ormq_lock_and_more"),
    ]

    operations = [migrations.RunPython(add, remove)]
