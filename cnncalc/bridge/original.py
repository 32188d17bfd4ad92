"""Comparison of an imported network with its original: with the same weights, their outputs must
be the same."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from copy import deepcopy
from typing import Any

import torch
from torch import Tensor, nn

from cnncalc.bridge.importing import Read
from cnncalc.bridge.network import Network
from cnncalc.bridge.quantities import Check, Skipped
from cnncalc.bridge.recorder import called

TOLERANCE = 1e-4
"""The largest difference of outputs, relative to the largest output."""
WORDS = {"out_proj_weight": "out_proj.weight", "out_proj_bias": "out_proj.bias"}
"""Arguments of functions whose parameters have other names in modules."""


def compare(read: Read, device: str) -> Check | Skipped:
    """Run both networks with the original's weights, on the CPU or this device, and compare
    them."""
    if device == "meta":
        return Skipped("total", "outputs", "on the meta device there are no numbers to compare")
    if any(one.is_meta for one in read.model.parameters()):
        return Skipped("total", "outputs", "the model has no weights")
    found = largest_difference(read, device)
    same = "those of the original"
    shown = same if found <= TOLERANCE else f"differ by {found:.2g} of the largest"
    return Check("total", "outputs", same, shown)


def largest_difference(read: Read, device: str = "cpu") -> float:
    """The largest difference of the outputs in eval mode, relative to the largest output."""
    network = Network(read.report).to(device).eval()
    copy_weights(read, network)
    # In single precision, so that the order of sums does not matter.
    model = read.model if read.report.dtype == "float32" else deepcopy(read.model).float()
    modes = {module: module.training for module in model.modules()}
    places = {one.device for one in model.parameters()} or {torch.device("cpu")}
    (place,) = places if len(places) == 1 else (torch.device("cpu"),)
    torch.manual_seed(0)
    inputs = [torch.rand(2, *sizes) for sizes in read.inputs.values()]
    given = [one.to(place) for one in inputs]
    try:
        model.eval()
        with torch.no_grad():
            result = called(model, dict(zip(read.inputs, given)), read.keywords)
            theirs = [*tensors_in(result)]
            ours = [*tensors_in(network(*(one.to(device) for one in inputs)))]
    finally:
        for module, mode in modes.items():
            module.training = mode
    return max(_difference(one, other) for one, other in zip(ours, theirs))


def _difference(one: Tensor, other: Tensor) -> float:
    first, second = one.double().cpu(), other.double().cpu()
    if first.numel() != second.numel():
        return float("inf")
    largest = max(float(second.abs().max()), 1e-30)
    return float((first.reshape(second.shape) - second).abs().max()) / largest


def tensors_in(value: Any) -> Iterator[Tensor]:
    """The tensors in what a model returns, each once."""
    if isinstance(value, Tensor):
        yield value
    elif isinstance(value, Mapping):
        for one in value.values():
            yield from tensors_in(one)
    elif isinstance(value, Sequence):
        for one in value:
            yield from tensors_in(one)


def copy_weights(read: Read, network: Network) -> None:
    """Give a network the parameters and buffers of the model that it was read from."""
    own = {**dict(read.model.named_parameters()), **dict(read.model.named_buffers())}
    with torch.no_grad():
        for layer, names in read.imported.held.items():
            module = network._layer(layer)
            for word, name in names.items():
                target = _target(module, WORDS.get(word, word))
                target.copy_(_as(own[name], target))


def _target(module: nn.Module, word: str) -> Tensor:
    """A parameter or buffer of a module, by its name."""
    *path, last = word.split(".")
    found = getattr(module.get_submodule(".".join(path)), last)
    assert isinstance(found, Tensor)
    return found


def _as(given: Tensor, wanted: Tensor) -> Tensor:
    """The numbers in the order of another tensor, which may have its channels first."""
    plain = given.detach().squeeze()
    if plain.dim() > 1 and plain.shape != wanted.squeeze().shape:
        plain = plain.movedim(-1, 0)
    return plain.reshape(wanted.shape)
