"""Recognizes functions that older versions of ONNX spell out as several operators."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from math import isclose, sqrt

from cnncalc.spec.readers import _onnx_values as values
from cnncalc.spec.readers._onnx_constants import evaluated
from cnncalc.spec.readers._onnx_file import Model, Operator


def fused(found: Model) -> list[Operator]:
    """The nodes, with each group that spells out a function replaced by a single node if nothing
    else reads the tensors inside the group."""
    if not any(node.kind in ("Erf", "Sqrt") for node in found.nodes):
        return found.nodes
    graph = _Graph(found)
    for place, node in enumerate(found.nodes):
        match = graph.gelu(place) if node.kind == "Erf" else None
        match = graph.layer_norm(place) if node.kind == "Div" else match
        if match is not None:
            one, gone = match
            for inner in gone:
                graph.nodes[inner] = None
            graph.nodes[max(gone)] = one
    return [node for node in graph.nodes if node is not None]


class _Graph:
    """The nodes that make and read each tensor."""

    def __init__(self, found: Model) -> None:
        self.nodes: list[Operator | None] = [*found.nodes]
        self.maker: dict[str, int] = {}
        self.readers: Mapping[str, list[int]] = defaultdict(list)
        self.held = found.held
        self.kept = {*found.outputs}
        for place, node in enumerate(found.nodes):
            self.maker |= dict.fromkeys(node.outputs, place)
            for name in node.inputs:
                self.readers[name].append(place)

    def number(self, name: str) -> float | None:
        """The value of a constant with one element."""
        known = None
        if name in self.held:
            known = values.initial(self.held[name])
        elif (node := self.made(name)) is not None and node.kind == "Constant":
            known = evaluated(node, [])
        listed = known.values() if known is not None and known.elements == 1 else None
        return float(listed[0]) if listed else None

    def made(self, name: str, *kinds: str) -> Operator | None:
        """The node that makes a tensor, if it is of one of these kinds."""
        node = self.nodes[self.maker[name]] if name in self.maker else None
        return node if node is not None and (not kinds or node.kind in kinds) else None

    def next(self, node: Operator, kind: str) -> Operator | None:
        """The only node that reads a node's output, if it is of this kind."""
        name = node.outputs[0]
        readers = self.readers.get(name, [])
        if len(readers) != 1 or name in self.kept:
            return None
        found = self.nodes[readers[0]]
        return found if found is not None and found.kind == kind else None

    def with_number(self, node: Operator | None, *numbers: float) -> str | None:
        """The other operand of a node that has one of these numbers as an operand."""
        if node is None or len(node.inputs) != 2:
            return None
        for name, other in (node.inputs, node.inputs[::-1]):
            value = self.number(other)
            if value is not None and any(isclose(value, n, rel_tol=1e-5) for n in numbers):
                return name
        return None

    def gelu(self, place: int) -> tuple[Operator, list[int]] | None:
        """x/2·(1 + erf(x/√2)), in any order of the products."""
        erf = self.nodes[place]
        assert erf is not None
        inner = self.made(erf.inputs[0], "Div", "Mul") if erf.inputs else None
        x = self.with_number(inner, sqrt(2) if inner and inner.kind == "Div" else sqrt(0.5))
        plus = self.next(erf, "Add")
        if x is None or inner is None or plus is None or self.with_number(plus, 1) is None:
            return None
        gone = [inner, erf, plus]
        wanted, last = {"x", "half"}, plus
        while wanted:
            product = self.next(last, "Mul")
            if product is None:
                return None
            (other,) = [n for n in product.inputs if n != last.outputs[0]] or [""]
            halved = self.made(other, "Mul")
            gone.append(product)
            if other == x:
                wanted.discard("x")
            elif self.with_number(product, 0.5) == last.outputs[0]:
                wanted.discard("half")
            elif halved and self.with_number(halved, 0.5) == x and self.next(halved, "Mul"):
                gone.append(halved)
                wanted.clear()
            else:
                return None
            last = product
        return self.replaced("Gelu", erf, (x,), last, gone)

    def layer_norm(self, place: int) -> tuple[Operator, list[int]] | None:
        """(x − mean) / √(variance + eps), times a scale, plus a shift."""
        div = self.nodes[place]
        assert div is not None
        minus = self.made(div.inputs[0], "Sub")
        root = self.made(div.inputs[1], "Sqrt")
        plus = self.made(root.inputs[0], "Add") if root else None
        mean = self.made(minus.inputs[1], "ReduceMean") if minus else None
        if not minus or not root or not plus or not mean or mean.inputs[0] != minus.inputs[0]:
            return None
        variance = next((one for n in plus.inputs if (one := self.made(n, "ReduceMean"))), None)
        eps = next((value for n in plus.inputs if (value := self.number(n)) is not None), None)
        square = self.made(variance.inputs[0], "Pow", "Mul") if variance else None
        if not variance or not square or eps is None:
            return None
        same = minus.outputs[0]
        squared = square.kind == "Mul" and set(square.inputs) == {same}
        if not squared and self.with_number(square, 2) != same:
            return None
        axes = mean.attributes.get("axes")
        if axes != variance.attributes.get("axes") or not axes or len(axes) != 1:
            return None
        scaled = self.next(div, "Mul")
        shifted = self.next(scaled, "Add") if scaled else None
        if not scaled or not shifted:
            return None
        weights = [*self.vectors(scaled), *self.vectors(shifted)]
        if len(weights) != 2:
            return None
        settings = {"axis": axes[0], "epsilon": eps}
        gone = [mean, minus, square, variance, plus, root, div, scaled, shifted]
        inputs = (minus.inputs[0], *weights)
        return self.replaced("LayerNormalization", div, inputs, shifted, gone, settings)

    def vectors(self, node: Operator) -> Iterator[str]:
        """The weights with a single dimension that a node reads."""
        yield from (n for n in node.inputs if n in self.held and len(self.held[n].sizes) == 1)

    def replaced(
        self,
        kind: str,
        named: Operator,
        inputs: tuple[str, ...],
        last: Operator,
        gone: Sequence[Operator],
        settings: Mapping[str, object] | None = None,
    ) -> tuple[Operator, list[int]] | None:
        """The node that replaces a group, and the positions of the group's nodes; None if another
        node reads a tensor inside the group, or the network outputs one."""
        one = named._replace(
            kind=kind, inputs=inputs, outputs=last.outputs, attributes=settings or {}
        )
        places = [self.maker[node.outputs[0]] for node in gone]
        inside = {node.outputs[0] for node in gone} - {*last.outputs}
        if inside & self.kept or any(not {*places} >= {*self.readers[name]} for name in inside):
            return None
        return one, places
