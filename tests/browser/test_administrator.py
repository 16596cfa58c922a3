"""What an administrator does in a week: people, tills, who changed what, data requests, goods."""

import io
import re
import zipfile

import pytest
from django.contrib.auth.models import User
from django.urls import reverse

from loyalty.models import DataRequest, Household
from pos_integration import staff
from pos_integration.models import Product, Reject, Terminal
from tests.browser import shop as shops
from tests.browser.shop import TODAY
from tests.spreadsheets import csv_of


@pytest.fixture
def shop(transactional_db, settings):
    settings.LOYALTY_BUCKETS = 4
    made = shops.build(6)
    shops.mailed()
    return made


def makes_a_user(desk, shop):
    """A name and a password, then a role and a store; the new one signs in and sees that store."""
    page = desk.page
    desk.visit(reverse("admin:auth_user_add"))
    page.locator("#id_username").fill("Nora")
    page.locator("#id_password1").fill(shops.PASSWORD)
    page.locator("#id_password2").fill(shops.PASSWORD)
    desk.press("Save")
    page.get_by_role("checkbox", name="Store staff").check()
    page.get_by_role("button", name=re.compile("^Add another")).first.click()
    page.locator("#store_staff-0 .select2-selection").click()
    page.keyboard.type("330")
    page.locator(".select2-results__option", has_text="High Street").click()
    desk.look()
    desk.press("Save")
    desk.reads("was changed successfully")
    row = page.get_by_role("row", name=re.compile("Nora"))
    row.get_by_text("Store staff").wait_for()
    row.get_by_text("High Street").wait_for()
    nora = User.objects.get(username="Nora")
    assert staff.stores_of(nora) == [shop.store.pk]
    other = page.context.browser.new_page()
    other.goto(desk.server + reverse("admin:index"))
    other.get_by_label("Username").fill("Nora")
    other.get_by_label("Password").fill(shops.PASSWORD)
    other.keyboard.press("Enter")
    other.locator(".at-store", has_text="High Street").wait_for()
    other.close()
    return nora


def gives_a_till_its_token(desk):
    """Two tokens are good while a till is rotated, a third ends the first; revoked, none is."""
    page = desk.page

    def token():
        desk.press("Issue a new token")
        desk.press("Issue a new token")
        shown = page.get_by_label("Token").input_value()
        desk.press("I have copied it")
        return shown

    def answers(*tokens):
        return [shops.call(desk.server, one, "coupons/NOSUCHCODE")[0] for one in tokens]

    desk.go("pos_integration_terminal_add")
    desk.pick("store", "330")
    page.locator("#id_number").fill("14")
    desk.press("Save")
    desk.press("Issue a new token")  # a new till is asked for its token at once
    desk.look()
    first = page.get_by_label("Token").input_value()
    desk.press("I have copied it")
    assert answers(first) == [404]
    second = token()
    assert answers(first, second) == [404, 404]
    third = token()
    assert answers(first, second, third) == [401, 404, 404]
    desk.press("Revoke")
    desk.look()
    desk.press("Revoke")
    desk.reads("1 till revoked", "its tokens are refused")
    desk.look()
    assert answers(first, second, third) == [401, 401, 401]
    return Terminal.objects.get(number=14)


def reads_who_changed_what(desk, nora, till):
    """The till's own page of changes, the user's, and the list of everything by person."""
    page = desk.page
    desk.go("pos_integration_terminal_history", till.pk)
    page.get_by_role("row", name=re.compile("Ingrid .*Terminal 14 .*Revoked at")).wait_for()
    desk.look()
    desk.go("auth_user_history", nora.pk)
    desk.reads("Store staff")
    desk.look()
    desk.go("pos_integration_change_changelist")
    page.locator("#changelist-filter").get_by_role("link", name="Ingrid").click()
    desk.reads("Nora", "Store staff")
    desk.look()


def answers_a_request(desk, home):
    """Two letters came: one wants a copy, one wants to be forgotten."""
    page = desk.page
    for kind in ("copy", "erasure"):
        desk.go("loyalty_household_step", home.pk, "request")
        page.get_by_label("It asks for").select_option(kind)
        page.get_by_label("Where it was asked").fill("letter")
        desk.press("Note it")
        desk.reads("to be answered by")
    desk.go("loyalty_datarequest_changelist")
    desk.look()
    page.get_by_role("link", name="Hand over the copy").click()
    desk.look()
    with page.expect_download() as saved:
        desk.press("Hand over the copy")
    with zipfile.ZipFile(io.BytesIO(saved.value.path().read_bytes())) as copy:
        said = b"".join(copy.read(name) for name in copy.namelist())
    assert home.name.encode() in said
    desk.go("loyalty_datarequest_changelist")
    assert not page.get_by_role("link", name="Hand over the copy").count()
    page.get_by_role("link", name="Erase", exact=True).click()
    page.get_by_label("The household's number").fill("0")
    desk.press("Erase for good")
    desk.reads("is not its number", "Nothing was erased.")
    desk.look()
    page.get_by_label("The household's number").fill(str(home.pk))
    desk.press("Erase for good")
    desk.reads(f"Household {home.pk} is erased.")
    assert not DataRequest.objects.filter(done_at=None).exists()
    desk.go("loyalty_household_change", home.pk)
    desk.reads("nothing is left that tells who it was")
    assert home.name not in page.content()
    desk.look()
    assert Household.objects.get(pk=home.pk).name == ""


def imports_the_catalogue(desk):
    """A file with a wrong row: seen first, then what is right in it is taken, once."""
    page = desk.page
    rows = [
        {"code": "2001", "name": "Rye rolls", "department": "Grocery", "category": "Bread"},
        {
            "code": "1002",
            "name": "Sourdough loaf 750 g",
            "department": "Grocery",
            "category": "Bread",
        },
        {"code": "2002", "name": "", "department": "Grocery", "category": "Bread"},
    ]
    desk.go("pos_integration_product_changelist")
    desk.press("Import")
    desk.look()
    page.get_by_label("CSV or XLSX file").set_input_files(
        {"name": "goods.csv", "mimeType": "text/csv", "buffer": csv_of(*rows)}
    )
    desk.press("Read the file")
    desk.reads("Once you confirm: 1 new, 1 changed", "1 row is faulty")
    page.get_by_role("row", name=re.compile("name.*wanted|name.*empty", re.I)).first.wait_for()
    page.get_by_role("row", name=re.compile("Sourdough loaf .*Sourdough loaf 750 g")).wait_for()
    desk.look()
    assert Product.objects.get(code="1002").name == "Sourdough loaf"
    desk.press("Confirm")
    page.get_by_label("leave the faulty ones").check()
    desk.press("Confirm")
    desk.reads("Applied: 1 new, 1 changed")
    assert Product.objects.get(code="1002").name == "Sourdough loaf 750 g"
    assert not Product.objects.filter(code="2002").exists()


def replays_what_was_mended(desk, shop):
    """A till sent sales of a store under a name nobody knew; named, they are loaded again."""
    page = desk.page
    sale = {**shops.basket("card 2", TODAY, "911", ["1001"]), "store": "High St"}
    _, told = shops.call(desk.server, shop.token, "uploads", {"baskets": [sale]})
    assert told["rejected"] == 1, told
    reject = Reject.objects.get()
    desk.go("pos_integration_reject_change", reject.pk)
    desk.reads("High St", "What to do")
    desk.go("pos_integration_store_change", shop.store.pk)
    page.get_by_role("button", name=re.compile("^Add another")).first.click()
    page.locator("[id$='-0-text']").fill("High St")
    desk.look()
    desk.press("Save")
    desk.go("pos_integration_reject_change", reject.pk)
    desk.press("Load again")
    desk.press("Load again")
    desk.reads("1 of 1 baskets were taken")
    desk.go("pos_integration_reject_change", reject.pk)
    desk.reads("It was taken since, by a replay.")


def test_a_week_of_an_administrator(desk, sign_in, shop):
    sign_in(shops.staff("Ingrid", "Administrators"))
    nora = makes_a_user(desk, shop)
    till = gives_a_till_its_token(desk)
    reads_who_changed_what(desk, nora, till)
    answers_a_request(desk, shop.homes[2])
    imports_the_catalogue(desk)
    replays_what_was_mended(desk, shop)
