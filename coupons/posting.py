"""What the post must know of sheets: its barcode, and addresses to look at before printing."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Generic, NamedTuple, TypeVar

from django.db import connection

from coupons import models
from coupons.models import Mailing, Recipient
from coupons.sheets import addresses
from loyalty.models import Address

SHOWN: Final = 50  # of a list that may be long; all are counted
_ZIP: Final = re.compile(r"(?:^|.*\s)([0-9]{5})(?:[ -]?([0-9]{4})([0-9]{2})?)?\s*\Z")
_UNITED_STATES: Final = frozenset({"US", "PR"})
T = TypeVar("T")
Outcome = Recipient.Outcome


class Listed(NamedTuple, Generic[T]):
    """The first of what was found, and how many there are in all."""

    total: int
    first: list[T]


@dataclass(frozen=True, slots=True)
class Undeliverable:
    """A household that the post will not find, and why, in words for staff."""

    household: int
    name: str
    why: str


@dataclass(frozen=True, slots=True)
class Duplicate:
    """One name at one address that several households have; lines as one of them has it."""

    lines: tuple[str, ...]
    households: tuple[int, ...]


def imb_of(theme: models.Theme, number: int, postcode: str, country: str) -> str:
    """Return the digits of a sheet's Intelligent Mail barcode: 20, and 0, 5, 9 or 11 of routing.

    number: the sheet's, from 1; it is the piece's serial, counted from 0 again where the mailer's
    id leaves it too few digits. "" for a theme without a mailer id, and outside the United States.
    """
    if not theme.imb_mailer or country.strip().upper() not in _UNITED_STATES:
        return ""
    digits = 15 - len(theme.imb_mailer)
    serial = number % 10**digits
    found = _ZIP.match(postcode)
    routing = "".join(filter(None, found.groups())) if found else ""
    return f"00{theme.imb_service}{theme.imb_mailer}{serial:0{digits}}{routing}"


def postcode_in(lines: Sequence[str]) -> str:
    """Return the ZIP code, 5, 9 or 11 digits, that an address block within the US ends in; else "".

    >>> postcode_in(["Ada Example", "1 Sample Lane", "Exampleton, ZZ 00101-2345"])
    '001012345'
    """
    found = _ZIP.match(lines[-1]) if len(lines) > 1 else None
    return "".join(filter(None, found.groups())) if found else ""


def home_country(mailing: Mailing) -> str:
    """Return where most of its recipients live: a letter to there needs no country's name."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT upper(trim(address.country)) FROM coupons_recipient AS recipient"
            " JOIN loyalty_address AS address USING (household_id)"
            " WHERE recipient.mailing_id = %s GROUP BY 1 ORDER BY count(*) DESC, 1 LIMIT 1",
            [mailing.pk],
        )
        row = cursor.fetchone()
    return str(row[0]) if row else ""


# Who gets a sheet, or would get one if it had an address. Each country's rules come as arrays.
_UNDELIVERABLE: Final = """
    SELECT recipient.household_id, household.name, address.household_id, address.street,
        address.city, address.region, address.postcode, address.country, address.is_deliverable,
        count(*) OVER ()
    FROM coupons_recipient AS recipient
    JOIN loyalty_household AS household ON household.id = recipient.household_id
    LEFT JOIN loyalty_address AS address ON address.household_id = recipient.household_id
    LEFT JOIN unnest(
        %(countries)s::text[], %(wanted)s::text[], %(patterns)s::text[]
    ) AS rules(country, wanted, pattern)
        ON rules.country = upper(trim(address.country))
    WHERE recipient.mailing_id = %(mailing)s AND recipient.outcome = ANY(%(outcomes)s)
    AND (%(among)s::bigint[] IS NULL OR recipient.household_id = ANY(%(among)s)) AND (
        address.household_id IS NULL
        OR NOT address.is_deliverable
        OR rules.country IS NULL
        OR trim(address.street) = ''
        OR rules.wanted LIKE '%%C%%' AND trim(address.city) = ''
        OR rules.wanted LIKE '%%S%%' AND trim(address.region) = ''
        OR rules.wanted LIKE '%%Z%%' AND trim(address.postcode) = ''
        OR trim(address.postcode) <> ''
            AND regexp_replace(trim(address.postcode), '\\s+', ' ', 'g') !~* rules.pattern
    )
    ORDER BY recipient.household_id
    LIMIT %(first)s
"""
_WRITTEN_TO: Final = [
    outcome.value
    for outcome in (Outcome.WAITING, Outcome.SHEET, Outcome.GENERIC, Outcome.NO_ADDRESS)
]


def undeliverable(
    mailing: Mailing, first: int = SHOWN, among: Sequence[int] | None = None
) -> Listed[Undeliverable]:
    """List the mailing's households whose address is missing, incomplete or known to be wrong.

    Before it is issued those that would be written to, and afterwards those that were, by what
    their address is now.

    among: the only households to look at, by id; None: all
    """
    countries = _countries(mailing, among)
    rules = [addresses.rules_of(country) for country in countries]
    known = [(land, rule) for land, rule in zip(countries, rules, strict=True) if rule.name]
    with connection.cursor() as cursor:
        cursor.execute(
            _UNDELIVERABLE,
            {
                "mailing": mailing.pk,
                "outcomes": _WRITTEN_TO,
                "countries": [land for land, _ in known],
                "wanted": ["".join(sorted(rule.required)) for _, rule in known],
                "patterns": [f"^(?:{rule.postcode or '.*'})$" for _, rule in known],
                "among": None if among is None else list(among),
                "first": first,
            },
        )
        rows = cursor.fetchall()
    return Listed(
        rows[0][-1] if rows else 0,
        [Undeliverable(home, name, _why(*address)) for home, name, *address, _ in rows],
    )


def _countries(mailing: Mailing, among: Sequence[int] | None) -> list[str]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT DISTINCT upper(trim(address.country)) FROM coupons_recipient AS recipient"
            " JOIN loyalty_address AS address USING (household_id)"
            " WHERE recipient.mailing_id = %(mailing)s"
            " AND (%(among)s::bigint[] IS NULL OR household_id = ANY(%(among)s))",
            {"mailing": mailing.pk, "among": None if among is None else list(among)},
        )
        return sorted(country for (country,) in cursor.fetchall())


def _why(
    known: int | None,
    street: str,
    city: str,
    region: str,
    postcode: str,
    country: str,
    is_deliverable: bool | None,
) -> str:
    if known is None:
        return "no address"
    found = addresses.faults(street, city, region, postcode, country)
    return "; ".join(found if is_deliverable else ("marked as undeliverable", *found))


# Capitals, blanks, points and accents make no difference, nor does ue for an umlaut. Only letters
# of ours are made small: how a database makes others small depends on where it was set up.
_SAME: Final = r"""
    hashtextextended(
        replace(replace(replace(replace(replace(
            regexp_replace(
                lower(CASE WHEN octet_length({text}) = char_length({text}) THEN {text}
                    ELSE translate(normalize({text}, NFKD), 'ØøŁłĐđ', 'oolldd') END),
                '[\u0300-\u036f[:space:]!-/:-@\[-`{{-~]+', '', 'g'
            ), 'ß', 'ss'), 'strasse', 'str'), 'ae', 'a'), 'oe', 'o'), 'ue', 'u'),
        0
    )
"""
_DUPLICATES: Final = """
    WITH keyed AS ({keyed}), together AS (
        SELECT household_id, same, count(*) OVER alike AS homes, min(household_id) OVER alike AS one
        FROM keyed WINDOW alike AS (PARTITION BY same)
    )
    SELECT array_agg(household_id ORDER BY household_id), count(*) OVER ()
    FROM together WHERE homes > 1 GROUP BY same, one ORDER BY one LIMIT %(first)s
"""
_OF_SHEETS: Final = f"""
    SELECT household_id, {_SAME.format(text="address")} AS same
    FROM coupons_sheet WHERE mailing_id = %(mailing)s AND voided_at IS NULL
"""  # noqa: S608 - our own names
_WHOLE: Final = "concat_ws(' ', home.name, street, postcode, city, region, upper(country))"
_OF_RECIPIENTS: Final = f"""
    SELECT recipient.household_id, {_SAME.format(text=_WHOLE)} AS same
    FROM coupons_recipient AS recipient
    JOIN loyalty_household AS home ON home.id = recipient.household_id
    JOIN loyalty_address AS address ON address.household_id = recipient.household_id
    WHERE recipient.mailing_id = %(mailing)s AND recipient.outcome = ANY(%(outcomes)s)
"""  # noqa: S608 - our own names


def duplicates(mailing: Mailing, first: int = SHOWN) -> Listed[Duplicate]:
    """List names and addresses that several households of the mailing have.

    Once it is issued, as its sheets say them; before, as its recipients' addresses do. Capitals,
    blanks, accents, and ue for an umlaut make no difference.
    """
    found = together(mailing, first)
    return Listed(found.total, told_of(mailing, found.first))


def together(mailing: Mailing, first: int = SHOWN) -> Listed[list[int]]:
    """List the households, by id, that have one name and address; see `duplicates`."""
    keyed = _OF_SHEETS if mailing.sheets.exists() else _OF_RECIPIENTS
    with connection.cursor() as cursor:
        cursor.execute(
            _DUPLICATES.format(keyed=keyed),
            {"mailing": mailing.pk, "outcomes": _WRITTEN_TO, "first": first},
        )
        rows = cursor.fetchall()
    return Listed(rows[0][1] if rows else 0, [homes for homes, _ in rows])


def told_of(
    mailing: Mailing, found: Sequence[Sequence[int]], home_land: str | None = None
) -> list[Duplicate]:
    """Return what `together` found with the lines of the first household of each, as it is now.

    home_land: as `home_country` says, if that is known. Who has no address any more is left out.
    """
    ones = [homes[0] for homes in found]
    printed = mailing.sheets.filter(household__in=ones, voided_at=None)
    lines = {
        home: tuple(text.splitlines())
        for home, text in printed.values_list("household_id", "address")
    }
    if ones and not lines:  # it is not issued
        living = Address.objects.filter(household__in=ones).select_related("household")
        home_land = home_country(mailing) if home_land is None else home_land
        lines = {one.household_id: block_of(one, home_land) for one in living}
    return [Duplicate(lines[homes[0]], tuple(homes)) for homes in found if homes[0] in lines]


def block_of(address: Address, home_country: str) -> tuple[str, ...]:
    """Return the lines in the window of a letter from `home_country` to this address."""
    return addresses.block(
        address.household.name,
        address.street,
        address.city,
        address.region,
        address.postcode,
        address.country,
        home_country,
    )
