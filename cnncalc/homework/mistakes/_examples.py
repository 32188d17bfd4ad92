"""Networks and hand-worked calculations that serve as examples of several mistakes."""

from typing import Any

from cnncalc.homework.mistake import Example


def on_ten_filters(ask: str, wrong: str, why: str, batch: int = 1) -> Example:
    """Ten 5×5 filters with padding 2 on a 3×32×32 image."""
    layer = {"conv": {"filters": 10, "kernel": 5, "padding": 2}}
    return Example((layer,), "3x32x32", ask, wrong, why, batch=batch)


def on_alexnet(ask: str, wrong: str, why: str) -> Example:
    """The first convolution of AlexNet."""
    layer = {"conv": {"filters": 96, "kernel": 11, "stride": 4}}
    return Example((layer,), "3x227x227", ask, wrong, why)


def on_three_layers(ask: str, wrong: str, why: str) -> Example:
    """A convolution, a pool and another convolution, where the question is about the last."""
    conv = {"conv": {"filters": 4, "kernel": 3}}
    return Example((conv, {"max_pool": 2}, conv), "1x28x28", ask, wrong, why)


def on_transposed(wrong: str, why: str) -> Example:
    """The shape after a transposed convolution that doubles a 6×6 map."""
    fields = {"filters": 16, "kernel": 3, "stride": 2, "padding": 1, "output_padding": 1}
    return Example(({"conv_transpose": fields},), "16x6x6", "shape", wrong, why)


def on_two_linear(ask: str, wrong: str, why: str) -> Example:
    """A network of two fully connected layers."""
    return Example(({"linear": 100}, {"linear": 10}), "784", ask, wrong, why, of=None)


def on_numbers(given: str, wrong: str, why: str, **layer: Any) -> Example:
    """The output of a convolution of ``given``; ``layer`` holds the kernel and other settings."""
    return Example((layer,), given, "convolution", wrong, why, of=None)


def on_three_classes(target: str, wrong: str, why: str) -> Example:
    """The cross-entropy in bits of three probabilities."""
    given = {"probabilities": "0.5 0.25 0.25", "target": target, "log": 2}
    return Example((given,), "", "cross_entropy", wrong, why, of=None)
