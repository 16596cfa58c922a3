"""How a household's page is laid out: what it reads, its head, its four figures, its buttons."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from django.db.models import QuerySet
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _

from loyalty.admin import words
from loyalty.models import (
    Consent,
    DataRequest,
    Household,
    HouseholdSummary,
    Note,
    Preference,
    Profile,
)
from loyalty.shopper.value import TIERS
from pos_integration.desk import NOTHING, Tool, kept, money, percent
from pos_integration.models import Category, Product

HALF, WHOLE = 6, 12  # of the columns of the page
NOTES_SHOWN = 8
CARDS_SHOWN = 20
NOTE_TONES = {Note.Kind.NOTE: "plain", Note.Kind.TALK: "busy", Note.Kind.CONCERN: "warn"}


@dataclass(frozen=True)
class Figure:
    """One of the four figures at the top: its name, the figure, and what it is compared with."""

    name: str
    value: str
    note: str


@dataclass(frozen=True)
class Part:
    """A card of the page, so many of its 12 columns wide. `note` is the quiet text by its title."""

    title: str
    body: SafeString
    note: str = ""
    span: int = HALF
    anchor: str = ""


@dataclass
class Facts:
    """What the page reads of a household, once.

    said: what it agreed and objected to, the latest first; wishes: its words on categories;
    products: what it needs, by id, with category and department
    """

    row: Household
    summary: HouseholdSummary | None
    profile: Profile | None
    cards: list[str]
    said: list[Consent]
    wishes: list[Preference]
    notes: list[Note]
    requests: list[DataRequest] = field(default_factory=list)
    products: dict[int, Product] = field(default_factory=dict)

    def latest(self, purpose: str) -> Consent | None:
        """Its latest word on a purpose."""
        return next((said for said in self.said if said.purpose == purpose), None)


def day(when: date | datetime | None) -> str:
    """`5 Mar 2026`, in the desk's language and time zone."""
    if when is None:
        return NOTHING
    if isinstance(when, datetime):
        when = timezone.localtime(when).date()
    return date_format(when)


def read(row: Household, summary: HouseholdSummary | None) -> Facts:
    """Ask for what the page shows: seven queries at most."""
    profile = None
    if summary is not None and not summary.is_shared:
        profile = Profile.objects.filter(household=row, run=summary.run).first()
    needed = [entry[0] for entry in profile.needs] if profile else []
    return Facts(
        row=row,
        summary=summary,
        profile=profile,
        products=Product.objects.select_related("category__parent__parent").in_bulk(needed),
        cards=cards_of(row),
        said=list(row.consents.order_by("-said_at", "-pk")[:100]),
        wishes=list(_wishes(row)),
        notes=list(
            row.notes.select_related("written_by", "settled_by").order_by("-pk")[: NOTES_SHOWN + 1]
        ),
        requests=list(row.data_requests.filter(done_at=None)),
    )


def cards_of(row: Household) -> list[str]:
    """Its first cards, as they were read with it, or asked for once."""
    numbers = row.cards.order_by("pk").values_list("number", flat=True)
    return kept(row, "desk_cards", lambda: list(numbers[:CARDS_SHOWN]))


def _wishes(row: Household) -> QuerySet[Preference]:
    return row.preferences.select_related("category").order_by("kind", "category__name")


def quiet_line(facts: Facts) -> str:
    """Where it lives, since when, its cards and wishes: what stands below its name."""
    row, said = facts.row, []
    address = getattr(row, "address", None)
    if address is not None:
        said.append(f"{address.postcode} {address.city}".strip())
    said.append(_("with us since %(month)s") % {"month": date_format(row.joined_on, "F Y")})
    if facts.cards:
        shown = ", ".join(facts.cards[:3]) + (" ..." if len(facts.cards) > 3 else "")
        said.append(
            (_("card %(cards)s") if len(facts.cards) == 1 else _("cards %(cards)s"))
            % {"cards": shown}
        )
    else:
        said.append(_("no card"))
    post = facts.latest(Consent.Purpose.POST)
    said.append(_("no post") if post and not post.is_granted else _("gets post"))
    if row.language:
        said.append(words.language_name(row.language))
    said.append(f"#{row.pk}")  # by which it is searched, and named where it is merged
    return " \N{MIDDLE DOT} ".join(filter(None, said))


def figures(summary: HouseholdSummary | None) -> list[Figure]:
    """Tier, value and share of wallet; dashes while nothing is believed."""
    if summary is None or summary.is_shared:
        why = _("its card seems to be shared") if summary else _("no baskets yet")
        return [
            Figure(name, NOTHING, why)
            for name in (_("Tier"), _("Value over 3 years"), _("Share of wallet"))
        ]
    value = summary.lifetime_value
    rooms = [str(name).lower() for name, _share, room in summary.wallets[:3] if room > 0]
    share = summary.wallet_share
    return [
        Figure(_("Tier"), words.tier_name(summary.tier), _rank(summary)),
        Figure(
            _("Value over 3 years"),
            words.about(value),
            _("not known yet")
            if value is None
            else _("margin, \N{PLUS-MINUS SIGN} %(about)s")
            % {"about": words.about(summary.lifetime_margin, like=value)},
        ),
        Figure(
            _("Share of wallet"),
            NOTHING if share is None else percent(share),
            _("not known yet")
            if share is None
            else _("weak in: %(departments)s") % {"departments": ", ".join(rooms)}
            if rooms
            else _("no weak department"),
        ),
    ]


def _rank(summary: HouseholdSummary) -> str:
    """Where the tier lies among all households, by the night's own count."""
    counts = summary.run.report.get("tiers", {}) if summary.run.report else {}
    total = sum(counts.values())
    spent = _("spent %(money)s in 52 weeks") % {"money": money(summary.monetary)}
    if not total or summary.tier not in TIERS:
        return spent
    upward = TIERS[TIERS.index(summary.tier) :]
    share = sum(counts.get(tier, 0) for tier in upward) / total
    if share > 0.995:
        return spent
    return _("top %(share)s by margin") % {"share": percent(max(share, 0.01))}


def tool_row(*tools: tuple[str, str] | None) -> SafeString:
    """Small buttons that lead on."""
    shown = format_html_join(
        " ", '<a class="tool tool-small" href="{}">{}</a>', (one for one in tools if one)
    )
    return format_html('<p class="tool-row">{}</p>', shown) if shown else mark_safe("")


def step_url(row: Household, slug: str) -> str:
    """Where a step of the household's page is asked for."""
    return reverse("admin:loyalty_household_step", args=[row.pk, slug])


def privacy_tools(row: Household, user: Any) -> Sequence[Tool]:
    """The ways to a copy of its data and to erasure, for who may."""
    tools = []
    if user.has_perm("loyalty.add_datarequest"):
        tools.append(Tool(_("Note a request for its data"), step_url(row, "request")))
    for name, label, perm in (
        ("export", _("Copy of its data"), "loyalty.change_datarequest"),
        ("erase", _("Erase"), "loyalty.add_erasure"),
    ):
        if not user.has_perm(perm):
            continue
        url = reverse(f"admin:loyalty_household_{name}", args=[row.pk])
        tools.append(Tool(label, url))
    return tools


def categories_by_department() -> list[tuple[str, list[tuple[int, str]]]]:
    """Every category below its department's name, for a choice: one query."""
    rows = Category.objects.filter(level=Category.Level.CATEGORY).order_by("parent__name", "name")
    found: dict[str, list[tuple[int, str]]] = {}
    for pk, name, department in rows.values_list("pk", "name", "parent__name"):
        found.setdefault(department or "", []).append((pk, name))
    return list(found.items())
