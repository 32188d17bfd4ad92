"""Stochastic depth."""

from typing import Any

from cnncalc.core.cost import Operations
from cnncalc.core.fields import number
from cnncalc.core.layer import Example, Refusal, Tape, Tensor
from cnncalc.core.shape import Shape
from cnncalc.layers._elementwise import Elementwise


class StochasticDepth(Elementwise):
    """Zeroes the whole residual branch for an image, with probability p, during training; does
    nothing during inference.

    It goes at the end of the branch, so that the block is skipped for that image.

    Operations: none, because it does nothing during inference.
    """

    aliases = ("drop_path",)
    main = "p"
    each = Operations()
    moves = False
    inside = True

    p: float = number(
        "probability of zeroing the branch", also=("rate", "drop_prob"), least=0, most=1
    )

    def steps(self, tape: Tape, x: Tensor) -> Tensor:
        """During training, a product with one factor per image; the factors are ones with dropout
        applied."""
        if not tape.training or self.p == 0:
            return x
        ones = tape.op(makes=1, size=x.size)
        tape.ordered(ones, tape.batch, *[1] * len(x.shape.dimensions))
        return tape.multiply(x, tape.dropout(ones, self.p))

    def to_torch(self, nn: Any, x: Shape) -> Any:
        return nn.StochasticDepth(self.p)

    def to_onnx(self, onnx: Any, x: Shape) -> Any:
        onnx.function()
        return onnx.node("Identity", *onnx.inputs)  # it does nothing during inference

    examples = (
        Example(
            given=0.1,
            inputs=("96x56x56",),
            output="96x56x56",
            operations=Operations(),
            source="Liu et al. 2022, ConvNeXt-T: stochastic depth rate 0.1",
        ),
    )
    refusals = (
        Refusal(2, ("96x56x56",), "from 0 to 1, not 2"),
        Refusal(None, ("96x56x56",), "needs 'p'"),
    )
