"""Who has a second factor is asked for it: let in, refused, by a code; others are left alone."""

import re
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import parse_qs, urlsplit

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone
from django_otp.plugins.otp_static.models import StaticToken
from django_otp.plugins.otp_totp.models import TOTPDevice

from loyalty import second_factor
from loyalty.second_factor import Step, next_step
from loyalty.urls import desk
from tests import make
from tests.loyalty.second_steps import (
    ASKED,
    CODES,
    HOME,
    MINE,
    PASSWORD,
    SET_UP,
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
    for number, address in enumerate(sorted(addresses - free)):
        answer = browser.get(address) if number % 4 else browser.post(address)
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


def test_it_takes_the_desk_no_query_a_page(settings, ada):
    settings.SECOND_FACTOR = "off"
    page = reverse("admin:auth_user_add")
    browser = signs_in()
    browser.get(page)
    with CaptureQueriesContext(connection) as before:
        browser.get(page)
    settings.SECOND_FACTOR = "offered"
    sets_up(browser, ada)
    with CaptureQueriesContext(connection) as after:
        browser.get(page)
    assert len(after) == len(before)


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
