"""Every page of the desk, in a browser: readable, narrow enough, quick, and within its policy."""

from datetime import UTC, date, datetime

import pytest
from django.contrib import admin
from django.contrib.auth.models import User
from django.test import RequestFactory
from django.urls import reverse

from coupons.groups import ensure_groups
from loyalty.models import ModelRun
from tests import make

MODELS = sorted(admin.site._registry, key=lambda model: model._meta.label_lower)
APPS = sorted({model._meta.app_label for model in MODELS})


@pytest.fixture
def boss(transactional_db):
    ensure_groups()
    return User.objects.create_superuser("boss", password="correct-horse-battery")


@pytest.fixture
def shop(transactional_db):
    """A row of most things."""
    ModelRun.objects.create(
        as_of=date(2017, 10, 30),
        state="published",
        history_hash="0" * 64,
        published_at=datetime(2017, 10, 30, 2, 14, tzinfo=UTC),
        households=1,
        lines=1,
        seconds=6.2,
    )
    make.coupon(make.code("ABCDEFGHJKMN"))
    make.terminal()
    make.line(make.basket())


@pytest.mark.parametrize("app", APPS)
def test_every_page_of_an_app_can_be_read_by_all(desk, sign_in, boss, shop, app):
    sign_in(boss)
    asked = RequestFactory().get("/")
    asked.user = boss
    for model in (m for m in MODELS if m._meta.app_label == app):
        name = f"admin:{app}_{model._meta.model_name}"
        desk.visit(reverse(f"{name}_changelist"))
        if admin.site._registry[model].has_add_permission(asked):
            desk.visit(reverse(f"{name}_add"))
        if row := model._default_manager.first():
            desk.visit(reverse(f"{name}_change", args=[row.pk]))


def test_the_first_page_and_the_search_can_be_read_by_all(desk, sign_in, boss, shop):
    sign_in(boss)
    desk.visit(reverse("admin:index"))
    desk.visit(reverse("admin:search"))


def test_somebody_signs_in_at_the_form(desk, boss):
    desk.visit(reverse("admin:login"))
    desk.page.fill("#id_username", "boss")
    desk.page.fill("#id_password", "correct-horse-battery")
    desk.page.click("[type=submit]")
    desk.page.wait_for_url(f"{desk.server}/admin/**")
    assert desk.page.locator("#logout-form, #user-tools").count()
