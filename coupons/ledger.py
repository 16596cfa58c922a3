"""The ledger of what funders owe for cleared coupons: every redemption once, every reversal once.

A funder owes their share of what a coupon took off, rounded half up to the currency's digits,
and the handling fee. The rest of a shared offer is the house's own money: nobody owes it, so it
is booked to nobody. An offer whose funder pays no share is the house's own throughout: it is
booked at nothing, without a fee, so that every redemption is in the ledger once.
"""

from collections import Counter
from collections.abc import Callable

from django.db import connection, transaction

from coupons.models import Redemption
from pos_integration import money

Progress = Callable[[int, int], None]
REDEMPTIONS_AT_ONCE = 50_000

_SLICE = """
    SELECT count(*), max(id)
    FROM (SELECT id FROM coupons_redemption WHERE id > %s ORDER BY id LIMIT %s) AS part
"""

# The planner does not see that the ledger's ids lie within the same bounds: told so, it reads two
# short stretches of indexes and no table.
_NOT_BOOKED = """
    SELECT redemption.id FROM coupons_redemption AS redemption
    WHERE redemption.id > %(after)s AND redemption.id <= %(last)s AND NOT EXISTS (
        SELECT FROM coupons_ledgerentry AS entry
        WHERE entry.redemption_id = redemption.id AND entry.kind = 'redemption'
            AND entry.redemption_id > %(after)s AND entry.redemption_id <= %(last)s
    )
"""

# Until the till's basket has come, clearing may still lower the amount of a redemption made
# online, and does so while it holds the coupon.
_HOLD_COUPONS = """
    SELECT coupon.id FROM coupons_coupon AS coupon
    WHERE coupon.id IN (
        SELECT redemption.coupon_id FROM coupons_redemption AS redemption
        WHERE redemption.id = ANY(%(found)s) AND redemption.record_id IS NULL
    )
    ORDER BY coupon.id FOR SHARE
"""

_BOOK = """
    INSERT INTO coupons_ledgerentry (kind, funder_id, store_id, offer_id, redemption_id,
        business_date, coupons, face_value, handling_fee, currency, note, booked_at)
    SELECT 'redemption', funder.id, redemption.store_id, offer.id, redemption.id,
        redemption.business_date, 1,
        round(redemption.amount * offer.funder_share, kept.digits),
        CASE WHEN offer.funder_share = 0 THEN 0 ELSE round(funder.handling_fee, kept.digits) END,
        store.currency, '', now()
    FROM coupons_redemption AS redemption
    JOIN coupons_offer AS offer ON offer.id = redemption.offer_id
    JOIN coupons_funder AS funder ON funder.name = offer.funder
    JOIN pos_integration_store AS store ON store.id = redemption.store_id
    CROSS JOIN LATERAL (
        SELECT CASE WHEN store.currency = ANY(%(without_cents)s) THEN 0 ELSE 2 END AS digits
    ) AS kept
    WHERE redemption.id = ANY(%(found)s)
    ORDER BY redemption.id
    ON CONFLICT DO NOTHING
"""

# Whoever concedes a dispute holds the redemption too: both see what the other booked.
_HOLD_REVERSED = """
    SELECT redemption.id FROM coupons_redemption AS redemption
    JOIN coupons_ledgerentry AS booked
        ON booked.redemption_id = redemption.id AND booked.kind = 'redemption'
    WHERE redemption.reversed_at IS NOT NULL AND NOT EXISTS (
        SELECT FROM coupons_ledgerentry AS taken
        WHERE taken.redemption_id = redemption.id AND taken.kind = 'reversal'
    )
    ORDER BY redemption.id LIMIT %(most)s
    FOR NO KEY UPDATE OF redemption
"""

# Another run may have done it while this one waited for the redemptions, so it asks once more.
# What was conceded before is not given back twice.
_TAKE_BACK = """
    INSERT INTO coupons_ledgerentry (kind, funder_id, store_id, offer_id, redemption_id,
        business_date, coupons, face_value, handling_fee, currency, note, booked_at)
    SELECT 'reversal', booked.funder_id, booked.store_id, booked.offer_id, booked.redemption_id,
        booked.business_date, -claim.coupons, -claim.face_value, -claim.handling_fee,
        booked.currency, left(redemption.reversal_reason, 200), now()
    FROM coupons_redemption AS redemption
    JOIN coupons_ledgerentry AS booked
        ON booked.redemption_id = redemption.id AND booked.kind = 'redemption'
    CROSS JOIN LATERAL (
        SELECT sum(entry.coupons) AS coupons, sum(entry.face_value) AS face_value,
            sum(entry.handling_fee) AS handling_fee
        FROM coupons_ledgerentry AS entry WHERE entry.redemption_id = redemption.id
    ) AS claim
    WHERE redemption.id = ANY(%(held)s) AND NOT EXISTS (
        SELECT FROM coupons_ledgerentry AS taken
        WHERE taken.redemption_id = redemption.id AND taken.kind = 'reversal'
    )
    ORDER BY redemption.id
    ON CONFLICT DO NOTHING
"""


def book(progress: Progress = lambda done, total: None) -> Counter[str]:
    """Book every redemption that is in no ledger yet, and take back what was reversed.

    Returns how many of each: redemption, reversal. A reversal takes back all that is still
    booked for its redemption: what was conceded in a dispute is not given back twice. One that
    was reversed before it was ever booked gets both entries, so that the ledger tells the story.
    May be repeated, and run beside itself, clearing and the tills.
    """
    booked: Counter[str] = Counter()
    total = Redemption.objects.count()
    done = after = 0
    while True:
        with connection.cursor() as cursor:
            cursor.execute(_SLICE, [after, REDEMPTIONS_AT_ONCE])
            count, last = cursor.fetchone()
        if not count:
            break
        booked["redemption"] += _book(after, last)
        done, after = done + count, last
        progress(min(done, total), total)
    while (taken_back := _take_back()) is not None:
        booked["reversal"] += taken_back
    progress(total, total)
    return +booked


@transaction.atomic
def _book(after: int, last: int) -> int:
    with connection.cursor() as cursor:
        cursor.execute(_NOT_BOOKED, {"after": after, "last": last})
        found = [redemption for (redemption,) in cursor.fetchall()]
        if not found:
            return 0
        cursor.execute(_HOLD_COUPONS, {"found": found})
        cursor.execute(_BOOK, {"found": found, "without_cents": [*money.WITHOUT_CENTS]})
        return int(cursor.rowcount)


@transaction.atomic
def _take_back() -> int | None:
    """Book some reversals and return how many; None where there is none left."""
    with connection.cursor() as cursor:
        cursor.execute(_HOLD_REVERSED, {"most": REDEMPTIONS_AT_ONCE})
        held = [redemption for (redemption,) in cursor.fetchall()]
        if not held:
            return None
        cursor.execute(_TAKE_BACK, {"held": held})
        return int(cursor.rowcount)
