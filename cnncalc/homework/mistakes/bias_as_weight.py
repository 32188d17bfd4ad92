from collections.abc import Iterator

from cnncalc.homework.mistake import WrongRule
from cnncalc.homework.mistakes._examples import on_ten_filters
from cnncalc.homework.mistakes.biases_in_macs import BiasesInMacs
from cnncalc.homework.question import Question


class BiasAsWeight(WrongRule):
    """You counted the bias. It is a parameter of the neuron, but not one of its weights."""

    says = "counted the bias as a weight"
    prior = 30
    rules = BiasesInMacs.rules
    examples = (on_ten_filters("weights_per_neuron", "76", "5·5·3 weights and the bias"),)

    def other(self, question: Question) -> Iterator[Question]:
        """The question with one more weight for each neuron."""
        if question.ask.name == "weights_per_neuron":
            yield from super().other(question)
