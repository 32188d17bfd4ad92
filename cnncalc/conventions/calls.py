"""The calls that PyTorch makes when it runs a network for inference, derived without PyTorch.

A layer builds its module from the ``nn`` passed to ``to_torch``. The ``nn`` in this file has stub
modules that list what the real ones would call: themselves, and the operations inside modules that
run several. Some profilers count modules, some operations, and some both.
"""

import re
from collections.abc import Callable, Sequence
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
    """A call of a module, or of an operation ``inside`` one, on one image.

    ``name`` is the module's class, or the ``torch.nn`` class equivalent to the operation.
    Operations without such a class are ``add``, ``mul``, ``bmm``, and ``*`` for a product written
    with that operator. ``weights`` and ``biases`` count the parameters, ``mode`` is the
    interpolation of an upsampling (``bilinear2d``), and ``layer`` is the layer that makes the call.
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
        """The name without the number of axes: ``Conv`` for ``Conv2d``."""
        return _family(self.name)

    @property
    def places_in(self) -> int:
        """The number of input positions; a vector has one."""
        return _places(self.input)

    @property
    def places_out(self) -> int:
        """The number of output positions."""
        return _places(self.output)


Calls = list[Call]


def of(layer: Layer, inputs: tuple[Shape, ...], output: Shape) -> tuple[Call, ...]:
    """The calls of a layer, each module before the operations inside it.

    Raises LayerError for a module whose operations are not modelled.
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
"""The modules that run one operation, or only operations that no tool counts."""


class _Names:
    """A stand-in for ``nn``, with the names of ``torch.nn`` and of ``cnncalc.bridge.modules``."""

    def __getattr__(self, name: str) -> Callable[..., "Module"]:
        composed = COMPOSED.get(_family(name))
        if composed is None and _family(name) not in PLAIN:
            raise LayerError(f"what PyTorch runs inside {name} is not modelled")
        return lambda *given, **named: (composed or Module)(name, given)

    def padded(self, module: "Module", sides: tuple[int, ...], value: float = 0.0) -> "Module":
        """The module after a separate padding step."""
        return Padded("padded", (module, sides)) if sides else module

    def cropped(self, module: "Module", sides: Sequence[tuple[int, int]]) -> "Module":
        """The module, followed by a cut of its output."""
        return Cropped("cropped", (module, sides)) if any(map(any, sides)) else module


@dataclass(frozen=True)
class Module:
    """A stub that lists what the module would call; ``given`` are its constructor's arguments."""

    name: str
    given: tuple[Any, ...]

    def calls(self, inputs: tuple[Shape, ...], y: Shape, params: Parameters) -> Calls:
        """The call of the module itself, then the operations inside it."""
        own = Call(self.name, inputs[0], y, params.weights + params.fixed, params.biases)
        return [own, *(call._replace(inside=True) for call in self.inside(inputs, y, params))]

    def inside(self, inputs: tuple[Shape, ...], y: Shape, params: Parameters) -> Calls:
        """The operations inside the module; none if it is itself a single operation."""
        return []


class Padded(Module):
    """A module whose input is padded first. No tool counts the padding, but all see the larger
    input."""

    def calls(self, inputs: tuple[Shape, ...], y: Shape, params: Parameters) -> Calls:
        module, sides = self.given
        (x,) = inputs
        assert isinstance(x, Map)
        # PyTorch's order of sides: the last axis first.
        added = [before + after for before, after in zip(sides[::2], sides[1::2])]
        spatial = tuple(size + more for size, more in zip(x.spatial, reversed(added), strict=True))
        padded: Calls = module.calls((Map(x.channels, spatial),), y, params)
        return padded


class Cropped(Module):
    """A module whose output is cut afterwards. No tool counts the cut, but all see the larger
    output."""

    def calls(self, inputs: tuple[Shape, ...], y: Shape, params: Parameters) -> Calls:
        module, sides = self.given
        assert isinstance(y, Map)
        spatial = tuple(size + sum(cut) for size, cut in zip(y.spatial, sides, strict=True))
        full: Calls = module.calls(inputs, Map(y.channels, spatial), params)
        return full


class Sequential(Module):
    """A pool followed by a flatten, which is a view."""

    def calls(self, inputs: tuple[Shape, ...], y: Shape, params: Parameters) -> Calls:
        pool: Module = self.given[0]
        return [*pool.calls(inputs, y, params), Call("Flatten", y, y)]


class Separable(Module):
    """A module with a depthwise and a pointwise convolution. The pointwise convolution has one
    weight per pair of channels."""

    def calls(self, inputs: tuple[Shape, ...], y: Shape, params: Parameters) -> Calls:
        depthwise, pointwise = self.given
        C_in, C_out = pointwise.given[:2]
        assert isinstance(y, Map)
        between = Map(C_in, y.spatial)
        second = Parameters(C_in * C_out, C_out if pointwise.given[-1] else 0)
        first = Parameters(params.weights - second.weights, params.biases - second.biases)
        one: Calls = depthwise.calls(inputs, between, first)
        other: Calls = pointwise.calls((between,), y, second)
        return [Call(self.name, inputs[0], y), *one, *other]


class Upsample(Module):
    """An upsampling, with the operation named after its mode and number of axes."""

    def calls(self, inputs: tuple[Shape, ...], y: Shape, params: Parameters) -> Calls:
        mode = f"{self.given[2]}{len(y.dimensions) - 1}d"
        return [Call(self.name, inputs[0], y, mode=mode)]


class PartialConv(Module):
    """One convolution per filter, counted together, with the biases added at the end."""

    def inside(self, inputs: tuple[Shape, ...], y: Shape, params: Parameters) -> Calls:
        return [Call("Conv", inputs[0], y, params.weights)]


class LocallyConnected(Module):
    """One matrix product per position, counted together, plus the biases."""

    def inside(self, inputs: tuple[Shape, ...], y: Shape, params: Parameters) -> Calls:
        return [Call("bmm", inputs[0], y, params.weights)]


class Maxout(Module):
    """A linear layer with several candidates per output, and a maximum over them."""

    def inside(self, inputs: tuple[Shape, ...], y: Shape, params: Parameters) -> Calls:
        _, n_out, pieces, _ = self.given
        return [Call("Linear", inputs[0], Vector(n_out * pieces), params.weights, params.biases)]


class PositionLinear(Module):
    """A linear layer with the channels last."""

    def inside(self, inputs: tuple[Shape, ...], y: Shape, params: Parameters) -> Calls:
        return [Call("Linear", inputs[0], y, params.weights, params.biases)]


class ChannelsNorm(Module):
    """A layer normalization with the channels last."""

    def inside(self, inputs: tuple[Shape, ...], y: Shape, params: Parameters) -> Calls:
        return [Call("LayerNorm", y, y, params.weights, params.biases)]


class Scale(Module):
    """A product with a factor per channel."""

    def inside(self, inputs: tuple[Shape, ...], y: Shape, params: Parameters) -> Calls:
        return [Call("*", y, y)]


class Multiply(Module):
    """One product per input after the first, with broadcasting, or one product with a number."""

    def inside(self, inputs: tuple[Shape, ...], y: Shape, params: Parameters) -> Calls:
        if len(inputs) == 1:
            return [Call("*", y, y)]
        sizes = [x.dimensions for x in inputs]
        products = list(accumulate(sizes, lambda one, other: tuple(map(max, one, other))))[1:]
        return [Call("*", x, x) for x in (Map(dims[0], dims[1:]) for dims in products)]


class Subsampling(Module):
    """An average pool times the window size, times a coefficient, plus a bias."""

    def inside(self, inputs: tuple[Shape, ...], y: Shape, params: Parameters) -> Calls:
        return [Call("AvgPool", inputs[0], y), Call("*", y, y), Call("*", y, y)]


class LocalResponseNorm(Module):
    """The squares, their means over neighbouring channels, with channels of zeros added at both
    ends, and the divisor computed from these."""

    def inside(self, inputs: tuple[Shape, ...], y: Shape, params: Parameters) -> Calls:
        size = self.given[0]
        assert isinstance(y, Map)
        around = Map(y.channels + size - 1, y.spatial)
        return [Call("mul", y, y), Call("AvgPool", around, y), Call("mul", y, y), Call("add", y, y)]


class LPPool(Module):
    """An average pool of the powers; the ReLU of its magnitude, times its sign and times the window
    size; and the root."""

    def inside(self, inputs: tuple[Shape, ...], y: Shape, params: Parameters) -> Calls:
        return [
            Call("AvgPool", inputs[0], y),
            Call("ReLU", y, y),
            Call("*", y, y),
            Call("mul", y, y),
        ]


COMPOSED = {kind.__name__: kind for kind in Module.__subclasses__()}
"""The modules with a class of their own, by name."""
