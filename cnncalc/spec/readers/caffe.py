"""Caffe: the ``.prototxt`` of a network, preferably the one for deployment, which gives the input
size.

Layers keep their names. Layers used only for training, such as losses, are left out.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from cnncalc.core import units
from cnncalc.core.errors import SpecError, Where, did_you_mean
from cnncalc.core.parsing import NOT_COUNTED
from cnncalc.spec.readers._prototext import Message, parsed
from cnncalc.spec.readers._wiring import Wiring, check_length

NAME = "a Caffe prototxt"
SKIPPED = ("accuracy", "silence", "softmaxwithloss", "softmaxloss", "euclideanloss", "hingeloss",
            "sigmoidcrossentropyloss", "multinomiallogisticloss", "data", "imagedata", "hdf5data",
            "dummydata", "annotateddata")  # fmt: skip
"""Layers for training and data, in lower case and without the underscores of older files."""
CODE = "python"
"""The layer that runs the user's code. Without an input, it loads data."""
IGNORED = re.compile(
    rf"{NOT_COUNTED}|use_global_stats|moving_average_fraction|eps|stable_prod_grad"
)
"""Fields that affect neither shapes nor counts."""
KNOWN = {
    "convolution_param": "num_output kernel_size kernel_h kernel_w stride stride_h stride_w pad "
    "pad_h pad_w group dilation bias_term",
    "pooling_param": "pool kernel_size kernel_h kernel_w stride stride_h stride_w pad pad_h pad_w "
    "global_pooling round_mode",
    "inner_product_param": "num_output bias_term",
    "lrn_param": "local_size alpha beta k norm_region",
    "relu_param": "negative_slope",
    "eltwise_param": "operation",
    "scale_param": "bias_term",
    "crop_param": "offset axis",
    "dropout_param": "dropout_ratio",
    "concat_param": "axis",
    "softmax_param": "axis",
    "batch_norm_param": "",
    "prelu_param": "",
    "flatten_param": "",
    "input_param": "shape",
}
"""The fields that are read, by message; any other is refused if it may affect shapes or counts."""
AXES = {"crop_param": "2", "concat_param": "1", "softmax_param": "1"}
"""The only axis of a layer that is supported, by message."""
PLAIN = {"Sigmoid": "sigmoid", "TanH": "tanh", "AbsVal": "abs", "Softmax": "softmax",
         "Flatten": "flatten", "Dropout": "dropout", "PReLU": "caffe.PReLU", "BNLL": "softplus",
         "Split": "identity", "Concat": "concat", "BatchNorm": "caffe.BatchNorm"}  # fmt: skip
BLOBS = {"caffe.BatchNorm": 3}
"""The number of tensors of a layer, unless it has weights and perhaps a bias."""
ELTWISE = {"SUM": "add", "1": "add", "PROD": "multiply", "0": "multiply", "MAX": "maximum",
           "2": "maximum"}  # fmt: skip


NO_SIZE = (
    "the size of the input is not given; use the deploy.prototxt, add --input 3x224x224, or write "
    'at the top: input: "data" input_shape { dim: 1 dim: 3 dim: 224 dim: 224 }'
)


def is_it(text: str) -> bool:
    """Whether a file has a layer in the text format."""
    return bool(re.search(r"(^|\s)(layers?|input_shape|input_param)\s*:?\s*\{", text))


def read(text: str, source: str, inputs: Mapping[str, Sequence[int]]) -> dict[str, Any]:
    """The spec of a network."""
    check_length(text, source)
    return _Network(source, inputs).spec(parsed(text, source))


class _Network:
    """Turns Caffe's layers into those of a spec."""

    def __init__(self, source: str, inputs: Mapping[str, Sequence[int]]) -> None:
        self.wiring = Wiring(source)
        self.owners: dict[tuple[str, ...], str] = {}
        self.used: set[str] = set()
        self.named: tuple[str, ...] | None = None
        """The names of the current layer's weights, if it is the first to use them."""
        self.given = inputs

    def spec(self, net: Message) -> dict[str, Any]:
        """The spec of the whole network."""
        dims = [one for one in net.every("input_shape") if isinstance(one, Message)]
        flat = net.every("input_dim")
        if len(flat) % 4:
            fact = f"'input_dim' is given {len(flat)} times, but each input has 4"
            raise SpecError(fact, net.where, "give batch, channels, height and width")
        listed = [one.every("dim") for one in dims] or [
            flat[start : start + 4] for start in range(0, len(flat), 4)
        ]
        names = [*map(str, net.every("input"))]
        if listed and len(names) != len(listed):
            fact = f"there are {units.counted(len(names), 'input')}, but "
            fact += units.counted(len(listed), "shape")
            raise SpecError(fact, net.where, "give each 'input' one 'input_shape'")
        for name, sizes in zip(names, listed):
            self.input(name, sizes, net.where)
        given = self.given.get("") or self.given.get("input")
        if not listed and given:
            self.wiring.input(names[0] if names else _first(net), [*given])
        if {"layer", "layers"} <= {*net.fields}:
            raise SpecError(
                "the network mixes 'layer' and 'layers'; use only one of them", net.where
            )
        for layer in net.every("layer", "layers"):
            if not isinstance(layer, Message):
                raise SpecError(f"the layer {layer[:60]!r} needs its fields in braces", net.where)
            self.layer(layer)
        return self.wiring.spec(net.text("name", "Caffe network")[:100])

    def input(self, name: str, dims: list[Message | str], where: Where) -> None:
        """Add an input; the first size is the batch."""
        sizes = [Message({"dim": [one]}, where).number(0, "dim") for one in dims[1:]]
        self.wiring.input(name, [*(self.given.get(name) or self.given.get("") or sizes)])

    def layer(self, layer: Message) -> None:
        """Add a layer, unless it is only for training."""
        kind = layer.text("type").replace("_", "").lower()
        loads = kind == CODE and not layer.every("bottom")
        if loads or kind in SKIPPED or not _is_in_test(layer):
            return
        self.wiring.where = layer.where
        if kind == "input":
            self.check(layer)
            tops = map(str, layer.every("top"))
            for top, shape in zip(tops, layer.inside("input_param").every("shape")):
                dims = shape.every("dim") if isinstance(shape, Message) else []
                self.input(top, dims, layer.where)
            return
        try:
            word, fields = self.made(kind, layer)
            beside = self.sharing(layer, BLOBS.get(word, 1 + bool((fields or {}).get("bias"))))
        except SpecError as why:
            name = layer.text("name")[:60]
            start = f"layer {name!r}: " if name else ""
            raise SpecError(f"{start}{why.sentence}", why.where) from None
        if not self.wiring.inputs:
            raise SpecError(NO_SIZE, layer.where)
        self.add(layer, word, fields, beside)

    def made(self, kind: str, layer: Message) -> "Made":
        """The kind and the fields of a layer."""
        self.check(layer)
        word = TYPES.get(kind, "")
        if not kind:
            raise SpecError("a layer needs a 'type'", layer.where)
        if not word:
            what = layer.text("type")[:40]
            hint = did_you_mean(what, TYPES.values())
            raise SpecError(f"the type {what!r} is unknown or not supported{hint}", layer.where)
        tops = len(layer.every("top"))
        if tops != 1 and word != "Split":
            fact = "several tops are not supported" if tops else "a layer needs a 'top'"
            raise SpecError(fact, layer.where)
        return (PLAIN[word], None) if word in PLAIN else KINDS[word](layer)

    def add(self, layer: Message, word: str, fields: Any, beside: Mapping[str, str]) -> None:
        """Add a layer of this kind."""
        tops, bottoms = [*map(str, layer.every("top"))], [*map(str, layer.every("bottom"))]
        name = layer.text("name", tops[0] if tops else "")
        if fields and "like" in fields:
            fields["like"] = self.wiring.source_of(bottoms.pop(), f"layer {name[:60]!r}")
        own = self.wiring.layer(name, word, fields, bottoms, **beside)
        self.wiring.made |= dict.fromkeys(tops, own)
        if self.named is not None:
            self.owners[self.named] = own
            self.used |= {*self.named} - {""}

    def check(self, layer: Message) -> None:
        """Raise SpecError for a field that matters but is not read."""
        for name, values in layer.fields.items():
            for param in values if name.endswith("_param") and name in KNOWN else ():
                if isinstance(param, Message):
                    self.check_fields(name, param)

    def sharing(self, layer: Message, blobs: int) -> dict[str, str]:
        """``{"weights": OWNER}`` for a layer whose weights have the same names as those of an
        earlier layer, its owner; empty for others. ``blobs`` is the number of its tensors, of which
        those without a name are its own."""
        params = [one for one in layer.every("param") if isinstance(one, Message)]
        given = [one.text("name") for one in params]
        names = tuple([*given, *[""] * blobs][: max(blobs, len(given))])
        self.named = None
        if not any(names):
            return {}
        if names in self.owners and "" not in names[:blobs]:
            return {"weights": self.owners[names]}
        if {*names} & self.used:
            fact = "some, but not all, of its weights are shared with another layer"
            help = "give all of them names of their own"
            raise SpecError(f"{fact}, which a spec cannot express", layer.where, help)
        self.named = names
        return {}

    def check_fields(self, name: str, param: Message) -> None:
        """Raise SpecError for an unknown field, or an axis other than the usual one."""
        for field in param.fields:
            if field not in KNOWN[name].split() and not IGNORED.fullmatch(field):
                shared = (name, field) == ("prelu_param", "channel_shared")
                if shared and not param.flag(False, field):
                    continue
                if name == "eltwise_param" and field == "coeff":
                    continue
                hint = did_you_mean(field, KNOWN[name].split())
                fact = f"the field {field[:40]!r} of {name} is unknown or not supported"
                raise SpecError(f"{fact}{hint}", param.where)
        only = AXES.get(name, "")
        if param.text("axis", only) != only:
            fact = f"{name} with axis {param.text('axis')[:40]} is not supported"
            raise SpecError(fact, param.where, f"only axis {only} is")


def _first(net: Message) -> str:
    """The tensor that the first layer reads."""
    layers = (one for one in net.every("layer", "layers") if isinstance(one, Message))
    return next((str(name) for layer in layers for name in layer.every("bottom")), "data")


def _is_in_test(layer: Message) -> bool:
    """Whether a layer is part of the network at inference."""
    rules = {name: [one.text("phase") for one in layer.every(name) if isinstance(one, Message)]
             for name in ("include", "exclude")}  # fmt: skip
    test = {"TEST", "1"}
    return (not rules["include"] or bool({*rules["include"]} & {*test, ""})) and not (
        {*rules["exclude"]} & test
    )


Made = tuple[str, dict[str, Any] | None]


def _window(param: Message) -> dict[str, Any]:
    """The fields of a filter or a window."""
    return {
        "kernel_size": param.sizes("kernel_size"),
        "stride": param.sizes("stride", 1),
        "padding": param.sizes("pad", 0),
    }


def _convolution(layer: Message, kind: str = "conv") -> Made:
    """`conv`."""
    param = layer.inside("convolution_param")
    fields = {"out_channels": param.needed("num_output"), **_window(param)}
    fields |= {"groups": param.number(1, "group"), "dilation": param.sizes("dilation", 1)}
    return kind, {**fields, "bias": param.flag(True, "bias_term")}


def _deconvolution(layer: Message) -> Made:
    """`conv_transpose`."""
    return _convolution(layer, "conv_transpose")


def _pooling(layer: Message) -> Made:
    """`max_pool` or `avg_pool`; with `global_pooling`, an adaptive one."""
    param = layer.inside("pooling_param")
    way = {"MAX": "max", "0": "max", "AVE": "avg", "1": "avg"}.get(param.text("pool", "MAX"))
    if way is None:
        raise SpecError("stochastic pooling is not supported", layer.where)
    if param.flag(False, "global_pooling"):
        return f"adaptive_{way}_pool", {"output_size": 1}
    ceil = param.text("round_mode", "CEIL") not in ("FLOOR", "1")
    return f"{way}_pool", {**_window(param), "ceil_mode": ceil}


def _inner_product(layer: Message) -> Made:
    """`linear`."""
    param = layer.inside("inner_product_param")
    bias = param.flag(True, "bias_term")
    return "linear", {"out_features": param.needed("num_output"), "bias": bias}


def _relu(layer: Message) -> Made:
    """`relu`, or `leaky_relu` with a slope."""
    slope = layer.inside("relu_param").real(0, "negative_slope")
    return ("leaky_relu", {"negative_slope": slope}) if slope else ("relu", None)


def _lrn(layer: Message) -> Made:
    """`local_response_norm`."""
    param = layer.inside("lrn_param")
    if param.text("norm_region", "ACROSS_CHANNELS") not in ("ACROSS_CHANNELS", "0"):
        raise SpecError("LRN within a channel is not supported", layer.where)
    factors = {"alpha": param.real(1, "alpha"), "beta": param.real(0.75, "beta")}
    return "local_response_norm", {
        "size": param.number(5, "local_size"),
        **factors,
        "k": param.real(1, "k"),
    }


def _eltwise(layer: Message) -> Made:
    """`add`, `multiply` or `maximum`."""
    word = layer.inside("eltwise_param").text("operation", "SUM")
    if word not in ELTWISE:
        raise SpecError(f"the operation {word[:40]!r} is unknown or not supported", layer.where)
    return ELTWISE[word], None


def _crop(layer: Message) -> Made:
    """`crop`."""
    if len(layer.every("bottom")) != 2:
        raise SpecError("a Crop needs two bottoms", layer.where)
    return "crop", {"offset": layer.inside("crop_param").sizes("offset", 0), "like": ""}


def _scale(layer: Message) -> Made:
    """`scale`, or `multiply` of two bottoms."""
    if len(layer.every("bottom")) > 1:
        return "multiply", None
    return "scale", {"bias": layer.inside("scale_param").flag(False, "bias_term")}


KINDS: Mapping[str, Callable[[Message], Made]] = {
    "Convolution": _convolution,
    "Crop": _crop,
    "Deconvolution": _deconvolution,
    "Pooling": _pooling,
    "InnerProduct": _inner_product,
    "ReLU": _relu,
    "LRN": _lrn,
    "Eltwise": _eltwise,
    "Scale": _scale,
}
"""The function that reads each type of layer with fields."""
TYPES = {name.lower(): name for name in (*KINDS, *PLAIN)}
"""Caffe's spelling of every type. Older files write ``INNER_PRODUCT``."""
