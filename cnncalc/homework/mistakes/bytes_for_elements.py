from cnncalc.homework.mistake import WrongAsk
from cnncalc.homework.mistakes._examples import on_alexnet


class BytesForElements(WrongAsk):
    """You gave the memory in bytes. The question asks how many numbers there are, not how much
    memory they take.
    """

    says = "gave bytes instead of the number of elements"
    prior = 20
    alone = True
    gives = {"elements": "memory", "parameters": "parameter_memory"}
    examples = (
        on_alexnet("elements", "1.16 MB", "96·55·55 numbers of 4 bytes are 1,161,600 bytes"),
    )
