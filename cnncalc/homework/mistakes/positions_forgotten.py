from collections.abc import Iterator

from cnncalc.formulas import macs
from cnncalc.formulas.vocabulary import product, share
from cnncalc.homework.mistake import WrongRule
from cnncalc.homework.mistakes._examples import on_ten_filters
from cnncalc.homework.question import Question


def at_one_place(
    F: tuple[int, ...], C_in: int, C_out: int, N_out: tuple[int, ...], G: int = 1
) -> int:
    """Every filter once."""
    return product(F) * share(C_in, G) * C_out


def planes_at_one_place(
    F: tuple[int, ...], C_in: int, N_out: tuple[int, ...], multiplier: int = 1
) -> int:
    """Every filter plane once."""
    return product(F) * C_in * multiplier


def from_one_place(
    F: tuple[int, ...], C_in: int, C_out: int, N_in: tuple[int, ...], G: int = 1
) -> int:
    """Every filter once."""
    return product(F) * C_in * share(C_out, G)


class PositionsForgotten(WrongRule):
    """You applied each filter at a single position. The layer applies it at every one of the
    H_out·W_out positions of its output, so multiply by their number. In a transposed convolution,
    multiply by the number of positions of its input instead.
    """

    says = "applied the filters at a single position"
    prior = 20
    rules = {
        macs.conv_macs: at_one_place,
        macs.depthwise_macs: planes_at_one_place,
        macs.transposed_macs: from_one_place,
    }
    examples = (on_ten_filters("macs", "750", "5·5·3·10, without the 32·32 positions"),)

    def other(self, question: Question) -> Iterator[Question]:
        """The question under the wrong rules; one neuron has one position anyway."""
        return iter(()) if question.ask.name == "weights_per_neuron" else super().other(question)
