from collections.abc import Iterator

from cnncalc.formulas import operations, parameters
from cnncalc.formulas.tracing import Rules
from cnncalc.homework.mistake import Example, WrongRule
from cnncalc.homework.mistakes._examples import on_alexnet
from cnncalc.homework.question import Question


def none_per_filter(C_out: int) -> int:
    """No bias."""
    return 0


def none_per_output(n_out: int) -> int:
    """No bias."""
    return 0


def none_per_position(C_out: int, N_out: tuple[int, ...]) -> int:
    """No bias."""
    return 0


def none_per_piece(n_out: int, k: int) -> int:
    """No bias."""
    return 0


def none_in_either_half(C_in: int, C_out: int, multiplier: int = 1) -> int:
    """No bias."""
    return 0


WITHOUT_BIASES: Rules = {
    parameters.conv_biases: none_per_filter,
    parameters.linear_biases: none_per_output,
    parameters.local_biases: none_per_position,
    parameters.maxout_biases: none_per_piece,
    parameters.separable_biases: none_in_either_half,
}


class BiasForgotten(WrongRule):
    """You left out the biases. Each filter, and each neuron, learns a bias in addition to its
    weights. A filter therefore has F·F·C_in weights and 1 bias: F·F·C_in + 1 parameters.
    """

    says = "left out the biases"
    prior = 30
    rules = {**WITHOUT_BIASES, operations.bias_additions: none_per_output}
    examples = (
        on_alexnet("parameters", "34,848", "11·11·3·96, without the 96 biases"),
        Example(
            ({"linear": 100},), "784", "parameters", "78,400", "784·100, without the 100 biases"
        ),
        Example(
            ({"locally_connected": {"filters": 2, "kernel": 2}},),
            "1x3x3",
            "parameters",
            "32",
            "2·2·1·2 at each of 2·2 positions, without the bias of each filter at each position",
        ),
        Example(
            ({"maxout": {"out_features": 3, "pieces": 2}},),
            "4",
            "parameters",
            "24",
            "4·3·2, without the 3·2 biases",
        ),
        Example(
            ({"separable_conv": {"filters": 6, "kernel": 3, "multiplier": 2}},),
            "4x8x8",
            "parameters",
            "120",
            "3·3·8 + 8·6, without the 8 + 6 biases",
        ),
    )

    def other(self, question: Question) -> Iterator[Question]:
        """The question about a layer; for totals, see ``biases_left_out_of_total``."""
        return super().other(question) if question.row else iter(())
