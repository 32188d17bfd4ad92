from cnncalc.homework.mistake import Doubled
from cnncalc.homework.mistakes._examples import on_alexnet


class GradientsCounted(Doubled):
    """You counted everything twice. Training also stores a gradient for every value, and some
    lectures double their figures to include it, but the question is about the values themselves.
    """

    says = "doubled the number, as if the gradients of the backward pass counted too"
    prior = 4
    alone = True
    # The quantities that training stores a gradient for.
    doubles = ("elements", "memory", "memory_without_input", "parameters", "parameter_memory")
    examples = (
        on_alexnet("elements", "580,800", "2·96·55·55: each value and its gradient"),
        on_alexnet("parameters", "69,888", "2·34,944: each parameter and its gradient"),
    )
