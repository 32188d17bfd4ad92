"""Instance normalisation."""

from dataclasses import dataclass
from typing import Any, ClassVar

from cnncalc.core.cost import Operations, Parameters, Tensors, weight_and_bias
from cnncalc.core.errors import LayerError
from cnncalc.core.fields import flag, number
from cnncalc.core.layer import Example, Layer, Refusal, Tape, Tensor, need_map, of_rank
from cnncalc.core.shape import Map, Shape
from cnncalc.formulas import operations, parameters
from cnncalc.layers._normalised import normalised


@dataclass(frozen=True, kw_only=True)
class InstanceNorm(Layer):
    """Bring every channel of each image by itself to mean 0 and variance 1.

    Unless asked for, no scale and shift are learned and no running statistics are kept: mean and
    variance are measured in inference too. With running statistics it does in inference what batch
    normalisation does.

    Operations: those of layer normalisation, with a channel normalised together. With running
    statistics, everything is folded into a multiplication and an addition for every element.
    """

    aliases: ClassVar = ("instance_normalization", "instance_normalisation")

    affine: bool = flag("whether a scale and a shift are learned for each channel", False)
    bias: bool = flag("whether the shift is learned, where the scale is", True)
    track_running_stats: bool = flag("whether running statistics are kept", False)
    eps: float = number("added to the variance", 1e-5, least=0)
    momentum: float = number("the weight of the newest batch in the running means", 0.1, least=0)

    def output(self, x: Shape) -> Map:
        """The input's shape; raises LayerError where a channel has nothing to be measured."""
        x = need_map(x)
        if not self.track_running_stats and x.elements == x.channels:
            raise LayerError(
                f"measures each channel, but {x} has one number in each; "
                "it needs at least 2 positions, or track_running_stats"
            )
        return x

    def parameters(self, x: Map) -> Parameters:
        """A scale and a shift for each channel, and running statistics, where asked for."""
        C = x.channels
        return Parameters(
            weights=parameters.scales(n=C) if self.affine else 0,
            biases=parameters.shifts(n=C) if self.affine and self.bias else 0,
            buffers=parameters.running_statistics(C=C) if self.track_running_stats else 0,
        )

    def counters(self) -> int:
        """The counter of batches."""
        return int(self.track_running_stats)

    def tensors(self, x: Map) -> Tensors:
        """A number for each channel; and the counter."""
        each = (x.channels,)
        statistics = {"running_mean": each, "running_var": each, "num_batches_tracked": ()}
        return {
            **(weight_and_bias(each, each, self.bias) if self.affine else {}),
            **(statistics if self.track_running_stats else {}),
        }

    def operations(self, x: Map) -> Operations:
        """Mean and variance of every channel, then scale and shift."""
        if self.track_running_stats:
            each = operations.each(n=x.elements)
            return Operations(multiply=each, add=each)
        return normalised(
            x.elements,
            Map(1, x.spatial).elements,
            x.channels,
            scaled=self.affine,
            shifted=self.affine and self.bias,
        )

    def steps(self, tape: Tape, x: Tensor) -> Tensor:
        """A batch normalisation with the channels of all images as channels. It keeps its input,
        for every channel of every image mean and deviation where they are measured, and copies of
        the running ones and of the scale."""
        held = self.parameters(x.shape)
        C = x.shape.channels
        if self.track_running_stats:
            tape.buffers(2 * C, counters=1)
        copies = [tape.op(one, makes=C) for one in tape.trained(held.weights, held.biases)]
        measured = tape.training or not self.track_running_stats
        kinds = 2 * measured + 2 * self.track_running_stats
        own = tape.statistics(kinds * C * tape.batch, x, self.affine)
        y = tape.normalized(tape.in_order(x), *copies, own=own)
        if self.track_running_stats and tape.training:
            tape.op(shared=C)  # the mean over the images, for the running statistics
            tape.hold(*copies)
        y.shape = x.shape
        return tape.split_images(y)

    def to_torch(self, nn: Any, x: Map) -> Any:
        """``InstanceNorm1d``, ``2d`` or ``3d``."""
        return of_rank(nn, "InstanceNorm", x)(
            x.channels,
            self.eps,
            self.momentum,
            self.affine,
            self.track_running_stats,
            bias=self.bias,
        )

    examples: ClassVar = (
        Example(
            given=None,
            inputs=("3x4x5",),
            output="3x4x5",
            params=0,
            buffers=0,
            macs=0,
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
    refusals: ClassVar = (
        Refusal(None, ("4x1x1",), "4×1×1 has one number in each"),
        Refusal(None, ("100",), "not a vector"),
        Refusal({"affine": "yes"}, ("4x5x5",), "must be true or false"),
    )
