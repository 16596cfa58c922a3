"""Changing several rows at once: seen before, refused by name, all or none."""

import hashlib
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final, NamedTuple, TypeVar

from django.contrib.admin.models import CHANGE, LogEntry
from django.contrib.auth.models import AbstractBaseUser
from django.db import transaction
from django.db.models import Model, QuerySet

M = TypeVar("M", bound=Model)
MOST: Final = 500
"""Rows at once: what a page can show."""


class ChangeError(Exception):
    """Why nothing was changed, a sentence a row."""

    def __init__(self, sentences: Sequence[str]) -> None:
        super().__init__(" ".join(sentences))
        self.sentences = sentences


class Planned(NamedTuple):
    """What would become of one row."""

    row: Any
    changes: list[tuple[str, str, str]]  # field, before, after
    faults: list[str]


def few(rows: QuerySet[M]) -> list[M]:
    """The rows themselves. Raises ChangeError if they are more than MOST."""
    found = list(rows[: MOST + 1])
    if len(found) > MOST:
        raise ChangeError([f"More than {MOST} are too many at once: choose fewer."])
    return found


def plan(rows: QuerySet[M], wanted: Mapping[str, Any]) -> list[Planned]:
    """Say of each row what would change; writes nothing. Raises ChangeError.

    wanted: by field only what is to be changed, and to what
    """
    related = [name for name in wanted if rows.model._meta.get_field(name).is_relation]
    return [
        Planned(
            row,
            [
                (name, said(row, name, getattr(row, name)), said(row, name, value))
                for name, value in wanted.items()
                if getattr(row, name) != value
            ],
            [],
        )
        for row in few(rows.select_related(*related) if related else rows)
    ]


def write(row: Model, wanted: Mapping[str, Any]) -> None:
    """Change these fields of a row."""
    for name, value in wanted.items():
        setattr(row, name, value)
    row.save(update_fields=[*wanted])


def said(row: Model, name: str, value: Any) -> str:
    """A value as staff read it."""
    choices = dict(row._meta.get_field(name).flatchoices or ())  # type: ignore[union-attr] # columns
    if value in choices:
        return str(choices[value])
    if isinstance(value, bool):
        return "yes" if value else "no"
    return "empty" if value in (None, "") else str(value)


@transaction.atomic
def change(
    rows: QuerySet[M],
    by: AbstractBaseUser,
    plan: Callable[[QuerySet[M]], list[Planned]],
    write: Callable[[M], None],
) -> int:
    """Change all of `rows` or none; returns how many did.

    plan: of the locked rows, what would become of them
    write: changes one
    Raises ChangeError for a row with a fault.
    """
    every = rows.model._default_manager.all()
    # Whoever else changes these waits, in one order.
    keys = list(rows.order_by("pk").values_list("pk", flat=True)[: MOST + 1])
    list(every.select_for_update().filter(pk__in=keys).order_by("pk").values_list("pk"))
    planned = plan(every.filter(pk__in=keys))
    faults = [f"{one.row}: {fault}" for one in planned for fault in one.faults]
    if faults:
        raise ChangeError(faults)
    changed = [one for one in planned if one.changes]
    for one in changed:
        write(one.row)
        says = "; ".join(f"{name}: {before} -> {after}" for name, before, after in one.changes)
        LogEntry.objects.log_actions(by.pk, [one.row], CHANGE, f"Changed together: {says}.")
    return len(changed)


def seen(planned: Sequence[Planned]) -> str:
    """What a page showed, in short: a second click finds something else, and does nothing."""
    text = repr([(one.row.pk, one.changes) for one in planned])
    return hashlib.sha256(text.encode()).hexdigest()[:32]
