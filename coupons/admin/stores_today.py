"""Every store on one page: when it was heard of, what came of it today, the late ones first."""

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.html import format_html
from django.utils.translation import gettext as _

from coupons import today
from coupons.admin import home_cards
from coupons.today_figures import judge
from pos_integration import staff
from pos_integration.desk import Panel
from pos_integration.models import Store

SHOWN = 2_000
"""Stores of a page: a chain has fewer."""
STORES_TODAY = "pos_integration_store_today"
"""What the page is called where addresses are: the bar then knows that it is of the stores."""


def stores_today(request: HttpRequest) -> HttpResponse:
    """What the first page says of the worst few, of all that somebody may see."""
    if not request.user.has_perm("pos_integration.view_terminal"):
        raise PermissionDenied
    at = staff.stores_of(request.user)
    stores = None if at is None else list(at)
    now = timezone.localtime()
    day, baskets = today.day(stores)
    judged = judge(today.shops(stores, baskets, now), now)
    note = _("baskets of %(day)s") % {"day": date_format(day.on)} if day.on else ""
    shown = home_cards.tills(judged, now, SHOWN)
    return TemplateResponse(
        request,
        "admin/panels.html",
        {
            **admin.site.each_context(request),
            "opts": Store._meta,
            "title": _("Stores today"),
            "panels": [
                Panel(
                    _("Tills"), format_html('<div id="tills">{}</div>', shown), note, is_wide=True
                ),
            ],
        },
    )
