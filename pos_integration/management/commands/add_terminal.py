"""The command that lets a till in: `add_terminal STORE NUMBER` prints its token, once."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import transaction

from pos_integration import auth, catalogue
from pos_integration.models import Store, Terminal
from pos_integration.records import LARGEST_INTEGER


class Command(BaseCommand):
    """Run again for the same till it prints a second token: both work while it is carried there."""

    help = "Let a till in: make its store if need be, and print its token alone on the last line."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("store", help="the store's number")
        parser.add_argument("number", help="the till's number within the store")
        parser.add_argument(
            "--collector", action="store_true", help="it hands over the sales of every store"
        )
        parser.add_argument("--name", help="of a new store")
        parser.add_argument("--currency", help="of a new store: ISO 4217, otherwise USD")
        parser.add_argument("--time-zone", help="of a new store: IANA name, otherwise UTC")

    @transaction.atomic
    def handle(self, *args: Any, **options: Any) -> None:
        number = options["number"]
        if not (number.isascii() and number.isdigit() and int(number[:11]) <= LARGEST_INTEGER):
            raise CommandError(f"The till's number is {number!r}; a whole number is wanted.")
        store = self._store(options)
        terminal, is_new = Terminal.objects.get_or_create(
            store=store, number=int(number), defaults={"is_collector": options["collector"]}
        )
        if terminal.revoked_at:
            raise CommandError(f"{terminal} was revoked; a new till needs a number of its own.")
        if options["collector"] and not terminal.is_collector:
            terminal.is_collector = True
            terminal.save(update_fields=["is_collector"])
        self.stdout.write(f"{terminal}: {'added' if is_new else 'another token'}")
        self.stdout.write(auth.issue_token(terminal))

    def _store(self, options: dict[str, Any]) -> Store:
        wanted = {
            name: options[name] for name in ("name", "currency", "time_zone") if options[name]
        }
        store = Store.objects.filter(number=options["store"]).first()
        if store is None:
            store = Store(
                number=options["store"], **{"name": f"Store {options['store']}", **wanted}
            )
            try:
                catalogue.save_store(store)
            except catalogue.CatalogueError as error:
                raise CommandError(str(error)) from error
        for name, value in wanted.items():
            if getattr(store, name) != value:
                raise CommandError(
                    f"Store {store.number} is there already; its {name} is "
                    f"{getattr(store, name)!r}, not {value!r}."
                )
        return store
