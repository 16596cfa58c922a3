"""A barcode that tills could not read is refused in words before anything is printed."""

from decimal import Decimal

import pytest

from coupons.barcode_rules import faults


def barcode(symbology="databar", content="255", prefix="9501101", reference="53000", family="000"):
    return {
        "symbology": symbology,
        "content": content,
        "company_prefix": prefix,
        "reference": reference,
        "family_code": family,
    }


@pytest.mark.parametrize(
    ("said", "worths"),
    [
        (barcode(), ()),
        (barcode("qr"), ()),
        (barcode("gs1_128", "8110", "0614141", "654321", "123"), ()),
        (barcode("datamatrix", "8112", "061414112345", "654321"), ()),
        (barcode("ean_13", "ean", "99", "1234567890"), ()),
        (barcode("ean_13", "ean", "9831234", "56789"), ()),
        (barcode("ean_13", "ean", "9821", "23456"), (Decimal("0.55"), Decimal("9.99"))),
        (barcode("ean_13", "ean", "9811", "23456"), (Decimal("0.50"), Decimal("99.90"))),
    ],
)
def test_what_gs1_allows_is_taken(said, worths):
    assert not [*faults(said, worths)]


@pytest.mark.parametrize(
    ("said", "field", "sentence"),
    [
        (barcode("ean_13"), "symbology", "AI 255, global coupon number stands in GS1-128 or"),
        (barcode("qr", "8110", "0614141", "654321"), "symbology", "stands in GS1-128"),
        (barcode("databar", "ean", "99", "1234567890"), "symbology", "stands in EAN-13"),
        (barcode("code_128"), "symbology", "only"),
        (barcode(reference="5300"), "reference", "have 11 digits together; a global coupon number"),
        (barcode(prefix="95O1101"), "company_prefix", "is not 2 to 12 digits"),
        (barcode(family="12"), "family_code", "'12' is not 3 digits"),
        (barcode(content="8110", prefix="06141", reference="654321"), "company_prefix", "6 to 12"),
        (barcode(content="8112", prefix="0614141", reference="65432"), "reference", "6 are wanted"),
        (barcode("ean_13", "ean", "40", "1234567890"), "company_prefix", "begins no EAN-13 coupon"),
        (barcode("ean_13", "ean", "99", "123456789"), "reference", "wants 12."),
        (barcode("ean_13", "ean", "9821", "23456789"), "reference", "wants 9, before three"),
    ],
)
def test_what_no_till_reads_is_refused_in_words(said, field, sentence):
    ((place, told),) = faults(said)
    assert place == field
    assert sentence in told


@pytest.mark.parametrize(
    ("prefix", "worth"), [("981", "0.55"), ("981", "100.00"), ("982", "10.00")]
)
def test_a_worth_that_its_barcode_cannot_say_is_refused(prefix, worth):
    said = barcode("ean_13", "ean", prefix, "123456")
    ((place, told),) = faults(said, [Decimal("1.50"), Decimal(worth)])
    assert place == "company_prefix"
    assert f"cannot say {worth}" in told
