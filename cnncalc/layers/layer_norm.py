"""Layer normalization."""

from itertools import repeat
from typing import Any

from cnncalc.core.cost import Operations
from cnncalc.core.fields import flag, number
from cnncalc.core.layer import Example, Refusal, Tape, Tensor
from cnncalc.core.parsing import Foreign
from cnncalc.core.shape import Shape
from cnncalc.layers._norm import Together


class LayerNorm(Together):
    """Normalizes the values of each image to mean 0 and variance 1, then scales and shifts them.

    Statistics are computed over the whole map, over the channels at every position (as in
    ConvNeXt) or over the last axis. Each of the values that are normalized together has its own
    learned scale and shift. Mean and variance are measured during inference too, so there are no
    buffers.

    Operations for every n values that are normalized together: n − 1 additions and a division
    for the mean; n additions for the deviations from it; n multiplications, n − 1 additions and
    a division for the variance; an addition (eps), a square root and a division for the
    reciprocal of the standard deviation; and n multiplications by it. A scale takes one more
    multiplication per element, and a shift one more addition.
    """

    foreign = {"keras.LayerNormalization": Foreign({"over": "channels"})}
    main = "over"

    bias: bool = flag("whether to learn the shifts as well as the scales", True)
    eps: float = number("value added to the variance", 1e-5, ("epsilon",), least=0)

    @property
    def shifted(self) -> bool:
        return self.elementwise_affine and self.bias

    def operations(self, x: Shape) -> Operations:
        return self.normalized(x, self.together(x), self.groups(x))

    def steps(self, tape: Tape, x: Tensor) -> Tensor:
        """Saves the input, and the mean and the reciprocal standard deviation of each group.
        For a normalization over the channels, these are moved to the end first, and back
        afterwards."""
        params = self.parameters(x.shape)
        groups = x.shape.elements // self.together(x.shape) * tape.batch
        measured = tape.statistics(2 * groups, x, self.elementwise_affine)
        moves = self.over == "channels"
        axes = tuple(range(len(x.shape.dimensions)))
        given = tape.permuted(x, (*axes[1:], 0)) if moves else x
        parameters = tape.trained(params.weights, params.biases)
        given = tape.raised(given, cuda=True)
        y = tape.op(given, *parameters, keeps=(given,), own=measured, ordered=True)
        return tape.permuted(y, (axes[-1], *axes[:-1])) if moves else y

    def to_torch(self, nn: Any, x: Shape) -> Any:
        norm = nn.ChannelsNorm if self.over == "channels" else nn.LayerNorm
        return norm(self.learned_shape(x), self.eps, self.elementwise_affine, self.bias)

    def to_onnx(self, onnx: Any, x: Shape) -> Any:
        learned = self.learned_shape(x)
        n = learned[-1]
        scale, shift = onnx.weight("weight") or onnx.fixed(repeat(1.0, n), n), onnx.weight("bias")
        if self.over != "channels" or len(x.dimensions) == 1:
            axis = 1 if self.over == "all" else -1
            settings = {"axis": axis, "epsilon": float(self.eps)}
            return onnx.node("LayerNormalization", *onnx.inputs, scale, shift, **settings)
        places = [*range(2, len(x.dimensions) + 1)]
        last = onnx.node("Transpose", *onnx.inputs, perm=[0, *places, 1])
        y = onnx.node("LayerNormalization", last, scale, shift, epsilon=float(self.eps))
        return onnx.node("Transpose", y, perm=[0, len(places) + 1, *range(1, len(places) + 1)])

    examples = (
        Example(
            given="channels",
            inputs=("96x56x56",),
            output="96x56x56",
            weights=96,
            biases=96,
            params=192,
            # 56·56 = 3136 positions of 96 numbers: 3·96 multiplications and
            # 95 + 96 + 95 + 1 + 96 = 383 additions each, 3 divisions, 1 square root.
            operations=Operations(multiply=903_168, add=1_201_088, divide=9408, exponential=3136),
            source="Liu et al. 2022, ConvNeXt-T: LayerNorm2d after the stem",
        ),
        Example(
            given={"elementwise_affine": False},
            inputs=("2x2",),
            output="2x2",
            params=0,
            # One group of 4: 4 squares and 4 products; 3 + 4 + 3 + 1 additions.
            operations=Operations(multiply=8, add=11, divide=3, exponential=1),
            source="Ba, Kiros and Hinton 2016, equation 3, for 4 numbers",
        ),
        Example(
            given={"over": "last", "bias": False},
            inputs=("3x4x5",),
            output="3x4x5",
            weights=5,
            biases=0,
            # 3·4 = 12 rows of 5: 15 multiplications, 4 + 5 + 4 + 1 additions each.
            operations=Operations(multiply=180, add=168, divide=36, exponential=12),
            source="torch.nn.LayerNorm(5, bias=False)",
        ),
    )
    refusals = (
        Refusal("first", ("4x5x5",), "must be all, channels or last, not 'first'"),
        Refusal([4, 5, 5], ("4x5x5",), "last, not [4, 5, 5]; cnncalc infers the sizes"),
        Refusal({"eps": -1}, ("4x5x5",), "at least 0, not -1"),
    )
