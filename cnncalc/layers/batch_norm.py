"""Batch normalisation."""

from dataclasses import dataclass
from typing import Any, ClassVar

from cnncalc.core.cost import Operations, Parameters, Tensors, weight_and_bias
from cnncalc.core.fields import flag, number, positive
from cnncalc.core.layer import Example, Layer, Refusal, Tape, Tensor, channels_of, of_rank
from cnncalc.core.shape import Shape
from cnncalc.formulas import operations, parameters


@dataclass(frozen=True, kw_only=True)
class BatchNorm(Layer):
    """Bring every channel to mean 0 and variance 1 over the batch, then scale and shift it.

    The scale and the shift of each channel are learned. In inference the running mean and variance
    are used; they are buffers, not parameters, and PyTorch keeps a counter of batches with them.
    Where mean and variance are measured (in training, or without running statistics) a channel
    needs two numbers: after global pooling that is a batch of at least 2, or PyTorch refuses.

    Operations, in inference, with everything folded into one scale and one shift: a multiplication
    and an addition for every element.
    """

    aliases: ClassVar = ("bn", "batch_normalization", "batch_normalisation")

    affine: bool = flag("whether a scale and a shift are learned", True)
    track_running_stats: bool = flag("whether running statistics are kept", True)
    eps: float = positive("added to the variance", 1e-5)
    momentum: float = number("the weight of the newest batch in the running means", 0.1, least=0)

    def output(self, x: Shape) -> Shape:
        """The input's shape."""
        return x

    def parameters(self, x: Shape) -> Parameters:
        """A scale and a shift for each channel; the running statistics are buffers."""
        C = channels_of(x)
        return Parameters(
            weights=parameters.scales(n=C) if self.affine else 0,
            biases=parameters.shifts(n=C) if self.affine else 0,
            buffers=parameters.running_statistics(C=C) if self.track_running_stats else 0,
        )

    def counters(self) -> int:
        """The counter of batches."""
        return int(self.track_running_stats)

    def tensors(self, x: Shape) -> Tensors:
        """A number for each channel; and the counter."""
        each = (channels_of(x),)
        statistics = {"running_mean": each, "running_var": each, "num_batches_tracked": ()}
        return {
            **(weight_and_bias(each, each) if self.affine else {}),
            **(statistics if self.track_running_stats else {}),
        }

    def operations(self, x: Shape) -> Operations:
        """Scale and shift."""
        each = operations.each(n=x.elements)
        return Operations(multiply=each, add=each)

    def measures(self, training: bool) -> bool:
        """Whether mean and deviation are those of the batch."""
        return training or not self.track_running_stats

    def steps(self, tape: Tape, x: Tensor) -> Tensor:
        """One operation, which keeps its input, and the mean and deviation of each channel where
        they are measured."""
        held, C = self.parameters(x.shape), channels_of(x.shape)
        if self.track_running_stats:
            tape.buffers(2 * C, counters=1)
        known = self.affine or self.track_running_stats
        measured = tape.statistics(2 * C, x, known) if self.measures(tape.training) else 0
        return tape.normalized(x, *tape.trained(held.weights, held.biases), own=measured)

    def to_torch(self, nn: Any, x: Shape) -> Any:
        """``BatchNorm1d``, ``2d`` or ``3d``."""
        return of_rank(nn, "BatchNorm", x)(
            channels_of(x), self.eps, self.momentum, self.affine, self.track_running_stats
        )

    examples: ClassVar = (
        Example(
            given=None,
            inputs=("64x112x112",),
            output="64x112x112",
            weights=64,
            biases=64,
            buffers=129,
            macs=0,
            operations=Operations(multiply=802_816, add=802_816),
            source="Ioffe and Szegedy 2015: γ and β for each channel; 64·112·112",
        ),
        Example(
            given={"affine": False, "track_running_stats": False},
            inputs=("100",),
            output="100",
            params=0,
            buffers=0,
            source="torch.nn.BatchNorm1d: affine=False, track_running_stats=False",
        ),
    )
    refusals: ClassVar = (Refusal({"affine": 1}, ("4x5x5",), "must be true or false"),)
