"""A worker of the queue is killed while it prints: what the desk says meanwhile, and the end."""

import hashlib
import os
import re
import signal
from pathlib import Path

import pytest
from django.db import transaction
from django.urls import reverse
from django_q.models import Failure, OrmQ, Success
from django_q.tasks import async_task

from coupons import printing
from coupons.admin import printing_steps
from coupons.alone import alone
from coupons.models import PrintFile
from tests.coupons import press
from tests.queues import queue, until, workers

pytestmark = pytest.mark.django_db(transaction=True)
SHEETS = 12


def test_what_a_killed_worker_had_printed_stays_and_another_prints_the_rest(
    admin_client, tmp_path, monkeypatch
):
    press.theme(sheets_a_file=1)
    mailing = press.issued(SHEETS)
    undisturbed = press.files(printing.print_mailing(mailing, tmp_path / "undisturbed"))
    run, path = printing.begin(mailing), tmp_path / "it"
    page = reverse("admin:coupons_printrun_change", args=[run.pk])

    def body():
        return admin_client.get(page).content.decode()

    # Its first argument is the run, by which the desk finds what waits for it.
    async_task("tests.queues.told_last", run.pk, "coupons.tasks.print_run", str(path))
    monkeypatch.setattr(printing_steps, "TASK", "tests.queues.told_last")
    assert "It waits its turn in the queue" in body()
    with queue(LOYALTY_ENGINE="loop"):
        until(lambda: PrintFile.objects.filter(run=run).count() >= 2)
        os.kill(workers(path)[0], signal.SIGKILL)
        until(lambda: "It waits its turn in the queue" in body())
        whole = list(PrintFile.objects.filter(run=run).order_by("first"))
        assert len(whole) < SHEETS
        kept = {one.name: (Path(run.folder) / one.name).stat().st_ino for one in whole}
        offered = re.findall(rf"{page.removesuffix('change/')}files/(\d+)/", body())
        assert sorted(map(int, offered)) == sorted(one.pk for one in whole)
        for one in whole:
            url = reverse("admin:coupons_printrun_file", args=[run.pk, one.pk])
            content = b"".join(admin_client.get(url).streaming_content)
            assert hashlib.sha256(content).hexdigest() == one.sha256
        until(Success.objects.exists, 60)
        until(lambda: not OrmQ.objects.exists())
    first, again = workers(path)
    assert first != again
    run.refresh_from_db()
    mailing.refresh_from_db()
    assert (run.state, run.sheets, mailing.state) == ("finished", SHEETS, "printed")
    assert press.files(run) == undisturbed
    assert kept == {name: (Path(run.folder) / name).stat().st_ino for name in kept}
    assert {path.suffix for path in Path(run.folder).iterdir()} == {".pdf", ".json"}
    assert not Failure.objects.exists()


def test_a_run_that_nobody_is_at_says_so_and_goes_on_when_it_is_told(
    admin_client, django_assert_max_num_queries
):
    press.theme()
    run = printing.begin(press.issued(2))
    page = reverse("admin:coupons_printrun_change", args=[run.pk])
    its = reverse("admin:coupons_mailing_change", args=[run.mailing_id])
    assert "nobody is at it" in admin_client.get(page).content.decode()
    admin_client.get(its)  # what is looked up once for all pages
    with django_assert_max_num_queries(20):
        assert "Printing was cut short" in admin_client.get(its).content.decode()
    lists = [reverse("admin:coupons_printrun_changelist"), reverse("admin:index")]
    for listing in lists:
        assert ">cut short<" in admin_client.get(listing).content.decode()
    # Outside a transaction the queue's broker would close an old connection, which lets go of it.
    with transaction.atomic(), alone(f"coupons.printing.{run.mailing_id}"):
        assert "It is being printed" in admin_client.get(page).content.decode()
        assert "It is being printed" in admin_client.get(its).content.decode()
        for listing in lists:
            assert ">cut short<" not in admin_client.get(listing).content.decode()
    step = reverse("admin:coupons_printrun_step", args=[run.pk, "go-on"])
    said = admin_client.post(step, follow=True).content.decode()
    assert "It waits its turn in the queue" in said
