"""Mistakes that no single layer can detect: shared weights that do not fit, and maps that are
overwritten although they are still needed."""

from collections import Counter
from collections.abc import Iterator, Sequence

from cnncalc.analysis.report import Row
from cnncalc.core.cost import Tensors
from cnncalc.core.errors import SpecError, inputs_of, some
from cnncalc.spec.graph import Graph
from cnncalc.spec.node import Node
from cnncalc.spec.sharing import APART, OWN


def misfits(nodes: Sequence[Node], rows: Sequence[Row]) -> Iterator[SpecError]:
    """An error for every layer that does not fit the weights that it shares."""
    sharing = [node for node in nodes if node.shares is not None]
    row_of = {row.name: row for row in rows} if sharing else {}
    source_of = {node.name: node.where.source for node in nodes} if sharing else {}
    for node in sharing:
        row = row_of.get(node.name)
        owner = row_of.get(row.weights_of or "") if row else None
        if row is None or owner is None:
            continue
        if (row.layer, row.inputs) == (owner.layer, owner.inputs):
            continue
        ours, theirs = (one.layer.tensors(*one.inputs) for one in (row, owner))
        if ours != theirs:
            who = f"layer {row.name!r} ({row.kind}, {inputs_of(row.inputs)})"
            fact = f"shares the weights of {owner.name!r}, which fit its input"
            text = f"{who}: {fact} {some(owner.inputs)} but not this one"
            if row.layer != owner.layer:
                text = f"{who}: needs {_sizes(ours)}, but {owner.name!r} holds {_sizes(theirs)}"
            inherited = source_of[owner.name] != node.where.source
            yield SpecError(text, node.where, APART if inherited else OWN)


def overwritten(rows: Sequence[Row], graph: Graph) -> Iterator[SpecError]:
    """An error for every layer that runs in place on a map that is also read elsewhere, or that is
    an output of the network."""
    overwriting = [place for place, row in enumerate(rows) if row.layer.overwrites]
    readers = Counter(source for row in rows for source in row.sources)
    returned = {graph.nodes[place].name for place in graph.outputs}
    where = {node.name: node.where for node in graph.nodes}
    for place in overwriting:
        row = source = rows[place]
        while source.sources and (source is row or not source.layer.moves):  # through views
            before = source.sources[0]
            source = rows[before]
            if readers[before] > 1 or source.name in returned:
                use = "also read elsewhere" if readers[before] > 1 else "an output of the network"
                yield SpecError(
                    f"layer {row.name!r} ({row.kind}) runs in place and would overwrite "
                    f"{source.name!r}, which is {use}",
                    where[row.name],
                    "remove 'inplace'",
                )
                break


def _sizes(tensors: Tensors) -> str:
    """Sizes by name, such as ``weight 4×3×3×3, bias 4``."""
    return some(f"{name} {'×'.join(map(str, sizes))}" for name, sizes in tensors.items())
