from collections.abc import Iterator

from cnncalc.formulas import macs
from cnncalc.formulas.vocabulary import product, share
from cnncalc.homework.mistake import WrongRule
from cnncalc.homework.mistakes._examples import on_ten_filters
from cnncalc.homework.question import Question


def with_bias(F: tuple[int, ...], C_in: int, C_out: int, N_out: tuple[int, ...], G: int = 1) -> int:
    """One more product for every output."""
    return (product(F) * share(C_in, G) + 1) * C_out * product(N_out)


def planes_with_bias(
    F: tuple[int, ...], C_in: int, N_out: tuple[int, ...], multiplier: int = 1
) -> int:
    """One more product for every output."""
    return (product(F) + 1) * C_in * multiplier * product(N_out)


def linear_with_bias(n_in: int, n_out: int) -> int:
    """One more product for every output."""
    return (n_in + 1) * n_out


class BiasesInMacs(WrongRule):
    """You counted the biases. A bias is added once to each output and multiplied by nothing, so it
    is not a multiply-accumulate.
    """

    says = "counted the biases as multiply-accumulates"
    prior = 12
    rules = {
        macs.conv_macs: with_bias,
        macs.depthwise_macs: planes_with_bias,
        macs.linear_macs: linear_with_bias,
    }
    examples = (on_ten_filters("macs", "778,240", "(5·5·3 + 1)·10 · 32·32"),)

    def other(self, question: Question) -> Iterator[Question]:
        """The question under the wrong rules; for the weights of a neuron, see
        ``bias_as_weight``."""
        if question.ask.name != "weights_per_neuron":
            yield from super().other(question)
