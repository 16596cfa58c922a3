"""What django-q runs. Arguments are plain strings and ids; every task may run twice."""

from datetime import date

from django.contrib.auth import get_user_model
from django.utils import timezone

from coupons import findings, mailing, measuring, nightly, printing, responding, trials
from coupons.models import Mailing, PrintRun
from loyalty import learning
from pos_integration import changes


def night(as_of: str = "") -> str:
    """Run the night before the morning of `as_of` (ISO), or before this morning."""
    done = nightly.night(date.fromisoformat(as_of) if as_of else timezone.localdate())
    return (
        f"{done.run.households} households as of {done.run.as_of}; "
        f"{done.cleared['redemption']} redemptions cleared, {done.cleared['refusal']} refused, "
        f"{done.cleared['reversed']} taken back; "
        f"selected: {', '.join(done.selected) or 'nothing was due'}; "
        f"printed: {', '.join(done.printed) or 'nothing was due'}"
        f"{'; not done: ' if done.refused else ''}{' '.join(done.refused)}"
    )


def learn(as_of: str = "") -> str:
    """Learn every kind of model anew from the days before `as_of` (ISO), or before today."""
    day = date.fromisoformat(as_of) if as_of else timezone.localdate()
    kept = learning.learn(day)
    response = responding.learn(day)
    told = [
        f"{model}{'' if model.in_use else ' (kept aside)'}"
        for model in [*kept, *([response] if response else [])]
    ]
    return f"learned: {', '.join(told) or 'nothing, there is too little to go by'}"


def select(mailing_id: int, user_id: int) -> str:
    user = get_user_model().objects.get(pk=user_id)
    with changes.acting(user, "coupons.tasks.select"):
        selection = mailing.select(Mailing.objects.get(pk=mailing_id), user)
    totals = selection.report["totals"]
    return f"{totals['coupons']:,} coupons selected, {selection.report['gap']:.3%} from the best"


def issue(mailing_id: int) -> str:
    issued = mailing.issue(Mailing.objects.get(pk=mailing_id))
    return (
        f"{issued.sheets} sheets with {issued.coupons} coupons; {issued.holdout} held out, "
        f"{issued.left_out} left out"
    )


def check_post(mailing_id: int) -> str:
    """Look through a large mailing's addresses, for its page before printing."""
    from coupons import post_checks  # loads every country's rules: too slow for every command

    many = post_checks.look(Mailing.objects.get(pk=mailing_id))
    return f"{many} addresses to look at"


def print_run(run_id: int) -> str:
    """Print a run that was begun at the desk; what stops it is said there as well."""
    run = PrintRun.objects.select_related("started_by").get(pk=run_id)
    try:
        with changes.acting(run.started_by, "coupons.tasks.print_run"):
            return _printed(printing.work(run))
    except printing.PrintError as error:
        return str(error)


def _printed(run: PrintRun) -> str:
    return f"{run.sheets} sheets in {run.folder}; {run.checked} barcodes read back"


def measure(mailing_id: int, as_of: str = "") -> str:
    """Measure what a mailing changed before the day `as_of` (ISO), or so far."""
    day = date.fromisoformat(as_of) if as_of else None
    try:
        measurement = measuring.measure(Mailing.objects.get(pk=mailing_id), day)
    except measuring.MeasureError as error:
        return str(error)
    return f"{measurement}: {findings.headline(measurement.report)}"


def try_offer(trial_id: int) -> str:
    """Work out what an offer would have met in the last weeks; its page shows it."""
    trial = trials.work(trial_id)
    return f"{trial}: {trial.get_state_display().lower()}"
