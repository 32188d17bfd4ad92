"""``cnncalc mistakes``: the mistakes that wrong answers are compared with."""

from typing import Annotated

import typer

from cnncalc.cli import _listing as listing
from cnncalc.cli.kinds import written
from cnncalc.core.errors import UsageError, did_you_mean
from cnncalc.homework import mistakes
from cnncalc.homework.mistake import Example, Mistake


def run(
    name: Annotated[str | None, typer.Argument(help="A mistake.", show_default=False)] = None,
) -> None:
    """List the mistakes that are known, or explain one with its worked examples.

    cnncalc mistakes

    cnncalc mistakes bias-forgotten
    """
    if name is None:
        rows = ([one.title, one.says] for one in mistakes.every())
        typer.echo(listing.columns({"Mistake": False, "What was done": False}, rows), nl=False)
        return
    word = name.lower().replace("-", "_").replace(" ", "_")
    if word not in mistakes.names():
        hint = did_you_mean(word, mistakes.names()) or "; cnncalc mistakes lists them"
        raise UsageError(f"no mistake {name[:60]!r}{hint}")
    typer.echo("\n\n".join(_about(mistakes.load(word))))


def _about(mistake: Mistake) -> list[str]:
    """The paragraphs of one mistake."""
    paragraphs = [f"{mistake.title}: {mistake.says}", mistake.explanation]
    for one in mistake.examples:
        paragraphs.append(f"  {asked(one)} of {given(one)}\n    {one.wrong}: {one.why}")
    return paragraphs


def asked(example: Example) -> str:
    """What is asked in an example."""
    total = "total " if example.of is None else ""
    return f"{total}{example.ask.replace('_', ' ')}"


def given(example: Example) -> str:
    """The network of an example in one line: ``conv: {filters: 6, kernel: 5} on 1x32x32``."""
    if isinstance(example.layers, str):
        return example.layers
    layers = (written(layer).removeprefix("{").removesuffix("}") for layer in example.layers)
    images = f", {example.batch} images at a time" if example.batch > 1 else ""
    return f"{' → '.join(layers)} on {example.input}{images}"
