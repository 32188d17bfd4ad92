"""Blur pooling."""

from typing import Any

from cnncalc.core.cost import Operations, Parameters, Tensors
from cnncalc.core.errors import LayerError
from cnncalc.core.fields import Sizes, count, sizes
from cnncalc.core.layer import Example, Layer, Reach, Refusal, Tape, Tensor, need_map, per_axis
from cnncalc.core.shape import Map, Shape
from cnncalc.formulas import macs, parameters
from cnncalc.layers._window import Axis, extended, onnx_padded, padded, torch_sides


class BlurPool(Layer):
    """Blurs the map with a fixed filter, channel by channel, and shrinks it by the stride.

    The filter, which reduces aliasing, has binomial weights (1, 2, 1 for a size of 3, along each
    axis). It is not learned: as in the authors' release, it is a buffer, with a copy for every
    channel. The map is first extended by reflection, so that N positions become ⌈N/S⌉.

    Operations: one multiplication and one addition per multiply-accumulate.
    """

    family = "pooling"
    aliases = ("blur", "anti_alias")
    main = "kernel_size"

    kernel_size: int = count("filter size along every axis", also=("kernel", "F", "filt_size"))
    stride: Sizes = sizes("step between neighbouring windows", 2, also=("S",))

    def axes(self, x: Map) -> tuple[Axis, ...]:
        """The window along each axis, with the larger half of the padding after the map."""
        F = self.kernel_size
        before, after = (F - 1) // 2, F // 2
        if after >= min(x.spatial):
            raise LayerError(
                f"an axis of size {min(x.spatial)} has {min(x.spatial) - 1} cells to reflect, "
                f"but a filter of {F} needs {after}"
            )
        strides = per_axis(self.stride, x, "stride")
        return tuple(Axis(N, F, S, before, after, 1) for N, S in zip(x.spatial, strides))

    def output(self, x: Shape) -> Map:
        x = need_map(x)
        return Map(x.channels, tuple(axis.places() for axis in self.axes(x)))

    def window(self, x: Map) -> tuple[int, ...]:
        """The filter size along each axis."""
        return (self.kernel_size,) * len(x.spatial)

    def parameters(self, x: Map) -> Parameters:
        filters = parameters.fixed_filters(F=self.window(x), C_in=x.channels)
        return Parameters(buffers=filters)

    def tensors(self, x: Map) -> Tensors:
        return {"filt": (x.channels, 1, *self.window(x))}

    def macs(self, x: Map) -> int:
        return macs.depthwise_macs(F=self.window(x), C_in=x.channels, N_out=self.output(x).spatial)

    def operations(self, x: Map) -> Operations:
        products = self.macs(x)
        return Operations(multiply=products, add=products)

    def reach(self, x: Map) -> tuple[Reach, ...]:
        return tuple(axis.reach() for axis in self.axes(x))

    def steps(self, tape: Tape, x: Tensor) -> Tensor:
        """A padded copy, unless the filter has size 1, and a convolution. Each saves its input."""
        filters, around = tape.buffers(self.parameters(x.shape).buffers), x
        if self.kernel_size > 1:
            around = extended(tape, x, makes=padded(x.shape, self.axes(x.shape)))
        return tape.filtered(around, filters, makes=self.output(x.shape).elements)

    def to_torch(self, nn: Any, x: Map) -> Any:
        pairs = [(axis.before, axis.after) for axis in self.axes(x)]
        return nn.BlurPool(x.channels, self.kernel_size, self.stride, torch_sides(pairs))

    def to_onnx(self, onnx: Any, x: Map) -> Any:
        onnx.function()
        axes = self.axes(x)
        y = onnx_padded(onnx, axes, *onnx.inputs, mode="reflect")
        strides = [axis.S for axis in axes]
        return onnx.node("Conv", y, onnx.weight("filt"), group=x.channels, strides=strides)

    examples = (
        Example(
            given=3,
            inputs=("64x112x112",),
            output="64x56x56",
            buffers=576,  # 3·3 for each of 64 channels
            macs=1_806_336,  # 3·3·64 · 56·56
            operations=Operations(multiply=1_806_336, add=1_806_336),
            source="Zhang 2019, Making Convolutional Networks Shift-Invariant Again: Triangle-3",
        ),
        Example(
            given={"filt_size": 4},
            inputs=("8x9x9",),
            output="8x5x5",  # 1 cell before and 2 after: (9 + 3 − 4)/2 + 1
            buffers=128,
            macs=3_200,
            source="Zhang 2019, the authors' release: pads ⌊3/2⌋ before and ⌈3/2⌉ after",
        ),
    )
    refusals = (
        Refusal(7, ("4x3x3",), "an axis of size 3 has 2 cells to reflect"),
        Refusal({"kernel": 3, "stride": [2, 2]}, ("4x9",), "has 2 values"),
        Refusal(0, ("4x9x9",), "at least 1"),
        Refusal(3, ("100",), "not a vector"),
    )
