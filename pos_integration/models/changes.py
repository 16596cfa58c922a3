"""What staff changed at the desk: who, when, of which row, before and after."""

from typing import Final

from django.db import models


class Change(models.Model):
    """One row that somebody of the staff made, changed or deleted, as the database noted it.

    Triggers write these, whichever way a row was changed, and `changes.note` what no row tells of,
    such as a night that was started by hand. `before` and `after` hold the columns that differ, by
    name. Rows made by the hundred thousand are one change with their number.
    """

    NOT_SHOWN: Final = "***"
    """What stands for a secret: that it changed is told, its value is not kept."""

    class Kind(models.TextChoices):
        MADE = "made", "Made"
        CHANGED = "changed", "Changed"
        DELETED = "deleted", "Deleted"

    at = models.DateTimeField("when")
    # Neither goes with a user who is deleted, even by themselves.
    by_id = models.BigIntegerField("user's id")
    by_name = models.CharField("who", max_length=150, help_text="As they were called then")
    page = models.CharField("page", max_length=200, blank=True)
    kind = models.CharField("what", max_length=7, choices=Kind)
    table_name = models.CharField(max_length=63)
    row_id = models.CharField(max_length=64, blank=True, help_text="Empty: of many rows")
    label = models.CharField(max_length=80, blank=True, help_text="What the row was called")
    about_table = models.CharField(max_length=63, help_text="On whose page it is told")
    about_id = models.CharField(max_length=64)
    rows = models.PositiveIntegerField(default=1)
    before = models.JSONField(default=dict)
    after = models.JSONField(default=dict)

    class Meta:
        verbose_name = "change"
        verbose_name_plural = "changes"
        indexes = [
            models.Index(fields=["about_table", "about_id"], name="change_about"),
            models.Index(fields=["table_name", "row_id"], name="change_of"),
            models.Index(fields=["by_id"], name="change_by"),
            models.Index(fields=["at"], name="change_at"),
        ]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(kind__in=["made", "changed", "deleted"]), name="change_kind"
            )
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.label or self.row_id}".strip()
