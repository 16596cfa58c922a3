"""What the workbench shows beside its steps: work under way, what changed, audience, offers."""

from collections.abc import Iterable, Set
from typing import Any, Final

from django.db import connection
from django.db.models import Count, Q
from django.urls import reverse
from django.utils.formats import date_format
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from coupons.admin.folding import folded, followed
from coupons.admin.mailing_steps import running_selection
from coupons.admin.segments import published
from coupons.alone import is_held
from coupons.models import Mailing, Offer, Recipient, Selection
from pos_integration.desk import NOTHING, Panel, grouped, link, money, percent, pill, table

State = Mailing.State
SELECT, ISSUE, USE = "coupons.tasks.select", "coupons.tasks.issue", "coupons.choosing.use_by_ids"
MEASURE = "coupons.tasks.measure"
CHECK_POST = "coupons.tasks.check_post"
SEGMENTS_COUNTED: Final = 2  # on a page: each takes queries of its own


def progress_of(mailing: Mailing, waiting: Set[str]) -> dict[str, Any] | None:
    """How far what the queue does for a mailing is, for its page to follow; None: nothing is.

    waiting: the tasks of it that the queue holds. state: running; done and sheets: parts, sheets 0
    where nobody knows how many there will be.
    """
    tasks = waiting & {SELECT, ISSUE, USE, MEASURE, CHECK_POST}
    if mailing.state in (State.DRAFT, State.SELECTED):
        running = running_selection(mailing)
        # One that is neither asked for nor held by somebody was left by a worker that died.
        if running and (SELECT in tasks or is_held(f"coupons.selecting.{mailing.pk}")):
            return _selecting(running)
    if ISSUE in tasks:
        return _issuing(mailing)
    if not tasks:
        return None
    if USE in tasks:
        says = _("The other selection is being put in use.")
    elif MEASURE in tasks:
        says = _("It is being measured, or waits for the queue.")
    elif tasks == {CHECK_POST}:
        says = _("Its addresses are being looked through, or wait for the queue.")
    else:
        says = _("It waits for the queue: the night's work may be before it.")
    return {"state": "running", "done": 0, "sheets": 0, "says": says}


def _selecting(running: Selection) -> dict[str, Any]:
    from loyalty import history  # loads the models of shoppers: too slow for every command

    parts = len(history.buckets())
    pieces = running.pieces.filter(bucket__gte=0)
    tabled, kept = pieces.aggregate(all=Count("pk"), kept=Count("chosen")).values()
    if kept:
        says = _("Writing down the sheets: %(n)s of %(all)s parts.") % {"n": kept, "all": tabled}
    elif tabled < parts:
        says = _("Looking at what fits whom: %(n)s of %(all)s parts at most.") % {
            "n": tabled,
            "all": parts,
        }
    else:
        says = _("All is looked at; choosing the best within all limits.")
    return {"state": "running", "done": tabled + kept, "sheets": 2 * parts, "says": says}


def _issuing(mailing: Mailing) -> dict[str, Any]:
    done = whole = 0
    if mailing.selection_id is not None:
        pieces = mailing.selection.pieces if mailing.selection else None
        if pieces is not None:
            issued = Count("pk", filter=Q(is_issued=True))
            done, whole = pieces.aggregate(done=issued, all=Count("pk")).values()
    says = (
        _("Writing coupons: %(n)s of %(all)s parts.") % {"n": done, "all": whole}
        if done
        else _("It waits for the queue, or its sheets are being numbered.")
    )
    return {"state": "running", "done": done, "sheets": whole, "says": says}


def at_work(mailing: Mailing, waiting: Set[str]) -> Panel | None:
    """The panel that follows the work; a page without scripts is loaded again by hand."""
    told = progress_of(mailing, waiting)
    if told is None:
        return None
    whole = told["sheets"]
    bar = (
        format_html('<progress max="{}" value="{}"', str(whole), str(told["done"]))
        if whole
        else SafeString("<progress")
    )
    body = format_html(
        '<div class="run-progress" data-url="{}" data-ended="{}" data-silent="{}">'
        '{} aria-label="{}"></progress>'
        '<p role="status">{}</p></div><p class="quiet">{} <a href="">{}</a></p>',
        reverse("admin:coupons_mailing_progress", args=[mailing.pk]),
        *followed(),
        bar,
        _("How far it is"),
        told["says"],
        _("You may leave this page: it goes on."),
        _("Look again"),
    )
    return Panel(_("At work"), body, is_wide=True)


def changed_since(changed: list[str]) -> Panel | None:
    if not changed:
        return None
    rows = format_html_join("", "<li>{}</li>", ((one,) for one in changed))
    note = _("what was selected is not what it would be now")
    return Panel(_("Changed since"), format_html("<ul>{}</ul>", rows), note, is_wide=True)


# The page of its audience.


def audience(mailing: Mailing, *, count_all: bool) -> list[Panel]:
    """Whom it would reach and whom not; counted from a part of a large house."""
    from coupons import audience as gathering  # as above
    from coupons import reach

    run = published()
    if run is None:
        none = _("No night has run yet: start one under 'Nights', then look again.")
        return [Panel(_("Whom it reaches"), table((), (), none), is_wide=True)]
    segments = list(mailing.segments.order_by("name").select_related("category"))
    night = _("as of %(day)s") % {"day": date_format(run.as_of, "DATE_FORMAT")}
    if not count_all and not gathering.is_quickly_counted(segments, run):
        ask = format_html(
            '<p>{}</p><p><a class="tool tool-main" href="?count=1">{}</a></p>',
            _("Its segments ask for purchases of %(n)s households, which takes a while.")
            % {"n": grouped(run.households)},
            _("Count them now"),
        )
        return [Panel(_("Whom it reaches"), ask, night, is_wide=True)]
    found = reach.of(mailing, run)
    total = sum(found.households.values())
    return [
        Panel(_("Whom it reaches"), _reached(mailing, found, total), night, is_wide=True),
        Panel(_("Segments"), _segments(segments, run), night, is_wide=True),
    ]


def _reached(mailing: Mailing, found: Any, total: int) -> SafeString:
    if not total:
        return table((), (), _("Nobody yet: choose segments and save, or 'Add recipients'."))
    about = _("about ") if found.is_estimate else ""
    waiting = found.households.get(Recipient.Outcome.WAITING, 0)
    held = round(waiting * found.held_out_share)
    words = dict(Recipient.Outcome.choices) | {
        Recipient.Outcome.WAITING: _("Coupons can be chosen for"),
        Recipient.Outcome.HOLDOUT: _("Held out by lot, to measure against"),
    }
    counts = dict(found.households)
    if held:
        counts[Recipient.Outcome.WAITING] = waiting - held
        counts[Recipient.Outcome.HOLDOUT] = held
    first = format_html(
        "<p>{}</p>",
        ngettext(
            "%(about)s%(n)s household is meant; of them:",
            "%(about)s%(n)s households are meant; of them:",
            total,
        )
        % {"about": about, "n": grouped(total)},
    )
    rows = [
        (words[outcome], f"{about}{count:,}", percent(count / total))
        for outcome, count in sorted(counts.items(), key=lambda one: -one[1])
    ]
    return format_html("{}{}", first, table((_("What"), _("Households") + "#", "#"), rows, ""))


def _segments(segments: list[Any], run: Any) -> SafeString:
    from coupons import audience as gathering  # as above

    rows = []
    for at, one in enumerate(segments):
        page = reverse("admin:coupons_segment_change", args=[one.pk])
        counted: object = link(page, _("count it on its page"))
        if at < SEGMENTS_COUNTED and gathering.is_quickly_counted([one], run):
            size = gathering.size_of(one, run)
            counted = f"{_('about ') if size.is_estimate else ''}{size.households:,}"
        rows.append((link(page, one), counted))
    none = _("None: its recipients were added by hand.")
    return table((_("Segment"), _("Households") + "#"), rows, none)


# The page of its offers.


def offers(mailing: Mailing) -> SafeString:
    """What it offers: worth, who pays, limits, barcodes, and what else gives the same."""
    rows = list(
        mailing.offers.select_related("funder", "barcode", "category")
        .annotate(raised=Count("levels", distinct=True))
        .order_by("name", "pk")
    )
    elsewhere = _elsewhere(mailing, [offer.pk for offer in rows])
    shared = _sharing(mailing)
    return folded(
        (
            _("Offer"), _("Worth"), _("Dates"), _("Paid by"), _("Coupons#"), _("Budget#"),
            _("Barcode"), _("Overlaps"),
        ),
        [
            (
                link(reverse("admin:coupons_offer_change", args=[one.pk]), one.name),
                _worth(one),
                _dates(one, mailing),
                _payer(one),
                _circulation(one),
                _budget(one),
                _barcode(one),
                _overlap(elsewhere.get(one.pk, []), shared.get(one.pk, 0)),
            )
            for one in rows
        ],
        _("No offer yet: choose some under 'Offers' on the mailing's page."),
    )  # fmt: skip


def _worth(offer: Any) -> SafeString | str:
    if not offer.raised:
        return str(offer.worth_text)
    levels = ngettext("and %(n)s more level", "and %(n)s more levels", offer.raised)
    return format_html(
        '{}<br><span class="quiet">{}</span>', offer.worth_text, levels % {"n": offer.raised}
    )


def _dates(offer: Offer, mailing: Mailing) -> SafeString:
    """Whether it is good as long as the mailing's coupons are; else nobody gets it."""
    if offer.valid_from <= mailing.valid_from and mailing.valid_to <= offer.valid_to:
        return pill(_("good all along"), "good")
    return pill(
        _("only %(first)s to %(last)s")
        % {"first": date_format(offer.valid_from), "last": date_format(offer.valid_to)},
        "bad",
    )


def _payer(offer: Offer) -> str:
    if offer.funder_share <= 0:
        return _("the house")
    return f"{offer.funder}, {percent(float(offer.funder_share))}"


def _circulation(offer: Offer) -> str:
    if offer.least_coupons and offer.most_coupons is not None:
        return f"{offer.least_coupons:,} - {offer.most_coupons:,}"
    if offer.most_coupons is not None:
        return _("at most %(n)s") % {"n": grouped(offer.most_coupons)}
    if offer.least_coupons:
        return _("at least %(n)s") % {"n": grouped(offer.least_coupons)}
    return NOTHING


def _budget(offer: Offer) -> str:
    budgets = [b for b in (offer.expected_budget, offer.real_budget) if b is not None]
    return money(min(budgets)) if budgets else NOTHING


def _barcode(offer: Any) -> str:
    barcode = getattr(offer, "barcode", None)
    return barcode.get_symbology_display() if barcode is not None else _("each coupon's own code")


def _overlap(others: list[str], shared: int) -> SafeString | str:
    told: list[object] = []
    if others:
        named = ", ".join(others[:2])
        more = f" (+{len(others) - 2})" if len(others) > 2 else ""
        told.append(_("also in %(names)s") % {"names": f"{named}{more}"})
    if shared:
        words = ngettext(
            "shares products with %(n)s offer", "shares products with %(n)s offers", shared
        )
        told.append(words % {"n": shared})
    if not told:
        return NOTHING
    return format_html(
        '<span class="words-cell">{}</span>', format_html_join("; ", "{}", ((t,) for t in told))
    )


def _elsewhere(mailing: Mailing, offers: list[int]) -> dict[int, list[str]]:
    """Of each offer the other mailings that give it on some of the same days."""
    others = Mailing.offers.through.objects.filter(
        offer__in=offers,
        mailing__valid_from__lte=mailing.valid_to,
        mailing__valid_to__gte=mailing.valid_from,
    ).exclude(mailing=mailing)
    told: dict[int, list[str]] = {}
    for offer, name in others.order_by("mailing__pk").values_list("offer_id", "mailing__name"):
        told.setdefault(offer, []).append(name)
    return told


def _sharing(mailing: Mailing) -> dict[int, int]:
    """Of each offer how many others of the mailing are good on one of its products."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT mine.offer_id, count(DISTINCT other.offer_id) "
            "FROM coupons_mailing_offers AS one "
            "JOIN coupons_offerproduct AS mine ON mine.offer_id = one.offer_id "
            "JOIN coupons_offerproduct AS other ON other.product_id = mine.product_id "
            "AND other.offer_id <> mine.offer_id "
            "JOIN coupons_mailing_offers AS two ON two.offer_id = other.offer_id "
            "AND two.mailing_id = one.mailing_id "
            "WHERE one.mailing_id = %s GROUP BY 1",
            [mailing.pk],
        )
        return dict(cursor.fetchall())


def state_words(selections: Iterable[Selection]) -> list[tuple[int, str]]:
    """Selections that can be compared, as choices of a form."""
    return [
        (
            one.pk,
            _("Selection %(n)s of %(when)s")
            % {"n": one.pk, "when": date_format(one.started_at, "DATETIME_FORMAT")},
        )
        for one in selections
    ]


def in_use() -> SafeString:
    return pill(_("in use"), "good")
