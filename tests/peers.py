"""The other counting tools, each run on the network that ``to_torch`` builds.

``python tests/peers.py`` runs them all for every built-in architecture and writes their totals to
``tests/cases/peers.csv``, which takes a few minutes.
"""

import contextlib
import csv
import io
import logging
import warnings
from collections.abc import Iterator
from importlib import util
from pathlib import Path
from typing import Any

import torch
from torch import nn
from torch.nn import functional
from torch.utils.flop_counter import FlopCounterMode

import cnncalc
from cnncalc.analysis.report import Report
from cnncalc.spec import catalog

RECORD = Path(__file__).parent / "cases" / "peers.csv"
PACKAGES = ("torchinfo", "fvcore", "thop", "ptflops", "torchprofile", "calflops")
MISSING = [name for name in PACKAGES if util.find_spec(name) is None]


def network_of(report: Report, device: str) -> nn.Module:
    """The network in eval mode with all parameters zero, which are quick to create."""
    with torch.device("meta"):
        network: nn.Module = cnncalc.to_torch(report).eval()
    if device != "meta":
        network.to_empty(device=device)
        for tensor in (*network.parameters(), *network.buffers()):
            tensor.data.zero_()
    return network


def images(report: Report, device: str) -> list[torch.Tensor]:
    return [
        torch.zeros(report.batch, *shape.dimensions, device=device)
        for shape in report.input_shapes.values()
    ]


def by_torch(report: Report) -> int:
    network = network_of(report, "meta")
    with FlopCounterMode(display=False) as counter, torch.no_grad():
        network(*images(report, "meta"))
    return counter.get_total_flops()


def by_torchinfo(report: Report) -> int:
    import torchinfo

    found = torchinfo.summary(
        network_of(report, "meta"),
        input_data=images(report, "meta"),
        device="meta",
        mode="eval",
        verbose=0,
    )
    return found.total_mult_adds


def by_thop(report: Report) -> float:
    import thop

    return thop.profile(network_of(report, "meta"), images(report, "meta"), verbose=False)[0]


# Tools that trace or replace functions of PyTorch need real tensors: operations on the meta device
# are themselves written in Python, with the functions that these tools replace.


def _fvcore(network: nn.Module, inputs: list[torch.Tensor]) -> float:
    from fvcore.nn import FlopCountAnalysis

    analysis = FlopCountAnalysis(network, tuple(inputs))
    analysis.unsupported_ops_warnings(False).uncalled_modules_warnings(False)
    return analysis.tracer_warnings("none").total()


def by_fvcore(report: Report) -> float:
    return _fvcore(network_of(report, "cpu"), images(report, "cpu"))


def by_torchprofile(report: Report) -> int:
    from torchprofile import profile_macs

    return profile_macs(network_of(report, "cpu"), tuple(images(report, "cpu")))


class Named(nn.Module):
    """A network that takes its inputs by name, as ptflops passes several."""

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.network = network

    def forward(self, **inputs: torch.Tensor) -> Any:
        return self.network(*inputs.values())


def _ptflops(report: Report, backend: str, device: str) -> int:
    import ptflops

    inputs = {f"x{index}": x[:1] for index, x in enumerate(images(report, device))}
    return ptflops.get_model_complexity_info(
        Named(network_of(report, device)),
        (1,),
        input_constructor=lambda _: inputs,
        print_per_layer_stat=False,
        as_strings=False,
        backend=backend,
        ost=io.StringIO(),
    )[0]


def by_ptflops(report: Report) -> int:
    return _ptflops(report, "pytorch", "cpu")


def by_ptflops_aten(report: Report) -> int:
    return _ptflops(report, "aten", "meta")


def by_calflops(report: Report) -> int:
    import calflops

    return calflops.calculate_flops(
        network_of(report, "cpu"),
        args=images(report, "cpu"),
        print_results=False,
        output_as_string=False,
    )[0]


TOOLS = {
    name.removeprefix("by_").replace("_", "-"): function
    for name, function in dict(vars()).items()
    if name.startswith("by_")
}
"""The tools, by the names of their conventions."""


@contextlib.contextmanager
def _left_as_it_was() -> Iterator[None]:
    """Restores functions of PyTorch that some tools leave replaced if they fail."""
    homes = [(home, dict(vars(home))) for home in (functional, torch)]
    methods = {name: getattr(torch.Tensor, name) for name in ("matmul", "addmm", "mul", "add")}
    logging.disable()
    try:
        with warnings.catch_warnings(), contextlib.redirect_stdout(io.StringIO()):
            warnings.simplefilter("ignore")
            yield
    finally:
        logging.disable(logging.NOTSET)
        for home, names in homes:
            for name, value in names.items():
                setattr(home, name, value)
        for name, value in methods.items():
            setattr(torch.Tensor, name, value)


def printed(tool: str, report: Report) -> int:
    """The total that a tool prints; it must be whole."""
    with _left_as_it_was():
        total = TOOLS[tool](report)
    assert int(total) == total
    return int(total)


def printed_in_training(report: Report) -> float:
    """The total that fvcore prints in training mode, where PyTorch refuses to measure the variance
    of a single value; the report should be for several images."""
    with _left_as_it_was():
        return _fvcore(network_of(report, "cpu").train(), images(report, "cpu"))


def recorded() -> dict[str, dict[str, int]]:
    """The recorded totals, by architecture and tool."""
    with RECORD.open(encoding="utf-8", newline="") as stream:
        return {
            line.pop("architecture"): {tool: int(total) for tool, total in line.items()}
            for line in csv.DictReader(stream)
        }


def main() -> None:
    """Rewrite the record."""
    if MISSING:
        raise SystemExit(f"not installed: {', '.join(MISSING)}; pip install 'cnncalc[peers]'")
    with RECORD.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream, lineterminator="\n")
        writer.writerow(["architecture", *TOOLS])
        for name in catalog.names():
            report = cnncalc.summarize(name)
            writer.writerow([name, *(printed(tool, report) for tool in TOOLS)])


if __name__ == "__main__":
    main()
