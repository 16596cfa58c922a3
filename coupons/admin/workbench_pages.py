"""The pages of the workbench beside a mailing's own: progress, audience, offers, comparison."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from django.contrib import messages
from django.contrib.auth.models import AbstractBaseUser
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.translation import gettext as _

from coupons.admin import comparing, queued, workbench_panels
from coupons.models import Mailing, Selection
from pos_integration.desk import Page, Panel, Tool, table
from pos_integration.said import retold

if TYPE_CHECKING:
    Pages = Page[Mailing]
else:
    Pages = object

MAY_SELECT = "coupons.change_mailing"


class WorkbenchPages(Pages):
    """The part of a mailing's admin that only shows, and the choice between two selections."""

    def workbench_urls(self) -> list[URLPattern]:
        def named(route: str, view: Callable[..., Any], name: str) -> URLPattern:
            return path(route, self.admin_site.admin_view(view), name=f"coupons_mailing_{name}")

        return [
            named("<int:pk>/progress/", self.progress_view, "progress"),
            named("<int:pk>/audience/", self.audience_view, "audience"),
            named("<int:pk>/offers/", self.offers_view, "offers"),
            named("<int:pk>/compare/", self.compare_view, "compare"),
            named("<int:pk>/use/<int:selection_pk>/", self.use_view, "use"),
        ]

    def _seen(self, request: HttpRequest, pk: int) -> Mailing:
        mailing = get_object_or_404(Mailing.objects.select_related("selection"), pk=pk)
        if not self.has_view_permission(request, mailing):
            raise PermissionDenied
        return mailing

    def _told(
        self,
        request: HttpRequest,
        mailing: Mailing,
        title: str,
        sentence: str,
        panels: list[Panel],
        **more: Any,
    ) -> TemplateResponse:
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "media": self.media,
            "title": f"{title}: {mailing}",
            "sentence": sentence,
            "panels": panels,
            "back": reverse("admin:coupons_mailing_change", args=[mailing.pk]),
            "mailing": mailing,
            "back_label": _("The mailing"),
            **more,
        }
        return TemplateResponse(request, "admin/coupons/mailing/told.html", context)

    def progress_view(self, request: HttpRequest, pk: int) -> JsonResponse:
        """How far what the queue does for a mailing is, for its page to follow."""
        mailing = self._seen(request, pk)
        told = workbench_panels.progress_of(mailing, queued.waiting(pk))
        ended = {"state": "ended", "done": 1, "sheets": 1, "says": _("It has ended.")}
        return JsonResponse(told or ended)

    def audience_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        mailing = self._seen(request, pk)
        return self._told(
            request,
            mailing,
            _("Audience"),
            _("Estimated as things stand now; nothing is decided before coupons are selected."),
            workbench_panels.audience(mailing, count_all="count" in request.GET),
        )

    def offers_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        mailing = self._seen(request, pk)
        tools = []
        if request.user.has_perm("coupons.add_offerfile"):
            tools.append(Tool(_("Import offers"), reverse("admin:coupons_offerfile_changelist")))
        return self._told(
            request,
            mailing,
            _("Offers"),
            _("What its coupons give, who pays for it, and what limits it."),
            [Panel(_("Offers"), workbench_panels.offers(mailing), is_wide=True)],
            tools=tools,
        )

    def compare_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Two selections side by side; the two newest, unless others are asked for."""
        mailing = self._seen(request, pk)
        ready = comparing.ready(mailing)
        if len(ready) < 2:
            none = Panel(
                _("Nothing to compare yet"),
                table(
                    (),
                    (),
                    _(
                        "It takes two selections of this mailing: change its budget or offers as "
                        "a draft, select again, and come back."
                    ),
                ),
                is_wide=True,
            )
            return self._told(request, mailing, _("Compare"), "", [none])
        from coupons import compared  # loads the models of shoppers: too slow for every command

        by_pk = {one.pk: one for one in ready}
        newest = {"first": ready[1].pk, "second": ready[0].pk}
        is_asked = "first" in request.GET
        form = comparing.WhichForm(
            workbench_panels.state_words(ready), request.GET if is_asked else newest
        )
        given = form.cleaned_data if form.is_valid() else newest
        first, second = by_pk[given["first"]], by_pk[given["second"]]
        if first.pk == second.pk:
            form.add_error("second", _("Choose two that differ."))
        return self._told(
            request,
            mailing,
            _("Compare"),
            compared.sentence(first, second),
            comparing.panels(first, second, compared.sheets_of(first, second)),
            form=form,
            tools=[
                tool
                for one in dict.fromkeys((first, second))
                for tool in self._use_tools(request, mailing, one)
            ],
            in_use=mailing.selection_id,
        )

    def _use_tools(
        self, request: HttpRequest, mailing: Mailing, selection: Selection
    ) -> list[Tool]:
        """The button that puts a selection in use, unless it is."""
        may = request.user.has_perm(MAY_SELECT) and mailing.state in (
            Mailing.State.DRAFT,
            Mailing.State.SELECTED,
        )
        if not may or selection.pk == mailing.selection_id:
            return []
        url = reverse("admin:coupons_mailing_use", args=[mailing.pk, selection.pk])
        return [Tool(_("Use selection %(n)s") % {"n": selection.pk}, url)]

    def use_view(self, request: HttpRequest, pk: int, selection_pk: int) -> HttpResponse:
        """Ask, then let an earlier selection be the one that is approved."""
        if not request.user.has_perm(MAY_SELECT):
            raise PermissionDenied
        mailing = self._seen(request, pk)
        selection = get_object_or_404(
            Selection.objects.select_related("run"), pk=selection_pk, mailing=pk
        )
        back = reverse("admin:coupons_mailing_change", args=[pk])
        from coupons import choosing  # loads the models of shoppers, as above

        try:
            choosing.refuse(mailing, selection)
        except choosing.ChoosingError as error:
            messages.error(request, retold(str(error)))
            return HttpResponseRedirect(back)
        if request.method != "POST":
            return self.ask(
                request,
                title=_("Use selection %(n)s: %(mailing)s")
                % {"n": selection_pk, "mailing": mailing},
                says=[
                    _("This selection becomes the one that somebody else approves."),
                    _(
                        "The mailing's offers, budget and rules become those that it was made "
                        "by. Nothing is promised yet, and the other selection is kept."
                    ),
                ],
                button=_("Use this one"),
                back=reverse("admin:coupons_mailing_compare", args=[pk]),
            )
        user = request.user
        if not isinstance(user, AbstractBaseUser):
            raise Http404
        if queued.put_once(workbench_panels.USE, mailing, selection_pk, user.pk):
            said = _("Use selection %(n)s.") % {"n": selection_pk}
            self.log_change(request, mailing, said)
            messages.success(
                request, _("Selection %(n)s will be put in use.") % {"n": selection_pk}
            )
        else:
            messages.info(request, _("That is under way already."))
        return HttpResponseRedirect(back)
