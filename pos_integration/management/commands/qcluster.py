"""The command that runs the queue: django-q's own, with our guard of its workers."""

from typing import Any

from django_q import cluster
from django_q.management.commands import qcluster

from pos_integration import guarding, taking_up


class Command(qcluster.Command):  # type: ignore[misc] # django-q2 ships no types
    """Runs until it is stopped; started again after it was killed, it goes on."""

    help = "Run the queue: the night, and what staff start from the desk."

    def handle(self, *args: Any, **options: Any) -> None:
        if taken := taking_up.take_up():
            self.stdout.write(f"{taken} tasks of a queue that was killed are begun again")
        cluster.Sentinel = guarding.Sentinel  # by which name django-q starts it
        super().handle(*args, **options)
