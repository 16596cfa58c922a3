"""The command that starts, stops and describes the embedded PostgreSQL: `localpg status`."""

import shlex
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from loyalty import localpg


class Command(BaseCommand):
    """start, stop or status; every other command starts the server by itself."""

    help = "Start, stop or describe the embedded PostgreSQL used while DATABASE_URL is not set."
    requires_system_checks = []  # a check may connect to the server this is about to stop

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("action", choices=["start", "stop", "status"])

    def handle(self, *args: Any, **options: Any) -> None:
        home: Path | None = settings.LOCALPG_HOME
        if home is None:
            raise CommandError("DATABASE_URL names the database; the embedded one is not in use.")
        try:
            match options["action"]:
                case "start":
                    localpg.ensure(home)
                    self._describe(localpg.status(home))
                case "stop":
                    self.stdout.write("stopped" if localpg.stop(home) else "was not running")
                case _:
                    self._describe(localpg.status(home))
        except localpg.LocalPostgresError as error:
            raise CommandError(str(error)) from error

    def _describe(self, status: localpg.Status) -> None:
        psql = ["psql", "-h", str(status.sockets), "-U", localpg.USER, localpg.NAME]
        self.stdout.write(f"data    {status.data}")
        self.stdout.write(f"log     {status.log}")
        self.stdout.write(f"client  {shlex.join(psql)}")
        if status.answering:
            self.stdout.write(f"running as process {status.pid}")
        elif status.pid:
            self.stdout.write(f"process {status.pid} runs, but does not answer yet")
        else:
            raise CommandError("not running", returncode=3)
