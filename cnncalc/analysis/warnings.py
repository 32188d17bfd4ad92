"""Likely mistakes in a valid spec, such as unread outputs, unused parameters, blocks named like a
layer kind, names that mean a different layer in their framework, pixels that are never read, and
inputs whose number of channels differs from the spec's."""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import MISSING, fields, replace

from cnncalc import layers
from cnncalc.analysis.report import Row
from cnncalc.core import units
from cnncalc.core.errors import LayerError, SpecError, Where, did_you_mean
from cnncalc.core.fields import as_written
from cnncalc.core.layer import Input, Layer
from cnncalc.core.shape import Map, Shape
from cnncalc.layers._window import Axis
from cnncalc.spec import Block, Spec, catalog, notation, values
from cnncalc.spec.graph import Graph
from cnncalc.spec.node import Node

MAX_WARNINGS = 10
MAX_NAMES = 3
OUTPUT = re.compile(r"(^|\.)(out|head|aux)", re.IGNORECASE)
"""The names of layers and blocks that are meant to be outputs."""


def collect(graph: Graph, rows: Sequence[Row]) -> tuple[str, ...]:
    """The warnings about a network. For a built-in, only those about the shape of its input. Beyond
    ``MAX_WARNINGS`` about the spec, the others are only counted."""
    of_inputs = tuple(_other_channels(graph, rows))
    if catalog.holds(graph.spec.where.source):
        return of_inputs
    of_inputs += tuple(_square_signal(graph, rows))
    remarks = (
        *graph.spec.remarks,
        *unread(graph.nodes, graph.outputs),
        *_shadowing(graph.used),
        *_unused(graph.spec),
        *_of_fields(graph.nodes),
    )
    found = [str(remark) for remark in remarks]
    found += _read_as_theirs(graph.nodes, rows)
    more = len(found) - MAX_WARNINGS
    rest = [f"{more:,} more warning{'s' * (more > 1)}"] if more > 0 else []
    return (*of_inputs, *found[:MAX_WARNINGS], *rest, *_cut_off(rows))


def _other_channels(graph: Graph, rows: Sequence[Row]) -> Iterator[str]:
    """The inputs whose number of channels differs from the spec's, and what that changes."""
    for place, row in enumerate(rows if graph.replaced else ()):
        own = graph.replaced.get(row.name) if isinstance(row.layer, Input) else None
        if own is None or own[0] == row.output[0]:
            continue
        name = f" {row.name!r}" if len(graph.spec.inputs) > 1 else ""
        if len(own) == len(row.output) + 1 > 2:
            yield _without_channels(row.output, own, name)
            continue
        first = next((one for one in _behind(rows, place) if one.weights), None)
        then = f": {first.name} then has {first.weights:,} weights" if first else ""
        what = "channel" if isinstance(row.output, Map) else "feature"
        count = units.counted(row.output[0], what)
        yield f"the input{name} has {count} instead of {own[0]:,}{then}"


def _without_channels(given: Shape, own: Shape, name: str) -> str:
    """The warning about an input whose shape has one size fewer than in the spec."""
    read = f"{given} is read as {units.counted(given[0], 'channel')} of {_size(given)}"
    whole = "x".join(map(str, (own[0], *given)))
    return f"{read}, but the spec's input{name} is {own}; write the channels too, as in {whole}"


def _size(shape: Shape) -> str:
    """The size of a channel in words."""
    sizes = "×".join(map(str, shape[1:]))
    return f"length {sizes}" if len(shape) == 2 else f"{sizes} pixels"


def _square_signal(graph: Graph, rows: Sequence[Row]) -> Iterator[str]:
    """An input of the one-line notation that looks like an image without its channels."""
    first = rows[0].output
    is_written = graph.spec.where.source == notation.SOURCE and not graph.replaced
    if is_written and isinstance(first, Map) and len(first) == 2 and first[0] == first[1]:
        size = f"{first[0]}x{first[1]}"
        yield (
            f"{size} is read as {units.counted(first[0], 'channel')} of {_size(first)}; "
            f"for an image with one channel, write 1x{size}"
        )


def _behind(rows: Sequence[Row], place: int) -> Iterator[Row]:
    """The rows that depend on the one at this place, in order."""
    reached = {place}
    for index, row in enumerate(rows[place + 1 :], place + 1):
        if not reached.isdisjoint(row.sources):
            reached.add(index)
            yield row


def unread(nodes: Sequence[Node], outputs: Sequence[int] = ()) -> Iterator[SpecError]:
    """The inputs and layers that no layer reads and that are not outputs; by default, these are the
    last layer and layers that are named like outputs. Each location in the text is reported
    once."""
    read = {source for node in nodes for source in node.inputs}
    read |= {node.like for node in nodes if node.like is not None}
    read |= {*(outputs or (len(nodes) - 1,))}
    seen: set[Where | str] = set()
    for index, node in enumerate(nodes):
        place = node.where if node.where.line else node.name  # plain data has no line numbers
        if index in read or place in seen:
            continue
        seen.add(place)
        if isinstance(node.layer, Input):
            yield SpecError(f"no layer reads the input {node.name!r}", node.where)
        elif outputs or not OUTPUT.search(node.name):
            fact = f"no layer reads the output of {node.name!r}"
            help = "read it with 'from', or name it under 'outputs'"
            yield SpecError(fact, node.where, help)


def _unused(spec: Spec) -> Iterator[SpecError]:
    """The parameters in the text of a spec that nothing uses, as when their name is misspelt."""
    own = [name for name in spec.parameters if name.where.source == spec.where.source]
    used = {*values.mentioned(spec)} if own else set()
    known = [name for name in spec.parameters if name in used]
    for name in own:
        if name not in used:
            hint = did_you_mean(name, known) or f"; use it as ${name}, or remove it"
            yield SpecError(f"nothing uses the parameter {str(name)!r}{hint}", name.where)


def _of_fields(nodes: Iterable[Node]) -> Iterator[SpecError]:
    """The remarks of layers on their own fields, one for each location in the text."""
    seen: set[tuple[Where, str]] = set()
    for node in nodes:
        remark = node.layer.remark() if node.layer is not None else ""
        if remark and (node.where, remark) not in seen:
            seen.add((node.where, remark))
            yield SpecError(f"layer {node.name!r}: {remark}", node.where)


def _shadowing(used: Iterable[Block]) -> Iterator[SpecError]:
    """The blocks that are named like a layer kind, except those inherited from a built-in."""
    for block in used:
        if catalog.holds(block.where.source):
            continue
        if known := layers.known(block.name):
            fact = f"the block {block.name!r} hides the layer kind {known[0].kind!r}"
            yield SpecError(fact, block.where, "give the block another name")


def _read_as_theirs(nodes: Sequence[Node], rows: Sequence[Row]) -> Iterator[str]:
    """A warning for every name that means a different layer in its framework."""
    words = {node.word: node for node in reversed(nodes)}
    theirs = [word for word in words if word and word not in layers.names() and "." not in word]
    named = {row.name: row for row in rows} if theirs else {}
    for word in theirs:
        found, node = layers.known(word), words[word]
        if found is None or not layers.ours(word):
            continue
        full, foreign = next(iter(found.meanings.items()))
        layer = named[node.name].layer
        usual = {one.name: one.default for one in fields(layer)}
        ours = [name for name in foreign.fields if name not in layer.either]
        changed = {name: usual[name] for name in ours if usual[name] is not MISSING}
        if any(getattr(layer, name) != foreign.fields[name] for name in changed):
            continue
        if changed and _differ(named[node.name], replace(layer, **changed)):
            fact = f"{word!r} is read as {full}: {layer.kind} with {as_written(foreign.fields)}"
            here = as_written({name: usual[name] for name in changed})
            help = f"write {full} to confirm that, or {layer.kind} for {here}"
            yield str(SpecError(fact, node.where, help))


def _differ(row: Row, layer: Layer) -> bool:
    """Whether a different layer in a row's place would change its output or its parameters."""
    if layer.flattens and isinstance(row.inputs[0], Map):
        return True
    try:
        other = layer.infer(row.inputs), layer.parameters(*row.inputs)
    except LayerError:
        return True
    return other != (row.output, row.layer.parameters(*row.inputs))


def _cut_off(rows: Sequence[Row]) -> Iterator[str]:
    """One warning for all layers that never read the end of their input."""
    known: dict[tuple[int, Map], bool] = {}
    names = []
    for row in rows:
        if not hasattr(row.layer, "axes") or not isinstance(x := row.inputs[0], Map):
            continue
        key = (id(row.layer), x)
        if key not in known:
            known[key] = any(map(_drops_pixels, row.layer.axes(x)))
        if known[key]:
            names.append(row.name)
    if names:
        count = "1 layer never reads" if len(names) == 1 else f"{len(names):,} layers never read"
        whose = "its" if len(names) == 1 else "their"
        shown = ", ".join(names[:MAX_NAMES]) + (", …" if len(names) > MAX_NAMES else "")
        yield f"{count} the last pixels of {whose} input: {shown}; see 'cnncalc check-stride'"


def _drops_pixels(axis: object) -> bool:
    """Whether the last window ends before the input does. A stride larger than the window skips
    pixels everywhere, so it is intended. Recorded sizes are not tested, because a formula would
    then hold only for sizes with the same answer."""
    if not isinstance(axis, Axis) or not {*map(type, axis)} <= {int, bool}:
        return False
    return axis.extent >= axis.S and axis.cut_off() > 0
