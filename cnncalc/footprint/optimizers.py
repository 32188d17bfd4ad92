"""The state of PyTorch's optimizers, and the temporary memory of their updates.

On the CPU, parameters are updated one at a time (``foreach=False``); a temporary tensor is freed
when the next parameter's replaces it. On CUDA, all parameters are updated together.
"""

from collections.abc import Sequence
from typing import NamedTuple

from cnncalc.core.errors import unknown

COUNTER_BYTES = 4
"""A step counter is a float32. On CUDA it stays in host memory."""


class Optimizer(NamedTuple):
    """State and temporary memory per parameter.

    ``numbers`` is how many values of state each element has, and ``counts`` says whether there is a
    step counter. ``peaks`` are the peaks of an update on the CPU, in multiples of the previous
    parameter's size and of the parameter's own; ``together`` is the peak on CUDA in multiples of
    all parameters. ``untrained`` says whether parameters that are not trained have state too.
    """

    numbers: int = 0
    counts: bool = False
    peaks: tuple[tuple[int, int], ...] = ()
    together: int = 0
    untrained: bool = False


OPTIMIZERS = {
    "sgd": Optimizer(),
    "momentum": Optimizer(1),
    # The look-ahead gradient, allocated after the previous one is freed. CUDA updates in place.
    "nag": Optimizer(1, peaks=((0, 1),)),
    # A square root; on CUDA also a product of the gradients. PyTorch allocates the state before it
    # knows which parameters get a gradient.
    "adagrad": Optimizer(1, True, ((1, 1),), 2, untrained=True),
    "rmsprop": Optimizer(1, True, ((1, 1),), 1),
    # Square roots of the squares and of the changes, including the previous parameter's.
    "adadelta": Optimizer(2, True, ((2, 1), (1, 2)), 2),
    # A square root and its quotient, plus the previous parameter's quotient; one on CUDA, in place.
    "adam": Optimizer(2, True, ((1, 2),), 1),
    "adamw": Optimizer(2, True, ((1, 2),), 1),
}
"""The optimizers with PyTorch's default settings; ``momentum`` and ``nag`` are SGD with momentum,
plain or Nesterov's."""


def find(name: str) -> Optimizer:
    """The optimizer with this name. Raises UsageError for an unknown name."""
    if name not in OPTIMIZERS:
        raise unknown("optimizer", name, OPTIMIZERS)
    return OPTIMIZERS[name]


def state(optimizer: Optimizer, trained: Sequence[int], fixed: Sequence[int], *, cuda: bool) -> int:
    """The bytes of state for trained and fixed parameters of these sizes in bytes."""
    counter = COUNTER_BYTES if optimizer.counts and not cuda else 0
    parameters = [*trained, *fixed] if optimizer.untrained else trained
    return sum(optimizer.numbers * size + counter for size in parameters)


def updates(optimizer: Optimizer, parameters: Sequence[int], *, cuda: bool) -> list[int]:
    """The peak bytes of temporary tensors during the update of each parameter."""
    if cuda:
        return [optimizer.together * sum(parameters)] * len(parameters)
    pairs = zip([0, *parameters], parameters)
    return [
        max((m * before + n * size for m, n in optimizer.peaks), default=0)
        for before, size in pairs
    ]
