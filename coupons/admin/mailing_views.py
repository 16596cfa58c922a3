"""What is asked before a mailing goes on: each step, whom it is for, what to look at on paper."""

from typing import TYPE_CHECKING

from django import forms
from django.contrib import messages
from django.contrib.auth.models import AbstractBaseUser
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.text import get_text_list
from django.utils.translation import gettext as _

from coupons.admin import mailing_panels, queued, workbench_panels
from coupons.admin.mailing_forms import RecipientsForm
from coupons.admin.mailing_steps import STEPS, State, is_unprinted, label_of, seen
from coupons.models import Mailing
from pos_integration import staff
from pos_integration.desk import Page, in_sentence
from pos_integration.said import retold

if TYPE_CHECKING:
    from coupons.post_checks import Found

    Views = Page[Mailing]
else:
    Views = object


def may_see_homes(request: HttpRequest) -> bool:
    """Whether names from all over are for whoever is signed in: not for who works in stores."""
    return staff.stores_of(request.user) is None


class MailingViews(Views):
    """The part of a mailing's admin that asks, then does."""

    def step_view(self, request: HttpRequest, pk: int, name: str) -> HttpResponse:
        """Ask, then do, one step of a mailing's way."""
        mailing = get_object_or_404(Mailing, pk=pk)
        step = STEPS.get(name)
        if step is None:
            raise Http404(name)
        if not request.user.has_perm("coupons.change_mailing"):
            raise PermissionDenied
        back = reverse("admin:coupons_mailing_change", args=[pk])
        if mailing.state not in step.states:
            wanted = get_text_list([in_sentence(state.label) for state in step.states], _("or"))
            messages.error(
                request,
                (
                    _("'%(mailing)s' is %(state)s; '%(label)s' wants it %(wanted)s.")
                    % {
                        "mailing": mailing,
                        "state": in_sentence(mailing.get_state_display()),
                        "label": step.label,
                        "wanted": wanted,
                    }
                ),
            )
            return HttpResponseRedirect(back)
        if is_unprinted(mailing, name):
            messages.error(
                request,
                (_("'%(mailing)s' is not printed: its channel says so.") % {"mailing": mailing}),
            )
            return HttpResponseRedirect(back)
        if mailing.is_goodwill:
            messages.error(request, self.sentence(mailing))
            return HttpResponseRedirect(back)
        form = step.form(request.POST if request.method == "POST" else None)
        if not form.is_valid():
            return self._ask_step(request, mailing, name, form)
        if (was := form.cleaned_data["seen"]) and was != seen(mailing):
            messages.error(
                request,
                _(
                    "Somebody was faster: '%(mailing)s' went on since you were asked. Nothing was "
                    "done twice; look at it as it is now."
                )
                % {"mailing": mailing},
            )
            return HttpResponseRedirect(back)
        from coupons.mailing import MailingError  # loads the models of shoppers, as above
        from coupons.printing import PrintError

        assert isinstance(request.user, AbstractBaseUser)
        try:
            done = step.do(mailing, request.user, form.cleaned_data)
        except (MailingError, PrintError) as error:
            for sentence in retold(str(error)).splitlines():
                messages.error(request, sentence if sentence.endswith(".") else f"{sentence}.")
        else:
            self.log_change(request, mailing, done.note or f"{step.label}.")
            messages.success(request, done.says)
            back = done.url or back
        return HttpResponseRedirect(back)

    def _ask_step(
        self, request: HttpRequest, mailing: Mailing, name: str, form: forms.Form
    ) -> HttpResponse:
        step = STEPS[name]
        label = label_of(name, mailing)
        page = self.ask(
            request,
            title=f"{label}: {mailing}",
            says=[step.says],
            button=label,
            back=reverse("admin:coupons_mailing_change", args=[mailing.pk]),
        )
        assert page.context_data is not None
        form.initial = {"seen": seen(mailing), "mailed_on": timezone.localdate()}
        page.context_data["form"] = form
        return page

    def before_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """What to look at before a mailing is printed; the queue looks through a large one."""
        from coupons import post_checks  # loads every country's rules: too slow for every page

        mailing = get_object_or_404(Mailing, pk=pk)
        if not self.has_view_permission(request, mailing) or not may_see_homes(request):
            raise PermissionDenied
        if request.method == "POST":
            queued.put_once(workbench_panels.CHECK_POST, mailing)
            return HttpResponseRedirect(request.path)
        found = post_checks.found(mailing)
        panels = mailing_panels.before_printing(mailing, found)
        at_work = None
        if found is None or found.is_kept:
            at_work = workbench_panels.at_work(
                mailing, queued.waiting(pk) & {workbench_panels.CHECK_POST}
            )
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": (_("Before printing: %(mailing)s") % {"mailing": mailing}),
            "sentence": _(
                "Nothing here stops the press but an offer that cannot be printed. A sheet whose "
                "address cannot be set is left out of the run, and listed with it."
            ),
            "panels": [*([at_work] if at_work else []), *panels],
            "media": self.media,
            "mailing": mailing,
            "to_press": None if at_work else _to_press(found),
            "back": reverse("admin:coupons_mailing_change", args=[pk]),
        }
        return TemplateResponse(request, "admin/coupons/mailing/told.html", context)

    def recipients_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        mailing = get_object_or_404(Mailing, pk=pk)
        if not request.user.has_perm("coupons.add_recipient"):
            raise PermissionDenied
        back = reverse("admin:coupons_mailing_change", args=[pk])
        if mailing.state != State.DRAFT:
            messages.error(request, _("Recipients can be added to a draft only."))
            return HttpResponseRedirect(back)
        form = RecipientsForm(request.POST or None)
        if form.is_valid():
            from coupons.audience import add_recipients  # loads the models of shoppers: too slow

            added = add_recipients(mailing, form.cleaned_data["tiers"])
            self.log_change(request, mailing, (_("Added %(added)s recipients.") % {"added": added}))
            messages.success(
                request, f"{added:,} household{' was' if added == 1 else 's were'} added."
            )
            return HttpResponseRedirect(back)
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": (_("Add recipients: %(mailing)s") % {"mailing": mailing}),
            "says": [_("Households that are on the list already stay on it once.")],
            "form": form,
            "button": _("Add recipients"),
            "back": back,
        }
        return TemplateResponse(request, "admin/ask.html", context)


def _to_press(found: "Found | None") -> dict[str, str] | None:
    """The button that has a large mailing looked through, and what to know before."""
    if found is None:
        return {
            "says": _(
                "It has too many recipients to look through their addresses while you wait: the "
                "queue does, and keeps what it finds for a day."
            ),
            "button": _("Look through the addresses"),
        }
    if not found.is_kept:
        return None
    at = date_format(timezone.localtime(found.at), "DATETIME_FORMAT")
    return {
        "says": _("The addresses were looked through on %(at)s.") % {"at": at},
        "button": _("Look again"),
    }
