"""`manage.py print_mailing MAILING [--out DIR]`: write PDF files and manifest.json."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from coupons import printing
from coupons.management.commands.issue_mailing import named
from loyalty import console


class Command(BaseCommand):
    help = "Print an issued mailing as PDF files with a manifest. Repeatable."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("mailing", metavar="MAILING", help="its code")
        parser.add_argument(
            "--out", type=Path, metavar="DIR", help="default: PRINT_DIR/MAILING (var/print)"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            run = printing.print_mailing(
                named(options["mailing"]), options["out"], console.bar("Print sheets")
            )
        except (printing.PrintError, OSError) as error:
            raise CommandError(str(error)) from error
        self.stdout.write(
            f"{run.sheets:,} sheets with {run.coupons:,} coupons in {run.folder}; "
            f"{run.checked:,} barcodes read back, all right"
        )
