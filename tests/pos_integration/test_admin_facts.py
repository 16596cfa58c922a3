"""The desk for facts: looked at by everybody, changed by nobody, quick at any length."""

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from django.urls import reverse

from coupons.sheets import codes
from pos_integration.long_lists import LongListPaginator
from pos_integration.models import (
    Basket,
    Reject,
    Store,
    Tender,
    Terminal,
    TerminalToken,
    Upload,
)
from tests import make

pytestmark = pytest.mark.django_db
FACTS = ["upload", "reject", "basket", "redemptionrecord"]


def page(name, *args):
    return reverse(f"admin:pos_integration_{name}", args=args)


def act(client, model, action, rows, **more):
    return client.post(
        page(f"{model}_changelist"),
        {"action": action, "_selected_action": [row.pk for row in rows], **more},
        follow=True,
    )


@pytest.fixture
def shop():
    """Three baskets of three tills, one of them with everything that can hang on it."""
    baskets = [make.basket(card="9001") for _ in range(3)]
    for number in range(5):
        make.line(baskets[0], make.product(f"{number:014}", f"Item {number}"))
    Tender.objects.create(basket=baskets[0], position=0, kind="card", amount=10)
    record = make.redemption_record(codes.mint())
    Reject.objects.create(
        upload=record.basket.upload,
        position=3,
        code="bad_check_digit",
        detail="ends in 2, not 1",
        raw='{"note": "<script>alert(1)</script>"}',
    )
    return baskets


@pytest.mark.parametrize("model", FACTS)
def test_nobody_may_add_or_delete_a_fact(admin_client, shop, model):
    assert admin_client.get(page(f"{model}_changelist")).status_code == 200
    assert admin_client.get(page(f"{model}_add")).status_code == 403


def test_a_basket_cannot_be_changed_or_deleted(admin_client, shop):
    change = page("basket_change", shop[0].pk)

    assert admin_client.post(change, {"receipt": "other"}).status_code == 403
    assert admin_client.post(page("basket_delete", shop[0].pk)).status_code == 403
    assert Basket.objects.get(pk=shop[0].pk).receipt == shop[0].receipt


def test_a_receipt_tells_what_it_came_to_and_leads_to_whose_card_it_is(admin_client):
    basket = make.basket("2100004711")
    for at, (kind, amount) in enumerate((("cash", "1211.90"), ("coupon", "0.50"))):
        Tender.objects.create(basket=basket, position=at, kind=kind, amount=amount)
    body = admin_client.get(page("basket_change", basket.pk)).content.decode()
    assert "1,212.40 USD: cash 1,211.90, coupon 0.50." in body
    assert "/admin/search/?q=2100004711" in body
    nobodys = admin_client.get(page("basket_change", make.basket().pk)).content.decode()
    assert "/admin/search/?q=" not in nobodys


@pytest.mark.parametrize(
    ("model", "most"),
    [
        ("store", 4),
        ("terminal", 4),
        ("category", 4),
        ("product", 4),
        ("upload", 7),
        ("reject", 6),
        ("basket", 6),
        ("redemptionrecord", 5),
    ],
)
def test_a_list_asks_the_same_few_questions_however_long_it_is(
    admin_client, shop, django_assert_max_num_queries, model, most
):
    with django_assert_max_num_queries(most):
        assert admin_client.get(page(f"{model}_changelist")).status_code == 200


@pytest.mark.parametrize(
    ("model", "most"), [("store", 7), ("basket", 7), ("terminal", 12), ("upload", 6)]
)
def test_a_page_asks_the_same_few_questions_however_much_it_shows(
    admin_client, shop, django_assert_max_num_queries, model, most
):
    store = shop[0].store
    for number in range(500, 505):
        make.terminal(store, number)
    row = {
        "store": store,
        "basket": shop[0],
        "terminal": store.terminals.first(),
        "upload": shop[0].upload,
    }[model]
    with django_assert_max_num_queries(most):
        assert admin_client.get(page(f"{model}_change", row.pk)).status_code == 200


def test_a_rejected_basket_is_shown_as_the_till_sent_it_and_runs_nothing(admin_client, shop):
    body = admin_client.get(page("upload_change", Reject.objects.get().upload_id)).content.decode()

    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in body
    assert "<script>alert(1)" not in body


def test_a_file_is_saved_never_shown(admin_client, shop):
    upload = shop[0].upload
    Upload.objects.filter(pk=upload.pk).update(body=b"<html>")

    response = admin_client.get(page("upload_file", upload.pk))

    assert response.getvalue() == b"<html>"
    assert response["Content-Type"] == "application/octet-stream"
    assert response["Content-Disposition"].startswith("attachment")


def test_whoever_may_not_look_at_uploads_gets_no_file(shop):
    client = Client()
    client.force_login(User.objects.create_user("visitor", is_staff=True))

    assert client.get(page("upload_file", shop[0].upload_id)).status_code == 403


@pytest.mark.parametrize(
    ("typed", "found"),
    [("9001", 3), ("900", 0), ("{key}", 1), ("{store}/{till}", 1), ("x/y", 0), ("1/2/never", 0)],
)
def test_a_basket_is_found_by_its_card_or_the_beginning_of_its_key(
    admin_client, shop, typed, found
):
    first = shop[0]
    typed = typed.format(key=first, store=first.store.number, till=first.till)

    response = admin_client.get(page("basket_changelist"), {"q": typed})

    assert response.context["cl"].result_count == found


def test_a_new_token_is_asked_for_shown_once_and_works(admin_client):
    till, _ = make.terminal()

    asked = act(admin_client, "terminal", "new_token", [till])
    assert b"shown once" in asked.content
    assert TerminalToken.objects.count() == 1

    shown = act(admin_client, "terminal", "new_token", [till], confirmed="yes")
    ((_, token),) = shown.context["shown"]
    assert f'value="{token}"' in shown.content.decode()
    assert "no-store" in shown["Cache-Control"]
    assert TerminalToken.objects.count() == 2
    assert "messages" not in shown.client.cookies
    assert token not in admin_client.get(page("terminal_changelist")).content.decode()
    signed_in = admin_client.get("/api/v1/schema/", headers={"authorization": f"Bearer {token}"})
    assert signed_in.status_code == 200


def test_a_revoked_till_has_no_live_token_and_gets_none_until_it_is_let_back_in(admin_client):
    till, _ = make.terminal()

    act(admin_client, "terminal", "revoke", [till])
    assert Terminal.objects.get().revoked_at is None, "nothing before it is confirmed"
    act(admin_client, "terminal", "revoke", [till], confirmed="yes")
    assert Terminal.objects.get().revoked_at
    assert not TerminalToken.objects.filter(revoked_at=None).exists()

    refused = act(admin_client, "terminal", "new_token", [till], confirmed="yes")
    assert "is revoked" in str(next(iter(refused.context["messages"])))

    act(admin_client, "terminal", "let_back_in", [till])
    assert Terminal.objects.get().revoked_at is None
    assert not TerminalToken.objects.filter(revoked_at=None).exists(), "old tokens stay dead"


def test_a_file_that_waits_is_loaded_from_the_list_and_a_loaded_one_left_alone(admin_client):
    till, _ = make.terminal()
    waiting = Upload.objects.create(
        terminal=till, sha256="0" * 64, media_type="application/json", body=b'{"baskets": []}'
    )
    done = make.basket().upload

    response = act(admin_client, "upload", "load_again", [waiting, done])

    assert "1 of 1 loaded" in str(next(iter(response.context["messages"])))
    waiting.refresh_from_db()
    assert waiting.state == Upload.State.LOADED


def test_a_long_table_is_not_counted_its_length_is_estimated():
    make.store()
    assert LongListPaginator(Store.objects.order_by("pk"), 50).count_text == "1"

    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE pg_class SET reltuples = 5000000 WHERE oid = 'pos_integration_store'::regclass"
        )
    pages = LongListPaginator(Store.objects.order_by("pk"), 50)

    assert pages.count_text == "about 5,000,000"
    assert LongListPaginator(Store.objects.filter(currency="USD").order_by("pk"), 50).count == 1


def test_an_empty_list_says_what_to_do(admin_client):
    assert b"its tills are added on its page" in admin_client.get(page("store_changelist")).content
    found = admin_client.get(page("store_changelist"), {"q": "nothing"})
    assert b"Nothing matches" in found.content
