"""From a spec to a graph: a list of nodes in the order of the text.

Each node reads only earlier ones, so there are no cycles. The analysis infers the shapes.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, NamedTuple

from cnncalc.core.errors import Mistakes, SpecError, UsageError, printable
from cnncalc.core.shape import Layout, Shape
from cnncalc.spec.entry import Block, Spec
from cnncalc.spec.inputs import Given, Shapes
from cnncalc.spec.network import Network
from cnncalc.spec.node import Node


class Graph(NamedTuple):
    """An expanded network. ``groups`` maps each dotted prefix to what it was expanded from.

    The analysis reports ``mistakes`` together with those that it finds itself.
    """

    name: str
    nodes: tuple[Node, ...]
    groups: Mapping[str, str]
    settings: Mapping[str, Any]
    spec: Spec
    mistakes: tuple[SpecError, ...] = ()
    used: tuple[Block, ...] = ()
    """The blocks that its layers come from."""
    replaced: Mapping[str, Shape] = MappingProxyType({})
    """The shapes in the spec of the inputs whose shapes the caller overrides, by name."""
    layout: Layout = "chw"
    """The layout of the shapes that the caller gives, and of those in tables."""
    outputs: tuple[int, ...] = ()
    """The nodes that the spec lists as its outputs, if it lists any."""


def build(
    spec: Spec,
    settings: Mapping[str, Any] | None = None,
    inputs: Shapes | Mapping[str, Shapes] | None = None,
    layout: Layout | None = None,
) -> Graph:
    """Expand a spec, optionally with different parameters and input shapes.

    ``layout`` is how shapes are written: in ``inputs``, and in files that do not state it
    themselves, except built-ins. Raises Mistakes or UsageError for settings and inputs that are
    invalid, do not exist in the spec, or look like a mistake, such as a batch of images.
    """
    if not isinstance(spec, Spec):
        raise UsageError(f"build needs a spec, not {spec!r:.60}", "read one with load")
    network = Network(spec, layout)
    try:
        network.run(settings or {}, inputs)
    except SpecError as error:
        raise Mistakes([*spec.mistakes, error]) from None
    return Graph(
        name=spec.name or _stem(spec.where.source),
        nodes=tuple(network.nodes),
        groups=network.groups,
        settings=network.parameters,
        spec=spec,
        mistakes=tuple(network.mistakes),
        used=tuple(network.used.values()),
        replaced={
            str(name): one.own
            for name, one in network.input_shapes.items()
            if isinstance(one, Given) and one.own is not None
        },
        layout=layout or spec.layouts.get(spec.where.source, "chw"),
        outputs=network.outputs,
    )


def _stem(source: str) -> str:
    """The name of a file without its folder, .yaml and .yml: ``vgg16`` for ``a/vgg16.yaml``."""
    stem = source.replace("\\", "/").rpartition("/")[2]
    return printable(stem.removesuffix(".yaml").removesuffix(".yml"))
