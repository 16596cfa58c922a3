"""Many names tried from one address, and wrong old passwords where one's own is changed."""

from datetime import timedelta

import pytest
from axes.models import AccessAttempt, AccessFailureLog
from django.contrib.auth.models import User
from django.urls import reverse
from django.utils import timezone

from loyalty import privacy
from tests.staff import one_of

pytestmark = pytest.mark.django_db
PASSWORD, NEW = "a-long-pass-phrase", "quite-another-phrase-7"
DOOR = "admin:login"


@pytest.fixture
def somebody():
    return User.objects.create_superuser("ada", password=PASSWORD)


@pytest.fixture
def few(settings):
    settings.SIGN_IN_FAILURES = 6
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


def signs_in(browser, name, password="wrong", address="192.0.2.1"):
    sent = {"username": name, "password": password}
    return browser.post(reverse(DOOR), sent, REMOTE_ADDR=address)


def sprayed(browser, many=6, address="192.0.2.1"):
    for number in range(many):
        assert signs_in(browser, f"name-{number}", address=address).status_code == 200


def test_who_tries_many_names_from_one_address_is_locked_out_by_it(client, somebody, few):
    sprayed(client)
    answer = signs_in(client, "ada", PASSWORD)
    assert answer.status_code == 429
    assert "Too many wrong passwords came from here" in answer.text
    assert signs_in(client, "ada", PASSWORD, "192.0.2.2").status_code == 302


def test_one_less_locks_nobody_out(client, somebody, few):
    sprayed(client, 5)
    assert signs_in(client, "ada", PASSWORD).status_code == 302


def test_typos_of_those_who_got_in_after_all_are_not_counted(client, somebody, few):
    for _ in range(4):
        for _ in range(3):
            assert signs_in(client, "ada").status_code == 200
        assert signs_in(client, "ada", PASSWORD).status_code == 302
        client.logout()
    assert AccessFailureLog.objects.count() == 12


def test_after_an_hour_it_may_be_tried_again_and_meanwhile_nothing_is_added(client, somebody, few):
    sprayed(client)
    for number in range(3):
        assert signs_in(client, f"more-{number}").status_code == 429
    assert AccessFailureLog.objects.count() == 6
    AccessFailureLog.objects.update(attempt_time=timezone.now() - timedelta(minutes=61))
    assert signs_in(client, "ada", PASSWORD).status_code == 302
    privacy.retain(timezone.localdate())
    assert not AccessFailureLog.objects.exists()


def test_of_ipv6_all_addresses_of_a_network_count_as_one(client, somebody, few):
    for number in range(6):
        signs_in(client, f"name-{number}", address=f"2001:db8:1:2:{number}::1")
    assert signs_in(client, "ada", PASSWORD, "2001:db8:1:2:ffff::9").status_code == 429
    assert signs_in(client, "ada", PASSWORD, "2001:db8:1:3::1").status_code == 302


def test_behind_a_proxy_stores_are_told_apart(client, somebody, few, settings):
    settings.PROXIES = 1

    def through(name, address, password="wrong"):
        return client.post(
            reverse(DOOR),
            {"username": name, "password": password},
            headers={"x-forwarded-for": address},
        )

    for number in range(6):
        through(f"name-{number}", "203.0.113.5")
    assert through("ada", "203.0.113.5", PASSWORD).status_code == 429
    assert through("ada", "made.up, 203.0.113.5", PASSWORD).status_code == 429
    assert through("ada", "203.0.113.6", PASSWORD).status_code == 302


def test_without_a_limit_only_names_are_locked_out(client, somebody, few, settings):
    settings.SIGN_IN_FAILURES = 0
    sprayed(client, 9)
    assert signs_in(client, "ada", PASSWORD).status_code == 302


def test_an_administrator_lets_a_store_in_again(client, somebody, few):
    assert signs_in(client, "ada", PASSWORD).status_code == 302
    client.logout()
    sprayed(client)
    assert signs_in(client, "ada", PASSWORD).status_code == 429
    one_of("Administrators").post(
        reverse("admin:auth_user_changelist"),
        {"action": "let_in_again", "_selected_action": [somebody.pk]},
    )
    assert signs_in(client, "ada", PASSWORD).status_code == 302


def changes(browser, old):
    sent = {"old_password": old, "new_password1": NEW, "new_password2": NEW}
    return browser.post(reverse("admin:password_change"), sent)


def test_wrong_old_passwords_lock_out_like_wrong_ones_at_the_door(client, somebody):
    client.force_login(somebody)
    for _ in range(4):
        assert changes(client, "wrong").status_code == 200
    assert changes(client, "wrong").status_code == 429
    assert changes(client, PASSWORD).status_code == 429
    somebody.refresh_from_db()
    assert somebody.check_password(PASSWORD)
    client.logout()
    answer = client.post(reverse(DOOR), {"username": "ada", "password": PASSWORD})
    assert answer.status_code == 429


def test_a_right_old_password_forgives_the_wrong_ones_and_none_is_kept_in_words(client, somebody):
    client.force_login(somebody)
    for _ in range(4):
        changes(client, "my-wrong-guess")
    kept = AccessAttempt.objects.get()
    assert "my-wrong-guess" not in kept.post_data
    assert NEW not in kept.post_data
    assert changes(client, PASSWORD).status_code == 302
    assert not AccessAttempt.objects.exists()
    somebody.refresh_from_db()
    assert somebody.check_password(NEW)


def test_new_passwords_that_differ_are_no_wrong_password(client, somebody):
    client.force_login(somebody)
    for _ in range(6):
        answer = client.post(
            reverse("admin:password_change"),
            {"old_password": PASSWORD, "new_password1": NEW, "new_password2": "x" + NEW},
        )
        assert answer.status_code == 200
    assert not AccessAttempt.objects.exists()
