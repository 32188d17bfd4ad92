"""Keras: the JSON of ``model.to_json()``, which is also the ``config.json`` in a ``.keras`` file.

Layers keep their Keras names and mean what they mean there.
"""

import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from cnncalc import layers
from cnncalc.core.errors import LayerError, SpecError, Where
from cnncalc.core.layer import Layer
from cnncalc.core.shape import Shape, shape_of
from cnncalc.spec.readers._keras_calls import DEEPEST, histories, histories_in, number_of
from cnncalc.spec.readers._wiring import Wiring

NAME = "a Keras model"
MODELS = ("Functional", "Model", "Sequential")
RECURRENT = ("LSTM", "GRU", "SimpleRNN")
LONGEST_NAME = 200
MAX_STEPS = 200_000
"""The most steps of reading a model, of which every call of a layer takes ``STEPS``, and each of
its fields and inputs one: a model that is called often, inside another, may have any number."""
STEPS = 20
TRAINING = re.compile(
    r".*_(initializer|regularizer|constraint)|name|trainable|dtype|batch_(input_)?shape|sparse|"
    r"ragged|seed|noise_shape|momentum|synchronized|renorm.*|fused|virtual_batch_size|"
    r"adjustment|implementation|optional|input_spec|_?build.*|axis_wrapped|autocast|quantization.*"
)
"""Fields that affect neither shapes nor counts."""
ACTIVATIONS = {"swish": "silu", "hard_sigmoid": "hardsigmoid", "hard_swish": "hardswish"}
USUAL = {"groups": 1, "dilation_rate": 1, "depth_multiplier": 1}
"""Values that Keras writes although they are the default."""


Made = tuple[str, dict[str, Any]] | None


def is_it(text: str) -> bool:
    """Whether a text begins like a model in JSON."""
    return text.lstrip()[:1] == "{" and bool(re.search(r'"class_name"\s*:', text[:5_000]))


def read(text: str, source: str, inputs: Mapping[str, Sequence[int]]) -> dict[str, Any]:
    """The spec of a model."""
    try:
        model = json.loads(text)
    except (ValueError, RecursionError):
        raise SpecError(
            "the text is not valid JSON; export the model again", Where(source)
        ) from None
    return _Model(source, inputs).spec(model)


class _Model:
    """Walks the layers of a model. Tensors are named after the layer that makes them, with the
    names of the models around it, and the number of the call."""

    def __init__(self, source: str, inputs: Mapping[str, Sequence[int]]) -> None:
        self.wiring = Wiring(source)
        self.given = inputs
        self.shapes: dict[str, Shape] = {}
        self.owners: dict[str, str] = {}
        self.read: dict[int, list[list[tuple[str, int]]]] = {}
        self.depth = 0
        self.left = MAX_STEPS

    def spec(self, model: Any) -> dict[str, Any]:
        """The spec of the whole model."""
        kind, config = self.named(model)
        if kind not in MODELS:
            raise self.wiring.wrong(
                f"the file describes {kind[:60]!r}, not a model; export the whole model"
            )
        self.model(kind, config, "", [], "")
        return self.wiring.spec(str(config.get("name", "Keras model"))[:100])

    def named(self, layer: Any) -> tuple[str, Mapping[str, Any]]:
        """The class and the configuration of a layer or model."""
        config = layer.get("config") if isinstance(layer, dict) else None
        if isinstance(config, list):  # a Sequential of Keras 2.2
            config = {"layers": config}
        if not isinstance(config, dict) or not isinstance(layer.get("class_name"), str):
            raise self.wiring.wrong(
                "a layer lacks its 'class_name' or 'config'; export the model again"
            )
        return layer["class_name"], config

    def model(
        self, kind: str, config: Mapping[str, Any], path: str, given: list[str], call: str
    ) -> list[str]:
        """All layers of a model that reads the given tensors; the tensors that it outputs. ``path``
        begins the names of its layers, ``call`` is not empty for a call after the first."""
        listed = config.get("layers")
        self.depth += 1
        if not isinstance(listed, list) or self.depth > DEEPEST:
            why = (
                "the model has no list of layers"
                if self.depth <= DEEPEST
                else "models are nested too deeply"
            )
            raise self.wiring.wrong(why)
        left, last = [*given], [*given] if kind == "Sequential" else []
        for layer in listed:
            name, own = self.named(layer)
            word = str(own.get("name") or layer.get("name") or name)
            if len(word) > LONGEST_NAME:
                fact = f"the name {word[:60]!r}... is longer than {LONGEST_NAME} characters"
                raise self.wiring.wrong(fact)
            calls = [last] if kind == "Sequential" else self.sources(layer, path, call)
            if name == "InputLayer" and left:
                self.spend(STEPS)
                made = self.alias(f"{path}{word}:0{call}", left.pop(0))
                last = [made]
                continue
            for number, tensors in enumerate(calls or [[]]):
                self.spend(STEPS + len(own) + len(tensors))
                tensor = f"{path}{word}:{number}{call}"
                last = self.layer(name, own, f"{path}{word}", tensor, tensors)
        self.depth -= 1
        ends = [str(one[0]) for one in histories_in(config.get("output_layers"))]
        ends = [f"{path}{word}:{number_of(one)}{call}"
                for word, one in zip(ends, histories_in(config.get("output_layers")))]  # fmt: skip
        return ends or last

    def spend(self, steps: int) -> None:
        """Count steps; raises SpecError if there are too many."""
        self.left -= steps
        if self.left < 0:
            raise self.wiring.wrong(f"the file takes more than {MAX_STEPS:,} steps to read")

    def alias(self, tensor: str, same: str) -> str:
        """Another name for a tensor."""
        self.wiring.made[tensor] = self.wiring.source_of(same)
        self.shapes[tensor] = self.shapes[same]
        return tensor

    def sources(self, layer: Mapping[str, Any], path: str, call: str) -> list[list[str]]:
        """The tensors that each call of a layer reads."""
        if id(layer) not in self.read:
            self.read[id(layer)] = [*_calls(layer)]
        calls = self.read[id(layer)]
        self.spend(sum(map(len, calls)))
        return [[f"{path}{name}:{number}{call}" for name, number in one] for one in calls]

    def layer(
        self, kind: str, config: Mapping[str, Any], name: str, tensor: str, tensors: list[str]
    ) -> list[str]:
        """One layer, and its activation as another; the tensor that it makes."""
        shape = config.get("batch_shape") or config.get("batch_input_shape")
        if shape and not tensors:
            self.input(name, tensor, shape)
            if kind == "InputLayer":
                return [tensor]
            tensors, tensor = [tensor], f"{tensor}+"
        if kind in MODELS:
            again = "" if tensor.endswith(":0") else f"/{tensor}"
            ends = self.model(kind, config, f"{name}.", tensors, again)
            return [self.alias(tensor, ends[-1])]
        if kind == "InputLayer":
            raise self.wiring.wrong(f"the input {name[:60]!r} has no shape")
        if config.get("data_format") == "channels_first":
            raise self.wiring.wrong(
                f"layer {name[:60]!r} is channels_first; export the model as channels_last"
            )
        fields = {key: value for key, value in config.items() if not TRAINING.fullmatch(key)}
        fields.pop("data_format", None)
        then = ""
        shift = fields.pop("offset", 0) if kind == "Rescaling" else 0
        if kind not in RECURRENT:
            then = _activation(fields.pop("activation", None))
        if kind == "Activation":
            kind, fields, then = then or "identity", {}, ""
        else:
            known = self.shapes.get(tensors[0]) if tensors else None
            made = self.translated(kind, fields, len(known) + 1 if known else 0)
            if made is None:
                raise self.wiring.wrong(
                    f"layer {name[:60]!r}: this {kind[:40]} cannot be expressed in a spec"
                )
            kind, fields = made
        beside = {"trainable": False} if config.get("trainable") is False else {}
        if kind == "add" and config.get("scale") is not None and len(tensors) == 2:
            scaled = f"{tensor}*"
            self.add(f"{name}_scale", scaled, "multiply", config["scale"], tensors[1:], {})
            tensors = [tensors[0], scaled]
        self.add(name, tensor, kind, fields, tensors, beside)
        if shift:
            self.add(f"{name}_offset", tensor, "add", {"value": shift}, [tensor], {})
        if then:
            self.add(f"{name}_{then}", tensor, then, None, [tensor], {})
        return [tensor]

    def add(
        self,
        name: str,
        tensor: str,
        kind: str,
        fields: Any,
        tensors: list[str],
        beside: dict[str, Any],
    ) -> None:
        """A layer that makes a tensor; it shares its weights with an earlier one of its name."""
        for one in tensors:
            if one not in self.wiring.made:
                word = one.partition(":")[0]
                raise self.wiring.wrong(f"a layer reads {word[:60]!r}, but no layer produces it")
        found = layers.find(kind).kind if name in self.owners else Layer
        if found.parameters is not Layer.parameters:
            beside = {"weights": self.owners[name]}
        own = self.wiring.layer(name, kind, fields or None, tensors, **beside)
        self.owners.setdefault(name, own)
        self.wiring.made[tensor] = own
        layer = layers.find(kind).parse(fields or None)
        shapes = tuple(self.shapes[one] for one in tensors)
        try:
            self.shapes[tensor] = layer.infer(shapes)
        except LayerError as why:
            raise self.wiring.wrong(f"layer {name[:60]!r} ({kind[:40]}): {why}") from None

    def input(self, name: str, tensor: str, shape: Any) -> None:
        """An input of the model, with the size that is given instead of the file's."""
        sizes = self.channels_first(shape)
        given = self.given.get(name) or self.given.get("")
        if given is not None and (sizes is None or len(sizes) == len(given)):
            sizes = [*given]
        if sizes is None:
            raise self.wiring.wrong(
                f"input {name[:60]!r} has an unspecified size; give it, as in --input 3x224x224"
            )
        self.wiring.input(name, sizes)
        self.wiring.made[tensor] = self.wiring.made[name]
        self.shapes[tensor] = shape_of(tuple(sizes))

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
            raise self.wiring.wrong("a shape must be a list of sizes")
        if not all(isinstance(size, int) for size in listed):
            return None
        return [listed[-1], *listed[:-1]]


def _calls(layer: Mapping[str, Any]) -> Iterator[list[tuple[str, int]]]:
    """The layers that each call of a layer reads, and the numbers of their calls, as Keras 2 and
    Keras 3 write them."""
    for node in layer.get("inbound_nodes") or ():
        yield [(str(one[0])[:LONGEST_NAME], number_of(one)) for one in histories(node)]


def _activation(value: Any) -> str:
    """The kind of an activation by its Keras name; empty for none."""
    if isinstance(value, dict):
        value = value.get("config", value.get("class_name"))
    word = str(value or "linear")
    return "" if word == "linear" else ACTIVATIONS.get(word, word)


def _batch_norm(_: _Model, config: Mapping[str, Any], last: bool) -> Made:
    """`batch_norm`, which may learn only a scale or only a shift."""
    learned = config.get("scale", True), config.get("center", True)
    if not last:
        return None
    eps = {"eps": config["epsilon"]} if "epsilon" in config else {}
    if not any(learned):
        return "batch_norm", {**eps, "affine": False}
    return "batch_norm", {**eps, "scale": learned[0], "bias": learned[1]}


def _layer_norm(_: _Model, config: Mapping[str, Any], last: bool) -> Made:
    """`layer_norm` over the channels."""
    scale, center = config.get("scale", True), config.get("center", True)
    if not last or (center and not scale) or config.get("rms_scaling"):
        return None
    eps = {"eps": config["epsilon"]} if "epsilon" in config else {}
    return "layer_norm", {**eps, "over": "channels", "elementwise_affine": scale, "bias": center}


def _recurrent(kind: str) -> "Reader":
    """Reads a recurrent layer with Keras's own functions of the gates."""

    def read(_: _Model, config: Mapping[str, Any], last: bool) -> Made:
        usual = {"activation": "tanh", "recurrent_activation": "sigmoid"}
        if any(config.get(key, value) != value for key, value in usual.items()):
            return None
        if config.get("return_state") or config.get("stateful") or config.get("go_backwards"):
            return None
        return f"keras.{kind}", {
            "units": config.get("units"),
            "use_bias": config.get("use_bias", True),
            "return_sequences": config.get("return_sequences", False),
            **({"separate_biases": True} if kind == "GRU" and config.get("reset_after", True)
               else {}),
        }  # fmt: skip

    read.__doc__ = f"`{'rnn' if kind == 'SimpleRNN' else kind.lower()}`."
    return read


def _bidirectional(model: _Model, config: Mapping[str, Any], last: bool) -> Made:
    """The recurrent layer inside, in both directions."""
    kind, inner = model.named(config.get("layer") or {})
    if kind not in RECURRENT or config.get("merge_mode", "concat") != "concat":
        return None
    made = _recurrent(kind)(model, inner, last)
    if made is None or not inner.get("return_sequences"):
        return None
    return made[0], {**made[1], "bidirectional": True}


def _rescaling(_: _Model, config: Mapping[str, Any], last: bool) -> Made:
    """`multiply`, then perhaps `add`."""
    plain = isinstance(config.get("scale"), int | float)
    return ("multiply", {"value": config["scale"]}) if plain else None


def _relu(_: _Model, config: Mapping[str, Any], last: bool) -> Made:
    """`relu`, `relu6`, or `leaky_relu` with a slope."""
    slope, most = config.get("negative_slope") or 0, config.get("max_value")
    if config.get("threshold") or most not in (None, 6) or (slope and most):
        return None
    if slope:
        return "leaky_relu", {"negative_slope": slope}
    return ("relu" if most is None else "relu6"), {}


def _as(kind: str, *words: str, last: bool = False, **fields: Any) -> "Reader":
    """Reads a layer as a kind with these fields; ``words`` are fields of Keras and of the kind, and
    ``last`` refuses any other axis than the channels."""

    def read(_: _Model, config: Mapping[str, Any], over_channels: bool) -> Made:
        if last and not over_channels:
            return None
        given = {
            ours: config[theirs]
            for theirs, ours in zip(words[::2], words[1::2])
            if theirs in config
        }
        return kind, {**fields, **given}

    read.__doc__ = f"`{kind}`."
    return read


def _scaled_sum(_: _Model, config: Mapping[str, Any], last: bool) -> Made:
    """`multiply` the second map by a number, then `add`; of InceptionResNetV2."""
    return "add", {}


def _reshape(model: _Model, config: Mapping[str, Any], last: bool) -> Made:
    """`reshape`."""
    return "reshape", {"shape": model.sizes(config.get("target_shape"))}


Reader = Callable[[_Model, Mapping[str, Any], bool], Made]
SPECIAL: dict[str, Reader] = {
    "BatchNormalization": _batch_norm,
    "LayerNormalization": _layer_norm,
    # A mean, a variance and a counter, all of them fixed.
    "Normalization": _as("batch_norm", last=True, affine=False),
    "LSTM": _recurrent("LSTM"),
    "GRU": _recurrent("GRU"),
    "SimpleRNN": _recurrent("SimpleRNN"),
    "Bidirectional": _bidirectional,
    "Concatenate": _as("concat", last=True),
    "Reshape": _reshape,
    "Dropout": _as("dropout", "rate", "p"),
    "Rescaling": _rescaling,
    "LayerScale": _as("scale", "init_values", "initial"),
    "ReLU": _relu,
    "Add": _as("add"),
    "CustomScaleLayer": _scaled_sum,
    "Multiply": _as("multiply"),
    "Subtract": _as("subtract"),
    "Maximum": _as("maximum"),
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
