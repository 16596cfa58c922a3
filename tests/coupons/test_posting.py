"""What the post must know: its barcode, and addresses to look at before printing."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coupons import posting
from coupons.models import Recipient, Theme
from coupons.posting import Duplicate, Undeliverable, imb_of, postcode_in
from coupons.sheets.addresses import faults
from loyalty.models import Address, Household, slot_of
from tests import make

SHORT, LONG = Theme(imb_mailer="012345"), Theme(imb_mailer="912345678", imb_service="270")


# The Intelligent Mail barcode.


@pytest.mark.parametrize(
    ("theme", "number", "postcode", "digits"),
    [
        (SHORT, 7, "62704", "00300012345000000007" + "62704"),
        (SHORT, 7, "62704-1234", "00300012345000000007" + "627041234"),
        (SHORT, 7, "627041234", "00300012345000000007" + "627041234"),
        (SHORT, 7, "62704-123499", "00300012345000000007" + "62704123499"),
        (SHORT, 7, "", "00300012345000000007"),
        (SHORT, 7, "6270", "00300012345000000007"),
        (LONG, 1_000_007, "62704", "00270912345678000007" + "62704"),
    ],
)
def test_a_sheet_has_the_mailer_s_id_its_own_number_and_where_it_goes(
    theme, number, postcode, digits
):
    assert imb_of(theme, number, postcode, "US") == digits


def test_without_a_mailer_s_id_or_abroad_there_is_no_such_barcode():
    assert imb_of(Theme(), 7, "62704", "US") == ""
    assert imb_of(SHORT, 7, "62704", "DE") == ""
    assert imb_of(SHORT, 7, "00901", "PR") != ""


@given(st.sampled_from([SHORT, LONG]), st.integers(1, 10**9), st.text(max_size=12))
def test_whatever_was_typed_it_has_20_digits_and_0_5_9_or_11_more(theme, number, postcode):
    digits = imb_of(theme, number, postcode, "US")
    assert len(digits) in (20, 25, 29, 31)
    assert digits.isascii()
    assert digits.isdigit()


@pytest.mark.parametrize(
    ("last", "wanted"),
    [
        ("Springfield, IL 62704", "62704"),
        ("Springfield, IL 62704-1234", "627041234"),
        ("San Juan PR 00901 ", "00901"),
        ("10115 Berlin", ""),
        ("GERMANY", ""),
        ("Springfield, IL", ""),
        ("Box 123456", ""),
    ],
)
def test_the_zip_code_is_read_from_the_last_line_of_the_address(last, wanted):
    assert postcode_in(("Ada Example", "1 Lane", last)) == wanted


def test_a_household_without_an_address_has_no_zip_code():
    assert postcode_in(["Household 12345"]) == postcode_in([]) == ""


# Addresses to look at.


def home(mailing, name="Ada Example", outcome="waiting", **fields):
    made = Household.objects.create(name=name, joined_on=make.MARCH[0], slot=slot_of(name))
    usual = {"street": "1 Lane", "city": "Springfield", "region": "IL", "postcode": "62704"}
    Address.objects.create(household=made, **usual | fields)
    Recipient.objects.create(mailing=mailing, household=made, outcome=outcome)
    return made


@pytest.fixture
def mailing(db):
    return make.mailing()


def test_who_the_post_will_not_find_is_listed_with_why(mailing):
    home(mailing, "Good")
    home(mailing, "Tidy", postcode=" 62704-1234 ", country="us")
    wrong = [
        home(mailing, "No street", street=" "),
        home(mailing, "Wrong code", postcode="6270"),
        home(mailing, "Moved", outcome="no_address", is_deliverable=False),
        home(mailing, "Nowhere", country="XX"),
        home(mailing, "Nobody", outcome="no_address"),
    ]
    Address.objects.filter(household=wrong[-1]).delete()
    told = posting.undeliverable(mailing)
    assert told.total == 5
    assert told.first == [
        Undeliverable(wrong[0].pk, "No street", "no street"),
        Undeliverable(
            wrong[1].pk, "Wrong code", "'6270' is no ZIP code of United States, such as 95014"
        ),
        Undeliverable(wrong[2].pk, "Moved", "marked as undeliverable"),
        Undeliverable(wrong[3].pk, "Nowhere", "'XX' is no country's code"),
        Undeliverable(wrong[4].pk, "Nobody", "no address"),
    ]


def test_who_is_not_written_to_is_not_looked_at(mailing):
    for outcome in ("holdout", "no_consent", "no_offers"):
        home(mailing, outcome=outcome, street="")
    home(make.mailing(), street="")
    assert posting.undeliverable(mailing) == (0, [])


def test_all_are_counted_and_the_first_are_shown(mailing):
    for number in range(4):
        home(mailing, f"Home {number}", street="")
        home(mailing, "Twins", street=f"{number // 2} Lane")
    assert posting.undeliverable(mailing, first=3).total == 4
    assert len(posting.undeliverable(mailing, first=3).first) == 3
    twice = posting.duplicates(mailing, first=1)
    assert (twice.total, len(twice.first)) == (2, 1)


@pytest.mark.parametrize(
    ("country", "postcode"),
    [("US", "62704"), ("US", "627041"), ("GB", "sw1a 2aa"), ("GB", "10115"), ("DE", "10115"),
     ("DE", "1011"), ("CA", "H3Z2Y7"), ("NL", "1012lg"), ("HK", ""), ("FR", "")],
)  # fmt: skip
def test_the_database_finds_what_the_rules_find(mailing, country, postcode):
    one = home(mailing, country=country, postcode=postcode)
    found = faults("1 Lane", "Springfield", "IL", postcode, country)
    told = posting.undeliverable(mailing)
    assert [row.household for row in told.first] == ([one.pk] if found else [])


SAME = [
    ("Jürgen Müller", "Lange Straße 1", "Köln", "DE"),
    ("JUERGEN  Mueller", "Lange Str. 1", "KOELN", "de"),
    ("Jurgen Muller", " lange strasse 1", "Koln", "DE"),
]
ANOTHER = [
    ("Jürgen Müller", "Lange Straße 11", "Köln", "DE"),
    ("Jutta Müller", "Lange Straße 1", "Köln", "DE"),
    ("Иван Примеров", "Lange Straße 1", "Köln", "DE"),
    ("Пётр Примеров", "Lange Straße 1", "Köln", "DE"),
]


def twins(mailing):
    return [
        home(mailing, name, street=street, city=city, region="", postcode="50667", country=country)
        for name, street, city, country in SAME + ANOTHER
    ][:3]


def test_households_at_the_same_name_and_address_are_listed_together(mailing):
    same = twins(mailing)
    assert posting.duplicates(mailing) == (
        1,
        [
            Duplicate(
                ("Jürgen Müller", "Lange Straße 1", "50667 Köln"), tuple(one.pk for one in same)
            )
        ],
    )


def test_once_issued_the_lines_on_the_sheets_are_compared_and_lost_ones_are_not(mailing):
    same = twins(mailing)
    address = "Ada Example\n1 Lane\nSpringfield, IL 62704"
    for number, (one, text) in enumerate(
        zip(same, (address, address.upper(), "Bo Example\n2 Lane"), strict=True), 1
    ):
        mailing.sheets.create(household=one, number=number, address=text, savings=0)
    told = posting.duplicates(mailing)
    assert told == (1, [Duplicate(tuple(address.splitlines()), (same[0].pk, same[1].pk))])
    lost = mailing.sheets.get(number=1)
    lost.voided_at = "2026-03-01T00:00Z"
    lost.save()
    mailing.sheets.create(household=same[0], number=4, address=address, savings=0, replaces=lost)
    assert posting.duplicates(mailing) == told


def test_home_is_where_most_recipients_live(mailing):
    assert posting.home_country(mailing) == ""
    for country in ("DE", "at", "AT "):
        home(mailing, country=country[:2])
    assert posting.home_country(mailing) == "AT"
