"""`manage.py print_mailing MAILING [--out DIR]`: write PDF files and manifest.json."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from coupons import printing
from coupons.management.commands.issue_mailing import named
from coupons.models import PrintRun
from loyalty import console


class Command(BaseCommand):
    help = "Print an issued mailing as PDF files with a manifest. Repeatable; resumes."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("mailing", metavar="MAILING", help="its code")
        parser.add_argument(
            "--out", type=Path, metavar="DIR", help="default: PRINT_DIR/MAILING (var/print)"
        )
        alone = parser.add_mutually_exclusive_group()
        alone.add_argument(
            "--proof", type=int, metavar="N", help="only the first N sheets, to look at"
        )
        alone.add_argument(
            "--test", action="store_true", help="only a test sheet, to set a press up by"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        mailing = named(options["mailing"])
        out: Path | None = options["out"] and options["out"].resolve()
        progress = console.bar("Print sheets")
        try:
            if options["test"]:
                begun = printing.begin(mailing, kind=PrintRun.Kind.TEST, out=out)
                run = printing.work(begun, progress)
            elif options["proof"] is not None:
                run = printing.work(printing.proof_first(mailing, options["proof"], out), progress)
            else:
                run = printing.print_mailing(mailing, out, progress)
        except (printing.PrintError, OSError) as error:
            raise CommandError(str(error)) from error
        self.stdout.write(
            f"{run.sheets:,} sheets with {run.coupons:,} coupons in {run.folder}; "
            f"{run.checked:,} barcodes read back, all right"
        )
