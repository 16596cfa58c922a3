"""What a file of offers does to the offers there are: nothing, until it is confirmed."""

from datetime import date
from decimal import Decimal

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import User
from django.db import connection

from coupons import offer_files, pictures
from coupons.models import Offer, OfferBarcode, OfferFile, OfferLevel, OfferProduct, OfferRule
from coupons.offer_files import OfferFileError
from coupons.sheets import codes
from pos_integration.models import Product
from tests import make
from tests.coupons.test_sheet_photos import logo, saved
from tests.spreadsheets import OATS, csv_of, xlsx_of

pytestmark = pytest.mark.django_db
BARCODE = {
    "symbology": "databar",
    "content": "255",
    "company_prefix": "9501101",
    "reference": "53000",
    "family_code": "000",
}


@pytest.fixture(autouse=True)
def _oats():
    make.product()
    make.funder()


@pytest.fixture
def staff():
    return User.objects.create(username="Ada", is_staff=True)


def read(*rows, **said):
    file, _ = offer_files.accept("offers.csv", csv_of(*rows, **said), None)
    return file


def confirm(file, staff, **how):
    return offer_files.confirm(file, staff, digest=file.changes["digest"], **how)


def counts(file):
    return tuple(file.changes[name] for name in ("new", "changed", "same", "faulty"))


def rules(offer):
    return sorted(str(rule) for rule in offer.rules.all())


def test_a_file_changes_nothing_before_it_is_confirmed(staff):
    file = read(OATS)
    assert counts(file) == (1, 0, 0, 0)
    assert not Offer.objects.exists()

    done = confirm(file, staff)
    offer = Offer.objects.get()
    assert (done.state, done.applied_at is None) == ("applied", False)
    assert (offer.code, offer.face_value, offer.funder_id) == (
        "OATS-1",
        Decimal("0.50"),
        "Oat Works",
    )
    assert [*offer.products.all()] == [make.product()]
    assert "Added by the file offers.csv" in LogEntry.objects.get().change_message


def test_all_that_an_offer_may_say_comes_in(staff):
    make.store("0012")
    make.store("7")
    make.category("Drinks")
    Product.objects.create(code="77", name="Oat bar", brand="Oatly", category=make.category())
    said = OATS | {
        "kind": "percent",
        "percent": "20 %",
        "level_2_percent": "30",
        "level_3_percent": "40",
        "level_3_face_value": "2",
        "stores": "12; 0007;7",
        "category": "grocery>drinks",
        "categories": "Grocery > Drinks",
        "brands": "oatly @ Oats",
        "not_products": "77",
        "most_coupons": "500",
        "shared_code": "SPRING",
    }
    confirm(read(said), staff)
    offer = Offer.objects.get()
    levels = [(one.number, one.percent, one.face_value) for one in offer.levels.order_by("number")]
    assert levels == [(2, 30, Decimal("0.50")), (3, 40, Decimal("2.00"))]
    assert [store.number for store in offer.stores.order_by("number")] == ["0012", "7"]
    assert offer.category == make.category("Drinks")
    assert rules(offer) == ["Drinks", "Oat drink 1 l", "Oats, Oatly", "not Oat bar"]
    assert [*offer.products.all()] == [make.product()]
    assert (offer.most_coupons, offer.shared_code) == (500, "SPRING")


def test_a_workbook_does_what_a_csv_does(staff):
    typed = OATS | {"products": 5012345678900, "face_value": 0.5, "valid_from": date(2026, 3, 1)}
    file, _ = offer_files.accept("offers.xlsx", xlsx_of(typed), None)
    confirm(file, staff)
    assert counts(read(OATS)) == (0, 0, 1, 0)


def test_what_would_change_is_shown_before_and_after(staff):
    confirm(read(OATS), staff)
    file = read(OATS | {"face_value": "0.75", "valid_to": "2026-04-30"})
    [shown] = file.changes["first_changed"]
    assert shown["changes"] == [
        ["face_value", "0.50", "0.75"],
        ["valid_to", "2026-03-31", "2026-04-30"],
    ]
    confirm(file, staff)
    assert Offer.objects.get().face_value == Decimal("0.75")


def test_what_a_file_has_no_column_for_stays_as_it_is(staff):
    confirm(read(OATS | {"detail": "Oat Works 1 l", "level_2_face_value": "0.70"}), staff)
    without = {name: cell for name, cell in OATS.items() if name != "products"}
    confirm(read(without | {"name": "Oats"}), staff)
    offer = Offer.objects.get()
    assert (offer.name, offer.detail, offer.levels.count()) == ("Oats", "Oat Works 1 l", 1)
    assert [*offer.products.all()] == [make.product()]


def test_an_empty_cell_takes_away_what_was_said(staff):
    make.store("7")
    confirm(read(OATS | {"detail": "1 l", "level_2_face_value": "0.70", "stores": "7"}), staff)
    confirm(read(OATS | {"detail": "", "level_2_face_value": "", "stores": ""}), staff)
    offer = Offer.objects.get()
    assert (offer.detail, offer.levels.count(), offer.stores.count()) == ("", 0, 0)


def test_a_threshold_may_be_taken_back_to_the_whole_basket(staff):
    said = OATS | {"kind": "threshold", "threshold": "20"}
    confirm(read(said), staff)
    confirm(read(said | {"products": ""}), staff)
    assert not OfferRule.objects.exists()
    assert not OfferProduct.objects.exists()


@pytest.mark.parametrize("kind", ["csv", "xlsx"])
def test_what_is_exported_reads_as_the_same(kind):
    brand = Product.objects.create(code="77", brand='Ben; "Jerry"', category=make.category())
    make.offer()  # with a product given by hand, and no rule
    odd = make.offer("2.50", shared_code="=1+1")
    odd.terms, odd.name, odd.funder_share = "One\r\nTwo", "'+Oats", Decimal("0.125")
    odd.least_coupons, odd.real_budget = 3, Decimal("1000.50")
    odd.save()
    odd.stores.add(make.store("0012"))
    OfferLevel.objects.create(offer=odd, number=2, face_value=Decimal(3))
    OfferRule.objects.create(offer=odd, category=make.category())
    OfferRule.objects.create(offer=odd, brand=brand.brand, category=make.category())
    OfferRule.objects.create(offer=odd, brand=brand.brand, is_excluded=True)
    OfferRule.objects.create(offer=odd, product=brand, is_excluded=True)
    odd.photo = pictures.keep("harvest", saved(logo()))
    odd.save()
    OfferBarcode.objects.create(offer=odd, **BARCODE)
    body = offer_files.written(Offer.objects.all(), kind)
    file, _ = offer_files.accept(f"offers.{kind}", body, None)
    assert (file.faults, counts(file)) == ([], (0, 0, 2, 0))


def test_a_file_names_the_photo_and_the_barcode_of_an_offer(staff):
    kept = pictures.keep("harvest", saved(logo()))
    confirm(read(OATS | {"photo": "harvest"} | BARCODE), staff)
    offer = Offer.objects.get()
    assert offer.photo == kept
    assert offer.barcode.company_prefix == "9501101"

    confirm(read(OATS | {"reference": "53001"}), staff)
    assert OfferBarcode.objects.get().reference == "53001"
    confirm(read(OATS | {"photo": ""} | dict.fromkeys(BARCODE, "")), staff)
    assert not OfferBarcode.objects.exists()
    assert Offer.objects.get().photo is None


@pytest.mark.parametrize(
    ("said", "column", "sentence"),
    [
        ({"photo": "harvst"}, "photo", "No picture is called 'harvst'. Is 'harvest' meant?"),
        ({"reference": "53000"}, "symbology", "A barcode wants it"),
        (BARCODE | {"reference": "530"}, "reference", "a global coupon number wants 12"),
        (BARCODE | {"symbology": "ean_13"}, "symbology", "stands in GS1-128 or"),
        (BARCODE | {"company_prefix": "950110X"}, "company_prefix", "is not 2 to 12 digits"),
        (
            BARCODE
            | {"symbology": "ean_13", "content": "ean", "company_prefix": "9810"}
            | {"face_value": "0.55"},
            "company_prefix",
            "cannot say 0.55",
        ),
        (BARCODE | {"reference": "53009"}, "reference", "This barcode names the offer 'taken'."),
    ],
)
def test_photos_and_barcodes_that_cannot_be_are_faulty(said, column, sentence):
    pictures.keep("harvest", saved(logo()))
    taken = make.offer()
    Offer.objects.filter(pk=taken.pk).update(code="taken")
    OfferBarcode.objects.create(offer=taken, **BARCODE | {"reference": "53009"})
    faults = read(OATS | said).faults
    assert column in [fault[1] for fault in faults]
    assert sentence in " ".join(fault[2] for fault in faults)


def test_two_rows_with_one_barcode_are_not_both_right():
    file = read(*(OATS | BARCODE | {"code": code} for code in ("a", "b")))
    assert [fault[:2] for fault in file.faults] == [[3, "reference"]]


def test_the_barcode_of_printed_coupons_stays_and_their_photo_may_change(staff):
    confirm(read(OATS | BARCODE), staff)
    make.coupon("99001", Offer.objects.get())
    pictures.keep("harvest", saved(logo()))

    confirm(read(OATS | BARCODE | {"photo": "harvest"}), staff)
    assert Offer.objects.get().photo is not None
    file = read(OATS | BARCODE | {"reference": "53001"})
    assert "this stays '53000'" in file.faults[0][2]
    assert counts(read(OATS | {"photo": "harvest"} | dict.fromkeys(BARCODE, ""))) == (0, 0, 1, 0)


def test_an_offer_whose_coupons_carry_their_own_codes_may_still_get_a_barcode(staff):
    confirm(read(OATS), staff)
    make.coupon("99001", Offer.objects.get())
    confirm(read(OATS | BARCODE), staff)
    assert OfferBarcode.objects.exists()


def bad(number, **wrong):
    return OATS | {"code": f"OATS-{number}"} | wrong


def test_ten_bad_rows_in_ten_thousand_are_shown_and_nothing_is_changed():
    rows = [bad(number) for number in range(10_000)]
    for number in range(10):
        rows[number * 1_000] = bad(number * 1_000, face_value="0,50")
    file = read(*rows)
    assert counts(file) == (9_990, 0, 0, 10)
    assert [fault[:2] for fault in file.faults] == [
        [number * 1_000 + 2, "face_value"] for number in range(10)
    ]
    assert "'0,50' has a comma" in file.faults[0][2]
    assert not Offer.objects.exists()


def test_the_right_rows_are_applied_without_the_faulty_ones_only_if_staff_say_so(staff):
    file = read(bad(1), bad(2, face_value=""))
    with pytest.raises(OfferFileError, match="1 of 2 rows is faulty"):
        confirm(file, staff)
    assert not Offer.objects.exists()
    done = confirm(file, staff, may_leave_faulty=True)
    assert [offer.code for offer in Offer.objects.all()] == ["OATS-1"]
    assert counts(done) == (1, 0, 0, 1)


def test_a_file_is_applied_once_however_often_it_is_confirmed(staff):
    file = read(OATS)
    first = confirm(file, staff)
    Offer.objects.update(name="By hand since")
    assert confirm(file, staff).applied_at == first.applied_at
    assert Offer.objects.get().name == "By hand since"


def test_the_same_bytes_wait_once_and_do_nothing_once_applied(staff):
    file, again = read(OATS), read(OATS)
    assert again.pk == file.pk
    confirm(file, staff)
    third = read(OATS)
    assert third.pk != file.pk
    assert counts(third) == (0, 0, 1, 0)


def test_what_changed_since_somebody_looked_is_looked_at_once_more(staff):
    confirm(read(OATS), staff)
    file = read(OATS | {"name": "Oats"})
    Offer.objects.update(face_value=Decimal("0.60"))
    with pytest.raises(OfferFileError, match="Nothing was changed: since you looked"):
        confirm(file, staff)
    assert Offer.objects.get().name == "Oat drink"
    file.refresh_from_db()
    assert [change[0] for change in file.changes["first_changed"][0]["changes"]] == [
        "name",
        "face_value",
    ]
    confirm(file, staff)
    assert Offer.objects.get().name == "Oats"


def test_worth_and_dates_that_are_printed_meanwhile_stay(staff):
    confirm(read(OATS | {"level_2_face_value": "0.60"}), staff)
    file = read(OATS | {"face_value": "0.40", "level_2_face_value": "0.55", "name": "Oats"})
    make.coupon(codes.mint(), Offer.objects.get())
    with pytest.raises(OfferFileError, match="since you looked"):
        confirm(file, staff)
    file.refresh_from_db()
    assert [[row, column] for row, column, _ in file.faults] == [
        [2, "face_value"],
        [2, "level_2_face_value"],
    ]
    assert file.faults[0][2] == "Coupons of this offer are out: this stays '0.50', not '0.40'."
    unprinted = OATS | {"name": "Oats", "level_2_face_value": "0.60", "level_3_face_value": "0.80"}
    confirm(read(unprinted), staff)
    assert Offer.objects.get().name == "Oats"


def test_all_of_a_file_is_applied_or_nothing(staff):
    file = read(bad(1), bad(2))
    with connection.cursor() as cursor:
        cursor.execute(
            "CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"
            " RAISE EXCEPTION 'made by hand' USING ERRCODE = 'unique_violation'; END $$;"
            "CREATE TRIGGER refuse AFTER INSERT ON coupons_offerrule"
            " FOR EACH STATEMENT EXECUTE FUNCTION refuse()"
        )
    with pytest.raises(OfferFileError, match="Nothing was changed"):
        confirm(file, staff)
    assert not Offer.objects.exists()
    assert OfferFile.objects.get().state == "read"


def test_a_dropped_file_is_not_applied(staff):
    file = read(OATS)
    offer_files.drop(file)
    with pytest.raises(OfferFileError, match="was dropped"):
        confirm(file, staff)
    applied = confirm(read(OATS), staff)
    with pytest.raises(OfferFileError, match="applied already"):
        offer_files.drop(applied)


@pytest.mark.parametrize(
    ("wrong", "column", "says"),
    [
        ({"funder": "Oat Work"}, "funder", "no funder 'Oat Work'. Is 'Oat Works' meant?"),
        ({"products": "5012345678901"}, "products", "ends in 1, not 0: a digit is wrong"),
        ({"products": "77; 78"}, "products", "No product has the number '77'."),
        ({"products": "77,78"}, "products", "parted by semicolons"),
        ({"products": ""}, "products", "good on nothing"),
        ({"categories": "Oatz"}, "categories", "no category 'Oatz'"),
        ({"categories": "Twice"}, "categories", "may be 'Grocery > Oats > Twice' or"),
        ({"brands": "Oattly"}, "brands", "No product has the brand 'Oattly'. Is 'Oatly' meant?"),
        ({"stores": "9"}, "stores", "no store '9'"),
        ({"picture": "aple"}, "picture", "no picture 'aple'. Is 'apple' meant?"),
        ({"shared_code": "OURS"}, "shared_code", "'OURS' is the code of the offer"),
        ({"valid_to": "2026-02-01"}, "valid_to", "before the first day"),
        ({"kind": "percent"}, "percent", "how many percent"),
        ({"face_value": "0"}, "face_value", "more than 0"),
        ({"level_2_face_value": "0.40"}, "level_2_face_value", "not more than the 0.50"),
        ({"level_3_face_value": "0.90"}, "level_3_face_value", "no level 2"),
        ({"least_coupons": "9", "most_coupons": "5"}, "most_coupons", "9 that are guaranteed"),
    ],
)
def test_a_row_that_cannot_be_meant_says_why(wrong, column, says):
    make.offer(shared_code="OURS")
    Product.objects.create(code="1", brand="Oatly")
    for above in ("Oats", "Bread"):
        make.category(above).children.create(level="type", name="Twice")
    file = read(OATS | wrong)
    assert counts(file) == (0, 0, 0, 1)
    assert [2, column] in [fault[:2] for fault in file.faults]
    assert says in " ".join(fault[2] for fault in file.faults)


@pytest.mark.parametrize(
    "number", ["00012345678905", "012345678905", "12345678905", "12345678905.0"]
)
def test_a_gtin_is_known_in_every_form_even_without_its_zeros(number):
    product = make.product("00012345678905", "Rice")
    file = read(OATS | {"products": number})
    [shown] = file.changes["first_new"]
    assert ["products", "", product.gtin] in shown["changes"]


def test_an_in_house_number_is_known_before_a_gtin_without_zeros():
    make.product("00012345678905", "Rice")
    Product.objects.create(code="12345678905", gtin=None, name="Ours")
    [shown] = read(OATS | {"products": "12345678905"}).changes["first_new"]
    assert ["products", "", "12345678905"] in shown["changes"]


def test_an_offer_that_stays_as_it_is_is_not_judged():
    offer = make.offer()
    offer.offer_products.all().delete()
    offer.picture = "no such"
    offer.save()
    body = offer_files.written(Offer.objects.all(), "csv")
    file, _ = offer_files.accept("offers.csv", body, None)
    assert (file.faults, counts(file)) == ([], (0, 0, 1, 0))


def test_many_offers_are_covered_too(staff):
    make.offer()  # of March, over by now
    confirm(read(*(bad(number) for number in range(150))), staff)
    assert OfferProduct.objects.count() == 151
