"""Keras: the JSON from ``model.to_json()``, which is also the ``config.json`` in a ``.keras`` file.

Layers keep their names, and the names of kinds have their Keras meaning.
"""

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any

from cnncalc import layers
from cnncalc.core.cost import BYTES
from cnncalc.core.errors import LayerError, SpecError, UsageError, Where
from cnncalc.core.layer import Layer
from cnncalc.core.parsing import NOT_COUNTED
from cnncalc.core.shape import Shape, shape_of
from cnncalc.spec.readers._keras_calls import (
    DEEPEST,
    LONGEST_NAME,
    Reference,
    histories,
    histories_in,
    operand,
    reference,
    tensor_of,
)
from cnncalc.spec.readers._keras_layers import CELLS, SPECIAL, Made
from cnncalc.spec.readers._wiring import Wiring

NAME = "a Keras model"
MODELS = ("Functional", "Model", "Sequential")
MAX_STEPS = 200_000
"""The most steps that reading a model may take: ``STEPS`` for every call of a layer, and one for
each of its fields and inputs. Models inside models that are called repeatedly could otherwise
take any number."""
STEPS = 20
TRAINING = re.compile(
    rf"{NOT_COUNTED}|name|trainable|dtype|batch_(input_)?shape|sparse|"
    r"ragged|seed|noise_shape|momentum|synchronized|renorm.*|fused|virtual_batch_size|"
    r"adjustment|implementation|optional|input_spec|_?build.*|axis_wrapped|autocast|quantization.*"
)
"""Fields that affect neither shapes nor counts, or that are read elsewhere."""
ACTIVATIONS = {
    "swish": "silu",
    "hard_sigmoid": "hardsigmoid",
    "hard_silu": "hardswish",
    "hard_swish": "hardswish",
}
SLOPE = {"leaky_relu": {"negative_slope": 0.2}}
"""The fields of activations whose defaults in Keras are not those of the kind."""
USUAL = {"groups": 1, "dilation_rate": 1, "depth_multiplier": 1}
"""Values that Keras writes although they are the default."""


def is_it(text: str) -> bool:
    """Whether a file begins like a model in JSON."""
    start = text.lstrip()[:1]
    return start in ("{", '"') and bool(re.search(r'"class_name\\?"\s*:', text[:5_000]))


def read(text: str, source: str, inputs: Mapping[str, Sequence[int]]) -> dict[str, Any]:
    """The spec of a model."""
    try:
        model = json.loads(text)
        if isinstance(model, str):  # json.dump(model.to_json()) encodes it twice
            model = json.loads(model)
    except (ValueError, RecursionError):
        raise SpecError(
            "the model's description is not valid JSON; export the model again", Where(source)
        ) from None
    return _Model(source, inputs).spec(model)


class _Model:
    """Walks the layers of a model. Tensors are named after the layer that makes them, with the
    names of the models around it, and the number of the call."""

    def __init__(self, source: str, inputs: Mapping[str, Sequence[int]]) -> None:
        self.wiring = Wiring(source)
        self.given = inputs
        self.several = False
        self.shapes: dict[str, Shape] = {}
        self.owners: dict[str, str] = {}
        self.read: dict[int, list[list[Reference]]] = {}
        self.depth = 0
        self.shape: Shape | None = None
        self.reading: list[str] = []
        self.after: list[tuple[str, str, dict[str, Any]]] = []
        self.left = MAX_STEPS
        self.dtypes: set[str] = set()

    def spec(self, model: Any) -> dict[str, Any]:
        """The spec of the whole model."""
        kind, config = self.named(model)
        if kind not in MODELS:
            raise self.wiring.wrong(
                f"this describes {kind[:60]!r}, not a Sequential or functional model; write the "
                "whole model as one of these"
            )
        listed = config.get("layers")
        kinds = [self.named(one)[0] for one in listed] if isinstance(listed, list) else []
        self.several = kinds.count("InputLayer") > 1
        outputs = [self.wiring.output(one) for one in self.model(kind, config, "", [], "")]
        spec = self.wiring.spec(str(config.get("name", "Keras model"))[:100])
        (dtype,) = self.dtypes if len(self.dtypes) == 1 else ("float32",)
        spec |= {"dtype": dtype} if dtype in BYTES and dtype != "float32" else {}
        return spec | self.wiring.outputs(outputs)

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
        """Add all layers of a model that reads the given tensors. Returns the tensors that it
        outputs. ``path`` begins the names of its layers; ``call`` is not empty for a call after the
        first."""
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
            own = {**own, **operand(layer)}
            for number, tensors in enumerate(calls or [[]]):
                self.spend(STEPS + len(own) + len(tensors))
                tensor = f"{path}{word}:{number}{call}"
                last = self.layer(name, own, f"{path}{word}", tensor, tensors)
        self.depth -= 1
        outputs = config.get("output_layers")
        outputs = [*outputs.values()] if isinstance(outputs, dict) else outputs
        return [tensor_of(reference(one), path, call) for one in histories_in(outputs)] or last

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
            nodes = layer.get("inbound_nodes") or []
            if not isinstance(nodes, list):
                raise self.wiring.wrong("'inbound_nodes' must be a list; export the model again")
            self.read[id(layer)] = [[*map(reference, histories(node))] for node in nodes]
        calls = self.read[id(layer)]
        self.spend(sum(map(len, calls)))
        return [[tensor_of(one, path, call) for one in listed] for listed in calls]

    def layer(
        self, kind: str, config: Mapping[str, Any], name: str, tensor: str, tensors: list[str]
    ) -> list[str]:
        """Add a layer, and its activation as another. Returns the tensors that it makes."""
        shape = config.get("batch_shape") or config.get("batch_input_shape")
        if not tensors and not shape and kind != "InputLayer":
            tensors = [self.first_input(name)]
        if shape and not tensors:
            self.input(name, tensor, shape)
            if kind == "InputLayer":
                return [tensor]
            tensors, tensor = [tensor], f"{tensor}+"
        if kind in MODELS:
            again = "" if tensor.endswith(":0") else f"/{tensor}"
            ends = self.model(kind, config, f"{name}.", tensors, again)
            self.spend(len(ends))
            several = enumerate(ends)
            return [self.alias(f"{tensor}#{at}" if at else tensor, one) for at, one in several]
        if kind == "InputLayer":
            raise self.wiring.wrong(f"the input {name[:60]!r} has no shape")
        if config.get("data_format") == "channels_first":
            raise self.wiring.wrong(
                f"layer {name[:60]!r} is channels_first; export the model as channels_last"
            )
        self.dtypes.add(_policy(config.get("dtype")))
        fields = self.own(kind, config)
        then = self.activation(kind, config)
        if isinstance(then, dict) and kind == "Activation":
            return self.inner(then, name, tensor, tensors)
        factor = config.get("scale") if kind == "CustomScaleLayer" and len(tensors) == 2 else None
        if kind == "Activation":
            kind, then = then or "identity", ""
            fields, self.after = SLOPE.get(kind, {}), []
        else:
            known = self.shapes.get(tensors[0])
            self.shape, self.reading, self.after = known, tensors, []
            made = self.translated(kind, fields, len(known) + 1 if known else 0)
            if made is None:
                raise self.wiring.wrong(
                    f"layer {name[:60]!r}: this {kind[:40]} is not supported; export the "
                    "model as ONNX, where unknown operators become opaque layers"
                )
            (kind, fields), tensors = made, self.reading
        beside = {"trainable": False} if config.get("trainable") is False else {}
        if factor is not None:
            scaled = f"{tensor}*"
            self.add(f"{name}_scale", scaled, "multiply", factor, tensors[1:], {})
            tensors = [tensors[0], scaled]
        self.add(name, tensor, kind, fields, tensors, beside)
        for word, step, fields in self.after:
            self.add(f"{name}_{word}", tensor, step, fields, [tensor], {})
        self.activate(then, name, tensor)
        return [tensor]

    def activation(self, kind: str, config: Mapping[str, Any]) -> Any:
        """The activation after a layer, as a kind or as a layer of its own; empty if it has
        none."""
        frames = kind == "TimeDistributed"  # the inner layer's activation applies to all frames
        if frames:
            kind, config = self.named(config.get("layer") or {})
        value = None if kind in CELLS else config.get("activation")
        if not isinstance(value, dict) or not isinstance(value.get("config"), dict):
            return _activation(value)
        every = {"layer": value, "dtype": config.get("dtype")}
        return {"class_name": "TimeDistributed", "config": every} if frames else value

    def activate(self, then: Any, name: str, tensor: str) -> None:
        """Add the activation after a layer, if it has one, as a layer that replaces its tensor."""
        if isinstance(then, dict):
            self.inner(then, f"{name}_activation", tensor, [tensor])
        elif then:
            self.add(f"{name}_{then}", tensor, then, SLOPE.get(then), [tensor], {})

    def inner(self, layer: Any, name: str, tensor: str, tensors: list[str]) -> list[str]:
        """Add a layer that is the activation of another one. Returns the tensors that it makes."""
        kind, config = self.named(layer)
        self.spend(STEPS + len(config))
        self.depth += 1
        if self.depth > DEEPEST:
            raise self.wiring.wrong("activations are nested too deeply")
        made = self.layer(kind, config, name, tensor, tensors)
        self.depth -= 1
        return made

    def own(self, kind: str, config: Mapping[str, Any]) -> dict[str, Any]:
        """The fields of a layer that affect shapes or counts, without its activation; cells keep
        theirs."""
        gone = {"data_format"} if kind in CELLS else {"data_format", "activation"}
        kept = {key: value for key, value in config.items() if not TRAINING.fullmatch(key)}
        return {key: value for key, value in kept.items() if key not in gone}

    def add(
        self,
        name: str,
        tensor: str,
        kind: str,
        fields: Any,
        tensors: list[str],
        beside: dict[str, Any],
    ) -> None:
        """Add a layer that makes a tensor. It shares its weights with an earlier layer that has the
        same name."""
        for one in tensors:
            if one not in self.wiring.made:
                word = one.partition(":")[0]
                fact = f"layer {name[:60]!r} reads {word[:60]!r}, but no layer produces it"
                raise self.wiring.wrong(fact)
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

    def first_input(self, name: str) -> str:
        """The tensor that the first layer of a model without an Input reads, with the given
        size."""
        given = self.size_given("input")
        if self.wiring.inputs or not given:
            help = "connect it to another layer and save the model again"
            if not self.wiring.inputs:
                help = "add an Input to the model and save it again, or give a size, as in "
                help += "--input 3x9x9"
            raise self.wiring.wrong(f"layer {name[:60]!r} has no input; {help}")
        self.wiring.input("input", [*given])
        self.wiring.made["input"] = "input"
        self.shapes["input"] = shape_of(tuple(given))
        return "input"

    def size_given(self, name: str) -> Sequence[int] | None:
        """The size that the user gives for an input. If the model has only one, it may have any
        name here, because a wrong name is reported later."""
        if self.several:
            return self.given.get(name) or self.given.get("")
        return next(iter(self.given.values()), None)

    def input(self, name: str, tensor: str, shape: Any) -> None:
        """Add an input of the model, with the given size or else the file's."""
        sizes = self.channels_first(shape)
        given = self.size_given(name)
        if given is not None and (sizes is None or len(sizes) == len(given)):
            sizes = [*given]
        if sizes is None:
            example = f"{name[:60]}=3x224x224" if self.several else "3x224x224"
            raise self.wiring.wrong(
                f"input {name[:60]!r} has an unspecified size; give it, as in --input {example}"
            )
        self.wiring.input(name, sizes)
        self.wiring.made[tensor] = self.wiring.made[name]
        try:
            self.shapes[tensor] = shape_of(tuple(sizes))
        except UsageError as why:
            raise self.wiring.wrong(f"input {name[:60]!r}: {why.fact}") from None

    def translated(self, kind: str, config: dict[str, Any], rank: int) -> Made:
        """A layer's kind, with its meaning in Keras, and its fields; None for what a spec cannot
        express. ``rank`` counts the axes of the input, including the batch."""
        last = config.get("axis", -1) in (-1, [-1], rank - 1, [rank - 1])
        read = SPECIAL.get(kind)
        if read is None:
            return (f"keras.{kind}", _fields(config)) if layers.known(f"keras.{kind}") else None
        return read(self, config, last)

    def channels_first(self, shape: Any) -> list[int] | None:
        """A shape without its batch, channels first; None if Keras leaves a size open."""
        listed = shape[0] if isinstance(shape, list) and isinstance(shape[0], list) else shape
        return self.sizes(listed[1:] if isinstance(listed, list) else None)

    def sizes(self, listed: Any) -> list[int] | None:
        """Sizes with the channels first; None if Keras leaves one open."""
        if not isinstance(listed, list) or not listed:
            raise self.wiring.wrong("a shape must be a list of sizes")
        if not all(type(size) is int for size in listed):
            return None
        return [listed[-1], *listed[:-1]]


def _policy(value: Any) -> str:
    """The data type of a layer, or the name of a policy that mixes two."""
    if isinstance(value, dict):
        inner = value.get("config")
        value = inner.get("name") if isinstance(inner, dict) else None
    return str(value or "float32")


def _activation(value: Any) -> str:
    """The kind of an activation by its Keras name; empty for none."""
    if isinstance(value, dict):
        value = value.get("config", value.get("class_name"))
    word = str(value or "linear")
    return "" if word == "linear" else ACTIVATIONS.get(word, word)


def _fields(config: Mapping[str, Any]) -> dict[str, Any]:
    """The fields that are set, without those in ``USUAL`` at their defaults; Keras writes all."""
    return {
        name: value
        for name, value in config.items()
        if value is not None and not _is_usual(value, USUAL.get(name))
    }


def _is_usual(value: Any, usual: int | None) -> bool:
    """Whether a value, or each of a list, is the default."""
    listed = value if isinstance(value, list) else [value]
    return usual is not None and all(one == usual for one in listed)
