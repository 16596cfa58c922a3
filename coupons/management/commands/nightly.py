"""`manage.py nightly`: load what waits, rebuild, clear, select and print what is due."""

from argparse import ArgumentParser
from datetime import date
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from coupons import mailing, nightly, printing
from loyalty import console


def day(text: str) -> date:
    """A date as a command takes it. Raises CommandError on anything but YYYY-MM-DD."""
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise CommandError(f"'{text}' is not a date; wanted: YYYY-MM-DD") from None


class Command(BaseCommand):
    help = "Load what waits, rebuild every model, clear, select and print what is due. Repeatable."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--as-of",
            metavar="YYYY-MM-DD",
            help="the morning after: only earlier days are seen (default: today)",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        as_of = day(options["as_of"]) if options["as_of"] else timezone.localdate()
        console.forget_queries()
        try:
            done = nightly.night(as_of, console.bar)
        except (nightly.NightError, mailing.MailingError, printing.PrintError) as error:
            raise CommandError(str(error)) from error
        self.stdout.write(f"{done.sealed_lines:>9,} lines sealed into the history")
        for model in done.learned:
            self.stdout.write(f"          learned: {model}{'' if model.in_use else ', kept aside'}")
        self.stdout.write(f"{done.run.households:>9,} households modelled as of {done.run.as_of}")
        self.stdout.write(
            f"{done.cleared['redemption']:>9,} redemptions cleared, "
            f"{done.cleared['refusal']:,} refused, {done.cleared['reversed']:,} taken back"
        )
        for what, codes in (
            ("measured", done.measured),
            ("selected", done.selected),
            ("issued", done.issued),
            ("printed", done.printed),
        ):
            if codes or what == "printed":
                self.stdout.write(f"{what:>17}: {', '.join(codes) or 'nothing was due'}")
        for sentence in done.refused:
            self.stderr.write(sentence)
