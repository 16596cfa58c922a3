"""Sheets, as paper and as PDF, lost ones, and the coupons on them."""

from contextlib import suppress
from dataclasses import dataclass
from typing import Any, ClassVar

from csp.decorators import csp_replace
from django import forms
from django.conf import settings
from django.contrib import admin, messages
from django.contrib.auth.models import AbstractBaseUser
from django.core.exceptions import PermissionDenied
from django.db.models import Q, QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.functional import Promise
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from coupons import scanned
from coupons.models import Coupon, Mailing, Sheet
from coupons.sheets import codes
from loyalty.admin import scope
from loyalty.models import Card
from pos_integration.desk import (
    ReadOnlyAdmin,
    ReadOnlyRows,
    TabularInline,
    Tool,
    grouped,
    in_sentence,
    link,
    percent,
    pill,
)
from pos_integration.long_lists import LongList
from pos_integration.said import retold

# A PDF is no page of ours: this lets the browser's own viewer draw itself inside the answer.
PDF_VIEWER: dict[str, Any] = {"object-src": ["'self'"], "style-src": ["'unsafe-inline'"]}
TONES = {"open": "busy", "redeemed": "good", "void": "bad"}
TAG_TONES = {"buy": "good", "back": "warn", "new": "new"}


OUT = (Mailing.State.ISSUED, Mailing.State.PRINTED, Mailing.State.MAILED)


class LostFilter(admin.SimpleListFilter):
    """Which sheets are void, or stand in a lost one's place."""

    title = gettext_lazy("state")
    parameter_name = "lost"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("void", _("Void")), ("instead", _("In a lost one's place"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Sheet]) -> QuerySet[Sheet]:
        if self.value() == "void":
            return queryset.exclude(voided_at=None)
        return queryset.exclude(replaces=None) if self.value() == "instead" else queryset


class LostForm(forms.Form):
    """Why a sheet is given up."""

    why = forms.CharField(
        max_length=120,
        label=gettext_lazy("Why"),
        help_text=gettext_lazy("Such as: lost in the post"),
    )


@dataclass(frozen=True)
class Lost:
    """What may be done about a lost sheet."""

    label: str | Promise
    says: tuple[str | Promise, ...]


LOST = {
    "replace": Lost(
        gettext_lazy("Void and replace"),
        (
            gettext_lazy(
                "All of its coupons that were not used become void, at once and at every till. "
                "The household gets another sheet with the same offers and new codes."
            ),
            gettext_lazy(
                "What was used stays used and is not given again. This cannot be taken back."
            ),
        ),
    ),
    "void": Lost(
        gettext_lazy("Void only"),
        (
            gettext_lazy(
                "All of its coupons that were not used become void, at once and at every till. "
                "Nothing takes their place. This cannot be taken back."
            ),
        ),
    ),
}


def coupon_pill(coupon: Coupon) -> SafeString:
    if coupon.state == Coupon.State.REDEEMED and (use := coupon.live_redemption):
        return pill(
            (
                _("used %(business_date)s")
                % {"business_date": date_format(use.business_date, "MONTH_DAY_FORMAT")}
            ),
            "good",
        )
    if is_over(coupon):
        return pill(_("expired"))
    return pill(in_sentence(coupon.get_state_display()), TONES[coupon.state])


def is_over(coupon: Coupon) -> bool:
    """Whether a coupon that nobody used was good for the last time: no till takes it any more."""
    return coupon.state == Coupon.State.OPEN and coupon.valid_to < timezone.localdate()


def tag_pill(coupon: Coupon) -> SafeString:
    return pill(in_sentence(coupon.get_tag_display()), TAG_TONES[coupon.tag])


def promised(coupon: Coupon) -> SafeString:
    """The offer at the worth that this coupon has."""
    return link(reverse("admin:coupons_offer_change", args=[coupon.offer_id]), coupon.terms)


def html_link(sheet_pk: int, text: str = "HTML") -> SafeString:
    """To the sheet as a page in large print."""
    return format_html(
        '<a href="{}" target="_blank" rel="noopener">{}</a>',
        reverse("admin:coupons_sheet_html", args=[sheet_pk]),
        text,
    )


def pdf_link(sheet_pk: int, text: str = "PDF") -> SafeString:
    return format_html(
        '<a href="{}" target="_blank" rel="noopener">{}</a>',
        reverse("admin:coupons_sheet_pdf", args=[sheet_pk]),
        text,
    )


class CouponRows(ReadOnlyRows, TabularInline[Coupon, Sheet]):
    model = Coupon
    fields = (
        *("position", "promised", "printed_code", "state_pill", "likely"),
        *("reason", "staff_reason"),
    )
    readonly_fields = ("promised", "printed_code", "state_pill", "likely")
    ordering = ("position",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Coupon]:
        rows = super().get_queryset(request).select_related("offer", "level__offer")
        return rows.prefetch_related("redemptions")

    @admin.display(description=gettext_lazy("Offer"))
    def promised(self, coupon: Coupon) -> SafeString:
        return promised(coupon)

    @admin.display(description=gettext_lazy("Code"))
    def printed_code(self, coupon: Coupon) -> str:
        return codes.grouped(coupon.code)

    @admin.display(description=gettext_lazy("State"))
    def state_pill(self, coupon: Coupon) -> SafeString:
        return coupon_pill(coupon)

    @admin.display(description=gettext_lazy("Chance"))
    def likely(self, coupon: Coupon) -> str:
        return percent(coupon.chance)


@admin.register(Sheet)
class SheetAdmin(LongList[Sheet], ReadOnlyAdmin[Sheet]):
    list_display = ("number_text", "household", "mailing", "state_pill", "savings", "pdf")
    list_select_related = ("household", "mailing")
    list_filter = ("mailing", LostFilter)
    filtered_ordering: ClassVar[dict[str, tuple[str, ...]]] = {
        "mailing__id__exact": ("mailing_id", "-number")
    }
    search_fields = ("household__cards__number__exact", "coupons__code__exact")
    search_help_text = gettext_lazy("A whole card number or coupon code")
    fields = (
        ("mailing", "number_text", "state_pill"),
        ("household", "language_word"),
        "address",
        "savings",
    )
    inlines = (CouponRows,)
    empty_hint = gettext_lazy("No sheet yet: they come when a mailing is issued.")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Sheet]:
        rows = super().get_queryset(request).select_related("mailing", "household", "replaces")
        return scope.theirs(rows, request.user, "household")

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Sheet], search_term: str
    ) -> tuple[QuerySet[Sheet], bool]:
        """By the index of each kind of number: one question over both would read every sheet."""
        typed = search_term.strip()
        if not typed:
            return queryset, False
        homes = list(Card.objects.filter(number=typed).values_list("household", flat=True))
        sheets = []
        with suppress(codes.CodeError):
            of_code = Coupon.objects.filter(code=scanned.own_code(typed))
            sheets = list(of_code.values_list("sheet", flat=True))
        return queryset.filter(Q(household__in=homes) | Q(pk__in=sheets)), False

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(
            csp_replace(PDF_VIEWER)(self.pdf_view)  # type: ignore[arg-type] # URLs have arguments
        )
        lost = self.admin_site.admin_view(self.lost_view)
        thumbnail = self.admin_site.admin_view(self.thumbnail_view, cacheable=True)
        html = self.admin_site.admin_view(self.html_view)
        return [
            path("<int:pk>/pdf/", view, name="coupons_sheet_pdf"),
            path("<int:pk>/thumbnail/", thumbnail, name="coupons_sheet_thumbnail"),
            path("<int:pk>/html/", html, name="coupons_sheet_html"),
            path("<int:pk>/lost/<slug:name>/", lost, name="coupons_sheet_lost"),
            *super().get_urls(),
        ]

    @admin.display(description=gettext_lazy("Sheet"))
    def number_text(self, sheet: Sheet) -> str:
        return str(sheet.number)

    @admin.display(description=gettext_lazy("On paper"))
    def pdf(self, sheet: Sheet) -> SafeString:
        return pdf_link(sheet.pk)

    @admin.display(description=gettext_lazy("State"), ordering="voided_at")
    def state_pill(self, sheet: Sheet) -> SafeString:
        if sheet.voided_at is not None:
            return pill(_("void"), "bad")
        return (
            pill(_("in a lost one's place"), "new")
            if sheet.replaces_id
            else pill(_("good"), "good")
        )

    @admin.display(description=gettext_lazy("Language"))
    def language_word(self, sheet: Sheet) -> str:
        known = dict(settings.LANGUAGES)
        return (
            str(known.get(sheet.language, sheet.language)) if sheet.language else _("the theme's")
        )

    def sentence(self, row: Sheet) -> str:
        said = []
        if row.replaces is not None:
            said.append(
                _("It stands in the place of sheet %(number)s, which was lost.")
                % {"number": row.replaces.number}
            )
        if row.voided_at is not None:
            instead = row.replacements.first()
            since = date_format(timezone.localtime(row.voided_at))
            said.append(_("Void since %(since)s: tills refuse its coupons.") % {"since": since})
            if instead is not None:
                said.append(_("Sheet %(number)s stands in its place.") % {"number": instead.number})
        return " ".join(said)

    def row_tools(self, request: HttpRequest, row: Sheet) -> list[Tool]:
        url = reverse("admin:coupons_sheet_pdf", args=[row.pk])
        tools = [
            Tool("PDF", url, is_main=True, in_new_tab=True),
            Tool(
                _("Large print"),
                reverse("admin:coupons_sheet_html", args=[row.pk]),
                in_new_tab=True,
            ),
        ]
        if instead := row.replacements.first():
            page = reverse("admin:coupons_sheet_change", args=[instead.pk])
            tools.append(Tool(_("The sheet in its place"), page))
        elif row.mailing.state in OUT and request.user.has_perm("coupons.change_sheet"):
            tools += [
                Tool(lost.label, reverse("admin:coupons_sheet_lost", args=[row.pk, name]))
                for name, lost in LOST.items()
                if row.voided_at is None or name == "replace"
            ]
        return tools

    def lost_view(self, request: HttpRequest, pk: int, name: str) -> HttpResponse:
        """Ask for the reason, then make a lost sheet void, and put another in its place."""
        sheet = get_object_or_404(self.get_queryset(request), pk=pk)
        lost = LOST.get(name)
        if lost is None:
            raise Http404(name)
        if not request.user.has_perm("coupons.change_sheet"):
            raise PermissionDenied
        from coupons import replacing  # loads what issues: too slow for every command

        back = reverse("admin:coupons_sheet_change", args=[pk])
        form = LostForm(request.POST or None)
        if not form.is_valid():
            page = self.ask(
                request,
                title=f"{lost.label}: {sheet}",
                says=lost.says,
                button=lost.label,
                back=back,
            )
            assert page.context_data is not None
            page.context_data["form"] = form
            return page
        assert isinstance(request.user, AbstractBaseUser)
        why = form.cleaned_data["why"]
        try:
            if name == "void":
                count = replacing.void(sheet, request.user, why)
                messages.success(
                    request,
                    (
                        _("Void: %(count)s of its coupons were still good.")
                        % {"count": grouped(count)}
                    ),
                )
            else:
                instead = replacing.replace(sheet, request.user, why)
                messages.success(
                    request,
                    (
                        _("Sheet %(number)s is void. This one stands in its place: print it.")
                        % {"number": sheet.number}
                    ),
                )
                back = reverse("admin:coupons_sheet_change", args=[instead.pk])
        except replacing.ReplaceError as error:
            messages.error(request, f"{retold(str(error)).rstrip('.')}.")
        return HttpResponseRedirect(back)

    def pdf_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        sheet = get_object_or_404(self.get_queryset(request), pk=pk)
        if not self.has_view_permission(request, sheet):
            raise PermissionDenied
        from coupons.looks import LookError  # loads the press: too slow for every command
        from coupons.printing import PrintError, sheet_pdf

        try:
            pdf = sheet_pdf(sheet)
        except (LookError, PrintError) as error:
            messages.error(request, retold(str(error)))
            return HttpResponseRedirect(reverse("admin:coupons_sheet_change", args=[pk]))
        response = HttpResponse(pdf, content_type="application/pdf")
        name = f"{sheet.mailing.code}-{sheet.number}.pdf"
        response["Content-Disposition"] = f'inline; filename="{name}"'
        return response

    def html_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """The sheet as its shopper reads it without paper; staff say nothing in its name there."""
        sheet = get_object_or_404(self.get_queryset(request), pk=pk)
        if not self.has_view_permission(request, sheet):
            raise PermissionDenied
        from coupons import sheet_pages  # loads what draws barcodes: too slow for every command

        return sheet_pages.as_staff_see_it(request, sheet)

    def thumbnail_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """A small picture of the sheet, kept by the browser of who may see it for an hour."""
        sheet = get_object_or_404(self.get_queryset(request), pk=pk)
        if not self.has_view_permission(request, sheet):
            raise PermissionDenied
        from coupons import sheet_thumbnails  # loads the press: too slow for every command
        from coupons.looks import LookError
        from coupons.printing import PrintError

        try:
            png = sheet_thumbnails.png_of(sheet)
        except (LookError, PrintError) as error:
            raise Http404(str(error)) from None
        response = HttpResponse(png, content_type="image/png")
        response["Cache-Control"] = "private, max-age=3600"
        return response
