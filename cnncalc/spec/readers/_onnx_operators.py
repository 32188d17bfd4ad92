"""The operators of ONNX that are no kind by themselves: their meaning depends on dimensions, and on
which operands are constants."""

from collections.abc import Callable, Mapping, Sequence
from itertools import chain
from math import prod
from typing import Any

from cnncalc.layers._axes import NAMES
from cnncalc.spec.readers import _onnx_values as values
from cnncalc.spec.readers._flow import BATCH, Flow
from cnncalc.spec.readers._onnx_file import Operator
from cnncalc.spec.readers._onnx_layers import Layers, Unclear
from cnncalc.spec.readers._onnx_values import Known

Made = list[Flow | Known]
Rule = Callable[[Layers, Operator, list[Any]], Made]


def _same(net: Layers, node: Operator, operands: list[Any]) -> Made:
    """Nothing: the values stay what they are."""
    return [operands[0]]


def _shape(net: Layers, node: Operator, operands: list[Any]) -> Made:
    """Sizes, from which other shapes are computed."""
    shape = operands[0].shape
    end = node.attributes.get("end")
    return [values.of([*shape[node.attributes.get("start", 0) : end]])]


def _transpose(net: Layers, node: Operator, operands: list[Any]) -> Made:
    """`permute`, where the order matters."""
    flow = _flow(operands[0])
    order = node.attributes.get("perm") or [*range(len(flow.dims))][::-1]
    if sorted(order) != [*range(len(flow.dims))]:
        raise Unclear
    return [flow.reordered(order, net.name)]


def _reshape(net: Layers, node: Operator, operands: list[Any]) -> Made:
    """`reshape` or `flatten`, where the shape matters."""
    flow, shape = _flow(operands[0]), node.attributes.get("shape")
    if shape is None and len(operands) > 1 and isinstance(operands[1], Known):
        shape = operands[1].values()
    sizes = values.shape_to(flow.shape, shape, node.attributes)
    return [_regrouped(net, flow, sizes)]


def _regrouped(net: Layers, flow: Flow, sizes: Sequence[int] | None) -> Flow:
    found = flow.regrouped(sizes, net.name) if sizes else None
    if found is None:
        raise Unclear
    return found


def _flatten(net: Layers, node: Operator, operands: list[Any]) -> Made:
    """`flatten`, where the shape matters."""
    flow, axis = _flow(operands[0]), node.attributes.get("axis", 1)
    axis += len(flow.dims) if axis < 0 else 0
    shape = flow.shape
    return [_regrouped(net, flow, (prod(shape[:axis]), prod(shape[axis:])))]


def _squeeze(net: Layers, node: Operator, operands: list[Any]) -> Made:
    """Nothing: a size of 1 disappears."""
    flow = _flow(operands[0])
    axes = values.axes_of(node, operands, len(flow.dims))
    ones = [place for place, size in enumerate(flow.shape) if size == 1]
    axes = ones if axes is None else axes
    if not {*axes} <= {*ones}:
        raise Unclear
    return [flow.squeezed(axes, net.name)]


def _unsqueeze(net: Layers, node: Operator, operands: list[Any]) -> Made:
    """Nothing: a size of 1 appears."""
    flow = _flow(operands[0])
    given = node.attributes.get("axes")
    if given is None and len(operands) > 1 and isinstance(operands[1], Known):
        given = operands[1].values()
    axes = values.axes_of(node, operands, len(flow.dims) + len(given or ()))
    if not axes:
        raise Unclear
    return [flow.unsqueezed(axes, net.name)]


def _expand(net: Layers, node: Operator, operands: list[Any]) -> Made:
    """`expand`."""
    flow = _flow(operands[0])
    shape = operands[1].values() if isinstance(operands[1], Known) else None
    if shape is None or len(shape) > len(flow.dims):
        raise Unclear
    shape = (*flow.shape[: len(flow.dims) - len(shape)], *shape)
    wanted = tuple(max(pair) for pair in zip(shape, flow.shape))
    if any(old not in (1, new) for old, new in zip(flow.shape, wanted)):
        raise Unclear
    if wanted == flow.shape:
        return [flow]
    flow = net.plain(flow)
    if wanted[0] != net.batch:
        raise Unclear
    return [net.layer("expand", {"shape": [*wanted[1:]]}, [flow])]


# Parts of tensors.


def _place(net: Layers, flow: Flow, dim: int) -> tuple[Flow, int]:
    """The place in the layer's output that a dimension is, moving dimensions if necessary."""
    if not -len(flow.dims) <= dim < len(flow.dims):
        raise Unclear
    place = flow.whole(flow.dims[dim])
    if place is None:
        flow = net.plain(flow)
        place = dim % len(flow.dims) - 1
    if place < 0:
        raise Unclear
    return flow, place


def _word(flow: Flow, place: int) -> str:
    """The name of a place in a layer's output."""
    return ("channels", *NAMES[len(flow.parts) - 1])[place]


def _resized(flow: Flow, made: Flow, place: int) -> Flow:
    """The output of a layer that changed one size of its input, with the input's dimensions."""
    numbers: dict[int, int] = {BATCH: BATCH}
    count = 0
    for at, (old, new) in enumerate(zip(_atoms(flow), made.parts)):
        kept = old[:1] if at == place else old
        if at != place or new:
            numbers |= {atom: count + step for step, atom in enumerate(kept)}
            count += len(kept)
    parts = tuple(
        new if at == place else old for at, (old, new) in enumerate(zip(flow.parts, made.parts))
    )
    dims = tuple(tuple(numbers[atom] for atom in dim if atom in numbers) for dim in flow.dims)
    return made._replace(parts=parts, dims=dims)


def _atoms(flow: Flow) -> list[list[int]]:
    """The numbers of the atoms in each part."""
    count = iter(range(len(flow.atoms)))
    return [[next(count) for _ in part] for part in flow.parts]


def _cut(net: Layers, flow: Flow, dim: int, start: int, stop: int) -> Flow:
    """A part of a dimension."""
    size = flow.shape[dim]
    if (start, stop) == (0, size):
        return flow
    if BATCH in flow.dims[dim] or not 0 <= start < stop <= size:
        raise Unclear
    flow, place = _place(net, flow, dim)
    fields = {"start": start, "stop": stop, "along": _word(flow, place)}
    return _resized(flow, net.layer("slice", fields, [flow]), place)


def _slice(net: Layers, node: Operator, operands: list[Any]) -> Made:
    """`slice`, one for each axis."""
    flow = _flow(operands[0])
    given = [node.attributes.get(word) for word in ("starts", "ends", "axes", "steps")]
    for place, operand in enumerate(operands[1:]):
        given[place] = operand.values() if isinstance(operand, Known) else given[place]
    starts, ends, axes, steps = given
    if starts is None or ends is None:
        raise Unclear
    axes = axes if axes is not None else range(len(starts))
    for start, end, axis, step in zip(starts, ends, axes, steps or [1] * len(starts)):
        if step != 1 or not -len(flow.dims) <= axis < len(flow.dims):
            raise Unclear
        first, last, _ = slice(start, end).indices(flow.shape[axis])
        flow = _cut(net, flow, axis % len(flow.dims), first, last)
    return [flow]


def _split(net: Layers, node: Operator, operands: list[Any]) -> Made:
    """`slice`, one for each output."""
    flow, dim = _flow(operands[0]), node.attributes.get("axis", 0)
    if not -len(flow.dims) <= dim < len(flow.dims):
        raise Unclear
    dim %= len(flow.dims)
    sizes, size = node.attributes.get("split"), flow.shape[dim]
    if sizes is None and len(operands) > 1 and isinstance(operands[1], Known):
        sizes = operands[1].values()
    if sizes is None:
        each = -(-size // len(node.outputs))
        sizes = [min(each, size - each * at) for at in range(len(node.outputs))]
    made: Made = []
    start = 0
    for one in sizes:
        made.append(_cut(net, flow, dim, start, start + one))
        start += one
    return made


def _gather(net: Layers, node: Operator, operands: list[Any]) -> Made:
    """`slice` for one place; `embedding` for rows of weights."""
    data, places = operands[:2]
    axis = node.attributes.get("axis", 0)
    if isinstance(data, Known) and axis == 0 and len(data.sizes) == 2 and data.weights:
        x = net.plain(_flow(places))
        fields = {"num_embeddings": data.sizes[0], "embedding_dim": data.sizes[1]}
        made = net.layer("embedding", fields, [x], [data])
        return [made.reordered([0, 2, 1], "")]
    chosen = places.values() if isinstance(places, Known) else None
    flow = _flow(data)
    if chosen and flow.shape == (len(chosen),) and chosen == (*range(len(chosen)),):
        return [_regrouped(net, flow, places.sizes)]  # all of them, in order
    if chosen is None or len(chosen) != 1 or len(places.sizes) > 1:
        raise Unclear
    dim = axis % len(flow.dims)
    place = chosen[0] % flow.shape[dim]
    flow = _cut(net, flow, dim, place, place + 1)
    return [flow if places.sizes else flow.squeezed([dim], net.name)]


def _concat(net: Layers, node: Operator, operands: list[Any]) -> Made:
    """`concat`; `class_token` for learned positions before a signal."""
    axis = node.attributes.get("axis", 0)
    if len(operands) == 2 and isinstance(operands[0], Known) and operands[0].weights:
        return [_token(net, operands[0], _flow(operands[1]), axis)]
    flows = [*map(_flow, operands)]
    first = flows[0]
    dim = axis % len(first.dims)
    alike = (
        all(one.dims == first.dims for one in flows) and first.whole(first.dims[dim]) is not None
    )
    place = first.whole(first.dims[dim])
    if alike and place is not None:
        others = {(*one.parts[:place], *one.parts[place + 1 :]) for one in flows}
        alike = len(others) == 1
    if not alike or place is None:
        flows = [net.plain(one) for one in flows]
        first, place = flows[0], dim - 1
    if place < 0:
        raise Unclear
    made = net.layer("concat", {"along": _word(first, place)}, flows)
    return [_resized(first, made, place) if first.parts[place] else made]


def _token(net: Layers, token: Known, flow: Flow, axis: int) -> Flow:
    dims = flow.dims
    if len(dims) != 3 or len(token.sizes) != 3 or axis % 3 != 1 or token.sizes[0] != 1:
        raise Unclear
    flow = net.arranged(flow, [dims[2], dims[1]])
    made = net.layer("class_token", {"tokens": token.sizes[1]}, [flow], [token])
    return made.reordered([0, 2, 1], "")


# Products.


def _gemm(net: Layers, node: Operator, operands: list[Any]) -> Made:
    """`linear`."""
    x, weights, *bias = operands
    usual = all(node.attributes.get(word, 1) == 1 for word in ("alpha", "beta"))
    if not usual or node.attributes.get("transA") or not isinstance(weights, Known):
        raise Unclear
    if any(not isinstance(one, Known) for one in bias) or len(weights.sizes) != 2:
        raise Unclear
    out = weights.sizes[0 if node.attributes.get("transB") else 1]
    held = [weights, *bias]
    return [_linear(net, _flow(x), out, [one for one in held if one.weights], bool(bias))]


def _linear(net: Layers, flow: Flow, out: int, held: Sequence[Known], bias: bool) -> Flow:
    """A linear layer over the last dimension."""
    last = flow.dims[-1]
    if BATCH in last:
        raise Unclear
    rest = [[atom for atom in part if atom not in last] for part in _atoms(flow)]
    alone = flow.whole(last) == 0
    if not alone:
        flow = net.arranged(flow, [last, *(part for part in rest if part)])
    fields = {"out_features": out, "bias": bias, "per_position": len(flow.parts) > 1}
    made = net.layer("linear", fields, [flow], held)
    if not flow.parts[0]:  # a single feature has no atom
        dims = [tuple(a + 1 if a != BATCH and out > 1 else a for a in dim) for dim in flow.dims]
        dims[-1] = (0,) if out > 1 else ()
        return made._replace(parts=(made.parts[0], *flow.parts[1:]), dims=tuple(dims))
    return _resized(flow, made, 0)


def _matmul(net: Layers, node: Operator, operands: list[Any]) -> Made:
    """`linear` with weights; `matmul` of two maps."""
    a, b = operands
    if isinstance(b, Known):
        if len(b.sizes) != 2 or not isinstance(a, Flow):
            raise Unclear
        return [_linear(net, a, b.sizes[1], [b] if b.weights else [], False)]
    a, b = _flow(a), _flow(b)
    if len(a.dims) < 3 or len(a.dims) != len(b.dims) or a.shape[:-2] != b.shape[:-2]:
        raise Unclear
    if BATCH in (*a.dims[-1], *a.dims[-2], *b.dims[-1], *b.dims[-2]):
        raise Unclear
    a, b = (net.arranged(one, _matrices(one)) for one in (a, b))
    made = net.layer("matmul", None, [a, b])
    columns = len(b.parts[-1])
    first = sum(map(len, a.parts[:-1]))
    dims = (*a.dims[:-1], tuple(range(first, first + columns)))
    return [made._replace(parts=(*a.parts[:-1], b.parts[-1]), dims=dims)]


def _matrices(flow: Flow) -> list[Sequence[int]]:
    """A tensor as matrices: what they are for, their rows and their columns."""
    lead = [atom for atom in chain(*flow.dims[:-2]) if atom != BATCH]
    return [*([lead] if lead else []), flow.dims[-2], flow.dims[-1]]


# Arithmetic.


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

    rule.__doc__ = f"`{kind}`; with a number or with weights, see below."
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
    if any(one[:1] == (BATCH,) != other[:1] == (BATCH,) for one, other, *_ in pairs):
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


def _with_constant(net: Layers, kind: str, node: Operator, operands: list[Any]) -> Flow:
    """Arithmetic with a number, or with weights: a bias, a scale, an embedding of positions."""
    turned = isinstance(operands[0], Known)
    constant: Known = operands[0 if turned else 1]
    flow: Flow = operands[1 if turned else 0]
    if constant.elements == 1:
        numbers = constant.values()
        if numbers is None or not isinstance(numbers[0], int | float):
            raise Unclear
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
            rest = [[a for a in part if a not in covered] for part in _atoms(flow)]
            flow = net.arranged(flow, [covered, *(part for part in rest if part)])
        return flow._replace(tensor=net.layer("scale", None, [flow], held).tensor)
    if kind == "add" and sorted(covered) == [*range(len(flow.atoms))] and len(flow.parts) > 1:
        fields = {"learned": bool(held)}
        return flow._replace(tensor=net.layer("positional_embedding", fields, [flow], held).tensor)
    return net.opaque_like(flow, node, held)


def _short(number: float) -> float:
    """A number without the digits that a float of 32 bits does not have."""
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
    for word, value in steps:
        flow = flow._replace(tensor=net.layer(word, value, [flow]).tensor)
    return flow


def _power(net: Layers, node: Operator, operands: list[Any]) -> Made:
    """`power`."""
    exponent = operands[1].values() if isinstance(operands[1], Known) else None
    if exponent is None or len(exponent) != 1:
        raise Unclear
    return [_with_number(net, "power", _flow(operands[0]), _short(exponent[0]), False)]


def _fixed(kind: str, number: float) -> Rule:
    def rule(net: Layers, node: Operator, operands: list[Any]) -> Made:
        return [_with_number(net, kind, _flow(operands[0]), number, False)]

    rule.__doc__ = f"`{kind}: {number:g}`."
    return rule


# Along axes.


def _softmax(kind: str) -> Rule:
    def rule(net: Layers, node: Operator, operands: list[Any]) -> Made:
        flow, newer = _flow(operands[0]), net.model.opset >= 13
        axis = node.attributes.get("axis", -1 if newer else 1)
        if not newer and any(size > 1 for size in flow.shape[axis + 1 or len(flow.shape) :]):
            raise Unclear  # it was over all later axes together
        flow, place = _place(net, flow, axis)
        made = net.layer(kind, {"over": _word(flow, place)}, [flow])
        return [flow._replace(tensor=made.tensor)]

    rule.__doc__ = f"`{kind}`."
    return rule


def _layer_norm(net: Layers, node: Operator, operands: list[Any]) -> Made:
    """`layer_norm`."""
    flow, held = _flow(operands[0]), [one for one in operands[1:] if one is not None]
    axis = node.attributes.get("axis", -1) % len(flow.dims)
    covered = [*chain(*flow.dims[axis:])]
    if BATCH in covered or any(not isinstance(one, Known) or not one.weights for one in held):
        raise Unclear
    fields = {"eps": _short(node.attributes.get("epsilon", 1e-5)), "bias": len(held) > 1}
    place = flow.whole(covered)
    if sorted(covered) == [*range(len(flow.atoms))]:
        over = "all"
    elif place is not None and place == len(flow.parts) - 1 and place > 0:
        over = "last"
    else:
        over = "channels"
        if place != 0:
            rest = [[a for a in part if a not in covered] for part in _atoms(flow)]
            flow = net.arranged(flow, [covered, *(part for part in rest if part)])
    made = net.layer("layer_norm", {**fields, "over": over}, [flow], held)
    return [flow._replace(tensor=made.tensor)]


def _reduce(by: str) -> Rule:
    def rule(net: Layers, node: Operator, operands: list[Any]) -> Made:
        flow = _flow(operands[0])
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
    gone = {*chain(*(_atoms(flow)[place] for place in places))}
    if places == positions and by == "mean":
        made = net.layer("global_avg_pool", {"keepdim": not drop}, [flow])
    else:
        words = [_word(flow, place) for place in places]
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


def _flow(operand: Any) -> Flow:
    """An operand that must depend on the network's input."""
    if not isinstance(operand, Flow):
        raise Unclear
    return operand


OPERATORS: Mapping[str, Rule] = {
    "Cast": _same,
    "QuantizeLinear": _same,
    "DequantizeLinear": _same,
    "Shape": _shape,
    "Transpose": _transpose,
    "Reshape": _reshape,
    "Flatten": _flatten,
    "Squeeze": _squeeze,
    "Unsqueeze": _unsqueeze,
    "Expand": _expand,
    "Slice": _slice,
    "Split": _split,
    "Gather": _gather,
    "Concat": _concat,
    "Gemm": _gemm,
    "MatMul": _matmul,
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
"""How each of these becomes layers."""
