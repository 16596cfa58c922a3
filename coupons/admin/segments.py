"""Segments of households that mailings are for."""

from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING, Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import Exists, OuterRef, QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.formats import date_format
from django.utils.functional import lazy
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from coupons.admin.mailing_steps import mailing_pill
from coupons.models import Mailing, Segment
from loyalty.admin.words import TIER_NAMES, tier_name
from loyalty.models import ModelRun
from loyalty.shopper.value import TIERS
from pos_integration.desk import Page, Panel, Tool, grouped, in_sentence, link, table
from pos_integration.models import Category
from pos_integration.said import retold

Trigger = Segment.Trigger
OF_DAYS = (Trigger.LAPSED, Trigger.FIRST_PURCHASE, Trigger.NEW_MEMBER)
OF_A_CATEGORY = (Trigger.DUE, Trigger.FIRST_PURCHASE)
WANTED = (
    (Trigger.ANYBODY, gettext_lazy("nothing more")),
    (Trigger.LAPSED, gettext_lazy("the days since it last came")),
    (Trigger.DUE, gettext_lazy("the category, and how likely it must be to need something of it")),
    (Trigger.FIRST_PURCHASE, gettext_lazy("the category, and within how many days")),
    (Trigger.NEW_MEMBER, gettext_lazy("within how many days it joined")),
    (Trigger.BIRTHDAY, gettext_lazy("nothing more: the month is that of the mailing's first day")),
)
MAILINGS_SHOWN = 8
STORES_NAMED = 3
MOST_BYTES = 30_000_000  # of a list: two million cards

# Django's own forms take no model in brackets, its type stubs demand one.
if TYPE_CHECKING:
    SegmentModelForm = forms.ModelForm[Segment]
else:
    SegmentModelForm = forms.ModelForm


def misfits(said: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """Where what was said does not fit the trigger: the field and, in a sentence, what is wanted.

    said: what was said of each field; a field that is missing was faulty by itself.
    """
    trigger = said.get("trigger")
    if not trigger:
        return
    name = in_sentence(Trigger(trigger).label)
    days, category = said.get("days"), said.get("category")
    if trigger in OF_DAYS and "days" in said and days is None:
        yield "days", _("Say how many days.")
    if trigger not in OF_DAYS and days is not None:
        yield "days", (_("Leave this empty: '%(name)s' speaks of no days.") % {"name": name})
    if trigger in OF_A_CATEGORY and "category" in said and category is None:
        yield "category", _("Say which category.")
    if trigger not in OF_A_CATEGORY and category is not None:
        yield (
            "category",
            (_("Leave this empty: '%(name)s' speaks of no category.") % {"name": name}),
        )
    elif category is not None and (why := _refused(category, trigger)):
        yield "category", why


def _refused(category: Category, trigger: str) -> str:
    """Why nobody is sought out by the category; empty if they are."""
    from coupons.audience import is_sensitive  # loads the models of shoppers: too slow for all

    if is_sensitive(category):
        return _(
            "'%(name)s', or something above or below it, is sensitive: nobody's purchases of "
            "it choose who gets coupons. Choose another category."
        ) % {"name": category.name}
    if trigger == Trigger.DUE and not _is_modelled(category):
        return _(
            "'%(name)s' says nothing of what households need, as the catalogue has it: "
            "nobody would be due. Choose another category."
        ) % {"name": category.name}
    return ""


def _is_modelled(category: Category) -> bool:
    node: Category | None = category
    while node is not None:
        if not node.is_modelled:
            return False
        node = node.parent
    return True


class SegmentForm(SegmentModelForm):
    """Says in a sentence what the database would refuse."""

    days = forms.IntegerField(
        min_value=1,
        max_value=3650,
        required=False,
        help_text=gettext_lazy("Where the trigger speaks of days"),
        label=gettext_lazy("Days"),
    )
    least_chance = forms.FloatField(
        initial=0.5,
        required=False,
        help_text=gettext_lazy(
            "Of needing something of the category within four weeks, 0 to 1; for 'due' only"
        ),
        label=gettext_lazy("Least chance"),
    )
    tiers = forms.MultipleChoiceField(
        choices=[(tier, TIER_NAMES[tier]) for tier in TIERS],
        widget=forms.CheckboxSelectMultiple,
        required=False,
        help_text=gettext_lazy("Of its value; none marked: any"),
        label=gettext_lazy("Tiers"),
    )

    def clean_least_chance(self) -> float:
        chance: float | None = self.cleaned_data["least_chance"]
        if chance is None:
            return 0.5
        if not 0 < chance < 1:
            raise forms.ValidationError(
                _("%(chance)s is no chance between 0 and 1, such as 0.5 for one in two.")
                % {"chance": f"{chance:g}"}
            )
        return chance

    def clean(self) -> dict[str, Any]:
        said: dict[str, Any] = super().clean() or self.cleaned_data
        for field, sentence in list(misfits(said)):
            self.add_error(field, sentence)
        return said


class ListForm(forms.Form):
    """A list of households made elsewhere, as numbers of their cards."""

    cards = forms.CharField(
        widget=forms.Textarea(attrs={"rows": 8}),
        required=False,
        label=gettext_lazy("Card numbers"),
        help_text=gettext_lazy("One a line; of two cards of one household, one is enough"),
    )
    file = forms.FileField(
        required=False,
        help_text=gettext_lazy("Or a text file with one a line"),
        label=gettext_lazy("File"),
    )
    drop = forms.BooleanField(
        required=False, label=gettext_lazy("No list: whoever fits otherwise is in the segment")
    )

    def clean_file(self) -> str:
        """The file as text."""
        file = self.cleaned_data["file"]
        if file is None:
            return ""
        if file.size > MOST_BYTES:
            raise forms.ValidationError(
                _("It has %(said)s MB; wanted: %(said2)s at most.")
                % {"said": grouped(file.size / 1e6, 0), "said2": grouped(MOST_BYTES / 1e6, 0)}
            )
        try:
            return str(file.read().decode("utf-8-sig"))
        except UnicodeDecodeError:
            raise forms.ValidationError(
                _(
                    "It is not plain text: save it as text or CSV in UTF-8, with nothing but card "
                    "numbers."
                )
            ) from None

    def lines(self) -> list[str]:
        said = (self.cleaned_data["cards"], self.cleaned_data["file"])
        return [line.strip(' ,;"\t\0') for text in said for line in text.splitlines()]


def wanted() -> SafeString:
    rows = ((trigger.label, says) for trigger, says in WANTED)
    listed = format_html_join("", "<li>{}: {}</li>", rows)
    return format_html(
        "{}<ul>{}</ul>",
        _("All that is said must hold. What each trigger wants to be told:"),
        listed,
    )


def in_words(segment: Segment, stores: Iterable[object], has_list: bool) -> str:
    """Who is in it, as staff would say it."""
    days = _("a day") if segment.days == 1 else (_("%(days)s days") % {"days": segment.days})
    match segment.trigger:
        case Trigger.LAPSED:
            who = _("did not come for %(days)s") % {"days": days}
        case Trigger.DUE:
            chance = f"{100 * segment.least_chance:.0f} %"
            who = _("needs %(category)s within four weeks, %(chance)s likely or more") % {
                "category": segment.category,
                "chance": chance,
            }
        case Trigger.FIRST_PURCHASE:
            who = _("bought of %(category)s for the first time within %(days)s") % {
                "category": segment.category,
                "days": days,
            }
        case Trigger.NEW_MEMBER:
            who = _("joined within %(days)s") % {"days": days}
        case Trigger.BIRTHDAY:
            who = _("has its birthday that month")
        case _:
            who = _("anybody")
    named = [str(store) for store in stores]
    if len(named) > STORES_NAMED:
        named = [*named[:STORES_NAMED], (_("%(said)s more") % {"said": len(named) - STORES_NAMED})]
    parts = [who]
    if segment.tiers:
        parts.append(_(" or ").join(in_sentence(tier_name(tier)) for tier in segment.tiers))
    if named:
        parts.append(_("shops most at %(join)s") % {"join": _(" or ").join(named)})
    if has_list:
        parts.append(_("on its list"))
    text = "; ".join(parts)
    return f"{text[:1].upper()}{text[1:]}."


def published() -> ModelRun | None:
    return ModelRun.objects.filter(state=ModelRun.State.PUBLISHED).defer("fitted").first()


def _list_rows(segment: Any) -> QuerySet[Any]:
    return Segment.households.through.objects.filter(segment=segment)


@admin.register(Segment)
class SegmentAdmin(Page[Segment]):
    list_display = ("name", "who")
    list_filter = ("trigger",)
    search_fields = ("name",)
    ordering = ("name",)
    autocomplete_fields = ("category", "stores")
    form = SegmentForm
    empty_hint = gettext_lazy("No segment yet. Add one, then choose it for a mailing.")
    fieldsets = (
        (None, {"fields": ("name",)}),
        (
            gettext_lazy("Who"),
            {
                "description": lazy(wanted, str)(),
                "fields": ("trigger", ("days", "least_chance"), "category"),
            },
        ),
        (gettext_lazy("Of these only"), {"fields": ("tiers", "stores")}),
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[Segment]:
        segments = super().get_queryset(request).select_related("category")
        return segments.prefetch_related("stores").annotate(
            has_list=Exists(_list_rows(OuterRef("pk")))
        )

    def has_delete_permission(self, request: HttpRequest, obj: Segment | None = None) -> bool:
        """One by one, and only one that no mailing names and that has no list to gather."""
        return (
            obj is not None
            and request.user.has_perm("coupons.delete_segment")
            and not obj.mailings.exists()
            and not _list_rows(obj.pk).exists()
        )

    def get_urls(self) -> list[URLPattern]:
        view: Callable[..., HttpResponse] = self.admin_site.admin_view(self.list_view)
        return [
            path("<int:pk>/list/", view, name="coupons_segment_list"),
            *super().get_urls(),
        ]

    @admin.display(description=gettext_lazy("Who is in it"))
    def who(self, segment: Any) -> str:
        return in_words(segment, segment.stores.all(), segment.has_list)

    def sentence(self, row: Segment) -> str:
        return self.who(row)

    def row_tools(self, request: HttpRequest, row: Segment) -> list[Tool]:
        if not self.has_change_permission(request, row):
            return []
        return [Tool(_("Its list"), reverse("admin:coupons_segment_list", args=[row.pk]))]

    def panels(self, request: HttpRequest, row: Segment) -> list[Panel]:
        return [
            Panel(_("Households"), self._households(request, row), self._night()),
            Panel(_("Mailings"), self._mailings(row)),
        ]

    def _night(self) -> str:
        run = published()
        return (_("as of %(as_of)s") % {"as_of": date_format(run.as_of)}) if run else ""

    def _households(self, request: HttpRequest, segment: Segment) -> SafeString:
        from coupons import audience  # as above

        run = published()
        if run is None:
            return table(
                (), (), _("No night has run yet: start one under 'Nights', then look again.")
            )
        if "count" not in request.GET and not audience.is_quickly_counted([segment], run):
            return format_html(
                '<p>It asks for purchases of {} households, which takes a while. <a class="tool" '
                'href="?count=1">Count them now</a></p>',
                grouped(run.households),
            )
        size = audience.size_of(segment, run)
        rows = [(_("In it"), f"{'about ' if size.is_estimate else ''}{size.households:,}")]
        if listed := _list_rows(segment.pk).count():
            rows.append((_("On its list"), grouped(listed)))
        return table(("", _("Households#")), rows, "")

    def _mailings(self, segment: Segment) -> SafeString:
        return table(
            (_("Mailing"), _("State"), _("Issued on")),
            (
                (
                    link(reverse("admin:coupons_mailing_change", args=[one.pk]), one),
                    mailing_pill(one),
                    date_format(one.issue_on),
                )
                for one in Mailing.objects.filter(segments=segment).order_by("-issue_on", "-pk")[
                    :MAILINGS_SHOWN
                ]
            ),
            _("No mailing is for it yet."),
        )

    def list_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Ask for a list of cards, and put it in place of the one there is."""
        segment = get_object_or_404(Segment, pk=pk)
        if not self.has_change_permission(request, segment):
            raise PermissionDenied
        from coupons import audience  # as above

        back = reverse("admin:coupons_segment_change", args=[pk])
        form = ListForm(request.POST or None, request.FILES or None)
        if form.is_valid():
            try:
                said = self._put(request, segment, form)
            except audience.AudienceError as error:
                form.add_error("cards", f"{retold(str(error))}.")
            else:
                messages.success(request, said)
                return HttpResponseRedirect(back)
        listed = _list_rows(pk).count()
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": (_("The list of %(segment)s") % {"segment": segment}),
            "says": [
                _("Only households on the list are in the segment, of those that fit otherwise."),
                (
                    _("It has %(listed)s now; the new list takes its place.")
                    % {"listed": grouped(listed)}
                )
                if listed
                else _("There is none now."),
            ],
            "form": form,
            "button": _("Put it in"),
            "back": back,
        }
        return TemplateResponse(request, "admin/segment_list.html", context)

    def _put(self, request: HttpRequest, segment: Segment, form: ListForm) -> str:
        from coupons import audience  # as above

        if form.cleaned_data["drop"]:
            audience.drop_list(segment)
            self.log_change(request, segment, _("Dropped its list."))
            return _("'%(segment)s' has no list any more: whoever fits otherwise is in it.") % {
                "segment": segment
            }
        count = audience.put_list(segment, form.lines())
        self.log_change(
            request, segment, (_("Put in a list of %(count)s households.") % {"count": count})
        )
        return f"{count:,} household{' is' if count == 1 else 's are'} on the list now."
