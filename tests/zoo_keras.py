"""Compare Keras's layers with what cnncalc reads: part of ``tests/zoo_files.py``."""

import os
import tempfile
from collections.abc import Iterator, Sequence
from math import prod
from pathlib import Path
from typing import Any

import cnncalc
from cnncalc.core.errors import CnncalcError

ON_CPU = ("RepeatVector",)
"""Layers that Keras cannot run on the meta device."""
MAP, SIGNAL, VECTOR = (8, 8, 4), (6, 4), (12,)


def models(tool: Any) -> Iterator[tuple[str, Any]]:
    """A model of every layer that people put into networks, by name."""
    layer = tool.layers

    def one(made: Any, *shapes: tuple[int, ...], listed: bool = True) -> Any:
        inputs = [tool.Input(shape) for shape in shapes]
        read = inputs if len(inputs) > 1 and listed else inputs[:1]
        outputs = made(*read) if not listed else made(read if len(read) > 1 else read[0])
        return tool.Model(inputs, outputs)

    made = {
        **{name: (getattr(layer, name)(), SIGNAL, SIGNAL)
           for name in ("Add", "Average", "Concatenate", "Maximum", "Minimum", "Multiply",
                        "Subtract")},
        "Dot": (layer.Dot(axes=2), SIGNAL, SIGNAL),
        "Attention": (layer.Attention(), SIGNAL, SIGNAL),
        "AdditiveAttention": (layer.AdditiveAttention(), SIGNAL, SIGNAL),
        "Activation": (layer.Activation("gelu"), MAP),
        "ActivityRegularization": (layer.ActivityRegularization(l2=0.1), MAP),
        "AdaptiveAveragePooling2D": (layer.AdaptiveAveragePooling2D(3), MAP),
        "AlphaDropout": (layer.AlphaDropout(0.1), MAP),
        "AveragePooling2D same": (layer.AveragePooling2D(3, 2, "same"), MAP),
        "BatchNormalization": (layer.BatchNormalization(), MAP),
        "Bidirectional": (layer.Bidirectional(layer.LSTM(3, return_sequences=True)), SIGNAL),
        "CenterCrop": (layer.CenterCrop(4, 6), MAP),
        "Conv1D causal": (layer.Conv1D(3, 2, padding="causal"), SIGNAL),
        "Conv2D": (layer.Conv2D(6, 3, groups=2, dilation_rate=2, activation="relu"), MAP),
        "Conv2DTranspose": (layer.Conv2DTranspose(3, 3, strides=2, padding="same"), MAP),
        "ConvLSTM2D": (layer.ConvLSTM2D(3, 3, padding="same", unroll=True), (2, *MAP)),
        "Cropping2D": (layer.Cropping2D(((1, 2), (0, 3))), MAP),
        "Dense": (layer.Dense(5, activation="softmax"), VECTOR),
        "Dense of positions": (layer.Dense(5), MAP),
        "DepthwiseConv2D": (layer.DepthwiseConv2D(3, depth_multiplier=2), MAP),
        "ELU": (layer.ELU(0.5), MAP),
        "EinsumDense": (layer.EinsumDense("abc,cd->abd", (6, 3)), SIGNAL),
        "Embedding": (layer.Embedding(50, 7), (6,)),
        "Flatten": (layer.Flatten(), MAP),
        "GRU": (layer.GRU(3), SIGNAL),
        "GaussianDropout": (layer.GaussianDropout(0.1), MAP),
        "GaussianNoise": (layer.GaussianNoise(0.1), MAP),
        "GlobalAveragePooling2D": (layer.GlobalAveragePooling2D(keepdims=True), MAP),
        "GlobalMaxPooling1D": (layer.GlobalMaxPooling1D(), SIGNAL),
        "GroupNormalization": (layer.GroupNormalization(2), MAP),
        "LSTM": (layer.LSTM(3, return_sequences=True), SIGNAL),
        "LayerNormalization": (layer.LayerNormalization(), SIGNAL),
        "LeakyReLU": (layer.LeakyReLU(0.2), MAP),
        "Masking": (layer.Masking(), SIGNAL),
        "MaxPooling2D": (layer.MaxPooling2D(3, 2, "same"), MAP),
        "PReLU": (layer.PReLU(shared_axes=[1, 2]), MAP),
        "Permute": (layer.Permute((2, 1)), SIGNAL),
        "RMSNormalization": (layer.RMSNormalization(), SIGNAL),
        "RandomFlip": (layer.RandomFlip(), MAP),
        "ReLU": (layer.ReLU(6.0), MAP),
        "RepeatVector": (layer.RepeatVector(3), VECTOR),
        "Rescaling": (layer.Rescaling(1 / 255), MAP),
        "Reshape": (layer.Reshape((4, 64)), MAP),
        "Resizing": (layer.Resizing(12, 4), MAP),
        "SeparableConv2D": (layer.SeparableConv2D(6, 3, depth_multiplier=2), MAP),
        "Softmax": (layer.Softmax(), MAP),
        "SpatialDropout2D": (layer.SpatialDropout2D(0.1), MAP),
        "SpectralNormalization": (layer.SpectralNormalization(layer.Conv2D(3, 3)), MAP),
        "TimeDistributed": (layer.TimeDistributed(layer.Dense(5)), SIGNAL),
        "UnitNormalization": (layer.UnitNormalization(), SIGNAL),
        "UpSampling2D": (layer.UpSampling2D(2, interpolation="bilinear"), MAP),
        "ZeroPadding2D": (layer.ZeroPadding2D(((1, 0), (2, 3))), MAP),
    }  # fmt: skip
    for name, (found, *shapes) in made.items():
        yield name, one(found, *shapes)
    for name, heads, size, shapes in (
        ("MultiHeadAttention", 2, 2, (SIGNAL,)),
        ("MultiHeadAttention of another", 2, 2, (SIGNAL, (5, 3))),
        ("MultiHeadAttention of other width", 2, 3, (SIGNAL,)),
    ):
        inputs = [tool.Input(shape) for shape in shapes]
        attention = layer.MultiHeadAttention(heads, size)
        yield name, tool.Model(inputs, attention(inputs[0], inputs[-1]))
    x = tool.Input(MAP)
    inner = layer.Conv2D(3, 3, name="inner")(x)
    yield "an inner output", tool.Model(x, [inner, layer.ReLU()(inner)])


def layers(names: Sequence[str]) -> Iterator[tuple[str, str]]:
    """Every layer, and how its shapes, counts and MACs differ; ~ for one that is refused."""
    os.environ |= {"KERAS_BACKEND": "torch", "KERAS_TORCH_DEVICE": "meta"}
    import keras as tool

    for name, model in models(tool):
        if not names or name in names:
            device = "cpu" if name in ON_CPU else "meta"
            with tool.device(device):
                yield name, differing(model, device)


def differing(model: Any, device: str) -> str:
    """How a model's figures differ from those of what cnncalc reads."""
    import torch
    from torch.utils.flop_counter import FlopCounterMode

    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "model.json"
        file.write_text(model.to_json(), encoding="utf-8")
        try:
            report = cnncalc.summarize(file)
        except CnncalcError as why:
            return f"~ refused: {str(why).partition(': ')[2]}"
    given = [torch.zeros(1, *shape[1:], device=device) for shape in _listed(model.input_shape)]
    with FlopCounterMode(display=False) as counter, torch.no_grad():
        model(given if len(given) > 1 else given[0])
    pairs = {
        "outputs": (
            [row.output.dimensions for row in report.outputs],
            [(one[-1], *one[1:-1]) for one in _listed(model.output_shape)],
        ),
        "parameters": (
            report.totals.params,
            sum(prod(one.shape) for one in model.trainable_weights),
        ),
        "MACs": (report.totals.macs, counter.get_total_flops() // 2),
    }
    return ", ".join(
        f"{what} {ours}, not {theirs}" for what, (ours, theirs) in pairs.items() if ours != theirs
    )


def _listed(shapes: Any) -> list[Any]:
    return shapes if isinstance(shapes, list) else [shapes]
