"""Write the pages that are made from the code: ``python docs/generate.py``.

They say nothing that the code does not: kinds from their classes, architectures from their files,
commands from their help texts. A test compares them with what is in the repository.
"""

import inspect
import re
import typing
from collections.abc import Iterable, Mapping
from dataclasses import fields
from fractions import Fraction
from functools import partial
from importlib import import_module
from pathlib import Path

import typer
from picture import picture
from typer.testing import CliRunner

from cnncalc import api, cli, conventions, footprint, layers
from cnncalc.analysis.report import Report
from cnncalc.cli import kinds
from cnncalc.cli.mistakes import asked, given
from cnncalc.core import units
from cnncalc.core.layer import Example, Layer, fields_of
from cnncalc.derivations import wording
from cnncalc.formulas.tracing import tracing
from cnncalc.homework import mistakes
from cnncalc.homework.mistake import Mistake
from cnncalc.render.formats import markdown
from cnncalc.render.view import COLUMNS
from cnncalc.spec import Spec, catalog, document, load

ROOT = Path(__file__).parent.parent
MADE = "<!-- Made by docs/generate.py: change the code and run it again. -->\n"
KEYS = re.compile(
    r"(?<=<!-- keys: made by docs/generate\.py -->\n).*(?=<!-- end of keys -->)", re.S
)
CONVENTIONS = re.compile(
    r"(?<=<!-- conventions: made by docs/generate\.py -->\n).*(?=<!-- end of conventions -->)", re.S
)
TOTALS = re.compile(
    r"(?<=<!-- totals: made by docs/generate\.py -->\n).*(?=<!-- end of totals -->)", re.S
)
FORMULA = re.compile(r"`[^`\n]*`(?=<!-- (\w+)\.(\w+)(?: without (\w+))? -->)")
NEW_FILE = re.compile(r"(<!-- new file: (\S+) -->\n).*?(?=<!-- end of file -->)", re.S)
WIDTH = 80


def pages() -> dict[str, str]:
    """The text of every page that is made, or has a part that is made, by its path."""
    contributing, spec = _read("CONTRIBUTING.md"), _read("docs/spec.md")
    reconcile = CONVENTIONS.sub(lambda _: conventions_table(), _read("docs/reconcile.md"))
    defined = _read("docs/conventions.md")
    return {
        "CONTRIBUTING.md": NEW_FILE.sub(lambda found: found[1] + new_file(found[2]), contributing),
        "docs/architectures.md": architectures_page(),
        "docs/cli.md": cli_page(),
        "docs/conventions.md": FORMULA.sub(lambda found: code(formula(*found.groups())), defined),
        "docs/kinds.md": kinds_page(),
        "docs/mistakes.md": mistakes_page(),
        "docs/memory_table.md": memory_page(),
        "docs/reconcile.md": TOTALS.sub(lambda _: totals_table(), reconcile),
        "docs/summarize.svg": picture("summarize", "lenet5"),
        "docs/spec.md": KEYS.sub(lambda _: keys_table(), spec),
    }


def _read(path: str) -> str:
    return (ROOT / path).read_text(encoding="utf-8")


def new_file(path: str) -> str:
    """A file of this repository as the diff that adds it."""
    lines = [f"+{line}" for line in _read(path).splitlines()]
    head = [f"--- /dev/null\n+++ b/{path}", f"@@ -0,0 +1,{len(lines)} @@"]
    return "\n".join(["```diff", *head, *lines, "```\n"])


def code(text: object) -> str:
    """A text as Markdown shows code; nothing stays nothing. A bar would end a table's cell."""
    return f"`{text}`".replace("|", "\\|") if str(text) else ""


def table(headings: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    """A Markdown table whose cells are Markdown already."""
    names = list(headings)
    lines = [names, ["---"] * len(names), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def fenced(text: str) -> str:
    """A block that is shown as it is."""
    return f"```text\n{text.rstrip()}\n```"


def prose(docstring: str) -> list[str]:
    """The paragraphs of a docstring, its ``code`` as Markdown's."""
    return [_prose(" ".join(paragraph.split())) for paragraph in docstring.split("\n\n")]


def _prose(text: str) -> str:
    parts = re.split(r"``(.+?)``", text)
    return "".join(
        code(part) if i % 2 else markdown.escape(f".{part}.")[1:-1] for i, part in enumerate(parts)
    )


# Conventions: the formula before a comment is that of the function which the comment names.


def formula(module: str, name: str, left_out: str | None = None) -> str:
    """A formula of the code in its symbols, one parameter at its default."""
    function = getattr(import_module(f"cnncalc.formulas.{module}"), name)
    names = [one for one in inspect.signature(function).parameters if one != left_out]
    hints = typing.get_type_hints(inspect.unwrap(function), localns={"Fraction": Fraction})
    # Any numbers will do; a filter that is not square has a symbol for each side.
    given = {
        one: number if hints[one] is int else (number, number + 1)
        for number, one in enumerate(names, 2)
    }
    with tracing() as steps:
        function(**given)
    return wording.text(steps[-1].expression, wording.symbols)


# Kinds.


def kinds_page() -> str:
    """All kinds of layers, each with its fields, its working and its worked examples."""
    head = [
        f"{MADE}# Layer kinds",
        "Every kind of layer, as `cnncalc kinds` lists them and `cnncalc kinds conv` explains one. "
        "In the names of kinds, case and underscores never matter; a final `1d`, `2d` or `3d` "
        "insists on that many spatial axes. What the figures mean is in "
        "[conventions.md](conventions.md), how a layer is written in [spec.md](spec.md).",
        table(
            ("kind", "also"),
            ((f"[{kind.kind}](#{kind.kind})", _aliases(kind)) for kind in layers.every()),
        ),
    ]
    return "\n\n".join([*head, *(part for kind in layers.every() for part in _kind(kind))]) + "\n"


def _aliases(kind: type[Layer]) -> str:
    return ", ".join(map(code, kind.aliases))


def _kind(kind: type[Layer]) -> list[str]:
    parts = [f"## {kind.kind}"]
    if kind.aliases:
        parts.append(f"Also {_aliases(kind)}.")
    parts += prose(inspect.getdoc(kind) or "")
    parts.append(_fields(kind) if fields_of(kind) else "It has no fields.")
    if kind.main:
        parts.append(f"The value of {code(kind.main)} may stand alone.")
    parts += ["Worked out:", *map(fenced, kinds.derivations(kind))]
    headings = ("given", "input", "output", "figures", "source")
    return [
        *parts,
        "By hand:",
        table(headings, (_example(kind, example) for example in kind.examples)),
    ]


def _fields(kind: type[Layer]) -> str:
    usual = {field.name: field.default for field in fields(kind)}  # type: ignore[arg-type]
    rows = (
        (
            code(name),
            ", ".join(map(code, field.also)),
            kinds.default_of(usual[name]),
            _prose(field.doc),
        )
        for name, field in fields_of(kind).items()
    )
    return table(("field", "also", "default", "what"), rows)


def _example(kind: type[Layer], example: Example) -> tuple[str, ...]:
    given = kind.kind if example.given is None else f"{kind.kind}: {kinds.written(example.given)}"
    figures = (
        f"{name} {kinds.figure(value)}"
        for name, value in example._asdict().items()
        if name not in ("given", "inputs", "output", "source") and value is not None
    )
    inputs = ", ".join(example.inputs)
    return code(given), inputs, example.output, "; ".join(figures), _prose(example.source)


# Mistakes.

MEASURED = (
    "What is told is measured, with mistakes made by arithmetic that the package does not share. "
    "This makes 1,000 wrong answers, each mistake about as often as the others, 10,000 right ones "
    "in all writings, 1,000 answers by two mistakes, 300 sheets that go on from one wrong size, "
    "and 300 random numbers that nobody made a mistake for:",
    "```text\npython tests/homework_corpus.py --wrong 1000 --right 10000 --pairs 1000 --sheets 300 "
    "--numbers 300 --seed 1\n```",
    table(
        ("", "seed 1", "seed 2", "seed 3"),
        (
            ("wrong answers whose mistake is among the first three", "99.9 %", "99.8 %", "99.8 %"),
            ("told first, where no other gives the very same value", "100 %", "100 %", "100 %"),
            ("told first, of all", "94.7 %", "93.6 %", "94.7 %"),
            ("right answers marked wrong", "0", "0", "0"),
            ("answers by two mistakes: these among the first three", "93.4 %", "94.5 %", "94.4 %"),
            ("told as others that give the very same value", "6.6 %", "5.5 %", "5.6 %"),
            (
                "sheets whose every answer is right, wrong or follows as it should",
                "300",
                "300",
                "300",
            ),
            ("random numbers that are explained", "0", "0", "1"),
        ),
    ),
    "Where several mistakes give the same value nobody can tell which it was, and the likeliest is "
    "told first: a fraction above a half is rounded up by who rounds up and by who rounds to the "
    "nearest. The command lists these. When no mistake gives the value, none is told; small values "
    "are never explained by two.",
)


def mistakes_page() -> str:
    """All known mistakes, each with its explanation and its worked examples."""
    known = tuple(mistakes.every())
    head = [
        f"{MADE}# Mistakes",
        "What wrong answers are compared with, as `cnncalc mistakes` lists it and "
        "`cnncalc mistakes bias-forgotten` explains one. Every mistake is the right answer to "
        "another question: the same calculation runs once more with a wrong rule in place of a "
        "formula, with another layer, another input, another quantity, another sum, and what it "
        "gives is compared with what was answered. The examples are worked by hand.",
        table(
            ("mistake", "what was done"),
            ((f"[{one.title}](#{anchor(one.title)})", _prose(one.says)) for one in known),
        ),
        *MEASURED,
    ]
    return "\n\n".join([*head, *(part for one in known for part in _mistake(one))]) + "\n"


def anchor(heading: str) -> str:
    """The anchor that GitHub gives to a heading."""
    return heading.lower().replace(" ", "-")


def _mistake(mistake: Mistake) -> list[str]:
    headings = ("asked", "of", "answered", "which is")
    rows = ((asked(one), code(given(one)), one.wrong, _prose(one.why)) for one in mistake.examples)
    return [f"## {mistake.title}", *prose(mistake.explanation), table(headings, rows)]


# Architectures.


def architectures_page() -> str:
    """All built-in architectures: which network each is, from where, and its totals."""
    known = {name: (load(name), api.summarize(name)) for name in catalog.names()}
    rows = (
        (f"[{name}](#{name})", _prose(report.name), _inputs(report), *_totals(report))
        for name, (_, report) in known.items()
    )
    head = [
        f"{MADE}# Built-in architectures",
        "`cnncalc list` shows them, `cnncalc summarize NAME` works one out, `cnncalc show NAME` "
        "prints its file. Each says which network it is, since networks of one name differ; "
        "[conventions.md](conventions.md) says what is counted.",
        table(("name", "network", "input", "parameters", "MACs"), rows),
    ]
    parts = [
        part for name, (spec, report) in known.items() for part in _architecture(name, spec, report)
    ]
    return "\n\n".join([*head, *parts]) + "\n"


def _inputs(report: Report) -> str:
    return ", ".join(map(str, report.input_shapes.values()))


def _totals(report: Report) -> tuple[str, str]:
    return units.exact(report.totals.params), units.exact(report.totals.macs)


def _architecture(name: str, spec: Spec, report: Report) -> list[str]:
    params, macs = _totals(report)
    stored = report.totals.activations_total
    size = units.in_bytes(report.totals.activations_total_bytes)
    facts = [
        f"Input {_inputs(report)}, output {report.output_shape}.",
        f"{params} parameters, {macs} MACs, {units.exact(stored)} stored activations ({size}).",
    ]
    if report.settings:
        settings = " ".join(f"{key}={_setting(value)}" for key, value in report.settings.items())
        facts.append(f"Parameters of the spec: {code(settings)}.")
    facts += [f"See also {code(other)}: {_prose(text)}." for other, text in report.variants]
    claims = len(spec.published)
    if claims:
        facts.append(f"{claims} published figure{'s' * (claims > 1)}, checked by the tests.")
    parts = [f"## {name}", " ".join(f"{_prose(report.name)}. {_sentence(report.source)}".split())]
    if report.note:
        parts.append(_prose(report.note))
    return [*parts, "\n".join(f"- {fact}" for fact in facts)]


def _setting(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _sentence(text: str) -> str:
    return f"{_prose(text).rstrip('.')}." if text else ""


# Memory.


def memory_page() -> str:
    """What every built-in architecture needs in training and in inference, at batch 1 and 4."""
    head = [
        f"{MADE}# Memory of the built-in architectures",
        "Bytes in float32, as [memory.md](memory.md) defines them: what autograd keeps between the "
        "forward and the backward pass, the most activations alive in inference, and the most of "
        "everything in a step of training, with SGD and with Adam. *Training* and *evaluation* say "
        "how layers run, with gradients in both. PyTorch says the same, to the byte: `cnncalc "
        "verify NAME --device meta`, with `--batch` and `--eval`, asks it for one network with "
        "SGD, `python -m pytest tests/test_memory_architectures.py --exhaustive` for all, and for "
        "Adam at batch 1. `cnncalc memory NAME` says more, and for other batches.",
    ]
    headings = ("name", "saved, training", "saved, evaluation", "inference peak")
    headings += ("training peak, SGD", "the same, evaluation", "training peak, Adam")
    tables = (
        f"## Batch {batch}\n\n{table(headings, map(partial(_memory, batch), catalog.names()))}"
        for batch in (1, 4)
    )
    return "\n\n".join([*head, *tables, f"## Where batch 1 needs the most\n\n{_fullest()}"]) + "\n"


def _memory(batch: int, name: str) -> tuple[str, ...]:
    """A network's bytes."""
    report = api.summarize(name, batch=batch)
    training, evaluation = (footprint.measure(report, training=mode) for mode in (True, False))
    adam = footprint.training_peak(report, optimizer="adam")
    sizes = (
        training.saved_for_backward,
        evaluation.saved_for_backward,
        training.inference_peak.bytes,
        training.training_peak.bytes,
        evaluation.training_peak.bytes,
        adam.bytes,
    )
    return f"[{name}](architectures.md#{name})", *map(units.exact, sizes)


def _fullest() -> str:
    """The layer at which each peak is."""
    headings = ("name", "inference", "training, SGD", "training, Adam")
    rows = (
        (name, code(footprint.inference_peak(report).layer), *map(_moment, peaks))
        for name in catalog.names()
        for report in [api.summarize(name)]
        for peaks in [[footprint.training_peak(report, optimizer=one) for one in ("sgd", "adam")]]
    )
    return table(headings, rows)


def _moment(peak: footprint.Peak) -> str:
    return f"{code(peak.layer)}, {peak.phase}"


# Commands.


def cli_page() -> str:
    """All commands with their help texts, and the columns of a table."""
    parts = [
        f"{MADE}# Commands",
        "Data goes to standard output, talk to standard error. The exit code is 0 when all is "
        "well, 1 when the answer is no (a stride does not fit, nothing solves), and 2 when the "
        "input cannot be used. `cnncalc --debug COMMAND` shows where an error comes from. Colours "
        "appear only on a terminal, and not when `NO_COLOR` is set.",
        fenced(help_of()),
    ]
    for name in cli.names():
        parts += [f"## cnncalc {name}", fenced(help_of(name))]
    rows = ((code(name), column.heading, _prose(column.doc)) for name, column in COLUMNS.items())
    parts += [
        "## Columns",
        "What `--columns` and `--sort` take:",
        table(("column", "heading", "what"), rows),
    ]
    return "\n\n".join(parts) + "\n"


def help_of(*command: str) -> str:
    """What ``cnncalc COMMAND --help`` prints."""
    shown = CliRunner().invoke(
        cli.app, [*command, "--help"], prog_name="cnncalc", terminal_width=WIDTH
    )
    return "\n".join(line.rstrip() for line in shown.output.splitlines())


# The spec language.


def keys_table() -> str:
    """The keys of a spec, of a block, and those that stand beside a kind."""
    block = {
        "takes": "the values it takes; one with a default may be left out",
        "layers": document.TOP["layers"],
    }
    groups = {"Of a spec:": document.TOP, "Of a block:": block, "Beside a kind:": document.NODE}
    return "".join(f"\n{title}\n\n{_keys(keys)}\n" for title, keys in groups.items()) + "\n"


def _keys(keys: Mapping[str, str]) -> str:
    return table(("key", "what"), ((code(key), _prose(doc)) for key, doc in keys.items()))


# Conventions of counting.

COUNTED = (
    "alexnet_torchvision",
    "vgg16",
    "googlenet_torchvision",
    "resnet18",
    "resnet50",
    "resnet101",
    "resnet152",
    "resnext50_32x4d",
    "wide_resnet50_2",
    "densenet121",
    "squeezenet1_1",
    "mobilenet_v2",
    "mobilenet_v3_large",
    "shufflenet_v2_x1_0",
    "efficientnet_b0",
    "unet",
)
"""The architectures whose totals are shown under every tool's convention."""


def conventions_table() -> str:
    """All conventions, and what each counts."""
    known = {name: conventions.load(name) for name in conventions.names()}
    rows = ((code(name), one.title, _prose(one.counts)) for name, one in known.items())
    return f"{table(('convention', 'whose', 'what it counts'), rows)}\n"


def totals_table() -> str:
    """Some architectures' MACs, and their totals under the conventions of all tools."""
    tools = [name for name in conventions.names() if conventions.load(name).version]
    rows = []
    for name in COUNTED:
        report = api.summarize(name)
        totals = (report.under(tool).total for tool in ("macs", *tools))
        rows.append([code(name), *map(units.exact, totals)])
    headings = ["network", "MACs", *(conventions.load(tool).title for tool in tools)]
    return f"{table(headings, rows)}\n"


def main() -> None:
    """Write every page that has changed."""
    for path, text in pages().items():
        file = ROOT / path
        if not file.exists() or _read(path) != text:
            file.write_text(text, encoding="utf-8")
            typer.echo(f"wrote {path}")


if __name__ == "__main__":
    main()
