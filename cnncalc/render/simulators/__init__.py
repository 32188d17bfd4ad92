"""One file per accelerator simulator, discovered automatically.

A simulator is a module with ``TOOL`` (its name), ``SUFFIX`` (the extension of its file) and
``render(workload) -> str``, which raises UsageError for products that it cannot describe.
"""

from collections.abc import Callable, Sequence
from functools import cache
from typing import NamedTuple, Protocol, TypeVar, cast

from cnncalc.analysis.report import Report, Row
from cnncalc.core import discovery
from cnncalc.core.errors import LayerError, UsageError
from cnncalc.core.nest import Nest

MOST_NAMED = 5
"""The most layers that an error names for each reason."""


class Product(NamedTuple):
    """A convolution or matrix product of a layer. ``source`` is the number of the last product
    before it, directly or with other layers in between; None for the network's input."""

    name: str
    nest: Nest
    source: int | None


class Workload(NamedTuple):
    """The products of a network, in order, and the layers without any. A simulator reads only the
    products."""

    name: str
    products: tuple[Product, ...]
    left_out: tuple[Row, ...]


class Simulator(Protocol):
    """The interface of a simulator's module."""

    TOOL: str
    SUFFIX: str

    def render(self, workload: Workload) -> str:
        """The whole file."""


@cache
def names() -> tuple[str, ...]:
    """The names of all simulators."""
    return discovery.modules(__path__)


def load(name: str) -> Simulator:
    """The simulator with this name. Raises UsageError for an unknown name."""
    return cast(Simulator, discovery.chosen(__name__, __path__, name, "simulator"))


def workload(report: Report, tool: str) -> Workload:
    """The part of a network that a simulator can read.

    Raises UsageError for layers whose products cannot be described.
    """
    each(tool, report.layers, _check)
    products: list[Product] = []
    last: list[int] = []  # for each row, the last product that its output comes from
    for row in report.rows:
        source = max((last[one] for one in row.sources), default=-1)
        nests = row.layer.nests(*row.inputs) or ()
        for place, nest in enumerate(nests, 1):
            name = row.name if len(nests) == 1 else f"{row.name}.{place}"
            products.append(Product(name, nest, None if source < 0 else source))
            source = len(products) - 1
        last.append(source)
    left_out = [row for row in report.layers if not row.layer.nests(*row.inputs)]
    return Workload(report.name, tuple(products), tuple(left_out))


def _check(row: Row) -> None:
    if row.layer.nests(*row.inputs) is None:
        what = "known" if row.unknown else "convolutions"
        raise LayerError(f"the products of {row.kind} are not {what}")


class _Named(Protocol):
    @property
    def name(self) -> str: ...


One = TypeVar("One", bound=_Named)
Made = TypeVar("Made")


def each(tool: str, ones: Sequence[One], make: Callable[[One], Made]) -> list[Made]:
    """The result of a function for each layer or product. Raises a single UsageError that counts
    those that the tool cannot describe, and names the first ``MOST_NAMED`` for each reason."""
    made = []
    wrong: dict[str, list[str]] = {}
    for one in ones:
        try:
            made.append(make(one))
        except LayerError as why:
            wrong.setdefault(str(why), []).append(repr(one.name))
    if wrong:
        number = sum(map(len, wrong.values()))
        layers = "a layer" if number == 1 else f"{number} layers"
        listed = "; ".join(f"{_first(names)}: {why}" for why, names in wrong.items())
        raise UsageError(f"{tool} cannot describe {layers} of this network: {listed}")
    return made


def _first(names: Sequence[str]) -> str:
    more = len(names) - MOST_NAMED
    return ", ".join(names[:MOST_NAMED]) + (f" and {more} more" if more > 0 else "")


def summary(rows: Sequence[Row]) -> str:
    """``49 relu, 16 add``: how many layers of each kind."""
    kinds: dict[str, int] = {}
    for row in rows:
        kinds[row.kind] = kinds.get(row.kind, 0) + 1
    return ", ".join(f"{number} {kind}" for kind, number in kinds.items())
