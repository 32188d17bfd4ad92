from collections.abc import Iterator

from cnncalc.homework.asks.elements import Elements
from cnncalc.homework.asks.memory import Memory
from cnncalc.homework.mistake import Example, Mistake
from cnncalc.homework.question import Question


class AllElements(Elements):
    """The output of every layer, stored or not."""

    summed = "activation"


class AllMemory(Memory):
    """The bytes of every layer's output, stored or not."""

    summed = "activation_bytes"


class InPlaceCounted(Mistake):
    """You counted layers that need no memory of their own. An activation such as a ReLU usually
    overwrites its input, and flattening only reinterprets the same numbers, so a memory table
    leaves both out.
    """

    says = "counted layers that run in place, which need no memory of their own"
    prior = 15
    examples = (
        Example(
            ({"conv": {"filters": 10, "kernel": 5, "padding": 2}}, "relu"),
            "3x32x32",
            "elements",
            "23,552",
            "3·32·32 + 10·32·32 + 10·32·32, but the ReLU runs in place",
            of=None,
        ),
    )

    def other(self, question: Question) -> Iterator[Question]:
        """The question with all layers counted."""
        for ask, every in (("elements", AllElements), ("memory", AllMemory)):
            if question.row is None and question.ask.name == ask:
                yield question.asking(every())
