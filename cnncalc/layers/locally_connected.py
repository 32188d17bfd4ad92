"""Locally connected layer."""

from collections.abc import Sequence
from functools import reduce
from itertools import pairwise
from math import prod
from typing import Any

from cnncalc.core.cost import Operations, Parameters, Tensors, weight_and_bias
from cnncalc.core.errors import LayerError
from cnncalc.core.fields import count
from cnncalc.core.layer import Example, Refusal, Tape, Tensor, need_map
from cnncalc.core.operation import Layout
from cnncalc.core.shape import Map, Shape
from cnncalc.core.strides import ordered
from cnncalc.formulas import dimensions, macs, parameters
from cnncalc.layers._filters import Filters
from cnncalc.layers._window import onnx_taps, padded, torch_window


class LocallyConnected(Filters):
    """Applies different filters at every position: a convolution without weight sharing.

    It reads the same windows and computes as much as a convolution with the same fields, but every
    position has its own weights and biases. This suits inputs such as aligned faces, where a detail
    always appears in the same place.

    Operations: one multiplication and one addition per multiply-accumulate, and one addition
    per output for the bias.
    """

    aliases = ("local", "unshared_conv")
    main = "out_channels"

    out_channels: int = count(
        "number of filters at each position, one per output channel",
        also=("filters", "K", "num_output"),
    )

    def output(self, x: Shape) -> Map:
        x = need_map(x)
        return Map(dimensions.filters(out_channels=self.out_channels), self.places(x))

    def parameters(self, x: Map) -> Parameters:
        F, C_out, N_out = self.window(x), self.out_channels, self.places(x)
        weights = parameters.local_weights(F=F, C_in=x.channels, C_out=C_out, N_out=N_out)
        biases = parameters.local_biases(C_out=C_out, N_out=N_out) if self.bias else 0
        return Parameters(weights, biases)

    def tensors(self, x: Map) -> Tensors:
        places = self.places(x)
        taps = Map(x.channels, self.window(x)).elements
        weight = (Map(1, places).elements, taps, self.out_channels)
        return weight_and_bias(weight, (self.out_channels, *places), self.bias)

    def macs(self, x: Map) -> int:
        return macs.conv_macs(
            F=self.window(x), C_in=x.channels, C_out=self.out_channels, N_out=self.places(x)
        )

    def steps(self, tape: Tape, x: Tensor) -> Tensor:
        """The windows of a padded copy, made contiguous if they are not; a matrix product at
        every position, which saves them; and the biases."""
        params = self.parameters(x.shape)
        if x.channels_last is None and any(axis.before + axis.after for axis in self.axes(x.shape)):
            raise LayerError(
                "the memory format of its input, which decides that of its padded copy, is not "
                "known"
            )
        around = tape.op(tape.in_order(x), makes=padded(x.shape, self.axes(x.shape)))
        windows = self._cut(tape, around, x.shape)
        copied = self._windows(x.shape)
        if copied:
            windows = tape.op(windows, makes=copied, passes=(0,))
        weights, *biases = tape.trained(params.weights, params.biases)
        n_out = self.output(x.shape).elements
        given, filters = tape.lowered(windows, weights)
        y = tape.op(given, filters, makes=n_out, keeps=tape.factors(given, filters))
        axes = tuple(range(len(x.shape.dimensions)))
        alone = tape.batch == 1 and n_out == self.out_channels  # one position of one image
        y = tape.permuted(y, (axes[-1], *axes[:-1]) if alone else ())
        y.interleaved = tape.batch > 1 and n_out > self.out_channels  # images, at each position
        if len([size for size in self.places(x.shape) if size > 1]) > 1:
            y = tape.view(y, Layout.PLACES)
        if tape.batch == 1 and not alone:  # then the next layers may keep the channels last
            y.channels_last = None
        y = reduce(tape.add, biases, y)
        if n_out == self.out_channels:  # one position, whose strides are not those of a new tensor
            sizes = (tape.batch, *self.output(x.shape).dimensions)
            y.strided = ordered(sizes, (1, 0, *range(2, len(sizes))))
        tape.hold(around, windows)
        return y

    def _cut(self, tape: Tape, around: Tensor, x: Map) -> Tensor:
        """A view of the windows, cut along one axis after another, each time without the inputs
        that dilation skips."""
        windows, elements = around, around.numbers // tape.batch
        for axis in self.axes(x):
            rows = elements // (axis.before + axis.N + axis.after)
            windows = tape.part(windows, rows * axis.places() * axis.extent)
            elements = rows * axis.places() * axis.F
            windows = tape.view(windows) if axis.D == 1 else tape.part(windows, elements)
        return windows

    def _windows(self, x: Map) -> int:
        """The number of elements in a contiguous copy of all windows; 0 if the windows are
        contiguous in the padded map and need no copy."""
        axes = self.axes(x)
        sizes = [axis.before + axis.N + axis.after for axis in axes]
        steps = [Map(1, tuple(sizes[place + 1 :])).elements for place in range(len(sizes))]
        places = [(axis.places(), axis.S * step) for axis, step in zip(axes, steps)]
        taps = [(axis.F, axis.D * step) for axis, step in zip(axes, steps)]
        channels = (x.channels, Map(1, tuple(sizes)).elements)
        if _in_a_row(places) and _in_a_row([channels, *taps]):
            return 0
        return Map(x.channels, self.places(x)).elements * Map(1, self.window(x)).elements

    def to_torch(self, nn: Any, x: Map) -> Any:
        window = torch_window(self.axes(x))
        sizes = (x.channels, self.out_channels, self.places(x))
        return nn.LocallyConnected(*sizes, *window, bias=self.bias)

    def to_onnx(self, onnx: Any, x: Map) -> Any:
        """At every position, a matrix product of the images' windows with the weights."""
        onnx.function()
        places, n = self.places(x), len(x.spatial)
        order = [*range(2, 2 + 2 * n, 2), 0, 1, *range(3, 3 + 2 * n, 2)]
        windows = onnx.node("Transpose", onnx_taps(onnx, self.axes(x)), perm=order)
        taps = Map(x.channels, self.window(x)).elements
        matrices = onnx.node("Reshape", windows, onnx.ints([prod(places), -1, taps]))
        y = onnx.node("MatMul", matrices, onnx.weight("weight"))
        y = onnx.node("Transpose", y, perm=[1, 2, 0])
        y = onnx.node("Reshape", y, onnx.ints([0, self.out_channels, *places]))
        return onnx.node("Add", y, onnx.weight("bias")) if self.bias else y

    examples = (
        Example(
            given={"filters": 16, "kernel": 9},
            inputs=("16x63x63",),
            output="16x55x55",
            weights=62_726_400,  # 9·9·16 · 16 · 55·55
            biases=48_400,
            macs=62_726_400,
            source="Taigman et al. 2014, DeepFace: L4, 16×9×9×16 at 55×55",
        ),
        Example(
            given={"filters": 4, "kernel": 2},
            inputs=("1x3x3",),
            output="4x2x2",
            weights=64,
            biases=16,
            macs=64,
            operations=Operations(multiply=64, add=80),
            source="Kedge lecture, 3×3 ∗ 2×2 gives 2×2: four places with four filters of 2·2 each",
        ),
    )
    refusals = (
        Refusal({"filters": 8, "kernel": 7}, ("4x5x5",), "larger than the input of 5"),
        Refusal({"filters": 8, "kernel": 3}, ("100",), "not a vector"),
        Refusal({"filters": 8, "kernel": 3, "groups": 2}, ("4x5x5",), "has no field 'groups'"),
        Refusal(8, ("4x5x5",), "needs 'kernel_size'"),
    )


def _in_a_row(axes: Sequence[tuple[int, int]]) -> bool:
    """Whether axes with these sizes and strides can be read as one."""
    real = [axis for axis in axes if axis[0] > 1]
    return all(step == size * inner for (_, step), (size, inner) in pairwise(real))
