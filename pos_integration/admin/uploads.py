"""What tills handed over: files, what became of them, loading again, handing one in."""

import re
from collections import Counter
from collections.abc import Callable
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.http import FileResponse, HttpRequest, HttpResponse, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404
from django.template.defaultfilters import filesizeformat
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django_q.tasks import async_task

from pos_integration import dropping, ingest, keeping, mending, staff
from pos_integration.admin.hand_in import HandInForm
from pos_integration.admin.rejects import mend_words, raw_text, reject_pill, reject_state
from pos_integration.admin.scoping import in_stores
from pos_integration.desk import NOTHING, Panel, ReadOnlyAdmin, Tool, in_sentence, link, pill, table
from pos_integration.long_lists import LongList
from pos_integration.models import Reject, StoreStaff, Terminal, Upload
from pos_integration.said import retold

REJECTS_SHOWN = 50
REPLAYED_AT_ONCE = 100
LOADED_AT_ONCE = 2 * 2**20  # bytes; a larger file goes to the queue, and its page shows how far
LOOK_AGAIN_SECONDS = 3
UPLOAD_TONES = {"received": "busy", "loaded": "good", "failed": "bad"}


def upload_pill(upload: Upload) -> SafeString:
    return pill(in_sentence(upload.get_state_display()), UPLOAD_TONES[upload.state])


class WorkFilter(admin.SimpleListFilter):
    title = gettext_lazy("work")
    parameter_name = "work"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("rejects", _("With rejects to look at"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Upload]) -> QuerySet[Upload]:
        if self.value() == "rejects":
            return queryset.filter(Exists(_open_rejects()))
        return queryset


def _open_rejects() -> QuerySet[Reject]:
    return Reject.objects.filter(upload=OuterRef("pk"), resolved_by=None, closed_at=None)


class ReplaysForm(forms.Form):
    """Says after how many replays one is asked for: asked twice, it is done once."""

    replays = forms.IntegerField(widget=forms.HiddenInput)


@admin.register(Upload)
class UploadAdmin(LongList[Upload], ReadOnlyAdmin[Upload]):
    list_display = (
        "received_at",
        "terminal",
        "state_pill",
        "baskets",
        "lines",
        "accepted",
        "duplicates",
        "rejected",
    )
    list_select_related = ("terminal__store",)
    list_filter = ("state", WorkFilter)
    date_hierarchy = "received_at"
    search_fields = ("sha256__exact", "terminal__store__number__exact")
    search_help_text = gettext_lazy("A store's number, or the SHA-256 of a whole file")
    fieldsets = (
        (
            None,
            {
                "fields": (
                    ("terminal", "state_pill", "received_at", "loaded_at"),
                    ("baskets", "lines"),
                    ("accepted", "duplicates", "rejected", "skipped"),
                )
            },
        ),
        (
            gettext_lazy("The file itself"),
            {
                "fields": (
                    ("media_type", "bytes_in_words", "replay_of"),
                    ("attempts", "claimed_until"),
                    "sha256",
                ),
                "classes": ("collapse",),
            },
        ),
    )
    actions = ("load_again",)
    empty_hint = gettext_lazy(
        "No till has sent anything yet. Give a till its token under 'Tills', or upload a file here."
    )

    class Media:
        css = {"all": ("pos_integration/tills.css",)}

    def get_queryset(self, request: HttpRequest) -> QuerySet[Upload]:
        rows = super().get_queryset(request).defer("body").select_related("terminal__store")
        return in_stores(rows, request, "terminal__store")

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Upload], search_term: str
    ) -> tuple[QuerySet[Upload], bool]:
        """By an index that begins with the till: of a store's tills, or of each."""
        typed = search_term.replace("\0", " ").strip()
        if not typed:
            return queryset, False
        if re.fullmatch("[0-9a-fA-F]{64}", typed):
            tills, rows = Terminal.objects.all(), queryset.filter(sha256=typed.lower())
        else:
            tills, rows = Terminal.objects.filter(store__number=typed), queryset
        return rows.filter(terminal__in=list(tills.values_list("pk", flat=True))), False

    def get_urls(self) -> list[URLPattern]:
        def named(route: str, view: Callable[..., HttpResponseBase], name: str) -> URLPattern:
            wrapped = self.admin_site.admin_view(view)
            return path(route, wrapped, name=f"pos_integration_upload_{name}")

        return [
            named("hand-in/", self.hand_in_view, "hand_in"),
            named("<int:pk>/file/", self.file_view, "file"),
            named("<int:pk>/replay/", self.replay_view, "replay"),
            *super().get_urls(),
        ]

    @admin.display(description=gettext_lazy("State"), ordering="state")
    def state_pill(self, upload: Upload) -> SafeString:
        return upload_pill(upload)

    @admin.display(description=gettext_lazy("Size"))
    def bytes_in_words(self, upload: Upload) -> str:
        return NOTHING if upload.size is None else filesizeformat(upload.size)

    def sentence(self, row: Upload) -> str:
        if row.state == Upload.State.RECEIVED:
            if not row.next_position:
                return _("This file waits to be loaded. Its bytes are kept.")
            said = _("This file is being loaded: %(n)s entries are done. This page looks again.")
            return said % {"n": f"{row.next_position:,}"}
        taken = _("%(taken)s of %(baskets)s baskets were taken") % {
            "taken": f"{row.accepted:,}",
            "baskets": f"{row.baskets:,}",
        }
        if row.state == Upload.State.FAILED:
            why = _("This file could not be read to its end; see why below")
            return f"{why}; {_('before that')} {taken}." if row.baskets else f"{why}."
        if row.duplicates:
            taken += ", " + _("%(n)s came before") % {"n": f"{row.duplicates:,}"}
        if row.rejected:
            taken += ", " + _("%(n)s could not be taken") % {"n": f"{row.rejected:,}"}
        if row.skipped:
            taken += "; " + _("%(n)s entries were no sales") % {"n": f"{row.skipped:,}"}
        return f"{taken}."

    def list_tools(self, request: HttpRequest) -> list[Tool]:
        if not self.has_hand_in_permission(request):
            return []
        return [
            Tool(_("Upload a file"), reverse("admin:pos_integration_upload_hand_in"), is_main=True),
        ]

    def row_tools(self, request: HttpRequest, row: Upload) -> list[Tool]:
        baskets = reverse("admin:pos_integration_basket_changelist")
        tools = [Tool(_("Its baskets"), f"{baskets}?upload__id__exact={row.pk}")]
        if self._may_have_file(request, row):
            file = reverse("admin:pos_integration_upload_file", args=[row.pk])
            tools.append(Tool(_("The file"), file))
        if (
            self.has_load_permission(request)
            and row.state != Upload.State.RECEIVED
            and not dropping.is_dropped(row)
        ):
            replay = reverse("admin:pos_integration_upload_replay", args=[row.pk])
            tools.append(Tool(_("Load again"), replay, is_main=bool(row.rejected)))
        return tools

    def panels(self, request: HttpRequest, row: Upload) -> list[Panel]:
        shown = list(row.rejects.order_by("position")[:REJECTS_SHOWN])
        codes = dict.fromkeys(reject.code for reject in shown)
        todo = table(
            (_("Why"), _("What to do")),
            (
                (
                    pill(mending.in_short(code), "bad"),
                    format_html('<span class="words-cell">{}</span>', mend_words(code)),
                )
                for code in codes
            ),
            "",
        )
        rejects = table(
            (
                _("Place") + "#",
                _("Why"),
                _("Found and wanted"),
                _("Receipt"),
                _("State"),
                _("As the till sent it"),
            ),
            (
                (
                    link(reverse("admin:pos_integration_reject_change", args=[r.pk]), r.position),
                    reject_pill(r),
                    retold(r.detail),
                    r.receipt or NOTHING,
                    reject_state(r),
                    raw_text(r),
                )
                for r in shown
            ),
            _("Nothing was rejected."),
        )
        note = _("the first %(n)s") % {"n": REJECTS_SHOWN} if row.rejected > REJECTS_SHOWN else ""
        panels = [Panel(_("Rejects"), rejects, note, is_wide=True)]
        return [Panel(_("What to do"), todo, is_wide=True), *panels] if codes else panels

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        """While the queue loads it, the page looks again."""
        response = super().change_view(request, object_id, form_url, extra_context)
        context = getattr(response, "context_data", None) or {}
        upload = context.get("original")
        if isinstance(upload, Upload) and upload.state == Upload.State.RECEIVED:
            response["Refresh"] = str(LOOK_AGAIN_SECONDS)
        return response

    def _may_have_file(self, request: HttpRequest, upload: Upload) -> bool:
        """Its bytes hold every card of a day: for administrators, and those of its own store."""
        if not self.has_view_permission(request, upload):
            return False
        if request.user.has_perm("auth.view_user"):
            return True
        store = upload.terminal.store_id
        return StoreStaff.objects.filter(user=request.user.pk, store=store).exists()

    def file_view(self, request: HttpRequest, pk: int) -> HttpResponseBase:
        """The bytes as they came, to save: never to show, for a till may have sent anything."""
        upload = get_object_or_404(self.get_queryset(request), pk=pk)
        if not self._may_have_file(request, upload):
            raise PermissionDenied
        self.log_change(request, upload, _("Downloaded the file."))
        return FileResponse(
            keeping.opened(upload),
            as_attachment=True,
            filename=f"upload-{upload.pk}",
            content_type="application/octet-stream",
        )

    def has_load_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("pos_integration.change_upload")

    def has_hand_in_permission(self, request: HttpRequest) -> bool:
        may = request.user.has_perm
        return may("pos_integration.add_upload") or may("pos_integration.change_upload")

    def hand_in_view(self, request: HttpRequest) -> HttpResponse:
        """Take the file of a till that was offline, by the way that its own calls take."""
        if not self.has_hand_in_permission(request):
            raise PermissionDenied
        form = HandInForm(
            request.POST or None, request.FILES or None, stores=staff.stores_of(request.user)
        )
        if not form.is_valid():
            return TemplateResponse(
                request,
                "admin/hand_in.html",
                {
                    **self.admin_site.each_context(request),
                    "opts": self.opts,
                    "title": _("Upload a file"),
                    "media": self.media,
                    "form": form,
                    "back": reverse("admin:pos_integration_upload_changelist"),
                    "says": [
                        _(
                            "For a till that could not send its sales: its own file, as it would "
                            "have sent it. What came before is not counted twice."
                        )
                    ],
                },
            )
        file = form.cleaned_data["file"]
        loads_now = file.size <= LOADED_AT_ONCE
        upload, is_new = keeping.accept(
            form.cleaned_data["till"], file.chunks(), form.media_type, is_claimed=loads_now
        )
        if not is_new:
            messages.warning(request, _("The same file came before: this is what became of it."))
        else:
            self.log_addition(request, upload, (_("Handed in '%(name)s'.") % {"name": file.name}))
            if loads_now:
                upload = ingest.load(upload.pk, is_claimed=True)
            else:
                async_task("pos_integration.tasks.load", upload.pk)
            self._say_what_became(request, upload)
        return HttpResponseRedirect(
            reverse("admin:pos_integration_upload_change", args=[upload.pk])
        )

    def _say_what_became(self, request: HttpRequest, upload: Upload) -> None:
        is_good = upload.state != Upload.State.FAILED and not upload.rejected
        level = messages.SUCCESS if is_good else messages.WARNING
        messages.add_message(request, level, self.sentence(upload))

    def replay_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Ask, then load a file once more, now or, if it is large, in the queue."""
        upload = get_object_or_404(self.get_queryset(request), pk=pk)
        if not self.has_load_permission(request):
            raise PermissionDenied
        back = reverse("admin:pos_integration_upload_change", args=[pk])
        replays = Upload.objects.filter(replay_of=upload.replay_of_id or pk).count()
        form = ReplaysForm(request.POST if "confirmed" in request.POST else None)
        if dropping.is_dropped(upload):
            messages.error(request, dropping.GONE)
            return HttpResponseRedirect(back)
        if not form.is_valid():
            page = self.ask(
                request,
                title=_("Load again: %(upload)s") % {"upload": upload},
                says=[
                    _("The file is read once more, after what it lacked was put right."),
                    _(
                        "What was taken before stays as it is and is not counted twice; what can "
                        "be taken now is, and its rejects are closed by it."
                    ),
                ],
                button=_("Load again"),
                back=back,
            )
            assert page.context_data is not None
            page.context_data["form"] = ReplaysForm(initial={"replays": replays})
            return page
        if form.cleaned_data["replays"] != replays:
            messages.warning(request, _("It was loaded again just now; once is enough."))
            return HttpResponseRedirect(back)
        self.log_change(request, upload, _("Loaded again."))
        if (upload.size or 0) > LOADED_AT_ONCE:
            async_task("pos_integration.tasks.replay", upload.pk)
            messages.success(request, _("It is loaded again in the queue: see the list."))
            return HttpResponseRedirect(reverse("admin:pos_integration_upload_changelist"))
        again = ingest.replay(upload.pk)
        self._say_what_became(request, again)
        return HttpResponseRedirect(reverse("admin:pos_integration_upload_change", args=[again.pk]))

    @admin.action(description=gettext_lazy("Load again"), permissions=["load"])
    def load_again(self, request: HttpRequest, chosen: QuerySet[Upload]) -> None:
        """After what was wrong is put right: takes what could not be taken, and only that."""
        wanting = chosen.filter(~Q(state=Upload.State.LOADED) | Exists(_open_rejects()))
        keys = list(wanting.order_by("pk").values_list("pk", flat=True)[:REPLAYED_AT_ONCE])
        counts: Counter[str] = Counter()
        # What one page can wait for is read now; the rest, and whatever is large, in the queue.
        sizes = dict(chosen.filter(pk__in=keys).values_list("pk", "size"))
        left = LOADED_AT_ONCE
        for key in keys:
            left -= sizes[key] or 0
            if left < 0:
                async_task("pos_integration.tasks.replay", key)
                counts["queued"] += 1
                continue
            try:
                replay = ingest.replay(key)
            except dropping.GoneError:
                counts["gone"] += 1
                continue
            counts += Counter(
                loaded=int(replay.state == Upload.State.LOADED),
                accepted=replay.accepted,
                rejected=replay.rejected,
            )
        if queued := counts["queued"]:
            later = ngettext(
                "%(n)s file is loaded again in the queue: see the list.",
                "%(n)s files are loaded again in the queue: see the list.",
                queued,
            )
            messages.success(request, later % {"n": queued})
            if queued == len(keys):
                return
        now = len(keys) - queued
        is_done = counts["loaded"] == now and not counts["rejected"]
        said = _("%(loaded)s of %(n)s loaded")
        rest = _(
            "%(accepted)s more baskets were taken, %(rejected)s still cannot be. Files with "
            "nothing to put right, and what was taken before, were left alone."
        )
        figures = {"n": now} | {name: counts[name] for name in ("loaded", "accepted", "rejected")}
        messages.add_message(
            request,
            messages.SUCCESS if is_done else messages.WARNING,
            f"{said % figures}: {rest % figures}",
        )
        if counts["gone"]:
            gone = _("Of %(n)s the bytes are kept no longer: ask the tills for the files.")
            messages.warning(request, gone % {"n": counts["gone"]})
