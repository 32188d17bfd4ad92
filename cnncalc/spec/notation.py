"""The one-line notation of papers and lectures: ``1x48x48-100C3-MP2-200C2-MP2-500N-3755N``.

    network = [hidden "HL-"] shape "-" layer {"-" layer}
    layer   = filters "C" size {option}     convolution, as in 96C11s4
            | "MP" size {option}            max pooling        | "AP" ... average pooling
            | neurons ["N"]                 fully connected
            | "GAP"                         global average pooling
    option  = ("s" | "p" | "d" | "g") size          stride, padding, dilation, groups
    size    = number ["x" number ["x" number]]

Pools have no groups, and activations are left out. After ``9HL-`` (nine hidden layers, as
Ciresan et al. write) a shape of two sizes is a grey image; everywhere else it is a signal.
"""

import re
from typing import Any

from cnncalc.core.errors import SpecError, UsageError, Where
from cnncalc.core.shape import MAX_DIGITS, Map, read_shape
from cnncalc.spec.checks import LONGEST_TITLE
from cnncalc.spec.text import Item, located

SOURCE = "notation"
LONGEST = 10_000
SIZE = r"\d+(?:x\d+){0,2}"
OPTIONS = {"s": "stride", "p": "padding", "d": "dilation", "g": "groups"}
LOOKS_LIKE = rf"(?:\d+HL-)?{SIZE}(?:x\d+)?-.+"
TOKEN = (
    rf"(?P<filters>\d+)C(?P<kernel>{SIZE})(?P<conv>(?:[spdg]{SIZE})*)"
    rf"|(?P<pool>[MA]P)(?P<window>{SIZE})(?P<options>(?:[spd]{SIZE})*)"
    r"|(?P<neurons>\d+)N?|(?P<gap>GAP)"
)


def is_notation(text: str) -> bool:
    """Whether a text is a single line that begins like the notation: a shape, then a hyphen."""
    return (
        "\n" not in text.strip()
        and re.fullmatch(LOOKS_LIKE, text.strip(), re.IGNORECASE | re.ASCII) is not None
    )


def is_layers(text: str) -> bool:
    """Whether a text consists of layers in the notation, without an input."""
    tokens = text.strip()[:LONGEST].split("-")
    return all(re.fullmatch(TOKEN, token, re.IGNORECASE | re.ASCII) for token in tokens)


def read(text: str, source: str = SOURCE) -> Item:
    """The tree of the spec that the notation describes. Raises SpecError if it is not valid."""
    text = text.strip()
    if len(text) > LONGEST:
        fact = f"a network in the one-line notation has at most {LONGEST:,} characters"
        raise SpecError(fact, Where(source, 1))
    if any(len(digits) > MAX_DIGITS for digits in re.findall(r"\d+", text)):
        fact = f"a number in the notation has more than {MAX_DIGITS} digits"
        raise SpecError(fact, Where(source, 1))
    hidden = re.match(r"(\d+)HL-", text, re.IGNORECASE)
    column = hidden.end() if hidden else 0
    shape, _, rest = text[column:].partition("-")
    try:
        known = read_shape(shape)
    except UsageError as why:
        raise SpecError(str(why), Where(source, 1, column + 1)) from None
    sizes = list(known.dimensions)
    if hidden and isinstance(known, Map) and len(known.spatial) == 1:
        sizes = [1, *sizes]
    where = Where(source, 1, 1)
    spec = located({"name": text[:LONGEST_TITLE], "input": sizes}, where)
    layers = []
    column += len(shape) + 1
    for token in rest.split("-"):
        layers.append(_layer(token, Where(source, 1, column + 1)))
        column += len(token) + 1
    spec.value["layers"] = Item(layers, where)
    return spec


def _layer(token: str, where: Where) -> Item:
    match = re.fullmatch(TOKEN, token, re.IGNORECASE | re.ASCII)
    options = (match["conv"] or match["options"] or "") if match else ""
    if match is None or len(options_of(options)) < len(
        re.findall("[spdg]", options, re.IGNORECASE)
    ):
        raise SpecError(
            f"{token[:40]!r} is not a layer in this notation; write layers as 96C11s4 "
            "(convolution), MP2 or AP2 (pooling), 500N (fully connected) or "
            "GAP (global average pooling)",
            where,
        )
    if match["filters"]:
        fields = {"out_channels": int(match["filters"]), "kernel_size": size_of(match["kernel"])}
        return located({"conv": fields | options_of(options)}, where)
    if match["pool"]:
        kind = "max_pool" if match["pool"].upper() == "MP" else "avg_pool"
        fields = {"kernel_size": size_of(match["window"])}
        return located({kind: fields | options_of(options)}, where)
    if match["gap"]:
        return located("global_avg_pool", where)
    return located({"linear": int(match["neurons"])}, where)


def size_of(text: str) -> Any:
    """A size: ``3`` as a number, ``3x5`` as one number per axis."""
    sizes = [int(size) for size in re.split("x", text, flags=re.IGNORECASE)]
    return sizes[0] if len(sizes) == 1 else sizes


def options_of(text: str) -> dict[str, Any]:
    """The fields of options: ``s2p1`` as {"stride": 2, "padding": 1}."""
    pairs = re.findall(rf"([spdg])({SIZE})", text, re.IGNORECASE)
    return {OPTIONS[letter.lower()]: size_of(size) for letter, size in pairs}
