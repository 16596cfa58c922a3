"""The desk for facts: tills and their tokens, what they uploaded, the catalogue."""

from functools import partial
from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.utils.functional import SimpleLazyObject
from django.utils.translation import gettext_lazy

from pos_integration.admin import catalogue, changes, receipts, rejects, terminals, tills, uploads
from pos_integration.desk import NOTHING

__all__ = ["catalogue", "changes", "receipts", "rejects", "terminals", "tills", "uploads"]

admin.site.site_header = gettext_lazy("Loyalty coupons")
admin.site.site_title = gettext_lazy("Loyalty coupons")
admin.site.index_title = gettext_lazy("Today")
admin.site.enable_nav_sidebar = False
admin.site.empty_value_display = NOTHING


def _when_shown(request: HttpRequest, app_label: str | None = None) -> Any:
    """All pages somebody may open: worked out for the first page alone, which lists them.

    Django does so for every page, for a side bar that the desk has not.
    """
    return SimpleLazyObject(partial(admin.AdminSite.get_app_list, admin.site, request, app_label))


admin.site.get_app_list = _when_shown  # type: ignore[method-assign] # Django's own is called above
