"""A layer applied to every frame of a sequence."""

from collections.abc import Mapping
from functools import cache
from typing import Any, Self

from cnncalc.core.cost import Operations, Parameters, Tensors
from cnncalc.core.errors import LayerError
from cnncalc.core.fields import REQUIRED, declare, shown
from cnncalc.core.layer import Example, Layer, Reach, Refusal, Tape, Tensor, everything, need_map
from cnncalc.core.parsing import OURS, Foreign
from cnncalc.core.shape import Map, Shape, Vector
from cnncalc.formulas import macs, operations
from cnncalc.formulas.tracing import renamed


class Written(dict[str, Any]):
    """A layer as it is written in a spec: its kind and its fields."""

    def __hash__(self) -> int:  # type: ignore[override]
        return hash(repr(self))


def layer_of(doc: str) -> Any:
    """A layer with one input, as it is written in a spec."""

    def check(value: Any) -> Written:
        from cnncalc import layers

        if isinstance(value, str):
            value = {value: None}
        if not isinstance(value, Mapping) or len(value) != 1:
            raise LayerError(f"must be one layer, as in {{linear: 10}}, not {shown(value)}")
        ((word, given),) = value.items()
        try:
            found = layers.find(str(word))
        except LayerError as why:
            raise LayerError(f"is not valid: {why}") from None
        try:
            inner = found.parse(given)
        except LayerError as why:
            raise LayerError(f"is not valid: {found.kind.kind} {why}") from None
        if inner.arity[0] != 1 or inner.outputs or inner.refers_to or not inner.known:
            raise LayerError(
                f"cannot be {inner.kind}; it must have one input, one output and no 'like', and "
                "must not be opaque"
            )
        return Written({inner.kind: inner.given or None})

    bare = {"type": "string", "$ref": "#/$defs/kind_alone"}
    return declare(doc, REQUIRED, (), check, {"anyOf": [bare, {"$ref": "#/$defs/plain_layer"}]})


@cache
def _read(written: Written) -> Layer:
    from cnncalc import layers

    ((kind, given),) = written.items()
    return layers.load(kind).parse(given)


class TimeDistributed(Layer):
    """Applies a layer to every frame of a sequence, with the same weights.

    The first spatial axis is time: the frames of channels × frames × height × width are images, and
    those of channels × frames are vectors. If the output of the layer is a vector, the result is a
    sequence of vectors, which recurrent layers can read.

    Operations: those of the layer, for every frame.
    """

    main = "layer"

    layer: Written = layer_of("the layer to apply, written as in a list of layers")

    @classmethod
    def parse(cls, given: Any, foreign: Foreign = OURS) -> Self:
        """A mapping with the layer alone is enough: ``time_distributed: {linear: 10}``."""
        named = isinstance(given, Mapping) and "layer" in given
        return super().parse(given if named else {"layer": given}, foreign)

    @property
    def inner(self) -> Layer:
        """The layer for one frame."""
        return _read(self.layer)

    @property
    def without_gradient(self) -> tuple[int, ...]:
        return self.inner.without_gradient

    def channels_first(self) -> Layer:
        if self.inner.channels_first() != self.inner:
            raise LayerError(f"cannot be combined with {self.inner.kind} if channels are last")
        return self

    def frame(self, x: Shape) -> Shape:
        """The shape of a frame, flattened if the layer reads a vector."""
        x = need_map(x)
        one: Shape = Map(x.channels, x.spatial[1:]) if len(x.spatial) > 1 else Vector(x.channels)
        return Vector(one.elements) if self.inner.flattens else one

    def output(self, x: Shape) -> Map:
        y = self.inner.infer((self.frame(x),))
        return Map(y.dimensions[0], (need_map(x).spatial[0], *y.dimensions[1:]))

    def parameters(self, x: Shape) -> Parameters:
        return self.inner.parameters(self.frame(x))

    def tensors(self, x: Shape) -> Tensors:
        return self.inner.tensors(self.frame(x))

    def counters(self) -> int:
        return self.inner.counters()

    def macs(self, x: Map) -> int:
        of_one = renamed(self.inner.macs(self.frame(x)), "MACs_frame")
        return macs.of_frames(MACs=of_one, frames=x.spatial[0])

    def inner_macs(self, x: Map) -> int:
        return self.inner.inner_macs(self.frame(x)) * x.spatial[0]

    def input_macs(self, products: int, wanted: tuple[bool, ...], learns: bool, x: Map) -> int:
        frames = x.spatial[0]
        return self.inner.input_macs(products // frames, wanted, learns, self.frame(x)) * frames

    def operations(self, x: Map) -> Operations:
        of_one = self.inner.operations(self.frame(x))
        return Operations(*(operations.each(n=n, times=x.spatial[0]) for n in of_one))

    def links(self, x: Map) -> int | None:
        found = self.inner.links(self.frame(x))
        return None if found is None else found * x.spatial[0]

    def reach(self, x: Map) -> tuple[Reach, ...] | None:
        if len(x.spatial) == 1:
            return None
        frame = Map(x.channels, x.spatial[1:])
        inner = everything(frame) if self.inner.flattens else self.inner.reach(frame)
        return None if inner is None else (Reach(1), *inner)

    def reorders(self, x: Map) -> tuple[int, ...] | None:
        order = self.inner.reorders(self.frame(x))
        if order is None:
            return None
        channels, *others = (axis + (axis > 0) for axis in order)
        return (channels, 1, *others)

    def steps(self, tape: Tape, x: Tensor) -> Tensor:
        """The layer with the frames as images of the batch."""
        if self.inner.kind not in ("conv", "batch_norm"):
            raise LayerError("which frames PyTorch copies is not modelled")
        frames, made = x.shape.spatial[0], self.output(x.shape)
        images = tape.frames(x, frames)
        images.shape = self.frame(x.shape)
        tape.batch *= frames
        y = self.inner.steps(tape, images)
        sizes = (tape.batch, made.channels, *made.spatial[1:])
        y.strided = y.strided or tape.kept(images, y, sizes, self.inner.keeps_format)
        tape.batch //= frames
        return tape.frames_together(y, frames)

    def to_torch(self, nn: Any, x: Map) -> Any:
        module = self.inner.to_torch(nn, self.frame(x))
        return nn.of_frames(module, self.inner.flattens)

    def to_onnx(self, onnx: Any, x: Map) -> Any:
        """The operators of the layer, with the frames as images of the batch."""
        onnx.function()
        frame, rest = self.frame(x), [*range(3, 1 + len(x))]
        images = onnx.node("Transpose", *onnx.inputs, perm=[0, 2, 1, *rest])
        onnx.inputs = [onnx.node("Reshape", images, onnx.ints([-1, *frame.dimensions]))]
        y, made = self.inner.to_onnx(onnx, frame), self.output(x).dimensions
        y = onnx.node("Reshape", y, onnx.ints([-1, made[1], made[0], *made[2:]]))
        return onnx.node("Transpose", y, perm=[0, 2, 1, *range(3, 1 + len(made))])

    examples = (
        Example(
            given={"layer": {"conv": {"filters": 64, "kernel": 3}}},
            inputs=("3x10x128x128",),
            output="64x10x126x126",
            weights=1_728,  # 3·3·3·64, once for all frames
            biases=64,
            macs=274_337_280,  # 1,728·126·126 for each of 10 frames
            source="Keras, TimeDistributed, example: Conv2D(64, (3, 3)) on 10 images of 128×128×3",
        ),
        Example(
            given={"layer": {"linear": 8}},
            inputs=("16x10",),
            output="8x10",
            params=136,
            macs=1_280,
            operations=Operations(multiply=1_280, add=1_360),
            source="Keras, TimeDistributed: Dense(8) on 10 vectors of 16 numbers",
        ),
        Example(
            given="global_avg_pool",
            inputs=("4x3x5x6",),
            output="4x3x1x1",
            operations=Operations(add=348, divide=12),  # 29 additions for each of 3·4 means
            source="by hand: a mean of 5·6 for each channel and frame",
        ),
    )
    refusals = (
        Refusal({"conv": {"filters": 8, "kernel": 3}}, ("100",), "not a vector"),
        Refusal({"conv": {"filters": 8, "kernel": 7}}, ("3x9x5x9",), "larger than the input of 5"),
        Refusal({"conv": {"filters": 8, "kernl": 3}}, ("3x9x5x9",), "has no field 'kernl'"),
        Refusal("matmul", ("3x9x5x9",), "cannot be matmul; it must have one input"),
        Refusal({"upsample": {"like": "x"}}, ("3x9x5x9",), "no 'like', and must not be opaque"),
        Refusal({"relu": None, "tanh": None}, ("3x9x5x9",), "must be one layer, as in"),
        Refusal("rleu", ("3x9x5x9",), "did you mean 'relu'"),
    )
