"""Parts of a graph, and the common form of similar blocks."""

from dataclasses import dataclass, field
from typing import Any, NamedTuple

from cnncalc.spec.entry import NODE, Composite

UNNAMED = ("", "group", "branch", "layers", *NODE, *Composite.words)
"""Labels of layers that do not come from a named block, and words that cannot name one."""
MOST_CHANGES = 3
"""The most values that may differ between the first copy of a layer and the others."""


@dataclass(eq=False)
class Part:
    """A layer, or the layers of a block, with its name in the surrounding block."""

    name: str
    span: range
    parts: "list[Part]" = field(default_factory=list)
    label: str = ""
    copies: bool = False
    """Whether its parts are consecutive copies of one layer or block."""
    counted: bool = False
    """Whether the copies have consecutive numbers instead of a common name."""
    form: "Form | None" = None
    path: str = ""
    """The full name of a block."""
    weights: str | None = None
    """The block whose weights all of its layers use; empty inside such a block."""

    @property
    def end(self) -> int:
        """The node that makes its output."""
        return self.span[-1]


class Line(NamedTuple):
    """A part as the surrounding block sees it. A source is the name of another part, or the number
    of one of the block's inputs."""

    name: str
    key: Any
    sources: tuple[str | int, ...]
    chained: bool
    """Whether it reads the output of the line before or, if it is the first, the block's inputs."""
    like: str | int | None = None
    weights: str | None = None
    trainable: bool = True


@dataclass(eq=False)
class Form:
    """The common structure of similar blocks, some of which may leave out ``optional`` lines.

    If other lines read such a line by name, a block that outputs its own input stands in for it.
    """

    label: str
    reads: int
    lines: list[Line]
    blocks: list[Part] = field(default_factory=list)
    optional: dict[str, bool] = field(default_factory=dict)
    """For each optional line, whether other lines read it by name."""
    hollow: bool = False
    """Whether some block of this form is empty, because it is an optional line read by name."""

    @property
    def once(self) -> bool:
        """Whether its lines might as well be part of the surrounding block."""
        return len(self.blocks) == 1 and self.label in UNNAMED


def continues(line: Line, after: Line) -> bool:
    """Whether ``after`` is a copy of ``line``, with the next number in its name."""
    single = len(line.sources) == len(after.sources) == 1
    if after.key != line.key or not after.chained or not single:
        return False
    (_, _, one), (_, _, other) = line.name.rpartition("."), after.name.rpartition(".")
    if line.name[: -len(one)] != after.name[: -len(other)] or not (one + other).isdecimal():
        return False
    plain = all(
        x.weights is None and x.like is None and x.trainable == line.trainable
        for x in (line, after)
    )
    return plain and other == str(int(one) + 1) and one == str(int(one))


def is_plain(label: str) -> bool:
    """Whether a label comes from a group or a repeat, not from a named block."""
    return label in UNNAMED or "×" in label


def changes_between(values: dict[Any, Any], other: dict[Any, Any]) -> int:
    """The number of values that differ, leaving out those that only one has. A difference other
    than between integers or booleans counts as more than ``MOST_CHANGES``."""
    pairs = [(value, other[name]) for name, value in values.items() if name in other]
    return sum(
        1 if isinstance(one, int) and isinstance(two, int) else MOST_CHANGES + 1
        for one, two in pairs
        if one != two
    )


def extended(form: Form, other: Form) -> bool:
    """Let a form also describe the blocks of another form that leave out some of its lines, which
    become optional. Returns False, and changes nothing, if they leave out more lines than they
    keep, or if the blocks differ in any other way."""
    left = {line.name: line for line in other.lines}
    kept = [line for line in form.lines if line.name in left]
    extra = {line.name: line for line in form.lines if line.name not in left}
    if (form.label, form.reads) != (other.label, other.reads) or len(kept) < len(extra):
        return False
    if [*left] != [line.name for line in kept]:
        return False
    named = dict.fromkeys(extra, False)
    explicit: dict[str, Line] = {}
    for line in kept:
        short = left[line.name]
        if line._replace(sources=(), chained=True) != short._replace(sources=(), chained=True):
            return False
        if line.chained and short.chained:
            continue
        sources: list[str | int] = []
        for source in line.sources:
            other_line = extra.get(str(source)) if isinstance(source, str) else None
            if other_line and isinstance(other_line.key, Form) and other_line.key.reads == 1:
                named[str(source)] = True
                sources += other_line.sources
            else:
                sources.append(source)
        if tuple(sources) != short.sources:
            return False
        explicit[line.name] = line._replace(chained=False)
    return _made_optional(form, named, explicit)


def _made_optional(form: Form, named: dict[str, bool], explicit: dict[str, Line]) -> bool:
    """Make lines of a form optional. Returns False, and changes nothing, if one that other lines
    read by name is also read implicitly, as the line before."""
    for line, last in zip(form.lines[1:], form.lines):
        if named.get(last.name) and line.chained and line.name not in explicit:
            return False
    form.lines = [explicit.get(line.name, line) for line in form.lines]
    form.optional |= {name: named[name] or form.optional.get(name, False) for name in named}
    for line in form.lines:
        if form.optional.get(line.name):
            line.key.hollow = True
    return True
