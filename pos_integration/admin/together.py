"""Changing several rows together at the desk: what, how it would look, and then the doing."""

from typing import Any, TypeVar

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.utils import model_ngettext
from django.contrib.auth.models import AbstractBaseUser
from django.core.exceptions import PermissionDenied
from django.db.models import Model, QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from pos_integration import together
from pos_integration.desk import Page, pill, table
from pos_integration.said import retold
from pos_integration.together import ChangeError, Planned

M = TypeVar("M", bound=Model)


class TogetherForm(forms.Form):
    """What to change; what is left empty stays as each row has it."""

    def clean(self) -> dict[str, Any]:
        said: dict[str, Any] = super().clean() or self.cleaned_data
        for name in said.get("without") or ():
            if said.get(name) not in (None, ""):
                self.add_error(name, _("Either a value or none: not both."))
        self.check(said)
        if not self.errors and not self.wanted():
            self.add_error(None, _("Say in one field at least what is to be changed."))
        return said

    def check(self, said: dict[str, Any]) -> None:
        """Add errors of what is said together and cannot be."""

    def wanted(self) -> dict[str, Any]:
        """By field what is to be changed."""
        raise NotImplementedError


@admin.action(description=gettext_lazy("Change together"), permissions=["change"])
def change_together(page: Any, request: HttpRequest, chosen: QuerySet[Any]) -> HttpResponse:
    keys = list(chosen.order_by("pk").values_list("pk", flat=True)[: together.MOST + 1])
    url = reverse(f"admin:{page.opts.app_label}_{page.opts.model_name}_together")
    return HttpResponseRedirect(f"{url}?ids={','.join(map(str, keys))}")


class ChangedTogether(Page[M]):
    """A list some rows of which are changed at once."""

    together_form: type[TogetherForm]

    def get_urls(self) -> list[URLPattern]:
        whole = self.admin_site.admin_view(self.together_view)
        name = f"{self.opts.app_label}_{self.opts.model_name}_together"
        return [path("together/", whole, name=name), *super().get_urls()]

    def plan_together(self, rows: QuerySet[M], wanted: dict[str, Any]) -> list[Planned]:
        """What would become of these rows. Raises ChangeError."""
        above = self.list_select_related
        if isinstance(above, tuple | list) and above:
            rows = rows.select_related(*above)
        return together.plan(rows.order_by(*self.ordering or ("pk",)), wanted)

    def do_together(self, rows: QuerySet[M], wanted: dict[str, Any], by: AbstractBaseUser) -> int:
        """Change them all or none; returns how many did. Raises ChangeError."""
        return together.change(
            rows,
            by,
            lambda locked: together.plan(locked, wanted),
            lambda row: together.write(row, wanted),
        )

    def told_together(self, row: Any) -> str:
        """What stands beside a row's name, to know it by."""
        return ""

    def together_view(self, request: HttpRequest) -> HttpResponse:
        """The form; then the same with before and after; then it is done, all or none."""
        if not self.has_change_permission(request):
            raise PermissionDenied
        keys = [int(key) for key in request.GET.get("ids", "").split(",") if _is_key(key)]
        rows = self.get_queryset(request).filter(pk__in=keys)
        back = reverse(f"admin:{self.opts.app_label}_{self.opts.model_name}_changelist")
        form = self.together_form(request.POST if request.method == "POST" else None)
        planned: list[Planned] = []
        errors: list[str] = []
        try:
            if form.is_valid():
                planned = self.plan_together(rows, form.wanted())
                if request.POST.get("do") and not any(one.faults for one in planned):
                    assert isinstance(request.user, AbstractBaseUser)
                    if together.seen(planned) == request.POST.get("seen", ""):
                        count = self.do_together(rows, form.wanted(), request.user)
                        said = ngettext("%(n)s row changed.", "%(n)s rows changed.", count)
                        messages.success(request, said % {"n": f"{count:,}"})
                        return HttpResponseRedirect(back)
                    errors = [_("Since you looked, these rows changed: look at it once more.")]
            elif not form.is_bound:
                planned = self.plan_together(rows, {})
        except ChangeError as raised:
            errors = [retold(one) for one in raised.sentences]
        has_faults = any(one.faults for one in planned)
        may = form.is_bound and form.is_valid() and any(one.changes for one in planned)
        return TemplateResponse(
            request,
            "admin/change_together.html",
            {
                **self.admin_site.each_context(request),
                "opts": self.opts,
                "title": _("Change together"),
                "back": back,
                "form": form,
                "media": form.media,
                "errors": errors,
                "planned": self._shown(planned),
                "seen": together.seen(planned),
                "count": f"{len(planned):,} {model_ngettext(self.opts, len(planned))}",
                "may_do": may and not has_faults,
                "has_faults": has_faults,
            },
        )

    def _shown(self, planned: list[Planned]) -> SafeString:
        return table(
            (str(self.opts.verbose_name).capitalize(), "", _("Before and after")),
            (
                (one.row, self.told_together(one.row), _before_and_after(one, self.opts.model))
                for one in planned
            ),
            _("Nothing is chosen: go back to the list and tick some."),
        )


def _is_key(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) < 19


def _before_and_after(one: Planned, model: type[Model]) -> SafeString:
    faults = format_html_join(
        "", "<p>{} {}</p>", ((pill(_("refused"), "bad"), retold(fault)) for fault in one.faults)
    )
    lines = format_html_join(
        "",
        "<p>{}: {} &rarr; <b>{}</b></p>",
        (
            (str(getattr(model._meta.get_field(name), "verbose_name", name)), before, after)
            for name, before, after in one.changes
        ),
    )
    return format_html("{}{}", faults, lines or _("stays as it is"))
