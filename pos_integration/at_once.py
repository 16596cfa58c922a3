"""Two people who change one row at once: the second is told, and saves over nobody unknowingly."""

import json
from collections.abc import Iterable
from hashlib import sha256
from typing import Any, Final

from django.contrib.admin.models import LogEntry
from django.contrib.contenttypes.models import ContentType
from django.core.exceptions import ValidationError
from django.db.models import Field, Model
from django.utils import formats, timezone
from django.utils.translation import gettext as _

SEEN: Final = "_seen"
"""The hidden input of a form: what the row's fields were when the form was drawn."""

_LOCKED: Final = "_as_locked"


def _edited(row: Model, names: Iterable[str]) -> list["Field[Any, Any]"]:
    """The columns that a form edits: what the queue or a till writes meanwhile is no quarrel."""
    wanted = set(names)
    return [field for field in row._meta.concrete_fields if field.name in wanted]


def _mark(row: Model, field: "Field[Any, Any]") -> str:
    value = field.get_prep_value(field.value_from_object(row))
    return sha256(repr(value).encode()).hexdigest()[:16]


def seen(row: Model, names: Iterable[str]) -> str:
    """What to remember of a row as it is stored: for SEEN, empty if the form edits no column."""
    marks = {field.name: _mark(row, field) for field in _edited(row, names)}
    return json.dumps(marks, separators=(",", ":")) if marks else ""


def changed(row: Model, remembered: str) -> list["Field[Any, Any]"]:
    """The fields that are not as they were when somebody was shown the row.

    remembered: from `seen`. What is none, as from a script, was never shown anything.
    """
    try:
        marks = json.loads(remembered)
    except ValueError:
        return []
    if not isinstance(marks, dict):
        return []
    return [field for field in _edited(row, marks) if _mark(row, field) != marks[field.name]]


def stored(row: Model, *, is_locked: bool = False) -> Model | None:
    """The row as the database has it now, None if it is gone. Locked, nobody else saves first."""
    rows = type(row)._base_manager.all()
    if is_locked:
        rows = rows.select_for_update(of=("self",))
    return rows.filter(pk=row.pk).first()


def kept(row: Model) -> Model | None:
    """The row as it is stored; not asked for again where `objection` has it locked."""
    found: Model | None = vars(row)[_LOCKED] if _LOCKED in vars(row) else stored(row)
    return found


def _now_is(row: Model, field: "Field[Any, Any]") -> str:
    value = getattr(row, f"get_{field.name}_display", lambda: getattr(row, field.name))()
    if value is None or value == "":
        value = _("empty")
    return _("%(field)s is now “%(value)s”") % {
        "field": str(field.verbose_name),
        "value": formats.localize(value),
    }


def objection(row: Model, remembered: str) -> ValidationError | None:
    """Why what was typed into an old form may not be saved yet; None if nothing changed.

    Locks the row until the end of the transaction.
    """
    now = vars(row)[_LOCKED] = stored(row, is_locked=True)
    if now is None:
        return None
    fields = changed(now, remembered)
    if not fields:
        return None
    last = (
        LogEntry.objects.filter(
            content_type=ContentType.objects.get_for_model(row), object_id=str(row.pk)
        )
        .select_related("user")
        .order_by("-action_time")
        .first()
    )
    if last is None:
        who = _("Somebody changed this while you had it open.")
    else:
        who = _("%(who)s changed this at %(when)s, while you had it open.") % {
            "who": last.user.get_full_name() or last.user.get_username(),
            "when": formats.localize(timezone.localtime(last.action_time)),
        }
    what = "; ".join(_now_is(now, field) for field in fields)
    then = _("Nothing of yours is saved yet. Change what you typed below, or save again as it is.")
    return ValidationError(f"{who} {what}. {then}", code="changed_meanwhile")


def guard(form: type[Any], row: Model, remembered: str) -> None:
    """Let a form of `row`, made for this request alone, refuse what was typed into an old one.

    What the model and the database would refuse is not asked then, as nothing is saved.
    """
    before, check = form.clean, form._post_clean
    reason: ValidationError | None = None

    def clean(self: Any) -> Any:
        nonlocal reason
        reason = objection(row, remembered)
        cleaned = before(self)
        if reason is not None:
            self.add_error(None, reason)
        return cleaned

    def post_clean(self: Any) -> None:
        if reason is None:
            check(self)

    form.clean, form._post_clean = clean, post_clean
