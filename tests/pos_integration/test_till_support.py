"""Till support at the desk: silent tills, tokens, rejects, files handed in and loaded again."""

import json
from datetime import UTC, datetime, timedelta

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import User
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from django_q.models import OrmQ

from pos_integration import handing_in, mending
from pos_integration.admin.seen import ago, seen_in_words
from pos_integration.auth import issue_token
from pos_integration.models import (
    Basket,
    Reject,
    StoreStaff,
    Terminal,
    TerminalToken,
    Upload,
)
from tests import make
from tests.pos_integration import tills
from tests.staff import one_of

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 3, 5, 12, tzinfo=UTC)


def page(name, *args):
    return reverse(f"admin:pos_integration_{name}", args=args)


def hand_in(client, content, name="sales.json", till="330/1", kind=""):
    file = SimpleUploadedFile(name, content)
    return client.post(page("upload_hand_in"), {"till": till, "file": file, "kind": kind})


def as_json(*baskets):
    return json.dumps({"baskets": baskets}).encode()


@pytest.fixture
def till():
    return tills.open_store()


@pytest.mark.parametrize(
    ("last", "of_store", "said"),
    [
        (None, NOW, ("never called", "warn")),
        (timedelta(minutes=2), NOW, ("2 minutes ago", "good")),
        (timedelta(hours=3), NOW, ("silent for 3 hours", "bad")),
        (timedelta(hours=9), NOW - timedelta(hours=8), ("9 hours ago", "plain")),
        (timedelta(days=3), None, ("3 days ago", "plain")),
    ],
)
def test_a_till_is_silent_when_its_store_called_since(last, of_store, said):
    assert seen_in_words(last and NOW - last, of_store, NOW) == said


def test_a_moment_is_a_minute_and_two_days_are_days():
    assert ago(timedelta(seconds=3)) == "1 minute"
    assert ago(timedelta(hours=48)) == "2 days"


def test_the_list_shows_the_silent_till_in_red_and_in_words(admin_client, till):
    other = Terminal.objects.create(store=till.store, number=2)
    Terminal.objects.filter(pk=till.pk).update(last_seen_at=datetime.now(UTC))
    Terminal.objects.filter(pk=other.pk).update(last_seen_at=datetime.now(UTC) - timedelta(hours=5))
    body = admin_client.get(page("terminal_changelist")).content.decode()
    assert '<span class="pill pill-bad">silent for 5 hours</span>' in body
    assert (
        "silent for 5 hours"
        in admin_client.get(page("store_change", till.store_id)).content.decode()
    )


def test_a_new_till_gets_its_token_on_the_next_page_and_once(admin_client, till):
    said = {"store": till.store_id, "number": 9, "aliases-TOTAL_FORMS": 0}
    added = admin_client.post(page("terminal_add"), {**said, "aliases-INITIAL_FORMS": 0})
    new = Terminal.objects.get(number=9)
    assert added.url == page("terminal_token", new.pk)
    asked = admin_client.get(added.url)
    answer = {"confirmed": "yes", "after": asked.context["form"].initial["after"]}
    shown = admin_client.post(added.url, answer)
    ((_, token),) = shown.context["shown"]
    assert f"Bearer {token}" in shown.content.decode()
    again = admin_client.post(added.url, answer)
    assert again.status_code == 302, "a double click makes no second token"
    assert TerminalToken.objects.filter(terminal=new).count() == 1


def test_a_till_is_revoked_and_let_back_in_from_its_page(admin_client, till):
    url = page("terminal_revoke", till.pk)
    assert b"refused" in admin_client.get(url).content
    assert Terminal.objects.get().revoked_at is None
    for _press in range(2):  # pressed twice it is not let back in
        told = admin_client.post(url, {"confirmed": "yes", "revokes": 1}, follow=True)
        assert Terminal.objects.get().revoked_at
    assert b"nothing more was changed" in told.content
    for _press in range(2):
        admin_client.post(url, {"confirmed": "yes", "revokes": 0})
        assert Terminal.objects.get().revoked_at is None


def test_one_of_two_tokens_is_stopped_and_the_other_goes_on(admin_client, till):
    old, new = issue_token(till), issue_token(till)
    first = till.tokens.order_by("pk").first()
    url = page("terminal_stop", till.pk, first.pk)
    assert url in admin_client.get(page("terminal_change", till.pk)).content.decode()
    assert b"is refused from now on" in admin_client.get(url).content
    for _press in range(2):
        admin_client.post(url, {"confirmed": "yes"})

    def answer(token):
        return Client().get("/api/v1/uploads/0", headers={"Authorization": f"Bearer {token}"})

    assert answer(old).status_code == 401
    assert answer(new).status_code == 404
    assert LogEntry.objects.count() == 1
    other = make.terminal()[0]
    assert admin_client.get(page("terminal_stop", other.pk, first.pk)).status_code == 404


def test_a_file_handed_in_is_loaded_like_the_tills_own_and_once(admin_client, till):
    content = as_json(tills.basket())
    first = hand_in(admin_client, content)
    assert first.url == page("upload_change", Upload.objects.get().pk)
    assert Basket.objects.count() == 1
    again = hand_in(admin_client, content)
    assert again.url == first.url
    assert Basket.objects.count() == 1
    assert "1 of 1 baskets were taken" in admin_client.get(first.url).content.decode()


@pytest.mark.parametrize(
    ("content", "name", "sentence"),
    [
        (b"", "sales.csv", "is empty"),
        (b"%PDF-1.7 ...", "sales.csv", "another kind (PDF)"),
        (b"PK\x03\x04....", "sales.xlsx", "another kind (Excel"),
        ("store,till".encode("utf-16"), "sales.csv", "not in UTF-8"),
        (b"store,till", "sales.dat", "does not say what it is"),
        (b"<POSLog/>", "sales.csv", "begins like XML"),
    ],
)
def test_a_wrong_file_is_told_so_and_not_kept(admin_client, till, content, name, sentence):
    response = hand_in(admin_client, content, name)
    assert response.status_code == 200
    assert sentence in response.content.decode()
    assert not Upload.objects.exists()


@pytest.mark.parametrize("typed", ["331/1", "330/2", "330", "x", "330/" + "9" * 12, "a\0b/1"])
def test_a_till_that_is_none_is_told_so(admin_client, till, typed):
    response = hand_in(admin_client, as_json(tills.basket()), till=typed)
    assert response.status_code == 200
    assert not Upload.objects.exists()


def test_every_feed_that_can_be_read_is_told_from_its_first_bytes():
    assert handing_in.media_type_of("a.XML", b"\xef\xbb\xbf <POSLog>") == "application/xml"
    assert handing_in.media_type_of("a.jsonl", b'{"a": 1}') == "application/x-ndjson"
    assert handing_in.media_type_of("a.bin", b"[1]", "application/vnd.square+json")


@pytest.fixture
def rejected(till, admin_client):
    """One basket of a store that nobody knows."""
    hand_in(admin_client, as_json(tills.basket(), tills.basket("1002", store="LOC-9")))
    return Reject.objects.get()


def test_a_reject_says_what_to_do_and_marks_the_wrong_place(admin_client, rejected):
    for url in (
        page("reject_change", rejected.pk),
        page("upload_change", rejected.upload_id),
    ):
        body = admin_client.get(url).content.decode()
        assert page("store_changelist") in body
        assert "<mark>LOC-9</mark>" in body


def test_what_is_wrong_is_marked_only_where_it_stands():
    assert mending.marked("a 'b' c", "is 'b'") == ("a '", "b", "' c")
    assert mending.marked("abc", "is 'x'") == ("abc", "", "")
    assert mending.marked("abc", "wrong") == ("abc", "", "")


def test_after_the_mend_the_file_is_loaded_again_once(admin_client, till, rejected):
    till.store.aliases.create(text="LOC-9")
    url = page("upload_replay", rejected.upload_id)
    answer = {
        "confirmed": "yes",
        "replays": admin_client.get(url).context["form"].initial["replays"],
    }
    admin_client.post(url, answer)
    admin_client.post(url, answer)
    assert Upload.objects.count() == 2
    rejected.refresh_from_db()
    assert rejected.resolved_by


def test_many_files_are_loaded_again_now_and_the_large_ones_in_the_queue(
    admin_client, till, rejected
):
    till.store.aliases.create(text="LOC-9")
    large = Upload.objects.create(
        terminal=till, sha256="f" * 64, body=b"{", state="failed", size=50 * 2**20
    )
    keys = [rejected.upload_id, large.pk]
    sent = {"action": "load_again", "_selected_action": keys}
    body = admin_client.post(page("upload_changelist"), sent, follow=True).content.decode()
    assert "1 file is loaded again in the queue" in body
    assert "1 of 1 loaded: 1 more baskets were taken" in body
    rejected.refresh_from_db()
    assert rejected.resolved_by
    (task,) = [one.task for one in OrmQ.objects.all()]
    assert (task["func"], task["args"]) == ("pos_integration.tasks.replay", (large.pk,))


def test_a_reject_is_closed_with_a_reason_and_leaves_the_list(admin_client, rejected):
    url = page("reject_close", rejected.pk)
    assert admin_client.post(url, {"confirmed": "yes", "why": " "}).status_code == 200
    admin_client.post(url, {"confirmed": "yes", "why": "a cashier's test"})
    rejected.refresh_from_db()
    assert rejected.closed_at
    assert rejected.closed_why == "a cashier's test"
    lists = page("reject_changelist")
    assert admin_client.get(lists).context["cl"].result_count == 0
    assert admin_client.get(lists, {"open": "closed"}).context["cl"].result_count == 1
    admin_client.post(page("reject_reopen", rejected.pk))
    assert admin_client.get(lists).context["cl"].result_count == 1


def test_many_rejects_are_closed_at_once(admin_client, rejected):
    said = {"action": "close", "_selected_action": [rejected.pk]}
    asked = admin_client.post(page("reject_changelist"), said)
    assert b"Why" in asked.content
    admin_client.post(page("reject_changelist"), {**said, "confirmed": "yes", "why": "test"})
    assert Reject.objects.exclude(closed_at=None).count() == 1


def test_store_staff_see_their_own_stores_tills_uploads_and_rejects(rejected, till):
    client = one_of("Store staff")
    user = User.objects.get(username="one of Store staff")
    other = Terminal.objects.create(store=make.store("331"), number=1)
    StoreStaff.objects.create(user=user, store=other.store)
    for name in ("terminal", "upload", "reject", "basket", "store"):
        listed = client.get(page(f"{name}_changelist"), {"open": "all"} if name == "reject" else {})
        assert str(till.store) not in listed.content.decode(), name
    assert client.get(page("upload_file", rejected.upload_id)).status_code in (403, 404)
    StoreStaff.objects.create(user=user, store=till.store)
    assert client.get(page("upload_file", rejected.upload_id)).status_code == 200


def test_marketing_does_not_take_home_the_bytes_of_tills(rejected):
    assert one_of("Marketing").get(page("upload_file", rejected.upload_id)).status_code == 403


@pytest.mark.parametrize("name", ["terminal", "upload", "reject"])
def test_the_pages_ask_few_questions(
    admin_client, rejected, till, django_assert_max_num_queries, name
):
    row = {"terminal": till, "upload": rejected.upload, "reject": rejected}[name]
    with django_assert_max_num_queries(13):
        assert admin_client.get(page(f"{name}_change", row.pk)).status_code == 200
