"""What is believed of one household, as panels: for its own page and for its summary's."""

from collections.abc import Mapping, Sequence
from datetime import date

from django.urls import reverse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _lazy

from loyalty import plots
from loyalty.admin import words
from loyalty.models import HouseholdSummary, ModelRun, Profile
from loyalty.shopper.habits import PACE_DAYS
from pos_integration.desk import NOTHING, Panel, grouped, link, money, percent, pill, table
from pos_integration.models import Category, Product

NEEDS_SHOWN = 10
DISCOVERIES_SHOWN = 8
PACE_WEEKS = PACE_DAYS // 7
WEEKS_A_ROW = 4  # of the plot's figures as a table
NOT_KNOWN = _lazy("Too little bought so far to tell.")


def of_household(summary: HouseholdSummary) -> list[Panel]:
    """Everything that the summary's run believes of its household, each with the run's day.

    summary: with its run and home store. Asks the database three things.
    """
    if summary.is_shared:  # facts, and no belief
        return list(by_name(summary, None).values())
    profile = Profile.objects.filter(household=summary.household_id, run=summary.run).first()
    as_of = _("as of %(day)s") % {"day": words.day_text(summary.run.as_of)}
    glance = Panel(_("At a glance"), _glance(summary), as_of, is_wide=True)
    return [glance, *by_name(summary, profile).values()]


def by_name(
    summary: HouseholdSummary,
    profile: Profile | None,
    products: Mapping[int, Product] | None = None,
) -> dict[str, Panel]:
    """The same by name, without the glance; two queries where there is a profile.

    summary: with its run and home store; profile: of the same run; products: those that it needs,
    by id, if they are known.
    """
    run = summary.run
    as_of = _("as of %(day)s") % {"day": words.day_text(run.as_of)}
    in_figures = Panel(_("In figures"), _figures(summary), as_of)
    if summary.is_shared:
        return {"warning": _warning(summary, as_of), "figures": in_figures}
    return {
        "weeks": Panel(_("Spend a week"), _weeks(summary), _weeks_note(summary, as_of)),
        "needs": Panel(
            _("What it needs"), _needs(profile, run, products), f"{_needs_note(summary)}, {as_of}"
        ),
        "departments": Panel(
            _("Where its money goes"),
            _departments(summary),
            _("the last 52 weeks, %(as_of)s") % {"as_of": as_of},
        ),
        "discoveries": Panel(_("What it may like and does not know"), _discoveries(profile), as_of),
        "wallets": Panel(
            _("What it buys elsewhere"),
            _wallets(summary),
            _("an estimate, %(as_of)s") % {"as_of": as_of},
        ),
        "habits": Panel(_("Habits"), _habits(summary), as_of),
        "worth": Panel(_("What it is worth"), _worth(summary), as_of),
        "figures": in_figures,
    }


def _warning(summary: HouseholdSummary, as_of: str) -> Panel:
    why = words.shared_words(summary)
    body = format_html(
        '<p class="warning">{} {}{}. {}</p>',
        pill(_("kept out of the models"), "bad"),
        why[:1].upper(),
        why[1:],
        _(
            "Nothing is learned from its purchases, and nothing is believed of it. If cashiers "
            "lend it out, give them a card of their own."
        ),
    )
    return Panel(_("This card seems to be shared"), body, as_of, is_wide=True)


def _glance(summary: HouseholdSummary) -> SafeString:
    known = summary.wallet_share is not None
    rooms = [str(name) for name, _, room in summary.wallets[:3] if room > 0]
    year, value = summary.year_value, summary.lifetime_value
    figures = (
        (
            _("Tier"),
            words.tier_name(summary.tier),
            _("spent %(money)s in 52 weeks") % {"money": money(summary.monetary)},
        ),
        (
            _("Expected in a year"),
            words.about(year),
            (_("spend, ± %(about)s") % {"about": words.about(summary.year_margin, like=year)}),
        ),
        (
            _("Worth in three years"),
            words.about(value),
            _("not known yet")
            if value is None
            else (
                _("margin, ± %(about)s")
                % {"about": words.about(summary.lifetime_margin, like=value)}
            ),
        ),
        (
            _("Our share of its groceries"),
            percent(summary.wallet_share or 0.0) if known else NOTHING,
            (_("room: %(rooms)s") % {"rooms": ", ".join(rooms)} if rooms else _("no room seen"))
            if known
            else _("not known"),
        ),
    )
    return format_html(
        '<dl class="glance">{}</dl>',
        format_html_join(
            "\n", "<div><dt>{}</dt><dd><strong>{}</strong><span>{}</span></dd></div>", figures
        ),
    )


def _weeks(summary: HouseholdSummary) -> SafeString:
    cents, until = summary.weekly_spend_cents, summary.run.as_of
    if not cents:
        return format_html('<p class="empty">{}</p>', _("No week is known yet."))
    # A run from before trips were counted by week has none.
    trips = summary.weekly_trips if len(summary.weekly_trips) == len(cents) else []
    plot = mark_safe(plots.weeks(cents, trips, until=until, since=summary.first_on))  # noqa: S308 # drawn from numbers
    return format_html(
        '<div class="scroll" tabindex="0">{}</div><details class="as-table"><summary>{}</summary>'
        "{}</details>",
        plot,
        _("The same as a table"),
        _weeks_table(cents, trips, until),
    )


def _weeks_table(cents: Sequence[int], trips: Sequence[int], until: date) -> SafeString:
    rows = []
    for end in range(len(cents), 0, -WEEKS_A_ROW):
        start = max(end - WEEKS_A_ROW, 0)
        last = date.fromordinal(until.toordinal() - 7 * (len(cents) - end) - 1)
        spent = grouped(sum(cents[start:end]) / 100, 2)
        rows.append((words.day_text(last), sum(trips[start:end]) if trips else NOTHING, spent))
    return table(
        (
            (_("%(weeks_a_row)s weeks until") % {"weeks_a_row": WEEKS_A_ROW}),
            _("Trips#"),
            _("Spend#"),
        ),
        rows,
        "",
    )


def _weeks_note(summary: HouseholdSummary, as_of: str) -> str:
    cents, trips, until = summary.weekly_spend_cents, summary.weekly_trips, summary.run.as_of
    known = plots.weeks_known(len(cents), until=until, since=summary.first_on)
    note = grouped(sum(cents) / max(known, 1) / 100, 2)
    if trips:
        note += _(" and %(said)s trips") % {"said": grouped(sum(trips) / max(known, 1), 1)}
    return _("%(note)s on average, %(as_of)s") % {"note": note, "as_of": as_of}


def _needs_note(summary: HouseholdSummary) -> str:
    if words.is_newcomer(summary):
        return _("mostly what others buy at %(store_words)s") % {
            "store_words": words.store_words(summary)
        }
    return _("by its own rhythm")


def _needs(
    profile: Profile | None, run: ModelRun, products: Mapping[int, Product] | None
) -> SafeString:
    best = profile.needs[:NEEDS_SHOWN] if profile else []
    names = products or Product.objects.in_bulk([entry[0] for entry in best])
    rows = []
    for product, chance, days_bought, gap, last in best:
        name = names[product].name if product in names else f"Product {product}"
        item = link(reverse("admin:pos_integration_product_change", args=[product]), name)
        if days_bought:
            last_on = date.fromisoformat(last)
            often = words.rhythm_words(days_bought, gap, (run.as_of - last_on).days)
            due = words.due_pill(days_bought, gap, last_on, run.as_of)
        else:
            often, due = _("others buy it"), pill(_("not bought yet"))
        rows.append((item, often, due, percent(chance)))
    return table((_("Item"), _("Rhythm"), _("Due"), _("Next 28 days#")), rows, str(NOT_KNOWN))


def _discoveries(profile: Profile | None) -> SafeString:
    best = profile.discoveries[:DISCOVERIES_SHOWN] if profile else []
    found = Category.objects.in_bulk({pk for new, _, old in best for pk in (new, old) if pk})
    rows = []
    for category, chance, because in best:
        url = reverse("admin:pos_integration_category_change", args=[category])
        name = link(url, found[category].name if category in found else f"Category {category}")
        bought = found[because].name if because in found else NOTHING
        rows.append((name, bought, percent(chance)))
    return table(
        (_("Category"), _("Because it buys"), _("First bought in 56 days#")),
        rows,
        _(
            "Nothing suggests itself. What was learned of other households may be missing: "
            "see 'Fitted models'."
        ),
    )


def _departments(summary: HouseholdSummary) -> SafeString:
    return table(
        (_("Department"), "", _("Share#")),
        ((name, _bar(share), percent(share)) for name, share in summary.categories),
        _("Nothing bought in the last 52 weeks."),
    )


def _worth(summary: HouseholdSummary) -> SafeString:
    year, year_margin = summary.year_value, summary.year_margin
    said = words.within_words(year, year_margin)
    estimates = [(_("Spend in the next 52 weeks"), said, year, year_margin)]
    value, margin = summary.lifetime_value, summary.lifetime_margin
    if value is not None and margin is not None:
        said = words.worth_words(int(100 * value), int(100 * margin))
        estimates.append((_("Margin in three years"), said, value, margin))
    rows = []
    for name, why, middle, margin_of_it in estimates:
        low, high = words.within(middle, margin_of_it)
        bar = plots.interval(float(low), float(middle), float(high), top=float(high))
        drawn = mark_safe(bar)  # noqa: S308 # drawn from numbers
        rows.append((_two_lines(name, why), drawn, words.about(middle)))
    shown = table((_("What"), "", _("Expected#")), rows, "")
    if len(rows) > 1:
        return shown
    return format_html('{}<p class="empty">{}</p>', shown, _("Not known yet for three years."))


def _wallets(summary: HouseholdSummary) -> SafeString:
    rows: list[tuple[object, ...]] = []
    if summary.wallet_share is not None:
        share = summary.wallet_share
        rows.append((format_html("<b>{}</b>", _("All groceries")), _bar(share), percent(share), ""))
    for name, part, room in summary.wallets:
        rows.append((name, _bar(part), percent(part), grouped(room / 100)))
    shown = table(
        (_("Department"), "", _("Our share#"), _("Room a year#")),
        rows,
        _("Not known: it takes some weeks of shopping, and households like it to compare with."),
    )
    said = (
        [f"{words.share_words(summary.wallet_share)}."] if summary.wallet_share is not None else []
    )
    said += [
        f"{words.room_words(name.lower(), part, room)}." for name, part, room in summary.wallets[:1]
    ]
    if not said:
        return shown
    return format_html('<p class="how-far">{}</p>{}', " ".join(said), shown)


def _habits(summary: HouseholdSummary) -> SafeString:
    store = summary.home_store
    price = summary.price_sensitivity
    sensitivity: object = _("not known yet")
    if price is not None:
        sensitivity = format_html(
            '{}<span class="ends"><span>{}</span>{}<span>{}</span></span>',
            words.price_words(price),
            _("any price"),
            mark_safe(plots.gauge(price)),  # noqa: S308 # drawn from numbers
            _("offers only"),
        )
    where: object = _("not known yet")
    if store is not None:
        url = reverse("admin:pos_integration_store_change", args=[store.pk])
        where = link(url, words.store_words(summary))
    rows = (
        (_("Home store"), where),
        (_("How often"), _pace(summary)),
        (_("Shops mostly on"), words.when_words(summary) or _("no day in particular")),
        (_("Prices"), sensitivity),
        (_("Lines with a coupon"), percent(summary.coupon_share)),
        (_("Saved by discounts"), money(summary.saved)),
    )
    return table((_("What"), _("How")), rows, "")


def _pace(summary: HouseholdSummary) -> str:
    """By its trips of the last quarter."""
    lately = summary.weekly_trips[-PACE_WEEKS:]
    return words.pace_words(sum(lately) / PACE_WEEKS) if lately else _("not known yet")


def _figures(summary: HouseholdSummary) -> SafeString:
    gap = summary.mean_gap_days
    return table(
        (_("What"), _("Value#")),
        (
            (_("Spent in 52 weeks"), money(summary.monetary)),
            (_("Shopping days in all"), grouped(summary.frequency)),
            (_("Baskets in all"), grouped(summary.baskets)),
            (_("Days between two trips"), NOTHING if gap is None else grouped(gap, 1)),
            (_("Days since the last"), grouped(summary.recency_days)),
            (_("First basket"), words.day_text(summary.first_on)),
            (_("Last basket"), words.day_text(summary.last_on)),
        ),
        "",
    )


def _bar(share: float) -> SafeString:
    return mark_safe(plots.share_bar(share))  # noqa: S308 # drawn from numbers


def _two_lines(first: str, second: str) -> SafeString:
    return format_html('{}<br><span class="quiet">{}</span>', first, second)
