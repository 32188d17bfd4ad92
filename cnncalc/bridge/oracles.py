"""Measurements of peak memory in PyTorch.

All numbers are zeros, which are quick to create; memory does not depend on them.
"""

import weakref
from collections.abc import Callable, Iterable, Sequence
from contextlib import nullcontext
from functools import partial
from typing import Any

import torch
from torch import Tensor
from torch._subclasses.fake_tensor import FakeTensor
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves
from torch.utils.checkpoint import checkpoint

from cnncalc.analysis.report import Report
from cnncalc.bridge.network import Network, Step


def inference_peak_in_pytorch(report: Report, device: str = "cpu", autocast: bool = False) -> int:
    """The peak bytes of activations in a forward pass without gradients.

    The inputs count as freed once the last layer that reads them, or a view of them, has run,
    although the caller still references them.
    """
    network = _network(report, device, training=False)
    alive = LiveMemory(ignored=[*network.parameters(), *network.buffers()])
    inputs = _inputs(report, device)
    alive.watch(inputs)
    readers = _last_readers(report, device)

    def release(name: str, _: object) -> None:
        for tensor, reader in zip(inputs, readers, strict=True):
            if reader == name:
                alive.release(tensor)

    network._after.append(release)
    with torch.no_grad(), alive, _precision(device, autocast):
        network(*inputs)
    return alive.peak


def training_peak_in_pytorch(
    report: Report,
    optimizer: str = "sgd",
    device: str = "cpu",
    training: bool = True,
    autocast: bool = False,
    segments: Sequence[range] = (),
) -> int:
    """The peak bytes of two training steps, including parameters and buffers; one step is enough
    for an optimizer without state. The rows of ``segments`` are checkpointed.

    A step is a forward pass, a backward pass and an update of one parameter at a time, as PyTorch
    does it on the CPU. The second step starts with optimizer state, and its gradients are new. The
    caller references the inputs but not the outputs.
    """
    network = _network(report, device, training)
    resident = [*network.parameters(), *network.buffers()]
    inputs, seed = _inputs(report, device), torch.zeros((), device=device)
    alive = LiveMemory(ignored=[*resident, seed])
    alive.watch(inputs)
    with alive:
        update = None
        for _ in range(1 if optimizer == "sgd" else 2):
            with _precision(device, autocast):
                outputs = _checkpointed(network, inputs, segments)
            loss = _Loss.apply(seed, *(outputs if isinstance(outputs, tuple) else (outputs,)))
            del outputs
            if not loss.requires_grad:  # no parameter is trained
                break
            loss.backward(seed)
            del loss
            update = update or OPTIMIZERS[optimizer](network.parameters())
            update.step()
            update.zero_grad()
    return alive.peak + sum(tensor.nbytes for tensor in resident)


OPTIMIZERS: dict[str, Callable[[Iterable[Tensor]], Any]] = {
    "sgd": torch.optim.SGD,
    "momentum": partial(torch.optim.SGD, momentum=0.9),
    "nag": partial(torch.optim.SGD, momentum=0.9, nesterov=True),
    "adagrad": torch.optim.Adagrad,
    "rmsprop": torch.optim.RMSprop,
    "adadelta": torch.optim.Adadelta,
    "adam": torch.optim.Adam,
    "adamw": torch.optim.AdamW,
}
"""PyTorch's optimizers, under cnncalc's names."""


class _Loss(torch.autograd.Function):
    """A loss that needs no memory except one gradient per output. The seed serves as its value and
    as its gradient."""

    @staticmethod
    def forward(ctx: Any, seed: Tensor, *outputs: Tensor) -> Tensor:
        ctx.like = [(output.shape, output.dtype, output.device) for output in outputs]
        return seed.view(())

    @staticmethod
    def backward(ctx: Any, *_: Tensor) -> tuple[Tensor | None, ...]:
        gradients = (
            torch.zeros(shape, dtype=dtype, device=device) if needed else None
            for (shape, dtype, device), needed in zip(ctx.like, ctx.needs_input_grad[1:])
        )
        return None, *gradients


class LiveMemory(TorchDispatchMode):
    """Follows every storage from the operation that allocates it until it is freed."""

    def __init__(self, ignored: Sequence[Tensor]) -> None:
        super().__init__()
        self.ignored = _storages(ignored)
        self.bytes: dict[int, int] = {}
        self.now = 0
        self.peak = 0

    def watch(self, tensors: Sequence[Tensor]) -> None:
        """From now on, count the storages of these tensors as well."""
        for tensor in tensors:
            storage = tensor.untyped_storage()
            place = storage._cdata
            if place not in self.ignored and place not in self.bytes:
                self.bytes[place] = storage.nbytes()
                self.now += storage.nbytes()
                weakref.finalize(storage, self.freed, place)
        self.peak = max(self.peak, self.now)

    def freed(self, place: int) -> None:
        """Called when a storage has been freed."""
        self.now -= self.bytes.pop(place, 0)

    def release(self, tensor: Tensor) -> None:
        """Treat a tensor as freed although it is still referenced."""
        place = tensor.untyped_storage()._cdata
        self.ignored.add(place)
        self.freed(place)

    def __torch_dispatch__(
        self, func: Any, types: Any, args: Any = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        # Some tensors are created where no hook sees them, such as the indices of a pool.
        self.watch(_tensors((args, kwargs)))
        if func is torch.ops.aten.scatter.src:
            # PyTorch scatters into a copy of the zeros only under a dispatch mode.
            self.freed(args[0].untyped_storage()._cdata)
        result = func(*args, **(kwargs or {}))
        self.watch(_tensors(result))
        return result


def _checkpointed(
    network: Network, inputs: Sequence[Tensor], segments: Sequence[range]
) -> Tensor | tuple[Tensor, ...]:
    """The network's outputs, with each segment run by ``torch.utils.checkpoint``."""
    if not segments:
        return network(*inputs)
    values = dict(enumerate(inputs))

    def run(steps: Sequence[Step], values: dict[int, Tensor]) -> dict[int, Tensor]:
        for name, sources, value, done_with in steps:
            values[value] = network._layer(name)(*[values[source] for source in sources])
            for source in done_with:
                del values[source]
        return values

    def inside(x: Tensor, steps: Sequence[Step], source: int) -> Tensor:
        resident = {source: x}
        del x
        return run(steps, resident)[steps[-1].value]

    done = len(inputs)
    for rows in segments:
        before = [step for step in network._steps if done <= step.value < rows.start]
        steps = [step for step in network._steps if step.value in rows]
        run(before, values)
        source = steps[0].sources[0]
        x = values[source]
        y = checkpoint(inside, x, steps, source, use_reentrant=False)
        del x
        values = {steps[-1].value: y}
        del y
        done = rows.stop
    run([step for step in network._steps if step.value >= done], values)
    outputs = tuple(values[index] for index in network._outputs)
    return outputs if len(outputs) > 1 else outputs[0]


def _precision(device: str, autocast: bool) -> Any:
    """PyTorch's mixed precision, with products in bfloat16, if requested."""
    return torch.autocast(device, torch.bfloat16) if autocast else nullcontext()


def _network(report: Report, device: str, training: bool) -> Network:
    """The network; its parameters and buffers are zeros if they have data at all."""
    if _nowhere() == "cpu":  # fake tensors have no data to set to zero
        return Network(report).train(training)
    with torch.device("meta"):
        network = Network(report).to(getattr(torch, report.dtype)).train(training)
    if device != "meta":
        network.to_empty(device=device)
        for tensor in (*network.parameters(), *network.buffers()):
            tensor.data.zero_()
    return network


def _nowhere() -> str:
    """A device that allocates nothing; if tensors are fake, every device is one."""
    return "cpu" if isinstance(torch.empty(0), FakeTensor) else "meta"


def _inputs(report: Report, device: str) -> list[Tensor]:
    dtype = getattr(torch, report.dtype)
    return [
        torch.zeros(report.batch, *shape.dimensions, dtype=dtype, device=device)
        for shape in report.input_shapes.values()
    ]


def _tensors(tree: Any) -> list[Tensor]:
    return [one for one in tree_leaves(tree) if isinstance(one, Tensor)]


def _storages(tensors: Sequence[Tensor]) -> set[int]:
    """Numbers that identify the storages of these tensors among all live storages."""
    return {tensor.untyped_storage()._cdata for tensor in tensors}


def _last_readers(report: Report, device: str) -> list[str | None]:
    """For each input, the last layer that receives it or a view of it; None if it is an output."""
    reads = {source: row.name for row in report.layers for source in row.sources}
    found = _seen_reading(report, _nowhere())
    if found == [reads.get(index) for index in range(len(found))]:
        return found
    return _seen_reading(report, device)  # a view on one device may be a copy on another


def _seen_reading(report: Report, device: str) -> list[str | None]:
    network = _network(report, device, training=False)
    inputs = _inputs(report, device)
    places = [tensor.untyped_storage()._cdata for tensor in inputs]
    last: dict[int, str | None] = {}

    def reads(name: str, given: Sequence[Tensor]) -> None:
        last.update(dict.fromkeys(_storages(given), name))

    network._before.append(reads)
    with torch.no_grad():
        outputs = network(*inputs)
    last.update(dict.fromkeys(_storages(_tensors(outputs))))
    return [last[place] for place in places]
