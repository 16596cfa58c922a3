"""A night that is killed: nobody sees half of it, and the next start repeats nothing."""

import os
import signal
import subprocess
import sys
import time
from datetime import timedelta

import pytest
from django.db import connection

from loyalty import history, rebuild
from loyalty.models import BucketReceipt, HouseholdSummary, ModelRun, Profile
from tests.loyalty.test_rebuild import MORNING, believed, shop

NIGHT = """
import django, sys
from datetime import date
from django.conf import settings
settings.DATABASES["default"]["NAME"] = sys.argv[1]
settings.DATABASES["default"].setdefault("OPTIONS", {})["application_name"] = "killed night"
django.setup()
from loyalty import rebuild
rebuild.rebuild(date.fromisoformat(sys.argv[2]))
"""


def killed_once(receipts: int) -> None:
    """Start a night in a process of its own and kill it at its so-manieth receipt."""
    night = subprocess.Popen(
        [sys.executable, "-c", NIGHT, connection.settings_dict["NAME"], MORNING.isoformat()],
        env={**os.environ, "DJANGO_SETTINGS_MODULE": "loyalty.settings", "LOYALTY_ENGINE": "loop"},
    )
    try:
        for _ in range(6000):
            if BucketReceipt.objects.count() >= receipts:
                break
            assert night.poll() is None, "the night was over before it could be killed"
            time.sleep(0.005)
    finally:
        night.send_signal(signal.SIGKILL)
        night.communicate()


def wait_for_its_connection_to_end() -> None:
    """The killed night's server process may commit what it was told before it notices."""
    with connection.cursor() as cursor:
        for _ in range(200):
            cursor.execute(
                "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
                " AND application_name = 'killed night'"
            )
            if cursor.fetchone() == (0,):
                return
            time.sleep(0.02)
    pytest.fail("the killed night is still connected")


def receipts() -> dict[tuple[str, int], tuple[int, float]]:
    """Which buckets are done in which step, by what receipt, after how long."""
    return {
        (step, bucket): (pk, seconds)
        for pk, step, bucket, seconds in BucketReceipt.objects.values_list(
            "pk", "step", "bucket", "seconds"
        )
    }


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("share", [0.2, 0.5, 0.8])
def test_a_night_killed_anywhere_goes_on_where_it_was_and_believes_the_same(share):
    shop()
    rebuild.rebuild(MORNING)
    undisturbed = believed()
    ModelRun.objects.all().delete()
    yesterday = rebuild.rebuild(MORNING - timedelta(days=1))
    BucketReceipt.objects.all().delete()
    seen_before = believed()
    in_all = len(rebuild.STEPS) * len(history.buckets())

    killed_once(round(share * in_all))
    wait_for_its_connection_to_end()
    done = receipts()
    assert len(done) < in_all
    assert rebuild.published() == yesterday  # whoever reads now sees the whole of the last night
    assert [row for row in believed() if row in seen_before] == seen_before

    run = rebuild.rebuild(MORNING)

    assert done.items() <= receipts().items()  # nothing that was finished was done again
    assert len(receipts()) == in_all
    assert run.report["begun"] == 2
    assert believed() == undisturbed
    assert set(HouseholdSummary.objects.values_list("run", flat=True)) == {run.pk}
    assert set(Profile.objects.values_list("run", flat=True)) == {run.pk}
