"""People who sign in at the desk with an app: what it shows, what they do."""

import re
import time
from datetime import timedelta

from django.test import Client
from django.urls import URLPattern, reverse
from django.utils import timezone
from django_otp.oath import hotp
from django_otp.plugins.otp_static.models import StaticDevice
from django_otp.plugins.otp_totp.models import TOTPDevice

PASSWORD = "a-long-pass-phrase"
HOME = reverse("admin:index")
ASKED = reverse("admin:second_factor_asked")
MINE = reverse("admin:second_factor")
SET_UP = reverse("admin:second_factor_set_up")
CODES = reverse("admin:second_factor_codes")


def shown(user, *, steps=0, confirmed=True):
    """What the app on the phone of somebody shows, so many half minutes from now."""
    device = TOTPDevice.objects.get(user=user, confirmed=confirmed)
    return f"{hotp(device.bin_key, int(time.time()) // 30 + steps):06}"


def wrong_for(device):
    near = {hotp(device.bin_key, int(time.time()) // 30 + n) for n in range(-30, 31)}
    return next(f"{n:06}" for n in range(1000) if n not in near)


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
