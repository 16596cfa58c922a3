"""What the households of a bucket could get: written by bucket, the same however it is cut."""

from decimal import Decimal

import numpy as np
import pytest

from coupons import economics, tabling
from coupons import terms as frozen
from coupons.models import Coupon, Mailing, Selection, Sheet
from coupons.pieces import DRAWN, FREE, TAKEN, Could
from coupons.selection import reasons
from coupons.selection.response import BUY, NEW
from coupons.terms import Terms
from loyalty import history, rebuild
from loyalty.models import Preference
from pos_integration.models import Category
from tests.coupons.test_responding import DAY, GOODS, HOMES, PAST, TODAY, Shop, likes

pytestmark = pytest.mark.django_db
SEED = 7


@pytest.fixture
def shop(settings) -> Shop:
    settings.LOYALTY_BUCKETS = 2
    return Shop()


def tabled(mailing: Mailing, run, seed: int = SEED) -> dict[int, Could]:
    """Table a mailing; what could be chosen, by bucket."""
    terms, _ = economics.price_up(frozen.of(mailing), run)
    selection = Selection.objects.create(
        mailing=mailing, run=run, seed=seed, terms=terms.to_plain(), state="failed"
    )
    for bucket in history.buckets():
        tabling.table(bucket, selection.pk)
    return {
        piece.bucket: Could.from_bytes(bytes(piece.table)) for piece in selection.pieces.all()
    }


def by_household(pieces: dict[int, Could]) -> dict[int, list]:
    """Everything that is said of each household."""
    told = {}
    for could in pieces.values():
        for at, home in enumerate(could.households.tolist()):
            mine = slice(could.starts[at], could.starts[at + 1])
            own = [could.is_ghost, could.places, could.tier, could.size, could.store]
            items = [could.column, could.is_new, could.value, could.chance, could.need, could.tag]
            items += [could.state, could.drawn_share, *could.evidence]
            told[home] = [one[at].item() for one in own] + [one[mine].tolist() for one in items]
    return told


def test_every_recipient_is_told_what_it_could_get(shop):
    mailing, run = shop.mailing(TODAY), rebuild.rebuild(TODAY)
    mailing.recipients.filter(household=shop.homes[3]).update(outcome="holdout")
    mailing.recipients.filter(household=shop.homes[4]).update(outcome="no_consent")
    told = by_household(tabled(mailing, run))
    assert len(told) == HOMES - 1
    assert [home for home, said in told.items() if said[0]] == [shop.homes[3].pk]
    assert {said[1] for said in told.values()} == {4}


def test_it_is_the_same_however_the_history_is_cut(shop, settings):
    mailing = shop.mailing(TODAY, random_slots=1)
    offer = shop.offers[5]
    offer.levels.create(number=2, face_value=Decimal("0.90"))
    run = rebuild.rebuild(TODAY)
    whole = by_household(tabled(mailing, run))
    again = tabled(mailing, run)
    assert {b: c.to_bytes() for b, c in again.items()} == {
        b: c.to_bytes() for b, c in tabled(mailing, run).items()
    }
    settings.LOYALTY_BUCKETS = 16
    history.seal()
    assert by_household(tabled(mailing, rebuild.rebuild(TODAY))) == whole
