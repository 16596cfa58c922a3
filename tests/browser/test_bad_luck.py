"""What goes wrong at the desk: a double click, a browser that is closed, two at one mailing."""

import re

import pytest
from django.contrib.auth.models import Group
from django_q.models import OrmQ

from coupons import printing
from coupons.groups import ensure_groups
from coupons.models import Mailing, OfferFile, PrintRun
from tests.browser import shop as shops


@pytest.fixture
def mailing(transactional_db, settings):
    """Issued, and not printed yet."""
    settings.LOYALTY_BUCKETS = 4
    shops.build(4)
    return shops.issued()


def test_a_double_click_prints_once_and_a_closed_browser_stops_nothing(desk, sign_in, mailing):
    sign_in(shops.staff("Mara", "Marketing"))
    page = desk.page
    desk.go("coupons_mailing_change", mailing.pk)
    desk.press("Print")
    page.get_by_role("button", name="Print", exact=True).dblclick()
    page.get_by_role("progressbar", name="How far it is").wait_for()
    address = page.url
    run = PrintRun.objects.get()
    assert OrmQ.objects.count() == 1
    OrmQ.objects.all().delete()
    page.close()
    desk.page = page = desk.opens_another()
    seen = []

    def look_again(done: int, total: int) -> None:
        """In the midst of the run, in a browser that was opened anew."""
        page.goto(address)
        bar = page.get_by_role("progressbar", name="How far it is")
        seen.append((bar.get_attribute("value"), bar.get_attribute("max")))
        desk.look()

    printing.work(run, look_again)
    assert seen == [("0", "4"), ("4", "4")]
    desk.reads("read back from the PDF, and right")  # the page follows by itself
    desk.go("coupons_mailing_change", mailing.pk)
    desk.reads("Mark as mailed")
    assert PrintRun.objects.count() == 1


def test_two_at_one_mailing_and_a_role_that_changed(desk, sign_in, mailing):
    """The second is told what the first changed; who may no more is told that."""
    Mailing.objects.update(state="draft", selection=None)
    mara, otto = (shops.staff(name, "Marketing") for name in ("Mara", "Otto"))
    sign_in(otto)
    desk.go("coupons_mailing_change", mailing.pk)
    other = desk.opens_another()
    sign_in(mara)
    other.goto(desk.page.url)
    other.get_by_label("Name:").fill("Mara's")
    other.get_by_role("button", name="Save and continue editing").click()
    other.get_by_text("was changed successfully").wait_for()
    other.close()
    sign_in(otto)
    desk.page.get_by_label("Name:").fill("Otto's")
    desk.press("Save and continue editing")
    desk.reads("Mara changed this at", "is now “Mara's”", "Nothing of yours is saved yet.")
    desk.look()
    mailing.refresh_from_db()
    assert mailing.name == "Mara's"
    assert desk.page.get_by_label("Name:").input_value() == "Otto's"
    otto.groups.set([Group.objects.get(name="Store staff")])
    desk.refusing = desk.page.url
    desk.press("Save and continue editing")
    desk.reads("That is not yours to do", "your role was changed since")
    desk.look()
    mailing.refresh_from_db()
    assert mailing.name == "Mara's"


@pytest.mark.parametrize("name", ["offers.csv", "offers.xlsx"])
def test_a_wrong_file_is_refused_in_words(transactional_db, desk, sign_in, name):
    ensure_groups()
    sign_in(shops.staff("Mara", "Marketing"))
    desk.go("coupons_offerfile_import")
    desk.page.get_by_label("CSV or XLSX file").set_input_files(
        {"name": name, "mimeType": "text/csv", "buffer": b"%PDF-1.7\n%\xe2\xe3\xcf\xd3"}
    )
    desk.press("Read the file")
    desk.reads("This is a PDF")
    desk.look()
    assert not OfferFile.objects.exists()


def test_whatever_is_typed_into_the_search_is_looked_for(transactional_db, desk, sign_in):
    ensure_groups()
    sign_in(shops.staff("Dana", "Marketing"))
    desk.go("index")
    for typed in ("'; --", "<script>alert(1)</script>", "x" * 200):
        desk.find(typed)
        said = desk.page.get_by_role("status").filter(has_text="Nothing that you may see")
        said.filter(has_text=re.compile(re.escape(typed))).wait_for()
        desk.look()
