"""Two people who change a mailing at once: the second is told, with few questions."""

from html import unescape
from typing import Any

import pytest
from django.urls import reverse

from coupons.models import Mailing, Segment
from tests import make
from tests.pos_integration.test_at_once import _typed

pytestmark = pytest.mark.django_db
MOST_QUERIES = 20


def test_the_second_is_told_and_keeps_what_was_typed(admin_client, django_assert_max_num_queries):
    mailing = make.mailing()
    Mailing.objects.update(state=Mailing.State.DRAFT)
    mailing.offers.set([make.offer("0.50"), make.offer("1.00")])
    mailing.segments.set([Segment.objects.create(name="All")])
    url = reverse("admin:coupons_mailing_change", args=[mailing.pk])
    sent = _form(admin_client.get(url))
    Mailing.objects.update(name="Theirs")

    with django_assert_max_num_queries(MOST_QUERIES):
        answer = admin_client.post(url, {**sent, "name": "Mine"})
    shown = unescape(answer.content.decode())
    assert "while you had it open" in shown
    assert "is now “Theirs”" in shown
    assert 'value="Mine"' in shown
    assert Mailing.objects.get().name == "Theirs"

    again = _form(answer) | {"name": "Mine"}
    assert admin_client.post(url, again).status_code == 302
    assert Mailing.objects.get().name == "Mine"


def _form(page):
    """What a browser would send of it."""
    sent: dict[str, Any] = {**_typed(page.content.decode())}
    form = page.context["adminform"].form
    for name in form.fields:
        value = form[name].value()
        if value is None:
            sent.pop(name, None)
        elif isinstance(value, list):
            sent[name] = [getattr(one, "pk", one) for one in value]
        else:
            sent[name] = str(value)
    return sent
