"""Stores, their tills, and the tokens tills sign in with."""

from datetime import timedelta

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.safestring import SafeString

from pos_integration import gaps
from pos_integration.admin.labels import ScaleLabelRows, StoreAliasRows, TerminalAliasRows
from pos_integration.admin.uploads import upload_pill
from pos_integration.auth import issue_token
from pos_integration.desk import (
    Page,
    Panel,
    ReadOnlyRows,
    TabularInline,
    Tool,
    link,
    pill,
    table,
)
from pos_integration.models import (
    Store,
    Terminal,
    TerminalToken,
)

DAYS_SHOWN = 14
GAPS_SHOWN = 200


class TerminalRows(ReadOnlyRows, TabularInline[Terminal, Store]):
    model = Terminal
    fields = ("till", "is_collector", "revoked_at")
    readonly_fields = ("till",)
    ordering = ("number",)

    @admin.display(description="Till")
    def till(self, terminal: Terminal) -> SafeString:
        url = reverse("admin:pos_integration_terminal_change", args=[terminal.pk])
        return link(url, f"Till {terminal.number}")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Terminal]:
        return super().get_queryset(request).select_related("store")


@admin.register(Store)
class StoreAdmin(Page[Store]):
    list_display = ("number", "name", "currency", "time_zone")
    search_fields = ("number", "name")
    ordering = ("number",)
    inlines = (TerminalRows, StoreAliasRows, ScaleLabelRows)
    empty_hint = "No store yet. Add one here, or run: manage.py add_terminal STORE NUMBER"

    def row_tools(self, request: HttpRequest, row: Store) -> list[Tool]:
        url = reverse("admin:pos_integration_terminal_missing")
        return [Tool("Missing receipts", f"{url}?store={row.pk}")]


@admin.register(Terminal)
class TerminalAdmin(Page[Terminal]):
    list_display = ("store", "till_number", "kind", "state", "revoked_at")
    list_select_related = ("store",)
    list_filter = (("revoked_at", admin.EmptyFieldListFilter), "is_collector")
    search_fields = ("store__number", "store__name", "=number")
    ordering = ("store__number", "number")
    autocomplete_fields = ("store",)
    fields = ("store", "number", "is_collector", "revoked_at")
    inlines = (TerminalAliasRows,)
    actions = ("new_token", "revoke", "let_back_in")
    empty_hint = "No till yet. Add one here, then choose it and 'Issue a new token'."

    def get_readonly_fields(self, request: HttpRequest, obj: Terminal | None = None) -> list[str]:
        # A till that moves to another store would sign the other store's facts with its token.
        return ["store", "number", "revoked_at"] if obj else ["revoked_at"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Terminal]:
        return super().get_queryset(request).select_related("store")

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(self.missing_view)
        name = "pos_integration_terminal_missing"
        return [path("missing/", view, name=name), *super().get_urls()]

    def list_tools(self, request: HttpRequest) -> list[Tool]:
        return [Tool("Missing receipts", reverse("admin:pos_integration_terminal_missing"))]

    @admin.display(description="Till", ordering="number")
    def till_number(self, terminal: Terminal) -> str:
        return str(terminal.number)

    @admin.display(description="Speaks for", ordering="is_collector")
    def kind(self, terminal: Terminal) -> str:
        return "every store" if terminal.is_collector else "its own store"

    @admin.display(description="State")
    def state(self, terminal: Terminal) -> SafeString:
        return pill("revoked", "bad") if terminal.revoked_at else pill("may sign in", "good")

    def panels(self, request: HttpRequest, row: Terminal) -> list[Panel]:
        tokens = table(
            ("Issued", "State"),
            (
                (
                    f"{token.created_at:%d %b %Y %H:%M}",
                    pill("revoked", "bad") if token.revoked_at else pill("live", "good"),
                )
                for token in row.tokens.order_by("-pk")[:10]
            ),
            "No token yet: in the list, choose this till and 'Issue a new token'.",
        )
        uploads = table(
            ("Received", "State", "Baskets#", "Rejected#"),
            (
                (
                    link(
                        reverse("admin:pos_integration_upload_change", args=[upload.pk]),
                        f"{upload.received_at:%d %b %Y %H:%M}",
                    ),
                    upload_pill(upload),
                    f"{upload.baskets:,}",
                    f"{upload.rejected:,}",
                )
                for upload in row.uploads.defer("body").order_by("-pk")[:10]
            ),
            "This till has sent nothing yet.",
        )
        return [
            Panel("Tokens", tokens, "two live while rotating"),
            Panel("Last uploads", uploads),
            _gaps_panel(_missing(row.store, row.number), is_wide=False),
        ]

    def missing_view(self, request: HttpRequest) -> HttpResponse:
        """What did not come of the last days, of one store where the address names it."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        asked = request.GET.get("store", "")
        store = Store.objects.filter(pk=int(asked)).first() if asked.isdecimal() else None
        silent = [
            silence
            for silence in gaps.silent(timezone.localdate() - timedelta(days=DAYS_SHOWN))
            if store is None or silence.store_id == store.pk
        ]
        return TemplateResponse(
            request,
            "admin/panels.html",
            {
                **self.admin_site.each_context(request),
                "opts": self.opts,
                "title": f"Missing receipts of {store}" if store else "Missing receipts",
                "back": reverse("admin:pos_integration_terminal_changelist"),
                "panels": [_gaps_panel(_missing(store), is_wide=True), _silence_panel(silent)],
            },
        )

    @admin.action(description="Issue a new token", permissions=["change"])
    def new_token(self, request: HttpRequest, chosen: QuerySet[Terminal]) -> HttpResponse:
        tills = list(chosen)
        if "confirmed" not in request.POST:
            return self.ask(
                request,
                title="Issue a new token",
                says=[
                    "Each of these tills gets a new token, shown once on the next page.",
                    "Its last token keeps working beside the new one; older ones stop now.",
                ],
                button="Issue a new token",
                back=reverse("admin:pos_integration_terminal_changelist"),
                rows=tills,
            )
        for till in tills:
            if till.revoked_at:
                messages.error(request, f"{till} is revoked. Let it back in first.")
                continue
            token = issue_token(till)
            self.log_change(request, till, "Issued a new token.")
            messages.success(request, f"{till} signs in with {token}")
        # Answered in place, not by a redirect: a message carried over one would lie in a cookie.
        return self.ask(
            request,
            title="Copy the token now",
            says=["It is kept only as a hash: it cannot be shown again, only replaced."],
            back=reverse("admin:pos_integration_terminal_changelist"),
        )

    @admin.action(description="Revoke: it may not sign in any more", permissions=["change"])
    @transaction.atomic
    def revoke(self, request: HttpRequest, chosen: QuerySet[Terminal]) -> HttpResponse | None:
        tills = list(chosen)
        if "confirmed" not in request.POST:
            return self.ask(
                request,
                title="Revoke these tills",
                says=["From now on their tokens are refused. What they sent stays."],
                button="Revoke",
                back=reverse("admin:pos_integration_terminal_changelist"),
                rows=tills,
            )
        now = timezone.now()
        keys = [till.pk for till in tills]
        TerminalToken.objects.filter(terminal__in=keys, revoked_at=None).update(revoked_at=now)
        Terminal.objects.filter(pk__in=keys, revoked_at=None).update(revoked_at=now)
        for till in tills:
            self.log_change(request, till, "Revoked.")
        messages.success(request, f"{len(tills)} revoked.")
        return None

    @admin.action(description="Let back in", permissions=["change"])
    def let_back_in(self, request: HttpRequest, chosen: QuerySet[Terminal]) -> None:
        tills = list(chosen)
        Terminal.objects.filter(pk__in=[till.pk for till in tills]).update(revoked_at=None)
        for till in tills:
            self.log_change(request, till, "Let back in.")
        messages.success(request, f"{len(tills)} may sign in again, each with a new token.")


def _missing(store: Store | None, till: int | None = None) -> list[gaps.Gap]:
    today = timezone.localdate()
    # A store east of us may be a day ahead.
    since, until = today - timedelta(days=DAYS_SHOWN), today + timedelta(days=1)
    return gaps.missing(store, since, until, till=till)


def _gaps_panel(found: list[gaps.Gap], *, is_wide: bool) -> Panel:
    shown = found[: GAPS_SHOWN if is_wide else 10]
    body = table(
        ("Store", "Till", "Day", "After receipt", "Before receipt", "Missing#", "State"),
        (
            (
                gap.store,
                _till_link(gap.store_id, gap.till),
                f"{gap.business_date:%d %b %Y}",
                gap.after,
                gap.before,
                f"{gap.count:,}",
                pill("may still come", "busy") if gap.is_waiting else pill("missing", "bad"),
            )
            for gap in shown
        ),
        f"Nothing is missing of the last {DAYS_SHOWN} days, of tills that number their receipts.",
    )
    note = f"the latest {len(shown)} of {len(found):,} gaps" if len(found) > len(shown) else ""
    return Panel("Missing receipts", body, note or f"last {DAYS_SHOWN} days", is_wide)


def _silence_panel(found: list[gaps.Silence]) -> Panel:
    body = table(
        ("Store", "Till", "Days#", "Last on"),
        (
            (
                silence.store,
                _till_link(silence.store_id, silence.till),
                silence.days,
                f"{silence.last_on:%d %b %Y}",
            )
            for silence in found[:GAPS_SHOWN]
        ),
        "Every till that sold before sold something on each day on which its store did.",
    )
    return Panel("Silent tills", body, f"last {DAYS_SHOWN} days", is_wide=True)


def _till_link(store_id: int, number: int) -> SafeString:
    """To the list, which shows that one till: a gap knows its number, not its row."""
    url = reverse("admin:pos_integration_terminal_changelist")
    return link(f"{url}?store__id__exact={store_id}&number__exact={number}", number)
