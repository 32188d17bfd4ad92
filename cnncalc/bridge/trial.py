"""A network's run in PyTorch, forward and backward, observed layer by layer."""

import warnings
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

import torch
from torch import Tensor
from torch.autograd.graph import Node, saved_tensors_hooks
from torch.utils.flop_counter import FlopCounterMode

from cnncalc.analysis.report import Report
from cnncalc.bridge import devices
from cnncalc.bridge.network import Network
from cnncalc.bridge.products import FUSED


class Trial:
    """The observations during a run, by layer name.

    These are the output shapes, the multiply-accumulates forward and backward, and the bytes that
    autograd saved. Every storage counts for the first layer that saves it; parameters, buffers and
    layers that lead to no output, whose graph PyTorch frees, are left out. ``refusal`` is PyTorch's
    error if the run did not finish.
    """

    def __init__(self, report: Report, network: Network, training: bool) -> None:
        self.training = training
        self.outputs: dict[str, tuple[int, ...]] = {}
        self.macs: Counter[str] = Counter()
        self.backward_macs: Counter[str] = Counter()
        self.saved: Counter[str] = Counter()
        self.refusal = ""
        self._network = network
        self._flops = FlopCounterMode(display=False, custom_mapping=FUSED)
        self._layer = ""  # the layer that is running
        self._counted = 0
        self._pass = self.macs
        own = [*network.parameters(), *network.buffers()]
        self._storages = {one.untyped_storage()._cdata: one.untyped_storage() for one in own}
        self._nodes: set[Node] = set()
        self._unused = {row.name for row in report.unused}

    def run(self, *inputs: Tensor) -> None:
        """Run forward, then backward from the sum of all outputs."""
        self._network.train(self.training)
        # PyTorch warns about a padded copy, which the calculated memory includes.
        warnings.filterwarnings("ignore", "Using padding='same' with even kernel")
        try:
            with self._flops, self._watched(), attention_in_steps():
                with saved_tensors_hooks(self._keep, lambda kept: kept):
                    outputs = self._network(*inputs)
                self._back(outputs if isinstance(outputs, tuple) else (outputs,))
        except (RuntimeError, ValueError) as why:
            if devices.is_full(why) or isinstance(why, NotImplementedError):
                raise
            self.refusal = first_line(why)

    def _back(self, outputs: tuple[Tensor, ...]) -> None:
        self._pass = self.backward_macs
        trained = [output.sum() for output in outputs if output.requires_grad]
        if trained:
            torch.stack(trained).sum().backward()
        self._turn("")
        self._network.zero_grad()
        self._nodes.clear()
        self._storages.clear()

    @contextmanager
    def _watched(self) -> Iterator[None]:
        """A context in which every layer reports when it begins and ends."""
        self._network._before.append(self._begins)
        self._network._after.append(self._ends)
        try:
            yield
        finally:
            self._network._before.remove(self._begins)
            self._network._after.remove(self._ends)

    def _begins(self, name: str, *_: Any) -> None:
        self._turn(name)

    def _ends(self, name: str, output: Tensor) -> None:
        self._turn("")
        self.outputs[name] = tuple(output.shape)
        waiting = [output.grad_fn]
        while waiting:  # autograd's nodes for this layer, without those of earlier layers
            node = waiting.pop()
            if node is not None and node not in self._nodes:
                self._nodes.add(node)
                node.register_prehook(partial(self._begins, name))
                waiting += [before for before, _ in node.next_functions]

    def _turn(self, name: str) -> None:
        """Attribute the products since the last call to the layer that ran, and begin another."""
        counted = self._flops.get_total_flops() // 2  # PyTorch counts two operations for each
        self._pass[self._layer] += counted - self._counted
        self._layer, self._counted = name, counted

    def _keep(self, tensor: Tensor) -> Tensor:
        storage = tensor.untyped_storage()
        if storage._cdata not in self._storages and self._layer not in self._unused:
            self._storages[storage._cdata] = storage  # so that its address is not reused
            self.saved[self._layer] += storage.nbytes()
        return tensor


@contextmanager
def attention_in_steps() -> Iterator[None]:
    """A context in which attention runs step by step, because the fused kernel for frozen layers
    hides its products from FLOP counters."""
    fused = torch.backends.mha.get_fastpath_enabled()
    torch.backends.mha.set_fastpath_enabled(False)
    try:
        yield
    finally:
        torch.backends.mha.set_fastpath_enabled(fused)


def first_line(why: Exception) -> str:
    """The first line of PyTorch's error."""
    return str(why).strip().split("\n")[0]
