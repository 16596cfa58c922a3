"""The workbench of a mailing: its way in nine steps, which of them is next, and what that takes.

Pure: what is known of a mailing in, steps in words out. The page draws them.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final

from django.utils.functional import Promise
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from coupons.models import Mailing
from pos_integration.desk import grouped

State = Mailing.State
DONE, NOW, LATER, STUCK = "done", "now", "later", "stuck"
NAMES: Final[dict[str, "str | Promise"]] = {
    "audience": gettext_lazy("Audience"),
    "offers": gettext_lazy("Offers"),
    "selection": gettext_lazy("Selection"),
    "review": gettext_lazy("Review"),
    "approval": gettext_lazy("Approval"),
    "issued": gettext_lazy("Sheets issued"),
    "printed": gettext_lazy("Printed"),
    "mailed": gettext_lazy("Mailed"),
    "measured": gettext_lazy("Measured"),
}
_WORDS: Final[dict[str, "str | Promise"]] = {
    DONE: gettext_lazy("done"),
    NOW: gettext_lazy("next"),
    LATER: gettext_lazy("later"),
    STUCK: gettext_lazy("needs you"),
}
# Which step a mailing stands at, in each state behind a draft's.
_AT: Final = {
    State.SELECTED: "review",
    State.APPROVED: "issued",
    State.ISSUED: "printed",
    State.PRINTED: "mailed",
    State.MAILED: "measured",
    State.CLOSED: "measured",
}


@dataclass(frozen=True)
class Known:
    """What is known of a mailing when its page is drawn."""

    state: str
    segments: int = 0
    recipients: bool = False
    offers: int = 0
    out_of_dates: int = 0  # of these, of a draft: not good on all of its days
    coupons_per_sheet: int = 8
    is_printed: bool = True  # its channel is paper
    at_work: frozenset[str] = field(default_factory=frozenset)  # tasks in the queue
    failed: str = ""  # why the last selection came to nothing
    coupons: int = 0  # selected
    must_differ_from: str = ""  # who asked for the selection and may not approve it
    is_mine: bool = False  # that is whoever looks
    stale: int = 0  # what changed since the selection
    printing: tuple[int, int] | None = None  # sheets done, and of how many
    print_cut_short: bool = False  # it was begun, and nobody is at it
    print_failed: str = ""
    mailed_on: str = ""
    measured: str = ""  # the headline of the last measurement
    issue_on: str = ""
    is_late: bool = False  # that morning is over


@dataclass(frozen=True)
class Step:
    """One of the nine: where it stands, and what of it in a few words."""

    name: str
    state: str  # DONE, NOW, LATER or STUCK
    says: str

    @property
    def label(self) -> str:
        return str(NAMES[self.name])


def steps(known: Known) -> list[Step]:
    """The whole way, in its order; exactly one step is NOW or STUCK unless all are done."""
    at = current(known)
    names = list(NAMES)
    here = names.index(at)
    if known.state == State.CLOSED:
        here = len(names)
    told = []
    for place, name in enumerate(names):
        if place == here:
            state = STUCK if _is_stuck(name, known) else NOW
        else:
            state = DONE if place < here else LATER
        told.append(Step(name, state, _says(name, state, known)))
    return told


def current(known: Known) -> str:
    """The name of the step a mailing stands at."""
    if known.state != State.DRAFT:
        return _AT[State(known.state)]
    if not known.segments and not known.recipients:
        return "audience"
    return "selection" if known.offers else "offers"


def _is_stuck(name: str, known: Known) -> bool:
    return (
        (name == "selection" and bool(known.failed) and not known.at_work)
        or (name == "review" and bool(known.stale))
        or (name == "printed" and bool(known.print_failed) and known.printing is None)
    )


def _says(name: str, state: str, known: Known) -> str:
    if state == LATER:
        return ""
    if name == "audience":
        if state != DONE:
            return _("Choose segments, or add households")
        if known.segments:
            count = known.segments
            return ngettext("%(n)s segment", "%(n)s segments", count) % {"n": count}
        return _("Added by hand")
    if name == "offers":
        if state != DONE:
            return _("Choose what it offers")
        return ngettext("%(n)s offer", "%(n)s offers", known.offers) % {"n": grouped(known.offers)}
    if name == "selection":
        return _selection(state, known)
    if name == "review":
        if state == DONE:
            return _("Looked at")
        if known.stale:
            return _("Changed since: select again")
        return _("Look at forecast and sheets")
    if name == "approval":
        return _("Approved") if state == DONE else ""
    return _behind(name, state, known)


def _selection(state: str, known: Known) -> str:
    if "coupons.tasks.select" in known.at_work:
        return _("At work")
    if state == DONE:
        return ngettext("%(n)s coupon", "%(n)s coupons", known.coupons) % {
            "n": grouped(known.coupons)
        }
    return _("The last one failed") if known.failed else _("Have its coupons chosen")


def _behind(name: str, state: str, known: Known) -> str:
    """The same of the steps that follow an approval."""
    if name == "issued":
        if state == DONE:
            return _("Promised")
        if "coupons.tasks.issue" in known.at_work:
            return _("At work")
        if known.is_late:
            return _("The next night, or now")
        return _("Night before %(day)s") % {"day": known.issue_on}
    if name == "printed":
        if not known.is_printed:
            return _("Not for paper")
        if known.printing is not None:
            done, whole = known.printing
            return _("%(done)s of %(whole)s sheets") % {
                "done": grouped(done),
                "whole": grouped(whole),
            }
        if state == DONE:
            return _("Read back")
        return _("The last run failed") if known.print_failed else _("Print the sheets")
    if name == "mailed":
        if state == DONE:
            return known.mailed_on or _("In the post")
        return _("Say when it went")
    return _("Measured so far") if known.measured else _("Not measured yet")


def drawn(told: Iterable[Step], pages: Mapping[str, str]) -> SafeString:
    """The steps as an ordered list; where the mailing stands is said to screen readers too.

    pages: of each step that has a page of its own, its address.
    """
    rows = format_html_join(
        "",
        '<li class="step step-{}"{}>{} <span class="step-state">{}</span>'
        '<span class="step-says">{}</span></li>',
        (
            (
                one.state,
                SafeString(' aria-current="step"' * (one.state in (NOW, STUCK))),
                format_html('<a class="step-name" href="{}">{}</a>', pages[one.name], one.label)
                if one.name in pages
                else format_html('<strong class="step-name">{}</strong>', one.label),
                _WORDS[one.state],
                one.says,
            )
            for one in told
        ),
    )
    return format_html(
        '<nav aria-label="{}"><ol class="steps">{}</ol></nav>', _("Steps of this mailing"), rows
    )


def next_says(known: Known) -> str:
    """What is to be done now, in a sentence or two, and who may do it."""
    at = current(known)
    if known.state == State.CLOSED:
        return _("Closed: its dates are over and everything is counted.")
    if at == "audience":
        return _(
            "A draft. First say whom it is for: choose segments under 'Audience' below and save, "
            "or add whole tiers with 'Add recipients'."
        )
    if at == "offers":
        return _("A draft. Now choose what it offers, under 'Offers' below, and save.")
    if at == "selection":
        if "coupons.tasks.select" in known.at_work:
            return _("Its coupons are being selected. You may leave this page: it goes on.")
        if known.failed:
            return _failed(known.failed.splitlines())
        return _draft(known)
    return _next_behind(at, known)


def _failed(why: list[str]) -> str:
    """Only the first: of hundreds of offers each may have its own, and all stand below."""
    if len(why) == 1:
        return _("The last selection came to nothing: %(why)s Mend that, then select again.") % {
            "why": _ended(why[0])
        }
    return ngettext(
        "The last selection came to nothing: %(why)s And for %(n)s more reason, which stands "
        "below. Mend that, then select again.",
        "The last selection came to nothing: %(why)s And for %(n)s more reasons, which stand "
        "below. Mend that, then select again.",
        len(why) - 1,
    ) % {"why": _ended(why[0]), "n": grouped(len(why) - 1)}


def _draft(known: Known) -> str:
    if known.out_of_dates >= known.offers:
        return _(
            "A draft, but none of its offers is good on all days that its coupons are: "
            "change 'Good from' and 'Good until', or choose other offers, then select."
        )
    said = [_("A draft with an audience and offers: select its coupons.")]
    if known.offers - known.out_of_dates < known.coupons_per_sheet:
        said.append(_("It has fewer offers than a sheet has places, so sheets will be short."))
    if known.out_of_dates:
        said.append(
            ngettext(
                "%(n)s of its offers is not good on all days that its coupons are: nobody gets it.",
                "%(n)s of its offers are not good on all days that its coupons are: "
                "nobody gets them.",
                known.out_of_dates,
            )
            % {"n": grouped(known.out_of_dates)}
        )
    return " ".join(said)


def _next_behind(at: str, known: Known) -> str:
    if at == "review":
        if known.stale:
            return _(
                "Something changed since its coupons were selected: read 'Changed since' below, "
                "then select again."
            )
        if known.is_mine:
            return _(
                "Its coupons are selected. Look at the forecast and the sample sheets; you asked "
                "for this selection, so somebody else approves it."
            )
        if known.must_differ_from:
            return _(
                "Its coupons are selected: look at the forecast and the sample sheets, then "
                "approve. Anybody of marketing but %(name)s may."
            ) % {"name": known.must_differ_from}
        return _(
            "Its coupons are selected: look at the forecast and the sample sheets, then approve."
        )
    if at == "issued":
        if "coupons.tasks.issue" in known.at_work:
            return _("Its sheets are being issued. You may leave this page: it goes on.")
        if known.is_late:
            return _(
                "Approved, but the night before %(day)s is over: press 'Issue now', or the next "
                "night issues and prints it."
            ) % {"day": known.issue_on}
        return _(
            "Approved. The night before %(day)s issues and prints it by itself; nothing is left "
            "to do, unless it is to be earlier."
        ) % {"day": known.issue_on}
    if at == "printed":
        return _next_printed(known)
    if at == "mailed":
        return _("Printed. Take the files to the post, then say when they went.")
    return known.measured or _(
        "In the post. Redemptions come in with the tills' baskets; it is measured once its "
        "coupons were good for a week."
    )


def _next_printed(known: Known) -> str:
    if not known.is_printed:
        return _("Its coupons are promised; there is nothing to print: the next night goes on.")
    if known.print_cut_short:
        return _(
            "Printing was cut short, and nobody is at it: open its run below and press 'Go on'. "
            "Files that are whole stay."
        )
    if known.printing is not None:
        return _("It is being printed. You may leave this page: it goes on.")
    if known.print_failed:
        return _("The last print run came to nothing: %(why)s Mend that, then print again.") % {
            "why": _ended(known.print_failed)
        }
    return _("Its coupons are promised; its sheets are not printed yet.")


def _ended(sentence: str) -> str:
    words = " ".join(sentence.split())
    return words if words.endswith((".", "!", "?")) else f"{words}."
