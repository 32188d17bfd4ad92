"""Elementwise multiplication."""

from typing import Any

from cnncalc.core.cost import Operations
from cnncalc.core.errors import LayerError
from cnncalc.core.layer import Example, Refusal, Tape, Tensor
from cnncalc.core.shape import Shape, alike, shape_of
from cnncalc.formulas import operations
from cnncalc.layers._arithmetic import Arithmetic


class Multiply(Arithmetic):
    """Multiplies two or more inputs element by element, as a gate does, or multiplies one input by
    a number or by learned numbers.

    A dimension of size 1 is broadcast: a gate of C×1×1 weights whole channels
    (squeeze-and-excitation), and one of 1×H×W weights positions (spatial attention). All other
    sizes must be equal.

    Operations: one multiplication per output element for every input after the first, or for the
    number or the learned numbers.
    """

    aliases = ("mul", "product", "gate")
    onnx = "Mul"
    commutes = True
    broadcasts = True
    per_channel = "scale"

    def output(self, *inputs: Shape) -> Shape:
        self.check(*inputs)
        columns = [*zip(*(x.dimensions for x in inputs))]
        larger = [[size for size in column if size != 1] for column in columns]
        if not alike([len(x) for x in inputs]) or not all(map(alike, larger)):
            raise LayerError(
                f"cannot multiply {' and '.join(map(str, inputs))}: all need the same number of "
                "sizes, which must be equal, or 1 to be broadcast"
            )
        return shape_of(tuple(max(column) for column in columns))

    def operations(self, *inputs: Shape) -> Operations:
        n = self.output(*inputs).elements
        return Operations(multiply=operations.each(n=n, times=self.times(*inputs)))

    def steps(self, tape: Tape, *inputs: Tensor) -> Tensor:
        """Products; each factor is saved if the other one needs a gradient."""
        if self.parameter is not None:
            x, factors = self.operands(tape, *inputs)
            return tape.multiply(x, factors)
        if len(inputs) == 1:
            return tape.times(*inputs)
        y, shape = inputs[0], inputs[0].shape
        for x in inputs[1:]:
            shape = self.output(shape, x.shape)
            y = tape.multiply(y, x, makes=shape.elements)
        return y

    def to_torch(self, nn: Any, *inputs: Shape) -> Any:
        return self.module(nn, "Multiply", "mul")

    examples = (
        Example(
            inputs=("256x56x56", "256x1x1"),
            output="256x56x56",
            operations=Operations(multiply=802_816),  # 256·56·56
            source="Hu et al. 2018, squeeze-and-excitation, equation 4: x̃_c = s_c · u_c",
        ),
        Example(
            inputs=("64x56x56", "1x56x56"),
            output="64x56x56",
            operations=Operations(multiply=200_704),  # 64·56·56
            source="Woo et al. 2018, CBAM, equation 1: F'' = M_s(F') ⊗ F', M_s of 1×H×W",
        ),
        Example(
            given=0.5,
            inputs=("3x4x4",),
            output="3x4x4",
            operations=Operations(multiply=48),
            source="by hand: halving 3·4·4 values",
        ),
        Example(
            given={"parameter": [96, 1, 1]},
            inputs=("96x56x56",),
            output="96x56x56",
            weights=96,
            operations=Operations(multiply=301_056),  # 96·56·56
            source="Liu et al. 2022, ConvNeXt-T: layer scale, a factor for each of 96 channels",
        ),
    )
    refusals = (
        Refusal(None, ("64x56x56", "32x1x1"), "cannot multiply 64×56×56 and 32×1×1"),
        Refusal(None, ("64x1x1", "64"), "64×1×1 and 64: all need the same number of sizes"),
        Refusal(None, ("64x56x56",), "a second input is missing"),
    )
