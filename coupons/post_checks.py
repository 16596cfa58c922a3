"""What to look at before the post gets a mailing: found at once, or by the queue where it is large.

Looking through a million addresses takes seconds, and no page may. What the queue finds is kept
for a day as numbers of households and sheets alone: who they are is asked anew, so that nothing
of a household outlives its erasure here.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from django.core.cache import cache
from django.utils import timezone

from coupons import posting
from coupons.models import Mailing
from coupons.posting import Duplicate, Listed, Undeliverable

AT_ONCE: Final = 20_000
"""Recipients of a mailing that is small enough to be looked through by a page."""
KEPT_SECONDS: Final = 24 * 3600
LONG_ADDRESS: Final = r"(\n.*){5}|[^\n]{35}"  # lines, or letters of one: shorter fit any window
LONG_ADDRESSES: Final = 1_000


@dataclass(frozen=True)
class Found:
    """What to look at. at: when it was looked for; long: numbers of sheets to try for room."""

    at: datetime
    lost: Listed[Undeliverable]
    twice: Listed[Duplicate]
    long: list[int]
    is_kept: bool  # since the queue looked


def found(mailing: Mailing) -> Found | None:
    """Return what there is to look at; None where it is the queue's to look, and it has not yet."""
    if mailing.recipients.order_by()[: AT_ONCE + 1].count() <= AT_ONCE:
        lost, twice = posting.undeliverable(mailing), posting.duplicates(mailing)
        return Found(timezone.now(), lost, twice, _long(mailing), is_kept=False)
    kept = cache.get(_key(mailing))
    if kept is None:
        return None
    still = posting.undeliverable(mailing, among=kept["lost"]).first
    lines = posting.told_of(mailing, kept["twice"], kept["home_country"])
    return Found(
        kept["at"],
        Listed(kept["lost_in_all"], still),
        Listed(kept["twice_in_all"], lines),
        kept["long"],
        is_kept=True,
    )


def look(mailing: Mailing) -> int:
    """Look through all addresses of a mailing, for `found`. Returns how much was found."""
    lost, twice, long = posting.undeliverable(mailing), posting.together(mailing), _long(mailing)
    kept = {
        "at": timezone.now(),
        "lost": [one.household for one in lost.first],
        "lost_in_all": lost.total,
        "twice": twice.first,
        "twice_in_all": twice.total,
        "home_country": posting.home_country(mailing),
        "long": long,
    }
    cache.set(_key(mailing), kept, KEPT_SECONDS)
    return lost.total + twice.total + len(long)


def _key(mailing: Mailing) -> str:
    return f"post-checks-{mailing.pk}"


def _long(mailing: Mailing) -> list[int]:
    lasting = mailing.sheets.filter(voided_at=None, address__regex=LONG_ADDRESS)
    return list(lasting.order_by("number").values_list("number", flat=True)[:LONG_ADDRESSES])
