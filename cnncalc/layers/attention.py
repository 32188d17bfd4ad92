"""Multi-head attention."""

from collections.abc import Iterator
from itertools import product
from math import prod
from typing import Any

from cnncalc.core.call import Call
from cnncalc.core.cost import Operations, Parameters, Tensors
from cnncalc.core.errors import LayerError
from cnncalc.core.fields import BIAS, count, flag
from cnncalc.core.layer import Example, Layer, Reach, Refusal, Tape, Tensor, everything, need_map
from cnncalc.core.shape import Map, Shape
from cnncalc.formulas import operations, sequence
from cnncalc.layers import _divisors as divisors


class Attention(Layer):
    """Lets every position of a map attend to all positions of the same map, or of a second one,
    with several heads.

    The positions form one sequence, however many spatial axes there are. As in
    ``torch.nn.MultiheadAttention``, query, key, value and output each have a projection, and the
    channels are divided among the heads.

    Operations: a multiplication and an addition for every multiply-accumulate, an addition per
    output of a projection for its bias and per score for a relative bias, and a multiplication per
    element of the query for the scale; for each softmax over n scores, n exponentials, n − 1
    additions, n − 1 comparisons and n divisions.
    """

    family = "attention"
    aliases = ("multihead_attention", "self_attention", "mha")
    main = "num_heads"
    arity = (1, 2)

    num_heads: int = count("number of heads that the channels are divided among", also=("heads",))
    bias: bool = flag("whether the projections have biases", True, BIAS)
    relative_bias: bool = flag(
        "whether each head adds a learned bias for every offset between two positions", False
    )

    @classmethod
    def imported(cls, call: Call) -> dict[str, Any]:
        fields = super().imported(call)
        return fields if "in_proj_bias" in call.held else {**fields, "bias": False}

    def output(self, x: Shape, other: Shape | None = None) -> Map:
        """The shape of the first input."""
        x = need_map(x)
        each, rest = divmod(x.channels, self.num_heads)
        if rest:
            raise LayerError(
                f"{x.channels} channel{'s' * (x.channels != 1)} cannot be divided equally among "
                f"{self.num_heads} heads: {x.channels} = {each}·{self.num_heads} + {rest}",
                divisors.that_fit("num_heads", x.channels),
            )
        if other is not None:
            need_map(other)
            if self.relative_bias:
                raise LayerError(
                    "relative_bias is for offsets between positions of one map; remove the second "
                    "input"
                )
        return x

    def parameters(self, x: Map, other: Map | None = None) -> Parameters:
        """Four projections, and relative biases."""
        C, heads, biases = x.channels, self.num_heads, 0
        if other is None or other.channels == C:
            weights = sequence.attention_weights(C=C)
        else:
            weights = sequence.cross_attention_weights(C=C, C_other=other.channels)
        if self.bias and self.relative_bias:
            biases = sequence.attention_and_relative_biases(C=C, heads=heads, N=x.spatial)
        elif self.bias:
            biases = sequence.attention_biases(C=C)
        elif self.relative_bias:
            biases = sequence.relative_biases(heads=heads, N=x.spatial)
        return Parameters(weights, biases)

    def tensors(self, x: Map, other: Map | None = None) -> Tensors:
        """PyTorch's tensors: query, key and value share one weight if they read the same
        number of channels."""
        C = x.channels
        tensors: Tensors = {"in_proj_weight": (3 * C, C), "out_proj.weight": (C, C)}
        if other is not None and other.channels != C:
            del tensors["in_proj_weight"]
            tensors |= {"q_proj_weight": (C, C), "k_proj_weight": (C, other.channels)}
            tensors["v_proj_weight"] = (C, other.channels)
        if self.bias:
            tensors |= {"in_proj_bias": (3 * C,), "out_proj.bias": (C,)}
        if self.relative_bias:
            offsets = prod(2 * size - 1 for size in x.spatial)
            tensors["relative_bias"] = (self.num_heads, offsets)
        return tensors

    def macs(self, x: Map, other: Map | None = None) -> int:
        """The projections, the scores and the weighted sums."""
        n = prod(x.spatial)
        if other is None:
            return sequence.attention_macs(C=x.channels, positions=n)
        return sequence.cross_attention_macs(
            C=x.channels, C_other=other.channels, positions=n, others=prod(other.spatial)
        )

    def _projected(self, x: Map, other: Map | None) -> tuple[int, int]:
        """The MACs of the query's projection, and of the key's and value's together."""
        read = x if other is None else other
        return x.channels * x.elements, 2 * x.channels * read.elements

    def inner_macs(self, x: Map, other: Map | None = None) -> int:
        """The output projection, the scores and the sums, which read what the layer computes."""
        return self.macs(x, other) - sum(self._projected(x, other))

    def input_macs(
        self,
        products: int,
        wanted: tuple[bool, ...],
        learns: bool,
        x: Map,
        other: Map | None = None,
    ) -> int:
        """``inner_macs``, and the projections of the inputs that need a gradient.

        The layer computes both factors of the scores and of the sums. Each factor needs a gradient
        if the layer learns; otherwise only if it depends on an input that needs one.
        """
        query, others = wanted[0], wanted[-1]
        projected = self._projected(x, other)
        read = projected[0] * query + projected[1] * others
        inner = self.inner_macs(x, other)
        if learns:  # the gradients of the other factors count with those of the weights
            return inner + read
        scores = (inner - x.channels * x.elements) // 2
        return inner + read + scores * (query + others - 1) + scores * others

    def operations(self, x: Map, other: Map | None = None) -> Operations:
        """The products, the biases, the scale and the softmax."""
        n, heads, C = prod(x.spatial), self.num_heads, x.channels
        m = n if other is None else prod(other.spatial)
        products = self.macs(x, other)
        scale = operations.each(n=x.elements)
        scores = sequence.attention_scores(heads=heads, positions=n, others=m)
        sums = sequence.attention_reductions(heads=heads, positions=n, others=m)
        added = operations.bias_additions(n_out=2 * C * n + 2 * C * m) if self.bias else 0
        return Operations(
            multiply=products + scale,
            add=products + added + sums + (scores if self.relative_bias else 0),
            compare=sums,
            divide=scores,
            exponential=scores,
        )

    def reach(self, x: Map, other: Map | None = None) -> tuple[Reach, ...]:
        """The whole map."""
        return everything(x)

    def steps(self, tape: Tape, x: Tensor, other: Tensor | None = None) -> Tensor:
        """Not modelled: what PyTorch saves depends on the kernel that it picks."""
        raise LayerError("what PyTorch saves for attention is not modelled")

    def to_torch(self, nn: Any, x: Map, other: Map | None = None) -> Any:
        C = None if other is None or other.channels == x.channels else other.channels
        sizes = {} if C is None else {"kdim": C, "vdim": C}
        if self.relative_bias:
            return nn.RelativeAttention(x.spatial, x.channels, self.num_heads, self.bias)
        return nn.PositionAttention(
            x.channels, self.num_heads, bias=self.bias, batch_first=True, **sizes
        )

    def to_onnx(self, onnx: Any, x: Map, other: Map | None = None) -> Any:
        C, heads = x.channels, self.num_heads
        onnx.function()
        maps = [self._onnx_positions(onnx, *pair) for pair in zip(onnx.inputs, (x, other))]
        q, k, v = (
            self._onnx_heads(onnx, maps[0 if place == 0 else -1], place, C) for place in range(3)
        )
        scores = onnx.node("Mul", q, onnx.number((C // heads) ** -0.5))
        scores = onnx.node("MatMul", scores, onnx.node("Transpose", k, perm=[0, 1, 3, 2]))
        if self.relative_bias:
            table, n = onnx.weight("relative_bias"), prod(x.spatial)
            read = onnx.node("Gather", table, onnx.ints(_offsets(x.spatial), n * n), axis=1)
            shape = onnx.ints([heads, n, n])
            scores = onnx.node("Add", scores, onnx.node("Reshape", read, shape))
        y = onnx.node("MatMul", onnx.node("Softmax", scores, axis=-1), v)
        y = onnx.node("Transpose", y, perm=[0, 2, 1, 3])
        y = onnx.node("Reshape", y, onnx.ints([0, 0, C]))
        weight, bias = onnx.weight("out_proj.weight"), onnx.weight("out_proj.bias")
        y = self._onnx_projected(onnx, y, weight, bias)
        y = onnx.node("Transpose", y, perm=[0, 2, 1])
        return onnx.node("Reshape", y, onnx.ints([0, *x]))

    def _onnx_positions(self, onnx: Any, name: str, x: Any) -> Any:
        """The positions of a map, with the channels last."""
        y = onnx.node("Reshape", name, onnx.ints([0, x.channels, -1]))
        return onnx.node("Transpose", y, perm=[0, 2, 1])

    def _onnx_heads(self, onnx: Any, x: str, place: int, C: int) -> Any:
        """The query, key or value (``place`` 0, 1 or 2) of every head."""
        rows = place * C, (place + 1) * C
        weight = onnx.weight(f"{'qkv'[place]}_proj_weight") or onnx.rows("in_proj_weight", *rows)
        y = self._onnx_projected(onnx, x, weight, onnx.rows("in_proj_bias", *rows))
        y = onnx.node("Reshape", y, onnx.ints([0, 0, self.num_heads, C // self.num_heads]))
        return onnx.node("Transpose", y, perm=[0, 2, 1, 3])

    def _onnx_projected(self, onnx: Any, x: str, weight: str, bias: str) -> Any:
        """A linear layer over the last dimension."""
        y = onnx.node("MatMul", x, onnx.node("Transpose", weight, perm=[1, 0]))
        return onnx.node("Add", y, bias) if bias else y

    examples = (
        Example(
            given=8,
            inputs=("512x49",),
            output="512x49",
            weights=1_048_576,  # 4·512·512
            biases=2_048,
            # 4·512·512·49 for the projections, 2·512·49·49 for scores and sums
            macs=53_838_848,
            source="Vaswani et al. 2017: 8 heads on 512 channels",
        ),
        Example(
            given={"heads": 2, "bias": False},
            inputs=("4x2x3",),
            output="4x2x3",
            weights=64,  # 4·4·4
            biases=0,
            macs=672,  # 64 weights at 6 positions, and 4·6·6 each for scores and sums
            # 24 products with the scale; 12 softmaxes over 6 scores
            operations=Operations(multiply=696, add=732, compare=60, divide=72, exponential=72),
            source="by hand: two heads on six positions",
        ),
        Example(
            given={"heads": 8},
            inputs=("320x1024", "768x77"),
            output="320x1024",
            weights=696_320,  # 2·320·320 + 2·768·320
            biases=1_280,
            # 2·320·320·1024 + 2·768·320·77 + 2·320·1024·77
            macs=298_024_960,
            source="Rombach et al. 2022, Stable Diffusion: pixels attend to 77 tokens of 768",
        ),
        Example(
            given={"heads": 3, "relative_bias": True},
            inputs=("96x7x7",),
            output="96x7x7",
            weights=36_864,
            biases=891,  # 4·96 and 13·13·3
            source="Liu et al. 2021, Swin-T: (2·7 − 1)² relative biases for each of 3 heads",
        ),
    )
    refusals = (
        Refusal(
            3,
            ("8x4x4",),
            "cannot be divided equally among 3 heads: 8 = 2·3 + 2; num_heads can be 1, 2, 4 or 8",
        ),
        Refusal(2, ("100",), "not a vector"),
        Refusal(None, ("8x4",), "needs 'num_heads'"),
        Refusal(2, ("8x4", "8"), "not a vector"),
        Refusal({"heads": 2, "relative_bias": True}, ("8x4", "8x5"), "positions of one map"),
    )


def _offsets(N: tuple[int, ...]) -> Iterator[int]:
    """For every pair of positions, the index of its bias among the biases of all offsets."""
    places = [*product(*map(range, N))]
    for one in places:
        for other in places:
            index = 0
            for size, a, b in zip(N, one, other):
                index = index * (2 * size - 1) + a - b + size - 1
            yield index
