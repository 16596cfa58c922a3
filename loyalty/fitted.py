"""What was learned, kept by version: which one is used, and back to an earlier one."""

import hashlib
import json
from collections.abc import Iterable, Mapping
from datetime import date, timedelta
from typing import Any

from django.db import connection, transaction
from django.db.models import Max

from loyalty.models import FittedModel

Kind = FittedModel.Kind
LASTS = timedelta(days=31)
"""How long what was learned may stand for its day: a chain learns every month."""
OF_MAILINGS = (Kind.RESPONSE, Kind.UPLIFT)


class DamagedModelError(ValueError):
    """A model whose parameters are not those it was kept with."""


@transaction.atomic
def keep(
    kind: str, parameters: Mapping[str, Any], *, as_of: date, figures: Mapping[str, Any], use: bool
) -> FittedModel:
    """Keep what was learned from the days before `as_of` as the next version of its kind.

    parameters: plain values that JSON knows, without NaN; figures: how it did on households it
    was not fitted on. use: whether the next night uses it.
    """
    _lock()
    text = json.dumps(parameters, allow_nan=False, sort_keys=True, separators=(",", ":"))
    last = FittedModel.objects.filter(kind=kind).aggregate(last=Max("version"))["last"] or 0
    model = FittedModel.objects.create(
        kind=kind,
        version=last + 1,
        as_of=as_of,
        parameters=text,
        sha256=_hash(text),
        figures=dict(figures),
    )
    return put_to_use(model) if use else model


@transaction.atomic
def put_to_use(model: FittedModel) -> FittedModel:
    """Let the next night use `model`, in place of any other of its kind."""
    _lock()
    FittedModel.objects.filter(kind=model.kind, in_use=True).update(in_use=False)
    FittedModel.objects.filter(pk=model.pk).update(in_use=True)
    model.refresh_from_db()
    return model


def in_use(kind: str) -> FittedModel | None:
    """The version of a kind that the next night uses, or None before any was learned."""
    return FittedModel.objects.filter(kind=kind, in_use=True).first()


def known_on(kind: str, day: date) -> FittedModel | None:
    """What a night before the morning of `day` could have used, and knew nothing of it or later.

    The version in use, if it is one of those learned within LASTS of the day; otherwise the latest
    of them, or None. What is learned of mailings stands until one teaches more, however long.
    """
    versions = FittedModel.objects.filter(kind=kind, as_of__lte=day)
    if kind not in OF_MAILINGS:
        versions = versions.filter(as_of__gte=day - LASTS)
    return versions.order_by("-in_use", "-as_of", "-version").first()


def parameters(model: FittedModel) -> dict[str, Any]:
    """What `model` learned. Raises DamagedModelError if it is not what was kept."""
    if _hash(model.parameters) != model.sha256:
        raise DamagedModelError(f"The parameters of {model} do not match their hash.")
    values: dict[str, Any] = json.loads(model.parameters)
    return values


def by_kind(models: Iterable[FittedModel]) -> dict[str, dict[str, Any]]:
    """The parameters of one model a kind. Raises DamagedModelError."""
    return {model.kind: parameters(model) for model in models}


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def _lock() -> None:
    """Versions are counted and put to use one after the other."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended('loyalty.fitted', 0))")
