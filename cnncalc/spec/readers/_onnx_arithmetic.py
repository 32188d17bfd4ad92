"""The operators of ONNX for arithmetic between tensors, with numbers or weights, and along axes."""

from collections.abc import Mapping, Sequence
from itertools import chain
from math import prod
from typing import Any

from cnncalc.spec.readers import _onnx_values as values
from cnncalc.spec.readers._flow import BATCH, Flow
from cnncalc.spec.readers._onnx_file import Operator
from cnncalc.spec.readers._onnx_layers import Layers, Made, Rule, Unclear, flow_of, word
from cnncalc.spec.readers._onnx_values import Known


def _arithmetic(kind: str) -> Rule:
    def rule(net: Layers, node: Operator, operands: list[Any]) -> Made:
        flows = [one for one in operands if isinstance(one, Flow)]
        if len(flows) < len(operands):
            if len(operands) != 2:
                raise Unclear
            return [_with_constant(net, kind, node, operands)]
        if len(operands) == 1:
            return [flows[0]]
        made = _gated(net, node, flows) if kind == "multiply" else None
        if made is not None:
            return [made]
        if all((one.dims, one.parts) == (flows[0].dims, flows[0].parts) for one in flows):
            joined = net.layer(kind, None, flows)
            return [flows[0]._replace(tensor=joined.tensor)]
        return [_broadcast(net, kind, flows)]

    rule.__doc__ = (
        f"`{kind}`, also with a number or with weights, which may be a bias or a `scale`."
    )
    return rule


def _gated(net: Layers, node: Operator, flows: list[Flow]) -> Flow | None:
    """SiLU and hard swish, which older versions write as a product with a sigmoid."""
    swish = {"sigmoid": "silu", "hardsigmoid": "hardswish"}
    for x, gate, name in zip(flows, flows[::-1], node.inputs[::-1]):
        entry = net.entries.get(gate.tensor, {})
        kind = next(iter(entry), "")
        alone = net.readers[name] == 1 and gate.dims == x.dims
        if kind in swish and alone and entry["from"] == net.wiring.source_of(x.tensor):
            rest = {key: value for key, value in entry.items() if key != kind}
            entry.clear()
            entry |= {swish[kind]: None, **rest}
            return gate
    return None


def _broadcast(net: Layers, kind: str, flows: list[Flow]) -> Flow:
    """Arithmetic with two tensors whose sizes of 1 are repeated, or that differ in order."""
    if len(flows) != 2:
        raise Unclear
    rank = max(len(one.dims) for one in flows)
    a, b = (one._replace(dims=((),) * (rank - len(one.dims)) + one.dims) for one in flows)
    swapped = prod(a.shape) < prod(b.shape)
    full, small = (b, a) if swapped else (a, b)
    pairs = [*zip(full.dims, small.dims, full.shape, small.shape)]
    if any(size not in (most, 1) for *_, most, size in pairs):
        raise Unclear
    if net.batch > 1 and any(_at_batch(one) != _at_batch(other) for one, other, *_ in pairs):
        raise Unclear
    bare = [
        [[atom for atom in dim if atom != BATCH] for dim in pair[:2]]
        for pair in pairs
        if pair[2] > 1 and pair[0] != (BATCH,)
    ]
    bare.sort()  # as the larger one's layer has them
    if len(full.parts) == len(small.parts) == rank - 1 and full.is_plain and small.is_plain:
        pass  # both have all dimensions, even those of size 1
    else:
        full = net.arranged(full, [one for one, _ in bare])
        small = net.arranged(small, [other for _, other in bare])
    if kind != "multiply" and small.sizes != full.sizes:
        small = net.layer("expand", {"shape": [*full.sizes]}, [small])
    made = net.layer(kind, None, [small, full] if swapped else [full, small])
    return full._replace(tensor=made.tensor)


def _at_batch(dim: Sequence[int]) -> int | None:
    """Where the batch is in a dimension."""
    return dim.index(BATCH) if BATCH in dim else None


def _with_constant(net: Layers, kind: str, node: Operator, operands: list[Any]) -> Flow:
    """Arithmetic with a number, or with weights: a bias, a scale, an embedding of positions."""
    turned = isinstance(operands[0], Known)
    constant: Known = operands[0 if turned else 1]
    flow: Flow = operands[1 if turned else 0]
    if constant.elements == 1:
        numbers = constant.values()
        if numbers is None or not isinstance(numbers[0], int | float):
            return net.opaque_like(flow, node)
        return _with_number(net, kind, flow, _short(numbers[0]), turned)
    rank = len(flow.dims)
    sizes = (*(1,) * (rank - len(constant.sizes)), *constant.sizes)
    if len(sizes) > rank or any(size not in (1, most) for size, most in zip(sizes, flow.shape)):
        raise Unclear
    covered = [*chain(*(dim for size, dim in zip(sizes, flow.dims) if size > 1))]
    held = [constant] if constant.weights else []
    one = sum(size > 1 for size in sizes) == 1 and BATCH not in covered
    if held and kind == "add" and one and flow.whole(covered) == 0:
        name = node.inputs[0 if not turned else 1]
        if net.readers[name] == 1 and net.with_bias(flow, constant):
            return flow
    if held and kind == "multiply" and one:
        if flow.whole(covered) != 0:
            rest = [[a for a in part if a not in covered] for part in flow.numbers]
            flow = net.arranged(flow, [covered, *(part for part in rest if part)])
        return flow._replace(tensor=net.layer("scale", None, [flow], held).tensor)
    if kind == "add" and sorted(covered) == [*range(len(flow.atoms))] and len(flow.parts) > 1:
        fields = {"learned": bool(held)}
        return flow._replace(tensor=net.layer("positional_embedding", fields, [flow], held).tensor)
    if held and (not turned or kind in ("add", "multiply")) and BATCH not in covered:
        shape = _shape_of(flow, covered)
        return flow._replace(tensor=net.layer(kind, {"parameter": shape}, [flow], held).tensor)
    return net.opaque_like(flow, node, held)


def _shape_of(flow: Flow, covered: Sequence[int]) -> list[int]:
    """The shape of weights that cover these atoms, as the layer's output has its sizes."""
    parts = [{*atoms} & {*covered} for atoms in flow.numbers]
    if any(part not in ({*atoms}, set()) for part, atoms in zip(parts, flow.numbers)):
        raise Unclear
    return [size if part else 1 for part, size in zip(parts, flow.sizes)]


def _short(number: float) -> float:
    """A number, rounded to the digits that a 32-bit float has."""
    return number if isinstance(number, int) else float(f"{number:.7g}")


def _with_number(net: Layers, kind: str, flow: Flow, number: float, turned: bool) -> Flow:
    """Arithmetic with one number, which may be the first operand."""
    steps: list[tuple[str, float]] = [(kind, number)]
    if turned and kind == "subtract":
        steps = [("multiply", -1), ("add", number)]
    elif turned and kind == "divide":
        steps = [("power", -1), *([("multiply", number)] if number != 1 else [])]
    elif kind == "maximum":
        if number != 0:
            raise Unclear
        return flow._replace(tensor=net.layer("relu", None, [flow]).tensor)
    for step, value in steps:
        flow = flow._replace(tensor=net.layer(step, value, [flow]).tensor)
    return flow


def _power(net: Layers, node: Operator, operands: list[Any]) -> Made:
    """`power`."""
    exponent = operands[1].values() if isinstance(operands[1], Known) else None
    if exponent is None or len(exponent) != 1:
        raise Unclear
    return [_with_number(net, "power", flow_of(operands[0]), _short(exponent[0]), False)]


def _fixed(kind: str, number: float) -> Rule:
    def rule(net: Layers, node: Operator, operands: list[Any]) -> Made:
        return [_with_number(net, kind, flow_of(operands[0]), number, False)]

    rule.__doc__ = f"`{kind}: {number:g}`."
    return rule


# Along axes.


def _softmax(kind: str) -> Rule:
    def rule(net: Layers, node: Operator, operands: list[Any]) -> Made:
        flow, newer = flow_of(operands[0]), net.model.opset >= 13
        axis = node.attributes.get("axis", -1 if newer else 1)
        if not newer and any(size > 1 for size in flow.shape[axis + 1 or len(flow.shape) :]):
            raise Unclear  # it was over all later axes together
        flow, place = net.place(flow, axis)
        made = net.layer(kind, {"over": word(flow, place)}, [flow])
        return [flow._replace(tensor=made.tensor)]

    rule.__doc__ = f"`{kind}`."
    return rule


def _layer_norm(net: Layers, node: Operator, operands: list[Any]) -> Made:
    """`layer_norm`."""
    flow, held = flow_of(operands[0]), [one for one in operands[1:] if one is not None]
    axis = node.attributes.get("axis", -1) % len(flow.dims)
    covered = [*chain(*flow.dims[axis:])]
    if BATCH in covered or any(not isinstance(one, Known) for one in held):
        raise Unclear
    learned = [bool(one.weights) for one in held]
    held = [one for one in held if one.weights]
    fields = {
        "eps": _short(node.attributes.get("epsilon", 1e-5)),
        "elementwise_affine": learned[0],
        "bias": learned != [True],
    }
    place = flow.whole(covered)
    if sorted(covered) == [*range(len(flow.atoms))]:
        over = "all"
    elif place is not None and place == len(flow.parts) - 1 and place > 0:
        over = "last"
    else:
        over = "channels"
        if place != 0:
            rest = [[a for a in part if a not in covered] for part in flow.numbers]
            flow = net.arranged(flow, [covered, *(part for part in rest if part)])
    made = net.layer("layer_norm", {**fields, "over": over}, [flow], held)
    return [flow._replace(tensor=made.tensor)]


def _reduce(by: str) -> Rule:
    def rule(net: Layers, node: Operator, operands: list[Any]) -> Made:
        flow = flow_of(operands[0])
        axes = values.axes_of(node, operands, len(flow.dims))
        kept = bool(node.attributes.get("keepdims", 1))
        if not axes or BATCH in chain(*(flow.dims[axis] for axis in axes)):
            raise Unclear
        axes = [axis for axis in axes if flow.dims[axis]] or axes
        places = [flow.whole(flow.dims[axis]) for axis in axes]
        if None in places:
            flow = net.plain(flow)
            places = [axis - 1 for axis in axes]
        return [
            _reduced(
                net, by, flow, sorted(place for place in places if place is not None), kept, axes
            )
        ]

    rule.__doc__ = f"`reduce: {by}`" + (
        "; `global_avg_pool` over all positions." if by == "mean" else "."
    )
    return rule


def _reduced(
    net: Layers, by: str, flow: Flow, places: list[int], kept: bool, axes: list[int]
) -> Flow:
    positions = [*range(1, len(flow.parts))]
    drop = not kept and len(places) < len(flow.parts)
    gone = {*chain(*(flow.numbers[place] for place in places))}
    if places == positions and by == "mean":
        made = net.layer("global_avg_pool", {"keepdim": not drop}, [flow])
    else:
        words = [word(flow, place) for place in places]
        made = net.layer("reduce", {"by": by, "over": words, "keepdim": not drop}, [flow])
    left = [atom for atom in range(len(flow.atoms)) if atom not in gone]
    numbers = {atom: number for number, atom in enumerate(left)} | {BATCH: BATCH}
    parts = [() if at in places else part for at, part in enumerate(flow.parts)]
    if drop:
        parts = [part for at, part in enumerate(parts) if at not in places]
    dims = [tuple(numbers[atom] for atom in dim if atom in numbers) for dim in flow.dims]
    if not kept:
        dims = [dim for at, dim in enumerate(dims) if at not in axes]
    return made._replace(parts=tuple(parts), dims=tuple(dims))


ARITHMETIC: Mapping[str, Rule] = {
    "Add": _arithmetic("add"),
    "Sum": _arithmetic("add"),
    "Sub": _arithmetic("subtract"),
    "Mul": _arithmetic("multiply"),
    "Div": _arithmetic("divide"),
    "Max": _arithmetic("maximum"),
    "Pow": _power,
    "Sqrt": _fixed("power", 0.5),
    "Reciprocal": _fixed("power", -1),
    "Neg": _fixed("multiply", -1),
    "Softmax": _softmax("softmax"),
    "LogSoftmax": _softmax("log_softmax"),
    "LayerNormalization": _layer_norm,
    "ReduceMean": _reduce("mean"),
    "ReduceSum": _reduce("sum"),
    "ReduceMax": _reduce("max"),
    "ReduceL2": _reduce("norm"),
}
"""The function that turns each operator into layers."""
