"""When a till last called: noted every few minutes, not at every call."""

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from pos_integration.models import Terminal
from tests import make

pytestmark = pytest.mark.django_db


def seen(terminal):
    return Terminal.objects.get(pk=terminal.pk).last_seen_at


def call(token):
    return Client().get("/api/v1/uploads/1", headers={"Authorization": f"Bearer {token}"})


def test_a_till_that_calls_is_seen():
    terminal, token = make.terminal()
    Terminal.objects.update(last_seen_at=None)
    call(token)
    assert timezone.now() - seen(terminal) < timedelta(minutes=1)


def test_a_till_that_calls_each_second_is_not_written_each_second():
    terminal, token = make.terminal()
    shortly = timezone.now() - timedelta(minutes=4)
    Terminal.objects.update(last_seen_at=shortly)
    call(token)
    assert seen(terminal) == shortly


def test_after_some_minutes_it_is_noted_again():
    terminal, token = make.terminal()
    long_ago = timezone.now() - timedelta(hours=3)
    Terminal.objects.update(last_seen_at=long_ago)
    call(token)
    assert seen(terminal) > long_ago


def test_who_only_has_a_wrong_token_is_not_seen():
    terminal, token = make.terminal()
    Terminal.objects.update(last_seen_at=None)
    assert call(f"{token}x").status_code == 401
    assert seen(terminal) is None
