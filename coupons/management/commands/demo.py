"""`manage.py demo`: from nothing to printed sheets, on a real grocery chain's data."""

from argparse import ArgumentParser
from typing import Any

from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from coupons import mailing, nightly, printing
from coupons.demo import story
from loyalty import console


class Command(BaseCommand):
    help = "From nothing to printed coupon sheets on real data. Safe to run again."
    requires_migrations_checks = False

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--households", type=int, metavar="N", help="a sample of so many (default: all 2,469)"
        )
        parser.add_argument(
            "--today",
            action="store_true",
            help="move all dates by whole weeks, so that the mailing begins this week",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        households = options["households"]
        if households is not None and not 20 <= households <= 2469:
            raise CommandError(f"--households is {households}; wanted: 20 to 2469")
        console.forget_queries()
        call_command("migrate", verbosity=0)
        today = timezone.localdate() if options["today"] else None
        try:
            told = story.tell(households, today, console.bar)
        except (
            story.DemoError,
            nightly.NightError,
            mailing.MailingError,
            printing.PrintError,
        ) as error:
            raise CommandError(str(error)) from error
        self._summary(told)

    def _summary(self, told: story.Told) -> None:
        say, total = self.stdout.write, story.figures()
        assert told.issued is not None
        assert told.print_run is not None
        assert told.used is not None
        say("")
        say(self.style.MIGRATE_HEADING("What is there now"))
        say(f"  {total['stores']:>12,} stores, {total['products']:,} products")
        say(f"  {total['households']:>12,} households, {total['modelled']:,} of them modelled")
        say(f"  {total['baskets']:>12,} baskets until {told.replayed_until}")
        say(f"  {total['lines']:>12,} lines, worth {total['amount']:,}")
        say(
            f"  {told.issued.sheets:>12,} sheets with {told.issued.coupons:,} coupons; "
            f"held out: {told.issued.holdout:,} households"
        )
        say(
            f"  {total['redemptions']:>12,} redemptions cleared, "
            f"{total['personal']:,} of them from our sheets"
        )
        say(f"  {total['refusals']:>12,} claims refused")
        for reason, count in story.refusals():
            say(f"  {'':>12}   {count:,} x {reason.lower()}")
        say("")
        say(self.style.MIGRATE_HEADING("Did we print what people use?"))
        used = told.used
        say(f"  {used.households} households with a sheet used {used.coupons} coupons.")
        say(f"  {used.ours:>12.1%} of these were on the sheet we printed for them")
        say(f"  {used.popular:>12.1%} would have been, had all got what most people buy")
        say(f"  {used.random:>12.1%} would have been, had they been drawn at random")
        say("")
        say(self.style.MIGRATE_HEADING("How long it took"))
        for name, seconds in told.seconds.items():
            say(f"  {seconds:>10.1f} s  {name}")
        say(f"  {sum(told.seconds.values()):>10.1f} s  in all")
        say("")
        run = told.print_run
        say(self.style.MIGRATE_HEADING("Where it is"))
        for file in run.manifest["files"]:
            say(f"  {run.folder}/{file['name']}")
        say(f"  {run.folder}/manifest.json ({run.checked:,} barcodes read back, all right)")
        say("  The desk: 'manage.py createsuperuser', then 'manage.py runserver' and /admin/")
