r"""TikZ for LaTeX: a standalone document, which also compiles as part of another that loads
``standalone``, ``tikz`` and its library ``arrows.meta``.

Characters beyond Latin need LuaLaTeX or XeLaTeX.
"""

from collections.abc import Iterator, Sequence

from cnncalc.render.formats import latex
from cnncalc.render.pictures.metrics import BOLD_ROLES, PIXELS, SIZES
from cnncalc.render.pictures.palette import GRID, INK, LINE, MUTED, TONES
from cnncalc.render.pictures.scene import Box, Line, Point, Scene, Shape, Text

SUFFIX = ".tex"
MEASURE = PIXELS
ANCHORS = {"start": "base west", "middle": "base", "end": "base east"}
EXTRA = {"…": r"\ldots{}", "–": "--", "√": r"$\surd$"}

HEAD = r"""\documentclass[tikz,border=0pt]{standalone}
\usepackage{iftex}
\ifpdftex\usepackage[T1]{fontenc}\usepackage[utf8]{inputenc}\fi
\usepackage[scaled]{helvet}
\renewcommand{\familydefault}{\sfdefault}
\usetikzlibrary{arrows.meta}
"""


def render(scene: Scene) -> bytes:
    """The whole document."""
    tones = {box.tone for box in (*scene.frames, *scene.boxes)}
    tones |= {shape.tone for shape in scene.shapes}
    colours = [("muted", MUTED[0]), ("edge", LINE[0])]
    colours += [("grid", GRID), *((name, INK[0]) for name in ("ink", "ray", "next"))]
    for name in TONES:
        if name in tones:
            colours += [(f"{name}-fill", TONES[name].fill), (f"{name}-edge", TONES[name].edge)]
    lines = [
        f"% {' '.join(scene.title.split())}",
        HEAD.rstrip(),
        r"\begin{document}",
        *(rf"\definecolor{{{name}}}{{HTML}}{{{code[1:].upper()}}}" for name, code in colours),
        r"\begin{tikzpicture}[x=0.75bp,y=-0.75bp,line width=0.8bp,",
        r"  head/.style={-{Triangle[length=5bp,width=4.5bp]},rounded corners=3bp}]",
        rf"\path[use as bounding box] (0,0) rectangle ({scene.width:g},{scene.height:g});",
        *_drawn(scene),
        r"\end{tikzpicture}",
        r"\end{document}",
    ]
    return ("\n".join(lines) + "\n").encode()


def _drawn(scene: Scene) -> Iterator[str]:
    """Everything, from back to front."""
    for frame in scene.frames:
        yield from _box(frame)
    yield from (_line(line) for line in scene.lines if line.source)
    for box in scene.boxes:
        yield from _box(box)
    for shape in scene.shapes:
        yield from _polygons(shape)
    yield from (_line(line) for line in scene.lines if not line.source)
    yield from map(_text, scene.texts)


def _box(box: Box) -> Iterator[str]:
    style = f"fill={box.tone}-fill,draw={box.tone}-edge,rounded corners=4bp"
    for copy in range(min(box.copies - 1, 2), -1, -1):
        shift = PIXELS.copy * copy
        if not box.faces:
            one, other = (box.x + shift, box.y + shift), (box.right + shift, box.bottom + shift)
            yield rf"\draw[{style}] {_pair(one)} rectangle {_pair(other)};"
    for face in box.faces:
        yield from _polygons(face)
    yield from map(_text, box.texts)


def _polygons(shape: Shape) -> Iterator[str]:
    path = f"{' -- '.join(map(_pair, shape.points))} -- cycle"
    opacity = ",fill opacity=0.55" if shape.tone == "window" else ""
    fill = f"{shape.tone}-edge!{round(100 * shape.shade)}!{shape.tone}-fill"
    style = f"fill={fill},draw={shape.tone}-edge,line join=round{opacity}"
    yield rf"\draw[{style}] {path};"


def _line(line: Line) -> str:
    plain = ",dashed" if line.tone == "next" else ",line width=0.4bp"
    plain += ",draw opacity=0.5" * (line.tone == "grid")
    style = f"draw={line.tone}" + (",head" if line.arrow else plain)
    return rf"\draw[{style}] {_path(line.points)};"


def _path(points: Sequence[Point]) -> str:
    return " -- ".join(map(_pair, points))


def _text(text: Text) -> str:
    size = round(0.75 * SIZES[text.role], 2)
    bold = r"\bfseries" if text.role in BOLD_ROLES else ""
    colour = "ink" if bold else "muted"
    font = rf"\fontsize{{{size:g}}}{{{size:g}}}\selectfont{bold}"
    style = f"anchor={ANCHORS[text.anchor]},inner sep=0,text={colour},font={font}"
    content = "".join(EXTRA.get(one, one) for one in latex.escape(text.content))
    return rf"\node[{style}] at {_pair((text.x, text.y))} {{{content}}};"


def _pair(point: Point) -> str:
    return f"({round(point[0], 1):g},{round(point[1], 1):g})"
