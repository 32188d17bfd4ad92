from collections.abc import Iterator

from cnncalc.formulas import macs, parameters
from cnncalc.formulas.tracing import Rules
from cnncalc.formulas.vocabulary import product, share
from cnncalc.homework.mistake import Example, WrongRule, with_fields
from cnncalc.homework.mistakes._examples import on_ten_filters
from cnncalc.homework.question import Question


def of_one(F: tuple[int, ...], C_in: int, C_out: int, G: int = 1) -> int:
    """The weights of one filter."""
    return product(F) * share(C_in, G)


def bias_of_one(C_out: int) -> int:
    """The bias of one filter."""
    return 1


def macs_of_one(
    F: tuple[int, ...], C_in: int, C_out: int, N_out: tuple[int, ...], G: int = 1
) -> int:
    """One filter at every position."""
    return product(F) * share(C_in, G) * product(N_out)


def transposed_of_one(
    F: tuple[int, ...], C_in: int, C_out: int, N_in: tuple[int, ...], G: int = 1
) -> int:
    """One output channel, from every position of the channels of its group."""
    return product(F) * share(C_in, G) * product(N_in)


def plane(F: tuple[int, ...], C_in: int, multiplier: int = 1) -> int:
    """One filter plane."""
    return product(F)


def macs_of_plane(
    F: tuple[int, ...], C_in: int, N_out: tuple[int, ...], multiplier: int = 1
) -> int:
    """One filter plane at every position."""
    return product(F) * product(N_out)


WEIGHTS: Rules = {
    parameters.conv_weights: of_one,
    parameters.depthwise_weights: plane,
    macs.conv_macs: macs_of_one,
    macs.depthwise_macs: macs_of_plane,
    macs.transposed_macs: transposed_of_one,
}


class FiltersForgotten(WrongRule):
    """You counted one filter. The layer has several, and each produces one channel of the output,
    so multiply your result for one filter by the number of filters.
    """

    says = "counted only one filter"
    prior = 15
    rules = {**WEIGHTS, parameters.conv_biases: bias_of_one}
    examples = (
        on_ten_filters("parameters", "76", "5·5·3 + 1"),
        on_ten_filters(
            "parameters", "85", "5·5·3 + 10: the weights of one filter, but the biases of all"
        ),
        Example(
            ({"conv": {"filters": 10, "kernel": 5}},),
            "3x32x32",
            "shape",
            "1x28x28",
            "the output of one filter",
        ),
    )

    def other(self, question: Question) -> Iterator[Question]:
        """The question about one filter with its bias or all biases, or about a layer with one.

        With a connection table, filters can differ in depth, so there is no single filter to count.
        A question about one neuron is about one filter anyway.
        """
        if question.ask.name == "weights_per_neuron" or any(
            getattr(row.layer, "connections", None) for row in question.report.rows
        ):
            return
        yield from super().other(question)
        yield question.under(WEIGHTS)
        alone = question.with_layers(lambda row: with_fields(row.layer, out_channels=1))
        if alone is not None and not question.everywhere:
            yield alone
