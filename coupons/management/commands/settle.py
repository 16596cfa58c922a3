"""`manage.py settle`: state to funders what they owe, as CSV and PDF."""

from argparse import ArgumentParser
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from coupons import settlement, statements
from coupons.management.commands.nightly import day
from coupons.models import Funder, Statement
from loyalty import console


def named(name: str) -> Funder:
    """The funder of this name. Raises CommandError that says which there are."""
    found = Funder.objects.filter(name=name).first()
    if found is None:
        known = Funder.objects.order_by("name").values_list("name", flat=True)[:10]
        raise CommandError(
            f"there is no funder '{name}'; there are: {', '.join(known) or 'none at all'}"
        )
    return found


class Command(BaseCommand):
    help = "State to funders what they owe, a statement a currency, as CSV and PDF. Repeatable."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--funder", metavar="NAME", help="only this one (default: all)")
        parser.add_argument(
            "--through",
            metavar="YYYY-MM-DD",
            help="last business day that is settled (default: the last of last month)",
        )
        parser.add_argument(
            "--out",
            type=Path,
            metavar="DIR",
            help="default: PRINT_DIR/statements (var/print/statements)",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        through = (
            day(options["through"])
            if options["through"]
            else statements.last_month(timezone.localdate())
        )
        funders = [named(options["funder"])] if options["funder"] else None
        folder: Path = (options["out"] or settings.PRINT_DIR / "statements").resolve()
        console.forget_queries()
        settlement.book(console.bar("Book for the funders"))
        try:
            folder.mkdir(parents=True, exist_ok=True)
            issued = settlement.settle_all(through, funders=funders)
            unwritten = list(_unwritten(folder, through, funders, issued))
            for statement in [*unwritten, *issued]:
                _write(folder, statement)
        except (settlement.SettlementError, OSError) as error:
            raise CommandError(str(error)) from error
        if unwritten:
            self.stdout.write("Issued before, but missing on disk:")
            self._table(unwritten)
        if issued:
            self._table(issued)
        else:
            self.stdout.write(f"Nothing to settle until {through}.")
        if written := len(unwritten) + len(issued):
            statement_s = "statement" if written == 1 else "statements"
            self.stdout.write(f"{written} {statement_s}, as PDF and CSV in {folder}")

    def _table(self, issued: list[Statement]) -> None:
        totals = settlement.totals(issued)
        self.stdout.write(f"{'Statement':<40} {'Funder':<30} {'Coupons':>9} {'Total':>18}")
        for one in issued:
            coupons, amount = totals[one.pk]
            due = f"{amount:,.2f} {one.currency}"
            self.stdout.write(f"{one.number:<40} {one.funder.name:<30.30} {coupons:>9,} {due:>18}")


def _file(folder: Path, statement: Statement, ending: str) -> Path:
    return folder / f"{statement.number}.{ending}"


def _unwritten(
    folder: Path, through: date, funders: list[Funder] | None, issued: list[Statement]
) -> Iterator[Statement]:
    """Statements of the same period that were issued before and of which a file is missing.

    The desk issued them, or an earlier run that was cut short.
    """
    before = Statement.objects.filter(period_to=through).exclude(pk__in=[one.pk for one in issued])
    if funders is not None:
        before = before.filter(funder__in=funders)
    for statement in before.select_related("funder").order_by("number"):
        if not all(_file(folder, statement, ending).exists() for ending in ("csv", "pdf")):
            yield statement


def _write(folder: Path, statement: Statement) -> None:
    for ending, content in (
        ("csv", statements.as_csv(statement)),
        ("pdf", statements.as_pdf(statement)),
    ):
        path = _file(folder, statement, ending)
        part = path.with_name(f"{path.name}.part")
        part.write_bytes(content)
        part.replace(path)  # whoever sees the name sees the whole file
