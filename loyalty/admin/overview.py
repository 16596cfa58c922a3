"""How a household's page is laid out, and the parts of it that `loyalty` knows of."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from django.db.models import QuerySet
from django.http import HttpRequest
from django.middleware.csrf import get_token
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _

from loyalty.admin import panels, words
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
from pos_integration.desk import NOTHING, Tool, link, money, percent, pill, table
from pos_integration.models import Category, Product

HALF, WHOLE = 6, 12  # of the columns of the page
NOTES_SHOWN = 8
CARDS_SHOWN = 20
SAID_SHOWN = 12
WRONG_SHOWN = 3
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
    if not hasattr(row, "desk_cards"):
        numbers = row.cards.order_by("pk").values_list("number", flat=True)
        row.desk_cards = list(numbers[:CARDS_SHOWN])  # type: ignore[attr-defined] # kept for this page
    found: list[str] = row.desk_cards  # type: ignore[attr-defined] # just set
    return found


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
        Figure(_("Tier"), summary.tier.capitalize(), _rank(summary)),
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


def parts(request: HttpRequest, facts: Facts) -> dict[str, Part]:
    """All the cards that `loyalty` knows of, by name."""
    made = {
        "consent": Part(
            _("Consent and wishes"), _consent(request, facts), span=4, anchor="consent"
        ),
        "notes": Part(_("Notes and concerns"), _notes(request, facts), anchor="notes"),
    }
    summary = facts.summary
    if summary is None:
        return made
    for name, panel in panels.by_name(summary, facts.profile, facts.products).items():
        span = {"weeks": 7, "needs": 5, "warning": WHOLE, "wallets": WHOLE}.get(name, HALF)
        made[name] = Part(panel.title, panel.body, panel.note, span)
    return made


def _consent(request: HttpRequest, facts: Facts) -> SafeString:
    rows: list[tuple[object, object]] = []
    for purpose in Consent.Purpose:
        said = facts.latest(purpose)
        rows.append((purpose.label, consent_pill(said, purpose)))
    for kind, name in ((Preference.Kind.NEVER, _("Never offer")), ("favourite", _("Favourites"))):
        liked = [wish.category.name for wish in facts.wishes if wish.kind == kind]
        shown = ", ".join(liked[:SAID_SHOWN]) + (" ..." if len(liked) > SAID_SHOWN else "")
        rows.append((name, shown or NOTHING))
    rows.append(
        (_("Of age"), {True: _("shown"), False: _("no"), None: NOTHING}[facts.row.is_of_age])
    )
    for asked in facts.requests:
        late = asked.due_on < timezone.localdate()
        due = _("due %(day)s") % {"day": day(asked.due_on)}
        rows.append((asked.get_kind_display(), pill(due, "bad" if late else "warn")))
    wrong = wrong_about(facts)
    rows.append(
        (
            _("Model may be wrong about"),
            format_html(
                '<ul class="said">{}</ul>',
                format_html_join("", "<li>{}</li>", ((one,) for one in wrong)),
            )
            if wrong
            else _("nothing that was said at the desk"),
        )
    )
    history = table(
        (_("Said"), _("What"), _("Where")),
        (
            (
                day(said.said_at),
                f"{said.get_purpose_display()}: {_('yes') if said.is_granted else _('no')}",
                said.source,
            )
            for said in facts.said[:SAID_SHOWN]
        ),
        _("Nothing was said yet."),
    )
    body = format_html_join("", "<tr><th scope='row'>{}</th><td>{}</td></tr>", rows)
    return format_html(
        '<table class="pairs"><tbody>{}</tbody></table>{}'
        '<details class="as-table"><summary>{}</summary>{}</details>',
        body,
        tool_row(
            (step_url(facts.row, "consent"), _("Record consent or objection"))
            if request.user.has_perm("loyalty.add_consent")
            else None,
            (step_url(facts.row, "wish"), _("Change wishes"))
            if request.user.has_perm("loyalty.add_preference")
            else None,
        ),
        _("History"),
        history,
    )


def consent_pill(said: Consent | None, purpose: str) -> SafeString:
    """What counts for a purpose now, and since when."""
    if said is None:
        waits = purpose == Consent.Purpose.BIRTHDAY
        return pill(_("not asked") if waits else _("no objection"), "plain")
    if said.is_granted:
        return pill(_("agreed %(day)s") % {"day": day(said.said_at)}, "good")
    return pill(_("objected %(day)s") % {"day": day(said.said_at)}, "bad")


def wrong_about(facts: Facts) -> list[str]:
    """What it said that its purchases, as the model reads them, do not bear out."""
    if facts.profile is None or not facts.wishes:
        return []
    found: dict[int, list[tuple[float, str]]] = {}
    for pk, chance, *_rest in facts.profile.needs:
        category = facts.products[pk].category if pk in facts.products else None
        while category is not None:
            found.setdefault(category.pk, []).append((chance, facts.products[pk].name))
            category = category.parent
    said = []
    for wish in facts.wishes:
        needed = sorted(found.get(wish.category_id, []), reverse=True)
        if wish.kind == Preference.Kind.NEVER and needed:
            chance, name = needed[0]
            said.append(
                _("never wants %(category)s, yet %(item)s counts as a need (%(chance)s)")
                % {"category": wish.category.name, "item": name, "chance": percent(chance)}
            )
        elif wish.kind == Preference.Kind.FAVOURITE and not needed:
            said.append(
                _("likes %(category)s, of which nothing counts as a need")
                % {"category": wish.category.name}
            )
    return said[:WRONG_SHOWN]


def _notes(request: HttpRequest, facts: Facts) -> SafeString:
    rows = []
    for note in facts.notes[:NOTES_SHOWN]:
        is_open = note.kind == Note.Kind.CONCERN and note.settled_at is None
        state: object = ""
        if is_open and request.user.has_perm("loyalty.change_note"):
            state = post_button(
                request, reverse("admin:loyalty_note_settle", args=[note.pk]), _("Settle")
            )
        elif note.settled_at is not None:
            state = pill(_("settled %(day)s") % {"day": day(note.settled_at)}, "good")
        tone = NOTE_TONES[Note.Kind(note.kind)] if is_open or note.kind != "concern" else "plain"
        written = f"{day(note.written_at)}, {note.written_by or _('somebody who left')}"
        rows.append(
            (
                format_html(
                    '{} {}<br><span class="quiet">{}</span>',
                    pill(note.get_kind_display().lower(), tone),
                    note.text,
                    written,
                ),
                state,
            )
        )
    shown = table((_("What was written"), ""), rows, _("Nobody wrote anything down yet."))
    if len(facts.notes) > NOTES_SHOWN:
        url = f"{reverse('admin:loyalty_note_changelist')}?household__id__exact={facts.row.pk}"
        shown = format_html("{}<p>{}</p>", shown, link(url, _("All notes")))
    if not request.user.has_perm("loyalty.add_note"):
        return shown
    kinds = format_html_join("", '<option value="{}">{}</option>', Note.Kind.choices)
    form = format_html(
        '<form method="post" action="{}" class="note-form">'
        '<input type="hidden" name="csrfmiddlewaretoken" value="{}">'
        '<label for="note-text">{}</label>'
        '<textarea id="note-text" name="text" rows="2" maxlength="1000" required></textarea>'
        '<div class="note-row"><label for="note-kind">{}</label>'
        '<select id="note-kind" name="kind">{}</select>'
        '<button type="submit" class="tool">{}</button></div></form>',
        step_url(facts.row, "note"),
        get_token(request),
        _("Write a note"),
        _("Kind"),
        kinds,
        _("Keep it"),
    )
    return format_html("{}{}", shown, form)


def post_button(request: HttpRequest, url: str, label: str) -> SafeString:
    """A button that does something at once: a form by itself, so without script."""
    return format_html(
        '<form method="post" action="{}" class="at-once">'
        '<input type="hidden" name="csrfmiddlewaretoken" value="{}">'
        '<button type="submit" class="tool tool-small">{}</button></form>',
        url,
        get_token(request),
        label,
    )


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
