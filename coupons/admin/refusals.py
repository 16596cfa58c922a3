"""Refusals as a list of work: each in a sentence, decided by hand, many at once where alike."""

from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.contrib.auth.models import User
from django.core.exceptions import PermissionDenied
from django.db.models import Prefetch, QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.html import format_html
from django.utils.http import urlencode
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from coupons import scanned, verdicts
from coupons.models import Refusal
from coupons.models.desk import RefusalVerdict
from coupons.sheets import codes
from pos_integration import money, staff
from pos_integration.desk import Panel, ReadOnlyAdmin, Tool, grouped, kept, link, pill
from pos_integration.long_lists import LongList, ScopedPaginator
from pos_integration.models import RedemptionRecord
from pos_integration.said import retold

Verdict = RefusalVerdict.Verdict
DECIDED_AT_ONCE = 500
Reason = Refusal.Reason
REASON_WORDS = {
    Reason.UNKNOWN_CODE: gettext_lazy("unknown code"),
    Reason.ALREADY_REDEEMED: gettext_lazy("already redeemed"),
    Reason.VOID: gettext_lazy("void"),
    Reason.OUT_OF_DATE: gettext_lazy("out of date"),
    Reason.WRONG_STORE: gettext_lazy("wrong store"),
    Reason.WRONG_ITEM: gettext_lazy("wrong item"),
    Reason.OVER_VALUE: gettext_lazy("over value"),
    Reason.CONFLICT: gettext_lazy("conflict"),
    Reason.NOT_ENOUGH: gettext_lazy("not enough"),
    Reason.NOT_STACKED: gettext_lazy("not stacked"),
    Reason.NOTHING_OFF: gettext_lazy("nothing off"),
    Reason.RECEIPT_VOID: gettext_lazy("receipt void"),
}
VERDICT_TONES = {"stands": "plain", "house": "new", "trained": "good"}
VERDICT_WORDS = {
    "stands": gettext_lazy("stands"),
    "house": gettext_lazy("house bears it"),
    "trained": gettext_lazy("stands, store told"),
}


def with_currency(refusal: Refusal) -> str:
    """What the till took off, with its currency's own digits: `0.50 USD`, `50 JPY`."""
    currency = refusal.record.basket.store.currency
    return f"{grouped(refusal.record.amount, money.digits(currency))} {currency}"


def verdict_pill(refusal: Refusal) -> SafeString:
    verdict: RefusalVerdict | None = getattr(refusal, "verdict", None)
    if verdict is None:
        return pill(_("open"), "warn")
    return pill(str(VERDICT_WORDS[verdict.verdict]), VERDICT_TONES[verdict.verdict])


def code_words(code: str) -> str:
    """One of our own codes as it is printed, any other as it was sent."""
    try:
        return codes.grouped(codes.normalise(code))
    except codes.CodeError:
        return code


def story(refusal: Refusal) -> str:
    """What the till did and what was found, in two sentences."""
    basket = refusal.record.basket
    took = _("Till %(till)s of store %(store)s took %(amount)s off for %(code)s on %(day)s.")
    nothing = _("Till %(till)s of store %(store)s took nothing off for %(code)s on %(day)s.")
    did = (took if refusal.record.amount else nothing) % {
        "till": basket.till,
        "store": basket.store.number,
        "amount": with_currency(refusal),
        "code": code_words(refusal.record.code),
        "day": date_format(basket.business_date),
    }
    found = retold(refusal.detail)
    return f"{did} {found[:1].upper()}{found[1:].rstrip('.')}."


class VerdictFilter(admin.SimpleListFilter):
    """What waits for a decision, unless somebody asks for more."""

    title = gettext_lazy("decision")
    parameter_name = "verdict"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        words = [(name, str(VERDICT_WORDS[name]).capitalize()) for name in Verdict.values]
        return [*words, ("all", _("All"))]

    def choices(self, changelist: Any) -> Any:
        choices = super().choices(changelist)
        yield {**next(choices), "display": _("Open")}
        yield from choices

    def queryset(self, request: HttpRequest, queryset: QuerySet[Refusal]) -> QuerySet[Refusal]:
        value = self.value()
        if value == "all":
            return queryset
        if value in Verdict.values:
            return verdicts.of_verdict(queryset, value)
        return verdicts.of_verdict(queryset, None)


class PlaceFilter(admin.SimpleListFilter):
    """By a store that has open refusals, or by one of its tills: `330`, `330/4`."""

    title = gettext_lazy("store")
    parameter_name = "at"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        known = {row.store: row.store_name for row in _lately(request)}
        named = [(number, f"{number} {name}") for number, name in sorted(known.items())]
        asked = request.GET.get("at", "")
        return named if asked in known or not asked else [*named, (asked, asked[:40])]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Refusal]) -> QuerySet[Refusal]:
        store, _slash, till = (self.value() or "").replace("\0", " ").partition("/")
        basket: dict[str, object] = {"store__number": store} if store else {}
        if till:
            if not (till.isascii() and till.isdigit() and len(till) <= 9):
                return queryset.none()
            basket["till"] = int(till)
        return verdicts.where(queryset, **basket) if basket else queryset


def _lately(request: HttpRequest) -> list[verdicts.Seen]:
    """The latest open refusals, read once a page."""
    return kept(request, "lately", lambda: verdicts.lately(staff.stores_of(request.user)))


class DecideForm(forms.Form):
    """may_give: whether the house may be made to bear it."""

    verdict = forms.ChoiceField(
        widget=forms.RadioSelect, label=gettext_lazy("What was decided"), initial=Verdict.STANDS
    )
    note = forms.CharField(
        max_length=200,
        required=False,
        label=gettext_lazy("Note"),
        help_text=gettext_lazy("For whoever asks later"),
    )

    def __init__(self, *args: Any, may_give: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choices = [one for one in Verdict.choices if may_give or one[0] != Verdict.HOUSE]
        self.fields["verdict"].choices = choices  # type: ignore[attr-defined] # a ChoiceField


@admin.register(Refusal)
class RefusalAdmin(LongList[Refusal], ReadOnlyAdmin[Refusal]):
    list_display = ("reason_pill", "said", "amount", "receipt", "verdict_pill")
    list_filter = (VerdictFilter, "reason", PlaceFilter)
    search_fields = ("record__code__exact",)
    search_help_text = gettext_lazy("A whole coupon code, as printed or as the till sent it")
    fields = (
        ("reason_pill", "verdict_pill"),
        ("code", "amount"),
        ("receipt", "record"),
    )
    readonly_fields = ("receipt",)
    actions = ("decide", "reopen")
    paginator = ScopedPaginator  # those of one store or verdict may be one of hundreds, too
    empty_hint = gettext_lazy("Nothing waits: every coupon a till honoured was good, or decided.")

    class Media:
        css = {"all": ("coupons/refusals.css",)}

    def row_title(self, row: Refusal) -> str:
        return _("Refused: coupon %(code)s") % {"code": row.record.code}

    def get_queryset(self, request: HttpRequest) -> QuerySet[Refusal]:
        rows = super().get_queryset(request)
        # Not joined: beside filters that are asked row by row PostgreSQL takes any join for cheap.
        rows = rows.prefetch_related(
            Prefetch("record", RedemptionRecord.objects.select_related("basket__store")),
            Prefetch("verdict", RefusalVerdict.objects.select_related("decided_by")),
        )
        stores = staff.stores_of(request.user)
        return rows if stores is None else verdicts.where(rows, store__in=stores)

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Refusal], search_term: str
    ) -> tuple[QuerySet[Refusal], bool]:
        typed = search_term.replace("\0", " ").strip()
        if not typed:
            return queryset, False
        meant = {typed}
        with suppress(codes.CodeError):
            meant.add(scanned.own_code(typed))
        return queryset.filter(record__code__in=meant), False

    def get_urls(self) -> list[URLPattern]:
        def named(route: str, view: Callable[..., HttpResponse], name: str) -> URLPattern:
            return path(route, self.admin_site.admin_view(view), name=f"coupons_refusal_{name}")

        return [
            named("<int:pk>/decide/", self.decide_view, "decide"),
            named("<int:pk>/reopen/", self.reopen_view, "reopen"),
            *super().get_urls(),
        ]

    def has_decide_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("coupons.add_refusalverdict")

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        listed = reverse("admin:coupons_refusal_changelist")
        labels = dict(Refusal.Reason.choices)
        found = [
            {
                "url": f"{listed}?{urlencode({'at': f'{h.store}/{h.till}', 'reason': h.reason})}",
                "said": _("Store %(store)s till %(till)s: %(count)s times in a week") % vars(h),
                "reason": str(labels[h.reason]),
                "advice": str(verdicts.ADVICE.get(h.reason, verdicts.ELSE_ADVICE)),
            }
            for h in verdicts.hints(_lately(request))
        ]
        return super().changelist_view(request, {"hints": found, **(extra_context or {})})

    @admin.display(description=gettext_lazy("Why"))
    def reason_pill(self, refusal: Refusal) -> SafeString:
        return pill(REASON_WORDS[Reason(refusal.reason)], "bad")

    @admin.display(description=gettext_lazy("Decision"))
    def verdict_pill(self, refusal: Refusal) -> SafeString:
        return verdict_pill(refusal)

    @admin.display(description=gettext_lazy("What happened"))
    def said(self, refusal: Refusal) -> SafeString:
        return format_html('<span class="words-cell">{}</span>', story(refusal))

    @admin.display(description=gettext_lazy("Code"))
    def code(self, refusal: Refusal) -> str:
        return code_words(refusal.record.code)

    @admin.display(description=gettext_lazy("Taken off"))
    def amount(self, refusal: Refusal) -> str:
        return with_currency(refusal)

    @admin.display(description=gettext_lazy("Receipt"))
    def receipt(self, refusal: Refusal) -> SafeString:
        basket = refusal.record.basket
        return link(reverse("admin:pos_integration_basket_change", args=[basket.pk]), basket)

    def sentence(self, row: Refusal) -> str:
        return story(row)

    def panels(self, request: HttpRequest, row: Refusal) -> list[Panel]:
        todo = format_html("<p>{}</p>", verdicts.TO_DO[row.reason])
        panels = [Panel(_("What to do"), todo, str(row.get_reason_display()), is_wide=True)]
        verdict: RefusalVerdict | None = getattr(row, "verdict", None)
        if verdict is not None:
            said = _("%(verdict)s. Decided on %(day)s by %(who)s.") % {
                "verdict": verdict.get_verdict_display(),
                "day": date_format(timezone.localtime(verdict.decided_at)),
                "who": verdict.decided_by or _("somebody"),
            }
            body = format_html("<p>{}</p><p>{}</p>", said, verdict.note)
            panels.append(Panel(_("Decision"), body, is_wide=True))
        return panels

    def row_tools(self, request: HttpRequest, row: Refusal) -> list[Tool]:
        search = f"{reverse('admin:search')}?{urlencode({'q': row.record.code})}"
        tools = [Tool(_("Its coupon"), search)]
        if not self.has_decide_permission(request):
            return tools
        if getattr(row, "verdict", None) is None:
            url = reverse("admin:coupons_refusal_decide", args=[row.pk])
            return [*tools, Tool(_("Decide"), url, is_main=True)]
        url = reverse("admin:coupons_refusal_reopen", args=[row.pk])
        return [*tools, Tool(_("Open again"), url)]

    def decide_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        refusal = get_object_or_404(self.get_queryset(request), pk=pk)
        back = reverse("admin:coupons_refusal_change", args=[pk])
        return self._decide(request, [refusal], back) or HttpResponseRedirect(back)

    def reopen_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        refusal = get_object_or_404(self.get_queryset(request), pk=pk)
        if not self.has_decide_permission(request):
            raise PermissionDenied
        back = reverse("admin:coupons_refusal_change", args=[pk])
        if request.method != "POST":
            return self.ask(
                request,
                title=_("Open again"),
                says=[story(refusal), _("Its decision and the note are taken away.")],
                button=_("Open again"),
                back=back,
            )
        self._reopen(request, [refusal])
        return HttpResponseRedirect(back)

    @admin.action(description=gettext_lazy("Decide"), permissions=["decide"])
    def decide(self, request: HttpRequest, chosen: QuerySet[Refusal]) -> HttpResponse | None:
        back = reverse("admin:coupons_refusal_changelist")
        return self._decide(request, list(chosen[:DECIDED_AT_ONCE]), back)

    @admin.action(description=gettext_lazy("Open again"), permissions=["decide"])
    def reopen(self, request: HttpRequest, chosen: QuerySet[Refusal]) -> None:
        self._reopen(request, list(chosen[:DECIDED_AT_ONCE]))

    def _decide(
        self, request: HttpRequest, refusals: Sequence[Refusal], back: str
    ) -> HttpResponse | None:
        """Ask what was decided, then note it; None when it is done."""
        if not self.has_decide_permission(request):
            raise PermissionDenied
        form = DecideForm(
            request.POST if "confirmed" in request.POST else None,
            may_give=request.user.has_perm("coupons.change_refusal"),
        )
        if not form.is_valid():
            alone = refusals[0] if len(refusals) == 1 else None
            said = ngettext("%(n)s refusal.", "%(n)s refusals.", len(refusals))
            page = self.ask(
                request,
                title=_("Decide"),
                says=[story(alone), str(verdicts.TO_DO[alone.reason])]
                if alone
                else [said % {"n": len(refusals)}],
                button=_("Note the decision"),
                back=back,
                rows=refusals if request.POST.get("action") else (),
            )
            assert page.context_data is not None
            page.context_data["form"] = form
            return page
        assert isinstance(request.user, User)
        verdict, note = form.cleaned_data["verdict"], form.cleaned_data["note"]
        decided = verdicts.decide(refusals, verdict, note, request.user)
        for refusal in decided:
            self.log_change(request, refusal, f"Decided: {Verdict(verdict).label}. {note}".strip())
        done = ngettext("%(n)s refusal decided.", "%(n)s refusals decided.", len(decided))
        messages.success(request, done % {"n": len(decided)})
        if before := len(refusals) - len(decided):
            left = ngettext(
                "%(n)s was decided before and left as it is.",
                "%(n)s were decided before and left as they are.",
                before,
            )
            messages.warning(request, left % {"n": before})
        return None

    def _reopen(self, request: HttpRequest, refusals: Sequence[Refusal]) -> None:
        decided = [one for one in refusals if getattr(one, "verdict", None) is not None]
        opened = verdicts.take_back(decided)
        for refusal in decided:
            self.log_change(request, refusal, _("Opened again."))
        said = ngettext("%(n)s refusal waits again.", "%(n)s refusals wait again.", opened)
        messages.success(request, said % {"n": opened})
