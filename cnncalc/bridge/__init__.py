"""Everything that runs PyTorch. No other package of cnncalc imports PyTorch, and this one does so
only when it is used."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING, Any, Unpack

from cnncalc.analysis.report import Report
from cnncalc.api.network import Options, Target, report_of, summarize
from cnncalc.core.errors import UsageError
from cnncalc.spec import Spec, load
from cnncalc.spec.model import Model

if TYPE_CHECKING:
    from cnncalc.analysis.hardware.calibration import Calibration, Measured
    from cnncalc.bridge.verification import Verification

USUAL = (3, 224, 224)
"""The default input shape of a model."""
INSTALL = "install it with pip install 'cnncalc[torch]'"
READING = "reading a PyTorch model"


def to_torch(target: Target, **options: Unpack[Options]) -> Any:
    """Build the network as a ``torch.nn.Module`` that runs and trains.

    ``target`` is a report, or anything that ``summarize`` accepts, with its options. Parameters are
    named after the layers; several inputs are passed in order, and several outputs are returned as
    a tuple. Under ``with torch.device("meta")`` nothing is allocated. Raises UsageError for a layer
    or a name that PyTorch cannot express, and if PyTorch is not installed.
    """
    return _load("network", "to_torch").Network(report_of(target, options))


def to_onnx(
    target: Target,
    *,
    weights: Mapping[str, Any] | None = None,
    seed: int | None = None,
    **options: Unpack[Options],
) -> bytes:
    """Return the content of an ONNX file that computes the same as the module of ``to_torch`` in
    eval mode.

    ``target`` is a report, or anything that ``summarize`` accepts, with its options. ``weights`` is
    the ``state_dict`` of a module that ``to_torch`` made; by default, that of a new module that is
    initialized with ``seed``. The batch size is left dynamic. Raises UsageError for a layer that
    ONNX cannot express, for more than 2 GiB of weights, and if PyTorch is not installed.
    """
    written: bytes = _load("onnx", "export to ONNX").onnx_file(
        report_of(target, options), weights, seed
    )
    return written


def from_torch(model: Any, input: Any = USUAL) -> Spec:
    """Read a live PyTorch model. The result is a spec like those that ``load`` returns.

    ``input`` is the shape of the input without the batch, a list of shapes for several inputs, or a
    mapping from keyword arguments to shapes. The model runs a few times in eval mode on the meta
    device; its weights are neither read nor changed, and its mode is restored. Parameters and MACs
    are compared with PyTorch's own counts. Raises UsageError if they differ, if the model does not
    run or is not a single network, and if PyTorch is not installed.
    """
    return load(_load("importing", READING).read(model, input).imported.spec)


@dataclass(frozen=True)
class Factory(Model):
    """The models that ``package.module:factory`` makes. Reading a model runs the code of that
    module, and raises UsageError if the factory does not make a model."""

    target: str
    usual = USUAL

    def read(self, arguments: Mapping[str, Any], inputs: Mapping[str, Sequence[int]]) -> Spec:
        model = _load("importing", READING).factory(self.target, arguments)
        return from_torch(model, inputs.get("", inputs) or USUAL)


def model_of(target: str, arguments: Mapping[str, Any]) -> Any:
    """The model that ``package.module:factory`` makes, with its weights, for ``verify``. Runs the
    code of that module, and raises UsageError if the factory does not make a model."""
    return _load("importing", READING).build(target, arguments)


def verify(
    target: Any,
    device: str = "auto",
    *,
    training: bool = True,
    receptive_field: bool = False,
    **options: Unpack[Options],
) -> Verification:
    """Run a network in PyTorch, forward and backward, and compare its numbers with the report.

    ``target`` is a report, or anything that ``summarize`` accepts, with its options; a live
    ``torch.nn.Module`` is read as ``from_torch`` reads it, and its outputs are compared with those
    of the rebuilt network, run with the same weights. ``device`` is auto, cpu, cuda, mps or meta;
    auto picks CUDA if it is available and otherwise the CPU, or meta for a network that is too
    large or too slow for that device. ``training=False`` runs the layers in eval mode, with
    gradients. ``receptive_field`` also compares the receptive field, which takes several more runs.
    Raises UsageError if the network cannot run on that device, and if PyTorch is not installed.
    """
    original = None
    if hasattr(target, "named_parameters"):
        input = options.pop("input", None) or USUAL
        original = _load("importing", READING).read(target, input)
        target = original.imported.spec
    checked: Verification = _load("verification", "verify").verify(
        report_of(target, options),
        device,
        training=training,
        receptive_field=receptive_field,
        original=original,
    )
    return checked


def calibrate(
    networks: Sequence[str] = (),
    *,
    device: str = "auto",
    batch: int = 1,
    dtype: str = "float32",
    threads: int | None = None,
    name: str | None = None,
    seen: Callable[[Measured], None] = lambda measured: None,
) -> Calibration:
    """Time networks on this machine, and fit the seconds per FLOP and per byte to the measurements.

    ``networks`` are names of built-ins from at least three families, by default those in
    ``cnncalc.analysis.hardware.calibration.NETWORKS``. ``device`` is auto, cpu, cuda or mps;
    ``name`` is its name in the result, by default a description. ``threads`` is the number of CPU
    threads, by default PyTorch's. ``seen`` is called with each measurement as it is made. Raises
    UsageError for an invalid option, for a network that cannot run, and if PyTorch is not
    installed.
    """
    from cnncalc.analysis.hardware import calibration

    for one in networks:
        load(one)
    chosen = [*dict.fromkeys(networks or calibration.NETWORKS)]
    calibration.check_families(chosen)
    timing = _load("timing", "calibrate")
    reports = ((one, summarize(one, batch=batch, dtype=dtype)) for one in chosen)
    where = timing.place(device)
    with timing.using(threads):
        return calibration.Calibration(
            device=name or timing.describe(where),
            dtype=dtype,
            batch=batch,
            measured=tuple(timing.measure(reports, where, seen)),
            software=timing.software(),
        )


def torch_source(report: Report) -> str:
    """Return the text of a PyTorch program that builds the network and does not need cnncalc.

    Raises UsageError for a layer that PyTorch cannot express, and if PyTorch is not installed.
    """
    written: str = _load("source", "export to PyTorch code").source(report)
    return written


def _load(name: str, what: str) -> Any:
    """A module of this package that imports PyTorch. Raises UsageError, saying that ``what`` needs
    PyTorch, if it is not installed."""
    try:
        return import_module(f"{__name__}.{name}")
    except ModuleNotFoundError as missing:
        if missing.name != "torch":
            raise
        raise UsageError(f"{what} needs PyTorch", INSTALL) from None
