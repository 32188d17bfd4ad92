"""Instance normalization."""

from collections.abc import Mapping
from itertools import repeat
from typing import Any

from cnncalc.core.cost import Operations
from cnncalc.core.errors import LayerError
from cnncalc.core.fields import flag, number
from cnncalc.core.layer import Example, Refusal, Tape, Tensor, need_map, of_rank
from cnncalc.core.onnx import OnnxCall
from cnncalc.core.shape import Map, Shape
from cnncalc.layers._norm import Norm, folded


class InstanceNorm(Norm):
    """Normalizes every channel of each image to mean 0 and variance 1.

    By default, there are no learned scales or shifts and no running statistics, so mean and
    variance are measured during inference too. With running statistics, inference works as in batch
    normalization.

    Operations: as for layer_norm, with each channel normalized as a whole. With running
    statistics, everything is folded into one multiplication and one addition per element.
    """

    operators = {"InstanceNormalization": {"epsilon": "eps"}}
    onnx_operands = (3, 3)
    aliases = ("instance_normalization", "instance_normalisation")

    affine: bool = flag("whether to learn a scale and a shift per channel", False)
    bias: bool = flag("whether to learn the shift as well as the scale", True)
    track_running_stats: bool = flag("whether to track running statistics", False)
    eps: float = number("value added to the variance", 1e-5, ("epsilon",), least=0)
    momentum: float = number("weight of the newest batch in the running statistics", 0.1, least=0)

    @property
    def scaled(self) -> bool:
        return self.affine

    @property
    def shifted(self) -> bool:
        return self.affine and self.bias

    @property
    def tracked(self) -> bool:
        return self.track_running_stats

    def output(self, x: Shape) -> Map:
        x = need_map(x)
        if not self.track_running_stats and x.elements == x.channels:
            raise LayerError(
                f"cannot normalize channels of one value each, as in {x}; "
                "use at least 2 positions, or track_running_stats: true"
            )
        return x

    def operations(self, x: Map) -> Operations:
        if self.tracked:
            return folded(x)
        return self.normalized(x, Map(1, x.spatial).elements, x.channels)

    def steps(self, tape: Tape, x: Tensor) -> Tensor:
        """A batch normalization in which every channel of every image is a separate channel. It
        saves its input; the mean and the reciprocal standard deviation of each, if they are
        measured; and copies of the running statistics and of the scale."""
        params = self.parameters(x.shape)
        C = x.shape.channels
        if self.track_running_stats:
            tape.buffers(2 * C, counters=1)
        copies = [tape.op(one, makes=C) for one in tape.trained(params.weights, params.biases)]
        measured = tape.training or not self.track_running_stats
        kinds = 2 * measured + 2 * self.track_running_stats
        own = tape.statistics(kinds * C * tape.batch, x, self.affine)
        y = tape.normalized(tape.in_order(x), *copies, own=own)
        if self.track_running_stats and tape.training:
            tape.op(shared=C)  # the mean over the images, for the running statistics
            tape.hold(*copies)
        y.shape = x.shape
        return tape.split_images(y)

    @classmethod
    def from_onnx(cls, call: OnnxCall) -> Mapping[str, Any] | None:
        learned = [place in call.held for place in (1, 2)]
        if learned == [False, True] or call.differs(1, 1) or call.differs(2, 0):
            return None
        bias = {} if learned[0] == learned[1] else {"bias": False}
        return {**(super().from_onnx(call) or {}), "affine": learned[0], **bias}

    def to_torch(self, nn: Any, x: Map) -> Any:
        return of_rank(nn, "InstanceNorm", x)(
            x.channels,
            self.eps,
            self.momentum,
            self.affine,
            self.track_running_stats,
            bias=self.bias,
        )

    def to_onnx(self, onnx: Any, x: Map) -> Any:
        C = x.channels
        if self.track_running_stats:
            onnx.function()
        scale = onnx.weight("weight") or onnx.fixed(repeat(1.0, C), C)
        shift = onnx.weight("bias") or onnx.fixed(repeat(0.0, C), C)
        if self.track_running_stats:
            tensors = [scale, shift, onnx.weight("running_mean"), onnx.weight("running_var")]
            return onnx.node("BatchNormalization", *onnx.inputs, *tensors, epsilon=self.eps)
        return onnx.node(
            "InstanceNormalization", *onnx.inputs, scale, shift, epsilon=float(self.eps)
        )

    examples = (
        Example(
            inputs=("3x4x5",),
            output="3x4x5",
            buffers=0,
            # 3 channels of 20: 20 squares and 20 products; 19 + 20 + 19 + 1 additions each.
            operations=Operations(multiply=120, add=177, divide=9, exponential=3),
            source="Ulyanov, Vedaldi and Lempitsky 2016, equation 4",
        ),
        Example(
            given={"affine": True, "track_running_stats": True},
            inputs=("64x112x112",),
            output="64x112x112",
            weights=64,
            biases=64,
            buffers=129,
            operations=Operations(multiply=802_816, add=802_816),  # 64·112·112
            source="torch.nn.InstanceNorm2d(64, affine=True, track_running_stats=True)",
        ),
    )
    refusals = (
        Refusal(None, ("4x1x1",), "one value each, as in 4×1×1"),
        Refusal(None, ("100",), "not a vector"),
        Refusal({"affine": "yes"}, ("4x5x5",), "must be true or false"),
    )
