"""The command that loads a kept upload once more: `replay_upload ID`, after a fix."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from pos_integration import dropping, ingest, reporting
from pos_integration.models import Upload


class Command(BaseCommand):
    """What was taken before stays as it was; what could not be taken is, if it can be now."""

    help = "Load a kept upload again: what could not be taken then is, if it can be now."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("upload", type=int, help="its number, as the till was told it")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            replay = ingest.replay(options["upload"], reporting.counter())
        except Upload.DoesNotExist:
            raise CommandError(f"There is no upload {options['upload']}.") from None
        except dropping.GoneError as error:
            raise CommandError(str(error)) from None
        self.stdout.write(reporting.report(replay))
