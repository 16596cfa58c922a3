"""Several who press one button of a mailing at the same moment."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django_q.models import OrmQ

from coupons.admin import queued
from coupons.models import Mailing
from tests import make

pytestmark = pytest.mark.django_db(transaction=True)
AT_ONCE = 4


def at_once(press):
    """What each of several hears who do the same at once."""

    def alone(place):
        try:
            return press(place)
        finally:
            connection.close()

    with ThreadPoolExecutor(AT_ONCE) as staff:
        return list(staff.map(alone, range(AT_ONCE)))


def test_of_several_who_press_at_once_one_puts_it_in_the_queue():
    mailing = make.mailing()

    new = at_once(lambda _: queued.put_once("coupons.tasks.select", mailing, 1))

    assert sorted(new) == [False, False, False, True]
    assert OrmQ.objects.count() == 1


def test_a_mailing_is_mailed_once_whoever_else_says_so():
    mailing = make.mailing(state=Mailing.State.PRINTED)
    boss = User.objects.create_superuser("boss")
    page = reverse("admin:coupons_mailing_step", args=[mailing.pk, "mailed"])
    today = timezone.localdate()

    def press(_):
        client = Client()
        client.force_login(boss)
        answer = client.post(page, {"mailed_on": today.isoformat()}, follow=True)
        return answer.content.decode()  # contexts are shared by all clients of a process

    told = at_once(press)

    assert sum("is marked as mailed" in one for one in told) == 1
    assert LogEntry.objects.filter(change_message=f"Mailed on {date_format(today)}.").count() == 1
