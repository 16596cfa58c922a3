"""The demo from beginning to end, and what it has to tell afterwards."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal

from django.db.models import Count, Sum

from coupons import mailing, nightly, printing
from coupons.demo import feed, journey, shop
from coupons.demo.journey import CAMPAIGN, Journey
from coupons.models import Coupon, Mailing, PrintRun, Redemption, Refusal
from loyalty import rebuild
from loyalty.models import Card, Household
from pos_integration.models import Basket, BasketLine, Product, Store

Bars = Callable[[str], Callable[[int, int], None]]


class DemoError(Exception):
    """Why the demo cannot go on in this database, in a sentence."""


@dataclass
class Told:
    """What happened; figures are of the whole database, `seconds` of this time's steps."""

    seconds: dict[str, float] = field(default_factory=dict)
    replayed_until: date = date.min
    issued: mailing.Issued | None = None
    print_run: PrintRun | None = None
    used: "Used | None" = None

    @contextmanager
    def step(self, name: str) -> Iterator[None]:
        started = time.monotonic()
        yield
        self.seconds[name] = time.monotonic() - started


@dataclass(frozen=True)
class Used:
    """Of the coupons that the households with a sheet really used in the campaign: which share
    was on the sheet we printed, and would have been had every sheet held the same popular ones,
    or random ones.
    """

    coupons: int  # distinct (household, coupon) used
    households: int  # that used any
    ours: float
    popular: float
    random: float
    holdout_coupons: int  # used by households that were held out, and not counted


def tell(households: int | None, today: date | None, bars: Bars) -> Told:
    """Run the demo, or what of it has not been run. Raises DemoError.

    today: move every date by whole weeks, so that the mailing begins in the week of this day,
    and stop the replay there.
    """
    told = Told()
    weeks = journey.weeks_to(today - timedelta(days=today.weekday())) if today else 0
    with told.step("Read the data set"):
        data = journey.read(households, weeks)
    _same_as_before(data)
    with told.step("Open the shop"):
        collector = shop.open_shop(data, bars("Open the shop"))
    first, cut, end = _days(data, today)
    with told.step("Upload the sales"):
        feed.upload_days(data, collector, first, cut, bars("Upload sales to the cut"))
    campaign = Mailing.objects.get(code=shop.code_of(CAMPAIGN))
    if campaign.state == Mailing.State.DRAFT:
        with told.step("The night before the mailing"):
            refused = nightly.night(cut, bars).refused
        campaign.refresh_from_db()
        if campaign.state == Mailing.State.DRAFT:
            raise DemoError(" ".join(refused))
    if campaign.state == Mailing.State.SELECTED:
        mailing.approve(campaign, None)
    with told.step("Issue what was approved"):
        told.issued = mailing.issue(campaign)
    with told.step("Look after the print run"):
        told.print_run = printing.print_mailing(campaign, progress=bars("Print the sheets"))
    with told.step("Replay the campaign"):
        feed.upload_days(data, collector, cut, end, bars("Replay the campaign"))
    with told.step("The night after"):
        nightly.night(end, bars)
    told.replayed_until = end - timedelta(days=1)
    told.used = used_of_printed(data, campaign)
    return told


def _days(data: Journey, today: date | None) -> tuple[date, date, date]:
    days = data.baskets["day"]
    end = days.max().date() + timedelta(days=1)
    return days.min().date(), data.cut, min(end, max(today, data.cut)) if today else end


def _same_as_before(data: Journey) -> None:
    """A database holds one demo: its dates and its households cannot be changed afterwards."""
    there = Mailing.objects.filter(code=shop.code_of(CAMPAIGN)).first()
    if there is None:
        return
    anew = "begin anew with 'manage.py localpg stop' and a removed var/ folder"
    if there.valid_from != data.cut:
        raise DemoError(
            f"the demo is here already, with the mailing on {there.valid_from}, not {data.cut}: "
            f"run it as before, or {anew}"
        )
    homes = Card.objects.filter(household__isnull=False).count()
    if homes != len(data.households):
        raise DemoError(
            f"the demo is here already, with {homes} households, not {len(data.households)}: "
            f"run it as before, or {anew}"
        )


def used_of_printed(data: Journey, campaign: Mailing) -> Used:
    """Compare the sheets with what was used in the data, which has no hold-out and no random
    slots: it tells how well we guessed what people would use, not what the coupons changed.
    """
    uses = data.redemptions[data.redemptions["campaign_id"] == CAMPAIGN]
    pairs = {
        (str(home), str(upc))
        for home, upc in zip(uses["household_id"], uses["coupon_upc"], strict=True)
    }
    printed = set(
        Coupon.objects.filter(sheet__mailing=campaign).values_list(
            "sheet__household__cards__number", "offer__shared_code"
        )
    )
    with_sheet = {card for card, _ in printed}
    counted = {pair for pair in pairs if pair[0] in with_sheet}
    popular = _popular(data, campaign)
    most = max(len(counted), 1)
    return Used(
        coupons=len(counted),
        households=len({card for card, _ in counted}),
        ours=len(counted & printed) / most,
        popular=sum(upc in popular for _, upc in counted) / most,
        random=campaign.coupons_per_sheet / campaign.offers.count(),
        holdout_coupons=len(pairs) - len(counted),
    )


def _popular(data: Journey, campaign: Mailing) -> set[str]:
    """The campaign's coupons for whose products most households went to the shop before it."""
    past = data.before_cut(data.baskets)
    offered = data.coupons[data.coupons["campaign_id"] == CAMPAIGN]
    bought = offered.merge(past, left_on="product_id", right_on="product")
    days = bought.drop_duplicates(["coupon_upc", "household", "day"]).groupby("coupon_upc").size()
    ranked = sorted(days.index.tolist(), key=lambda upc: (-days[upc], upc))
    return {str(upc) for upc in ranked[: campaign.coupons_per_sheet]}


def figures() -> dict[str, int | Decimal]:
    """Totals of the database, for the summary."""
    money = BasketLine.objects.aggregate(total=Sum("amount"))["total"] or Decimal(0)
    run = rebuild.published()
    return {
        "stores": Store.objects.count() - 1,  # the head office sells nothing
        "products": Product.objects.count(),
        "households": Household.objects.count(),
        "baskets": Basket.objects.count(),
        "lines": BasketLine.objects.count(),
        "amount": money,
        "modelled": run.households if run else 0,
        "redemptions": Redemption.objects.count(),
        "personal": Redemption.objects.filter(coupon__isnull=False).count(),
        "refusals": Refusal.objects.count(),
    }


def refusals() -> list[tuple[str, int]]:
    """Why claims were refused, the most frequent reason first."""
    rows = Refusal.objects.values_list("reason").annotate(n=Count("pk")).order_by("-n", "reason")
    return [(str(Refusal.Reason(reason).label), n) for reason, n in rows]
