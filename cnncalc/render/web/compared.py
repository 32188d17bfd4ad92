"""Two networks side by side as one HTML page that needs no other files."""

from collections.abc import Iterable, Iterator, Sequence
from html import escape

from cnncalc.analysis.explore.compare import Comparison
from cnncalc.analysis.report import Report
from cnncalc.render import comparison, page
from cnncalc.render.pictures import picture, writer_of
from cnncalc.render.pictures.scene import Scene
from cnncalc.render.pictures.writers import svg
from cnncalc.render.web.files import text_of

COLOURS = {"added": "good", "removed": "bad"}
"""The CSS classes of rows, by how the layer differs."""


def render(found: Comparison) -> str:
    """The whole page: the totals with their ratios, both graphs, and the layers that differ."""
    titles = comparison.titles(found)
    scenes = [_scene(report, at) for at, report in enumerate(found.reports)]
    shown = [one for one in found.layers if one.change != "same"]
    body = [
        "<h2>Totals</h2>",
        *_table("Totals", ["Quantity", *comparison.headings(titles)], comparison.totals(found)),
        '<div class="pair">',
        *(_graph(title, scene) for title, scene in zip(titles, scenes, strict=True)),
        f"</div>\n<h2>Layers</h2>\n<p>{escape(comparison.counts(found))}.</p>",
    ]
    if shown:
        rows, colours = map(comparison.row, shown), [COLOURS.get(one.change, "") for one in shown]
        body += _table("Layers", ["Layer", "Change", *titles, "MACs"], rows, colours)
    styles = [svg.style(scene) for scene in scenes]
    return page.page(" → ".join(titles), body, text_of("style.css"), styles=styles)


def _scene(report: Report, place: int) -> Scene:
    """The graph of a network, whose boxes have ids that are unique in the page."""
    scene = picture(report).scene(writer_of("svg"))
    boxes = (box._replace(key=f"{'ab'[place]}{box.key}") for box in scene.boxes)
    return scene._replace(boxes=tuple(boxes))


def _graph(title: str, scene: Scene) -> str:
    return (
        f'<div><h2>{escape(title)}</h2>\n<div class="scroll" tabindex="0" role="region" '
        f'aria-label="Graph of {escape(title)}">{svg.text(scene)}</div></div>'
    )


def _table(
    title: str, heads: Sequence[str], rows: Iterable[Sequence[str]], colours: Sequence[str] = ()
) -> Iterator[str]:
    """A table; ``colours`` are the CSS classes of its rows."""
    yield f'<div class="scroll" tabindex="0" role="region" aria-label="{title}"><table>'
    cells = "".join(f'<th scope="col">{escape(head)}</th>' for head in heads)
    yield f"<thead><tr>{cells}</tr></thead>\n<tbody>"
    for at, (name, *others) in enumerate(rows):
        kind = f' class="{colours[at]}"' if colours and colours[at] else ""
        cells = "".join(f"<td>{escape(cell)}</td>" for cell in others)
        yield f'<tr{kind}><th scope="row">{escape(name)}</th>{cells}</tr>'
    yield "</tbody>\n</table></div>"
