"""Channel dropout."""

from typing import Any

from cnncalc.core.cost import Operations
from cnncalc.core.fields import number
from cnncalc.core.layer import Example, Refusal, Tape, Tensor, need_map, of_rank
from cnncalc.core.shape import Map, Shape
from cnncalc.layers._elementwise import Elementwise


class ChannelDropout(Elementwise):
    """Zeroes whole channels with probability p during training; does nothing during inference.

    Operations: none, because it does nothing during inference.
    """

    aliases = ("dropout1d", "dropout2d", "dropout3d", "spatial_dropout")
    main = "p"
    each = Operations()
    moves = False
    inside = True

    p: float = number("probability of zeroing a channel", 0.5, ("rate",), least=0, most=1)

    def output(self, x: Shape) -> Map:
        return need_map(x)

    def steps(self, tape: Tape, x: Tensor) -> Tensor:
        """During training, a product with one factor per channel, or a single zero if p is 1."""
        if not tape.training or self.p == 0:
            return x
        channels = x.shape.channels * tape.batch
        return tape.multiply(x, tape.op(shared=1 if self.p == 1 else channels, size=x.size))

    def to_torch(self, nn: Any, x: Map) -> Any:
        return of_rank(nn, "Dropout", x)(self.p)

    def to_onnx(self, onnx: Any, x: Shape) -> Any:
        onnx.function()
        return onnx.node("Identity", *onnx.inputs)  # it does nothing during inference

    examples = (
        Example(
            given=0.2,
            inputs=("64x28x28",),
            output="64x28x28",
            operations=Operations(),
            source="Tompson et al. 2015, section 3.2: SpatialDropout",
        ),
    )
    refusals = (
        Refusal(-0.1, ("64x28x28",), "from 0 to 1, not -0.1"),
        Refusal(None, ("4096",), "not a vector"),
    )
