"""Pictures of a report: one file per style in ``styles/``, one per format in ``writers/``.

A style is a module with ``draw(report, options, measure) -> Scene`` and ``CHOICES`` (the names
of the options that it takes). A writer has ``SUFFIX``, the ``MEASURE`` for its scenes, and
``render(scene) -> bytes``. Both are discovered automatically.
"""

import math
from dataclasses import dataclass
from functools import cache, cached_property
from importlib import import_module
from os import PathLike
from pathlib import Path, PurePath
from typing import Any, Protocol, cast

from cnncalc.analysis.report import Report
from cnncalc.core import discovery
from cnncalc.core.errors import UsageError, did_you_mean, one_of, unwritable
from cnncalc.render.pictures import styles, writers
from cnncalc.render.pictures.metrics import Measure
from cnncalc.render.pictures.options import Options
from cnncalc.render.pictures.scene import Scene


class Style(Protocol):
    """The interface of a style's module."""

    CHOICES: tuple[str, ...]

    def draw(self, report: Report, options: Options, measure: Measure) -> Scene:
        """The picture."""


class Writer(Protocol):
    """The interface of a writer's module."""

    SUFFIX: str
    MEASURE: Measure

    def render(self, scene: Scene) -> bytes:
        """The whole file."""


def style_of(name: str) -> Style:
    """The style with this name. Raises UsageError for an unknown name."""
    return cast(Style, discovery.chosen(styles.__name__, styles.__path__, name, "style"))


def writer_of(name: str) -> Writer:
    """The writer with this name, which may be given as its file extension. Raises UsageError if
    there is none."""
    name = _extensions().get(f".{name.lower()}", name)
    return cast(
        Writer, discovery.chosen(writers.__name__, writers.__path__, name, "picture format")
    )


def writer_for(path: str | PathLike[str]) -> Writer:
    """The writer for a file, by its extension; text if it has none. Raises UsageError for an
    unknown extension."""
    suffix, known = PurePath(path).suffix.lower() or ".txt", _extensions()
    if suffix not in known:
        hint = did_you_mean(suffix, known) or f"; choose from {', '.join(sorted(known))}"
        raise UsageError(f"no picture format for the extension {suffix!r}{hint}")
    return writer_of(known[suffix])


@cache
def _extensions() -> dict[str, str]:
    names = discovery.modules(writers.__path__)
    return {import_module(f"{writers.__name__}.{name}").SUFFIX: name for name in names}


OPTIONS = Options.__dataclass_fields__
"""The options of a picture, by name."""


@dataclass(frozen=True)
class Picture:
    """A picture of a report, shown as SVG in a notebook; ``save`` writes any kind of file."""

    report: Report
    style: str
    options: Options

    def scene(self, writer: Writer, room: float = math.inf) -> Scene:
        """The boxes, lines and texts with their coordinates; ``room`` is the width
        available to a graph."""
        measure = writer.MEASURE._replace(room=room)
        return style_of(self.style).draw(self.report, self.options, measure)

    def bytes(self, writer: Writer, room: float = math.inf) -> bytes:
        """The content of a file. Raises UsageError if the picture cannot be drawn, and if it is
        animated but the file cannot be."""
        scene = self.scene(writer, room)
        if scene.css and writer.SUFFIX != ".svg":
            fact = f"a {writer.SUFFIX} file cannot be animated"
            raise UsageError(fact, "use .svg, or leave out 'animate'")
        return writer.render(scene)

    @cached_property
    def svg(self) -> str:
        """The picture as SVG."""
        return self.bytes(writer_of("svg")).decode()

    def save(self, path: str | PathLike[str]) -> None:
        """Write a file, whose extension selects the format; raises UsageError for an unknown one,
        and if the picture cannot be drawn or the file cannot be written."""
        data = self.bytes(writer_for(path))
        try:
            Path(path).write_bytes(data)
        except OSError as why:
            raise unwritable(path, why) from None

    def _repr_svg_(self) -> str:
        """The picture in a notebook."""
        return self.svg

    def __str__(self) -> str:
        """The picture in the characters of a terminal."""
        return self.bytes(writer_of("text")).decode()


def picture(report: Report, style: str = "graph", **choices: Any) -> Picture:
    """A picture of a report. Raises UsageError for an unknown style or option, for an invalid
    value, and for an option that the style does not take."""
    takes = style_of(style).CHOICES
    for name, value in choices.items():
        if name not in OPTIONS:
            every = ("style", *OPTIONS)
            hint = did_you_mean(name, every) or f"; it has {', '.join(every)}"
            raise UsageError(f"a picture has no option {name[:60]!r}{hint}")
        if name not in takes and value != OPTIONS[name].default:
            listed = discovery.modules(styles.__path__)
            own = f"takes {', '.join(map(repr, takes))}" if takes else "has no options of its own"
            able = one_of([one for one in listed if name in style_of(one).CHOICES])
            raise UsageError(f"{name!r} is only for the {able} style", f"{style} {own}")
    return Picture(report, style, Options(**choices))
