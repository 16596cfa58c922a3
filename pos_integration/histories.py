"""A row's history at the desk: what was changed of it, and what was done to it, by time."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from django.contrib.admin.models import LogEntry
from django.contrib.contenttypes.models import ContentType
from django.db.models import Model, Q, QuerySet
from django.utils.translation import gettext as _

from pos_integration import changes, changes_told, staff
from pos_integration.changes_told import Told
from pos_integration.models import Change

AT_ONCE: Final = 50


@dataclass(frozen=True)
class History:
    """One page of it, newest first. `older` is where the next page begins, 0 on the last."""

    rows: list[Told]
    older: int
    is_first: bool


def visible(user: Any) -> QuerySet[Change]:
    """What of all changes somebody may see.

    Administrators all; marketing all but what is of security; who works in stores what they
    changed themselves.
    """
    if user.has_perm("auth.view_user"):
        return Change.objects.all()
    if staff.stores_of(user) is not None:
        return Change.objects.filter(by_id=user.pk)
    return Change.objects.exclude(table_name__in=changes.SECURITY)


def history(row: Model, user: Any, before: int = 0) -> History:
    """Tell the newest changes of `row`, or those older than the change `before`, to `user`."""
    rows = changes.of(row._meta.db_table, row.pk)
    if not user.has_perm("auth.view_user"):
        rows = rows.exclude(table_name__in=changes.SECURITY)
    until = Change.objects.filter(pk=before).values_list("at", flat=True).first()
    if before:
        rows = rows.filter(pk__lt=before)
    found = list(rows[: AT_ONCE + 1])
    shown = found[:AT_ONCE]
    is_more = len(found) > AT_ONCE
    told = changes_told.tell(shown, user)
    told += _logged(row, shown[-1].at if is_more else None, until)
    told.sort(key=lambda one: one.at, reverse=True)
    return History(told, shown[-1].pk if is_more else 0, not before)


def _logged(row: Model, since: datetime | None, until: datetime | None) -> list[Told]:
    """What the desk's pages wrote down of `row` in that time: what was done, in words."""
    entries = LogEntry.objects.filter(
        object_id=str(row.pk), content_type=ContentType.objects.get_for_model(row)
    )
    if since is not None:
        entries = entries.filter(action_time__gte=since)
    if until is not None:
        entries = entries.filter(Q(action_time__lt=until))
    return [
        Told(
            at=entry.action_time,
            who=entry.user.get_username(),
            what=_("Done"),
            tone="plain",
            kind="",
            thing=entry.get_change_message() or str(entry.get_action_flag_display()),
            url="",
            fields=(),
            page="",
        )
        for entry in entries.select_related("user").order_by("-action_time")[:AT_ONCE]
    ]
