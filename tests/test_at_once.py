"""Two who press at once, and a browser closed in mid-run: done once, and the second is told."""

import threading
from collections.abc import Mapping
from datetime import timedelta
from html import unescape

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from django_q.models import OrmQ

from coupons import tasks
from coupons.models import Coupon, Goodwill, Mailing, Offer, PrintRun, Segment, Selection
from loyalty.models import Erasure, Household, Merger
from tests import make
from tests.coupons.test_admin_printing import mailing as printable  # noqa: F401 - a fixture
from tests.loyalty import believing
from tests.pos_integration.test_at_once import _typed

pytestmark = pytest.mark.django_db(transaction=True)


def browser(name: str = "boss") -> Client:
    """A browser of an administrator's; of one name, the same person in another window."""
    user, _ = User.objects.get_or_create(
        username=name, defaults={"is_staff": True, "is_superuser": True}
    )
    client = Client()
    client.force_login(user)
    return client


def both(url: str, says: Mapping[str, object], *names: str) -> list[str]:
    """What two hear who send the same at the very same time: each the page they end on."""
    at_the_line, heard = threading.Barrier(2), []

    def send(client: Client) -> None:
        try:
            at_the_line.wait(10)
            heard.append(unescape(client.post(url, says, follow=True).content.decode()))
        finally:
            connection.close()

    pressing = [
        threading.Thread(target=send, args=(browser(name),)) for name in (names or ("boss", "boss"))
    ]
    for one in pressing:
        one.start()
    for one in pressing:
        one.join(30)
    assert len(heard) == 2, "one of them heard nothing"
    return heard


def how_many(heard: list[str], sentence: str) -> int:
    return sum(sentence in page for page in heard)


def test_of_two_who_approve_at_once_one_does_and_the_other_is_told():
    boss = User.objects.create_superuser("asker")
    run = believing.night(as_of=timezone.localdate())
    today = timezone.localdate()
    mailing = make.mailing(model_days=9999)
    mailing.issue_on = mailing.valid_from = today + timedelta(days=7)
    mailing.valid_to = today + timedelta(days=30)
    mailing.selection = Selection.objects.create(
        mailing=mailing, state="ready", run=run, seed=1, asked_by=boss
    )
    mailing.state = Mailing.State.SELECTED
    mailing.save()

    heard = both(reverse("admin:coupons_mailing_step", args=[mailing.pk, "approve"]), {}, "a", "b")

    mailing.refresh_from_db()
    assert mailing.state == Mailing.State.APPROVED
    assert how_many(heard, 'class="success">Approved.') == 1
    assert how_many(heard, 'class="error"') == 1
    assert str(mailing.approved_by) in ("a", "b")


def test_a_double_click_on_print_prints_once(printable):  # noqa: F811 - the fixture
    url = reverse("admin:coupons_mailing_step", args=[printable.pk, "print"])

    heard = both(url, {})

    assert PrintRun.objects.count() == 1
    assert all("print" in page for page in heard)


def test_a_double_click_gives_one_goodwill_coupon():
    home = make.household()
    offer, today = make.offer(), timezone.localdate()
    Offer.objects.update(valid_from=today, valid_to=today + timedelta(days=40))
    url = reverse("admin:loyalty_household_step", args=[home.pk, "goodwill"])

    heard = both(url, {"offer": offer.pk, "why": "sour milk", "good_days": 9})

    assert Goodwill.objects.count() == Coupon.objects.count() == 1
    assert how_many(heard, "is good until") >= 1


def test_of_two_who_merge_the_same_households_at_once_one_does_and_the_other_is_told():
    kept, gone = make.household("1001", "Ada"), make.household("1002", "Ida")
    url = reverse("admin:loyalty_household_step", args=[kept.pk, "merge"])

    heard = both(url, {"other": "1002", "is_sure": "on"})

    assert Merger.objects.count() == 1
    assert kept.cards.count() == 2
    assert not gone.cards.exists()
    assert how_many(heard, "is now part of") == 1
    assert how_many(heard, 'class="errorlist') == 1


def test_of_two_who_erase_a_household_at_once_one_does_and_the_other_is_told():
    home = make.household("1001", "Ada")
    url = reverse("admin:loyalty_household_erase", args=[home.pk])

    heard = both(url, {"number": home.pk, "why": "asked for it"})

    assert Erasure.objects.count() == 1
    assert not Household.objects.filter(name="Ada").exists()
    assert how_many(heard, "is erased.") + how_many(heard, "is erased already") == 2
    assert how_many(heard, f"Household {home.pk} is erased.") >= 1


def test_of_two_who_change_a_mailing_at_once_the_second_is_told_what_it_is_now():
    mailing, offer = make.mailing("spring"), make.offer()
    mailing.offers.add(offer)
    url = reverse("admin:coupons_mailing_change", args=[mailing.pk])
    ann, ben = browser("ann"), browser("ben")
    shown = ann.get(url).content.decode()
    says = {
        **_typed(shown), "channel": "print", "objective": "margin", "leaf": "one",
        "short_sheets": "shorter", "coupons_per_sheet": "8", "issue_on": "2026-03-01",
        "valid_from": "2026-03-01", "valid_to": "2026-03-31", "offers": offer.pk,
    }  # fmt: skip
    first = ann.post(url, {**says, "name": "Ann's"})
    assert first.status_code == 302, first.context["adminform"].form.errors
    second = ben.post(url, {**says, "name": "Ben's"})
    told = unescape(second.content.decode())
    assert second.status_code == 200
    assert "ann changed this at" in told
    assert "is now “Ann's”" in told
    mailing.refresh_from_db()
    assert mailing.name == "Ann's"


def test_two_who_make_a_segment_of_one_name_make_one():
    says = {"name": "Everybody", "trigger": "anybody"}
    heard = both(reverse("admin:coupons_segment_add"), says, "ann", "ben")
    assert Segment.objects.count() == 1
    assert how_many(heard, "was added successfully") == 1


def test_a_browser_that_is_closed_in_mid_run_stops_nothing(printable):  # noqa: F811 - the fixture
    asking = browser()
    asking.post(reverse("admin:coupons_mailing_step", args=[printable.pk, "print"]))
    del asking  # nobody looks at what comes of it
    run = PrintRun.objects.get()
    assert (run.state, OrmQ.objects.count()) == ("running", 1)

    tasks.print_run(run.pk)

    later = browser("somebody else")
    page = later.get(reverse("admin:coupons_printrun_change", args=[run.pk])).content.decode()
    assert "5 sheets" in page
    assert "read back from the PDF, and right" in page
    assert later.get(reverse("admin:coupons_printrun_progress", args=[run.pk])).json()["state"] == (
        "finished"
    )
    tasks.print_run(run.pk)  # the queue may say it twice
    assert PrintRun.objects.count() == 1
