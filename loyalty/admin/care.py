"""The desk for what staff did for households: concerns to settle, and mergers to undo."""

from typing import Any

from django.contrib import admin, messages
from django.contrib.auth.models import AbstractBaseUser
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.urls import URLPattern, path, reverse
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _lazy
from django.utils.translation import ngettext

from loyalty import merging, notes
from loyalty.admin import overview, scope
from loyalty.models import Merger, Note
from pos_integration.desk import ReadOnlyAdmin, Tool, in_sentence, link, pill
from pos_integration.long_lists import LongList


class StateFilter(admin.SimpleListFilter):
    """Open concerns come first: they are what is to be done."""

    title = _lazy("what")
    parameter_name = "what"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [("all", _lazy("All notes")), ("settled", _lazy("Settled concerns"))]

    def choices(self, changelist: Any) -> Any:
        rows = list(super().choices(changelist))
        rows[0]["display"] = _("Open concerns")
        return rows

    def queryset(self, request: HttpRequest, queryset: QuerySet[Note]) -> QuerySet[Note]:
        if self.value() == "all" or "household__id__exact" in request.GET:
            return queryset
        concerns = queryset.filter(kind=Note.Kind.CONCERN)
        if self.value() == "settled":
            return concerns.exclude(settled_at=None)
        return concerns.filter(settled_at=None)


@admin.register(Note)
class NoteAdmin(LongList[Note], ReadOnlyAdmin[Note]):
    list_title = _lazy("Concerns and notes")
    list_display = ("text", "kind_pill", "home", "written", "state_pill")
    list_select_related = ("household", "written_by", "settled_by")
    list_display_links = None
    list_filter = (StateFilter,)
    fields = ("text", "household", "written", "state_pill")
    actions = ("settle_chosen", "reopen_chosen")
    empty_hint = _lazy("No open concern. One is written down on a household's page.")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Note]:
        rows = super().get_queryset(request).select_related("household", "written_by")
        return scope.theirs(rows, request.user, "household")

    def lookup_allowed(self, lookup: str, value: Any, request: HttpRequest) -> bool:
        return lookup == "household__id__exact" or super().lookup_allowed(lookup, value, request)

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(self.settle_view)
        return [
            path("<int:pk>/settle/", view, name="loyalty_note_settle"),
            *super().get_urls(),
        ]

    def has_settle_permission(self, request: HttpRequest) -> bool:
        return bool(request.user.has_perm("loyalty.change_note"))

    @admin.action(description=_lazy("Settle"), permissions=["settle"])
    def settle_chosen(self, request: HttpRequest, queryset: QuerySet[Note]) -> None:
        assert isinstance(request.user, AbstractBaseUser)
        count = sum(notes.settle(note, request.user) for note in queryset.order_by("pk"))
        said = ngettext("%(count)s concern is settled.", "%(count)s concerns are settled.", count)
        messages.success(request, said % {"count": count})

    @admin.action(description=_lazy("Open again"), permissions=["settle"])
    def reopen_chosen(self, request: HttpRequest, queryset: QuerySet[Note]) -> None:
        """For one that was settled by mistake, or came back."""
        again = [note for note in queryset.order_by("pk") if notes.reopen(note)]
        for note in again:
            self.log_change(request, note, _("Opened again."))
        said = ngettext(
            "%(n)s concern is open again.", "%(n)s concerns are open again.", len(again)
        )
        messages.success(request, said % {"n": len(again)})

    def settle_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Settle one from its household's page."""
        if not self.has_settle_permission(request):
            raise PermissionDenied
        note = get_object_or_404(self.get_queryset(request), pk=pk)
        if request.method == "POST":  # an address that was only opened leads back
            assert isinstance(request.user, AbstractBaseUser)
            notes.settle(note, request.user)
            messages.success(request, _("The concern is settled."))
        page = reverse("admin:loyalty_household_change", args=[note.household_id])
        return HttpResponseRedirect(f"{page}#notes")

    @admin.display(description=_lazy("Kind"))
    def kind_pill(self, note: Note) -> SafeString:
        return pill(in_sentence(note.get_kind_display()), overview.NOTE_TONES[Note.Kind(note.kind)])

    @admin.display(description=_lazy("Household"))
    def home(self, note: Note) -> SafeString:
        url = reverse("admin:loyalty_household_change", args=[note.household_id])
        return link(f"{url}#notes", note.household)

    @admin.display(description=_lazy("Written"))
    def written(self, note: Note) -> str:
        return f"{overview.day(note.written_at)}, {note.written_by or _('somebody who left')}"

    @admin.display(description=_lazy("State"))
    def state_pill(self, note: Note) -> str | SafeString:
        if note.kind != Note.Kind.CONCERN:
            return ""
        if note.settled_at is None:
            return pill(_("open"), "warn")
        return pill(_("settled %(day)s") % {"day": overview.day(note.settled_at)}, "good")


@admin.register(Merger)
class MergerAdmin(LongList[Merger], ReadOnlyAdmin[Merger]):
    list_display = ("__str__", "merged", "state_pill")
    list_select_related = ("kept", "gone", "merged_by")
    fields = ("kept", "gone", "merged", "state_pill")
    empty_hint = _lazy("No merger yet. Two households are merged on the page of one of them.")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Merger]:
        rows = super().get_queryset(request).select_related("kept", "gone", "merged_by")
        return scope.theirs(rows, request.user, "kept")

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(self.undo_view)
        return [
            path("<int:pk>/undo/", view, name="loyalty_merger_undo"),
            *super().get_urls(),
        ]

    def row_tools(self, request: HttpRequest, row: Merger) -> list[Tool]:
        home = reverse("admin:loyalty_household_change", args=[row.kept_id])
        tools = [Tool(_("The household"), home)]
        if row.undone_at is None and request.user.has_perm("loyalty.change_merger"):
            tools.append(Tool(_("Undo"), reverse("admin:loyalty_merger_undo", args=[row.pk])))
        return tools

    def undo_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Ask, then put back what the merger moved."""
        merger = get_object_or_404(self.get_queryset(request), pk=pk)
        if not request.user.has_perm("loyalty.change_merger"):
            raise PermissionDenied
        back = reverse("admin:loyalty_merger_change", args=[pk])
        if request.method != "POST":
            return self.ask(
                request,
                title=_("Undo: %(merger)s") % {"merger": merger},
                says=[
                    _(
                        "Cards, address, wishes, notes and objections that the merger moved go "
                        "back to '%(gone)s', and with the next night its purchases."
                    )
                    % {"gone": merger.gone},
                    _("What was changed since stays as it is, and you are told of it."),
                ],
                button=_("Undo the merger"),
                back=back,
            )
        assert isinstance(request.user, AbstractBaseUser)
        try:
            stays = merging.undo(merger, request.user)
        except merging.MergeError as error:
            messages.error(request, str(error))
            return HttpResponseRedirect(back)
        messages.success(request, _("'%(gone)s' stands by itself again.") % {"gone": merger.gone})
        for said in stays:
            messages.warning(request, said)
        return HttpResponseRedirect(
            reverse("admin:loyalty_household_change", args=[merger.gone_id])
        )

    @admin.display(description=_lazy("Merged"))
    def merged(self, merger: Merger) -> str:
        return f"{overview.day(merger.merged_at)}, {merger.merged_by or _('somebody who left')}"

    @admin.display(description=_lazy("State"))
    def state_pill(self, merger: Merger) -> SafeString:
        if merger.undone_at is None:
            return pill(_("merged"), "good")
        return pill(_("undone %(day)s") % {"day": overview.day(merger.undone_at)}, "plain")
