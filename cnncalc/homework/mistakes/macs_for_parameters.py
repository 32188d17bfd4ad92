from cnncalc.homework.mistake import WrongAsk
from cnncalc.homework.mistakes._examples import on_ten_filters


class MacsForParameters(WrongAsk):
    """You counted the multiply-accumulates. The same weights are used at every position, so each is
    only one parameter, however many products it takes part in. Biases are parameters too, although
    they need no products.
    """

    says = "counted the multiply-accumulates instead of the parameters"
    prior = 9
    gives = {"parameters": "macs", "weights": "macs"}
    examples = (on_ten_filters("parameters", "768,000", "5·5·3·10 at each of 32·32 positions"),)
