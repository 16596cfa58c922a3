"""Sample sheets of a selection at the desk: as pictures, page by page, and in words."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from coupons.models import Coupon, Selection, Sheet
from loyalty.models import Household
from pos_integration import staff
from pos_integration.desk import NOTHING, Panel, ReadOnlyAdmin, Tool, link, table
from pos_integration.said import retold

if TYPE_CHECKING:
    Pages = ReadOnlyAdmin[Selection]
else:
    Pages = object

State = Selection.State
SAMPLE_SHEETS = 6
SAMPLE_PAGES = 20
PICTURES_SHOWN = 3
PICTURE_KEPT_SECONDS = 300


def may_see_samples(request: HttpRequest) -> bool:
    """Samples are of households from all over: not for who works in stores."""
    may = request.user.has_perm("coupons.view_sheet")
    return may and staff.stores_of(request.user) is None


class SamplePages(Pages):
    """The part of a selection's admin that shows sheets."""

    def sample_panels(self, request: HttpRequest, row: Selection) -> list[Panel]:
        if not may_see_samples(request):
            return []
        from coupons import samples  # loads the models of shoppers: too slow for every page

        sheets = samples.sheets(row, SAMPLE_SHEETS)
        words = Panel(_("The same in words"), in_words(sheets), is_wide=True)
        more = format_html(
            '<p class="pager"><a class="tool" href="{}">{}</a></p>',
            reverse("admin:coupons_selection_sheets", args=[row.pk]),
            _("Other samples"),
        )
        body = format_html("{}{}", pictures(row, sheets[:PICTURES_SHOWN]), more)
        note = _("not printed, not promised")
        return [Panel(_("Some sheets"), body, note, is_wide=True), words]

    def sheets_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Sample sheets as pictures, a few to a page."""
        if not may_see_samples(request):
            raise PermissionDenied
        selection = get_object_or_404(
            Selection.objects.select_related("mailing", "run"), pk=pk, state=State.READY
        )
        from coupons import samples  # loads the models of shoppers: too slow for every command

        last = samples.pages(selection, SAMPLE_SHEETS, SAMPLE_PAGES)
        asked = request.GET.get("page", "1")
        number = min(max(int(asked), 1), last) if asked.isascii() and asked.isdigit() else 1
        sheets = samples.page(selection, number, size=SAMPLE_SHEETS, most=SAMPLE_PAGES)
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "media": self.media,
            "title": _("Sample sheets: %(mailing)s") % {"mailing": selection.mailing},
            "sentence": _(
                "As they would be printed; nothing is printed or promised, and no till knows "
                "their codes."
            ),
            "panels": [
                Panel(
                    _("Page %(n)s of %(all)s") % {"n": number, "all": last},
                    format_html(
                        "{}{}", pictures(selection, sheets), pager(selection, number, last)
                    ),
                    _("households from all over"),
                    is_wide=True,
                )
            ],
            "back": reverse("admin:coupons_selection_change", args=[pk]),
            "mailing": selection,
            "back_label": _("The selection"),
            "tools": [
                Tool(_("Sample sheets as PDF"), reverse("admin:coupons_selection_proof", args=[pk]))
            ],
        }
        return TemplateResponse(request, "admin/coupons/mailing/told.html", context)

    def picture_view(self, request: HttpRequest, pk: int, home: int) -> HttpResponse:
        """One household's sheet as PNG, drawn when it is looked at."""
        if not may_see_samples(request):
            raise PermissionDenied
        selection = get_object_or_404(
            Selection.objects.select_related("mailing", "run"), pk=pk, state=State.READY
        )
        household = get_object_or_404(Household, pk=home)
        from coupons import looks, printing, sample_pictures  # load the press, as above

        try:
            png = sample_pictures.png_of(selection, household)
        except (looks.LookError, printing.PrintError) as error:
            return HttpResponse(
                retold(str(error)), content_type="text/plain; charset=utf-8", status=409
            )
        if png is None:
            raise Http404(home)
        response = HttpResponse(png, content_type="image/png")
        response["Cache-Control"] = f"private, max-age={PICTURE_KEPT_SECONDS}"
        return response


Sample = Sequence[tuple[Sheet, list[Coupon]]]


def pictures(selection: Selection, sheets: Sample) -> SafeString:
    """Sample sheets as pictures, each below it who gets it and why."""
    rows = format_html_join(
        "",
        '<figure><a href="{0}"><img src="{0}" loading="lazy" width="694" height="982" '
        'alt="{1}"></a><figcaption>{2} <span>{3}</span></figcaption></figure>',
        (
            (
                reverse("admin:coupons_selection_picture", args=[selection.pk, sheet.household_id]),
                _("Sheet of %(name)s: %(offers)s")
                % {
                    "name": first_name(sheet),
                    "offers": ", ".join(coupon.offer.name for coupon in coupons),
                },
                link(
                    reverse("admin:loyalty_household_change", args=[sheet.household_id]),
                    first_name(sheet),
                ),
                next((coupon.reason for coupon in coupons if coupon.reason), ""),
            )
            for sheet, coupons in sheets
        ),
    )
    if not rows:
        return format_html('<p class="empty">{}</p>', _("On this page everybody is held out."))
    return format_html('<div class="samples">{}</div>', rows)


def first_name(sheet: Sheet) -> str:
    """What to call a household by on a screen that others may see."""
    words = sheet.household.name.split()
    return words[0] if words else _("Household %(n)s") % {"n": sheet.household_id}


def pager(selection: Selection, number: int, last: int) -> SafeString:
    page = reverse("admin:coupons_selection_sheets", args=[selection.pk])
    steps = [
        (f"{page}?page={other}", words)
        for other, words in ((number - 1, _("Before")), (number + 1, _("Other samples")))
        if 1 <= other <= last
    ]
    return format_html(
        '<nav class="pager" aria-label="{}">{}</nav>',
        _("Other samples"),
        format_html_join("", '<a class="tool" href="{}">{}</a>', steps),
    )


def in_words(sheets: Sample) -> SafeString:
    """A few households' sheets: what each gets and why; how it was reckoned stands folded."""
    return format_html(
        '<div class="sample-words">{}</div>',
        format_html_join(
            "",
            "<section><h3>{}</h3>{}<details><summary>{}</summary>{}</details></section>",
            (
                (
                    link(
                        reverse("admin:loyalty_household_change", args=[sheet.household_id]),
                        sheet.household,
                    ),
                    table(
                        (_("Worth"), _("Offer"), _("Why, on paper")),
                        (
                            (
                                format_html('<span class="whole">{}</span>', one.terms.worth_text),
                                one.offer.name,
                                one.reason or NOTHING,
                            )
                            for one in coupons
                        ),
                        _("No coupon."),
                    ),
                    _("In full"),
                    table(
                        (_("Offer"), _("How it was reckoned")),
                        (
                            (
                                one.offer.name,
                                format_html(
                                    '<div class="words-cell quiet">{}</div>', one.staff_reason
                                ),
                            )
                            for one in coupons
                        ),
                        "",
                    ),
                )
                for sheet, coupons in sheets
            ),
        ),
    )
