"""A counting convention: a weighted sum of named parts of a network.

A convention determines what it sees of a layer (such as its costs, its PyTorch modules, or all
operations in them), and how much each of these counts. Anything that no term matches counts as 0,
as in the tool itself.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, NamedTuple

from cnncalc.analysis.report import Report, Row
from cnncalc.conventions import calls
from cnncalc.conventions.calls import Call
from cnncalc.core import units
from cnncalc.core.cost import Cost
from cnncalc.core.layer import Layer
from cnncalc.core.shape import Shape

MAX_CACHED = 10_000
"""The maximum number of layers to cache; different conventions see the same layers."""

ONE = (
    r"\b(bias)es\b|\b(weight|MAC|parameter|value|connection|element|input|output|sum|product|buffer|"
    r"operation|addition|multiplication|comparison|division|exponential)s\b"
)
"""The plural nouns of parts; the groups are their singulars."""
BYTES = "bytes"
"""The unit of memory. ``read`` prints such totals in a larger unit, such as MB."""

See = Callable[[Layer, tuple[Shape, ...], Shape], Sequence[Any]]


# What a convention sees of a layer.


@lru_cache(maxsize=MAX_CACHED)
def costs(layer: Layer, inputs: tuple[Shape, ...], output: Shape) -> tuple[Cost]:
    """A layer's cost, for one image."""
    return (layer.cost(inputs, output),)


@lru_cache(maxsize=MAX_CACHED)
def operations(layer: Layer, inputs: tuple[Shape, ...], output: Shape) -> tuple[Call, ...]:
    """A layer's PyTorch modules and the operations inside them; none for an input."""
    return calls.of(layer, inputs, output) if inputs else ()


def modules(layer: Layer, inputs: tuple[Shape, ...], output: Shape) -> tuple[Call, ...]:
    """A layer's PyTorch modules only."""
    return tuple(call for call in operations(layer, inputs, output) if not call.inside)


def modules_and_inputs(layer: Layer, inputs: tuple[Shape, ...], output: Shape) -> tuple[Call, ...]:
    """A layer's PyTorch modules; for an input of the network, a call named ``Input``."""
    return modules(layer, inputs, output) if inputs else (Call("Input", output, output),)


# What a convention is.


@dataclass(frozen=True)
class Term:
    """A term of the sum: ``times`` the total of ``each`` over everything seen that matches
    ``where``. ``what`` names what is counted, in the plural. A term that counts ``once`` does not
    depend on the batch size."""

    what: str
    where: Callable[[Any], bool]
    each: Callable[[Any], int]
    times: int = 1
    once: bool = False


@dataclass(frozen=True)
class Convention:
    """A counting convention: its ``tool`` and ``version``, the ``unit`` of its totals, and one line
    on what it ``counts``.

    With ``per_image``, it ignores the batch size. With ``sized``, it counts the bytes of its terms'
    numbers in the network's dtype. ``within`` replaces ``sees`` if what the convention sees of a
    layer depends on other layers; ``whole`` gives the amounts by layer if they depend on the whole
    network. ``needs`` has the counts of an opaque layer that are enough for the total; without any,
    the network must not have such layers. ``variant_of`` names a convention from which it differs
    only for some networks. ``read`` formats its totals.
    """

    tool: str
    version: str
    unit: str
    counts: str
    sees: See = costs
    terms: tuple[Term, ...] = ()
    per_image: bool = False
    sized: bool = False
    within: Callable[[Report], Callable[[Row], Sequence[Any]]] | None = None
    whole: Callable[[Report], Mapping[str, int]] | None = None
    needs: tuple[str, ...] = ()
    variant_of: str = ""
    read: Callable[[int], str] = units.human

    @property
    def title(self) -> str:
        """The tool and its version: ``thop 0.1.1``."""
        return f"{self.tool} {self.version}".strip()


class Part(NamedTuple):
    """A part of a count: an amount, each unit of which counts ``times`` times."""

    times: int
    amount: int
    what: str

    @property
    def total(self) -> int:
        """The part's contribution to the total."""
        return self.times * self.amount

    def text(self) -> str:
        """The part as text: ``4 · 11,113,984 batch-norm elements``."""
        factor = "" if self.times == 1 else f"{self.times} · "
        what = re.sub(ONE, r"\1\2", self.what) if self.amount == 1 else self.what
        return f"{factor}{units.exact(self.amount)} {what}"


@dataclass(frozen=True)
class Count:
    """A network's total under a convention, by part and by layer."""

    name: str
    convention: Convention
    parts: tuple[Part, ...]
    layers: Mapping[str, int]

    @property
    def total(self) -> int:
        """The exact total, which the tool may round."""
        return sum(part.total for part in self.parts)

    def text(self) -> str:
        """The total as text: ``4,133,742,592 = 4.13 G MACs``."""
        exact, read = units.exact(self.total), self.convention.read(self.total)
        unit = self.convention.unit
        if unit == BYTES:
            return f"{exact} {unit} = {read}"
        return f"{exact if exact == read else f'{exact} = {read}'} {unit}"

    def to_dict(self) -> dict[str, Any]:
        """Plain data (docs/reconcile.md)."""
        convention = self.convention
        return {
            "name": self.name,
            "tool": convention.tool,
            "version": convention.version,
            "unit": convention.unit,
            "counts": convention.counts,
            "total": self.total,
            "parts": [part._asdict() for part in self.parts],
            "layers": dict(self.layers),
        }


# Predicates for ``where``.


def everything(seen: object) -> bool:
    """Matches everything."""
    return True


def inputs_of_network(call: Call) -> bool:
    """The inputs of the network."""
    return call.name == "Input"


def of(*names: str) -> Callable[[Call], bool]:
    """Calls with these names, for one number of axes (``AvgPool2d``) or for all (``AvgPool``)."""
    return lambda call: call.name in names or call.family in names


def modules_of(*names: str) -> Callable[[Call], bool]:
    """Calls of these modules, but not operations inside other modules."""
    return lambda call: of(*names)(call) and not call.inside


def inside_others(*names: str) -> Callable[[Call], bool]:
    """Calls of these operations, but only inside other modules."""
    return lambda call: of(*names)(call) and call.inside


def upsampling(*modes: str) -> Callable[[Call], bool]:
    """Upsamplings with these modes, such as ``bilinear2d``."""
    return lambda call: call.mode in modes


def fixed_norms(call: Call) -> bool:
    """Batch norms that use their running statistics."""
    return call.family == "BatchNorm" and not call.layer.measures(training=False)


def measuring_norms(call: Call) -> bool:
    """Norms that tools assume to compute statistics of their input: batch norms without running
    statistics, and group, layer and instance norms."""
    others = call.family in ("GroupNorm", "LayerNorm", "InstanceNorm")
    return others or (call.family == "BatchNorm" and not fixed_norms(call))


def affine(where: Callable[[Call], bool]) -> Callable[[Call], bool]:
    """The matching norms with a learned scale."""
    return lambda call: where(call) and call.weights > 0


def bare(where: Callable[[Call], bool]) -> Callable[[Call], bool]:
    """The matching norms without a learned scale."""
    return lambda call: where(call) and call.weights == 0


# Amounts for ``each``.


def products(call: Call) -> int:
    """Every weight once per output position."""
    return call.weights * call.places_out


def products_at_inputs(call: Call) -> int:
    """Every weight once per input position, as in a transposed convolution."""
    return call.weights * call.places_in


def added_biases(call: Call) -> int:
    """Every bias once per output position."""
    return call.biases * call.places_out


def parameters(call: Call) -> int:
    """Weights and biases."""
    return call.weights + call.biases


def inputs(call: Call) -> int:
    """The number of input elements."""
    return call.input.elements


def outputs(call: Call) -> int:
    """The number of output elements."""
    return call.output.elements
