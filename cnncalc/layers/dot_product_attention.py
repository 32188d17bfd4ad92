"""Attention without projections."""

from functools import reduce
from math import prod
from typing import Any

from cnncalc.core.cost import Operations
from cnncalc.core.errors import LayerError
from cnncalc.core.fields import choice, number
from cnncalc.core.layer import Example, Layer, Reach, Refusal, Tape, Tensor, everything, need_map
from cnncalc.core.shape import Map, Shape, shape_of
from cnncalc.formulas import operations, sequence
from cnncalc.layers.matmul import Matmul


class DotProductAttention(Layer):
    """Computes softmax(QKᵀ·scale)·V for every head, from a query, a key and a value that other
    layers have projected.

    The inputs are heads × positions × features, or windows × heads × positions × features. Key and
    value have the same number of positions; query and key have the same number of features. A
    fourth input, such as a mask or a relative position bias, is added to the scores before the
    softmax. It has the shape of the query, with the key's positions in place of the features; a
    size of 1 stands for all windows or all heads.

    Operations: a multiplication and an addition for every multiply-accumulate, and a
    multiplication per element of the query for the scale; for each softmax over n scores, n
    exponentials, n − 1 additions, n − 1 comparisons and n divisions; for the fourth input, an
    addition per score.
    """

    family = "attention"
    aliases = ("scaled_dot_product_attention", "sdpa")
    main = "scale"
    arity = (3, 4)
    reads = "a query, a key and a value"

    scale: float | None = number("factor for the scores; by default 1/√features", None)
    kernel: str = choice(
        "how PyTorch computes it: fused (in one kernel, if possible) or steps (one operation after "
        "another, which saves the scores)",
        ("fused", "steps"),
        "fused",
    )

    def output(self, query: Shape, key: Shape, value: Shape, mask: Shape | None = None) -> Map:
        query, key, value = (need_map(x, axes=(2, 3)) for x in (query, key, value))
        if query[:-2] != key[:-2] or query[-1] != key[-1]:
            raise LayerError(
                f"a query of {query} does not fit a key of {key}: only the positions may differ"
            )
        if key[:-1] != value[:-1]:
            raise LayerError(
                f"a key of {key} does not fit a value of {value}: only the features may differ"
            )
        scores = shape_of((*query[:-1], key[-2]))
        if mask is not None and not _fits(mask, scores):
            raise LayerError(f"a fourth input of {mask} does not fit scores of {scores}")
        return Map(query.channels, (*query[1:-1], value[-1]))

    def macs(self, query: Map, key: Map, value: Map, mask: Map | None = None) -> int:
        return sequence.dot_product_macs(
            heads=prod(query[:-2]),
            positions=query[-2],
            others=key[-2],
            features=query[-1],
            values=value[-1],
        )

    def input_macs(
        self,
        products: int,
        wanted: tuple[bool, ...],
        learns: bool,
        query: Map,
        key: Map,
        value: Map,
        *_: Map,
    ) -> int:
        """The scores once for the query and once for the key; the sums once for the value, and once
        for the gradient of the scores."""
        scores = query.elements * key[-2]
        sums = products - scores
        passed = any(wanted[:2]) or any(wanted[3:])
        return scores * sum(wanted[:2]) + sums * (wanted[2] + passed)

    def operations(self, query: Map, key: Map, value: Map, mask: Map | None = None) -> Operations:
        products = self.macs(query, key, value)
        scale = operations.each(n=query.elements)
        heads, positions, others = prod(query[:-2]), query[-2], key[-2]
        scores = sequence.attention_scores(heads=heads, positions=positions, others=others)
        sums = operations.window_reductions(n_out=heads * positions, taps=others)
        return Operations(
            multiply=products + scale,
            add=products + sums + (scores if mask is not None else 0),
            compare=sums,
            divide=scores,
            exponential=scores,
        )

    def reach(self, query: Map, *others: Map) -> tuple[Reach, ...]:
        return everything(query)

    def steps(self, tape: Tape, *inputs: Tensor) -> Tensor:
        """One fused kernel, or several operations if ``kernel`` asks for them or PyTorch cannot
        fuse them."""
        if tape.cuda or tape.low:
            raise LayerError("what PyTorch saves on CUDA or under autocast is not modelled")
        tape.guess("when attention frees its intermediate results is not known")
        query, key, value, *mask = inputs
        learned = any(one.needs_gradient for one in mask)
        fits = self.kernel == "fused" and not learned and query.shape[-1] == value.shape[-1]
        if fits and all(tape.strided(one).strides[-1] == 1 for one in inputs[:3]):
            return _fused(tape, *inputs)
        *heads, positions, features = range(len(key.shape))
        turned = tape.permuted(key, (*heads, features, positions))
        turned.shape = shape_of((*key.shape[:-2], *key.shape[:-3:-1]))
        q, k = (_scaled(tape, one) for one in (query, turned))
        scores = Matmul().steps(tape, q, k)
        scores.shape = shape_of((*query.shape[:-1], key.shape[-2]))
        weights = tape.op(reduce(tape.add, mask, scores), keeps_output=True, ordered=True)
        weights.shape = scores.shape
        return Matmul().steps(tape, weights, value)

    def to_torch(self, nn: Any, *inputs: Map) -> Any:
        return nn.DotProductAttention(self.scale, self.kernel == "steps")

    def to_onnx(self, onnx: Any, query: Map, key: Map, value: Map, mask: Map | None = None) -> Any:
        onnx.function()
        q, k, v, *added = onnx.inputs
        scale = query[-1] ** -0.5 if self.scale is None else self.scale
        rank = 1 + len(query)
        turned = onnx.node("Transpose", k, perm=[*range(rank - 2), rank - 1, rank - 2])
        scores = onnx.node("MatMul", onnx.node("Mul", q, onnx.number(scale)), turned)
        for one in added:
            scores = onnx.node("Add", scores, one)
        return onnx.node("MatMul", onnx.node("Softmax", scores, axis=-1), v)

    examples = (
        Example(
            given=None,
            inputs=("12x197x64", "12x197x64", "12x197x64"),
            output="12x197x64",
            params=0,
            macs=59_610_624,  # 2·197·197·64 for each of 12 heads
            source="Dosovitskiy et al. 2020, ViT-B/16: 12 heads of 64 on 197 positions",
        ),
        Example(
            given={"scale": 1},
            inputs=("2x3x4", "2x5x4", "2x5x6", "1x3x5"),
            output="2x3x6",
            macs=300,  # 2·3·5·4 and 2·3·5·6
            # 24 products with the scale; 6 softmaxes over 5 scores; 30 sums with the fourth input
            operations=Operations(multiply=324, add=354, compare=24, divide=30, exponential=30),
            source="Vaswani et al. 2017, equation 1, by hand: 3 queries of 4, 5 values of 6",
        ),
        Example(
            given=None,
            inputs=("64x3x49x32",) * 3,
            output="64x3x49x32",
            macs=29_503_488,  # 2·49·49·32 for each of 64·3
            source="Liu et al. 2021, Swin-T: 64 windows of 7·7 positions, 3 heads of 32",
        ),
    )
    refusals = (
        Refusal(None, ("2x3x4", "2x5x5", "2x5x6"), "only the positions may differ"),
        Refusal(None, ("2x3x4", "2x5x4", "2x6x6"), "only the features may differ"),
        Refusal(None, ("6x2x3x4", "5x2x3x4", "5x2x3x4"), "only the positions may differ"),
        Refusal(None, ("2x3x4", "2x5x4", "2x5x6", "2x5x3"), "does not fit scores of 2×3×5"),
        Refusal(None, ("2x3x4", "2x5x4"), "use 'from' to name a query, a key and a value"),
        Refusal(None, ("12", "12", "12"), "not a vector"),
        Refusal({"kernel": "flash"}, ("2x3x4", "2x3x4", "2x3x4"), "must be fused or steps"),
        Refusal(
            None, ("5x2x3x4", "5x2x3x4", "5x2x3x4", "2x2x3x3"), "a fourth input of 2×2×3×3 does"
        ),
        Refusal("large", ("2x3x4", "2x3x4", "2x3x4"), "must be a number"),
    )


def _scaled(tape: Tape, x: Tensor) -> Tensor:
    """A factor of the scores, multiplied by the square root of the scale."""
    y = tape.times(x)
    y.shape = x.shape
    return y


def _fits(mask: Shape, scores: Shape) -> bool:
    """Whether a mask can be added to scores: it may be the same for all windows or heads."""
    sizes = [*zip(mask.dimensions, scores.dimensions)]
    same = len(mask.dimensions) == len(scores.dimensions) and all(a == b for a, b in sizes[-2:])
    return same and all(a in (1, b) for a, b in sizes)


def _fused(tape: Tape, *inputs: Tensor) -> Tensor:
    """One kernel, for which windows are images of the batch."""
    query = inputs[0]
    windows, rest = query.shape[:-3], query.shape[-3:]
    if not windows:
        return tape.attended(*inputs)
    y = tape.attended(*(_images(tape, one, *windows) for one in inputs))
    y.strided = tape.strided(y).viewed((tape.batch, *windows, *rest[:-1], inputs[2].shape[-1]))
    return y


def _images(tape: Tape, x: Tensor, windows: int) -> Tensor:
    """The windows of all images as images."""
    first, *rest = x.shape
    if first < windows:
        grown = tape.strided(x).expanded((tape.batch, windows, *rest))
        x = tape.part(x, windows * prod(rest), grown)
    sizes = (tape.batch * windows, *rest)
    y = tape.reshaped(x, *sizes)
    y.shape = Map(rest[0], tuple(rest[1:]))
    return y if y.strided else tape.ordered(y, *sizes)
