from cnncalc.homework.mistake import WrongAsk
from cnncalc.homework.mistakes._examples import on_ten_filters


class ParametersForActivations(WrongAsk):
    """You counted the parameters: the numbers that the layer learns. Activations are the C·H·W
    numbers in its output. Layers with large maps have many activations and few parameters.
    """

    says = "gave the parameters instead of the activations"
    prior = 12
    gives = {"elements": "parameters", "memory": "parameter_memory"}
    examples = (
        on_ten_filters(
            "elements", "760", "(5·5·3 + 1)·10 parameters; there are 10·32·32 activations"
        ),
        on_ten_filters("memory", "3,040 B", "760 parameters of 4 bytes"),
    )
