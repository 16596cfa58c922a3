"""Two at once, and processes that die: one selects, one issues, and nothing is promised twice."""

import os
import signal
import subprocess
import sys
import threading
import time

import pytest
from django.db import connection

from coupons import mailing as mailings
from coupons import selecting
from coupons.mailing import MailingError
from coupons.models import Coupon, Mailing
from tests.coupons import selecting_shop
from tests.coupons.selecting_shop import chosen, in_use, written

pytestmark = pytest.mark.django_db(transaction=True)
HOMES = 12

DIES = """
import django, os, signal, sys
from django.conf import settings
settings.DATABASES["default"]["NAME"] = sys.argv[1]
settings.LOYALTY_BUCKETS = 4
django.setup()
from coupons import mailing
from coupons.models import Mailing
def dies(done, total):
    if done == 2:
        os.kill(os.getpid(), signal.SIGKILL)
getattr(mailing, sys.argv[2])(Mailing.objects.get(), progress=dies)
"""


@pytest.fixture
def shop():
    with selecting_shop.built(HOMES) as built:
        yield built


class Held:
    """Does something in a thread, on a connection of its own, that waits at its first bucket."""

    def __init__(self, work):
        self.is_at_it, self.may_go_on = threading.Event(), threading.Event()
        self.thread = threading.Thread(target=self._run, args=[work])

    def _run(self, work):
        try:
            work(Mailing.objects.get(), progress=self._wait)
        finally:
            connection.close()

    def _wait(self, done, total):
        self.is_at_it.set()
        assert self.may_go_on.wait(20)

    def __enter__(self):
        self.thread.start()
        assert self.is_at_it.wait(20)

    def __exit__(self, *_):
        self.may_go_on.set()
        self.thread.join(20)
        assert not self.thread.is_alive()


def killed(step):
    """Do the step in a process that dies when two buckets are done."""
    died = subprocess.run(
        [sys.executable, "-c", DIES, connection.settings_dict["NAME"], step],
        env={**os.environ, "DJANGO_SETTINGS_MODULE": "loyalty.settings", "LOYALTY_ENGINE": "loop"},
        check=False,
    )
    assert died.returncode == -signal.SIGKILL
    with connection.cursor() as cursor:  # the server notices a little later
        for _ in range(200):
            cursor.execute(
                "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
                " AND backend_type = 'client backend' AND pid <> pg_backend_pid()"
            )
            if cursor.fetchone() == (0,):
                return
            time.sleep(0.02)
    pytest.fail("the process that was killed is still connected")


def test_of_two_at_once_the_second_is_told_to_wait(shop):
    mailing = selecting_shop.mailing(shop)
    with (
        Held(selecting.select),
        pytest.raises(MailingError, match="are being selected already: wait for it to end"),
    ):
        mailings.select(mailing)
    assert mailing.selections.count() == 1
    mailing.refresh_from_db()
    assert mailing.state == Mailing.State.SELECTED

    mailings.approve(mailing, None)
    with Held(mailings.issue):
        with pytest.raises(MailingError, match="is being issued already: wait for it to end"):
            mailings.issue(mailing)
        with pytest.raises(MailingError, match="is being issued: it cannot go back"):
            mailings.back_to_draft(mailing)
    mailing.refresh_from_db()
    assert mailing.state == Mailing.State.ISSUED
    assert Coupon.objects.count() == 4 * HOMES


def test_a_selection_and_an_issue_that_are_killed_are_done_anew_and_doubled_in_nothing(shop):
    mailing = selecting_shop.mailing(shop)
    killed("select")
    dead = mailing.selections.get()
    assert dead.state == "running"
    anew = selecting.select(mailing)
    dead.refresh_from_db()
    assert (dead.state, dead.error) == ("failed", "It was cut short: select again.")
    before = written(anew)

    mailings.approve(mailing, None)
    killed("issue")
    mailing.refresh_from_db()
    assert mailing.state == Mailing.State.APPROVED
    assert 0 < Coupon.objects.count() < 4 * HOMES
    mailings.issue(mailing)
    assert written(in_use(mailing)) == before
    promised: dict[int, list[tuple[int, int]]] = {}
    for home, offer in Coupon.objects.order_by("sheet", "position").values_list(
        "sheet__household", "offer"
    ):
        promised.setdefault(home, []).append((offer, 0))
    assert promised == chosen(anew)
