"""The app of promises, and the groups of staff, which it alone can name in full."""

from typing import Any

from django.apps import AppConfig
from django.apps import apps as installed
from django.db.models.signals import post_migrate

from coupons.fault_sentences import FAULTS
from coupons.sentences import SENTENCES
from pos_integration.said import know


class CouponsConfig(AppConfig):
    name = "coupons"
    verbose_name = "What we promised"

    def ready(self) -> None:
        from pos_integration.labels import translate_labels  # models are there only now

        translate_labels(self)
        know(SENTENCES + FAULTS)
        # The only signal in this code base. Django makes permissions after the last migration,
        # in answer to this very signal, so no migration can hand them to a group.
        post_migrate.connect(keep_groups, sender=self, dispatch_uid="coupons.groups")


def keep_groups(using: str, apps: Any = installed, **_: object) -> None:
    """Make the groups; a flushed database says so without naming `apps`."""
    from coupons.groups import ensure_groups  # models exist only once every app is ready

    ensure_groups(apps, using)
