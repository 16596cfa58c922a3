"""Products and categories changed together: seen before, all of them or none."""

from decimal import Decimal

import pytest
from django.contrib.admin.models import LogEntry
from django.urls import reverse

from pos_integration import together
from pos_integration.models import Category, Product
from tests import make
from tests.staff import one_of

pytestmark = pytest.mark.django_db
RICE = "00012345678905"


@pytest.fixture
def two():
    return [make.product(), make.product(RICE, "Rice 500 g")]


def url(model, rows):
    ids = ",".join(str(row.pk) for row in rows)
    return f"{reverse(f'admin:pos_integration_{model}_together')}?ids={ids}"


def test_products_are_seen_before_and_after_and_changed_once(
    two, admin_client, django_assert_max_num_queries
):
    drinks = make.category("Drinks")
    said = {"brand": "Ours", "category": drinks.pk, "lowest_price": "0.99"}
    with django_assert_max_num_queries(20):
        page = admin_client.post(url("product", two), said)
    assert "<p>category: Oats &rarr; <b>Drinks</b></p>" in page.content.decode()
    assert "<p>lowest price: empty &rarr; <b>0.99</b></p>" in page.content.decode()
    assert not Product.objects.filter(brand="Ours").exists()

    done = said | {"do": "yes", "seen": page.context["seen"]}
    assert admin_client.post(url("product", two), done).status_code == 302
    assert "look at it once more" in admin_client.post(url("product", two), done).content.decode()
    kept = Product.objects.values_list("brand", "category__name", "lowest_price")
    assert {*kept} == {("Ours", "Drinks", Decimal("0.99"))}
    assert LogEntry.objects.count() == 2


def test_what_products_need_not_have_is_taken_away(two, admin_client):
    Product.objects.update(brand="Theirs", lowest_price=1)
    said = {"without": ["brand", "lowest_price"]}
    seen = admin_client.post(url("product", two), said).context["seen"]
    admin_client.post(url("product", two), said | {"do": "yes", "seen": seen})
    assert {*Product.objects.values_list("brand", "lowest_price")} == {("", None)}
    refused = admin_client.post(url("product", two), said | {"brand": "Ours"})
    assert "Either a value or none" in refused.content.decode()


def test_goods_that_law_restricts_are_said_of_several_categories(admin_client):
    rows = [make.category("Beer"), make.category("Wine")]
    said = {"goods": "alcohol", "is_sensitive": "yes"}
    page = admin_client.post(url("category", rows), said)
    assert "<b>Alcohol</b>" in page.content.decode()
    assert "Grocery" in page.content.decode()
    admin_client.post(url("category", rows), said | {"do": "yes", "seen": page.context["seen"]})
    assert Category.objects.filter(goods="alcohol", is_sensitive=True).count() == 2


def test_the_list_leads_there_with_what_is_chosen(two, admin_client):
    said = {"action": "change_together", "_selected_action": [row.pk for row in two]}
    answer = admin_client.post(reverse("admin:pos_integration_product_changelist"), said)
    assert answer.url == url("product", sorted(two, key=lambda row: row.pk))
    assert admin_client.get(answer.url).status_code == 200


def test_nothing_said_and_nothing_chosen_are_told(two, admin_client):
    shown = admin_client.post(url("product", two), {}).content.decode()
    assert "Say in one field at least" in shown
    assert "tick some" in admin_client.get(url("product", [])).content.decode()


def test_too_many_at_once_are_refused(two, admin_client, monkeypatch):
    monkeypatch.setattr(together, "MOST", 1)
    shown = admin_client.post(url("product", two), {"brand": "Ours"}).content.decode()
    assert "too many at once" in shown


def test_who_may_not_change_products_is_let_to_none_of_it(two):
    assert one_of("Store staff").get(url("product", two)).status_code == 403
