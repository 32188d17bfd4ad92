"""``cnncalc layer``: a single layer, without a file."""

import json
import re
import shlex
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from itertools import pairwise
from typing import Annotated, Any

import typer

from cnncalc import layers
from cnncalc.analysis.report import row_dict
from cnncalc.api.network import layer_alone
from cnncalc.cli import _complete as complete
from cnncalc.cli import _options as options
from cnncalc.cli import _shared as shared
from cnncalc.cli.kinds import fields_table
from cnncalc.core.cost import BYTES
from cnncalc.core.errors import Mistakes, SpecError, UsageError, Where, did_you_mean, some
from cnncalc.core.layer import Layer
from cnncalc.core.parsing import fields_of
from cnncalc.derivations import explain

SETTINGS = {"ignore_unknown_options": True, "help_option_names": []}
"""The fields of a kind are options that typer does not know, and --help lists them too."""
LETTERS = {"k": "kernel_size", "s": "stride", "p": "padding", "d": "dilation"}
"""The fields that have a one-letter option."""

Kind = Annotated[
    str | None,
    typer.Argument(
        help="The kind of layer (see 'cnncalc kinds').",
        show_default=False,
        autocompletion=complete.kinds,
    ),
]
Words = Annotated[
    list[str] | None,
    typer.Argument(
        metavar="INPUT... [--FIELD VALUE]...",
        help="The shape of every input, and the fields of the kind: -k 3 or --kernel-size 3, "
        "and so on (see 'cnncalc kinds KIND').",
        show_default=False,
    ),
]
Wanted = Annotated[
    bool,
    typer.Option("--help", "-h", help="Show this message, with the fields of KIND, and exit."),
]


def run(
    context: typer.Context,
    kind: Kind = None,
    words: Words = None,
    batch: options.Batch = 1,
    dtype: Annotated[str | None, options.dtype_option([*BYTES], "float32")] = None,
    layout: Annotated[str | None, options.layout_option("shapes")] = None,
    format: Annotated[str | None, options.text_format(*explain.FORMATS, "json")] = None,
    output: options.TextOutput = None,
    wanted: Wanted = False,
) -> None:
    """Calculate the output, parameters, operations and memory of one layer, step by step.

    cnncalc layer conv 3x32x32 --filters 10 --kernel 5 --stride 1 --padding 2

    cnncalc layer conv 3x32x32 --filters 10 -k 5 -p 2

    cnncalc layer max_pool 96x55x55 -k 3 -s 2

    cnncalc layer linear 784 --out-features 100 --no-bias

    cnncalc layer concat 64x28x28 128x28x28
    """
    if kind is None and not wanted:
        raise UsageError("layer needs a kind, such as conv, and the shape of its input")
    if kind is None:
        typer.echo(context.get_help())
        return
    found = layers.find(kind).kind
    if wanted:
        typer.echo(f"{context.get_help()}\n\n{found.kind}:\n\n{fields_table(found, _option)}")
        return
    shapes, fields = _split(words or [], found)
    if not shapes:
        names = some(map(_option, fields_of(found)))
        has = f"it has {names}" if names else "it has no fields"
        raise UsageError(f"{found.kind} needs the shape of its input, as in 3x32x32; {has}")
    try:
        report = layer_alone(kind, shapes, fields, batch, dtype, layout)
    except Mistakes as why:
        parts = [part for word in words or [] for part in _spelled_out(word, found).split("=", 1)]
        after = dict(pairwise(parts))
        raise Mistakes(_typed(one, found, after, shapes, fields) for one in why.errors) from None
    except UsageError as why:
        raise UsageError(why.fact, _as_typed(why.help, found, fields)) from None
    row = report["layer"]
    shared.warn(filter(None, [row.layer.remark()]))
    form = shared.chosen_format(format, output, [*explain.FORMATS, "json"])
    if form == "json":
        text = json.dumps(row_dict(row), indent=2) + "\n"
    else:
        text = explain.FORMATS[form](row, explain.explain(row, report))
    shared.write(text, output)


def _option(field: str) -> str:
    """A field as an option: ``--kernel-size``."""
    return f"--{field.replace('_', '-')}"


def _typed(
    error: SpecError,
    kind: type[Layer],
    after: Mapping[str, str],
    shapes: Sequence[str],
    fields: Mapping[str, Any],
) -> SpecError:
    """An error about a layer of a spec, reworded for the command line; ``after`` has the word that
    follows each option, as typed."""
    fact, help = (_as_typed(text, kind, fields) for text in (error.fact, error.help))
    for option, value in after.items():
        if option.startswith("--") and f"{option} " in fact:
            with suppress(ValueError):  # a decimal may be typed as 1e3
                fact = fact.replace(f"not {float(value)}", f"not {value}")
    if "'from'" in help:
        example = " ".join(["cnncalc layer", kind.kind, *[shapes[0]] * 2])
        help = f"give the shape of every input, as in {example}"
    if help.startswith("put a reshape before"):
        help = "write its shape with a size for each axis"
    misread = " needs --" in fact or "expected 1 input," in fact
    if misread and len(shapes) > 1:
        help = f"{shapes[-1]!r} was read as the shape of another input"
    if misread and len(shapes) > 2 and all(map(str.isdecimal, shapes)):
        help = f"write the shape of a single input as {'x'.join(shapes)}"
    return SpecError(fact, error.where, help)


def _as_typed(sentence: str, kind: type[Layer], given: Iterable[str]) -> str:
    """A sentence about the fields of a spec, reworded to name options.

    Names such as padding are also plain words. Without an underscore, they count as fields only in
    quotes, before a colon or in the list of a hint.
    """
    known = _names(kind)
    listed = sentence.startswith("it has ")

    def typed(match: re.Match[str]) -> str:
        quoted, word, colon, braces = match.groups()
        sure = quoted or colon or "_" in word or listed
        if not sure or (quoted or word) not in {*known, *given}:
            return match[0]
        value = shlex.quote(braces) if braces else ""
        return _option(quoted or word) + " " * bool(colon) + value

    return re.sub(r"'([a-z]\w*)'|(?<!')\b([a-z]\w*)\b(: ({.*})?)?", typed, sentence)


def _names(kind: type[Layer]) -> list[str]:
    """All names of the fields of a kind."""
    return [word for name, field in fields_of(kind).items() for word in (name, *field.also)]


def _flags(kind: type[Layer]) -> set[str]:
    """The fields of a kind that are true or false, and so need no value."""
    fields = fields_of(kind).items()
    return {name for name, field in fields if field.schema.get("type") == "boolean"}


def _split(words: list[str], kind: type[Layer]) -> tuple[list[str], dict[str, Any]]:
    """Shapes, and fields such as ``--kernel 5``, ``--kernel=3x5``, ``-k5``, ``--ceil-mode`` and
    ``--no-bias``. Raises UsageError for a field without a value or given twice, for an unknown
    letter, and for a value of ``--no-bias``."""
    flags = _flags(kind)
    shapes: list[str] = []
    fields: dict[str, Any] = {}
    rest = list(words)
    while rest:
        word = _spelled_out(rest.pop(0), kind)
        if not word.startswith("-"):
            shapes.append(word)
            continue
        option, equals, value = word.partition("=")
        name = option.lstrip("-").replace("-", "_")
        bare = name.removeprefix("no_")
        if name in fields or bare in fields:
            raise UsageError(f"{_option(bare)} is given twice")
        if not option.startswith("--") and name not in _names(kind):
            raise UsageError(_unknown(option, kind))
        # Neither a word nor a bare 0 can be the shape of an input, so it is meant as a value.
        valued = equals or (rest and re.fullmatch("[A-Za-z]+|0", rest[0]))
        if bare in flags and bare != name and valued:
            options = f"{_option(name)} or {_option(bare)}"
            raise UsageError(f"{_option(name)} takes no value; write {options}")
        if equals:
            fields[name] = _value(value)
        elif bare in flags and not valued:
            fields[bare] = bare == name
        elif rest and not _spelled_out(rest[0], kind).startswith("--"):
            fields[name] = _value(rest.pop(0))
        elif name in _names(kind):
            raise UsageError(f"{_option(name)} needs a value")
        else:
            raise UsageError(_unknown(_option(name), kind))
    return shapes, fields


def _unknown(option: str, kind: type[Layer]) -> str:
    """The error for an option that is no field of the kind."""
    known = [*map(_option, _names(kind)), *(f"--no-{flag}" for flag in sorted(_flags(kind)))]
    hint = did_you_mean(option, known).replace("'", "")
    hint = hint or f"; run 'cnncalc kinds {kind.kind}' to see its fields"
    return f"{kind.kind} has no field {option}{hint}"


def _spelled_out(word: str, kind: type[Layer]) -> str:
    """A one-letter option, spelled out: ``--kernel-size=5`` for ``-k5``, or ``--p`` for a kind
    without padding that has p; other words, unchanged."""
    letter = word[1:2]
    meant = [one for one in (LETTERS.get(letter, ""), letter) if one in _names(kind)]
    if not word.startswith("-") or not meant:
        return word
    value = word[2:].removeprefix("=")
    return _option(meant[0]) + (f"={value}" if value else "")


def _value(word: str) -> Any:
    """A field's value as YAML writes it; ``3x5`` is a size for each axis."""
    from cnncalc.spec import text

    if re.fullmatch(r"-?\d+([x,]-?\d+)+", word):
        return [text.scalar(size, Where("")) for size in re.split("[x,]", word)]
    return text.read(word, "").plain()
