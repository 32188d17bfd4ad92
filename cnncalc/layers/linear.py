"""Fully connected layer."""

from typing import Any, ClassVar

from cnncalc.core.cost import Operations, Parameters, Tensors, weight_and_bias
from cnncalc.core.fields import count, flag
from cnncalc.core.layer import Example, Layer, Refusal, Tape, Tensor
from cnncalc.core.shape import Shape, Vector
from cnncalc.formulas import dimensions, macs, operations, parameters


class Linear(Layer):
    """Connects every input to every output.

    Each output is the dot product of its own weights with the whole input, plus a bias. A
    feature map is flattened first; the flatten layer is shown in the report.

    Operations: one multiplication and one addition per multiply-accumulate, and one addition
    per output for the bias.
    """

    aliases: ClassVar = ("fc", "dense", "full", "fully_connected", "inner_product")
    main: ClassVar = "out_features"
    flattens: ClassVar = True

    out_features: int = count("number of outputs", also=("neurons", "units", "outputs"))
    bias: bool = flag("whether each output has a bias", True)

    def output(self, x: Vector) -> Shape:
        return Vector(dimensions.features(out_features=self.out_features))

    def parameters(self, x: Vector) -> Parameters:
        weights = parameters.linear_weights(n_in=x.features, n_out=self.out_features)
        return Parameters(
            weights, parameters.linear_biases(n_out=self.out_features) if self.bias else 0
        )

    def tensors(self, x: Vector) -> Tensors:
        n_out = self.out_features
        return weight_and_bias((n_out, x.features), (n_out,), self.bias)

    def macs(self, x: Vector) -> int:
        return macs.linear_macs(n_in=x.features, n_out=self.out_features)

    def operations(self, x: Vector) -> Operations:
        products = self.macs(x)
        added = operations.bias_additions(n_out=self.out_features) if self.bias else 0
        return Operations(multiply=products, add=products + added)

    def steps(self, tape: Tape, x: Tensor) -> Tensor:
        params = self.parameters(x.shape)
        return tape.linear(x, params.weights, params.biases, self.output(x.shape).elements)

    def to_torch(self, nn: Any, x: Vector) -> Any:
        return nn.Linear(x.features, self.out_features, self.bias)

    examples: ClassVar = (
        Example(
            given=100,
            inputs=("784",),
            output="100",
            weights=78_400,
            params=78_500,
            macs=78_400,
            operations=Operations(multiply=78_400, add=78_500),
            source="NTU lecture: too many parameters, 100 × 784 + 100",
        ),
        Example(
            given={"out_features": 1000, "bias": False},
            inputs=("1024",),
            output="1000",
            params=1_024_000,
            macs=1_024_000,
            source="TUM lecture, GoogLeNet table: linear 1000K, 1M",
        ),
    )
    refusals: ClassVar = (
        Refusal(0, ("784",), "at least 1, not 0"),
        Refusal(None, ("784",), "needs 'out_features'"),
        Refusal({"out_feature": 5}, ("784",), "did you mean 'out_features'"),
    )
