"""What PyTorch's optimizers hold, and what their steps need beside it.

PyTorch updates one parameter after the other on the CPU (``foreach=False``). A temporary tensor of
one parameter is let go when that of the next takes its name.
"""

from collections.abc import Iterable
from typing import NamedTuple

from cnncalc.errors import UsageError, did_you_mean

COUNTER_BYTES = 4
"""A counter of steps is a float32."""


class Optimizer(NamedTuple):
    """For every parameter: how many numbers are held for each of its numbers, whether its steps are
    counted, and how full its update is: of which multiples of the parameter before and of its own
    size."""

    numbers: int = 0
    counts: bool = False
    fullest: tuple[tuple[int, int], ...] = ()


OPTIMIZERS = {
    "sgd": Optimizer(),
    "momentum": Optimizer(1),
    # The gradient ahead; the one before it is let go first.
    "nag": Optimizer(1, fullest=((0, 1),)),
    "adagrad": Optimizer(1, True, ((1, 1),)),
    "rmsprop": Optimizer(1, True, ((1, 1),)),
    # A root each of squares and of changes, of the parameter before too.
    "adadelta": Optimizer(2, True, ((2, 1), (1, 2))),
    # A root and its quotient, beside the quotient of the parameter before.
    "adam": Optimizer(2, True, ((1, 2),)),
    "adamw": Optimizer(2, True, ((1, 2),)),
}
"""The optimizers, with PyTorch's settings (and with momentum, or Nesterov's)."""


def find(name: str) -> Optimizer:
    """The optimizer of this name; raises UsageError with the nearest one."""
    if name not in OPTIMIZERS:
        hint = did_you_mean(name, OPTIMIZERS) or f"; known: {', '.join(OPTIMIZERS)}"
        raise UsageError(f"no optimizer {name!r}{hint}")
    return OPTIMIZERS[name]


def state(optimizer: Optimizer, parameters: Iterable[int]) -> int:
    """The bytes that it holds for parameters of so many bytes."""
    counter = COUNTER_BYTES if optimizer.counts else 0
    return sum(optimizer.numbers * size + counter for size in parameters)


def updates(optimizer: Optimizer, parameters: Iterable[int]) -> list[int]:
    """The bytes of temporary tensors, when they are most, at the update of every parameter."""
    found, before = [], 0
    for size in parameters:
        most = (m * before + n * size for m, n in optimizer.fullest)
        found.append(max(most, default=0))
        before = size
    return found
