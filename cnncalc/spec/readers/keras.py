"""Keras: the JSON of ``model.to_json()``, which is also the ``config.json`` in a ``.keras`` file.

Layers keep their Keras names and mean what they mean there.
"""

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from cnncalc.core.errors import SpecError, Where
from cnncalc.spec.readers._wiring import Wiring

NAME = "a Keras model"
MODELS = ("Functional", "Model", "Sequential")
TRAINING = re.compile(
    r".*_(initializer|regularizer|constraint)|name|trainable|dtype|batch_(input_)?shape|sparse|"
    r"ragged|data_format|seed|noise_shape|momentum|synchronized|renorm.*|fused|virtual_batch_size|"
    r"adjustment|implementation|optional|input_spec|_?build.*|axis_wrapped|autocast|quantization.*"
)
"""Fields that change neither the shape nor the count of anything."""
ACTIVATIONS = {"swish": "silu", "hard_sigmoid": "hardsigmoid", "hard_swish": "hardswish"}
UNCHANGED = ("Dropout", "SpatialDropout2D", "GaussianNoise", "GaussianDropout", "Rescaling",
             "ActivityRegularization")  # fmt: skip
"""Layers that change no shape and hold no parameters."""
RENAMED = {
    "Add": "add",
    "Concatenate": "concat",
    "Maximum": "maximum",
    "Multiply": "multiply",
    "Subtract": "subtract",
    **dict.fromkeys(UNCHANGED, "identity"),
}


def is_it(text: str) -> bool:
    """Whether a text begins like a model in JSON."""
    return text.lstrip()[:1] == "{" and bool(re.search(r'"class_name"\s*:', text[:5_000]))


def read(text: str, source: str) -> dict[str, Any]:
    """The spec of a model."""
    try:
        model = json.loads(text)
    except (ValueError, RecursionError):
        raise SpecError("is not valid JSON", Where(source)) from None
    return _Model(source).spec(model)


class _Model:
    """Walks the layers of a model."""

    def __init__(self, source: str) -> None:
        self.wiring = Wiring(source)

    def spec(self, model: Any) -> dict[str, Any]:
        """The spec of the whole model."""
        kind, config = self.named(model)
        if kind not in MODELS:
            raise self.wiring.wrong(f"describes {kind[:60]!r}, not a model")
        self.model(kind, config)
        return self.wiring.spec(str(config.get("name", "Keras model"))[:100])

    def named(self, layer: Any) -> tuple[str, Mapping[str, Any]]:
        """The class and the configuration of a layer or model."""
        config = layer.get("config") if isinstance(layer, dict) else None
        if isinstance(config, list):  # a Sequential of Keras 2.2
            config = {"layers": config}
        if not isinstance(config, dict) or not isinstance(layer.get("class_name"), str):
            raise self.wiring.wrong("has a layer without 'class_name' and 'config'")
        return layer["class_name"], config

    def model(self, kind: str, config: Mapping[str, Any]) -> None:
        """All layers of a model."""
        listed = config.get("layers")
        if not isinstance(listed, list):
            raise self.wiring.wrong("has no list of layers")
        last: str | None = None
        for layer in listed:
            name, own = self.named(layer)
            tensor = str(own.get("name") or layer.get("name") or name)
            calls = [*self.sources(layer)] if kind != "Sequential" else [[last] if last else []]
            if len(calls) > 1:
                raise self.wiring.wrong(
                    f"uses the layer {tensor[:60]!r} {len(calls)} times; shared layers cannot be "
                    "read yet"
                )
            self.layer(name, own, tensor, calls[0] if calls else [])
            last = tensor

    def sources(self, layer: Mapping[str, Any]) -> Iterator[list[str]]:
        """The tensors that each call of a layer reads, as Keras 2 and Keras 3 write them."""
        for node in layer.get("inbound_nodes") or ():
            if isinstance(node, dict):
                yield [*_histories(node.get("args"))]
            elif isinstance(node, list):
                yield [str(one[0]) for one in node if isinstance(one, list) and one]

    def layer(self, kind: str, config: Mapping[str, Any], name: str, tensors: list[str]) -> None:
        """One layer, and its activation as another."""
        shape = config.get("batch_shape") or config.get("batch_input_shape")
        if shape and not tensors:
            sizes = self.channels_first(shape)
            if sizes is None:
                raise self.wiring.wrong(
                    f"the input {name[:60]!r} has an open size; give the model's Input its sizes"
                )
            self.wiring.input(name, sizes)
            if kind == "InputLayer":
                return
            tensors = [name]
        if kind in MODELS:
            raise self.wiring.wrong(f"has a model {name[:60]!r} inside; it cannot be read yet")
        if kind == "InputLayer":
            raise self.wiring.wrong(f"the input {name[:60]!r} has no shape")
        fields = {key: value for key, value in config.items() if not TRAINING.fullmatch(key)}
        if config.get("data_format") == "channels_first":
            raise self.wiring.wrong(f"{name[:60]!r} has its channels first, unlike the others")
        then = _activation(fields.pop("activation", None))
        if kind == "Activation":
            kind, fields, then = then or "identity", {}, ""
        else:
            kind, fields = self.translated(kind, fields)
        own = self.wiring.layer(name, kind, fields or None, tensors)
        if then:
            self.wiring.made[name] = own
            own = self.wiring.layer(f"{name}_{then}", then, None, [name])
        self.wiring.made[name] = own

    def translated(self, kind: str, config: dict[str, Any]) -> tuple[str, dict[str, Any]]:
        """A layer's kind and fields; Keras' own name means what it means there."""
        match kind:
            case "BatchNormalization":
                return "batch_norm", self.norm(config)
            case "Normalization":  # a mean, a variance and a counter, all of them fixed
                return "batch_norm", {"affine": False}
            case "Reshape":
                return "reshape", {"shape": self.sizes(config.get("target_shape"))}
            case "ReLU" if config.get("negative_slope"):
                return "leaky_relu", {"negative_slope": config["negative_slope"]}
            case "ReLU":
                return ("relu6" if config.get("max_value") == 6 else "relu"), {}
        if kind in RENAMED:
            return RENAMED[kind], {}
        return f"keras.{kind}", _fields(config)

    def norm(self, config: Mapping[str, Any]) -> dict[str, Any]:
        """The fields of a batch norm over the channels."""
        scale, center = config.get("scale", True), config.get("center", True)
        if scale is not center:
            raise self.wiring.wrong(
                "has a BatchNormalization with only one of scale and center, which a spec cannot "
                "describe"
            )
        eps = {"eps": config["epsilon"]} if "epsilon" in config else {}
        return {**eps, "affine": scale}

    def channels_first(self, shape: Any) -> list[int] | None:
        """A shape without its batch, channels first; None if Keras leaves a size open."""
        listed = shape[0] if isinstance(shape, list) and isinstance(shape[0], list) else shape
        return self.sizes(listed[1:] if isinstance(listed, list) else None)

    def sizes(self, listed: Any) -> list[int] | None:
        """Sizes with the channels first; None if Keras leaves one open."""
        if not isinstance(listed, list) or not listed:
            raise self.wiring.wrong("has a shape that is not a list of sizes")
        if not all(isinstance(size, int) for size in listed):
            return None
        return [listed[-1], *listed[:-1]]


def _histories(args: Any) -> Iterator[str]:
    """The layers that make the tensors in the arguments of a call."""
    if isinstance(args, list):
        for one in args:
            yield from _histories(one)
    elif isinstance(args, dict):
        config = args.get("config")
        history = config.get("keras_history") if isinstance(config, dict) else None
        if isinstance(history, list) and history:
            yield str(history[0])


def _activation(value: Any) -> str:
    """The kind of an activation by its Keras name; empty for none."""
    if isinstance(value, dict):
        value = value.get("config", value.get("class_name"))
    word = str(value or "linear")
    return "" if word == "linear" else ACTIVATIONS.get(word, word)


def _fields(config: Mapping[str, Any]) -> dict[str, Any]:
    """The fields that are set: Keras also writes those that are not."""
    usual = {"groups": 1, "dilation_rate": [1, 1], "depth_multiplier": 1, "keepdims": False,
             "output_padding": None, "interpolation": "nearest", "axis": [-1]}  # fmt: skip
    return {
        name: value
        for name, value in config.items()
        if value is not None and (name not in usual or value not in (usual[name], -1, 3))
    }
