"""Channel slicing."""

from typing import Any, ClassVar

from cnncalc.core.cost import Operations
from cnncalc.core.errors import LayerError
from cnncalc.core.fields import count
from cnncalc.core.layer import Example, Refusal, Tape, Tensor, channels_of
from cnncalc.core.shape import Map, Shape, Vector
from cnncalc.formulas import dimensions
from cnncalc.layers._rearrangement import Rearrangement


class Slice(Rearrangement):
    """Keeps the channels from ``start`` up to, but not including, ``stop``.

    Channels are counted from 0; the features of a vector count as its channels. The output is a
    view: nothing is computed or copied.

    Operations: none.
    """

    aliases: ClassVar = ("slice_channels", "narrow")
    stored: ClassVar = False
    moves: ClassVar = False

    start: int = count("first channel to keep, counted from 0", 0, least=0)
    stop: int | None = count("first channel not to keep; default: keep up to the last", None)

    def output(self, x: Shape) -> Shape:
        C = channels_of(x)
        stop = C if self.stop is None else self.stop
        if stop > C or self.start >= C:
            raise LayerError(f"{x} has channels 0 to {C - 1}, not {self.start} to {stop - 1}")
        if self.start >= stop:
            raise LayerError(f"no channels from {self.start} up to {stop}, since stop is exclusive")
        kept = dimensions.kept(start=self.start, stop=stop)
        return Map(kept, x.spatial) if isinstance(x, Map) else Vector(kept)

    def steps(self, tape: Tape, x: Tensor) -> Tensor:
        out = self.output(x.shape)
        return tape.view(x) if out == x.shape else tape.part(x, out.elements)

    def to_torch(self, nn: Any, x: Shape) -> Any:
        return nn.Slice(self.start, self.stop)

    examples: ClassVar = (
        Example(
            given={"stop": 48},
            inputs=("96x27x27",),
            output="48x27x27",
            operations=Operations(),
            source="Krizhevsky et al. 2012, AlexNet: 48 of the 96 maps on each of two GPUs",
        ),
        Example(
            given={"start": 48},
            inputs=("96",),
            output="48",
            source="the other 48: 96 − 48",
        ),
    )
    refusals: ClassVar = (
        Refusal({"stop": 97}, ("96x27x27",), "has channels 0 to 95, not 0 to 96"),
        Refusal({"start": 96}, ("96x27x27",), "has channels 0 to 95"),
        Refusal({"start": 5, "stop": 5}, ("96x27x27",), "stop is exclusive"),
        Refusal({"start": -1}, ("96x27x27",), "at least 0, not -1"),
    )
