"""The ONNX operators that a kind cannot read on its own, because their meaning depends on the
dimensions, or on which operands are constants."""

from collections.abc import Mapping, Sequence
from itertools import chain
from math import prod
from typing import Any

from cnncalc import layers
from cnncalc.core.errors import LayerError
from cnncalc.core.onnx import axis_of
from cnncalc.spec.readers import _onnx_values as values
from cnncalc.spec.readers._flow import BATCH, Flow
from cnncalc.spec.readers._onnx_arithmetic import ARITHMETIC
from cnncalc.spec.readers._onnx_file import Operator
from cnncalc.spec.readers._onnx_layers import Layers, Made, Rule, Unclear, flow_of, word
from cnncalc.spec.readers._onnx_sequences import SEQUENCES
from cnncalc.spec.readers._onnx_values import Known


def _same(net: Layers, node: Operator, operands: list[Any]) -> Made:
    """Nothing: only the data type changes."""
    return [operands[0]]


def _shape(net: Layers, node: Operator, operands: list[Any]) -> Made:
    """Nothing: its sizes are used to compute other shapes."""
    shape = operands[0].shape
    end = node.attributes.get("end")
    return [values.of([*shape[node.attributes.get("start", 0) : end]])]


def _transpose(net: Layers, node: Operator, operands: list[Any]) -> Made:
    """`permute`, where the order matters."""
    flow = flow_of(operands[0])
    order = node.attributes.get("perm") or [*range(len(flow.dims))][::-1]
    if sorted(order) != [*range(len(flow.dims))]:
        raise Unclear
    return [flow.reordered(order, net.name)]


def _reshape(net: Layers, node: Operator, operands: list[Any]) -> Made:
    """`reshape` or `flatten`, where the shape matters."""
    flow, shape = flow_of(operands[0]), node.attributes.get("shape")
    if shape is None and len(operands) > 1 and isinstance(operands[1], Known):
        shape = operands[1].listed()
    sizes = values.shape_to(flow.shape, shape, node.attributes)
    return [_regrouped(net, flow, sizes)]


def _regrouped(net: Layers, flow: Flow, sizes: Sequence[int] | None) -> Flow:
    found = flow.regrouped(sizes, net.name) if sizes else None
    if found is not None:
        return found
    if not sizes or sizes[0] != net.batch or not 2 <= len(sizes) <= 5:
        raise Unclear
    return net.layer("reshape", [*sizes[1:]], [net.plain(flow)])  # sizes are mixed


def _flatten(net: Layers, node: Operator, operands: list[Any]) -> Made:
    """`flatten`, where the shape matters."""
    flow, axis = flow_of(operands[0]), node.attributes.get("axis", 1)
    shape = flow.shape
    axis = axis if axis == len(shape) else axis_of(axis, len(shape))
    return [_regrouped(net, flow, (prod(shape[:axis]), prod(shape[axis:])))]


def _squeeze(net: Layers, node: Operator, operands: list[Any]) -> Made:
    """Nothing: a size of 1 disappears."""
    flow = flow_of(operands[0])
    axes = values.axes_of(node, operands, len(flow.dims))
    ones = [place for place, size in enumerate(flow.shape) if size == 1]
    axes = ones if axes is None else axes
    if not {*axes} <= {*ones}:
        raise Unclear
    return [flow.squeezed(axes, net.name)]


def _unsqueeze(net: Layers, node: Operator, operands: list[Any]) -> Made:
    """Nothing: a size of 1 appears."""
    flow = flow_of(operands[0])
    axes = values.unsqueezed_axes(node, operands, len(flow.dims))
    if not axes:
        raise Unclear
    return [flow.unsqueezed(axes, net.name)]


def _expand(net: Layers, node: Operator, operands: list[Any]) -> Made:
    """`expand`."""
    flow = flow_of(operands[0])
    shape = operands[1].values() if isinstance(operands[1], Known) else None
    if shape is None or len(shape) > len(flow.dims):
        raise Unclear
    shape = (*flow.shape[: len(flow.dims) - len(shape)], *shape)
    wanted = tuple(max(pair) for pair in zip(shape, flow.shape))
    if any(old != 1 and size not in (-1, 1, old) for old, size in zip(flow.shape, shape)):
        raise Unclear
    if wanted == flow.shape:
        return [flow]
    flow = net.plain(flow)
    if wanted[0] != net.batch:
        raise Unclear
    return [net.layer("expand", {"shape": [*wanted[1:]]}, [flow])]


# Parts of tensors.


def _cut(net: Layers, flow: Flow, dim: int, start: int, stop: int) -> Flow:
    """A part of a dimension."""
    size = flow.shape[dim]
    if (start, stop) == (0, size):
        return flow
    if BATCH in flow.dims[dim] or not 0 <= start < stop <= size:
        raise Unclear
    flow, place = net.place(flow, dim)
    fields = {"start": start, "stop": stop, "along": word(flow, place)}
    return flow.resized(net.layer("slice", fields, [flow]), place)


def _slice(net: Layers, node: Operator, operands: list[Any]) -> Made:
    """`slice`, one for each axis."""
    flow = flow_of(operands[0])
    given = [node.attributes.get(word) for word in ("starts", "ends", "axes", "steps")]
    for place, operand in enumerate(operands[1:]):
        given[place] = operand.listed() if isinstance(operand, Known) else given[place]
    starts, ends, axes, steps = given
    if starts is None or ends is None:
        raise Unclear
    axes = axes if axes is not None else range(len(starts))
    steps = steps if steps is not None else [1] * len(starts)
    if not len(starts) == len(ends) == len(axes) == len(steps):
        raise LayerError("its starts, ends, axes and steps must have the same length")
    axes = [axis_of(axis, len(flow.dims)) for axis in axes]
    if len({*axes}) < len(axes):
        raise LayerError("its axes name the same axis twice")
    for start, end, axis, step in zip(starts, ends, axes, steps):
        if step != 1:
            raise Unclear
        first, last, _ = slice(start, end).indices(flow.shape[axis])
        flow = _cut(net, flow, axis, first, last)
    return [flow]


def _split(net: Layers, node: Operator, operands: list[Any]) -> Made:
    """`slice`, one for each output."""
    flow = flow_of(operands[0])
    dim = axis_of(node.attributes.get("axis", 0), len(flow.dims))
    sizes, size = node.attributes.get("split"), flow.shape[dim]
    if sizes is None and len(operands) > 1 and isinstance(operands[1], Known):
        sizes = operands[1].listed()
    if sizes is None:
        each = -(-size // len(node.outputs))
        sizes = [min(each, size - each * at) for at in range(len(node.outputs))]
    if len(sizes) != len(node.outputs) or sum(sizes) != size:
        parts = " + ".join(map(str, sizes))
        raise LayerError(f"it splits {size} into {parts}, for {len(node.outputs)} outputs")
    made: Made = []
    start = 0
    for one in sizes:
        made.append(_cut(net, flow, dim, start, start + one))
        start += one
    return made


def _gather(net: Layers, node: Operator, operands: list[Any]) -> Made:
    """`slice` for a single position; `embedding` for rows of weights."""
    data, places = operands[:2]
    axis = node.attributes.get("axis", 0)
    if isinstance(data, Known) and axis == 0 and len(data.sizes) == 2 and data.weights:
        x = net.plain(flow_of(places))
        fields = {"num_embeddings": data.sizes[0], "embedding_dim": data.sizes[1]}
        made = net.layer("embedding", fields, [x], [data])
        return [made.reordered([0, 2, 1], "")]
    chosen = places.values() if isinstance(places, Known) else None
    flow = flow_of(data)
    if chosen and flow.shape == (len(chosen),) and chosen == (*range(len(chosen)),):
        return [_regrouped(net, flow, places.sizes)]  # all of them, in order
    if chosen is None or len(chosen) != 1 or len(places.sizes) > 1:
        raise Unclear
    dim = axis_of(axis, len(flow.dims))
    place, size = chosen[0], flow.shape[dim]
    if not -size <= place < size:
        raise LayerError(f"it reads position {place} of an axis of size {size}")
    place %= size
    flow = _cut(net, flow, dim, place, place + 1)
    return [flow if places.sizes else flow.squeezed([dim], net.name)]


def _concat(net: Layers, node: Operator, operands: list[Any]) -> Made:
    """`concat`; `class_token` for learned positions before a signal."""
    if net.model.opset >= 4 and "axis" not in node.attributes:
        raise LayerError("it needs an axis")
    axis = node.attributes.get("axis", 1)
    if len(operands) == 2 and isinstance(operands[0], Known) and operands[0].weights:
        return [_token(net, operands[0], flow_of(operands[1]), axis)]
    flows = [*map(flow_of, operands)]
    first = flows[0]
    dim = axis_of(axis, len(first.dims))
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
    made = net.layer("concat", {"along": word(first, place)}, flows)
    return [first.resized(made, place) if first.parts[place] else made]


def _token(net: Layers, token: Known, flow: Flow, axis: int) -> Flow:
    dims, axis = flow.dims, axis_of(axis, len(flow.dims))
    if len(dims) != 3 or len(token.sizes) != 3 or not axis or token.sizes[0] != 1:
        raise Unclear
    flow = net.arranged(flow, [dims[3 - axis], dims[axis]])
    made = net.layer("class_token", {"tokens": token.sizes[axis]}, [flow], [token])
    return made if axis == 2 else made.reordered([0, 2, 1], "")


# Channels and positions.


def _to_space(net: Layers, node: Operator, operands: list[Any]) -> Made:
    """`pixel_shuffle`, with a `channel_shuffle` before it in mode DCR."""
    flow, r = net.plain(flow_of(operands[0])), node.attributes["blocksize"]
    if node.attributes.get("mode", "DCR") == "DCR" and flow.sizes[0] > r * r:
        flow = net.layer("channel_shuffle", r * r, [flow])
    return [net.layer("pixel_shuffle", r, [flow])]


def _to_depth(net: Layers, node: Operator, operands: list[Any]) -> Made:
    """`space_to_depth`, with a `channel_shuffle` after it in mode DCR."""
    flow = net.plain(flow_of(operands[0]))
    made = net.layer("space_to_depth", node.attributes["blocksize"], [flow])
    if node.attributes.get("mode", "DCR") == "DCR" and flow.sizes[0] > 1:
        made = net.layer("channel_shuffle", flow.sizes[0], [made])
    return [made]


# Pools that remember where their maxima are.


def _max_pool(net: Layers, node: Operator, operands: list[Any]) -> Made:
    """`max_pool`."""
    kind, x = layers.load("max_pool"), net.plain(flow_of(operands[0]))
    fields = net.fields(kind, node, [x], {})
    made: Made = [net.layer("max_pool", fields, [x]) if net.readers[node.outputs[0]] else x]
    places = node.outputs[1] if len(node.outputs) > 1 else ""
    if places and net.unpooled[places] == net.readers[places]:
        net.pools[places] = x, fields
        made.append(x)  # MaxUnpool alone reads it
    return made


def _lp_pool(net: Layers, node: Operator, operands: list[Any]) -> Made:
    """`lp_pool`, after `abs` if the power is odd."""
    flow = flow_of(operands[0])
    if node.attributes.get("p", 2) % 2:
        flow = flow._replace(tensor=net.layer("abs", None, [flow]).tensor)
    return [net.of_kind(layers.load("lp_pool"), node, [flow])]


def _max_unpool(net: Layers, node: Operator, operands: list[Any]) -> Made:
    """`max_unpool`, which also reads the input of the pool."""
    if node.inputs[1] not in net.pools:
        raise Unclear
    pooled, fields = net.pools[node.inputs[1]]
    if len(operands) > 2 and operands[2].listed() != (net.batch, *pooled.sizes):
        raise Unclear
    window = {key: value for key, value in fields.items() if key != "dilation"}
    return [net.layer("max_unpool", window, [net.plain(flow_of(operands[0])), pooled])]


# Products.


def _gemm(net: Layers, node: Operator, operands: list[Any]) -> Made:
    """`linear`."""
    x, weights, *bias = operands
    usual = all(node.attributes.get(word, 1) == 1 for word in ("alpha", "beta"))
    if not usual or node.attributes.get("transA") or not isinstance(weights, Known):
        raise Unclear
    if any(not isinstance(one, Known) for one in bias) or len(weights.sizes) != 2:
        raise Unclear
    x, turned = flow_of(x), bool(node.attributes.get("transB"))
    out = weights.sizes[0 if turned else 1]
    if len(x.dims) != 2 or any(one.sizes not in ((out,), (1, out)) for one in bias):
        raise Unclear  # one number for all features, or different ones for each image
    held = [one for one in (weights, *bias) if one.weights]
    made = _linear(net, x, out, held, bool(bias))
    net.need("weight", weights, (x.shape[1], out)[:: -1 if turned else 1])
    return [made]


def _linear(net: Layers, flow: Flow, out: int, held: Sequence[Known], bias: bool) -> Flow:
    """A linear layer over the last dimension."""
    last = flow.dims[-1]
    if BATCH in last:
        raise Unclear
    alone = flow.whole(last) == 0 and (len(flow.dims) > 2 or len(flow.parts) == 1)
    if not alone:
        flow = net.as_channels(flow, last)
    fields = {"out_features": out, "bias": bias, "per_position": len(flow.parts) > 1}
    made = net.layer("linear", fields, [flow], held)
    if not flow.parts[0]:  # a single feature has no atom
        dims = [tuple(a + 1 if a != BATCH and out > 1 else a for a in dim) for dim in flow.dims]
        dims[-1] = (0,) if out > 1 else ()
        return made._replace(parts=(made.parts[0], *flow.parts[1:]), dims=tuple(dims))
    return flow.resized(made, 0)


def _matmul(net: Layers, node: Operator, operands: list[Any]) -> Made:
    """`linear` with weights; `matmul` of two maps."""
    a, b = operands
    if isinstance(b, Known):
        if len(b.sizes) != 2 or not isinstance(a, Flow):
            raise Unclear
        made = _linear(net, a, b.sizes[1], [b] if b.weights else [], False)
        net.need("weight", b, (a.shape[-1], b.sizes[1]))
        return [made]
    a, b = flow_of(a), flow_of(b)
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
    """The atoms of a tensor of matrices: those that number the matrices, the rows and the
    columns."""
    lead = [atom for atom in chain(*flow.dims[:-2]) if atom != BATCH]
    return [*([lead] if lead else []), flow.dims[-2], flow.dims[-1]]


OPERATORS: Mapping[str, Rule] = {
    "Cast": Rule(_same),
    "QuantizeLinear": Rule(_same, (2, 3)),
    "DequantizeLinear": Rule(_same, (2, 3)),
    "Shape": Rule(_shape),
    "Transpose": Rule(_transpose),
    "Reshape": Rule(_reshape, (1, 2)),
    "Flatten": Rule(_flatten),
    "Squeeze": Rule(_squeeze, (1, 2)),
    "Unsqueeze": Rule(_unsqueeze, (1, 2)),
    "Expand": Rule(_expand, (2, 2)),
    "Slice": Rule(_slice, (1, 5)),
    "Split": Rule(_split, (1, 2)),
    "Gather": Rule(_gather, (2, 2)),
    "Concat": Rule(_concat, (1, None)),
    "DepthToSpace": Rule(_to_space),
    "SpaceToDepth": Rule(_to_depth),
    "LpPool": Rule(_lp_pool),
    "MaxPool": Rule(_max_pool),
    "MaxUnpool": Rule(_max_unpool, (2, 3)),
    "Gemm": Rule(_gemm, (2, 3)),
    "MatMul": Rule(_matmul, (2, 2)),
    **ARITHMETIC,
    **SEQUENCES,
}
"""The rule that turns each operator into layers."""
