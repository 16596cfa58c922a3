"""Somebody who reads German works at the desk, and gets no English word of it to see."""

import re
from datetime import timedelta
from decimal import Decimal

import pytest
from django.urls import reverse

from coupons import links, measuring, nightly
from coupons import mailing as mailings
from coupons.models import Coupon, Mailing, Measurement, Offer, Refusal, Sheet
from loyalty.models import Household
from pos_integration.models import Reject, Terminal
from tests.browser import shop as shops
from tests.browser.shop import TODAY

# Words of which no German sentence is made, and no name of this shop.
ENGLISH = re.compile(
    r"\b(the|and|of|is|are|were|been|has|have|had|this|that|these|those|with|without|from|until|"
    r"not|no|none|nothing|nobody|yet|each|every|all of|its|it|their|they|them|you|your|who|which|"
    r"why|when|how|what|can|may|must|to be|by|at|on|for|or|other|others|more|most|less|only|same|"
    r"last|next|first|new|open|closed|since|before|after|today|yesterday|tomorrow|days?|weeks?|"
    r"months?|years?|hours?|minutes|sheets?|households?|offers?|tills?|stores?|cards?|mailings|"
    r"rejects?|refusals?|baskets?|receipts?|goods|household's|used|chosen|expected|added|"
    r"changed|made|done|waiting|printed|mailed|issued|approved|selected|draft|measured|save|add|"
    r"search|show|select|choose|look|back|history|likely|about|yes|unknown|worth|spent|kept)\b",
    re.IGNORECASE,
)
# 3.50 or 1,234
NUMBER = re.compile(r"(?<![\d.:/-])\d+\.\d{1,2}(?![\d.:])|[1-9]\d*,\d{3}(?!\d)")
DATE = re.compile(
    r"\b\d{1,2} (Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)|[ap]\.m\.|"
    r"(?<![/\d])\d{4}-\d\d-\d\d(?!/)"
)
# What anybody can read or hear: also of what is folded away, of fields and of pictures.
READ = """() => {
    document.querySelectorAll("details").forEach(one => one.open = true)
    const said = [document.title, document.body.innerText]
    const of = {"[placeholder]": "placeholder", "[aria-label]": "aria-label", "[title]": "title",
                "img": "alt", "input[type=submit], input[type=button]": "value"}
    for (const [where, name] of Object.entries(of))
        for (const one of document.querySelectorAll(where)) said.push(one.getAttribute(name) ?? "")
    for (const one of document.querySelectorAll("svg text, svg title, svg desc, option"))
        said.push(one.textContent)
    return said.join("\\n")
}"""
# This shop's names, files as they came, and what is kept as it was said when it came.
OUR_NAMES = re.compile(
    "Oat drink 1 l|Dark roast coffee|Sourdough loaf|Once per household, at any of our stores.|"
    r"value \S+ - circulation .*|\{\"store\".*|bad.amount|'3,00 kg' is not a decimal number|"
    "Households with a sheet and those held out bought differently.*|"
    "unknown code|[Nn]o coupon or offer has 'NOSUCHCOUPON1'|basket|first aid|gift card|"
    r"Sample Lane|O-100\d|card \d+"
)


@pytest.fixture
def shop(transactional_db, settings):
    """A mailing whose coupons were good for a week, one that waits, and what went wrong."""
    settings.LOYALTY_BUCKETS = 4
    made = shops.build(12)
    Household.objects.update(language="de")
    sent = shops.mailed(
        name="Herbst",
        headline="Gutes, das Sie mögen, für weniger.",
        explanation="Ausgesucht nach dem, was Ihr Haushalt kauft.",
        valid_from=TODAY - timedelta(days=8),
        holdout_share=Decimal("0.25"),
    )
    uses(made)
    measuring.measure(sent, TODAY)
    waits = Mailing.objects.create(
        code="winter",
        name="Winter",
        headline="Warm durch den Winter.",
        explanation="Ausgesucht nach dem, was Ihr Haushalt kauft.",
        issue_on=TODAY,
        valid_from=TODAY,
        valid_to=TODAY + timedelta(days=28),
        coupons_per_sheet=4,
        theme=sent.theme,
    )
    waits.offers.set(sent.offers.all())
    shops.invite(waits)
    mailings.select(waits, shops.staff("Otto", "Marketing"))
    return made


def uses(shop):
    """A coupon used, one refused and a sale that could not be read."""
    coupon = Coupon.objects.select_related("sheet__household").order_by("pk")[0]
    card = coupon.sheet.household.cards.get().number
    code = coupon.offer.products.get().code
    used = {"code": coupon.code, "line": 1, "amount": "0.50"}
    wrong = {"code": "NOSUCHCOUPON1", "line": 1, "amount": "0.50"}
    good, refused, broken = (
        shops.basket(card, TODAY - timedelta(days=1), receipt, [str(code)], coupons)
        for receipt, coupons in (("901", [used]), ("902", [wrong]), ("903", []))
    )
    broken["lines"][0]["amount"] = "3,00 kg"
    shops.sells(shop.token, [good, refused, broken], rejected=1)
    nightly.night(TODAY)


class Reading:
    """Gathers what is not German on the pages that are read."""

    def __init__(self, desk):
        self.desk = desk
        self.found: dict[str, set[str]] = {}

    def page(self, *, looks: bool = False) -> None:
        page = self.desk.page
        assert page.locator("html").get_attribute("lang") == "de"
        said = OUR_NAMES.sub("", page.evaluate(READ))
        for line in filter(None, map(str.strip, said.splitlines())):
            if any(wrong.search(line) for wrong in (ENGLISH, NUMBER, DATE)):
                self.found.setdefault(line[:160], set()).add(self.desk.here)
        if looks:
            self.desk.look()

    def go(self, name: str, *args: object, looks: bool = False) -> None:
        self.desk.go(name, *args)
        self.page(looks=looks)

    def all_below(self, word: str) -> None:
        """Every page below one of the desk's words."""
        page, server = self.desk.page, self.desk.server
        first = page.locator("nav.words").get_by_role("link", name=word, exact=True)
        page.goto(f"{server}{first.get_attribute('href')}")
        below = page.get_by_role("navigation", name=word).get_by_role("link").all()
        for href in [one.get_attribute("href") or "" for one in below]:
            page.goto(server + href)
            self.page()


def walks_the_tills(reading):
    reading.all_below("Kassen")
    reading.go("pos_integration_terminal_change", Terminal.objects.earliest("pk").pk)
    reading.go("pos_integration_terminal_missing")
    reject = Reject.objects.get()
    reading.go("pos_integration_upload_change", reject.upload_id)
    reading.go("pos_integration_reject_change", reject.pk)
    reading.go("coupons_refusal_change", Refusal.objects.get().pk)


def walks_the_mailings(reading):
    reading.all_below("Aussendungen")
    waits = Mailing.objects.get(code="winter")
    sent = Mailing.objects.get(code="favourites")
    reading.go("coupons_mailing_change", waits.pk, looks=True)
    reading.go("coupons_mailing_step", waits.pk, "approve")
    reading.go("coupons_selection_change", waits.selection_id, looks=True)
    reading.go("coupons_mailing_change", sent.pk)
    reading.go("coupons_mailing_add")


def walks_the_households(reading, shop):
    reading.all_below("Haushalte")
    home = Sheet.objects.earliest("pk").household
    reading.go("loyalty_household_change", home.pk, looks=True)
    for slug in ("note", "consent", "wish", "request", "merge", "goodwill"):
        reading.go("loyalty_household_step", home.pk, slug)
    reading.go("loyalty_household_history", home.pk)
    reading.go("loyalty_household_export", home.pk)


def walks_the_offers(reading):
    reading.all_below("Angebote")
    offer = Offer.objects.earliest("pk")
    reading.go("coupons_offer_change", offer.pk)
    reading.go("coupons_offer_calendar", looks=True)
    reading.go("coupons_offer_try", offer.pk)


def walks_the_reports(reading):
    reading.all_below("Berichte")
    reading.go("coupons_measurement_change", Measurement.objects.get().pk, looks=True)


def test_the_desk_is_read_in_german(desk, sign_in, shop):
    sign_in(shops.staff("Mara", "Marketing"))
    page = desk.page
    desk.go("index")
    page.get_by_role("button", name="Deutsch").click()
    page.get_by_role("button", name="Abmelden").wait_for()
    reading = Reading(desk)
    reading.page(looks=True)
    assert re.search(
        r"\d{1,2}\. (Jan|Feb|März|Apr|Mai|Jun|Jul|Aug|Sep|Okt|Nov|Dez)", page.inner_text("main")
    )
    walks_the_households(reading, shop)
    walks_the_mailings(reading)
    walks_the_offers(reading)
    walks_the_tills(reading)
    walks_the_reports(reading)
    assert not reading.found, "\n".join(
        f"{line}  {sorted(at)[:3]}" for line, at in reading.found.items()
    )


def test_a_shoppers_page_is_german_whose_sheet_is(desk, shop):
    sheet = Sheet.objects.earliest("pk")
    desk.holds_a_phone()
    desk.page.goto(desk.server + reverse("sheet-page", args=[links.token_of(sheet.pk)]))
    desk.reads("Ihre Coupons", "Mehr davon")
    assert desk.page.locator("html").get_attribute("lang") == "de"
    assert not ENGLISH.search(OUR_NAMES.sub("", desk.page.inner_text("main")))
    desk.page.get_by_role("button", name=re.compile("Mehr davon")).first.click()
    desk.look()
