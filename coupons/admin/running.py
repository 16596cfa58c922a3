"""The calendar page: offers and mailings by week, month by month, and what conflicts."""

from datetime import date, timedelta
from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.html import format_html_join
from django.utils.http import urlencode
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _

from coupons import running
from coupons.admin import running_plot
from coupons.running import Bar, Calendar
from pos_integration.desk import link, pill, table
from pos_integration.said import retold

WEEKS = 13
GROUPS = ("funder", "category")


def calendar_view(page: Any, request: HttpRequest) -> HttpResponse:
    """Thirteen weeks from the month asked for, or from this one."""
    if not request.user.has_perm("coupons.view_offer"):
        raise PermissionDenied
    today = timezone.localdate()
    first = _month(request.GET.get("month", ""), today)
    weeks = running.weeks_of(first, first + timedelta(weeks=WEEKS) - timedelta(days=1))
    last = weeks[-1] + timedelta(days=6)
    by = request.GET.get("by", "")
    by = by if by in GROUPS else GROUPS[0]
    only = request.GET.get("q", "").replace("\0", " ").strip()[:80]
    found = running.calendar(weeks[0], last, today=today, by=by, only=only)
    title = _("What runs from %(first)s to %(last)s") % {
        "first": date_format(weeks[0]),
        "last": date_format(last),
    }
    return TemplateResponse(
        request,
        "admin/calendar.html",
        {
            **page.admin_site.each_context(request),
            "opts": page.opts,
            "title": _("Calendar"),
            "subtitle": title,
            "back": reverse("admin:coupons_offer_changelist"),
            "by": by,
            "q": only,
            "month": f"{first:%Y-%m}",
            "earlier": _url(_moved(first, -1), by, only),
            "later": _url(_moved(first, 1), by, only),
            "now": _url(today, by, only),
            "drawing": _drawing(found, weeks, today, title),
            "rows": _rows(found, today),
            "conflicts": _conflicts(found),
            "is_cut": found.is_cut,
            "most": running.MOST,
        },
    )


def _drawing(found: Calendar, weeks: list[date], today: date, title: str) -> SafeString:
    if not found.bars:
        return SafeString("")
    flagged = {pk for conflict in found.conflicts for pk in conflict.offers}
    return mark_safe(  # noqa: S308 every name in it is escaped where it is drawn
        running_plot.drawn(found.bars, weeks, today=today, title=title, url=_page, flagged=flagged)
    )


def _rows(found: Calendar, today: date) -> SafeString:
    """The same as the drawing says, for who reads with the keyboard or by ear."""
    return table(
        (_("What"), _("Kind"), _("Of"), _("From"), _("To"), _("State")),
        (
            (
                link(_page(bar), bar.name),
                _("Offer") if bar.kind == "offer" else _("Mailing"),
                bar.group,
                date_format(bar.first),
                date_format(bar.last),
                state_pill(bar.first, bar.last, today),
            )
            for bar in found.bars
        ),
        _(
            "Nothing runs in these weeks. Go to another month, take the filter away, or add an "
            "offer."
        ),
    )


def state_pill(first: date, last: date, today: date) -> SafeString:
    if last < today:
        return pill(_("ended"), "plain")
    return pill(_("coming"), "busy") if first > today else pill(_("running"), "good")


def _conflicts(found: Calendar) -> SafeString:
    return format_html_join(
        "",
        "<li>{} {}</li>",
        (
            (
                retold(conflict.says),
                format_html_join(
                    " ",
                    "{}",
                    (
                        (link(reverse("admin:coupons_offer_change", args=[pk]), _("Look at it")),)
                        for pk in conflict.offers
                    ),
                ),
            )
            for conflict in found.conflicts
        ),
    )


def _page(bar: Bar) -> str:
    return reverse(f"admin:coupons_{bar.kind}_change", args=[bar.pk])


def _month(text: str, today: date) -> date:
    """The first day of the month `YYYY-MM`; of this one where that is none."""
    try:
        first = date.fromisoformat(f"{text}-01")
    except ValueError:
        return today.replace(day=1)
    return first if 2000 <= first.year <= 2100 else today.replace(day=1)


def _moved(first: date, months: int) -> date:
    number = first.year * 12 + first.month - 1 + months
    return date(number // 12, number % 12 + 1, 1)


def _url(month: date, by: str, only: str) -> str:
    return f"?{urlencode({'month': f'{month:%Y-%m}', 'by': by, 'q': only})}"
