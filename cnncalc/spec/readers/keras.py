"""Keras: the JSON of ``model.to_json()``, which is also the ``config.json`` in a ``.keras`` file.

Layers keep their Keras names and mean what they mean there.
"""

import json
import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from cnncalc.core.errors import SpecError, Where
from cnncalc.spec.readers._wiring import Wiring

NAME = "a Keras model"
MODELS = ("Functional", "Model", "Sequential")
TRAINING = re.compile(
    r".*_(initializer|regularizer|constraint)|name|trainable|dtype|batch_(input_)?shape|sparse|"
    r"ragged|seed|noise_shape|momentum|synchronized|renorm.*|fused|virtual_batch_size|"
    r"adjustment|implementation|optional|input_spec|_?build.*|axis_wrapped|autocast|quantization.*"
)
"""Fields that change neither the shape nor the count of anything."""
ACTIVATIONS = {"swish": "silu", "hard_sigmoid": "hardsigmoid", "hard_swish": "hardswish"}
USUAL = {"groups": 1, "dilation_rate": 1, "depth_multiplier": 1}
"""Values that Keras writes although they are the default."""


Made = tuple[str, dict[str, Any]] | None


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
        self.ranks: dict[str, int] = {}

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
            raise self.wiring.wrong("has a layer without 'class_name' or 'config'")
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
                    f"uses the layer {tensor[:60]!r} {len(calls)} times; shared layers are not "
                    "supported yet"
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
                    f"input {name[:60]!r} has an unspecified size; give every size in the model's "
                    "Input"
                )
            self.wiring.input(name, sizes)
            self.ranks[name] = len(sizes) + 1
            if kind == "InputLayer":
                return
            tensors = [name]
        if kind in MODELS:
            raise self.wiring.wrong(f"has a model {name[:60]!r} inside, which is not supported yet")
        if kind == "InputLayer":
            raise self.wiring.wrong(f"the input {name[:60]!r} has no shape")
        if config.get("data_format") == "channels_first":
            raise self.wiring.wrong(f"{name[:60]!r} uses channels_first, which cannot be read")
        fields = {key: value for key, value in config.items() if not TRAINING.fullmatch(key)}
        fields.pop("data_format", None)
        then = _activation(fields.pop("activation", None))
        rank = self.ranks.get(tensors[0] if tensors else "", 0)
        if kind == "Activation":
            kind, fields, then = then or "identity", {}, ""
        else:
            made = self.translated(kind, fields, rank)
            if made is None:
                raise self.wiring.wrong(
                    f"layer {name[:60]!r}: this {kind[:40]} cannot be expressed in a spec"
                )
            kind, fields = made
        beside = {"trainable": False} if config.get("trainable") is False else {}
        own = self.wiring.layer(name, kind, fields or None, tensors, **beside)
        if then:
            self.wiring.made[name] = own
            own = self.wiring.layer(f"{name}_{then}", then, None, [name])
        self.wiring.made[name] = own
        self.ranks[name] = _rank(kind, fields, rank)

    def translated(self, kind: str, config: dict[str, Any], rank: int) -> Made:
        """A layer's kind and fields; Keras' own name means what it means there. None for what a
        spec cannot express. ``rank`` counts the axes of the input, the batch among them."""
        last = config.get("axis", -1) in (-1, [-1], rank - 1, [rank - 1])
        read = SPECIAL.get(kind)
        if read is None:
            return f"keras.{kind}", _fields(config)
        return read(self, config, last)

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


def _norm(kind: str, **usual: Any) -> "Reader":
    """Reads a normalization over the channels whose scale and offset are both learned or absent."""

    def read(_: _Model, config: Mapping[str, Any], last: bool) -> Made:
        scale, center = config.get("scale", True), config.get("center", True)
        if not last or scale is not center or config.get("rms_scaling"):
            return None
        eps = {"eps": config["epsilon"]} if "epsilon" in config else {}
        affine = "affine" if kind == "batch_norm" else "elementwise_affine"
        return kind, {**eps, **usual, affine: scale}

    return read


def _rescaling(_: _Model, config: Mapping[str, Any], last: bool) -> Made:
    plain = isinstance(config.get("scale"), int | float) and not config.get("offset")
    return ("multiply", {"value": config["scale"]}) if plain else None


def _relu(_: _Model, config: Mapping[str, Any], last: bool) -> Made:
    """A rectified linear unit, perhaps with a slope or up to 6."""
    slope, most = config.get("negative_slope") or 0, config.get("max_value")
    if config.get("threshold") or most not in (None, 6) or (slope and most):
        return None
    if slope:
        return "leaky_relu", {"negative_slope": slope}
    return ("relu" if most is None else "relu6"), {}


Reader = Callable[[_Model, Mapping[str, Any], bool], Made]
SPECIAL: dict[str, Reader] = {
    "BatchNormalization": _norm("batch_norm"),
    "LayerNormalization": _norm("layer_norm", over="channels"),
    # A mean, a variance and a counter, all of them fixed.
    "Normalization": lambda _, config, last: ("batch_norm", {"affine": False}) if last else None,
    "Concatenate": lambda _, config, last: ("concat", {}) if last else None,
    "Reshape": lambda model, config, _: (
        "reshape",
        {"shape": model.sizes(config.get("target_shape"))},
    ),
    "Dropout": lambda _, config, last: ("dropout", {"p": config.get("rate", 0.5)}),
    "Rescaling": _rescaling,
    "ReLU": _relu,
    "Add": lambda *_: ("add", {}),
    "Multiply": lambda *_: ("multiply", {}),
    "Subtract": lambda *_: ("subtract", {}),
    "Maximum": lambda *_: ("maximum", {}),
}
"""How to read the layers whose fields differ from those of their kind. Each reader takes the model,
the fields, and whether they concern the last axis, the channels."""


def _fields(config: Mapping[str, Any]) -> dict[str, Any]:
    """The fields that are set: Keras also writes those that are not."""
    return {
        name: value
        for name, value in config.items()
        if value is not None and not _is_usual(value, USUAL.get(name))
    }


def _is_usual(value: Any, usual: int | None) -> bool:
    """Whether a value, or each of a list, is the default."""
    listed = value if isinstance(value, list) else [value]
    return usual is not None and all(one == usual for one in listed)


def _rank(kind: str, fields: Mapping[str, Any], rank: int) -> int:
    """The axes of a layer's output, the batch among them."""
    if kind == "reshape":
        return len(fields["shape"] or ()) + 1
    pooled = kind.startswith("keras.Global") and not fields.get("keepdims")
    return 2 if pooled or kind == "keras.Flatten" else rank
