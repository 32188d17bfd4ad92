"""Cyclic shift."""

from typing import Any

from cnncalc.core.errors import LayerError
from cnncalc.core.fields import REQUIRED, declare, shown
from cnncalc.core.layer import Example, Reach, Refusal, Tape, Tensor
from cnncalc.core.shape import Shape
from cnncalc.layers._axes import along, as_named, axes, places
from cnncalc.layers._rearrangement import Rearrangement


def steps(doc: str) -> Any:
    """A whole number, or one for each axis."""

    def check(value: Any) -> tuple[int, ...]:
        listed = value if isinstance(value, list | tuple) else (value,)
        if not 1 <= len(listed) <= 4 or any(type(one) is not int for one in listed):
            raise LayerError(f"must be a whole number, or one for each axis, not {shown(value)}")
        return tuple(listed)

    one = {"type": "integer"}
    many = {"type": "array", "items": one, "minItems": 1, "maxItems": 4}
    return declare(doc, REQUIRED, ("shifts",), check, {"anyOf": [one, many]})


class Roll(Rearrangement):
    """Shifts the input along some axes, cyclically: the values at one end move to the other.

    Swin transformers shift their windows this way. The receptive field is taken to be the whole
    axis, an upper bound.

    Operations: none; values are only copied.
    """

    aliases = ("cyclic_shift",)
    keeps_format = (1, 2)
    main = "shift"

    shift: tuple[int, ...] = steps("positions to shift by; negative shifts go backwards")
    over: tuple[str, ...] = axes("the axes to shift along", ("positions",))

    def output(self, x: Shape) -> Shape:
        dims = places(self.over, x)
        if len(self.shift) not in (1, len(dims)):
            raise LayerError(
                f"{len(self.shift)} shifts do not match {len(dims)} "
                f"{'axis' if len(dims) == 1 else 'axes'}; give one, or one for each axis"
            )
        return x

    def reach(self, x: Shape) -> tuple[Reach, ...] | None:
        return along(places(self.over, x), x, bound=True)

    def steps(self, tape: Tape, x: Tensor) -> Tensor:
        """A copy; the gradient is shifted back."""
        from cnncalc.core.operation import Layout

        if x.in_order:
            return tape.op(x, ordered=True)
        tape.guess("its input is not contiguous")
        return tape.op(x, layout=Layout.KEEP)

    def turns(self, x: Shape) -> dict[int, int]:
        """The shift of each dimension in ``over``."""
        dims = as_named(self.over, x)
        return dict(zip(dims, self.shift * len(dims) if len(self.shift) == 1 else self.shift))

    def to_torch(self, nn: Any, x: Shape) -> Any:
        turns = self.turns(x)
        return nn.Roll([*turns.values()], [1 + dim for dim in turns])

    def to_onnx(self, onnx: Any, x: Shape) -> Any:
        onnx.function()
        (y,) = onnx.inputs
        for dim, shift in self.turns(x).items():
            size = x.dimensions[dim]
            cut, axis = [-shift % size], [1 + dim]
            if cut == [0]:
                continue
            parts = [([*cut], [size]), ([0], [*cut])]
            ends = [
                onnx.node("Slice", y, *map(onnx.ints, (start, stop, axis))) for start, stop in parts
            ]
            y = onnx.node("Concat", *ends, axis=1 + dim)
        return onnx.node("Identity", y)

    examples = (
        Example(
            given=-3,
            inputs=("96x56x56",),
            output="96x56x56",
            params=0,
            source="Liu et al. 2021, Swin-T: windows of 7 shifted by ⌊7/2⌋ along both axes",
        ),
        Example(
            given={"shift": [2, 1], "over": ["height", "width"]},
            inputs=("1x4x2",),
            output="1x4x2",
            source="torch.roll, example: torch.roll(x, shifts=(2, 1), dims=(0, 1))",
        ),
        Example(
            given={"shift": 1, "over": "channels"},
            inputs=("8",),
            output="8",
            source="torch.roll, example: torch.roll(x, 1, 0)",
        ),
        Example(
            given={"shift": [1, 2], "over": ["positions", "channels"]},
            inputs=("3x4",),
            output="3x4",
            source="torch.roll: torch.roll(x, (1, 2), (1, 0))",
        ),
        Example(
            given={"shift": 1, "over": ["channels", "positions"]},
            inputs=("8",),
            output="8",
            source="torch.roll: torch.roll(x, 1, 0), as a vector has no positions",
        ),
    )
    refusals = (
        Refusal({"shift": [1, 2], "over": "height"}, ("3x4x4",), "2 shifts do not match 1 axis"),
        Refusal(1.5, ("3x4x4",), "must be a whole number"),
        Refusal(1, ("100",), "has no positions"),
        Refusal(None, ("3x4x4",), "needs 'shift'"),
    )
