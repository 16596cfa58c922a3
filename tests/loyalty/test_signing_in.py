"""Who comes to the desk: locked out after wrong passwords, signed out when nobody is there."""

from datetime import timedelta
from pathlib import Path

import pytest
from axes.models import AccessAttempt, AccessLog
from django.contrib.auth.models import User
from django.contrib.sessions.models import Session
from django.contrib.staticfiles import finders
from django.urls import reverse
from django.utils import timezone
from django.utils.http import urlencode

from coupons.groups import ensure_groups
from loyalty import privacy
from tests.staff import one_of

pytestmark = pytest.mark.django_db
PASSWORD = "a-long-pass-phrase"


@pytest.fixture
def somebody():
    return User.objects.create_superuser("ada", password=PASSWORD)


def signs_in(browser, password, name="ada"):
    return browser.post(reverse("admin:login"), {"username": name, "password": password})


def aged(browser, minutes):
    """Let the desk believe that nobody touched it for so long."""
    session = browser.session
    session["desk_seen"] = int((timezone.now() - timedelta(minutes=minutes)).timestamp())
    session.save()


def test_the_fifth_wrong_password_locks_the_name_out_and_says_what_to_do(client, somebody):
    for _ in range(4):
        assert signs_in(client, "wrong").status_code == 200
    answer = signs_in(client, "wrong")
    assert answer.status_code == 429
    assert "15 minutes" in answer.text
    assert "administrator" in answer.text

    assert signs_in(client, PASSWORD).status_code == 429
    assert "_auth_user_id" not in client.session


def test_others_at_the_same_counter_are_let_in(client, somebody):
    for _ in range(5):
        signs_in(client, "wrong", name="mallory")
    assert signs_in(client, PASSWORD).status_code == 302


@pytest.mark.parametrize(
    ("proxies", "told", "address"),
    [
        (0, "203.0.113.5", "127.0.0.1"),  # nobody vouches for it
        (1, "203.0.113.5", "203.0.113.5"),
        (1, "made.up, 198.51.100.1,203.0.113.5", "203.0.113.5"),
        (2, "198.51.100.1, 203.0.113.5", "198.51.100.1"),
        (1, "2001:DB8::0001", "2001:db8::1"),
        (1, "unknown", "127.0.0.1"),
        (1, "", "127.0.0.1"),
        (3, "198.51.100.1, 203.0.113.5", "127.0.0.1"),
    ],
)
def test_behind_proxies_the_outermost_of_ours_says_who_signs_in(
    client, somebody, settings, proxies, told, address
):
    settings.PROXIES = proxies
    wrong = {"username": "ada", "password": "wrong"}
    client.post(reverse("admin:login"), wrong, headers={"x-forwarded-for": told})
    assert AccessAttempt.objects.get().ip_address == address


def test_a_right_password_forgives_the_wrong_ones_before_it(client, somebody):
    for _ in range(3):
        for _ in range(4):
            signs_in(client, "wrong")
        assert signs_in(client, PASSWORD).status_code == 302
        client.logout()


def test_who_waited_is_let_in_again(client, somebody, settings):
    settings.AXES_COOLOFF_TIME = timedelta(0)
    for _ in range(6):
        signs_in(client, "wrong")
    assert signs_in(client, PASSWORD).status_code == 302


def test_a_desk_left_alone_signs_out_and_comes_back_to_the_page(client, somebody):
    client.force_login(somebody)
    page = reverse("admin:loyalty_household_changelist") + "?q=9"
    assert client.get(page).status_code == 200
    aged(client, 31)

    answer = client.get(page)
    assert answer.status_code == 302
    assert "why=idle" in answer["Location"]
    again = client.get(answer["Location"])
    assert "nothing happened here for a while" in again.text
    assert client.post(answer["Location"], {"username": "ada", "password": PASSWORD})[
        "Location"
    ].endswith(page)


@pytest.mark.parametrize(
    "wanted", ["", "//evil.example", "https://evil.example", "/\\\\evil.example"]
)
def test_nobody_is_led_to_another_site_by_signing_in(client, somebody, wanted):
    door = f"{reverse('admin:login')}?{urlencode({'next': wanted})}"
    answer = client.post(door, {"username": "ada", "password": PASSWORD, "next": wanted})
    assert answer["Location"] == reverse("admin:index")


def test_what_is_sent_after_a_sign_out_is_not_done(client, somebody):
    client.force_login(somebody)
    client.get(reverse("admin:index"))
    aged(client, 31)
    answer = client.post(reverse("admin:auth_user_add"), {"username": "eve"})
    assert answer.status_code == 302
    assert reverse("admin:index") in answer["Location"].replace("%2F", "/")
    assert not User.objects.filter(username="eve").exists()


def test_a_hand_on_the_desk_keeps_it_open(client, somebody):
    client.force_login(somebody)
    for _ in range(3):
        client.get(reverse("admin:index"))
        aged(client, 29)
    assert client.get(reverse("admin:index")).status_code == 200


def test_a_page_that_follows_the_night_keeps_nobody_signed_in(client, somebody):
    client.force_login(somebody)
    page = reverse("admin:index")
    client.get(page)
    aged(client, 29)
    assert client.get(page, {"part": "night"}, headers={"X-Polls": "1"}).status_code == 200
    assert client.session["desk_seen"] < timezone.now().timestamp() - 28 * 60

    aged(client, 31)
    assert client.get(page, {"part": "night"}, headers={"X-Polls": "1"}).status_code == 401
    assert "why=idle" in client.get(page)["Location"]


@pytest.mark.parametrize("script", ["home.js", "printing.js"])
def test_pages_that_ask_by_themselves_say_so(script):
    text = Path(str(finders.find(f"coupons/{script}"))).read_text()
    assert text.count("fetch(") == text.count('"X-Polls"') == 1


def test_what_is_kept_of_sign_ins_goes_when_it_was_kept_long_enough(client, somebody, settings):
    signs_in(client, "wrong")
    signs_in(client, PASSWORD)
    long_ago = timezone.now() - timedelta(days=3)
    Session.objects.update(expire_date=long_ago)
    for model in (AccessAttempt, AccessLog):
        model.objects.update(attempt_time=long_ago)
    signs_in(client, "wrong", name="mallory")

    settings.CHANGE_DAYS = 2
    privacy.retain(timezone.localdate())
    assert not Session.objects.exists()
    assert not AccessLog.objects.exists()
    assert [row.username for row in AccessAttempt.objects.all()] == ["mallory"]


def test_a_minute_of_work_writes_the_session_once(client, somebody):
    client.force_login(somebody)
    client.get(reverse("admin:index"))
    kept = Session.objects.get().session_data
    client.get(reverse("admin:index"))
    assert Session.objects.get().session_data == kept


def test_tills_and_health_checks_have_no_session(client):
    client.get("/api/v1/uploads/x")
    client.get("/s/nothing/")
    assert not Session.objects.exists()


def test_a_role_taken_away_counts_from_the_next_page():
    ensure_groups()
    marketing = one_of("Marketing")
    page = reverse("admin:coupons_offer_add")
    assert marketing.get(page).status_code == 200
    User.objects.get().groups.clear()
    assert marketing.get(page).status_code == 403


def test_who_left_the_house_is_out_at_once(client, somebody):
    client.force_login(somebody)
    User.objects.update(is_active=False)
    answer = client.get(reverse("admin:index"))
    assert answer.status_code == 302
