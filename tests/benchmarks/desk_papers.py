"""A large chain's papers, written by the database itself: what its staff and its nights keep.

Consents, notes, requests, tenders, recipients, ledger, statements, selections in every state with
reports as the product writes them, print runs, a measurement, and a history of staff's changes.
"""

import json
from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any, Final

OFFERS: Final = 60
_STATES: Final = ("draft", "selected", "approved", "issued", "printed", "draft")


def _interval(mean: float) -> list[float]:
    return [mean, round(mean * 0.6, 4), round(mean * 1.7, 4)]


def selection_report(coupons: int) -> dict[str, Any]:
    """What a selection of so many coupons of OFFERS offers would tell."""
    each = coupons // OFFERS
    return {
        "gap": 0.0004,
        "bound": 61_000.0,
        "value": 60_900.0,
        "drawn": 0,
        "moved": 12,
        "ghosts": 11_000,
        "passes": 2,
        "generic": 0,
        "coupons": coupons,
        "doubts": [f"'Product {i}': none of its products was sold yet." for i in range(12)],
        "limits": ["The mailing: 60,000.00 of 90,000.00 is expected to be spent."],
        "tiers": [
            [tier, coupons // 32, 1.0, coupons / 50]
            for tier in ("bronze", "silver", "gold", "platinum")
        ],
        "offers": [
            {
                "offer": i,
                "code": f"offer-{i}",
                "name": f"Product {i}",
                "funder": f"Maker {1 + i % 20}",
                "eligible": each * 3,
                "levels": [["1.00 off", each]],
                "limits": [],
                "coupons": each,
                "cost": _interval(each * 0.08),
                "redemptions": _interval(each * 0.08),
                "margin": None,
            }
            for i in range(1, OFFERS + 1)
        ],
        "totals": {
            "coupons": coupons,
            "redemptions": _interval(coupons * 0.08),
            "cost": _interval(coupons * 0.08),
            "margin": None,
        },
        "seconds": {"prices": 9.0, "repair": 41.0, "verify": 12.0},
        "households": {"holdout": coupons // 80, "waiting": coupons // 8},
    }


def _account(sheets: int) -> dict[str, Any]:
    used = sheets // 2
    return {
        "sheets": sheets,
        "sheets_used": sheets // 4,
        "coupons": sheets * 8,
        "redeemed": used,
        "redeemed_share": 0.0625,
        "breakage": sheets * 8 - used,
        "off_cents": used * 100,
        "funded_cents": used * 90,
        "own_cents": used * 10,
        "fee_cents": used * 8,
        "held_out": sheets // 10,
    }


def _effect(each: float, sheets: int) -> dict[str, float]:
    bounds = {"each": each, "low": each - 0.1, "high": each + 0.1}
    totals = {"total": each, "total_low": each - 0.1, "total_high": each + 0.1}
    return bounds | {name: round(value * sheets, 2) for name, value in totals.items()}


def measurement_report(today: date, sheets: int, stores: int) -> dict[str, Any]:
    """What a measurement of a mailing that ended would tell."""
    groups = [("mailing", "", "All of it")]
    groups += [("tier", tier, tier.capitalize()) for tier in ("bronze", "silver", "gold")]
    groups += [("store", str(i), f"Greenfield {i}") for i in range(1, stores + 1)]
    groups += [("tag", "buy", "What it buys"), ("tag", "back", "Win-backs")]
    groups += [("funder", f"Maker {i}", f"Maker {i}") for i in range(1, 21)]
    days = [(today - timedelta(ago)).isoformat() for ago in (140, 51, 50, 16, 15, 1)]
    of_offer = (
        "sales", "margin", "net", "all_told", "halo_sales", "halo_margin", "neighbours_sales",
        "neighbours_margin",
    )  # fmt: skip
    return {
        "state": "ended",
        "against": "holdout",
        "days": {"before": days[:2], "during": days[2:4], "after": days[4:]},
        "households": {"sheets": sheets, "held_out": sheets // 10, "gone": 3, "unsent": 0},
        "narrower": 0.31,
        "groups": [
            {
                "kind": kind,
                "key": key,
                "name": name,
                **_account(sheets // 4),
                "usual_sales": 41.0,
                "effects": {what: _effect(0.4, sheets // 4) for what in ("sales", "margin", "net")},
            }
            for kind, key, name in groups
        ],
        "offers": [
            {
                "offer": i,
                "code": f"offer-{i}",
                "name": f"Product {i}",
                "funder": f"Maker {1 + i % 20}",
                **_account(sheets // 8),
                "effects": {what: _effect(0.01 * i - 0.2, sheets // 8) for what in of_offer},
            }
            for i in range(1, OFFERS + 1)
        ],
        "not_redeemed": {"households": sheets // 2, "margin": _effect(0.1, sheets // 2)},
        "lots": {"offers": [], "chosen": None},
        "uplift": {},
        "drop": [{"offer": 1, "says": "Product 1 cost more than it brought."}],
        "doubts": [],
    }


def _plain(value: dict[str, Any]) -> str:
    return "'" + json.dumps(value).replace("'", "''") + "'"


def statements(
    homes: int, baskets: int, sheets: int, used: int, today: date, stores: int
) -> Iterator[tuple[str, str]]:
    """Yield what is written, and the statement that writes it, once sales and sheets are there.

    homes, baskets, sheets, used: how many of each are kept; used: redemptions
    """
    day, mailings = f"DATE '{today}'", 10
    yield (
        "consents",
        f"""INSERT INTO loyalty_consent (household_id, purpose, is_granted, said_at, source)
        SELECT i, p, i % 20 > 0, now() - interval '1 day' * (i % 700), 'form for the card'
        FROM generate_series(1, {homes}) i, unnest(ARRAY['post', 'profiling']) p""",
    )
    yield (
        "notes",
        f"""INSERT INTO loyalty_note (household_id, kind, text, written_at, settled_at)
        SELECT 1 + i * 37 % {homes}, (ARRAY['note', 'talk', 'concern'])[1 + i % 3], 'Called.',
        now() - interval '1 minute' * i, CASE WHEN i % 3 = 2 AND i % 10 > 0 THEN now() END
        FROM generate_series(1, {homes // 10}::bigint) i""",
    )
    yield (
        "requests",
        f"""INSERT INTO loyalty_datarequest
        (household_id, kind, asked_at, source, due_on, done_at)
        SELECT 1 + i * 53 % {homes}, (ARRAY['copy', 'erasure'])[1 + i % 2], now(), 'letter',
        {day} + 20, CASE WHEN i % 20 > 0 THEN now() END
        FROM generate_series(1, {homes // 200}::bigint) i""",
    )
    yield (
        "preferences",
        f"""INSERT INTO loyalty_preference (household_id, kind, category_id)
        SELECT i * 5, (ARRAY['favourite', 'never'])[1 + i % 2], 2 + i % 190
        FROM generate_series(1, {homes // 5}) i""",
    )
    yield (
        "chunks",
        f"""INSERT INTO loyalty_purchasechunk (bucket, month, of_buckets, rows, data, sha256)
        SELECT b, date_trunc('month', {day}) - interval '1 month' * m, 64, {baskets * 10 // 800},
        '', '' FROM generate_series(0, 63) b, generate_series(0, 12) m""",
    )
    yield (
        "tenders",
        f"""INSERT INTO pos_integration_tender (basket_id, position, kind, amount)
        SELECT i, 0, (ARRAY['cash', 'card'])[1 + i % 2], 40
        FROM generate_series(1, {baskets}::bigint) i""",
    )
    yield (
        "segments",
        """INSERT INTO coupons_segment (id, name, tiers, trigger, least_chance)
        VALUES (1, 'Gold and silver', '{gold,silver}', '', 0.1), (2, 'Everybody', '{}', '', 0.1)""",
    )
    yield (
        "products of offers",
        f"""INSERT INTO coupons_offerproduct (offer_id, product_id)
        SELECT o, 1 + (o * 331 + n) % 20000 FROM generate_series(1, {OFFERS}) o,
        generate_series(1, 300) n""",
    )
    yield (
        "mailings at work",
        f"""INSERT INTO coupons_mailing (id, code, name, state, issue_on, valid_from, valid_to,
        coupons_per_sheet, coupons_per_category, holdout_share, headline, explanation, budget)
        SELECT {mailings} + i, 'mailing-' || {mailings} + i, 'Mailing ' || {mailings} + i,
        ('{{{",".join(_STATES)}}}'::text[])[i], {day} + 3, {day} + 3, {day} + 37, 8, 2, 0.1,
        'Good things', 'Chosen', 90000 FROM generate_series(1, {len(_STATES)}) i""",
    )
    yield (
        "offers of mailings",
        f"""INSERT INTO coupons_mailing_offers (mailing_id, offer_id)
        SELECT m, o FROM generate_series(1, {mailings + len(_STATES)}) m,
        generate_series(1, {OFFERS}) o""",
    )
    yield (
        "segments of mailings",
        """INSERT INTO coupons_mailing_segments (mailing_id, segment_id)
        SELECT id, 1 + id % 2 FROM coupons_mailing""",
    )
    yield (
        "selections of mailings at work",
        f"""INSERT INTO coupons_selection (id, state, seed, started_at, finished_at, terms,
        prices, report, error, mailing_id, run_id)
        SELECT {mailings} + i, (ARRAY['ready', 'ready', 'ready', 'failed', 'running'])
        [CASE WHEN i > 10 THEN i - 7 ELSE 1 END], 1, now(), now(), '{{}}', '{{}}',
        {_plain(selection_report(sheets * 8))}, CASE WHEN i = 11 THEN 'No offer is in its dates.'
        ELSE '' END, CASE WHEN i <= 10 THEN {mailings} + (i + 1) / 2
        ELSE {mailings} + {len(_STATES)} END, 1
        FROM generate_series(1, 12) i""",
    )
    yield (
        "reports of selections",
        f"""UPDATE coupons_selection SET run_id = 1, report = {_plain(selection_report(sheets * 8))}
        WHERE id <= {mailings}""",
    )
    yield (
        "their selections",
        f"""UPDATE coupons_mailing SET selection_id = {mailings} + 2 * (id - {mailings})
        WHERE id > {mailings} AND state <> 'draft'""",
    )
    yield (
        "recipients",
        """INSERT INTO coupons_recipient (mailing_id, household_id, outcome, by_segment)
        SELECT mailing_id, household_id, 'sheet', true FROM coupons_sheet""",
    )
    # The two newest mailings ask every household.
    yield (
        "recipients left out",
        f"""INSERT INTO coupons_recipient (mailing_id, household_id, outcome, by_segment)
        SELECT {mailings} + m, i, CASE WHEN m = 1 THEN 'waiting' ELSE (ARRAY['waiting', 'waiting',
        'waiting', 'holdout', 'no_consent', 'no_offers'])[1 + i % 6] END, true
        FROM generate_series(1, 2) m, generate_series(1, {homes}) i""",
    )
    yield (
        "ledger",
        """INSERT INTO coupons_ledgerentry (kind, business_date, coupons, face_value, handling_fee,
        currency, note, booked_at, funder_id, offer_id, redemption_id, store_id)
        SELECT 'redemption', r.business_date, 1, 1, 0.08, 'EUR', '', now(), 1 + r.offer_id % 20,
        r.offer_id, r.id, r.store_id FROM coupons_redemption r ORDER BY r.id""",
    )
    yield (
        "statements",
        f"""INSERT INTO coupons_statement (id, number, currency, period_from, period_to, state,
        issued_at, paid_on, funder_id)
        SELECT i, 'S' || i, 'EUR', {day} - 60, {day} - 30,
        CASE WHEN i % 4 = 0 THEN 'issued' ELSE 'paid' END, now() - interval '1 hour' * (2000 - i),
        CASE WHEN i % 4 = 0 THEN NULL ELSE {day} - 1 END, 1 + i % 20
        FROM generate_series(1, 400) i""",
    )
    yield (
        "entries of statements",
        """INSERT INTO coupons_statemententry (entry_id, statement_id)
        SELECT e.id, 1 + (e.funder_id - 2 + 20) % 20 + 20 * (e.id % 20) FROM coupons_ledgerentry e
        WHERE e.id % 3 > 0""",
    )
    yield (
        "disputes",
        """INSERT INTO coupons_dispute (entry_id, amount, reason, state, raised_at, answer)
        SELECT e.id, 1, 'Not ours.', 'open', now(), '' FROM coupons_ledgerentry e
        WHERE e.id % 1000 = 1""",
    )
    yield (
        "measurement",
        f"""INSERT INTO coupons_measurement (as_of, measured_at, report, mailing_id)
        SELECT {day} - 1, now(), {_plain(measurement_report(today, sheets // 10, stores))}, id
        FROM coupons_mailing WHERE id <= 8""",
    )
    yield (
        "print runs",
        f"""INSERT INTO coupons_printrun (id, started_at, finished_at, folder, manifest, sheets,
        coupons, checked, mailing_id, kind, left_out, look, numbers, seeds, says, state)
        SELECT id, now(), now(), '/nowhere/' || code, '{{"files": []}}', {sheets // mailings},
        {sheets // mailings * 8}, 0, id, 'whole', '[]', '{{}}', '[[1, {sheets // mailings}]]',
        '[]', '', CASE id WHEN 10 THEN 'running' WHEN 9 THEN 'failed' ELSE 'finished' END
        FROM coupons_mailing WHERE id <= {mailings}""",
    )
    yield (
        "print files",
        """INSERT INTO coupons_printfile (name, first, last, sheets, pages, coupons, checked,
        bytes, sha256, left_out, run_id)
        SELECT r.id || '-' || i || '.pdf', 2500 * i - 2499, 2500 * i, 2500, 2500,
        20000, 25, 9000000, '', '[]', r.id
        FROM coupons_printrun r, generate_series(1, 40) i""",
    )
    yield (
        "verdicts",
        """INSERT INTO coupons_refusalverdict (refusal_id, verdict, note, decided_at)
        SELECT id, (ARRAY['stands', 'house', 'trained'])[1 + id % 3], '', now()
        FROM coupons_refusal WHERE id % 10 > 0""",
    )
    # A year of what a staff of two hundred changes: most of it households, and a busy offer.
    yield (
        "history",
        f"""INSERT INTO pos_integration_change (at, by_id, by_name, page, kind, table_name, row_id,
        label, about_table, about_id, rows, before, after)
        SELECT now() - interval '15 seconds' * (2 * {homes} - i), 1 + i % 200,
        'user-' || 1 + i % 200, '', 'changed', t, n, 'Somebody', t, n, 1,
        '{{"name": "Ada Abel"}}', '{{"name": "Ada Abele"}}'
        FROM (SELECT i, CASE WHEN i % 50 = 0 THEN 'coupons_offer' ELSE 'loyalty_household' END AS t,
              (CASE WHEN i % 50 = 0 THEN 1 ELSE 1 + i * 29 % {homes} END)::text AS n
              FROM generate_series(1, {2 * homes}::bigint) i) s""",
    )
