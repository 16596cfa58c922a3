"""Single coupons at the desk: found by their code, made void, printed as a slip."""

from typing import Any, ClassVar

from django.contrib import admin, messages
from django.contrib.auth.models import AbstractBaseUser
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.urls import URLPattern, path, reverse
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from coupons import scanned, voiding
from coupons.admin.sheets import LostForm, coupon_pill, promised, tag_pill
from coupons.models import Coupon
from coupons.sheets import codes
from loyalty.admin import scope
from pos_integration.desk import ReadOnlyAdmin, Tool, percent
from pos_integration.long_lists import LongList
from pos_integration.said import retold


@admin.register(Coupon)
class CouponAdmin(LongList[Coupon], ReadOnlyAdmin[Coupon]):
    list_display = (
        "printed_code",
        "worth",
        "household",
        "mailing",
        "tag_word",
        "likely",
        "state_pill",
        "valid_to",
    )
    list_select_related = ("offer", "level__offer", "sheet__household", "sheet__mailing")
    list_filter = ("state", "tag", "sheet__mailing")
    filtered_ordering: ClassVar[dict[str, tuple[str, ...]]] = {
        "sheet__mailing__id__exact": ("-sheet__number", "-position", "-pk")
    }
    search_fields = ("code__exact",)
    search_help_text = gettext_lazy("A whole coupon code, typed or scanned")
    fields = (
        ("printed_code", "state_pill"),
        ("promised", "sheet"),
        ("valid_from", "valid_to"),
        ("tag_word", "likely"),
        "reason",
        "in_figures",
    )
    empty_hint = gettext_lazy("No coupon yet: they come when a mailing is issued.")

    def row_title(self, row: Coupon) -> str:
        return self.printed_code(row)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Coupon]:
        rows = super().get_queryset(request)
        rows = scope.theirs(rows, request.user, "sheet__household")
        related = rows.select_related("offer", "level__offer", "sheet__household", "sheet__mailing")
        return related.prefetch_related("redemptions")

    def lookup_allowed(self, lookup: str, value: Any, request: HttpRequest) -> bool:
        return lookup == "sheet__household" or super().lookup_allowed(lookup, value, request)

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Coupon], search_term: str
    ) -> tuple[QuerySet[Coupon], bool]:
        if not search_term.strip():
            return queryset, False
        try:
            return queryset.filter(code=scanned.own_code(search_term)), False
        except codes.CodeError:
            return queryset.none(), False

    @admin.display(description=gettext_lazy("Why this household, in figures"))
    def in_figures(self, coupon: Coupon) -> str:
        return retold(coupon.staff_reason)

    @admin.display(description=gettext_lazy("Code"), ordering="code")
    def printed_code(self, coupon: Coupon) -> str:
        return codes.grouped(coupon.code)

    @admin.display(description=gettext_lazy("Offer"))
    def worth(self, coupon: Coupon) -> str:
        return str(coupon.terms)

    @admin.display(description=gettext_lazy("Offer"))
    def promised(self, coupon: Coupon) -> SafeString:
        return promised(coupon)

    @admin.display(description=gettext_lazy("Household"))
    def household(self, coupon: Coupon) -> str:
        return str(coupon.sheet.household)

    @admin.display(description=gettext_lazy("Mailing"))
    def mailing(self, coupon: Coupon) -> str:
        return str(coupon.sheet.mailing)

    @admin.display(description=gettext_lazy("Why"))
    def tag_word(self, coupon: Coupon) -> SafeString:
        return tag_pill(coupon)

    @admin.display(description=gettext_lazy("Chance"))
    def likely(self, coupon: Coupon) -> str:
        return percent(coupon.chance)

    @admin.display(description=gettext_lazy("State"))
    def state_pill(self, coupon: Coupon) -> SafeString:
        return coupon_pill(coupon)

    def row_tools(self, request: HttpRequest, row: Coupon) -> list[Tool]:
        home = reverse("admin:loyalty_household_change", args=[row.sheet.household_id])
        sheet = reverse("admin:coupons_sheet_pdf", args=[row.sheet_id])
        tools = [
            Tool(_("The household"), home),
            Tool(_("Its sheet as PDF"), sheet, in_new_tab=True),
        ]
        if row.state == Coupon.State.OPEN:
            slip = reverse("admin:coupons_coupon_slip", args=[row.pk])
            tools.append(Tool(_("Receipt slip"), slip))
            if request.user.has_perm("coupons.change_coupon"):
                tools.append(Tool(_("Void"), reverse("admin:coupons_coupon_void", args=[row.pk])))
        return tools

    def get_urls(self) -> list[URLPattern]:
        void, slip = map(self.admin_site.admin_view, (self.void_view, self.slip_view))
        return [
            path("<int:pk>/void/", void, name="coupons_coupon_void"),
            path("<int:pk>/slip/", slip, name="coupons_coupon_slip"),
            *super().get_urls(),
        ]

    def void_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Ask why, then let tills refuse the coupon."""
        coupon = get_object_or_404(self.get_queryset(request), pk=pk)
        if not request.user.has_perm("coupons.change_coupon"):
            raise PermissionDenied
        back = reverse("admin:loyalty_household_change", args=[coupon.sheet.household_id])
        form = LostForm(request.POST or None)
        form.fields["why"].help_text = _("Such as: given by mistake")
        if form.is_valid():
            assert isinstance(request.user, AbstractBaseUser)
            try:
                voiding.void(coupon, request.user, form.cleaned_data["why"])
            except voiding.VoidError as error:
                form.add_error(None, retold(str(error)))
            else:
                said = _("%(coupon)s is void: tills refuse it from now on.")
                messages.success(request, said % {"coupon": coupon.terms})
                return HttpResponseRedirect(back)
        page = self.ask(
            request,
            title=_("Void: %(coupon)s") % {"coupon": coupon.terms},
            says=[
                _(
                    "'%(coupon)s' of '%(household)s' becomes void, at once and at every till. "
                    "This cannot be taken back."
                )
                % {"coupon": coupon.terms, "household": coupon.sheet.household}
            ],
            button=_("Make it void"),
            back=back,
        )
        assert page.context_data is not None
        page.context_data["form"] = form
        return page

    def slip_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """The coupon as bytes for a till's receipt printer."""
        coupon = get_object_or_404(self.get_queryset(request), pk=pk)
        if not self.has_view_permission(request, coupon):
            raise PermissionDenied
        from coupons import slips, wallet  # loads what draws barcodes: too slow for every command

        response = HttpResponse(wallet.slip_of(coupon), content_type=slips.CONTENT_TYPE)
        response["Content-Disposition"] = f'attachment; filename="{coupon.code}.bin"'
        response["Cache-Control"] = "no-store, private"
        return response
