"""Sheets printed again: ranges to the byte, spoilage once, proofs and test sheets."""

from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from coupons import printing, reprinting, spoilage
from coupons.models import (
    Coupon,
    Mailing,
    PrintRun,
    SeedAddress,
    Sheet,
)
from coupons.printing import PrintError
from coupons.sheets import codes
from tests.coupons import press

pytestmark = pytest.mark.django_db


def test_a_range_is_printed_again_byte_for_byte_whatever_became_of_offers_and_theme():
    theme = press.theme()
    run = printing.print_mailing(press.issued(6))
    offer = run.mailing.offers.get(name="Good thing 0")
    offer.name = "Renamed"
    offer.save()
    theme.brand_colour = "#123456"
    theme.brand = "Another name"
    theme.save()

    again = printing.work(reprinting.reprint(run, [(3, 4)]))
    (file,) = again.manifest["files"]
    assert file["sha256"] == run.manifest["files"][1]["sha256"]
    assert again.folder != run.folder
    assert run.mailing.print_runs.count() == 2

    one = printing.work(reprinting.reprint(run, [(4, 4)]))
    assert press.read(one, 0, 0) == press.promised(4)
    sheet = run.mailing.sheets.get(number=4)
    alone_ = Path(one.folder) / one.manifest["files"][0]["name"]
    assert printing.sheet_pdf(sheet) == alone_.read_bytes()


def test_ranges_are_read_as_people_write_them():
    assert reprinting.ranges_in("17, 40-60") == [(17, 17), (40, 60)]
    assert reprinting.ranges_in("5; 1 to 3\n4") == [(1, 5)]
    for wrong, why in (("", "No sheets"), ("x", "names no sheets"), ("9-3", "no range")):
        with pytest.raises(PrintError, match=why):
            reprinting.ranges_in(wrong)
    press.theme()
    run = printing.print_mailing(press.issued(2))
    with pytest.raises(PrintError, match="has sheets 1 to 2"):
        reprinting.reprint(run, [(2, 3)])


def test_what_was_spoiled_is_printed_again_once():
    press.theme()
    run = printing.print_mailing(press.issued(6))
    spoilage.note(run, [(2, 2), (4, 5)], "a jam")
    assert spoilage.note(run, [(2, 2)], "noted twice") == []

    made = spoilage.make_good(run)
    with pytest.raises(PrintError, match="Nothing is spoiled"):
        spoilage.make_good(run)
    assert made.numbers == [[2, 2], [4, 5]]
    printing.work(made)
    assert made.sheets == 3
    assert set(run.spoilage.values_list("reprint", flat=True)) == {made.pk}
    with pytest.raises(PrintError, match="Sheets 6 to 9 are not in"):
        spoilage.note(run, [(6, 9)])


def test_sheets_are_printed_again_from_the_command_line(capsys):
    press.theme()
    mailing = press.issued(4)
    with pytest.raises(CommandError, match="was not printed yet"):
        call_command("reprint", mailing.code, "2")
    call_command("print_mailing", mailing.code)
    call_command("reprint", mailing.code, "2", "4")
    call_command("reprint", mailing.code, "1-2", "--spoiled", "a jam")
    assert [run.numbers for run in mailing.print_runs.order_by("pk")] == [
        [[1, 4]],
        [[2, 2], [4, 4]],
        [[1, 2]],
    ]
    assert mailing.print_runs.filter(state="finished").count() == 3
    assert "2 sheets again in" in capsys.readouterr().out
    call_command("print_mailing", mailing.code, "--proof", "1")
    call_command("print_mailing", mailing.code, "--test")
    with pytest.raises(CommandError, match="wanted: 1 or more"):
        call_command("print_mailing", mailing.code, "--proof", "0")


def test_the_first_sheets_can_be_had_as_a_proof_and_a_test_sheet_for_the_press():
    press.theme()
    mailing = press.issued(5)
    proof = printing.work(printing.begin(mailing, kind=PrintRun.Kind.PROOF, numbers=[(1, 3)]))
    assert proof.sheets == 3
    assert press.read(proof, 0, 0) == press.promised(1)

    trial = printing.work(printing.begin(mailing, kind=PrintRun.Kind.TEST))
    assert [one["name"] for one in trial.manifest["files"]] == [
        f"{mailing.code}-0000001-0000001.pdf",
        f"{mailing.code}-test-page.pdf",
    ]
    assert not Coupon.objects.filter(code__in=press.read(trial, 0, 0)).exists()
    mailing.refresh_from_db()
    assert mailing.state == Mailing.State.ISSUED


def test_a_sheet_that_replaces_a_lost_one_meets_no_seed_of_a_run_before():
    press.theme()
    SeedAddress.objects.create(name="Our own", street="2 Desk Row", postcode="00001", city="Here")
    mailing = press.issued(3)
    run = printing.print_mailing(mailing)
    first = mailing.sheets.get(number=1)
    Sheet.objects.filter(pk=first.pk).update(voided_at=timezone.now())
    anew = Sheet.objects.create(
        mailing=mailing, household=first.household, number=4, address=first.address,
        savings=first.savings, replaces=first,
    )  # fmt: skip
    for place, coupon in enumerate(mailing.sheets.get(number=2).coupons.all()):
        coupon.pk, coupon.sheet, coupon.code = None, anew, codes.mint()
        coupon._state.adding = True
        coupon.position = place + 1
        coupon.save()

    again = printing.work(reprinting.reprint(run, [(3, 4)]))
    assert again.manifest["files"][0]["sha256"] == run.manifest["files"][1]["sha256"]
    assert printing.sheet_pdf(anew)
    whole = printing.print_mailing(mailing, Path(run.folder).with_name("anew"))
    assert whole.sheets == 4
    assert whole.seeds[0]["number"] == 5
