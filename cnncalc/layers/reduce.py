"""Reduction over axes."""

from math import prod
from typing import Any

from cnncalc.core.cost import Operations
from cnncalc.core.errors import LayerError
from cnncalc.core.fields import choice, flag
from cnncalc.core.layer import Example, Layer, Reach, Refusal, Tape, Tensor, everything
from cnncalc.core.shape import Shape, shape_of
from cnncalc.formulas import operations
from cnncalc.layers._axes import along, axes, places


class Reduce(Layer):
    """Computes the mean, sum, maximum, variance or norm over the channels or over other axes.

    The variance divides by n − 1, as in PyTorch; the norm is the Euclidean one. Reduced axes keep a
    size of 1, or are dropped with ``keepdim: false``.

    Operations for n values: n − 1 comparisons for the maximum, n − 1 additions for the sum, and
    also a division for the mean; for the norm n multiplications, n − 1 additions and a square root;
    for the variance the mean, n additions for the deviations from it, n multiplications, n − 1
    additions and a division.
    """

    family = "pooling"
    aliases = ("reduction",)
    main = "by"

    by: str = choice("what to compute", ("mean", "sum", "max", "var", "norm"), also=("how",))
    over: tuple[str, ...] = axes("what to reduce: channels, positions, or axes by name")
    keepdim: bool = flag("whether to keep reduced axes with size 1", True, ("keepdims",))
    indices: bool = flag(
        "whether a maximum saves its index, as torch.max does, rather than its input, as "
        "torch.amax does",
        False,
    )

    def output(self, x: Shape) -> Shape:
        dims = places(self.over, x)
        if self.indices and (self.by != "max" or len(dims) > 1):
            raise LayerError("only a maximum over a single axis has indices; remove 'indices'")
        if self.by == "var" and self.together(x) == 1:
            raise LayerError("a variance needs at least two values")
        if self.keepdim:
            return shape_of(tuple(1 if at in dims else n for at, n in enumerate(x.dimensions)))
        kept = tuple(n for at, n in enumerate(x.dimensions) if at not in dims)
        if not kept:
            raise LayerError(f"would leave no axis of {x}; keep the axes with keepdim: true")
        return shape_of(kept)

    def together(self, x: Shape) -> int:
        """The number of values that are reduced to one."""
        return prod(x.dimensions[dim] for dim in places(self.over, x))

    def operations(self, x: Shape) -> Operations:
        n, n_out = self.together(x), self.output(x).elements
        reduced = operations.window_reductions(n_out=n_out, taps=n)
        each, once = operations.each(n=x.elements), operations.each(n=n_out)
        return {
            "mean": Operations(add=reduced, divide=once),
            "sum": Operations(add=reduced),
            "max": Operations(compare=reduced),
            "norm": Operations(multiply=each, add=reduced, exponential=once),
            "var": Operations(multiply=each, add=reduced + each + reduced, divide=once + once),
        }[self.by]

    def reach(self, x: Shape) -> tuple[Reach, ...] | None:
        dims = places(self.over, x)
        if self.keepdim:
            return along(dims, x)
        # The remaining axes move up, and one may become the channels, all of which the next layer
        # reads. So this is an upper bound, unless every spatial axis is reduced.
        return everything(x, bound={*range(1, len(x.dimensions))} > {*dims} - {0})

    def steps(self, tape: Tape, x: Tensor) -> Tensor:
        """A mean or a sum saves nothing; the others save their input, and a maximum and a norm also
        their output. A maximum with indices saves only the indices."""
        out = self.output(x.shape)
        y = self._reduced(tape, x, out.elements)
        if x.in_order:
            return y
        tape.guess("its input is not contiguous")
        return tape.ordered(y, tape.batch, *out.dimensions)

    def _reduced(self, tape: Tape, x: Tensor, n_out: int) -> Tensor:
        if self.indices:
            return tape.op(x, makes=n_out, own=tape.indices(n_out * tape.batch))
        if self.by == "sum":
            return tape.summed(x, n_out)
        out, counts = tape.images(n_out, x.size), tape.indices(n_out * tape.batch)
        beside = {
            "mean": 0,
            "max": x.numbers + counts + out,  # which are the maximum, how many, their share
            "var": x.bytes + 2 * out,  # the deviations, the mean, the scaled gradient
            "norm": x.bytes + n_out * tape.batch,  # the directions, and which are 0
        }[self.by]
        keeps = () if self.by == "mean" else (x,)
        keeps_output = self.by in {"max", "norm"}
        return tape.op(x, makes=n_out, keeps=keeps, keeps_output=keeps_output, beside=beside)

    def to_torch(self, nn: Any, x: Shape) -> Any:
        dims = [1 + dim for dim in places(self.over, x)]
        return nn.Reduce(self.by, dims, self.keepdim, self.indices)

    def to_onnx(self, onnx: Any, x: Shape) -> Any:
        names = {"mean": "Mean", "sum": "Sum", "max": "Max", "norm": "L2", "var": "Sum"}
        if self.by == "var":
            onnx.function()
        dims = onnx.ints([1 + dim for dim in places(self.over, x)])
        if self.by == "var":
            mean = onnx.node("ReduceMean", *onnx.inputs, dims, keepdims=1)
            apart = onnx.node("Sub", *onnx.inputs, mean)
            onnx.inputs = [onnx.node("Mul", apart, apart)]
        y = onnx.node(f"Reduce{names[self.by]}", *onnx.inputs, dims, keepdims=int(self.keepdim))
        return onnx.node("Div", y, onnx.number(self.together(x) - 1)) if self.by == "var" else y

    examples = (
        Example(
            given={"by": "mean", "over": "channels"},
            inputs=("64x56x56",),
            output="1x56x56",
            params=0,
            macs=0,
            operations=Operations(add=197_568, divide=3_136),  # 63 for each of 56·56
            source="Woo et al. 2018, CBAM, section 3.2: average pooling along the channels",
        ),
        Example(
            given={"by": "max", "over": "positions", "keepdim": False},
            inputs=("128x38",),
            output="128",
            operations=Operations(compare=4_736),  # 37 for each of 128
            source="Kim 2014: max-over-time pooling, here of 38 positions",
        ),
        Example(
            given={"by": "max", "over": "channels", "indices": True},
            inputs=("3x2x2",),
            output="1x2x2",
            operations=Operations(compare=8),  # 2 for each of 4
            source="torch.max(x, dim=1, keepdim=True), by hand",
        ),
        Example(
            given={"by": "norm", "over": "channels", "keepdim": False},
            inputs=("16x1152",),
            output="1152",
            operations=Operations(multiply=18_432, add=17_280, exponential=1_152),
            source="Sabour et al. 2017: the lengths of 1,152 capsules of 16 numbers",
        ),
        Example(
            given={"by": "var", "over": ["height", "width"]},
            inputs=("2x2x3",),
            output="2x1x1",
            # twice: 6 squares; 5 + 6 + 5 additions; 2 divisions
            operations=Operations(multiply=12, add=32, divide=4),
            source="torch.var, by hand for 2 channels of 6 values",
        ),
        Example(
            given={"by": "sum", "over": "last"},
            inputs=("3x4",),
            output="3x1",
            operations=Operations(add=9),
            source="by hand: 3 rows of 4",
        ),
    )
    refusals = (
        Refusal({"by": "median", "over": "channels"}, ("4x5",), "must be mean, sum, max, var or"),
        Refusal({"by": "sum", "over": "width"}, ("4x5",), "has no axis 'width'"),
        Refusal({"by": "sum", "over": ["last", "length"]}, ("4x5",), "names an axis twice"),
        Refusal({"by": "sum", "over": "positions"}, ("4",), "has no positions"),
        Refusal({"by": "sum", "over": [1]}, ("4x5",), "or a list of them"),
        Refusal({"by": "var", "over": "channels"}, ("1x5",), "at least two values"),
        Refusal(
            {"by": "sum", "over": "channels", "keepdim": False}, ("4",), "would leave no axis of 4"
        ),
        Refusal("sum", ("4x5",), "needs 'over'"),
    )
