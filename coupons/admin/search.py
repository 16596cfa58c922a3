"""The one search box: whatever was typed leads to its page, or to a page of all it may mean."""

from collections.abc import Sequence
from typing import Final, NamedTuple

from django.contrib import admin
from django.contrib.auth.models import AnonymousUser, User
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.formats import date_format
from django.utils.functional import Promise
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from coupons import finding
from coupons.admin.sheets import TONES
from coupons.finding import Found, Thing
from coupons.models import Coupon, Mailing, Statement
from coupons.sheets import codes
from loyalty.admin import words
from loyalty.models import Household
from pos_integration import staff
from pos_integration.desk import NOTHING, Panel, in_sentence, link, pill, table

PAGES: Final = {
    "household": "admin:loyalty_household_change",
    "coupon": "admin:coupons_coupon_change",
    "basket": "admin:pos_integration_basket_change",
    "offer": "admin:coupons_offer_change",
    "mailing": "admin:coupons_mailing_change",
    "statement": "admin:coupons_statement_change",
    "store": "admin:pos_integration_store_change",
    "till": "admin:pos_integration_terminal_change",
    "product": "admin:pos_integration_product_change",
}


class Kind(NamedTuple):
    """How a group of things with names is headed."""

    title: str | Promise
    code: str | Promise
    name: str | Promise
    state: str | Promise


KINDS: Final = {
    "offer": Kind(
        gettext_lazy("Offers"),
        gettext_lazy("Code"),
        gettext_lazy("Name"),
        gettext_lazy("Last day"),
    ),
    "mailing": Kind(
        gettext_lazy("Mailings"), gettext_lazy("Code"), gettext_lazy("Name"), gettext_lazy("State")
    ),
    "statement": Kind(
        gettext_lazy("Statements"),
        gettext_lazy("Number"),
        gettext_lazy("Funder"),
        gettext_lazy("State"),
    ),
    "store": Kind(
        gettext_lazy("Stores"),
        gettext_lazy("Number"),
        gettext_lazy("Name"),
        gettext_lazy("Currency"),
    ),
    "till": Kind(
        gettext_lazy("Tills"), gettext_lazy("Till"), gettext_lazy("Store"), gettext_lazy("State")
    ),
    "product": Kind(
        gettext_lazy("Products"), gettext_lazy("GTIN"), gettext_lazy("Name"), gettext_lazy("Brand")
    ),
}

MAY_BE_SEARCHED: Final = (
    (gettext_lazy("A card's number, whole"), "2100004711"),
    (gettext_lazy("A household's number, as its page has it"), "#4711"),
    (gettext_lazy("A coupon's code, as printed or scanned"), "7Q4M-K2XP-9TRD-A"),
    (gettext_lazy("A postcode, whole"), "50667"),
    (gettext_lazy("A name or part of it, in any order of words"), "Meier Anna"),
    (gettext_lazy("A receipt: its number, or store/till/day/number"), "330/4/2026-03-05/1234"),
    (gettext_lazy("A store, or a till as store/till"), "330/4"),
    (gettext_lazy("An offer or a mailing by code or name"), "OATS-50"),
    (gettext_lazy("A product's GTIN"), "4006381333931"),
)


def search(request: HttpRequest) -> HttpResponse:
    """Look for `q`; what alone was typed whole is opened at once."""
    assert isinstance(request.user, User | AnonymousUser)
    found = finding.find(request.GET.get("q", ""), request.user, staff.stores_of(request.user))
    if len(found.exact) == 1:
        (kind, pk) = found.exact[0]
        return HttpResponseRedirect(page_of(kind, pk))
    return TemplateResponse(
        request,
        "admin/search.html",
        {
            **admin.site.each_context(request),
            "title": _("Search"),
            "typed": found.text,
            "panels": groups(found),
            "examples": MAY_BE_SEARCHED,
        },
    )


def page_of(kind: str, pk: int) -> str:
    return reverse(PAGES[kind], args=[pk])


def groups(found: Found) -> list[Panel]:
    """A card for each kind of what was found, the likeliest first."""

    def note(kind: str) -> str:
        more = _("the first %(n)s: add a word") % {"n": finding.MOST}
        return more if kind in found.more else ""

    panels = []
    if found.homes:
        homes = _homes_table(found.homes)
        panels.append(Panel(_("Households"), homes, note("household"), is_wide=True))
    if found.coupons:
        panels.append(Panel(_("Coupons"), _coupons_table(found.coupons), is_wide=True))
    if found.baskets:
        panels.append(
            Panel(
                _("Receipts"),
                table(
                    (_("Receipt"), _("Store"), _("Till") + "#", _("Day"), _("Card")),
                    (
                        (
                            link(page_of("basket", one.pk), one.receipt),
                            one.store,
                            one.till,
                            date_format(one.business_date),
                            one.card_number or NOTHING,
                        )
                        for one in found.baskets
                    ),
                    "",
                ),
                _("of each till's last %(n)s days") % {"n": finding.TILL_DAYS},
                is_wide=True,
            )
        )
    for name, kind in KINDS.items():
        things = [thing for thing in found.things if thing.kind == name]
        if things:
            body = _things_table(kind, things)
            panels.append(Panel(str(kind.title), body, note(name), is_wide=True))
    return panels


def _homes_table(homes: Sequence[Household]) -> SafeString:
    rows = []
    for home in homes:
        summary = home.desk_summary  # type: ignore[attr-defined] # set by finding
        address = getattr(home, "address", None)
        rows.append(
            (
                link(page_of("household", home.pk), home),
                f"{address.postcode} {address.city}" if address else NOTHING,
                words.tier_pill(summary.tier) if summary else NOTHING,
                date_format(summary.last_on) if summary else _("not yet"),
                (summary.home_store or NOTHING) if summary else NOTHING,
            )
        )
    return table((_("Household"), _("Place"), _("Tier"), _("Last trip"), _("Store")), rows, "")


def _coupons_table(coupons: Sequence[Coupon]) -> SafeString:
    return table(
        (_("Code"), _("Offer"), _("State"), _("Good until"), _("Household"), _("Sheet")),
        (
            (
                link(page_of("coupon", one.pk), codes.grouped(one.code)),
                one.terms,
                pill(in_sentence(one.get_state_display()), TONES[one.state]),
                date_format(one.valid_to),
                link(page_of("household", one.sheet.household_id), one.sheet.household),
                link(reverse("admin:coupons_sheet_change", args=[one.sheet_id]), one.sheet),
            )
            for one in coupons
        ),
        "",
    )


def _things_table(kind: Kind, things: Sequence[Thing]) -> SafeString:
    return table(
        [str(title) for title in kind[1:]],
        (
            (link(page_of(one.kind, one.pk), one.code or one.name), one.name, _state(one))
            for one in things
        ),
        "",
    )


def _state(thing: Thing) -> SafeString | str:
    match thing.kind:
        case "mailing":
            return pill(in_sentence(Mailing.State(thing.state).label))
        case "statement":
            tone = "good" if thing.state == Statement.State.PAID else "busy"
            return pill(in_sentence(Statement.State(thing.state).label), tone)
        case "till":
            return pill(_("revoked"), "bad") if thing.state else pill(_("may sign in"), "good")
        case "offer" if day := finding.day_of(thing.state):
            return date_format(day)
    return thing.state or NOTHING
