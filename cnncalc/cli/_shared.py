"""Options that several commands take, and where their output goes."""

import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, TypeVar

import typer

from cnncalc.core import discovery
from cnncalc.core.cost import BYTES
from cnncalc.core.errors import UsageError, Where, one_of

if TYPE_CHECKING:
    from cnncalc.render.view import View

RENDER = [str(Path(__file__).parents[1] / "render" / "formats")]
CONVENTIONS = [str(Path(__file__).parents[1] / "conventions" / "tools")]
"""Where the formats and the conventions are; for their names they need not be imported."""

Spec = Annotated[
    str,
    typer.Argument(
        help="A file, a built-in name (cnncalc list), the one-line notation, or - for stdin.",
        show_default=False,
    ),
]
Batch = Annotated[int, typer.Option("--batch", "-b", help="Images at a time.")]
Input = Annotated[
    list[str] | None,
    typer.Option("--input", "-i", help="Another input shape: 3x256x256, or NAME=3x256x256."),
]
Settings = Annotated[
    list[str] | None, typer.Option("--set", help="A parameter of the spec: classes=10.")
]
Dtype = Annotated[str, typer.Option("--dtype", help=f"{one_of(list(BYTES))}.")]
LayoutName = Annotated[str, typer.Option("--layout", help="chw or hwc: how shapes are written.")]
FormatName = Annotated[
    str | None,
    typer.Option("--format", "-f", help=f"{one_of(discovery.modules(RENDER))}."),
]
Output = Annotated[
    Path | None,
    typer.Option("--output", "-o", help="Write to this file; its ending may choose the format."),
]
TextOutput = Annotated[Path | None, typer.Option("--output", "-o", help="Write to this file.")]


T = TypeVar("T")


def announced(items: Sequence[T], name: Callable[[T], str] = str) -> Iterator[T]:
    """The items in turn, with a bar on a terminal that shows how far it is."""
    if not sys.stderr.isatty():
        yield from items
        return
    from rich.console import Console
    from rich.markup import escape
    from rich.progress import Progress

    with Progress(console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("", total=len(items))
        for item in items:
            bar.update(task, description=escape(name(item)), refresh=True)
            yield item
            bar.advance(task)


def pairs(words: Sequence[str] | None, option: str, example: str) -> dict[str, str]:
    """``classes=10`` as {"classes": "10"}; raises UsageError for anything else."""
    found = {}
    for word in words or ():
        name, equals, value = word.partition("=")
        if not equals or not name.strip():
            raise UsageError(f"{option} takes NAME=VALUE, as in {example}, not {word!r}")
        found[name.strip()] = value.strip()
    return found


def settings_of(words: Sequence[str] | None) -> dict[str, Any]:
    """``classes=10`` as {"classes": 10}; raises UsageError for anything else."""
    from cnncalc.spec.text import scalar

    written = pairs(words, "--set", "classes=10")
    return {name: scalar(value, Where("--set")) for name, value in written.items()}


def inputs_of(words: Sequence[str] | None) -> str | dict[str, str] | None:
    """``3x256x256``, or several ``NAME=3x256x256``."""
    if not words:
        return None
    if len(words) == 1 and "=" not in words[0]:
        return words[0]
    pairs = [word.partition("=") for word in words]
    for (_, equals, _), word in zip(pairs, words, strict=True):
        if not equals:
            raise UsageError(f"several inputs are given as NAME=SHAPE, not {word!r}")
    return {name: shape for name, _, shape in pairs}


def chosen(
    format_name: str | None, output: Path | None, endings: Mapping[str, str], usual: str
) -> str:
    """The format that is asked for: by name, else by the file's ending; raises UsageError for an
    ending that none has."""
    ending = output.suffix.lower() if output else ""
    if format_name or not ending:
        return format_name or usual
    if ending not in endings:
        raise UsageError(f"no format has the ending {ending!r}; there are {', '.join(endings)}")
    return endings[ending]


def write(text: str, output: Path | None) -> None:
    """Put a text where it is wanted; raises UsageError where a file cannot be written."""
    if output is None:
        typer.echo(text, nl=False)
        return
    try:
        output.write_text(text, encoding="utf-8", errors="replace", newline="")
    except OSError as error:
        raise UsageError(f"cannot write {str(output)!r}: {error.strerror or error}") from None
    typer.echo(f"wrote {output}", err=True)


def draw(view: "View", format_name: str | None, output: Path | None) -> None:
    """Show a view in the format asked for, by name or by the file's ending."""
    from cnncalc import render

    chosen = format_name or (render.for_file(str(output)) if output else "table")
    if chosen == "table" and output is None:
        from cnncalc.render.formats import table

        write(table.for_terminal(view), None)
    else:
        write(render.load(chosen).render(view), output)
