"""The network that a sheet or a question is about."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path
from typing import Any

from cnncalc.analysis import walk
from cnncalc.analysis.report import Report
from cnncalc.api import summarize
from cnncalc.core.cost import BYTES, unknown_dtype
from cnncalc.core.errors import CnncalcError, Mistakes, SpecError, UsageError, Where
from cnncalc.core.fields import read_batch
from cnncalc.core.shape import Layout, layout_of, read_sizes, shape_of
from cnncalc.homework import window
from cnncalc.homework.ask import Ask
from cnncalc.homework.entries import (
    listed,
    mapping,
    scalar,
)
from cnncalc.spec import notation
from cnncalc.spec.inputs import looks_first, looks_last, sizes_by_name
from cnncalc.spec.text import Item, Key

ONE = walk.ALONE
"""The name of the layer in a free-standing question."""


def layout_in(top: dict[Key, Item], usual: Layout | None) -> tuple[Layout | None, str]:
    """How a sheet writes its shapes, and a note if that is inferred from them.

    A sheet uses one layout for all its shapes: the one that it states, or else ``usual``. If both
    are missing and an input shape looks like an image with its channels last, all shapes are read
    that way, unless another input shape looks like one with its channels first.
    """
    stated = top.get(Key("layout"))
    if stated is not None and stated.value is not None:
        try:
            return layout_of(str(stated.plain())), ""
        except UsageError as why:
            raise SpecError(str(why), stated.where) from None
    shapes = [_sizes(shape) for shape in _shapes(top)] if usual is None else []
    last = next((sizes for sizes in shapes if looks_last(sizes)), None)
    if last is None or any(map(looks_first, shapes)):
        return usual, ""
    shown = "x".join(map(str, last))
    return (
        "hwc",
        f"{shown} and all other shapes are read as channels last; for channels first, add "
        "'layout: chw' or --layout chw",
    )


def _shapes(top: dict[Key, Item]) -> Iterator[Any]:
    """The input shapes on a sheet, as written."""
    networks = [Item(top, Where("")), top.get(Key("architecture"))]
    networks += [
        question.value.get(Key("given"))
        for question in listed(top.get(Key("questions")))
        if isinstance(question.value, dict)
    ]
    for network in networks:
        plain = network.value if network is not None else None
        if isinstance(plain, dict) and Key("input") in plain:
            yield plain[Key("input")].plain()
        elif isinstance(plain, str) and notation.is_notation(plain):
            yield plain.partition("-")[0]


def _sizes(shape: Any) -> tuple[int, ...]:
    """A shape's sizes as written; none if it is not a shape."""
    try:
        return read_sizes("x".join(map(str, shape)) if isinstance(shape, list) else str(shape))
    except UsageError:
        return ()


def report_of(top: dict[Key, Item], layout: Layout | None) -> Report:
    """The network of a sheet; raises SpecError or Mistakes with the location of the error."""
    item, given = top[Key("architecture")], top.get(Key("input"))
    plain = _batch_and_dtype(top)
    if isinstance(item.value, str) and given is not None and given.value is not None:
        with _located(given):
            sizes_by_name(given.plain(), layout)
    try:
        return _network(item, given, plain, layout)
    except UsageError as why:
        at_fault = given if given is not None and _is_valid(item, plain, layout) else item
        raise SpecError(str(why), at_fault.where) from None


def _batch_and_dtype(top: dict[Key, Item]) -> dict[str, Any]:
    """The batch size and the dtype of a sheet; raises SpecError for invalid ones."""
    items = {name: top[Key(name)] for name in ("batch", "dtype") if name in top}
    plain = {name: scalar(item, name) for name, item in items.items()}
    if "batch" in items:
        with _located(items["batch"]):
            read_batch(plain["batch"])
    if plain.get("dtype") and plain["dtype"] not in BYTES:
        raise SpecError(str(unknown_dtype(str(plain["dtype"]))), items["dtype"].where)
    return plain


@contextmanager
def _located(item: Item) -> Iterator[None]:
    """A context in which a UsageError becomes a SpecError with the location of the item."""
    try:
        yield
    except UsageError as why:
        raise SpecError(str(why), item.where) from None


def _network(
    item: Item, given: Item | None, plain: dict[str, Any], layout: Layout | None
) -> Report:
    """The network in any form, with the given input shape if there is one."""
    shape = {} if given is None or given.value is None else {"input": given.plain()}
    if isinstance(item.value, str):
        return named(item.value, plain, shape, layout)
    if isinstance(item.value, list):  # a list of layers without a spec around it
        tree = {_key("layers", item.where): item}
        tree |= {} if given is None else {_key("input", given.where): given}
        return summarize(Item(tree, item.where), **plain, layout=layout)
    mapping(item, "a network")
    return summarize(item, **plain, **shape, layout=layout)


def _is_valid(item: Item, plain: dict[str, Any], layout: Layout | None) -> bool:
    """Whether a network is valid with its own input shape."""
    try:
        _network(item, None, plain, layout)
    except CnncalcError:
        return False
    return True


def named(
    target: str, plain: dict[str, Any], shape: dict[str, Any], layout: Layout | None
) -> Report:
    """A network by name, path or notation; a file states its own layout."""
    if notation.is_notation(target):
        plain = {**plain, "layout": layout}
    if not shape:
        return _known(target, tuple(plain.items()))
    sizes = shape["input"]
    if notation.is_layers(target) and not isinstance(sizes, dict):
        first = "x".join(map(str, sizes)) if isinstance(sizes, list) else sizes
        return _known(f"{first}-{target}", tuple({**plain, "layout": layout}.items()))
    if layout == "hwc" and (read := _sizes(sizes)):
        shape = {"input": list(shape_of(read, layout))}
    return _elsewhere(target, **plain, **shape)


def _is_special(file: Path) -> bool:
    """Whether reading a file could wait forever, as with a terminal."""
    try:
        return file.exists() and not (file.is_file() or file.is_dir())
    except (OSError, ValueError):
        return False


def _elsewhere(target: str, **given: Any) -> Report:
    """The network that a sheet names; a file that is not a spec is refused and never quoted."""
    if _is_special(Path(target)):
        raise UsageError(f"the architecture {target!r} is not an ordinary file", "name a spec")
    try:
        return summarize(target, **given)
    except Mistakes:
        if not os.path.exists(target):
            raise
        raise UsageError(
            f"the architecture {target!r} is not a valid spec",
            f"run 'cnncalc summarize {target}' to see why",
        ) from None


def _key(text: str, where: Where) -> Key:
    key = Key(text)
    key.where = where
    return key


@lru_cache(maxsize=100)
def _known(target: str, plain: tuple[tuple[str, Any], ...]) -> Report:
    """A network by name, path or notation; cached, because many sheets share one."""
    return _elsewhere(target, **dict(plain))


AXIS = {"N": "input", "F": "kernel_size", "S": "stride", "P": "padding", "D": "dilation"}
"""The letters of a window, with the entries of a convolution that they stand for."""
SETTINGS = ("input", "output", "layer", "batch", "dtype")
"""The keys of ``given`` that may accompany a layer."""


def given_network(
    item: Item, ask: Ask | None = None, layout: Layout | None = None
) -> tuple[Report, str | None]:
    """The network of a question, and the layer that it asks about (None: the network).

    ``given`` holds one layer and its input (and its ``output``, to ask for the stride), ``layers``
    and their input, an ``architecture``, or the letters of a window (N, F, S, P, D). If only the
    window is asked about, it need not fit. ``layout`` is how shapes are written. Raises
    CnncalcError for anything else.
    """
    given = item.plain()
    entries = item.value
    plain = {
        name: scalar(entries[Key(name)], name) for name in ("batch", "dtype") if name in entries
    }
    layer = None if given.get("layer") is None else str(given["layer"])
    if "architecture" in given:
        return named(str(given["architecture"]), plain, {}, layout), layer
    if "layers" in given:
        spec = {"input": given.get("input"), "layers": given["layers"]}
        return summarize({"name": "the network", **spec}, **plain, layout=layout), layer
    kinds = {name: value for name, value in given.items() if name not in SETTINGS}
    if kinds and {*kinds} <= {*AXIS}:
        if not {"N", "F"} <= {*kinds}:
            raise UsageError("a window needs at least N and F, as in {N: 7, F: 3, S: 3}")
        fields = {AXIS[name]: value for name, value in kinds.items() if name != "N"}
        given, layout = {**given, "input": [1, kinds["N"]]}, "chw"
        kinds = {"conv": {"out_channels": 1, **fields}}
    if len(kinds) != 1 or given.get("input") is None:
        raise UsageError(
            "'given' must be one layer and its input, as in {conv: {…}, input: 3x32x32}, or "
            "'layers' and their input, an 'architecture' or a window"
        )
    (kind,) = kinds
    if "output" in given:
        sizes = given["input"], ONE, given["output"]
        return window.alone(kind, kinds[kind], *sizes, layout), ONE
    spec = {"input": given["input"], "layers": [{kind: kinds[kind], "name": ONE}]}
    try:
        report = summarize({"name": "the layer", **spec}, **plain, layout=layout)
    except Mistakes:
        if ask is None or not ask.geometry:
            raise
        return window.alone(kind, kinds[kind], given["input"], ONE, layout=layout), ONE
    return walk.inside(report), ONE  # so that the gradient of its input counts
