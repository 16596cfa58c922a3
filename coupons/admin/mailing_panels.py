"""What a mailing's page tells: what was selected, for whom, what came back, what is printed."""

from typing import TYPE_CHECKING, Any

from django.db.models import Count, QuerySet, Window
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from coupons import uses
from coupons.admin.folding import reasons
from coupons.admin.mailing_steps import State, latest_selections
from coupons.admin.printing import runs_table
from coupons.admin.printing_steps import cut_short_of
from coupons.admin.selections import between, selection_pill
from coupons.models import Mailing, Recipient, Selection
from pos_integration.desk import NOTHING, Panel, grouped, link, money, percent, pill, table
from pos_integration.said import retold

if TYPE_CHECKING:
    from coupons.looks import Looks
    from coupons.post_checks import Found

OFFERS_NAMED = 8


def first_named(rows: QuerySet[Any]) -> str:
    """The first few by name, and how many there are where that is more."""
    first = list(rows.annotate(in_all=Window(Count("pk")))[:OFFERS_NAMED])
    names = ", ".join(str(row) for row in first)
    if not first or first[0].in_all == len(first):
        return names
    return _("%(n)s, such as %(names)s") % {"n": grouped(first[0].in_all), "names": names}


def selections(mailing: Mailing) -> SafeString:
    return table(
        (
            _("Begun"),
            _("State"),
            _("Coupons") + "#",
            _("Redeemed") + "#",
            _("Cost") + "#",
            _("Margin") + "#",
            "",
        ),
        (
            (
                link(
                    reverse("admin:coupons_selection_change", args=[one.pk]),
                    format_html(
                        '<span class="whole">{}</span>',
                        date_format(timezone.localtime(one.started_at), "DATETIME_FORMAT"),
                    ),
                ),
                selection_pill(one),
                *_totals(one),
                pill(_("the one in use"), "good")
                if one.pk == mailing.selection_id
                else reasons(retold(one.error)),
            )
            for one in latest_selections(mailing)
        ),
        _("Nothing is selected yet: press 'Select coupons'.")
        if mailing.state == Mailing.State.DRAFT
        else _("No selection of it is kept."),
    )


def _totals(selection: Selection) -> tuple[str, str, str, str]:
    totals = selection.report.get("totals")
    if not totals:
        return NOTHING, NOTHING, NOTHING, NOTHING
    return (
        grouped(totals["coupons"]),
        between(totals["redemptions"]),
        between(totals["cost"], 2),
        between(totals["margin"], 2),
    )


def recipients(mailing: Mailing) -> SafeString:
    counts = dict(mailing.recipients.order_by().values_list("outcome").annotate(Count("pk")))
    url = reverse("admin:coupons_recipient_changelist")
    words = dict(Recipient.Outcome.choices)
    if mailing.selection_id is not None:
        words |= {
            "waiting": _("Gets a sheet"),
            "generic": _("Gets the sheet that asks nothing of it"),
        }
    return table(
        (_("Outcome"), _("Households") + "#"),
        (
            (
                link(f"{url}?mailing__id__exact={mailing.pk}&outcome__exact={outcome}", label),
                grouped(counts[outcome]),
            )
            for outcome, label in words.items()
            if outcome in counts
        ),
        _("Nobody yet: choose segments, or 'Add recipients'."),
    )


def redeemed(mailing: Mailing) -> SafeString:
    if mailing.state in (State.DRAFT, State.SELECTED, State.APPROVED):
        return table((), (), _("Its coupons are not issued yet."))
    sheets = mailing.sheets.filter(replaces=None).count()
    used = uses.of({mailing: sheets})[mailing.pk]
    url = reverse("admin:coupons_sheet_changelist")
    share = percent(used.households / sheets) if sheets else percent(0)
    return table(
        (_("What"), _("So far") + "#"),
        (
            (link(f"{url}?mailing__id__exact={mailing.pk}", _("Sheets")), grouped(sheets)),
            (_("Coupons redeemed"), grouped(used.coupons)),
            (_("Households that used one"), f"{grouped(used.households)} ({share})"),
            (_("Given off"), money(used.off)),
            *(
                [(_("Added up"), date_format(timezone.localtime(used.at), "SHORT_DATETIME_FORMAT"))]
                if used.at
                else []
            ),
        ),
        "",
    )


def print_runs(mailing: Mailing) -> SafeString:
    rows = mailing.print_runs.defer("manifest", "look", "seeds", "left_out")
    runs = list(rows.order_by("-pk")[:5])
    return runs_table(runs, cut_short_of(mailing) if runs else ())


def before_printing(mailing: Mailing, found: "Found | None") -> list[Panel]:
    """What to look at before a mailing is printed: offers, and addresses once they are found."""
    made, faults = _looks(mailing)
    offers = Panel(_("Offers that cannot be printed"), _faults(faults), is_wide=True)
    if found is None:
        return [offers]
    lost, twice = found.lost, found.twice
    return [
        offers,
        Panel(
            _("Addresses that their window cannot hold"),
            _unset(mailing, made, found.long),
            is_wide=True,
        ),
        Panel(
            _("Addresses that the post will not find"),
            table(
                (_("Household"), _("Why")),
                (
                    (
                        link(reverse("admin:loyalty_household_change", args=[one.household]), name),
                        one.why,
                    )
                    for one in lost.first
                    for name in [
                        one.name or (_("Household %(household)s") % {"household": one.household})
                    ]
                ),
                _("None."),
            ),
            _first_of(lost.total, len(lost.first)),
            is_wide=True,
        ),
        Panel(
            _("The same name and address more than once"),
            table(
                (_("Name and address"), _("Households")),
                (
                    (
                        ", ".join(one.lines),
                        format_html_join(
                            " ",
                            "{}",
                            (
                                (link(reverse("admin:loyalty_household_change", args=[pk]), pk),)
                                for pk in one.households
                            ),
                        ),
                    )
                    for one in twice.first
                ),
                _("None."),
            ),
            _first_of(twice.total, len(twice.first)),
            is_wide=True,
        ),
    ]


def _first_of(total: int, shown: int) -> str:
    return (
        (_("the first %(shown)s of %(total)s") % {"shown": grouped(shown), "total": grouped(total)})
        if total > shown
        else grouped(total)
        if total
        else ""
    )


def _looks(mailing: Mailing) -> "tuple[Looks | None, list[str]]":
    """How it would be printed now, and what of its offers cannot be."""
    from coupons import looks, preflight  # load the press: too slow for every page

    try:
        made = looks.Looks.of(mailing)
        return made, preflight.faults(made)
    except looks.LookError as error:
        return None, [retold(str(error))]


def _faults(faults: list[str]) -> SafeString:
    if not faults:
        return format_html(
            '<p class="empty">{}</p>', _("None: every offer and barcode has its room.")
        )
    return format_html(
        "<ul>{}</ul>", format_html_join("", "<li>{}</li>", ((retold(fault),) for fault in faults))
    )


def _unset(mailing: Mailing, made: "Looks | None", numbers: list[int]) -> SafeString:
    """Sheets whose address has no room: only what is long can be one, so only that is tried."""
    from coupons.sheets import layout  # loads the press, as above
    from coupons.sheets.typefaces import Family

    lasting = mailing.sheets.filter(voided_at=None).order_by("number")
    long = lasting.filter(number__in=numbers).values_list(
        "number", "household", "household__name", "address"
    )
    found = []
    if made is not None and (rows := list(long)):
        family = Family.of(made.look.theme, made.files())
        for number, household, name, address in rows:
            lines = tuple(address.splitlines())
            if why := layout.check_address(made.look.format, family, lines):
                page = reverse("admin:loyalty_household_change", args=[household])
                found.append(
                    (
                        grouped(number),
                        link(
                            page, name or (_("Household %(household)s") % {"household": household})
                        ),
                        why,
                    )
                )
    is_issued = mailing.state not in (State.DRAFT, State.SELECTED, State.APPROVED)
    empty = _("None.") if is_issued else _("Its sheets are not issued yet.")
    return table((_("Sheet#"), _("Household"), _("Why")), found, empty)
