"""How layers of a Keras model become kinds whose fields differ from theirs."""

import re
from collections.abc import Callable, Mapping
from typing import Any

from cnncalc import layers
from cnncalc.core.shape import Map, shape_of
from cnncalc.layers._arithmetic import Arithmetic
from cnncalc.layers._axes import word
from cnncalc.layers.add import Add
from cnncalc.layers.divide import Divide
from cnncalc.layers.multiply import Multiply
from cnncalc.layers.subtract import Subtract

RECURRENT = ("LSTM", "GRU", "SimpleRNN")
CONVOLVED = ("ConvLSTM1D", "ConvLSTM2D")
CELLS = (*RECURRENT, *CONVOLVED)
"""Layers whose activation is part of a cell, not a step after it."""
GATES = {"activation": "tanh", "recurrent_activation": "sigmoid"}
TRAINED_ONLY = (
    "ActivityRegularization", "AlphaDropout", "AugMix", "CutMix", "GaussianDropout",
    "GaussianNoise", "MixUp", "RandAugment", "RandomBrightness", "RandomColorDegeneration",
    "RandomColorJitter", "RandomContrast", "RandomElasticTransform", "RandomErasing", "RandomFlip",
    "RandomGaussianBlur", "RandomGrayscale", "RandomHue", "RandomInvert", "RandomPerspective",
    "RandomPosterization", "RandomRotation", "RandomSaturation", "RandomSharpness", "RandomShear",
    "RandomTranslation", "RandomZoom",
)  # fmt: skip
"""Layers that change nothing during inference."""
Made = tuple[str, dict[str, Any]] | None
"""A kind and its fields; None for what is not supported. A reader adds further steps to
``model.after``: the end of each one's name, its kind and its fields."""


def _batch_norm(_: Any, config: Mapping[str, Any], last: bool) -> Made:
    """`batch_norm`, which may learn only a scale or only a shift."""
    learned = config.get("scale", True), config.get("center", True)
    if not last:
        return None
    eps = {"eps": config["epsilon"]} if "epsilon" in config else {}
    if not any(learned):
        return "batch_norm", {**eps, "affine": False}
    return "batch_norm", {**eps, "scale": learned[0], "bias": learned[1]}


def _layer_norm(_: Any, config: Mapping[str, Any], last: bool) -> Made:
    """`layer_norm` over the channels."""
    scale, center = config.get("scale", True), config.get("center", True)
    if not last or (center and not scale) or config.get("rms_scaling"):
        return None
    eps = {"eps": config["epsilon"]} if "epsilon" in config else {}
    return "layer_norm", {**eps, "over": "channels", "elementwise_affine": scale, "bias": center}


def _recurrent(kind: str) -> "Reader":
    """Reads a recurrent layer whose gates have Keras's default activations."""

    def read(_: Any, config: Mapping[str, Any], last: bool) -> Made:
        if not _is_plain(config):
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


def _is_plain(config: Mapping[str, Any]) -> bool:
    """Whether a cell has gates with the default activations, reads its input in order, and keeps
    its state to itself."""
    gates = all(config.get(key, value) == value for key, value in GATES.items())
    return gates and not any(map(config.get, ("return_state", "stateful", "go_backwards")))


def _conv_lstm(model: Any, config: Mapping[str, Any], last: bool) -> Made:
    """`conv_lstm`, if frames keep their size; then `slice` and `reshape` if it returns only one."""
    steps = [config.get(key, 1) for key in ("strides", "dilation_rate")]
    if not all(one in (1, [1], [1, 1]) for one in steps):
        return None
    if not _is_plain(config) or config.get("padding") != "same" or not isinstance(model.shape, Map):
        return None
    if not config.get("return_sequences"):
        frames, *frame = model.shape.spatial
        time = "depth" if len(frame) > 1 else "height"
        shape = [config.get("filters"), *frame]
        model.after += [
            ("last", "slice", {"along": time, "start": frames - 1}),
            ("frame", "reshape", {"shape": shape}),
        ]
    return "conv_lstm", {
        "hidden_channels": config.get("filters"),
        "kernel_size": config.get("kernel_size"),
        "bias": config.get("use_bias", True),
    }


def _bidirectional(model: Any, config: Mapping[str, Any], last: bool) -> Made:
    """The recurrent layer inside, in both directions, if it returns sequences."""
    kind, inner = model.named(config.get("layer") or {})
    if kind not in RECURRENT or config.get("merge_mode", "concat") != "concat":
        return None
    made = _recurrent(kind)(model, inner, last)
    if made is None or not inner.get("return_sequences"):
        return None
    return made[0], {**made[1], "bidirectional": True}


def _time_distributed(model: Any, config: Mapping[str, Any], last: bool) -> Made:
    """`time_distributed`, then perhaps an activation; refused if the inner layer is a model or
    becomes several layers."""
    kind, inner = model.named(config.get("layer") or {})
    shape = model.shape
    frames = isinstance(shape, Map)
    if not frames or inner.get("data_format") == "channels_first":
        return None
    if kind == "Activation":
        return "identity", {}
    model.shape = shape_of((shape.channels, *shape.spatial[1:]))
    made = model.translated(kind, model.own(kind, inner), 1 + len(model.shape.dimensions))
    model.shape = shape
    if made is None or model.after:
        return None
    return "time_distributed", {"layer": {made[0]: made[1] or None}}


def _rescaling(model: Any, config: Mapping[str, Any], last: bool) -> Made:
    """`multiply`, then perhaps `add`."""
    scale, offset = config.get("scale"), config.get("offset") or 0
    if not isinstance(scale, int | float) or not isinstance(offset, int | float):
        return None
    if offset:
        model.after.append(("offset", "add", {"value": offset}))
    return "multiply", {"value": scale}


def _relu(_: Any, config: Mapping[str, Any], last: bool) -> Made:
    """`relu`, `relu6`, or `leaky_relu` with a slope."""
    slope, most = config.get("negative_slope") or 0, config.get("max_value")
    if config.get("threshold") or most not in (None, 6) or (slope and most):
        return None
    if slope:
        return "leaky_relu", {"negative_slope": slope}
    return ("relu" if most is None else "relu6"), {}


def _as(kind: str, *words: str, last: bool = False, **fields: Any) -> "Reader":
    """Reads a layer as a kind with these fields. ``words`` alternates names of fields in Keras and
    in the kind; ``last`` refuses any axis but the channels."""

    def read(_: Any, config: Mapping[str, Any], over_channels: bool) -> Made:
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


def _along(kind: str) -> "Reader":
    """Reads a layer as a kind that combines the numbers along one axis."""

    def read(model: Any, config: Mapping[str, Any], last: bool) -> Made:
        if last:
            return kind, {}
        axis, rank = config.get("axis"), len(model.shape or ()) + 1
        if type(axis) is not int or not -rank < axis < rank or axis % rank == 0:
            return None
        return _with(kind, word(model.shape.dimensions, axis % rank))

    read.__doc__ = f"`{kind}`."
    return read


def _scaled_sum(_: Any, config: Mapping[str, Any], last: bool) -> Made:
    """`multiply` the second map by a number, then `add`; used in InceptionResNetV2."""
    return "add", {}


def _with(kind: str, value: Any) -> tuple[str, dict[str, Any]]:
    """A kind with a value of its main field."""
    return kind, {str(layers.find(kind).kind.main): value}


def _arithmetic(kind: type[Arithmetic]) -> "Reader":
    """Reads an operation on two maps, or on a map and a number."""

    def read(model: Any, config: Mapping[str, Any], last: bool) -> Made:
        number = config.get("number")
        if number is None:
            return kind.kind, {}
        if not config.get("first"):
            return _with(kind.kind, number)
        first, *rest = kind.of_number(number)
        model.after += [(f"then_{word}", *_with(word, value)) for word, value in rest]
        return _with(*first)

    read.__doc__ = f"`{kind.kind}`."
    return read


def _power(_: Any, config: Mapping[str, Any], last: bool) -> Made:
    """`power`, if the exponent is a number."""
    given = "number" in config and not config.get("first")
    return _with("power", config["number"]) if given else None


def _reshape(model: Any, config: Mapping[str, Any], last: bool) -> Made:
    """`reshape`."""
    return "reshape", {"shape": model.sizes(config.get("target_shape"))}


def _group_norm(_: Any, config: Mapping[str, Any], last: bool) -> Made:
    """`group_norm`."""
    scale, center = config.get("scale", True), config.get("center", True)
    if not last or (center and not scale):
        return None
    eps = {"eps": config["epsilon"]} if "epsilon" in config else {}
    groups = config.get("groups", 32)
    return "group_norm", {"num_groups": groups, "affine": scale, "bias": center, **eps}


def _prelu(model: Any, config: Mapping[str, Any], last: bool) -> Made:
    """`prelu`, with a slope for each element, or for each channel if all other axes share it."""
    axes = config.get("shared_axes") or []
    if axes and sorted(axes) != [*range(1, len(model.shape))]:
        return None
    return "prelu", {"num_parameters": "channels" if axes else "elements"}


def _permute(_: Any, config: Mapping[str, Any], last: bool) -> Made:
    """`permute`."""
    dims = config.get("dims")
    if not isinstance(dims, list) or sorted(map(str, dims)) != [
        str(dim + 1) for dim in range(len(dims))
    ]:
        return None
    return "permute", {"dims": [dim % len(dims) for dim in (*dims[-1:], *dims[:-1])]}


def _embedding(_: Any, config: Mapping[str, Any], last: bool) -> Made:
    """`embedding`."""
    sizes = {"num_embeddings": config.get("input_dim"), "embedding_dim": config.get("output_dim")}
    return ("embedding", sizes) if not config.get("lora_rank") else None


def _resizing(_: Any, config: Mapping[str, Any], last: bool) -> Made:
    """`upsample`, if it interpolates linearly."""
    other = ("crop_to_aspect_ratio", "pad_to_aspect_ratio", "antialias")
    if config.get("interpolation", "bilinear") != "bilinear" or any(map(config.get, other)):
        return None
    return "upsample", {"size": [config.get("height"), config.get("width")], "mode": "linear"}


def _center_crop(_: Any, config: Mapping[str, Any], last: bool) -> Made:
    """`crop`."""
    return "crop", {"size": [config.get("height"), config.get("width")]}


def _attention(model: Any, config: Mapping[str, Any], last: bool) -> Made:
    """`attention`, if all heads together are as wide as the query."""
    query, *rest = model.reading
    heads, features = config.get("num_heads"), config.get("key_dim")
    if not isinstance(heads, int) or not isinstance(features, int) or len(rest) not in (1, 2):
        return None
    value, *key = rest
    other = ("output_shape", "use_gate", "sliding_window")
    positions = [*range(1, len(model.shape))]
    usual = config.get("value_dim") in (None, config.get("key_dim"))
    if heads * features != model.shape[0] or key not in ([], [value]) or not usual:
        return None
    if any(map(config.get, other)) or config.get("attention_axes") not in (None, positions):
        return None
    model.reading = [query] if value == query else [query, value]
    return "attention", {"num_heads": heads, "bias": config.get("use_bias", True)}


def _mean(model: Any, config: Mapping[str, Any], last: bool) -> Made:
    """`add`, then `multiply` by one over the number of inputs."""
    model.after.append(("mean", "multiply", {"value": 1 / max(len(model.reading), 1)}))
    return "add", {}


def _repeat(model: Any, config: Mapping[str, Any], last: bool) -> Made:
    """`reshape` to one position, then `expand`."""
    model.after.append(("repeat", "expand", {"shape": [-1, config.get("n")]}))
    return "reshape", {"shape": [model.shape.dimensions[0], 1]}


def _masking(_: Any, config: Mapping[str, Any], last: bool) -> Made:
    """`identity`, if the mask value is 0: masked positions are 0 already."""
    return ("identity", {}) if not config.get("mask_value") else None


def _einsum_dense(_: Any, config: Mapping[str, Any], last: bool) -> Made:
    """`linear` at each position, if only the last axis is summed over."""
    found = re.fullmatch(r"(\.\.\.|\w*)(\w),\2(\w)->\1\3", str(config.get("equation")))
    units, biased = config.get("output_shape"), config.get("bias_axes")
    if not found or biased not in (None, found[3]) or found[3] in found[1] + found[2]:
        return None
    units = units[-1] if isinstance(units, list) and units else units
    return "keras.Dense", {"units": units, "use_bias": biased is not None}


def _refused(why: str) -> "Reader":
    """Refuses a layer whose name is also that of a kind."""

    def read(_: Any, config: Mapping[str, Any], last: bool) -> Made:
        return None

    read.__doc__ = f"Refused: {why}."
    return read


Reader = Callable[[Any, Mapping[str, Any], bool], Made]
SPECIAL: dict[str, Reader] = {
    "BatchNormalization": _batch_norm,
    "LayerNormalization": _layer_norm,
    # A mean, a variance and a counter, all of them fixed.
    "Normalization": _as("batch_norm", last=True, affine=False),
    "LSTM": _recurrent("LSTM"),
    "GRU": _recurrent("GRU"),
    "SimpleRNN": _recurrent("SimpleRNN"),
    "Bidirectional": _bidirectional,
    "TimeDistributed": _time_distributed,
    "Concatenate": _along("concat"),
    "Reshape": _reshape,
    "Dropout": _as("dropout", "rate", "p"),
    "Rescaling": _rescaling,
    "LayerScale": _as("scale", "init_values", "initial"),
    "ReLU": _relu,
    "Add": _arithmetic(Add),
    "CustomScaleLayer": _scaled_sum,
    "Multiply": _arithmetic(Multiply),
    "Subtract": _arithmetic(Subtract),
    **dict.fromkeys(("Divide", "TrueDivide"), _arithmetic(Divide)),
    "Power": _power,
    "Maximum": _as("maximum"),
    "Average": _mean,
    "GroupNormalization": _group_norm,
    "PReLU": _prelu,
    "Permute": _permute,
    "Embedding": _embedding,
    "Resizing": _resizing,
    "CenterCrop": _center_crop,
    "Softmax": _along("softmax"),
    "MultiHeadAttention": _attention,
    "RMSNormalization": _as("rms_norm", "epsilon", "eps", last=True, over="channels"),
    "UnitNormalization": _as("l2_normalize", last=True),
    "RepeatVector": _repeat,
    "Masking": _masking,
    "EinsumDense": _einsum_dense,
    **dict.fromkeys(CONVOLVED, _conv_lstm),
    **dict.fromkeys(
        ("Attention", "RNN"), _refused("cnncalc's kind of the same name is a different layer")
    ),
    "ConvLSTM3D": _refused("frames of three axes are not supported"),
    **dict.fromkeys(TRAINED_ONLY, _as("identity")),
}
"""How to read the layers whose fields differ from those of their kind. Each reader takes the model,
the fields, and whether they concern the last axis, the channels."""
