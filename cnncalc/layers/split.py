"""Splitting along an axis."""

from dataclasses import replace
from itertools import accumulate
from typing import Any

from cnncalc.core.cost import Operations
from cnncalc.core.errors import LayerError, some
from cnncalc.core.fields import REQUIRED, count, declare, is_whole, shown
from cnncalc.core.layer import Example, Reach, Refusal, Tape, Tensor
from cnncalc.core.parsing import Foreign
from cnncalc.core.shape import Shape, shape_of
from cnncalc.formulas import dimensions
from cnncalc.layers._axes import axis, place
from cnncalc.layers._rearrangement import Rearrangement
from cnncalc.layers.slice import Slice

MOST_PARTS = 1_000


def parts(doc: str) -> Any:
    """A number of equal parts, or the size of each."""

    def check(value: Any) -> int | tuple[int, ...]:
        if is_whole(value, 1) and value <= MOST_PARTS:
            return int(value)
        listed = isinstance(value, list | tuple) and 1 <= len(value) <= MOST_PARTS
        if listed and all(is_whole(size, 1) for size in value):
            return tuple(value)
        raise LayerError(
            f"must be a number of parts from 1 to {MOST_PARTS:,}, or a list of their sizes, "
            f"not {shown(value)}"
        )

    number = {"type": "integer", "minimum": 1, "maximum": MOST_PARTS}
    size = {"type": "integer", "minimum": 1}
    sizes = {"type": "array", "items": size, "minItems": 1, "maxItems": MOST_PARTS}
    return declare(
        doc, REQUIRED, ("sizes", "chunks"), check,
        {"anyOf": [number, sizes]},
    )  # fmt: skip


class Split(Rearrangement):
    """Splits the channels, or another axis, into parts; each part is an output.

    In a spec, later layers read the parts of a split named ``halves`` as ``halves.0``, ``halves.1``
    and so on, or all of them as ``halves``. A layer that follows directly reads all of them. With
    ``part``, that part is the only output. The parts are views: nothing is computed or copied.
    ``concat`` is the reverse.

    Operations: none.
    """

    aliases = ("chunk",)
    foreign = {
        "torch.split": Foreign(
            refuses="takes the size of each part in PyTorch; write split with the number of parts, "
            "or with a list of their sizes"
        )
    }
    main = "parts"
    stored = False
    moves = False

    parts: int | tuple[int, ...] = parts("number of equal parts, or the size of each part")
    part: int | None = count("the only part to keep, counted from 0; by default all", None, least=0)
    along: str = axis("the axis to split", also=("axis", "dim"))

    @property
    def outputs(self) -> "tuple[Split, ...]":
        if self.part is not None:
            return ()
        many = self.parts if isinstance(self.parts, int) else len(self.parts)
        return tuple(replace(self, part=number) for number in range(many))

    def kept(self, x: Shape) -> Slice:
        """The slice of the input that is this part."""
        size = x.dimensions[place(self.along, x)]
        one, where = (
            ("channel", "") if self.along == "channels" else ("position", " along the axis")
        )
        if self.part is None:
            raise LayerError("has several outputs; choose one with 'part'")
        if isinstance(self.parts, int):
            if size % self.parts:
                raise LayerError(
                    f"cannot split {size} {one}{'s' * (size != 1)}{where} into {self.parts} equal "
                    "parts",
                    "list their sizes" if size > self.parts else "",
                )
            sizes: tuple[int, ...] = (size // self.parts,) * self.parts
        else:
            sizes = self.parts
        if sum(sizes) != size:
            named = f"{one}{'s' * (sum(sizes) != 1)}{where}"
            raise LayerError(
                f"parts of {some(sizes, ' and ' if len(sizes) == 2 else ', ')} add up to "
                f"{sum(sizes)} {named}, not {size}"
            )
        if self.part >= len(sizes):
            raise LayerError(f"has parts 0 to {len(sizes) - 1}, not {self.part}")
        ends = (0, *accumulate(sizes))
        return Slice(start=ends[self.part], stop=ends[self.part + 1], along=self.along)

    def output(self, x: Shape) -> Shape:
        kept, dim = self.kept(x), place(self.along, x)
        if not isinstance(self.parts, int):
            return kept.output(x)
        size = x.dimensions[dim]
        if dim:
            each = dimensions.equal_length(N=size, parts=self.parts)
        else:
            each = dimensions.equal_part(C_in=size, parts=self.parts)
        return shape_of((*x.dimensions[:dim], each, *x.dimensions[dim + 1 :]))

    def reach(self, x: Shape) -> tuple[Reach, ...] | None:
        return self.kept(x).reach(x)

    def steps(self, tape: Tape, x: Tensor) -> Tensor:
        return self.kept(x.shape).steps(tape, x)

    def to_torch(self, nn: Any, x: Shape) -> Any:
        return self.kept(x).to_torch(nn, x)

    def to_onnx(self, onnx: Any, x: Shape) -> Any:
        return self.kept(x).to_onnx(onnx, x)

    examples = (
        Example(
            given={"parts": 2, "part": 1},
            inputs=("116x28x28",),
            output="58x28x28",
            operations=Operations(),
            source="Ma et al. 2018, ShuffleNet V2, section 3: c channels in two halves",
        ),
        Example(
            given={"parts": [64, 16, 16], "part": 0},
            inputs=("96",),
            output="64",
            source="torch.split with sizes: 64 of 64 + 16 + 16",
        ),
        Example(
            given={"parts": 4, "part": 3, "along": "height"},
            inputs=("3x8x5",),
            output="3x2x5",
            source="by hand: the last 8/4 rows",
        ),
    )
    refusals = (
        Refusal({"parts": 2, "part": 0}, ("5x4x4",), "cannot split 5 channels into 2 equal parts"),
        Refusal({"parts": 2, "part": 0}, ("1x4x4",), "cannot split 1 channel into 2 equal parts"),
        Refusal({"parts": [2, 2], "part": 0}, ("5x4x4",), "2 and 2 add up to 4 channels, not 5"),
        Refusal({"parts": 2, "part": 2}, ("4x4x4",), "has parts 0 to 1, not 2"),
        Refusal(2, ("4x4x4",), "has several outputs; choose one with 'part'"),
        Refusal({"parts": 0, "part": 0}, ("4x4x4",), "a number of parts from 1 to 1,000"),
        Refusal({"parts": 2, "part": 0, "along": "width"}, ("4x3x5",), "cannot split 5 positions"),
    )
