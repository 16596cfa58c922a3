"""`manage.py export_household`: all that is held of a household, as a ZIP to hand over."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from loyalty import privacy_copy
from loyalty.models import Card, Household


def household_of(card: str) -> Household:
    """The household that claimed a card. Raises CommandError where there is none."""
    found = Card.objects.select_related("household").filter(number=card).first()
    if found is None or found.household is None:
        raise CommandError(f"no household has the card '{card}'")
    return found.household


class Command(BaseCommand):
    help = "Write all that is held of a household to a ZIP: one file to read, one for machines."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("card", help="a number of one of its cards, whole")
        parser.add_argument("--out", required=True, type=Path, help="the ZIP to write")

    def handle(self, *args: Any, **options: Any) -> None:
        household = household_of(options["card"])
        out: Path = options["out"]
        try:
            with out.open("xb") as file:
                counts = privacy_copy.export(household, file)
        except FileExistsError:
            raise CommandError(f"{out} is there already: name another file") from None
        except OSError as error:
            raise CommandError(f"{out} cannot be written: {error.strerror}") from None
        held = ", ".join(f"{count:,} {name}" for name, count in counts.items() if count)
        self.stdout.write(f"household {household.pk}: {held}; in {out}")
