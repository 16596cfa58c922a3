"""The one search box: what was typed leads to its page, or to a page of all it may mean."""

from datetime import date

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from django.urls import reverse

from coupons import finding
from coupons.sheets import codes
from loyalty.by_name import named
from loyalty.models import Household
from pos_integration.models import Basket, StoreStaff, Terminal
from tests import make
from tests.loyalty import believing
from tests.staff import one_of

pytestmark = pytest.mark.django_db


def look(client, typed):
    return client.get(reverse("admin:search"), {"q": typed})


def page(model, row):
    return reverse(f"admin:{model}_change", args=[row.pk])


def shown(response):
    assert response.status_code == 200
    return {panel.title: panel.body for panel in response.context["panels"]}


@pytest.fixture
def coupon():
    return make.coupon(codes.mint())


@pytest.mark.parametrize("write", [str, codes.grouped, lambda code: codes.grouped(code).lower()])
def test_a_coupons_code_leads_to_the_coupon_however_it_is_written(admin_client, coupon, write):
    assert look(admin_client, write(coupon.code)).url == page("coupons_coupon", coupon)


def test_a_card_leads_to_its_household(admin_client):
    home = make.household("2100004711")
    assert look(admin_client, " 2100004711 ").url == page("loyalty_household", home)


def test_a_number_as_its_page_has_it_leads_to_its_household(admin_client):
    home = make.household()
    assert look(admin_client, f"#{home.pk}").url == page("loyalty_household", home)
    assert f"#{home.pk}" in admin_client.get(page("loyalty_household", home)).content.decode()
    for nothing in ("#", "#0", "#x", "#\N{SUPERSCRIPT TWO}", "#99999999999999999999"):
        assert look(admin_client, nothing).status_code == 200


def test_a_postcode_of_one_household_leads_there_and_of_more_to_a_list(admin_client):
    home = make.household()
    assert look(admin_client, "00000").url == page("loyalty_household", home)
    make.household(name="Bert Other")
    assert shown(look(admin_client, "00000"))["Households"].count("<tr>") == 3


@pytest.mark.parametrize("typed", ["zwetsch", "URSULA zwet", "kamp urs", "ur zwetschgenkamp"])
def test_parts_of_a_name_in_any_order_find_it(admin_client, typed):
    make.household(name="Ursula Zwetschgenkamp")
    make.household(name="Ursula Other")
    body = shown(look(admin_client, typed))["Households"]
    assert "Zwetschgenkamp" in body
    assert "Other" not in body


def test_a_receipt_is_found_by_its_key_and_by_its_number(admin_client):
    sold = make.basket()
    assert look(admin_client, str(sold)).url == page("pos_integration_basket", sold)
    Basket.objects.update(receipt="R-77")
    for typed in ("R-77", f"{sold.store.number}/{sold.till}/R-77"):
        assert page("pos_integration_basket", sold) in shown(look(admin_client, typed))["Receipts"]


def test_an_old_receipts_number_alone_is_not_looked_for_in_years(admin_client):
    old = make.basket(day=date(2025, 3, 5))
    Basket.objects.update(receipt="R-77")
    till = Terminal.objects.get(store=old.store)
    Basket.objects.create(
        store=old.store,
        till=till.number,
        business_date=date(2026, 3, 5),
        receipt="R-78",
        kind="sale",
        currency="USD",
        content_hash=b"",
        upload=old.upload,
    )
    assert "Receipts" not in shown(look(admin_client, "R-77"))


def test_a_store_and_a_till_are_found_by_number(admin_client):
    till = Terminal.objects.create(store=make.store("330"), number=12)
    assert look(admin_client, "330").url == page("pos_integration_store", till.store)
    assert look(admin_client, "330/12").url == page("pos_integration_terminal", till)


def test_of_many_of_a_kind_the_first_are_told_and_that_there_are_more(admin_client):
    for _ in range(finding.MOST):
        make.store()
    (stores,) = look(admin_client, "high street").context["panels"]
    assert (stores.body.count("High Street"), stores.note) == (finding.MOST, "")
    make.store()
    (stores,) = look(admin_client, "high street").context["panels"]
    assert stores.body.count("High Street") == finding.MOST
    assert "add a word" in stores.note


def test_offers_and_mailings_are_found_by_code_or_name(admin_client):
    offer, mailing = make.offer(), make.mailing("spring-26")
    assert look(admin_client, "SPRING-26").url == page("coupons_mailing", mailing)
    assert page("coupons_offer", offer) in shown(look(admin_client, "oat dri"))["Offers"]
    assert page("coupons_mailing", mailing) in shown(look(admin_client, "march"))["Mailings"]


@pytest.mark.parametrize(
    "typed",
    [
        *("", " ", "'; --", '"', "%", "_", "\\", "x" * 200, "x" * 5_000, "a\0b", "\0"),
        *("☃", "Ünïcödé name", "9" * 13, "9" * 40, "330/99999999999", "/", "//", "///", "a/b/c/d"),
        *("1/2/2026-13-45/9", "(255)9501101530003000000000042", "\x1d255", "<script>", "8112"),
    ],
)
def test_whatever_is_typed_gets_an_answer(admin_client, typed):
    make.household()
    response = look(admin_client, typed)
    assert response.status_code == 200
    assert b"<script>" not in response.content
    if not response.context["panels"]:
        assert "What can be searched" in response.content.decode()


def test_nobody_searches_who_is_not_signed_in():
    assert look(Client(), "oats").status_code == 302


def test_store_staff_find_their_own_stores_households_tills_and_receipts():
    client = one_of("Store staff")
    ours, theirs = make.store("330"), make.store("331")
    StoreStaff.objects.create(user=User.objects.get(), store=ours)
    run = believing.night()
    homes = [make.household(card, name="Ada Meier") for card in ("901", "902", "903")]
    believing.summary(run, homes[0], home_store=ours)
    believing.summary(run, homes[1], home_store=theirs)
    sold = make.basket(store_=theirs)

    body = shown(look(client, "meier"))["Households"]
    assert body.count("Ada Meier") == 2
    assert page("loyalty_household", homes[1]) not in body
    assert not shown(look(client, "902"))
    assert look(client, "901").status_code == 302
    assert not shown(look(client, str(sold)))
    assert not shown(look(client, "331"))


@pytest.mark.parametrize("typed", ["meier", "9" * 13, "330/1/2026-03-05/7", "00000"])
def test_a_search_asks_few_questions(admin_client, typed, django_assert_max_num_queries):
    for number in range(3):
        make.household(f"card-{number}", name="Ada Meier")
    with django_assert_max_num_queries(12):
        assert look(admin_client, typed).status_code == 200


def test_names_are_looked_up_by_the_index_of_their_pieces():
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO loyalty_household (name, joined_on, slot, language) SELECT "
            "md5(n::text), '2025-01-01', 0, '' FROM generate_series(1, 5000) n"
        )
        cursor.execute("ANALYZE loyalty_household")
        cursor.execute("SET LOCAL enable_seqscan = off")  # so few rows are read as quickly
    for typed in ("zwetschgenkamp", "ur zwetsch", "zz"):
        asked = Household.objects.filter(named(finding.words_of(typed)))
        assert "household_name_search" in asked[:13].explain()
