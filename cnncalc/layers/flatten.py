"""Flatten."""

from typing import Any

from cnncalc.core.cost import Operations
from cnncalc.core.fields import choice
from cnncalc.core.layer import Example, Reach, Refusal, Tape, Tensor, everything, need_map
from cnncalc.core.shape import Map, Shape, Vector
from cnncalc.formulas import dimensions
from cnncalc.layers._rearrangement import Rearrangement


class Flatten(Rearrangement):
    """Flattens a feature map to a vector.

    It can also flatten only the positions, so that the map becomes a signal. Nothing is computed
    or copied. Linear layers flatten their input automatically.
    """

    main = "over"
    stored = False
    moves = False
    inside = True

    over: str = choice(
        "all for a vector; positions for a signal of the same channels", ("all", "positions"), "all"
    )

    def output(self, x: Shape) -> Shape:
        if self.over == "positions":
            x = need_map(x)
            return Map(x.channels, (dimensions.positions(N_in=x.spatial),))
        if isinstance(x, Vector):
            return x
        return Vector(dimensions.flattened(C_in=x.channels, N_in=x.spatial))

    def reach(self, x: Shape) -> tuple[Reach, ...] | None:
        output = self.output(x)
        return None if output == x else everything(x, bound=isinstance(output, Map))

    def steps(self, tape: Tape, x: Tensor) -> Tensor:
        return x if x.shape == self.output(x.shape) else tape.reshaped(x)

    def to_torch(self, nn: Any, x: Shape) -> Any:
        return nn.Flatten(2 if self.over == "positions" else 1)

    def to_onnx(self, onnx: Any, x: Shape) -> Any:
        if self.over == "all":
            return onnx.node("Flatten", *onnx.inputs)
        return onnx.node("Reshape", *onnx.inputs, onnx.ints([0, *self.output(x).dimensions]))

    examples = (
        Example(
            inputs=("256x6x6",),
            output="9216",
            operations=Operations(),
            source="TUM lecture, AlexNet before FC6: 6·6·256",
        ),
        Example(
            given="positions",
            inputs=("768x14x14",),
            output="768x196",
            source="Dosovitskiy et al. 2020, ViT-B/16: 14·14 patches",
        ),
        Example(given=None, inputs=("10",), output="10", source="torch.nn.Flatten: a vector stays"),
    )
    refusals = (
        Refusal(3, ("4x5x5",), "must be all or positions, not 3"),
        Refusal("positions", ("100",), "not a vector"),
    )
