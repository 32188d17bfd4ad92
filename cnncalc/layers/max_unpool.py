"""Max unpooling."""

from typing import Any

from cnncalc.core.cost import Operations
from cnncalc.core.errors import LayerError
from cnncalc.core.fields import Sizes, flag, sizes
from cnncalc.core.layer import Example, Reach, Refusal, Tape, Tensor, need_map, per_axis
from cnncalc.core.operation import Layout
from cnncalc.core.shape import Map, Shape
from cnncalc.formulas import window
from cnncalc.layers._rearrangement import Rearrangement
from cnncalc.layers._transposed import TransposedAxis
from cnncalc.layers._window import LOWEST, Axis


class MaxUnpool(Rearrangement):
    """Puts every value where a max pool found the maximum of a window, with zeros everywhere else.

    It reads two maps: the values, and the map that the pool read, which has the size of the
    output. Its fields are those of the pool whose indices it uses.

    Operations: none; the pool has already found the indices, and values are only copied.
    """

    family = "upsampling"
    aliases = ("unpool", "unpooling")
    main = "kernel_size"
    arity = (2, 2)
    reads = "the values and the map that the pool read"

    kernel_size: Sizes = sizes("the pool's window size along each axis", also=("kernel", "F"))
    stride: Sizes | None = sizes(
        "the pool's step between neighbouring windows; by default the window size",
        None,
        also=("S",),
    )
    padding: Sizes = sizes("the cells that the pool adds around its input", 0, ("pad", "P"), 0)
    ceil_mode: bool = flag("whether the pool rounds its output size up", False)

    @property
    def without_gradient(self) -> tuple[int, ...]:
        """The map that the pool read provides nothing but the indices."""
        return (1,)

    def _windows(self, x: Map) -> tuple[tuple[int, ...], ...]:
        """Window size, stride and padding of each axis."""
        steps = self.kernel_size if self.stride is None else self.stride
        given = {"kernel_size": self.kernel_size, "stride": steps, "padding": self.padding}
        return tuple(zip(*(per_axis(value, x, name) for name, value in given.items())))

    def output(self, x: Shape, pooled: Shape) -> Map:
        """The shape of the map that the pool read."""
        x, pooled = need_map(x), need_map(pooled)
        axes = tuple(
            Axis(N, F, S, P, P, 1, ceil=self.ceil_mode)
            for N, (F, S, P) in zip(pooled.spatial, self._windows(pooled))
        )
        for axis in axes:
            if axis.before > axis.F // 2:
                raise LayerError(
                    f"padding {axis.before} is more than half of the window of {axis.F}, which no "
                    f"max pool allows; pad by at most {axis.F // 2}, as the pool does"
                )
        indices = Map(pooled.channels, tuple(axis.places() for axis in axes))
        if x != indices:
            raise LayerError(
                f"the pool gives {indices} from {pooled}, but the values are {x}; repeat "
                "the pool's fields, and name the values before the map that the pool read"
            )
        sizes = zip(x.spatial, pooled.spatial)
        return Map(x.channels, tuple(window.asked_size(N=N, size=size) for N, size in sizes))

    def reach(self, x: Map, pooled: Map) -> tuple[Reach, ...]:
        """The values whose windows contain an output."""
        return tuple(
            TransposedAxis(N, F, S, P, 1, 0).reach()
            for N, (F, S, P) in zip(x.spatial, self._windows(x))
        )

    def steps(self, tape: Tape, x: Tensor, pooled: Tensor) -> Tensor:
        """An unpooling, which saves the indices of a pool; the pool's values are dropped."""
        if tape.low:
            raise LayerError("which values autocast casts is not modelled")
        values, indices = tape.unlearned(pooled, x.shape.elements, with_values=True)
        makes = self.output(x.shape, pooled.shape).elements
        if pooled.channels_last is not False:
            tape.guess("the indices may have their channels last in memory")
        copied = Layout.COPY  # the gradient is read in the order of the indices
        y = tape.op(x, indices, makes=makes, keeps=(indices,), ordered=True, layout=copied)
        tape.hold(values)
        return y

    def to_torch(self, nn: Any, x: Map, pooled: Map) -> Any:
        return nn.MaxUnpool(self.kernel_size, self.stride, self.padding, self.ceil_mode)

    def to_onnx(self, onnx: Any, x: Map, pooled: Map) -> Any:
        sizes, steps, sides = (
            [*per_axis(value, pooled, "window")]
            for value in (self.kernel_size, self.stride or self.kernel_size, self.padding)
        )
        settings = {"kernel_shape": sizes, "strides": steps, "pads": sides * 2}
        values, map_ = onnx.inputs
        # MaxUnpool needs an output that holds all windows, so it is enlarged for those that extend
        # past it.
        whole = [
            max(N, (n - 1) * S + F - 2 * P)
            for N, n, S, F, P in zip(pooled.spatial, x.spatial, steps, sizes, sides)
        ]
        grows = [size - N for size, N in zip(whole, pooled.spatial)]
        if any(grows):
            onnx.function()
            values, map_ = onnx.inputs
            pads = onnx.ints([0, 0, *[0] * len(grows), 0, 0, *grows])
            map_ = onnx.node("Pad", map_, pads, onnx.number(LOWEST))
        _, indices = onnx.node("MaxPool", map_, count=2, **settings)
        batch = onnx.node("Shape", *onnx.inputs[:1], start=0, end=1)
        shape = onnx.node("Concat", batch, onnx.ints([pooled.channels, *whole]), axis=0)
        y = onnx.node("MaxUnpool", values, indices, shape, **settings)
        if not any(grows):
            return y
        axes = [*range(2, 2 + len(grows))]
        bounds = [0] * len(grows), [*pooled.spatial], axes
        return onnx.node("Slice", y, *map(onnx.ints, bounds))

    examples = (
        Example(
            given={"kernel": 2, "ceil_mode": True},
            inputs=("512x12x15", "512x23x30"),
            output="512x23x30",
            operations=Operations(),
            source="Badrinarayanan et al. 2017, the authors' release: upsample_h: 23",
        ),
        Example(
            given={"kernel": 2, "stride": 2},
            inputs=("1x2x2", "1x5x5"),
            output="1x5x5",
            source="torch.nn.MaxUnpool2d, example: output_size=torch.Size([1, 1, 5, 5])",
        ),
        Example(
            given={"kernel": 2, "ceil_mode": True},
            inputs=("1x1x2", "1x1x3"),
            output="1x1x3",
            source="by hand: rounded up, the pool goes from 1×3 to 1×2",
        ),
        Example(
            given={"kernel": 3, "stride": 2, "padding": 1},
            inputs=("4x5", "4x9"),
            output="4x9",  # (9 + 2 − 3)/2 + 1 = 5
            source="by hand: the pool goes from 9 to 5",
        ),
    )
    refusals = (
        Refusal(2, ("4x5x5", "4x8x8"), "the pool gives 4×4×4 from 4×8×8, but the values are 4×5×5"),
        Refusal(2, ("4x4x4", "3x8x8"), "the pool gives 3×4×4"),
        Refusal({"kernel": 2, "padding": 2}, ("4x4x4", "4x8x8"), "more than half of the window"),
        Refusal(2, ("4x4x4",), "use 'from' to name the values and the map that the pool read"),
        Refusal(2, ("4x4x4", "100"), "not a vector"),
        Refusal([2, 2], ("4x4", "4x8"), "has 2 values"),
    )
