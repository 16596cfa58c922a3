"""Guessing: what a till may not know answers alike, and asking too often locks it out."""

import re
import threading
from collections import Counter
from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from coupons import guessing
from coupons.models import Redemption, TillMiss
from coupons.sheets import codes
from tests import make
from tests.coupons import tills
from tests.coupons.tills import Till, said


@pytest.fixture
def shop(db):
    return make.store()


@pytest.fixture
def till(shop):
    return Till(shop)


@pytest.fixture
def coupon(shop):
    return tills.coupon(shop)


def miss(till):
    return till.get(f"/api/v1/coupons/{codes.mint()}")


def lock_out(till):
    now = timezone.now()
    for _ in range(guessing.MISSES):
        guessing.note_miss(till.terminal)
    TillMiss.objects.update(at=now)


def asked(call):
    """What `call` answered and the statements it ran, without what differs from call to call."""
    with CaptureQueriesContext(connection) as queries:
        answer = call()
    words = [re.split("WHERE|VALUES|SAVEPOINT", one["sql"])[0] for one in queries]
    return answer.status_code, answer.content, words


def test_not_even_the_queries_tell_unknown_from_foreign_or_malformed(till, coupon):
    unknown, *others = [
        asked(lambda path=path: till.get(f"/api/v1/coupons/{path}"))
        for path in (
            f"{codes.mint()}?card=nobody",
            f"{codes.grouped(coupon.code)}?card=nobody",
            "malformed?card=nobody",
            "malformed?card=%00",
        )
    ]
    assert unknown[0] == 404
    assert others == [unknown] * 3


def test_nor_for_a_redemption_of_another_store(till, coupon):
    theirs = till.redeem(coupon).json()["redemption"]
    stranger = Till(make.store())
    foreign, *others = [
        asked(lambda text=text: stranger.reverse(text)) for text in (theirs, "0", "none", "9" * 40)
    ]
    assert foreign[0] == 404
    assert others == [foreign] * 3


@pytest.mark.parametrize("act", ["redeem", "lock", "release"])
def test_nor_when_it_acts(till, coupon, act):
    body = {"basket_key": till.key(), "amount": "0.50", "basket": till.basket()}
    body["lock"] = "x"
    till.say(f"coupons/malformed/{act}", body)  # what the items are is asked for once
    unknown, malformed = [
        asked(lambda code=code: till.say(f"coupons/{code}/{act}", body))
        for code in (codes.mint(), "malformed")
    ]
    assert unknown[0] == 404
    assert malformed == unknown


def test_ten_misses_lock_a_till_out_of_everything_that_could_be_guessed(till, coupon):
    assert [miss(till).status_code for _ in range(10)] == [404] * 10
    for refused in (
        miss(till),
        till.look(coupon),
        till.redeem(coupon),
        till.lock(coupon),
        till.release(coupon, "x"),
        till.reverse("1"),
        till.get(f"/api/v1/cards/card-{coupon.code}/coupons"),
        till.get(f"/api/v1/cards/card-{coupon.code}/preferences"),
        till.say(f"cards/card-{coupon.code}/preferences", {}, method="put"),
    ):
        assert said(refused) == (429, "locked_out")
        assert 590 <= int(refused["Retry-After"]) <= 600
        assert refused["Content-Type"] == "application/problem+json"
    assert TillMiss.objects.count() == 10
    assert Redemption.objects.count() == 0


def test_every_kind_of_miss_counts(till):
    till.get("/api/v1/coupons/x", {"card": "x"})
    till.say("coupons/x/redeem", {"basket_key": till.key(), "amount": "0.50"}, key="1")
    till.say("coupons/x/lock", {"basket": till.basket()})
    till.say("coupons/x/release", {"lock": "x"})
    till.reverse("77")
    till.get("/api/v1/cards/x/coupons")
    till.get("/api/v1/cards/x/preferences")
    till.say("cards/x/preferences", {}, method="put")
    assert TillMiss.objects.filter(terminal=till.terminal).count() == 8


def test_what_is_no_guess_does_not_count(till, coupon):
    till.redeem(coupon, amount="9.99")
    till.redeem(coupon, amount="many")
    till.release(coupon, "x")
    till.lock(coupon, basket=till.basket("1", tills.line(code="DELI")))
    assert TillMiss.objects.count() == 0


def test_a_repeated_call_is_one_miss_and_its_answer_is_given_even_while_locked_out(till, coupon):
    used = till.redeem(coupon, key="used")
    wrong = {"basket_key": till.key(), "amount": "0.50"}
    for _ in range(12):
        assert till.say("coupons/x/redeem", wrong, key="wrong").status_code == 404
    assert TillMiss.objects.count() == 1
    lock_out(till)
    assert till.redeem(coupon, key="used").content == used.content
    assert till.say("coupons/x/redeem", wrong, key="wrong").status_code == 404
    assert said(till.redeem(coupon, key="new")) == (429, "locked_out")


def test_a_refused_call_may_be_repeated_under_its_key_once_the_till_is_let_in_again(till, coupon):
    lock_out(till)
    assert said(till.redeem(coupon, key="a")) == (429, "locked_out")
    TillMiss.objects.update(at=timezone.now() - guessing.WINDOW)
    assert till.redeem(coupon, key="a").status_code == 201


def test_after_ten_minutes_it_is_let_in_again_and_one_miss_more_is_not_the_end(till, coupon):
    lock_out(till)
    first = TillMiss.objects.earliest("pk")
    TillMiss.objects.filter(pk=first.pk).update(at=timezone.now() - timedelta(minutes=9))
    assert 50 <= int(till.look(coupon)["Retry-After"]) <= 60
    TillMiss.objects.filter(pk=first.pk).update(at=timezone.now() - timedelta(minutes=10))
    assert till.look(coupon).status_code == 200
    assert miss(till).status_code == 404
    assert said(miss(till)) == (429, "locked_out")


def test_another_till_of_the_store_is_not_locked_out_and_a_collector_is(shop, till, coupon):
    collector = Till(shop, 90, collector=True)
    lock_out(till)
    lock_out(collector)
    assert Till(shop, 13).look(coupon).status_code == 200
    assert said(collector.look(coupon)) == (429, "locked_out")


def test_misses_are_forgotten_after_a_day(till):
    miss(till)
    now = timezone.now()
    assert guessing.purge(now + timedelta(hours=23)) == 0
    assert guessing.purge(now + timedelta(hours=25)) == 1


@pytest.mark.django_db(transaction=True)
def test_guesses_at_once_are_counted_one_by_one(till, coupon):
    answers: Counter[int] = Counter()
    clients = [Till(till.terminal.store, 100 + number) for number in range(30)]
    for client in clients:  # thirty connections of one till
        client.defaults["HTTP_AUTHORIZATION"] = f"Bearer {till.token}"
    start = threading.Barrier(len(clients))

    def guess(client):
        try:
            start.wait()
            answers[miss(client).status_code] += 1
        finally:
            connection.close()

    threads = [threading.Thread(target=guess, args=[client]) for client in clients]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert answers == {404: 10, 429: 20}
    assert TillMiss.objects.filter(terminal=till.terminal).count() == 10
