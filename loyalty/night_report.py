"""What a night tells of itself when it is done: how many households, in which tiers, what moved."""

from typing import Any

from django.db import connection
from django.db.models import Count, Q, Sum

from loyalty.models import HouseholdSummary, ModelRun
from loyalty.shopper.value import TIERS


def of(run: ModelRun, before: ModelRun | None) -> dict[str, Any]:
    """What `run` found, beside the run that was published before it, in plain values.

    households, lines: read by its last step; shared: households kept out; newcomers: with three
    shopping days or fewer; tiers: households in each; moves: [from, to, households], most first.
    """
    read = run.receipts.filter(step="score").aggregate(Sum("households"), Sum("lines"))
    mine = HouseholdSummary.objects.filter(run=run)
    counted = mine.aggregate(
        shared=Count("pk", filter=Q(is_shared=True)),
        newcomers=Count("pk", filter=Q(frequency__lte=3)),
    )
    tiers = dict(mine.filter(is_shared=False).values_list("tier").annotate(n=Count("pk")))
    return {
        "households": read["households__sum"] or 0,
        "lines": read["lines__sum"] or 0,
        **counted,
        "tiers": {tier: tiers[tier] for tier in reversed(TIERS) if tier in tiers},
        "moves": _moves(run, before) if before else [],
    }


def _moves(run: ModelRun, before: ModelRun) -> list[list[Any]]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT was.tier, now.tier, count(*) AS households"
            " FROM loyalty_householdsummary now"
            " JOIN loyalty_householdsummary was"
            " ON was.household_id = now.household_id AND was.run_id = %s"
            " WHERE now.run_id = %s AND was.tier <> now.tier"
            " AND NOT was.is_shared AND NOT now.is_shared"
            " GROUP BY 1, 2 ORDER BY 3 DESC, 1, 2",
            [before.pk, run.pk],
        )
        return [list(row) for row in cursor.fetchall()]
