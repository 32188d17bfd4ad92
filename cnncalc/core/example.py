"""Layers worked by hand, and layers that must be refused: every kind lists some."""

from typing import Any, NamedTuple

from cnncalc.core.cost import Operations


class Example(NamedTuple):
    """One layer worked by hand, with the source of the numbers.

    ``given`` is the layer's value in a spec; ``inputs`` and ``output`` are shapes as text. Numbers
    left at None are not checked, unless no example of the kind has them: then they must be 0.
    ``operations`` are compared as a whole.
    """

    inputs: tuple[str, ...]
    output: str
    source: str
    given: Any = None
    weights: int | None = None
    biases: int | None = None
    params: int | None = None
    buffers: int | None = None
    fixed: int | None = None
    macs: int | None = None
    operations: Operations | None = None


class Refusal(NamedTuple):
    """A layer that must be refused, and words that its error message must contain."""

    given: Any
    inputs: tuple[str, ...]
    says: str
