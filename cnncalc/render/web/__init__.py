"""A report as one HTML page that needs no other files and no internet connection.

The page is complete without its script, which lets readers fold, sort and search the table.
"""

from collections.abc import Iterable, Iterator, Sequence
from html import escape
from typing import TYPE_CHECKING

from cnncalc.analysis.report import Report
from cnncalc.core import units
from cnncalc.core.errors import UsageError
from cnncalc.render import page
from cnncalc.render.pictures import picture, writer_of
from cnncalc.render.pictures.metrics import PIXELS
from cnncalc.render.pictures.scene import Scene
from cnncalc.render.pictures.styles.memory import chart
from cnncalc.render.pictures.writers import svg
from cnncalc.render.view import View
from cnncalc.render.web import layers
from cnncalc.render.web.files import text_of
from cnncalc.render.web.workings import Workings

if TYPE_CHECKING:
    from cnncalc.analysis.hardware.roofline import Roofline
    from cnncalc.conventions.published import Finding
    from cnncalc.footprint import Memory

FIGURES = ("Layer", "Quantity", "Printed", "Calculated", "Verdict", "Source")
"""The headings of the published figures."""


def render(
    report: Report,
    spec: str,
    findings: Sequence["Finding"] = (),
    bounds: "Roofline | None" = None,
) -> str:
    """The whole page. ``spec`` is the network as YAML, ``findings`` are its published figures, and
    ``bounds`` are its shortest times on a device."""
    times = {layers.TIME: layers.time(bounds)} if bounds else {}
    columns = tuple(name for name in layers.COLUMNS if bounds or name != layers.TIME)
    view = View(report, columns, more=times)
    workings = Workings(report)
    table = layers.table(view, workings, _about_times(bounds) if bounds else "")
    memory = _memory(report)
    scene = picture(report).scene(writer_of("svg"))
    scenes = [scene] if isinstance(memory, UsageError) else [scene, chart(memory, PIXELS)]
    graph = svg.text(scene, {name: f"#{row}" for name, row in table.rows.items()})
    body = [
        *(f"<p>{escape(remark)}</p>" for remark in view.remarks),
        *(f'<p class="bad">{escape(warning)}</p>' for warning in report.warnings),
        *_cards(view, memory, bounds),
        f'<p class="small">{escape(view.conventions)}</p>',
        '<div class="both"><div><h2>Graph</h2>',
        '<div class="scroll" tabindex="0" role="region" aria-label="Graph of the network">'
        f"{graph}</div></div>\n<div>",
        *table.html,
        "</div></div>",
        *(_chart(one) for one in scenes[1:]),
        *workings.html(),
        *_published(findings),
        '<h2>Spec</h2>\n<button id="copy" hidden>Copy</button>',
        f'<pre id="spec" class="scroll" tabindex="0">{escape(spec)}</pre>',
    ]
    styles = [svg.style(one) for one in scenes]
    return page.page(view.title, body, text_of("style.css"), text_of("script.js"), styles)


def _memory(report: Report) -> "Memory | UsageError":
    """The memory of a network, or the error that says why it is not known."""
    from cnncalc.footprint import measure

    try:
        return measure(report)
    except UsageError as why:
        return why


def _chart(scene: Scene) -> str:
    return (
        '<h2 id="memory">Memory in a training step</h2>\n<div class="scroll" tabindex="0" '
        f'role="region" aria-label="Memory in a training step">{svg.text(scene)}</div>'
    )


def _about_times(bounds: "Roofline") -> str:
    """A sentence on what the column of times means."""
    notes = "; ".join((f"peak for {bounds.dtype}", *bounds.notes))
    return (
        f"Times are lower bounds for a training step on {bounds.device.name} ({notes}): the "
        "forward pass layer by layer, and the FLOPs of the backward pass at the peak, without its "
        "bytes."
    )


def _cards(view: View, memory: "Memory | UsageError", bounds: "Roofline | None") -> Iterator[str]:
    """The totals, the memory peaks, the shortest time if a device is given, and the last receptive
    field."""
    yield '<dl class="cards">'
    cards = [(total.label, total.text) for total in view.totals]
    for label, text in [*cards, *_peaks(memory), *_time(bounds), *_field(view)]:
        number, _, rest = text.partition(" = ")
        small = f"<small>{escape(rest)}</small>" if rest else ""
        yield f"<div><dt>{escape(label)}</dt><dd>{escape(number)}{small}</dd></div>"
    yield "</dl>"


def _peaks(memory: "Memory | UsageError") -> Iterable[tuple[str, str]]:
    if isinstance(memory, UsageError):
        return [("Peak memory", f"not known = {memory}")]
    inference, training = memory.inference_peak, memory.training_peak
    parts = "with parameters, gradients and activations; SGD"
    return [
        ("Peak in inference", _at(*inference, "activations")),
        ("Peak in training", _at(training.layer, training.bytes, parts)),
    ]


def _time(bounds: "Roofline | None") -> Iterable[tuple[str, str]]:
    if bounds is None:
        return []
    least = units.duration(bounds.training)
    return [("Time of a training step", f"≥ {least} = a lower bound on {bounds.device.name}")]


def _at(layer: str, size: int, parts: str) -> str:
    return f"{units.exact(size)} B = {units.in_bytes(size)} at {layer}: {parts}"


def _field(view: View) -> Iterable[tuple[str, str]]:
    """The receptive field of the last layer that has one."""
    found = [line for line in view.report.outline(view.report.depth) if line.last.fields]
    if not found:
        return []
    return [("Receptive field", f"{view.text('rf', found[-1])} = of {found[-1].name}")]


def _published(findings: Sequence["Finding"]) -> Iterator[str]:
    if not findings:
        return
    yield '<h2 id="published">Published figures</h2>\n<div class="scroll" tabindex="0" '
    yield 'role="region" aria-label="Published figures"><table>\n<thead><tr>'
    yield "".join(f'<th scope="col">{heading}</th>' for heading in FIGURES)
    yield "</tr></thead>\n<tbody>"
    yield from map(_finding, findings)
    yield "</tbody>\n</table></div>"


def _finding(one: "Finding") -> str:
    notes = ", ".join(filter(None, (one.verdict, one.convention)))
    verdict = f"{notes}: {one.reason}" if one.reason else notes
    cells = [
        " ".join(filter(None, (one.layer or "total", one.settings and f"({one.settings})"))),
        one.quantity,
        one.printed,
        units.exact(one.calculated) if isinstance(one.calculated, int) else one.calculated,
    ]
    colour = "good" if one.agrees else "bad"
    return (
        f"<tr>{''.join(f'<td>{escape(cell)}</td>' for cell in cells)}"
        f'<td class="{colour}">{escape(verdict)}</td><td>{escape(one.source)}</td></tr>'
    )
