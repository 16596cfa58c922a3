"""The last receipts of a household, for its page: what somebody at the desk asks about first."""

from collections.abc import Sequence

from django.db.models import OuterRef, Subquery, Sum
from django.http import HttpRequest
from django.urls import reverse
from django.utils.formats import date_format
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from loyalty.admin.overview import Part, tool_row
from pos_integration import staff
from pos_integration.desk import NOTHING, in_sentence, link, money, pill, table
from pos_integration.models import Basket, Tender

SHOWN = 6


def part(request: HttpRequest, cards: Sequence[str]) -> Part | None:
    """The latest baskets of these cards, one query by index; None for who may not see baskets."""
    if not request.user.has_perm("pos_integration.view_basket"):
        return None
    paid = Tender.objects.filter(basket=OuterRef("pk")).order_by().values("basket")
    baskets = (
        Basket.objects.filter(card_number__in=cards)
        .select_related("store")
        .annotate(paid=Subquery(paid.annotate(sum=Sum("amount")).values("sum")))
        .order_by("-business_date", "-pk")[:SHOWN]
    )
    mine = staff.stores_of(request.user)
    body = table(
        (_("Day"), _("Store"), _("Receipt"), _("Paid") + "#"),
        (
            (
                date_format(one.business_date),
                one.store.name,
                _receipt(one, is_mine=mine is None or one.store_id in mine),
                NOTHING if one.paid is None else money(one.paid),
            )
            for one in (baskets if cards else ())
        ),
        _("No receipt yet with one of its cards."),
    )
    if cards and not body.startswith("<p"):
        url = reverse("admin:pos_integration_basket_changelist")
        asked = f"{url}?card_number__in={','.join(cards)}"
        body += tool_row((asked, _("All its receipts")))
    return Part(_("Last receipts"), body)


def _receipt(basket: Basket, *, is_mine: bool) -> SafeString | str:
    """Its number, and what is not a sale in words; a link where somebody may open it."""
    url = reverse("admin:pos_integration_basket_change", args=[basket.pk])
    number: SafeString | str = link(url, basket.receipt) if is_mine else basket.receipt
    if basket.kind == Basket.Kind.SALE:
        return number
    kind = pill(in_sentence(basket.get_kind_display()), "warn")
    return format_html("{} {}", number, kind)
