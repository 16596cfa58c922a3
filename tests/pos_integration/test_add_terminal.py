"""Letting a till in."""

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone
from rest_framework.test import APIClient

from pos_integration.models import Store, Terminal
from tests.pos_integration.tills import basket, body

pytestmark = pytest.mark.django_db


def add(capsys, *arguments, **options):
    call_command("add_terminal", *arguments, **options)
    return capsys.readouterr().out.splitlines()[-1]


def status(token):
    client = APIClient(headers={"Authorization": f"Bearer {token}"})
    content = body(basket())
    return client.post("/api/v1/uploads", content, content_type="application/json").status_code


def test_a_new_till_of_a_new_store_can_send_at_once(capsys):
    assert status(add(capsys, "330", "1", time_zone="America/New_York")) == 201
    assert Store.objects.values_list("number", "name", "currency", "time_zone").get() == (
        "330",
        "Store 330",
        "USD",
        "America/New_York",
    )


def test_two_tokens_live_while_rotating_and_the_third_ends_the_first(capsys):
    tokens = [add(capsys, "330", "1") for _ in range(3)]

    assert len(set(tokens)) == 3
    assert [status(token) for token in tokens] == [401, 201, 200]


def test_a_collector_is_marked_later_too(capsys):
    add(capsys, "330", "1")
    add(capsys, "330", "1", "--collector")
    assert Terminal.objects.get().is_collector


@pytest.mark.parametrize(
    ("arguments", "options"),
    [
        (("330", "one"), {}),
        (("330", "99999999999"), {}),
        (("33 0", "1"), {}),
        (("330", "1"), {"currency": "DOLLAR"}),
        (("330", "1"), {"time_zone": "Mars/Olympus"}),
    ],
)
def test_what_makes_no_sense_is_refused_in_one_line(arguments, options):
    with pytest.raises(CommandError) as error:
        call_command("add_terminal", *arguments, **options)
    assert "\n" not in str(error.value)
    assert not Store.objects.exists()


def test_a_store_that_is_there_is_not_changed_by_the_way(capsys):
    add(capsys, "330", "1", currency="USD")
    add(capsys, "330", "2", currency="USD")
    with pytest.raises(CommandError, match="its currency is 'USD', not 'EUR'"):
        add(capsys, "330", "3", currency="EUR")


def test_a_revoked_till_stays_out(capsys):
    add(capsys, "330", "1")
    Terminal.objects.update(revoked_at=timezone.now())
    with pytest.raises(CommandError, match="was revoked"):
        add(capsys, "330", "1")
