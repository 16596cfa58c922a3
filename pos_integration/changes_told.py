"""What staff changed, in the reader's words: names of fields, choices, days and amounts."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from functools import cache
from typing import Any, Final

from django.apps import apps
from django.conf import settings
from django.contrib import admin
from django.db.models import (
    BinaryField,
    BooleanField,
    DateField,
    DateTimeField,
    DecimalField,
    Field,
    ForeignKey,
    Model,
)
from django.urls import reverse
from django.utils import formats, timezone
from django.utils.dateparse import parse_date, parse_datetime
from django.utils.text import Truncator, capfirst
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from pos_integration.models import Change

NOTHING: Final = "\N{EN DASH}"
_LONGEST: Final = 160  # characters of a value
_MOST_KINDS: Final = 8  # of other rows that are looked up by name: a query each
_TONES: Final = {"made": "good", "changed": "new", "deleted": "bad"}
Names = Mapping[type[Model], Mapping[str, str]]


@dataclass(frozen=True)
class Told:
    """One change. `fields` are name, before and after of what differs; "" of what was not there."""

    at: datetime
    who: str
    what: str
    tone: str
    kind: str
    thing: str
    url: str  # of the row or of whose page it is told on; "" where there is no page
    fields: tuple[tuple[str, str, str], ...]
    page: str


@cache
def models_by_table() -> dict[str, type[Model]]:
    """Every table of ours and its model, those that only join two others as well."""
    return {
        model._meta.db_table: model
        for model in apps.get_models(include_auto_created=True)
        if not model._meta.proxy
    }


def tell(changes: Sequence[Change], user: Any) -> list[Told]:
    """Put changes into words for `user`, who is told names only of what they may see."""
    names = _names(changes, user)
    return [_told(change, names, user) for change in changes]


def kind_of(table: str) -> str:
    """What a row of `table` is called; one that only joins two others, by whose it is."""
    model = models_by_table().get(table)
    if model is None:
        return table
    owner: Any = model._meta.auto_created
    if owner:
        joins = owner._meta.many_to_many
        named = next(field.verbose_name for field in joins if field.remote_field.through is model)
        return f"{capfirst(str(owner._meta.verbose_name))}: {named}"
    return capfirst(str(model._meta.verbose_name))


def _told(change: Change, names: Names, user: Any) -> Told:
    model = models_by_table().get(change.table_name)
    url = _url(change.table_name, change.row_id, user) if change.kind != "deleted" else ""
    whole = model is not None and change.kind != Change.Kind.CHANGED
    columns = sorted(change.before.keys() | change.after.keys(), key=_place(model))
    shown_before = {
        column: value for column, value in change.before.items() if value != Change.NOT_SHOWN
    }
    said = tuple(
        (
            _label(model, column),
            _value(model, column, shown_before, names),
            _value(model, column, change.after, names),
        )
        for column in columns
        # Whose page it is on needs no telling of a row that was made or deleted there.
        if not (whole and _points_to(model, column) == change.about_table)
        or change.about_table == change.table_name
    )
    if change.row_id or change.label:
        is_join = model is not None and model._meta.auto_created
        thing = change.label or f"#{change.about_id if is_join else change.row_id}"
    else:
        thing = ngettext("%(count)s row", "%(count)s rows", change.rows) % {
            "count": formats.number_format(change.rows)
        }
    return Told(
        at=change.at,
        who=change.by_name,
        what=str(change.get_kind_display()),
        tone=_TONES.get(change.kind, "plain"),
        kind=kind_of(change.table_name),
        thing=thing,
        url=url or _url(change.about_table, change.about_id, user),
        fields=said,
        page=change.page,
    )


def _field(model: type[Model] | None, column: str) -> "Field[Any, Any] | None":
    if model is None:
        return None
    return next((field for field in model._meta.concrete_fields if field.column == column), None)


def _place(model: type[Model] | None) -> Any:
    """Sorts columns as their model has them; those it has no more come last."""
    order = [field.column for field in model._meta.concrete_fields] if model is not None else []
    return lambda column: (order.index(column) if column in order else len(order), column)


def _label(model: type[Model] | None, column: str) -> str:
    field = _field(model, column)
    return capfirst(str(field.verbose_name)) if field is not None else column


def _points_to(model: type[Model] | None, column: str) -> str:
    """The table that a column points to, or ""."""
    field = _field(model, column)
    if not isinstance(field, ForeignKey):
        return ""
    other: type[Model] = field.related_model
    return other._meta.db_table


def _value(model: type[Model] | None, column: str, values: Mapping[str, Any], names: Names) -> str:
    """One value in words; "" of a row that was not there."""
    if column not in values:
        return ""
    if values[column] == Change.NOT_SHOWN:
        return _("changed, not shown")
    value = values[column]
    if value is None or value == "" or value == []:
        return NOTHING
    field = _field(model, column)
    if isinstance(field, ForeignKey):
        named = names.get(field.related_model, {})
        return Truncator(named.get(str(value), f"#{value}")).chars(_LONGEST)
    if field is not None and field.choices:
        return str(dict(field.flatchoices).get(value, value))
    if column == "language":
        return str(dict(settings.LANGUAGES).get(value, value))
    if isinstance(field, BooleanField) or isinstance(value, bool):
        return _("yes") if value else _("no")
    return Truncator(_plain(field, value)).chars(_LONGEST)


def _plain(field: "Field[Any, Any] | None", value: Any) -> str:
    """Days, times and amounts as the reader's language writes them, the rest as it is."""
    if isinstance(field, DateTimeField):
        moment = parse_datetime(str(value))
        if moment is not None:
            local = timezone.localtime(moment)
            return formats.date_format(local, "SHORT_DATETIME_FORMAT")
    elif isinstance(field, DateField):
        day = parse_date(str(value))
        if isinstance(day, date):
            return formats.date_format(day, "DATE_FORMAT")
    elif isinstance(field, DecimalField):
        return formats.number_format(Decimal(str(value)), field.decimal_places)
    if isinstance(value, list):
        return ", ".join(str(one) for one in value)
    if isinstance(value, dict):
        return json.dumps(value, ensure_ascii=False)
    return str(value)


def _names(changes: Iterable[Change], user: Any) -> Names:
    """What other rows are called that changes point to: one query for each kind, some kinds."""
    wanted: dict[type[Model], set[str]] = {}
    for change in changes:
        model = models_by_table().get(change.table_name)
        for values in (change.before, change.after):
            for column, value in values.items():
                field = _field(model, column)
                if isinstance(field, ForeignKey) and value not in (None, Change.NOT_SHOWN):
                    wanted.setdefault(field.related_model, set()).add(str(value))
    found = {}
    for model, keys in list(wanted.items())[:_MOST_KINDS]:
        options = model._meta
        if user.has_perm(f"{options.app_label}.view_{options.model_name}"):
            found[model] = {str(row.pk): str(row) for row in _rows(model, keys)}
    return found


def _rows(model: type[Model], keys: set[str]) -> Iterable[Model]:
    """The rows with what their names may be made of: the rows they point to, no bytes."""
    options = model._meta
    large = [field.name for field in options.concrete_fields if isinstance(field, BinaryField)]
    near = [
        field.name
        for field in options.concrete_fields
        if isinstance(field, ForeignKey)
        and not any(isinstance(one, BinaryField) for one in field.related_model._meta.fields)
    ]
    rows = model._base_manager.filter(pk__in=keys).defer(*large)
    return rows.select_related(*near) if near else rows


def _url(table: str, key: str, user: Any) -> str:
    model = models_by_table().get(table)
    if model is None or not key or not admin.site.is_registered(model):
        return ""
    options = model._meta
    if not user.has_perm(f"{options.app_label}.view_{options.model_name}"):
        return ""
    return reverse(f"admin:{options.app_label}_{options.model_name}_change", args=[key])
