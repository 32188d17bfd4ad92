"""Convolution with weight standardization."""

from math import prod
from typing import Any

from cnncalc.core.cost import Operations, Parameters, Tensors
from cnncalc.core.errors import LayerError
from cnncalc.core.fields import number, positive
from cnncalc.core.layer import Example, Refusal, Tape, Tensor, need_map
from cnncalc.core.shape import Map, Shape
from cnncalc.formulas import parameters
from cnncalc.layers._norm import onnx_standardized
from cnncalc.layers._reparametrized import Reparametrized


class StandardizedConv(Reparametrized):
    """Convolves with filters that are first normalized to mean 0 and variance 1.

    Without ``gain``, it learns as many weights as a plain convolution. BiT's residual networks use
    it with group normalization. Networks without normalization layers also learn a factor for each
    filter, which ``gain`` multiplies.

    Operations: those of the convolution. Normalizing the filters, which happens once for all
    images, is not counted.
    """

    aliases = ("standardised_conv", "weight_standardized_conv", "std_conv")
    module = "StandardizedConv"

    gain: float | None = number(
        "number that multiplies a learned factor for each filter; by default there are no factors",
        None,
        ("factor",),
    )
    eps: float = positive("value added to the variance", 1e-10, ("epsilon",))

    @property
    def options(self) -> dict[str, Any]:
        return {"scale": self.gain, "eps": self.eps}

    def output(self, x: Shape, *others: Shape) -> Map:
        y = super().output(x, *others)
        if prod(self.tensors(need_map(x))["weight"][1:]) == 1:
            raise LayerError(
                "every filter has a single weight, which always becomes 0 when the mean is "
                "subtracted; use a larger window, or fewer groups"
            )
        return y

    @property
    def lengths(self) -> bool:
        return self.gain is not None

    def parameters(self, x: Map, *others: Shape) -> Parameters:
        held = super().parameters(x)
        if self.gain is None:
            return held
        weights = parameters.weight_norm_weights(
            F=self.window(x), C_in=x.channels, C_out=self.out_channels, G=self.groups
        )
        return held._replace(weights=weights)

    def tensors(self, x: Map, *others: Shape) -> Tensors:
        gains: Tensors = {"gain": (self.out_channels,)} if self.lengths else {}
        return {**super().tensors(x), **gains}

    def computed(self, tape: Tape, rows: Tensor, *learned: Tensor) -> Tensor:
        """A batch norm with a channel for each filter, which saves their means and deviations."""
        factors = [tape.times(*learned)] if learned else []
        each = rows.bytes // rows.numbers * self.out_channels
        return tape.normalized(rows, *factors, own=2 * each)

    def onnx_filters(self, onnx: Any, x: Map) -> Any:
        y = onnx_standardized(onnx, [*range(1, 1 + len(x))], self.eps, onnx.weight("weight"))
        if self.gain is None:
            return y
        gains = onnx.node("Mul", onnx.weight("gain"), onnx.number(self.gain))
        sizes = [self.out_channels, *(1 for _ in x)]
        return onnx.node("Mul", y, onnx.node("Reshape", gains, onnx.ints(sizes)))

    examples = (
        Example(
            given={"filters": 64, "kernel": 7, "stride": 2, "padding": 3, "bias": False},
            inputs=("3x224x224",),
            output="64x112x112",
            weights=9_408,  # 7·7·3·64
            biases=0,
            macs=118_013_952,
            source="Kolesnikov et al. 2020, BiT, the authors' release: StdConv2d of the root",
        ),
        Example(
            given={"filters": 16, "kernel": 3, "stride": 2, "gain": 0.25},
            inputs=("3x32x32",),
            output="16x15x15",
            weights=448,  # 3·3·3·16, and 16 factors
            biases=16,
            macs=97_200,
            source="Brock et al. 2021, Characterizing signal propagation, equation 3",
        ),
        Example(
            given={"filters": 2, "kernel": 3},
            inputs=("4x5",),
            output="2x3",
            params=26,
            macs=72,
            operations=Operations(multiply=72, add=78),
            source="by hand: Qiao et al. 2019, Weight Standardization, equation 5",
        ),
    )
    refusals = (
        Refusal({"filters": 4, "kernel": 7}, ("4x5x5",), "larger than the input of 5"),
        Refusal({"filters": 4, "kernel": 3, "groups": 3}, ("4x5x5",), "4 input channels"),
        Refusal({"filters": 4, "kernel": 3}, ("100",), "not a vector"),
        Refusal({"filters": 4, "kernel": 1, "groups": 4}, ("4x5x5",), "has a single weight"),
        Refusal({"filters": 4, "kernel": 3, "eps": 0}, ("4x5x5",), "greater than 0, not 0"),
    )
