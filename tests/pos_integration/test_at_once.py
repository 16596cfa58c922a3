"""Two people who change one thing at once: the second is told by whom, and nothing is lost."""

import re
from html import unescape

from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse

from pos_integration.models import Store
from tests import make


def _browser(name: str) -> Client:
    client = Client()
    client.force_login(User.objects.create_user(name, is_staff=True, is_superuser=True))
    return client


def _typed(page: str, **values: str) -> dict[str, str]:
    """What a browser sends of the form on this page, with some values typed over."""
    sent = {}
    for tag in re.findall(r"<input[^>]*>", page):
        name = re.search(r' name="([^"]+)"', tag)
        value = re.search(r' value="([^"]*)"', tag)
        if name and 'type="submit"' not in tag and 'type="checkbox"' not in tag:
            sent[unescape(name[1])] = unescape(value[1]) if value else ""
    return sent | values


def _pages(shop: Store) -> tuple[str, Client, str, Client, str]:
    url = reverse("admin:pos_integration_store_change", args=[shop.pk])
    ann, ben = _browser("ann"), _browser("ben")
    return url, ann, ann.get(url).content.decode(), ben, ben.get(url).content.decode()


def test_who_saves_second_is_told_who_was_first_and_keeps_what_was_typed(db):
    shop = make.store("0815")
    url, ann, anns, ben, bens = _pages(shop)
    assert ann.post(url, _typed(anns, name="Market Square")).status_code == 302

    answer = ben.post(url, _typed(bens, name="Station Road"))
    shown = unescape(answer.content.decode())
    shop.refresh_from_db()
    assert (answer.status_code, shop.name) == (200, "Market Square")
    assert "ann changed this at" in shown
    assert "is now “Market Square”" in shown
    assert 'value="Station Road"' in shown

    again = ben.post(url, _typed(answer.content.decode()))
    shop.refresh_from_db()
    assert (again.status_code, shop.name) == (302, "Station Road")


def test_who_saves_alone_is_asked_nothing(db):
    shop = make.store("0815")
    url, ann, anns, _, _ = _pages(shop)
    assert ann.post(url, _typed(anns, name="Market Square")).status_code == 302
    assert ann.post(url, _typed(ann.get(url).content.decode(), name="Mill")).status_code == 302
    shop.refresh_from_db()
    assert shop.name == "Mill"
