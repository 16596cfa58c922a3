"""`manage.py measure`: measure what mailings changed, one of them or all that are due."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from coupons import findings, measuring, uplift
from coupons.management.commands.nightly import day
from coupons.models import Mailing
from loyalty import console


class Command(BaseCommand):
    help = "Measure what mailings changed, against the households they held out."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("mailing", nargs="?", help="its code (default: all that are due)")
        parser.add_argument(
            "--as-of",
            metavar="YYYY-MM-DD",
            help="only earlier days are looked at (default: today)",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        as_of = day(options["as_of"]) if options["as_of"] else timezone.localdate()
        console.forget_queries()
        if options["mailing"] is None:
            kept, refused = measuring.measure_due(as_of, console.bar("Measure the mailings"))
            for sentence in refused:
                self.stderr.write(sentence)
            if not kept and not refused:
                self.stdout.write("No mailing is due to be measured.")
        else:
            mailing = Mailing.objects.filter(code=options["mailing"]).first()
            if mailing is None:
                raise CommandError(f"there is no mailing '{options['mailing']}'")
            try:
                kept = [measuring.measure(mailing, as_of, console.bar("Measure"))]
            except measuring.MeasureError as error:
                raise CommandError(str(error)) from error
        for one in kept:
            self.stdout.write(f"{one.mailing.code}: {findings.headline(one.report)}")
        learned = uplift.learn(as_of)
        if learned is not None:
            said = "put to use" if learned.in_use else "kept aside: too few were held out so far"
            self.stdout.write(f"{learned}: {said}")
