"""What of offers is changed for several at once."""

from typing import TYPE_CHECKING, Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from coupons.models import Offer
from pos_integration.admin.together import TogetherForm
from pos_integration.models import Store

if TYPE_CHECKING:
    Stores = forms.ModelMultipleChoiceField[Store]
else:
    Stores = forms.ModelMultipleChoiceField

LIMITS = ("most_coupons", "per_household", "expected_budget", "real_budget")


class OffersTogetherForm(TogetherForm):
    """What to change; what is left empty stays as each offer has it."""

    valid_from = forms.DateField(
        required=False,
        label=gettext_lazy("First day"),
        widget=forms.DateInput(attrs={"type": "date"}),
    )
    valid_to = forms.DateField(
        required=False,
        label=gettext_lazy("Last day"),
        widget=forms.DateInput(attrs={"type": "date"}),
    )
    days = forms.IntegerField(
        required=False,
        min_value=-366,
        max_value=366,
        label=gettext_lazy("Or move both by so many days"),
        help_text=gettext_lazy("7: a week later; -7: a week earlier"),
    )
    most_coupons = forms.IntegerField(
        required=False, min_value=0, label=gettext_lazy("Coupons at most")
    )
    per_household = forms.IntegerField(
        required=False, min_value=1, label=gettext_lazy("Times a household")
    )
    expected_budget = forms.DecimalField(
        required=False,
        min_value=0,
        max_digits=12,
        decimal_places=2,
        label=gettext_lazy("Expected budget"),
    )
    real_budget = forms.DecimalField(
        required=False,
        min_value=0,
        max_digits=12,
        decimal_places=2,
        label=gettext_lazy("Real budget"),
    )
    funder_share = forms.DecimalField(
        required=False,
        min_value=0,
        max_value=1,
        max_digits=4,
        decimal_places=3,
        label=gettext_lazy("Share of the funder"),
        help_text=gettext_lazy("0 to 1, such as 0.5 for one half"),
    )
    after_return = forms.ChoiceField(
        required=False,
        choices=[("", gettext_lazy("As it is")), *Offer.AfterReturn.choices],
        label=gettext_lazy("After a return"),
    )
    stores = Stores(
        queryset=Store.objects.order_by("number"),
        required=False,
        label=gettext_lazy("Only in these stores"),
        widget=forms.SelectMultiple(attrs={"size": 6}),
    )
    everywhere = forms.BooleanField(required=False, label=gettext_lazy("Good in every store"))
    without = forms.MultipleChoiceField(
        required=False,
        label=gettext_lazy("Take these limits away"),
        choices=[
            ("most_coupons", gettext_lazy("Coupons at most")),
            ("per_household", gettext_lazy("Times a household")),
            ("expected_budget", gettext_lazy("Expected budget")),
            ("real_budget", gettext_lazy("Real budget")),
        ],
        widget=forms.CheckboxSelectMultiple,
    )

    def check(self, said: dict[str, Any]) -> None:
        if said.get("days") and (said.get("valid_from") or said.get("valid_to")):
            self.add_error("days", _("Either say the days, or move them: not both."))
        if said.get("everywhere") and said.get("stores"):
            self.add_error("stores", _("Either every store or only these: not both."))

    def wanted(self) -> dict[str, Any]:
        """By field of Offer what is to be changed, as offer_changes takes it."""
        said = self.cleaned_data
        names = ("valid_from", "valid_to", "days", *LIMITS, "funder_share", "after_return")
        wanted = {name: said[name] for name in names if said.get(name) not in (None, "", 0)}
        wanted |= {name: 0 for name in (*LIMITS, "funder_share") if said.get(name) == 0}
        wanted |= dict.fromkeys(said.get("without") or ())
        if said.get("everywhere"):
            wanted["stores"] = []
        elif said.get("stores"):
            wanted["stores"] = list(said["stores"])
        return wanted
