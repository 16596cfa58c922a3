"""Finding whatever staff typed into the one search box: households, coupons, receipts and names.

Every look is by an index, or into a table of a chain's few thousand offers, mailings and stores.
"""

from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Final

from django.contrib.auth.models import AnonymousUser, User
from django.core.exceptions import ValidationError
from django.db import connection
from django.db.models import CharField, Exists, F, IntegerField, OuterRef, Q, QuerySet, Value
from django.db.models.functions import Cast, Concat

from coupons import scanned
from coupons.models import Coupon, Mailing, Offer, Statement
from coupons.sheets import codes
from loyalty.by_name import named
from loyalty.models import Address, Card, Household, HouseholdSummary, ModelRun
from pos_integration.models import Basket, Product, Store, Terminal

MOST: Final = 12  # of a kind; more are found by more words
MOST_TYPED: Final = 200
MOST_WORDS: Final = 6
LONGEST_NAME: Final = 80
TILL_DAYS: Final = 14
MOST_TILLS: Final = 3_000
_LARGEST: Final = 2**31 - 1

Scope = Collection[int] | None
"""Ids of the stores somebody may see; None: every store."""


@dataclass(frozen=True)
class Thing:
    """A row with a name: an offer, a mailing, a store, a till, a product, a statement."""

    kind: str
    pk: int
    code: str
    name: str
    state: str


@dataclass
class Found:
    """What was found; `exact` names, as (kind, id), what was typed whole."""

    text: str
    homes: list[Household] = field(default_factory=list)
    more: set[str] = field(default_factory=set)  # kinds of which there are more than are told
    coupons: list[Coupon] = field(default_factory=list)
    baskets: list[Basket] = field(default_factory=list)
    things: list[Thing] = field(default_factory=list)
    exact: list[tuple[str, int]] = field(default_factory=list)

    def __bool__(self) -> bool:
        return bool(self.homes or self.coupons or self.baskets or self.things)


def cleaned(typed: str) -> str:
    """What was typed without what no database keeps, and no longer than anything there is."""
    return typed.replace("\0", " ").strip()[:MOST_TYPED]


def is_number(text: str) -> bool:
    """Whether it is a household's number as its page has it: `#4711`."""
    number = text[1:]
    return text[:1] == "#" and number.isascii() and number.isdecimal() and len(number) <= 18


def words_of(text: str) -> list[str]:
    """The words by which a name may be found: none of a number or of punctuation alone."""
    words = [word for word in text.split() if any(letter.isalnum() for letter in word)]
    if not any(letter.isalpha() for letter in text) or any(len(w) > LONGEST_NAME for w in words):
        return []
    return words[:MOST_WORDS]


def household_scope(scope: Scope, household: str = "pk") -> Q:
    """Households of these stores, and those that have none: where they shop most is believed.

    household: the way to it from the rows that are asked for
    """
    if scope is None:
        return Q()
    elsewhere = HouseholdSummary.objects.filter(
        household=OuterRef(household),
        run__state=ModelRun.State.PUBLISHED,
        home_store__isnull=False,
    ).exclude(home_store__in=list(scope))
    return ~Q(Exists(elsewhere))


def find(typed: str, user: User | AnonymousUser, scope: Scope) -> Found:
    """Look for `typed` among all that `user` may see of the stores of `scope`."""
    found = Found(cleaned(typed))
    text = found.text
    if not text:
        return found
    if user.has_perm("loyalty.view_household"):
        _homes(found, scope)
    if user.has_perm("coupons.view_coupon"):
        _coupons(found, scope)
    if user.has_perm("pos_integration.view_basket"):
        _baskets(found, scope)
    _things(found, user, scope)
    return found


def _homes(found: Found, scope: Scope) -> None:
    """Households by card, postcode or name, in one query; then who they are."""
    text, words = found.text, words_of(found.text)
    how = {"output_field": CharField()}
    asked: list[QuerySet[Any, Any]] = []
    if len(text) <= 32:
        cards = Card.objects.filter(household_scope(scope, "household"), number=text)
        cards = cards.filter(household__isnull=False)
        asked.append(cards.values_list("household_id", Value("card", **how)))
    if len(text) <= 12:
        posts = Address.objects.filter(
            household_scope(scope, "household"), postcode__in={text, text.upper()}
        )
        asked.append(posts.values_list("household_id", Value("post", **how))[: MOST + 1])
    if is_number(text):
        numbered = Household.objects.filter(household_scope(scope), pk=int(text[1:]))
        asked.append(numbered.values_list("pk", Value("card", **how)))
    if words:
        names = Household.objects.filter(household_scope(scope), named(words))
        asked.append(names.values_list("pk", Value("name", **how))[: MOST + 1])
    if not asked:
        return
    ways: dict[int, str] = {}
    rows = list(asked[0].union(*asked[1:], all=True)) if len(asked) > 1 else list(asked[0])
    for pk, way in rows:
        ways.setdefault(pk, way)
    whole = [pk for pk, way in ways.items() if way == "card"]
    posts_only = [pk for pk, way in ways.items() if way == "post"]
    if not whole and len(posts_only) == 1:
        whole = posts_only
    found.exact += [("household", pk) for pk in whole]
    if len(ways) > MOST:
        found.more.add("household")
    homes = Household.objects.select_related("address").in_bulk(list(ways)[:MOST])
    summaries = HouseholdSummary.objects.filter(
        household__in=list(homes), run__state=ModelRun.State.PUBLISHED
    ).select_related("home_store")
    known = {one.household_id: one for one in summaries} if homes else {}
    for pk, home in homes.items():
        home.way = ways[pk]  # type: ignore[attr-defined] # kept for this page
        home.desk_summary = known.get(pk)  # type: ignore[attr-defined] # kept for this page
    order = {"card": 0, "post": 1, "name": 2}
    found.homes = sorted(homes.values(), key=lambda one: (order[ways[one.pk]], one.name, one.pk))


def _coupons(found: Found, scope: Scope) -> None:
    try:
        code = scanned.own_code(found.text)
    except codes.CodeError:
        return
    rows = Coupon.objects.filter(household_scope(scope, "sheet__household"), code=code)
    found.coupons = list(
        rows.select_related("offer", "level__offer", "sheet__household", "sheet__mailing")
    )
    found.exact += [("coupon", one.pk) for one in found.coupons]


# The tills that sold are found by stepping from one to the next in the key of baskets, and of each
# the days before its last one are looked at: never a whole table.
_BY_RECEIPT = """
    WITH RECURSIVE tills(store_id, till) AS (
        (SELECT store_id, till FROM pos_integration_basket ORDER BY store_id, till LIMIT 1)
        UNION ALL
        SELECT after.store_id, after.till FROM tills, LATERAL (
            SELECT store_id, till FROM pos_integration_basket basket
            WHERE (basket.store_id, basket.till) > (tills.store_id, tills.till)
            ORDER BY store_id, till LIMIT 1
        ) after
    ), last AS (
        SELECT store_id, till, (
            SELECT max(business_date) FROM pos_integration_basket basket
            WHERE basket.store_id = tills.store_id AND basket.till = tills.till
        ) AS day
        FROM (SELECT * FROM tills LIMIT %(most_tills)s) tills
        WHERE %(stores)s::bigint[] IS NULL OR store_id = ANY(%(stores)s::bigint[])
    )
    SELECT basket.id FROM last
    CROSS JOIN generate_series(0, %(days)s - 1) AS ago(days)
    JOIN pos_integration_basket basket ON basket.store_id = last.store_id
        AND basket.till = last.till AND basket.business_date = last.day - ago.days
        AND basket.receipt = %(receipt)s
    ORDER BY basket.business_date DESC, basket.id DESC LIMIT %(most)s
"""


def _baskets(found: Found, scope: Scope) -> None:
    """By store/till/day/receipt, store/till/receipt, or the receipt's number alone."""
    parts = found.text.split("/", 3)
    rows = Basket.objects.select_related("store")
    if scope is not None:
        rows = rows.filter(store__in=list(scope))
    if len(parts) == 4:
        keys = ("store__number", "till", "business_date", "receipt")
        try:
            found.baskets = list(rows.filter(**dict(zip(keys, parts, strict=True)))[:MOST])
        except (ValueError, ValidationError):  # not a number, not a day
            return
        found.exact += [("basket", one.pk) for one in found.baskets]
        return
    store, till, receipt = ("", "", found.text) if len(parts) != 3 else parts
    is_number = receipt.isascii() and len(receipt) <= 40 and any(c.isdigit() for c in receipt)
    if not is_number or " " in receipt or (len(parts) != 3 and "/" in receipt):
        return
    with connection.cursor() as cursor:
        cursor.execute(
            _BY_RECEIPT,
            {
                "stores": None if scope is None else list(scope),
                "receipt": receipt,
                "days": TILL_DAYS,
                "most": MOST,
                "most_tills": MOST_TILLS,
            },
        )
        keys_found = [pk for (pk,) in cursor.fetchall()]
    if not keys_found:
        return
    baskets = rows.filter(pk__in=keys_found).order_by("-business_date", "-pk")
    found.baskets = [
        one
        for one in baskets
        if len(parts) != 3 or (one.store.number, str(one.till)) == (store, till)
    ]


def _things(found: Found, user: User | AnonymousUser, scope: Scope) -> None:
    """Offers, mailings, stores, tills, products and statements, in one query."""
    asked = list(_named_things(found.text, user, scope))
    if not asked:
        return
    first, *rest = asked
    told: Counter[str] = Counter()
    for row in first.union(*rest, all=True) if rest else first:
        thing = Thing(*row)
        told[thing.kind] += 1
        if told[thing.kind] > MOST:
            found.more.add(thing.kind)
            continue
        found.things.append(thing)
        if thing.code.casefold() == found.text.casefold():
            found.exact.append((thing.kind, thing.pk))


def _named_things(
    text: str, user: User | AnonymousUser, scope: Scope
) -> "list[QuerySet[Any, Any]]":
    words = words_of(text)
    is_word = len(text) <= LONGEST_NAME

    def rows(
        of: QuerySet[Any], kind: str, code: str | Any, name: str, state: str | Any
    ) -> QuerySet[Any, Any]:
        def said(what: str | Any) -> Any:
            return Cast(F(what) if isinstance(what, str) else what, CharField())

        return of.values_list(
            Value(kind, output_field=CharField()),
            Cast("pk", IntegerField()),
            said(code),
            said(name),
            said(state),
        )[: MOST + 1]

    by_code = Q(code__icontains=text)
    by_name = named(words) if words else Q(pk=None)
    found: list[QuerySet[Any, Any]] = []
    if is_word and user.has_perm("coupons.view_offer"):
        offers = Offer.objects.filter(by_code | by_name | Q(shared_code=text.upper()))
        found.append(rows(offers.order_by("-pk"), "offer", "code", "name", "valid_to"))
    if is_word and user.has_perm("coupons.view_mailing"):
        mailings = Mailing.objects.filter(by_code | by_name).order_by("-pk")
        found.append(rows(mailings, "mailing", "code", "name", "state"))
    if is_word and user.has_perm("coupons.view_statement"):
        statements = Statement.objects.filter(number__iexact=text)
        found.append(rows(statements, "statement", "number", "funder__name", "state"))
    if is_word and user.has_perm("pos_integration.view_store"):
        stores = Store.objects.filter(Q(number__iexact=text) | by_name).order_by("number")
        if scope is not None:
            stores = stores.filter(pk__in=list(scope))
        found.append(rows(stores, "store", "number", "name", "currency"))
    store, slash, number = text.partition("/")
    is_till = slash and number.isascii() and number.isdigit() and len(number) <= 10
    if is_till and int(number) <= _LARGEST and user.has_perm("pos_integration.view_terminal"):
        tills = Terminal.objects.filter(store__number__iexact=store.strip(), number=int(number))
        if scope is not None:
            tills = tills.filter(store__in=list(scope))
        code = Concat("store__number", Value("/"), Cast("number", CharField()))
        found.append(rows(tills, "till", code, "store__name", "revoked_at"))
    digits = text.replace(" ", "")
    is_number = digits.isascii() and digits.isdigit() and 4 <= len(digits) <= 14
    if is_number and user.has_perm("pos_integration.view_product"):
        products = Product.objects.filter(Q(gtin=digits.zfill(14)) | Q(code=digits))
        found.append(rows(products, "product", "gtin", "name", "brand"))
    return found


def day_of(text: str) -> date | None:
    """A day as the database writes it, None for anything else."""
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None
