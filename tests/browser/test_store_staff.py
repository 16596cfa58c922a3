"""A day at the service desk of one store: a household, its coupons, its sheet, the tills."""

import re

import pypdfium2  # type: ignore[import-untyped] # ships no types
import pytest
from django.urls import reverse

from coupons import clearing
from coupons.models import Coupon, RefusalVerdict, Sheet
from coupons.sheets import codes
from loyalty.models import Consent, Note
from pos_integration.models import Basket, Reject, Terminal
from tests.browser import shop as shops
from tests.browser.shop import TODAY


@pytest.fixture
def shop(transactional_db, settings):
    settings.LOYALTY_BUCKETS = 4
    made = shops.build(8)
    shops.mailed()
    return made


@pytest.fixture
def dana(shop):
    return shops.staff("Dana", "Store staff", store=shop.store)


def signs_in(desk, dana):
    desk.visit(reverse("admin:login"))
    desk.page.get_by_label("Username").fill("Dana")
    desk.page.get_by_label("Password").fill(shops.PASSWORD)
    desk.page.keyboard.press("Enter")
    desk.page.wait_for_url(desk.server + reverse("admin:index"))
    desk.page.locator(".at-store", has_text="High Street").wait_for()
    desk.look()


def finds_a_household(desk, home):
    """By its card, by its name, by a code on its sheet: one box for all."""
    page = desk.page
    its_page = desk.server + reverse("admin:loyalty_household_change", args=[home.pk])
    code = home.sheets.get().coupons.first().code
    desk.find("card 3")
    page.wait_for_url(its_page)
    desk.find(codes.grouped(code))
    desk.reads(codes.grouped(code))
    desk.press("The household")
    page.wait_for_url(its_page)
    first, last = home.name.split()
    desk.find(f"{last} {first.lower()}")
    page.get_by_role("link", name=home.name).click()
    page.wait_for_url(its_page)
    page.get_by_role("heading", name=f"Household {home.name}").wait_for()
    desk.look()


def notes_what_it_says(desk, home):
    """An objection to post, and a concern: both stand on its page."""
    page = desk.page
    desk.press("Record consent or objection")
    page.get_by_label("It spoke of").select_option("post")
    page.get_by_label("It said").select_option("no")
    desk.look()
    desk.press("Record it")
    desk.reads("it objected")
    assert Consent.objects.get(household=home).is_granted is False
    desk.press("Note")
    page.get_by_label("What was said or done").fill("The oat drink was sour.")
    page.get_by_label("Kind").select_option("concern")
    desk.press("Keep it")
    desk.reads("It is written down.", "The oat drink was sour.")
    assert Note.objects.get().household == home


def makes_up_for_it(desk, home):
    """A coupon made void; another given with an apology, worth no more than a store may give."""
    page = desk.page
    void = home.sheets.get().coupons.order_by("position")[0]
    page.locator("#coupons").get_by_role("link", name="Void").first.click()
    page.get_by_label("Why").fill("given by mistake")
    desk.look()
    desk.press("Make it void")
    desk.reads("is void: tills refuse it from now on")
    assert Coupon.objects.filter(sheet=void.sheet, state=Coupon.State.VOID).count() == 1
    desk.press("Goodwill coupon")
    page.get_by_label("What it is given").select_option(index=1)
    page.get_by_label("Why").fill("The oat drink was sour")
    desk.look()
    desk.press("Give it")
    desk.reads("is good until")
    desk.look()
    return home.sheets.get(mailing__is_goodwill=True).coupons.get()


def reissues_the_sheet(desk, home):
    """The lost sheet is void; the new one's PDF opens with its new codes on it."""
    page = desk.page
    desk.press("Reissue sheet")
    page.get_by_label("Why").fill("lost in the post")
    desk.press("Void and replace")
    desk.reads("This one stands in its place: print it.")
    sheet = Sheet.objects.get(household=home, replaces__isnull=False)
    lost = Coupon.objects.filter(sheet__replacements=sheet)
    desk.look()
    pdf = page.get_by_role("link", name="PDF", exact=True)
    answer = page.request.get(desk.server + str(pdf.get_attribute("href")))
    assert answer.headers["content-type"] == "application/pdf"
    said = pypdfium2.PdfDocument(answer.body())[0].get_textpage().get_text_range()
    for coupon in sheet.coupons.all():
        assert codes.grouped(coupon.code) in said
    assert set(lost.values_list("state", flat=True)) == {Coupon.State.VOID}


def sees_no_other_store(desk, shop):
    """Another store's household, card and till are not there; her own till keeps its token."""
    page = desk.page
    desk.find(shop.away.name)
    desk.reads("Nothing that you may see is called")
    desk.find(f"card {len(shop.homes) - 1}")
    desk.reads("Nothing that you may see is called")
    ours, theirs = Terminal.objects.order_by("store__number")
    for name, row in (("loyalty_household", shop.away), ("pos_integration_terminal", theirs)):
        desk.go(f"{name}_change", row.pk)
        page.locator(".messagelist .warning", has_text=str(row.pk)).wait_for()
        assert desk.here == reverse("admin:index")
    desk.go("pos_integration_terminal_changelist")
    assert page.locator("#result_list tbody tr").count() == 1
    desk.go("pos_integration_terminal_change", ours.pk)
    desk.reads("Last call")
    assert not page.locator("a.tool", has_text=re.compile("token|Revoke")).count()
    for step in ("token", "revoke"):
        url = reverse(f"admin:pos_integration_terminal_{step}", args=[ours.pk])
        desk.is_refused(desk.server + url, 403, "That is not yours to do", "role is Store staff")


def mends_a_rejected_sale(desk, shop):
    """She saves the till's file, puts the amount right, hands it in and closes the reject."""
    page = desk.page
    good, bad = (
        shops.basket("card 3", TODAY, receipt, ["1001", "1002"]) for receipt in ("901", "902")
    )
    bad["lines"][1]["amount"] = "3,00 kg"
    status, told = shops.call(desk.server, shop.token, "uploads", {"baskets": [good, bad]})
    assert (status, told["accepted"], told["rejected"]) == (201, 1, 1), told
    desk.go("pos_integration_reject_changelist")
    page.locator("#result_list th a").first.click()
    desk.reads("3,00 kg", "What to do")
    desk.look()
    desk.press("Its upload")
    desk.reads("1 could not be taken")
    desk.look()
    assert not page.locator("a.tool", has_text="Load again").count()
    with page.expect_download() as saved:
        desk.press("The file")
    mended = saved.value.path().read_text().replace("3,00 kg", "3.00")
    desk.go("pos_integration_upload_hand_in")
    page.get_by_label("Till:").fill("330/12")
    page.get_by_label("File:").set_input_files(
        {"name": "mended.json", "mimeType": "application/json", "buffer": mended.encode()}
    )
    desk.press("Hand it in")
    desk.reads("1 of 2 baskets were taken, 1 came before")
    desk.look()
    assert Basket.objects.filter(receipt="902").count() == 1
    reject = Reject.objects.get()
    desk.go("pos_integration_reject_change", reject.pk)
    desk.press("Close")
    page.get_by_label("Why").fill("handed in again, put right")
    desk.press("Close")
    desk.reads("1 reject closed")


def decides_a_refusal(desk, shop):
    """A till took a coupon that nobody gave: it stands, and the cashier was told."""
    page = desk.page
    used = {"code": "NOSUCHCOUPON1", "line": 1, "amount": "0.50"}
    sale = shops.basket("card 3", TODAY, "903", ["1001"], [used])
    status, told = shops.call(desk.server, shop.token, "uploads", {"baskets": [sale]})
    assert (status, told["accepted"]) == (201, 1), told
    clearing.clear_redemptions()
    desk.go("coupons_refusal_changelist")
    desk.look()
    page.locator("#result_list th a").first.click()
    desk.press("Decide")
    assert page.get_by_label("The house bears it").count() == 0
    page.get_by_label("It stands, and the store was told why").check()
    page.get_by_label("Note").fill("Showed the cashier")
    desk.look()
    desk.press("Note the decision")
    desk.reads("1 refusal decided", "Showed the cashier")
    assert RefusalVerdict.objects.get(decided_by__username="Dana").verdict == "trained"


def test_a_day_at_the_service_desk_of_one_store(desk, shop, dana):
    home = shop.homes[3]
    signs_in(desk, dana)
    finds_a_household(desk, home)
    notes_what_it_says(desk, home)
    given = makes_up_for_it(desk, home)
    desk.go("loyalty_household_change", home.pk)
    reissues_the_sheet(desk, home)
    status, told = shops.call(desk.server, shop.token, f"coupons/{given.code}")
    assert (status, told["state"]) == (200, "good")
    sees_no_other_store(desk, shop)
    mends_a_rejected_sale(desk, shop)
    decides_a_refusal(desk, shop)
