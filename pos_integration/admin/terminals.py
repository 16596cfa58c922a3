"""Tills: their tokens, when they last called, what they sent and what is missing."""

from collections.abc import Callable, Sequence
from datetime import timedelta

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import Max, QuerySet, Subquery
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from pos_integration import gaps, staff
from pos_integration.admin.labels import TerminalAliasRows
from pos_integration.admin.missing import DAYS_SHOWN, gaps_panel, missing, silence_panel
from pos_integration.admin.rejects import reject_pill
from pos_integration.admin.scoping import in_stores
from pos_integration.admin.seen import (
    KindFilter,
    SignInFilter,
    newest_by_store,
    seen_in_words,
    seen_pill,
)
from pos_integration.admin.tokens import WithTokens
from pos_integration.admin.uploads import upload_pill
from pos_integration.auth import issue_token
from pos_integration.desk import NOTHING, Page, Panel, Tool, link, pill, table
from pos_integration.models import Reject, Store, Terminal, TerminalToken
from pos_integration.said import retold

UPLOADS_SHOWN = 10
REJECTS_OF_UPLOADS = 100


class AfterForm(forms.Form):
    """Says after which token the new ones come: asked twice, they are made once."""

    after = forms.IntegerField(widget=forms.HiddenInput, required=False)


class WhichForm(forms.Form):
    """Whether the question was of revoking (1) or of letting back in (0)."""

    revokes = forms.IntegerField(widget=forms.HiddenInput, min_value=0, max_value=1)


@admin.register(Terminal)
class TerminalAdmin(WithTokens, Page[Terminal]):
    list_title = gettext_lazy("Tills")
    list_display = ("store", "till_number", "kind", "last_seen", "state")
    list_select_related = ("store",)
    list_filter = (SignInFilter, KindFilter)
    search_fields = ("store__number", "store__name", "=number")
    search_help_text = gettext_lazy("A store's number or name, or a till's number")
    ordering = ("store__number", "number")
    autocomplete_fields = ("store",)
    fields = ("store", "number", "is_collector", "revoked_at")
    inlines = (TerminalAliasRows,)
    actions = ("new_token", "revoke", "let_back_in")
    empty_hint = gettext_lazy("No till yet. Add one here; its token comes on the next page.")

    class Media:
        css = {"all": ("pos_integration/tills.css",)}

    def get_readonly_fields(self, request: HttpRequest, obj: Terminal | None = None) -> list[str]:
        # A till that moves to another store would sign the other store's facts with its token.
        return ["store", "number", "revoked_at"] if obj else ["revoked_at"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Terminal]:
        rows = in_stores(super().get_queryset(request).select_related("store"), request, "store")
        return newest_by_store(rows)

    def get_urls(self) -> list[URLPattern]:
        def named(route: str, view: Callable[..., HttpResponse], name: str) -> URLPattern:
            name = f"pos_integration_terminal_{name}"
            return path(route, self.admin_site.admin_view(view), name=name)

        return [
            named("missing/", self.missing_view, "missing"),
            named("<int:pk>/token/", self.token_view, "token"),
            named("<int:pk>/token/<int:token_pk>/stop/", self.stop_view, "stop"),
            named("<int:pk>/revoke/", self.revoke_view, "revoke"),
            *super().get_urls(),
        ]

    def list_tools(self, request: HttpRequest) -> list[Tool]:
        return [Tool(_("Missing receipts"), reverse("admin:pos_integration_terminal_missing"))]

    def row_tools(self, request: HttpRequest, row: Terminal) -> list[Tool]:
        if not self.has_change_permission(request, row):
            return []

        def url(name: str) -> str:
            return reverse(f"admin:pos_integration_terminal_{name}", args=[row.pk])

        if row.revoked_at is not None:
            return [Tool(_("Let back in"), url("revoke"), is_main=True)]
        return [
            Tool(_("Issue a new token"), url("token"), is_main=row.last_seen_at is None),
            Tool(_("Revoke"), url("revoke")),
        ]

    def response_post_save_add(self, request: HttpRequest, obj: Terminal) -> HttpResponseRedirect:
        """A new till wants its token next."""
        if obj.revoked_at is None and self.has_change_permission(request, obj):
            return HttpResponseRedirect(
                reverse("admin:pos_integration_terminal_token", args=[obj.pk])
            )
        return super().response_post_save_add(request, obj)

    @admin.display(description=gettext_lazy("Till"), ordering="number")
    def till_number(self, terminal: Terminal) -> str:
        return str(terminal.number)

    @admin.display(description=gettext_lazy("Speaks for"), ordering="is_collector")
    def kind(self, terminal: Terminal) -> str:
        return _("every store") if terminal.is_collector else _("its own store")

    @admin.display(description=gettext_lazy("Last seen"), ordering="last_seen_at")
    def last_seen(self, terminal: Terminal) -> SafeString:
        return seen_pill(terminal, timezone.now())

    @admin.display(description=gettext_lazy("State"))
    def state(self, terminal: Terminal) -> SafeString:
        return pill(_("revoked"), "bad") if terminal.revoked_at else pill(_("may sign in"), "good")

    def sentence(self, row: Terminal) -> str:
        if row.revoked_at is not None:
            day = date_format(timezone.localtime(row.revoked_at), "DATETIME_FORMAT")
            return _("Revoked on %(day)s: its tokens are refused.") % {"day": day}
        if row.last_seen_at is None:
            return _("It never called. Give it a token, and try the line shown with it.")
        said, _tone = seen_in_words(
            row.last_seen_at, getattr(row, "store_last", None), timezone.now()
        )
        return _("Last call: %(said)s.") % {"said": said}

    def panels(self, request: HttpRequest, row: Terminal) -> list[Panel]:
        uploads = table(
            (_("Received"), _("Feed"), _("State"), _("Baskets") + "#", _("Rejected") + "#"),
            (
                (
                    link(
                        reverse("admin:pos_integration_upload_change", args=[upload.pk]),
                        date_format(
                            timezone.localtime(upload.received_at), "SHORT_DATETIME_FORMAT"
                        ),
                    ),
                    feed_words(upload.media_type),
                    upload_pill(upload),
                    f"{upload.baskets:,}",
                    f"{upload.rejected:,}",
                )
                for upload in row.uploads.defer("body").order_by("-pk")[:UPLOADS_SHOWN]
            ),
            _("This till has sent nothing yet."),
        )
        return [
            Panel(_("Last uploads"), uploads, is_wide=True),
            _rejects_panel(row),
            gaps_panel(missing(row.store, row.number), is_wide=False),
            self.tokens_panel(request, row),
        ]

    def missing_view(self, request: HttpRequest) -> HttpResponse:
        """What did not come of the last days, of one store where the address names it."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        asked = request.GET.get("store", "")
        seen = in_stores(Store.objects.all(), request, "pk")
        store = seen.filter(pk=int(asked)).first() if is_key(asked) else None
        mine = staff.stores_of(request.user)
        only = mine if store is None else [store.pk]
        silent = [
            silence
            for silence in gaps.silent(timezone.localdate() - timedelta(days=DAYS_SHOWN))
            if only is None or silence.store_id in only
        ]
        found = [gap for gap in missing(store) if only is None or gap.store_id in only]
        title = _("Missing receipts of %(store)s") % {"store": store}
        return TemplateResponse(
            request,
            "admin/panels.html",
            {
                **self.admin_site.each_context(request),
                "opts": self.opts,
                "title": title if store else _("Missing receipts"),
                "back": reverse("admin:pos_integration_terminal_changelist"),
                "panels": [gaps_panel(found, is_wide=True), silence_panel(silent)],
            },
        )

    def token_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        till = get_object_or_404(self.get_queryset(request), pk=pk)
        if not self.has_change_permission(request, till):
            raise PermissionDenied
        back = reverse("admin:pos_integration_terminal_change", args=[pk])
        return self._issue(request, [till], back)

    def _issue(self, request: HttpRequest, tills: Sequence[Terminal], back: str) -> HttpResponse:
        """Ask, then make each till a token and show it, this once."""
        tokens = TerminalToken.objects.filter(terminal__in=[till.pk for till in tills])
        latest = tokens.aggregate(latest=Max("pk"))["latest"] or 0
        form = AfterForm(request.POST if "confirmed" in request.POST else None)
        is_answered = form.is_valid()
        if is_answered and form.cleaned_data["after"] not in (None, latest):
            messages.warning(
                request,
                _(
                    "Tokens were made since this was asked, so none was made now. If they were "
                    "not copied, ask for new ones again."
                ),
            )
            return HttpResponseRedirect(back)
        if not is_answered:
            page = self.ask(
                request,
                title=_("Issue a new token"),
                says=[
                    _("Each of these tills gets a new token, shown once on the next page."),
                    _("Its last token keeps working beside the new one; older ones stop now."),
                ],
                button=_("Issue a new token"),
                back=back,
                rows=tills,
            )
            assert page.context_data is not None
            page.context_data["form"] = AfterForm(initial={"after": latest})
            return page
        shown = []
        for till in tills:
            if till.revoked_at:
                said = _("%(till)s is revoked. Let it back in first.") % {"till": till}
                messages.error(request, said)
                continue
            shown.append((till, issue_token(till)))
            self.log_change(request, till, _("Issued a new token."))
        # Answered in place, not by a redirect: a message carried over one would lie in a cookie.
        return TemplateResponse(
            request,
            "admin/token.html",
            {
                **self.admin_site.each_context(request),
                "opts": self.opts,
                "title": _("Copy the token now"),
                "shown": shown,
                "address": request.build_absolute_uri(reverse("upload", args=[0])),
                "media": self.media,
                "back": back,
            },
        )

    def revoke_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Ask, then revoke a till, or let a revoked one back in."""
        till = get_object_or_404(self.get_queryset(request), pk=pk)
        if not self.has_change_permission(request, till):
            raise PermissionDenied
        back = reverse("admin:pos_integration_terminal_change", args=[pk])
        form = WhichForm(request.POST if "confirmed" in request.POST else None)
        is_in = till.revoked_at is None
        if not form.is_valid():
            title, says, button = (
                (_("Revoke: %(till)s"), _REVOKES, _("Revoke"))
                if is_in
                else (_("Let back in: %(till)s"), _LETS_IN, _("Let back in"))
            )
            page = self.ask(
                request,
                title=title % {"till": till},
                says=[str(says)],
                button=button,
                back=back,
            )
            assert page.context_data is not None
            page.context_data["form"] = WhichForm(initial={"revokes": int(is_in)})
            return page
        # Asked twice, or by two: what the one did is not undone by the other.
        if bool(form.cleaned_data["revokes"]) != is_in:
            messages.warning(request, _("That was done a moment ago; nothing more was changed."))
        elif is_in:
            self._revoke(request, [till])
        else:
            self._let_in(request, [till])
        return HttpResponseRedirect(back)

    @admin.action(description=gettext_lazy("Issue a new token"), permissions=["change"])
    def new_token(self, request: HttpRequest, chosen: QuerySet[Terminal]) -> HttpResponse:
        return self._issue(
            request, list(chosen), reverse("admin:pos_integration_terminal_changelist")
        )

    @admin.action(
        description=gettext_lazy("Revoke: it may not sign in any more"), permissions=["change"]
    )
    def revoke(self, request: HttpRequest, chosen: QuerySet[Terminal]) -> HttpResponse | None:
        tills = list(chosen)
        if "confirmed" not in request.POST:
            return self.ask(
                request,
                title=_("Revoke these tills"),
                says=[str(_REVOKES)],
                button=_("Revoke"),
                back=reverse("admin:pos_integration_terminal_changelist"),
                rows=tills,
            )
        self._revoke(request, tills)
        return None

    @admin.action(description=gettext_lazy("Let back in"), permissions=["change"])
    def let_back_in(self, request: HttpRequest, chosen: QuerySet[Terminal]) -> None:
        self._let_in(request, list(chosen))

    @transaction.atomic
    def _revoke(self, request: HttpRequest, tills: Sequence[Terminal]) -> None:
        now = timezone.now()
        keys = [till.pk for till in tills]
        TerminalToken.objects.filter(terminal__in=keys, revoked_at=None).update(revoked_at=now)
        Terminal.objects.filter(pk__in=keys, revoked_at=None).update(revoked_at=now)
        for till in tills:
            self.log_change(request, till, _("Revoked."))
        said = ngettext("%(n)s till revoked.", "%(n)s tills revoked.", len(tills))
        messages.success(request, said % {"n": len(tills)})

    @transaction.atomic
    def _let_in(self, request: HttpRequest, tills: Sequence[Terminal]) -> None:
        Terminal.objects.filter(pk__in=[till.pk for till in tills]).update(revoked_at=None)
        for till in tills:
            self.log_change(request, till, _("Let back in."))
        said = ngettext(
            "%(n)s till may sign in again, with a new token.",
            "%(n)s tills may sign in again, each with a new token.",
            len(tills),
        )
        messages.success(request, said % {"n": len(tills)})


_REVOKES = gettext_lazy("From now on their tokens are refused. What they sent stays.")
_LETS_IN = gettext_lazy("It may sign in again. Its old tokens stay refused: issue a new one.")


def is_key(text: str) -> bool:
    """Whether a text of an address may be a row's key."""
    return text.isascii() and text.isdigit() and len(text) <= 18


def feed_words(media_type: str) -> str:
    """`square` of `application/vnd.square+json`, `csv` of `text/csv`."""
    return media_type.rpartition("/")[2].removeprefix("vnd.").removesuffix("+json") or NOTHING


def _rejects_panel(till: Terminal) -> Panel:
    """What of a till's last uploads could not be taken and nobody has closed."""
    lately = till.uploads.order_by("-pk").values("pk")[:REJECTS_OF_UPLOADS]
    rejects = Reject.objects.filter(
        upload__in=Subquery(lately), resolved_by=None, closed_at=None
    ).order_by("-pk")[:UPLOADS_SHOWN]
    body = table(
        (_("Why"), _("Found and wanted"), _("Receipt")),
        (
            (
                reject_pill(reject),
                link(
                    reverse("admin:pos_integration_reject_change", args=[reject.pk]),
                    retold(reject.detail),
                ),
                reject.receipt or NOTHING,
            )
            for reject in rejects
        ),
        _("Nothing of it waits to be looked at."),
    )
    return Panel(
        _("Rejected"), body, _("open, of its last %(n)s uploads") % {"n": REJECTS_OF_UPLOADS}
    )
