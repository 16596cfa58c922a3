"""The list of offers: how each stands, what it costs by now, and what the list is filtered by."""

from collections.abc import Iterator
from datetime import date
from typing import Any

from django.contrib import admin
from django.contrib.admin.views.main import ChangeList
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.dateparse import parse_date
from django.utils.formats import date_format
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from coupons.admin.drawn import drawing, photograph
from coupons.models import Offer
from coupons.offer_figures import Figures, figures_of
from coupons.today_figures import burnt
from loyalty import plots
from pos_integration.desk import NOTHING, grouped, link, money, percent, pill


def offer_pill(offer: Offer, today: date) -> SafeString:
    if offer.valid_to < today:
        return pill(_("over"), "plain")
    if offer.valid_from > today:
        return pill(_("to come"), "busy")
    return pill(_("live"), "good")


class WhenFilter(admin.SimpleListFilter):
    title = gettext_lazy("state")
    parameter_name = "when"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("live", _("Live")), ("to_come", _("To come")), ("over", _("Over"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Offer]) -> QuerySet[Offer]:
        today = timezone.localdate()
        match self.value():
            case "live":
                return queryset.filter(valid_from__lte=today, valid_to__gte=today)
            case "to_come":
                return queryset.filter(valid_from__gt=today)
            case "over":
                return queryset.filter(valid_to__lt=today)
        return queryset


class RunsOnFilter(admin.SimpleListFilter):
    """Offers that are good on a day; what is no day filters nothing."""

    title = gettext_lazy("day")
    parameter_name = "on"
    template = "admin/day_filter.html"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("", "")]  # without any it would not be shown

    def choices(self, changelist: Any) -> Iterator[Any]:
        others = changelist.get_filters_params()
        yield {
            "day": self.value() or "",
            "others": [
                (name, value)
                for name, values in others.items()
                if name != self.parameter_name
                for value in (values if isinstance(values, list) else [values])
            ],
            "without": changelist.get_query_string(remove=[self.parameter_name]),
        }

    def queryset(self, request: HttpRequest, queryset: QuerySet[Offer]) -> QuerySet[Offer]:
        try:
            day = parse_date(self.value() or "")
        except ValueError:
            day = None
        if day is None:
            return queryset
        return queryset.filter(valid_from__lte=day, valid_to__gte=day)


class HasFilter(admin.SimpleListFilter):
    title = gettext_lazy("limits")
    parameter_name = "has"
    limits = (
        ("guarantee", gettext_lazy("Guaranteed coupons"), Q(least_coupons__gt=0)),
        ("cap", gettext_lazy("Coupons at most"), Q(most_coupons__isnull=False)),
        (
            "budget",
            gettext_lazy("A budget"),
            Q(expected_budget__isnull=False) | Q(real_budget__isnull=False),
        ),
        ("household", gettext_lazy("Times a household"), Q(per_household__isnull=False)),
        ("stores", gettext_lazy("Some stores only"), Q(stores__isnull=False)),
        ("levels", gettext_lazy("Levels of worth"), Q(levels__isnull=False)),
    )

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(name, str(words)) for name, words, _limit in self.limits]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Offer]) -> QuerySet[Offer]:
        for name, _words, limit in self.limits:
            if name == self.value():
                return queryset.filter(pk__in=Offer.objects.filter(limit).values("pk"))
        return queryset


class OfferList(ChangeList):
    """Asks once for the figures and pictures of a whole page of offers."""

    def get_results(self, request: HttpRequest) -> None:
        super().get_results(request)
        from coupons import pictures  # loads the library of pictures: too slow for every command

        offers: list[Any] = list(self.result_list)
        figures = figures_of([offer.pk for offer in offers])
        photos = pictures.photo_of(offers)
        for offer in offers:
            offer.figures = figures[offer.pk]
            offer.shown_photo = photos.get(offer.pk, "")
        self.result_list = offers


class OfferColumns:
    """The columns of the list, for the page of offers; each row has what OfferList gave it."""

    @admin.display(description="")
    def thumbnail(self, offer: Any) -> SafeString:
        if offer.shown_photo:
            return photograph(offer.shown_photo, offer.name)
        return drawing(offer.picture)

    @admin.display(description=gettext_lazy("Worth"), ordering="face_value")
    def value(self, offer: Offer) -> str:
        levels = sorted(offer.levels.all(), key=lambda level: level.number)
        return _(", or ").join([offer.worth_text, *(level.worth_text for level in levels)])

    @admin.display(description=gettext_lazy("Offer"), ordering="name")
    def what(self, offer: Offer) -> SafeString:
        return format_html(
            '{}<span class="beneath">{} <span class="code">{}</span></span>',
            link(reverse("admin:coupons_offer_change", args=[offer.pk]), offer.name),
            offer.detail,
            offer.code,
        )

    @admin.display(description=gettext_lazy("Who pays"), ordering="funder__name")
    def paid_by(self, offer: Offer) -> SafeString | str:
        if offer.funder_share == 1:
            return str(offer.funder)
        share = _("%(percent)s of it") % {"percent": percent(float(offer.funder_share))}
        return format_html('{}<span class="beneath">{}</span>', offer.funder, share)

    @admin.display(description=gettext_lazy("Runs"), ordering="valid_to")
    def dates(self, offer: Offer) -> SafeString:
        return format_html(
            '<span class="whole">{} {}</span> <span class="whole">{}</span>',
            date_format(offer.valid_from, "SHORT_DATE_FORMAT"),
            NOTHING,
            date_format(offer.valid_to, "SHORT_DATE_FORMAT"),
        )

    @admin.display(description=gettext_lazy("State"), ordering="valid_to")
    def state(self, offer: Offer) -> SafeString:
        return offer_pill(offer, timezone.localdate())

    @admin.display(description=gettext_lazy("Coupons out"))
    def coupons_out(self, offer: Any) -> str:
        its: Figures = offer.figures
        return grouped(its.coupons) if its.coupons else NOTHING

    @admin.display(description=gettext_lazy("Redeemed"))
    def redeemed(self, offer: Any) -> SafeString | str:
        its: Figures = offer.figures
        if its.share is None:
            return NOTHING
        return format_html(
            '<span class="whole">{} %</span><span class="beneath">{}</span>',
            grouped(100 * its.share, 1),
            grouped(its.redeemed),
        )

    @admin.display(description=gettext_lazy("Budget burnt"))
    def burnt(self, offer: Any) -> SafeString | str:
        its: Figures = offer.figures
        part = burnt(its.spent, offer.real_budget)
        if part is None:
            return money(its.spent) if its.spent else NOTHING
        return format_html(
            '{}<span class="whole">{} / {}</span>',
            mark_safe(plots.share_bar(part)),  # noqa: S308 - drawn of a number
            money(its.spent),
            money(offer.real_budget),
        )

    @admin.display(description="")
    def copy(self, offer: Offer) -> SafeString:
        url = reverse("admin:coupons_offer_copy", args=[offer.pk])
        return format_html('<a class="tool" href="{}">{}</a>', url, _("Copy"))
