"""What long pages of a mailing share: tables that are folded, and words for who waits."""

from typing import Final

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from pos_integration.desk import grouped, table

SHOWN: Final = 40  # rows before the others are folded away


def folded(head: tuple[str, ...], rows: list[tuple[object, ...]], empty: str) -> SafeString:
    """A table whose many further rows are folded away."""
    first = table(head, rows[:SHOWN], empty)
    if len(rows) <= SHOWN:
        return first
    rest = len(rows) - SHOWN
    more = ngettext("%(n)s more", "%(n)s more", rest) % {"n": grouped(rest)}
    return format_html(
        '{}<details class="as-table"><summary>{}</summary>{}</details>',
        first,
        more,
        table(head, rows[SHOWN:], ""),
    )


def followed() -> tuple[str, str]:
    """What a page that follows work says once it ended, and while nobody answers."""
    return (
        _("It has ended. Save what you wrote, or drop it, then load this page again."),
        _("The server does not answer; asking again."),
    )


def reasons(said: str) -> SafeString:
    """The first of several sentences that stand in lines; the others are folded away."""
    first, *more = said.splitlines() or [""]
    if not more:
        return format_html("{}", first)
    summary = ngettext("%(n)s more", "%(n)s more", len(more)) % {"n": grouped(len(more))}
    return format_html(
        '{}<details class="as-table"><summary>{}</summary><ul>{}</ul></details>',
        first,
        summary,
        format_html_join("", "<li>{}</li>", ((one,) for one in more)),
    )
