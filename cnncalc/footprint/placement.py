"""Addresses for tensors, as TensorFlow Lite Micro's greedy planner assigns them: the largest first,
each at the lowest address where it fits beside those that are live at the same time."""

from bisect import insort
from collections.abc import Sequence

from cnncalc.footprint.orders import MOST_LAYERS, Problem


def placed(problem: Problem, order: Sequence[int]) -> int | None:
    """The bytes from the first address to the last, gaps included; None if there are too many
    layers. Among tensors of equal size, those that are written first come first."""
    if len(order) > MOST_LAYERS:
        return None
    lives = dict.fromkeys(problem.given, (0, 0))
    needed = []
    for at, place in enumerate(order):
        job = problem.jobs[place]
        lives[job.writes] = (at, at)
        for tensor in job.reads:
            lives[tensor] = (lives[tensor][0], at)
        needed.append((job.scratch, at, at))
    for tensor in problem.kept:
        lives[tensor] = (lives[tensor][0], len(order) - 1)
    needed = [(problem.sizes[one], first, last) for one, (first, last) in lives.items()] + needed
    found: list[tuple[int, int, int, int]] = []  # address, end, first and last layer
    for size, first, last in sorted(needed, key=lambda one: -one[0]):
        address = 0
        for start, end, begins, ends in found:
            if begins <= last and first <= ends:
                if start - address >= size:
                    break
                address = max(address, end)
        insort(found, (address, address + size, first, last))
    return max((end for _, end, _, _ in found), default=0)
