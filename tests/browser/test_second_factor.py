"""A clerk's first morning with a second factor: set up, signed in, phone forgotten."""

import re
import time
from base64 import b32decode

import pytest
from django.contrib.auth.models import User
from django.urls import reverse
from django_otp.oath import hotp
from django_otp.plugins.otp_totp.models import TOTPDevice

from coupons.groups import ensure_groups

PASSWORD = "correct-horse-battery"


@pytest.fixture
def clerk(transactional_db, settings):
    settings.SECOND_FACTOR = "required"
    ensure_groups()
    return User.objects.create_superuser("cleo", password=PASSWORD)


def gives_password(desk):
    desk.page.goto(desk.server + reverse("admin:index"))
    desk.page.fill("#id_username", "cleo")
    desk.page.fill("#id_password", PASSWORD)
    desk.page.keyboard.press("Enter")


def shown(secret):
    """What an app shows that was told the secret."""
    return f"{hotp(b32decode(secret), int(time.time()) // 30):06}"


def at(desk, name):
    desk.page.wait_for_url(re.compile(re.escape(reverse(name)) + r"(\?|$)"))
    desk.look()


def test_a_clerk_sets_up_signs_in_and_forgets_the_phone(desk, clerk):
    gives_password(desk)
    at(desk, "admin:second_factor")
    desk.page.get_by_role("button", name="set it up").click()
    at(desk, "admin:second_factor_set_up")
    secret = desk.page.locator(".secret").inner_text().replace(" ", "")
    desk.page.get_by_label("The six digits").fill("12 34")
    desk.page.keyboard.press("Enter")
    desk.page.get_by_text("Type six digits").wait_for()
    desk.page.keyboard.press("ControlOrMeta+a")  # what was wrong has the keyboard
    desk.page.keyboard.type(shown(secret))
    desk.page.keyboard.press("Enter")
    at(desk, "admin:second_factor_codes")
    codes = desk.page.locator(".codes li").all_inner_texts()
    assert len(codes) == 10
    assert desk.page.get_by_role("button", name="Print").is_visible()
    desk.page.get_by_role("button", name="on paper").click()
    desk.page.wait_for_url(desk.server + reverse("admin:index"))
    desk.page.get_by_role("link", name="cleo").click()
    at(desk, "admin:second_factor")
    desk.page.get_by_role("link", name="Use another phone").click()
    at(desk, "admin:second_factor_another_phone")
    desk.page.get_by_role("button", name="Log out").click()

    gives_password(desk)
    at(desk, "admin:second_factor_asked")
    # Those that confirmed the phone, however long ago that was.
    TOTPDevice.objects.update(last_t=int(time.time()) // 30 + 1)
    desk.page.keyboard.type(shown(secret))  # the field has the keyboard from the start
    desk.page.keyboard.press("Enter")
    desk.page.get_by_text("used already").wait_for()
    desk.look()
    TOTPDevice.objects.update(last_t=-1, throttling_failure_count=0)  # half a minute later
    desk.page.get_by_label("The six digits").fill(shown(secret))
    desk.page.keyboard.press("Enter")
    desk.page.wait_for_url(desk.server + reverse("admin:index"))
    desk.page.get_by_role("button", name="Log out").click()

    gives_password(desk)
    desk.page.get_by_text("No phone at hand?").click()
    desk.page.get_by_label("One of your recovery codes").fill(codes[0])
    desk.look()
    desk.page.get_by_role("button", name="recovery code").click()
    desk.page.wait_for_url(desk.server + reverse("admin:index"))
    desk.page.get_by_text("you have 9 more").wait_for()

    desk.visit(reverse("admin:auth_user_changelist"))
    desk.page.get_by_text("set up", exact=True).wait_for()
