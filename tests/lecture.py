"""Helpers for the tests of the five lectures: small networks, and windows counted one by one."""

from cnncalc import summarize


def report(input_shape, *layers):
    """The report of a few layers in a row."""
    return summarize({"input": input_shape, "layers": list(layers)})


def row(input_shape, *layers):
    """The row of the last of a few layers."""
    return report(input_shape, *layers).layers[-1]


def positions(N, F, S=1, P=0):
    """The number of positions of a window, counted one by one as on the slides."""
    return sum(1 for left in range(-P, N + P - F + 1, S))
