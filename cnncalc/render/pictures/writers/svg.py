"""Scalable Vector Graphics, for browsers, notebooks and papers.

Text stays text, resting the pointer on a box shows its exact numbers, and the colours follow the
reader's light or dark theme. The file needs no other files.
"""

from collections.abc import Mapping, Sequence
from html import escape

from cnncalc.render.pictures.metrics import PIXELS, SIZES
from cnncalc.render.pictures.palette import GRID, INK, LINE, MUTED, PAPER, TONES, mixed
from cnncalc.render.pictures.scene import Box, Line, Point, Scene, Shape, Text

SUFFIX = ".svg"
MEASURE = PIXELS
HEAD = (7, 3.2)
"""The length and half the width of an arrow's head."""
ROUND = 5
"""The radius of a line's corners."""


def render(scene: Scene) -> bytes:
    """The whole file."""
    return text(scene).encode()


def text(scene: Scene, links: Mapping[str, str] | None = None) -> str:
    """The whole file as text; the same scene always gives the same text. ``links`` maps the
    names of boxes to addresses."""
    links = links or {}
    width, height = _number(scene.width), _number(scene.height)
    role = "group" if links else "img"  # screen readers skip the links in an image
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" class="cnncalc" width="{width}" '
        f'height="{height}" viewBox="0 0 {width} {height}" role="{role}">',
        f"<title>{_escape(scene.title)}</title>",
        f"<style>{style(scene)}</style>",
        f'<rect class="paper" width="{width}" height="{height}"/>',
        *(_linked(box, links) for box in scene.frames),
        *_lines([line for line in scene.lines if line.source]),
        *(_linked(box, links) for box in scene.boxes),
        *map(_shape, scene.shapes),
        *_lines([line for line in scene.lines if not line.source]),
        *map(_text, scene.texts),
        "</svg>\n",
    ]
    return "\n".join(parts)


def style(scene: Scene) -> str:
    """The text of a scene's style: the rules for a light theme, then those for a dark one."""
    used = {box.tone for box in (*scene.boxes, *scene.frames)}
    used |= {shape.tone for shape in scene.shapes}
    tones = [name for name in TONES if name in used]
    shades: dict[str, set[float]] = {}
    for face in (face for box in scene.boxes for face in box.faces if face.shade):
        shades.setdefault(face.tone, set()).add(face.shade)
    sizes = "".join(
        f".cnncalc .{role}{{font-size:{size:g}px}}"
        for role, size in SIZES.items()
        if role in {text.role for text in scene.all_texts}
    )
    grid = (
        f".cnncalc .grid{{fill:none;stroke:{GRID};stroke-opacity:.5;stroke-width:.8}}"
        if any(line.tone == "grid" for line in scene.lines)
        else ""
    )
    light, dark = (_colours(tones, shades, theme) for theme in (0, 1))
    return (
        ".cnncalc text{font-family:Arial,Helvetica,'Liberation Sans',sans-serif;white-space:pre}"
        ".cnncalc .name,.cnncalc .title{font-weight:bold}.cnncalc .edge{fill:none;stroke-width:1.3}"
        ".cnncalc .outside rect,.cnncalc .faint{stroke-dasharray:4 3}"
        ".cnncalc .ray{fill:none;stroke-width:.6}.cnncalc .window .face{fill-opacity:.55}"
        ".cnncalc .next{fill:none;stroke-width:2;stroke-dasharray:5 3}"
        f"{grid}{sizes}{light}@media(prefers-color-scheme:dark){{{dark}}}{scene.css}"
    )


def _colours(tones: Sequence[str], shades: Mapping[str, set[float]], dark: int) -> str:
    """The rules of the colours on a light or a dark background."""
    rules = [
        f".cnncalc .paper{{fill:{PAPER[dark]}}}",
        f".cnncalc text{{fill:{MUTED[dark]}}}",
        f".cnncalc .name,.cnncalc .title{{fill:{INK[dark]}}}",
        f".cnncalc .edge{{stroke:{LINE[dark]}}}.cnncalc .head{{fill:{LINE[dark]}}}",
        f".cnncalc .ray,.cnncalc .next{{stroke:{INK[dark]}}}",
    ]
    for name in tones:
        fill, edge = TONES[name][2 * dark : 2 * dark + 2]
        rules.append(f".cnncalc .{name} .face{{fill:{fill};stroke:{edge}}}")
        for share in sorted(shades.get(name, ())):
            colour = mixed(fill, edge, share)
            rules.append(f".cnncalc .{name} .{_shade(share)}{{fill:{colour};stroke:{edge}}}")
        if name.startswith("heat"):  # grey text would be hard to read on dark shades
            rules.append(f".cnncalc .{name} text{{fill:{INK[dark]}}}")
    return "".join(rules)


def _linked(box: Box, links: Mapping[str, str]) -> str:
    """A box, as a link if it has one."""
    drawn = _box(box)
    return f'<a href="{_escape(links[box.name])}">{drawn}</a>' if box.name in links else drawn


def _box(box: Box) -> str:
    """A box with the copies behind it, its title and its texts, as one group."""
    key = f' id="{box.key}"' if box.key else ""
    name = f' data-name="{_escape(box.name)}"' if box.name else ""
    radius = 6 if box.key else 8
    copies = [_rect(box, shift, radius) for shift in range(min(box.copies - 1, 2), -1, -1)]
    if box.faces:
        copies = [_polygons(face) for face in box.faces]
    title = f"<title>{_escape(box.title)}</title>" if box.title else ""
    texts = "".join(map(_text, box.texts))
    kind = f"box {box.tone}" if box.key else box.tone
    return f'<g{key} class="{kind}"{name}>{title}{"".join(copies)}{texts}</g>'


def _rect(box: Box, copy: int, radius: int) -> str:
    shift = PIXELS.copy * copy
    x, y = _number(box.x + shift), _number(box.y + shift)
    size = f'width="{_number(box.width)}" height="{_number(box.height)}"'
    return f'<rect class="face" x="{x}" y="{y}" {size} rx="{radius}"/>'


def _lines(lines: Sequence[Line]) -> list[str]:
    """All lines of a tone as one path, so that pieces that several share are drawn once, and their
    heads as filled triangles."""
    tones: dict[str, list[str]] = {}
    heads: dict[str, None] = {}
    for line in lines:
        points = list(line.points)
        if line.arrow:
            points[-1], head = _head(*points[-2:])
            heads[head] = None
        tones.setdefault(line.tone, []).append(_path(points))
    paths = [f'<path class="{tone}" d="{"".join(found)}"/>' for tone, found in tones.items()]
    return paths + [f'<path class="head" d="{"".join(heads)}"/>'] * bool(heads)


def _head(before: Point, tip: Point) -> tuple[Point, str]:
    """The end of the line of an arrow, and the triangle from there to its tip."""
    neck = _towards(tip, before, HEAD[0])
    right, down = (tip[0] - neck[0]) / HEAD[0], (tip[1] - neck[1]) / HEAD[0]
    one = (neck[0] - HEAD[1] * down, neck[1] + HEAD[1] * right)
    other = (neck[0] + HEAD[1] * down, neck[1] - HEAD[1] * right)
    return neck, f"M{_pair(tip)}L{_pair(one)}L{_pair(other)}Z"


def _path(points: Sequence[Point]) -> str:
    """The path through some points, its corners rounded."""
    parts = [f"M{_pair(points[0])}"]
    for before, corner, after in zip(points, points[1:], points[2:], strict=False):
        radius = min(ROUND, _distance(before, corner) / 2, _distance(corner, after) / 2)
        begin, end = _towards(corner, before, radius), _towards(corner, after, radius)
        parts.append(f"L{_pair(begin)}Q{_pair(corner)} {_pair(end)}")
    return "".join([*parts, f"L{_pair(points[-1])}"])


def _distance(one: Point, other: Point) -> float:
    return float(((one[0] - other[0]) ** 2 + (one[1] - other[1]) ** 2) ** 0.5)


def _towards(one: Point, other: Point, by: float) -> Point:
    share = by / max(_distance(one, other), 0.001)
    return one[0] + share * (other[0] - one[0]), one[1] + share * (other[1] - one[1])


def _shape(shape: Shape) -> str:
    title = f"<title>{_escape(shape.title)}</title>" if shape.title else ""
    if shape.move:
        move = f'class="{shape.tone} moving" style="animation-name:{shape.move}"'
        return f"<g {move}>{title}{_polygons(shape)}</g>"
    return f'<g class="{shape.tone}">{title}{_polygons(shape)}</g>'


def _polygons(shape: Shape) -> str:
    """A polygon in the colours of its tone, or in a darker one."""
    name = _shade(shape.shade) if shape.shade else "face"
    return f'<polygon class="{name}" points="{" ".join(map(_pair, shape.points))}"/>'


def _shade(share: float) -> str:
    """The class of a face with this share of its edge's colour."""
    return f"s{round(100 * share)}"


def _text(text: Text) -> str:
    anchor = f' text-anchor="{text.anchor}"' if text.anchor != "start" else ""
    at = f'x="{_number(text.x)}" y="{_number(text.y)}"'
    return f'<text class="{text.role}" {at}{anchor}>{_escape(text.content)}</text>'


def _pair(point: Point) -> str:
    return f"{_number(point[0])},{_number(point[1])}"


def _number(value: float) -> str:
    return f"{round(value, 1):g}" if abs(value) < 100_000 else str(round(value))


def _escape(content: str) -> str:
    """The text in XML; characters that XML does not allow are replaced."""
    return escape("".join(one if _allowed(one) else "\ufffd" for one in content))


def _allowed(one: str) -> bool:
    code = ord(one)
    return (
        code >= 0x20 and not 0xD800 <= code <= 0xDFFF and code not in (0xFFFE, 0xFFFF)
    ) or one in "\t\n\r"
