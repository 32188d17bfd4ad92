"""The layout of errors. On a terminal, an error shows its line of the spec with a caret, and its
help on a separate line; in a pipe, it is one line, ``file:line:column: what is wrong; how to fix
it``.
"""

import os
import re
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import typer

from cnncalc.core.errors import (
    CnncalcError,
    Mistakes,
    Source,
    SpecError,
    UsageError,
    Where,
    near_names,
    printable,
)

LONGEST_LINE = 2_000
"""A line of a spec that is longer is not shown."""
LONGEST = 1_200
"""A longer sentence is cut in the middle."""
WIDEST = 100
STYLES = {"error": "1;31", "place": "1", "help": "36", "mark": "31", "quiet": "2"}


def show(error: CnncalcError) -> None:
    """Write an error to standard error, for a person at a terminal or for a pipe."""
    if sys.stderr.isatty():
        typer.echo(drawn(error, colour=not os.environ.get("NO_COLOR")), err=True)
    else:
        typer.echo(plain(error), err=True)


def plain(error: CnncalcError) -> str:
    """An error as text, with one line for each mistake."""
    lines = [f"{_start(one)}{_quoted(one.sentence)}" for one in _each(error)]
    return "\n".join(lines + (error.rest if isinstance(error, Mistakes) else []))


def drawn(error: CnncalcError, colour: bool) -> str:
    """An error for a terminal: the fact, the line that it is about, the help, and a count."""
    blocks = ["\n".join(_block(one, colour)) for one in _each(error)]
    if isinstance(error, Mistakes):
        count = len(error.errors)
        blocks.append("\n".join([*error.rest, f"Found {count} error{'s' if count > 1 else ''}."]))
    return "\n\n".join(blocks)


def _quoted(text: str) -> str:
    """A sentence without control characters; a very long one without its middle."""
    shown = printable(text)
    return shown if len(shown) <= LONGEST else f"{shown[:800]} ... {shown[-200:]}"


def _each(error: CnncalcError) -> tuple[CnncalcError, ...]:
    return error.errors[: error.SHOWN] if isinstance(error, Mistakes) else (error,)


def _start(error: CnncalcError) -> str:
    """The location of an error, or the program's name."""
    place = str(error.where) if isinstance(error, SpecError) else ""
    return f"{place or 'cnncalc'}: "


def _block(error: CnncalcError, colour: bool) -> list[str]:
    """The lines about one mistake."""
    lines = [f"{_styled('error', 'error', colour)}: {_quoted(error.fact)}"]
    if isinstance(error, SpecError) and error.where:
        lines.append(
            f"{_styled('  -->', 'quiet', colour)} {_styled(str(error.where), 'place', colour)}"
        )
        lines += _excerpt(error.where, colour)
    if error.help:
        lines.append(f" {_styled('help', 'help', colour)}: {_quoted(error.help)}")
    return lines


def _excerpt(where: Where, colour: bool) -> list[str]:
    """The line of a spec with a caret under the value; empty if the line cannot be shown."""
    text = where.source.line(where.line) if isinstance(where.source, Source) else ""
    if not where.column or not 0 < len(text) <= LONGEST_LINE:
        return []
    start = max(where.column - WIDEST // 2, 0) if where.column > WIDEST - 20 else 0
    edge = f"{where.line:4} | "
    empty = f"{'':4} | "
    caret = " " * (where.column - 1 - start) + _styled(
        "^" * _width(text, where.column), "mark", colour
    )
    line = printable(text[start : start + WIDEST].rstrip())
    return [_styled(edge, "quiet", colour) + line, _styled(empty, "quiet", colour) + caret]


def _width(text: str, column: int) -> int:
    """The length of the value at this column, which is a quoted text, an expression or a word; at
    most half the excerpt."""
    match = re.match(r"""'[^']*'|"[^"]*"|\$\{[^}]*\}|[^\s,:\[\]{}]+""", text[column - 1 :])
    return min(len(match[0]), WIDEST // 2) if match else 1


def _styled(text: str, style: str, colour: bool) -> str:
    return f"\x1b[{STYLES[style]}m{text}\x1b[0m" if colour else text


WRONG = r"Invalid value for '(--?[\w-]+)'.*: ('.*') is not a valid "
PHRASES = {
    rf"{WRONG}integer": r"\1 must be a whole number, not \2",
    rf"{WRONG}float": r"\1 must be a number, not \2",
    r"Option '(--?[\w-]+)' requires an argument": r"\1 needs a value",
    r"Got unexpected extra argument\(?s?\)? \((.* .*)\)": r"unexpected arguments '\1'",
    r"Got unexpected extra argument\(?s?\)? \((.*)\)": r"unexpected argument '\1'",
}
"""Typer's sentences that need rewording."""
ELSEWHERE = {
    "summarize": ("summary", "info", "describe", "stats", "count", "params", "macs", "flops"),
    "draw": ("plot", "graph", "visualize"),
    "list": ("ls", "models", "networks"),
}
"""For some commands, their names in other tools, and words for what they show."""


def usage(error: Any) -> UsageError:
    """An error that typer found in the arguments, as one of cnncalc's errors."""
    sentence = re.sub(r" \(Possible .*|\.? Did you mean .*", "", error.format_message()).rstrip(".")
    for phrase, better in PHRASES.items():
        sentence = re.sub(phrase, better, sentence, flags=re.DOTALL)
    known = set(error.ctx.command.commands) if hasattr(error.ctx.command, "commands") else ()
    names = (name for param in error.ctx.command.params for name in param.opts)
    options = [name for name in names if name.startswith("-")]  # others are arguments
    word = sentence.rpartition(" ")[2].strip("'")
    # Never suggest the word itself, such as an option that is missing.
    known = known if not word.startswith("-") else {*options} - {word}
    hint = _meant(word, sorted(known)).removeprefix("; ")
    return UsageError(
        sentence[0].lower() + sentence[1:], hint or f"see '{error.ctx.command_path} --help'"
    )


def _meant(word: str, known: Sequence[str]) -> str:
    """A hint with the command that summarizes a network, the command that other tools call by this
    word, the option that it begins with (``--batch-size``), or else the nearest names."""
    from cnncalc.spec import catalog, notation

    is_network = catalog.called(word) or notation.is_notation(word) or os.path.isfile(word)
    if known and is_network and not word.startswith("-"):
        return f"; to summarize this network, run 'cnncalc summarize {word}'"
    for name in known:
        if word.lower() in ELSEWHERE.get(name, ()) or re.match(f"{re.escape(name)}[-_]", word):
            return f"; did you mean {name!r}?"
    return near_names(word, known)


@contextmanager
def in_context(context: Any) -> Iterator[None]:
    """A context that notes which command an error in the arguments belongs to, if typer does
    not."""
    wrong_call: Any = typer.BadParameter.__mro__[1]  # typer's UsageError, which it does not export
    try:
        yield
    except wrong_call as error:
        error.ctx = error.ctx or context
        raise


@contextmanager
def ended_early() -> Iterator[None]:
    """A context that exits silently if the reader of a pipe has closed it, and with a message on
    Ctrl-C."""
    try:
        yield
    except BrokenPipeError:
        # Discard what is left in the buffer, so that the interpreter does not fail on exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        raise typer.Exit(0) from None
    except KeyboardInterrupt:
        typer.echo("cnncalc: interrupted", err=True)
        raise typer.Exit(130) from None
