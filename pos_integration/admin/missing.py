"""What did not come of the tills: receipts missing from their numbering, tills gone silent."""

from datetime import timedelta

from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from pos_integration import gaps
from pos_integration.desk import Panel, link, pill, table
from pos_integration.models import Store

DAYS_SHOWN = 14
GAPS_SHOWN = 200


def missing(store: Store | None, till: int | None = None) -> list[gaps.Gap]:
    """Return the gaps of the last DAYS_SHOWN days."""
    today = timezone.localdate()
    # A store east of us may be a day ahead.
    since, until = today - timedelta(days=DAYS_SHOWN), today + timedelta(days=1)
    return gaps.missing(store, since, until, till=till)


def gaps_panel(found: list[gaps.Gap], *, is_wide: bool) -> Panel:
    shown = found[: GAPS_SHOWN if is_wide else 10]
    body = table(
        (
            _("Store"),
            _("Till"),
            _("Day"),
            _("After receipt"),
            _("Before receipt"),
            _("Missing#"),
            _("State"),
        ),
        (
            (
                gap.store,
                _till_link(gap.store_id, gap.till),
                date_format(gap.business_date),
                gap.after,
                gap.before,
                f"{gap.count:,}",
                pill(_("may still come"), "busy") if gap.is_waiting else pill(_("missing"), "bad"),
            )
            for gap in shown
        ),
        (
            _(
                "Nothing is missing of the last %(days_shown)s days, of tills that number their "
                "receipts."
            )
            % {"days_shown": DAYS_SHOWN}
        ),
    )
    note = (
        (_("the latest %(n)s of %(n2)s gaps") % {"n": len(shown), "n2": f"{len(found):,}"})
        if len(found) > len(shown)
        else ""
    )
    return Panel(
        _("Missing receipts"),
        body,
        note or (_("last %(days_shown)s days") % {"days_shown": DAYS_SHOWN}),
        is_wide,
    )


def silence_panel(found: list[gaps.Silence]) -> Panel:
    body = table(
        (_("Store"), _("Till"), _("Days#"), _("Last on")),
        (
            (
                silence.store,
                _till_link(silence.store_id, silence.till),
                silence.days,
                date_format(silence.last_on),
            )
            for silence in found[:GAPS_SHOWN]
        ),
        _("Every till that sold before sold something on each day on which its store did."),
    )
    return Panel(
        _("Silent tills"),
        body,
        (_("last %(days_shown)s days") % {"days_shown": DAYS_SHOWN}),
        is_wide=True,
    )


def _till_link(store_id: int, number: int) -> SafeString:
    """To the list, which shows that one till: a gap knows its number, not its row."""
    url = reverse("admin:pos_integration_terminal_changelist")
    return link(f"{url}?store__id__exact={store_id}&number__exact={number}", number)
