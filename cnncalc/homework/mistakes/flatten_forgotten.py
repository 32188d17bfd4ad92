from collections.abc import Iterator

from cnncalc.formulas import dimensions
from cnncalc.formulas.vocabulary import product
from cnncalc.homework.mistake import Example, WrongRule
from cnncalc.homework.question import Question


def channels_only(C_in: int, N_in: tuple[int, ...]) -> int:
    """One input for each channel."""
    return C_in


def positions_only(C_in: int, N_in: tuple[int, ...]) -> int:
    """One input for each position."""
    return product(N_in)


class FlattenForgotten(WrongRule):
    """You did not count all the inputs. A fully connected layer first flattens the map into a
    vector of C·H·W numbers and connects each of them to every output.
    """

    says = "did not flatten the map to C·H·W inputs"
    prior = 26
    rules = {dimensions.flattened: channels_only}
    examples = (
        Example(
            ({"linear": 10},),
            "16x5x5",
            "parameters",
            "170",
            "16·10 + 10, but there are 16·5·5 inputs",
        ),
        Example(
            ({"linear": 10},),
            "16x5x5",
            "parameters",
            "260",
            "5·5·10 + 10, but there are 16 channels",
        ),
    )

    def other(self, question: Question) -> Iterator[Question]:
        """The question with only the channels, or only the positions, as inputs."""
        for alone, rule in (("channels", channels_only), ("positions", positions_only)):
            yield question.under({dimensions.flattened: rule}).saying(f"only the {alone}")
