"""The desk for tills: what is missing of them, what others call them, what their scales print."""

from datetime import timedelta

import pytest
from django.contrib.auth.models import Group, User
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from pos_integration.models import (
    Basket,
    ScaleLabel,
    StoreAlias,
    Terminal,
    TerminalAlias,
    Upload,
)
from tests import make

pytestmark = pytest.mark.django_db


@pytest.fixture
def admin_user(db):
    return User.objects.create(username="admin", is_staff=True, is_superuser=True)


@pytest.fixture
def till():
    return Terminal.objects.create(store=make.store("330"), number=1)


def page(name, *args):
    return reverse(f"admin:pos_integration_{name}", args=args)


def staff(group):
    user = User.objects.create(username=group, is_staff=True)
    user.groups.add(Group.objects.get(name=group))
    client = Client()
    client.force_login(user)
    return client


def sold(till, receipts, days_ago=1):
    upload = Upload.objects.create(
        terminal=till, sha256=f"{Upload.objects.count():064}", body=b"", state="loaded"
    )
    Upload.objects.update(received_at=timezone.now() - timedelta(days=2))
    Basket.objects.bulk_create(
        Basket(
            store=till.store,
            till=till.number,
            business_date=timezone.localdate() - timedelta(days=days_ago),
            receipt=str(receipt),
            kind="sale",
            currency="USD",
            content_hash=b"",
            upload=upload,
        )
        for receipt in receipts
    )


def missing_one(till):
    sold(till, [*range(1, 31), *range(33, 50)])


def forms_of(prefix, *rows, initial=0):
    said = {f"{prefix}-TOTAL_FORMS": len(rows), f"{prefix}-INITIAL_FORMS": initial}
    for place, row in enumerate(rows):
        said |= {f"{prefix}-{place}-{name}": value for name, value in row.items()}
    return said


def save_store(client, store, *, labels=(), aliases=()):
    return client.post(
        page("store_change", store.pk),
        {
            "number": store.number,
            "name": store.name,
            "currency": "USD",
            "time_zone": "UTC",
            **forms_of("terminals"),
            **forms_of("aliases", *aliases),
            **forms_of("scale_labels", *labels),
        },
    )


def test_the_tills_list_leads_to_what_is_missing_and_that_to_the_till(admin_client, till):
    missing_one(till)
    dead = Terminal.objects.create(store=till.store, number=2)
    sold(dead, [1], days_ago=3)

    assert (
        page("terminal_missing") in admin_client.get(page("terminal_changelist")).content.decode()
    )
    shown = admin_client.get(page("terminal_missing"))
    panels = [panel.body for panel in shown.context["panels"]]
    assert '<td class="text">30</td>' in panels[0]
    assert '<td class="num">2</td>' in panels[0]
    assert "missing" in panels[0]
    assert "number__exact=2" in panels[1], "the silent one"

    (link,) = [part.split('"')[0] for part in panels[0].split('href="')[1:]]
    listed = admin_client.get(link.replace("&amp;", "&"))
    assert [row.pk for row in listed.context["cl"].result_list] == [till.pk]


def test_the_page_of_one_store_shows_that_store_alone(admin_client, till):
    missing_one(till)
    other = Terminal.objects.create(store=make.store("331"), number=1)
    missing_one(other)

    url = f"{page('terminal_missing')}?store={other.store_id}"
    assert url in admin_client.get(page("store_change", other.store_id)).content.decode()
    shown = admin_client.get(url)
    assert "331" in shown.context["title"]
    assert shown.context["panels"][0].body.count("<tr>") == 2
    everywhere = admin_client.get(f"{page('terminal_missing')}?store=nonsense")
    assert everywhere.context["panels"][0].body.count("<tr>") == 3


def test_where_nothing_is_missing_the_page_says_so(admin_client, till):
    body = admin_client.get(page("terminal_missing")).content
    assert b"Nothing is missing" in body
    assert b"Every till that sold before" in body


def test_a_tills_page_shows_its_own_gaps(admin_client, till):
    missing_one(till)
    other = Terminal.objects.create(store=till.store, number=2)
    assert b"Before receipt" in admin_client.get(page("terminal_change", till.pk)).content
    assert b"Nothing is missing" in admin_client.get(page("terminal_change", other.pk)).content


def test_what_scales_print_and_what_others_call_a_store_is_kept_with_it(admin_client, till):
    response = save_store(
        admin_client,
        till.store,
        labels=[
            {"pattern": " 21iiiiivppppc ", "decimals": 2},
            {"pattern": "2IIIIIIPPPPPC", "decimals": 0},
        ],
        aliases=[{"text": " LOC-9 "}],
    )
    assert response.status_code == 302
    assert list(till.store.scale_labels.order_by("pk").values_list("pattern", "decimals")) == [
        ("21IIIIIVPPPPC", 2),
        ("2IIIIIIPPPPPC", 0),
    ]
    assert StoreAlias.objects.get().text == "LOC-9"


@pytest.mark.parametrize(
    ("patterns", "sentence"),
    [
        (["21IIIIVPPPPC"[:10] + "C"], "has 11 places"),
        (["31IIIIIVPPPPC"], "is no layout"),
        (["21IIIIIIVPPPC"], "GS1 defines one for 4 and 5"),
        (["21IIIIIVPPPPC", "21IIIIIWWWWWC"], "could be read either way"),
    ],
)
def test_a_layout_that_cannot_be_read_is_refused_in_words(admin_client, till, patterns, sentence):
    rows = [{"pattern": pattern, "decimals": 2} for pattern in patterns]
    response = save_store(admin_client, till.store, labels=rows)
    assert response.status_code == 200
    assert sentence in response.content.decode()
    assert not ScaleLabel.objects.exists()


def test_a_layout_for_every_store_stands_beside_a_stores_own_and_not_beside_its_like(
    admin_client, till
):
    ScaleLabel.objects.create(store=till.store, pattern="21IIIIIVPPPPC")
    add = page("scalelabel_add")
    assert admin_client.post(add, {"pattern": "21IIIIIWWWWWC", "decimals": 3}).status_code == 302
    again = admin_client.post(add, {"pattern": "21IIIIIIWWWWC", "decimals": 3})
    assert "could be read either way" in again.content.decode()
    precise = admin_client.post(add, {"pattern": "22IIIIIWWWWWC", "decimals": 5})
    assert "less than or equal to 4" in precise.content.decode()

    assert b"every store" in admin_client.get(page("scalelabel_changelist")).content
    kept = ScaleLabel.objects.get(store=None)
    said = {"pattern": kept.pattern, "decimals": 2}
    assert admin_client.post(page("scalelabel_change", kept.pk), said).status_code == 302
    assert admin_client.post(page("scalelabel_delete", kept.pk), {"post": "yes"}).status_code == 302
    assert ScaleLabel.objects.get().store == till.store


def test_an_alias_that_is_anothers_number_is_refused(admin_client, till):
    make.store("331")
    response = save_store(admin_client, till.store, aliases=[{"text": "331"}])
    assert "is the number of a store" in response.content.decode()

    Terminal.objects.create(store=till.store, number=2)
    change = page("terminal_change", till.pk)
    taken = admin_client.post(change, forms_of("aliases", {"text": "002"}))
    assert "number of another till" in taken.content.decode()
    fine = admin_client.post(change, forms_of("aliases", {"text": "001"}, {"text": "register-c"}))
    assert fine.status_code == 302
    assert set(TerminalAlias.objects.values_list("text", flat=True)) == {"001", "register-c"}


def test_a_till_is_added_together_with_its_other_names(admin_client, till):
    said = {"store": till.store_id, "number": 9, **forms_of("aliases", {"text": "77"})}
    assert admin_client.post(page("terminal_add"), said).status_code == 302
    assert TerminalAlias.objects.get().terminal.number == 9


def test_a_store_does_not_change_what_stores_and_labels_are_called(till):
    client = staff("Store staff")
    label = ScaleLabel.objects.create(pattern="21IIIIIVPPPPC")
    assert client.get(page("terminal_missing")).status_code == 200
    assert client.get(page("scalelabel_changelist")).status_code == 200
    assert client.get(page("scalelabel_add")).status_code == 403
    assert client.post(page("scalelabel_delete", label.pk), {"post": "yes"}).status_code == 403
    assert save_store(client, till.store, aliases=[{"text": "LOC-9"}]).status_code == 403
    assert (
        save_store(staff("Marketing"), till.store, aliases=[{"text": "LOC-9"}]).status_code == 302
    )


def test_who_may_not_look_at_tills_sees_nothing_of_them():
    client = Client()
    client.force_login(User.objects.create(username="guest", is_staff=True))
    assert client.get(page("terminal_missing")).status_code == 403
