"""Batch normalization."""

from collections.abc import Mapping
from itertools import repeat
from typing import Any

from cnncalc.core.cost import Operations
from cnncalc.core.fields import flag, number, positive
from cnncalc.core.layer import Example, Refusal, Tape, Tensor, channels_of, of_rank
from cnncalc.core.onnx import OnnxCall
from cnncalc.core.parsing import Foreign
from cnncalc.core.shape import Shape
from cnncalc.layers._norm import Norm, folded, onnx_standardized


class BatchNorm(Norm):
    """Normalizes every channel to mean 0 and variance 1 over the batch, then scales and shifts it.

    Scale and shift are learned, one of each per channel. Inference uses the running mean and
    variance; these are buffers, not parameters, and PyTorch stores a counter of batches with
    them. If the statistics are measured (during training, or without running statistics), every
    channel needs at least two values. After global pooling, the batch size must therefore be at
    least 2; otherwise, PyTorch raises an error.

    Operations, during inference and with everything folded into one scale and one shift: one
    multiplication and one addition per element.
    """

    keeps_format = (1, 2)
    aliases = ("bn", "batch_normalization", "batch_normalisation")
    foreign = {"caffe.BatchNorm": Foreign({"affine": False})}
    operators = {"BatchNormalization": {"epsilon": "eps"}}
    onnx_operands = (5, 5)
    inside = True

    affine: bool = flag("whether to learn a scale and a shift per channel", True)
    scale: bool = flag("whether affine includes a scale", True)
    bias: bool = flag("whether affine includes a shift", True, ("center",))
    track_running_stats: bool = flag("whether to track running statistics", True)
    eps: float = positive("value added to the variance", 1e-5, ("epsilon",))
    momentum: float = number("weight of the newest batch in the running statistics", 0.1, least=0)

    @property
    def scaled(self) -> bool:
        return self.affine and self.scale

    @property
    def shifted(self) -> bool:
        return self.affine and self.bias

    @property
    def tracked(self) -> bool:
        return self.track_running_stats

    def operations(self, x: Shape) -> Operations:
        return folded(x)

    def measures(self, training: bool) -> bool:
        """Whether mean and variance are measured over the batch."""
        return training or not self.track_running_stats

    def steps(self, tape: Tape, x: Tensor) -> Tensor:
        """Saves the input, and the mean and the reciprocal standard deviation of each channel if
        they are measured."""
        params, C = self.parameters(x.shape), channels_of(x.shape)
        if self.track_running_stats:
            tape.buffers(2 * C, counters=1)
        known = self.affine or self.track_running_stats
        measured = tape.statistics(2 * C, x, known) if self.measures(tape.training) else 0
        return tape.normalized(x, *tape.trained(params.weights, params.biases), own=measured)

    def to_torch(self, nn: Any, x: Shape) -> Any:
        norm = of_rank(nn, "BatchNorm", x)(
            channels_of(x), self.eps, self.momentum, self.affine, self.track_running_stats
        )
        if self.affine and not (self.scale and self.bias):
            return nn.without(norm, *(["weight"] * (not self.scale) + ["bias"] * (not self.bias)))
        return norm

    @classmethod
    def from_onnx(cls, call: OnnxCall) -> Mapping[str, Any] | None:
        if not {3, 4} <= {*call.held} or call.differs(1, 1) or call.differs(2, 0):
            # Its statistics are not in the file, or its scale is a constant other than 1, or its
            # shift is one other than 0.
            return None
        learned = {"scale": 1 in call.held, "bias": 2 in call.held}
        usual = learned if any(learned.values()) else {"affine": False}
        return {**(super().from_onnx(call) or {}), **usual}

    def to_onnx(self, onnx: Any, x: Shape) -> Any:
        C = channels_of(x)
        if not self.track_running_stats:  # in inference, BatchNormalization measures nothing
            onnx.function()
            rest = [*range(2, 1 + len(x.dimensions))]
            y = onnx_standardized(onnx, [0, *rest], self.eps, *onnx.inputs)
            for kind, name in (("Mul", "weight"), ("Add", "bias")):
                if one := onnx.weight(name):
                    y = onnx.node(
                        kind, y, onnx.node("Reshape", one, onnx.ints([C, *(1 for _ in rest)]))
                    )
            return y
        scale = onnx.weight("weight") or onnx.fixed(repeat(1.0, C), C)
        shift = onnx.weight("bias") or onnx.fixed(repeat(0.0, C), C)
        tensors = [scale, shift, onnx.weight("running_mean"), onnx.weight("running_var")]
        return onnx.node("BatchNormalization", *onnx.inputs, *tensors, epsilon=self.eps)

    examples = (
        Example(
            inputs=("64x112x112",),
            output="64x112x112",
            weights=64,
            biases=64,
            buffers=129,
            operations=Operations(multiply=802_816, add=802_816),
            source="Ioffe and Szegedy 2015: γ and β for each channel; 64·112·112",
        ),
        Example(
            given={"affine": False, "track_running_stats": False},
            inputs=("100",),
            output="100",
            buffers=0,
            source="torch.nn.BatchNorm1d: affine=False, track_running_stats=False",
        ),
        Example(
            given={"scale": False},
            inputs=("32x149x149",),
            output="32x149x149",
            weights=0,
            biases=32,
            buffers=65,
            source="tf.keras.applications.InceptionV3: BatchNormalization(scale=False) on 32 maps",
        ),
    )
    refusals = (Refusal({"affine": 1}, ("4x5x5",), "must be true or false"),)
