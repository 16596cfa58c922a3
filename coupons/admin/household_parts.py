"""What coupons add to a household's page: its sheets, its coupons, what was sent to it."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from coupons.admin.mailing_steps import mailing_pill
from coupons.admin.sheets import coupon_pill, html_link, is_over, pdf_link, tag_pill
from coupons.models import Coupon, Mailing, Sheet
from loyalty import merging
from loyalty.admin.overview import WHOLE, Figure, Part, day, tool_row
from loyalty.models import Household, Note
from pos_integration.desk import NOTHING, link, money, percent, pill, table
from pos_integration.said import retold

SHEETS_SHOWN = 10
COUPONS_SHOWN = 40
CONTACTS_SHOWN = 12


@dataclass(frozen=True)
class Promised:
    """What a household, and those merged into it, were promised: the latest first."""

    sheets: list[Sheet]
    coupons: list[Coupon]

    def of(self, sheet: Sheet) -> list[Coupon]:
        """A sheet's coupons, in its order."""
        mine = [one for one in self.coupons if one.sheet_id == sheet.pk]
        return sorted(mine, key=lambda coupon: coupon.position)

    @property
    def last(self) -> Sheet | None:
        """The latest sheet that was chosen for it and is not void; else the latest there is."""
        live = (one for one in self.sheets if not one.mailing.is_goodwill and not one.voided_at)
        return next(live, self.sheets[0] if self.sheets else None)


def read(row: Household) -> Promised:
    """Four queries: the households, their sheets, the coupons on these, their uses."""
    homes = merging.absorbed(row.pk)
    sheets = list(
        Sheet.objects.filter(household__in=homes)
        .select_related("mailing")
        .order_by("-pk")[: SHEETS_SHOWN + 1]
    )
    coupons = (
        Coupon.objects.filter(sheet__in=sheets)
        .select_related("offer", "level__offer", "goodwill")
        .prefetch_related("redemptions")
        .order_by("-sheet", "position")
    )
    return Promised(sheets, list(coupons))


def figure(promised: Promised) -> Figure:
    """How many of its last sheet's coupons were used, and what that saved."""
    sheet = promised.last
    if sheet is None:
        return Figure(_("Coupons"), NOTHING, _("no sheet yet"))
    coupons = promised.of(sheet)
    uses = [use for one in coupons if (use := one.live_redemption) is not None]
    saved = sum((use.amount for use in uses), Decimal(0))
    return Figure(
        _("Coupons"),
        _("%(used)s of %(all)s") % {"used": len(uses), "all": len(coupons)},
        _("used of %(mailing)s, %(money)s saved")
        % {"mailing": sheet.mailing, "money": money(saved)},
    )


def last_sheet(request: HttpRequest, promised: Promised) -> Part:
    """The sheet that counts now: picture, links, and every coupon with why it is there."""
    sheet = promised.last
    if sheet is None:
        empty = _("No sheet yet: they come when a mailing it is in is issued.")
        return Part(_("Its last sheet"), format_html('<p class="empty">{}</p>', empty), span=8)
    rows = table(
        (_("Coupon"), _("Why this household"), _("Chance#"), _("Worth#"), _("State")),
        (
            (
                coupon_link(one),
                format_html("{} {}", one.reason, _why_pill(one)),
                NOTHING if is_goodwill(one) else percent(one.chance),
                NOTHING if one.value is None else money(Decimal(str(round(one.value, 2)))),
                coupon_pill(one),
            )
            for one in promised.of(sheet)
        ),
        _("This sheet has no coupons."),
    )
    why = table(
        (_("Coupon"), _("Why, in figures")),
        ((one.terms, retold(one.staff_reason)) for one in promised.of(sheet)),
        "",
    )
    thumbnail = reverse("admin:coupons_sheet_thumbnail", args=[sheet.pk])
    body = format_html(
        '<div class="last-sheet"><div><p class="sheet-links">{} {} \N{MIDDLE DOT} '
        "{} \N{MIDDLE DOT} {}</p>{}"
        '<details class="as-table"><summary>{}</summary>{}</details></div>'
        '<a class="thumb" href="{}" target="_blank" rel="noopener">'
        '<img src="{}" alt="{}" width="320" height="452" loading="lazy"></a></div>',
        sheet_pill(sheet),
        pdf_link(sheet.pk),
        html_link(sheet.pk, _("Its page, in large print")),
        link(reverse("admin:coupons_sheet_change", args=[sheet.pk]), _("all about it")),
        rows,
        _("Why, in figures"),
        why,
        reverse("admin:coupons_sheet_pdf", args=[sheet.pk]),
        thumbnail,
        _("The sheet as it is printed; opens as PDF"),
    )
    note = _("%(mailing)s, good until %(day)s") % {
        "mailing": sheet.mailing,
        "day": day(sheet.mailing.valid_to),
    }
    return Part(_("Its last sheet"), body, note, span=8, anchor="sheet")


def sheet_pill(sheet: Sheet) -> SafeString:
    """A sheet's state in its mailing's words, unless it is void."""
    return pill(_("void"), "bad") if sheet.voided_at else mailing_pill(sheet.mailing)


def is_goodwill(coupon: Coupon) -> bool:
    """Whether staff gave it; `select_related("goodwill")` where there are many."""
    return getattr(coupon, "goodwill", None) is not None


def coupon_link(coupon: Coupon) -> SafeString:
    return link(reverse("admin:coupons_coupon_change", args=[coupon.pk]), coupon.terms)


def sheets(promised: Promised, row: Household) -> Part:
    """Every sheet, with its paper."""
    rows = (
        (
            link(reverse("admin:coupons_sheet_change", args=[one.pk]), one.mailing),
            sheet_pill(one),
            one.number,
            money(one.savings),
            format_html("{} \N{MIDDLE DOT} {}", pdf_link(one.pk), html_link(one.pk)),
        )
        for one in promised.sheets[:SHEETS_SHOWN]
    )
    shown = table(
        (_("Mailing"), _("State"), _("Sheet#"), _("Saving#"), _("On paper")),
        rows,
        _("No sheet yet."),
    )
    return Part(_("Sheets"), shown)


def coupons(request: HttpRequest, promised: Promised, row: Household) -> Part:
    """Every coupon with its state and reason, up to a page of them."""
    may_void = request.user.has_perm("coupons.change_coupon")
    names = {one.pk: one.mailing for one in promised.sheets}
    rows = (
        (
            coupon_link(one),
            names[one.sheet_id],
            _why(one),
            day(one.valid_to),
            coupon_pill(one),
            link(reverse("admin:coupons_coupon_void", args=[one.pk]), _("Void"))
            if may_void and one.state == Coupon.State.OPEN and not is_over(one)
            else "",
        )
        for one in promised.coupons[:COUPONS_SHOWN]
    )
    shown = table(
        (_("Coupon"), _("Mailing"), _("Why"), _("Until"), _("State"), ""),
        rows,
        _("No coupon yet."),
    )
    url = f"{reverse('admin:coupons_coupon_changelist')}?sheet__household={row.pk}"
    count = len(promised.coupons)
    note = _("the last %(count)s") % {"count": min(count, COUPONS_SHOWN)} if count else ""
    return Part(
        _("Coupons"),
        format_html("{}{}", shown, tool_row((url, _("All its coupons"))) if count else ""),
        note,
        span=WHOLE,
        anchor="coupons",
    )


def _why_pill(coupon: Coupon) -> SafeString:
    return pill(_("goodwill"), "new") if is_goodwill(coupon) else tag_pill(coupon)


def _why(coupon: Coupon) -> object:
    if not is_goodwill(coupon):
        return coupon.reason
    return format_html("{} {}", _why_pill(coupon), coupon.goodwill.why)


def contacts(promised: Promised, notes: list[Note]) -> Part:
    """What was sent or given to it and who talked to it, the latest first."""
    rows: list[tuple[str, object, object]] = []
    known = {sheet.pk: sheet for sheet in promised.sheets}
    for sheet in promised.sheets:
        mailing = sheet.mailing
        if sheet.replaces_id:  # no mailing brought it: somebody at the desk did
            lost = known.get(sheet.replaces_id)
            if lost is not None and lost.voided_at is not None:
                when = timezone.localdate(lost.voided_at)
                rows.append((when.isoformat(), mailing, _("in a lost one's place")))
            continue
        if mailing.is_goodwill or mailing.state not in (Mailing.State.MAILED, Mailing.State.CLOSED):
            continue
        when = getattr(mailing, "mailed_on", None) or mailing.issue_on
        how = (
            _("by post")
            if mailing.channel == Mailing.Channel.PRINT
            else _("at tills and on phones")
        )
        rows.append((when.isoformat(), mailing, how))
    for coupon in promised.coupons:
        if is_goodwill(coupon):
            given = timezone.localdate(coupon.goodwill.given_at)
            said = f"{coupon.terms}: {coupon.goodwill.why}"
            rows.append((given.isoformat(), said, _why_pill(coupon)))
    for note in notes:
        if note.kind == Note.Kind.TALK:
            when = timezone.localdate(note.written_at)
            rows.append((when.isoformat(), note.text[:120], _("talk")))
    rows.sort(key=lambda one: one[0], reverse=True)
    shown = table(
        (_("Day"), _("What"), _("How")),
        ((_shown_day(when), what, how) for when, what, how in rows[:CONTACTS_SHOWN]),
        _("No mailing reached it yet, and nobody noted a talk."),
    )
    return Part(_("Contacts"), shown)


def _shown_day(iso: str) -> str:
    return date_format(date.fromisoformat(iso))
