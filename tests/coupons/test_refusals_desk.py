"""Refusals as a list of work: told in sentences, decided once, and what tills ask in vain."""

from datetime import date, timedelta
from decimal import Decimal

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from coupons import guessing, verdicts
from coupons.clearing import clear_redemptions
from coupons.models import Refusal, TillMiss
from coupons.models.desk import RefusalVerdict
from coupons.sheets import codes
from coupons.verdicts import Hint, Seen
from pos_integration.models import RedemptionRecord, Store, StoreStaff, Terminal
from tests import make
from tests.staff import one_of

pytestmark = pytest.mark.django_db

LIST = "coupons_refusal_changelist"
DAY = date(2026, 3, 5)


def page(name, *args):
    return reverse(f"admin:{name}", args=args)


def listed(client, **asked):
    return list(client.get(page(LIST), asked).context["cl"].result_list)


@pytest.fixture
def refusal():
    """0.75 was taken for a coupon of 0.50."""
    code = codes.mint()
    make.coupon(code)
    make.redemption_record(code, amount="0.75")
    clear_redemptions()
    return Refusal.objects.get()


def another(refusal):
    record = make.redemption_record(codes.mint())
    basket = record.basket
    RedemptionRecord.objects.filter(pk=record.pk).update(basket=basket)
    return Refusal.objects.create(record=record, reason="unknown_code", detail="no such coupon")


def test_it_is_told_in_sentences_with_all_digits_of_the_money(admin_client, refusal):
    body = admin_client.get(page(LIST)).content.decode()
    assert "took 0.75 USD off for" in body
    assert codes.grouped(refusal.record.code) in body
    assert "The till took 0.75 off, 0.50 was due." in body
    body = admin_client.get(page("coupons_refusal_change", refusal.pk)).content.decode()
    assert str(verdicts.TO_DO["over_value"]) in body


def test_yen_have_no_decimals(admin_client, refusal):
    Store.objects.update(currency="JPY")
    RedemptionRecord.objects.update(amount=Decimal(50))
    assert "took 50 JPY off" in admin_client.get(page(LIST)).content.decode()


def test_every_reason_says_what_to_do():
    assert set(verdicts.TO_DO) == set(Refusal.Reason.values)


def test_a_decision_is_noted_once_and_leaves_the_list(admin_client, refusal):
    url = page("coupons_refusal_decide", refusal.pk)
    assert b"What was decided" in admin_client.get(url).content
    answer = {"confirmed": "yes", "verdict": "house", "note": "a regular's"}
    assert admin_client.post(url, {**answer, "verdict": "nonsense"}).status_code == 200
    admin_client.post(url, answer)
    admin_client.post(url, {**answer, "verdict": "stands"})
    verdict = RefusalVerdict.objects.get()
    assert (verdict.verdict, verdict.note) == ("house", "a regular's")
    assert verdict.decided_by
    assert verdict.decided_by.username == "admin"
    assert listed(admin_client) == []
    assert len(listed(admin_client, verdict="house")) == 1
    assert len(listed(admin_client, verdict="all")) == 1

    admin_client.post(page("coupons_refusal_reopen", refusal.pk))
    assert len(listed(admin_client)) == 1


def test_many_are_decided_at_once_and_those_before_are_left(admin_client, refusal):
    other = another(refusal)
    verdicts.decide([refusal], "house", "", User.objects.get())
    said = {"action": "decide", "_selected_action": [refusal.pk, other.pk]}
    asked = admin_client.post(f"{page(LIST)}?verdict=all", said)
    assert b"2 refusals" in asked.content
    answer = {**said, "confirmed": "yes", "verdict": "trained", "note": ""}
    admin_client.post(f"{page(LIST)}?verdict=all", answer)
    assert {row.refusal_id: row.verdict for row in RefusalVerdict.objects.all()} == {
        refusal.pk: "house",
        other.pk: "trained",
    }


def test_the_list_is_narrowed_by_reason_store_and_till(admin_client, refusal):
    another(refusal)
    basket = refusal.record.basket
    at = f"{basket.store.number}/{basket.till}"
    assert [row.pk for row in listed(admin_client, reason="over_value")] == [refusal.pk]
    assert [row.pk for row in listed(admin_client, at=basket.store.number)] == [refusal.pk]
    assert [row.pk for row in listed(admin_client, at=at)] == [refusal.pk]
    for nonsense in ("330/x", "no such", "1/" + "9" * 30):
        assert listed(admin_client, at=nonsense) == []
    told = admin_client.get(page(LIST), {"at": "\0"}, follow=True)
    assert "There is no such filter" in told.content.decode()
    found = listed(admin_client, q=codes.grouped(refusal.record.code).lower())
    assert [row.pk for row in found] == [refusal.pk]


def seen(count, till=4, reason="wrong_item", days_ago=0):
    return [Seen("330", "High Street", till, reason, DAY - timedelta(days=days_ago))] * count


def test_where_many_come_from_one_till_there_is_a_hint():
    rows = [*seen(37), *seen(4, till=5), *seen(9, reason="over_value"), *seen(50, 6, days_ago=7)]
    assert verdicts.hints(rows) == [
        Hint("330", 4, "wrong_item", 37),
        Hint("330", 4, "over_value", 9),
    ]
    assert verdicts.hints([]) == []


def test_the_hint_stands_over_the_list_and_leads_to_its_refusals(admin_client):
    till, _ = make.terminal(make.store("330"), 4)
    for _ in range(5):
        record = make.redemption_record(codes.mint())
        type(record.basket).objects.filter(pk=record.basket_id).update(store=till.store, till=4)
        Refusal.objects.create(record=record, reason="wrong_item", detail="no line is of it")
    response = admin_client.get(page(LIST))
    (hint,) = response.context["hints"]
    assert "Store 330 till 4: 5 times" in response.content.decode()
    assert len(admin_client.get(hint["url"]).context["cl"].result_list) == 5


def test_store_staff_see_their_own_stores_refusals(refusal):
    client = one_of("Store staff")
    mine = StoreStaff.objects.create(
        user=User.objects.get(username="one of Store staff"), store=make.store("331")
    )
    assert listed(client) == []
    assert client.get(page("coupons_refusal_change", refusal.pk)).status_code == 302
    StoreStaff.objects.filter(pk=mine.pk).update(store=refusal.record.basket.store)
    assert len(listed(client)) == 1


def test_a_tills_page_shows_what_was_refused_of_it(admin_client, refusal):
    basket = refusal.record.basket
    till = Terminal.objects.get(store=basket.store, number=basket.till)
    type(basket).objects.update(business_date=timezone.localdate())
    body = admin_client.get(page("pos_integration_terminal_change", till.pk)).content.decode()
    assert page("coupons_refusal_change", refusal.pk) in body


def test_a_till_that_is_locked_out_may_be_let_try_again(admin_client):
    till, _ = make.terminal()
    change = page("pos_integration_terminal_change", till.pk)
    again = page("pos_integration_terminal_again", till.pk)
    TillMiss.objects.create(terminal=till)
    body = admin_client.get(change).content.decode()
    assert "answered" in body
    assert again not in body
    for _ in range(guessing.MISSES):
        guessing.note_miss(till)
    body = admin_client.get(change).content.decode()
    assert "locked out until" in body
    assert again in body
    assert b"guesses codes" in admin_client.get(again).content
    admin_client.post(again)
    assert not TillMiss.objects.exists()
    stranger = Client()
    stranger.force_login(User.objects.create_user("without rights", is_staff=True))
    assert stranger.post(again).status_code == 403


def test_the_pages_ask_few_questions(admin_client, refusal, django_assert_max_num_queries):
    for _ in range(4):
        another(refusal)
    with django_assert_max_num_queries(8):
        assert admin_client.get(page(LIST)).status_code == 200
    with django_assert_max_num_queries(6):
        assert admin_client.get(page("coupons_refusal_change", refusal.pk)).status_code == 200
    till = Terminal.objects.all()[0]
    with django_assert_max_num_queries(20):
        admin_client.get(page("pos_integration_terminal_change", till.pk))
