"""Themes at the desk: looks, words, post, barcodes and press, with a sheet to see beside them."""

import base64
from collections.abc import Callable
from typing import Any, ClassVar

from csp.decorators import csp_replace
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.shortcuts import get_object_or_404
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_POST

from coupons.admin.sheets import PDF_VIEWER
from coupons.admin.theme_forms import (
    FontForm,
    FontFormSet,
    ThemeForm,
    fonts_of,
    module_mm,
    warnings,
)
from coupons.admin.theme_preview_form import PreviewForm, draft_of
from coupons.models import FontFile, Mailing, PressProfile, Theme, ThemeFont
from pos_integration.desk import Page, TabularInline, Tool, grouped, pill
from pos_integration.said import retold

UPLOADS = ("logo_file", "profile_file", "profile_condition")


class FontInline(TabularInline[ThemeFont, Theme]):
    model = ThemeFont
    form = FontForm
    formset = FontFormSet  # type: ignore[assignment] # of a form with an upload beside its fields
    extra = 0
    verbose_name = "font"
    verbose_name_plural = "fonts: a cut without one is set in Source Sans"

    def get_fields(self, request: HttpRequest, obj: Theme | None = None) -> Any:
        may = self.has_change_permission(request, obj) or self.has_add_permission(request, obj)
        return ("cut", "font", "upload", "place") if may else ("cut", "font", "place")


@admin.register(Theme)
class ThemeAdmin(Page[Theme]):
    list_display = ("name", "default_pill", "brand", "page", "window", "symbology", "colour")
    search_fields = ("name", "brand")
    ordering = ("name",)
    form = ThemeForm
    inlines = (FontInline,)
    may_delete = True  # one that was used is protected, and what goes with one are its fonts
    empty_hint = gettext_lazy(
        "No theme yet: sheets look as a theme does that nobody has changed. Add one."
    )
    fieldsets = (
        (None, {"fields": ("name", "language")}),
        (
            gettext_lazy("Looks"),
            {
                "fields": (
                    "brand",
                    "tagline",
                    "logo",
                    "logo_file",
                    "brand_colour",
                    "accent_colour",
                )
            },
        ),
        (
            gettext_lazy("Words"),
            {"fields": ("sender", "savings_lead", "foot", "how_chosen", "home")},
        ),
        (
            gettext_lazy("Page and post"),
            {
                "fields": (
                    "page",
                    "window",
                    ("has_fold_marks", "has_recycling_mark"),
                    "has_inserter_marks",
                    "has_match_marks",
                    "imb_mailer",
                    "imb_service",
                )
            },
        ),
        (
            gettext_lazy("Barcodes"),
            {
                "fields": (
                    "symbology",
                    "company_prefix",
                    "dots_per_inch",
                    "dots_a_module",
                    "bar_reduction_dots",
                )
            },
        ),
        (
            gettext_lazy("Press"),
            {
                "fields": (
                    "colour",
                    "profile",
                    "profile_file",
                    "profile_condition",
                    "bleed_mm",
                    "sheets_a_file",
                    "sheets_checked",
                )
            },
        ),
    )

    class Media:
        css = {"all": ("coupons/theme.css",)}
        js = ("coupons/theme.js",)

    def get_fieldsets(self, request: HttpRequest, obj: Theme | None = None) -> Any:
        """Whoever may only look has nothing to upload."""
        fieldsets = super().get_fieldsets(request, obj)
        if self._may_preview(request):
            return fieldsets
        return [
            (title, {**options, "fields": [n for n in options["fields"] if n not in UPLOADS]})
            for title, options in fieldsets
        ]

    def get_urls(self) -> list[URLPattern]:
        def named(route: str, view: Callable[..., Any], name: str) -> URLPattern:
            return path(route, self.admin_site.admin_view(view), name=f"coupons_theme_{name}")

        proof = csp_replace(PDF_VIEWER)(require_POST(self.proof_view))
        return [
            named("preview/", require_POST(self.preview_view), "preview"),
            named("proof/", proof, "proof"),
            named("<int:pk>/make-default/", self.default_view, "default"),
            *super().get_urls(),
        ]

    @admin.display(description=gettext_lazy("For mailings without one"), ordering="is_default")
    def default_pill(self, theme: Theme) -> SafeString | str:
        return pill(_("default"), "good") if theme.is_default else ""

    def sentence(self, row: Theme) -> str:
        used = Mailing.objects.filter(theme=row)
        mailings, printed = used.count(), used.filter(print_runs__isnull=False).exists()
        said = _("For every mailing that names no other. ") if row.is_default else ""
        said += ngettext("%(n)s mailing names it.", "%(n)s mailings name it.", mailings) % {
            "n": grouped(mailings)
        }
        if printed or row.is_default:
            said += _(
                " What is printed keeps a copy: a change shows on what is printed from now on, "
                "and reprints look as they did."
            )
        return said

    def row_tools(self, request: HttpRequest, row: Theme) -> list[Tool]:
        if row.is_default or not self.has_change_permission(request, row):
            return []
        return [Tool(_("Make default"), reverse("admin:coupons_theme_default", args=[row.pk]))]

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> HttpResponse:
        row: Theme | None = context.get("original")
        if self._may_preview(request):
            context["preview"] = PreviewForm(initial={"language": row.language if row else "en"})
            context["theme_id"] = row.pk if row else ""
        return super().render_change_form(request, context, *args, **kwargs)

    def save_model(self, request: HttpRequest, obj: Theme, form: Any, change: bool) -> None:
        form.keep_files(request.user)
        if not Theme.objects.filter(is_default=True).exists():
            obj.is_default = True
        super().save_model(request, obj, form, change)
        for sentence in warnings(obj):
            messages.warning(request, sentence)

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        super().save_related(request, form, formsets, change)
        for row in (row for rows in formsets for row in rows.forms):
            if isinstance(row, FontForm) and row.problem and row.new_font is not None:
                messages.warning(request, f"{row.new_font.name}: {row.problem}")

    def _may_preview(self, request: HttpRequest) -> bool:
        return self.has_change_permission(request) or self.has_add_permission(request)

    def preview_view(self, request: HttpRequest) -> JsonResponse:
        """Draw a sheet by what stands in the form just now; keep nothing of it."""
        from coupons import theme_preview  # loads the press: too slow for every command

        form, fonts, shown = self._as_typed(request)
        faults = _faults(form, fonts)
        if faults or shown is None:
            return JsonResponse({"faults": faults or [_("There is no such preview.")]})
        draft = draft_of(form, fonts)
        try:
            pages = theme_preview.pictures(draft, shown, timezone.localdate())
        except theme_preview.PreviewError as error:
            return JsonResponse({"faults": [retold(str(error))]})
        return JsonResponse(
            {
                "pages": [f"data:image/png;base64,{base64.b64encode(p).decode()}" for p in pages],
                "warnings": warnings(draft.theme),
                "module": f"{module_mm(draft.theme):.3f} mm",
            }
        )

    def proof_view(self, request: HttpRequest) -> HttpResponse:
        """The same sheet as the PDF that goes to the press."""
        from coupons import theme_preview  # as above

        form, fonts, shown = self._as_typed(request)
        says = _faults(form, fonts)
        if not says and shown is not None:
            try:
                pdf = theme_preview.proof(draft_of(form, fonts), shown, timezone.localdate())
            except theme_preview.PreviewError as error:
                says = [retold(str(error))]
            else:
                response = HttpResponse(pdf, content_type="application/pdf")
                response["Content-Disposition"] = 'inline; filename="theme-proof.pdf"'
                return response
        back = reverse("admin:coupons_theme_changelist")
        return self.ask(request, title=_("No proof yet"), says=says, back=back)

    def _as_typed(self, request: HttpRequest) -> tuple[ThemeForm, FontFormSet, Any]:
        if not self._may_preview(request):
            raise PermissionDenied
        pk = request.POST.get("preview_theme", "")
        theme = Theme.objects.filter(pk=int(pk)).first() if pk.isdecimal() else None
        form = ThemeForm(request.POST, request.FILES, instance=theme or Theme())
        fonts = fonts_of(request.POST, request.FILES, theme or Theme())
        asked = PreviewForm(request.POST)
        return form, fonts, asked.shown() if asked.is_valid() else None

    def default_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        theme = get_object_or_404(Theme, pk=pk)
        if not self.has_change_permission(request, theme):
            raise PermissionDenied
        back = reverse("admin:coupons_theme_change", args=[pk])
        if request.method != "POST":
            return self.ask(
                request,
                title=(_("Make default: %(theme)s") % {"theme": theme}),
                says=[
                    _("Every mailing that names no theme of its own is printed by it from now on.")
                ],
                button=_("Make default"),
                back=back,
            )
        with transaction.atomic():
            list(Theme.objects.select_for_update().order_by("pk"))  # one default at any time
            Theme.objects.filter(is_default=True).exclude(pk=pk).update(is_default=False)
            Theme.objects.filter(pk=pk).update(is_default=True)
        self.log_change(request, theme, _("Made default."))
        messages.success(request, (_("'%(theme)s' is the default.") % {"theme": theme}))
        return HttpResponseRedirect(back)


def _faults(form: ThemeForm, fonts: FontFormSet) -> list[str]:
    """What keeps a sheet from being drawn: that a theme has no name yet does not."""
    said = []
    if not form.is_valid():
        for name, sentences in form.errors.items():
            if name != "name":
                field = form.fields.get(name)
                said += [f"{field.label}: {one}" if field else str(one) for one in sentences]
    if not fonts.is_valid():
        for row in fonts.forms:
            for sentences in row.errors.values():
                said += [(_("Fonts: %(one)s") % {"one": one}) for one in sentences]
    return said


class UploadedAdmin(Page[Any]):
    """Files that themes use: uploaded with a theme, taken away once none uses them."""

    may_delete = True  # one in use is protected
    ordering: ClassVar[tuple[str, ...]] = ("name",)

    def get_queryset(self, request: HttpRequest) -> Any:
        return super().get_queryset(request).defer("content")

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(FontFile)
class FontFileAdmin(UploadedAdmin):
    list_title = gettext_lazy("Fonts")
    list_display = ("name", "uploaded_at")
    fields = ("name", "uploaded_at", "sha256")
    empty_hint = gettext_lazy("No font yet: upload one with a theme.")


@admin.register(PressProfile)
class PressProfileAdmin(UploadedAdmin):
    list_display = ("condition", "name", "uploaded_at")
    ordering = ("condition", "name")
    fields = ("condition", "name", "uploaded_at", "sha256")
    empty_hint = gettext_lazy("No press profile yet: upload one with a theme, under 'Press'.")
