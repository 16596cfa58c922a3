"""What was promised and what became of it, read as arrays: offers, mailings, coupons used.

A coupon is counted once a household it reached: the coupons of our own sheets, and of a mailing
that went out from elsewhere (recipients, but no sheets of ours) every offer for every recipient.
An offer in no such mailing counts by its circulation. What was taken back was not used. What was
lost and made void could not be: in its place counts its replacement.
"""

from collections.abc import Iterable
from datetime import UTC, date, datetime, time
from typing import NamedTuple

import numpy as np
from django.db import connection
from django.db.models import Count, Exists, F, OuterRef, Q, QuerySet

from coupons.models import Coupon, Mailing, Offer, OfferProduct, Recipient, Redemption, Sheet
from coupons.selection import response_features
from coupons.selection.response_features import Mix, Past, Promised
from loyalty.assortment import Assortment
from loyalty.history import day_number
from loyalty.models import Card
from loyalty.shopper.kernel import Ints, Ints32

SHEET = Recipient.Outcome.SHEET


class Counted(NamedTuple):
    """So many coupons of an offer on a day."""

    offer: Ints  # place among all offers
    day: Ints  # days since 2000-01-01
    number: Ints

    def before(self, day: int, offers: int) -> Ints:
        """How many of each offer there were before the day, int64[offers]."""
        past = self.day < day
        return np.bincount(self.offer[past], self.number[past], offers).astype(np.int64)


class Record(NamedTuple):
    """Every offer there is, and how its coupons fared before a day."""

    offers: Ints  # Offer ids, ascending
    types: Mix
    handed_out: Counted
    used: Counted

    def promised(self, day: int) -> Promised:
        """What was known on the morning of the day."""
        count = len(self.offers)
        return Promised(
            self.types, self.handed_out.before(day, count), self.used.before(day, count)
        )


class Doings(NamedTuple):
    """What some households did with coupons before a day; households by their rows."""

    household: Ints32  # of each coupon used
    offer: Ints32  # place among all offers
    day: Ints32
    got_household: Ints32  # of each mailing received
    got_day: Ints32
    households: int

    def past(self, day: int) -> Past:
        """What was known on the morning of the day."""
        uses, got = self.day < day, self.got_day < day
        return Past(
            self.household[uses],
            self.offer[uses],
            self.day[uses],
            np.bincount(self.got_household[got], minlength=self.households),
        )


def standing(before: date) -> QuerySet[Redemption]:
    """Coupons used before the day and not taken back before it."""
    morning = datetime.combine(before, time(), UTC)
    return Redemption.objects.filter(
        Q(reversed_at=None) | Q(reversed_at__gte=morning), business_date__lt=before
    )


def from_elsewhere(mailings: QuerySet[Mailing]) -> QuerySet[Mailing]:
    """Those that reached their recipients without sheets of ours."""
    return mailings.filter(
        ~Exists(Sheet.objects.filter(mailing=OuterRef("pk"))),
        Exists(Recipient.objects.filter(mailing=OuterRef("pk"), outcome=SHEET)),
    )


def read_record(kinds: Assortment, before: date) -> Record:
    """Read every offer, and what was handed out and used of it before the day."""
    offers = np.array(
        list(Offer.objects.order_by("pk").values_list("pk", flat=True)), dtype=np.int64
    )
    printed = (
        Coupon.objects.filter(valid_from__lt=before, goodwill=None)  # staff chose those
        .exclude(state=Coupon.State.VOID)
        .values_list("offer_id", "valid_from")
        .annotate(Count("pk"))
    )
    sent = (
        from_elsewhere(Mailing.objects.filter(valid_from__lt=before))
        .annotate(homes=Count("recipients", Q(recipients__outcome=SHEET)))
        .values_list("pk", "valid_from", "homes")
    )
    rows = list(printed)
    reached = {pk: (day, homes) for pk, day, homes in sent}
    members = list(
        Mailing.offers.through.objects.filter(mailing__in=list(reached)).values_list(
            "mailing_id", "offer_id"
        )
    )
    rows += [(offer, *reached[mailing]) for mailing, offer in members]
    rows += list(
        Offer.objects.filter(valid_from__lt=before, circulation__gt=0)
        .exclude(pk__in={offer for _, offer in members})
        .values_list("pk", "valid_from", "circulation")
    )
    promised = standing(before).filter(coupon__goodwill=None)
    used = promised.values_list("offer_id", "business_date").annotate(Count("pk"))
    return Record(offers, _types(offers, kinds), _counted(rows, offers), _counted(used, offers))


def _counted(rows: Iterable[tuple[int, date, int]], offers: Ints) -> Counted:
    table = np.array(
        [(offer, day_number(day), number) for offer, day, number in rows], dtype=np.int64
    ).reshape(-1, 3)
    return Counted(np.searchsorted(offers, table[:, 0]), table[:, 1], table[:, 2])


def _types(offers: Ints, kinds: Assortment) -> Mix:
    """Which types every offer is for. Counted in the database: offers may have many products."""
    types = kinds.levels["type"]
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT member.offer_id, product.category_id, count(*)"
            " FROM coupons_offerproduct AS member"
            " JOIN pos_integration_product AS product ON product.id = member.product_id"
            " WHERE product.category_id IS NOT NULL GROUP BY 1, 2 ORDER BY 1, 2"
        )
        rows = np.array(cursor.fetchall(), dtype=np.int64).reshape(-1, 3)
    rows = rows[np.isin(rows[:, 1], types.ids)]
    place = np.searchsorted(offers, rows[:, 0])
    kind = np.searchsorted(types.ids, rows[:, 1])
    return response_features.mix_of(place, kind, rows[:, 2], len(offers))


def read_products(offers: Ints, kinds: Assortment) -> tuple[Ints, Ints32]:
    """The products of some offers (ids, ascending) as places in the assortment, offer after offer.

    Returns (starts int64[offers + 1], products).
    """
    pairs = np.array(
        list(
            OfferProduct.objects.filter(offer__in=offers.tolist())
            .order_by("offer_id", "product_id")
            .values_list("offer_id", "product_id")
        ),
        dtype=np.int64,
    ).reshape(-1, 2)
    pairs = pairs[np.isin(pairs[:, 1], kinds.products)]
    starts = np.searchsorted(pairs[:, 0], np.append(offers, offers[-1:] + 1))
    if not len(offers):
        starts = np.zeros(1, np.int64)
    return starts.astype(np.int64), np.searchsorted(kinds.products, pairs[:, 1]).astype(np.int32)


def read_doings(homes: Ints, offers: Ints, before: date) -> Doings:
    """Read what the households (ids, ascending) used and got before the day."""
    used = np.array(
        [(home, offer, day_number(day)) for home, offer, day in uses(homes, before)],
        dtype=np.int64,
    ).reshape(-1, 3)
    got = np.array(
        [
            (home, day_number(day))
            for home, day in Recipient.objects.filter(
                household__in=homes.tolist(), outcome=SHEET, mailing__valid_from__lt=before
            ).values_list("household_id", "mailing__valid_from")
        ],
        dtype=np.int64,
    ).reshape(-1, 2)
    return Doings(
        np.searchsorted(homes, used[:, 0]).astype(np.int32),
        np.searchsorted(offers, used[:, 1]).astype(np.int32),
        used[:, 2].astype(np.int32),
        np.searchsorted(homes, got[:, 0]).astype(np.int32),
        got[:, 1].astype(np.int32),
        len(homes),
    )


def uses(homes: Ints, before: date) -> list[tuple[int, int, date]]:
    """Household, offer and day of every use: of a personal coupon by the sheet's home, of a code
    for everybody by the card shown.
    """
    past = standing(before)
    personal = past.filter(coupon__sheet__household__in=homes.tolist()).values_list(
        "coupon__sheet__household_id", "offer_id", "business_date"
    )
    home_of = dict(
        Card.objects.filter(household__in=homes.tolist()).values_list("number", "household_id")
    )
    shared = past.filter(coupon=None, record__basket__card_number__in=list(home_of)).values_list(
        "record__basket__card_number", "offer_id", "business_date"
    )
    found = [(home, offer, day) for home, offer, day in personal if home is not None]
    found += [(home_of[card], offer, day) for card, offer, day in shared if card is not None]
    return sorted(found)


class Campaign(NamedTuple):
    """A mailing that is over: to whom it went, and which of its coupons were used."""

    mailing: int
    code: str
    begins: int  # day
    ends: int
    printed: bool  # on sheets of ours: a household got some of the offers
    offers: Ints  # Offer ids, ascending
    homes: Ints  # rows of the households that got it, ascending
    given: Ints  # if printed, the pairs on a sheet: place in homes * offers + place in offers
    used: Ints  # the pairs used, likewise

    @property
    def pairs(self) -> int:
        """How many coupons reached a household."""
        return len(self.given) if self.printed else len(self.homes) * len(self.offers)


def ended(before: date, since: date) -> QuerySet[Mailing]:
    """Mailings that reached households from `since` on and were over before the day."""
    return Mailing.objects.filter(
        Exists(Recipient.objects.filter(mailing=OuterRef("pk"), outcome=SHEET)),
        valid_from__gte=since,
        valid_to__lt=before,
    ).order_by("valid_from", "pk")


def read_campaign(mailing: Mailing, homes: Ints, doings: Doings, offers: Ints) -> Campaign:
    """Read an ended mailing, as far as the households (ids, ascending) got it.

    doings: theirs, up to the day it is learned from; offers: ids of all offers.
    """
    printed = mailing.sheets.exists()
    members = mailing.offers.order_by("pk")
    if not printed:  # without a code of its own, nobody can tell who used it
        members = members.filter(shared_code__isnull=False)
    ids = np.array(list(members.values_list("pk", flat=True)), dtype=np.int64)
    got = np.array(
        list(
            mailing.recipients.filter(outcome=SHEET, household__in=homes.tolist()).values_list(
                "household_id", flat=True
            )
        ),
        dtype=np.int64,
    )
    rows = np.searchsorted(homes, np.sort(got))
    given = np.zeros(0, np.int64)
    begins, ends = day_number(mailing.valid_from), day_number(mailing.valid_to)
    if printed:
        told = _pairs(
            Coupon.objects.filter(
                sheet__mailing=mailing, sheet__household__in=homes.tolist()
            ).exclude(state=Coupon.State.VOID),
            "sheet__household_id",
        )
        kept = _pairs(
            Redemption.objects.filter(
                coupon__sheet__mailing=mailing,
                coupon__sheet__household__in=homes.tolist(),
                reversed_at=None,
                business_date__lte=mailing.valid_to,
            ),
            "coupon__sheet__household_id",
        )
        given = _cells(homes, told, rows, ids)
        used = _cells(homes, kept, rows, ids)
    else:
        inside = (doings.day >= begins) & (doings.day <= ends)
        pairs = np.column_stack(
            [homes[doings.household[inside]], offers[doings.offer[inside]]]
        ).astype(np.int64)
        used = _cells(homes, pairs, rows, ids)
    return Campaign(mailing.pk, mailing.code, begins, ends, printed, ids, rows, given, used)


def _pairs(rows: "QuerySet[Coupon] | QuerySet[Redemption]", home: str) -> Ints:
    return np.array(
        list(rows.annotate(home=F(home)).values_list("home", "offer_id")), dtype=np.int64
    ).reshape(-1, 2)


def _cells(homes: Ints, pairs: Ints, rows: Ints, offers: Ints) -> Ints:
    """Each pair of a household's and an offer's id as its cell among rows x offers, once."""
    row = np.searchsorted(homes, pairs[:, 0])
    known = np.isin(row, rows) & np.isin(pairs[:, 1], offers)
    cell = np.searchsorted(rows, row[known]) * len(offers) + np.searchsorted(
        offers, pairs[known, 1]
    )
    return np.unique(cell).astype(np.int64)
