"""Base classes for normalizations."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from math import prod
from typing import Any

from cnncalc.core.call import Call
from cnncalc.core.cost import Operations, Parameters, Tensors, weight_and_bias
from cnncalc.core.errors import LayerError
from cnncalc.core.fields import choice, flag
from cnncalc.core.layer import Layer, channels_of
from cnncalc.core.shape import Shape
from cnncalc.formulas import operations, parameters


class Norm(Layer, ABC):
    """Normalizes groups of values, then perhaps applies a learned scale and shift."""

    family = "normalization"

    @classmethod
    def imported(cls, call: Call) -> dict[str, Any]:
        """The tensors that the layer holds show whether it learns and tracks anything."""
        learns = "weight" in call.held or "bias" in call.held
        holds = {
            "affine": learns,
            "elementwise_affine": learns,
            "scale": "weight" in call.held or not learns,
            "track_running_stats": "running_mean" in call.held,
        }
        if not holds["scale"] and not hasattr(cls, "scale"):
            raise LayerError("learns a shift without a scale")
        fields = super().imported(call)
        for name, value in holds.items():
            if getattr(cls, name, value) != value:
                fields[name] = value
        return fields

    @property
    @abstractmethod
    def scaled(self) -> bool:
        """Whether a scale is learned."""

    @property
    @abstractmethod
    def shifted(self) -> bool:
        """Whether a shift is learned."""

    @property
    def tracked(self) -> bool:
        """Whether running statistics replace measured ones during inference."""
        return False

    def learned_shape(self, x: Shape) -> tuple[int, ...]:
        """The shape of the scale and of the shift."""
        return (channels_of(x),)

    def output(self, x: Shape) -> Shape:
        return x

    def parameters(self, x: Shape) -> Parameters:
        n = prod(self.learned_shape(x))
        return Parameters(
            weights=parameters.scales(n=n) if self.scaled else 0,
            biases=parameters.shifts(n=n) if self.shifted else 0,
            buffers=parameters.running_statistics(C=channels_of(x)) if self.tracked else 0,
        )

    def counters(self) -> int:
        return int(self.tracked)

    def tensors(self, x: Shape) -> Tensors:
        each = self.learned_shape(x)
        learned = weight_and_bias(each, each, self.shifted)
        if not self.scaled:
            del learned["weight"]
        statistics = {"running_mean": each, "running_var": each, "num_batches_tracked": ()}
        return {**learned, **(statistics if self.tracked else {})}

    def normalized(self, x: Shape, n: int, groups: int) -> Operations:
        """The operations that normalize each group of n elements, then scale and shift them.

        The reciprocal of the standard deviation is computed once per group, so each element takes
        two multiplications, one for its square and one by the reciprocal; a scale adds a third. The
        three divisions are for the mean, the variance and the reciprocal.
        """
        shifts = operations.each(n=x.elements) if self.shifted else 0
        return Operations(
            multiply=operations.each(n=x.elements, times=3 if self.scaled else 2),
            add=operations.normalization_additions(n=n, G=groups) + shifts,
            divide=operations.each_group(G=groups, times=3),
            exponential=operations.each_group(G=groups),
        )


class Together(Norm):
    """A normalization of the values of one image. Its statistics are measured during inference
    too."""

    over: str = choice(
        "what to normalize together: the whole map, each position's channels, or the last axis",
        ("all", "channels", "last"),
        "all",
        help="cnncalc infers the sizes from the input",
    )
    elementwise_affine: bool = flag(
        "whether to learn scales and, in layer_norm, shifts", True, ("affine",)
    )

    @property
    def scaled(self) -> bool:
        return self.elementwise_affine

    def learned_shape(self, x: Shape) -> tuple[int, ...]:
        """The sizes of the values that are normalized together."""
        sizes = {"all": x.dimensions, "channels": x.dimensions[:1], "last": x.dimensions[-1:]}
        return sizes[self.over]

    def together(self, x: Shape) -> int:
        """The number of values that are normalized together."""
        return prod(self.learned_shape(x))

    def groups(self, x: Shape) -> int:
        """The number of groups of values that are normalized together."""
        if self.over == "channels":
            return prod(x.dimensions[1:])
        return prod(x.dimensions[:-1]) if self.over == "last" else 1


def folded(x: Shape) -> Operations:
    """The operations with known statistics: one scale and one shift per element."""
    each = operations.each(n=x.elements)
    return Operations(multiply=each, add=each)


def onnx_standardized(onnx: Any, axes: Sequence[int], eps: float, x: str) -> Any:
    """Write a normalization of x to mean 0 and variance 1 over some axes."""
    dims = onnx.ints(axes)
    apart = onnx.node("Sub", x, onnx.node("ReduceMean", x, dims, keepdims=1))
    variance = onnx.node("ReduceMean", onnx.node("Mul", apart, apart), dims, keepdims=1)
    root = onnx.node("Sqrt", onnx.node("Add", variance, onnx.number(eps)))
    return onnx.node("Div", apart, root)
