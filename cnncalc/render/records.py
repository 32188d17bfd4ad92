"""Tables of plain records, for every format that a network's table has."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from cnncalc.core import units
from cnncalc.render.columns import COLUMNS, Value
from cnncalc.render.view import Total


@dataclass(frozen=True)
class Records:
    """Records to show as a table; the columns are the keys of every record."""

    title: str
    columns: tuple[str, ...]
    lines: Sequence[Mapping[str, Value]]
    numbers: tuple[str, ...] = ()
    """The columns that are right-aligned."""
    sentences: tuple[str, ...] = ()
    """The columns whose text is broken into lines."""
    totals: Sequence[Total] = ()
    remarks: Sequence[str] = ()
    conventions: str = ""
    data: Any = None
    """The plain data, if there is more than the records."""

    @property
    def name(self) -> str:
        """The title."""
        return self.title

    @property
    def headings(self) -> list[str]:
        """The names of the columns; those that a network's table also has get the same heading."""
        return [
            COLUMNS[name].heading if name in COLUMNS else name.capitalize() for name in self.columns
        ]

    def numeric(self, name: str) -> bool:
        """Whether a column is right-aligned."""
        return name in self.numbers

    def prose(self, name: str) -> bool:
        """Whether a column holds long text, which is broken into lines."""
        return name in self.sentences

    def values(self, line: Mapping[str, Value]) -> list[Value]:
        """The values of a record."""
        return [line[name] for name in self.columns]

    def texts(self, line: Mapping[str, Value]) -> list[str]:
        """The values of a record as text."""
        return [_read(value) for value in self.values(line)]

    def to_dict(self) -> Any:
        """Everything as plain data: by default the records."""
        return [dict(line) for line in self.lines] if self.data is None else self.data


def _read(value: Value) -> str:
    if value is None:
        return ""
    return units.exact(value) if isinstance(value, int) else str(value)
