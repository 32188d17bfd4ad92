"""Records the calls of a PyTorch model as plain data, from runs with several batch sizes.

What differs between the runs depends on the batch.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch import Tensor, nn

from cnncalc.bridge.model import evaluating
from cnncalc.bridge.run import BATCHES, Run
from cnncalc.core.cost import BYTES
from cnncalc.core.errors import UsageError
from cnncalc.core.strides import Strided
from cnncalc.spec.importing.record import Done, Recording, Seen


def _dtype(model: nn.Module) -> str:
    """The floating-point type of a model's parameters and buffers; empty for float32, for a type
    that cnncalc does not know, and for several types."""
    held = (*model.parameters(), *model.buffers())
    found = {str(one.dtype).removeprefix("torch.") for one in held if one.is_floating_point()}
    (word,) = found if len(found) == 1 else ("",)
    return word if word in BYTES and word != "float32" else ""


def record(model: nn.Module, inputs: Mapping[str, Sequence[int]], keywords: bool) -> Recording:
    """The recording of a model in eval mode for inputs of these sizes, which are passed by position
    or as keywords. Raises UsageError if the model does not run, or if its calls depend on the batch
    size."""
    dtype = None
    with evaluating(model):
        try:
            first, second = (Run(model, batch, inputs, keywords) for batch in BATCHES)
        except UsageError as why:
            if "Long" not in str(why):
                raise
            dtype = torch.int64  # the model's inputs are indices, like those of an embedding
            first, second = (Run(model, n, inputs, keywords, dtype) for n in BATCHES)
    if [call.name for call in first.calls] != [call.name for call in second.calls]:
        raise UsageError(
            f"{first.name} does different things for a batch of {BATCHES[0]} and of {BATCHES[1]}, "
            "so it is not one network"
        )
    turned = any(map(_is_turned, first.tensors, second.tensors))
    alone = _alone(first, model, inputs, keywords, dtype) if turned else first.tensors
    tensors = [
        two._replace(
            sizes=_without_batch(two.sizes, three.sizes),
            room=_per_image(two.room, three.room),
            alone=one.strides,
        )
        for one, two, three in zip(alone, first.tensors, second.tensors, strict=True)
    ]
    calls = [one._replace(saved=_saved(one, two)) for one, two in zip(first.calls, second.calls)]
    for place in first.constant:  # computed once for all images, or for each
        call = calls[place]
        each = any(size < 0 for number in call.made for size in tensors[number].sizes)
        calls[place] = call._replace(macs=call.macs // BATCHES[0] if each else call.macs)
    for place, given in _dropouts(first, model, inputs, keywords, dtype).items():
        calls[place] = calls[place]._replace(arguments={**calls[place].arguments, **given})
    return Recording(first.name, tensors, calls, first.outputs, first.unused(), _dtype(model))


def _is_turned(one: Seen, two: Seen) -> bool:
    """Whether a tensor, with its sizes for both batches, is not contiguous with the batch first."""
    return not Strided(one.sizes, one.strides).contiguous or one.sizes[1:] != two.sizes[1:]


def _alone(
    like: Run,
    model: nn.Module,
    inputs: Mapping[str, Sequence[int]],
    keywords: bool,
    dtype: torch.dtype | None,
) -> Sequence[Seen]:
    """The tensors of a run with a single image, whose views may differ; if the model then does
    something else, those of the given run."""
    try:
        with evaluating(model):
            run = Run(model, 1, inputs, keywords, dtype)
    except UsageError:
        return like.tensors
    same = [call.name for call in run.calls] == [call.name for call in like.calls]
    return run.tensors if same and len(run.tensors) == len(like.tensors) else like.tensors


def _dropouts(
    like: Run,
    model: nn.Module,
    inputs: Mapping[str, Sequence[int]],
    keywords: bool,
    dtype: torch.dtype | None,
) -> Mapping[int, Mapping[str, Any]]:
    """The arguments that the calls of dropout functions have in training, by place: those of a run
    in which only the modules that make these calls are in training mode. Empty if the model then
    makes other calls of dropout."""
    evaluated = _dropout_calls(like, model)
    if not evaluated:
        return {}
    try:
        with evaluating(model):
            for call in evaluated.values():
                model.get_submodule(call.path).training = True
            trained = _dropout_calls(Run(model, BATCHES[1], inputs, keywords, dtype), model)
    except UsageError:
        return {}
    before, after = ([(one.name, one.path) for one in run.values()] for run in (evaluated, trained))
    if before != after:
        return {}
    return {place: _in_training(call) for place, call in zip(evaluated, trained.values())}


def _dropout_calls(run: Run, model: nn.Module) -> Mapping[int, Done]:
    """The calls of dropout functions in a run, by place. Those of modules that always drop values
    in training mode are left out, because no second run is needed to know it."""
    return {
        place: call
        for place, call in enumerate(run.calls)
        if ("dropout" in call.name or call.name == ATTENTION)
        and not isinstance(model.get_submodule(call.path), OWN_DROPOUTS)
    }


ATTENTION = "scaled_dot_product_attention"
OWN_DROPOUTS = (nn.modules.dropout._DropoutNd, nn.MultiheadAttention)
"""Modules that always drop values in training mode."""


def _in_training(call: Done) -> Mapping[str, Any]:
    """The arguments that a dropout function has in training: a probability of 0 if it still does
    nothing, and whether attention drops weights."""
    given = call.arguments
    if call.name == ATTENTION:
        return {"drops": bool(given.get("dropout_p"))}
    return {} if given.get("training", given.get("train", True)) else {"p": 0.0}


def values(
    model: nn.Module, inputs: Mapping[str, Sequence[int]], keywords: bool
) -> Sequence[Tensor]:
    """The tensors of a recording, by number, from a run of the model with its weights."""
    place = next((one.device for one in model.parameters()), torch.device("cpu"))
    with evaluating(model):
        return Run(model, BATCHES[0], inputs, keywords, place=place).alive


def _without_batch(two: tuple[int, ...], three: tuple[int, ...]) -> tuple[int, ...]:
    """The sizes of a tensor, with −k for k times the batch size. Raises UsageError for a size that
    depends on the batch in a different way."""
    same = len(two) == len(three)
    sizes = [*map(_per_image, two, three)]
    if not same or 0 in [size for size, a in zip(sizes, two) if a]:
        raise UsageError(
            f"a tensor has the sizes {list(two)} for a batch of {BATCHES[0]}, but {list(three)} "
            f"for a batch of {BATCHES[1]}"
        )
    return tuple(sizes)


def _per_image(two: int, three: int) -> int:
    """A number of which there were ``two`` for a batch of 2 and ``three`` for a batch of 3: −k for
    k times the batch size, and 0 if it depends on the batch in a different way."""
    return two if two == three else two - three if 3 * two == 2 * three else 0


def _saved(two: Done, three: Done) -> Mapping[int, int] | None:
    """The bytes of the storages that a call saves; None if they are not known."""
    sizes = [list((one.saved or {}).values()) for one in (two, three)]
    found = [*map(_per_image, *sizes)]
    if None in (two.saved, three.saved) or len({*map(len, sizes)}) > 1 or 0 in found:
        return None
    return dict(zip(two.saved or (), found))
