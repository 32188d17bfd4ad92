"""Activation functions, applied to numbers."""

from collections.abc import Callable
from math import exp, expm1, tanh
from typing import Any, NamedTuple

from cnncalc import layers
from cnncalc.core.errors import LayerError, UsageError, Where, did_you_mean, one_of
from cnncalc.core.layer import Layer
from cnncalc.homework.convolution.matrix import Real, number, plain
from cnncalc.spec.text import scalar


class Function(NamedTuple):
    """An activation: ``of`` returns a layer's function of a number u; the formula, as text and
    LaTeX, has the layer's fields in braces."""

    of: Callable[[Any], Callable[[Real], Real]]
    text: str
    latex: str


def relu(u: Real) -> Real:
    """The number if it is positive, else 0."""
    return max(0, u)


def sigmoid(u: Real) -> float:
    """1/(1 + exp(−u)), written so that no exponential overflows."""
    return 1 / (1 + exp(-u)) if u > 0 else exp(u) / (1 + exp(u))


def _leaky_relu(layer: Any) -> Callable[[Real], Real]:
    slope, _ = number(layer.negative_slope)
    return lambda u: u if u > 0 else plain(slope * u)


def _elu(layer: Any) -> Callable[[Real], Real]:
    return lambda u: u if u > 0 else layer.alpha * expm1(u)


FUNCTIONS = {
    "elu": Function(
        _elu,
        "u if u > 0, else {layer.alpha}·(e^u − 1)",
        r"\begin{{cases}} u & u > 0 \\ {layer.alpha} \cdot (e^{{u}} - 1) & u \le 0 \end{{cases}}",
    ),
    "leaky_relu": Function(
        _leaky_relu,
        "u if u > 0, else {layer.negative_slope}·u",
        r"\begin{{cases}} u & u > 0 \\ {layer.negative_slope} \cdot u & u \le 0 \end{{cases}}",
    ),
    "relu": Function(lambda layer: relu, "max(0, u)", r"\max(0, u)"),
    "sigmoid": Function(lambda layer: sigmoid, "1/(1 + e^(−u))", r"\frac{{1}}{{1 + e^{{-u}}}}"),
    "tanh": Function(lambda layer: tanh, "tanh(u)", r"\tanh(u)"),
}
"""Functions by layer kind."""


def activation_of(word: str) -> Layer:
    """The layer that a word names: ``relu``, or ``leaky_relu:0.1`` with its main field.

    Raises CnncalcError for any other word, and for a field value that is not valid.
    """
    name, colon, value = word.partition(":")
    try:
        kind = layers.find(name)[0]
    except LayerError:
        kind = Layer
    if kind is Layer or kind.kind not in FUNCTIONS:
        near = did_you_mean(name, FUNCTIONS) if kind is Layer else ""  # gelu is not a typo for elu
        hint = near or f"; choose {one_of(list(FUNCTIONS))}"
        raise UsageError(f"no activation {name[:40]!r}{hint}")
    if colon and kind.main is None:
        raise UsageError(f"{kind.kind} takes no value; leave out {colon + value[:40]!r}")
    try:
        return kind.parse(scalar(value, Where("")) if colon else None)
    except LayerError as why:
        raise UsageError(f"{kind.kind} {why}") from None
