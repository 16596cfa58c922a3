"""A sheet came by post: its QR code, read by a telephone, leads to a page of one's own."""

import re
from datetime import timedelta

import numpy as np
import pypdfium2  # type: ignore[import-untyped] # ships no types
import pytest
import zxingcpp
from django.core.cache import cache
from django.urls import reverse

from coupons import links, printing
from coupons.models import Mailing
from loyalty import voice
from loyalty.models import DataRequest, Preference
from tests.browser import shop as shops
from tests.browser.shop import TODAY


@pytest.fixture
def sheet(transactional_db, live_server, settings):
    """One that is in the post, to a household that objected to nothing."""
    settings.LOYALTY_BUCKETS = 4
    shop = shops.build(4)
    shops.mailed(home=live_server.url)
    cache.clear()
    return shop.homes[1].sheets.get()


def read_by_a_phone(pdf):
    """Where the QR code of the paper leads."""
    page = pypdfium2.PdfDocument(pdf)[0].render(scale=300 / 72, grayscale=True)
    pixels = np.ascontiguousarray(page.to_numpy())
    (found,) = zxingcpp.read_barcodes(pixels, formats=zxingcpp.barcode_formats_from_str("QRCode"))
    return found.text


def button(page, word, goods):
    """The button by its whole name, as a screen reader says it."""
    return page.get_by_role("button", name=re.compile(rf"^{word} ?: {re.escape(goods)}$"))


def tabs_to(page, wanted):
    """Press Tab until the button has the keyboard, as whoever cannot point does."""
    for _ in range(60):
        page.keyboard.press("Tab")
        if wanted.evaluate("one => one === document.activeElement"):
            assert wanted.evaluate("one => getComputedStyle(one).outlineStyle") != "none"
            return
    raise AssertionError("the keyboard never came there")


def is_read_aloud(page, sheet):
    """What a screen reader says: coupons by their names, a code by its letters."""
    coupons = list(sheet.coupons.select_related("offer").order_by("position"))
    assert page.get_by_role("article").count() == len(coupons)
    for coupon in coupons:
        name = coupon.offer.name
        one = page.get_by_role("article", name=re.compile(re.escape(name)))
        assert one.get_by_role("heading", level=2).count() == 1
        assert one.get_by_role("img", name=f"Barcode of {name}").count() == 1
        assert button(one, "More like this", name).count() == 1
        assert button(one, "Never again", name).count() == 1
        spelt = " ".join(coupon.code)
        assert spelt[:5] in one.locator(".code").aria_snapshot()
    assert page.get_by_role("heading", level=1, name="Your coupons").count() == 1
    assert page.get_by_role("combobox", name="Language of our post").count() == 1
    return coupons


def says_what_it_likes(desk, coupons):
    """By keyboard alone: more of the first, never the second, and a word taken back."""
    page = desk.page
    first, second = (coupon.offer for coupon in coupons[:2])
    tabs_to(page, button(page, "More like this", first.name))
    page.keyboard.press("Enter")
    desk.reads("We have noted it.", "You said: more like this.")
    tabs_to(page, button(page, "Never again", second.name))
    page.keyboard.press("Space")
    desk.reads("You said: never again.")
    assert dict(Preference.objects.values_list("category", "kind")) == {
        first.category_id: "favourite",
        second.category_id: "never",
    }
    desk.look()
    tabs_to(page, button(page, "Undo", first.name))
    page.keyboard.press("Enter")
    desk.reads("It is undone.")
    assert Preference.objects.get().kind == "never"


def says_how_it_wants_to_hear(desk, home):
    """Not by post, and not from what was bought."""
    page = desk.page
    page.get_by_role("button", name="No post, please").click()
    desk.reads("You get no post from us.")
    page.get_by_role("button", name="I object").click()
    desk.reads("You objected: your sheets are the same for everybody")
    assert sorted(voice.heard(home).objections) == ["post", "profiling"]
    page.get_by_role("button", name="Post is fine again").click()
    desk.reads("You get coupons by post.")
    assert voice.heard(home).objections == ["profiling"]


def asks_for_its_data(desk, home):
    """Asked for, and no more: nobody sees or erases data who has but a sheet."""
    page = desk.page
    page.get_by_role("button", name="I want a copy of my data").click()
    desk.reads("We have noted that you want a copy.", "it waits for you at the service desk by")
    page.go_back()
    page.reload()
    assert DataRequest.objects.get().household == home
    assert not page.get_by_role("button", name="I want a copy of my data").count()
    desk.look()


def reads_german(desk, home):
    """In German from now on: the page as well as the post."""
    page = desk.page
    page.get_by_label("Language of our post").select_option("de")
    button(page, "Keep", "Language of our post").click()
    desk.reads("Ihre Coupons", "Wir haben es notiert.")
    assert page.locator("html").get_attribute("lang") == "de"
    assert voice.heard(home).language == "de"
    desk.look()


def test_from_the_paper_to_a_page_of_ones_own(desk, sheet):
    desk.holds_a_phone()
    address = read_by_a_phone(printing.sheet_pdf(sheet))
    assert address == f"{desk.server}/s/{links.token_of(sheet.pk)}/"
    desk.page.goto(address)
    desk.reads("Your coupons", f"Dear {sheet.household.name},")
    desk.look()
    coupons = is_read_aloud(desk.page, sheet)
    says_what_it_likes(desk, coupons)
    says_how_it_wants_to_hear(desk, sheet.household)
    asks_for_its_data(desk, sheet.household)
    reads_german(desk, sheet.household)
    picture = desk.page.get_by_role("link", name="Als Bild").get_attribute("href")
    assert desk.page.request.get(desk.server + str(picture)).headers["content-type"] == "image/png"


def test_a_link_that_is_over_or_was_never_ours_says_so(desk, sheet):
    desk.holds_a_phone()
    address = desk.server + reverse("sheet-page", args=[links.token_of(sheet.pk)])
    Mailing.objects.update(
        valid_from=TODAY - timedelta(days=60), valid_to=TODAY - timedelta(days=29)
    )
    desk.is_refused(address, 410, "This link has expired", "come to any service desk")
    assert sheet.household.name not in desk.page.content()
    desk.is_refused(f"{desk.server}/s/{sheet.pk}:forged/", 404, "There is nothing here")
