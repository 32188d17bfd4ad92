"""Measures more of PyTorch's memory than ``cnncalc verify`` does."""

from functools import partial
from itertools import accumulate

import torch
from torch import Tensor
from torch.autograd.graph import Node
from torch.profiler import ProfilerActivity, profile

from cnncalc.analysis.report import Report
from cnncalc.bridge.oracles import LiveMemory, _inputs, _Loss, _network, _precision
from cnncalc.bridge.saved import SavedTensors

OF_OUTPUTS = ("backward", "")
"""While the gradients of the outputs are made, before the first layer runs backward."""


def saved_by_pytorch(
    report: Report, device: str = "cpu", training: bool = True, autocast: bool = False
) -> int:
    """The bytes that autograd saves in a forward pass. Every storage counts once; parameters and
    buffers are left out."""
    network = _network(report, device, training)
    saved = SavedTensors([*network.parameters(), *network.buffers()])
    with saved, _precision(device, autocast):
        outputs = network(*_inputs(report, device))
    found = saved.bytes
    del outputs
    return found


def layer_peaks_in_pytorch(report: Report, training: bool = True) -> dict[tuple[str, str], int]:
    """The peak memory of every layer in a forward and a backward pass on the CPU, by phase and
    layer, without parameters and buffers. The gradients of the outputs count for the first layer of
    the backward pass: PyTorch adds up those of one tensor before any layer runs."""
    network = _network(report, "cpu", training)
    inputs, seed = _inputs(report, "cpu"), torch.zeros(())
    alive = LiveMemory(ignored=[*network.parameters(), *network.buffers(), seed])
    alive.watch(inputs)
    peaks: dict[tuple[str, str], int] = {}
    running = ("", "")

    def turn(phase: str, name: str, *_: object) -> None:
        nonlocal running
        if running != OF_OUTPUTS:
            peaks[running] = max(peaks.get(running, 0), alive.peak)
            alive.peak = alive.now
        running = phase, name

    seen: set[Node] = set()

    def ends(name: str, output: Tensor) -> None:
        waiting = [output.grad_fn]
        while waiting:
            node = waiting.pop()
            if node is not None and node not in seen:
                seen.add(node)
                node.register_prehook(partial(turn, "backward", name))
                waiting += [before for before, _ in node.next_functions]

    network._before.append(partial(turn, "forward"))
    network._after.append(ends)
    with alive:
        outputs = network(*inputs)
        loss = _Loss.apply(seed, *(outputs if isinstance(outputs, tuple) else (outputs,)))
        del outputs
        turn(*OF_OUTPUTS)
        if loss.requires_grad:
            seen.clear()
            loss.backward(seed)
        turn("", "")
    del peaks["", ""]
    return peaks


def unwatched_training_peak_in_pytorch(report: Report) -> int:
    """The peak of the CPU allocator in a forward and a backward pass, as PyTorch's profiler records
    it: including memory inside operations. It lets PyTorch accumulate gradients in place, which it
    does not do under a dispatch mode."""
    network = _network(report, "cpu", training=True)
    inputs, seed = _inputs(report, "cpu"), torch.zeros(())
    with profile(activities=[ProfilerActivity.CPU], profile_memory=True) as profiled:
        _Loss.apply(seed, network(*inputs)).backward(seed)
    events = profiled.profiler.kineto_results.events()
    given_out = sorted((one.start_ns(), one.nbytes()) for one in events if one.name() == "[memory]")
    resident = [*network.parameters(), *network.buffers(), *inputs]
    peak: int = max(accumulate(size for _, size in given_out))
    return peak + sum(tensor.nbytes for tensor in resident)
