"""The interface between a table and the format that draws it."""

from collections.abc import Sequence
from typing import Any, Protocol

from cnncalc.render.columns import Value
from cnncalc.render.view import Total


class Sheet(Protocol):
    """The content that every format draws: lines in columns, with a title, remarks, totals and a
    legend."""

    @property
    def name(self) -> str:
        """The name of the network or the table."""

    @property
    def title(self) -> str:
        """The line above the table."""

    @property
    def remarks(self) -> Sequence[str]:
        """Notes on the whole table."""

    @property
    def columns(self) -> Sequence[str]:
        """The names of the columns."""

    @property
    def headings(self) -> Sequence[str]:
        """The headings of the columns."""

    @property
    def lines(self) -> Sequence[Any]:
        """The rows, each of which has a value in every column."""

    @property
    def totals(self) -> Sequence[Total]:
        """The totals below the table."""

    @property
    def conventions(self) -> str:
        """Sentences on what the numbers mean."""

    def numeric(self, name: str) -> bool:
        """Whether a column is right-aligned."""

    def prose(self, name: str) -> bool:
        """Whether a column holds long text, which is broken into lines."""

    def values(self, line: Any) -> Sequence[Value]:
        """The values of a line, with exact counts."""

    def texts(self, line: Any) -> Sequence[str]:
        """The values of a line as text."""

    def to_dict(self) -> Any:
        """Everything as plain data."""
