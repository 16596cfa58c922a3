"""Print runs at the desk: begun, followed, fetched, spoiled and printed again; lost sheets."""

import json
from datetime import timedelta
from pathlib import Path

import pytest
from django.core.cache import cache
from django.urls import reverse
from django.utils import timezone
from django.utils.module_loading import import_string
from django_q.models import OrmQ

from coupons import post_checks
from coupons.models import Coupon, Mailing, PrintRun, SeedAddress, Sheet, Theme
from coupons.sheets import codes
from loyalty.models import Card
from tests import make
from tests.staff import one_of

pytestmark = pytest.mark.django_db
SHEETS = 5


@pytest.fixture
def mailing() -> Mailing:
    """Issued: five sheets of two coupons, good for four weeks from today."""
    today = timezone.localdate()
    Theme.objects.create(name="Sun", is_default=True, sheets_a_file=3, sheets_checked=1)
    made = make.mailing("spring", state=Mailing.State.ISSUED, coupons_per_sheet=4)
    Mailing.objects.update(valid_from=today, valid_to=today + timedelta(days=27))
    made.refresh_from_db()
    offers = [make.offer("0.50"), make.offer("1.00")]
    made.offers.set(offers)
    for number in range(1, SHEETS + 1):
        home = make.household()
        sheet = Sheet.objects.create(
            mailing=made,
            household=home,
            number=number,
            address=f"Ada {number}\n1 Sample Lane\nExampleton, ZZ 00000",
            savings="1.50",
        )
        made.recipients.create(household=home, outcome="sheet")
        for position, offer in enumerate(offers, 1):
            Coupon.objects.create(
                code=codes.mint(), sheet=sheet, position=position, offer=offer,
                valid_from=made.valid_from, valid_to=made.valid_to,
                chance=0.1, tag="buy", reason="You buy this.", staff_reason="chance 0.10",
            )  # fmt: skip
    return made


def page(run):
    return reverse("admin:coupons_printrun_change", args=[run.pk])


def do(run, name):
    return reverse("admin:coupons_printrun_step", args=[run.pk, name])


def begin(mailing, kind):
    return reverse("admin:coupons_printrun_begin", args=[mailing.pk, kind])


def step(mailing, name):
    return reverse("admin:coupons_mailing_step", args=[mailing.pk, name])


def said(response) -> str:
    return " ".join(str(message) for message in response.context["messages"])


def status(client, url):
    response = client.get(url)
    if response.streaming:
        b"".join(response.streaming_content)  # read to its end, a file is closed
    return response.status_code


def work_off() -> None:
    """What the queue would do, once for each time it was asked."""
    for row in OrmQ.objects.order_by("pk"):
        assert row.task["func"] in ("coupons.tasks.print_run", "coupons.tasks.check_post")
        import_string(row.task["func"])(*row.task["args"])
    OrmQ.objects.all().delete()


@pytest.fixture
def run(admin_client, mailing):
    """The whole mailing, printed."""
    admin_client.post(step(mailing, "print"))
    work_off()
    return mailing.print_runs.get()


def test_printing_leads_to_a_run_that_its_page_follows(admin_client, admin_user, mailing):
    response = admin_client.post(step(mailing, "print"), follow=True)

    run = mailing.print_runs.get()
    assert response.redirect_chain[-1][0] == page(run)
    assert run.started_by == admin_user
    body = response.content.decode()
    progress = reverse("admin:coupons_printrun_progress", args=[run.pk])
    assert f'data-url="{progress}"' in body
    assert "coupons/printing.js" in body
    assert admin_client.get(progress).json() == {
        "state": "running",
        "done": 0,
        "sheets": 5,
        "says": "5 sheets are to be printed; no file is whole yet.",
    }

    work_off()

    assert admin_client.get(progress).json()["state"] == "finished"
    body = admin_client.get(page(run)).content.decode()
    assert "5 sheets in 2 files; 2 barcodes read back from the PDF, and right." in body
    assert "run-progress" not in body


def test_a_double_click_prints_once(admin_client, mailing):
    for _ in range(2):
        admin_client.post(step(mailing, "print"))
        admin_client.post(begin(mailing, "proof"), {"sheets": "2"})
    work_off()

    assert sorted(mailing.print_runs.values_list("kind", "state")) == [
        ("proof", "finished"),
        ("whole", "finished"),
    ]


def test_the_page_of_a_run_lists_files_digests_seeds_and_asks_few_questions(
    admin_client, mailing, django_assert_max_num_queries
):
    SeedAddress.objects.create(
        name="Print Desk", street="1 Long Lane", postcode="00101", city="Exampleton"
    )
    admin_client.post(step(mailing, "print"))
    work_off()
    run = mailing.print_runs.get()

    with django_assert_max_num_queries(14):
        body = admin_client.get(page(run)).content.decode()

    for file in run.files.all():
        assert file.name in body
        assert file.sha256 in body
    assert "Print Desk, 1 Long Lane" in body


def test_files_and_manifest_are_fetched_as_they_were_written(admin_client, run):
    file = run.files.order_by("first").first()
    url = reverse("admin:coupons_printrun_file", args=[run.pk, file.pk])

    got = admin_client.get(url)
    assert got["Content-Type"] == "application/pdf"
    assert "attachment" in got["Content-Disposition"]
    content = b"".join(got.streaming_content)
    assert content == (Path(run.folder) / file.name).read_bytes()

    manifest = admin_client.get(reverse("admin:coupons_printrun_manifest", args=[run.pk]))
    assert manifest.content == (Path(run.folder) / "manifest.json").read_bytes()
    assert json.loads(manifest.content)["files"][0]["sha256"] == file.sha256


def test_a_file_that_was_changed_or_lies_elsewhere_is_not_given(admin_client, run, tmp_path):
    file = run.files.order_by("first").first()
    url = reverse("admin:coupons_printrun_file", args=[run.pk, file.pk])
    path = Path(run.folder) / file.name
    path.write_bytes(path.read_bytes() + b"%")
    assert "was changed since it was read back" in said(admin_client.get(url, follow=True))

    outside = tmp_path / "outside.pdf"
    path.rename(outside)
    assert "is not in" in said(admin_client.get(url, follow=True))
    path.symlink_to(outside)
    assert "is not in" in said(admin_client.get(url, follow=True))
    file.name = "../../outside.pdf"
    file.save()
    assert "is not in" in said(admin_client.get(url, follow=True))

    other = PrintRun.objects.create(mailing=run.mailing, folder="/")
    elsewhere = reverse("admin:coupons_printrun_file", args=[other.pk, file.pk])
    assert admin_client.get(elsewhere).status_code == 404


def test_spoiled_sheets_are_noted_and_printed_again_once(admin_client, run):
    tools = admin_client.get(page(run)).content.decode()
    assert do(run, "spoiled") in tools
    assert do(run, "good") not in tools
    wrong = admin_client.post(do(run, "spoiled"), {"sheets": "2, four"})
    assert "names no sheets" in wrong.content.decode()
    assert not run.spoilage.exists()

    response = admin_client.post(
        do(run, "spoiled"), {"sheets": "2, 4-5", "why": "jam"}, follow=True
    )
    assert "Noted as spoiled: 2, 4 to 5." in said(response)
    assert "not yet" in response.content.decode()
    assert "noted already" in said(
        admin_client.post(do(run, "spoiled"), {"sheets": "2"}, follow=True)
    )

    response = admin_client.post(do(run, "good"), follow=True)
    again = run.reprints.get()
    assert response.redirect_chain[-1][0] == page(again)
    second = admin_client.post(do(run, "good"))
    assert "Nothing is spoiled" in second.content.decode()
    work_off()

    assert run.reprints.count() == 1
    again.refresh_from_db()
    assert (again.state, again.sheets) == ("finished", 3)
    body = admin_client.get(page(run)).content.decode()
    assert "not yet" not in body
    assert page(again) in body


def test_a_range_is_printed_again_and_sheets_that_are_not_there_are_refused(admin_client, run):
    refused = admin_client.post(do(run, "reprint"), {"sheets": "4-40"})
    assert refused.status_code == 200
    assert "no others can be printed again" in refused.content.decode()

    admin_client.post(do(run, "reprint"), {"sheets": "2-4"})
    work_off()

    again = run.reprints.get()
    assert again.numbers == [[2, 4]]
    assert again.state == "finished"


def test_a_proof_and_a_test_sheet_are_begun_from_the_mailing(admin_client, mailing):
    body = admin_client.get(
        reverse("admin:coupons_mailing_change", args=[mailing.pk])
    ).content.decode()
    assert begin(mailing, "proof") in body
    assert begin(mailing, "test") in body

    admin_client.post(begin(mailing, "proof"), {"sheets": "2"})
    admin_client.post(begin(mailing, "test"))
    work_off()

    runs = mailing.print_runs.order_by("kind")
    assert [run.kind for run in runs] == ["proof", "test"]
    assert {run.state for run in runs} == {"finished"}
    assert runs[0].sheets == 2
    mailing.refresh_from_db()
    assert mailing.state == Mailing.State.ISSUED
    assert admin_client.get(begin(mailing, "reprint")).status_code == 404
    assert admin_client.get(begin(mailing, "nonsense")).status_code == 404


def test_what_cannot_be_printed_is_said_before_it_is_begun(admin_client):
    draft = make.mailing("empty", state=Mailing.State.ISSUED)

    response = admin_client.post(step(draft, "print"), follow=True)

    assert "has no sheets" in said(response)
    assert not draft.print_runs.exists()
    assert not OrmQ.objects.exists()


def test_a_run_whose_queue_was_stopped_goes_on(admin_client, mailing):
    admin_client.post(step(mailing, "print"))
    OrmQ.objects.all().delete()  # the queue's table was lost
    run = mailing.print_runs.get()
    assert do(run, "go-on") in admin_client.get(page(run)).content.decode()

    admin_client.post(do(run, "go-on"))
    work_off()

    run.refresh_from_db()
    assert run.state == "finished"
    response = admin_client.post(do(run, "go-on"), follow=True)
    assert "is finished; 'Go on' wants it running" in said(response)


def test_left_out_sheets_name_their_household_and_why(admin_client, mailing):
    sheet = mailing.sheets.get(number=2)
    Sheet.objects.filter(pk=sheet.pk).update(address="\n".join(["A line of an address"] * 30))
    before = reverse("admin:coupons_mailing_before", args=[mailing.pk])
    home = reverse("admin:loyalty_household_change", args=[sheet.household_id])
    assert home in admin_client.get(before).content.decode()

    admin_client.post(step(mailing, "print"))
    work_off()

    run = mailing.print_runs.get()
    body = admin_client.get(page(run)).content.decode()
    assert "1 sheet left out." in body
    assert home in body


def test_before_printing_lists_addresses_and_asks_few_questions(
    admin_client, mailing, django_assert_max_num_queries
):
    first, second = mailing.sheets.order_by("number")[:2]
    Sheet.objects.filter(pk=second.pk).update(address=first.address)
    before = reverse("admin:coupons_mailing_before", args=[mailing.pk])

    with django_assert_max_num_queries(20):
        body = admin_client.get(before).content.decode()

    assert "Ada 1, 1 Sample Lane, Exampleton, ZZ 00000" in body
    assert "None: every offer and barcode has its room." in body


def test_the_queue_looks_through_a_large_mailing_and_keeps_no_names(
    admin_client, mailing, monkeypatch
):
    monkeypatch.setattr(post_checks, "AT_ONCE", 1)
    first, second = mailing.sheets.order_by("number")[:2]
    Sheet.objects.filter(pk=second.pk).update(address=first.address)
    before = reverse("admin:coupons_mailing_before", args=[mailing.pk])
    asked = admin_client.get(before).content.decode()
    assert "too many recipients" in asked
    assert "Look through the addresses" in asked
    assert "Ada 1, 1 Sample Lane" not in asked

    for _ in range(2):  # a double press
        assert admin_client.post(before).status_code == 302
    assert OrmQ.objects.count() == 1
    assert "run-progress" in admin_client.get(before).content.decode()
    work_off()

    body = admin_client.get(before).content.decode()
    assert "Ada 1, 1 Sample Lane, Exampleton, ZZ 00000" in body
    assert reverse("admin:loyalty_household_change", args=[first.household_id]) in body
    assert "Look again" in body
    assert "Ada" not in str(cache.get(f"post-checks-{mailing.pk}"))
    Sheet.objects.filter(household=first.household_id).update(address="\n".join(["Nobody"] * 3))
    assert "Ada 1, 1 Sample Lane" not in admin_client.get(before).content.decode()


def test_sheets_are_found_by_card_and_by_code_each_by_its_index(
    admin_client, mailing, django_assert_max_num_queries
):
    sheet = mailing.sheets.get(number=2)
    Card.objects.create(number="2400000000777", household=sheet.household)
    coupon = sheet.coupons.first()
    listed = reverse("admin:coupons_sheet_changelist")
    for typed in ("2400000000777", codes.grouped(coupon.code).lower()):
        with django_assert_max_num_queries(20):
            found = admin_client.get(listed, {"q": f" {typed} "}).context["cl"].result_list
        assert [one.pk for one in found] == [sheet.pk]
    for nobody in ("2400000000778", "Ada", "'; --"):
        assert not admin_client.get(listed, {"q": nobody}).context["cl"].result_list


def test_a_lost_sheet_is_void_and_another_stands_in_its_place(admin_client, run):
    sheet = run.mailing.sheets.get(number=3)
    lost = reverse("admin:coupons_sheet_lost", args=[sheet.pk, "replace"])
    change = reverse("admin:coupons_sheet_change", args=[sheet.pk])
    assert lost in admin_client.get(change).content.decode()
    assert "cannot be taken back" in admin_client.get(lost).content.decode()
    assert admin_client.post(lost, {"why": ""}).status_code == 200

    for _ in range(2):
        response = admin_client.post(lost, {"why": "lost in the post"}, follow=True)

    instead = Sheet.objects.get(replaces=sheet)
    assert "replaced by sheet" in said(response)
    body = admin_client.get(change).content.decode()
    assert lost not in body
    assert f"Sheet {instead.number} stands in its place." in body
    listed = reverse("admin:coupons_sheet_changelist")
    assert "1 sheet" in admin_client.get(listed, {"lost": "void"}).content.decode()
    assert "1 sheet" in admin_client.get(listed, {"lost": "instead"}).content.decode()


def test_a_lost_sheet_may_be_made_void_only(admin_client, run):
    sheet = run.mailing.sheets.get(number=3)
    lost = reverse("admin:coupons_sheet_lost", args=[sheet.pk, "void"])

    response = admin_client.post(lost, {"why": "came back"}, follow=True)

    assert "2 of its coupons were still good" in said(response)
    assert set(sheet.coupons.values_list("state", flat=True)) == {"void"}
    assert admin_client.get(lost.replace("void", "nonsense")).status_code == 404


def test_who_may_print_and_fetch(run):
    file = run.files.first()
    fetched = [
        reverse("admin:coupons_printrun_file", args=[run.pk, file.pk]),
        reverse("admin:coupons_printrun_manifest", args=[run.pk]),
        do(run, "reprint"),
        begin(run.mailing, "proof"),
    ]
    # A lost sheet is put right where the household stands: in the store.
    lost = reverse("admin:coupons_sheet_lost", args=[run.mailing.sheets.first().pk, "replace"])
    store, marketing = one_of("Store staff"), one_of("Marketing")

    assert store.get(page(run)).status_code == 200
    assert do(run, "reprint") not in store.get(page(run)).content.decode()
    assert [status(store, url) for url in fetched] == [403] * len(fetched)
    assert [status(marketing, url) for url in fetched] == [200] * len(fetched)
    assert (status(store, lost), status(marketing, lost)) == (200, 200)
    add = reverse("admin:coupons_seedaddress_add")
    assert (store.get(add).status_code, marketing.get(add).status_code) == (403, 200)
