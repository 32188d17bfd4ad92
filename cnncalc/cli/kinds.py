"""``cnncalc kinds``: all kinds of layers, and everything about one of them."""

import inspect
import re
from collections.abc import Callable
from dataclasses import MISSING, fields
from typing import Annotated, Any

import typer

from cnncalc import layers
from cnncalc.analysis.report import Report
from cnncalc.api import summarize
from cnncalc.cli import _complete as complete
from cnncalc.cli import _listing as listing
from cnncalc.core.errors import LayerError, UsageError
from cnncalc.core.fields import as_written
from cnncalc.core.layer import Example, Layer
from cnncalc.core.parsing import fields_of, required_of
from cnncalc.derivations import explain
from cnncalc.render import terminal

ALONE = "is the main field: if you give no other field, you can write its value alone."
"""What the table of fields says about the main field, unless another field is required."""


def run(
    kind: Annotated[
        str | None,
        typer.Argument(
            help="The kind to explain, by any of its names.",
            show_default=False,
            autocompletion=complete.kinds,
        ),
    ] = None,
) -> None:
    """List the kinds of layers, or explain one with its fields, formulas and worked examples.

    cnncalc kinds

    cnncalc kinds conv
    """
    if kind is None:
        typer.echo(_overview(), nl=False)
        return
    try:
        found = layers.find(kind).kind
    except LayerError as why:
        raise UsageError(str(why)) from None
    typer.echo("\n\n".join(_about(found)))


def _overview() -> str:
    headings = {"Kind": False, "What it does, and its other names": False}
    rows = ([kind.kind, _summary(kind)] for kind in layers.every())
    return listing.columns(headings, rows)


def _explanation(kind: type[Layer]) -> str:
    """The docstring of a kind, with names in quotes instead of markup."""
    return (inspect.getdoc(kind) or "").replace("``", "'")


def _summary(kind: type[Layer]) -> str:
    """The first sentence of a kind's docstring, and the kind's other names."""
    paragraph = " ".join(_explanation(kind).partition("\n\n")[0].split())
    first = re.split(r"(?<=\.) ", paragraph, maxsplit=1)[0]
    return f"{first} Other names: {', '.join(kind.aliases)}." if kind.aliases else first


def _about(kind: type[Layer]) -> list[str]:
    """The paragraphs about one kind."""
    also = f" (also {', '.join(kind.aliases)})" if kind.aliases else ""
    prose = [f"{kind.kind}{also}", *_explanation(kind).split("\n\n"), *elsewhere(kind)]
    width = terminal.width()
    paragraphs = ["\n".join(terminal.wrap(" ".join(one.split()), width)) for one in prose]
    paragraphs.append(fields_table(kind))
    if kind.examples:
        paragraphs += ["Step by step", *derivations(kind)]
        paragraphs += ["Worked examples", *(_example(kind, example) for example in kind.examples)]
    return paragraphs


def elsewhere(kind: type[Layer]) -> list[str]:
    """A sentence on names from other frameworks and the fields that they imply; empty if there are
    none."""
    meanings = [
        f"{name.replace('*', '2')} ({as_written(foreign.fields)[1:-1] or 'as in cnncalc'})"
        for name, foreign in kind.foreign.items()
        if not foreign.refuses
    ]
    return [f"Names from other frameworks: {', '.join(meanings)}."] if meanings else []


def fields_table(kind: type[Layer], write: Callable[[str], str] = str) -> str:
    """The fields of a kind: their names as ``write`` spells them, defaults and meanings."""
    if not fields_of(kind):
        return "It has no fields."
    headings = {"Field": False, "Also": False, "Default": False, "Meaning": False}
    defaults = {field.name: field.default for field in fields(kind)}
    rows = (
        [write(name), ", ".join(map(write, field.also)), default_of(defaults[name]), field.doc]
        for name, field in fields_of(kind).items()
    )
    alone = f"\n\n{kind.main} {ALONE}" if stands_alone(kind) and write is str else ""
    return listing.columns(headings, rows).rstrip() + alone


def stands_alone(kind: type[Layer]) -> bool:
    """Whether a layer can be given by the value of its main field alone."""
    return bool(kind.main) and {*required_of(kind)} <= {kind.main}


def default_of(value: Any) -> str:
    """A default as the table of fields shows it."""
    if value is MISSING:
        return "required"
    return "" if value is None else written(value)


def derivations(kind: type[Layer]) -> list[str]:
    """The worked examples: the first in full, and only new formulas for the others."""
    texts: list[str] = []
    known: set[str] = set()
    for example in kind.examples:
        report = report_of(kind, example)
        row = report.layers[-1]
        explained = explain.explain(row, report)
        if texts:
            explained = explain.only_new(explained, known)
        known |= {working.form for one in explained for working in one.workings}
        if explained:
            texts.append(explain.as_text(row, explained, symbols=False).rstrip())
    return texts


def report_of(kind: type[Layer], example: Example) -> Report:
    """The report of an example, as a network of one layer."""
    inputs = {f"input{number}": shape for number, shape in enumerate(example.inputs, 1)}
    layer = {kind.kind: example.given, "from": [*inputs]}
    return summarize({"name": kind.kind, "input": inputs, "layers": [layer]}, layout="chw")


def _example(kind: type[Layer], example: Example) -> str:
    """An example's fields, the figures worked out by hand, and their source."""
    claims = (
        f"{name} {figure(value)}"
        for name, value in example._asdict().items()
        if name not in ("given", "inputs", "output", "source") and value is not None
    )
    given = "" if example.given is None else f": {written(example.given)}"
    results = ", ".join([f"{', '.join(example.inputs)} → {example.output}", *claims])
    return f"  {kind.kind}{given}\n    {results}\n    {example.source}"


def figure(value: Any) -> str:
    """A figure as text."""
    return f"{value:,}" if isinstance(value, int) else str(value.text())


def written(value: Any) -> str:
    """A value as a spec writes it, on one line."""
    import yaml

    text = yaml.safe_dump(value, default_flow_style=True, sort_keys=False, width=10_000)
    return text.removesuffix("...\n").rstrip()
