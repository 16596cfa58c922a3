"""What a file would do: which rows are new, which change what, which are the same or faulty."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from pos_integration.tables.cells import Value
from pos_integration.tables.forms import Form
from pos_integration.tables.reading import Fault, Reading, drop_faulty

Values = dict[str, Any]


class Change(NamedTuple):
    column: str
    before: str  # as a file has it
    after: str


class Planned(NamedTuple):
    """One thing as it will be, with the values of all columns."""

    row: int
    values: Values
    changes: list[Change]  # none of a new one: its values say it all


@dataclass
class Plan:
    """What a file would do now."""

    reading: Reading  # its faults are all there are
    new: list[Planned] = field(default_factory=list)
    changed: list[Planned] = field(default_factory=list)
    same_rows: set[int] = field(default_factory=set)
    notes: list[str] = field(default_factory=list)

    @property
    def same(self) -> int:
        return len(self.same_rows)

    @property
    def digest(self) -> str:
        """The same as long as the file would do the same."""
        said = hashlib.sha256()
        for one in (*self.new, *self.changed):
            said.update(repr((one.row, one.changes or one.values)).encode())
        return said.hexdigest()

    @property
    def faulty(self) -> int:
        return len({fault.row for fault in self.reading.faults})

    def add(self, row: int, values: Values, was: Mapping[str, Value] | None) -> None:
        """Take in the row that makes `values` of what there `was`; None: it is new."""
        if was is None:
            self.new.append(Planned(row, values, []))
        elif changes := changes_of(self.reading.form, values, was):
            self.changed.append(Planned(row, values, changes))
        else:
            self.same_rows.add(row)

    def refuse(self, faults: list[Fault]) -> None:
        """Take the rows of these faults, and of none but them, out of what would be done."""
        if not faults:
            return
        self.reading.faults.extend(faults)
        drop_faulty(self.reading)
        rows = {fault.row for fault in faults}
        self.new = [one for one in self.new if one.row not in rows]
        self.changed = [one for one in self.changed if one.row not in rows]
        self.same_rows -= rows


def changes_of(form: Form, values: Mapping[str, Value], was: Mapping[str, Value]) -> list[Change]:
    """In which columns `values` say something else than `was`."""
    return [
        Change(name, column.write(was[name]), column.write(values[name]))
        for name, column in form.by_name.items()
        if values[name] != was[name]
    ]
