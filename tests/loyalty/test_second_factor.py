"""Who works at the desk shows a second factor: asked, refused, set up, changed, taken away."""

import re
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from urllib.parse import parse_qs, unquote, urlsplit

import numpy as np
import pytest
import zxingcpp
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import URLPattern, reverse
from django.utils import timezone
from django_otp.oath import hotp
from django_otp.plugins.otp_static.models import StaticDevice, StaticToken
from django_otp.plugins.otp_totp.models import TOTPDevice

from loyalty import second_factor, second_factor_code
from loyalty.second_factor import Step, next_step
from loyalty.urls import desk
from tests import make
from tests.staff import one_of

pytestmark = pytest.mark.django_db
PASSWORD = "a-long-pass-phrase"
HOME = reverse("admin:index")
ASKED = reverse("admin:second_factor_asked")
MINE = reverse("admin:second_factor")
SET_UP = reverse("admin:second_factor_set_up")
CODES = reverse("admin:second_factor_codes")


@pytest.fixture
def ada():
    return User.objects.create_superuser("ada", password=PASSWORD)


@pytest.fixture
def offered(settings):
    settings.SECOND_FACTOR = "offered"


@pytest.fixture
def required(settings):
    settings.SECOND_FACTOR = "required"


def shown(user, *, steps=0, confirmed=True):
    """What the app on the phone of somebody shows, so many half minutes from now."""
    device = TOTPDevice.objects.get(user=user, confirmed=confirmed)
    return f"{hotp(device.bin_key, int(time.time()) // 30 + steps):06}"


def later(user):
    """The digits that were used are of long ago, and so are the wrong tries."""
    TOTPDevice.objects.filter(user=user).update(last_t=-1, drift=0)
    for devices in (TOTPDevice.objects, StaticDevice.objects):
        devices.filter(user=user, throttling_failure_timestamp__isnull=False).update(
            throttling_failure_timestamp=timezone.now() - timedelta(days=1)
        )


def signs_in(name="ada", password=PASSWORD):
    """A browser of somebody who gave name and password."""
    browser = Client()
    answer = browser.post(reverse("admin:login"), {"username": name, "password": password})
    assert answer.status_code == 302
    return browser


def sets_up(browser, user):
    """Everything that setting up takes; returns the recovery codes as they were shown."""
    browser.post(MINE)
    answer = browser.post(SET_UP, {"digits": shown(user, confirmed=False)})
    assert answer["Location"] == CODES
    page = browser.get(CODES).text
    browser.post(CODES)
    later(user)
    return re.findall(r"<li>([a-z2-7]{4}-[a-z2-7]{4})</li>", page)


def passes(browser, user, **shows):
    return browser.post(ASKED, shows or {"digits": shown(user)})


def first(pattern, text):
    return re.findall(pattern, text)[0]


def is_in(browser):
    return browser.get(HOME).status_code == 200


def pages_of(patterns, before="/admin/"):
    """An address of every page of the desk; what stands for a row or a word is 1."""
    for pattern in patterns:
        address = before + re.sub(r"<[^>]+>", "1", str(pattern.pattern))
        if isinstance(pattern, URLPattern):
            if "(" not in address:
                yield address
        else:
            yield from pages_of(pattern.url_patterns, address)


# Asked after the password


def test_who_has_one_is_asked_and_comes_to_the_page_that_was_wanted(offered, ada):
    sets_up(signs_in(), ada)
    browser = signs_in()
    wanted = reverse("admin:auth_user_changelist") + "?q=9"
    answer = browser.get(wanted)
    assert answer.status_code == 302
    assert urlsplit(answer["Location"]).path == ASKED
    page = browser.get(answer["Location"]).text
    assert 'autocomplete="one-time-code"' in page
    assert 'inputmode="numeric"' in page
    assert "Log out" in page
    assert reverse("admin:search") not in page  # the bar leads nowhere yet
    answer = browser.post(answer["Location"], {"digits": shown(ada)})
    assert answer["Location"] == wanted
    assert browser.get(wanted).status_code == 200


def test_digits_may_be_typed_in_groups(offered, ada):
    sets_up(signs_in(), ada)
    digits = shown(ada)
    browser = signs_in()
    passes(browser, ada, digits=f" {digits[:3]} {digits[3:]} ")
    assert is_in(browser)


def test_no_page_of_the_desk_is_reached_before_the_digits(offered, ada):
    sets_up(signs_in(), ada)
    browser = signs_in()
    addresses = {*pages_of(desk), f"{HOME}?part=night", "/admin/no-such-page/"}
    assert len(addresses) > 100
    free = {ASKED, reverse("admin:logout")}
    for address in addresses - free:
        for send in (browser.get, browser.post):
            answer = send(address)
            assert answer.status_code == 302, address
            assert urlsplit(answer["Location"]).path == ASKED, address


def test_what_is_sent_before_the_digits_is_not_done(offered, ada):
    sets_up(signs_in(), ada)
    answer = signs_in().post(reverse("admin:auth_user_add"), {"username": "eve"})
    assert parse_qs(urlsplit(answer["Location"]).query)["next"] == [HOME]
    assert not User.objects.filter(username="eve").exists()


def test_logging_out_and_the_language_stay_possible(offered, ada):
    sets_up(signs_in(), ada)
    browser = signs_in()
    browser.post(reverse("set_language"), {"language": "de", "next": ASKED})
    assert 'lang="de"' in browser.get(ASKED).text
    assert browser.post(reverse("admin:logout")).status_code in (200, 302)
    assert "_auth_user_id" not in browser.session


def test_a_desk_below_another_address_asks_as_well(offered, ada):
    sets_up(signs_in(), ada)
    answer = signs_in().get(HOME, SCRIPT_NAME="/chain")
    assert urlsplit(answer["Location"]).path.endswith(ASKED)


def test_nobody_is_led_to_another_site_after_the_digits(offered, ada):
    sets_up(signs_in(), ada)
    answer = signs_in().post(f"{ASKED}?next=https://evil.example/", {"digits": shown(ada)})
    assert answer["Location"] == HOME


# Refused


def test_digits_are_good_once(offered, ada):
    sets_up(signs_in(), ada)
    digits = shown(ada)
    first, second = signs_in(), signs_in()
    passes(first, ada, digits=digits)
    answer = passes(second, ada, digits=digits)
    assert "used already" in answer.text
    assert "30 seconds" in answer.text
    assert is_in(first)
    assert not is_in(second)


def test_the_digits_that_confirmed_the_phone_do_not_let_in_again(offered, ada):
    browser = signs_in()
    browser.post(MINE)
    digits = shown(ada, confirmed=False)
    browser.post(SET_UP, {"digits": digits})
    assert "used already" in passes(signs_in(), ada, digits=digits).text


def test_old_digits_tell_of_the_clock_and_coming_ones_tell_nothing(offered, ada):
    sets_up(signs_in(), ada)
    browser = signs_in()
    assert "about 4 minutes off" in passes(browser, ada, digits=shown(ada, steps=-8)).text
    later(ada)
    answer = passes(browser, ada, digits=shown(ada, steps=8)).text
    assert "not the digits that your app shows now" in answer
    assert "off" not in re.findall("<li>(.*?)</li>", answer)[0]


def test_while_setting_up_a_clock_that_is_ahead_is_told_too(offered, ada):
    browser = signs_in()
    browser.post(MINE)
    answer = browser.post(SET_UP, {"digits": shown(ada, steps=8, confirmed=False)})
    assert "about 4 minutes off" in answer.text
    assert not second_factor.has_one(ada)


def test_what_is_no_six_digits_is_not_tried(offered, ada):
    sets_up(signs_in(), ada)
    browser = signs_in()
    for typed in ("12345", "１２３４５６", "abcdef", ""):  # noqa: RUF001 # full-width digits
        assert passes(browser, ada, digits=typed).status_code == 200
    assert TOTPDevice.objects.get().throttling_failure_count == 0


def test_wrong_digits_lock_out_for_longer_and_longer_whoever_tries(offered, ada):
    sets_up(signs_in(), ada)
    TOTPDevice.objects.update(
        throttling_failure_count=9, throttling_failure_timestamp=timezone.now()
    )
    answer = passes(signs_in(), ada, digits=shown(ada))  # right, and too early
    assert "wait 4 minutes" in answer.text
    assert "administrator" in answer.text
    assert TOTPDevice.objects.get().throttling_failure_count == 9

    browser = signs_in()
    later(ada)
    passes(browser, ada, digits=wrong_for(TOTPDevice.objects.get()))
    assert "wait 9 minutes" in passes(browser, ada).text
    later(ada)
    assert passes(browser, ada).status_code == 302
    assert TOTPDevice.objects.get().throttling_failure_count == 0


def test_wrong_passwords_still_lock_out_before_anybody_is_asked(offered, ada):
    sets_up(signs_in(), ada)
    browser = Client()
    sent = {"username": "ada", "password": "wrong"}
    answers = [browser.post(reverse("admin:login"), sent) for _ in range(5)]
    assert [answer.status_code for answer in answers] == [200] * 4 + [429]


def test_an_administrator_lets_in_again_after_wrong_digits(offered, ada):
    sets_up(signs_in(), ada)
    TOTPDevice.objects.update(
        throttling_failure_count=12, throttling_failure_timestamp=timezone.now()
    )
    one_of("Administrators").post(
        reverse("admin:auth_user_changelist"),
        {"action": "let_in_again", "_selected_action": [ada.pk]},
    )
    browser = signs_in()
    passes(browser, ada)
    assert is_in(browser)


# Recovery codes


def test_a_recovery_code_lets_in_once(offered, ada):
    codes = sets_up(signs_in(), ada)
    assert len(set(codes)) == second_factor.CODES
    first, second = signs_in(), signs_in()
    passes(first, ada, code=codes[0].upper())
    page = first.get(HOME)
    assert page.status_code == 200
    assert "you have 9 more" in page.text
    assert "none of your recovery codes" in passes(second, ada, code=codes[0]).text
    assert not is_in(second)
    later(ada)
    passes(second, ada, code=codes[1])
    assert is_in(second)
    assert LogEntry.objects.filter(change_message__contains="recovery code: 8 left").exists()


def test_the_codes_of_others_let_nobody_in(offered, ada):
    sets_up(signs_in(), ada)
    User.objects.create_superuser("bob", password=PASSWORD)
    theirs = sets_up(signs_in("bob"), User.objects.get(username="bob"))
    browser = signs_in()
    passes(browser, ada, code=theirs[0])
    assert not is_in(browser)


def test_new_recovery_codes_put_an_end_to_the_old_ones(offered, ada):
    browser = signs_in()
    old = sets_up(browser, ada)
    address = reverse("admin:second_factor_new_codes")
    assert "Show once more that it is you" in browser.get(address).text
    assert browser.post(address, {"digits": shown(ada)})["Location"] == CODES
    new = re.findall(r"<li>([a-z2-7-]{9})</li>", browser.get(CODES).text)
    assert len(new) == second_factor.CODES
    assert not set(new) & set(old)
    assert passes(signs_in(), ada, code=old[0]).status_code == 200
    later(ada)
    assert passes(signs_in(), ada, code=new[0]).status_code == 302


def test_recovery_codes_are_shown_until_they_are_kept_and_then_never(offered, ada):
    browser = signs_in()
    browser.post(MINE)
    browser.post(SET_UP, {"digits": shown(ada, confirmed=False)})
    code = StaticToken.objects.first().token
    for _ in range(2):  # the printer jammed
        assert code[:4] in browser.get(CODES).text
    assert "not kept yet" in browser.get(MINE).text
    browser.post(CODES)
    assert browser.get(CODES)["Location"] == MINE
    assert code[:4] not in browser.get(MINE).text

    other = signs_in()
    later(ada)
    passes(other, ada)
    assert other.get(CODES)["Location"] == MINE


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


def wrong_for(device):
    near = {hotp(device.bin_key, int(time.time()) // 30 + n) for n in range(-30, 31)}
    return next(f"{n:06}" for n in range(1000) if n not in near)


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
    from django.contrib import admin

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


# Off, and where it does not belong


def test_where_it_is_off_nothing_is_asked_nor_shown(settings, ada):
    settings.SECOND_FACTOR = "offered"
    sets_up(signs_in(), ada)
    settings.SECOND_FACTOR = "off"
    browser = signs_in()
    with CaptureQueriesContext(connection) as seen:
        page = browser.get(HOME)
        users = browser.get(reverse("admin:auth_user_changelist"))
        row = browser.get(reverse("admin:auth_user_change", args=[ada.pk]))
    assert [page.status_code, users.status_code, row.status_code] == [200] * 3
    assert not [query for query in seen.captured_queries if "otp_" in query["sql"]]
    assert reverse("admin:password_change") in page.text
    assert "econd factor" not in page.text + users.text + row.text
    assert browser.get(MINE).status_code == 404


def test_it_takes_the_desk_one_query_a_page(settings, ada):
    page = reverse("admin:auth_user_add")
    browser = signs_in()
    browser.get(page)
    with CaptureQueriesContext(connection) as before:
        browser.get(page)
    settings.SECOND_FACTOR = "offered"
    sets_up(browser, ada)
    with CaptureQueriesContext(connection) as after:
        browser.get(page)
    assert len(after) == len(before) + 1


def test_tills_and_shoppers_are_not_looked_at(settings, ada):
    terminal, token = make.terminal()
    headers = {"Authorization": f"Bearer {token}"}
    staff = signs_in()

    def queries(mode):
        settings.SECOND_FACTOR = mode
        counts = []
        for client, address in (
            (Client(headers=headers), "/api/v1/uploads/0"),
            (Client(headers=headers), "/api/v1/coupons/nothing"),
            (Client(), "/s/nothing/"),
            (Client(), "/healthz"),
            (staff, "/s/nothing/"),  # with a session, even of somebody who was not asked yet
        ):
            with CaptureQueriesContext(connection) as seen:
                answer = client.get(address)
            assert answer.status_code != 302
            counts.append((address, answer.status_code, len(seen)))
        return counts

    queries("off")  # what is remembered from the first call on
    assert queries("required") == queries("off")
    assert terminal.pk


@pytest.mark.parametrize(
    ("mode", "device", "passed", "step"),
    [
        ("off", 1, None, None),
        ("offered", None, None, None),
        ("offered", 1, None, Step.SHOW),
        ("offered", 1, 0, Step.SHOW),
        ("offered", 1, 1, None),
        ("offered", 2, 1, Step.SHOW),
        ("offered", None, 1, Step.SIGN_IN_AGAIN),
        ("offered", None, 0, Step.SIGN_IN_AGAIN),
        ("required", None, None, Step.SET_UP),
        ("required", None, 1, Step.SIGN_IN_AGAIN),
        ("required", 1, 1, None),
    ],
)
def test_what_stands_between_the_password_and_the_desk(mode, device, passed, step):
    assert next_step(mode, device=device, passed=passed) is step


# Two at once


@pytest.mark.django_db(transaction=True)
def test_a_double_click_passes_once_and_is_told_of_no_mistake(offered, ada):
    sets_up(signs_in(), ada)
    browser = signs_in()
    digits = shown(ada)
    answers = at_once(lambda: twin(browser).post(ASKED, {"digits": digits}))
    assert [answer.status_code for answer in answers] == [302, 302]


@pytest.mark.django_db(transaction=True)
def test_of_two_who_type_one_recovery_code_at_once_one_is_let_in(offered, ada):
    code = sets_up(signs_in(), ada)[0]
    browsers = [signs_in(), signs_in()]
    answers = at_once(lambda: browsers.pop().post(ASKED, {"code": code}))
    assert sorted(answer.status_code for answer in answers) == [200, 302]
    assert StaticToken.objects.count() == second_factor.CODES - 1


def twin(browser):
    """Another tab of a browser."""
    other = Client()
    other.cookies = browser.cookies
    return other


def at_once(does):
    def alone():
        try:
            return does()
        finally:
            connection.close()

    with ThreadPoolExecutor(2) as pool:
        return [found.result() for found in [pool.submit(alone) for _ in range(2)]]
