"""Flatten."""

from typing import Any

from cnncalc.core.cost import Operations
from cnncalc.core.errors import LayerError
from cnncalc.core.fields import declare, is_whole, shown
from cnncalc.core.layer import Example, Reach, Refusal, Tape, Tensor, everything, need_map
from cnncalc.core.shape import Map, Shape, Vector
from cnncalc.formulas import dimensions
from cnncalc.layers._rearrangement import Rearrangement

WORDS = ("all", "positions", "planes")
"""What can be flattened: everything from the channels on, from the first spatial axis on, or from
the second on."""


def _first(doc: str) -> Any:
    """The dimensions to flatten, as a word or as the number of the first one."""

    def check(value: Any) -> str:
        if value in WORDS:
            return str(value)
        if not is_whole(value, 1) or value > len(WORDS):
            raise LayerError(
                f"must be all, positions, planes or a dimension from 1 to {len(WORDS)}, "
                f"not {shown(value)}"
            )
        return WORDS[value - 1]

    number = {"type": "integer", "minimum": 1, "maximum": len(WORDS)}
    return declare(doc, "all", ("start_dim",), check, {"anyOf": [{"enum": [*WORDS]}, number]})


class Flatten(Rearrangement):
    """Flattens a feature map to a vector.

    It can also flatten only the positions, so that the map becomes a signal, or only those within
    each plane of a volume. Nothing is computed, and a contiguous map is not copied. Linear layers
    without ``per_position`` flatten their input automatically.
    """

    main = "over"
    stored = False
    moves = False
    auxiliary = True
    inside = True

    over: str = _first(
        "all, positions or planes; or the first dimension to flatten (1 is the channels)"
    )

    def output(self, x: Shape) -> Shape:
        if kept := WORDS.index(self.over):
            x = need_map(x)
            first, rest = x.spatial[: kept - 1], x.spatial[kept - 1 :]
            if not rest:
                raise LayerError(f"flattens from dimension {kept + 1}, but {x} has only {len(x)}")
            return Map(x.channels, (*first, dimensions.positions(N_in=rest)))
        if isinstance(x, Vector):
            return x
        return Vector(dimensions.flattened(C_in=x.channels, N_in=x.spatial))

    def reach(self, x: Shape) -> tuple[Reach, ...] | None:
        output = self.output(x)
        return None if output == x else everything(x, bound=isinstance(output, Map))

    def steps(self, tape: Tape, x: Tensor) -> Tensor:
        out = self.output(x.shape)
        return x if x.shape == out else tape.reshaped(x, tape.batch, *out.dimensions)

    def to_torch(self, nn: Any, x: Shape) -> Any:
        return nn.Flatten(1 + WORDS.index(self.over))

    def to_onnx(self, onnx: Any, x: Shape) -> Any:
        if self.over == "all":
            return onnx.node("Flatten", *onnx.inputs)
        return onnx.node("Reshape", *onnx.inputs, onnx.ints([0, *self.output(x).dimensions]))

    examples = (
        Example(
            inputs=("256x6x6",),
            output="9216",
            operations=Operations(),
            source="TUM lecture, AlexNet before FC6: 6·6·256",
        ),
        Example(
            given="positions",
            inputs=("768x14x14",),
            output="768x196",
            source="Dosovitskiy et al. 2020, ViT-B/16: 14·14 patches",
        ),
        Example(
            given={"start_dim": 3},
            inputs=("8x4x6x5",),
            output="8x4x30",
            source="torch.nn.Flatten(3): 6·5 positions in each of 4 planes",
        ),
        Example(given=None, inputs=("10",), output="10", source="torch.nn.Flatten: unchanged"),
    )
    refusals = (
        Refusal(4, ("4x5x5",), "must be all, positions, planes or a dimension from 1 to 3, not 4"),
        Refusal(3, ("4x5",), "flattens from dimension 3, but 4×5 has only 2"),
        Refusal("positions", ("100",), "not a vector"),
    )
