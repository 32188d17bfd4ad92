"""Products of tensors: attention, and matrices that are not weights."""

from collections.abc import Mapping, Sequence
from math import prod
from typing import Any

from cnncalc import layers
from cnncalc.spec.importing.convolutions import linear
from cnncalc.spec.importing.record import Ref
from cnncalc.spec.importing.regrouping import arranged, long, regrouped, shaped
from cnncalc.spec.importing.sources import source
from cnncalc.spec.importing.values import BATCH, Regrouped, Unknown, View
from cnncalc.spec.importing.walker import Handlers, Walker


def attention(walker: Walker) -> None:
    """Multi-head attention of positions to one another, or to those of another map."""
    held, (query, *others), attributes = walker.parts()
    if any(one.axes[-1] != 0 or BATCH not in one.axes for one in (query, *others)):
        raise Unknown("the channels are not the last axis")
    if [bool(attributes.get(name)) for name in UNUSUAL] != [False] * len(UNUSUAL):
        raise Unknown("it has more than queries, keys and values")
    key, value = others
    if key != value:
        raise Unknown("its keys and values differ")
    reads = [query.layer] if query == key else [query.layer, key.layer]
    kind = layers.load("attention")
    given = {"num_heads": attributes["num_heads"]}
    walker.gives(walker.called(kind, reads, query.shape, query.axes, held, given))


UNUSUAL = ("bias_k", "bias_v", "add_zero_attn", "attn_mask", "key_padding_mask", "static_k",
           "static_v", "is_causal")  # fmt: skip
"""Arguments of attention that the kind does not have."""


def dot_product(walker: Walker) -> None:
    """Attention of queries to keys, whose projections are other layers."""
    names = ("query", "key", "value")
    given = {n: one for n, one in walker.done.arguments.items() if n not in (*names, "attn_mask")}
    values = [regrouped(walker.data(name)) for name in names]
    reads = [_matrices(walker, one, [_separate(one)]) for one in values]
    mask = walker.done.arguments.get("attn_mask")
    if mask is not None:
        reads.append(_mask(walker, *values[:2]))
    _give(walker, layers.load("dot_product_attention"), reads, given)


def _mask(walker: Walker, query: Regrouped, key: Regrouped) -> int:
    """What is added to the scores: the same for all heads or images, or not."""
    axes = [[at for at in axis if at != BATCH] for axis in query.axes[:-1]]
    sizes = [prod(query.atoms[at] for at in axis) for axis in axes]
    others = prod(key.atoms[at] for at in key.axes[-2])
    scores = View(0, (*sizes, others), (BATCH, *range(1, len(sizes) + 1)), (0,))
    mask = regrouped(source(walker, walker.done.arguments["attn_mask"], scores))
    groups = [[at for at in axis if at != BATCH] for axis in mask.axes]
    layer = arranged(walker, mask, [*groups[:-2], groups[-2] + groups[-1]])
    shape, positions = walker.made[layer].shape, sizes[-1]
    wanted = (*sizes[:-1], positions * others)
    if prod(shape[:-1]) > 1 and shape != wanted:
        layer = walker.make("expand", {"shape": list(wanted)}, [layer], wanted)
    heads = prod(walker.made[layer].shape[:-1])
    return shaped(walker, layer, (heads, positions, others))


def matmul(walker: Walker) -> None:
    """A matrix product of two tensors."""
    names = [*walker.done.arguments][:2]
    if walker.is_known(names[1]):
        _linear(walker, *names)
        return
    values = [regrouped(walker.tensor(name)) for name in names]
    groups = [[one] if (one := _separate(value)) else [] for value in values]
    reads = [_matrices(walker, one, group) for one, group in zip(values, groups)]
    _give(walker, layers.load("matmul"), reads, {})


def _linear(walker: Walker, name: str, other: str) -> None:
    """A product with learned numbers: a linear layer, if those are its weights, transposed."""
    known = walker.value(walker.done.arguments[other])
    calls = [walker.recording.calls[place].name for place in known.calls]
    if len(known.held) != 1 or len(known.sizes) != 2 or calls not in ([[one] for one in TURNS]):
        raise Unknown("one of its operands is computed")
    given = {"input": walker.done.arguments[name], "weight": Ref(known.held[0])}
    walker.done = walker.done._replace(name="linear", arguments=given)
    linear(walker)


TURNS = ("t", "T", "mT", "transpose")
"""Calls that transpose a matrix."""


def _separate(value: Regrouped) -> list[int]:
    """What the axes before the last two consist of, besides the batch."""
    found = [at for axis in value.axes[:-2] for at in long(value, axis)]
    if found[:1] != [BATCH]:
        raise Unknown("the batch is not its first axis")
    return found[1:]


def _matrices(walker: Walker, value: Regrouped, groups: Sequence[Sequence[int]]) -> int:
    """A layer whose last two dimensions are the rows and columns of matrices."""
    return arranged(walker, value, [*groups, *value.axes[-2:]])


def _give(walker: Walker, kind: Any, reads: Sequence[int], given: Mapping[str, Any]) -> None:
    """The product of matrices; the axes before them are those of the result."""
    batch, *sizes = walker.sizes(walker.done.made[0])
    inner = walker.made[reads[0]].shape[:-2]
    shape = (*inner, *sizes[-2:])
    made = walker.called(kind, reads, shape, (BATCH, *range(len(shape))), {}, given)
    axes = ((BATCH, 0), *((place,) for place in range(1, len(sizes) + 1)))
    walker.gives(Regrouped(made.layer, (-batch, *sizes), axes))


HANDLERS: Handlers = {
    "multi_head_attention_forward": attention,
    "scaled_dot_product_attention": dot_product,
    **dict.fromkeys(("matmul", "bmm"), matmul),
}
