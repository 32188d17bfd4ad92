"""How the layers of a Keras model become kinds: those whose fields differ from their kind's."""

from collections.abc import Callable, Mapping
from typing import Any

from cnncalc.core.shape import Map, shape_of

RECURRENT = ("LSTM", "GRU", "SimpleRNN")
TRAINED_ONLY = (
    "ActivityRegularization", "AlphaDropout", "AugMix", "CutMix", "GaussianDropout",
    "GaussianNoise", "MixUp", "RandAugment", "RandomBrightness", "RandomColorDegeneration",
    "RandomColorJitter", "RandomContrast", "RandomElasticTransform", "RandomErasing", "RandomFlip",
    "RandomGaussianBlur", "RandomGrayscale", "RandomHue", "RandomInvert", "RandomPerspective",
    "RandomPosterization", "RandomRotation", "RandomSaturation", "RandomSharpness", "RandomShear",
    "RandomTranslation", "RandomZoom",
)  # fmt: skip
"""Layers that change nothing in inference."""
Made = tuple[str, dict[str, Any]] | None
"""A kind and its fields; None for what a spec cannot express."""


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
    """Reads a recurrent layer with Keras's own functions of the gates."""

    def read(_: Any, config: Mapping[str, Any], last: bool) -> Made:
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


def _bidirectional(model: Any, config: Mapping[str, Any], last: bool) -> Made:
    """The recurrent layer inside, in both directions."""
    kind, inner = model.named(config.get("layer") or {})
    if kind not in RECURRENT or config.get("merge_mode", "concat") != "concat":
        return None
    made = _recurrent(kind)(model, inner, last)
    if made is None or not inner.get("return_sequences"):
        return None
    return made[0], {**made[1], "bidirectional": True}


def _time_distributed(model: Any, config: Mapping[str, Any], last: bool) -> Made:
    """`time_distributed`, then perhaps an activation; refused for a model."""
    kind, inner = model.named(config.get("layer") or {})
    shape = model.shape
    frames = isinstance(shape, Map)
    if not frames or inner.get("data_format") == "channels_first" or inner.get("offset"):
        return None
    if kind == "Activation":
        return "identity", {}
    model.shape = shape_of((shape.channels, *shape.spatial[1:]))
    made = model.translated(kind, model.own(kind, inner), 1 + len(model.shape.dimensions))
    model.shape = shape
    return made and ("time_distributed", {"layer": {made[0]: made[1] or None}})


def _rescaling(_: Any, config: Mapping[str, Any], last: bool) -> Made:
    """`multiply`, then perhaps `add`."""
    plain = isinstance(config.get("scale"), int | float)
    return ("multiply", {"value": config["scale"]}) if plain else None


def _relu(_: Any, config: Mapping[str, Any], last: bool) -> Made:
    """`relu`, `relu6`, or `leaky_relu` with a slope."""
    slope, most = config.get("negative_slope") or 0, config.get("max_value")
    if config.get("threshold") or most not in (None, 6) or (slope and most):
        return None
    if slope:
        return "leaky_relu", {"negative_slope": slope}
    return ("relu" if most is None else "relu6"), {}


def _as(kind: str, *words: str, last: bool = False, **fields: Any) -> "Reader":
    """Reads a layer as a kind with these fields; ``words`` are fields of Keras and of the kind, and
    ``last`` refuses any axis but the channels."""

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


def _scaled_sum(_: Any, config: Mapping[str, Any], last: bool) -> Made:
    """`multiply` the second map by a number, then `add`; used in InceptionResNetV2."""
    return "add", {}


def _reshape(model: Any, config: Mapping[str, Any], last: bool) -> Made:
    """`reshape`."""
    return "reshape", {"shape": model.sizes(config.get("target_shape"))}


def _group_norm(_: Any, config: Mapping[str, Any], last: bool) -> Made:
    """`group_norm`."""
    learned = config.get("scale", True), config.get("center", True)
    if not last or learned[0] != learned[1]:
        return None
    eps = {"eps": config["epsilon"]} if "epsilon" in config else {}
    return "group_norm", {"num_groups": config.get("groups", 32), "affine": learned[0], **eps}


def _prelu(model: Any, config: Mapping[str, Any], last: bool) -> Made:
    """`prelu`, with a slope for each element, or for each channel if all other axes share."""
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
    query, value, *key = model.reading
    width = config.get("num_heads", 0) * config.get("key_dim", 0)
    other = ("output_shape", "use_gate", "sliding_window")
    positions = [*range(1, len(model.shape))]
    usual = config.get("value_dim") in (None, config.get("key_dim"))
    if width != model.shape[0] or key not in ([], [value]) or not usual:
        return None
    if any(map(config.get, other)) or config.get("attention_axes") not in (None, positions):
        return None
    model.reading = [query] if value == query else [query, value]
    return "attention", {"num_heads": config["num_heads"], "bias": config.get("use_bias", True)}


def _mean(_: Any, config: Mapping[str, Any], last: bool) -> Made:
    """`add`, then `multiply` by one over their number."""
    return "add", {}


def _never(_: Any, config: Mapping[str, Any], last: bool) -> Made:
    """Refused: cnncalc's kind of the same name is a different layer."""
    return None


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
    "Average": _mean,
    "GroupNormalization": _group_norm,
    "PReLU": _prelu,
    "Permute": _permute,
    "Embedding": _embedding,
    "Resizing": _resizing,
    "CenterCrop": _center_crop,
    "Softmax": _as("softmax", last=True),
    "MultiHeadAttention": _attention,
    **dict.fromkeys(("Attention", "ConvLSTM1D", "ConvLSTM2D", "ConvLSTM3D", "RNN"), _never),
    **dict.fromkeys(TRAINED_ONLY, _as("identity")),
}
"""How to read the layers whose fields differ from those of their kind. Each reader takes the model,
the fields, and whether they concern the last axis, the channels."""
