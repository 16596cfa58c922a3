"""The desk's six words, and the pages below each: what somebody may open, and where they are."""

from dataclasses import dataclass
from typing import Any, Final

from django import template
from django.urls import NoReverseMatch, reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from pos_integration.staff import store_names_of

register = template.Library()


@dataclass(frozen=True)
class Entry:
    """A page of a section. `model`: whose pages these are, as their addresses name it."""

    label: str
    url: str
    is_current: bool


@dataclass(frozen=True)
class Section:
    """One of the words: where it leads, and what lies below it."""

    label: str
    url: str
    is_current: bool
    entries: tuple[Entry, ...]


# Word, then its pages: label, model as the desk's addresses name it.
_SECTIONS: Final = (
    (gettext_noop("Today"), ()),
    (
        gettext_noop("Households"),
        (
            (gettext_noop("Households"), "loyalty_household"),
            (gettext_noop("Concerns and notes"), "loyalty_note"),
            (gettext_noop("Requests for data"), "loyalty_datarequest"),
            (gettext_noop("Cards"), "loyalty_card"),
            (gettext_noop("Mergers"), "loyalty_merger"),
            (gettext_noop("What is believed"), "loyalty_householdsummary"),
        ),
    ),
    (
        gettext_noop("Mailings"),
        (
            (gettext_noop("Mailings"), "coupons_mailing"),
            (gettext_noop("Segments"), "coupons_segment"),
            (gettext_noop("Selections"), "coupons_selection"),
            (gettext_noop("Sheets"), "coupons_sheet"),
            (gettext_noop("Coupons"), "coupons_coupon"),
            (gettext_noop("Print runs"), "coupons_printrun"),
            (gettext_noop("Themes"), "coupons_theme"),
            (gettext_noop("Fonts"), "coupons_fontfile"),
            (gettext_noop("Press profiles"), "coupons_pressprofile"),
            (gettext_noop("Seed addresses"), "coupons_seedaddress"),
            (gettext_noop("Standing hold-out"), "coupons_standingholdout"),
        ),
    ),
    (
        gettext_noop("Offers"),
        (
            (gettext_noop("Offers"), "coupons_offer"),
            (gettext_noop("Offer files"), "coupons_offerfile"),
            (gettext_noop("Pictures"), "coupons_picture"),
            (gettext_noop("Restrictions"), "coupons_restriction"),
            (gettext_noop("Products"), "pos_integration_product"),
            (gettext_noop("Categories"), "pos_integration_category"),
        ),
    ),
    (
        gettext_noop("Tills"),
        (
            (gettext_noop("Tills"), "pos_integration_terminal"),
            (gettext_noop("Stores"), "pos_integration_store"),
            (gettext_noop("Uploads"), "pos_integration_upload"),
            (gettext_noop("Rejects"), "pos_integration_reject"),
            (gettext_noop("Refusals"), "coupons_refusal"),
            (gettext_noop("Redemptions"), "coupons_redemption"),
            (gettext_noop("Baskets"), "pos_integration_basket"),
            (gettext_noop("Scale labels"), "pos_integration_scalelabel"),
        ),
    ),
    (
        gettext_noop("Reports"),
        (
            (gettext_noop("Measurements"), "coupons_measurement"),
            (gettext_noop("Nights"), "loyalty_modelrun"),
            (gettext_noop("What was learned"), "loyalty_fittedmodel"),
            (gettext_noop("Statements"), "coupons_statement"),
            (gettext_noop("Funders"), "coupons_funder"),
            (gettext_noop("Ledger"), "coupons_ledgerentry"),
            (gettext_noop("Disputes"), "coupons_dispute"),
            (gettext_noop("What staff changed"), "pos_integration_change"),
            (gettext_noop("Users"), "auth_user"),
        ),
    ),
)

# Pages that no word lists, and those that they belong to.
_TOLD_WITH: Final = {
    "pos_integration_redemptionrecord": "coupons_redemption",
    "coupons_offerproduct": "coupons_offer",
    "coupons_recipient": "coupons_mailing",
    "loyalty_purchasechunk": "loyalty_modelrun",
}


@register.simple_tag(takes_context=True)
def sections(context: dict[str, Any]) -> list[Section]:
    """The sections that whoever is signed in may open; a word leads to its first page."""
    request = context["request"]
    match = request.resolver_match
    at = match.url_name or "" if match is not None else ""
    if (model := at.rpartition("_")[0]) in _TOLD_WITH:
        at = f"{_TOLD_WITH[model]}_"
    found = []
    for word, pages in _SECTIONS:
        if not pages:
            found.append(Section(_(word), reverse("admin:index"), at == "index", ()))
            continue
        entries = tuple(
            Entry(_(label), url, at.startswith(f"{model}_"))
            for label, model in pages
            if (url := _list_of(request.user, model))
        )
        if entries:
            is_current = any(entry.is_current for entry in entries)
            found.append(Section(_(word), entries[0].url, is_current, entries))
    return found


@register.simple_tag(takes_context=True)
def my_stores(context: dict[str, Any]) -> str:
    """The stores that whoever is signed in works in, for beside the name; "" for every store."""
    names = store_names_of(context["request"].user)
    if names is None:
        return ""
    if not names:
        return _("in no store yet: ask an administrator")
    return names[0] if len(names) == 1 else _("%(count)s stores") % {"count": len(names)}


def _list_of(user: Any, model: str) -> str:
    """Where the list of a model is; "" for who may not see it, and for what has no page."""
    app = next(
        app
        for app in ("pos_integration", "loyalty", "coupons", "auth")
        if model.startswith(f"{app}_")
    )
    if not user.has_perm(f"{app}.view_{model.removeprefix(f'{app}_')}"):
        return ""
    try:
        return reverse(f"admin:{model}_changelist")
    except NoReverseMatch:
        return ""
