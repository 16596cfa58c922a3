"""`manage.py erase_household`: who a household is goes for good; figures stay."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from loyalty import privacy
from loyalty.management.commands.export_household import household_of


class Command(BaseCommand):
    help = "Erase a household: name, address, cards and all that was said go, figures stay."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("card", help="a number of one of its cards, whole")
        parser.add_argument("--why", required=True, help="kept with the proof; name nobody in it")
        parser.add_argument(
            "--yes", action="store_true", help="do not ask: for scripts that asked already"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        household = household_of(options["card"])
        if not options["yes"]:
            wanted = str(household.pk)
            asked = f"This cannot be undone. Type the household's number, {wanted}, to go on: "
            if input(asked).strip() != wanted:
                raise CommandError("nothing was erased")
        try:
            proof = privacy.erase(household, None, options["why"])
        except privacy.ErasureError as error:
            raise CommandError(str(error)) from error
        done = ", ".join(f"{count:,} {name}" for name, count in proof.counts.items() if count)
        self.stdout.write(f"household {proof.household_number} is erased: {done}")
