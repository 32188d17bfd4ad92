"""Write small int8 models for TensorFlow Lite Micro, and what its interpreter allocates for them.

``python tests/tflite_models.py`` needs ``tensorflow-cpu`` and ``tflite-micro``, which no extra
installs, because they are large. For every model it writes the JSON of Keras, which cnncalc reads,
the converted ``.tflite`` file and, in ``arenas.json``, the arena's head and the bytes of constants.
``tests/test_arena.py`` compares these with cnncalc's, and needs neither.
"""

import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parent / "cases" / "tflite"
ARENA = 4_000_000
"""The bytes that the interpreter may use."""


def block(layer: Any, x: Any, filters: int, **options: Any) -> Any:
    """A convolution with a batch norm and a ReLU; 0 filters make it depthwise."""
    options = {"padding": "same", "kernel_size": 3, **options}
    last = options.pop("last", "relu6")
    kind = layer.Conv2D if filters else layer.DepthwiseConv2D
    x = kind(*[filters] * bool(filters), use_bias=False, **options)(x)
    x = layer.BatchNormalization()(x)
    return layer.Activation(last)(x) if last else x


def ds_cnn(layer: Any, x: Any) -> Any:
    """MLPerf Tiny's keyword spotting."""
    x = block(layer, x, 64, kernel_size=(10, 4), strides=2)
    for _ in range(4):
        x = block(layer, block(layer, x, 0), 64, kernel_size=1)
    x = layer.AveragePooling2D((25, 5))(x)
    return layer.Dense(12, activation="softmax")(layer.Flatten()(x))


def plain(layer: Any, x: Any) -> Any:
    """Convolutions, pools, and a map that is flattened."""
    x = layer.MaxPooling2D(2)(layer.Conv2D(5, 3, activation="relu")(x))
    x = layer.Conv2D(7, 3, strides=2, dilation_rate=1, padding="same", activation="sigmoid")(x)
    x = layer.Dense(20, activation="relu")(layer.Flatten()(x))
    return layer.Dense(10, activation="softmax")(layer.Dropout(0.5)(x))


def residual(layer: Any, x: Any) -> Any:
    """The first stages of MLPerf Tiny's ResNet."""
    x = block(layer, x, 16, last="relu")
    for filters, stride in ((16, 1), (32, 2)):
        y = block(layer, x, filters, strides=stride, last="relu")
        y = block(layer, y, filters, last=None)
        if stride > 1:
            x = block(layer, x, filters, strides=stride, kernel_size=1, last=None)
        x = layer.Activation("relu")(layer.Add()([x, y]))
    return layer.Dense(10)(layer.GlobalAveragePooling2D()(x))


def inverted(layer: Any, x: Any) -> Any:
    """The blocks of MobileNetV2."""
    x = block(layer, x, 8, strides=2)
    for filters, stride in ((8, 1), (16, 2), (16, 1)):
        y = block(layer, x, 6 * x.shape[-1], kernel_size=1)
        y = block(layer, block(layer, y, 0, strides=stride), filters, kernel_size=1, last=None)
        x = layer.Add()([x, y]) if x.shape == y.shape else y
    return layer.Dense(2)(layer.GlobalAveragePooling2D()(x))


def inception(layer: Any, x: Any) -> Any:
    """Four branches that are concatenated, as in GoogLeNet."""
    x = block(layer, x, 16, last="relu")
    one = block(layer, x, 8, kernel_size=1, last="relu")
    two = block(layer, block(layer, x, 6, kernel_size=1, last="relu"), 12, last="relu")
    three = block(layer, block(layer, x, 4, kernel_size=1, last="relu"), 8, last="relu")
    pool = layer.MaxPooling2D(3, strides=1, padding="same")(x)
    four = block(layer, pool, 4, kernel_size=1, last="relu")
    return layer.GlobalAveragePooling2D()(layer.Concatenate()([one, two, three, four]))


def branches(layer: Any, x: Any) -> Any:
    """Two branches, of which the wide one should run first."""
    x = layer.Conv2D(4, 3, padding="same")(x)
    narrow = layer.Conv2D(8, 1)(x)
    wide = layer.MaxPooling2D(4)(layer.Conv2D(24, 3, padding="same")(x))
    narrow = layer.MaxPooling2D(4)(layer.Conv2D(24, 1)(narrow))
    return layer.Concatenate()([narrow, wide])


def dense(layer: Any, x: Any) -> Any:
    """A block of DenseNet, whose norms cannot be folded, and a large map that is flattened."""
    x = layer.Conv2D(8, 3, padding="same", use_bias=False)(x)
    for _ in range(3):
        y = layer.Activation("relu")(layer.BatchNormalization()(x))
        x = layer.Concatenate()([x, layer.Conv2D(4, 3, padding="same")(y)])
    return layer.Dense(5, use_bias=False)(layer.Flatten()(x))


def separable(layer: Any, x: Any) -> Any:
    """Layers that take several operations or scratch memory."""
    x = layer.Activation("silu")(layer.SeparableConv2D(12, 3, padding="same")(x))
    x = layer.Conv2DTranspose(8, 2, strides=2)(layer.PReLU(shared_axes=[1, 2])(x))
    return layer.GlobalAveragePooling2D()(layer.Conv2D(4, 1)(x))


def swish(layer: Any, x: Any) -> Any:
    """A block of EfficientNet, with squeeze and excitation."""
    x = layer.Activation("silu")(layer.Conv2D(16, 3, padding="same", groups=1)(x))
    y = layer.GlobalAveragePooling2D(keepdims=True)(x)
    y = layer.Conv2D(16, 1, activation="sigmoid")(layer.Conv2D(4, 1, activation="relu")(y))
    return layer.GlobalAveragePooling2D()(layer.Multiply()([x, y]))


MODELS: dict[str, tuple[Callable[[Any, Any], Any], tuple[int, ...]]] = {
    "branches": (branches, (16, 16, 3)),
    "dense": (dense, (12, 12, 3)),
    "ds_cnn": (ds_cnn, (49, 10, 1)),
    "inception": (inception, (15, 15, 3)),
    "inverted": (inverted, (32, 32, 3)),
    "plain": (plain, (29, 29, 1)),
    "residual": (residual, (32, 32, 3)),
    "separable": (separable, (10, 10, 6)),
    "swish": (swish, (16, 16, 3)),
}
"""The models and the shapes of their inputs."""


def made(name: str) -> Any:
    """The model with random weights, so that the converter drops no zeros."""
    import keras
    import numpy

    make, shape = MODELS[name]
    given = keras.Input(shape, batch_size=1)
    model = keras.Model(given, make(keras.layers, given), name=name)
    random = numpy.random.RandomState(1)
    model.set_weights([random.uniform(0.1, 1, one.shape) for one in model.get_weights()])
    return model


def converted(model: Any) -> bytes:
    """The model in int8, from input to output."""
    import numpy
    import tensorflow

    random = numpy.random.RandomState(1)
    images = [random.rand(*model.input_shape).astype("float32") for _ in range(2)]
    converter = tensorflow.lite.TFLiteConverter.from_keras_model(model)
    converter.optimizations = [tensorflow.lite.Optimize.DEFAULT]
    converter.representative_dataset = lambda: ([image] for image in images)
    converter.target_spec.supported_ops = [tensorflow.lite.OpsSet.TFLITE_BUILTINS_INT8]
    converter.inference_input_type = converter.inference_output_type = tensorflow.int8
    return bytes(converter.convert())


def arena(data: bytes) -> dict[str, int]:
    """The head and the tail of the arena."""
    import contextlib
    import os
    import tempfile

    from tflite_micro.python.tflite_micro import runtime

    interpreter = runtime.Interpreter.from_bytes(data, arena_size=ARENA)
    with tempfile.TemporaryFile("w+") as file:
        before = os.dup(2)  # the interpreter prints to the process's standard error
        os.dup2(file.fileno(), 2)
        with contextlib.suppress(BaseException):
            interpreter.print_allocations()
        os.dup2(before, 2)
        file.seek(0)
        found = re.findall(r"allocation (head|tail) (\d+) bytes", file.read())
    return {name: int(size) for name, size in found}


def constants(data: bytes) -> Iterator[tuple[str, int]]:
    """The bytes of each int8 and int32 constant with a quantization, and of its scales and zero
    points."""
    from tflite_micro.tensorflow.lite.micro.python import schema_py_generated as schema

    model = schema.ModelT.InitFromObj(schema.Model.GetRootAsModel(data, 0))
    words = {schema.TensorType.INT8: "weights", schema.TensorType.INT32: "biases"}
    for tensor in model.subgraphs[0].tensors:
        held, quantized = model.buffers[tensor.buffer].data, tensor.quantization
        if held is not None and quantized is not None and quantized.scale is not None:
            yield words[tensor.type], len(held)
            yield "quantization", 4 * len(quantized.scale) + 8 * len(quantized.zeroPoint)


def main() -> None:
    """Write all models, and the memory that the interpreter allocates for each."""
    FOLDER.mkdir(exist_ok=True)
    arenas: dict[str, dict[str, int]] = {}
    for name in MODELS:
        model = made(name)
        data = converted(model)
        (FOLDER / f"{name}.json").write_text(model.to_json() + "\n", encoding="utf-8")
        (FOLDER / f"{name}.tflite").write_bytes(data)
        sizes = {"file": len(data), **arena(data), "weights": 0, "biases": 0, "quantization": 0}
        for word, size in constants(data):
            sizes[word] += size
        arenas[name] = sizes
    text = json.dumps(arenas, indent=2) + "\n"
    (FOLDER / "arenas.json").write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
