"""``cnncalc mistakes``: the mistakes that grading recognizes."""

from collections.abc import Iterator
from typing import Annotated

import typer

from cnncalc.cli import _listing as listing
from cnncalc.cli.kinds import written
from cnncalc.core.errors import UsageError, near_names
from cnncalc.homework import asks, mistakes
from cnncalc.homework.mistake import Example, Mistake
from cnncalc.render import terminal


def run(
    words: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="NAME", help="The name of a mistake, as in bias-forgotten.", show_default=False
        ),
    ] = None,
) -> None:
    """List the mistakes that grading recognizes, or explain one with worked examples.

    cnncalc mistakes

    cnncalc mistakes bias-forgotten
    """
    if not words:
        rows = ([one.title, one.says] for one in mistakes.every())
        typer.echo(listing.columns({"Mistake": False, "What happened": False}, rows), nl=False)
        return
    name = " ".join(words)
    word = name.lower().replace("-", "_").replace(" ", "_")
    if word not in mistakes.names():
        between = "_" if "_" in name else " " if " " in name else "-"
        known = [known.replace("_", between) for known in mistakes.names()]
        hint = near_names(name, known) or "; run 'cnncalc mistakes' to list them"
        raise UsageError(f"no mistake {name[:60]!r}{hint}")
    typer.echo("\n\n".join(_about(mistakes.load(word))))


def _about(mistake: Mistake) -> list[str]:
    """One mistake, as paragraphs."""
    explanation = "\n".join(terminal.wrap(mistake.explanation, terminal.width()))
    paragraphs = [f"{mistake.title}: {mistake.says}", explanation]
    for one in mistake.examples:
        lines = [*_indented(f"{asked(one)} of {given(one)}", 2)]
        lines += _indented(f"{one.wrong}: {one.why}", 4)
        paragraphs.append("\n".join(lines))
    return paragraphs


def _indented(text: str, blanks: int) -> Iterator[str]:
    """The text in lines that fit the terminal."""
    for line in terminal.wrap(text, terminal.width() - blanks):
        yield " " * blanks + line


def asked(example: Example) -> str:
    """The quantity that an example asks for."""
    total = "total " if example.of is None and asks.find(example.ask).adds_up else ""
    return f"{total}{example.ask.replace('_', ' ')}"


def given(example: Example) -> str:
    """An example's network on one line: ``conv: {filters: 6, kernel: 5} on 1x32x32``."""
    if isinstance(example.layers, str):
        return example.layers
    layers = (written(layer).removeprefix("{").removesuffix("}") for layer in example.layers)
    images = f", batch size {example.batch}" if example.batch > 1 else ""
    shape = f" on {example.input}" if example.input else ""
    return f"{' → '.join(layers)}{shape}{images}"
