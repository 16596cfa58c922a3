"""What is done with print runs: begin one, go on, note what is spoiled, print it again."""

from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

from django import forms
from django.contrib import messages
from django.contrib.auth.models import AbstractBaseUser
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django_q.tasks import async_task

from coupons.admin import queued
from coupons.alone import held_of, is_held
from coupons.models import Mailing, PrintRun
from pos_integration.desk import ReadOnlyAdmin, Tool, in_sentence, kept, pill
from pos_integration.said import retold

if TYPE_CHECKING:
    Steps = ReadOnlyAdmin[PrintRun]
else:
    Steps = object

State, Kind = PrintRun.State, PrintRun.Kind
TASK = "coupons.tasks.print_run"
_NAME = "coupons.printing.{}"  # that a run holds while it is worked on
TONES = {"running": "busy", "blocked": "bad", "failed": "bad", "finished": "good"}
QUEUED = gettext_lazy("It waits its turn in the queue: look here again in a minute.")
MOST_OF_A_PROOF = 500
Outcome = tuple[str, PrintRun]
"""What to say of it, and the run to show."""
ISSUED = (Mailing.State.ISSUED, Mailing.State.PRINTED, Mailing.State.MAILED)


class RangesForm(forms.Form):
    """Which sheets."""

    sheets = forms.CharField(
        max_length=2000,
        help_text=gettext_lazy("Numbers and ranges, as they stand on the sheets: 17, 40-60"),
        label=gettext_lazy("Sheets"),
    )


class SpoiledForm(RangesForm):
    """Which sheets, and what happened to them."""

    why = forms.CharField(
        max_length=120,
        required=False,
        help_text=gettext_lazy("Such as: jam in the inserter; may be left empty"),
        label=gettext_lazy("Why"),
    )


class ProofForm(forms.Form):
    """How much of a mailing to look at."""

    sheets = forms.IntegerField(
        min_value=1,
        max_value=MOST_OF_A_PROOF,
        initial=10,
        help_text=gettext_lazy("The first of the mailing"),
        label=gettext_lazy("Sheets"),
    )


def page_of(run: PrintRun) -> str:
    return reverse("admin:coupons_printrun_change", args=[run.pk])


def queue(run: PrintRun) -> None:
    """Have a run worked off; one that is worked off already, or ended, is left as it is."""
    async_task(TASK, run.pk)


def cut_short(runs: Iterable[PrintRun], tasks: queued.Held | None = None) -> set[int]:
    """Which of the runs have not ended, though nobody is at them nor will be: their ids.

    The worker of such a run was killed. tasks: what the queue holds, where it was asked already
    """
    running = [run for run in runs if run.state == State.RUNNING]
    if not running:
        return set()
    tasks = queued.held() if tasks is None else tasks
    held = held_of([_NAME.format(run.mailing_id) for run in running])
    return {
        run.pk
        for run in running
        if TASK not in queued.waiting(run.pk, among=tasks)
        and _NAME.format(run.mailing_id) not in held
    }


def cut_short_of(mailing: Mailing) -> set[int]:
    """The same of a mailing's runs, asked once for all parts of its page."""
    running = mailing.print_runs.filter(state=State.RUNNING).only("pk", "mailing", "state")
    ask = partial(cut_short, running, queued.held_of(mailing))
    return kept(mailing, "desk_cut_short", ask)


def run_state(run: PrintRun, dead: Collection[int]) -> SafeString:
    """Its state, in a word or two. dead: what `cut_short` returned of it and others"""
    if run.pk in dead:
        return pill(_("cut short"), "bad")
    return pill(in_sentence(run.get_state_display().partition(":")[0]), TONES[run.state])


def at_work(run: PrintRun) -> str:
    """Whether somebody is at a run that has not ended."""
    if is_held(_NAME.format(run.mailing_id)):
        return _("It is being printed; this page follows it.")
    if TASK in queued.waiting(run.pk):
        return _("It waits its turn in the queue; this page follows it.")
    return _(
        "It was cut short, and nobody is at it: files that are whole stay, 'Go on' prints the "
        "others."
    )


def _note(run: PrintRun, given: dict[str, Any], user: AbstractBaseUser) -> Outcome:
    from coupons import reprinting, spoilage  # load the press: too slow for every command

    noted = spoilage.note(run, reprinting.ranges_in(given["sheets"]), given["why"], user)
    if not noted:
        return _("These were noted already."), run
    return (_("Noted as spoiled: %(join)s.") % {"join": ", ".join(map(str, noted))}), run


def _make_good(run: PrintRun, given: dict[str, Any], user: AbstractBaseUser) -> Outcome:
    from coupons import spoilage  # as above

    made = spoilage.make_good(run, user)
    queue(made)
    return (_("What is spoiled will be printed again. %(queued)s") % {"queued": QUEUED}), made


def _reprint(run: PrintRun, given: dict[str, Any], user: AbstractBaseUser) -> Outcome:
    from coupons import reprinting  # as above

    made = reprinting.reprint(run, reprinting.ranges_in(given["sheets"]), user)
    queue(made)
    return (_("These sheets will be printed again. %(queued)s") % {"queued": QUEUED}), made


def _go_on(run: PrintRun, given: dict[str, Any], user: AbstractBaseUser) -> Outcome:
    queue(run)
    return (_("It will go on. %(queued)s") % {"queued": QUEUED}), run


@dataclass(frozen=True)
class RunStep:
    """A button of a run: in which state it is there, what it asks, what it does."""

    label: str | Promise
    state: PrintRun.State
    says: str | Promise
    do: Callable[[PrintRun, dict[str, Any], AbstractBaseUser], Outcome]
    form: type[forms.Form] | None = None


STEPS = {
    "spoiled": RunStep(
        gettext_lazy("Note spoilage"),
        State.FINISHED,
        gettext_lazy(
            "Sheets that the press or the inserter spoiled. Nothing is printed yet: that is "
            "the next button, once all are noted."
        ),
        _note,
        SpoiledForm,
    ),
    "good": RunStep(
        gettext_lazy("Reprint what is spoiled"),
        State.FINISHED,
        gettext_lazy(
            "All that is noted as spoiled and not printed again yet is printed, as it was."
        ),
        _make_good,
    ),
    "reprint": RunStep(
        gettext_lazy("Reprint sheets"),
        State.FINISHED,
        gettext_lazy(
            "The same sheets again, byte for byte as they were: same codes, same looks, "
            "whatever became of theme and offers. A lost sheet is not reprinted but "
            "replaced: see its page."
        ),
        _reprint,
        RangesForm,
    ),
    "go-on": RunStep(
        gettext_lazy("Go on"),
        State.RUNNING,
        gettext_lazy(
            "For a run whose queue was stopped: files that are whole stay, the others are "
            "printed. One that is being printed goes on as it is."
        ),
        _go_on,
    ),
}


@dataclass(frozen=True)
class Begun:
    """A run that a mailing may begin besides its whole one."""

    label: str | Promise
    says: str | Promise
    form: type[forms.Form] | None = None


BEGUN = {
    Kind.PROOF: Begun(
        gettext_lazy("Proof"),
        gettext_lazy(
            "The first sheets of the mailing as a file of their own, to look at and to give "
            "the print shop for its own proof. They are real: their codes are those of the "
            "whole run."
        ),
        ProofForm,
    ),
    Kind.TEST: Begun(
        gettext_lazy("Test sheet"),
        gettext_lazy(
            "One sheet to set up press, cutter and inserter by. Its codes are known to no till."
        ),
    ),
}


class PrintSteps(Steps):
    """The part of a run's page that does something."""

    def step_tools(self, run: PrintRun) -> list[Tool]:
        has_spoiled = run.spoilage.filter(reprint=None).exists()
        return [
            Tool(
                step.label,
                reverse("admin:coupons_printrun_step", args=[run.pk, name]),
                is_main=name == "good",
            )
            for name, step in STEPS.items()
            if step.state == run.state
            and (run.kind in (Kind.WHOLE, Kind.REPRINT) or name == "go-on")
            and (name != "good" or has_spoiled)
        ]

    def step_view(self, request: HttpRequest, pk: int, name: str) -> HttpResponse:
        """Ask, then do, one thing with a run."""
        run = get_object_or_404(PrintRun.objects.select_related("mailing"), pk=pk)
        step = STEPS.get(name)
        if step is None:
            raise Http404(name)
        if not request.user.has_perm("coupons.change_printrun"):
            raise PermissionDenied
        if run.state != step.state:
            messages.error(
                request,
                (
                    _("'%(run)s' is %(state)s; '%(label)s' wants it %(label2)s.")
                    % {
                        "run": run,
                        "state": in_sentence(run.get_state_display()),
                        "label": step.label,
                        "label2": in_sentence(step.state.label),
                    }
                ),
            )
            return HttpResponseRedirect(page_of(run))

        def do(given: dict[str, Any], user: AbstractBaseUser) -> Outcome:
            return step.do(run, given, user)

        return self._asked(
            request, f"{step.label}: {run}", step.says, step.label, step.form, do, page_of(run)
        )

    def begin_view(self, request: HttpRequest, mailing_pk: int, kind: str) -> HttpResponse:
        """Ask, then begin, a proof or a test sheet of a mailing."""
        mailing = get_object_or_404(Mailing, pk=mailing_pk)
        begun = BEGUN.get(Kind(kind)) if kind in Kind.values else None
        if begun is None:
            raise Http404(kind)
        if not request.user.has_perm("coupons.add_printrun"):
            raise PermissionDenied

        def do(given: dict[str, Any], user: AbstractBaseUser) -> Outcome:
            from coupons import printing  # loads the press, as above

            numbers = [(1, given["sheets"])] if "sheets" in given else []
            run = printing.begin(mailing, by=user, kind=kind, numbers=numbers)
            queue(run)
            return (
                _("%(label)s of '%(mailing)s' will be printed. %(queued)s")
                % {"label": begun.label, "mailing": mailing, "queued": QUEUED}
            ), run

        back = reverse("admin:coupons_mailing_change", args=[mailing_pk])
        return self._asked(
            request, f"{begun.label}: {mailing}", begun.says, begun.label, begun.form, do, back
        )

    def _asked(
        self,
        request: HttpRequest,
        title: str,
        says: str | Promise,
        button: str | Promise,
        form_class: type[forms.Form] | None,
        do: Callable[[dict[str, Any], AbstractBaseUser], Outcome],
        back: str,
    ) -> HttpResponse:
        from coupons.printing import PrintError  # as above

        form = (form_class or forms.Form)(request.POST if request.method == "POST" else None)
        if form.is_valid():
            assert isinstance(request.user, AbstractBaseUser)
            try:
                said, run = do(form.cleaned_data, request.user)
            except PrintError as error:
                wrong = retold(str(error)).splitlines()
                form.add_error("sheets" if form_class else None, wrong)
            else:
                self.log_change(request, run, f"{button}.")
                messages.success(request, said)
                return HttpResponseRedirect(page_of(run))
        page = self.ask(request, title=title, says=[says], button=button, back=back)
        assert page.context_data is not None
        page.context_data["form"] = form
        return page


def begin_tools(request: HttpRequest, mailing: Mailing) -> list[Tool]:
    """The buttons for what a mailing's page may begin."""
    is_for_paper = mailing.state in ISSUED and mailing.channel == Mailing.Channel.PRINT
    if not is_for_paper or not request.user.has_perm("coupons.add_printrun"):
        return []
    return [
        Tool(begun.label, reverse("admin:coupons_printrun_begin", args=[mailing.pk, kind.value]))
        for kind, begun in BEGUN.items()
    ]
