"""The pages of all built-in networks: what they are, their memory and their pictures."""

from typing import Any

from cnncalc import api, footprint
from cnncalc.analysis.report import Report
from cnncalc.core import units
from cnncalc.core.errors import UsageError
from cnncalc.render.pictures import writer_of
from cnncalc.spec import Spec, catalog, load
from generator.text import GENERATED, code, inline, table


def architectures_page() -> str:
    """All built-in architectures: what each one is, its source and its totals."""
    known = {name: (load(name), api.summarize(name)) for name in catalog.names()}
    rows = (
        (f"[{name}](#{name})", inline(report.name), _inputs(report), *_totals(report))
        for name, (_, report) in known.items()
    )
    head = [
        f"{GENERATED}# Built-in architectures",
        "`cnncalc list` lists them, `cnncalc summarize NAME` analyses one, and `cnncalc show NAME` "
        "prints its file. Different networks go by the same name, so each entry says exactly which "
        "one it is. [conventions.md](conventions.md) defines the counts.",
        table(("name", "network", "input", "parameters", "MACs"), rows),
    ]
    parts = [
        part for name, (spec, report) in known.items() for part in _architecture(name, spec, report)
    ]
    return "\n\n".join([*head, *parts]) + "\n"


def _inputs(report: Report) -> str:
    return ", ".join(map(str, report.input_shapes.values()))


def _totals(report: Report) -> tuple[str, str]:
    return units.exact(report.totals.params), units.exact(report.totals.macs)


def _architecture(name: str, spec: Spec, report: Report) -> list[str]:
    params, macs = _totals(report)
    stored = report.totals.activations_total
    size = units.in_bytes(report.totals.activations_total_bytes)
    facts = [
        f"Input {_inputs(report)}, output {report.output_shape}.",
        f"{params} parameters, {macs} MACs, {units.exact(stored)} stored activations ({size}).",
    ]
    if report.settings:
        settings = " ".join(f"{key}={_setting(value)}" for key, value in report.settings.items())
        facts.append(f"Settings: {code(settings)}.")
    facts += [f"See also {code(other)}: {inline(text)}." for other, text in report.variants]
    claims = len(spec.published)
    if claims:
        several = claims > 1
        facts.append(f"{claims} published figure{'s' * several},{' all' * several} tested.")
    parts = [f"## {name}", " ".join(f"{inline(report.name)}. {_sentence(report.source)}".split())]
    if report.note:
        parts.append(inline(report.note))
    return [*parts, "\n".join(f"- {fact}" for fact in facts)]


def _setting(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _sentence(text: str) -> str:
    return f"{inline(text).rstrip('.')}{'.' * (text[-1] != '?')}" if text else ""


def memory_page() -> str:
    """The memory of every built-in architecture in training and inference, at batch 1."""
    head = [
        f"{GENERATED}# Memory of the built-in architectures",
        "Bytes at batch 1 in float32, as [memory.md](memory.md) defines them: the activations that "
        "autograd saves for the backward pass, the peak of live activations in inference, and the "
        "peak of a training step with SGD and with Adam, each with the layer where it occurs. "
        "PyTorch gives the same numbers, to the byte; networks with recurrent layers or attention "
        "are not modelled. `cnncalc memory NAME` shows more detail and other batch sizes. To check "
        "one network with SGD, run `cnncalc verify NAME --device meta`, with `--batch` and "
        "`--eval` if you like; to check all of them, also with Adam, in eval mode and at batch 4, "
        "run `python -m pytest tests/test_memory_architectures.py --exhaustive`.",
    ]
    headings = "name", "saved", "inference peak", "training peak, SGD", "training peak, Adam"
    return "\n\n".join([*head, table(headings, map(_memory, catalog.names()))]) + "\n"


def _memory(name: str) -> tuple[str, ...]:
    """A network's bytes, and the layers where the peaks occur."""
    report = api.summarize(name)
    link = f"[{name}](architectures.md#{name})"
    try:
        sgd, adam = (footprint.measure(report, optimizer=one) for one in ("sgd", "adam"))
    except UsageError:
        return link, *["not modelled"] * 4
    inference = sgd.inference_peak
    return (
        link,
        units.exact(sgd.saved_for_backward),
        f"{units.exact(inference.bytes)} at {code(inference.layer)}",
        *map(_moment, (sgd.training_peak, adam.training_peak)),
    )


def _moment(peak: footprint.Peak) -> str:
    return f"{units.exact(peak.bytes)} at {code(peak.layer)}, {peak.phase}"


PICTURES: dict[str, tuple[str, str, dict[str, Any]]] = {
    "resnet18": ("resnet18", "graph", {}),
    "unet": ("unet", "graph", {"depth": 1}),
    "vgg16": ("vgg16", "volumes", {}),
    "lenet5": ("lenet5", "volumes", {}),
    "memory": ("resnet50", "memory", {}),
    "window": ("1x8x8-4C3s3", "window", {"animate": True}),
    "field": ("vgg16", "field", {"layer": "pool5"}),
}
"""The pictures of docs/pictures.md: a network, a style and its options."""
FEWEST_VOLUMES = 6


def pictures() -> dict[str, str]:
    """All pictures as SVG, by path."""
    every = {f"docs/pictures/{name}.svg": drawn for name, drawn in PICTURES.items()}
    roofline = api.device("resnet50", ["a100", "t4", "raspberry-pi-5"]).picture().decode()
    return {
        "docs/pictures/roofline.svg": roofline,
        **{f"docs/gallery/{name}.svg": _volumes(name) for name in gallery()},
        **{
            path: api.draw(network, style, **options).svg
            for path, (network, style, options) in every.items()
        },
    }


def _volumes(name: str) -> str:
    """A network as volumes, its blocks folded unless that leaves only a few."""
    picture = api.draw(name, "volumes", depth=1)
    few = len(picture.scene(writer_of("svg")).boxes) < FEWEST_VOLUMES
    return api.draw(name, "volumes").svg if few else picture.svg


def gallery() -> list[str]:
    """The networks that are not variants of another one."""
    return [name for name in catalog.names() if "\nextends:" not in _source(name)]


def _source(name: str) -> str:
    return catalog.path(name).read_text(encoding="utf-8")


def gallery_page() -> str:
    """The pictures of all networks."""
    head = [
        f"{GENERATED}# Gallery",
        "The built-in networks as volumes: `cnncalc draw NAME --style volumes -o NAME.svg`. "
        "Blocks are folded, as with `--depth 1`, unless that leaves only a few volumes. Variants "
        "that share their structure with another network are left out. [Pictures](pictures.md) "
        "shows the other styles, and [architectures.md](architectures.md) describes each network "
        "exactly.",
    ]
    parts = (f"## {name}\n\n![{name} as volumes](gallery/{name}.svg)" for name in gallery())
    return "\n\n".join([*head, *parts]) + "\n"
