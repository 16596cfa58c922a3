"""A large chain as rows, written by the database itself: households, sales, mailings, coupons.

Foreign keys and triggers are not asked while it is filled: the statements below keep them.
Names, streets and towns are drawn of lists, so that pieces of names are found as in real life.
"""

import time
from collections.abc import Callable, Iterator
from datetime import date

from django.db import connection
from django.db.backends.utils import CursorWrapper

from loyalty.models import Household
from tests.benchmarks import desk_papers

Said = Callable[[str, float], None]
STORES, TILLS, PRODUCTS, OFFERS, MAILINGS, DAYS = 120, 8, 20_000, 60, 10, 364
LINES_A_BASKET, COUPONS_A_SHEET = 10, 8

_NAMES = """(ARRAY['Ada','Ben','Cleo','Dora','Emil','Frieda','Gus','Hanna','Ivo','Jola','Karl',
 'Lena','Mia','Noah','Olga','Paul'])[1 + i % 16] || ' ' || (ARRAY['Abel','Brandt','Castro','Dietz',
 'Ertl','Fuchs','Gruber','Haas','Imhof','Jung','Keller','Lang','Moser','Novak','Ott','Pohl'])
 [1 + (i / 16) % 16] || chr((97 + (i / 256) % 26)::int) || chr((97 + (i / 6656) % 26)::int)"""


def statements(scale: float, today: date) -> Iterator[tuple[str, str]]:
    """Yield what is written, and the statement that writes it.

    scale: 1 is a million households with six million baskets of ten lines, ten mailings of a
        hundred thousand sheets, and half a million redemptions
    """
    homes, baskets = int(1_000_000 * scale), int(6_000_000 * scale)
    sheets = int(1_000_000 * scale) // MAILINGS * MAILINGS
    used, refused = int(500_000 * scale), int(50_000 * scale)
    uploads, rejects = int(100_000 * scale) + 100, int(20_000 * scale) + 10
    day = f"DATE '{today}'"
    yield (
        "stores",
        f"""INSERT INTO pos_integration_store (id, number, name, currency, time_zone)
        SELECT i, i::text, 'Greenfield ' || i, 'EUR', 'UTC' FROM generate_series(1, {STORES}) i""",
    )
    yield (
        "tills",
        f"""INSERT INTO pos_integration_terminal
        (id, number, is_collector, store_id, last_seen_at)
        SELECT i, 1 + (i - 1) / {STORES}, false, 1 + (i - 1) % {STORES},
        now() - interval '1 minute' * (i % 90) FROM generate_series(1, {STORES * TILLS}) i""",
    )
    yield (
        "categories",
        """INSERT INTO pos_integration_category
        (id, level, name, is_modelled, is_sensitive, parent_id)
        SELECT i, CASE WHEN i = 1 THEN 'department' ELSE 'category' END, 'Category ' || i, true,
        false, CASE WHEN i > 1 THEN 1 END FROM generate_series(1, 200) i""",
    )
    yield (
        "products",
        f"""INSERT INTO pos_integration_product
        (id, gtin, name, brand, size, is_listed, category_id)
        SELECT i, lpad(i::text, 14, '0'), 'Product ' || i, 'Brand ' || i % 400, '1 l', true,
        1 + i % 200 FROM generate_series(1, {PRODUCTS}) i""",
    )
    yield (
        "uploads",
        f"""INSERT INTO pos_integration_upload (id, terminal_id, sha256, media_type,
        body, received_at, state, attempts, baskets, lines, accepted, duplicates, rejected)
        SELECT i, 1 + i % {STORES * TILLS}, lpad(i::text, 64, '0'), 'application/json', '',
        now() - interval '1 second' * ({uploads} - i) * 60, 'loaded', 1, 60, 600, 60, 0, 0
        FROM generate_series(1, {uploads}) i""",
    )
    yield (
        "rejects",
        f"""INSERT INTO pos_integration_reject (id, upload_id, position, code, detail,
        receipt, raw, closed_at)
        SELECT i, 1 + i % {uploads}, i, 'unknown_store', 'No store has this number.', i::text,
        repeat('x', 400), CASE WHEN i % 10 = 0 THEN NULL ELSE now() END
        FROM generate_series(1, {rejects}) i""",
    )
    yield (
        "households",
        f"""INSERT INTO loyalty_household (id, name, joined_on, slot)
        SELECT i, {_NAMES}, {day} - 700, i % 4096 FROM generate_series(1, {homes}) i""",
    )
    yield (
        "cards",
        f"""INSERT INTO loyalty_card (id, number, claimed_on, household_id)
        SELECT i, '21' || lpad(i::text, 10, '0'), {day} - 700, i
        FROM generate_series(1, {homes}) i""",
    )
    yield (
        "addresses",
        f"""INSERT INTO loyalty_address
        (id, street, postcode, city, region, country, is_deliverable, household_id)
        SELECT i, 'Long Lane ' || i % 200, lpad((i % 8000)::text, 5, '0'), 'Town ' || i % 300, '',
        'DE', true, i FROM generate_series(1, {homes}) i""",
    )
    yield (
        "run",
        f"""INSERT INTO loyalty_modelrun (id, as_of, state, history_hash, started_at,
        published_at, households, lines, seconds, parameters, report)
        VALUES (1, {day}, 'published', '', now(), now(), {homes}, {baskets * 10}, 600, '{{}}',
        '{{}}')""",
    )
    yield (
        "summaries",
        f"""INSERT INTO loyalty_householdsummary (id, first_on, last_on,
        recency_days, frequency, monetary, baskets, mean_gap_days, saved, coupon_share, tier,
        year_value, year_margin, favourite_weekday, weekly_spend_cents, categories, household_id,
        run_id, favourite_daypart, home_store_id, is_shared, shared_reason, wallets, weekly_trips)
        SELECT i, {day} - 300, {day} - 1 - (i % 60)::int, 1 + i % 60,
        CASE WHEN i % 20 = 0 THEN 2 ELSE 40 END, 900 + i % 3000, 60, 7,
        40, 0.1, CASE WHEN i % 50 = 0 THEN 'platinum'
        ELSE (ARRAY['gold','silver','bronze','casual'])[1 + i % 4] END, 900 + i % 3000, 300, 5,
        array_fill(2300, ARRAY[52]), '[["Category 1", 0.4]]', i, 1, 'evening', 1 + i % {STORES},
        i % 500 = 0, '', '[]', array_fill(1::smallint, ARRAY[52])
        FROM generate_series(1, {homes}) i""",
    )
    yield (
        "profiles",
        f"""INSERT INTO loyalty_profile (id, needs, household_id, run_id, discoveries)
        SELECT i, '[[1, 0.4, 9, 7.0, "{today}"]]', i, 1, '[]'
        FROM generate_series(1, {homes}) i""",
    )
    # In the order of their days, as they come in.
    yield (
        "baskets",
        f"""INSERT INTO pos_integration_basket (id, till, business_date, receipt, kind,
        ended_at, card_number, currency, content_hash, store_id, upload_id)
        SELECT i, 1 + (i / {STORES}) % {TILLS}, d, (i / {STORES * TILLS})::text, 'sale',
        d + interval '8 hours' + interval '1 second' * (i % 39600),
        CASE WHEN i % 5 < 4 THEN '21' || lpad((1 + i * 7919 % {homes})::text, 10, '0') ELSE '' END,
        'EUR', '', 1 + i % {STORES}, 1 + i % {uploads}
        FROM (SELECT i, {day} - {DAYS - 1} + (i * {DAYS} / {baskets + 1})::int AS d
              FROM generate_series(1, {baskets}::bigint) i) s""",
    )
    yield (
        "lines",
        f"""INSERT INTO pos_integration_basketline (basket_id, number, product_id, code,
        kind, quantity, unit, amount, discount)
        SELECT 1 + k / {LINES_A_BASKET}, 1 + k % {LINES_A_BASKET}, 1 + k * 977 % {PRODUCTS}, 'x',
        'sale', 1, 'EA', 1 + k % 9, 0
        FROM (SELECT generate_series(0, {baskets * LINES_A_BASKET - 1}::bigint) AS k) s""",
    )
    yield (
        "funders",
        """INSERT INTO coupons_funder (id, name, handling_fee, reference, address)
        SELECT i, 'Maker ' || i, 0.08, '', '' FROM generate_series(1, 20) i""",
    )
    yield (
        "offers",
        f"""INSERT INTO coupons_offer (id, code, name, detail, kind, face_value,
        picture, terms, funder, funder_share, valid_from, valid_to, circulation, category_id,
        real_budget)
        SELECT i, 'offer-' || i, 'Product ' || i, '1 l', 'amount', 1, 'basket', '',
        'Maker ' || (1 + i % 20), 1, {day} - 300, {day} + 20, 0, 1 + i % 200,
        CASE WHEN i % 6 = 0 THEN 20000 END FROM generate_series(1, {OFFERS}) i""",
    )
    yield (
        "mailings",
        f"""INSERT INTO coupons_mailing (id, code, name, state, issue_on, valid_from,
        valid_to, coupons_per_sheet, coupons_per_category, holdout_share, headline, explanation,
        issued_at, budget)
        SELECT i, 'mailing-' || i, 'Mailing ' || i, CASE WHEN i > 8 THEN 'mailed' ELSE 'closed' END,
        d, d, d + 34, 8, 2, 0.1, 'Good things', 'Chosen', now(), 90000
        FROM (SELECT i, {day} - 14 - 30 * ({MAILINGS} - i) AS d
              FROM generate_series(1, {MAILINGS}) i) s""",
    )
    yield (
        "selections",
        """INSERT INTO coupons_selection (id, state, seed, started_at, finished_at,
        terms, prices, report, error, mailing_id)
        SELECT id, 'ready', 1, now(), now(), '{}', '{}',
        '{"totals": {"coupons": 800000, "redemptions": [60000, 40000, 90000],
          "cost": [60000, 40000, 90000], "margin": null}}', '', id FROM coupons_mailing""",
    )
    yield "selections in use", "UPDATE coupons_mailing SET selection_id = id"
    a_mailing = sheets // MAILINGS
    each = max(sheets * COUPONS_A_SHEET // max(used, 1), 1)  # of so many coupons one came back
    yield (
        "sheets",
        f"""INSERT INTO coupons_sheet (id, number, address, savings, household_id,
        mailing_id)
        SELECT i, 1 + (i - 1) % {a_mailing}, 'Somebody', 8, 1 + (i * 13) % {homes},
        1 + (i - 1) / {a_mailing} FROM generate_series(1, {sheets}::bigint) i""",
    )
    yield (
        "coupons",
        f"""INSERT INTO coupons_coupon (id, code, position, state, valid_from,
        valid_to, chance, tag, reason, staff_reason, offer_id, sheet_id)
        SELECT (s.id - 1) * {COUPONS_A_SHEET} + p, 'Z' || lpad(((s.id - 1) * 8 + p)::text, 12, '0'),
        p, CASE WHEN ((s.id - 1) * {COUPONS_A_SHEET} + p - 1) % {each} = 0 THEN 'redeemed'
        WHEN s.id % 500 = 0 THEN 'void' ELSE 'open' END,
        m.valid_from, m.valid_to, 0.08, (ARRAY['buy', 'buy', 'back', 'new'])[1 + p % 4],
        'You buy this.', '',
        1 + (s.id + p * 7) % {OFFERS}, s.id
        FROM coupons_sheet s JOIN coupons_mailing m ON m.id = s.mailing_id,
        generate_series(1, {COUPONS_A_SHEET}) p""",
    )
    yield (
        "records",
        f"""INSERT INTO pos_integration_redemptionrecord
        (id, position, line_number, code, amount, basket_id)
        SELECT i, 0, 1, 'Z', 1, 1 + i * {max(baskets // max(used + refused, 1), 1)} % {baskets}
        FROM generate_series(1, {used + refused}::bigint) i""",
    )
    # The last mailings' coupons come back in the last weeks.
    yield (
        "redemptions",
        f"""INSERT INTO coupons_redemption (id, amount, redeemed_at, till,
        business_date, receipt, coupon_id, offer_id, record_id, store_id, reversal_reason)
        SELECT i, 1, now(), 1, c.valid_from + ((i * i) % 14)::int, i::text, c.id,
        c.offer_id, i, 1 + i % {STORES}, ''
        FROM generate_series(1, {used}::bigint) i
        JOIN coupons_coupon c ON c.id = 1 + i * {each} % {sheets * COUPONS_A_SHEET}""",
    )
    yield (
        "refusals",
        f"""INSERT INTO coupons_refusal (id, reason, detail, record_id)
        SELECT i, 'out_of_date', 'Good until last week.', {used} + i
        FROM generate_series(1, {refused}) i""",
    )


def fill(scale: float, today: date, said: Said) -> None:
    """Write all of it and let the database look at it, as a night's autovacuum would.

    Does nothing where there are households already.
    """
    if Household.objects.exists():
        return
    sizes = (int(1_000_000 * scale), int(6_000_000 * scale))
    papers = desk_papers.statements(
        *sizes, sizes[0] // MAILINGS * MAILINGS, int(500_000 * scale), today, STORES
    )
    with connection.cursor() as cursor:
        cursor.execute("SET session_replication_role = replica")
        cursor.execute("SET synchronous_commit = off")
        cursor.execute("SET maintenance_work_mem = '512MB'")
        taken = _without_indexes(cursor)
        for name, statement in (*statements(scale, today), *papers):
            begun = time.monotonic()
            cursor.execute(statement)
            said(name, time.monotonic() - begun)
        begun = time.monotonic()
        for again in taken:
            cursor.execute(again)
        said("indexes", time.monotonic() - begun)
        cursor.execute("SET session_replication_role = DEFAULT")
        begun = time.monotonic()
        cursor.execute("VACUUM ANALYZE")
        said("vacuum and analyse", time.monotonic() - begun)


_BY_CONSTRAINT = """SELECT format('ALTER TABLE %%I DROP CONSTRAINT %%I', r.relname, c.conname),
 format('ALTER TABLE %%I ADD CONSTRAINT %%I %%s', r.relname, c.conname, pg_get_constraintdef(c.oid))
 FROM pg_constraint c JOIN pg_class r ON r.oid = c.conrelid
 WHERE c.contype = 'u' AND r.relname = ANY(%s)
 AND NOT EXISTS (SELECT 1 FROM pg_constraint f WHERE f.contype = 'f' AND f.conindid = c.conindid)"""
_BY_INDEX = """SELECT format('DROP INDEX %%I', k.relname), pg_get_indexdef(i.indexrelid)
 FROM pg_index i JOIN pg_class r ON r.oid = i.indrelid JOIN pg_class k ON k.oid = i.indexrelid
 WHERE r.relname = ANY(%s)
 AND NOT EXISTS (SELECT 1 FROM pg_constraint c WHERE c.conindid = i.indexrelid)"""
_LONG = [
    "pos_integration_basket", "pos_integration_basketline", "pos_integration_redemptionrecord",
    "loyalty_household", "loyalty_card", "loyalty_address", "loyalty_householdsummary",
    "loyalty_profile", "coupons_sheet", "coupons_coupon", "coupons_redemption",
]  # fmt: skip


def _without_indexes(cursor: CursorWrapper) -> list[str]:
    """Take the long tables' indexes away, for they are quicker built at once.

    Returns the statements that bring them back.
    """
    back = []
    for found in (_BY_CONSTRAINT, _BY_INDEX):
        cursor.execute(found, [_LONG])
        for away, again in cursor.fetchall():
            cursor.execute(away)
            back.append(again)
    return back
