"""Functions that commands share: for reading options, loading a network and writing a result."""

import re
import sys
from collections.abc import Callable, Container, Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import typer

from cnncalc.core.errors import (
    CnncalcError,
    UsageError,
    Where,
    printable,
    unknown,
    unwritable,
)
from cnncalc.core.shape import MAX_DIGITS, read_sizes, shape_of

if TYPE_CHECKING:
    from cnncalc.api import Report
    from cnncalc.render.view import View
    from cnncalc.spec.graph import Graph

T = TypeVar("T")


def announced(items: Sequence[T], name: Callable[[T], str] = str) -> Iterator[T]:
    """Yield the items one by one, with a progress bar on a terminal."""
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
    """Words such as ``classes=10`` as {"classes": "10"}. Raises UsageError for anything else, and
    for a name that is given twice."""
    found: dict[str, str] = {}
    for word in words or ():
        name, equals, value = word.partition("=")
        if not equals or not name.strip():
            raise UsageError(f"{option} takes NAME=VALUE, as in {example}, not {word!r}")
        if name.strip() in found:
            raise UsageError(f"{option} gives {name.strip()[:60]!r} twice; leave one out")
        found[name.strip()] = value.strip()
    return found


def settings_of(
    words: Sequence[str] | None, option: str = "--set", example: str = "classes=10"
) -> dict[str, Any]:
    """Words such as ``classes=10`` as {"classes": 10}, with values as YAML reads them. Raises
    UsageError like ``pairs``."""
    from cnncalc.spec.text import scalar

    written = pairs(words, option, example)
    return {name: scalar(value, Where(option)) for name, value in written.items()}


def settings_for(spec: str, words: Sequence[str] | None) -> dict[str, Any]:
    """The settings of a network, or the arguments of a factory, with values as YAML reads them.
    Raises UsageError like ``pairs``."""
    return settings_of(words, "--arg", "width=64") if is_factory(spec) else settings_of(words)


def inputs_of(words: Sequence[str] | None) -> str | dict[str, str] | None:
    """The shape ``3x256x256``, or shapes by name for several ``NAME=3x256x256``. Raises UsageError
    for anything else, and for a name that is given twice."""
    if not words:
        return None
    if len(words) == 1 and "=" not in words[0]:
        return _shape(words[0])
    for word in words:
        if "=" not in word:
            raise UsageError(f"--input: write each of several inputs as NAME=SHAPE, not {word!r}")
    named = pairs(words, "--input", "left=3x256x256")
    return {name: _shape(shape) for name, shape in named.items()}


def _shape(text: str) -> str:
    """The text of a shape, unchanged; raises UsageError if it is not a shape."""
    try:
        shape_of(read_sizes(text))
    except CnncalcError as why:
        raise UsageError(f"--input: {why.fact}", why.help) from None
    return text


def sizes(option: str, word: str, least: int = 1, words: str = "") -> list[int]:
    """One size, or one for each of at most three axes: ``7`` or ``7x9``. Raises UsageError for
    anything else; ``words`` are others that the option takes, for the message."""
    parts = word.replace("×", "x").replace(",", "x").split("x")
    digits = all(part.isascii() and part.isdecimal() and len(part) <= MAX_DIGITS for part in parts)
    numbers = [int(part) for part in parts] if digits else []
    if not numbers or min(numbers) < least:
        raise UsageError(
            f"{option} must be {words}a whole number of at least {least}, or one per axis, as in "
            f"7x9, not {word[:60]!r}"
        )
    if len(numbers) > 3:
        raise UsageError(f"{option} has {len(numbers)} sizes; a window has at most three axes")
    return numbers


def for_each(words: Sequence[str] | None, count: int) -> list[list[str]]:
    """The words for each network: those that begin with its number, and those without a number.

    Raises UsageError for a number that no network has.

    >>> for_each(["classes=10", "2:width=0.5"], 2)
    [['classes=10'], ['classes=10', 'width=0.5']]
    """
    found: list[list[str]] = [[] for _ in range(count)]
    for word in words or ():
        match = re.fullmatch(r"([0-9]{1,3}):(.*)", word, re.DOTALL)
        number = int(match[1]) if match else None
        if number is not None and not 1 <= number <= count:
            there = f"networks are numbered from 1 to {count}" if count > 1 else "there is only one"
            raise UsageError(f"{word[:60]!r} is for network {number}, but {there}")
        for place, own in enumerate(found, 1):
            if number in (None, place):
                own.append(match[2] if match else word)
    return found


EXTENSIONS = {".txt": "text", ".md": "markdown", ".tex": "latex", ".json": "json"}


def chosen_format(format_name: str | None, output: Path | None, names: Iterable[str]) -> str:
    """The requested format, by name (``md`` is markdown) or by the file extension; text by default.

    Raises UsageError for an unknown format or extension.
    """
    extensions = {extension: name for extension, name in EXTENSIONS.items() if name in names}
    extension = output.suffix.lower() if output else ""
    if format_name is None and extension and extension not in extensions:
        raise UsageError(
            f"no format for the extension {extension!r}; choose from {', '.join(extensions)}"
        )
    word = format_name or extensions.get(extension, "text")
    found = extensions.get(f".{word.lower()}", word)
    if found not in names:
        raise unknown("format", word, names)
    return found


@contextmanager
def typed(**options: str) -> Iterator[None]:
    """A context in which errors name options instead of parameters: with
    ``typed(questions="--count")``, an error that begins with ``questions`` begins with ``--count``
    instead, and so does a quoted ``'questions'`` in its help."""
    try:
        yield
    except UsageError as why:
        names = "|".join(options)
        # In "layer 'f6' has no window", the word is not the option.
        fact = re.sub(f"^'?({names})'?(?=:| (?!'))", lambda one: options[one[1]], why.fact)
        help = re.sub(f"'({names})'", lambda one: options[one[1]], why.help)
        if (fact, help) == (why.fact, why.help):
            raise
        raise UsageError(fact, help) from None


def refuse(context: typer.Context, names: Container[str], why: str) -> None:
    """Raise UsageError if the command line has one of these options, which would have no effect."""
    for option in context.command.params:
        source = context.get_parameter_source(option.name or "")
        if option.name in names and source is not None and source.name == "COMMANDLINE":
            raise UsageError(f"{option.opts[0]} {why}")


def warn(texts: Iterable[str]) -> None:
    """Write warnings to standard error, one line each."""
    for text in texts:
        typer.echo(f"warning: {printable(text)}", err=True)


def is_factory(spec: str) -> bool:
    """Whether a network is given as ``package.module:factory``, whose code must run to build it."""
    named = re.fullmatch(r"[A-Za-z_][\w.]*(?<!\.py):[A-Za-z_][\w.]*", spec)
    return bool(named) and not Path(spec).exists()


def network(
    spec: str,
    input: Sequence[str] | None = None,
    settings: Sequence[str] | None = None,
    **options: Any,
) -> "Report":
    """The report of the network that a command names; its warnings go to standard error."""
    found = report(spec, input, settings, **options)
    warn(found.warnings)
    return found


def report(
    spec: str,
    input: Sequence[str] | None = None,
    settings: Sequence[str] | None = None,
    **options: Any,
) -> "Report":
    """The report of the network that a command names; its warnings are not shown."""
    from cnncalc.api import summarize

    target, changes = _target(spec, input, settings)
    return summarize(target, **changes, **options)


def named(spec: str) -> Any:
    """The network that a command names, in the form that the library takes: a factory of models,
    or the text."""
    if is_factory(spec):
        from cnncalc import bridge

        return bridge.Factory(spec)
    return spec


def _target(
    spec: str, input: Sequence[str] | None, settings: Sequence[str] | None
) -> tuple[Any, dict[str, Any]]:
    """The network that a command names, and the options that change it."""
    return named(spec), {"input": inputs_of(input), "settings": settings_for(spec, settings)}


def graph(
    spec: str, input: Sequence[str] | None, settings: Sequence[str] | None, layout: str | None
) -> "Graph":
    """The expanded network that a command names."""
    from cnncalc.api.network import graph_of

    target, changes = _target(spec, input, settings)
    return graph_of(target, layout=layout, **changes)


def yaml(
    spec: str, input: Sequence[str] | None, settings: Sequence[str] | None, layout: str | None
) -> str:
    """The network that a command names, as YAML; its warnings go to standard error."""
    from cnncalc import api

    network = graph(spec, input, settings, layout)
    warn(api.analyze(network).warnings)
    return api.to_yaml(network)


def only(what: str, endings: Sequence[str], output: Path | None, use: str = "") -> None:
    """Raise UsageError unless a file's name has one of these extensions, or none; ``use`` is the
    remedy, if it is not another extension."""
    if output is not None and output.suffix.lower() not in ("", *endings):
        name = str(output)[:200]
        raise UsageError(f"{what}, but {name!r} ends in {output.suffix!r}; use {use or endings[0]}")


def write(text: str, output: Path | None) -> None:
    """Write text to a file or to standard output; raises UsageError if the file cannot be
    written."""
    if output is None:
        typer.echo(text, nl=False)
    else:
        put(output, text.encode(errors="replace"))


def put(output: Path, data: bytes) -> None:
    """Write a single file and report it; raises UsageError if that fails."""
    try:
        output.write_bytes(data)
    except OSError as error:
        raise unwritable(output, error) from None
    typer.echo(f"wrote {printable(str(output))}", err=True)


def save(path: Path, data: bytes) -> None:
    """Write a file, and create the folders above it; raises UsageError if that fails."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    except OSError as why:
        raise unwritable(path, why) from None


def draw(view: "View", format_name: str | None, output: Path | None) -> None:
    """Write a view in the requested format, by name or by the file extension."""
    from cnncalc import render

    chosen = render.name_of(format_name) if format_name else render.for_file(str(output or ""))
    if chosen == "table" and output is None:
        from cnncalc.render.formats import table

        write(table.for_terminal(view), None)
    else:
        write(render.load(chosen).render(view), output)
