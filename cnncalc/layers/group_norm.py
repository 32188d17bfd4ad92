"""Group normalization."""

from collections.abc import Mapping
from itertools import repeat
from typing import Any

from cnncalc.core.cost import Operations
from cnncalc.core.errors import LayerError
from cnncalc.core.fields import count, flag, number
from cnncalc.core.layer import Example, Refusal, Tape, Tensor, channels_of
from cnncalc.core.onnx import OnnxCall
from cnncalc.core.parsing import Foreign
from cnncalc.core.shape import Shape
from cnncalc.formulas import operations
from cnncalc.layers import _divisors as divisors
from cnncalc.layers._norm import Norm


class GroupNorm(Norm):
    """Normalizes each group of channels to mean 0 and variance 1, then scales and shifts each
    channel.

    A group consists of neighbouring channels of one image. A single group contains all channels;
    with as many groups as channels, this is instance normalization. There are no buffers.

    Operations: as for layer_norm, with each group normalized as a whole.
    """

    keeps_format = (1, 2)
    aliases = ("gn", "group_normalization", "group_normalisation")
    foreign = {"keras.GroupNormalization": Foreign({"num_groups": 32})}
    operators = {"GroupNormalization": {"epsilon": "eps", "num_groups": "num_groups"}}
    onnx_operands = (3, 3)
    main = "num_groups"

    num_groups: int = count(
        "number of groups that the channels are split into", also=("groups", "G")
    )
    affine: bool = flag("whether to learn a scale and a shift per channel", True)
    bias: bool = flag("whether to learn the shift as well as the scale", True)
    eps: float = number("value added to the variance", 1e-5, ("epsilon",), least=0)

    @property
    def scaled(self) -> bool:
        return self.affine

    @property
    def shifted(self) -> bool:
        return self.affine and self.bias

    def output(self, x: Shape) -> Shape:
        C = channels_of(x)
        if C % self.num_groups:
            raise LayerError(
                f"{C} channel{'s' * (C != 1)} cannot be divided into {self.num_groups} equal "
                "groups "
                f"({C} = {C // self.num_groups}·{self.num_groups} + {C % self.num_groups})",
                divisors.that_fit("num_groups", C),
            )
        return x

    def operations(self, x: Shape) -> Operations:
        G = self.num_groups
        return self.normalized(x, operations.group_size(elements=x.elements, G=G), G)

    def steps(self, tape: Tape, x: Tensor) -> Tensor:
        """Saves the input, and the mean and the reciprocal standard deviation of each group."""
        params = self.parameters(x.shape)
        x = tape.raised(tape.formatted(x), cuda=True)
        measured = tape.statistics(2 * self.num_groups * tape.batch, x, self.affine)
        trained = tape.trained(params.weights, params.biases)
        return tape.normalized(x, *trained, own=measured, contiguous=True)

    def to_torch(self, nn: Any, x: Shape) -> Any:
        return nn.GroupNorm(self.num_groups, channels_of(x), self.eps, self.affine, bias=self.bias)

    @classmethod
    def from_onnx(cls, call: OnnxCall) -> Mapping[str, Any] | None:
        if call.differs(1, 1) or call.differs(2, 0):
            return None
        learned = {"affine": 1 in call.held, "bias": 2 in call.held or 1 not in call.held}
        return {**(super().from_onnx(call) or {}), **learned}

    def to_onnx(self, onnx: Any, x: Shape) -> Any:
        C = channels_of(x)
        scale = onnx.weight("weight") or onnx.fixed(repeat(1.0, C), C)
        shift = onnx.weight("bias") or onnx.fixed(repeat(0.0, C), C)
        settings = {"num_groups": self.num_groups, "epsilon": float(self.eps)}
        return onnx.node("GroupNormalization", *onnx.inputs, scale, shift, **settings)

    examples = (
        Example(
            given=32,
            inputs=("64x56x56",),
            output="64x56x56",
            weights=64,
            biases=64,
            params=128,
            # 32 groups of 2·56·56 = 6272: 3·6272 multiplications and
            # 6271 + 6272 + 6271 + 1 + 6272 = 25087 additions each.
            operations=Operations(multiply=602_112, add=802_784, divide=96, exponential=32),
            source="Wu and He 2018: 32 groups, γ and β for each channel",
        ),
        Example(
            given={"num_groups": 2, "affine": False},
            inputs=("6",),
            output="6",
            params=0,
            # 2 groups of 3: 3 squares and 3 products; 2 + 3 + 2 + 1 additions each.
            operations=Operations(multiply=12, add=16, divide=6, exponential=2),
            source="torch.nn.GroupNorm(2, 6, affine=False) on a vector",
        ),
    )
    refusals = (
        Refusal(
            3,
            ("4x5x5",),
            "cannot be divided into 3 equal groups (4 = 1·3 + 1); num_groups can be 1, 2 or 4",
        ),
        Refusal(8, ("4x5x5",), "4 channels cannot be divided into 8 equal groups"),
        Refusal(2, ("1x5x5",), "1 channel cannot be divided into 2 equal groups"),
        Refusal(0, ("4x5x5",), "at least 1, not 0"),
        Refusal(None, ("4x5x5",), "needs 'num_groups'"),
    )
