"""Convolution with weight normalization."""

from typing import Any

from cnncalc.core.cost import Operations, Parameters, Tensors
from cnncalc.core.layer import Example, Refusal, Tape, Tensor
from cnncalc.core.shape import Map, Shape
from cnncalc.core.tape import FULL_BYTES
from cnncalc.formulas import parameters
from cnncalc.layers._reparametrized import Reparametrized


class WeightNormConv(Reparametrized):
    """Convolves with filters whose norm is learned separately from their direction.

    Every filter is divided by its norm and multiplied by a learned factor, so there is one extra
    weight per filter. TCNs and many audio networks use it.

    Operations: those of the convolution. Computing the filters, which happens once for all images,
    is not counted.
    """

    aliases = ("weight_normalised_conv", "weight_normalized_conv")
    module = "WeightNormConv"

    @property
    def lengths(self) -> bool:
        return True

    def parameters(self, x: Map, *others: Shape) -> Parameters:
        weights = parameters.weight_norm_weights(
            F=self.window(x), C_in=x.channels, C_out=self.out_channels, G=self.groups
        )
        return super().parameters(x)._replace(weights=weights)

    def tensors(self, x: Map, *others: Shape) -> Tensors:
        weight = super().tensors(x)["weight"]
        return {**super().tensors(x), "scale": (weight[0], *(1 for _ in weight[1:]))}

    def computed(self, tape: Tape, rows: Tensor, *learned: Tensor) -> Tensor:
        """One operation, which saves the weights, the learned lengths, and the norms in full
        precision."""
        (scale,) = learned
        norms = max(scale.bytes, scale.numbers * FULL_BYTES)
        return tape.op(rows, scale, keeps=(rows, scale), own=norms)

    def onnx_filters(self, onnx: Any, x: Map) -> Any:
        weight = onnx.weight("weight")
        rest = onnx.ints([*range(1, 1 + len(x))])
        norms = onnx.node("ReduceL2", weight, rest, keepdims=1)
        return onnx.node("Mul", weight, onnx.node("Div", onnx.weight("scale"), norms))

    examples = (
        Example(
            given={"filters": 25, "kernel": 7, "padding": [[6, 0]]},
            inputs=("1x784",),
            output="25x784",
            weights=200,  # 7·1·25, and 25 factors
            biases=25,
            macs=137_200,
            operations=Operations(multiply=137_200, add=156_800),  # 25·784 biases
            source="Bai et al. 2018, TCN on sequential MNIST: weight_norm(Conv1d(1, 25, 7))",
        ),
        Example(
            given={"filters": 4, "kernel": 3, "groups": 2, "bias": False},
            inputs=("2x5x5",),
            output="4x3x3",
            params=40,  # 3·3·1·4 + 4
            macs=324,
            source="torch.nn.utils.parametrizations.weight_norm: original0 is 4×1×1×1",
        ),
    )
    refusals = (
        Refusal({"filters": 4, "kernel": 7}, ("4x5x5",), "larger than the input of 5"),
        Refusal({"filters": 4, "kernel": 3, "groups": 3}, ("4x5x5",), "4 input channels"),
        Refusal({"filters": 4, "kernel": 3}, ("100",), "not a vector"),
    )
