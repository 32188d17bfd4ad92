"""Maxout."""

from typing import Any

from cnncalc.core.cost import Operations, Parameters, Tensors, weight_and_bias
from cnncalc.core.fields import count, flag
from cnncalc.core.layer import Example, Layer, Refusal, Tape, Tensor
from cnncalc.core.nest import Nest
from cnncalc.core.shape import Vector
from cnncalc.formulas import dimensions, macs, operations, parameters
from cnncalc.formulas.tracing import named


class Maxout(Layer):
    """Outputs the maximum of several linear functions of the input.

    Each output has its own k linear pieces, each a dot product with the whole input plus a
    bias. Their maximum is a learned convex function, so no activation follows. A feature map is
    flattened first; the flatten layer is shown in the report.

    Operations: one multiplication and one addition per multiply-accumulate, one addition per
    piece for the bias, and k − 1 comparisons per output.
    """

    family = "dense"
    main = "out_features"

    out_features: int = count("number of outputs", also=("neurons", "units", "outputs"))
    pieces: int = count("number of linear pieces per output", 2, also=("k", "num_pieces"))
    bias: bool = flag("whether each piece has a bias", True)

    @property
    def flattens(self) -> bool:
        return True

    def output(self, x: Vector) -> Vector:
        return Vector(dimensions.features(out_features=self.out_features))

    def parameters(self, x: Vector) -> Parameters:
        n_out, k = self.out_features, self.pieces
        weights = parameters.maxout_weights(n_in=x.features, n_out=n_out, k=k)
        return Parameters(weights, parameters.maxout_biases(n_out=n_out, k=k) if self.bias else 0)

    def tensors(self, x: Vector) -> Tensors:
        n_out = self.out_features * self.pieces
        return weight_and_bias((n_out, x.features), (n_out,), self.bias)

    def macs(self, x: Vector) -> int:
        return macs.maxout_macs(n_in=x.features, n_out=self.out_features, k=self.pieces)

    def nests(self, x: Vector) -> tuple[Nest, ...]:
        return (Nest(1, self.out_features * self.pieces, x.features),)

    def operations(self, x: Vector) -> Operations:
        products = self.macs(x)
        n_out, k = self.out_features, named("k", self.pieces)
        added = operations.piece_additions(n_out=n_out, k=k) if self.bias else 0
        compared = operations.window_reductions(n_out=n_out, taps=k)
        return Operations(multiply=products, add=products + added, compare=compared)

    def links(self, x: Vector) -> int:
        return self.macs(x) + self.parameters(x).biases

    def steps(self, tape: Tape, x: Tensor) -> Tensor:
        """A linear layer, which saves its input, and a maximum, which saves its input and
        output. The gradient of the maximum needs a mask, the number of pieces that share it, and
        their shares."""
        params = self.parameters(x.shape)
        pieces = self.out_features * self.pieces
        every = tape.linear(x, params.weights, params.biases, pieces)
        mask, counts = tape.images(pieces, 1), tape.indices(self.out_features * tape.batch)
        shares = tape.images(self.out_features, every.size)
        return tape.op(
            every,
            makes=self.out_features,
            keeps=(every,),
            keeps_output=True,
            beside=mask + counts + shares,
        )

    def to_torch(self, nn: Any, x: Vector) -> Any:
        return nn.Maxout(x.features, self.out_features, self.pieces, self.bias)

    def to_onnx(self, onnx: Any, x: Vector) -> Any:
        onnx.function()
        weight, bias = onnx.weight("weight"), onnx.weight("bias")
        every = onnx.node("Gemm", *onnx.inputs, weight, bias, transB=1)
        pieces = onnx.node("Reshape", every, onnx.ints([0, self.out_features, self.pieces]))
        return onnx.node("ReduceMax", pieces, onnx.ints([2]), keepdims=0)

    examples = (
        Example(
            given=100,
            inputs=("784",),
            output="100",
            weights=156_800,
            biases=200,
            macs=156_800,
            operations=Operations(multiply=156_800, add=157_000, compare=100),
            source="NTU lecture: max(w1ᵀx + b1, w2ᵀx + b2); 784·100·2",
        ),
        Example(
            given={"units": 4, "pieces": 3, "bias": False},
            inputs=("5",),
            output="4",
            params=60,
            macs=60,
            operations=Operations(multiply=60, add=60, compare=8),
            source="Goodfellow et al. 2013: h_i = max_j z_ij over k pieces; 5·4·3",
        ),
    )
    refusals = (
        Refusal({"units": 4, "pieces": 0}, ("5",), "at least 1, not 0"),
        Refusal(None, ("5",), "needs 'out_features'"),
    )
