"""The desk for households: who they are, their cards, what they said, what is believed of them."""

import secrets
from typing import Any, ClassVar

from django.contrib import admin, messages
from django.contrib.admin.options import IS_POPUP_VAR
from django.contrib.auth.models import AbstractBaseUser
from django.contrib.postgres.expressions import ArraySubquery
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import OuterRef, Prefetch, QuerySet, Subquery
from django.forms import BaseModelFormSet, ModelForm
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.utils.translation import gettext_lazy as _lazy

from loyalty import merging, voice
from loyalty.admin import household_cards, household_forms, household_steps, overview, scope, words
from loyalty.by_name import named
from loyalty.models import (
    Address,
    Card,
    Consent,
    Erasure,
    Household,
    HouseholdSummary,
    Merger,
    ModelRun,
    slot_of,
)
from pos_integration.desk import NOTHING, M, ReadOnlyAdmin, Tool, kept, link, pill
from pos_integration.long_lists import LongList
from pos_integration.said import retold

MOST_WORDS = 6  # of a name that is searched for
OF_THE_LIVING = ("consent", "notes")
"""Cards by which something is said to a household: not for one that is part of another."""


def known_by(query: str) -> QuerySet[Any] | None:
    """Ids of the households that a whole card number or postcode names, or None.

    Exact and by index, so a search by number never reads every name.
    """
    for ids in (
        Card.objects.filter(number=query, household__isnull=False).values("household"),
        Address.objects.filter(postcode=query).values("household"),
    ):
        if ids.exists():
            return ids
    return None


def called(rows: QuerySet[M], query: str, name: str) -> QuerySet[M]:
    """Those of the rows whose household has the words of a query in its name; all, if it is empty.

    name: the way to it from the rows. Signs alone name nobody: no index knows them.
    """
    said = [word for word in query.split() if any(map(str.isalnum, word))]
    return rows.filter(named(said[:MOST_WORDS], name)) if said or not query else rows.none()


@admin.register(Household)
class HouseholdAdmin(LongList[Household]):
    """A page to read first; names, address and cards are changed on a page of their own."""

    list_display = ("name_or_number", "city", "tier_pill", "value", "last_trip", "joined")
    list_select_related = ("address",)
    search_fields = ("name",)
    search_help_text = _lazy("A whole card number, a postcode, or part of a name")
    form = household_forms.HouseholdForm
    fields = (("name", "joined_on"), ("members", "is_of_age", "birth_month"), "language")
    inlines = household_forms.INLINES
    empty_hint = _lazy("No household yet. Add one, with the cards that it shows at the till.")
    steps: ClassVar[list[household_steps.Step]] = household_steps.STEPS

    class Media:
        css: ClassVar[dict[str, tuple[str, ...]]] = {
            "all": ("loyalty/beliefs.css", "loyalty/household.css")
        }

    def get_queryset(self, request: HttpRequest) -> QuerySet[Household]:
        rows = scope.households(super().get_queryset(request), request.user)
        match = request.resolver_match
        if match is not None and match.url_name == "loyalty_household_changelist":
            believed = HouseholdSummary.objects.filter(run=scope.published())
            wanted = believed.only(
                "household", "tier", "lifetime_value", "last_on", "is_shared", "run"
            )
            return rows.prefetch_related(Prefetch("summaries", wanted, to_attr="believed"))
        live = Merger.objects.filter(gone=OuterRef("pk"), undone_at=None).values("pk")
        erased = Erasure.objects.filter(household_number=OuterRef("pk")).values("erased_at")
        known = rows.select_related("address")
        cards = Card.objects.filter(household=OuterRef("pk")).order_by("pk").values("number")
        return known.annotate(
            merged=Subquery(live),
            erased_at=Subquery(erased),
            desk_cards=ArraySubquery(cards[: overview.CARDS_SHOWN]),
        )

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(self.step_view)
        return [
            path("<int:pk>/do/<slug:slug>/", view, name="loyalty_household_step"),
            *super().get_urls(),
        ]

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        wants_form = request.method == "POST" or "edit" in request.GET
        if wants_form or IS_POPUP_VAR in request.GET or not object_id.isdecimal():
            return super().change_view(request, object_id, form_url, extra_context)
        row = self.get_object(request, object_id)
        if row is None or not self.has_view_permission(request, row):
            # Django says that it is not there, or not for this one.
            return super().change_view(request, object_id, form_url, extra_context)
        return TemplateResponse(
            request,
            "admin/loyalty/household/page.html",
            {**self.admin_site.each_context(request), **self.shown(request, row)},
        )

    def shown(self, request: HttpRequest, row: Household) -> dict[str, Any]:
        """What the page shows of a household."""
        facts = overview.read(row, self._summary(row))
        is_erased = getattr(row, "erased_at", None) is not None
        merger = None if is_erased or getattr(row, "merged", None) is None else merging.into(row)
        main: list[Tool] = []
        more: list[Tool] = []
        if merger is not None:
            main = self.merged_tools(request, merger)
        elif not is_erased:
            main, more = self.page_tools(request, facts)
        parts = [] if is_erased else self.parts(request, facts)
        if merger is not None:  # nothing is said to it, nor noted of it, any more
            parts = [part for part in parts if part.anchor not in OF_THE_LIVING]
        return {
            "opts": self.opts,
            "title": str(row),
            "heading": (row.name and _("Household %(name)s") % {"name": row.name}) or str(row),
            "quiet": overview.quiet_line(facts),
            "banners": self.banners(row, merger),
            "sentence": self.sentence(row),
            "tools": main,
            "more": more,
            "figures": self.figures(request, facts),
            "parts": household_cards.fuller_first(parts),
        }

    def banners(self, row: Household, merger: Merger | None) -> list[SafeString]:
        """What must be known first: that it is part of another household, or was erased."""
        erased_at = getattr(row, "erased_at", None)
        if erased_at is not None:
            said = _("It was erased on %(day)s: nothing is left that tells who it was.")
            return [format_html("{}", said % {"day": overview.day(erased_at)})]
        if merger is None:
            return []
        url = reverse("admin:loyalty_household_change", args=[merger.kept_id])
        return [
            format_html(
                "{} {}",
                _("It was merged on %(day)s: its cards are now those of")
                % {"day": overview.day(merger.merged_at)},
                link(url, merger.kept),
            )
        ]

    def merged_tools(self, request: HttpRequest, merger: Merger) -> list[Tool]:
        """What is left to do with a household that is part of another now."""
        kept = reverse("admin:loyalty_household_change", args=[merger.kept_id])
        tools = [Tool(_("The household it is part of"), kept, is_main=True)]
        if request.user.has_perm("loyalty.change_merger"):
            undo = reverse("admin:loyalty_merger_undo", args=[merger.pk])
            tools.append(Tool(_("Undo the merger"), undo))
        history = reverse("admin:loyalty_household_history", args=[merger.gone_id])
        return [*tools, Tool(_("History"), history)]

    def figures(self, request: HttpRequest, facts: overview.Facts) -> list[overview.Figure]:
        return overview.figures(facts.summary)

    def parts(self, request: HttpRequest, facts: overview.Facts) -> list[overview.Part]:
        """The cards of the page, in their order."""
        made = household_cards.parts(request, facts)
        first = ("warning", "weeks", "needs", "consent", "notes")
        return [
            *(made[name] for name in first if name in made),
            *(part for name, part in made.items() if name not in first),
        ]

    def page_tools(
        self, request: HttpRequest, facts: overview.Facts
    ) -> tuple[list[Tool], list[Tool]]:
        """The buttons of the page, and what stands under "More"."""
        row = facts.row
        more = self.row_tools(request, row)
        change = reverse("admin:loyalty_household_change", args=[row.pk])
        if self.has_change_permission(request, row):
            more.insert(0, Tool(_("Edit name, address, cards"), f"{change}?edit=1"))
        more.append(Tool(_("History"), reverse("admin:loyalty_household_history", args=[row.pk])))
        more += overview.privacy_tools(row, request.user)
        main = [
            Tool(label, overview.step_url(row, slug))
            for slug, label, perm in (
                ("note", _("Note"), "loyalty.add_note"),
                ("consent", _("Data and consent"), "loyalty.add_consent"),
                ("merge", _("Merge"), "loyalty.add_merger"),
                ("split", _("Split"), "loyalty.add_merger"),
            )
            if request.user.has_perm(perm) and (slug != "split" or len(facts.cards) > 1)
        ]
        return main, more

    def step_view(self, request: HttpRequest, pk: int, slug: str) -> HttpResponse:
        """Ask what a step wants to know, then do it and say so."""
        rows = self.get_queryset(request).filter(erased_at=None)  # type: ignore[misc] # annotated
        home = get_object_or_404(rows, pk=pk)
        step = next((one for one in self.steps if one.slug == slug), None)
        if step is None:
            raise Http404(slug)
        if not request.user.has_perm(step.perm):
            raise PermissionDenied
        assert isinstance(request.user, AbstractBaseUser)
        back = reverse("admin:loyalty_household_change", args=[pk])
        if getattr(home, "merged", None) is not None:
            said = _("'%(home)s' is part of another household now: do it there.")
            messages.warning(request, said % {"home": home})
            return HttpResponseRedirect(back)
        form = step.form(request, home)
        if request.method == "POST" and form.is_valid():
            try:
                with transaction.atomic():
                    said = step.do(request.user, home, form.cleaned_data)
            except ValueError as error:
                form.add_error(None, retold(str(error)))
            else:
                messages.success(request, said)
                return HttpResponseRedirect(back)
        page = self.ask(
            request,
            title=f"{step.title}: {home}",
            says=step.says(home, form),
            button=str(step.button) if step.can(form) else "",
            back=back,
        )
        assert page.context_data is not None
        page.context_data["form"] = form
        return page

    def response_change(self, request: HttpRequest, obj: Household) -> HttpResponse:
        answer = super().response_change(request, obj)
        if answer.status_code == 302 and "_save" in request.POST:
            return HttpResponseRedirect(reverse("admin:loyalty_household_change", args=[obj.pk]))
        return answer

    def save_model(
        self, request: HttpRequest, obj: Household, form: "ModelForm[Household]", change: bool
    ) -> None:
        if not change:  # any place in the history will do: its cards' purchases move there
            obj.slot = slot_of(secrets.token_hex(8))
        super().save_model(request, obj, form, change)

    def save_related(
        self,
        request: HttpRequest,
        form: "ModelForm[Household]",
        formsets: "list[BaseModelFormSet[Any, Any]]",
        change: bool,
    ) -> None:
        super().save_related(request, form, formsets, change)
        home: Household = form.instance
        agreed = voice.latest(Consent.Purpose.BIRTHDAY, is_granted=True)
        if home.birth_month is not None and not agreed.filter(household=home).exists():
            messages.warning(
                request,
                (
                    _(
                        "'%(home)s' has not agreed to a greeting, so it gets none: note "
                        "its consent, or "
                        "take the month of its birthday away."
                    )
                    % {"home": home}
                ),
            )

    def known_by(self, query: str) -> QuerySet[Any] | None:
        """Ids of the households that a whole number or postcode names, or None."""
        return known_by(query)

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Household], search_term: str
    ) -> tuple[QuerySet[Household], bool]:
        ids = self.known_by(term) if (term := search_term.strip()) else None
        if ids is not None:
            return queryset.filter(pk__in=ids), False
        return called(queryset, term, "name"), False

    @admin.display(description=_lazy("Household"))
    def name_or_number(self, household: Household) -> str:
        return str(household)

    @admin.display(description=_lazy("City"))
    def city(self, household: Household) -> str:
        address = getattr(household, "address", None)
        return f"{address.postcode} {address.city}" if address is not None else NOTHING

    @admin.display(description=_lazy("Tier"))
    def tier_pill(self, household: Household) -> str | SafeString:
        summary = _believed(household)
        if summary is None:
            return NOTHING
        return pill(_("shared"), "bad") if summary.is_shared else words.tier_pill(summary.tier)

    @admin.display(description=_lazy("Three years"))
    def value(self, household: Household) -> str:
        summary = _believed(household)
        return words.about(summary.lifetime_value if summary else None)

    @admin.display(description=_lazy("Last trip"))
    def last_trip(self, household: Household) -> str:
        summary = _believed(household)
        return overview.day(summary.last_on if summary else None)

    @admin.display(description=_lazy("With us since"))
    def joined(self, household: Household) -> str:
        return overview.day(household.joined_on)

    def _summary(self, household: Household) -> HouseholdSummary | None:
        found = household.summaries.filter(run__state=ModelRun.State.PUBLISHED)
        found = found.select_related("run", "home_store").defer("run__fitted")
        return kept(household, "desk_summary", found.first)  # the sentence and the panels want it

    def sentence(self, row: Household) -> str:
        summary = self._summary(row)
        if summary is None:
            return _(
                "Nothing is believed of this household yet: it has bought nothing with a card."
            )
        return words.habits(summary)

    def row_tools(self, request: HttpRequest, row: Household) -> list[Tool]:
        cards = ",".join(overview.cards_of(row))
        tools = []
        if "edit" in request.GET or request.method == "POST":
            back = reverse("admin:loyalty_household_change", args=[row.pk])
            tools.append(Tool(_("Back to its page"), back))
        if cards:
            baskets = reverse("admin:pos_integration_basket_changelist")
            tools.append(Tool(_("Its baskets"), f"{baskets}?card_number__in={cards}"))
        return tools


def _believed(household: Household) -> HouseholdSummary | None:
    """What the list read of it."""
    found: list[HouseholdSummary] = getattr(household, "believed", [])
    return found[0] if found else None


@admin.register(Card)
class CardAdmin(LongList[Card], ReadOnlyAdmin[Card]):
    list_display = ("number", "household", "claimed_on")
    list_select_related = ("household",)
    list_filter = (("household", admin.EmptyFieldListFilter),)
    search_fields = ("number__exact",)
    search_help_text = gettext_lazy("A whole card number")
    empty_hint = _lazy("No card was scanned yet.")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Card]:
        return scope.cards(super().get_queryset(request), request.user)
