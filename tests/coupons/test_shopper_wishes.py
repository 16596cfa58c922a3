"""What a shopper says on the page of a sheet, and what comes of it."""

import re
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.core.cache import cache
from django.db import connection
from django.test import Client
from django.utils import timezone

from coupons import links, sheet_pages, shopper_wishes
from coupons.sheets import words
from loyalty import merging, privacy, voice
from loyalty.models import Consent, DataRequest, Preference
from tests import make

pytestmark = pytest.mark.django_db
CODE = make.code("7Q4MK2XP9TRD")


@pytest.fixture
def sheet():
    coupon = make.coupon(CODE)
    today = timezone.localdate()
    mailing = coupon.sheet.mailing
    mailing.valid_from, mailing.valid_to = today, today + timedelta(days=20)
    mailing.save()
    cache.clear()
    return coupon.sheet


def wish(sheet, **sent):
    return Client().post(f"/s/{links.token_of(sheet.pk)}/", sent, follow=True)


def test_more_and_never_are_said_of_a_kind_of_goods_once_and_can_be_undone(sheet):
    answer = wish(sheet, wish="more", coupon=1)
    assert "We have noted it." in answer.content.decode()
    assert "You said: more like this." in answer.content.decode()
    wish(sheet, wish="more", coupon=1)
    assert Preference.objects.get().kind == "favourite"

    wish(sheet, wish="never", coupon=1)
    assert voice.heard(sheet.household).nevers == ["Oats"]
    assert "It is undone." in wish(sheet, wish="undo", coupon=1).content.decode()
    assert not Preference.objects.exists()


def test_post_and_profiling_are_objected_to_once_each_and_allowed_again(sheet):
    for _ in range(2):
        wish(sheet, wish="post_stop")
        answer = wish(sheet, wish="profiling_stop")
    assert "your sheets are the same for everybody" in answer.content.decode()
    assert sorted(voice.heard(sheet.household).objections) == ["post", "profiling"]
    assert Consent.objects.count() == 2
    assert set(Consent.objects.values_list("source", flat=True)) == {"own page"}

    wish(sheet, wish="profiling_start")
    assert voice.heard(sheet.household).objections == ["post"]


def test_a_language_is_chosen_among_those_there_are(sheet):
    wish(sheet, wish="language", language="de")
    assert voice.heard(sheet.household).language == "de"
    wish(sheet, wish="language", language="")
    answer = wish(sheet, wish="language", language="xx")
    assert answer.status_code == 400
    assert "Nothing was changed." in answer.content.decode()
    assert voice.heard(sheet.household).language == ""


def test_a_copy_and_an_erasure_are_asked_for_once_and_nothing_is_shown_or_erased(sheet):
    for kind in ("copy", "copy", "erasure"):
        answer = wish(sheet, wish=kind)
    page = answer.content.decode()
    assert "Nothing is erased before we have seen your card." in page
    assert DataRequest.objects.count() == 2
    due = DataRequest.objects.get(kind="copy").due_on
    assert words.ENGLISH.day_of(due) in page
    assert due == privacy.month_after(timezone.localdate())
    assert 'value="copy"' not in page


@pytest.mark.parametrize(
    "sent", [{}, {"wish": "everything"}, {"wish": "more"}, {"wish": "more", "coupon": "99"}]
)
def test_what_no_form_sends_changes_nothing(sheet, sent):
    assert wish(sheet, **sent).status_code == 400
    assert not Preference.objects.exists()


def test_a_leaked_link_cannot_be_flooded(sheet):
    for _ in range(shopper_wishes.WISHES):
        shopper_wishes.note(sheet, sheet.household, {"wish": "post_start"})
    answer = wish(sheet, wish="post_stop")
    assert answer.status_code == 429
    assert "Come back in ten minutes" in answer.content.decode()
    assert voice.heard(sheet.household).objections == []


def test_a_form_of_another_site_is_refused(sheet):
    client = Client(enforce_csrf_checks=True)
    address = f"/s/{links.token_of(sheet.pk)}/"
    assert client.post(address, {"wish": "post_stop"}).status_code == 403

    client.get(address)
    token = client.cookies["csrftoken"].value
    assert list(client.cookies) == ["csrftoken"]
    sent = {"wish": "post_stop", "csrfmiddlewaretoken": token}
    assert client.post(address, sent).status_code == 302


def test_a_link_that_expired_says_what_to_do_and_notes_nothing(sheet):
    mailing = sheet.mailing
    mailing.valid_from = mailing.valid_to = timezone.localdate() - timedelta(days=29)
    mailing.save()

    answer = wish(sheet, wish="post_stop")
    assert answer.status_code == 410
    assert "service desk" in answer.content.decode()
    assert not Consent.objects.exists()


def test_a_forgotten_households_sheet_says_so_and_names_nobody(sheet):
    privacy.erase(sheet.household, None, "asked for it")

    answer = Client().get(f"/s/{links.token_of(sheet.pk)}/")
    assert answer.status_code == 410
    assert "We were asked to forget" in answer.content.decode()
    assert "Ada" not in answer.content.decode()


def test_who_is_part_of_another_household_speaks_for_that(sheet, admin_user):
    kept = make.household(name="The Whole Kitchen")
    merging.merge(kept, sheet.household, admin_user)

    wish(sheet, wish="post_stop")
    assert voice.heard(kept).objections == ["post"]


def test_a_lost_sheet_says_that_another_took_its_place(sheet):
    sheet.voided_at = timezone.now()
    sheet.save()
    page = Client().get(f"/s/{links.token_of(sheet.pk)}/").content.decode()
    assert "another took its place" in page


def test_every_language_has_every_word():
    for one in words.LANGUAGES.values():
        assert set(one.page) == set(words.ENGLISH.page)


def test_it_takes_few_queries(sheet, django_assert_max_num_queries):
    with django_assert_max_num_queries(20):
        Client().get(f"/s/{links.token_of(sheet.pk)}/")


def test_the_page_speaks_the_language_that_was_chosen_on_it(sheet):
    coupon = sheet.coupons.get()
    coupon.reason = "You buy this about every 12 days."
    coupon.save()
    answer = wish(sheet, wish="language", language="de")
    assert '<html lang="de">' in answer.text
    assert words.in_language("de").page["said"] in answer.text
    assert answer["Content-Language"] == "de"
    assert "every 12 days" not in answer.text  # it was written in English
    assert re.search(r'class="product" lang="en">', answer.text)  # so are these goods

    answer = wish(sheet, wish="language", language="")
    assert '<html lang="en">' in answer.text
    assert "every 12 days" in answer.text


def test_of_two_wishes_at_once_neither_takes_the_other_back(transactional_db, sheet):
    def one(name):
        try:
            return wish(sheet, wish=name).status_code
        finally:
            connection.close()

    with ThreadPoolExecutor(2) as both:
        assert list(both.map(one, ["post_stop", "profiling_stop"])) == [200, 200]
    assert sorted(voice.heard(sheet.household).objections) == ["post", "profiling"]
    assert Consent.objects.count() == 2


def test_the_picture_of_a_sheet_is_not_drawn_without_end(sheet, monkeypatch):
    monkeypatch.setattr(sheet_pages, "PICTURES", 1)
    address = f"/s/{links.token_of(sheet.pk)}/coupons.png"
    Client().get(address)
    answer = Client().get(address)
    assert answer.status_code == 429
    assert answer["Retry-After"] == "600"


def test_a_photograph_is_gone_with_the_link(sheet):
    sheet.mailing.valid_from = sheet.mailing.valid_to = timezone.localdate() - timedelta(days=29)
    sheet.mailing.save()
    address = f"/s/{links.token_of(sheet.pk)}/pictures/{'0' * 64}"
    assert Client().get(address).status_code == 410


def test_the_log_never_holds_a_link_that_opens_a_page(sheet, caplog):
    token = links.token_of(sheet.pk)
    assert wish(sheet, wish="everything").status_code == 400
    assert Client(enforce_csrf_checks=True).post(f"/s/{token}/").status_code == 403
    assert "Bad Request: /s/.../" in caplog.messages
    assert token.partition(":")[2] not in caplog.text
