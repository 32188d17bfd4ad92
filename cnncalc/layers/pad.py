"""Padding."""

import dataclasses
from collections.abc import Mapping
from math import inf
from typing import Any, Self

from cnncalc.core.call import Call
from cnncalc.core.cost import Operations
from cnncalc.core.errors import LayerError
from cnncalc.core.fields import Padding, choice, number, padding
from cnncalc.core.layer import Example, Reach, Refusal, Tape, Tensor, need_map, of_rank
from cnncalc.core.onnx import OnnxCall, axis_of
from cnncalc.core.parsing import Foreign
from cnncalc.core.shape import Map, Shape
from cnncalc.formulas import window
from cnncalc.formulas.tracing import named
from cnncalc.layers._like import Like
from cnncalc.layers._rearrangement import Rearrangement
from cnncalc.layers._window import LOWEST, extended, sides_of, torch_sides


class Pad(Like, Rearrangement):
    """Adds cells around the map.

    Mode ``zeros`` fills them with zeros, or with ``value``; ``replicate`` repeats the cells at the
    edge; ``reflect`` mirrors the map at its edge cells without repeating them, so each side of an
    axis of N cells can be padded by at most N − 1; ``circular`` wraps around, so each side can be
    padded by at most N.

    Operations: none; values are only copied.
    """

    keeps_format = (1, 2)
    aliases = ("padding", "zero_pad", "zero_padding")
    foreign = {"keras.ZeroPadding*D": Foreign({"padding": 1})}
    operators = {"Pad": {}}
    onnx_operands = (1, 4)
    main = "padding"
    auxiliary = True
    either = ("padding", "like")

    padding: Padding | None = padding("cells added around the input", None)
    mode: str = choice(
        "how to fill the added cells",
        ("zeros", "reflect", "replicate", "circular"),
        "zeros",
        synonyms={"wrap": "circular", "edge": "replicate"},
    )
    value: float = number("number to fill the cells with in mode zeros, instead of 0", 0)

    @classmethod
    def imported(cls, call: Call) -> dict[str, Any]:
        """PyTorch lists both sides of the last axis first. The lowest number stands for −∞, which
        no field can have."""
        sides, mode = call.attributes["pad"], call.attributes.get("mode", "constant")
        axes = len(call.inputs[0]) - 1
        value = max(call.attributes.get("value") or 0, LOWEST)
        if min(sides, default=-1) < 0 or len(sides) > 2 * axes:
            raise LayerError("crops, or pads the channels")
        pairs = [list(pair) for pair in zip(sides[::2], sides[1::2])]
        pairs = [[0, 0]] * (axes - len(pairs)) + pairs[::-1]
        modes = {} if mode == "constant" else {"mode": mode}
        modes |= {"value": value} if value else {}
        same = len({size for pair in pairs for size in pair}) == 1
        return {"padding": pairs[0][0] if same else pairs, **modes}

    def sized(self, x: Map, other: Map) -> Self:
        pairs = []
        for N, size in zip(x.spatial, other.spatial):
            if size < N:
                raise LayerError(f"cannot pad an axis of size {N} to {size}; crop it")
            pairs.append(((size - N) // 2, size - N - (size - N) // 2))
        return dataclasses.replace(self, padding=tuple(pairs), like=None)

    def output(self, x: Shape) -> Map:
        x = need_map(x)
        if self.value and self.mode != "zeros":
            raise LayerError(f"mode {self.mode} copies other cells; remove the value")
        pairs = sides_of(self.padding or 0, x)
        for N, pair in zip(x.spatial, pairs):
            if self.mode == "reflect" and max(pair) >= N:
                raise LayerError(
                    f"mode reflect can pad an axis of size {N} by at most {N - 1}, not "
                    f"{max(pair)}; pad by less or use mode: replicate"
                )
            if self.mode == "circular" and max(pair) > N:
                raise LayerError(
                    f"mode circular can pad an axis of size {N} by at most {N}, not "
                    f"{max(pair)}; pad by less or use another mode"
                )
        spatial = tuple(
            window.padded_size(N=N, P_before=before, P_after=after)
            for N, (before, after) in zip(x.spatial, pairs)
        )
        return Map(x.channels, spatial)

    def reach(self, x: Map) -> tuple[Reach, ...]:
        around, copies = self.mode == "circular", self.mode in ("reflect", "replicate")
        return tuple(
            Reach(1, 1, named("P_before", before), wraps=N * around, copies=copies)
            if before + after
            else Reach(1)
            for N, (before, after) in zip(x.spatial, sides_of(self.padding or 0, x))
        )

    def steps(self, tape: Tape, x: Tensor) -> Tensor:
        """A padded copy; reflection and replication save their input."""
        from cnncalc.core.strides import ordered

        n_out = self.output(x.shape).elements
        if self.mode == "circular":
            if not self._last_side(x.shape):
                tape.guess("it copies its input without padding")
            # Every side is copied in place, so the gradient is copied, changed and added up.
            wrapped = 2 * tape.images(n_out, x.size) - x.bytes
            y = tape.op(x, makes=n_out, beside=wrapped, ordered=True)
            return tape.changed(y, beside=2 * tape.images(self._last_side(x.shape), x.size))
        if self.mode == "zeros":
            y = tape.op(x, makes=n_out)
            if x.strided and not x.in_order:
                sizes = (tape.batch, *self.output(x.shape).dimensions)
                y.strided = ordered(sizes, x.strided.suggested)
            return y
        return extended(tape, x, n_out, self.mode)

    def _last_side(self, x: Map) -> int:
        """The number of elements on the side that circular padding fills last; 0 without padding.
        PyTorch begins with the last axis, and fills the side before the map first."""
        out = self.output(x)
        for (before, after), size in zip(sides_of(self.padding or 0, x), out.spatial):
            if before or after:
                return out.elements // size * (after or before)
        return 0

    @classmethod
    def from_onnx(cls, call: OnnxCall) -> Mapping[str, Any] | None:
        modes = {"constant": "zeros", "reflect": "reflect", "edge": "replicate", "wrap": "circular"}
        pads, axes = call.listed("pads", 1), call.listed("", 3)
        mode = modes.get(str(call.settings.get("mode", "constant")))
        (x,) = call.inputs
        rank = 1 + len(x.dimensions)
        (value, *more) = call.listed("value", 2) or [0]
        if pads is None or mode is None or more or not -inf < value < inf:
            return None
        pairs = dict.fromkeys(range(rank), (0, 0))
        places = [axis_of(axis, rank) for axis in (axes or range(rank))]
        half = len(places)
        if len({*places}) < half:
            raise LayerError("its axes name the same axis twice")
        if len(pads) != 2 * half:
            raise LayerError(
                f"it has {len(pads)} pads, but must have {2 * half}, two for each axis"
            )
        pairs |= zip(places, zip(pads[:half], pads[half:]))
        if any(pairs.pop(0) + pairs.pop(1)) or any(
            side < 0 for pair in pairs.values() for side in pair
        ):
            return None
        filled = {"value": value} if value and mode == "zeros" else {}
        return {"padding": [[*pair] for pair in pairs.values()], "mode": mode, **filled}

    def to_torch(self, nn: Any, x: Map) -> Any:
        name = {
            "zeros": "ZeroPad",
            "reflect": "ReflectionPad",
            "replicate": "ReplicationPad",
            "circular": "CircularPad",
        }
        sides = torch_sides(sides_of(self.padding or 0, x))
        if self.value:
            return of_rank(nn, "ConstantPad", x)(sides, self.value)
        return of_rank(nn, name[self.mode], x)(sides)

    def to_onnx(self, onnx: Any, x: Map) -> Any:
        modes = {"zeros": "constant", "reflect": "reflect", "replicate": "edge", "circular": "wrap"}
        before, after = zip(*sides_of(self.padding or 0, x))
        pads = onnx.ints([0, 0, *before, 0, 0, *after])
        value = [onnx.number(self.value)] if self.value else []
        return onnx.node("Pad", *onnx.inputs, pads, *value, mode=modes[self.mode])

    examples = (
        Example(
            given={"padding": {"left": 1, "right": 1, "top": 2}},
            inputs=("1x3x3",),
            output="1x5x5",
            operations=Operations(),
            source="torch.nn.ZeroPad2d, example: ZeroPad2d((1, 1, 2, 0))",
        ),
        Example(
            given={"padding": 2, "mode": "reflect"},
            inputs=("1x3x3",),
            output="1x7x7",
            source="torch.nn.ReflectionPad2d, example: ReflectionPad2d(2)",
        ),
        Example(
            given={"padding": 2, "mode": "circular"},
            inputs=("1x3x3",),
            output="1x7x7",
            source="torch.nn.CircularPad2d, example: CircularPad2d(2)",
        ),
        Example(
            given={"padding": [[0, 2]], "mode": "wrap"},
            inputs=("1x3",),
            output="1x5",
            source="numpy.pad([1, 2, 3], (0, 2), 'wrap') is [1, 2, 3, 1, 2]",
        ),
        Example(
            given=3,
            inputs=("3x224x224",),
            output="3x230x230",
            source="He et al. 2015, ResNet: 7×7/2 from 224 to 112 needs 3 on each side",
        ),
        Example(
            given={"padding": 1, "value": 3.5},
            inputs=("1x2",),
            output="1x4",
            source="torch.nn.ConstantPad1d, example: ConstantPad1d(…, 3.5)",
        ),
    )
    refusals = (
        Refusal({"padding": 1, "mode": "reflect", "value": 1}, ("1x3x3",), "remove the value"),
        Refusal(
            {"padding": 3, "mode": "reflect"},
            ("1x3x3",),
            "can pad an axis of size 3 by at most 2, not 3",
        ),
        Refusal(
            {"padding": 4, "mode": "circular"},
            ("1x3x3",),
            "can pad an axis of size 3 by at most 3, not 4",
        ),
        Refusal([1, 1, 1], ("1x3x3",), "3 axes"),
        Refusal(-1, ("1x3x3",), "not -1"),
        Refusal(None, ("1x3x3",), "needs exactly one of 'padding' and 'like'"),
        Refusal(2, ("100",), "not a vector"),
    )
