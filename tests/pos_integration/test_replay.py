"""A kept upload is loaded again after a fix: what was right stays, what was wrong is taken."""

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from pos_integration import ingest, keeping
from pos_integration.models import Basket, BasketLine, Reject, Terminal, Upload
from tests import make
from tests.pos_integration.tills import basket, open_store, outcome, send, send_bytes

pytestmark = pytest.mark.django_db(transaction=True)


def test_after_a_fix_a_replay_takes_what_could_not_be_taken_and_only_that():
    till = open_store(collector=True)
    upload = send(till, basket("1"), basket("2", store="331"), basket("3", currency="EUR"))
    assert outcome(upload) == (1, 0, 2)
    kept = Basket.objects.get()
    Terminal.objects.create(store=make.store("331"), number=1)

    replay = ingest.replay(upload.pk)

    assert outcome(replay) == (1, 1, 1)
    assert replay.replay_of == upload
    assert Basket.objects.get(receipt="1").upload_id == kept.upload_id == upload.pk
    assert Basket.objects.get(receipt="2").upload == replay
    assert BasketLine.objects.count() == 2
    upload.refresh_from_db()
    assert outcome(upload) == (1, 0, 2), "the till's receipt of then stays as it was told"
    assert upload.rejects.get(position=1).resolved_by == replay
    assert upload.rejects.get(position=2).resolved_by is None


def test_a_replay_of_a_replay_reads_the_first_ones_bytes():
    till = open_store(collector=True)
    upload = send(till, basket("1", store="331"))
    second = ingest.replay(upload.pk)
    assert outcome(second) == (0, 0, 1)
    Terminal.objects.create(store=make.store("331"), number=1)

    third = ingest.replay(second.pk)

    assert third.replay_of == upload
    assert outcome(third) == (1, 0, 0)
    assert {reject.resolved_by for reject in upload.rejects.all()} == {third}
    assert {reject.resolved_by for reject in second.rejects.all()} == {third}


def test_what_still_cannot_be_taken_waits_once_however_often_it_is_loaded_again():
    upload = send(open_store(collector=True), basket("1", store="331"), basket("2", store="332"))
    upload.rejects.filter(position=1).update(closed_at=timezone.now(), closed_why="a test")

    for _ in range(2):
        last = ingest.replay(upload.pk)

    assert outcome(last) == (0, 0, 2)
    (waits,) = Reject.objects.filter(resolved_by=None, closed_at=None)
    assert (waits.upload, waits.position) == (last, 0)
    closed = last.rejects.get(position=1)
    assert closed.closed_why == "a test", "what somebody closed stays closed"
    Terminal.objects.create(store=make.store("331"), number=1)
    done = ingest.replay(upload.pk)
    assert set(Reject.objects.filter(position=0).values_list("resolved_by", flat=True)) == {done.pk}


def test_a_replay_of_what_was_right_changes_nothing():
    upload = send(open_store(), basket("1"), basket("2"))
    before = list(Basket.objects.order_by("pk").values())

    replay = ingest.replay(upload.pk)

    assert outcome(replay) == (0, 2, 0)
    assert list(Basket.objects.order_by("pk").values()) == before
    assert BasketLine.objects.count() == 2


def test_an_upload_given_up_is_loaded_once_what_broke_it_is_mended():
    till = open_store()
    upload = send(till, basket())
    waiting, _ = keeping.accept(till, b'{"baskets": []}', "application/json")
    Upload.objects.filter(pk=waiting.pk).update(attempts=3)
    assert ingest.load_waiting() == {"failed": 1}

    replay = ingest.replay(waiting.pk)

    assert replay.state == "loaded"
    assert waiting.rejects.get().resolved_by == replay
    assert upload.rejects.count() == 0


def test_what_nobody_can_read_stays_unreadable_and_is_said(capsys):
    upload = send_bytes(open_store(), b"hello")

    call_command("replay_upload", str(upload.pk))

    assert "could not be read" in capsys.readouterr().out
    assert upload.rejects.get().resolved_by is None
    with pytest.raises(CommandError, match="There is no upload"):
        call_command("replay_upload", "999999")
