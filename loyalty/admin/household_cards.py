"""The cards of a household's page that `loyalty` knows of: beliefs, consent and wishes, notes."""

from dataclasses import replace

from django.http import HttpRequest
from django.middleware.csrf import get_token
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from loyalty.admin import overview, panels, trips
from loyalty.admin.overview import Facts, Part
from loyalty.models import (
    Consent,
    Note,
    Preference,
)
from pos_integration.desk import NOTHING, in_sentence, link, percent, pill, table

SAID_SHOWN = 12
WRONG_SHOWN = 3
THIRD = 4  # of the columns of the page
SPANS = {"weeks": 7, "needs": 5, "warning": overview.WHOLE, "wallets": overview.WHOLE}


def fuller_first(parts: list[Part]) -> list[Part]:
    """The cards in their order, those with nothing but a sentence last: three to a row."""
    bare = [
        part
        for part in parts
        if part.body.startswith('<p class="empty">') and "<form" not in part.body
    ]
    if not bare:
        return parts
    fuller = [part for part in parts if part not in bare]
    if any(part.span + THIRD == overview.WHOLE for part in bare):
        # What stood beside it has its room.
        fuller = [
            replace(part, span=overview.HALF) if part.span == THIRD else part for part in fuller
        ]
    return [*fuller, *(replace(part, span=THIRD) for part in bare)]


def parts(request: HttpRequest, facts: Facts) -> dict[str, Part]:
    """All the cards that `loyalty` knows of, by name."""
    made = {
        "consent": Part(
            _("Consent and wishes"), _consent(request, facts), span=4, anchor="consent"
        ),
        "notes": Part(_("Notes and concerns"), _notes(request, facts), anchor="notes"),
    }
    if (receipts := trips.part(request, facts.cards)) is not None:
        made["receipts"] = receipts
    summary = facts.summary
    if summary is None:
        return made
    for name, panel in panels.by_name(summary, facts.profile, facts.products).items():
        span = SPANS.get(name, overview.HALF)
        made[name] = Part(panel.title, panel.body, panel.note, span, anchor=name)
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
        due = _("due %(day)s") % {"day": overview.day(asked.due_on)}
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
                overview.day(said.said_at),
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
        overview.tool_row(
            (overview.step_url(facts.row, "consent"), _("Record consent or objection"))
            if request.user.has_perm("loyalty.add_consent")
            else None,
            (overview.step_url(facts.row, "wish"), _("Change wishes"))
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
        return pill(_("agreed %(day)s") % {"day": overview.day(said.said_at)}, "good")
    return pill(_("objected %(day)s") % {"day": overview.day(said.said_at)}, "bad")


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
    for note in facts.notes[: overview.NOTES_SHOWN]:
        is_open = note.kind == Note.Kind.CONCERN and note.settled_at is None
        state: object = ""
        if is_open and request.user.has_perm("loyalty.change_note"):
            state = post_button(
                request, reverse("admin:loyalty_note_settle", args=[note.pk]), _("Settle")
            )
        elif note.settled_at is not None:
            state = pill(_("settled %(day)s") % {"day": overview.day(note.settled_at)}, "good")
        tone = (
            overview.NOTE_TONES[Note.Kind(note.kind)]
            if is_open or note.kind != "concern"
            else "plain"
        )
        written = f"{overview.day(note.written_at)}, {note.written_by or _('somebody who left')}"
        rows.append(
            (
                format_html(
                    '{} {}<br><span class="quiet">{}</span>',
                    pill(in_sentence(note.get_kind_display()), tone),
                    note.text,
                    written,
                ),
                state,
            )
        )
    shown = table((_("What was written"), ""), rows, _("Nobody wrote anything down yet."))
    if len(facts.notes) > overview.NOTES_SHOWN:
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
        overview.step_url(facts.row, "note"),
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
