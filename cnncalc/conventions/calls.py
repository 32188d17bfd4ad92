"""What PyTorch calls when a network runs in inference, told without PyTorch.

A layer builds its module from the ``nn`` that it is handed. The one here has modules that do not
run but tell what they would call: classes of ``torch.nn``, and the operations inside those modules
that do more than one thing. The tools that watch PyTorch see the one or the other.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from itertools import accumulate
from math import prod
from typing import Any, NamedTuple

from cnncalc.core.cost import Parameters
from cnncalc.core.errors import LayerError
from cnncalc.core.layer import Layer
from cnncalc.core.shape import Map, Shape, Vector


class Call(NamedTuple):
    """A module, or an operation ``inside`` one, at work on one image.

    A module goes by its class, and an operation by the class of ``torch.nn`` that does the same.
    Operations without one are ``add``, ``mul`` and ``bmm``, and ``*`` for a product that is written
    with that sign. ``weights`` and ``biases`` are the numbers that it works with, ``mode`` is how
    an upsampling fills in (``bilinear2d``), and ``layer`` is the layer that it belongs to.
    """

    name: str
    input: Shape
    output: Shape
    weights: int = 0
    biases: int = 0
    inside: bool = False
    mode: str = ""
    layer: Any = None

    @property
    def family(self) -> str:
        """The name without a number of axes: ``Conv`` of ``Conv2d``."""
        return _family(self.name)

    @property
    def places_in(self) -> int:
        """The positions of the input; a vector is one."""
        return _places(self.input)

    @property
    def places_out(self) -> int:
        """The positions of the output."""
        return _places(self.output)


Calls = list[Call]


def of(layer: Layer, inputs: tuple[Shape, ...], output: Shape) -> tuple[Call, ...]:
    """The calls of a layer, each module before what is inside it.

    Raises LayerError where it is not known what PyTorch runs.
    """
    module: Module = layer.to_torch(_Names(), *inputs)
    calls = module.calls(inputs, output, layer.parameters(*inputs))
    return tuple(call._replace(layer=layer) for call in calls)


@cache
def _family(name: str) -> str:
    return re.sub("[123]d$", "", name)


def _places(x: Shape) -> int:
    return prod(x.spatial) if isinstance(x, Map) else 1


# The modules.

PLAIN = {
    "Conv", "ConvTranspose", "Linear", "RBF",
    "BatchNorm", "GroupNorm", "InstanceNorm", "LayerNorm",
    "ReLU", "ReLU6", "LeakyReLU", "PReLU", "ELU", "SELU", "GELU", "SiLU", "Mish", "Hardswish",
    "Hardsigmoid", "Sigmoid", "Tanh", "Softplus", "Softmax", "LogSoftmax",
    "MaxPool", "AvgPool", "AdaptiveMaxPool", "AdaptiveAvgPool", "PixelShuffle", "ChannelShuffle",
    "Dropout", "StochasticDepth", "Identity", "Flatten", "Reshape", "Permute", "Slice", "Crop",
    "ZeroPad", "ReflectionPad", "ReplicationPad", "Add", "Concat",
}  # fmt: skip
"""The modules that run one operation, or only such as no tool counts."""


class _Names:
    """The ``nn`` that layers are handed: it has the names of ``torch.nn`` and those of
    ``cnncalc.bridge.modules``."""

    def __getattr__(self, name: str) -> Callable[..., "Module"]:
        composed = COMPOSED.get(_family(name))
        if composed is None and _family(name) not in PLAIN:
            raise LayerError(f"what PyTorch runs inside of {name} is not modelled")
        return lambda *given, **named: (composed or Module)(name, given)

    def padded(self, module: "Module", sides: tuple[int, ...], value: float = 0.0) -> "Module":
        """The module after a padding step."""
        return Padded("padded", (module, sides)) if sides else module


@dataclass(frozen=True)
class Module:
    """A module that does not run but tells what it would call; ``given`` is what makes it."""

    name: str
    given: tuple[Any, ...]

    def calls(self, inputs: tuple[Shape, ...], y: Shape, held: Parameters) -> Calls:
        """The call of the module itself, and those inside it."""
        own = Call(self.name, inputs[0], y, held.weights + held.fixed, held.biases)
        return [own, *(call._replace(inside=True) for call in self.inside(inputs, y, held))]

    def inside(self, inputs: tuple[Shape, ...], y: Shape, held: Parameters) -> Calls:
        """The operations that it runs, unless it is the only one."""
        return []


class Padded(Module):
    """A module whose input is padded first; no tool counts that, but they see the larger input."""

    def calls(self, inputs: tuple[Shape, ...], y: Shape, held: Parameters) -> Calls:
        module, sides = self.given
        (x,) = inputs
        assert isinstance(x, Map)
        # PyTorch's order of sides: the last axis first.
        added = [before + after for before, after in zip(sides[::2], sides[1::2])]
        spatial = tuple(size + more for size, more in zip(x.spatial, reversed(added), strict=True))
        padded: Calls = module.calls((Map(x.channels, spatial),), y, held)
        return padded


class Sequential(Module):
    """A pool and the flatten behind it, which is a view."""

    def calls(self, inputs: tuple[Shape, ...], y: Shape, held: Parameters) -> Calls:
        pool: Module = self.given[0]
        return pool.calls(inputs, y, held)


class Separable(Module):
    """A depthwise convolution, and a pointwise one that has a weight for every pair of channels."""

    def calls(self, inputs: tuple[Shape, ...], y: Shape, held: Parameters) -> Calls:
        depthwise, pointwise = self.given
        C_in, C_out = pointwise.given[:2]
        assert isinstance(y, Map)
        between = Map(C_in, y.spatial)
        second = Parameters(C_in * C_out, C_out if held.biases else 0)
        first = Parameters(held.weights - second.weights, held.biases - second.biases)
        one: Calls = depthwise.calls(inputs, between, first)
        other: Calls = pointwise.calls((between,), y, second)
        return one + other


class Upsample(Module):
    """An upsampling; there is one for each mode and number of axes."""

    def calls(self, inputs: tuple[Shape, ...], y: Shape, held: Parameters) -> Calls:
        mode = f"{self.given[2]}{len(y.dimensions) - 1}d"
        return [Call(self.name, inputs[0], y, mode=mode)]


class PartialConv(Module):
    """A convolution for each filter, which together have all weights, and the biases at the end."""

    def inside(self, inputs: tuple[Shape, ...], y: Shape, held: Parameters) -> Calls:
        return [Call("Conv", inputs[0], y, held.weights)]


class LocallyConnected(Module):
    """A matrix product at every place, which together have all weights, and the biases."""

    def inside(self, inputs: tuple[Shape, ...], y: Shape, held: Parameters) -> Calls:
        return [Call("bmm", inputs[0], y, held.weights)]


class Maxout(Module):
    """A linear layer with several outputs for each, and the largest of those."""

    def inside(self, inputs: tuple[Shape, ...], y: Shape, held: Parameters) -> Calls:
        _, n_out, pieces, _ = self.given
        return [Call("Linear", inputs[0], Vector(n_out * pieces), held.weights, held.biases)]


class ChannelsNorm(Module):
    """A layer normalisation with the channels last."""

    def inside(self, inputs: tuple[Shape, ...], y: Shape, held: Parameters) -> Calls:
        return [Call("LayerNorm", y, y, held.weights, held.biases)]


class Scale(Module):
    """A product."""

    def inside(self, inputs: tuple[Shape, ...], y: Shape, held: Parameters) -> Calls:
        return [Call("*", y, y)]


class Multiply(Module):
    """A product for every input after the first; sizes of 1 are repeated as they meet others."""

    def inside(self, inputs: tuple[Shape, ...], y: Shape, held: Parameters) -> Calls:
        sizes = [x.dimensions for x in inputs]
        products = list(accumulate(sizes, lambda one, other: tuple(map(max, one, other))))[1:]
        return [Call("*", x, x) for x in (Map(dims[0], dims[1:]) for dims in products)]


class Subsampling(Module):
    """An average pool, times the size of its window, times a coefficient, and the biases."""

    def inside(self, inputs: tuple[Shape, ...], y: Shape, held: Parameters) -> Calls:
        return [Call("AvgPool", inputs[0], y), Call("*", y, y), Call("*", y, y)]


class LocalResponseNorm(Module):
    """The squares, their means over channels (with zeros before the first and after the last), and
    the divisor made of them."""

    def inside(self, inputs: tuple[Shape, ...], y: Shape, held: Parameters) -> Calls:
        size = self.given[0]
        assert isinstance(y, Map)
        around = Map(y.channels + size - 1, y.spatial)
        return [Call("mul", y, y), Call("AvgPool", around, y), Call("mul", y, y), Call("add", y, y)]


class LPPool(Module):
    """An average pool of the powers, and its size, sign and root."""

    def inside(self, inputs: tuple[Shape, ...], y: Shape, held: Parameters) -> Calls:
        return [
            Call("AvgPool", inputs[0], y),
            Call("ReLU", y, y),
            Call("*", y, y),
            Call("mul", y, y),
        ]


COMPOSED = {kind.__name__: kind for kind in Module.__subclasses__()}
"""The modules that run several operations, by name."""
