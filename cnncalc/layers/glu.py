"""Gated linear unit."""

from typing import Any

from cnncalc.core.cost import Operations
from cnncalc.core.errors import LayerError
from cnncalc.core.layer import Example, Layer, Refusal, Tape, Tensor, channels_of
from cnncalc.core.operation import Layout
from cnncalc.core.shape import Map, Shape, Vector
from cnncalc.formulas import dimensions, operations


class Glu(Layer):
    """Multiplies the first half of the channels by the sigmoid of the other half.

    Operations per output: one exponential, one addition and one division for the sigmoid, and one
    multiplication.
    """

    family = "activation"
    aliases = ("gated_linear_unit",)

    def output(self, x: Shape) -> Shape:
        C = channels_of(x)
        if C % 2:
            raise LayerError(f"expected an even number of channels to halve, not {C}")
        half = dimensions.halved(C_in=C)
        return Map(half, x.spatial) if isinstance(x, Map) else Vector(half)

    def operations(self, x: Shape) -> Operations:
        each = operations.each(n=self.output(x).elements)
        return Operations(multiply=each, add=each, divide=each, exponential=each)

    def steps(self, tape: Tape, x: Tensor) -> Tensor:
        """Saves its input. The output keeps the input's order of axes; the input's gradient is
        contiguous."""
        makes = self.output(x.shape).elements
        y = tape.op(x, makes=makes, keeps=(x,), layout=Layout.ORDER)
        y.order = x.order
        return y

    def to_torch(self, nn: Any, x: Shape) -> Any:
        return nn.GLU(1)

    def to_onnx(self, onnx: Any, x: Shape) -> Any:
        half = self.output(x).dimensions[0]
        onnx.function()
        sizes = onnx.ints([half, half])
        value, gate = onnx.node("Split", *onnx.inputs, sizes, count=2, axis=1)
        return onnx.node("Mul", value, onnx.node("Sigmoid", gate))

    examples = (
        Example(
            given=None,
            inputs=("1024x25",),
            output="512x25",
            params=0,
            macs=0,
            operations=Operations(multiply=12_800, add=12_800, divide=12_800, exponential=12_800),
            source="Gehring et al. 2017, section 3.2: 2d channels to d, here for 25 words",
        ),
        Example(
            given=None, inputs=("4",), output="2", source="torch.nn.GLU: N to M = N/2, here 4 to 2"
        ),
    )
    refusals = (
        Refusal(None, ("5x4x4",), "an even number of channels to halve, not 5"),
        Refusal({"dim": 1}, ("4x4",), "has no field 'dim'"),
    )
