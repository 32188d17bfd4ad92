from cnncalc.homework.mistake import WrongAsk
from cnncalc.homework.mistakes._examples import on_ten_filters


class MacsForParameters(WrongAsk):
    """You counted the multiply-accumulates: the filter's products at every position. The weights of
    a filter are the same at all positions, so they count once as parameters, and the biases, which
    need no products, count too.
    """

    says = "counted the multiply-accumulates instead of the parameters"
    prior = 9
    gives = {"parameters": "macs", "weights": "macs"}
    examples = (on_ten_filters("parameters", "768,000", "5·5·3·10 at each of 32·32 positions"),)
