"""Slicing along an axis."""

from typing import Any

from cnncalc.core.cost import Operations
from cnncalc.core.errors import LayerError
from cnncalc.core.fields import count
from cnncalc.core.layer import Example, Reach, Refusal, Tape, Tensor
from cnncalc.core.shape import Map, Shape, shape_of
from cnncalc.formulas import dimensions
from cnncalc.layers._axes import axis, place
from cnncalc.layers._rearrangement import Rearrangement


class Slice(Rearrangement):
    """Keeps the channels from ``start`` up to, but not including, ``stop``, or a range along
    another axis.

    Channels are counted from 0; the features of a vector count as its channels. The output is a
    view: nothing is computed or copied.

    Operations: none.
    """

    aliases = ("slice_channels", "narrow")
    stored = False
    moves = False
    auxiliary = True

    start: int = count("first channel or position to keep, counted from 0", 0, least=0)
    stop: int | None = count(
        "first channel or position not to keep; by default the rest is kept", None
    )
    along: str = axis("the axis to cut")

    def output(self, x: Shape) -> Shape:
        dim = place(self.along, x)
        size = x.dimensions[dim]
        stop = size if self.stop is None else self.stop
        what, where = ("positions", " along this axis") if dim else ("channels", "")
        if self.start >= size or stop > size:
            not_so = f"not {self.start} to {stop - 1}"
            if self.start >= size:
                not_so = f"so a slice cannot start at {self.start}"
            raise LayerError(f"{x} has {what} 0 to {size - 1}{where}, {not_so}")
        if self.start >= stop:
            raise LayerError(
                f"no {what} from {self.start} up to {stop}{where}; 'stop' is exclusive and must be "
                "greater than 'start'"
            )
        if dim:
            kept = dimensions.kept_places(start=self.start, stop=stop)
        else:
            kept = dimensions.kept(start=self.start, stop=stop)
        return shape_of((*x.dimensions[:dim], kept, *x.dimensions[dim + 1 :]))

    def reach(self, x: Shape) -> tuple[Reach, ...] | None:
        dim = place(self.along, x)
        if not dim or not isinstance(x, Map):
            return None
        return tuple(Reach(1, 1, -self.start * (dim == at)) for at in range(1, len(x)))

    def steps(self, tape: Tape, x: Tensor) -> Tensor:
        out = self.output(x.shape)
        if out == x.shape:
            return tape.view(x)
        left = x.strided and x.strided.cut((tape.batch, *out.dimensions))
        return tape.part(x, out.elements, left)

    def to_torch(self, nn: Any, x: Shape) -> Any:
        return nn.Slice(self.start, self.stop, 1 + place(self.along, x))

    def to_onnx(self, onnx: Any, x: Shape) -> Any:
        dim = place(self.along, x)
        stop = x.dimensions[dim] if self.stop is None else self.stop
        return onnx.node("Slice", *onnx.inputs, *map(onnx.ints, ([self.start], [stop], [1 + dim])))

    examples = (
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
        Example(
            given={"start": 1, "along": "length"},
            inputs=("768x197",),
            output="768x196",
            source="Dosovitskiy et al. 2020, ViT-B/16: the patches without the class token",
        ),
    )
    refusals = (
        Refusal({"stop": 97}, ("96x27x27",), "has channels 0 to 95, not 0 to 96"),
        Refusal({"start": 96}, ("96x27x27",), "a slice cannot start at 96"),
        Refusal({"start": 5, "stop": 5}, ("96x27x27",), "'stop' is exclusive"),
        Refusal({"start": 7, "stop": 5}, ("96x27x27",), "must be greater than 'start'"),
        Refusal({"start": -1}, ("96x27x27",), "at least 0, not -1"),
        Refusal({"stop": 6, "along": "width"}, ("3x4x5",), "0 to 4 along this axis, not 0 to 5"),
    )
