"""Measure how long it takes to read a live PyTorch model, beside other tools that count it."""

import statistics
import time
from collections.abc import Callable, Mapping
from contextlib import suppress

import torch
import typer
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

import cnncalc

RUNS = 7
SIZES = (3, 224, 224)


def with_cnncalc(model: nn.Module) -> None:
    """Read, check and analyze it."""
    cnncalc.summarize(cnncalc.from_torch(model, SIZES))


def with_torchinfo(model: nn.Module) -> None:
    """Summarize it on the meta device."""
    import torchinfo

    torchinfo.summary(model, input_size=(1, *SIZES), device="meta", verbose=0)


def with_fvcore(model: nn.Module) -> None:
    """Count it, which runs it on the CPU."""
    from fvcore.nn import FlopCountAnalysis

    FlopCountAnalysis(model, torch.zeros(1, *SIZES)).unsupported_ops_warnings(False).total()


def with_torchlens(model: nn.Module) -> None:
    """Trace it, which runs it on the CPU."""
    import torchlens

    torchlens.trace(model, torch.zeros(1, *SIZES))


def with_flop_counter(model: nn.Module) -> None:
    """Count it on the meta device, without a table."""
    with FlopCounterMode(display=False), torch.no_grad():
        model(torch.zeros(1, *SIZES, device="meta"))


def measured() -> Mapping[str, float]:
    """The median processor time of each tool that is installed; they take turns."""
    with torch.device("meta"):
        empty = cnncalc.to_torch("resnet50").eval()
    full = cnncalc.to_torch("resnet50").eval()
    tools: dict[str, tuple[Callable[[nn.Module], None], nn.Module]] = {
        "cnncalc": (with_cnncalc, empty),
        "torchinfo": (with_torchinfo, empty),
        "fvcore": (with_fvcore, full),
        "torchlens": (with_torchlens, full),
        "FlopCounterMode": (with_flop_counter, empty),
    }
    times: dict[str, list[float]] = {}
    for index in range(RUNS + 1):
        for name, (run, model) in tools.items():
            with suppress(ImportError):
                begin = time.process_time()
                run(model)
                if index:  # the first round only warms up
                    times.setdefault(name, []).append(time.process_time() - begin)
    return {name: statistics.median(found) for name, found in times.items()}


if __name__ == "__main__":
    times = measured()
    for name, seconds in times.items():
        typer.echo(f"{name:16} {seconds:.2f} s  {seconds / times['cnncalc']:.2f} × cnncalc")
