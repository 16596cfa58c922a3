"""Two selections of a mailing side by side, and the choice between them."""

from collections.abc import Sequence
from typing import Any

from django import forms
from django.utils.formats import date_format
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from coupons.admin.paired_plots import paired_bars
from coupons.admin.selections import between
from coupons.models import Mailing, Selection
from loyalty.admin.words import tier_name
from pos_integration.desk import NOTHING, Panel, grouped, percent, table

OFFERS_SHOWN = 20
MOST = 20  # selections of one mailing to choose from


class WhichForm(forms.Form):
    """Which two."""

    first = forms.TypedChoiceField(coerce=int, label=gettext_lazy("This one"))
    second = forms.TypedChoiceField(coerce=int, label=gettext_lazy("beside this one"))

    def __init__(self, choices: list[tuple[int, str]], *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name in ("first", "second"):
            self.fields[name].choices = choices  # type: ignore[attr-defined] # of a choice field


def ready(mailing: Mailing) -> list[Selection]:
    """The selections that may be set side by side, the newest first."""
    rows = mailing.selections.filter(state=Selection.State.READY).select_related("run", "asked_by")
    return list(rows.order_by("-pk")[:MOST])


def panels(first: Selection, second: Selection, sheets: Any) -> list[Panel]:
    """sheets: what compared.sheets_of() found."""
    names = (_name(first), _name(second))
    upper_lower = _("the upper bar is selection %(first)s, the lower one selection %(second)s") % {
        "first": first.pk,
        "second": second.pk,
    }
    bars = [
        (_("Coupons by offer"), _offers(first, second)),
        (_("Sheets by tier"), _tiers(first, second)),
        (_("Coupons by reason"), _tags(sheets)),
    ]
    return [
        Panel(_("Figures"), _figures(first, second), _("with 95 % intervals"), is_wide=True),
        Panel(_("Whose coupons differ"), _differ(sheets)),
        Panel(_("Made by"), _made_by(first, second)),
        *(
            Panel(title, _drawn(title, names, rows), upper_lower, is_wide=at == 0)
            for at, (title, rows) in enumerate(bars)
        ),
    ]


def _name(selection: Selection) -> str:
    return _("Selection %(n)s") % {"n": selection.pk}


def _drawn(
    title: str, names: tuple[str, str], rows: Sequence[tuple[str, float, float]]
) -> SafeString:
    if not rows:
        return table((), (), _("No coupon in either."))
    # Its markup is this house's own, and escapes the names.
    return mark_safe(paired_bars(title, names, rows))  # noqa: S308 - our own figures


def _figures(first: Selection, second: Selection) -> SafeString:
    was, now = first.report["totals"], second.report["totals"]
    rows = [
        (
            label,
            between(was[key], digits),
            between(now[key], digits),
            _difference(was[key], now[key], digits),
        )
        for key, label, digits in (
            ("redemptions", _("Expected to be used"), 0),
            ("cost", _("Cost"), 2),
            ("margin", _("Margin"), 2),
        )
    ]
    coupons = now["coupons"] - was["coupons"]
    rows.insert(
        0,
        (_("Coupons"), grouped(was["coupons"]), grouped(now["coupons"]), f"{coupons:+,}"),
    )
    gaps = (first.report["gap"], second.report["gap"])
    rows.append(
        (
            _("Short of the best possible, at most"),
            percent(max(gaps[0], 1e-5), 3),
            percent(max(gaps[1], 1e-5), 3),
            NOTHING,
        )
    )
    return table(("", _name(first) + "#", _name(second) + "#", _("Difference") + "#"), rows, "")


def _difference(was: list[float] | None, now: list[float] | None, digits: int) -> str:
    if was is None or now is None:
        return NOTHING
    change = now[0] - was[0]
    share = f" ({change / was[0]:+.1%})" if was[0] > 0 else ""
    return f"{change:+,.{digits}f}{share}"


def _differ(sheets: Any) -> SafeString:
    if not sheets.homes:
        return table((), (), _("Nobody gets a sheet in either."))
    part = " " + _("(of a part of all)") if sheets.is_part else ""
    says = _("%(share)s of %(homes)s households would get other coupons%(part)s.") % {
        "share": percent(sheets.other_share),
        "homes": grouped(sheets.homes),
        "part": part,
    }
    return format_html("<p>{}</p>", says)


def _made_by(first: Selection, second: Selection) -> SafeString:
    def told(one: Selection) -> tuple[object, ...]:
        terms = one.terms
        budget = terms.get("budget")
        return (
            date_format(one.started_at, "DATETIME_FORMAT"),
            one.asked_by or _("a night"),
            date_format(one.run.as_of, "DATE_FORMAT") if one.run else NOTHING,
            grouped(len(terms.get("offers", []))),
            NOTHING if budget is None else grouped(budget, 2),
            terms.get("per_sheet", NOTHING),
            one.seed,
        )

    names = (
        _("Begun"), _("Asked by"), _("Beliefs of"), _("Offers"), _("Budget"),
        _("Coupons a sheet"), _("Seed of lots"),
    )  # fmt: skip
    rows = zip(names, told(first), told(second), strict=True)
    return table(("", _name(first) + "#", _name(second) + "#"), rows, "")


def _offers(first: Selection, second: Selection) -> list[tuple[str, float, float]]:
    """Those that differ most first; of more than fit, those that differ."""
    counts: dict[int, list[Any]] = {}
    for at, one in enumerate((first, second)):
        for offer in one.report["offers"]:
            row = counts.setdefault(offer["offer"], [offer["name"], 0, 0])
            row[at + 1] = offer["coupons"]
    rows = sorted(
        (tuple(row) for row in counts.values() if row[1] or row[2]),
        key=lambda row: (-abs(row[1] - row[2]), -max(row[1], row[2]), row[0]),
    )
    return rows[:OFFERS_SHOWN]


def _tiers(first: Selection, second: Selection) -> list[tuple[str, float, float]]:
    held = [{row[0]: row[1] for row in one.report["tiers"]} for one in (first, second)]
    names = list(dict.fromkeys([*held[0], *held[1]]))
    return [(tier_name(name), held[0].get(name, 0), held[1].get(name, 0)) for name in names]


def _tags(sheets: Any) -> list[tuple[str, float, float]]:
    from coupons.findings import TAG_NAMES  # loads the models of shoppers: too slow for commands

    return [(TAG_NAMES.get(tag, tag), *pair) for tag, pair in sheets.tags.items()]
