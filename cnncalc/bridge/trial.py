"""A network's run in PyTorch, forward and back, watched layer by layer."""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

import torch
from torch import Tensor, nn
from torch.autograd.graph import Node, saved_tensors_hooks
from torch.utils.flop_counter import FlopCounterMode

from cnncalc.analysis.report import Report
from cnncalc.bridge import places
from cnncalc.bridge.network import Network


class Trial:
    """What every layer was seen to do.

    By the layers' names: the shape that it put out, its multiply-accumulates forward and back, and
    the bytes that autograd kept on its account, every storage for the first that kept it, without
    parameters and buffers. ``refusal`` is what PyTorch said where it did not run to its end.
    """

    def __init__(self, report: Report, network: Network, training: bool) -> None:
        self.training = training
        self.outputs: dict[str, tuple[int, ...]] = {}
        self.macs: Counter[str] = Counter()
        self.backward_macs: Counter[str] = Counter()
        self.saved: Counter[str] = Counter()
        self.refusal = ""
        self._network = network
        self._names = [row.name for row in report.layers]
        self._flops = FlopCounterMode(display=False)
        self._layer = ""  # whose turn it is
        self._counted = 0
        self._pass = self.macs
        own = [*network.parameters(), *network.buffers()]
        self._storages = {one.untyped_storage()._cdata: one.untyped_storage() for one in own}
        self._nodes: set[Node] = set()

    def run(self, *inputs: Tensor) -> None:
        """Run forward, and back from the sum of all outputs."""
        self._network.train(self.training)
        try:
            with self._flops, self._watched():
                with saved_tensors_hooks(self._keep, lambda kept: kept):
                    outputs = self._network(*inputs)
                self._back(outputs if isinstance(outputs, tuple) else (outputs,))
        except (RuntimeError, ValueError) as why:
            if places.is_full(why) or isinstance(why, NotImplementedError):
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
        """Every layer says when it begins and ends, while this lasts."""
        handles = []
        for name in self._names:
            layer = self._network.get_submodule(name)
            handles.append(layer.register_forward_pre_hook(partial(self._begins, name)))
            handles.append(layer.register_forward_hook(partial(self._ends, name)))
        try:
            yield
        finally:
            for handle in handles:
                handle.remove()

    def _begins(self, name: str, *_: Any) -> None:
        self._turn(name)

    def _ends(self, name: str, layer: nn.Module, inputs: Any, output: Tensor) -> None:
        self._turn("")
        self.outputs[name] = tuple(output.shape)
        waiting = [output.grad_fn]
        while waiting:  # what autograd is to do for this layer, and for no layer before
            node = waiting.pop()
            if node is not None and node not in self._nodes:
                self._nodes.add(node)
                node.register_prehook(partial(self._begins, name))
                waiting += [before for before, _ in node.next_functions]

    def _turn(self, name: str) -> None:
        """What was multiplied since the last turn is the last layer's."""
        counted = self._flops.get_total_flops() // 2  # PyTorch counts two operations for each
        self._pass[self._layer] += counted - self._counted
        self._layer, self._counted = name, counted

    def _keep(self, tensor: Tensor) -> Tensor:
        storage = tensor.untyped_storage()
        if storage._cdata not in self._storages:
            self._storages[storage._cdata] = storage  # held, so that no other gets its place
            self.saved[self._layer] += storage.nbytes()
        return tensor


def first_line(why: Exception) -> str:
    """The first line of what PyTorch says."""
    return str(why).strip().split("\n")[0]
