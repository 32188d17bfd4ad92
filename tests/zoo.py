"""Reads published models, and compares every network with PyTorch's counts of its model.

``python tests/zoo.py torchvision`` reads torchvision's models, ``timm`` one of each of timm's
families, ``convnets`` all of timm's models with convolutions, ``transformers`` those of Hugging
Face, and ``builtins`` what ``to_torch`` builds from the built-in architectures. Further arguments
choose some by name. ``--outputs`` also compares outputs, which takes memory for the weights. The
script prints a line for every model and the totals, and exits with 1 if anything differs.

``--record FILE`` adds the results to a file, and skips the models that the file already has, so
that a run can be continued. ``--table`` prints the totals of every family as Markdown instead of
the lines. docs/importing.md has the last results.
"""

import argparse
import re
import sys
import time
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import nullcontext, suppress
from functools import cache, partial
from pathlib import Path
from typing import Any

import torch
import typer
from torch import nn
from torch._subclasses.fake_tensor import FakeTensorMode
from torch_memory import SavedTensors
from zoo_results import Found, line, record, recorded, table, totals

import cnncalc
from cnncalc import footprint
from cnncalc.bridge import importing, original
from cnncalc.core.errors import CnncalcError
from cnncalc.spec import catalog, text

LEFT_OUT = r".*(rcnn|retinanet|fcos|ssd|raft|quantized).*"
"""Detectors postprocess boxes, which depends on values; quantized models have no parameters."""
TRAINED_BYTES = 4 * 10**9
"""Outputs are compared for models of at most this many bytes of parameters and activations."""


def torchvision_models(names: list[str]) -> Iterator[tuple[str, Callable[[], nn.Module], Any]]:
    """The models of torchvision, each with a function that builds it and its input."""
    operators()
    from torchvision import models

    for name in names or models.list_models():
        if not names and re.fullmatch(LEFT_OUT, name):
            continue
        keywords = {"weights_backbone": None} if "deeplab" in name or "raspp" in name else {}
        keywords = {"weights_backbone": None} if name.startswith("fcn") else keywords
        if name in ("googlenet", "inception_v3"):  # which train with auxiliary heads
            keywords = {"aux_logits": False, "init_weights": False}
        size = 299 if name == "inception_v3" else 224
        sizes: tuple[int, ...] = (3, size, size)
        if name in models.list_models(models.video):
            sizes = (3, 16, 224, 224)
        yield name, lambda n=name, k=keywords: models.get_model(n, **k), sizes


@cache
def operators() -> Any:
    """The operators that torchvision expects. They live as long as the library, so it is cached."""
    library = torch.library.Library("torchvision", "DEF")
    with suppress(RuntimeError):  # where torchvision comes with its operators
        for operator in ("nms", "qnms"):
            library.define(f"{operator}(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")
    return library


def timm_models(names: list[str]) -> Iterator[tuple[str, Callable[[], nn.Module], Any]]:
    """The models of timm; by default the first of every family, whose names begin alike."""
    operators()
    import timm

    seen: set[str] = set()
    for name in names or timm.list_models():
        (family,) = re.findall("^(?:tf_|legacy_|test_)?[a-z]+", name)
        if names or family not in seen:
            seen.add(family)
            config = timm.get_pretrained_cfg(name)
            sizes = config.input_size if config else (3, 224, 224)
            yield name, lambda n=name: timm.create_model(n), sizes


def convnets(names: list[str]) -> Iterator[tuple[str, Callable[[], nn.Module], Any]]:
    """The models in timm's files that have overlapping windows; of models with the same structure,
    only the first. Names choose files, such as ``resnet``."""
    operators()
    import timm

    listed = [
        name for file in names or timm.list_modules() for name in timm.list_models(module=file)
    ]
    seen: set[str] = set()
    for name, build, sizes in timm_models(listed):
        model = importing.without_weights(build)
        own = structure(model, sizes)
        if own not in seen and any(map(overlaps, model.modules())):
            seen.add(own)
            yield name, lambda one=model: one, sizes


def overlaps(module: nn.Module) -> bool:
    """Whether a module is a convolution with windows that overlap, unlike those of patches."""
    if not isinstance(module, nn.Conv2d):
        return False
    return any(F > S for F, S in zip(module.kernel_size, module.stride, strict=True))


def structure(model: nn.Module, sizes: Any) -> str:
    """Everything that decides which network a model is: its input, its modules with their plain
    attributes, and the sizes of its parameters."""
    modules = [
        (path, type(module).__name__, [one for one in vars(module).items() if is_plain(one[1])])
        for path, module in model.named_modules()
    ]
    return repr((sizes, modules, [tuple(one.shape) for one in model.parameters()]))


def is_plain(value: Any) -> bool:
    """Whether an attribute is a number, a word, or several of these."""
    if isinstance(value, list | tuple):
        return all(map(is_plain, value))
    return value is None or isinstance(value, bool | int | float | str)


def transformers_models(names: list[str]) -> Iterator[tuple[str, Callable[[], nn.Module], Any]]:
    """Image classifiers of Hugging Face, as their default configurations describe them."""
    operators()
    import transformers

    for name in names or TRANSFORMERS:
        config = getattr(transformers, f"{name}Config")()
        classifier = getattr(transformers, f"{name}ForImageClassification")
        size = getattr(config, "image_size", 224)
        yield name, lambda c=config, m=classifier: m(c), (3, size, size)


TRANSFORMERS = (
    "Bit", "ConvNext", "ConvNextV2", "DeiT", "EfficientNet", "FocalNet", "MobileNetV1",
    "MobileNetV2", "PoolFormer", "RegNet", "ResNet", "Swin", "ViT",
)  # fmt: skip
"""How the names of the model classes begin."""


def builtins(names: list[str]) -> Iterator[tuple[str, Callable[[], nn.Module], Any]]:
    """The built-in architectures, as ``to_torch`` builds them."""
    for name in names or catalog.names():
        report = cnncalc.summarize(name)
        shapes = [tuple(shape) for shape in report.input_shapes.values()]
        yield name, lambda r=report: cnncalc.to_torch(r), shapes[0] if len(shapes) == 1 else shapes


SOURCES = {
    "torchvision": torchvision_models,
    "timm": timm_models,
    "convnets": convnets,
    "transformers": transformers_models,
    "builtins": builtins,
}


def compared(
    source: str, name: str, build: Callable[[], nn.Module], sizes: Any, outputs: bool
) -> Found:
    """What was compared for a model."""
    family = ""
    try:
        model = build() if outputs else importing.without_weights(build)
        family = type(model).__module__.rpartition(".")[2]
        begin = time.perf_counter()
        read = importing.read(model, sizes)
        seconds = time.perf_counter() - begin
    except (CnncalcError, RuntimeError, ValueError, AssertionError, TypeError) as why:
        return Found(name, family, " ".join(str(why).split())[:160] or type(why).__name__)
    report = read.report
    same_outputs = _same_outputs(read) if outputs else None  # first, while there are weights
    total, unused = (
        sum(one.numel() for one in parameters)
        for parameters in (
            model.parameters(),
            [model.get_parameter(one) for one in read.recording.unused],
        )
    )
    held = {name for names in read.imported.held.values() for name in names.values()}
    statistics = r".*(running_mean|running_var|num_batches_tracked)"
    buffers = sum(
        one.numel()
        for name, one in model.named_buffers()
        if name in held or (re.fullmatch(statistics, name) and _runs(name, held))
    )
    return Found(
        name,
        family,
        params=report.totals.params + report.totals.fixed == total - unused,
        macs=report.totals.macs == sum(call.macs for call in read.recording.calls),
        buffers=report.totals.buffers == buffers,
        saved=_same_saved(read, model, sizes),
        yaml=_same_yaml(report, read.imported.spec),
        **compared_with_builtin(report, name, SAME[source]),
        outputs=same_outputs,
        opaque=len(report.opaque),
        seconds=seconds,
    )


def _runs(name: str, held: set[str]) -> bool:
    """Whether the module of a buffer runs."""
    prefix = name.rpartition(".")[0] + "."
    return any(other.startswith(prefix) for other in held)


def _same_saved(read: importing.Read, model: nn.Module, sizes: Any) -> bool | None:
    """Whether autograd saves as many bytes in training, for a batch of 2."""
    try:
        report = cnncalc.summarize(read.imported.spec, batch=2)
        ours = sum(entry.bytes for entry in footprint.saved_for_backward(report))
        folds = any(row.kind == "fold" for row in report.rows)
        return ours == _saved(model, sizes, nullcontext if folds else _fakes)
    except (CnncalcError, RuntimeError, ValueError):
        return None


_fakes = partial(FakeTensorMode, allow_non_fake_inputs=True)


def _saved(model: nn.Module, sizes: Any, mode: Any) -> int:
    """The bytes that autograd saves, with fake tensors: as on the CPU, but without its memory. The
    output of a fold lacks the room that the CPU leaves in its storage."""
    with mode():
        for module in model.modules():  # each only once, even if it has several parents
            module.to_empty(device="cpu", recurse=False)
        return _saved_here(model.train(), sizes)


def _saved_here(model: nn.Module, sizes: Any) -> int:
    listed = sizes if isinstance(sizes, list) else [sizes]
    inputs = [torch.zeros(2, *one) for one in listed]
    with SavedTensors([*model.parameters(), *model.buffers()]) as saved:
        outputs = model(*inputs)
    found = saved.bytes
    del outputs
    return found


def _same_yaml(report: cnncalc.Report, spec: Any) -> bool:
    """Whether the network written as YAML and read back has the same totals and names."""
    back = cnncalc.summarize(text.read(cnncalc.to_yaml(spec), "net.yaml"))
    names = [[row.name for row in one.rows] for one in (report, back)]
    return back.totals == report.totals and names[0] == names[1]


SAME = {
    "builtins": ("rows", "fields", "totals", "memory"),
    "torchvision": ("rows", "fields"),
    "timm": (),
    "convnets": (),
    "transformers": (),
}
"""What must equal the built-in with the same name. Some activations of torchvision's run in place,
and some views and dropouts of theirs are not part of ours."""


def compared_with_builtin(
    report: cnncalc.Report, name: str, what: Sequence[str]
) -> dict[str, bool]:
    """What equals the built-in with the same name, if there is one. Where torchvision's network
    differs from the paper's, there are two built-ins, and it equals one of them."""
    names = [own for own in (name, f"{name}_torchvision") if what and own in catalog.names()]
    both = [agreement(report, cnncalc.summarize(own, input=_input(report))) for own in names]
    best = max(both, key=lambda same: sum(same.values()), default={})
    return {name: best[name] for name in what if name in best}


def agreement(report: cnncalc.Report, other: cnncalc.Report) -> dict[str, bool]:
    """What two networks agree on: the rows that compute something, their receptive fields, all
    totals, and the memory."""
    same = {
        "rows": rows(report) == rows(other),
        "fields": rows(report, "receptive_field") == rows(other, "receptive_field"),
        "totals": report.totals == other.totals,
    }
    with suppress(CnncalcError):  # where the memory is not modelled
        theirs = other.memory
        same["memory"] = (
            report.memory.saved_for_backward == theirs.saved_for_backward
            and report.memory.inference_peak.bytes == theirs.inference_peak.bytes
            and report.memory.training_peak.bytes == theirs.training_peak.bytes
        )
    return same


def _input(report: cnncalc.Report) -> Any:
    shapes = {name: tuple(shape) for name, shape in report.input_shapes.items()}
    return next(iter(shapes.values())) if len(shapes) == 1 else None


def rows(report: cnncalc.Report, *also: str) -> list[Any]:
    """The output, parameters, MACs and buffers of each row that computes something."""
    found = [
        (row.output.elements, row.params, row.macs, row.buffers, *(getattr(row, a) for a in also))
        for row in report
        if row.params or row.macs
    ]
    return sorted(found, key=repr)


def _same_outputs(read: importing.Read) -> bool | None:
    bytes = 2 * read.report.totals.parameter_bytes + read.report.totals.activations_total_bytes
    if read.report.opaque or bytes > TRAINED_BYTES:
        return None
    with torch.no_grad():
        for one in [*read.model.parameters(), *read.model.buffers()]:
            if one.dim() == 1 and one.is_floating_point():
                nn.init.uniform_(one, 0.5, 1.5)
    return original.largest_difference(read) <= original.TOLERANCE


def main() -> int:
    """Compare the models that the command line names."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("source", choices=SOURCES)
    parser.add_argument("names", nargs="*")
    parser.add_argument("--outputs", action="store_true")
    parser.add_argument("--record", type=Path)
    parser.add_argument("--table", action="store_true")
    given = parser.parse_intermixed_args()
    warnings.simplefilter("ignore")
    found = recorded(given.record)
    done = {one.name for one in found}
    try:
        for name, build, sizes in SOURCES[given.source](given.names):
            if name in done:
                continue
            one = compared(given.source, name, build, sizes, given.outputs)
            found.append(one)
            record(given.record, one)
            if not given.table:
                typer.echo(line(one))
    except ImportError as why:
        typer.echo(f"NOT RUN: {given.source} cannot be imported: {why}", err=True)
        return 2
    if given.table:
        typer.echo("\n".join(table(found)))
    else:
        typer.echo("\n".join(f"{what}: {count}" for what, count in totals(found).items()))
    return int(any(one.fails for one in found))


if __name__ == "__main__":
    sys.exit(main())
