"""PyTorch, asked about memory: what autograd keeps, and what is alive when the most is."""

import weakref
from collections.abc import Iterator, Sequence
from functools import partial
from typing import Any

import torch
from torch import Tensor
from torch.autograd.graph import saved_tensors_hooks
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves

from cnncalc.bridge import places
from cnncalc.bridge.network import Network
from cnncalc.report import Report


def saved_by_pytorch(report: Report, device: str = "cpu", training: bool = True) -> int:
    """The bytes that autograd keeps after a forward pass, every storage once; parameters and
    buffers are left out."""
    network = _network(report, device, training)
    own = _storages([*network.parameters(), *network.buffers()])
    kept: dict[int, torch.UntypedStorage] = {}

    def pack(tensor: Tensor) -> Tensor:
        storage = tensor.untyped_storage()
        if storage._cdata not in own:
            kept[storage._cdata] = storage  # held, so that no other gets its place
        return tensor

    with saved_tensors_hooks(pack, lambda tensor: tensor):
        network(*_inputs(report, device))
    return sum(storage.nbytes() for storage in kept.values())


def inference_peak_in_pytorch(report: Report, device: str = "cpu") -> int:
    """The most bytes of activations alive in a forward pass without gradients.

    The caller holds the inputs, so they are taken to be gone once the last layer that reads them
    (or a view of them) has run.
    """
    network = _network(report, device, training=False)
    alive = Alive(ignored=[*network.parameters(), *network.buffers()])
    inputs = _inputs(report, device)
    alive.watch(inputs)
    for tensor, index in zip(inputs, _last_readers(report), strict=True):
        if index is not None:
            layer = network.get_submodule(report.rows[index].name)
            layer.register_forward_hook(partial(alive.let_go, tensor))
    with torch.no_grad(), alive:
        network(*inputs)
    return alive.peak


class Alive(TorchDispatchMode):
    """Follows every storage from the operation that makes it until it is freed."""

    def __init__(self, ignored: Sequence[Tensor]) -> None:
        super().__init__()
        self.ignored = _storages(ignored)
        self.bytes: dict[int, int] = {}
        self.peak = 0

    def watch(self, tensors: Sequence[Tensor]) -> None:
        """Count these too, from now on."""
        for tensor in tensors:
            storage = tensor.untyped_storage()
            place = storage._cdata
            if place not in self.ignored and place not in self.bytes:
                self.bytes[place] = storage.nbytes()
                weakref.finalize(storage, self.bytes.pop, place, None)
        self.peak = max(self.peak, sum(self.bytes.values()))

    def let_go(self, tensor: Tensor, *_: object) -> None:
        """Take it for freed, though somebody holds it."""
        place = tensor.untyped_storage()._cdata
        self.ignored.add(place)
        self.bytes.pop(place, None)

    def __torch_dispatch__(
        self, func: Any, types: Any, args: Any = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        result = func(*args, **(kwargs or {}))
        self.watch([one for one in tree_leaves(result) if isinstance(one, Tensor)])
        return result


def _network(report: Report, device: str, training: bool) -> Network:
    """The network, on a device."""
    with places.of(getattr(torch, report.dtype)), torch.device(device):
        return Network(report).train(training)


def _inputs(report: Report, device: str) -> list[Tensor]:
    dtype = getattr(torch, report.dtype)
    return [
        torch.zeros(report.batch, *shape.dimensions, dtype=dtype, device=device)
        for shape in report.input_shapes.values()
    ]


def _storages(tensors: Sequence[Tensor]) -> set[int]:
    """What tells the tensors' memory from any other that is alive."""
    return {tensor.untyped_storage()._cdata for tensor in tensors}


def _last_readers(report: Report) -> Iterator[int | None]:
    """For every input the last row that reads it or a view of it; None where it leaves."""
    for start in range(len(report.input_shapes)):
        views, last = {start}, start
        for index, row in enumerate(report.rows):
            if views & {*row.sources}:
                last = index
                if row.layer.shares(training=False) and row.sources[0] in views:
                    views.add(index)
        leaves = any(report.rows[index] in report.outputs for index in views)
        yield None if leaves else last
