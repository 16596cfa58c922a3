"""Where everything answers: the admin and the tills' API."""

from django.contrib import admin
from django.urls import include, path, re_path
from django.views.generic import RedirectView
from drf_spectacular.views import SpectacularAPIView

from coupons.admin.search import search
from coupons.admin.stores_today import STORES_TODAY, stores_today
from loyalty import health, second_factor_pages, wrong_passwords
from loyalty.docs import DocsView
from pos_integration import problems

# The desk of every app, and the one search box over all of them.
desk = [
    path("search/", admin.site.admin_view(search), name="search"),
    path("pos_integration/store/today/", admin.site.admin_view(stores_today), name=STORES_TODAY),
    path(
        "password_change/",
        admin.site.admin_view(wrong_passwords.password_change, cacheable=True),
        name="password_change",
    ),
    *second_factor_pages.urls,
    *admin.site.get_urls(),
]
urlpatterns = [
    path("", RedirectView.as_view(pattern_name="admin:index")),
    path("admin/", (desk, "admin", admin.site.name)),
    path("i18n/", include("django.conf.urls.i18n")),  # the desk's language
    path("api/v1/schema/", SpectacularAPIView.as_view(), name="schema"),
    path("api/v1/docs/", DocsView.as_view(), name="docs"),
    path("api/v1/", include("pos_integration.urls")),
    path("api/v1/", include("coupons.urls")),
    re_path("^api/", problems.nothing_here),
    path("", include("coupons.page_urls")),
    path("healthz", health.healthz, name="healthz"),
    path("metrics", health.metrics, name="metrics"),
]
handler400 = "loyalty.refused.bad_request"
handler403 = "loyalty.refused.forbidden"
handler404 = "loyalty.refused.not_found"
handler500 = "loyalty.refused.broken"
