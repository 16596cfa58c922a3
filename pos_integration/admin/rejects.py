"""What could not be taken of uploads: why, what to do about it, and what stays out."""

from collections.abc import Callable, Iterator, Sequence
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.contrib.auth.models import AbstractBaseUser
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from pos_integration import mending
from pos_integration.admin.scoping import in_stores
from pos_integration.desk import Panel, ReadOnlyAdmin, Tool, grouped, link, pill
from pos_integration.ingest import LOADED_AGAIN
from pos_integration.long_lists import LongList
from pos_integration.models import Reject
from pos_integration.said import retold

FOLDED_AFTER = 1_200  # characters of a text that is shown at once
SHOWN = 10_000
CLOSED_AT_ONCE = 500


def reject_pill(reject: Reject) -> SafeString:
    return pill(mending.in_short(reject.code), "bad")


def reject_state(reject: Reject) -> SafeString:
    if reject.resolved_by_id:
        return pill(_("taken since"), "good")
    return pill(_("closed")) if reject.closed_at else pill(_("open"), "warn")


def raw_text(reject: Reject) -> SafeString:
    """A reject's text as the till sent it, the wrong place marked, a long one folded."""
    if not reject.raw:
        return format_html('<p class="empty">{}</p>', _("Its text was not kept."))
    before, wrong, after = mending.marked(reject.raw[:SHOWN], reject.detail)
    mark = format_html("<mark>{}</mark>", wrong) if wrong else ""
    text = format_html('<pre class="raw" tabindex="0">{}{}{}</pre>', before, mark, after)
    if len(reject.raw) <= FOLDED_AFTER:
        return text
    said = _("%(n)s characters") % {"n": grouped(len(reject.raw))}
    return format_html('<details class="folded"><summary>{}</summary>{}</details>', said, text)


def mend_words(code: str) -> SafeString:
    """What to do about a reject, with the way there."""
    mend = mending.mend_of(code)
    there = format_html(" {}.", link(reverse(mend.page), mend.label)) if mend.page else ""
    return format_html("{}{}", mend.words, there)


class OpenFilter(admin.SimpleListFilter):
    """What is still to look at, unless somebody asks for more."""

    title = gettext_lazy("state")
    parameter_name = "open"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("no", _("Taken by a replay")), ("closed", _("Closed")), ("all", _("All"))]

    def choices(self, changelist: Any) -> Any:
        choices = super().choices(changelist)
        yield {**next(choices), "display": _("Still to look at")}
        yield from choices

    def queryset(self, request: HttpRequest, queryset: QuerySet[Reject]) -> QuerySet[Reject]:
        match self.value():
            case "no":
                return queryset.filter(resolved_by__isnull=False)
            case "closed":
                return queryset.filter(closed_at__isnull=False)
            case "all":
                return queryset
        return queryset.filter(resolved_by=None, closed_at=None)


class CodeFilter(admin.AllValuesFieldListFilter):
    """By what was wrong, in words."""

    def choices(self, changelist: Any) -> Iterator[Any]:
        for choice in super().choices(changelist):
            yield {**choice, "display": mending.in_short(str(choice["display"]))}


class CloseForm(forms.Form):
    why = forms.CharField(
        max_length=200,
        label=gettext_lazy("Why"),
        help_text=gettext_lazy("Such as: a test of the cashier's, sold nothing"),
    )


@admin.register(Reject)
class RejectAdmin(LongList[Reject], ReadOnlyAdmin[Reject]):
    list_display = ("code_pill", "told", "receipt", "upload", "state_pill")
    list_select_related = ("upload__terminal__store",)
    list_filter = (OpenFilter, ("code", CodeFilter))
    search_fields = ("receipt__exact", "detail")
    search_help_text = gettext_lazy("A receipt's whole number, or words of what was wrong")
    fields = (
        ("upload", "position"),
        ("code", "receipt"),
        "told",
        "resolved_by",
        ("closed_at", "closed_by"),
        "closed_why",
    )
    actions = ("close", "reopen")
    empty_hint = gettext_lazy("Nothing was rejected: every basket so far could be taken.")

    class Media:
        css = {"all": ("pos_integration/tills.css",)}

    def get_queryset(self, request: HttpRequest) -> QuerySet[Reject]:
        rows = super().get_queryset(request).select_related("upload__terminal__store", "closed_by")
        return in_stores(rows.defer("upload__body"), request, "upload__terminal__store")

    def get_urls(self) -> list[URLPattern]:
        def named(route: str, view: Callable[..., HttpResponse], name: str) -> URLPattern:
            name = f"pos_integration_reject_{name}"
            return path(route, self.admin_site.admin_view(view), name=name)

        return [
            named("<int:pk>/close/", self.close_view, "close"),
            named("<int:pk>/reopen/", self.reopen_view, "reopen"),
            *super().get_urls(),
        ]

    def has_close_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("pos_integration.change_reject")

    @admin.display(description=gettext_lazy("State"))
    def state_pill(self, reject: Reject) -> SafeString:
        return reject_state(reject)

    @admin.display(description=gettext_lazy("Why"), ordering="code")
    def code_pill(self, reject: Reject) -> SafeString:
        return reject_pill(reject)

    @admin.display(description=gettext_lazy("detail"))
    def told(self, reject: Reject) -> str:
        return retold(reject.detail)

    def sentence(self, row: Reject) -> str:
        if row.resolved_by_id:
            return _("It was taken since, by a replay.")
        if row.closed_at is None:
            return retold(row.detail)
        return _("Closed on %(day)s by %(who)s: %(why)s") % {
            "day": date_format(timezone.localtime(row.closed_at)),
            "who": row.closed_by
            or (_("a later load") if row.closed_why == LOADED_AGAIN else _("somebody")),
            "why": _(LOADED_AGAIN) if row.closed_why == LOADED_AGAIN else row.closed_why,
        }

    def row_tools(self, request: HttpRequest, row: Reject) -> list[Tool]:
        upload = reverse("admin:pos_integration_upload_change", args=[row.upload_id])
        tools = [Tool(_("Its upload"), upload)]
        if row.resolved_by_id or not self.has_close_permission(request):
            return tools
        if row.closed_at is not None:
            again = reverse("admin:pos_integration_reject_reopen", args=[row.pk])
            return [*tools, Tool(_("Open again"), again)]
        if request.user.has_perm("pos_integration.change_upload"):
            replay = reverse("admin:pos_integration_upload_replay", args=[row.upload_id])
            tools.append(Tool(_("Load again"), replay, is_main=True))
        close = reverse("admin:pos_integration_reject_close", args=[row.pk])
        return [*tools, Tool(_("Close"), close)]

    def panels(self, request: HttpRequest, row: Reject) -> list[Panel]:
        what = format_html("<p>{}</p>", mend_words(row.code))
        return [
            Panel(_("What to do"), what, is_wide=True),
            Panel(_("As the till sent it"), raw_text(row), is_wide=True),
        ]

    def close_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        reject = get_object_or_404(self.get_queryset(request), pk=pk)
        back = reverse("admin:pos_integration_reject_change", args=[pk])
        return self._close(request, [reject], back) or HttpResponseRedirect(back)

    def reopen_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        reject = get_object_or_404(self.get_queryset(request), pk=pk)
        if not self.has_close_permission(request):
            raise PermissionDenied
        back = reverse("admin:pos_integration_reject_change", args=[pk])
        if request.method != "POST":
            return self.ask(
                request,
                title=_("Open again: %(reject)s") % {"reject": reject},
                says=[_("It is among what is still to look at again.")],
                button=_("Open again"),
                back=back,
            )
        self._reopen(request, [reject])
        return HttpResponseRedirect(back)

    @admin.action(description=gettext_lazy("Close: it stays out"), permissions=["close"])
    def close(self, request: HttpRequest, chosen: QuerySet[Reject]) -> HttpResponse | None:
        back = reverse("admin:pos_integration_reject_changelist")
        return self._close(request, list(chosen[:CLOSED_AT_ONCE]), back)

    @admin.action(description=gettext_lazy("Open again"), permissions=["close"])
    def reopen(self, request: HttpRequest, chosen: QuerySet[Reject]) -> None:
        self._reopen(request, list(chosen[:CLOSED_AT_ONCE]))

    def _close(
        self, request: HttpRequest, rejects: Sequence[Reject], back: str
    ) -> HttpResponse | None:
        """Ask for the reason, then close them; None when it is done."""
        if not self.has_close_permission(request):
            raise PermissionDenied
        form = CloseForm(request.POST if "confirmed" in request.POST else None)
        if not form.is_valid():
            page = self.ask(
                request,
                title=_("Close: it stays out"),
                says=[
                    *([retold(rejects[0].detail)] if len(rejects) == 1 else []),
                    _("What these rejects hold is never loaded, and they leave the list of work."),
                    _("They can be opened again."),
                ],
                button=_("Close"),
                back=back,
                rows=rejects if request.POST.get("action") else (),
            )
            assert page.context_data is not None
            page.context_data["form"] = form
            return page
        assert isinstance(request.user, AbstractBaseUser)
        closed = Reject.objects.filter(
            pk__in=[reject.pk for reject in rejects], resolved_by=None, closed_at=None
        ).update(
            closed_at=timezone.now(), closed_by=request.user, closed_why=form.cleaned_data["why"]
        )
        for reject in rejects:
            self.log_change(
                request, reject, (_("Closed: %(said)s") % {"said": form.cleaned_data["why"]})
            )
        said = ngettext("%(n)s reject closed.", "%(n)s rejects closed.", closed)
        messages.success(request, said % {"n": closed})
        return None

    def _reopen(self, request: HttpRequest, rejects: Sequence[Reject]) -> None:
        closed = [reject for reject in rejects if reject.closed_at is not None]
        Reject.objects.filter(pk__in=[reject.pk for reject in closed]).update(
            closed_at=None, closed_by=None, closed_why=""
        )
        for reject in closed:
            self.log_change(request, reject, _("Opened again."))
        said = ngettext("%(n)s reject opened again.", "%(n)s rejects opened again.", len(closed))
        messages.success(request, said % {"n": len(closed)})
