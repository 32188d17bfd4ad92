"""Multi-head attention."""

from math import prod
from typing import Any, ClassVar

from cnncalc.core.cost import Operations, Parameters, Tensors
from cnncalc.core.errors import LayerError
from cnncalc.core.fields import count, flag
from cnncalc.core.layer import Example, Layer, Reach, Refusal, Tape, Tensor, everything, need_map
from cnncalc.core.shape import Map, Shape
from cnncalc.formulas import operations, sequence


class Attention(Layer):
    """Lets every position of a map attend to all positions, with several heads.

    Positions are read as a sequence, whatever the number of axes. As in
    ``torch.nn.MultiheadAttention``, query, key, value and output each have a projection, and the
    channels are divided among the heads.

    Operations: a multiplication and an addition for every multiply-accumulate, an addition for
    every bias, a multiplication per element of the query for the scale, and per softmax of n
    scores n exponentials, n − 1 additions, n − 1 comparisons and n divisions.
    """

    aliases: ClassVar = ("multihead_attention", "self_attention", "mha")
    main: ClassVar = "num_heads"

    num_heads: int = count("number of heads that the channels are divided among", also=("heads",))
    bias: bool = flag("whether the projections have biases", True, ("use_bias",))

    def output(self, x: Shape) -> Map:
        """The input's shape."""
        x = need_map(x)
        if x.channels % self.num_heads:
            raise LayerError(
                f"{self.num_heads} heads do not divide {x.channels} channels: {x.channels} = "
                f"{x.channels // self.num_heads}·{self.num_heads} + {x.channels % self.num_heads}"
            )
        return x

    def parameters(self, x: Map) -> Parameters:
        """Four projections."""
        weights = sequence.attention_weights(C=x.channels)
        return Parameters(weights, sequence.attention_biases(C=x.channels) if self.bias else 0)

    def tensors(self, x: Map) -> Tensors:
        """PyTorch's tensors: query, key and value share one."""
        C = x.channels
        tensors: Tensors = {"in_proj_weight": (3 * C, C), "out_proj.weight": (C, C)}
        if self.bias:
            tensors |= {"in_proj_bias": (3 * C,), "out_proj.bias": (C,)}
        return tensors

    def macs(self, x: Map) -> int:
        """The projections, the scores and the weighted sums."""
        return sequence.attention_macs(C=x.channels, positions=prod(x.spatial))

    def inner_macs(self, x: Map) -> int:
        """The output projection, the scores and the sums, which read what the layer computes."""
        C = x.channels
        return self.macs(x) - 3 * sequence.per_position(weights=C * C, positions=prod(x.spatial))

    def operations(self, x: Map) -> Operations:
        """The products, the biases, the scale and the softmax."""
        n = prod(x.spatial)
        products = self.macs(x)
        scale = operations.each(n=x.elements)
        scores = sequence.attention_scores(heads=self.num_heads, positions=n)
        sums = operations.window_reductions(n_out=self.num_heads * n, taps=n)
        added = operations.bias_additions(n_out=4 * x.elements) if self.bias else 0
        return Operations(
            multiply=products + scale,
            add=products + added + sums,
            compare=sums,
            divide=scores,
            exponential=scores,
        )

    def reach(self, x: Map) -> tuple[Reach, ...]:
        """The whole map."""
        return everything(x)

    def steps(self, tape: Tape, x: Tensor) -> Tensor:
        """Not modelled: what PyTorch saves depends on the kernel that it picks."""
        raise LayerError("what PyTorch saves for attention is not modelled")

    def to_torch(self, nn: Any, x: Map) -> Any:
        """``MultiheadAttention`` over the positions."""
        return nn.PositionAttention(x.channels, self.num_heads, bias=self.bias, batch_first=True)

    examples: ClassVar = (
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
            # 24 products of the scale; 12 softmaxes of 6 scores
            operations=Operations(multiply=696, add=732, compare=60, divide=72, exponential=72),
            source="by hand: two heads on six positions",
        ),
    )
    refusals: ClassVar = (
        Refusal(3, ("8x4x4",), "3 heads do not divide 8 channels: 8 = 2·3 + 2"),
        Refusal(2, ("100",), "not a vector"),
        Refusal(None, ("8x4",), "needs 'num_heads'"),
    )
