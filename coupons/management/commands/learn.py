"""`manage.py learn`: learn every kind of model anew, now."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand
from django.utils import timezone

from coupons import responding
from coupons.management.commands.nightly import day
from loyalty import console, learning


class Command(BaseCommand):
    help = "Learn every kind of model anew; what is no worse than before is put to use."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--as-of",
            metavar="YYYY-MM-DD",
            help="only earlier days are learned from (default: today)",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        as_of = day(options["as_of"]) if options["as_of"] else timezone.localdate()
        console.forget_queries()
        kept = learning.learn(as_of, console.bar("Learn from the households"))
        response = responding.learn(as_of, console.bar("Learn what is redeemed"))
        for model in [*kept, *([response] if response else [])]:
            said = "put to use" if model.in_use else "kept aside: no better than the last"
            self.stdout.write(f"{model}: {said}")
        if not kept and response is None:
            self.stdout.write("Nothing was learned: there is too little to go by.")
