from cnncalc.formulas import parameters
from cnncalc.homework.mistake import Example, WrongRule
from cnncalc.homework.mistakes._examples import on_alexnet


def one_for_all_filters(C_out: int) -> int:
    """A single bias."""
    return 1


def one_for_all_outputs(n_out: int) -> int:
    """A single bias."""
    return 1


class OneBiasPerLayer(WrongRule):
    """You counted one bias for the whole layer. Each filter has its own, so K filters have K
    biases, and a fully connected layer has one for each output.
    """

    says = "counted one bias for the whole layer instead of one per filter or output"
    prior = 16
    rules = {
        parameters.conv_biases: one_for_all_filters,
        parameters.linear_biases: one_for_all_outputs,
    }
    examples = (
        on_alexnet("parameters", "34,849", "11·11·3·96 + 1"),
        Example(({"linear": 100},), "784", "parameters", "78,401", "784·100 + 1"),
    )
