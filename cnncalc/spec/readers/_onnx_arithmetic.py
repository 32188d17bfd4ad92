"""The operators of ONNX for arithmetic between tensors, with numbers or weights, and along axes."""

from collections.abc import Iterable, Mapping, Sequence
from itertools import chain
from math import prod
from typing import Any

from cnncalc import layers
from cnncalc.core.onnx import axis_of, short
from cnncalc.layers._arithmetic import Arithmetic
from cnncalc.layers.add import Add
from cnncalc.layers.divide import Divide
from cnncalc.layers.multiply import Multiply
from cnncalc.layers.subtract import Subtract
from cnncalc.spec.readers import _onnx_values as values
from cnncalc.spec.readers._flow import BATCH, Flow
from cnncalc.spec.readers._onnx_file import Operator
from cnncalc.spec.readers._onnx_layers import (
    Layers,
    Made,
    Rule,
    Turn,
    Unclear,
    flow_of,
    word,
)
from cnncalc.spec.readers._onnx_values import Known

Operation = type[Arithmetic]


def _arithmetic(kind: Operation) -> Turn:
    def rule(net: Layers, node: Operator, operands: list[Any]) -> Made:
        flows = [one for one in operands if isinstance(one, Flow)]
        if len(flows) < len(operands):
            return [_with_constant(net, kind, node, operands)]
        return [_between(net, kind.kind, flows, kind.broadcasts)]

    become = "a bias or a `positional_embedding`" if kind.can_be_bias else ""
    become = f"a `{kind.per_channel}`" if kind.per_channel else become
    which = f", which may become {become}" if become else ""
    rule.__doc__ = f"`{kind.kind}`, also with a number or with weights{which}."
    return rule


def _product(net: Layers, node: Operator, operands: list[Any]) -> Made:
    if all(isinstance(one, Flow) for one in operands) and (gated := _gated(net, node, operands)):
        return [gated]
    return _multiplied(net, node, operands)


_multiplied = _arithmetic(Multiply)
_product.__doc__ = _multiplied.__doc__


def _gated(net: Layers, node: Operator, flows: list[Flow]) -> Flow | None:
    """SiLU or hard swish, which older versions of ONNX write as a product with a (hard) sigmoid."""
    for x, gate in zip(flows, flows[::-1]):
        entry = net.entries.get(gate.tensor, {})
        kind = next(iter(entry), "identity")
        swish = getattr(layers.load(kind), "times_input", "")
        alone = net.alone(gate) and gate.dims == x.dims
        if swish and alone and entry["from"] == net.wiring.source_of(x.tensor):
            rest = {key: value for key, value in entry.items() if key != kind}
            entry.clear()
            entry |= {swish: None, **rest}
            return gate
    return None


def _maximum(net: Layers, node: Operator, operands: list[Any]) -> Made:
    """`maximum`; `relu` with the number 0."""
    if all(isinstance(one, Flow) for one in operands):
        return [_between(net, "maximum", operands)]
    flow, constant, _ = _constant_in(operands)
    number = _number(constant)
    if number is None:
        _covered(flow, constant)
        return [net.opaque_like(flow, node, [constant] if constant.weights else [])]
    if number != 0:
        raise Unclear
    return [flow._replace(tensor=net.layer("relu", None, [flow]).tensor)]


def _between(net: Layers, kind: str, flows: list[Flow], broadcasts: bool = False) -> Flow:
    """An operation between flows."""
    first = flows[0]
    if len(flows) == 1:
        return first
    if all((one.dims, one.parts) == (first.dims, first.parts) for one in flows):
        return first._replace(tensor=net.layer(kind, None, flows).tensor)
    if len(flows) > 2:
        return _many(net, kind, [net.plain(one) for one in flows])
    return _broadcast(net, kind, flows, broadcasts)


def _many(net: Layers, kind: str, flows: list[Flow]) -> Flow:
    if len({one.sizes for one in flows}) > 1:
        raise Unclear
    return net.layer(kind, None, flows)


def _broadcast(net: Layers, kind: str, flows: list[Flow], broadcasts: bool) -> Flow:
    """Arithmetic with two tensors, of which one repeats sizes of 1 or has its dimensions in another
    order."""
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
    bare.sort()  # in the order of the larger one's layer
    complete = len(full.parts) == len(small.parts) == rank - 1  # even dimensions of size 1
    if not (complete and full.is_plain and small.is_plain):
        full = net.arranged(full, [one for one, _ in bare])
        small = net.arranged(small, [other for _, other in bare])
    if not broadcasts and small.sizes != full.sizes:
        small = net.layer("expand", {"shape": [*full.sizes]}, [small])
    made = net.layer(kind, None, [small, full] if swapped else [full, small])
    return full._replace(tensor=made.tensor)


def _at_batch(dim: Sequence[int]) -> int | None:
    """The position of the batch in a dimension; None if it is not there."""
    return dim.index(BATCH) if BATCH in dim else None


def _constant_in(operands: list[Any]) -> tuple[Flow, Known, bool]:
    """The flow and the constant of two operands, and whether the constant is the first."""
    if len(operands) != 2:
        raise Unclear
    turned = isinstance(operands[0], Known)
    flow, constant = operands[::-1] if turned else operands
    return flow, constant, turned


def _number(constant: Known) -> float | None:
    """The value of a constant with a single number, if it is known."""
    values = constant.values() if constant.elements == 1 else None
    return short(values[0]) if values and isinstance(values[0], int | float) else None


def _covered(flow: Flow, constant: Known) -> list[int]:
    """The atoms along which a constant varies. Raises Unclear if it does not broadcast to the
    flow."""
    rank = len(flow.dims)
    sizes = (*(1,) * (rank - len(constant.sizes)), *constant.sizes)
    if len(sizes) > rank or any(size not in (1, most) for size, most in zip(sizes, flow.shape)):
        raise Unclear
    return [*chain(*(dim for size, dim in zip(sizes, flow.dims) if size > 1))]


def _with_constant(net: Layers, kind: Operation, node: Operator, operands: list[Any]) -> Flow:
    """Arithmetic with a number, or with weights: a bias, a scale, an embedding of positions."""
    flow, constant, turned = _constant_in(operands)
    held = [constant] if constant.weights else []
    if constant.elements == 1 and not held:
        number = _number(constant)
        if number is None:
            return net.opaque_like(flow, node)
        return _stepwise(net, flow, kind.of_number(number) if turned else [(kind.kind, number)])
    covered = _covered(flow, constant)
    if constant.computed:
        made = numbers_of(net, flow, constant)
        return _between(net, kind.kind, [made, flow] if turned else [flow, made], kind.broadcasts)
    alone = constant.elements == flow.sizes[0] == 1
    one = sum(size > 1 for size in constant.sizes) == 1 and BATCH not in covered
    if held and kind.can_be_bias and (alone or (one and flow.whole(covered) == 0)):
        name = node.inputs[0 if turned else 1]
        if net.readers[name] == 1 and net.with_bias(flow, constant):
            return flow
    if held and alone and kind.per_channel:
        return flow._replace(tensor=net.layer(kind.per_channel, None, [flow], held).tensor)
    if held and one and kind.per_channel:
        return _per_channel(net, kind.per_channel, flow, covered, held)
    everywhere = sorted(covered) == [*range(len(flow.atoms))] and len(flow.parts) > 1
    if kind.per_element and everywhere:
        fields = {"learned": bool(held)}
        return flow._replace(tensor=net.layer(kind.per_element, fields, [flow], held).tensor)
    if held and (not turned or kind.commutes) and BATCH not in covered:
        shape = _shape_of(flow, covered)
        return flow._replace(tensor=net.layer(kind.kind, {"parameter": shape}, [flow], held).tensor)
    return net.opaque_like(flow, node, held)


def numbers_of(net: Layers, flow: Flow, constant: Known) -> Flow:
    """The layer of numbers that do not depend on the input, with as many dimensions as a flow."""
    sizes = (*(1,) * (len(flow.dims) - len(constant.sizes)), *constant.sizes)
    if sizes[0] != 1 or len(sizes) != len(flow.dims) or not flow.is_batched:
        raise Unclear
    fields = {"shape": [*sizes[1:]], "learned": bool(constant.weights)}
    fields |= {"params": constant.params} if constant.computed else {}
    return net.layer("parameter", fields, [flow], [constant] if constant.weights else [])


def _per_channel(net: Layers, kind: str, flow: Flow, covered: list[int], held: list[Known]) -> Flow:
    """A layer with one number for each channel; the covered atoms become the channels."""
    if flow.whole(covered) != 0:
        flow = net.as_channels(flow, covered)
    return flow._replace(tensor=net.layer(kind, None, [flow], held).tensor)


def _prelu(net: Layers, node: Operator, operands: list[Any]) -> Made:
    """`prelu`."""
    flow, slopes = flow_of(operands[0]), operands[1]
    if not isinstance(slopes, Known) or not slopes.weights or slopes.computed:
        raise Unclear
    n = slopes.elements
    older = slopes.sizes == (n,) and flow.shape[1:2] == (n,) != flow.shape[-1:]
    covered = [*flow.dims[1]] if older else _covered(flow, slopes)
    number: int | str = n
    if n > 1 and flow.whole(covered) != 0:
        number = "elements"
        if sorted(covered) != [*range(len(flow.atoms))]:
            raise Unclear
    made = net.layer("prelu", {"num_parameters": number}, [flow], [slopes])
    return [flow._replace(tensor=made.tensor)]


def _shape_of(flow: Flow, covered: Sequence[int]) -> list[int]:
    """The shape of weights that cover these atoms: the sizes of the layer's output, or 1 where it
    has other atoms."""
    parts = [{*atoms} & {*covered} for atoms in flow.numbers]
    if any(part not in ({*atoms}, set()) for part, atoms in zip(parts, flow.numbers)):
        raise Unclear
    return [size if part else 1 for part, size in zip(parts, flow.sizes)]


def _stepwise(net: Layers, flow: Flow, steps: Iterable[tuple[str, float]]) -> Flow:
    """Layers one after another, each with its value."""
    for kind, value in steps:
        flow = flow._replace(tensor=net.layer(kind, value, [flow]).tensor)
    return flow


def _power(net: Layers, node: Operator, operands: list[Any]) -> Made:
    """`power`."""
    exponent = _number(operands[1]) if isinstance(operands[1], Known) else None
    if exponent is None:
        raise Unclear
    return [_stepwise(net, flow_of(operands[0]), [("power", exponent)])]


def _fixed(kind: str, number: float) -> Turn:
    def rule(net: Layers, node: Operator, operands: list[Any]) -> Made:
        return [_stepwise(net, flow_of(operands[0]), [(kind, number)])]

    rule.__doc__ = f"`{kind}: {number:g}`."
    return rule


# Along axes.


def _softmax(kind: str) -> Turn:
    def rule(net: Layers, node: Operator, operands: list[Any]) -> Made:
        flow, newer = flow_of(operands[0]), net.model.opset >= 13
        axis = axis_of(node.attributes.get("axis", -1 if newer else 1), len(flow.dims))
        if not newer and any(size > 1 for size in flow.shape[axis + 1 :]):
            raise Unclear  # older versions take all later axes together
        flow, place = net.place(flow, axis)
        made = net.layer(kind, {"over": word(flow, place)}, [flow])
        return [flow._replace(tensor=made.tensor)]

    rule.__doc__ = f"`{kind}`."
    return rule


def _layer_norm(net: Layers, node: Operator, operands: list[Any]) -> Made:
    """`layer_norm`."""
    flow, held = flow_of(operands[0]), [one for one in operands[1:] if one is not None]
    axis = axis_of(node.attributes.get("axis", -1), len(flow.dims))
    normalized, covered = flow.shape[axis:], [*chain(*flow.dims[axis:])]
    if BATCH in covered or any(not isinstance(one, Known) for one in held):
        raise Unclear
    learned = [bool(one.weights) for one in held]
    for one, neutral in zip(held, (1, 0)):
        if not one.weights and any(number != neutral for number in one.values() or ()):
            raise Unclear
    held = [one for one in held if one.weights]
    fields = {
        "eps": short(node.attributes.get("epsilon", 1e-5)),
        "elementwise_affine": learned[0],
        "bias": not learned[0] or learned[1:] == [True],
    }
    place = flow.whole(covered)
    if sorted(covered) == [*range(len(flow.atoms))]:
        over = "all"
    elif place is not None and place == len(flow.parts) - 1 and place > 0:
        over = "last"
    else:
        over = "channels"
        if place != 0:
            flow = net.as_channels(flow, covered)
    made = net.layer("layer_norm", {**fields, "over": over}, [flow], held)
    for name, one in zip(("scale", "bias"), held):
        net.need(name, one._replace(sizes=one.sizes[-len(normalized) :]), normalized)
    return [flow._replace(tensor=made.tensor)]


def _reduce(by: str) -> Turn:
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
    "Add": Rule(_arithmetic(Add), (2, 2)),
    "Sum": Rule(_arithmetic(Add), (1, None)),
    "Sub": Rule(_arithmetic(Subtract), (2, 2)),
    "Mul": Rule(_product, (2, 2)),
    "Div": Rule(_arithmetic(Divide), (2, 2)),
    "Max": Rule(_maximum, (1, None)),
    "PRelu": Rule(_prelu, (2, 2)),
    "Pow": Rule(_power, (2, 2)),
    "Sqrt": Rule(_fixed("power", 0.5)),
    "Reciprocal": Rule(_fixed("power", -1)),
    "Neg": Rule(_fixed("multiply", -1)),
    "Softmax": Rule(_softmax("softmax")),
    "LogSoftmax": Rule(_softmax("log_softmax")),
    "LayerNormalization": Rule(_layer_norm, (2, 3)),
    "ReduceMean": Rule(_reduce("mean"), (1, 2)),
    "ReduceSum": Rule(_reduce("sum"), (1, 2)),
    "ReduceMax": Rule(_reduce("max"), (1, 2)),
    "ReduceL2": Rule(_reduce("norm"), (1, 2)),
}
"""The rule that turns each operator into layers."""
