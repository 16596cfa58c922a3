"""Files of the catalogue that wait to be confirmed: for a day, by whoever sent them, once.

They are kept where what is remembered for a while is kept, in the database: to take one away is
part of the transaction that does what it says, so nothing is done twice and nothing is half done.
"""

import secrets
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any, Final

from django.contrib.admin.models import CHANGE, LogEntry
from django.contrib.auth.models import AbstractBaseUser
from django.contrib.contenttypes.models import ContentType
from django.core.cache import cache
from django.db import IntegrityError, transaction
from django.db.models import Model, QuerySet

from pos_integration.catalogue_files import goods, shops, tree
from pos_integration.catalogue_files.forms import CATEGORIES, PRODUCTS, STORES
from pos_integration.catalogue_files.plans import Plan, Planned
from pos_integration.models import Category, Product, Store
from pos_integration.tables import reading as tables
from pos_integration.tables.cells import Value
from pos_integration.tables.forms import Form
from pos_integration.tables.reading import Fault, Reading

KEPT_S: Final = 24 * 3600
SHOWN: Final = 30  # new and changed rows that are shown of many
FAULTS_KEPT: Final = 5_000
_QUICK: Final = 1  # of zlib


@dataclass(frozen=True)
class Kind:
    """What a file may be of."""

    form: Form
    model: type[Model]
    compare: Callable[[Reading], Plan]
    apply: Callable[[list[Planned]], None]
    written: Callable[[QuerySet[Any]], Iterator[dict[str, Value]]]


KINDS: Final = {
    kind.form.sheet: kind
    for kind in (
        Kind(PRODUCTS, Product, goods.compare, goods.apply, goods.written),
        Kind(CATEGORIES, Category, tree.compare, tree.apply, tree.written),
        Kind(STORES, Store, shops.compare, shops.apply, shops.written),
    )
}


class WaitingError(Exception):
    """Why nothing was changed, in a sentence."""


@dataclass
class Waiting:
    """A file and what was found of it when it was last looked at."""

    token: str
    kind: str  # a key of KINDS
    name: str
    user: int
    state: str = "read"  # then "applied" or "dropped"
    rows: int = 0
    counts: dict[str, int] = field(default_factory=dict)  # new, changed, same, faulty
    faults: list[Fault] = field(default_factory=list)
    fault_count: int = 0
    notes: list[str] = field(default_factory=list)
    digest: str = ""
    first_new: list[Planned] = field(default_factory=list)
    first_changed: list[Planned] = field(default_factory=list)


def accept(kind: str, name: str, body: bytes, by: AbstractBaseUser) -> Waiting:
    """Read a file and keep what it says and would do; changes nothing. Raises TableError."""
    reading = tables.read(body, KINDS[kind].form)
    token = secrets.token_urlsafe(12)
    plan = KINDS[kind].compare(reading)
    file = _found(plan, Waiting(token, kind, name[-200:], by.pk))
    cache.set(_body_key(token), zlib.compress(body, _QUICK), KEPT_S)
    cache.set(_key(token), file, KEPT_S)
    return file


def waiting(token: str, kind: str, by: AbstractBaseUser) -> Waiting | None:
    """The file of that token, if it is of this kind and `by` sent it."""
    file: Waiting | None = cache.get(_key(token))
    return file if file is not None and (file.kind, file.user) == (kind, by.pk) else None


def confirm(file: Waiting, by: AbstractBaseUser, *, digest: str, may_leave_faulty: bool) -> Waiting:
    """Do what `file` would do, all of it or nothing; returns it as it is then.

    digest: of what was looked at; if the file would do something else by now, nothing is done and
        it is looked at anew.
    may_leave_faulty: whether the right rows are taken though others are faulty.
    Raises WaitingError, also where somebody's other click was quicker.
    """
    reading = _reading(file)
    if file.user != by.pk or reading is None:
        raise WaitingError("This file was confirmed or dropped already, or waited too long.")
    try:
        with transaction.atomic():
            done = _confirmed(file, reading, digest, may_leave_faulty=may_leave_faulty)
            _note(file, by)
    except (_StaleError, IntegrityError) as error:
        again = _reading(file)
        if again is not None:
            cache.set(_key(file.token), _found(KINDS[file.kind].compare(again), file), KEPT_S)
        raise WaitingError(
            "Nothing was changed: since you looked, the catalogue changed, and with it what this "
            "file would do. Look at it once more, then confirm."
        ) from error
    return done


def drop(file: Waiting) -> None:
    """Put a file that waits aside."""
    with transaction.atomic():
        if cache.delete(_body_key(file.token)):
            file.state = "dropped"
            cache.set(_key(file.token), file, KEPT_S)


class _StaleError(Exception):
    pass


def _confirmed(file: Waiting, reading: Reading, digest: str, *, may_leave_faulty: bool) -> Waiting:
    # Another click that took it away first is waited for here, and then there is nothing left.
    if not cache.delete(_body_key(file.token)):
        raise WaitingError("This file was confirmed already: it did what it says once.")
    kind = KINDS[file.kind]
    if kind.model is Product:
        goods.lock()
    plan = kind.compare(reading)
    if plan.digest != digest:
        raise _StaleError
    if plan.reading.faults and not may_leave_faulty:
        raise WaitingError(
            f"Nothing was changed: {plan.faulty:,} of {file.rows:,} rows "
            f"{'is' if plan.faulty == 1 else 'are'} faulty. Put right what is wrong in the file, "
            "or say that the right rows are to be applied without them."
        )
    kind.apply([*plan.new, *plan.changed])
    done = _found(plan, file)
    done.state = "applied"
    cache.set(_key(file.token), done, KEPT_S)
    return done


def _note(file: Waiting, by: AbstractBaseUser) -> None:
    """In the history of changes: who, and how much; what each row was, the file tells."""
    new, changed = file.counts["new"], file.counts["changed"]
    LogEntry.objects.create(
        user_id=by.pk,
        content_type=ContentType.objects.get_for_model(KINDS[file.kind].model),
        object_id=None,
        object_repr=file.name,
        action_flag=CHANGE,
        change_message=f"File of {file.kind}: {new:,} new, {changed:,} changed.",
    )


def _found(plan: Plan, file: Waiting) -> Waiting:
    """`file` with what was found just now."""
    reading = plan.reading
    file.rows = reading.count
    file.counts = {
        "new": len(plan.new),
        "changed": len(plan.changed),
        "same": plan.same,
        "faulty": plan.faulty,
    }
    file.faults = reading.faults[:FAULTS_KEPT]
    file.fault_count = len(reading.faults)
    file.notes = [*reading.notes, *plan.notes]
    file.digest = plan.digest
    file.first_new, file.first_changed = plan.new[:SHOWN], plan.changed[:SHOWN]
    return file


def _reading(file: Waiting) -> Reading | None:
    """What `file` says, read anew, for comparing takes rows out; None if it no longer waits."""
    kept: bytes | None = cache.get(_body_key(file.token))
    return None if kept is None else tables.read(zlib.decompress(kept), KINDS[file.kind].form)


def _key(token: str) -> str:
    return f"catalogue-file:{token}"


def _body_key(token: str) -> str:
    return f"catalogue-body:{token}"
