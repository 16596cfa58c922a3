"""A second factor is set up, changed, given up, and taken away when it is lost."""

import re
from datetime import timedelta
from urllib.parse import parse_qs, unquote, urlsplit

import numpy as np
import pytest
import zxingcpp
from django.contrib import admin
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import User
from django.urls import reverse
from django.utils import timezone
from django_otp.plugins.otp_static.models import StaticDevice, StaticToken
from django_otp.plugins.otp_totp.models import TOTPDevice

from loyalty import second_factor, second_factor_code
from loyalty.urls import desk
from tests.loyalty.second_steps import (
    ASKED,
    HOME,
    MINE,
    PASSWORD,
    SET_UP,
    first,
    is_in,
    later,
    pages_of,
    passes,
    sets_up,
    shown,
    signs_in,
    wrong_for,
)
from tests.staff import one_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def ada():
    return User.objects.create_superuser("ada", password=PASSWORD)


@pytest.fixture
def offered(settings):
    settings.SECOND_FACTOR = "offered"


@pytest.fixture
def required(settings):
    settings.SECOND_FACTOR = "required"


# Setting up, changing


def test_a_phone_is_set_up_by_what_the_page_shows(offered, ada):
    browser = signs_in()
    assert "Who finds out your password cannot sign in" in browser.get(MINE).text
    assert browser.post(MINE)["Location"] == SET_UP
    page = browser.get(SET_UP).text
    device = TOTPDevice.objects.get(user=ada)
    address = unquote(first('href="(otpauth:[^"]+)"', page)).replace("&amp;", "&")
    assert address.startswith("otpauth://totp/Loyalty coupons:ada?secret=")
    assert parse_qs(urlsplit(address).query)["secret"][0] in page.replace(" ", "")
    assert "<svg" in page
    assert "style=" not in page
    assert not device.confirmed

    assert browser.get(HOME).status_code == 200  # not in use before its digits are seen
    assert "not the digits" in browser.post(SET_UP, {"digits": wrong_for(device)}).text
    later(ada)
    browser.post(SET_UP, {"digits": shown(ada, confirmed=False)})
    assert second_factor.has_one(ada)
    assert is_in(browser)
    assert LogEntry.objects.get().change_message == "Set up a second factor."


def test_the_code_on_the_screen_is_read_by_a_camera():
    text = "otpauth://totp/Loyalty%20coupons%3Aada?secret=JBSWY3DPEHPK3PXP&digits=6"
    markup = second_factor_code.drawn(text, 'a "code"')
    side = int(first(r'viewBox="0 0 (\d+)', markup))
    pixels = np.full((side, side), 255, dtype=np.uint8)
    for x, y, width in re.findall(r"M(\d+) (\d+)h(\d+)", markup):
        pixels[int(y), int(x) : int(x) + int(width)] = 0
    assert [
        found.text for found in zxingcpp.read_barcodes(np.kron(pixels, np.ones((4, 4), np.uint8)))
    ] == [text]
    assert "a &quot;code&quot;" in markup


@pytest.mark.parametrize("page", ["admin:index", "admin:search", "admin:password_change"])
def test_where_it_is_required_a_new_clerk_sets_one_up_before_anything_else(required, page):
    browser = one_of("Store staff")
    clerk = User.objects.get()
    answer = browser.get(reverse(page))
    assert urlsplit(answer["Location"]).path == MINE
    told = browser.get(answer["Location"]).text
    assert "before you go on" in told
    assert reverse("admin:search") not in told
    sets_up(browser, clerk)
    assert browser.get(reverse("admin:search")).status_code == 200


def test_where_it_is_required_nothing_else_is_reached_while_setting_up(required):
    browser = one_of("Marketing")
    browser.post(MINE)
    free = {MINE, SET_UP, reverse("admin:logout")}
    for address in set(pages_of(desk)) - free:
        answer = browser.get(address)
        assert answer.status_code == 302, address
        assert urlsplit(answer["Location"]).path == MINE, address
    assert browser.get(SET_UP).status_code == 200


def test_where_it_is_offered_nobody_has_to(offered, ada):
    assert is_in(signs_in())


def test_another_phone_takes_the_place_of_the_first(offered, ada):
    browser, other = signs_in(), signs_in()
    old_codes = sets_up(browser, ada)
    passes(other, ada)
    old = TOTPDevice.objects.get()
    later(ada)
    address = reverse("admin:second_factor_another_phone")
    answer = browser.post(address, {"password": PASSWORD})
    assert answer["Location"] == SET_UP
    assert is_in(other)  # the first is good until the second is confirmed
    browser.post(SET_UP, {"digits": shown(ada, confirmed=False)})
    assert TOTPDevice.objects.get().key != old.key
    assert is_in(browser)
    assert urlsplit(other.get(HOME)["Location"]).path == ASKED
    later(ada)
    assert passes(other, ada, code=old_codes[0]).status_code == 200


@pytest.mark.parametrize(
    "typed", [{}, {"password": "wrong"}, {"digits": "12"}], ids=["nothing", "password", "digits"]
)
@pytest.mark.parametrize("wish", ["another_phone", "new_codes", "do_without"])
def test_nothing_is_changed_without_showing_once_more_who_it_is(offered, ada, wish, typed):
    browser = signs_in()
    sets_up(browser, ada)
    before = (TOTPDevice.objects.get().key, second_factor.codes_of(ada))
    answer = browser.post(reverse(f"admin:second_factor_{wish}"), typed)
    assert answer.status_code == 200
    assert "errorlist" in answer.text
    assert (TOTPDevice.objects.get().key, second_factor.codes_of(ada)) == before


def test_wrong_passwords_lock_out_here_as_well(offered, ada):
    browser = signs_in()
    sets_up(browser, ada)
    address = reverse("admin:second_factor_do_without")
    for _ in range(4):
        assert browser.post(address, {"password": "wrong"}).status_code == 200
    assert browser.post(address, {"password": "wrong"}).status_code == 429
    assert browser.post(address, {"password": PASSWORD}).status_code == 429
    assert second_factor.has_one(ada)


def test_who_has_one_cannot_begin_anew_without_showing_it(offered, ada):
    browser = signs_in()
    sets_up(browser, ada)
    assert browser.post(MINE)["Location"] == MINE
    assert TOTPDevice.objects.count() == 1


def test_a_secret_begun_in_one_browser_is_not_shown_in_another(offered, ada):
    first, second = signs_in(), signs_in()
    first.post(MINE)
    assert second.get(SET_UP)["Location"] == MINE


def test_a_secret_is_not_left_to_whoever_comes_to_the_desk_later(offered, ada):
    browser = signs_in()
    browser.post(MINE)
    digits = shown(ada, confirmed=False)
    TOTPDevice.objects.update(created_at=timezone.now() - timedelta(minutes=16))
    assert browser.get(SET_UP)["Location"] == MINE
    assert "Begin again" in browser.post(SET_UP, {"digits": digits}, follow=True).text
    assert not second_factor.has_one(ada)


def test_one_may_do_without_where_it_is_offered_and_other_sessions_end(offered, ada):
    browser, other = signs_in(), signs_in()
    sets_up(browser, ada)
    passes(other, ada)
    later(ada)
    browser.post(reverse("admin:second_factor_do_without"), {"digits": shown(ada)})
    assert not TOTPDevice.objects.exists()
    assert not StaticToken.objects.exists()
    assert is_in(browser)
    assert "why=second-factor" in other.get(HOME)["Location"]


def test_nobody_does_without_where_it_is_required(required, ada):
    browser = signs_in()
    sets_up(browser, ada)
    address = reverse("admin:second_factor_do_without")
    assert address not in browser.get(MINE).text
    assert browser.post(address, {"password": PASSWORD}).status_code == 404


# Taken away by an administrator


def test_an_administrator_takes_a_lost_one_away(required):
    clerk = User.objects.create_user("cleo", password=PASSWORD, is_staff=True)
    inside, waiting = signs_in("cleo"), None
    sets_up(inside, clerk)
    waiting = signs_in("cleo")
    waiting.get(ASKED)
    boss = one_of("Administrators")
    sets_up(boss, User.objects.get(username="one of Administrators"))

    page = boss.get(reverse("admin:auth_user_change", args=[clerk.pk])).text
    address = reverse("admin:auth_user_second_factor", args=[clerk.pk])
    assert address in page
    question = boss.get(address).text
    assert "Make sure that it is they who ask" in question
    assert TOTPDevice.objects.filter(user=clerk).exists()

    boss.post(address, {"confirmed": "yes"})
    assert not TOTPDevice.objects.filter(user=clerk).exists()
    entry = LogEntry.objects.get(object_id=str(clerk.pk), change_message__startswith="Took")
    assert entry.user.username == "one of Administrators"
    for browser in (inside, waiting):
        assert "why=second-factor" in browser.get(HOME)["Location"]
        assert "_auth_user_id" not in browser.session
    assert urlsplit(signs_in("cleo").get(HOME)["Location"]).path == MINE


def test_several_are_taken_away_from_the_list_after_a_question(offered):
    users = [User.objects.create_user(name, password=PASSWORD, is_staff=True) for name in "xy"]
    for user in users:
        sets_up(signs_in(user.username), user)
    boss = one_of("Administrators")
    sent = {"action": "take_second_factors_away", "_selected_action": [u.pk for u in users]}
    page = reverse("admin:auth_user_changelist")
    assert "Take away" in boss.post(page, sent).text
    assert TOTPDevice.objects.count() == 2
    boss.post(page, {**sent, "confirmed": "yes"})
    assert not TOTPDevice.objects.exists()


def test_nobody_takes_their_own_away_without_showing_it(offered, ada):
    browser = signs_in()
    sets_up(browser, ada)
    address = reverse("admin:auth_user_second_factor", args=[ada.pk])
    assert "under your name" in browser.get(address).text
    browser.post(address, {"confirmed": "yes"})
    browser.post(
        reverse("admin:auth_user_changelist"),
        {
            "action": "take_second_factors_away",
            "_selected_action": [ada.pk],
            "confirmed": "yes",
        },
    )
    assert second_factor.has_one(ada)


def test_only_who_may_do_everything_takes_it_from_one_of_those(offered, ada):
    sets_up(signs_in(), ada)
    boss = one_of("Administrators")
    boss.post(reverse("admin:auth_user_second_factor", args=[ada.pk]), {"confirmed": "yes"})
    assert second_factor.has_one(ada)


@pytest.mark.parametrize("group", ["Store staff", "Marketing"])
def test_others_take_nobodys_away(offered, ada, group):
    sets_up(signs_in(), ada)
    browser = one_of(group)
    address = reverse("admin:auth_user_second_factor", args=[ada.pk])
    assert browser.get(address).status_code == 403
    assert browser.post(address, {"confirmed": "yes"}).status_code == 403
    assert second_factor.has_one(ada)


def test_the_list_of_users_says_who_has_one(required, ada):
    User.objects.create_user("new", is_staff=True)
    browser = signs_in()
    sets_up(browser, ada)
    page = browser.get(reverse("admin:auth_user_changelist")).text
    assert "pill-good" in page
    assert "at the next sign-in" in page


def test_secrets_have_no_page_of_their_own(offered, ada):
    assert not {TOTPDevice, StaticDevice} & set(admin.site._registry)


# The password


def test_a_new_password_ends_other_sessions_and_keeps_this_one(offered, ada):
    browser, other = signs_in(), signs_in()
    sets_up(browser, ada)
    passes(other, ada)
    sent = {"old_password": PASSWORD, "new_password1": "x" + PASSWORD}
    answer = browser.post(
        reverse("admin:password_change"), {**sent, "new_password2": "x" + PASSWORD}
    )
    assert answer["Location"] == reverse("admin:password_change_done")
    assert is_in(browser)
    assert urlsplit(other.get(HOME)["Location"]).path == reverse("admin:login")
    assert urlsplit(signs_in(password="x" + PASSWORD).get(HOME)["Location"]).path == ASKED
