"""`manage.py reprint MAILING SHEETS...`: print sheets again, byte for byte as they were."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from coupons import printing, reprinting, spoilage
from coupons.management.commands.issue_mailing import named
from loyalty import console


class Command(BaseCommand):
    help = (
        "Print some sheets of a printed mailing again, in a folder of their own. Spoiled ones are "
        "noted first, and printed again once, together with all others noted so and not made good."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("mailing", metavar="MAILING", help="its code")
        parser.add_argument("sheets", metavar="SHEETS", nargs="+", help="such as 17 40-60")
        parser.add_argument("--spoiled", metavar="WHY", help="note them as spoiled, and why")

    def handle(self, *args: Any, **options: Any) -> None:
        mailing = named(options["mailing"])
        try:
            ranges = reprinting.ranges_in(", ".join(options["sheets"]))
            run = printing.last_run(mailing)
            if run is None:
                raise printing.PrintError(
                    f"'{mailing}' was not printed yet ('manage.py print_mailing {mailing.code}')"
                )
            if options["spoiled"] is None:
                made = reprinting.reprint(run, ranges)
            else:
                spoilage.note(run, ranges, options["spoiled"])
                made = spoilage.make_good(run)
            printing.work(made, console.bar("Print sheets"))
        except (printing.PrintError, OSError) as error:
            raise CommandError(str(error)) from error
        self.stdout.write(
            f"{made.sheets:,} sheets again in {Path(made.folder)}; "
            f"{made.checked:,} barcodes read back, all right"
        )
