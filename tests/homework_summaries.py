"""Pasted summaries of twenty networks, as torchinfo, torchsummary and Keras print them.

    python tests/homework_summaries.py

A student's sheet is such a summary: nothing on it may be marked wrong. PyTorch builds the networks
from the package's export, Keras from the layers below. A tool that is not installed is left out
(pip install torchinfo torchsummary keras; Keras runs on PyTorch).
"""

import contextlib
import io
import os
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

import cnncalc
from cnncalc.homework import sheet
from cnncalc.homework.marking import Marker
from cnncalc.homework.sheets import txt

NETWORKS = (
    "alexnet", "alexnet_grouped", "alexnet_torchvision", "autoencoder_fc", "chinese_ocr",
    "cs231n_demo", "dilated_context", "lenet5", "mlp_mnist", "mnist_ntu", "ntu_example1",
    "ntu_example2", "squeezenet1_0", "squeezenet1_1", "srcnn", "vgg11", "vgg13", "vgg16_c",
    "zfnet", "zfnet_paper",
)  # fmt: skip
"""None has batch norms, whose running statistics Keras counts as parameters."""
NARROW, WIDE = 70, 110
"""Widths of Keras's summaries; names that do not fit are wrapped."""


def by_torchinfo(name: str) -> str:
    """The summary by torchinfo, with every layer."""
    import torch
    import torchinfo

    shape = cnncalc.summarize(name).input_shape
    with torch.device("meta"):
        network = cnncalc.to_torch(name)
        return str(torchinfo.summary(network, [(1, *shape)], device="meta", verbose=0, depth=9))


def by_torchsummary(name: str) -> str:
    """The summary by torchsummary."""
    import torchsummary

    shape = cnncalc.summarize(name).input_shape
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        torchsummary.summary(cnncalc.to_torch(name), tuple(shape), device="cpu")
    return printed.getvalue()


def by_keras(name: str, width: int) -> str:
    """The summary by Keras, at most ``width`` characters wide."""
    os.environ.setdefault("KERAS_BACKEND", "torch")
    os.environ["COLUMNS"] = str(width)
    printed: list[str] = []
    in_keras(name).summary(line_length=width, print_fn=lambda text, **_: printed.append(text))
    return "\n".join(printed)


def in_keras(name: str) -> Any:
    """The network in Keras, channels last."""
    import keras

    report = cnncalc.summarize(name)
    outputs: dict[int, Any] = {}
    for place, row in enumerate(report.rows):
        if not row.sources:
            *rest, channels = (*row.output[1:], row.output[0])
            outputs[place] = keras.Input((*rest, channels))
            continue
        x = [outputs[source] for source in row.sources]
        outputs[place] = as_keras(keras.layers, row, x)
    return keras.Model(
        [outputs[place] for place, row in enumerate(report.rows) if not row.sources],
        outputs[len(report.rows) - 1],
    )


def as_keras(layers: Any, row: Any, x: list[Any]) -> Any:
    """The output of a row's layer in Keras."""
    layer, (first, *_) = row.layer, x
    match row.kind:
        case "conv" | "max_pool" | "avg_pool":
            return windowed(layers, layer, row, first)
        case "linear":
            return layers.Dense(layer.out_features, use_bias=layer.bias)(first)
        case "flatten":
            return layers.Flatten()(first)
        case "dropout":
            return layers.Dropout(0.5)(first)
        case "relu":
            return layers.ReLU()(first)
        case "softmax":
            return layers.Softmax()(first)
        case "concat":
            return layers.Concatenate()(x)
        case "global_avg_pool":
            return layers.GlobalAveragePooling2D(keepdims=len(row.output) > 1)(first)
        case "sigmoid" | "tanh":
            return layers.Activation(row.kind)(first)
    return layers.Identity()(first)  # an operation without parameters that keeps the shape


def windowed(layers: Any, layer: Any, row: Any, x: Any) -> Any:
    """A convolution or a pool, after a layer that pads."""
    axes = layer.axes(row.inputs[0])
    pads = [(axis.before, axis.after + axis.overhang()) for axis in axes]
    if any(map(any, pads)):
        x = layers.ZeroPadding2D(pads)(x)
    sizes, strides = [axis.F for axis in axes], [axis.S for axis in axes]
    if row.kind == "conv":
        return layers.Conv2D(
            layer.out_channels,
            sizes,
            strides,
            dilation_rate=[axis.D for axis in axes],
            groups=layer.groups,
            use_bias=layer.bias,
        )(x)
    pool = layers.MaxPooling2D if row.kind == "max_pool" else layers.AveragePooling2D
    return pool(sizes, strides)(x)


TOOLS: dict[str, Callable[[str], str]] = {
    "torchinfo": by_torchinfo,
    "torchsummary": by_torchsummary,
    "Keras, narrow": lambda name: by_keras(name, NARROW),
    "Keras, wide": lambda name: by_keras(name, WIDE),
}


def marked(name: str, text: str) -> Iterator[tuple[str, str, str]]:
    """The question, the outcome and the remark of every answer in a pasted summary."""
    source = f"student: Ada\narchitecture: {name}\n\n{text}"
    for mark in Marker().sheet(sheet.read(txt.read(source, "ada.txt"))).marks:
        yield mark.answer.label, mark.outcome.value, str(mark.answer.given)


def pasted() -> Iterator[tuple[str, str, str, str, str]]:
    """The tool, the network, the question, the outcome and the answer of every answer in all
    summaries, without unanswered questions. A tool that is not installed is reported."""
    for tool, write in TOOLS.items():
        for name in NETWORKS:
            try:
                text = write(name)
            except ImportError as why:
                sys.stdout.write(f"{tool}: left out, {why}\n")
                break
            for label, outcome, given in marked(name, text):
                if outcome != "unanswered":
                    yield tool, name, label, outcome, given


def main() -> int:
    """Print how the answers of every tool are marked; the exit code is 1 if any is not right."""
    outcomes: Counter[tuple[str, str]] = Counter()
    for tool, name, label, outcome, given in pasted():
        outcomes[tool, outcome] += 1
        if outcome != "right":
            sys.stdout.write(f"  {tool} {name} {label}: {given} is {outcome}\n")
    for (tool, outcome), count in outcomes.items():
        sys.stdout.write(f"{tool}: {count} {outcome}\n")
    return int(any(outcome != "right" for _, outcome in outcomes))


if __name__ == "__main__":
    sys.exit(main())
