"""How the staff's desk shows any row: read-only facts, long lists, panels, pills, questions."""

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from django import forms
from django.contrib import admin, messages
from django.contrib.admin import helpers
from django.contrib.admin.exceptions import DisallowedModelAdminLookup
from django.contrib.admin.utils import unquote
from django.core.exceptions import PermissionDenied
from django.db import IntegrityError
from django.db.models import CharField, Model, TextField
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.formats import number_format
from django.utils.functional import Promise
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.text import capfirst
from django.utils.translation import get_language, gettext_lazy
from django.utils.translation import gettext as _
from psycopg2.errors import UniqueViolation  # type: ignore[import-untyped] # ships no types

from pos_integration import at_once, histories

M = TypeVar("M", bound=Model)
Kept = TypeVar("Kept")
NOTHING = "\N{EN DASH}"
# A list's address asks for a text as a whole. By parts of it, or what comes before it, a large
# table would be read to its end, and guessed letter by letter what its pages do not show.
_WHOLE = frozenset({"exact", "iexact", "in", "isnull"})

# Django's own admin classes take no model in brackets, its type stubs demand one.
if TYPE_CHECKING:
    Admin = admin.ModelAdmin
    TabularInline = admin.TabularInline
    StackedInline = admin.StackedInline
    ModelForm = forms.ModelForm
else:
    P = TypeVar("P")

    class Admin(admin.ModelAdmin, Generic[M]):
        pass

    class TabularInline(admin.TabularInline, Generic[M, P]):
        pass

    class StackedInline(admin.StackedInline, Generic[M, P]):
        pass

    class ModelForm(forms.ModelForm, Generic[M]):
        pass


@dataclass(frozen=True)
class Panel:
    """A card on a row's page. `note` is the quiet text beside its title."""

    title: str
    body: SafeString
    note: str = ""
    is_wide: bool = False


@dataclass(frozen=True)
class Tool:
    """A button at the top of a list or a page. `is_main` is the next thing to do."""

    label: str | Promise
    url: str
    is_main: bool = False
    in_new_tab: bool = False


def kept(on: object, name: str, ask: Callable[[], Kept]) -> Kept:
    """What `ask` returns, asked once for all parts of a page. on: its row, or its request."""
    if not hasattr(on, name):
        setattr(on, name, ask())
    found: Kept = getattr(on, name)
    return found


def pill(word: str | Promise, tone: str = "plain") -> SafeString:
    """A state as a word on a colour: good, busy, warn, bad, new or plain."""
    return format_html('<span class="pill pill-{}">{}</span>', tone, word)


def in_sentence(label: Any) -> str:
    """A label as it stands within a line: in small letters, but in German, which has its nouns."""
    text = str(label)
    return text if (get_language() or "").startswith("de") else text.lower()


def grouped(value: float | Decimal, places: int = 0) -> str:
    """A figure as the reader's language writes it: 1,234.50 or 1.234,50."""
    return number_format(f"{value:.{places}f}", places, force_grouping=True)


def money(amount: Decimal) -> str:
    return grouped(amount, 2)


def percent(share: float, places: int = 0) -> str:
    return f"{grouped(100 * share, places)} %"


def link(url: str, text: object) -> SafeString:
    return format_html('<a href="{}">{}</a>', url, text)


def table(head: Sequence[str], rows: Iterable[Sequence[object]], empty: str) -> SafeString:
    """A small table. A heading that ends in '#' stands over figures; `empty` says what to do."""
    kinds = ["num" if title.endswith("#") else "text" for title in head]
    body = format_html_join(
        "\n",
        "<tr>{}</tr>",
        (
            [format_html_join("", '<td class="{}">{}</td>', zip(kinds, row, strict=True))]
            for row in rows
        ),
    )
    if not body:
        return format_html('<p class="empty">{}</p>', empty)
    titles = format_html_join(
        "", '<th class="{}">{}</th>', zip(kinds, (t.rstrip("#") for t in head), strict=True)
    )
    # What may have to be scrolled can be by keyboard: through its links, or as a whole.
    reached = SafeString("" if "<a " in body else ' tabindex="0"')
    return format_html(
        '<div class="scroll"{}><table class="panel-table"><thead><tr>{}</tr></thead>'
        "<tbody>{}</tbody></table></div>",
        reached,
        titles,
        body,
    )


class Page(Admin[M]):
    """A model at the desk: never counts twice, says what to do when empty, has panels and tools."""

    empty_hint: str | Promise = gettext_lazy("Nothing here yet.")
    list_title: str | Promise = ""  # where it is not what its rows are called
    list_per_page = 50
    show_full_result_count = False
    show_facets = admin.ShowFacets.NEVER  # they would count every choice of every filter
    # Deleting gathers every dependent row to show it, and may be millions: a page that wants
    # it says so, and so does the action.
    may_delete = False

    def has_delete_permission(self, request: HttpRequest, obj: M | None = None) -> bool:
        return self.may_delete and super().has_delete_permission(request, obj)

    def lookup_allowed(self, lookup: str, value: Any, request: HttpRequest) -> bool:
        name, *how = lookup.split("__")
        columns = {field.name: field for field in self.opts.concrete_fields}
        if isinstance(columns.get(name), CharField | TextField) and not _WHOLE.issuperset(how):
            return False
        return super().lookup_allowed(lookup, value, request)

    def panels(self, request: HttpRequest, row: M) -> list[Panel]:
        """What to show above the form of `row`."""
        return []

    def row_title(self, row: M) -> str:
        """What the page of `row` is called."""
        return str(row)

    def sentence(self, row: M) -> str:
        """The state of `row` in a sentence."""
        return ""

    def row_tools(self, request: HttpRequest, row: M) -> list[Tool]:
        return []

    def list_tools(self, request: HttpRequest) -> list[Tool]:
        return []

    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        try:
            return super().changeform_view(request, object_id, form_url, extra_context)
        except IntegrityError as error:
            if not isinstance(error.__cause__, UniqueViolation):
                raise
        # Somebody was faster by a moment: by now the form finds that row, and says so.
        return super().changeform_view(request, object_id, form_url, extra_context)

    def _get_obj_does_not_exist_redirect(
        self, request: HttpRequest, opts: Any, object_id: str
    ) -> HttpResponse:
        """To the first page, with why: it is gone, or of a store that is not one's own."""
        said = _(
            "There is no %(name)s “%(key)s” here: it is gone, or belongs to a store that is not "
            "among yours."
        )
        self.message_user(
            request, said % {"name": opts.verbose_name, "key": object_id[:40]}, messages.WARNING
        )
        return HttpResponseRedirect(reverse("admin:index"))

    def get_form(
        self, request: HttpRequest, obj: M | None = None, change: bool = False, **kwargs: Any
    ) -> Any:
        form = super().get_form(request, obj, change, **kwargs)
        if obj is not None and request.method == "POST" and at_once.SEEN in request.POST:
            at_once.guard(form, obj, request.POST[at_once.SEEN])
        return form

    def render_change_form(
        self,
        request: HttpRequest,
        context: dict[str, Any],
        add: bool = False,
        change: bool = False,
        form_url: str = "",
        obj: M | None = None,
    ) -> HttpResponse:
        if obj is not None:
            # What was typed and refused is in `obj` by now.
            kept = obj if request.method != "POST" else at_once.kept(obj)
            if kept is not None:
                context["seen_input"] = at_once.SEEN
                context["seen"] = at_once.seen(kept, context["adminform"].form.fields)
            context["panels"] = self.panels(request, obj)
            context["sentence"] = self.sentence(obj)
            # The next thing to do stands first.
            context["tools"] = sorted(
                self.row_tools(request, obj), key=lambda tool: not tool.is_main
            )
            context["subtitle"] = None  # the title and the breadcrumb name the row already
            context["title"] = self.row_title(obj)
        return super().render_change_form(request, context, add, change, form_url, obj)

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        context = {
            "title": str(self.list_title) or capfirst(str(self.opts.verbose_name_plural)),
            "tools": sorted(self.list_tools(request), key=lambda tool: not tool.is_main),
            **(extra_context or {}),
        }
        typed = (key for key in request.GET if key != "q")
        try:
            if not any("\0" in value for key in typed for value in request.GET.getlist(key)):
                return super().changelist_view(request, context)
        except (OverflowError, DisallowedModelAdminLookup):
            pass  # a year or a month that no calendar has; what no list is asked for
        said = _("There is no such filter: choose one beside the list.")
        self.message_user(request, said, messages.WARNING)
        return HttpResponseRedirect(request.path)

    def history_view(
        self, request: HttpRequest, object_id: str, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """What was changed of a row, before and after, with what was done to it in words."""
        row = self.get_object(request, unquote(object_id))
        if row is None:
            return self._get_obj_does_not_exist_redirect(request, self.opts, object_id)
        if not self.has_view_or_change_permission(request, row):
            raise PermissionDenied
        before = request.GET.get("before", "")
        name = f"admin:{self.opts.app_label}_{self.opts.model_name}_change"
        context = {
            **self.admin_site.each_context(request),
            "title": _("What was changed of %(thing)s") % {"thing": row},
            "subtitle": None,
            "history": histories.history(
                row, request.user, int(before) if before.isdecimal() and len(before) < 19 else 0
            ),
            "object": row,
            "object_url": reverse(name, args=[row.pk]),
            "opts": self.opts,
            **(extra_context or {}),
        }
        return TemplateResponse(request, "admin/object_history.html", context)

    def ask(
        self,
        request: HttpRequest,
        *,
        title: str,
        says: Sequence[str | Promise],
        back: str,
        button: str | Promise = "",
        rows: Iterable[M] = (),
    ) -> TemplateResponse:
        """The page that asks before something is done: it POSTs back to where it was asked.

        For an action on `rows` it repeats the action with `confirmed` set. Without a button it
        only tells.
        """
        return TemplateResponse(
            request,
            "admin/ask.html",
            {
                **self.admin_site.each_context(request),
                "opts": self.opts,
                "title": title,
                "says": says,
                "button": button,
                "back": back,
                "rows": rows,
                "action": request.POST.get("action", ""),
                "checkbox": helpers.ACTION_CHECKBOX_NAME,
            },
        )


class ReadOnlyAdmin(Page[M]):
    """Facts and beliefs: everybody may look, nobody may add, change or delete."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: M | None = None) -> bool:
        return False


class ReadOnlyRows:
    """For an inline of facts."""

    extra = 0
    can_delete = False
    show_change_link = False

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


def code_typed(query: str) -> str:
    """A coupon's code as it is kept, from how somebody reads it out: `7q4m-k2xp` -> `7Q4MK2XP`."""
    return re.sub(r"[\s-]", "", query).upper()
