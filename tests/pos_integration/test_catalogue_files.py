"""The catalogue comes and goes as a file: seen before it is done, and done once."""

import re
from decimal import Decimal

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Permission, User
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pos_integration import catalogue
from pos_integration.catalogue_files import waiting
from pos_integration.desk import NOTHING
from pos_integration.models import Category, Product, Store
from pos_integration.tables import reading, writing
from tests.spreadsheets import csv_of, xlsx_of
from tests.staff import one_of

pytestmark = pytest.mark.django_db
OATS = "4006381333931"
ROLLS = {
    "code": "1095275",
    "gtin": "",
    "name": "Rolls",
    "brand": "Private",
    "size": "6 pk",
    "department": "Bakery",
    "category": "Bread",
    "type": "",
    "lowest_price": "0.79",
}
BREAD = {"department": "Bakery", "category": "Bread", "goods": "", "margin_share": "30 %"}
STORE = {"number": "330", "name": "Main Street", "currency": "EUR", "time_zone": "Europe/Berlin"}


@pytest.fixture
def desk():
    return one_of("Administrators")


def page(model, name, *args):
    return reverse(f"admin:pos_integration_{model}_{name}", args=args)


def text(response):
    return re.sub(r"\s+", " ", re.sub(r"<[^>]*>", " ", response.content.decode()))


def upload(desk, model, body, name="catalogue.csv"):
    file = {"file": SimpleUploadedFile(name, body)}
    return desk.post(page(model, "import"), file, follow=True)


def token_of(response):
    return response.redirect_chain[-1][0].rstrip("/").split("/")[-1]


def confirm(desk, model, token, **said):
    url = page(model, "step", token, "confirm")
    asked = desk.get(url)
    digest = re.search(r'name="digest" value="(\w+)"', asked.content.decode())
    said = {"digest": digest[1] if digest else "", **said}
    return desk.post(url, said, follow=True)


def bring(desk, model, *rows):
    shown = upload(desk, model, csv_of(*rows))
    return confirm(desk, model, token_of(shown))


@pytest.mark.parametrize("of", [csv_of, xlsx_of])
def test_products_are_shown_first_and_come_in_once_confirmed(desk, of):
    shown = upload(desk, "product", of(ROLLS, ROLLS | {"code": "2", "name": "Buns"}))
    assert "Once you confirm: 2 new, 0 changed, 0 the same" in text(shown)
    assert "Bakery &gt; Bread" in text(shown)
    assert "Buns" in text(shown)
    assert not Product.objects.exists()

    done = confirm(desk, "product", token_of(shown))
    assert "Applied: 2 new" in text(done)
    rolls = Product.objects.get(code="1095275")
    assert (rolls.name, str(rolls.category), rolls.lowest_price) == (
        "Rolls",
        "Bread",
        Decimal("0.79"),
    )
    assert LogEntry.objects.get().change_message == "File of products: 2 new, 0 changed."


def test_what_would_change_stands_before_and_after_and_the_rest_stays(desk):
    bring(desk, "product", ROLLS)
    shown = upload(desk, "product", csv_of({"code": "1095275", "name": "White rolls"}))
    assert "0 new, 1 changed" in text(shown)
    assert "1095275 White rolls name Rolls White rolls" in text(shown)
    assert "lowest" not in text(shown)

    confirm(desk, "product", token_of(shown))
    rolls = Product.objects.get()
    assert (rolls.name, rolls.brand, rolls.size, rolls.lowest_price) == (
        "White rolls",
        "Private",
        "6 pk",
        Decimal("0.79"),
    )
    again = upload(desk, "product", csv_of({"code": "1095275", "name": "White rolls"}))
    assert "There is nothing to apply: 0 new, 0 changed, 1 the same" in text(again)


def test_what_only_a_till_had_named_is_listed_from_then_on(desk):
    catalogue.add_unlisted({OATS: "OATS 1L"})
    shown = upload(desk, "product", csv_of({"code": "7", "gtin": OATS, "name": "OATS 1L"}))
    assert "listed no yes" in text(shown)
    confirm(desk, "product", token_of(shown))
    assert Product.objects.filter(is_listed=True, code="7", gtin=f"0{OATS}").exists()


def test_faults_name_row_and_column_and_nothing_comes_in_until_they_are_left_out(desk):
    bring(desk, "product", ROLLS | {"gtin": OATS})
    rows = [
        ROLLS | {"code": "3", "gtin": "4006381333932"},
        ROLLS | {"code": "4", "gtin": OATS},
        ROLLS | {"code": "5", "department": ""},
        ROLLS | {"code": "", "gtin": ""},
        ROLLS | {"code": "6", "lowest_price": "cheap"},
        ROLLS | {"code": "7"},
    ]
    shown = upload(desk, "product", csv_of(*rows))
    said = text(shown)
    assert "2 gtin &#x27;4006381333932&#x27; ends in 2, not 1." in said
    assert "3 gtin 04006381333931 is the number of &#x27;Rolls&#x27;, code 1095275" in said
    assert "4 department &#x27;Bread&#x27; stands below no department" in said
    assert "5 code A product wants its code, its GTIN, or both." in said
    assert "6 lowest_price &#x27;cheap&#x27; is not a plain number" in said
    assert "5 rows are faulty" in said

    token = token_of(shown)
    assert "Nothing was changed: 5 of 6 rows are faulty" in text(confirm(desk, "product", token))
    assert Product.objects.count() == 1
    faults = desk.get(page("product", "faults", token)).content.decode("utf-8-sig")
    assert faults.count("\r\n") == 6
    done = confirm(desk, "product", token, may_leave_faulty="on")
    assert "Applied: 1 new, 0 changed, 0 the same. 5 rows are faulty and left out." in text(done)
    assert Product.objects.filter(code="7").exists()


def test_a_second_click_does_nothing_again(desk):
    shown = upload(desk, "product", csv_of(ROLLS))
    token = token_of(shown)
    confirm(desk, "product", token)
    Product.objects.all().delete()
    assert "Applied: 1 new" in text(confirm(desk, "product", token))
    assert not Product.objects.exists()

    # Both clicks had read the page before either was served.
    user = User.objects.get()
    file = waiting.accept("products", "two.csv", csv_of(ROLLS), user)
    waiting.confirm(file, user, digest=file.digest, may_leave_faulty=False)
    with pytest.raises(waiting.WaitingError, match="already"):
        waiting.confirm(file, user, digest=file.digest, may_leave_faulty=False)


def test_only_who_sent_a_file_sees_and_confirms_it(desk):
    token = token_of(upload(desk, "product", csv_of(ROLLS)))
    other = User.objects.create_superuser("another")
    client = Client()
    client.force_login(other)
    for answer in (
        client.get(page("product", "waiting", token), follow=True),
        client.post(page("product", "step", token, "confirm"), {"digest": "x"}, follow=True),
    ):
        assert "waits here no longer, or somebody else sent it" in text(answer)
    assert not Product.objects.exists()


def test_a_file_that_would_do_something_else_by_now_is_looked_at_anew(desk):
    shown = upload(desk, "product", csv_of(ROLLS))
    token = token_of(shown)
    catalogue.load_products([ROLLS | {"name": "Other rolls"}])
    assert "Nothing was changed: since you looked" in text(confirm(desk, "product", token))
    assert Product.objects.get().name == "Other rolls"
    assert "Applied: 0 new, 1 changed" in text(confirm(desk, "product", token))


def test_a_dropped_file_changes_nothing(desk):
    token = token_of(upload(desk, "product", csv_of(ROLLS)))
    desk.post(page("product", "step", token, "drop"))
    assert "Dropped" in text(confirm(desk, "product", token))
    assert not Product.objects.exists()


def test_categories_come_with_those_above_them(desk):
    top = {"department": "Bakery", "category": "", "goods": "", "margin_share": ""}
    alone = upload(desk, "category", csv_of(BREAD))
    assert "There is no &#x27;Bakery&#x27; yet: give it a row of its own." in text(alone)

    assert "Applied: 2 new" in text(bring(desk, "category", BREAD, top))
    bread = Category.objects.get(name="Bread")
    assert (str(bread.parent), bread.level, bread.margin_share) == (
        "Bakery",
        "category",
        Decimal("0.300"),
    )
    shown = upload(desk, "category", csv_of(BREAD | {"goods": "alcohol"}))
    assert f"Bakery &gt; Bread goods {NOTHING} alcohol" in text(shown)


def test_stores_are_checked_through(desk):
    wrong = STORE | {"number": "331", "currency": "eur", "time_zone": "Berlin"}
    shown = text(upload(desk, "store", csv_of(STORE, wrong)))
    assert "3 currency" in shown
    assert "3 time_zone no time zone is named" in shown

    bring(desk, "store", STORE)
    shown = upload(desk, "store", csv_of({"number": "330", "name": "Market Square"}))
    assert "name Main Street Market Square" in text(shown)
    confirm(desk, "store", token_of(shown))
    assert Store.objects.get().currency == "EUR"


@pytest.mark.parametrize(
    ("name", "body", "says"),
    [
        ("list.csv", b"%PDF-1.7\n%\xe2\xe3", "This is a PDF, not a table."),
        ("list.xlsx", b"\x89PNG\r\n\x1a\n\0\0", "This is a picture, not a table."),
        ("list.csv", b"", "This file is empty."),
        ("list.csv", b"code,brand\r\n1,Oats\r\n", "The column is missing: name."),
        ("list.csv", b"code,name,name\r\n1,A,B\r\n", "stands there 2 times"),
        ("list.csv", b"code,name\r\n", "a header and no row below it"),
    ],
)
def test_a_wrong_file_is_refused_in_words(desk, name, body, says):
    assert says in text(upload(desk, "product", body, name))
    assert not Product.objects.exists()


def test_a_file_of_old_windows_is_read_and_that_is_said(desk):
    shown = upload(desk, "product", csv_of(ROLLS | {"name": "Brötchen"}, encoding="latin-1"))
    assert "read as Windows-1252" in text(shown)
    assert "Brötchen" in text(shown)


def test_a_formula_that_was_never_calculated_is_a_fault(desk):
    def formula(book):
        book.active["C2"] = "=1+1"

    shown = upload(desk, "product", xlsx_of(ROLLS, change=formula), "list.xlsx")
    assert "2 name A formula stands here that was never calculated." in text(shown)


def test_the_list_is_exported_as_it_is_filtered(desk):
    bring(desk, "product", ROLLS, ROLLS | {"code": "2", "name": "Buns"})
    listed = desk.get(page("product", "changelist"), {"q": "Buns"}).content.decode()
    assert "export/csv/?q=Buns" in listed
    body = desk.get(page("product", "export", "csv"), {"q": "Buns"}).getvalue().decode("utf-8-sig")
    assert body.splitlines() == [
        "code,gtin,name,brand,size,department,category,type,lowest_price",
        "2,02000000000022,Buns,Private,6 pk,Bakery,Bread,,0.79",
    ]
    wrong = desk.get(page("product", "export", "csv"), {"nothing__like": "x"}, follow=True)
    assert "There is no such filter" in text(wrong)


@pytest.mark.parametrize("kind", ["csv", "xlsx"])
@pytest.mark.parametrize("model", ["product", "category", "store"])
def test_what_is_exported_is_read_back_as_the_same(desk, model, kind):
    bring(
        desk, "product", ROLLS, ROLLS | {"code": "2", "name": "=1+1", "brand": "'-2", "type": "@"}
    )
    bring(desk, "store", STORE)
    body = desk.get(page(model, "export", kind)).getvalue()
    assert "There is nothing to apply: 0 new, 0 changed" in text(upload(desk, model, body))


WORDS = st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"]), max_size=30)
SPECIAL = st.sampled_from(["=1+1", "+A1", "-2", "@x", "'=1", "''-", '"', "a;b", "1,5", "007"])
CELL = (WORDS | SPECIAL).map(str.strip)


@settings(
    max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    st.lists(
        st.fixed_dictionaries(
            {
                "name": CELL.filter(bool),
                "brand": CELL,
                "size": CELL,
                "department": CELL.filter(bool),
                "category": CELL,
                "lowest_price": st.none() | st.decimals(0, 999, places=2),
            }
        ),
        min_size=1,
        max_size=3,
    )
)
def test_whatever_products_say_is_exported_changed_and_imported_again(products):
    Product.objects.all().delete()
    form = waiting.KINDS["products"].form
    catalogue.load_products([row | {"code": f"P{number}"} for number, row in enumerate(products)])
    rows = [*waiting.KINDS["products"].written(Product.objects.all())]
    for write in (writing.as_csv, writing.as_xlsx):
        plan = waiting.KINDS["products"].compare(reading.read(write(rows, form), form))
        assert (plan.reading.faults, plan.new, plan.changed) == ([], [], [])
        edited = [row | {"size": f"{row['name']!s:.30}."} for row in rows]
        plan = waiting.KINDS["products"].compare(reading.read(write(edited, form), form))
        assert not plan.reading.faults
        waiting.KINDS["products"].apply(plan.changed)
        kept = [*waiting.KINDS["products"].written(Product.objects.all())]
        assert kept == edited
        catalogue.load_products(rows)


def test_who_may_not_change_all_products_imports_none(desk):
    user = User.objects.create_user("looks", is_staff=True)
    user.user_permissions.set(Permission.objects.filter(codename="view_product"))
    client = Client()
    client.force_login(user)
    assert client.get(page("product", "import")).status_code == 403
    assert "import/" not in client.get(page("product", "changelist")).content.decode()
    assert client.get(page("product", "export", "csv")).status_code == 200
    assert Client().get(page("product", "export", "csv")).status_code == 302


def test_pages_of_a_large_file_ask_little_and_show_some(desk):
    rows = [ROLLS | {"code": str(number)} for number in range(1, 3_001)]
    token = token_of(upload(desk, "product", csv_of(*rows)))
    with CaptureQueriesContext(
        connection,
    ) as asked:
        shown = desk.get(page("product", "waiting", token))
    assert len(asked) <= 20
    assert "the first 30 of 3,000" in text(shown)
    assert len(shown.content) < 100_000
    confirm(desk, "product", token)
    assert Product.objects.count() == 3_000
