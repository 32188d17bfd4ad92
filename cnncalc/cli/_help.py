"""The layout of ``--help``: what a command does, its options, then examples.

Paragraphs of a docstring that begin with ``cnncalc`` are the examples.
"""

import inspect
import re
from typing import Any

from typer.core import TyperCommand

from cnncalc.cli import _errors

SETTINGS = {"help_option_names": ["-h", "--help"]}
TASKS = {
    "Analyse a network": (
        "summarize", "explain", "formula", "layer", "memory", "draw", "report", "import", "export",
    ),
    "Choose a network": ("compare", "sweep"),
    "Fit it to a device": ("device", "fits", "calibrate"),
    "Check your homework": ("check-stride", "solve", "convolve", "practice", "mistakes"),
    "Teach a class": ("quiz", "grade"),
    "Check the numbers": ("verify", "reconcile", "claims"),
    "Look things up": ("list", "show", "kinds", "devices", "schema"),
}  # fmt: skip
"""The commands by what a user wants to do, in the order of ``cnncalc --help``."""


class Command(TyperCommand):
    """A command whose examples come last, each on a line of its own."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Read the arguments."""
        with _errors.in_context(ctx):
            return super().parse_args(ctx, args)

    def invoke(self, ctx: Any) -> Any:
        """Run the command, and keep a little memory in reserve for typer's cleanup. If none is
        left, CPython 3.11 loops forever, because it cannot store the place where a ``with`` block
        of a long function ends."""
        spare = [bytearray(2_000_000)]
        try:
            return super().invoke(ctx)
        finally:
            spare.clear()

    def format_help_text(self, ctx: Any, formatter: Any) -> None:
        """Write the text without the examples."""
        write_prose(self.help, formatter)

    def format_epilog(self, ctx: Any, formatter: Any) -> None:
        """Write the examples."""
        write_examples(self.help, formatter)


def write_prose(text: str | None, formatter: Any) -> None:
    """Write the paragraphs that are not examples."""
    formatter.write_paragraph()
    with formatter.indentation():
        formatter.write_text("\n\n".join(_paragraphs(text, examples=False)))


def write_examples(text: str | None, formatter: Any) -> None:
    """Write the examples under their heading."""
    examples = _paragraphs(text, examples=True)
    if examples:
        with formatter.section("Examples"):
            for line in "\n".join(examples).split("\n"):
                formatter.write(f"  {line}\n")


def write_commands(commands: dict[str, Any], formatter: Any) -> None:
    """Write every command with the first sentence of its help, grouped by task."""
    rest = [name for name in commands if not any(name in group for group in TASKS.values())]
    longest = max(map(len, commands))
    for task, group in {**TASKS, "More": tuple(rest)}.items():
        rows = [(f"{name:{longest}}", sentence(commands[name].help)) for name in group]
        if rows:
            with formatter.section(task):
                formatter.write_dl(rows)


def sentence(text: str | None) -> str:
    """The first sentence of a docstring."""
    first = " ".join(inspect.cleandoc(text or "").partition("\n\n")[0].split())
    return re.split(r"(?<=[.?]) ", first, maxsplit=1)[0]


def _paragraphs(text: str | None, examples: bool) -> list[str]:
    found = inspect.cleandoc(text or "").split("\n\n")
    return [one for one in found if one.startswith("cnncalc ") is examples]
