"""What coupons add to the pages of `loyalty`: a household's sheets, and the night's button."""

from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django_q.tasks import async_task

from coupons import scanned
from coupons.admin.mailing_steps import QUEUE_HINT, mailing_pill
from coupons.admin.sheets import coupon_pill, pdf_link, tag_pill
from coupons.models import Coupon
from coupons.sheets import codes
from loyalty.admin import FittedModelAdmin, HouseholdAdmin, ModelRunAdmin
from loyalty.models import FittedModel, Household, ModelRun
from pos_integration.desk import Panel, Tool, link, money, percent, table

SHEETS_SHOWN = 10

admin.site.unregister([FittedModel, Household, ModelRun])


@admin.register(Household)
class HouseholdWithCouponsAdmin(HouseholdAdmin):
    search_help_text = "A whole card number or coupon code, a postcode, or part of a name"

    def known_by(self, query: str) -> QuerySet[Any] | None:
        try:
            code = scanned.own_code(query)
        except codes.CodeError:
            return super().known_by(query)
        promised = Coupon.objects.filter(code=code).values("sheet__household")
        return promised if promised.exists() else super().known_by(query)

    def row_tools(self, request: HttpRequest, row: Household) -> list[Tool]:
        coupons = reverse("admin:coupons_coupon_changelist")
        return [
            *super().row_tools(request, row),
            Tool("Its coupons", f"{coupons}?sheet__household={row.pk}"),
        ]

    def panels(self, request: HttpRequest, row: Household) -> list[Panel]:
        sheets = list(row.sheets.select_related("mailing").order_by("-pk")[:SHEETS_SHOWN])
        panels = super().panels(request, row)
        if not sheets:
            return panels
        latest = sheets[0]
        coupons = latest.coupons.select_related("offer", "level__offer").order_by("position")
        coupons = coupons.prefetch_related("redemptions")
        promised = table(
            ("Coupon", "", "Why this household", "Chance#", "State"),
            (
                (
                    link(reverse("admin:coupons_coupon_change", args=[c.pk]), c.terms),
                    tag_pill(c),
                    c.staff_reason or c.reason,
                    percent(c.chance),
                    coupon_pill(c),
                )
                for c in coupons
            ),
            "This sheet has no coupons.",
        )
        all_sheets = table(
            ("Mailing", "State", "Sheet#", "Saving#", "On paper"),
            (
                (
                    link(reverse("admin:coupons_sheet_change", args=[s.pk]), s.mailing),
                    mailing_pill(s.mailing),
                    s.number,
                    money(s.savings),
                    pdf_link(s.pk),
                )
                for s in sheets
            ),
            "",
        )
        valid = f"{latest.mailing}, good until {latest.mailing.valid_to:%d %b %Y}"
        return [
            *panels,
            Panel("Its last sheet", promised, valid, is_wide=True),
            Panel("Sheets", all_sheets, is_wide=True),
        ]


@admin.register(FittedModel)
class LearnedAdmin(FittedModelAdmin):
    learn_task = "coupons.tasks.learn"


@admin.register(ModelRun)
class NightAdmin(ModelRunAdmin):
    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(self.start_view)
        return [path("start/", view, name="loyalty_modelrun_start"), *super().get_urls()]

    def list_tools(self, request: HttpRequest) -> list[Tool]:
        tools = super().list_tools(request)
        if request.user.has_perm("loyalty.add_modelrun"):
            url = reverse("admin:loyalty_modelrun_start")
            tools.append(Tool("Start the night now", url, is_main=True))
        return tools

    def start_view(self, request: HttpRequest) -> HttpResponse:
        if not request.user.has_perm("loyalty.add_modelrun"):
            raise PermissionDenied
        back = reverse("admin:loyalty_modelrun_changelist")
        if request.method != "POST":
            return self.ask(
                request,
                title="Start the night now",
                says=[
                    "What the tills uploaded is loaded, every household is rebuilt from all "
                    "earlier days, redemptions are cleared, and mailings that are due are "
                    "selected and printed.",
                    "What was done before is not done twice. A night that is running goes on; "
                    "this one then stops at once.",
                ],
                button="Start the night now",
                back=back,
            )
        async_task("coupons.tasks.night", timezone.localdate().isoformat())
        messages.success(request, f"The night will start. {QUEUE_HINT}")
        return HttpResponseRedirect(back)
