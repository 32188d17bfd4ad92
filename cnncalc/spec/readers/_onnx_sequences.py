"""The ONNX operators for sequences: recurrent layers, and attention."""

from collections.abc import Mapping, Sequence
from typing import Any

from cnncalc.core.onnx import short
from cnncalc.spec.readers._flow import BATCH, Flow
from cnncalc.spec.readers._onnx_arithmetic import numbers_of
from cnncalc.spec.readers._onnx_file import BOOLEAN, Operator
from cnncalc.spec.readers._onnx_layers import Layers, Made, Rule, Turn, Unclear, flow_of
from cnncalc.spec.readers._onnx_values import Known

ACTIVATIONS = {
    "GRU": ["Sigmoid", "Tanh"],
    "LSTM": ["Sigmoid", "Tanh", "Tanh"],
    "RNN": ["Tanh"],
}
"""The default activations of a cell, for each direction."""


def _recurrent(kind: str) -> Turn:
    def rule(net: Layers, node: Operator, operands: list[Any]) -> Made:
        x, weights, recurrent, biases, lengths, *rest = [*operands, *[None] * 8][:8]
        given, directions = node.attributes, _directions(node)
        initial, peepholes = rest[:2], rest[2]
        usual = (
            given.get("activations", ACTIVATIONS[node.kind] * directions)
            == ACTIVATIONS[node.kind] * directions
            and not any(given.get(word) for word in ("clip", "input_forget"))
            and given.get("linear_before_reset", 0) == (node.kind == "GRU")
        )
        zeros = all(one is None or (isinstance(one, Known) and one.is_zero) for one in initial)
        if not usual or not zeros or lengths is not None or peepholes is not None:
            raise Unclear
        if any(not isinstance(one, Known) for one in (weights, recurrent)):
            raise Unclear
        x, units = flow_of(x), given.get("hidden_size", recurrent.sizes[-1])
        if len(x.dims) != 3:
            raise Unclear
        rows = GATES[kind] * units
        fields = {
            "hidden_size": units,
            "bidirectional": directions == 2,
            **_biases(biases, directions * rows),
        }
        sizes = {"W": (rows, x.shape[2]), "R": (rows, units), "B": (2 * rows,)}
        held = [one for one in (weights, recurrent, biases) if isinstance(one, Known)]
        made = _states(net, node, kind, fields, x, [one for one in held if one.weights])
        for (name, last), one in zip(sizes.items(), held):
            net.need(name, one, (directions, *last))
        return made

    rule.__doc__ = f"`{kind}`, in one or both directions."
    return rule


GATES = {"gru": 3, "lstm": 4, "rnn": 1}
"""The number of gates in a cell."""


def _directions(node: Operator) -> int:
    found = {"forward": 1, "bidirectional": 2}.get(node.attributes.get("direction", "forward"))
    if found is None:
        raise Unclear
    return found


def _biases(biases: Any, each: int) -> Mapping[str, bool]:
    """The fields for the biases: there are none, ``each`` of them, or twice as many, with separate
    ones for the state."""
    if biases is None or (isinstance(biases, Known) and not biases.weights and biases.is_zero):
        return {"bias": False}
    if not isinstance(biases, Known) or biases.params not in (each, 2 * each):
        raise Unclear
    return {"separate_biases": biases.params == 2 * each}


def _states(
    net: Layers,
    node: Operator,
    kind: str,
    fields: Mapping[str, Any],
    x: Flow,
    held: Sequence[Known],
) -> Made:
    """Add the layer. Returns its states at all positions and its last states, if they are
    read."""
    order = "btwu" if node.attributes.get("layout") else "twbu"
    batch, time = (order.replace("w", "").index(letter) for letter in "bt")
    if x.dims[batch] != (BATCH,):
        raise Unclear
    every, last = (bool(name and net.readers[name]) for name in (*node.outputs, "")[:2])
    signal = net.arranged(x, [x.dims[2], x.dims[time]])
    made = net.layer(kind, {**fields, "return_sequences": every}, [signal], held)
    ways, units = 1 + fields["bidirectional"], fields["hidden_size"]
    sizes = tuple(size for size in (ways, units) if size > 1)
    atoms = {
        "b": (BATCH,),
        "t": (len(sizes),) if made.parts[1:] not in ((), ((),)) else (),
        "u": (len(sizes) - 1,) if units > 1 else (),
        "w": (0,) if ways > 1 else (),
    }

    def read(flow: Flow, letters: str) -> Flow:
        dims = tuple(atoms[letter] for letter in letters)
        return flow._replace(parts=(sizes, *flow.parts[1:]), dims=dims)

    ends = order.replace("t", "")
    if not every:
        return [Known(()), read(made, ends)]
    outputs: Made = [read(made, order)]
    return [*outputs, read(_last(net, made, ways, units), ends)] if last else outputs


def _last(net: Layers, made: Flow, ways: int, units: int) -> Flow:
    """The last state of each direction; that of the backward direction is at the first position."""
    length = made.sizes[1]

    def cut(flow: Flow, start: int, stop: int, along: str) -> Flow:
        return net.layer("slice", {"start": start, "stop": stop, "along": along}, [flow])

    if ways == 1:
        return cut(made, length - 1, length, "length")
    forwards = cut(cut(made, 0, units, "channels"), length - 1, length, "length")
    backwards = cut(cut(made, units, 2 * units, "channels"), 0, 1, "length")
    return net.layer("concat", None, [forwards, backwards])


USUAL = {
    "is_causal", "kv_num_heads", "q_num_heads", "qk_matmul_output_mode", "scale", "softcap",
    "softmax_precision",
}  # fmt: skip
"""The settings that attention has in version 23 of ONNX's operators."""


def _attention(net: Layers, node: Operator, operands: list[Any]) -> Made:
    """`dot_product_attention`."""
    query, key, value, mask, *rest = [*operands, None]
    given = node.attributes
    plain = {*given} <= USUAL and not given.get("is_causal") and not given.get("softcap")
    if not plain or any(one is not None for one in rest):
        raise Unclear
    flows = [flow_of(one) for one in (query, key, value)]
    flat = len(flows[0].dims) == 3
    if flat:
        heads = given["q_num_heads"], given["kv_num_heads"], given["kv_num_heads"]
        flows = [_separated(net, one, number) for one, number in zip(flows, heads)]
    q, k, _ = reads = [net.plain(one) for one in flows]
    if len(q.sizes) != 3 or q.sizes[0] != k.sizes[0]:
        raise Unclear  # several heads share a key
    if mask is not None:
        if BOOLEAN in (net.model.dtypes.get(node.inputs[3]), getattr(mask, "dtype", 0)):
            raise Unclear  # a mask of booleans chooses scores instead
        reads.append(_mask(net, q, (*q.sizes[:2], k.sizes[1]), mask))
    scale = short(given["scale"]) if given.get("scale") else None
    made = net.layer("dot_product_attention", scale, reads)
    return [_merged(net, made) if flat else made]


def _separated(net: Layers, flow: Flow, heads: int) -> Flow:
    """A tensor whose last dimension has the features of all heads, as heads of positions."""
    batch, positions, features = flow.shape
    found = flow.regrouped((batch, positions, heads, features // heads), net.name)
    if found is None:
        raise Unclear
    return found.reordered([0, 2, 1, 3], net.name)


def _merged(net: Layers, flow: Flow) -> Flow:
    """Heads of positions, merged into a tensor whose last dimension has the features of all
    heads."""
    turned = flow.reordered([0, 2, 1, 3], net.name)
    batch, positions, heads, features = turned.shape
    found = turned.regrouped((batch, positions, heads * features), net.name)
    assert found is not None
    return found


def _mask(net: Layers, query: Flow, scores: tuple[int, ...], mask: Any) -> Flow:
    """The operand that is added to the scores, which may be the same for all heads."""
    found: Known | Flow = mask if isinstance(mask, Known) else net.plain(flow_of(mask))
    if (1, 1, *found.sizes)[-3:] not in (scores, (1, *scores[1:])):
        raise Unclear
    return numbers_of(net, query, found) if isinstance(found, Known) else found


SEQUENCES: Mapping[str, Rule] = {
    "Attention": Rule(_attention, (3, 7)),
    **{kind.upper(): Rule(_recurrent(kind), (3, 8 if kind == "lstm" else 6)) for kind in GATES},
}
"""The rule that turns each operator into layers."""
