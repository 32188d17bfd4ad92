"""Products of tensors: attention, and matrices that are not weights."""

from collections.abc import Mapping, Sequence
from itertools import chain
from math import prod
from typing import Any

from cnncalc import layers
from cnncalc.core.strides import Strided
from cnncalc.spec.importing.convolutions import linear
from cnncalc.spec.importing.copies import copy, counted, laid_out, materialized
from cnncalc.spec.importing.record import Ref
from cnncalc.spec.importing.regrouping import arranged, grown, long, regrouped, shaped
from cnncalc.spec.importing.sources import numbers, source
from cnncalc.spec.importing.values import BATCH, Known, Regrouped, Unknown, View
from cnncalc.spec.importing.walker import Handlers, Walker, numbers_in


def attention(walker: Walker) -> None:
    """Multi-head attention of positions to one another, or to those of another map."""
    held, (query, *others), attributes = walker.parts()
    if any(len(one.axes) != 3 or one.axes[1] != BATCH for one in (query, *others)):
        raise Unknown("the batch is not its second axis")
    if any(walker.done.arguments.get(name) not in (None, False) for name in UNUSUAL):
        raise Unknown("it has more than queries, keys and values")
    key, value = others
    if key != value:
        raise Unknown("its keys and values differ")
    views = [walker.channels_first(one) for one in dict.fromkeys((query, key))]
    reads, query = [one.layer for one in views], views[0]
    kind = layers.load("attention")
    given = {"num_heads": attributes["num_heads"]}
    walker.gives(walker.called(kind, reads, query.shape, query.axes, held, given))


UNUSUAL = ("bias_k", "bias_v", "add_zero_attn", "attn_mask", "key_padding_mask", "static_k",
           "static_v", "is_causal")  # fmt: skip
"""Arguments of attention that the kind does not have."""


def dot_product(walker: Walker) -> None:
    """Attention of queries to keys, whose projections are other layers."""
    names = ("query", "key", "value")
    others = (*names, "attn_mask", "drops")
    given = {n: one for n, one in walker.done.arguments.items() if n not in others}
    values = [regrouped(walker.tensor(name)) for name in names]
    mask = walker.done.arguments.get("attn_mask")
    separate = len(walker.sizes(walker.done.made[0])) == FUSED
    fused = separate and (mask is None or len(walker.sizes(mask.number)) in MASKS)
    # With several positions and features, the layer checks the strides itself.
    clear = 1 not in walker.sizes(walker.done.made[0])[2:]
    fused = fused and (clear or all(_ends(walker, batch) for batch in (1, 2)))
    given |= {} if fused else {"kernel": "steps"}
    windows = separate and any(len(long(one, one.axes[0])) > 1 for one in values)
    reads = [_matrices(walker, one, _groups(one, windows)) for one in values]
    if fused and _is_one_of_several(walker):  # reshaping changes its stride
        reads[0] = copy(walker, reads[0], "unknown")
    if walker.argument("drops"):  # in training, PyTorch then computes it in other steps
        reads[0] = copy(walker, reads[0], "unknown")
    if mask is not None:
        layer = _mask(walker, values[0], values[1], windows)
        # A fused kernel copies a mask of booleans, and saves the copy.
        copies = fused and walker.recording.tensors[mask.number].boolean
        reads.append(copy(walker, layer, "unknown") if copies else layer)
    _give(walker, layers.load("dot_product_attention"), reads, given)


def _ends(walker: Walker, batch: int) -> bool:
    """Whether the features of the query, the key and the value have a stride of 1."""
    laid = (laid_out(walker, batch, name) for name in ("query", "key", "value"))
    return all(one.strides[-1] == 1 for one in laid)


def _is_one_of_several(walker: Walker) -> bool:
    """Whether the query, the key or the value has one feature, but its storage has more."""
    given = (walker.done.arguments[name].number for name in ("query", "key", "value"))
    tensors = [walker.recording.tensors[number] for number in given]
    return any(one.sizes[-1] == 1 and one.room != prod(one.sizes) for one in tensors)


FUSED = 4
"""The number of axes with which PyTorch can run attention as a single kernel."""
MASKS = (2, FUSED)
"""The numbers of axes that a mask can then have."""


def _groups(value: Regrouped, windows: bool) -> list[list[int]]:
    """The dimensions before the last two: the windows that are merged with the batch, and the
    heads."""
    found = _separate(value)
    count = len(long(value, value.axes[0])) - 1
    return [found[:count], found[count:]] if windows else [found]


def _mask(walker: Walker, query: Regrouped, key: Regrouped, windows: bool) -> int:
    """The layer that is added to the scores, perhaps the same for all heads or images."""
    axes = [[at for at in axis if at != BATCH] for axis in query.axes[:-1]]
    sizes = [prod(query.atoms[at] for at in axis) for axis in axes]
    others = prod(key.atoms[at] for at in key.axes[-2])
    scores = View(0, (*sizes, others), (BATCH, *range(1, len(sizes) + 1)), (0,))
    mask = regrouped(source(walker, walker.done.arguments["attn_mask"], scores))
    groups = [[at for at in axis if at != BATCH] for axis in mask.axes]
    layer = arranged(walker, mask, [*groups[:-2], groups[-2] + groups[-1]])
    before = walker.made[layer].shape[:-1]
    return shaped(walker, layer, (*(before if windows else [prod(before)]), sizes[-1], others))


def matmul(walker: Walker) -> None:
    """A matrix product of two tensors, for every combination of the axes before the last two."""
    first, second = [*walker.done.arguments.values()][:2]
    if _is_turned(walker, second):
        _linear(walker, first, second)
        return
    factors = [_factor(walker, one) for one in (first, second)]
    if _is_copied_twice(walker, first, second):
        factors[0] = factors[0]._replace(layer=copy(walker, factors[0].layer, "unknown"))
    ranks = [len(factor.axes) for factor in factors]
    if min(ranks) < 2:
        raise Unknown("it multiplies a vector")
    if min(ranks) > 2:  # the axes before the last two are expanded, which copies the tensor
        sizes = walker.sizes(walker.done.made[0])[:-2]
        factors = [
            grown(walker, one, (*sizes, *one.sizes[-2:])) if BATCH in chain(*one.axes) else one
            for one in factors
        ]
        ranks = [len(factor.axes) for factor in factors]
    before = [[*map(str, range(2 - rank, 0))] for rank in ranks]  # axes match from the right
    names = [[*before[0], "row", "inner"], [*before[1], "inner", "column"]]
    result = [*max(before, key=len), "row", "column"]
    if ranks[0] > 2 or ranks[1] == 2 or not _folds(walker, False, True):
        walker.gives(_contract(walker, factors, names, result))
        return
    turned = _contract(walker, factors[::-1], names[::-1], result)  # as PyTorch does
    walker.gives(materialized(walker, turned, True))


def _is_copied_twice(walker: Walker, *factors: Ref) -> bool:
    """Whether the factors lie in the same memory, and PyTorch copies each because the batch is not
    their first axis."""
    first, second = (walker.recording.tensors[one.number] for one in factors)
    laid = Strided(counted(first.sizes, 2), first.strides)
    place = next((at for at, size in enumerate(first.sizes) if size < 0), 0)
    others = (at for at in range(len(laid.sizes)) if at != place)
    rows = (prod(laid.sizes[:-2]), *laid.sizes[-2:])
    moved = 0 < place < len(laid.sizes) - 2 and not laid.viewed(rows)
    moved = moved and laid.permuted((place, *others)).viewed(rows) is not None
    twice = abs(prod(first.sizes)) + abs(prod(second.sizes)) > abs(first.room)
    learns = any(made.held for made in walker.made)
    return moved and twice and learns and first.storage == second.storage


def _is_turned(walker: Walker, given: Ref) -> bool:
    """Whether an operand is a transposed matrix that does not depend on the input."""
    known = walker.raw(given)
    if not isinstance(known, Known) or (len(known.held), len(known.sizes)) != (1, 2):
        return False
    return [walker.recording.calls[place].name for place in known.calls] in TURNS


TURNS = [["t"], ["T"], ["mT"], ["transpose"]]
"""Calls that transpose a matrix."""


def _linear(walker: Walker, first: Ref, second: Ref) -> None:
    """A linear layer: a product with a transposed learned matrix."""
    given = {"input": first, "weight": Ref(walker.raw(second).held[0])}
    walker.done = walker.done._replace(name="linear", arguments=given)
    linear(walker)


def einsum(walker: Walker) -> None:
    """A sum of products of two tensors, such as ``bhwc,hkc->bhwk``."""
    equation, *operands = walker.done.arguments.values()
    operands = [*operands[0]] if not isinstance(operands[0], Ref) else operands
    reads, _, result = equation.replace(" ", "").partition("->")
    names = [[*one] for one in reads.split(",")]
    distinct = all(len({*one}) == len(one) for one in names)
    if not result or len(operands) != 2 or "." in reads or not distinct:
        raise Unknown(f"{equation} is not a sum of products of two tensors")
    factors = [_factor(walker, one) for one in operands]
    walker.gives(_contract(walker, factors, names, [*result]))


def _factor(walker: Walker, given: Ref) -> Regrouped:
    """A factor of a sum of products; it may consist of numbers that do not depend on the input."""
    value = walker.raw(given)
    return numbers(walker, given) if isinstance(value, Known) else regrouped(value)


def _contract(
    walker: Walker,
    factors: Sequence[Regrouped],
    names: Sequence[Sequence[str]],
    result: Sequence[str],
) -> Regrouped:
    """The sums of products of two tensors over the axes whose names the result does not have: a
    matrix product for each combination of the axes that both factors and the result have."""
    axes = [
        {name: long(factor, axis) for name, axis in zip(listed, factor.axes)}
        for factor, listed in zip(factors, names)
    ]
    batch = {name: axis.index(BATCH) for one in axes for name, axis in one.items() if BATCH in axis}
    (images,) = batch if len(batch) == 1 else ("",)
    if images not in result or batch[images]:
        raise Unknown("it works along the batch")
    # An axis of size 1 is broadcast.
    atoms = [{n: [at for at in axis if at != BATCH] for n, axis in one.items()} for one in axes]
    first, second = ({name: listed for name, listed in one.items() if listed} for one in atoms)
    shared = [name for name in result if name in first and name in second]
    inner = [name for name in first if name in second and name not in result]
    rows = [name for name in result if name in first and name not in second]
    columns = [name for name in result if name in second and name not in first]
    if {*first, *second} - {*result, *inner}:
        raise Unknown("it sums one of its factors over an axis")
    before = [shared] if shared else []
    groups = [[*before, rows, inner], [*before, inner, columns]]
    reads = [
        arranged(walker, factor, [[at for name in group for at in one[name]] for group in listed])
        for factor, one, listed in zip(factors, (first, second), groups)
    ]
    live = [place for place, one in enumerate(axes) if images in one]
    once = len(live) == 1 and _folds(walker, bool(shared), bool(inner))
    outer = [name for name in result if name in axes[live[0]] and name not in shared]
    if once and (outer[:1] != [images] or (shared and walker.done.name != "einsum")):
        once = False
        reads[live[0]] = copy(walker, reads[live[0]], "unknown")
    sizes = {
        name: prod(factor.atoms[at] for at in axis)
        for factor, one in zip(factors, (first, second))
        for name, axis in one.items()
    }
    order = [*shared, *rows, *columns]
    row, column = (prod(sizes[name] for name in listed) for listed in (rows, columns))
    shape = (*walker.made[reads[0]].shape[:-2], row, column)
    made = walker.called(layers.load("matmul"), reads, shape, (), {}, {"shared": once})
    places = {name: (place,) for place, name in enumerate(order)}
    places[images] = (BATCH, *places.get(images, ()))
    found = tuple(places.get(name, ()) for name in result)
    return Regrouped(made.layer, tuple(sizes[name] for name in order), found)


def _folds(walker: Walker, shared: bool, sums: bool) -> bool:
    """Whether PyTorch multiplies a factor that is the same for all images by the rows of all images
    together, which may copy them. Unless it is learned, the copy is not saved. ``shared`` means
    that the factors share an axis, ``sums`` that products are summed."""
    tables = [n for n in numbers_in(walker.done.arguments) if isinstance(walker.values[n], Known)]
    learns = any(walker.recording.tensors[number].trainable for number in tables)
    return shared or (learns and (sums or walker.done.name != "einsum"))


def _separate(value: Regrouped) -> list[int]:
    """The dimensions of the axes before the last two, except for the batch."""
    found = [at for axis in value.axes[:-2] for at in long(value, axis)]
    if found[:1] != [BATCH]:
        raise Unknown("the batch is not its first axis")
    return found[1:]


def _matrices(walker: Walker, value: Regrouped, groups: Sequence[Sequence[int]]) -> int:
    """A layer whose last two dimensions are the rows and columns of matrices."""
    return arranged(walker, value, [*groups, *value.axes[-2:]])


def _give(walker: Walker, kind: Any, reads: Sequence[int], given: Mapping[str, Any]) -> None:
    """Give the walker a product of matrices, as a tensor with the sizes of the call's result."""
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
    "einsum": einsum,
}
