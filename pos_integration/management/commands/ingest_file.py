"""The command that takes a sales file from disk, as if a till had sent it: `ingest_file PATH`."""

import gzip
from argparse import ArgumentParser
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO

from django.core.management.base import BaseCommand, CommandError

from pos_integration import formats, ingest, keeping, reporting
from pos_integration.models import Terminal, Upload

READ_BYTES = 2**20
FEEDS = {media_type.partition("/")[2]: media_type for media_type in formats.MEDIA_TYPES}
SUFFIXES = {
    ".json": "application/json",
    ".ndjson": "application/x-ndjson",
    ".jsonl": "application/x-ndjson",
    ".csv": "text/csv",
    ".xml": "application/xml",
}


class Command(BaseCommand):
    """Of any size, packed by gzip or not. The same file again changes nothing."""

    help = "Take a sales file, of any size and packed by gzip or not, as if a till had sent it."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("path", type=Path)
        parser.add_argument(
            "--terminal",
            metavar="STORE/TILL",
            help="who hands it over; otherwise the collector, where there is only one",
        )
        parser.add_argument(
            "--feed", choices=sorted(FEEDS), help="how it is written; otherwise by its name"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        path: Path = options["path"]
        terminal = _terminal(options["terminal"])
        media_type = FEEDS[options["feed"]] if options["feed"] else _media_type(path)
        try:
            with path.open("rb") as file:
                upload, is_new = keeping.accept(terminal, _parts(file), media_type)
        except OSError as error:
            raise CommandError(f"{path}: {error}") from error
        except EOFError as error:
            raise CommandError(f"{path} is cut off: {error}") from error
        if not is_new:
            self.stdout.write(f"{path.name} came before, as upload {upload.pk}.")
        upload = ingest.load(upload.pk, reporting.counter())
        self.stdout.write(reporting.report(upload))
        if upload.state == Upload.State.FAILED:
            raise CommandError(f"{path.name} could not be read to its end.")


def _parts(file: BinaryIO) -> Iterator[bytes]:
    """Yield what the file holds, unpacked if it is gzip."""
    is_packed = file.read(2) == b"\x1f\x8b"
    file.seek(0)
    source: BinaryIO | gzip.GzipFile = gzip.GzipFile(fileobj=file) if is_packed else file
    while part := source.read(READ_BYTES):
        yield part


def _terminal(named: str | None) -> Terminal:
    if named is None:
        collectors = list(Terminal.objects.filter(is_collector=True, revoked_at=None)[:2])
        if len(collectors) == 1:
            return collectors[0]
        raise CommandError(
            f"There {'are several collectors' if collectors else 'is no collector'}: say who hands "
            "it over with --terminal STORE/TILL (add_terminal STORE TILL --collector makes one)."
        )
    store, _, number = named.rpartition("/")
    terminal = (
        Terminal.objects.filter(store__number=store, number=number, revoked_at=None).first()
        if number.isascii() and number.isdigit() and len(number) < 10
        else None
    )
    if terminal is None:
        raise CommandError(f"There is no till {named!r}: STORE/TILL is wanted, such as 330/12.")
    return terminal


def _media_type(path: Path) -> str:
    suffixes = [suffix.lower() for suffix in path.suffixes if suffix.lower() != ".gz"]
    found = SUFFIXES.get(suffixes[-1]) if suffixes else None
    if found is None:
        raise CommandError(f"{path.name} does not tell its feed: say it with --feed.")
    return found
