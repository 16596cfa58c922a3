"""The desk's list of what shoppers ask of their data: handed over, erased, never by accident."""

import io
import zipfile
from datetime import date, timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from loyalty import privacy
from loyalty.admin.requests import due_words
from loyalty.models import DataRequest, Household
from tests import make
from tests.staff import one_of

pytestmark = pytest.mark.django_db
LIST = "/admin/loyalty/datarequest/"


@pytest.fixture
def home():
    return make.household("card-1")


def test_the_list_says_what_is_late_and_leads_to_the_next_step(home, admin_client):
    assert "Nobody waits for an answer." in admin_client.get(LIST).content.decode()
    privacy.ask(home, "copy", "own page", on=timezone.localdate() - timedelta(days=40))
    privacy.ask(home, "erasure", "desk")

    page = admin_client.get(LIST).content.decode()
    assert "late" in page
    assert "Hand over the copy" in page
    assert f"{LIST}household/{home.pk}/erase/" in page


def test_a_copy_is_handed_over_after_a_question_and_the_request_is_done(home, admin_client):
    privacy.ask(home, "copy", "own page")
    address = f"{LIST}household/{home.pk}/copy/"
    assert "Look at the card first" in admin_client.get(address).content.decode()
    assert DataRequest.objects.get().done_at is None

    answer = admin_client.post(address)
    assert answer["Content-Disposition"] == f'attachment; filename="household-{home.pk}.zip"'
    with zipfile.ZipFile(io.BytesIO(b"".join(answer.streaming_content))) as archive:
        assert archive.namelist() == ["data.json", "index.html"]
    assert DataRequest.objects.get().done_at is not None


def test_an_erasure_wants_the_households_number_typed(home, admin_client):
    address = f"{LIST}household/{home.pk}/erase/"
    assert "This cannot be undone." in admin_client.get(address).content.decode()
    answer = admin_client.post(address, {"number": "1x", "why": "asked for it"})
    assert "Nothing was erased." in answer.content.decode()
    assert Household.objects.get(pk=home.pk).name == "Ada Example"

    sent = {"number": str(home.pk), "why": "asked for it"}
    assert admin_client.post(address, sent, follow=True).status_code == 200
    assert privacy.is_erased(home.pk)
    again = admin_client.post(address, sent)
    assert "erased already" in again.content.decode()


def test_store_staff_erase_nobody(home):
    assert one_of("Store staff").post(f"{LIST}household/{home.pk}/erase/").status_code == 403
    assert not privacy.is_erased(home.pk)


def test_when_an_answer_is_due_is_said_in_days():
    today = date(2026, 3, 10)
    assert due_words(date(2026, 3, 9), today) == ("1 day late", "bad")
    assert due_words(today, today) == ("due today", "warn")
    assert due_words(date(2026, 3, 12), today) == ("2 days left", "warn")
    assert due_words(date(2026, 4, 10), today) == ("31 days left", "plain")


def test_a_request_that_came_by_letter_is_noted_on_the_households_page(home, admin_client):
    page = reverse("admin:loyalty_household_change", args=[home.pk])
    noting = reverse("admin:loyalty_household_step", args=[home.pk, "request"])
    assert noting in admin_client.get(page).content.decode()
    today = timezone.localdate()
    for day in (today + timedelta(days=1), today - timedelta(days=200)):
        sent = {"kind": "copy", "asked_on": day.isoformat(), "source": "letter"}
        answer = admin_client.post(noting, sent).content.decode()
        assert "Give a day of the last three months" in answer
    assert not DataRequest.objects.exists()

    asked_on = today - timedelta(days=5)
    sent = {"kind": "copy", "asked_on": asked_on.isoformat(), "source": "letter"}
    for _twice in range(2):
        assert "to be answered by" in admin_client.post(noting, sent, follow=True).content.decode()
    asked = DataRequest.objects.get()
    assert (asked.source, asked.due_on) == ("letter", privacy.month_after(asked_on))
    assert "Hand over the copy" in admin_client.get(LIST).content.decode()
