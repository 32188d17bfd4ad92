"""Convolution with weight standardisation."""

from cnncalc.core.cost import Operations
from cnncalc.core.layer import Example, Refusal, Tape, Tensor
from cnncalc.layers._reparametrized import Reparametrized


class StandardizedConv(Reparametrized):
    """Convolves with filters that are first normalised to mean 0 and variance 1.

    It learns as many weights as a plain convolution. BiT's residual networks use it with group
    normalisation.

    Operations: those of the convolution. Normalising the filters, which happens once for all
    images, is not counted.
    """

    aliases = ("standardised_conv", "weight_standardized_conv", "std_conv")
    module = "StandardizedConv"

    def computed(self, tape: Tape, rows: Tensor, *learned: Tensor) -> Tensor:
        """The deviations, the differences from the means, and the quotients, which save both."""
        C_out = self.out_channels
        one = rows.bytes // rows.numbers * C_out
        variances = tape.op(rows, shared=C_out, beside=rows.bytes + 2 * one)
        deviations = tape.op(tape.plus(variances), keeps_output=True, beside=one)
        means = tape.op(rows, shared=C_out)
        differences = tape.op(rows, means, passes=(0,), beside=rows.bytes)
        quotients = tape.divide(differences, deviations)
        tape.hold(deviations)
        return quotients

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
    )
