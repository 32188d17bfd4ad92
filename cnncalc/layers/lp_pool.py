"""Power-average pooling."""

from typing import Any

from cnncalc.core.cost import Operations
from cnncalc.core.fields import Sizes, flag, positive, sizes
from cnncalc.core.layer import (
    Example,
    Layer,
    Reach,
    Refusal,
    Tape,
    Tensor,
    need_map,
    of_rank,
    per_axis,
)
from cnncalc.core.shape import Map, Shape
from cnncalc.formulas import operations
from cnncalc.layers._window import Axis, axes_of
from cnncalc.layers.avg_pool import check_volume


class LpPool(Layer):
    """Computes the p-norm of each window: the p-th root of the sum of p-th powers.

    p = 1 gives the sum and p = 2 the Euclidean length; large values of p approach max pooling.
    The stride defaults to the window size. There is no padding, and there are no parameters.

    Operations: each input is raised to the power p once, which takes one multiplication if p is
    2 and one exponential otherwise; a window of n elements takes n − 1 additions, and one
    exponential for the root. With p = 1 there are no powers and no roots.
    """

    aliases = ("lp_pooling", "power_average_pool")
    main = "kernel_size"

    kernel_size: Sizes = sizes("window size along each axis", also=("kernel", "F", "pool_size"))
    norm_type: float = positive("the exponent p", 2, also=("p",))
    stride: Sizes | None = sizes(
        "step between neighbouring windows; default: the window size", None, also=("S", "strides")
    )
    ceil_mode: bool = flag(
        "round the output size up, so that the last window may reach over the edge", False
    )

    def axes(self, x: Map) -> tuple[Axis, ...]:
        stride = self.kernel_size if self.stride is None else self.stride
        return axes_of(x, self.kernel_size, stride, 0, 1, ceil=self.ceil_mode)

    def output(self, x: Shape) -> Map:
        x = need_map(x)
        check_volume(x, self.kernel_size)
        return Map(x.channels, tuple(axis.places() for axis in self.axes(x)))

    def operations(self, x: Map) -> Operations:
        n_out = self.output(x).elements
        taps = operations.cells(F=per_axis(self.kernel_size, x, "kernel_size"))
        added = operations.window_reductions(n_out=n_out, taps=taps)
        if self.norm_type == 1:
            return Operations(add=added)
        powers, roots = operations.each(n=x.elements), operations.each(n=n_out)
        if self.norm_type == 2:
            return Operations(multiply=powers, add=added, exponential=roots)
        return Operations(add=added, exponential=powers + roots)

    def reach(self, x: Map) -> tuple[Reach, ...]:
        return tuple(axis.reach() for axis in self.axes(x))

    def steps(self, tape: Tape, x: Tensor) -> Tensor:
        """The mean of the powers, then its sign times its magnitude, times the window size, and
        the root."""
        powers = tape.power(x, self.norm_type)
        if len(x.shape.spatial) == 3:
            powers = tape.raised(powers, cuda=False)
        means = tape.op(powers, makes=self.output(x.shape).elements, keeps=(powers,))
        signs = tape.op(means)
        sizes = tape.op(means, keeps=(means,), beside=means.bytes)  # its gradient takes the sign
        positive = tape.op(sizes, keeps_output=True)
        root = tape.power(tape.times(tape.multiply(signs, positive)), 1 / self.norm_type)
        tape.hold(means)
        return root

    def to_torch(self, nn: Any, x: Map) -> Any:
        # LPPool1d multiplies by the window size, so that it takes no tuple.
        window = per_axis(self.kernel_size, x, "kernel_size")
        size = window[0] if len(window) == 1 else window
        return of_rank(nn, "LPPool", x)(self.norm_type, size, self.stride, self.ceil_mode)

    examples = (
        Example(
            given={"kernel": 3, "stride": 2},
            inputs=("16x50x32",),
            output="16x24x15",
            # 16·50·32 squares; 5,760 outputs of 8 additions and a root each
            operations=Operations(multiply=25_600, add=46_080, exponential=5_760),
            source="torch.nn.LPPool2d, example: LPPool2d(2, 3, stride=2)",
        ),
        Example(
            given={"kernel": [3, 2], "stride": [2, 1], "norm_type": 1.2},
            inputs=("16x50x32",),
            output="16x24x31",
            operations=Operations(add=59_520, exponential=37_504),  # 25,600 powers, 11,904 roots
            source="torch.nn.LPPool2d, example: LPPool2d(1.2, (3, 2), stride=(2, 1))",
        ),
        Example(
            given={"kernel": 2, "norm_type": 1},
            inputs=("1x4x4",),
            output="1x2x2",
            operations=Operations(add=12),
            source="torch.nn.LPPool2d: with p = 1 it is sum pooling",
        ),
    )
    refusals = (
        Refusal(3, ("4x2x2",), "larger than the padded input of 2"),
        Refusal({"kernel": 2, "norm_type": 0}, ("4x4x4",), "greater than 0, not 0"),
        Refusal({"kernel": 2, "padding": 1}, ("4x4x4",), "has no field 'padding'"),
        Refusal(2, ("100",), "not a vector"),
    )
