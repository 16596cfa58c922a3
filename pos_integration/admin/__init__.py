"""The desk for facts: tills and their tokens, what they uploaded, the catalogue."""

from django.contrib import admin

from pos_integration.admin import catalogue, receipts, rejects, terminals, tills, uploads
from pos_integration.desk import NOTHING

__all__ = ["catalogue", "receipts", "rejects", "terminals", "tills", "uploads"]

admin.site.site_header = "Loyalty coupons"
admin.site.site_title = "Loyalty coupons"
admin.site.index_title = "Today"
admin.site.enable_nav_sidebar = False
admin.site.empty_value_display = NOTHING
