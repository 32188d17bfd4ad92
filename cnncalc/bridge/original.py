"""Comparison of an imported network with its original: with the same weights, their outputs must
be the same, and autograd must save as much."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from copy import deepcopy
from math import inf

import torch
from torch import Tensor, nn

from cnncalc import footprint
from cnncalc.analysis.report import Report
from cnncalc.bridge import modules
from cnncalc.bridge.calls import tensors_in
from cnncalc.bridge.importing import Read
from cnncalc.bridge.model import called, evaluating
from cnncalc.bridge.network import Network
from cnncalc.bridge.quantities import Check, Skipped
from cnncalc.bridge.recorder import values
from cnncalc.bridge.saved import SavedTensors
from cnncalc.core.errors import UsageError
from cnncalc.layers.parameter import Parameter

TOLERANCE = 1e-4
"""The largest accepted difference of outputs, relative to the largest output."""
WORDS = {"out_proj_weight": "out_proj.weight", "out_proj_bias": "out_proj.bias"}
"""Arguments of functions, and the parameters of modules that correspond to them."""

NO_VALUES = "the model's weights are on the meta device, so they have no values"


def compare(read: Read, device: str) -> Check | Skipped:
    """Run the original, and the rebuilt network with the original's weights on this device, and
    compare their outputs."""
    if device == "meta":
        return Skipped("total", "outputs", "on the meta device there are no numbers to compare")
    if any(one.is_meta for one in read.model.parameters()):
        return Skipped("total", "outputs", NO_VALUES)
    found = largest_difference(read, device)
    same = "those of the original"
    shown = same if found <= TOLERANCE else f"differ by up to {found:.2g} × the largest output"
    return Check("total", "outputs", same, shown)


def compare_saved(read: Read, report: Report, device: str, training: bool) -> Check | Skipped:
    """Run a copy of the original forward, and compare the bytes that autograd saves with those that
    are calculated for the network."""
    what = "total", "saved_by_original"
    if device != "cpu":
        return Skipped(*what, "the original is run only on the CPU")
    if any(one.is_meta for one in read.model.parameters()):
        return Skipped(*what, NO_VALUES)
    try:
        counts = footprint.saved_for_backward(report, training=training)
    except UsageError as why:
        return Skipped(*what, str(why))
    model = deepcopy(read.model).to(device).train(training)
    dtype = next((one.dtype for one in model.parameters()), torch.float32)
    inputs = {
        name: torch.rand(report.batch, *sizes, dtype=dtype) for name, sizes in read.inputs.items()
    }
    with SavedTensors([*model.parameters(), *model.buffers()]) as saved:
        outputs = called(model, inputs, read.keywords)
    found = saved.bytes
    del outputs
    return Check(*what, sum(one.bytes for one in counts), found)


def largest_difference(read: Read, device: str = "cpu") -> float:
    """The largest difference of the outputs in eval mode, relative to the largest output."""
    # In single precision, in which the order of sums changes outputs by less than TOLERANCE. In
    # half precision it can change them more.
    model = read.model if read.report.dtype == "float32" else deepcopy(read.model).float()
    tensors = values(model, read.inputs, read.keywords) if read.imported.copied else ()
    network = Network(read.report, constants(read, tensors)).to(device).eval()
    copy_weights(read, network)
    places = {one.device for one in model.parameters()} or {torch.device("cpu")}
    (place,) = places if len(places) == 1 else (torch.device("cpu"),)
    torch.manual_seed(0)
    inputs = [torch.rand(2, *sizes) for sizes in read.inputs.values()]
    given = [one.to(place) for one in inputs]
    with evaluating(model), torch.no_grad():
        result = called(model, dict(zip(read.inputs, given)), read.keywords)
        theirs = [*tensors_in(result)]
        ours = [*tensors_in(network(*(one.to(device) for one in inputs)))]
    if len(theirs) > len(ours):  # the network returns each tensor once
        theirs = [*dict.fromkeys(theirs)]
    return max(_difference(one, other) for one, other in zip(ours, theirs))


def _difference(one: Tensor, other: Tensor) -> float:
    first, second = one.double().cpu(), other.double().cpu()
    if first.numel() != second.numel():
        return inf
    first = first.reshape(second.shape)
    same = (first == second) | (first.isnan() & second.isnan())
    largest = max(float(second.nan_to_num(0, 0, 0).abs().max()), 1e-30)
    return float((first - second).abs().masked_fill(same, 0).nan_to_num(inf).max()) / largest


def constants(read: Read, found: Sequence[Tensor] = ()) -> dict[str, nn.Module]:
    """Modules for the layers whose numbers the model computes from other numbers. Their values are
    those of the tensors in ``found``, by number, or zeros if ``found`` is empty."""
    own, made = _own(read.model), {}
    for name, copied in read.imported.copied.items():
        row = read.report[name]
        if not (isinstance(row.layer, Parameter) and row.layer.computed):
            continue
        value = torch.zeros(row.output.dimensions)
        if found:
            value = _of_image(found[copied.number], read.recording.tensors[copied.number].sizes)
            value = value.reshape(copied.sizes).permute(copied.order)
            value = value.reshape(row.output.dimensions)
        held = [own[one] for one in read.imported.held.get(name, {}).values()]
        counts = Counter({True: 0, False: 0})
        for one in held:
            counts[isinstance(one, nn.Parameter)] += one.numel()
        made[name] = modules.Computed(value, counts[True], counts[False])
    return made


def _of_image(value: Tensor, sizes: Sequence[int]) -> Tensor:
    """The part of a tensor that belongs to the first image. A size of −k means k times the batch
    size."""
    for axis, size in enumerate(sizes):
        value = value.narrow(axis, 0, -size) if size < 0 else value
    return value


def _own(model: nn.Module) -> dict[str, Tensor]:
    """The parameters and buffers of a model."""
    return {**dict(model.named_parameters()), **dict(model.named_buffers())}


def copy_weights(read: Read, network: Network) -> None:
    """Copy the parameters and buffers of a model to the network that was read from it."""
    own = _own(read.model)
    with torch.no_grad():
        for layer, names in read.imported.held.items():
            module = network._layer(layer)
            if isinstance(module, modules.Computed):
                continue
            for word, name in names.items():
                given, target = own[name], _target(module, WORDS.get(word, word))
                if copied := read.imported.copied.get(layer):
                    given = given.reshape(copied.sizes).permute(copied.order).reshape(target.shape)
                target.copy_(_as(given, target))


def _target(module: nn.Module, word: str) -> Tensor:
    """A parameter or buffer of a module, by its name."""
    *path, last = word.split(".")
    found = getattr(module.get_submodule(".".join(path)), last)
    assert isinstance(found, Tensor)
    return found


def _as(given: Tensor, wanted: Tensor) -> Tensor:
    """A tensor in the shape of another. If their sizes are in a different order, the last axis, the
    channels, becomes the first."""
    plain = given.detach().squeeze()
    if plain.dim() > 1 and plain.shape != wanted.squeeze().shape:
        plain = plain.movedim(-1, 0)
    return plain.reshape(wanted.shape)
