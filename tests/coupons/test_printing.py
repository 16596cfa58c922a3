"""Print runs: whole or not at all, the same again to the byte, and blocked by what reads wrong."""

import hashlib
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pikepdf
import pytest
from django.db import connection
from django.utils import timezone

from coupons import preflight, printing, reprinting
from coupons.alone import alone
from coupons.models import (
    Coupon,
    Mailing,
    OfferBarcode,
    PressProfile,
    PrintFile,
    SeedAddress,
    Sheet,
)
from coupons.preflight import Expected, MisreadError
from coupons.printing import PrintError
from coupons.sheets import codes
from coupons.sheets.faces import Symbology
from tests.coupons import press
from tests.coupons.exchanged import broken_rules
from tests.icc import cmyk_profile

pytestmark = pytest.mark.django_db


def test_a_mailing_becomes_files_of_so_many_sheets_with_a_manifest():
    press.theme()
    mailing = press.issued(5)
    run = printing.print_mailing(mailing)

    assert (run.state, run.sheets, run.coupons, run.checked) == ("finished", 5, 20, 20)
    manifest = json.loads((Path(run.folder) / "manifest.json").read_text())
    assert manifest == run.manifest
    assert [(one["first"], one["last"], one["sheets"]) for one in manifest["files"]] == [
        (1, 2, 2),
        (3, 4, 2),
        (5, 5, 1),
    ]
    for one in manifest["files"]:
        content = (Path(run.folder) / one["name"]).read_bytes()
        assert (len(content), hashlib.sha256(content).hexdigest()) == (one["bytes"], one["sha256"])
    assert press.read(run, 1, 1) == press.promised(4)
    mailing.refresh_from_db()
    assert mailing.state == Mailing.State.PRINTED
    assert printing.print_mailing(mailing) == run


def test_what_was_not_issued_is_refused_in_words():
    press.theme()
    mailing = press.issued(1)
    Coupon.objects.all().delete()
    Sheet.objects.all().delete()
    with pytest.raises(PrintError, match="has no sheets; wanted: issued"):
        printing.print_mailing(mailing)


def test_files_that_were_damaged_are_printed_again_and_no_others():
    press.theme()
    run = printing.print_mailing(press.issued(6))
    before = press.files(run)
    name = run.manifest["files"][1]["name"]
    (Path(run.folder) / name).write_bytes(b"torn")

    again = printing.print_mailing(run.mailing)
    assert again != run
    assert press.files(again) == before


def test_two_at_once_print_it_once():
    press.theme()
    mailing = press.issued(4)
    run = printing.begin(mailing)
    assert printing.begin(mailing) == run  # a second click
    printing.work(run)
    assert printing.work(run).state == "finished"  # a second task
    assert PrintFile.objects.count() == 2


@pytest.mark.django_db(transaction=True)
def test_while_one_prints_another_is_told_to_wait():
    press.theme()
    run = printing.begin(press.issued(2))
    with_it = subprocess.Popen(
        [sys.executable, "-c", HOLD, connection.settings_dict["NAME"], str(run.mailing_id)],
        env={**os.environ, "DJANGO_SETTINGS_MODULE": "loyalty.settings"},
        stdout=subprocess.PIPE,
        stdin=subprocess.PIPE,
    )
    assert with_it.stdout is not None
    assert with_it.stdout.readline() == b"held\n"
    with pytest.raises(PrintError, match="is being printed: wait for it to end"):
        printing.work(run)
    with_it.communicate(b"\n")
    with alone(f"coupons.printing.{run.mailing_id}"):
        pass
    assert printing.work(run).state == "finished"


HOLD = """
import sys, django
from django.conf import settings
settings.DATABASES["default"]["NAME"] = sys.argv[1]
django.setup()
from coupons.alone import alone
with alone(f"coupons.printing.{sys.argv[2]}"):
    print("held", flush=True)
    sys.stdin.readline()
"""
PRINT = """
import sys, django
from django.conf import settings
settings.DATABASES["default"]["NAME"] = sys.argv[1]
django.setup()
from coupons import printing
from coupons.models import PrintRun
printing.work(PrintRun.objects.get(pk=int(sys.argv[2])))
"""


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(("engine", "after"), [("loop", 1), ("processes", 2)])
def test_a_run_that_was_killed_goes_on_where_it_was_with_the_same_bytes(engine, after, tmp_path):
    press.theme(sheets_a_file=1)
    mailing = press.issued(12)
    undisturbed = press.files(printing.print_mailing(mailing, tmp_path / "undisturbed"))

    run = printing.begin(mailing)
    worker = subprocess.Popen(
        [sys.executable, "-c", PRINT, connection.settings_dict["NAME"], str(run.pk)],
        env={**os.environ, "DJANGO_SETTINGS_MODULE": "loyalty.settings", "LOYALTY_ENGINE": engine},
        start_new_session=True,
    )
    try:
        for _ in range(6000):
            if PrintFile.objects.filter(run=run).count() >= after:
                break
            assert worker.poll() is None, "the run was over before it could be killed"
            time.sleep(0.002)
    finally:
        os.killpg(worker.pid, signal.SIGKILL)  # and its workers
        worker.communicate()
    _wait_for_its_connection_to_end()
    whole = list(PrintFile.objects.filter(run=run).values_list("name", flat=True))
    kept = {name: (Path(run.folder) / name).stat().st_ino for name in whole}
    assert kept

    resumed = printing.print_mailing(mailing)
    assert resumed == run
    assert resumed.state == "finished"
    assert press.files(resumed) == undisturbed
    assert kept == {name: (Path(run.folder) / name).stat().st_ino for name in whole}
    assert resumed.sheets == 12


def _wait_for_its_connection_to_end() -> None:
    with connection.cursor() as cursor:
        for _ in range(200):
            cursor.execute(
                "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
                " AND backend_type = 'client backend' AND pid <> pg_backend_pid()"
            )
            if cursor.fetchone() == (0,):
                return
            time.sleep(0.02)


def test_bars_that_do_not_read_block_the_run_and_the_mailing_stays_unprinted():
    press.theme(dots_a_module=6, bar_reduction_dots=5)  # hardly a bar is left
    mailing = press.issued(2)
    with pytest.raises(PrintError, match=r"was not printed: .* its barcode reads"):
        printing.print_mailing(mailing)

    run = mailing.print_runs.get()
    assert run.state == "blocked"
    assert "Nothing of this run is to be mailed" in run.says
    assert not list(Path(run.folder).glob("*.pdf"))
    assert len(list(Path(run.folder).glob("*.blocked"))) == 1
    mailing.refresh_from_db()
    assert mailing.state == Mailing.State.ISSUED


def test_paper_that_differs_from_what_tills_know_is_no_good():
    mailing = press.issued(1)
    right = [Expected(Symbology.CODE_128, code) for code in press.promised(1)]
    preflight.compare(mailing, {1: (0, right)})
    wrong = [*right[:3], Expected(Symbology.CODE_128, codes.mint())]
    with pytest.raises(MisreadError, match=r"sheet 1, coupon 4: on paper it is .* was promised"):
        preflight.compare(mailing, {1: (0, wrong)})
    with pytest.raises(MisreadError, match="has 3 coupons on paper, and 4 are promised"):
        preflight.compare(mailing, {1: (0, right[:3])})


def test_an_offer_whose_barcode_has_no_room_is_named_before_anything_is_printed():
    press.theme(dots_a_module=20)
    mailing = press.issued(2)
    with pytest.raises(PrintError, match=r"cannot be printed:\n'1\.50 off Good thing 0': .* mm"):
        printing.print_mailing(mailing)
    assert not mailing.print_runs.exists()


def test_one_household_that_cannot_be_set_is_left_out_and_listed():
    press.theme()
    mailing = press.issued(4)
    lost = mailing.sheets.get(number=3)
    lost.address = "\n".join(f"Line {number} of an address" for number in range(20))
    lost.save()

    run = printing.print_mailing(mailing)
    assert run.state == "finished"
    assert run.sheets == 3
    (missing,) = run.left_out
    assert (missing["number"], missing["household"]) == (3, lost.household_id)
    assert "address" in missing["why"]
    assert press.read(run, 1, 0) == press.promised(4)


def test_a_last_file_of_nothing_but_faults_is_not_there_and_the_others_are():
    press.theme()
    mailing = press.issued(3)
    lost = mailing.sheets.get(number=3)
    lost.address = "\n".join(f"Line {number} of an address" for number in range(20))
    lost.save()

    run = printing.print_mailing(mailing)
    assert (run.state, run.sheets, run.coupons) == ("finished", 2, 8)
    assert [one["number"] for one in run.left_out] == [3]
    assert [one["first"] for one in run.manifest["files"]] == [1]
    assert len(press.files(run)) == 1
    assert printing.print_mailing(mailing) == run
    with pytest.raises(PrintError, match=r"nothing on paper: sheet 3: .*address"):
        printing.work(reprinting.reprint(run, [(3, 3)]))


def test_void_sheets_are_not_printed():
    press.theme()
    mailing = press.issued(4)
    mailing.sheets.filter(number=2).update(voided_at=timezone.now())

    run = printing.print_mailing(mailing)
    assert run.sheets == 3
    assert [one["sheets"] for one in run.manifest["files"]] == [1, 2]


def test_seeds_get_a_sheet_of_every_run_that_no_till_honours():
    press.theme()
    SeedAddress.objects.create(name="Our own", street="2 Desk Row", postcode="00001", city="Here")
    SeedAddress.objects.create(
        name="Asleep", street="3 Desk Row", postcode="00001", city="Here", is_active=False
    )
    run = printing.print_mailing(press.issued(3))

    (seed,) = run.manifest["seeds"]
    assert seed["number"] == 4
    assert seed["address"][0] == "Our own"
    codes = press.read(run, 1, 1)
    assert len(codes) == 4
    assert not Coupon.objects.filter(code__in=codes).exists()
    assert run.sheets == 4
    (Path(run.folder) / run.manifest["files"][1]["name"]).unlink()
    again = printing.print_mailing(run.mailing)
    assert len(again.seeds) == 1


def test_what_an_earlier_run_left_in_the_folder_is_swept_out():
    theme = press.theme()
    run = printing.print_mailing(press.issued(4))
    theme.sheets_a_file = 3
    theme.save()
    damaged = Path(run.folder) / run.manifest["files"][0]["name"]
    damaged.write_bytes(b"torn")
    damaged.with_name(f"{run.mailing.code}-0000001-0000003.pdf.77.part").write_bytes(b"half")

    again = printing.print_mailing(run.mailing)
    lying = {path.name for path in Path(run.folder).iterdir()}
    assert lying == {one["name"] for one in again.manifest["files"]} | {"manifest.json"}


def test_a_run_begun_for_one_folder_is_finished_in_the_one_asked_for(tmp_path):
    press.theme()
    run = printing.begin(press.issued(2), out=tmp_path / "one")
    other = tmp_path / "other"
    assert printing.print_mailing(run.mailing, other) == run
    assert (other / "manifest.json").is_file()


def test_a_press_with_a_profile_gets_what_it_exchanges_with_a_part_for_each_household():
    content = cmyk_profile()
    profile = PressProfile.objects.create(
        sha256=hashlib.sha256(content).hexdigest(),
        name="Test press",
        condition="FOGRA51",
        content=content,
    )
    press.theme(colour="cmyk", profile=profile, bleed_mm="3.0", sheets_a_file=10)
    run = printing.print_mailing(press.issued(3))

    assert (run.state, run.checked) == ("finished", 12)
    with pikepdf.open(Path(run.folder) / run.manifest["files"][0]["name"]) as pdf:
        assert broken_rules(pdf) == []
        (intent,) = pdf.Root.OutputIntents
        assert str(intent.OutputConditionIdentifier) == "FOGRA51"
        assert bytes(intent.DestOutputProfile.read_bytes()) == content


def test_match_marks_are_read_back_on_both_sides():
    press.theme(has_match_marks=True)
    run = printing.print_mailing(press.issued(3, leaf=Mailing.Leaf.LETTER, letter="Dear you."))
    assert (run.state, run.sheets) == ("finished", 3)
    assert [file["pages"] for file in run.manifest["files"]] == [4, 2]


@pytest.mark.parametrize(
    ("symbology", "content"),
    [("gs1_128", "255"), ("databar", "255"), ("datamatrix", "8112"), ("qr", "255")],
)
def test_barcodes_by_gs1_are_read_back_and_compared_with_their_serials(symbology, content):
    press.theme(dots_a_module=8)
    mailing = press.issued(2)
    for number, offer in enumerate(mailing.offers.all()):
        OfferBarcode.objects.create(
            offer=offer,
            symbology=symbology,
            content=content,
            company_prefix="950110153",
            reference=f"{number:03}" if content == "255" else f"{number:06}",
        )
    for number, coupon in enumerate(Coupon.objects.all()):
        coupon.serial = 123_456_000_000 + number
        coupon.save()

    run = printing.print_mailing(mailing)
    assert (run.state, run.checked) == ("finished", 8)


def test_coupons_issued_before_their_offer_had_a_barcode_keep_their_own_code():
    press.theme(dots_a_module=8)
    mailing = press.issued(2)
    for number, offer in enumerate(mailing.offers.all()):
        OfferBarcode.objects.create(
            offer=offer,
            symbology="datamatrix",
            content="255",
            company_prefix="950110153",
            reference=f"{number:03}",
        )
    Coupon.objects.filter(sheet__number=2, position__gt=1).update(serial=None)
    for number, coupon in enumerate(Coupon.objects.filter(sheet__number=1)):
        coupon.serial = 123_456_000_000 + number
        coupon.save()

    run = printing.print_mailing(mailing)
    assert (run.state, run.checked, run.left_out) == ("finished", 8, [])
    assert press.read(run, 0, 1) == press.promised(2)
    again = printing.work(reprinting.reprint(run, [(1, 2)]))
    assert again.manifest["files"][0]["sha256"] == run.manifest["files"][0]["sha256"]
