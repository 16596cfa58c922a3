"""A mailing's way from draft to post: its states in words, and the buttons that take it on."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import Any, NamedTuple

from django import forms
from django.contrib.auth.models import AbstractBaseUser
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.functional import Promise
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from coupons.admin import printing_steps, queued
from coupons.models import Mailing, Selection
from pos_integration.desk import in_sentence, pill

SELECTIONS_SHOWN = 5

State = Mailing.State
TONES = {
    "draft": "plain",
    "selected": "new",
    "approved": "new",
    "issued": "busy",
    "printed": "busy",
    "mailed": "good",
    "closed": "plain",
}
WORDS = {
    "selected": gettext_lazy("waits for approval"),
    "approved": gettext_lazy("approved"),
}
QUEUE_HINT = printing_steps.QUEUED


def mailing_pill(mailing: Mailing) -> SafeString:
    said = WORDS.get(mailing.state) or in_sentence(mailing.get_state_display())
    return pill(str(said), TONES[mailing.state])


def is_open(mailing: Mailing | None) -> bool:
    """Whether a mailing's terms may still be changed."""
    return mailing is None or mailing.state == State.DRAFT


def is_unprinted(mailing: Mailing, step: str) -> bool:
    """Whether the step would print what is not for paper."""
    return step == "print" and mailing.channel == Mailing.Channel.NONE


Given = dict[str, Any]
"""What a step's form was filled with."""


def under_way() -> str:
    return _("That is under way already: this page follows it.")


class StepForm(forms.Form):
    """What the mailing was like when the step was asked for: somebody may have been faster."""

    seen = forms.CharField(widget=forms.HiddenInput, required=False)


class MailedForm(StepForm):
    """When the sheets went to the post."""

    mailed_on = forms.DateField(
        label=gettext_lazy("Mailed on"),
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        help_text=gettext_lazy("The day the post took them; not a day to come"),
    )

    def clean_mailed_on(self) -> date:
        day: date = self.cleaned_data["mailed_on"]
        if day > timezone.localdate():
            raise forms.ValidationError(
                _("%(day)s is still to come: say the day once the post has taken them.")
                % {"day": date_format(day)}
            )
        return day


def seen(mailing: Mailing) -> str:
    """What a step depends on; another once somebody has taken one."""
    run = mailing.print_runs.filter(kind="whole").order_by("-pk").values_list("pk").first()
    return f"{mailing.state}.{mailing.selection_id or 0}.{run[0] if run else 0}"


class Done(NamedTuple):
    """What a step did, for staff, and where to look at it: empty, the mailing's page."""

    says: str
    url: str = ""
    note: str = ""  # for its history, where the button's name says too little


def _select(mailing: Mailing, user: AbstractBaseUser, given: Given) -> Done:
    if not queued.put_once("coupons.tasks.select", mailing, user.pk):
        return Done(under_way())
    return Done(
        _("Coupons for '%(mailing)s' will be selected. %(queue_hint)s")
        % {"mailing": mailing, "queue_hint": QUEUE_HINT}
    )


def _approve(mailing: Mailing, user: AbstractBaseUser, given: Given) -> Done:
    # It loads the models of shoppers: too slow for every command.
    from coupons.mailing import MailingError, approve

    _refuse_stale(mailing)
    if "coupons.tasks.select" in queued.waiting(mailing.pk):
        raise MailingError(
            _("A new selection of it is under way: look at that one, then approve it.")
        )
    approve(mailing, user)
    return Done(
        _("Approved. The night before %(issue_on)s issues and prints it.")
        % {"issue_on": date_format(mailing.issue_on)}
    )


def _refuse_stale(mailing: Mailing) -> None:
    """Raise MailingError if what was selected is not what would be issued."""
    from coupons import staleness  # as above
    from coupons.mailing import MailingError

    if mailing.selection is None:
        return
    if changed := staleness.changes(mailing, mailing.selection, timezone.localdate()):
        again = _("Go back to draft, if it is approved, and select again.")
        raise MailingError("\n".join([*changed, again]))


def _back_to_draft(mailing: Mailing, user: AbstractBaseUser, given: Given) -> Done:
    from coupons.mailing import back_to_draft  # as above

    back_to_draft(mailing)
    return Done(
        _("'%(mailing)s' is a draft again: change it, then select anew.") % {"mailing": mailing}
    )


def _issue(mailing: Mailing, user: AbstractBaseUser, given: Given) -> Done:
    _refuse_stale(mailing)
    if not queued.put_once("coupons.tasks.issue", mailing):
        return Done(under_way())
    return Done(
        _("'%(mailing)s' will be issued. %(queue_hint)s")
        % {"mailing": mailing, "queue_hint": QUEUE_HINT}
    )


def _print(mailing: Mailing, user: AbstractBaseUser, given: Given) -> Done:
    from coupons import printing  # loads the press: too slow for every command

    run = printing.begin(mailing, by=user)
    printing_steps.queue(run)
    return Done(
        (
            _("'%(mailing)s' will be printed. %(queue_hint)s")
            % {"mailing": mailing, "queue_hint": QUEUE_HINT}
        ),
        printing_steps.page_of(run),
    )


def _mark_mailed(mailing: Mailing, user: AbstractBaseUser, given: Given) -> Done:
    from coupons.mailing import MailingError, mark_mailed  # as above

    day = given["mailed_on"]
    if mailing.issued_at and day < (issued := timezone.localdate(mailing.issued_at)):
        raise MailingError(
            _("Its sheets were issued on %(issued)s: no post took them on %(day)s.")
            % {"issued": date_format(issued), "day": date_format(day)}
        )
    mark_mailed(mailing, day)
    named = {"mailing": mailing, "day": date_format(day)}
    said = _("'%(mailing)s' is marked as mailed on %(day)s.") % named
    return Done(said, note=_("Mailed on %(day)s.") % named)


def _close(mailing: Mailing, user: AbstractBaseUser, given: Given) -> Done:
    from coupons.mailing import close  # as above

    close(mailing, timezone.localdate())
    return Done(_("'%(mailing)s' is closed.") % {"mailing": mailing})


@dataclass(frozen=True)
class Step:
    """A button of a mailing: in which states it is there, what it asks, what it does."""

    label: str | Promise
    states: tuple[Mailing.State, ...]
    says: str | Promise
    do: Callable[[Mailing, AbstractBaseUser, Given], Done]
    is_main: bool = True
    form: type[StepForm] = StepForm


STEPS = {
    "select": Step(
        gettext_lazy("Select coupons"),
        (State.DRAFT, State.SELECTED),
        gettext_lazy(
            "Each recipient's coupons are chosen by last night's beliefs, within all limits. "
            "Nothing is promised yet: look at the forecast, and somebody else approves it."
        ),
        _select,
    ),
    "approve": Step(
        gettext_lazy("Approve"),
        (State.SELECTED,),
        gettext_lazy(
            "What was selected is what will be printed: the night before its morning issues "
            "it. Look at the forecast, the limits and the sample sheets first."
        ),
        _approve,
    ),
    "draft": Step(
        gettext_lazy("Back to draft"),
        (State.SELECTED, State.APPROVED),
        gettext_lazy("The selection is put aside, and the mailing may be changed again."),
        _back_to_draft,
        is_main=False,
    ),
    "issue": Step(
        gettext_lazy("Issue now"),
        (State.APPROVED,),
        gettext_lazy(
            "What was approved becomes promises, now and not by night: this cannot be taken "
            "back. What is believed of households must still be young enough today."
        ),
        _issue,
    ),
    "print": Step(
        gettext_lazy("Print"),
        (State.ISSUED, State.PRINTED),
        gettext_lazy(
            "The sheets are written as PDF files with a manifest, and a sample of their "
            "barcodes is read back. Files of a run before are written over. Nothing goes to "
            "the post by itself."
        ),
        _print,
    ),
    "mailed": Step(
        gettext_lazy("Mark as mailed"),
        (State.PRINTED,),
        gettext_lazy("Say this when the printed sheets have gone to the post."),
        _mark_mailed,
        form=MailedForm,
    ),
    "close": Step(
        gettext_lazy("Close"),
        (State.MAILED,),
        gettext_lazy("Say this when its dates are over and everything is counted."),
        _close,
    ),
}


def latest_selections(mailing: Mailing) -> list[Selection]:
    """The last few, the newest first; asked of the database once a page."""
    kept = vars(mailing)
    if "_latest_selections" not in kept:
        newest = mailing.selections.order_by("-pk").defer("terms", "prices")
        kept["_latest_selections"] = list(newest[:SELECTIONS_SHOWN])
    latest: list[Selection] = kept["_latest_selections"]
    return latest


def running_selection(mailing: Mailing) -> Selection | None:
    """The one at work; of a page that asked for the latest, without another question."""
    latest: list[Selection] | None = vars(mailing).get("_latest_selections")
    if latest is None:
        at_work = mailing.selections.filter(state=Selection.State.RUNNING)
        return at_work.order_by("-pk").first()
    return next((one for one in latest if one.state == Selection.State.RUNNING), None)


def was_selected(mailing: Mailing) -> bool:
    """Whether coupons were ever selected for it."""
    return mailing.selection_id is not None or bool(latest_selections(mailing))


def has_recipients(mailing: Mailing) -> bool:
    """Whether anybody is on its list; asked once a page, as above."""
    kept = vars(mailing)
    if "_has_recipients" not in kept:
        kept["_has_recipients"] = mailing.recipients.exists()
    return bool(kept["_has_recipients"])


def label_of(name: str, mailing: Mailing) -> str:
    """What a step's button says: a selection is made once, then again."""
    if name == "select" and was_selected(mailing):
        return _("Select again")
    return str(STEPS[name].label)


SENTENCES = {
    State.DRAFT: gettext_lazy(
        "A draft: choose offers and whom it is for, then select its coupons."
    ),
    State.SELECTED: gettext_lazy(
        "Its coupons are selected: look at the forecast; somebody else approves it."
    ),
    State.APPROVED: gettext_lazy("Approved: the night before its morning issues and prints it."),
    State.ISSUED: gettext_lazy("Its coupons are promised; its sheets are not printed yet."),
    State.PRINTED: gettext_lazy("Printed. Take the files to the post, then mark it as mailed."),
    State.MAILED: gettext_lazy("In the post. Redemptions come in with the tills' baskets."),
    State.CLOSED: gettext_lazy("Closed: its dates are over and everything is counted."),
}
