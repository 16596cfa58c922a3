"""The whole circle as its people see it: offers in, a mailing out, its coupon used and measured."""

import re
from datetime import timedelta

import pytest
from django.urls import reverse

from coupons.models import Mailing, Offer, Sheet
from coupons.sheets import layout, verification
from coupons.sheets.faces import Format, Symbology
from pos_integration.models import Terminal
from tests import make
from tests.browser import shop as shops
from tests.browser.shop import TODAY
from tests.coupons.test_sheet_photos import photograph, saved
from tests.spreadsheets import csv_of

LOADED = "image => image.decode().then(() => image.naturalWidth > 0)"
STARTED = TODAY - timedelta(days=8)  # its coupons are good since, so there is a week to measure


@pytest.fixture
def shop(transactional_db, settings):
    settings.LOYALTY_BUCKETS = 4
    made = shops.build(60)
    make.funder("Greenfield")
    return made


@pytest.fixture
def mara(shop):
    return shops.staff("Mara", "Marketing")


def row(aisle, **changes):
    code, name = shops.AISLES[aisle]
    return {
        "code": f"O-{code}",
        "name": name,
        "face_value": "0.50",
        "category": f"Grocery > {aisle}",
        "funder": "Greenfield",
        "valid_from": STARTED.isoformat(),
        "valid_to": (TODAY + timedelta(days=60)).isoformat(),
        "products": code,
        **changes,
    }


def upload_picture(desk):
    page = desk.page
    page.goto(desk.server + reverse("admin:coupons_picture_upload"))
    page.get_by_label("Pictures, or one ZIP of them").set_input_files(
        {
            "name": "1001.png",
            "mimeType": "image/png",
            "buffer": saved(photograph()),
        }
    )
    desk.press("Look at them")
    page.get_by_text("Nothing is changed yet. Once you confirm: 1 new").wait_for()
    desk.look()
    desk.press("Confirm")
    page.get_by_text("1 picture taken").wait_for()


def copies_an_offer(desk):
    page = desk.page
    first = Offer.objects.get(code="O-1003")
    page.goto(desk.server + reverse("admin:coupons_offer_change", args=[first.pk]))
    desk.press("Copy")
    page.get_by_label("Code of the copy").fill("O-1003-NEXT")
    desk.press("Copy")
    page.get_by_text("look at its days and its words").wait_for()
    assert Offer.objects.get(code="O-1003-NEXT").valid_from > first.valid_to


def makes_a_mailing(desk):
    page = desk.page
    page.goto(desk.server + reverse("admin:coupons_segment_add"))
    page.locator("#id_name").fill("Everybody")
    desk.press("Save")
    page.get_by_text("was added successfully").wait_for()
    page.goto(desk.server + reverse("admin:coupons_mailing_add"))
    page.locator("#id_name").fill("Autumn favourites")
    desk.pick("segments", "Everybody")
    page.get_by_label("Held out").fill("0.2")
    for aisle in shops.AISLES:
        desk.pick("offers", shops.AISLES[aisle][1])
    page.get_by_text("Selection: how coupons are chosen").click()
    page.get_by_label("Coupons per sheet").select_option("4")
    for label, day in (
        ("Issued on", TODAY),
        ("Good from", STARTED),
        ("Good until", TODAY + timedelta(days=20)),
    ):
        page.get_by_label(label).fill(day.isoformat())
    desk.look()
    desk.press("Save")
    page.get_by_text("is a draft now").wait_for()
    return Mailing.objects.get()


def imports_offers(desk):
    page = desk.page
    desk.visit(reverse("admin:coupons_offerfile_import"))
    rows = [row(aisle) for aisle in shops.AISLES]
    faulty = [*rows[:-1], {**rows[-1], "face_value": "half a dollar"}]
    for content in (faulty, rows):
        page.goto(desk.server + reverse("admin:coupons_offerfile_import"))
        page.get_by_label("CSV or XLSX file").set_input_files(
            {"name": "autumn.csv", "mimeType": "text/csv", "buffer": csv_of(*content)}
        )
        desk.press("Read the file")
        if content is faulty:
            page.get_by_text("1 row is faulty").wait_for()
            assert page.get_by_role("row", name=re.compile("face_value")).count() == 1
            desk.look()
            desk.press("Drop")
            desk.press("Drop")
    page.get_by_text("Nothing is changed yet. Once you confirm: 6 new").wait_for()
    assert Offer.objects.count() == 0
    desk.press("Confirm")
    desk.press("Confirm")
    page.get_by_text("Applied: 6 new").first.wait_for()
    assert Offer.objects.count() == 6


def goes_down_the_workbench(desk, mailing):
    """Select twice, compare, look at what is expected and at sheets."""
    page = desk.page
    of_mailing = desk.server + reverse("admin:coupons_mailing_change", args=[mailing.pk])
    desk.press("Select coupons")
    desk.press("Select coupons")
    page.get_by_text("At work", exact=True).first.wait_for()
    assert shops.work_off() == ["coupons.tasks.select"]
    page.get_by_text("so somebody else approves it").wait_for()  # the page follows by itself
    desk.press("Back to draft")
    desk.press("Back to draft")
    page.get_by_label("Budget:").fill("30")
    desk.press("Save and continue editing")
    page.get_by_text("was changed successfully").wait_for()
    desk.press("Select again")
    desk.press("Select again")
    assert shops.work_off() == ["coupons.tasks.select"]
    page.goto(of_mailing)
    desk.press("Compare selections")
    page.get_by_text("households would get other coupons").wait_for()
    desk.look()
    page.goto(of_mailing)
    desk.press("Review the selection")
    page.get_by_text("No selection within these limits is better by more than").wait_for()
    for heading in ("What is expected", "What limits cost", "Who gets a sheet, and who does not"):
        assert page.get_by_role("heading", name=heading).count() == 1
    assert page.get_by_text("Held out").count()
    sheet = page.get_by_role("img", name=re.compile("^Sheet of")).first
    sheet.scroll_into_view_if_needed()
    assert sheet.evaluate(LOADED)
    assert not page.get_by_role("link", name="Approve", exact=True).count()


def is_approved_by_another(desk, sign_in, mailing):
    page = desk.page
    of_mailing = desk.server + reverse("admin:coupons_mailing_change", args=[mailing.pk])
    page.goto(desk.server + reverse("admin:coupons_mailing_step", args=[mailing.pk, "approve"]))
    desk.press("Approve")
    page.locator(".messagelist .error").wait_for()  # Mara's own try, past the missing button
    mailing.refresh_from_db()
    assert mailing.state == Mailing.State.SELECTED
    sign_in(shops.staff("Otto", "Marketing"))
    page.goto(of_mailing)
    desk.press("Approve")
    desk.press("Approve")
    page.get_by_text("Approved. The night before").first.wait_for()
    desk.look()


def is_printed(desk, mailing):
    """Issue and print at once, follow the run, and return its file."""
    page = desk.page
    desk.press("Issue now")
    desk.press("Issue now")
    assert shops.work_off() == ["coupons.tasks.issue"]
    page.get_by_text("its sheets are not printed yet").first.wait_for()
    desk.press("Print")
    desk.press("Print")
    page.get_by_role("status").get_by_text("are to be printed").wait_for()
    assert page.get_by_role("progressbar", name="How far it is").is_visible()
    assert shops.work_off() == ["coupons.tasks.print_run"]
    page.get_by_text("read back from the PDF, and right").wait_for()  # again by itself
    desk.look()
    with page.expect_download() as saved_file:
        page.get_by_role("link", name=re.compile(r"\.pdf$")).first.click()
    content = saved_file.value.path().read_bytes()
    desk.press("Mark as mailed")
    desk.press("Mark as mailed")
    page.get_by_text("is marked as mailed").wait_for()
    return content


def codes_of(pdf):
    """What the barcodes of the first sheet say."""
    boxes = layout.coupon_boxes(Format(places=4))
    (read,) = verification.read_back(pdf, [verification.Asked(0, boxes, (Symbology.CODE_128,) * 4)])
    return read


def a_token_for_a_new_till(desk):
    """An administrator adds a till and gets its token; once another is made, both are good."""
    page = desk.page
    page.goto(desk.server + reverse("admin:pos_integration_terminal_add"))
    desk.pick("store", "330")
    page.locator("#id_number").fill("13")
    desk.press("Save")
    desk.press("Issue a new token")
    first = page.get_by_label("Token").input_value()
    desk.look()
    desk.press("I have copied it")
    desk.press("Issue a new token")
    desk.press("Issue a new token")
    return first, page.get_by_label("Token").input_value()


def is_used(desk, shop, pdf):
    """Two tills: one asks, redeems and tells of the basket; then its old token is refused."""
    first, second = a_token_for_a_new_till(desk)
    sheet = Sheet.objects.get(coupons__code=next(filter(None, codes_of(pdf))))
    coupon = sheet.coupons.select_related("offer").order_by("position")[0]
    path = f"coupons/{coupon.code}"
    status, told = shops.call(desk.server, first, path)
    assert (status, told["state"]) == (200, "good")
    item = coupon.offer.products.get().code
    assert item
    card = sheet.household.cards.get().number
    sale = shops.basket(card, TODAY, "77", [item])
    key = {name: sale[name] for name in ("store", "till", "business_date", "receipt")}
    key["till"] = sale["till"] = 13
    redeemed = {"basket_key": key, "amount": "0.50"}
    status, told = shops.call(desk.server, second, f"{path}/redeem", redeemed)
    assert status in (200, 201), told
    sale["coupons"] = [{"code": coupon.code, "line": 1, "amount": "0.50"}]
    status, told = shops.call(desk.server, second, "uploads", {"baskets": [sale]})
    assert (status, told["accepted"]) == (201, 1)
    assert shops.call(desk.server, shop.token, path)[1]["state"] == "redeemed"
    page = desk.page
    till = Terminal.objects.get(number=13)
    page.goto(desk.server + reverse("admin:pos_integration_terminal_change", args=[till.pk]))
    desk.press("Revoke")
    desk.press("Revoke")
    page.get_by_text("1 till revoked").wait_for()
    assert shops.call(desk.server, second, path)[0] == 401
    return coupon


def is_measured(desk, mailing):
    """The first page tells of the coupon used; what the mailing changed is drawn."""
    page = desk.page
    page.goto(desk.server + reverse("admin:index"))
    page.get_by_role("link", name="Autumn favourites").first.wait_for()
    page.goto(desk.server + reverse("admin:coupons_mailing_change", args=[mailing.pk]))
    desk.press("Measure now")
    desk.press("Measure")
    page.get_by_text("will be measured").wait_for()
    assert shops.work_off() == ["coupons.tasks.measure"]
    page.goto(desk.server + reverse("admin:coupons_measurement_changelist"))
    page.get_by_role("link", name="Autumn favourites").first.click()
    page.get_by_role("heading", name="Coupons used, day by day").wait_for()
    assert page.locator(".card svg").count()
    desk.look()


def test_from_a_file_of_offers_to_what_the_mailing_changed(desk, sign_in, shop, mara):
    sign_in(mara)
    imports_offers(desk)
    upload_picture(desk)
    copies_an_offer(desk)
    mailing = makes_a_mailing(desk)
    goes_down_the_workbench(desk, mailing)
    is_approved_by_another(desk, sign_in, mailing)
    pdf = is_printed(desk, mailing)
    sign_in(shops.staff("Ingrid", "Administrators"))
    is_used(desk, shop, pdf)
    sign_in(mara)
    is_measured(desk, mailing)
