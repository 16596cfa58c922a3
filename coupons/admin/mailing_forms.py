"""The forms of a mailing: its own terms, its words in other languages, recipients by tier."""

from typing import Any, ClassVar

from django import forms
from django.conf import settings
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from coupons.models import Mailing, MailingText
from loyalty.admin.words import TIER_NAMES
from loyalty.shopper.value import TIERS
from pos_integration.desk import ModelForm


class MailingForm(ModelForm[Mailing]):
    """A mailing's own terms, and what must agree among them."""

    class Meta:
        labels: ClassVar[dict[str, Any]] = {
            "code": gettext_lazy("Short name"),
            "most_contacts": gettext_lazy("At most so many sheets"),
            "contact_days": gettext_lazy("within days"),
            "holdout_share": gettext_lazy("Held out"),
            "objective": gettext_lazy("Chosen for"),
            "model_days": gettext_lazy("Beliefs at most"),
            "leaf": gettext_lazy("Sides"),
            "select_on": gettext_lazy("Selected on"),
            "issue_on": gettext_lazy("Issued on"),
            "valid_from": gettext_lazy("Good from"),
            "valid_to": gettext_lazy("Good until"),
        }
        help_texts: ClassVar[dict[str, Any]] = {
            "code": gettext_lazy("In the names of its files; made of the name"),
            "contact_days": gettext_lazy("Empty at the left: no cap"),
            "most_contacts": gettext_lazy("Who got so many lately gets none"),
            "holdout_share": gettext_lazy(
                "Share of households that get no sheet, to measure against; 0.1 is 10 percent"
            ),
            "fairness": gettext_lazy(
                "By how much coupons of a tier, or of a household size, may be worth more or "
                "less than the mean; 0.05 is 5 percent; empty: no limit"
            ),
            "budget": gettext_lazy("The most its coupons may be expected to cost; empty: no limit"),
            "model_days": gettext_lazy("Days old; what was believed before is too old for it"),
        }

    def clean(self) -> dict[str, Any]:
        given: dict[str, Any] = super().clean() or {}
        leaf, letter = given.get("leaf"), given.get("letter", "")
        if leaf == Mailing.Leaf.LETTER and not letter.strip():
            self.add_error("letter", _("A letter in front wants its text here."))
        if leaf and leaf != Mailing.Leaf.LETTER and letter.strip():
            self.add_error(
                "leaf",
                _("The letter would be on no side: choose '%(leaf)s'.")
                % {"leaf": Mailing.Leaf.LETTER.label},
            )
        self._check_dates(given)
        self._check_places(given)
        self._check_shares(given)
        return given

    def _check_dates(self, given: dict[str, Any]) -> None:
        select, issue = given.get("select_on"), given.get("issue_on")
        first, last = given.get("valid_from"), given.get("valid_to")
        if first and last and last < first:
            self.add_error(
                "valid_to",
                _("Its last day is before its first: %(day)s.") % {"day": date_format(first)},
            )
        if issue and last and issue > last:
            self.add_error(
                "issue_on",
                _("By then its coupons are over: they are good until %(day)s.")
                % {"day": date_format(last)},
            )
        if select and issue and select > issue:
            self.add_error(
                "select_on",
                _("Coupons are selected before they are issued, on %(day)s.")
                % {"day": date_format(issue)},
            )

    def _check_places(self, given: dict[str, Any]) -> None:
        places = given.get("coupons_per_sheet")
        if places is None:
            return
        random, new = given.get("random_slots"), given.get("discovery_slots")
        if random is not None and random >= places:
            self.add_error(
                "random_slots",
                _("Of %(n)s coupons at most %(most)s can be drawn by lot: some must be chosen.")
                % {"n": places, "most": places - 1},
            )
        if new is not None and new > places:
            self.add_error(
                "discovery_slots",
                _("A sheet has %(n)s coupons: no more can be new.") % {"n": places},
            )
        if given.get("coupons_per_category") == 0:
            self.add_error(
                "coupons_per_category", _("A category must be allowed one coupon at least.")
            )

    def _check_shares(self, given: dict[str, Any]) -> None:
        for name in ("holdout_share", "fairness"):
            share = given.get(name)
            if share is not None and not 0 <= share < 1:
                self.add_error(
                    name, _("It is a share: 0.1 is 10 percent; wanted: from 0 to less than 1.")
                )
        budget = given.get("budget")
        if budget is not None and budget < 0:
            self.add_error("budget", _("A budget is not negative; leave it empty for no limit."))


class TextForm(ModelForm[MailingText]):
    """A mailing's words in a language that households are written to in."""

    language = forms.ChoiceField(choices=settings.LANGUAGES, label=gettext_lazy("Language"))


class RecipientsForm(forms.Form):
    """Who a mailing is meant for: everybody of some tiers, as last night saw them."""

    tiers = forms.MultipleChoiceField(
        choices=[(tier, TIER_NAMES[tier]) for tier in TIERS],
        widget=forms.CheckboxSelectMultiple,
        initial=list(TIERS),
        help_text=gettext_lazy(
            "Every household of these tiers. Those without consent are left out when the sheets "
            "are issued."
        ),
        label=gettext_lazy("Tiers"),
    )
