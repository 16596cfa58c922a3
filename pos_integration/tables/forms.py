"""What a file of one kind may hold: its columns, how they are called, how long it may be."""

import re
from dataclasses import dataclass
from functools import cached_property
from typing import Final

from pos_integration.tables.cells import Column
from pos_integration.tables.table import MOST_BYTES, MOST_ROWS

_APART: Final = re.compile(r"[\s_-]+")


@dataclass(frozen=True)
class Form:
    """A kind of file.

    sheet: what its sheet in a workbook is called
    columns: in the order in which they are written; a file may leave out what is not wanted
    key: the column that names a row in a sentence about it
    unique: columns of which two rows may not say the same
    """

    sheet: str
    columns: tuple[Column, ...]
    key: str
    unique: tuple[str, ...] = ()
    most_rows: int = MOST_ROWS
    most_bytes: int = MOST_BYTES

    @cached_property
    def by_name(self) -> dict[str, Column]:
        return {column.name: column for column in self.columns}

    def is_known(self, heading: str) -> bool:
        return name_of(heading) in self.by_name


def name_of(heading: str) -> str:
    """Return the name of the column that `heading` may mean.

    >>> name_of(" Valid From")
    'valid_from'
    """
    return _APART.sub("_", heading.strip()).casefold()
