"""The page of all kinds of layers."""

import inspect
from dataclasses import fields

from cnncalc import layers
from cnncalc.cli import kinds
from cnncalc.core.layer import Example, Layer
from cnncalc.core.parsing import fields_of
from generator.text import GENERATED, code, fenced, inline, prose, table


def page() -> str:
    """All kinds of layers, each with its fields, derivations and worked examples."""
    head = [
        f"{GENERATED}# Layer kinds",
        "All kinds of layers. `cnncalc kinds` lists them, and `cnncalc kinds conv` describes one. "
        "Case and underscores don't matter in the names of kinds; a final `1d`, `2d` or `3d` "
        "restricts a kind to that many spatial axes. [conventions.md](conventions.md) defines the "
        "figures, and [spec.md](spec.md) shows how to write a layer.",
        table(
            ("kind", "other names"),
            ((f"[{kind.kind}](#{kind.kind})", _aliases(kind)) for kind in layers.every()),
        ),
    ]
    return "\n\n".join([*head, *(part for kind in layers.every() for part in _kind(kind))]) + "\n"


def _aliases(kind: type[Layer]) -> str:
    return ", ".join(map(code, kind.aliases))


def _kind(kind: type[Layer]) -> list[str]:
    parts = [f"## {kind.kind}"]
    if kind.aliases:
        parts.append(f"Other names: {_aliases(kind)}.")
    parts += prose(inspect.getdoc(kind) or "")
    parts += kinds.elsewhere(kind)
    parts.append(_fields(kind) if fields_of(kind) else "It has no fields.")
    if kinds.stands_alone(kind):
        parts.append(f"{code(kind.main)} {kinds.ALONE}")
    parts += ["Derivation:", *map(fenced, kinds.derivations(kind))]
    headings = ("layer", "input", "output", "figures", "source")
    return [
        *parts,
        "Worked by hand:",
        table(headings, (_example(kind, example) for example in kind.examples)),
    ]


def _fields(kind: type[Layer]) -> str:
    usual = {field.name: field.default for field in fields(kind)}  # type: ignore[arg-type]
    rows = (
        (
            code(name),
            ", ".join(map(code, field.also)),
            kinds.default_of(usual[name]),
            inline(field.doc),
        )
        for name, field in fields_of(kind).items()
    )
    return table(("field", "other names", "default", "meaning"), rows)


def _example(kind: type[Layer], example: Example) -> tuple[str, ...]:
    given = kind.kind if example.given is None else f"{kind.kind}: {kinds.written(example.given)}"
    figures = (
        f"{name} {kinds.figure(value)}"
        for name, value in example._asdict().items()
        if name not in ("given", "inputs", "output", "source") and value is not None
    )
    inputs = ", ".join(example.inputs)
    return code(given), inputs, example.output, "; ".join(figures), inline(example.source)
