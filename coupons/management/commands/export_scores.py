"""`manage.py export_scores`: what the models believe of every household, as a Parquet file."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from coupons import exporting
from coupons.management.commands.issue_mailing import named
from coupons.management.commands.nightly import day
from loyalty import console

ITEMS = 60  # of a household, unless said otherwise


class Command(BaseCommand):
    help = "Write what the models believe as Parquet, best first. Uses nothing from the day itself."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--as-of",
            required=True,
            metavar="YYYY-MM-DD",
            help="the morning after: only earlier days are seen",
        )
        parser.add_argument(
            "--kind",
            required=True,
            choices=["needs", "discovery", "response"],
            help="items bought again in 28 days, categories bought first in 56, or coupons used",
        )
        parser.add_argument("--level", choices=exporting.LEVELS, help="of needs (default: product)")
        parser.add_argument(
            "--top",
            type=int,
            metavar="N",
            help=f"so many a household (default: {ITEMS}; of a mailing's coupons: all)",
        )
        parser.add_argument("--mailing", metavar="MAILING", help="its code, for its coupons")
        parser.add_argument("--out", required=True, type=Path, metavar="FILE.parquet")

    def handle(self, *args: Any, **options: Any) -> None:
        as_of, kind, out = day(options["as_of"]), options["kind"], options["out"]
        level, top, mailing = options["level"], options["top"], options["mailing"]
        if level and kind != "needs" and (kind, level) != ("discovery", "category"):
            raise CommandError(f"--level {level} does not go with --kind {kind}")
        if (mailing is None) != (kind != "response"):
            raise CommandError("--mailing and --kind response go together, and only together")
        if top is not None and top < 1:
            raise CommandError(f"--top is {top}; wanted: 1 or more")
        console.forget_queries()
        try:
            match kind:
                case "needs":
                    rows = exporting.export_needs(
                        as_of, level or "product", out, top=top or ITEMS, bars=console.bar
                    )
                case "discovery":
                    rows = exporting.export_discoveries(
                        as_of, out, top=top or ITEMS, bars=console.bar
                    )
                case _:
                    rows = exporting.export_responses(
                        named(mailing), as_of, out, top=top, bars=console.bar
                    )
        except exporting.ExportError as error:
            raise CommandError(str(error)) from error
        self.stdout.write(f"{rows:,} rows as of {as_of} in {out}")
