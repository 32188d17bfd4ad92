"""What PyTorch's optimizers hold, and what their steps need beside it.

On the CPU, parameters are updated one after the other (``foreach=False``); a temporary tensor of
one is let go when that of the next takes its name. On CUDA all are updated together.
"""

from collections.abc import Sequence
from typing import NamedTuple

from cnncalc.core.errors import UsageError, did_you_mean

COUNTER_BYTES = 4
"""A counter of steps is a float32. On CUDA it stays in the main memory."""


class Optimizer(NamedTuple):
    """For every parameter: how many numbers are held for each of its numbers, and whether its steps
    are counted. How full its update is, one after the other: of which multiples of the parameter
    before and of its own size; and together: of which multiple of all parameters. And whether it
    holds the same for parameters that are not trained."""

    numbers: int = 0
    counts: bool = False
    fullest: tuple[tuple[int, int], ...] = ()
    together: int = 0
    untrained: bool = False


OPTIMIZERS = {
    "sgd": Optimizer(),
    "momentum": Optimizer(1),
    # The gradient ahead; the one before it is let go first, and all together are changed in place.
    "nag": Optimizer(1, fullest=((0, 1),)),
    # A root; together, a product of the gradients as well. PyTorch makes its sums before it knows
    # which parameters get a gradient.
    "adagrad": Optimizer(1, True, ((1, 1),), 2, untrained=True),
    "rmsprop": Optimizer(1, True, ((1, 1),), 1),
    # A root each of squares and of changes, of the parameter before too.
    "adadelta": Optimizer(2, True, ((2, 1), (1, 2)), 2),
    # A root and its quotient, beside the quotient of the parameter before; together, one in place.
    "adam": Optimizer(2, True, ((1, 2),), 1),
    "adamw": Optimizer(2, True, ((1, 2),), 1),
}
"""The optimizers, with PyTorch's settings (and with momentum, or Nesterov's)."""


def find(name: str) -> Optimizer:
    """The optimizer of this name; raises UsageError with the nearest one."""
    if name not in OPTIMIZERS:
        hint = did_you_mean(name, OPTIMIZERS) or f"; known: {', '.join(OPTIMIZERS)}"
        raise UsageError(f"no optimizer {name!r}{hint}")
    return OPTIMIZERS[name]


def state(optimizer: Optimizer, trained: Sequence[int], fixed: Sequence[int], *, cuda: bool) -> int:
    """The bytes that it holds for parameters of so many bytes, trained ones and fixed ones."""
    counter = COUNTER_BYTES if optimizer.counts and not cuda else 0
    parameters = [*trained, *fixed] if optimizer.untrained else trained
    return sum(optimizer.numbers * size + counter for size in parameters)


def updates(optimizer: Optimizer, parameters: Sequence[int], *, cuda: bool) -> list[int]:
    """The bytes of temporary tensors, when they are most, at the update of every parameter."""
    if cuda:
        return [optimizer.together * sum(parameters)] * len(parameters)
    pairs = zip([0, *parameters], parameters)
    return [
        max((m * before + n * size for m, n in optimizer.fullest), default=0)
        for before, size in pairs
    ]
