"""The lines in the window, as each country's post wants them."""

import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coupons.sheets.addresses import block, country_name, faults, rules_of

COUNTRIES = (
    "AT AU BE BR CA CH CN CZ DE DK ES FI FR GB GR HK HU IE IN IT JP KR LI LU MX NL NO NZ PL PR PT "
    "RO SE SG SI SK TR US ZA XX"
).split()


def lines(street, city, region, postcode, country, home=""):
    return block("Ada Example", street, city, region, postcode, country, home)[1:]


@pytest.mark.parametrize(
    ("country", "written", "wanted"),
    [
        ("US", ("1 Main St", "Springfield", "IL", "62704"), ["1 Main St", "Springfield, IL 62704"]),
        ("US", ("1 Main St", "Springfield", "IL", "627041234"),
         ["1 Main St", "Springfield, IL 62704-1234"]),
        ("PR", ("Calle 1", "San Juan", "", "00901"), ["Calle 1", "San Juan PR 00901"]),
        ("CA", ("1 Rue X", "Montréal", "QC", "h3z2y7"), ["1 Rue X", "MONTRÉAL QC  H3Z 2Y7"]),
        ("AU", ("1 George St", "Sydney", "NSW", "2000"), ["1 George St", "SYDNEY NSW 2000"]),
        ("GB", ("10 Downing Street", "London", "Greater London", "sw1a2aa"),
         ["10 Downing Street", "LONDON", "SW1A 2AA"]),
        ("IE", ("1 O'Connell St", "Naas", "Co. Kildare", "W91 F5P2"),
         ["1 O'Connell St", "Naas", "Co. Kildare", "W91 F5P2"]),
        ("DE", ("Lange Straße 1", "Berlin", "Berlin", "10115"), ["Lange Straße 1", "10115 Berlin"]),
        ("AT", ("Ring 1", "Wien", "", "1010"), ["Ring 1", "1010 Wien"]),
        ("CH", ("Bahnhofstr. 1", "Zürich", "ZH", "8001"), ["Bahnhofstr. 1", "8001 Zürich"]),
        ("NL", ("Damrak 1", "Amsterdam", "", "1012lg"), ["Damrak 1", "1012 LG  Amsterdam"]),
        ("FR", ("1 rue de Rivoli", "Paris", "", "75001"), ["1 rue de Rivoli", "75001 PARIS"]),
        ("ES", ("Gran Vía 1", "Alcobendas", "Madrid", "28100"),
         ["Gran Vía 1", "28100 Alcobendas", "Madrid"]),
        ("ES", ("Gran Vía 1", "Madrid", "Madrid", "28013"), ["Gran Vía 1", "28013 Madrid"]),
        ("IT", ("Via Roma 1", "Frascati", "RM", "00044"), ["Via Roma 1", "00044 FRASCATI RM"]),
        ("PL", ("ul. Prosta 1", "Warszawa", "", "00-950"), ["ul. Prosta 1", "00-950 Warszawa"]),
        ("SE", ("Kungsgatan 1", "Stockholm", "", "11455"), ["Kungsgatan 1", "114 55  Stockholm"]),
        ("DK", ("Gade 1", "Århus C", "", "8000"), ["Gade 1", "8000 Århus C"]),
        ("NO", ("Gate 1", "Oslo", "", "0025"), ["Gate 1", "0025 Oslo"]),
        ("JP", ("1-1 Marunouchi", "Chiyoda-ku", "Tokyo", "100-0001"),
         ["1-1 Marunouchi", "Chiyoda-ku, Tokyo", "100-0001"]),
        ("SG", ("1 Orchard Rd", "Singapore", "", "238801"), ["1 Orchard Rd", "Singapore 238801"]),
        ("XX", ("1 Road", "Town", "Region", "77"), ["1 Road", "77 Town", "Region"]),
    ],
)  # fmt: skip
def test_each_country_writes_its_addresses_its_own_way(country, written, wanted):
    street, city, region, postcode = written
    assert list(lines(street, city, region, postcode, country, country)) == wanted
    assert list(lines(street, city, region, postcode, country, "")) == wanted


def test_what_is_written_in_japanese_has_the_largest_part_first():
    told = block("山田太郎", "丸の内1-1", "千代田区", "東京都", "100-0001", "JP", "JP")
    assert told == ("100-0001", "東京都千代田区", "丸の内1-1", "山田太郎")


def test_abroad_the_country_is_the_last_line_in_words_the_sender_s_post_reads():
    berlin = ("Lange Straße 1", "Berlin", "", "10115", "DE")
    assert lines(*berlin, home="US")[-1] == "GERMANY"
    assert lines(*berlin, home="AT")[-1] == "DEUTSCHLAND"
    assert lines(*berlin, home=" de ")[-1] == "10115 Berlin"
    assert lines("Calle 1", "San Juan", "", "00901", "PR", home="US")[-1] == "San Juan PR 00901"
    assert [country_name(land, "DE") for land in ("US", "BR", "XX")] == [
        "VEREINIGTE STAATEN VON AMERIKA", "BRAZIL", "XX",
    ]  # fmt: skip


def test_what_is_missing_leaves_no_comma_and_no_line():
    assert lines("1 Main St", "Springfield", "", "62704", "US")[-1] == "Springfield 62704"
    assert lines("1 Main St", "", "IL", "62704", "US")[-1] == "IL 62704"
    assert lines("1 Main St", "Springfield", "IL", "", "US")[-1] == "Springfield, IL"
    assert lines("1 Main St", "", "", "", "US") == ("1 Main St",)
    assert block("", " ", "", "", "", "DE", "DE") == ()


def test_a_long_name_stays_whole_and_one_of_blanks_is_none():
    name = "Wolfeschlegelsteinhausenbergerdorff " * 2
    assert block(name, "S 1", "B", "", "10115", "DE", "DE")[0] == name.strip()
    assert block("  \t ", "S 1", "B", "", "10115", "DE", "DE")[0] == "S 1"


def test_blanks_are_tidied_and_letters_that_join_others_stay():
    told = block("Ada\u00a0 Example\n", "Flat 2\r\n 1  Lane", "B\x00C", "", "10115", "DE", "DE")
    assert told == ("Ada Example", "Flat 2", "1 Lane", "10115 B C")
    joined = "\u0645\u06cc\u200c\u062e"  # read otherwise without the joiner
    assert block(joined, "S 1", "B", "", "1", "DE", "DE")[0] == joined


@pytest.mark.parametrize(
    ("written", "wanted"),
    [
        (("1 Main St", "Springfield", "IL", "62704", "US"), ()),
        (("1 Main St", "Springfield", "IL", "62704-1234", "us"), ()),
        (("", "", "", "", "US"), ("no street", "no ZIP code", "no city", "no state")),
        (("1 Main St", "Springfield", "IL", "6270", "US"),
         ("'6270' is no ZIP code of United States, such as 95014",)),
        (("1 Rue X", "Montréal", " ", "H3Z 2Y7", "CA"), ("no province",)),
        (("Lange Straße 1", "Berlin", "", "101155", "DE"),
         ("'101155' is no postcode of Germany, such as 26133",)),
        (("10 Downing Street", "London", "", "sw1a  2aa", "GB"), ()),
        (("1 O'Connell St", "Naas", "", "", "IE"), ()),
        (("1 Road", "Central", "", "", "HK"), ()),
        (("1 Road", "Town", "", "1", "XX"), ("'XX' is no country's code",)),
        (("1 Road", "Town", "", "1", " "), ("no country",)),
    ],
)  # fmt: skip
def test_what_the_post_will_miss_is_said_in_words(written, wanted):
    assert faults(*written) == wanted


TEXT = st.text(st.characters(codec="utf-8"), max_size=80)


@given(TEXT, TEXT, TEXT, st.text(max_size=30), st.text(max_size=12),
       st.sampled_from([*COUNTRIES, "", "??"]), st.sampled_from(["US", "DE", ""]))  # fmt: skip
def test_whatever_is_typed_every_line_says_something_and_nothing_twice_blank(
    name, street, city, region, postcode, country, home
):
    told = block(name, street, city, region, postcode, country, home)
    for line in told:
        assert line == line.strip()
        assert line
        assert "   " not in line
        assert "\n" not in line
    faults(street, city, region, postcode, country)


WORD = st.text(string.ascii_letters, min_size=1, max_size=12)


@given(WORD, WORD, WORD, st.text(string.digits, min_size=4, max_size=5), st.sampled_from(COUNTRIES))
def test_nothing_that_was_written_is_lost(name, street, city, postcode, country):
    told = "\n".join(block(name, street, city, "", postcode, country, country)).upper()
    for text in (name, street, city):
        assert text.upper() in told
    assert postcode in told.replace(" ", "")


@given(st.sampled_from(COUNTRIES[:-1]))
def test_a_country_s_own_example_of_a_postcode_is_none_of_its_faults(country):
    assert not faults("1 Road", "Town", "R", rules_of(country).example, country)
