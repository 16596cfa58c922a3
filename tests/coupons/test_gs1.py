"""What GS1 wants in a coupon's barcode: made as GS1 does, and understood as scanners send it."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coupons.sheets.symbols import gs1
from coupons.sheets.symbols.offers import NorthAmerican, PositiveOffer, Requirement

GCN = "9501101530003"
GS1_OWN_EXAMPLE = "106141416543213500110000310123196000"  # of AI 8110


def digits(least: int, most: int | None = None) -> st.SearchStrategy[str]:
    return st.text("0123456789", min_size=least, max_size=most or least)


def test_numbers_end_in_the_check_digit_that_gs1_computes():
    assert gs1.gcn("950110153", "000") == GCN
    assert gs1.gcn("4012345", "67890") == "4012345678901"
    assert gs1.ean13("9813765", "03", 10) == "9813765030011"  # GS1 Greece's examples
    assert gs1.ean13("9828508", "01", 10) == "9828508010106"


def test_the_prefix_of_an_ean_coupon_says_how_many_decimals_its_value_has():
    assert gs1.ean13("9811234", "56", 9990)[9:12] == "999"
    assert gs1.ean13("9821234", "56", 999)[9:12] == "999"
    assert gs1.ean13("9821234", "56")[9:12] == "000"  # free goods
    assert gs1.ean13("9912345", "67890") == "9912345678909"


@pytest.mark.parametrize(
    ("prefix", "reference", "cents"),
    [
        ("9811234", "56", 1005),  # no cents with one decimal
        ("9821234", "56", 1000),
        ("9821234", "56", -1),
        ("9912345", "67890", 100),
        ("9831234", "56789", 100),  # what 983 means is not said
        ("9821234", "5", 100),
        ("99", "1234", None),
        ("99\u0661\u0662\u0663\u0664\u0665", "67890", None),
    ],
)
def test_an_ean_coupon_that_cannot_be_is_refused(prefix, reference, cents):
    with pytest.raises(ValueError, match=r"EAN-13|cents"):
        gs1.ean13(prefix, reference, cents)


def test_gs1s_own_example_of_a_north_american_coupon_is_understood_and_made_again():
    coupon = NorthAmerican.from_text(GS1_OWN_EXAMPLE)

    assert coupon == NorthAmerican(
        company_prefix="0614141",
        offer_code="654321",
        save_value=500,
        expires=date(2010, 12, 31),
        save_value_code=6,
    )
    assert gs1.ai_8110(coupon) == f"(8110){GS1_OWN_EXAMPLE}"


amounts = st.integers(0, 999)  # all that may be said at once then fits into 70 digits
requirements = st.builds(Requirement, amounts, st.sampled_from([0, 1, 2, 3, 4, 9]), digits(3))


@given(
    st.builds(
        NorthAmerican,
        company_prefix=digits(6, 7),
        offer_code=digits(6),
        save_value=amounts,
        requirement=amounts,
        requirement_code=st.sampled_from([0, 1, 2, 3, 4, 9]),
        family_code=digits(3),
        second=st.none() | requirements,
        expires=st.none() | st.dates(date(2050, 1, 1), date(2099, 12, 31)),
        starts=st.none() | st.dates(date(2000, 1, 1), date(2049, 12, 31)),
        serial=digits(12) | st.just(""),
        save_value_code=st.sampled_from([0, 1, 2, 5, 6]),
        store_flag=st.integers(0, 9),
        no_multiply=st.booleans(),
    )
)
def test_whatever_a_north_american_coupon_says_is_read_back(coupon):
    assert NorthAmerican.from_text(coupon.to_text()) == coupon
    scanned = gs1.parse(gs1.ai_8110(coupon))
    assert scanned is not None
    assert (scanned.company_prefix, scanned.reference) == (
        coupon.company_prefix,
        coupon.offer_code,
    )
    assert scanned.serial == (int(coupon.serial) if coupon.serial else None)


def test_a_north_american_coupon_may_want_three_things_at_one_retailer():
    coupon = NorthAmerican(
        "614141",
        "654321",
        100,
        second=Requirement(2, 0, "123"),
        additional_rules=1,
        third=Requirement(500, 1, "000", "0012345"),
        retailer="0061414",
        applies_to=2,
    )
    text = "".join(
        (
            *("0", "614141", "654321", "3", "100", "1", "1", "0", "000"),
            *("1", "1", "1", "2", "0", "123", "9"),
            *("2", "3", "500", "1", "000", "1", "0012345"),
            *("6", "1", "0061414", "9", "0", "2", "0", "0"),
        )
    )

    assert coupon.to_text() == text
    assert NorthAmerican.from_text(text) == coupon


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"company_prefix": "12345"}, "the company prefix '12345' is not 6 to 12 digits"),
        ({"offer_code": "12345"}, "the offer code '12345' is not 6 digits"),
        ({"save_value": 100_000}, "the saving is 100000"),
        ({"requirement_code": 5}, "the requirement code is 5"),
        ({"save_value_code": 3}, "the save value code is 3"),
        ({"serial": "12345"}, "the serial number"),
        ({"additional_rules": 1}, "without a second requirement"),
        ({"expires": date(2100, 1, 1)}, "not in this century"),
        ({"expires": date(2026, 1, 1), "starts": date(2026, 2, 1)}, "after it expired"),
        (
            {
                "company_prefix": "1" * 12,
                "serial": "1" * 15,
                "retailer": "1" * 13,
                "expires": date(2026, 1, 1),
                "store_flag": 1,
            },
            "digits of at most 70",
        ),
    ],
)
def test_a_north_american_coupon_that_cannot_be_is_refused(changes, said):
    sound = {"company_prefix": "0614141", "offer_code": "654321", "save_value": 100}
    with pytest.raises(ValueError, match=said):
        NorthAmerican(**(sound | changes))


@pytest.mark.parametrize(
    "text",
    [
        "",
        "1061",
        "106141416543213500110000310123196",  # cut short
        "106141416543213500110000310133196000",  # month 13
        "1061414165432135001100003101231960001",  # goes on too long
        "706141416543213500110000",  # length of the prefix
        "10614141654321350011000x",
        "106141416543213500110000\u0663101231",
    ],
)
def test_digits_that_are_no_north_american_coupon_are_no_scanned_coupon(text):
    with pytest.raises(ValueError, match=r"is not a coupon of North America|are not digits"):
        NorthAmerican.from_text(text)
    assert gs1.parse(f"(8110){text}") is None


@given(
    st.builds(PositiveOffer, digits(6, 12), digits(6), digits(6, 15), st.integers(0, 2)),
)
def test_whatever_a_positive_offer_says_is_read_back(offer):
    assert PositiveOffer.from_text(offer.to_text()) == offer
    assert gs1.parse(f"]e0{gs1.ai_8112(offer)[1:].replace(')', '')}") == gs1.Scanned(
        "8112",
        gs1.ai_8112(offer),
        company_prefix=offer.funder,
        reference=offer.offer_code,
        serial=int(offer.serial),
    )


@pytest.mark.parametrize(
    "scanned",
    [
        "(255)9501101530003000000000042",
        "2559501101530003000000000042",
        "]C12559501101530003000000000042",
        "]e02559501101530003000000000042\r\n",
        "]d22559501101530003000000000042",
        "]Q3\x1d2559501101530003000000000042",
        "]C12559501101530003000000000042\x1d3900075\x1d17261231",
        "]e0172612312559501101530003000000000042\x1d3940010",
        "(17)261231(255)9501101530003000000000042(3900)075",
        "https://id.grocer.example/255/9501101530003000000000042",
        "]Q1https://id.grocer.example/some/where/255/9501101530003000000000042?17=261231",
        "HTTPS://ID.GROCER.EXAMPLE/255/9501101530003000000000042",
        gs1.digital_link("https://grocer.example/c/", GCN, "000000000042"),
    ],
)
def test_however_a_coupon_is_scanned_it_is_the_same_coupon(scanned):
    assert gs1.parse(scanned) == gs1.Scanned(
        "255", "(255)9501101530003000000000042", gcn=GCN, serial=42
    )


def test_a_coupon_that_all_households_share_has_no_serial_number():
    for scanned in (gs1.ai_255(GCN), gs1.digital_link("https://grocer.example", GCN)):
        assert gs1.parse(scanned) == gs1.Scanned("255", f"(255){GCN}", gcn=GCN)
    for scanned in ("9813765030011", "]E09813765030011"):
        assert gs1.parse(scanned) == gs1.Scanned("ean", "9813765030011", gcn="9813765030011")


@pytest.mark.parametrize(
    "scanned",
    [
        "",
        "]C1",
        "9813765030012",  # check digit
        "(255)9501101530004",
        "(255)95011015300030000000000421",  # 13 digits of serial
        "(255)950110153000300000000004x",
        "(255)95011015300030000000000٤٢",
        "2559501101530004",
        "https://id.grocer.example/255/9501101530004",
        "https://id.grocer.example/01/9501101530003",
        "ftp://id.grocer.example/255/9501101530003",
        "(01)09501101530003",
        "0109501101530003",
        "7Q4M-K2XP-9TRD-A",
        "5012345",
        "(255",
        "()",
        "\x1d",
    ],
)
def test_what_is_no_coupon_of_gs1_is_none(scanned):
    assert gs1.parse(scanned) is None


@given(st.text(max_size=60) | st.text("0123456789()]CeQd\x1d", max_size=60))
def test_nothing_that_is_scanned_raises(text):
    gs1.parse(text)


def test_only_elements_of_variable_length_end_in_a_separator():
    text = "(01)09501101530003(10)AB-1(17)261231(255)9501101530003(3900)075"
    carried = "010950110153000310AB-1\x1d172612312559501101530003\x1d3900075"

    assert gs1.unbracketed(text) == carried
    assert gs1.bracketed(carried) == text


def test_what_no_barcode_carries_is_refused_in_words():
    with pytest.raises(ValueError, match="'9501101530004' ends in 4, not 3"):
        gs1.ai_255("9501101530004")
    with pytest.raises(ValueError, match="has 13 digits, unlike '95011015300030'"):
        gs1.ai_255("95011015300030", "1")
    with pytest.raises(ValueError, match="is no element string"):
        gs1.elements("(10)a b")
    with pytest.raises(ValueError, match="needs 12 digits before its check digit"):
        gs1.gcn("950110153", "0000")
    with pytest.raises(ValueError, match="is no address of the web"):
        gs1.digital_link("grocer.example", GCN)
    with pytest.raises(ValueError, match="begins no element"):
        gs1.bracketed("5912")
