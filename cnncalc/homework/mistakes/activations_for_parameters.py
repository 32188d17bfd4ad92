from cnncalc.homework.mistake import WrongAsk
from cnncalc.homework.mistakes._examples import on_ten_filters


class ActivationsForParameters(WrongAsk):
    """You counted the activations: the numbers in the layer's output. Parameters are the numbers
    that the layer learns, its weights and biases. A convolution has the same number of parameters
    whatever the height and width of its input.
    """

    says = "counted the activations instead of the parameters"
    prior = 10
    gives = {"parameters": "elements", "parameter_memory": "memory"}
    examples = (
        on_ten_filters(
            "parameters", "10,240", "10·32·32 activations; there are (5·5·3 + 1)·10 parameters"
        ),
    )
