"""What coupons add to the pages of `loyalty`: a household's sheets, and the night's button."""

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from django import forms
from django.contrib import admin, messages
from django.contrib.auth.models import AbstractBaseUser
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _lazy

from coupons import goodwill, merged, scanned
from coupons.admin import household_parts
from coupons.admin.mailing_steps import QUEUE_HINT
from coupons.admin.sheets import OUT, pdf_link
from coupons.models import Coupon, Offer
from coupons.sheets import codes
from loyalty import queued_once
from loyalty.admin import (
    FittedModelAdmin,
    HouseholdAdmin,
    ModelRunAdmin,
    household_cards,
    household_steps,
    overview,
)
from loyalty.admin.household_steps import Step
from loyalty.models import FittedModel, Household, ModelRun
from pos_integration import changes
from pos_integration.desk import Tool, kept, link

admin.site.unregister([FittedModel, Household, ModelRun])


class GoodwillForm(forms.Form):
    offer = forms.TypedChoiceField(label=_lazy("What it is given"), coerce=int)
    why = forms.CharField(
        label=_lazy("Why"),
        max_length=goodwill.WHY_LENGTH,
        help_text=_lazy("Such as: milk was sour. The shopper does not read this."),
    )
    good_days = forms.IntegerField(
        label=_lazy("Days it is good"),
        min_value=1,
        max_value=goodwill.MOST_GOOD_DAYS,
        initial=goodwill.GOOD_DAYS,
    )


class GiveGoodwill(Step):
    slug, perm = "goodwill", "coupons.add_goodwill"
    title, button = _lazy("Give a goodwill coupon"), _lazy("Give it")

    def form(self, request: HttpRequest, home: Household) -> forms.Form:
        form = GoodwillForm(request.POST or None)
        assert isinstance(request.user, AbstractBaseUser)
        found = goodwill.offers_on(timezone.localdate(), request.user)
        field = form.fields["offer"]
        assert isinstance(field, forms.ChoiceField)
        field.choices = [("", _("Choose")), *((one.pk, str(one)) for one in found)]
        return form

    def says(self, home: Household, form: forms.Form) -> Sequence[str]:
        return [
            _("It is good at every till at once: print its sheet, or read the code out."),
            _("Its funder pays as for any coupon. It counts in no measurement and no model."),
            *(
                []
                if self.can(form)
                else [_("No offer is good today that you may give: ask marketing for one.")]
            ),
        ]

    def can(self, form: forms.Form) -> bool:
        return len(list(form["offer"].subwidgets)) > 1  # the first says only: choose

    def do(self, by: AbstractBaseUser, home: Household, told: Mapping[str, Any]) -> str:
        offer = Offer.objects.get(pk=told["offer"])
        coupon = goodwill.give(home, offer, told["why"], by, good_days=told["good_days"])
        return format_html(
            "{} {} \N{MIDDLE DOT} {}",
            _("%(coupon)s is good until %(day)s, code %(code)s.")
            % {
                "coupon": coupon.terms,
                "day": overview.day(coupon.valid_to),
                "code": codes.grouped(coupon.code),
            },
            pdf_link(coupon.sheet_id, _("Its sheet as PDF")),
            link(reverse("admin:coupons_coupon_slip", args=[coupon.pk]), _("Receipt slip")),
        )


class MergeAndStop(household_steps.Merge):
    """A merger after which the household that is gone is in no mailing that waits."""

    def after(self, gone: Household) -> None:
        merged.drop_waiting(gone)


@admin.register(Household)
class HouseholdWithCouponsAdmin(HouseholdAdmin):
    search_help_text = _lazy("A whole card number or coupon code, a postcode, or part of a name")
    steps: ClassVar[list[Step]] = [MergeAndStop(), *household_steps.STEPS, GiveGoodwill()]

    def known_by(self, query: str) -> QuerySet[Any] | None:
        try:
            code = scanned.own_code(query)
        except codes.CodeError:
            return super().known_by(query)
        promised = Coupon.objects.filter(code=code).values("sheet__household")
        return promised if promised.exists() else super().known_by(query)

    def row_tools(self, request: HttpRequest, row: Household) -> list[Tool]:
        coupons = reverse("admin:coupons_coupon_changelist")
        return [
            *super().row_tools(request, row),
            Tool(_("Its coupons"), f"{coupons}?sheet__household={row.pk}"),
        ]

    def page_tools(
        self, request: HttpRequest, facts: overview.Facts
    ) -> tuple[list[Tool], list[Tool]]:
        main, more = super().page_tools(request, facts)
        sheet = self._promised(facts.row).last
        lead = []
        if (
            sheet is not None
            and sheet.mailing.state in OUT
            and sheet.mailing.valid_to >= timezone.localdate()
            and request.user.has_perm("coupons.change_sheet")
        ):
            url = reverse("admin:coupons_sheet_lost", args=[sheet.pk, "replace"])
            lead.append(Tool(_("Reissue sheet"), url))
        if request.user.has_perm("coupons.add_goodwill"):
            url = overview.step_url(facts.row, "goodwill")
            main.insert(1 if main else 0, Tool(_("Goodwill coupon"), url))
        return [*lead, *main], more

    def figures(self, request: HttpRequest, facts: overview.Facts) -> list[overview.Figure]:
        promised = self._promised(facts.row)
        return [*super().figures(request, facts), household_parts.figure(promised)]

    def parts(self, request: HttpRequest, facts: overview.Facts) -> list[overview.Part]:
        made = household_cards.parts(request, facts)
        promised = self._promised(facts.row)
        made |= {
            "sheet": household_parts.last_sheet(request, promised),
            "contacts": household_parts.contacts(promised, facts.notes),
            "coupons": household_parts.coupons(request, promised, facts.row),
            "sheets": household_parts.sheets(promised, facts.row),
        }
        order = (
            *("warning", "weeks", "needs", "sheet", "consent", "notes", "contacts", "coupons"),
            *("receipts", "sheets", "worth", "discoveries", "departments", "habits", "figures"),
            "wallets",
        )
        return [made[name] for name in order if name in made]

    def _promised(self, row: Household) -> household_parts.Promised:
        # Tools, figures and cards all want it.
        return kept(row, "desk_promised", lambda: household_parts.read(row))


@admin.register(FittedModel)
class LearnedAdmin(FittedModelAdmin):
    learn_task = "coupons.tasks.learn"


@admin.register(ModelRun)
class NightAdmin(ModelRunAdmin):
    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(self.start_view)
        return [path("start/", view, name="loyalty_modelrun_start"), *super().get_urls()]

    def list_tools(self, request: HttpRequest) -> list[Tool]:
        tools = super().list_tools(request)
        if request.user.has_perm("loyalty.add_modelrun"):
            url = reverse("admin:loyalty_modelrun_start")
            is_running = ModelRun.objects.filter(state=ModelRun.State.RUNNING).exists()
            tools.append(Tool(_("Start the night now"), url, is_main=not is_running))
        return tools

    def start_view(self, request: HttpRequest) -> HttpResponse:
        if not request.user.has_perm("loyalty.add_modelrun"):
            raise PermissionDenied
        back = reverse("admin:loyalty_modelrun_changelist")
        if request.method != "POST":
            return self.ask(
                request,
                title=_("Start the night now"),
                says=[
                    _(
                        "What the tills uploaded is loaded, every household is rebuilt "
                        "from all earlier "
                        "days, redemptions are cleared, and mailings that are due are selected and "
                        "printed."
                    ),
                    _(
                        "What was done before is not done twice. A night that is running "
                        "goes on; this "
                        "one then stops at once."
                    ),
                ],
                button=_("Start the night now"),
                back=back,
            )
        if queued_once.put_once("coupons.tasks.night", timezone.localdate().isoformat()):
            begun = _("The night, started by hand")
            changes.note(request.user, request.path, ModelRun._meta.db_table, begun)
            messages.success(
                request, (_("The night will start. %(queue_hint)s") % {"queue_hint": QUEUE_HINT})
            )
        else:
            messages.info(request, _("It was started already: look here again in a minute."))
        return HttpResponseRedirect(back)
