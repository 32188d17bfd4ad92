"""``cnncalc mistakes``: the mistakes that wrong answers are compared with."""

from typing import Annotated

import typer

from cnncalc.cli import _listing as listing
from cnncalc.cli.kinds import written
from cnncalc.errors import UsageError, did_you_mean
from cnncalc.homework import mistakes
from cnncalc.homework.mistake import Mistake


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
        layers = " - ".join(written(layer) for layer in one.layers)
        paragraphs.append(
            f"  {one.ask.replace('_', ' ')} of {layers} on {one.input}\n    {one.wrong}: {one.why}"
        )
    return paragraphs
